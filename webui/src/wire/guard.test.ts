import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { byteLength, parseFrame } from './guard'
import { isLogPage, isMergedPage } from './guardlogs'

// What the Go side writes, byte for byte: it tests the same files.
const golden = fileURLToPath(new URL('../../../server/wire/testdata/', import.meta.url))
const read = (name: string) => readFileSync(`${golden}${name}`, 'utf8')
const frames = readdirSync(`${golden}frames`).filter((name) => !name.startsWith('client-'))

describe('frames of the server', () => {
  test('there is one of every kind', () => {
    const kinds = new Set(frames.map((name) => parseFrame(read(`frames/${name}`))?.t))
    expect([...kinds].toSorted()).toEqual([
      'bye',
      'count',
      'delta',
      'err',
      'events',
      'gap',
      'hb',
      'log',
      'mark',
      'metrics',
      'ok',
      'pong',
      'recent',
      'server',
      'snap',
      'welcome',
    ])
  })

  test.each(frames)('%s is understood', (name) => {
    const raw = read(`frames/${name}`)
    expect(parseFrame(raw)).toEqual(JSON.parse(raw))
  })

  test.each(frames)('%s is refused when a field is missing', (name) => {
    const whole = JSON.parse(read(`frames/${name}`)) as Record<string, unknown>
    const optional = new Set([
      'missed',
      'retry',
      'retryAfter',
      'part',
      'of',
      'groups',
      'rows',
      'del',
      'open',
      'cont',
      'listener',
      'signal',
    ])
    if (whole.t === 'snap') optional.delete('rows')
    if (whole.t === 'err') optional.add('id')
    if (whole.t === 'log') optional.add('at')
    for (const key of Object.keys(whole).filter((k) => !optional.has(k))) {
      const { [key]: _, ...rest } = whole
      expect(() => parseFrame(JSON.stringify(rest)), key).toThrow()
    }
  })

  test('a kind from the future is ignored, garbage is not', () => {
    expect(parseFrame('{"t":"hologram","id":1}')).toBeUndefined()
    expect(parseFrame('{"t":"toString"}')).toBeUndefined()
    expect(() => parseFrame('[]')).toThrow()
    expect(() => parseFrame('{"id":1}')).toThrow()
    expect(() => parseFrame('{"t":"hb"')).toThrow()
  })
})

describe('logs', () => {
  test.each(frames.filter((name) => name.startsWith('log')))('the lines of %s fill its bytes', (name) => {
    const frame = parseFrame(read(`frames/${name}`))
    if (frame?.t !== 'log') throw new Error('not a log frame')
    const bytes = frame.lines.reduce((n, line) => n + byteLength(line) + 1, 0) - (frame.open ? 1 : 0)
    expect(bytes).toBe(frame.end - frame.off)
  })

  test('a page of the API is understood', () => {
    expect(isLogPage(JSON.parse(read('bodies/log.json')))).toBe(true)
    expect(isLogPage(JSON.parse(read('bodies/log-at.json')))).toBe(true)
    expect(isLogPage({ lines: [] })).toBe(false)
    const merged = JSON.parse(read('bodies/merged.json'))
    expect(isMergedPage(merged)).toBe(true)
    expect(isMergedPage({ ...merged, at: [] })).toBe(false)
  })

  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 2],
    ['€', 3],
    ['\u{1f600}', 4],
    ['\udce9', 1],
    ['\udce9\u{1f600}\udc80', 6],
  ])('%j stands for %d bytes', (line, n) => {
    expect(byteLength(line)).toBe(n)
  })
})
