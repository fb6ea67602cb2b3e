import type { Used } from '../../store/metrics.svelte'
import type { Figure, ProcessMetrics } from '../../wire/wire.gen'

export const measures = ['cpu', 'memory', 'descriptors', 'threads'] as const
export type Measure = (typeof measures)[number]

/** How far back the charts go at most. */
export const span = 3_600_000

/** The lengths of time a chart can show, in milliseconds. */
const spans = [5 * 60_000, 15 * 60_000, 30 * 60_000, span]

/** The shortest of them that has all points in it: what was just begun to be watched is not a dot. */
export function spanOf(points: readonly Point[], now: number): number {
  return spans.find((long) => now - (points[0]?.at ?? now) <= long) ?? span
}

/** One moment of a process. */
export interface Point extends Record<Measure, Figure> {
  at: number
  pid: number
}

/** The points of a history, the oldest first. */
export function pointsOf(history: ProcessMetrics): Point[] {
  return history.times.map((at, i) => ({
    at,
    pid: history.pids[i] ?? 0,
    cpu: history.cpu[i] ?? null,
    memory: history.memory[i] ?? null,
    descriptors: history.descriptors[i] ?? null,
    threads: history.threads[i] ?? null,
  }))
}

/**
 * Adds what is measured now. A step of the history lasts so many milliseconds:
 * within one, the newest figure stands for it, so that an hour of watching holds
 * no more points than an hour of history.
 */
export function withNow(points: readonly Point[], now: Used, pid: number, step: number): Point[] {
  const point: Point = {
    at: now.at,
    pid,
    cpu: now.cpu,
    memory: now.memory,
    descriptors: now.descriptors,
    threads: now.threads,
  }
  const before = points.at(-2)
  const kept = before && now.at - before.at < step ? points.slice(0, -1) : points
  return [...kept.filter((p) => p.at > now.at - span && p.at < now.at), point]
}

/** The lines of a measure: broken where nothing was measured, or the child was another. */
export function strokes(points: readonly Point[], measure: Measure, step: number): Point[][] {
  const lines: Point[][] = []
  let last: Point | undefined
  for (const point of points) {
    if (point[measure] === null) {
      last = undefined
      continue
    }
    const joins = last && last.pid === point.pid && point.at - last.at <= step * 2.5
    if (joins) lines.at(-1)!.push(point)
    else lines.push([point])
    last = point
  }
  return lines
}

/** When another child took the place of the one before. */
export function restarts(points: readonly Point[]): number[] {
  return points.flatMap((point, i) => (i > 0 && points[i - 1]!.pid !== point.pid ? [point.at] : []))
}

/** The least and the greatest figure; undefined if there is none. */
export function range(points: readonly Point[], measure: Measure): [number, number] | undefined {
  const values = points.flatMap((point) => point[measure] ?? [])
  return values.length > 0 ? [Math.min(...values), Math.max(...values)] : undefined
}

/** The last point of each minute, the newest first: what a table of an hour can show. */
export function minutes(points: readonly Point[]): Point[] {
  const byMinute = new Map<number, Point>()
  for (const point of points) byMinute.set(Math.floor(point.at / 60_000), point)
  return [...byMinute.values()].reverse()
}
