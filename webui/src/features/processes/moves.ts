import type { Row } from '../../store/processes.svelte'
import type { Line } from './sections'

/** The rows between two lines, both included, in whichever order. */
export function stretch(drawn: readonly Line[], one: number, other: number): Row[] {
  return drawn
    .slice(Math.min(one, other), Math.max(one, other) + 1)
    .flatMap((line) => (line.kind === 'row' ? [line.row] : []))
}

/** The heading that a line stands under, or is; undefined where lines have none. */
export function sectionOf(drawn: readonly Line[], index: number): number | undefined {
  for (let at = index; at >= 0; at--) if (drawn[at]?.kind === 'section') return at
  return undefined
}
