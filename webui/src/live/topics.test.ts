import { describe, expect, test } from 'vitest'
import type { ClientFrame, LogFrame, Process, SnapFrame } from '../wire/wire.gen'
import { testSocket } from './testing'
import { LogWatch, StateWatch } from './topics'

const process = (id: number): Process => ({
  id,
  group: 'g',
  name: `p${id}`,
  state: 'RUNNING',
  pid: id,
  since: 0,
  start: 0,
  stop: 0,
  exit: 0,
  expected: true,
  err: '',
  tries: 0,
  max: 3,
  next: 0,
  restarts: 0,
  caps: 0,
})

/** The id of the latest subscription among what was sent. */
const idOf = (sent: ClientFrame[]) => (sent.filter((f) => f.t === 'sub').at(-1) as { id: number }).id

describe('the table', () => {
  function begin() {
    const t = testSocket()
    const told: string[] = []
    new StateWatch(t.socket, {
      snapshot: (table) => told.push(`table ${table.seq}: ${table.rows.map((r) => r.id)}`),
      delta: (change) => told.push(`change ${change.seq}`),
      refused: (code) => told.push(`refused ${code}`),
    })
    t.socket.connect()
    const line = t.welcome()
    const snap = (id: number, seq: number, more: Partial<SnapFrame> = {}): SnapFrame => ({
      t: 'snap',
      id,
      epoch: 'e1',
      seq,
      rows: [process(1)],
      groups: [],
      ...more,
    })
    return { ...t, told, line, snap, id: idOf(line.heard()) }
  }

  test('changes that follow each other are taken', () => {
    const t = begin()
    t.line.say(t.snap(t.id, 7))
    t.line.say({ t: 'delta', id: t.id, prev: 7, seq: 9 })
    t.line.say({ t: 'delta', id: t.id, prev: 9, seq: 10 })
    expect(t.told).toEqual(['table 7: 1', 'change 9', 'change 10'])
  })

  test('a change that does not follow is not taken: the table is asked for anew', () => {
    const t = begin()
    t.line.say(t.snap(t.id, 7))
    t.line.say({ t: 'delta', id: t.id, prev: 8, seq: 9 })
    expect(t.told).toEqual(['table 7: 1'])
    const sent = t.line.heard()
    expect(sent).toEqual([
      { t: 'unsub', id: t.id },
      { t: 'sub', id: idOf(sent), topic: 'state' },
    ])
    t.line.say(t.snap(idOf(sent), 12))
    expect(t.told.at(-1)).toBe('table 12: 1')
  })

  test('a change before any table is not taken', () => {
    const t = begin()
    t.line.say({ t: 'delta', id: t.id, prev: 0, seq: 1 })
    expect(t.told).toEqual([])
  })

  test('a table in parts counts when all are there', () => {
    const t = begin()
    t.line.say(t.snap(t.id, 7, { part: 1, of: 3 }))
    t.line.say(t.snap(t.id, 7, { part: 2, of: 3, rows: [process(2)] }))
    expect(t.told).toEqual([])
    t.line.say(t.snap(t.id, 7, { part: 3, of: 3, rows: [process(3)] }))
    expect(t.told).toEqual(['table 7: 1,2,3'])
  })

  test('a missing part begins anew', () => {
    const t = begin()
    t.line.say(t.snap(t.id, 7, { part: 1, of: 3 }))
    t.line.say(t.snap(t.id, 7, { part: 3, of: 3 }))
    expect(t.told).toEqual([])
    expect(t.line.heard().map((f) => f.t)).toEqual(['unsub', 'sub'])
  })

  test('after a loss it goes on from the last change it knows', () => {
    const t = begin()
    t.line.say(t.snap(t.id, 7))
    t.line.say({ t: 'delta', id: t.id, prev: 7, seq: 9 })
    t.line.onclose?.({ code: 1006 })
    t.clock.pass(500)
    const line = t.welcome()
    const sent = line.heard()
    expect(sent).toMatchObject([{ t: 'sub', topic: 'state', from: { epoch: 'e1', seq: 9 } }])
    line.say({ t: 'delta', id: idOf(sent), prev: 9, seq: 30 })
    expect(t.told).toEqual(['table 7: 1', 'change 9', 'change 30'])
  })

  test('a server that has started anew gives a new table', () => {
    const t = begin()
    t.line.say(t.snap(t.id, 7))
    t.line.onclose?.({ code: 1006 })
    t.clock.pass(500)
    const line = t.welcome('e2')
    line.say(t.snap(idOf(line.heard()), 2, { epoch: 'e2' }))
    expect(t.told).toEqual(['table 7: 1', 'table 2: 1'])
  })

  test('whoever may not see it is told', () => {
    const t = begin()
    t.line.say({ t: 'err', id: t.id, code: 403, msg: 'no' })
    expect(t.told).toEqual(['refused 403'])
  })
})

