export type Theme = 'system' | 'light' | 'dark' | 'contrast'
export type Language = 'en' | 'ru'

export const themes: readonly Theme[] = ['system', 'light', 'dark', 'contrast']
export const languages: readonly Language[] = ['en', 'ru']

/** What else can be chosen; the first of each is how it is for who has chosen nothing. */
export const choices = {
  /** How much room a row has on a screen that is no phone. */
  density: ['normal', 'compact'],
  hours: ['24', '12'],
  zone: ['local', 'utc'],
  /** Before which orders the page asks. */
  confirm: ['default', 'always', 'dangerous'],
  /** Whether the browser tells what turned FATAL while nobody looks. */
  notify: ['off', 'fatal'],
} as const

export type Choices = { [K in keyof typeof choices]: (typeof choices)[K][number] }
export type Density = Choices['density']
export type ConfirmPolicy = Choices['confirm']

/** Where choices are kept; a browser may refuse to keep any. */
export interface Shelf {
  get(key: string): string | null
  /** Keeps a value; nothing is kept as "". */
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
  chosen = $state.raw<Choices>(nothingChosen())

  /**
   * Theme and language are kept in the jar, where the server sees them, so that
   * it can send the page as it is to be; where they were kept once, on the shelf,
   * they are taken from. served is the language in which the server sent the page.
   */
  constructor(
    private readonly shelf: Shelf,
    private readonly wanted: readonly string[],
    private readonly jar: Shelf = shelf,
    served?: string,
  ) {
    const moved = jar === shelf ? null : moveTo(jar, shelf, 'language')
    if (jar !== shelf) moveTo(jar, shelf, 'theme')
    this.theme = themes.find((theme) => theme === jar.get('theme')) ?? 'system'
    const said = moved || served || jar.get('language')
    this.language = languages.find((l) => l === said) ?? preferred(wanted)
    const wrap = shelf.get('wrap')
    this.wrap = wrap ? wrap === 'true' : undefined
    this.shortcuts = shelf.get('shortcuts') !== 'off'
    this.folded = new Set((shelf.get('folded') ?? '').split('\n').filter(Boolean))
    for (const key of keysOf(choices)) {
      const value = shelf.get(key)
      if ((choices[key] as readonly (string | null)[]).includes(value))
        this.chosen = { ...this.chosen, [key]: value }
    }
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    this.jar.set('theme', theme)
  }

  setLanguage(language: Language): void {
    this.language = language
    this.jar.set('language', language)
  }

  setWrap(wrap: boolean | undefined): void {
    this.wrap = wrap
    this.shelf.set('wrap', wrap === undefined ? '' : String(wrap))
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on
    this.shelf.set('shortcuts', on ? 'on' : 'off')
  }

  setFolded(folded: ReadonlySet<string>): void {
    this.folded = folded
    this.shelf.set('folded', [...folded].join('\n'))
  }

  choose<K extends keyof Choices>(key: K, value: Choices[K]): void {
    this.chosen = { ...this.chosen, [key]: value }
    this.shelf.set(key, value)
  }

  /** Forgets all that was chosen. */
  reset(): void {
    for (const key of ['theme', 'language']) this.jar.set(key, '')
    this.theme = 'system'
    this.language = preferred(this.wanted)
    this.setWrap(undefined)
    this.shortcuts = true
    this.shelf.set('shortcuts', '')
    this.setFolded(new Set())
    for (const key of keysOf(choices)) this.shelf.set(key, '')
    this.chosen = nothingChosen()
  }
}

function keysOf<T extends object>(of: T): (keyof T)[] {
  return Object.keys(of) as (keyof T)[]
}

function nothingChosen(): Choices {
  return Object.fromEntries(keysOf(choices).map((key) => [key, choices[key][0]])) as unknown as Choices
}

/** Takes what lies on the shelf to the jar, and says what it was. */
function moveTo(jar: Shelf, shelf: Shelf, key: string): string | null {
  const value = shelf.get(key)
  if (!value) return null
  jar.set(key, value)
  shelf.set(key, '')
  return value
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
        if (value) localStorage.setItem(`supervisor.${key}`, value)
        else localStorage.removeItem(`supervisor.${key}`)
      } catch {
        // Private windows and full disks: the choice lives in memory until the page is left.
      }
    },
  }
}

/** A year, in seconds. */
const year = 31_536_000

/**
 * Cookies of the page at a base address, which the server reads before it sends
 * the page (server/tastes.go). They are no secrets.
 */
export function cookieJar(base: string): Shelf {
  return {
    get(key) {
      const start = `supervisor_${key}=`
      const found = document.cookie.split('; ').find((cookie) => cookie.startsWith(start))
      return found?.slice(start.length) || null
    },
    set(key, value) {
      const path = new URL(base).pathname
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser that the page is for
      document.cookie = `supervisor_${key}=${value}; Path=${path}; SameSite=Lax; Max-Age=${value ? year : 0}`
      // An address that names a language would speak against the one that was chosen.
      const url = new URL(location.href)
      if (key !== 'language' || !url.searchParams.has('lang')) return
      url.searchParams.delete('lang')
      history.replaceState(history.state, '', url)
    },
  }
}
