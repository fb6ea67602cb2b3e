import { expect, test } from 'vitest'
import { minutes, type Point, pointsOf, range, restarts, span, spanOf, strokes, withNow } from './series'

const point = (at: number, cpu: number | null, pid = 7): Point => ({
  at,
  pid,
  cpu,
  memory: 10,
  descriptors: null,
  threads: 1,
})
const used = (at: number, cpu: number) => ({
  at,
  cpu,
  memory: 10,
  descriptors: null,
  threads: 1,
  processes: 1,
})

test('a history is read by its columns; what is missing is not measured', () => {
  const [first] = pointsOf({
    at: 5,
    usage: null,
    keeps: -1,
    step: 10,
    times: [4],
    pids: [7],
    cpu: [2],
    memory: [10],
    descriptors: [],
    threads: [1],
    processes: [1],
  })
  expect(first).toEqual(point(4, 2))
})

test('what is measured now takes the place of the step that goes on', () => {
  let points: Point[] = [point(0, 1), point(10_000, 2)]
  for (let at = 11_000; at <= 25_000; at += 1000) points = withNow(points, used(at, at), 7, 10_000)
  expect(points.map((p) => p.at)).toEqual([0, 10_000, 19_000, 25_000])
  expect(withNow(points, used(span + 15_000, 1), 7, 10_000).map((p) => p.at)).toEqual([
    19_000,
    25_000,
    span + 15_000,
  ])
})

test('a line is broken where nothing was measured, where time is missing, and at another child', () => {
  const points = [point(0, 1), point(10, 2), point(20, null), point(30, 3), point(90, 4), point(100, 5, 8)]
  expect(strokes(points, 'cpu', 10).map((line) => line.map((p) => p.at))).toEqual([
    [0, 10],
    [30],
    [90],
    [100],
  ])
  expect(restarts(points)).toEqual([100])
  expect(range(points, 'cpu')).toEqual([1, 5])
  expect(range(points, 'descriptors')).toBeUndefined()
})

test('a table has the last point of each minute, the newest first', () => {
  expect(minutes([point(0, 1), point(59_999, 2), point(60_000, 3)]).map((p) => p.cpu)).toEqual([3, 2])
})

test('what was just begun to be watched fills the chart', () => {
  const minute = 60_000
  for (const [begun, shown] of [
    [0, 5],
    [5, 5],
    [6, 15],
    [29, 30],
    [31, 60],
    [70, 60],
  ] as const)
    expect(spanOf([point(0, 1)], begun * minute)).toBe(shown * minute)
  expect(spanOf([], 7)).toBe(5 * minute)
})
