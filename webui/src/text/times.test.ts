import { afterEach, expect, test } from 'vitest'
import { en } from './en'
import { ru } from './ru'
import { times } from './times.svelte'

const at = Date.UTC(2026, 0, 31, 14, 3, 7)

afterEach(() => {
  times.twelve = times.utc = false
})

test('times are written as the reader likes them', () => {
  times.utc = true
  expect(en.format.time(at)).toBe('14:03:07 UTC')
  expect(en.format.date(at)).toMatch(/^Saturday,? 31 January 2026$/)
  expect(ru.format.time(at)).toBe('14:03:07 UTC')
  times.twelve = true
  expect(en.format.time(at)).toMatch(/^0?2:03:07\spm UTC$/)
  expect(ru.format.time(at)).toMatch(/^0?2:03:07\sPM UTC$/)
  times.utc = times.twelve = false
  const own = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  expect(en.format.time(at)).toBe(`${two(own.getHours())}:${two(own.getMinutes())}:07`)
})

test('midnight is 00 of 24 hours and 12 of 12', () => {
  times.utc = true
  const midnight = Date.UTC(2026, 0, 31)
  expect(en.format.time(midnight)).toBe('00:00:00 UTC')
  times.twelve = true
  expect(en.format.time(midnight)).toMatch(/^12:00:00\sam UTC$/)
})