describe('a log', () => {
  function begin() {
    const t = testSocket()
    const told: string[] = []
    const watch = new LogWatch(
      t.socket,
      { proc: 'web:api', ch: 'stderr' },
      {
        begun: () => {},
        lines: (frame) => told.push(`lines ${frame.off}-${frame.end}`),
        gap: (frame) => told.push(`gap ${frame.from}-${frame.to}`),
        mark: (frame) => told.push(`mark ${frame.why}`),
        count: (frame) => told.push(`count ${frame.lines}`),
        lost: () => told.push('lost'),
        refused: (code) => told.push(`refused ${code}`),
      },
    )
    t.socket.connect()
    const line = t.welcome()
    const sent = line.heard()
    const log = (id: number, off: number, end: number): LogFrame => ({
      t: 'log',
      id,
      epoch: 'e1',
      off,
      end,
      lines: ['x'.repeat(end - off - 1)],
    })
    return { ...t, told, watch, line, sent, log, id: idOf(sent) }
  }

  test('it begins with the end of what there is', () => {
    expect(begin().sent).toMatchObject([
      { t: 'sub', topic: 'log', proc: 'web:api', ch: 'stderr', from: { tail: 65_536 }, mode: 'follow' },
    ])
  })

  test('what was drawn is acknowledged', () => {
    const t = begin()
    t.watch.drawn()
    expect(t.line.heard()).toEqual([])
    t.line.say(t.log(t.id, 100, 150))
    t.watch.drawn()
    expect(t.line.heard()).toEqual([{ t: 'ack', id: t.id, off: 150 }])
  })

  test('after a loss it goes on at the very byte', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.line.onclose?.({ code: 1006 })
    t.clock.pass(500)
    const line = t.welcome()
    const sent = line.heard()
    expect(sent).toMatchObject([{ t: 'sub', from: { epoch: 'e1', off: 150 } }])
    line.say(t.log(idOf(sent), 150, 160))
    expect(t.told).toEqual(['lines 100-150', 'lines 150-160'])
  })

  test('bytes that do not join on are not taken: it asks from the last byte it knows', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.line.say(t.log(t.id, 170, 180))
    const sent = t.line.heard()
    expect(sent).toMatchObject([{ t: 'unsub' }, { t: 'sub', from: { epoch: 'e1', off: 150 } }])
    t.line.say(t.log(idOf(sent), 150, 180))
    expect(t.told).toEqual(['lines 100-150', 'lines 150-180'])
  })

  test('if that does not help it begins anew instead of asking for ever', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.line.say(t.log(t.id, 170, 180))
    t.line.say(t.log(idOf(t.line.heard()), 170, 180))
    expect(t.told).toEqual(['lines 100-150', 'lost'])
    const sent = t.line.heard()
    expect(sent).toMatchObject([{ t: 'unsub' }, { t: 'sub', from: { tail: 65_536 } }])
    t.line.say(t.log(idOf(sent), 170, 180))
    expect(t.told.at(-1)).toBe('lines 170-180')
  })

  test('a hole the server tells of is no hole in the story', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.line.say({ t: 'gap', id: t.id, from: 150, to: 1000, why: 'slow' })
    t.line.say(t.log(t.id, 1000, 1010))
    expect(t.told).toEqual(['lines 100-150', 'gap 150-1000', 'lines 1000-1010'])
  })

  test('paused it is only counted, and then goes on where it was', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.watch.pause()
    t.line.say({ t: 'count', id: t.id, end: 500, bytes: 350, lines: 7, rate: 10 })
    t.watch.follow()
    expect(t.line.heard()).toEqual([
      { t: 'set', id: t.id, mode: 'count' },
      { t: 'set', id: t.id, mode: 'follow', from: { epoch: 'e1', off: 150 } },
    ])
    t.line.say(t.log(t.id, 150, 500))
    expect(t.told).toEqual(['lines 100-150', 'count 7', 'lines 150-500'])
  })

  test('a loss while paused stays paused', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.watch.pause()
    t.line.onclose?.({ code: 1006 })
    t.clock.pass(500)
    expect(t.welcome().heard()).toMatchObject([{ t: 'sub', mode: 'count', from: { off: 150 } }])
  })

  test('after a restart of supervisord it begins with the end again', () => {
    const t = begin()
    t.line.say(t.log(t.id, 100, 150))
    t.line.say({ t: 'mark', id: t.id, off: 0, why: 'restarted', at: 1 })
    expect(t.told).toEqual(['lines 100-150', 'mark restarted'])
    expect(t.line.heard()).toMatchObject([{ t: 'unsub' }, { t: 'sub', from: { tail: 65_536 } }])
  })
})
