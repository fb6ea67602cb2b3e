import { describe, expect, test, vi } from 'vitest'
import { Client } from '../api/client'
import { testSocket } from '../live/testing'
import { CAPS, type Process, type ProcState } from '../wire/wire.gen'
import { Asking } from './asking.svelte'
import { allowed, Commands } from './commands.svelte'
import { type Begin, LogView } from './logs.svelte'
import { Notices } from './notices.svelte'
import { Preferences } from './preferences.svelte'
import { Processes, type Transition } from './processes.svelte'

const process = (id: number, state: ProcState, more: Partial<Process> = {}): Process => ({
  id,
  group: 'web',
  name: `api-${id}`,
  state,
  pid: 0,
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
  caps: CAPS.start | CAPS.stop,
  ...more,
})

/** Stores on a pretended connection; frames are drawn when the test says so. */
function house(answer: (path: string) => Response = () => Response.json({ seq: 10 })) {
  const t = testSocket()
  let waiting: (() => void)[] = []
  const onFrame = (run: () => void) => waiting.push(run)
  const asked: { path: string; key: string | null }[] = []
  const fetch = async (url: RequestInfo | URL, init?: RequestInit) => {
    const path = String(url).replace('http://host/', '')
    asked.push({ path, key: new Headers(init?.headers).get('Idempotency-Key') })
    return answer(path)
  }
  const client = new Client({ fetch: fetch as typeof globalThis.fetch, base: 'http://host/' })
  const notices = new Notices(() => {})
  const processes = new Processes(t.socket, onFrame)
  const commands = new Commands(client, processes, notices, (ms, run) => t.clock.after(ms, run))
  const moved: Transition[] = []
  const ticks: (() => void)[] = []
  processes.onflush = (transitions) => {
    commands.settle()
    moved.push(...transitions)
  }
  t.socket.connect()
  const line = t.welcome()
  const id = (line.heard()[0] as { id: number }).id
  return {
    ...t,
    onFrame,
    line,
    id,
    client,
    notices,
    processes,
    commands,
    asked,
    moved,
    asking: new Asking(commands, (_, run) => ticks.push(run)),
    ticks,
    draw() {
      const due = waiting
      waiting = []
      for (const run of due) run()
      return due.length
    },
    table(seq: number, rows: Process[]) {
      line.say({ t: 'snap', id, epoch: 'e1', seq, rows, groups: [{ name: 'web', priority: 1 }] })
    },
    change(prev: number, seq: number, rows: Process[], del?: number[]) {
      line.say({ t: 'delta', id, prev, seq, rows, ...(del ? { del } : {}) })
    },
  }
}

describe('processes', () => {
  test('everything that came is applied once per frame', () => {
    const h = house()
    h.table(1, [process(1, 'RUNNING'), process(2, 'STARTING')])
    h.change(1, 2, [process(2, 'RUNNING')])
    h.change(2, 3, [process(3, 'STOPPED')], [1])
    expect(h.processes.all).toEqual([])
    expect(h.draw()).toBe(1)
    expect(h.processes.all.map((r) => [r.id, r.data.state, r.seq])).toEqual([
      [2, 'RUNNING', 2],
      [3, 'STOPPED', 3],
    ])
    expect(h.processes.revision).toBe(1)
    expect(h.moved.map((m) => [m.row.id, m.before, m.after])).toEqual([[2, 'STARTING', 'RUNNING']])
  })

  test('a new table keeps the rows that are still there', () => {
    const h = house()
    h.table(1, [process(1, 'RUNNING'), process(2, 'RUNNING')])
    h.draw()
    const row = h.processes.get(1)
    h.table(9, [process(1, 'FATAL')])
    h.draw()
    expect(h.processes.get(1)).toBe(row)
    expect(h.processes.all).toHaveLength(1)
    expect(h.moved).toHaveLength(1)
  })

  test('an id that names another process since supervisord started anew is another row', () => {
    const h = house()
    h.table(1, [process(1, 'RUNNING')])
    h.draw()
    const row = h.processes.get(1)
    h.table(1, [process(1, 'RUNNING', { name: 'other' })])
    h.draw()
    expect(h.processes.get(1)).not.toBe(row)
    expect(h.moved).toEqual([])
  })

  test('a refusal is shown, and can be tried again', () => {
    const h = house()
    h.line.say({ t: 'err', id: h.id, code: 403, msg: 'no' })
    expect(h.processes.phase).toBe('forbidden')
    h.processes.retry()
    expect(h.processes.phase).toBe('loading')
    expect(h.line.heard()).toMatchObject([{ t: 'sub', topic: 'state' }])
  })
})

