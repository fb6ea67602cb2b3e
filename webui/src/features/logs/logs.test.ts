import { describe, expect, test } from 'vitest'
import { LogBuffer, longestShown } from '../../store/logbuffer'
import { marked, parseLine } from './ansi'
import { jsonRows, looksLikeJson } from './json'
import { levelOf } from './levels'
import { matcher, matchesIn, Scan } from './scan.svelte'

describe('levels', () => {
  test.each([
    ['2026-01-31 12:00:00 ERROR something broke', 'error'],
    ['[warn] disk is nearly full', 'warn'],
    ['level=debug msg="cache hit"', 'debug'],
    ['{"level":"info","msg":"ready"}', 'info'],
    ['{"level":50,"msg":"as pino numbers them"}', 'error'],
    ['E0512 10:23:45.123456 main.go:12] klog', 'error'],
    ['error: no such file', 'error'],
    ['Traceback: FATAL', 'error'],
    ['no errors were found', 'none'],
    ['information is not a level', 'none'],
    [`${'x'.repeat(300)} ERROR too far behind`, 'none'],
  ])('%s', (text, level) => {
    expect(levelOf(text)).toBe(level)
  })
})

describe('JSON lines', () => {
  test('are unfolded into rows that know where they are', () => {
    const rows = jsonRows('{"id":7,"tags":["a"],"odd key":null,"none":{}}')!
    expect(rows.map((r) => `${' '.repeat(r.depth)}${r.key}${r.value}`)).toEqual([
      '{',
      ' "id": 7,',
      ' "tags": [',
      '  "a"',
      ' ],',
      ' "odd key": null,',
      ' "none": {}',
      '}',
    ])
    expect(rows.map((r) => r.path)).toEqual([
      '',
      '.id',
      '.tags',
      '.tags[0]',
      '.tags',
      '["odd key"]',
      '.none',
      '',
    ])
  })

  test('what only looks like JSON stays as it is', () => {
    expect(looksLikeJson('{ this is not }')).toBe(true)
    expect(jsonRows('{ this is not }')).toBeUndefined()
    expect(looksLikeJson('plain')).toBe(false)
  })
})

describe('what is looked for', () => {
  const query = (text: string, more: { regex?: boolean; exact?: boolean } = {}) => ({
    text,
    regex: false,
    exact: false,
    ...more,
  })

  test.each([
    [query('ERR'), 'an error', [3, 6]],
    [query('ERR', { exact: true }), 'an error', undefined],
    [query('r+', { regex: true }), 'an error', [4, 6]],
    [query('a.b'), 'acb a.b', [4, 7]],
  ])('%j in %s', (asked, text, found) => {
    expect(matcher(asked)!(text)).toEqual(found)
  })

  test('nothing asks for nothing, and a bad pattern throws', () => {
    expect(matcher(query(''))).toBeUndefined()
    expect(() => matcher(query('(', { regex: true }))).toThrow()
  })

  test('all places in a line are found, and empty ones are none', () => {
    expect(matchesIn(matcher(query('a')), 'banana')).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(matchesIn(matcher(query('x*', { regex: true })), 'ab')).toEqual([])
  })

  test('they are marked across colours', () => {
    const spans = marked(parseLine('\x1b[31mab\x1b[0mcd'), [[1, 3]])
    expect(spans.map((s) => [s.text, s.mark === true])).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
      ['d', false],
    ])
    expect(marked(parseLine('abc'), [[0, 1]]).map((s) => [s.text, s.mark === true])).toEqual([
      ['a', true],
      ['bc', false],
    ])
  })
})

describe('a scan', () => {
  const frame = (off: number, lines: string[]) => ({
    t: 'log' as const,
    id: 1,
    epoch: 'e',
    off,
    end: off + lines.reduce((n, line) => n + line.length + 1, 0),
    lines,
  })

  test('follows a buffer that grows and is cut at both ends', () => {
    const buffer = new LogBuffer({ items: 10, chars: 1_000_000 })
    buffer.append(frame(100, ['hit', 'no', 'ERROR hit']))
    const scan = new Scan(buffer)
    scan.countLevels()
    scan.ask({ text: 'hit', regex: false, exact: false })
    expect([scan.hits, scan.counts.error, scan.done]).toEqual([[0, 2], 1, true])
    buffer.prepend({ ...frame(93, ['older', '']), t: undefined, oldest: 0, newest: 200 } as never)
    buffer.append(frame(117, ['another hit']))
    scan.catchUp()
    expect(scan.hits).toEqual([0, 2, 3])
    expect([scan.isHit(3), scan.isHit(1), scan.near(1, 1), scan.rank(3)]).toEqual([true, false, true, 2])
    for (let i = 0; i < 9; i++) buffer.append(frame(129 + i * 2, ['x']))
    scan.catchUp()
    expect(scan.hits.every((i) => i >= buffer.start)).toBe(true)
    const held = Object.values(scan.counts).reduce((a, b) => a + b, 0)
    expect(held).toBe(buffer.stop - buffer.start)
    scan.close()
  })
})

describe('a long line', () => {
  test('is known to go on where enough of it is shown', () => {
    const buffer = new LogBuffer()
    const piece = 'x'.repeat(16_384)
    const base = { t: 'log' as const, id: 1, epoch: 'e' }
    buffer.append({ ...base, off: 0, end: 16_384, lines: [piece], open: true })
    buffer.append({ ...base, off: 16_384, end: 32_768, lines: [piece], open: true, cont: true })
    buffer.append({ ...base, off: 32_768, end: 32_773, lines: ['end', ''], cont: true })
    const items = Array.from({ length: buffer.stop }, (_, i) => buffer.item(i))
    expect(items.map((i) => i.kind === 'line' && i.tail)).toEqual([false, true, true, false])
    expect(piece.length).toBeGreaterThan(longestShown)
  })
})
