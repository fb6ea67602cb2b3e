import type { Verb } from '../../api/client'
import { allowed, type Order, type Target } from '../../store/commands.svelte'
import {
  choices,
  type Density,
  type Language,
  languages,
  type Theme,
  themes,
} from '../../store/preferences.svelte'
import { needsAttention, type Row } from '../../store/processes.svelte'
import type { words } from '../../text/whole.svelte'
import type { IconName } from '../../ui/icons'
import { CAPS } from '../../wire/wire.gen'
import { latinOf, type Match, match, type Question, questionOf } from './score'

type T = typeof words.t

/** What choosing an entry does. */
export type Deed =
  | { kind: 'go'; href: string }
  | { kind: 'order'; verb: Order; target: Target }
  | { kind: 'open'; what: 'settings' | 'account' | 'shortcuts' }
  | { kind: 'theme'; theme: Theme }
  | { kind: 'language'; language: Language }
  | { kind: 'density'; density: Density }

/** Something that can be found by its name and done. */
export interface Entry {
  /** The same for the same thing at another time. */
  id: string
  kind: keyof T['palette']['kinds']
  icon: IconName
  label: string
  /** More words it is found by, which are not shown. */
  also: string
  /** The process it leads to. */
  row?: Row
  deed: Deed
}

/** What the reader has and may. */
export interface World {
  rows: readonly Row[]
  chosen: readonly Row[]
  pages: readonly { page: string; href: string; label: string; icon: IconName }[]
  /** Whether there is an account to look at. */
  account: boolean
  mayReadMainLog: boolean
}

const verbs: readonly Verb[] = ['start', 'restart', 'stop']
const icons: Record<Order, IconName> = { start: 'play', restart: 'restart', stop: 'stop', kill: 'close' }
/** A language is called by its own name. */
const names: Record<Language, string> = { en: 'English', ru: 'Русский' }
/** Everything that can be found, what is wanted most first. Only what the reader may do is among it. */
export function entriesOf(t: T, world: World): Entry[] {
  const rows = world.rows.toSorted((a, b) => Number(needsAttention(b.data)) - Number(needsAttention(a.data)))
  return [
    ...orders(t, world.chosen, 'selection', t.list.chosen, (rows) => ({ kind: 'chosen', rows })),
    ...rows.filter((row) => needsAttention(row.data)).map(process),
    ...world.pages.map(
      ({ page, href, label, icon }): Entry => ({
        id: `page ${page}`,
        kind: 'page',
        icon,
        label,
        also: page,
        deed: { kind: 'go', href },
      }),
    ),
    ...(world.mayReadMainLog ? [mainLog(t)] : []),
    ...opening(t, world.account),
    ...rows.filter((row) => !needsAttention(row.data)).map(process),
    ...groups(t, rows),
    ...rows.flatMap((row) => ofRow(t, row)),
    ...looks(t),
  ]
}

function process(row: Row): Entry {
  const { state } = row.data
  const deed: Deed = { kind: 'go', href: row.path }
  return { id: `process ${row.spec}`, kind: 'process', icon: 'log', label: row.label, also: state, row, deed }
}

/** Verbs on one process, its log, its last crash. */
function ofRow(t: T, row: Row): Entry[] {
  const found: Entry[] = []
  for (const verb of [...verbs, 'kill'] as const) {
    if (allowed(verb, row) !== 'now') continue
    const label = t.verb.of(t.verb[verb], row.label)
    const deed: Deed = { kind: 'order', verb, target: { kind: 'process', row } }
    // Asking a program to restart that does not run starts it, as supervisorctl does.
    const asWell = verb === 'start' ? ` restart ${row.spec} ${t.verb.of(t.verb.restart, row.label)}` : ''
    const also = `${verb} ${row.spec}${asWell}`
    found.push({ id: `${verb} ${row.spec}`, kind: 'process', icon: icons[verb], label, also, row, deed })
  }
  if ((row.data.caps & CAPS.logs) === 0) return found
  const go = (href: string): Deed => ({ kind: 'go', href })
  return [
    ...found,
    {
      id: `log ${row.spec}`,
      kind: 'log',
      icon: 'lines',
      label: t.verb.logOf(row.label),
      also: `log ${row.spec}`,
      row,
      deed: go(`${row.path}/log`),
    },
    {
      id: `crash ${row.spec}`,
      kind: 'crash',
      icon: 'alert',
      label: t.palette.crashOf(row.label),
      also: `crash ${row.spec}`,
      row,
      deed: go(`${row.path}/crashes/last`),
    },
  ]
}

