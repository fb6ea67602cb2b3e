import type { Used } from '../../store/metrics.svelte'
import type { Row } from '../../store/processes.svelte'
import { order as states } from './counts'

/** What the table can be put in order by. */
export const columns = ['state', 'name', 'status', 'pid', 'cpu', 'memory', 'restarts'] as const
export type Column = (typeof columns)[number]

/** An order of the table, as the address has it: "cpu", or "-cpu" for the greatest first. */
export interface Order {
  column: Column
  down: boolean
}

export function readOrder(text: string): Order | undefined {
  const down = text.startsWith('-')
  const column = columns.find((name) => name === text.slice(down ? 1 : 0))
  return column && { column, down }
}

export function writeOrder(order: Order | undefined): string {
  return order ? `${order.down ? '-' : ''}${order.column}` : ''
}

/** Figures are looked at for the greatest first, words from their beginning. */
const downFirst: ReadonlySet<Column> = new Set(['cpu', 'memory', 'restarts'])

/** What a press on a heading makes of the order: one way, the other way, and back to none. */
export function pressed(column: Column, order: Order | undefined): Order | undefined {
  const first = downFirst.has(column)
  if (order?.column !== column) return { column, down: first }
  return order.down === first ? { column, down: !first } : undefined
}

export function looksAtUse(order: Order | undefined): boolean {
  return order?.column === 'cpu' || order?.column === 'memory'
}

/**
 * Puts rows in order. What is not measured, or not there, comes last either way;
 * equals stay as they were, in the order of the configuration.
 */
export function inOrder(rows: readonly Row[], order: Order, used: (id: number) => Used | undefined): Row[] {
  const key = keys[order.column]
  const sign = order.down ? -1 : 1
  return rows
    .map((row) => ({ row, key: key(row, used(row.id)) }))
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined)
        return Number(a.key === undefined) - Number(b.key === undefined)
      return (
        sign *
        (typeof a.key === 'string' ? collator.compare(a.key, b.key as string) : a.key - (b.key as number))
      )
    })
    .map(({ row }) => row)
}

const collator = new Intl.Collator('en', { numeric: true })

const keys: Record<Column, (row: Row, used?: Used) => string | number | undefined> = {
  state: (row) => states.indexOf(row.data.state),
  name: (row) => row.spec,
  // The longest in its state first: what began earliest.
  status: (row) => (row.data.state === 'RUNNING' ? row.data.start : row.data.since) || undefined,
  pid: (row) => row.data.pid || undefined,
  cpu: (_, used) => used?.cpu ?? undefined,
  memory: (_, used) => used?.memory ?? undefined,
  restarts: (row) => row.data.restartsDay ?? 0,
}
