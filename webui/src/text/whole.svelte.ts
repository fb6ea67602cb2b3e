import { en } from './en'
import { more } from './more'
import { words as common, type Whole } from './words.svelte'

const english: Whole = { ...en, ...more }

/**
 * The catalogue in use with all it has: for the parts of the page that are loaded
 * when somebody opens them, so that nobody waits for their words before.
 */
export const words = {
  get t(): Whole {
    return common.loaded ?? english
  },
}
