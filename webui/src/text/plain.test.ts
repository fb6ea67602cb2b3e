import { expect, test } from 'vitest'
import { plain } from './plain'

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
