import { afterEach, describe, expect, test, vi } from 'vitest'
import { LogBuffer, type LogLine, longestShown } from '../../store/logbuffer'
import { marked, parseLine } from './ansi'
import { type Helper, Hunter, type Outcome } from './hunter'
import { jsonRows, looksLikeJson } from './json'
import { levelOf } from './levels'
import { isIn, patternOf, placesOf, type Query, type Task, tryPattern } from './match'
import { Scan } from './scan.svelte'

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
  /** The places a pattern is found at; undefined if the line is none of those that match. */
  const tried = (asked: Query, text: string) =>
    tryPattern({ query: asked, texts: [text] }, 1_000, () => 0).hits[0]?.ranges

  test.each([
    [query('ERR'), 'an error', [[3, 6]]],
    [query('ERR', { exact: true }), 'an error', []],
    [
      query('a'),
      'banana',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    [query('aa'), 'aaa', [[0, 2]]],
    [query(''), 'anything', []],
  ])('%j is in %s where it is written', (asked, text, found) => {
    expect(placesOf(asked, text)).toEqual(found)
    if (asked.text !== '') expect(isIn(asked, text)).toBe(found.length > 0)
  })

  test.each([
    [
      query('r+', { regex: true }),
      'an error',
      [
        [4, 6],
        [7, 8],
      ],
    ],
    [query('a.b', { regex: true }), 'acb', [[0, 3]]],
    [query('^x', { regex: true }), 'xx', [[0, 1]]],
    [query('X', { regex: true, exact: true }), 'x', undefined],
    [query('x*$', { regex: true }), 'ab', []],
  ])('the pattern %j is in %s where it matches', (asked, text, found) => {
    expect(tried(asked, text)).toEqual(found)
  })

  test('a bad pattern throws', () => {
    expect(() => patternOf(query('(', { regex: true }))).toThrow()
  })

  test('a pattern is tried on one line at least, and then for as long as the clock allows', () => {
    let now = 0
    const task = { query: query('x', { regex: true }), texts: ['ax', 'b', 'x', 'x'] }
    const clock = () => (now += 10)
    expect(tryPattern(task, 0, clock)).toEqual({ looked: 1, hits: [{ index: 0, ranges: [[1, 2]] }] })
    expect(tryPattern(task, 25, clock).looked).toBe(3)
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

/** A thread that answers when the test says so. */
class TestHelper implements Helper {
  tasks: Task[] = []
  ended = false
  onmessage: Helper['onmessage'] = null
  onerror: Helper['onerror'] = null
  postMessage(task: Task) {
    this.tasks.push(task)
  }
  terminate() {
    this.ended = true
  }
  ready() {
    this.onmessage?.({ data: 'ready' } as MessageEvent)
  }
  /** Tries the pattern on so many of the lines it was given last. */
  answer(lines = Number.POSITIVE_INFINITY) {
    const { query, texts } = this.tasks.at(-1)!
    const data = tryPattern({ query, texts: texts.slice(0, lines) }, 1_000, () => 0)
    this.onmessage?.({ data } as MessageEvent)
  }
}

describe('patterns', () => {
  const hire = () => {
    const helpers: TestHelper[] = []
    const hunter = new Hunter(() => {
      helpers.push(new TestHelper())
      return helpers.at(-1)!
    })
    return { hunter, helpers }
  }
  const task = { query: { text: 'x', regex: true, exact: false }, texts: ['ax'] }

  afterEach(() => {
    vi.useRealTimers()
  })

  test('one that takes too long is ended, and the next one begins anew', () => {
    vi.useFakeTimers()
    const { hunter, helpers } = hire()
    const told: Outcome[] = []
    hunter.run(task, (outcome) => told.push(outcome))
    vi.advanceTimersByTime(60_000) // starting is not the fault of the pattern
    expect(told).toEqual([])
    helpers[0]!.ready()
    vi.advanceTimersByTime(60_000)
    expect([told, helpers[0]!.ended, hunter.busy]).toEqual([['slow'], true, false])
    hunter.run(task, (outcome) => told.push(outcome))
    helpers[1]!.ready()
    helpers[1]!.answer()
    expect(told.at(-1)).toEqual({ looked: 1, hits: [{ index: 0, ranges: [[1, 2]] }] })
    hunter.run(task, (outcome) => told.push(outcome))
    expect(helpers[1]!.tasks.length).toBe(2)
    hunter.stop()
    expect([helpers[1]!.ended, told.length]).toEqual([true, 2])
  })

  test('a thread that cannot be had is told of', () => {
    const { hunter, helpers } = hire()
    const told: Outcome[] = []
    hunter.run(task, (outcome) => told.push(outcome))
    helpers[0]!.onerror?.({} as ErrorEvent)
    expect(told).toEqual(['lost'])
  })

  test('lines that come and go while a pattern is tried are tried as well, each once', () => {
    const line = (n: number) => ({ ...frameAt, off: n * 2, end: n * 2 + 2, lines: [n % 3 === 0 ? 'x' : 'y'] })
    const frameAt = { t: 'log' as const, id: 1, epoch: 'e' }
    const buffer = new LogBuffer({ items: 40, chars: 1_000_000 })
    for (let n = 0; n < 20; n++) buffer.append(line(n))
    const { hunter, helpers } = hire()
    const scan = new Scan(buffer, undefined, hunter)
    scan.ask(task.query)
    helpers[0]!.ready()
    for (let n = 20; n < 300; n++) {
      buffer.append(line(n))
      scan.catchUp()
      if (n % 2 === 0) helpers[0]!.answer(3)
    }
    while (!scan.done) helpers[0]!.answer()
    const wanted = []
    for (let i = buffer.start; i < buffer.stop; i++) {
      const item = buffer.item(i) as LogLine
      if (item.text === 'x') wanted.push(i)
      expect(scan.marksIn(item, item.text)).toEqual(item.text === 'x' ? [[0, 1]] : [])
    }
    expect(scan.hits).toEqual(wanted)
    scan.close()
  })

  test('a last line that grows is tried again', () => {
    const buffer = new LogBuffer()
    const base = { t: 'log' as const, id: 1, epoch: 'e' }
    buffer.append({ ...base, off: 0, end: 3, lines: ['a', 'b'], open: true })
    const { hunter, helpers } = hire()
    const scan = new Scan(buffer, undefined, hunter)
    scan.ask(task.query)
    helpers[0]!.ready()
    helpers[0]!.answer()
    expect([scan.hits, scan.done]).toEqual([[], true])
    buffer.append({ ...base, off: 3, end: 7, lines: ['x', 'c'], cont: true })
    scan.catchUp()
    helpers[0]!.answer()
    expect([scan.hits, scan.done]).toEqual([[1], true])
    scan.close()
  })

  test('one that is too slow stops the search, and says so', () => {
    vi.useFakeTimers()
    const buffer = new LogBuffer()
    buffer.append({ t: 'log', id: 1, epoch: 'e', off: 0, end: 2, lines: ['x'] })
    const { hunter, helpers } = hire()
    const scan = new Scan(buffer, undefined, hunter)
    scan.countLevels()
    scan.ask(task.query)
    helpers[0]!.ready()
    vi.advanceTimersByTime(60_000)
    expect([scan.trouble, scan.on, scan.done, scan.counts.none]).toEqual(['slow', false, true, 1])
    scan.ask({ ...task.query, regex: false })
    expect([scan.trouble, scan.hits]).toEqual(['', [0]])
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
