import { expect, test } from 'vitest'
import { mostLogs, namesIn, specOf, tagOf } from './names'

test.each([
  ['mainlog', 'supervisord'],
  ['web:api/stdout', 'web:api stdout'],
  ['cron:cron/stderr', 'cron stderr'],
  ['cron/stderr', 'cron stderr'],
  ['a:b:c/stdout', 'a:b:c stdout'],
  ['a:x/y/stdout', 'a:x/y stdout'],
])('%s is called %s', (name, tag) => {
  expect(tagOf(name)).toBe(tag)
})

test('a group that is left out is the one of the same name', () => {
  expect(specOf('cron/stdout')).toBe('cron:cron')
  expect(specOf('web:api/stdout')).toBe('web:api')
})

test('an address names each log once, and no more than fit, and what is none is left out', () => {
  const query = new URLSearchParams('s=a/stdout&s=a/stdout&s=mainlog&s=x&s=/stdout')
  expect(namesIn(query)).toEqual(['a/stdout', 'mainlog'])
  for (let i = 0; i < 30; i++) query.append('s', `p${i}/stdout`)
  expect(namesIn(query)).toHaveLength(mostLogs)
})
