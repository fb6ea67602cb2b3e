import { describe, expect, test } from 'vitest'
import { Row } from '../../store/processes.svelte'
import type { Process, ProcState } from '../../wire/wire.gen'
import { countStates } from './counts'
import { compile, parseFilter } from './filter'
import { lines, sections } from './sections'

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
    const passed = rows.filter(parseFilter(text)).map((r) => r.name)
    expect(passed.join(' ')).toBe(names)
  })

  test('a pid matches whole', () => {
    const pid = rows[0]!.data.pid
    expect(rows.filter(parseFilter(`pid:${pid}`))).toEqual([rows[0]])
    expect(rows.filter(parseFilter(`pid:${String(pid).slice(0, 1)}`))).toEqual([])
  })

  test('chips and text must both hold', () => {
    const test = compile({ text: 'web', states: new Set(['FATAL', 'BACKOFF']) })
    expect(rows.filter(test).map((r) => r.name)).toEqual(['api-1'])
  })
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
