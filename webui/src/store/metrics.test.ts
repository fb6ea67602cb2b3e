import { expect, test } from 'vitest'
import { testSocket } from '../live/testing'
import { Metrics } from './metrics.svelte'

function watch() {
  const t = testSocket()
  const metrics = new Metrics(t.socket, (run) => run())
  t.socket.connect()
  const line = t.welcome()
  return { metrics, line, heard: () => line.heard().filter((f) => f.t !== 'hello') }
}

test('only what is seen is asked for, and less often while the page is hidden', () => {
  const { metrics, heard } = watch()
  expect(heard()).toEqual([])
  metrics.see([3, 1])
  metrics.see([3, 1])
  metrics.see([1])
  metrics.hide(true)
  metrics.see([])
  const told = heard().map((f) => [f.t, 'ids' in f ? f.ids : null, 'hz' in f ? f.hz : null])
  expect(told).toEqual([
    ['sub', [3, 1], 1],
    ['set', [1], 1],
    ['set', [1], 0.2],
    ['unsub', null, null],
  ])
})

test('to compare all of many takes several subscriptions', () => {
  const { metrics, heard } = watch()
  metrics.compare(Array.from({ length: 450 }, (_, i) => i))
  expect(heard().map((f) => (f.t === 'sub' ? f.ids?.length : f.t))).toEqual([200, 200, 50])
  metrics.compare([7])
  metrics.compare([])
  expect(heard().map((f) => f.t)).toEqual(['set', 'unsub', 'unsub', 'unsub'])
})

test('figures arrive in their rows, after the minute before them', () => {
  const { metrics, line, heard } = watch()
  metrics.see([1, 2])
  const id = (heard()[0] as { id: number }).id
  line.say({ t: 'recent', id, at: 1, step: 1000, ids: [1], cpu: [[1, null, 2]], memory: [[1, 1, 1]] })
  const none = [null, null]
  line.say({
    t: 'metrics',
    id,
    at: 2,
    ids: [1, 2],
    cpu: [3, null],
    memory: [5, 6],
    descriptors: none,
    threads: none,
    processes: none,
  })
  expect(metrics.of(1).cpu).toEqual([1, null, 2, 3])
  expect(metrics.of(1).now?.memory).toBe(5)
  expect(metrics.of(2).now?.cpu).toBeNull()
  metrics.forget()
  expect(metrics.of(1).now).toBeUndefined()
})

test('the processor time of a child is yet to be measured, and not unknown, for its first samples', () => {
  const { metrics, line, heard } = watch()
  metrics.see([1])
  const id = (heard()[0] as { id: number }).id
  const early = (cpu: number | null, memory: number | null) => {
    const none = [null]
    line.say({
      t: 'metrics',
      id,
      at: 1,
      ids: [1],
      cpu: [cpu],
      memory: [memory],
      descriptors: none,
      threads: none,
      processes: none,
    })
    return metrics.of(1).early
  }
  expect([early(null, null), early(null, 5), early(3, 5), early(null, 5)]).toEqual([false, true, false, true])
  expect([early(null, 5), early(null, 5), early(null, 5)]).toEqual([true, false, false])
})
