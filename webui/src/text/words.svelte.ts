import { type Dict, en } from './en'
import type { More } from './more'

/** All that is said in one language. */
export type Whole = Dict & More

/** Where the words of a language are: those that everybody needs, and those of parts that are loaded later. */
interface Catalogue {
  common: () => Promise<Dict | undefined>
  more: () => Promise<More | undefined>
}

/** English is here, or comes with the parts that say it. */
const here = async () => undefined

const catalogues: Record<string, Catalogue> = {
  en: { common: here, more: here },
  ru: { common: async () => (await import('./ru')).ru, more: async () => (await import('./more.ru')).more },
}

/** The catalogue in use. Reading `words.t` in a component makes it follow the language. */
class Words {
  /** What was loaded of another language than English. */
  loaded = $state.raw<Dict | undefined>(undefined)
  more = $state.raw<More | undefined>(undefined)
  private language = 'en'
  private whole = false

  get t(): Dict {
    return this.loaded ?? en
  }

  /** Changes the language of everything at once; a catalogue that cannot be loaded leaves it as it was. */
  async use(language: string): Promise<void> {
    const catalogue = catalogues[language]
    if (!catalogue) return
    try {
      const loaded = await catalogue.common()
      const more = this.whole ? await catalogue.more() : undefined
      this.loaded = loaded
      this.more = more
      this.language = language
    } catch {
      // its file is gone or the network is: the words stay
    }
  }

  /** Has all words of the language from now on: a part that is loaded later waits for them. */
  async complete(): Promise<void> {
    this.whole = true
    const { language } = this
    if (this.more) return
    const more = await catalogues[language]?.more()
    if (language === this.language) this.more = more
  }
}

export const words = new Words()
