import type { Row } from '../../store/processes.svelte'
import type { ProcState } from '../../wire/wire.gen'

/** States in the order people look for them: the broken ones first. */
export const order: readonly ProcState[] = [
  'FATAL',
  'BACKOFF',
  'UNKNOWN',
  'EXITED',
  'STOPPING',
  'STARTING',
  'STOPPED',
  'RUNNING',
]

/** How many processes are in each state; states without any are left out. */
export function countStates(rows: readonly Row[]): { state: ProcState; count: number }[] {
  const counts = new Map<ProcState, number>()
  for (const row of rows) counts.set(row.data.state, (counts.get(row.data.state) ?? 0) + 1)
  return order.flatMap((state) => {
    const count = counts.get(state)
    return count ? [{ state, count }] : []
  })
}
