import type { Row } from '../../store/processes.svelte'
import type { Group } from '../../wire/wire.gen'

/** A part of the table under one heading: a group, or all programs that form none. */
export interface Section {
  key: string
  /** Undefined for the programs that form no group of several. */
  group: Group | undefined
  /** All its processes, and those the filter lets through. */
  rows: Row[]
  shown: Row[]
}

/** One line of the table. */
export type Line =
  | { kind: 'section'; section: Section }
  /** Named with its group, or not, where that stands above it. */
  | { kind: 'row'; row: Row; last: boolean; whole: boolean }

/** Key of the section of single programs; no group can be called so. */
const singles = ':'

/**
 * Sorts the processes under their groups, in the order of the configuration. A
 * program alone in a group of its own name needs no heading for itself: all
 * such programs come first, together.
 */
export function sections(
  groups: readonly Group[],
  rows: readonly Row[],
  test: (row: Row) => boolean,
): Section[] {
  const byGroup = new Map<string, Row[]>()
  for (const row of rows) {
    const known = byGroup.get(row.group)
    if (known) known.push(row)
    else byGroup.set(row.group, [row])
  }
  const alone: Row[] = []
  const found: Section[] = []
  for (const group of groups) {
    const inside = byGroup.get(group.name) ?? []
    if (inside.length === 1 && inside[0]!.name === group.name) alone.push(inside[0]!)
    else if (inside.length > 0) found.push(section(group.name, group, inside, test))
  }
  if (alone.length > 0) found.unshift(section(singles, undefined, alone, test))
  return found
}

/** Whether the same processes stand in the same places, whatever has become of them. */
export function sameSections(a: readonly Section[], b: readonly Section[]): boolean {
  return (
    a.length === b.length &&
    a.every((section, i) => {
      const other = b[i]!
      return (
        section.key === other.key &&
        section.group === other.group &&
        sameRows(section.rows, other.rows) &&
        sameRows(section.shown, other.shown)
      )
    })
  )
}

function sameRows(a: readonly Row[], b: readonly Row[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i])
}

/** The lines to draw: sections without a match are left out, folded ones show their heading only. */
export function lines(all: readonly Section[], folded: ReadonlySet<string>): Line[] {
  return all
    .filter((section) => section.shown.length > 0)
    .flatMap((section): Line[] => {
      const head: Line = { kind: 'section', section }
      if (folded.has(section.key)) return [head]
      const rows = section.shown.map(
        (row, i): Line => ({ kind: 'row', row, last: i === section.shown.length - 1, whole: false }),
      )
      return [head, ...rows]
    })
}

function section(key: string, group: Group | undefined, rows: Row[], test: (row: Row) => boolean): Section {
  return { key, group, rows, shown: rows.filter((row) => test(row)) }
}
