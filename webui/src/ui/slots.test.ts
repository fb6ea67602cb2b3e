import { expect, test } from 'vitest'
import { Slots } from './slots'

test('a row stays with its item while others come and go', () => {
  const slots = new Slots()
  expect(slots.assign([10, 11, 12])).toEqual([0, 1, 2])
  expect(slots.assign([11, 12, 13])).toEqual([1, 2, 0])
  expect(slots.assign([12, 13, 14, 15])).toEqual([2, 0, 1, 3])
})

test('items that are all new take the rows there are, in their order', () => {
  const slots = new Slots()
  slots.assign([1, 2, 3])
  expect(slots.assign([501, 502, 503])).toEqual([0, 1, 2])
})

test('no two items have the same row, whatever was drawn before', () => {
  const slots = new Slots()
  const pictures = [
    [1, 2, 3, 4, 5],
    [3],
    [3, 900, 901],
    [900, 1, 2, 7, 8, 9],
    [],
    [4, 5],
    [5, 6, 7, 8, 9, 10],
  ]
  for (const items of pictures) {
    const given = slots.assign(items)
    expect(new Set(given).size).toBe(items.length)
  }
})

test('rows that are no longer needed are let go', () => {
  const slots = new Slots()
  slots.assign([1, 2, 3, 4])
  expect(slots.assign([4])).toEqual([3])
  expect(slots.assign([9])).toEqual([3])
  slots.assign([])
  expect(slots.assign([7])).toEqual([0])
})
