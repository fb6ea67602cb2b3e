import { CAPS, type User } from '../wire/wire.gen'
import type { Row } from './processes.svelte'

/** Actions that a link can hand on and this page has a place for. */
export const handed = ['logs', 'start', 'restart', 'stop'] as const
export type Handed = (typeof handed)[number]

/** What somebody is about to make a link to. */
export interface Shared {
  /** As the API has it: "web:api", or "web:*" for a group. */
  pattern: string
  /** What people call it. */
  name: string
  group: boolean
  /** Those of `handed` that they may do themselves. */
  offered: Handed[]
}

/** Which process or group is about to be shared. */
export class Sharing {
  shared = $state.raw<Shared | undefined>(undefined)

  process(row: Row): void {
    this.shared = { pattern: row.spec, name: row.label, group: false, offered: offeredOf([row]) }
  }

  group(name: string, rows: Row[]): void {
    this.shared = { pattern: `${name}:*`, name, group: true, offered: offeredOf(rows) }
  }

  end(): void {
    this.shared = undefined
  }
}

/** Whether somebody may make a link to some of these: an account must stand behind it, to end with. */
export function mayShare(user: User | undefined, rows: Row[]): boolean {
  return !!user?.name && !user.link && rows.some((row) => (row.data.caps & CAPS.link) !== 0)
}

function offeredOf(rows: Row[]): Handed[] {
  return handed.filter((verb) => rows.some((row) => (row.data.caps & CAPS[verb]) !== 0))
}
