import { afterEach, expect, test, vi } from 'vitest'
import { LogBuffer, type LogLine } from '../../store/logbuffer'
import { stampOf } from '../../store/logprefs.svelte'
import { plainText, writtenText } from './ansi'
import { bytesOf, decoded } from './decode'
import { hexRows } from './hex'
import { errorWords, levelOf } from './levels'
import { Sayer } from './sayer.svelte'

afterEach(() => {
  vi.useRealTimers()
})

/** A line as the server sends it: bytes that are not UTF-8 as lone surrogates. */
const sent = (...bytes: number[]) => String.fromCharCode(...bytes.map((b) => (b < 0x80 ? b : 0xdc00 + b)))

test.each([
  ['plain', 'plain'],
  ['\x1b[31mred\x1b[0m text', 'red text'],
  ['a\tb', 'a\tb'],
  ['bidi \u202e here', 'bidi \u202e here'],
  ['bell \x07', 'bell \x07'],
  ['nul \0', 'nul ␀'],
  [`bad ${sent(0xe9)}`, 'bad \\xE9'],
  ['progress 1%\rprogress 100%', 'progress 100%'],
  ['windows\r', 'windows'],
  ['two 😀 units', 'two 😀 units'],
])('what is copied of %j is what the log has', (line, written) => {
  expect(writtenText(line)).toBe(written)
})

test('a stretch of what is shown is copied by what it stands for', () => {
  const line = 'a\tb\u202ec\x1b[1md'
  expect(plainText(line)).toBe('a       bU+202Ecd')
  expect(writtenText(line, 0, 8)).toBe('a\t')
  expect(writtenText(line, 8, 15)).toBe('b\u202e')
  expect(writtenText(line, 15)).toBe('cd')
  const emoji = '😀😀'
  expect(writtenText(`${emoji}\t`, 2)).toBe('😀\t')
})

test('lines that are not UTF-8 are read as they were meant, and others as they are', () => {
  const hello = [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2] // Привет in windows-1251
  expect(decoded(sent(...hello, 0x21), 'windows-1251')).toBe('Привет!')
  expect(decoded(sent(0xf0, 0xd2, 0xc9), 'koi8-r')).toBe('При')
  expect(decoded(sent(0xe9), 'latin1')).toBe('é')
  expect(decoded('Привет', 'windows-1251')).toBe('Привет')
  expect(decoded(sent(...hello), 'utf-8')).toBe(sent(...hello))
})

test('the bytes of a line are those of its file', () => {
  expect([...bytesOf(`é😀${sent(0xff, 0x80)}x`)]).toEqual([
    0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xff, 0x80, 0x78,
  ])
})

test('bytes are shown in rows', () => {
  expect(hexRows(new TextEncoder().encode('hello, é\n'), 4090, 8)).toEqual([
    '000ffa  68 65 6c 6c 6f 2c 20 c3  hello, ·',
    '001002  a9 0a                    ··',
  ])
})

test('how long ago a line came has a column of its own width', () => {
  const now = Date.UTC(2026, 0, 31)
  const stamp = stampOf('relative', now)!
  const at = [5, 90, 7_200, 200_000].map((s) => stamp(now - s * 1000))
  expect(at).toEqual(['   5s', '   1m', '   2h', '   2d'])
  expect([stamp(now + 9_000), stamp(0)]).toEqual(['   0s', ' 999d'])
})

test.each([
  '2026-01-31 ERROR something broke',
  'level=error msg=x',
  '{"level":"fatal","msg":"x"}',
  'E0512 10:23:45.1 main.go:12] klog',
  'error: no such file',
  '2026-01-31 10:00:00,000 ERRO pool web event buffer overflowed',
  'INFO all is well',
  'no errors were found',
  '2026-01-31 WARN look out',
])('%s is looked for in all files as it is seen on the page', (line) => {
  expect(new RegExp(errorWords).test(line)).toBe(levelOf(line) === 'error')
})

test.each([
  ['CRIT', 'error'],
  ['ERRO', 'error'],
  ['WARN', 'warn'],
  ['INFO', 'info'],
  ['DEBG', 'debug'],
  ['TRAC', 'debug'],
  ['BLAT', 'debug'],
])('%s of the log of supervisord is read as %s', (word, level) => {
  expect(levelOf(`2026-01-31 10:00:00,000 ${word} something about a process`)).toBe(level)
})

test('new lines are said one at a time, with a pause between them, and errors first', () => {
  vi.useFakeTimers()
  const buffer = new LogBuffer()
  let off = 0
  const add = (text: string, open = false) => {
    const end = off + text.length + (open ? 0 : 1)
    buffer.append({ t: 'log', id: 1, epoch: 'e', off, end, lines: [text], open })
    off = end
  }
  add('was there before')
  const sayer = new Sayer(buffer, (line: LogLine) => line.text)
  sayer.look()
  expect(sayer.said).toBe('')
  add('first')
  sayer.look()
  expect(sayer.said).toBe('first')
  add('ERROR it broke')
  for (let i = 0; i < 100; i++) add(`more ${i}`)
  add('half a li', true)
  sayer.look()
  vi.advanceTimersByTime(1_900)
  expect(sayer.said).toBe('first')
  vi.advanceTimersByTime(100)
  expect(sayer.said).toBe('ERROR it broke')
  vi.advanceTimersByTime(10_000)
  expect(sayer.said).toBe('ERROR it broke')
  buffer.append({ t: 'log', id: 1, epoch: 'e', off, end: off + 3, lines: ['ne'], cont: true })
  sayer.look()
  expect(sayer.said).toBe('half a line')
  sayer.close()
})