describe('commands', () => {
  test('a row is marked until its state says that the order was taken up', async () => {
    const h = house()
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    const row = h.processes.get(1)!
    const run = h.commands.run('start', { kind: 'process', row })
    expect(h.commands.of(1)).toBe('start')
    expect(row.data.state).toBe('STOPPED')
    await run
    expect(h.asked).toMatchObject([{ path: 'api/v1/processes/web%3Aapi-1/start' }])
    expect(h.asked[0]!.key).toMatch(/^[0-9a-f]{32}$/)
    expect(h.commands.of(1)).toBe('start')
    h.change(5, 11, [process(1, 'STARTING')])
    h.draw()
    expect(h.commands.of(1)).toBeUndefined()
  })

  test('a state from before the order was accepted settles nothing', async () => {
    const h = house()
    h.table(5, [process(1, 'RUNNING')])
    h.draw()
    await h.commands.run('restart', { kind: 'process', row: h.processes.get(1)! })
    h.change(5, 9, [process(1, 'RUNNING')])
    h.draw()
    expect(h.commands.of(1)).toBe('restart')
    h.change(9, 13, [process(1, 'RUNNING')])
    h.draw()
    expect(h.commands.of(1)).toBeUndefined()
  })

  test('a change that comes before the answer settles with the answer', async () => {
    const h = house()
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    const run = h.commands.run('start', { kind: 'process', row: h.processes.get(1)! })
    h.change(5, 11, [process(1, 'RUNNING')])
    h.draw()
    expect(h.commands.of(1)).toBe('start')
    await run
    expect(h.commands.of(1)).toBeUndefined()
  })

  test('a refusal takes the mark away and is told', async () => {
    const h = house(() =>
      Response.json({ error: { code: 60, name: 'ALREADY_STARTED', detail: 'web:api-1' } }, { status: 409 }),
    )
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    await h.commands.run('start', { kind: 'process', row: h.processes.get(1)! })
    expect(h.commands.of(1)).toBeUndefined()
    expect(h.notices.shown[0]!.notice).toMatchObject({
      kind: 'failed',
      verb: 'start',
      error: { code: 'ALREADY_STARTED', status: 409 },
    })
  })

  test('a second click does not order twice', async () => {
    const h = house()
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    const target = { kind: 'process', row: h.processes.get(1)! } as const
    await Promise.all([h.commands.run('start', target), h.commands.run('start', target)])
    expect(h.asked).toHaveLength(1)
  })

  test('of a group only what is up is marked for stopping, and failures are counted', async () => {
    const results = [{ group: 'web', name: 'api-1', code: 'FAILED', message: 'FAILED' }]
    const h = house(() => Response.json({ seq: 10, results }))
    h.table(5, [process(1, 'RUNNING'), process(2, 'STOPPED'), process(3, 'RUNNING')])
    h.draw()
    const run = h.commands.run('stop', { kind: 'group', name: 'web', rows: h.processes.all })
    expect([1, 2, 3].map((id) => h.commands.of(id))).toEqual(['stop', undefined, 'stop'])
    await run
    expect([1, 3].map((id) => h.commands.of(id))).toEqual([undefined, 'stop'])
    expect(h.notices.shown[0]!.notice).toMatchObject({ kind: 'someFailed', failed: results })
  })

  test('a mark does not stay for ever', async () => {
    const h = house()
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    await h.commands.run('start', { kind: 'process', row: h.processes.get(1)! })
    h.clock.pass(14_999)
    expect(h.commands.of(1)).toBe('start')
    h.clock.pass(1)
    expect(h.commands.of(1)).toBeUndefined()
  })

  test('an order that takes long says so, and one given later has its own time', async () => {
    let answer: (response: Response) => void = () => {}
    const h = house(() => new Promise<Response>((resolve) => (answer = resolve)) as unknown as Response)
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    const target = { kind: 'process', row: h.processes.get(1)! } as const
    const first = h.commands.run('start', target)
    expect(h.commands.mine(1)?.late).toBeUndefined()
    h.clock.pass(1500)
    answer(Response.json({ seq: 10 }))
    await first
    expect(h.commands.mine(1)?.late).toBeUndefined()
    h.change(5, 11, [process(1, 'RUNNING')])
    h.draw()
    expect(h.commands.mine(1)).toBeUndefined()
    const second = h.commands.run('restart', target)
    h.clock.pass(1999) // the first one’s two seconds are over
    expect(h.commands.mine(1)?.late).toBeUndefined()
    h.clock.pass(1)
    expect(h.commands.mine(1)?.late).toBe(true)
    answer(Response.json({ seq: 12 }))
    await second
    expect(h.commands.mine(1)?.late).toBe(true) // accepted, and yet nothing moves
    h.change(11, 13, [process(1, 'RUNNING')])
    h.draw()
    expect(h.commands.mine(1)).toBeUndefined()
  })

  test('a group where there is nothing to do is not asked', async () => {
    const h = house()
    h.table(5, [process(1, 'STOPPED')])
    h.draw()
    await h.commands.run('stop', { kind: 'group', name: 'web', rows: h.processes.all })
    expect(h.asked).toEqual([])
    expect(h.notices.shown[0]!.notice).toEqual({ kind: 'nothing' })
  })

  test.each<[ProcState, string, string]>([
    ['RUNNING', 'not now', 'now'],
    ['BACKOFF', 'not now', 'now'],
    ['STOPPING', 'not now', 'not now'],
    ['FATAL', 'now', 'not now'],
    ['EXITED', 'now', 'not now'],
  ])('in %s start is allowed: %s, stop: %s, and never without the right', (state, start, stop) => {
    const h = house()
    h.table(5, [process(1, state)])
    h.draw()
    const row = h.processes.get(1)!
    expect([allowed('start', row), allowed('stop', row), allowed('restart', row)]).toEqual([
      start,
      stop,
      'never',
    ])
  })
})

