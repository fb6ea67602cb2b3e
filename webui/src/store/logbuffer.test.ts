import { expect, test } from 'vitest'
import { LogBuffer } from './logbuffer'

const frame = (off: number, lines: string[], more: { open?: true; cont?: true } = {}) => ({
  t: 'log' as const,
  id: 1,
  epoch: 'e',
  off,
  end: off + lines.reduce((n, line) => n + line.length + 1, 0) - (more.open ? 1 : 0),
  lines,
  ...more,
})
const page = (off: number, lines: string[]) => ({ ...frame(off, lines), oldest: 0, newest: 1000 })

function texts(buffer: LogBuffer): string[] {
  return Array.from({ length: buffer.stop - buffer.start }, (_, i) => {
    const item = buffer.item(buffer.start + i)
    return item.kind === 'line' ? `${item.off} ${item.text}` : `${item.off} [${item.kind} ${item.why}]`
  })
}

test('lines know the bytes they stand for', () => {
  const buffer = new LogBuffer()
  buffer.append(frame(100, ['one', 'two']))
  buffer.append(frame(108, ['thr'], { open: true }))
  buffer.append(frame(111, ['ee', 'four'], { cont: true }))
  expect(texts(buffer)).toEqual(['100 one', '104 two', '108 three', '114 four'])
})

test('what continues a line that is not held begins one', () => {
  const buffer = new LogBuffer()
  buffer.append(frame(50, ['rest'], { cont: true }))
  expect(texts(buffer)).toEqual(['50 rest'])
})

test('a line without end stays in pieces', () => {
  const buffer = new LogBuffer()
  const piece = 'x'.repeat(16_384)
  buffer.append(frame(0, [piece], { open: true }))
  buffer.append(frame(16_384, [piece], { open: true, cont: true }))
  expect(buffer.stop - buffer.start).toBe(2)
})

test('older pages are put before, and nothing changes its index', () => {
  const buffer = new LogBuffer()
  buffer.append(frame(8, ['three']))
  buffer.prepend(page(0, ['one', 'two']))
  expect([buffer.start, buffer.stop, buffer.off]).toEqual([-2, 1, 0])
  expect(texts(buffer)).toEqual(['0 one', '4 two', '8 three'])
})

test('a page that does not join on is not taken', () => {
  const buffer = new LogBuffer()
  buffer.append(frame(9, ['three']))
  buffer.prepend(page(0, ['one', 'two']))
  expect(texts(buffer)).toEqual(['9 three'])
})

test('a hole is filled from its end, what is not reached stays a hole', () => {
  const buffer = new LogBuffer()
  buffer.append(frame(0, ['one']))
  buffer.gap(4, 20, 'slow')
  buffer.append(frame(20, ['six']))
  buffer.fill(1, page(12, ['four', 've']))
  expect(texts(buffer)).toEqual(['0 one', '4 [gap slow]', '12 four', '17 ve', '20 six'])
  buffer.fill(1, page(4, ['two', 'abc']))
  expect(texts(buffer)).toEqual(['0 one', '4 two', '8 abc', '12 four', '17 ve', '20 six'])
  expect(buffer.generation).toBe(2)
})

test('a hole whose bytes are gone says so', () => {
  const buffer = new LogBuffer()
  buffer.gap(4, 20, 'slow')
  buffer.fill(0, { ...page(20, []), off: 20, end: 20 })
  expect(texts(buffer)).toEqual(['4 [gap trimmed]'])
})

test('too many lines drop the oldest twentieth at once', () => {
  const buffer = new LogBuffer({ items: 100, chars: 1_000_000 })
  buffer.append(
    frame(
      0,
      Array.from({ length: 101 }, () => 'x'),
    ),
  )
  expect([buffer.start, buffer.stop, buffer.trimmed]).toEqual([6, 101, true])
})

test('too much text drops lines until it fits', () => {
  const buffer = new LogBuffer({ items: 1000, chars: 1000 })
  for (let i = 0; i < 30; i++) buffer.append(frame(i * 101, ['y'.repeat(100)]))
  expect(buffer.stop).toBe(30)
  expect(buffer.stop - buffer.start).toBeLessThanOrEqual(10)
  expect(buffer.off).toBe(buffer.start * 101)
})

test('lines know when they came, by the runs of their frame', () => {
  const buffer = new LogBuffer()
  buffer.append({
    ...frame(0, ['a', 'b', 'c']),
    at: [
      [0, 5],
      [2, 9],
    ],
  })
  expect([0, 1, 2].map((i) => buffer.item(i)).map((item) => item.kind === 'line' && item.at)).toEqual([
    5, 5, 9,
  ])
})

test('who reads backwards lets the newest go, and gets them again', () => {
  const buffer = new LogBuffer({ items: 4, chars: 1_000_000 })
  buffer.append(frame(8, ['three', 'four']))
  buffer.prepend(page(0, ['one', 'two']))
  buffer.prepend(page(-4, ['zero'.slice(0, 3)]))
  expect(buffer.trimEnd()).toBe(true)
  expect(buffer.edge()).toEqual({ off: -4, end: 14 })
  expect(buffer.extendBy(page(14, ['four']))).toBe(true)
  expect(buffer.extendBy(page(99, ['elsewhere']))).toBe(false)
})

test('several logs keep their own offsets', () => {
  const buffer = new LogBuffer()
  const source = (off: number, end: number) => ({ name: 'x', off, end, oldest: 0, newest: 100 })
  buffer.replace({
    epoch: 'e',
    sources: [source(10, 14), source(50, 54)],
    lines: ['out', 'err'],
    source: [0, 1],
    offs: [10, 50],
    at: [1, 2],
  })
  const before = { epoch: 'e', lines: ['old'], source: [1], offs: [46], at: [0] }
  expect(buffer.prepend({ ...before, sources: [source(10, 10), source(46, 50)] })).toBe(true)
  expect(buffer.prepend({ ...before, sources: [source(10, 10), source(46, 50)] })).toBe(false)
  expect([buffer.edge(0), buffer.edge(1)]).toEqual([
    { off: 10, end: 14 },
    { off: 46, end: 54 },
  ])
  expect([buffer.find(1, 51), buffer.find(0, 11), buffer.find(0, 51)]).toEqual([1, 0, undefined])
})
