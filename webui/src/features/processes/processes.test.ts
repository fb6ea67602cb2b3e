import { describe, expect, test } from 'vitest'
import type { Used } from '../../store/metrics.svelte'
import { attention, Row } from '../../store/processes.svelte'
import { en } from '../../text/en'
import { troubleWords } from '../../text/explain'
import type { Process, ProcState } from '../../wire/wire.gen'
import { countStates } from './counts'
import { compile, looksAtUse, parseFilter, strangeWords } from './filter'
import { sectionOf, stretch } from './moves'
import { inOrder, pressed, readOrder, writeOrder } from './order'
import { lines, sections } from './sections'
import { totals } from './totals'

let nextId = 1
function row(group: string, name: string, state: ProcState = 'RUNNING', more: Partial<Process> = {}): Row {
  const id = nextId++
  const calm = {
    pid: 100 + id,
    since: 0,
    start: 0,
    stop: 0,
    exit: 0,
    expected: true,
    err: '',
    tries: 0,
    max: 3,
  }
  return new Row({ id, group, name, state, next: 0, restarts: 0, caps: 0, ...calm, ...more }, 0)
}

describe('filter', () => {
  const rows = [
    row('web', 'api-0'),
    row('web', 'api-1', 'FATAL', { err: "can't find command '/opt/x'" }),
    row('jobs', 'mail', 'BACKOFF'),
    row('cat', 'cat', 'STOPPED', { pid: 0 }),
  ]
  const passing = (text: string) => {
    const passes = parseFilter(text)
    return rows.filter((r) => passes(r))
  }
  test.each([
    ['', 'api-0 api-1 mail cat'],
    ['  API ', 'api-0 api-1'],
    ['web api-1', 'api-1'],
    ['web:api-0', 'api-0'],
    ['state:fatal', 'api-1'],
    ['state:fatal,back', 'api-1 mail'],
    ['group:jobs,cat', 'mail cat'],
    ['name:api group:web state:run', 'api-0'],
    ['state:', ''],
    ['command', 'api-1'],
    ['nothing', ''],
  ])('%j lets through %j', (text, names) => {
    const passed = passing(text).map((r) => r.name)
    expect(passed.join(' ')).toBe(names)
  })

  test('a pid matches whole', () => {
    const pid = rows[0]!.data.pid
    expect(passing(`pid:${pid}`)).toEqual([rows[0]])
    expect(passing(`pid:${String(pid).slice(0, 1)}`)).toEqual([])
  })

  test('chips and text must both hold', () => {
    const test = compile({ text: 'web', states: new Set(['FATAL', 'BACKOFF']) })
    expect(rows.filter((r) => test(r)).map((r) => r.name)).toEqual(['api-1'])
  })
})

describe('words that look like conditions and are none', () => {
  const rows = [row('web', 'api-0'), row('foo', 'a>5')]
  test.each([
    ['cpu>abc', 'cpu>abc'],
    ['foo:bar api', 'foo:bar'],
    ['state:fatl', 'state:fatl'],
    ['cpu:50', 'cpu:50'],
    ['size>5', 'size>5'],
    ['web:api-0 a>5 cpu>5 memory<=1.5g state:fatal,run group:x nothing', ''],
    ['state: foo: cpu> cpu', ''],
  ])('of %j there is told %j', (text, told) => {
    expect(strangeWords(text, rows).join(' ')).toBe(told)
  })
})

