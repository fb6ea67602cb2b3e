import { beforeEach, expect, test } from 'vitest'
import { Voice } from './voice.svelte'

/** A clock that runs when it is told to. */
let timers: { at: number; run: () => void }[]
let now: number
let voice: Voice

beforeEach(() => {
  timers = []
  now = 0
  voice = new Voice((ms, run) => timers.push({ at: now + ms, run }))
})

function pass(ms: number): void {
  const until = now + ms
  for (;;) {
    const next = timers.toSorted((a, b) => a.at - b.at).find((timer) => timer.at <= until)
    if (!next) break
    timers.splice(timers.indexOf(next), 1)
    now = next.at
    next.run()
  }
  now = until
}

const said = () => [
  ...voice.polite.texts,
  ...voice.polite.changes.map(({ names, state }) => `${names.join(' ')}: ${state}`),
]

test('a burst of changes is one sentence', () => {
  voice.changed(['a', 'b'], 'FATAL')
  pass(100)
  voice.changed(['c'], 'FATAL')
  voice.changed(['d'], 'BACKOFF')
  expect(said()).toEqual([])
  pass(200)
  expect(said()).toEqual(['a b c: FATAL', 'd: BACKOFF'])
})

test('a process that moved on meanwhile is in its last state only', () => {
  voice.changed(['a', 'b'], 'BACKOFF')
  voice.changed(['a'], 'FATAL')
  pass(300)
  expect(said()).toEqual(['b: BACKOFF', 'a: FATAL'])
})

test('what happens while a sentence is listened to waits, and comes together', () => {
  voice.changed(['a'], 'FATAL')
  pass(300)
  for (const name of ['b', 'c', 'd', 'e', 'f']) {
    pass(400)
    voice.changed([name], 'FATAL')
  }
  expect(said()).toEqual(['a: FATAL'])
  pass(1_000)
  expect(said()).toEqual(['b c d e f: FATAL'])
})

test('a thousand changes in a minute are twenty sentences at most', () => {
  const heard = new Set<unknown>()
  for (let i = 0; i < 1_000; i++) {
    voice.changed([`p${i % 50}`], i % 2 ? 'BACKOFF' : 'FATAL')
    pass(60)
    if (said().length > 0) heard.add(voice.polite)
  }
  expect(heard.size).toBeGreaterThan(15)
  expect(heard.size).toBeLessThanOrEqual(20)
})

test('words are said once in a breath, and again when they come again', () => {
  voice.say('copied')
  voice.say('copied')
  pass(300)
  expect(said()).toEqual(['copied'])
  pass(3_000)
  expect(said()).toEqual([])
  voice.say('copied')
  pass(300)
  expect(said()).toEqual(['copied'])
})

test('who has nothing to say sets no clock', () => {
  voice.say('copied')
  pass(10_000)
  expect(timers).toEqual([])
})
