import { type Dict, en } from './en'

const loaders: Record<string, () => Promise<Dict>> = {
  en: async () => en,
  ru: async () => (await import('./ru')).ru,
}

/** The catalogue in use. Reading `words.t` in a component makes it follow the language. */
class Words {
  t = $state.raw<Dict>(en)

  /** Changes the language of everything at once; a catalogue that cannot be loaded leaves it as it was. */
  async use(language: string): Promise<void> {
    const found = await loaders[language]?.().catch(() => undefined)
    if (found) this.t = found
  }
}

export const words = new Words()
