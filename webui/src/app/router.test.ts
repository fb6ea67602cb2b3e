import { describe, expect, test } from 'vitest'
import { placeOf } from './router'

describe.each(['http://host:9001/', 'https://host/sup/'])('mounted at %s', (base) => {
  test.each([
    ['', { page: 'processes' }],
    ['?q=web&state=FATAL', { page: 'processes' }],
    [
      'process/web/api-0',
      { page: 'process', group: 'web', name: 'api-0', tab: 'overview', crash: '', channel: 'stdout' },
    ],
    [
      'process/web/api-0/log?ch=stderr',
      { page: 'process', group: 'web', name: 'api-0', tab: 'log', crash: '', channel: 'stderr' },
    ],
    [
      'process/a%2Fb/%D1%8F',
      { page: 'process', group: 'a/b', name: 'я', tab: 'overview', crash: '', channel: 'stdout' },
    ],
    [
      'process/%E0%A4%A/x',
      { page: 'process', group: '%E0%A4%A', name: 'x', tab: 'overview', crash: '', channel: 'stdout' },
    ],
    [
      'process/a/b/crashes/3',
      { page: 'process', group: 'a', name: 'b', tab: 'crashes', crash: '3', channel: 'stdout' },
    ],
    ['process/a/b/log/3', { page: 'unknown' }],
    ['process/web', { page: 'unknown' }],
    ['process/web/api-0/nonsense', { page: 'unknown' }],
    ['elsewhere', { page: 'unknown' }],
  ])('%s', (path, route) => {
    expect(placeOf(new URL(path, base), base).route).toEqual(route)
  })

  test('an address outside is unknown', () => {
    expect(placeOf(new URL('/../other', base), `${base}deeper/`).route).toEqual({ page: 'unknown' })
  })
})