describe('asking', () => {
  test.each([
    ['start', false, false],
    ['start', true, false],
    ['restart', false, false],
    ['restart', true, true],
    ['stop', false, true],
  ] as const)('%s of one process, touched: %s, asks: %s', (verb, touch, asks) => {
    const h = house()
    h.table(5, [process(1, 'RUNNING')])
    h.draw()
    h.asking.order(verb, { kind: 'process', row: h.processes.get(1)! }, touch)
    expect(h.asking.question !== undefined).toBe(asks)
    const waits = verb === 'restart' && !touch
    expect(h.asking.of(1)?.question.verb).toBe(waits ? verb : undefined)
    expect(h.commands.of(1)).toBe(asks || waits ? undefined : verb)
  })

  /** A second passes for whatever counts. */
  const tick = (h: ReturnType<typeof house>) => {
    for (const run of h.ticks.splice(0)) run()
  }

  test('a restart waits three seconds, and can be taken back until then', () => {
    const h = house()
    h.table(5, [process(1, 'RUNNING')])
    h.draw()
    const target = { kind: 'process', row: h.processes.get(1)! } as const
    h.asking.order('restart', target, false)
    h.asking.order('restart', target, false) // a double click is one order
    tick(h)
    expect(h.asking.waiting.map((w) => w.left)).toEqual([2])
    expect(h.asking.takeBack(h.asking.waiting[0]!)).toBe(true)
    tick(h)
    tick(h)
    expect(h.asked).toEqual([])

    h.asking.order('restart', target, false)
    for (let i = 0; i < 3; i++) tick(h)
    expect(h.asked.map((a) => a.path)).toEqual(['api/v1/processes/web%3Aapi-1/restart'])
    expect(h.asking.waiting).toEqual([])
  })

  test('chosen processes are asked about, wait five seconds, and tell what failed together', async () => {
    const refusal = { error: { code: 70, name: 'NOT_RUNNING', detail: 'web:api-2' } }
    const h = house((path) =>
      path.includes('api-2') ? Response.json(refusal, { status: 409 }) : Response.json({ seq: 10 }),
    )
    h.table(5, [process(1, 'RUNNING'), process(2, 'RUNNING'), process(3, 'STOPPED')])
    h.draw()
    let given = 0
    h.asking.ongiven = () => given++
    h.asking.order('stop', { kind: 'chosen', rows: h.processes.all }, false)
    expect(h.asking.question?.rows.map((r) => r.id)).toEqual([1, 2])
    h.asking.answer(true, 'deploy')
    for (let i = 0; i < 5; i++) tick(h)
    expect(given).toBe(1)
    await vi.waitFor(() => expect(h.notices.shown).toHaveLength(1))
    const { notice } = h.notices.shown[0]!
    expect(notice.kind === 'someFailed' && notice.failed.map((f) => `${f.name} ${f.code}`)).toEqual([
      'api-2 NOT_RUNNING',
    ])
    expect(h.asked).toHaveLength(2)
    expect(h.commands.of(1)).toBe('stop')
    expect(h.commands.of(2)).toBeUndefined()
  })

  test('what takes its time to stop can be killed, after a question', () => {
    const h = house()
    h.table(5, [process(1, 'STOPPING', { pid: 7, since: 50_000, caps: CAPS.signal })])
    h.draw()
    const row = h.processes.get(1)!
    expect(allowed('kill', row, 51_900)).toBe('not now')
    expect(allowed('kill', row, 52_000)).toBe('now')
    h.asking.order('kill', { kind: 'process', row }, false)
    h.asking.answer(true)
    expect(h.asked.map((a) => a.path)).toEqual(['api/v1/processes/web%3Aapi-1/signal'])
  })

  test('of a group it always asks, with the processes it touches, and does nothing on no', () => {
    const h = house()
    h.table(5, [process(1, 'RUNNING'), process(2, 'STOPPED')])
    h.draw()
    h.asking.order('start', { kind: 'group', name: 'web', rows: h.processes.all }, false)
    expect(h.asking.question?.rows.map((r) => r.id)).toEqual([2])
    h.asking.answer(false)
    expect(h.asking.question).toBeUndefined()
    expect(h.asked).toEqual([])
  })
})

