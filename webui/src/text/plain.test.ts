import { expect, test } from 'vitest'
import { plain, undated } from './plain'

test.each([
  ['\x1b[1;31mERROR\x1b[0m no disk\r', 'ERROR no disk'],
  ['\x1b]8;;http://x\x07link\x1b]8;;\x07', 'link'],
  ['a\x00b\tc', 'ab\tc'],
  ['caf\udce9', 'caf\ufffd'],
  ['\x1b[', '['],
  ['<b>', '<b>'],
])('%j is read as %j', (line, text) => {
  expect(plain(line)).toBe(text)
})

test.each([
  ['2026-01-31 12:00:00 ERROR no disk', 'ERROR no disk'],
  ['[2026-01-31T12:00:00.123+02:00] no disk', 'no disk'],
  ['2026-01-31 12:00:00,123 - root - ERROR', '- root - ERROR'],
  ['2026-01-31 12:00:00', '2026-01-31 12:00:00'],
  ['at 2026-01-31 12:00:00 it ended', 'at 2026-01-31 12:00:00 it ended'],
])('%j without its time is %j', (line, text) => {
  expect(undated(line)).toBe(text)
})
