/** Where a shortcut works: on every page, in the list of processes, on the page of one, or where a log is. */
export type Scope = 'page' | 'list' | 'process' | 'log'

interface Entry {
  id: string
  scope: Scope
  /** As strokeOf writes them; two one after the other with a space between. */
  strokes: readonly string[]
  /** What it does, by the catalogue; those that do one thing in two directions share it. */
  says: string
}

/**
 * Every shortcut of the page. Handlers ask shortcutOf which one was pressed, and
 * the list that people read is drawn from here, so that none is told that does
 * nothing, and none does what nobody is told.
 */
export const shortcuts = [
  { id: 'palette', scope: 'page', strokes: ['Mod+k'], says: 'palette' },
  { id: 'help', scope: 'page', strokes: ['?'], says: 'help' },
  { id: 'processes', scope: 'page', strokes: ['g p'], says: 'processes' },
  { id: 'logs', scope: 'page', strokes: ['g l'], says: 'logs' },
  { id: 'activity', scope: 'page', strokes: ['g e'], says: 'activity' },
  { id: 'config', scope: 'page', strokes: ['g c'], says: 'config' },
  { id: 'about', scope: 'page', strokes: ['g d'], says: 'about' },
  { id: 'theme', scope: 'page', strokes: ['Alt+t'], says: 'theme' },

  { id: 'filter', scope: 'list', strokes: ['/'], says: 'filter' },
  { id: 'next', scope: 'list', strokes: ['ArrowDown', 'j'], says: 'rows' },
  { id: 'previous', scope: 'list', strokes: ['ArrowUp', 'k'], says: 'rows' },
  { id: 'first', scope: 'list', strokes: ['Home'], says: 'ends' },
  { id: 'last', scope: 'list', strokes: ['End'], says: 'ends' },
  { id: 'pageDown', scope: 'list', strokes: ['PageDown'], says: 'screens' },
  { id: 'pageUp', scope: 'list', strokes: ['PageUp'], says: 'screens' },
  { id: 'open', scope: 'list', strokes: ['Enter'], says: 'open' },
  { id: 'select', scope: 'list', strokes: ['Space', 'x'], says: 'select' },
  { id: 'extendDown', scope: 'list', strokes: ['Shift+ArrowDown'], says: 'extend' },
  { id: 'extendUp', scope: 'list', strokes: ['Shift+ArrowUp'], says: 'extend' },
  { id: 'log', scope: 'list', strokes: ['l'], says: 'logOfThem' },
  { id: 'start', scope: 'list', strokes: ['s'], says: 'start' },
  { id: 'restart', scope: 'list', strokes: ['r'], says: 'restart' },
  { id: 'stop', scope: 'list', strokes: ['t'], says: 'stop' },
  { id: 'fold', scope: 'list', strokes: ['ArrowLeft'], says: 'fold' },
  { id: 'unfold', scope: 'list', strokes: ['ArrowRight'], says: 'fold' },
  { id: 'clear', scope: 'list', strokes: ['Escape'], says: 'clear' },

  { id: 'log', scope: 'process', strokes: ['l'], says: 'log' },
  { id: 'start', scope: 'process', strokes: ['s'], says: 'start' },
  { id: 'restart', scope: 'process', strokes: ['r'], says: 'restart' },
  { id: 'stop', scope: 'process', strokes: ['t'], says: 'stop' },
  { id: 'before', scope: 'process', strokes: ['['], says: 'siblings' },
  { id: 'after', scope: 'process', strokes: [']'], says: 'siblings' },

  { id: 'find', scope: 'log', strokes: ['/', 'Mod+f'], says: 'find' },
  { id: 'nextHit', scope: 'log', strokes: ['n'], says: 'hits' },
  { id: 'previousHit', scope: 'log', strokes: ['N'], says: 'hits' },
  { id: 'nextError', scope: 'log', strokes: ['e'], says: 'errors' },
  { id: 'previousError', scope: 'log', strokes: ['E'], says: 'errors' },
  { id: 'follow', scope: 'log', strokes: ['f', 'End'], says: 'follow' },
  { id: 'pause', scope: 'log', strokes: ['Space'], says: 'pause' },
  { id: 'beginning', scope: 'log', strokes: ['Home'], says: 'beginning' },
  { id: 'lineDown', scope: 'log', strokes: ['ArrowDown', 'j'], says: 'lines' },
  { id: 'lineUp', scope: 'log', strokes: ['ArrowUp', 'k'], says: 'lines' },
  { id: 'unmark', scope: 'log', strokes: ['Escape'], says: 'unmark' },
  { id: 'wrap', scope: 'log', strokes: ['w'], says: 'wrap' },
  { id: 'layout', scope: 'log', strokes: ['m'], says: 'layout' },
  { id: 'times', scope: 'log', strokes: ['v'], says: 'times' },
  { id: 'link', scope: 'log', strokes: ['y'], says: 'link' },
  { id: 'everything', scope: 'log', strokes: ['Mod+a'], says: 'everything' },
] as const satisfies readonly Entry[]

type Known = (typeof shortcuts)[number]

/** What a shortcut of a scope is called by its handlers. */
export type ShortcutOf<S extends Scope> = Extract<Known, { scope: S }>['id']

/** What shortcuts do, by the catalogue. */
export type Says = Known['says']

