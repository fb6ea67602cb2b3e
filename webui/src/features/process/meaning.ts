import type { Whole } from '../../text/words.svelte'
import type { Life } from '../../wire/wire.gen'

/** What the end of a life says, in the reader's language; in English where a newer server means what we do not know. */
export function meaningWords(t: Whole, life: Life): string {
  const { code, status = 0, signal = '', by = '', text } = life.meaning
  const say = t.meaning[code] as (typeof t.meaning)[keyof typeof t.meaning] | undefined
  if (!say) return text
  const said = say({ status, signal, by, err: life.err ?? '', order: life.order ?? '' })
  return life.core ? `${said}. ${t.past.core}` : said
}
