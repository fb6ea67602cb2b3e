import { more } from './more'
import { words as common, type Whole } from './words.svelte'

/** Joined once for all who ask, until the language changes. */
let joined: { parts: readonly [object, object]; t: Whole } | undefined

/**
 * The catalogue in use with all it has: for the parts of the page that are loaded
 * when somebody opens them, so that nobody waits for their words before.
 */
export const words = {
  get t(): Whole {
    const parts = [common.t, common.more ?? more] as const
    if (joined?.parts[0] !== parts[0] || joined.parts[1] !== parts[1])
      joined = { parts, t: { ...parts[0], ...parts[1] } }
    return joined.t
  },
}
