import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const src = fileURLToPath(new URL('.', import.meta.url))

/** Which rooms a room may import, beside itself. A feature is a room of its own. */
const table: Record<string, readonly string[]> = {
  wire: [],
  api: ['wire'],
  live: ['wire'],
  store: ['wire', 'api', 'live'],
  text: [],
  ui: ['text'],
  worker: ['text'],
  feature: ['store', 'ui', 'text'],
  app: ['feature', 'store', 'ui', 'text'],
}
/** Types cross where values may not: they leave nothing behind. */
const typesFrom: readonly string[] = ['wire', 'api']
/** Names with a meaning on the wire, which everybody needs. */
const allowedValues = new Map([
  ['feature', new Set(['CAPS', 'ApiError'])],
  ['app', new Set(['CAPS'])],
])

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.(ts|svelte)$/.test(name) && !/\.test\.ts$|main\.ts$/.test(name),
)

/** The room a file lives in: "store", or "features/logs". */
function roomOf(name: string): string {
  const [top, second] = name.split('/')
  return top === 'features' ? `${top}/${second}` : top!
}

const kind = (room: string) => (room.startsWith('features/') ? 'feature' : room)

test.each(files)('%s imports only what it may', (name) => {
  const text = readFileSync(join(src, name), 'utf8')
  const from = roomOf(name)
  for (const [, clause, path] of text.matchAll(
    /^\s*(?:import|export)\s([^'"]*?)from\s+['"](\.[^'"]+)['"]/gm,
  )) {
    const to = roomOf(relative(src, join(src, dirname(name), path!)))
    if (to === from) continue
    const may = table[kind(from)]
    expect(may, `${name} is in no known room`).toBeDefined()
    if (may!.includes(kind(to))) continue
    expect(typesFrom, `${name} imports ${path}`).toContain(kind(to))
    expect(onlyAllowed(clause!, kind(from)), `${name} imports values from ${path}`).toBe(true)
  }
})

/** Whether an import clause brings in types, and values that anybody may have. */
function onlyAllowed(clause: string, room: string): boolean {
  if (clause.trim().startsWith('type ')) return true
  const names = clause
    .replace(/[{}]/g, '')
    .split(',')
    .map((n) => n.trim())
    .filter(Boolean)
  return names.every((n) => n.startsWith('type ') || allowedValues.get(room)?.has(n))
}

test('nothing writes markup or styles as text', () => {
  for (const name of files) {
    const text = readFileSync(join(src, name), 'utf8')
    expect(text, name).not.toMatch(
      /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\sstyle="/,
    )
  }
})

test('no word for people stands outside the catalogues', () => {
  for (const name of files.filter((n) => n.endsWith('.svelte'))) {
    const markup = readFileSync(join(src, name), 'utf8')
      .replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '')
      .replace(/\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, '')
      .replace(/=>/g, '')
    for (const [, words] of markup.matchAll(/>([^<>]*)</g)) expect(words, name).not.toMatch(/\p{L}{2,}/u)
    expect(markup, name).not.toMatch(/(?:aria-label|title|placeholder|alt)="[^"]*\p{L}{2,}/u)
  }
})
