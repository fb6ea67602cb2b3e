import type { Used } from '../../store/metrics.svelte'
import type { Row } from '../../store/processes.svelte'

/** What a group uses together; undefined where a part of the sum is not known. */
export function totals(
  rows: readonly Row[],
  used: (id: number) => Used | undefined,
): { cpu: number; memory: number } | undefined {
  const sum = { cpu: 0, memory: 0 }
  const running = rows.filter((row) => row.data.pid > 0)
  for (const row of running) {
    const now = used(row.id)
    if (now?.cpu === null || now?.cpu === undefined || now.memory === null) return undefined
    sum.cpu += now.cpu
    sum.memory += now.memory
  }
  return running.length > 0 ? sum : undefined
}