/** Verbs on groups of several, written as supervisorctl takes them, and on everything. */
function groups(t: T, rows: readonly Row[]): Entry[] {
  const byGroup = new Map<string, Row[]>()
  for (const row of rows) byGroup.set(row.group, [...(byGroup.get(row.group) ?? []), row])
  const several = [...byGroup].filter(([name, inside]) => inside.length > 1 || inside[0]?.name !== name)
  return [
    ...several.flatMap(([name, inside]) =>
      orders(t, inside, 'group', `${name}:*`, (rows) => ({ kind: 'group', name, rows })),
    ),
    ...orders(t, rows, 'group', t.list.everything, (rows) => ({ kind: 'all', rows })).map((entry) => ({
      ...entry,
      also: `${entry.also} all`,
    })),
  ]
}

/** Verbs on several processes. Whom a verb is never allowed on is left out, where each is asked for by name. */
function orders(
  t: T,
  rows: readonly Row[],
  kind: 'selection' | 'group',
  name: string,
  targetOf: (rows: Row[]) => Target,
): Entry[] {
  return verbs.flatMap((verb) => {
    const may = rows.filter((row) => allowed(verb, row) !== 'never')
    if (may.length === 0) return []
    const target = targetOf(kind === 'selection' ? may : [...rows])
    return {
      id: [verb, kind, target.kind === 'group' ? name : target.kind].join(' '),
      kind,
      icon: icons[verb],
      label: t.verb.of(t.verb[verb], name),
      also: `${verb} ${name}`,
      deed: { kind: 'order', verb, target },
    }
  })
}

function mainLog(t: T): Entry {
  const deed: Deed = { kind: 'go', href: 'logs?s=mainlog' }
  return {
    id: 'mainlog',
    kind: 'log',
    icon: 'lines',
    label: t.palette.mainLog,
    also: 'main log maintail',
    deed,
  }
}

function opening(t: T, account: boolean): Entry[] {
  const open = (what: 'settings' | 'account' | 'shortcuts', label: string, icon: IconName): Entry => ({
    id: `open ${what}`,
    kind: 'setting',
    icon,
    label,
    also: `${what} ${t.palette.also[what]}`,
    deed: { kind: 'open', what },
  })
  return [
    ...(account ? [open('account', t.palette.account, 'user')] : []),
    open('settings', t.app.settings, 'gear'),
    open('shortcuts', t.keys.title, 'info'),
  ]
}

function looks(t: T): Entry[] {
  const setting = (id: string, label: string, also: string, deed: Deed): Entry => ({
    id,
    kind: 'setting',
    icon: 'gear',
    label,
    also: `${also} ${t.palette.also.settings}`,
    deed,
  })
  return [
    ...themes.map((theme) =>
      setting(`theme ${theme}`, t.palette.theme(t.settings.themes[theme]), `theme ${theme}`, {
        kind: 'theme',
        theme,
      }),
    ),
    ...languages.map((language) =>
      setting(`language ${language}`, t.palette.language(names[language]), `language ${language}`, {
        kind: 'language',
        language,
      }),
    ),
    ...choices.density.map((density) =>
      setting(
        `density ${density}`,
        t.palette.density(t.taste.densities[density]),
        `density rows ${density}`,
        {
          kind: 'density',
          density,
        },
      ),
    ),
  ]
}

/** An entry that answers a question, with the signs of its label that do. */
export interface Found {
  entry: Entry
  at: readonly number[]
}

/** What leads somewhere is wanted more often than what does something there. */
const weights: Record<Entry['kind'], number> = {
  selection: 3,
  process: 2,
  page: 2,
  group: 2,
  log: 1,
  setting: 1,
  crash: 0,
}
/** What was chosen lately, and what is broken, come before others that answer as well. */
const lately = 2
const broken = 1

/** Entries that answer a question, the best first; without one all, those chosen lately first. */
export function find(entries: readonly Entry[], question: string, recent: readonly string[]): Found[] {
  const wanted = question.trim()
  if (wanted === '') {
    const known = new Map(entries.map((entry) => [entry.id, entry]))
    const before = recent.flatMap((id) => known.get(id) ?? [])
    return [...new Set([...before, ...entries])].map((entry) => ({ entry, at: [] }))
  }
  const readings = [...new Set([wanted, latinOf(wanted)])].map(questionOf)
  const scored: { found: Found; score: number }[] = []
  for (const entry of entries) {
    const answer = best(entry, readings)
    if (!answer) continue
    const more =
      weights[entry.kind] -
      (entry.deed.kind === 'order' && entry.kind === 'process' ? 1 : 0) +
      (recent.includes(entry.id) ? lately : 0) +
      (entry.row && needsAttention(entry.row.data) ? broken : 0)
    scored.push({ found: { entry, at: answer.at }, score: answer.score + more })
  }
  return scored.sort((a, b) => b.score - a.score).map(({ found }) => found)
}

function best(entry: Entry, readings: readonly Question[]): Match | undefined {
  let found: Match | undefined
  for (const reading of readings) {
    const shown = match(reading, entry.label)
    if (shown && (!found || shown.score > found.score)) found = shown
    const hidden = shown ? undefined : match(reading, entry.also)
    if (hidden && (!found || hidden.score - 1 > found.score)) found = { score: hidden.score - 1, at: [] }
  }
  return found
}