/** What shortcuts of a scope do, each once, with all strokes that do it. */
export function told(scope: Scope): { says: Says; strokes: string[] }[] {
  const found = new Map<Says, string[]>()
  for (const one of shortcuts) {
    if (one.scope !== scope) continue
    found.set(one.says, [...(found.get(one.says) ?? []), ...one.strokes])
  }
  return [...found].map(([says, strokes]) => ({ says, strokes }))
}

/**
 * What was pressed: "j", "N", "?", "Mod+k", "Shift+ArrowDown". Mod is Ctrl or ⌘.
 * Letters of other scripts are read as what stands on their keys in Latin, so
 * that shortcuts work whatever layout is on; nothing while a word is composed.
 */
export function strokeOf(event: KeyboardEvent): string {
  if (event.isComposing) return ''
  // AltGr makes signs of keys, and on some systems looks like Ctrl and Alt together.
  const third = event.getModifierState('AltGraph')
  const alt = event.altKey && !third
  const sign = signOf(event, alt)
  const held = [
    (event.ctrlKey || event.metaKey) && !third ? 'Mod' : '',
    alt ? 'Alt' : '',
    event.shiftKey && sign.length > 1 ? 'Shift' : '',
  ]
  return [...held, sign].filter(Boolean).join('+')
}

/** Signs that Latin layouts have where letters of other scripts are. */
const signs: Record<string, string> = { BracketLeft: '[', BracketRight: ']' }

function signOf(event: KeyboardEvent, alt: boolean): string {
  const { key, code, shiftKey } = event
  if (key === ' ') return 'Space'
  const cased = (letter: string) => (shiftKey ? letter.toUpperCase() : letter.toLowerCase())
  if (/^[a-z]$/i.test(key)) return event.getModifierState('CapsLock') ? cased(key) : key
  const letter = /^Key([A-Z])$/.exec(code)?.[1]
  const foreign = /^\p{L}$/u.test(key) && !/\p{Script=Latin}/u.test(key)
  if (letter && (alt || foreign)) return cased(letter) // ⌥ makes other letters on a Mac
  if (foreign) return signs[code] ?? key
  if (code === 'Slash' && key === '.') return '/' // as the Russian layout has it
  if (code === 'Slash' && key === ',') return '?'
  return key
}

/** What takes letters and arrows for itself. */
const fields =
  'textarea, select, [contenteditable], input:not([type="checkbox"], [type="button"], [type="submit"])'

/**
 * The shortcut of a scope that an event means. None where somebody writes, unless
 * it is held with a key that writes nothing; none while a dialog is open, which
 * has its own keys; and no single sign for those who have turned these off, as
 * people must who speak to their computer (WCAG 2.1.4).
 */
export function shortcutOf<S extends Scope>(
  event: KeyboardEvent,
  scope: S,
  single: boolean,
  before = '',
): ShortcutOf<S> | undefined {
  const stroke = (before && `${before} `) + strokeOf(event)
  if (!isFree(event, stroke, single)) return undefined
  const found = shortcuts.find(
    (one) => one.scope === scope && (one.strokes as readonly string[]).includes(stroke),
  )
  return found?.id as ShortcutOf<S> | undefined
}

/** Whether nobody else has a use for a stroke. */
function isFree(event: KeyboardEvent, stroke: string, single: boolean): boolean {
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return false
  const writing = event.target instanceof Element && event.target.closest(fields) !== null
  if (writing && !/^(Mod|Alt)\+/.test(stroke)) return false
  return single || !isSingle(stroke)
}

/** Reads strokes of which two may belong together. */
export class StrokeReader {
  private first = ''
  private at = 0

  constructor(
    /** For how long the second belongs to the first, in milliseconds. */
    private readonly patience = 1_500,
  ) {}

  /** The shortcut of every page that is complete with this event; 'begun' if it is the first of two strokes. */
  read(event: KeyboardEvent, single: boolean): ShortcutOf<'page'> | 'begun' | undefined {
    if (/^(Shift|Control|Alt|Meta|AltGraph)$/.test(event.key)) return undefined // held, with what comes next
    const before = event.timeStamp - this.at < this.patience ? this.first : ''
    const stroke = strokeOf(event)
    const begins =
      isFree(event, stroke, single) &&
      shortcuts.some((one) => one.scope === 'page' && one.strokes[0].startsWith(`${stroke} `))
    this.first = begins ? stroke : ''
    this.at = event.timeStamp
    const second = before === '' ? undefined : shortcutOf(event, 'page', single, before)
    return second ?? shortcutOf(event, 'page', single) ?? (begins ? 'begun' : undefined)
  }
}

/** What stands on a key, in the order it is held and pressed; the space is a word of a language. */
export function keycaps(stroke: string, space: string): string[] {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform)
  const caps: Record<string, string> = {
    Mod: mac ? '⌘' : 'Ctrl',
    Alt: mac ? '⌥' : 'Alt',
    Shift: '⇧',
    Space: space,
    Escape: 'Esc',
    PageUp: 'PgUp',
    PageDown: 'PgDn',
    ArrowUp: '↑',
    ArrowDown: '↓',
    ArrowLeft: '←',
    ArrowRight: '→',
  }
  const held = stroke.split('+')
  return held.map((key) => caps[key] ?? (held.length > 1 ? key.toUpperCase() : key))
}

/** Whether a stroke is one of the signs people write with, and nothing else. */
export function isSingle(stroke: string): boolean {
  return /^.( .)?$/u.test(stroke)
}
