import { expect, test } from 'vitest'
import { type Source, Stack } from './stack'

/** A list of heights that can be changed, with the plain sums to compare with. */
class List implements Source {
  constructor(
    public start: number,
    public heights: number[],
  ) {}
  get stop(): number {
    return this.start + this.heights.length
  }
  height(index: number): number {
    return this.heights[index - this.start]!
  }
  top(index: number): number {
    return this.heights.slice(0, index - this.start).reduce((a, b) => a + b, 0)
  }
  at(y: number): number {
    let bottom = 0
    const found = this.heights.findIndex((h) => {
      bottom += h
      return y < bottom
    })
    return found < 0 ? this.stop - 1 : this.start + found
  }
}

function agree(stack: Stack, list: List): void {
  expect([stack.start, stack.stop, stack.total]).toEqual([list.start, list.stop, list.top(list.stop)])
  for (let i = list.start; i <= list.stop; i += 97) expect(stack.top(i)).toBe(list.top(i))
  if (stack.total === 0) return // nothing can be at any place
  for (let y = 0; y < stack.total + 50; y += 977) expect(stack.at(y)).toBe(list.at(y))
}

test('it follows a list that grows and shrinks at both ends', () => {
  const list = new List(0, [])
  const stack = new Stack()
  stack.rebuild(list)
  const grow = (n: number) => Array.from({ length: n }, (_, i) => 20 * (1 + (i % 3)))
  const steps: (() => void)[] = [
    () => list.heights.push(...grow(10)),
    () => list.heights.push(...grow(3000)),
    () => {
      list.heights[list.heights.length - 1] = 200 // the open last line has grown
      list.heights.push(...grow(5))
    },
    () => {
      list.heights.splice(0, 1500)
      list.start += 1500
    },
    () => {
      list.heights.unshift(...grow(1100))
      list.start -= 1100
    },
    () => {
      list.heights.unshift(...grow(1500))
      list.start -= 1500
      list.heights.push(...grow(2))
    },
    () => {
      list.start = list.stop
      list.heights = []
    },
    () => list.heights.push(...grow(3)),
    () => {
      list.start += 50_000
      list.heights = grow(8)
    },
  ]
  for (const step of steps) {
    step()
    stack.sync(list)
    agree(stack, list)
  }
})

test('its window covers what is seen, and no more than that and the overscan', () => {
  const list = new List(
    100,
    Array.from({ length: 1000 }, () => 20),
  )
  const stack = new Stack()
  stack.rebuild(list)
  expect(stack.window(0, 100, 4)).toEqual({ from: 100, to: 110 })
  expect(stack.window(10_000, 100, 4)).toEqual({ from: 596, to: 610 })
  expect(stack.window(19_900, 100, 4)).toEqual({ from: 1091, to: 1100 })
  expect(stack.window(99_999, 100, 4)).toEqual({ from: 1095, to: 1100 })
})

test('an empty list has an empty window', () => {
  expect(new Stack().window(0, 500, 4)).toEqual({ from: 0, to: 0 })
})