describe('logs', () => {
  function open(answer?: (path: string) => Response, begin?: Begin) {
    const h = house(answer)
    const view = new LogView(h, ['web:api-1/stdout'], begin)
    const id = (h.line.heard().at(-1) as { id: number } | undefined)?.id ?? 0 // none yet where it begins elsewhere
    const lines = (off: number, texts: string[]) =>
      h.line.say({
        t: 'log',
        id,
        epoch: 'e1',
        off,
        end: off + texts.reduce((n, s) => n + s.length + 1, 0),
        lines: texts,
      })
    return { ...h, view, id, lines }
  }

  test('an empty log is ready as soon as it may be read', () => {
    const h = open()
    expect(h.view.phase).toBe('loading')
    h.line.say({ t: 'ok', id: h.id })
    h.draw()
    expect(h.view.phase).toBe('ready')
  })

  test('lines are put in once per frame, and credit given then', () => {
    const h = open()
    h.lines(100, ['one'])
    h.lines(104, ['two'])
    expect(h.view.buffer.stop).toBe(0)
    h.draw()
    expect(h.view.buffer.stop).toBe(2)
    expect(h.line.heard()).toEqual([{ t: 'ack', id: h.id, off: 108 }])
  })

  test('older lines are fetched up to the oldest there is', async () => {
    const page = { epoch: 'e1', off: 92, end: 100, oldest: 92, newest: 104, lines: ['abc', 'def'] }
    const h = open(() => Response.json(page))
    h.lines(100, ['one'])
    h.draw()
    expect(h.view.olderBytes).toBe(100)
    await h.view.loadOlder()
    expect(h.asked.at(-1)!.path).toBe('api/v1/log/web%3Aapi-1/stdout?before=100&max=131072')
    expect([h.view.buffer.off, h.view.older, h.view.olderBytes]).toEqual([92, 'none', 0])
  })

  test('a page that cannot be had can be asked for again', async () => {
    const h = open(() => new Response('', { status: 500 }))
    h.lines(100, ['one'])
    h.draw()
    await h.view.loadOlder()
    expect(h.view.older).toBe('failed')
  })

  test.each([
    [403, 'forbidden'],
    [404, 'missing'],
    [500, 'failed'],
  ])('refused with %d it is %s', (code, phase) => {
    const h = open()
    h.line.say({ t: 'err', id: h.id, code, msg: '' })
    expect(h.view.phase).toBe(phase)
  })

  test('what was refused is read when it is asked for again, also to who had paused', () => {
    const h = open()
    h.lines(100, ['one'])
    h.draw()
    h.view.pause()
    h.line.say({ t: 'err', id: h.id, code: 403, msg: '' })
    expect(h.view.refused).toBe(true)
    h.line.heard()
    h.view.retry()
    const sub = h.line.heard().at(-1)!
    expect(sub).toMatchObject({ t: 'sub', topic: 'log', mode: 'follow', from: { tail: 65_536 } })
    h.line.say({ t: 'ok', id: (sub as { id: number }).id })
    h.draw()
    expect([h.view.phase, h.view.paused]).toEqual(['ready', false])
  })

  test('a link to a place that was refused leads there when it is asked for again', async () => {
    let status = 403
    const page = { epoch: 'e1', off: 96, end: 104, oldest: 0, newest: 200, lines: ['one', 'two'] }
    const h = open(() => Response.json(page, { status }), { epoch: 'e1', off: 100 })
    await vi.waitFor(() => expect(h.view.phase).toBe('forbidden'))
    status = 200
    h.view.retry()
    await vi.waitFor(() => expect(h.view.goal?.off).toBe(100))
    expect([h.view.phase, h.view.paused, h.asked.length]).toEqual(['ready', true, 2])
  })

  test('a time that is none is said to be none, and the end of the log is shown', async () => {
    const h = open(() => new Response('', { status: 400 }), { time: '99:99' })
    await vi.waitFor(() => expect(h.view.lost).toBe('badTime'))
    const sub = h.line.heard().at(-1)!
    h.line.say({ t: 'ok', id: (sub as { id: number }).id })
    h.draw()
    expect([h.view.phase, h.view.paused, h.view.lost]).toEqual(['ready', false, 'badTime'])
  })

  /** What is shown: lines, and a mark as "--". */
  const shown = ({ view }: { view: LogView }) =>
    Array.from({ length: view.buffer.stop - view.buffer.start }, (_, i) => {
      const item = view.buffer.item(view.buffer.start + i)
      return item.kind === 'line' ? item.text : '--'
    }).join(' ')

  /** supervisord has another life, begun at 1000, and the log another tail. */
  function reborn(h: ReturnType<typeof open>) {
    h.line.say({ t: 'mark', id: h.id, off: 104, why: 'restarted', at: 1000 })
    h.draw()
    const id = (h.line.heard().findLast((f) => f.t === 'sub') as { id: number }).id
    return (off: number, lines: string[], at: [number, number][] = []) => {
      const end = off + lines.reduce((n, s) => n + s.length + 1, 0)
      h.line.say({ t: 'log', id, epoch: 'e2', off, end, lines, at })
      h.draw()
    }
  }

  test('after a restart of supervisord what was read stands above its mark, also where its file is gone', () => {
    const h = open()
    h.lines(100, ['one', 'two'])
    h.draw()
    const tail = reborn(h)
    expect(shown(h)).toBe('one two --')
    expect(h.view.buffer.find(0, 100)).toBeUndefined()
    expect(h.view.buffer.edge()).toBeUndefined()
    tail(0, ['new'], [[0, 1500]])
    expect(shown(h)).toBe('one two -- new')
    expect(h.view.buffer.edge()).toEqual({ off: 0, end: 4 })
    expect(h.view.buffer.item(h.view.buffer.start).off).toBeLessThan(0)
  })

  test('what the file has of the life before stands above the mark once, with what was not read of it', () => {
    const h = open()
    h.lines(100, ['one', 'two'])
    h.draw()
    const tail = reborn(h)
    tail(40, ['one', 'two'])
    expect(shown(h)).toBe('one two --')
    tail(
      48,
      ['last', 'new'],
      [
        [0, 900],
        [1, 1500],
      ],
    )
    tail(57, ['newer'], [[0, 1600]])
    expect(shown(h)).toBe('one two last -- new newer')
    expect(h.view.buffer.find(0, 40)).toBe(h.view.buffer.start)
    expect(h.view.buffer.edge()).toEqual({ off: 40, end: 63 })
  })

  test('what has no place in a file gives way to what is fetched from one, and to nothing else', async () => {
    let lines: string[] = []
    const h = open(() =>
      Response.json({
        epoch: 'e2',
        off: 50 - lines.length * 4,
        end: 50,
        oldest: 0,
        newest: 54,
        first: lines.length === 0,
        lines,
      }),
    )
    h.lines(100, ['one'])
    h.draw()
    const tail = reborn(h)
    tail(50, ['new'], [[0, 1500]])
    await h.view.loadOlder()
    expect(shown(h)).toBe('one -- new')
    lines = ['old']
    await h.view.loadOlder()
    expect(shown(h)).toBe('old -- new')
  })
})

