import { type Dict, en } from './en'
import type { More } from './more'

/** All that is said in one language. */
export type Whole = Dict & More

const loaders: Record<string, () => Promise<Whole | undefined>> = {
  en: async () => undefined, // it is here, except for what comes with the parts that say it
  ru: async () => (await import('./ru')).ru,
}

/** The catalogue in use. Reading `words.t` in a component makes it follow the language. */
class Words {
  /** One that was loaded whole; undefined for English. */
  loaded = $state.raw<Whole | undefined>(undefined)

  get t(): Dict {
    return this.loaded ?? en
  }

  /** Changes the language of everything at once; a catalogue that cannot be loaded leaves it as it was. */
  async use(language: string): Promise<void> {
    const load = loaders[language]
    if (!load) return
    try {
      this.loaded = await load()
    } catch {
      // its file is gone or the network is: the words stay
    }
  }
}

export const words = new Words()
