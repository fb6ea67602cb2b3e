import { describe, expect, test } from 'vitest'
import { Row } from '../../store/processes.svelte'
import { en } from '../../text/en'
import { more } from '../../text/more'
import { more as moreRussian } from '../../text/more.ru'
import { ru as commonRussian } from '../../text/ru'
import type { Whole } from '../../text/words.svelte'
import { CAPS, type Process, type ProcState } from '../../wire/wire.gen'
import { entriesOf, find, type World } from './entries'
import { latinOf, match as matchWords, pieces, questionOf } from './score'

const match = (question: string, text: string) => matchWords(questionOf(question), text)
const english: Whole = { ...en, ...more }
const ru: Whole = { ...commonRussian, ...moreRussian }
const everything = Object.values(CAPS).reduce((a, b) => a | b, 0)

let nextId = 1
function row(group: string, name: string, state: ProcState = 'RUNNING', more: Partial<Process> = {}): Row {
  const calm = { pid: 7, since: 0, start: 0, stop: 0, exit: 0, expected: true, err: '', tries: 0, max: 3 }
  const data = { id: nextId++, group, name, state, next: 0, restarts: 0, caps: everything, ...calm, ...more }
  return new Row(data, 0)
}

function world(rows: Row[], more: Partial<World> = {}): World {
  const pages = [
    { page: 'processes', href: '.', label: 'Processes', icon: 'log' },
    { page: 'logs', href: 'logs', label: 'Logs', icon: 'lines' },
  ] as const
  return { rows, chosen: [], pages, account: true, mayReadMainLog: true, ...more }
}

describe('a question', () => {
  test.each([
    ['web', 'web:api-0', 'web'],
    ['wa0', 'web:api-0', 'wa0'],
    ['api web', 'web:api-0', 'webapi'],
    ['API', 'web:api-0', 'api'],
    ['re w', 'Restart web:*', 'Rew'],
    ['', 'anything', ''],
  ])('“%s” finds “%s” by the letters “%s”', (question, text, letters) => {
    const found = match(question, text)
    expect(found?.at.map((place) => text[place]).join('')).toBe(letters)
  })

  test.each([
    ['xyz', 'web:api-0'],
    ['bew', 'web:api-0'],
    ['web web2', 'web:api-0'],
  ])('“%s” does not find “%s”', (question, text) => {
    expect(match(question, text)).toBeUndefined()
  })

  test.each([
    ['api', 'web:api-0', 'web:rapid'],
    ['w0', 'web:worker_0', 'web:w_10'],
    ['log', 'log', 'catalog'],
    ['web', 'web', 'web:api-0'],
    ['mail', 'jobs:mail', 'main-isolator'],
  ])('“%s” means “%s” rather than “%s”', (question, better, worse) => {
    expect(match(question, better)!.score).toBeGreaterThan(match(question, worse)!.score)
  })

  test('typed with the Russian layout on is what it would have been with the other', () => {
    expect(latinOf('цуи')).toBe('web')
    expect(latinOf('API-0')).toBe('API-0')
  })

  test('marks whole pieces', () => {
    expect(pieces('web:api', [0, 1, 4])).toEqual([
      { text: 'we', found: true },
      { text: 'b:', found: false },
      { text: 'a', found: true },
      { text: 'pi', found: false },
    ])
  })

  test('takes no place for another where letters grow', () => {
    expect(match('i', 'İİi')).toBeUndefined()
  })
})

describe('what can be found', () => {
  const rows = [row('web', 'api-0'), row('web', 'api-1', 'FATAL'), row('cat', 'cat', 'STOPPED')]
  const labels = (question: string, given = world(rows), t = english, recent: string[] = []) =>
    find(entriesOf(t, given), question, recent).map(({ entry }) => entry.label)

  test('a process is before what is done with it', () => {
    expect(labels('cat').slice(0, 2)).toEqual(['cat', 'Start cat'])
  })

  test('verbs are offered where they make sense', () => {
    const all = labels('')
    expect(all).toContain('Restart web:api-0')
    expect(all).not.toContain('Start web:api-0')
    expect(all).toContain('Start web:api-1')
    expect(all).not.toContain('Restart cat:*')
  })

  test('a group is named as supervisorctl does', () => {
    expect(labels('restart web')[0]).toBe('Restart web:*')
    expect(labels('restart web:*')[0]).toBe('Restart web:*')
  })

  test('English words find things in Russian, too, and Russian letters Latin names', () => {
    expect(labels('restart web:*', world(rows), ru)[0]).toBe('Перезапустить web:*')
    expect(labels('перезап web', world(rows), ru)[0]).toBe('Перезапустить web:*')
    expect(labels('сфе', world(rows), ru)[0]).toBe('cat')
  })

  test('a state finds what is in it', () => {
    expect(labels('fatal')[0]).toBe('web:api-1')
  })

  test('what was chosen lately comes first, as far as it is still there', () => {
    const before = ['log cat:cat', 'stop gone:gone', 'page logs']
    expect(labels('', world(rows), english, before).slice(0, 2)).toEqual(['Log of cat', 'Logs'])
  })

  test('what is broken comes before what is not', () => {
    expect(labels('')[0]).toBe('web:api-1')
    expect(labels('api').slice(0, 2)).toEqual(['web:api-1', 'web:api-0'])
  })

  test('the selection comes first, without those that nothing may be done with', () => {
    const shy = row('web', 'shy', 'RUNNING', { caps: CAPS.view })
    const given = world([...rows, shy], { chosen: [rows[0]!, shy] })
    const [first] = find(entriesOf(english, given), '', [])
    expect(first?.entry.label).toBe('Start the selected processes')
    expect(first?.entry.deed).toMatchObject({ kind: 'order', verb: 'start', target: { rows: [rows[0]] } })
  })

  test('nothing is offered that the reader may not do', () => {
    const guest = world([row('web', 'a', 'RUNNING', { caps: CAPS.view }), row('web', 'b')].slice(0, 1), {
      account: false,
      mayReadMainLog: false,
      pages: [],
    })
    const kinds = new Set(entriesOf(english, guest).map((entry) => entry.kind))
    expect([...kinds].sort()).toEqual(['process', 'setting'])
    expect(entriesOf(english, guest).filter((entry) => entry.deed.kind === 'order')).toEqual([])
  })

  test('each has an id of its own, the same in every language', () => {
    const ids = entriesOf(english, world(rows)).map((entry) => entry.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(
      entriesOf(ru, world(rows))
        .map((entry) => entry.id)
        .sort(),
    ).toEqual([...ids].sort())
  })
})
