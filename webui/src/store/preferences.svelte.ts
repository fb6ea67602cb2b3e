export type Theme = 'system' | 'light' | 'dark'
export type Language = 'en' | 'ru'

export const themes: readonly Theme[] = ['system', 'light', 'dark']
export const languages: readonly Language[] = ['en', 'ru']

/** Where choices are kept; a browser may refuse to keep any. */
export interface Shelf {
  get(key: string): string | null
  set(key: string, value: string): void
}

/** What the reader has chosen in this browser. */
export class Preferences {
  theme = $state<Theme>('system')
  language = $state<Language>('en')
  /** Whether long log lines are wrapped; undefined: as fits the screen. */
  wrap = $state<boolean | undefined>(undefined)
  /** Whether single letters and signs are shortcuts (WCAG 2.1.4). */
  shortcuts = $state(true)
  /** Sections of the table that are folded. */
  folded = $state.raw<ReadonlySet<string>>(new Set())

  constructor(
    private readonly shelf: Shelf,
    wanted: readonly string[],
  ) {
    this.theme = themes.find((theme) => theme === shelf.get('theme')) ?? 'system'
    this.language = languages.find((l) => l === shelf.get('language')) ?? preferred(wanted)
    const wrap = shelf.get('wrap')
    this.wrap = wrap === null ? undefined : wrap === 'true'
    this.shortcuts = shelf.get('shortcuts') !== 'off'
    this.folded = new Set((shelf.get('folded') ?? '').split('\n').filter(Boolean))
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    this.shelf.set('theme', theme)
  }

  setLanguage(language: Language): void {
    this.language = language
    this.shelf.set('language', language)
  }

  setWrap(wrap: boolean): void {
    this.wrap = wrap
    this.shelf.set('wrap', String(wrap))
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on
    this.shelf.set('shortcuts', on ? 'on' : 'off')
  }

  setFolded(folded: ReadonlySet<string>): void {
    this.folded = folded
    this.shelf.set('folded', [...folded].join('\n'))
  }
}

/** The first of the reader's languages that there is a catalogue for. */
function preferred(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = languages.find((l) => tag.toLowerCase().split('-')[0] === l)
    if (found) return found
  }
  return 'en'
}

/** The browser's own shelf; where it is closed, choices last as long as the page. */
export function browserShelf(): Shelf {
  const memory = new Map<string, string>()
  return {
    get(key) {
      try {
        return localStorage.getItem(`supervisor.${key}`)
      } catch {
        return memory.get(key) ?? null
      }
    },
    set(key, value) {
      memory.set(key, value)
      try {
        localStorage.setItem(`supervisor.${key}`, value)
      } catch {
        // Private windows and full disks: the choice lives in memory until the page is left.
      }
    },
  }
}