describe('figures in a filter', () => {
  const used = (cpu: number | null, memory: number | null): Used => ({
    at: 0,
    cpu,
    memory,
    descriptors: null,
    threads: null,
    processes: null,
  })
  const busy = row('web', 'busy', 'RUNNING', { restartsDay: 3 })
  test.each([
    ['cpu>50', used(51, 0), true],
    ['cpu>50', used(50, 0), false],
    ['cpu>=50%', used(50, 0), true],
    ['mem<1.5k', used(0, 1535), true],
    ['memory>1GiB', used(0, 2 ** 30 + 1), true],
    ['cpu<50', used(null, 0), false],
    ['cpu<50', undefined, false],
    ['restarts>2', undefined, true],
    ['cpu>x', used(99, 0), false],
  ])('%s of %j: %s', (text, now, passes) => {
    expect(parseFilter(text)(busy, now)).toBe(passes)
  })

  test('are wanted of all rows only where one looks at them', () => {
    expect(['cpu>5', 'web mem<1g', 'cpu', 'pid>3', 'state:fatal'].map(looksAtUse)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

describe('order', () => {
  const rows = [row('b', 'b2'), row('a', 'a10', 'FATAL', { pid: 0 }), row('a', 'a9', 'STOPPED', { pid: 0 })]
  const cpu = new Map<number, number | null>([
    [rows[0]!.id, 3],
    [rows[1]!.id, null],
    [rows[2]!.id, 7],
  ])
  const use = (id: number): Used => ({
    at: 0,
    cpu: cpu.get(id) ?? null,
    memory: null,
    descriptors: null,
    threads: null,
    processes: null,
  })
  test.each([
    ['name', 'a9 a10 b2'],
    ['-name', 'b2 a10 a9'],
    ['state', 'a10 a9 b2'],
    ['-cpu', 'a9 b2 a10'],
    ['cpu', 'b2 a9 a10'],
    ['memory', 'b2 a10 a9'],
  ])('%s gives %s', (text, names) => {
    const order = readOrder(text)!
    expect(writeOrder(order)).toBe(text)
    expect(
      inOrder(rows, order, use)
        .map((r) => r.name)
        .join(' '),
    ).toBe(names)
  })

  test('a heading goes round: one way, the other, and back to none', () => {
    const once = pressed('cpu', undefined)
    const twice = pressed('cpu', once)
    expect([once, twice, pressed('cpu', twice), pressed('name', once)].map(writeOrder)).toEqual([
      '-cpu',
      'cpu',
      '',
      'name',
    ])
    expect(readOrder('nonsense')).toBeUndefined()
  })
})

test('a sum that lacks a part is not told', () => {
  const rows = [row('a', 'a'), row('a', 'b'), row('a', 'c', 'STOPPED', { pid: 0 })]
  const known = (cpu: number | null): Used => ({
    at: 0,
    cpu,
    memory: 10,
    descriptors: null,
    threads: null,
    processes: null,
  })
  expect(totals(rows, () => known(2))).toEqual({ cpu: 4, memory: 20 })
  expect(totals(rows, (id) => (id === rows[0]!.id ? known(2) : undefined))).toBeUndefined()
  expect(totals(rows, () => known(null))).toBeUndefined()
  expect(totals([rows[2]!], () => known(2))).toBeUndefined()
})

describe('sections', () => {
  const groups = ['cat', 'web', 'dog', 'odd'].map((name) => ({ name, priority: 1 }))
  const rows = [
    row('cat', 'cat'),
    row('web', 'a'),
    row('web', 'b', 'FATAL'),
    row('dog', 'dog'),
    row('odd', 'other'),
  ]
  const all = () => true

  test('programs that form no group stand together before the groups', () => {
    const found = sections(groups, rows, all).map(
      (s) => `${s.group?.name ?? '-'}: ${s.rows.map((r) => r.name).join(' ')}`,
    )
    expect(found).toEqual(['-: cat dog', 'web: a b', 'odd: other'])
  })

  test('sections without a match are not drawn, folded ones only by their heading', () => {
    const fatal = sections(groups, rows, parseFilter('state:fatal'))
    expect(lines(fatal, new Set()).map((l) => (l.kind === 'row' ? l.row.name : 'heading'))).toEqual([
      'heading',
      'b',
    ])
    expect(lines(sections(groups, rows, all), new Set(['web', ':']))).toHaveLength(4)
  })

  test('a group without processes has no place', () => {
    expect(sections([{ name: 'empty', priority: 1 }], [], all)).toEqual([])
  })
})

test('states are counted with the broken ones first', () => {
  const rows = [row('a', 'a'), row('a', 'b'), row('a', 'c', 'FATAL'), row('a', 'd', 'STOPPED')]
  expect(countStates(rows)).toEqual([
    { state: 'FATAL', count: 1 },
    { state: 'STOPPED', count: 1 },
    { state: 'RUNNING', count: 2 },
  ])
})

test('by keyboard, a stretch of rows is the same from either end, and a row knows its heading', () => {
  const groups = ['web', 'job'].map((name) => ({ name, priority: 1 }))
  const rows = [row('web', 'a'), row('web', 'b'), row('job', 'c'), row('job', 'd')]
  const drawn = lines(
    sections(groups, rows, () => true),
    new Set(),
  )
  expect(stretch(drawn, 1, 4).map((r) => r.name)).toEqual(['a', 'b', 'c'])
  expect(stretch(drawn, 4, 1)).toEqual(stretch(drawn, 1, 4))
  expect([0, 2, 3, 5].map((at) => sectionOf(drawn, at))).toEqual([0, 0, 3, 3])
  expect(sectionOf(drawn.slice(1, 3), 1)).toBeUndefined()
})

test('needs attention: what has failed, restarts often, is out of the protocol, and once what a pool suffers from', () => {
  const rows = [
    row('web', 'well', 'RUNNING', { restartsHour: 2, restartsDay: 40 }),
    row('web', 'flaky', 'RUNNING', { restartsHour: 3 }),
    row('web', 'done', 'EXITED', { restartsHour: 9 }),
    row('web', 'down', 'FATAL'),
    row('ears', 'first', 'RUNNING', { poolFull: true, poolDropped: 7 }),
    row('ears', 'second', 'RUNNING', { poolFull: true, poolDropped: 7 }),
    row('ears', 'third', 'RUNNING', { poolFull: true, poolDropped: 7, broken: true }),
    row('hooks', 'hook', 'RUNNING', { poolDropped: 1 }),
  ]
  expect(attention(rows).map(({ name }) => name)).toEqual(['flaky', 'down', 'first', 'third', 'hook'])
  expect(troubleWords(en, rows[1]!.data, 3)).toBe('Restarts often: 3 times in the last hour')
  expect(troubleWords(en, rows[6]!.data, 0)).toBe(
    'Has broken the event listener protocol and gets no more events · its pool’s buffer is full · its pool has dropped 7 events in the last hour',
  )
  expect(troubleWords(en, rows[0]!.data, 0)).toBe('')
})
