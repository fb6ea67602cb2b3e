import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

// Whether every text can be read on every background it may stand on, and every mark be
// seen, by the formula of WCAG 2.2: 4.5:1 for text, 3:1 for what is no text.

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The two values of each colour of a sheet: for light and for dark. */
function colours(css: string): Map<string, [string, string]> {
  const found = new Map<string, [string, string]>()
  for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g))
    if (!found.has(name!)) found.set(name!, [light!, dark!])
  return found
}

const tokens = colours(read('./tokens.css'))
const signs = [...read('./tones.css').matchAll(/\.sign-(\w+) \{\s*--sign: light-dark\((#\w{6}), (#\w{6})\)/g)]
const themes = ['light', 'dark'] as const

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

function of(name: string, theme: number): string {
  const colour = tokens.get(name)?.[theme]
  if (!colour) throw new Error(`there is no colour ${name}`)
  return colour
}

/** Pairs that are too close to each other, each with its ratio. */
function tooClose(pairs: [string, string][], least: number): string[] {
  return pairs.flatMap(([front, back]) =>
    themes.flatMap((theme, i) => {
      const ratio = contrast(of(front, i), of(back, i))
      return ratio < least ? [`${front} on ${back}, ${theme}: ${ratio.toFixed(2)}`] : []
    }),
  )
}

const grounds = ['bg', 'surface', 'sunken', 'log']
const states = ['running', 'starting', 'stopping', 'backoff', 'fatal', 'exited', 'stopped', 'unknown']
const ansi = Array.from({ length: 16 }, (_, n) => `ansi-${n}`)
const cross = (fronts: string[], backs: string[]) =>
  fronts.flatMap((front) => backs.map((back): [string, string] => [front, back]))

test('the formula gives what it is known to give', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
})

test('text can be read on each background of the page', () => {
  const texts = ['fg', 'fg-muted', 'fg-faint', 'accent', 'danger']
  expect(tooClose(cross(texts, grounds), 4.5)).toEqual([])
})

test('text can be read on what it was made for', () => {
  const pairs: [string, string][] = [
    ['on-accent', 'accent'],
    ['on-danger', 'danger'],
    ['on-found', 'found'],
    ['fg', 'selected'],
    ['fg-muted', 'selected'],
    ['accent', 'selected'],
  ]
  expect(tooClose(pairs, 4.5)).toEqual([])
})

test('the words of a state can be read on its soft ground and on the page', () => {
  const soft = states.map((state): [string, string] => [`state-${state}`, `state-${state}-soft`])
  const page = cross(
    states.map((state) => `state-${state}`),
    grounds,
  )
  expect(tooClose([...soft, ...page], 4.5)).toEqual([])
})

test('the colours of terminals can be read in a log', () => {
  expect(tooClose(cross(ansi, ['log']), 4.5)).toEqual([])
})

test('marks, borders of controls and the ring of the focus can be seen', () => {
  const marks = [...states.map((state) => `state-${state}-solid`), 'control', 'focus']
  expect(tooClose(cross(marks, ['bg', 'surface']), 3)).toEqual([])
})

test('the colour of an environment can be seen on the bar', () => {
  expect(signs.length).toBe(7)
  const close = signs.flatMap(([, name, light, dark]) =>
    [light!, dark!]
      .map((colour, i) => `${name}, ${themes[i]}: ${contrast(colour, of('surface', i)).toFixed(2)}`)
      .filter((line) => Number(line.split(': ')[1]) < 3),
  )
  expect(close).toEqual([])
})