describe('notices', () => {
  test('the same said twice is shown once, with its number', () => {
    const notices = new Notices(() => {})
    notices.add({ kind: 'nothing' })
    notices.add({ kind: 'nothing' })
    expect(notices.shown).toMatchObject([{ times: 2 }])
  })

  test('at most three are shown, and only what is harmless goes by itself', () => {
    const due: (() => void)[] = []
    const notices = new Notices((_, run) => due.push(run))
    for (let n = 0; n < 4; n++) notices.add({ kind: 'updated', groups: n })
    expect(notices.shown).toHaveLength(3)
    for (const run of due) run()
    expect(notices.shown).toEqual([])
    notices.add({ kind: 'told', text: 'Process cat started', bad: false })
    notices.add({ kind: 'told', text: 'ERROR: Process cat: spawn error', bad: true })
    for (const run of due) run()
    expect(notices.shown).toMatchObject([{ notice: { bad: true } }])
  })
})

describe('before which orders the page asks', () => {
  type Asked = 'nothing' | 'question' | 'wait'

  test.each([
    ['default', 'start', 'one', false, 'nothing'],
    ['default', 'restart', 'one', false, 'wait'],
    ['default', 'restart', 'one', true, 'question'],
    ['default', 'start', 'all', false, 'question'],
    ['default', 'stop', 'one', false, 'question'],
    ['always', 'start', 'one', false, 'question'],
    ['always', 'restart', 'one', false, 'question'],
    ['dangerous', 'start', 'one', true, 'nothing'],
    ['dangerous', 'restart', 'one', true, 'wait'],
    ['dangerous', 'start', 'all', true, 'nothing'],
    ['dangerous', 'restart', 'all', false, 'question'],
    ['dangerous', 'stop', 'one', false, 'question'],
    ['dangerous', 'kill', 'one', false, 'question'],
  ] as const)('%s: %s of %s, by touch %s', (policy, verb, of, touch, asked) => {
    const h = house()
    h.table(1, [process(1, verb === 'start' ? 'STOPPED' : 'RUNNING')])
    h.draw()
    const asking = new Asking(
      { run: async () => {} } as unknown as Commands,
      () => {},
      () => policy,
    )
    const row = h.processes.get(1)!
    asking.order(verb, of === 'one' ? { kind: 'process', row } : { kind: 'all', rows: [row] }, touch)
    const became: Asked = asking.question ? 'question' : asking.waiting.length > 0 ? 'wait' : 'nothing'
    expect(became).toBe(asked)
  })
})

describe('preferences', () => {
  const shelf = (kept: Record<string, string> = {}) => ({
    kept,
    get: (key: string) => kept[key] ?? null,
    set: (key: string, value: string) => {
      kept[key] = value
    },
  })

  test.each([
    [{}, ['de-DE', 'ru-RU', 'en'], 'ru'],
    [{}, ['de'], 'en'],
    [{ language: 'en' }, ['ru'], 'en'],
    [{ language: 'tlh' }, ['ru'], 'ru'],
  ])('kept %j, wanted %j: the page is in %s', (kept, wanted, language) => {
    expect(new Preferences(shelf(kept as Record<string, string>), wanted).language).toBe(language)
  })

  test('what is chosen is kept', () => {
    const kept = shelf()
    const first = new Preferences(kept, [])
    first.setTheme('dark')
    first.setFolded(new Set(['web', 'cat']))
    first.setFolded(new Set(['cat']))
    const second = new Preferences(kept, [])
    expect([second.theme, [...second.folded], second.wrap]).toEqual(['dark', ['cat'], undefined])
  })

  test('what the server must know is moved to where it sees it, and what was chosen last counts', () => {
    const old = shelf({ theme: 'dark', language: 'ru' })
    const jar = shelf({ language: 'en' })
    const first = new Preferences(old, ['en'], jar, 'en')
    expect([first.theme, first.language]).toEqual(['dark', 'ru'])
    expect([jar.kept, old.get('theme'), old.get('language')]).toEqual([
      { theme: 'dark', language: 'ru' },
      '',
      '',
    ])
    const second = new Preferences(old, ['en'], jar, 'ru')
    expect([second.theme, second.language]).toEqual(['dark', 'ru'])
    second.setTheme('contrast')
    expect([jar.get('theme'), old.get('theme')]).toEqual(['contrast', ''])
  })

  test('the page goes on in the language in which it was served', () => {
    expect(new Preferences(shelf(), ['en'], shelf({ language: 'en' }), 'ru').language).toBe('ru')
  })

  test('everything can be chosen, is kept, and is as at first after a reset', () => {
    const [kept, jar] = [shelf(), shelf()]
    const first = new Preferences(kept, ['ru'], jar)
    const before = { ...first.chosen }
    first.setTheme('light')
    first.setLanguage('en')
    first.setWrap(false)
    first.choose('density', 'compact')
    first.choose('confirm', 'always')
    first.choose('notify', 'fatal')
    const second = new Preferences(kept, ['ru'], jar)
    expect(second.chosen).toEqual({ ...before, density: 'compact', confirm: 'always', notify: 'fatal' })
    expect([second.theme, second.language, second.wrap]).toEqual(['light', 'en', false])
    second.reset()
    for (const one of [second, new Preferences(kept, ['ru'], jar)]) {
      expect([one.chosen, one.theme, one.language, one.wrap]).toEqual([before, 'system', 'ru', undefined])
    }
  })

  test('what is on the shelf but no choice of ours counts for nothing', () => {
    const odd = new Preferences(shelf({ density: 'tiny', confirm: '', notify: 'fatal' }), [])
    expect(odd.chosen).toMatchObject({ density: 'normal', confirm: 'default', notify: 'fatal' })
  })
})
