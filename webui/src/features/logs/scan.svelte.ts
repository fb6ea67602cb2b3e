import type { LogBuffer } from '../../store/logbuffer'
import { plainText } from './ansi'
import { type Level, levelOfLine } from './grave'

/** What is looked for in lines. */
export interface Query {
  text: string
  regex: boolean
  exact: boolean
}

/** A test of a line's text: where the first match is, from and to; undefined if there is none. */
export type Match = (text: string) => [from: number, to: number] | undefined

/** Makes the test; throws if the pattern is none. */
export function matcher(query: Query): Match | undefined {
  if (query.text === '') return undefined
  if (query.regex) {
    const pattern = new RegExp(query.text, query.exact ? 'u' : 'iu')
    return (text) => {
      const found = pattern.exec(text)
      return found ? [found.index, found.index + found[0].length] : undefined
    }
  }
  const wanted = query.exact ? query.text : query.text.toLowerCase()
  return (text) => {
    const at = (query.exact ? text : text.toLowerCase()).indexOf(wanted)
    return at < 0 ? undefined : [at, at + wanted.length]
  }
}

/** All matches in a text that is drawn. */
export function matchesIn(match: Match | undefined, text: string): [number, number][] {
  if (!match) return []
  const found: [number, number][] = []
  let from = 0
  while (found.length < 200) {
    const next = match(text.slice(from))
    if (!next) break
    if (next[1] > next[0]) found.push([from + next[0], from + next[1]])
    from += Math.max(next[1], next[0] + 1)
    if (from >= text.length) break
  }
  return found
}

/** Lines looked at between two looks at the clock. */
const step = 1_000

/** Milliseconds the page may stand still for a search. */
const slice = 8

/**
 * Looks through the lines that are held, a slice at a time: for those that match,
 * and for how grave they are if somebody wants to know. It follows the buffer as
 * it grows and is cut at both ends.
 */
export class Scan {
  /** Goes up when more is known. */
  version = $state(0)
  query = $state.raw<Query>({ text: '', regex: false, exact: false })
  /** Why the pattern is none; empty if it is one. */
  error = $state('')
  /** Lines that match, by index, from the first on. */
  hits: number[] = []
  /** Whether every line held was looked at. */
  done = $state(true)
  /** How many lines there are of each level. */
  counts: Record<Level, number> = { error: 0, warn: 0, info: 0, debug: 0, none: 0 }
  match = $state.raw<Match | undefined>(undefined)

  private from = 0
  private to = 0
  private generation = -1
  private timer: ReturnType<typeof setTimeout> | undefined
  private levels = false
  /** The levels of the lines looked at; undefined for what is no line. */
  private found: (Level | undefined)[] = []

  constructor(private readonly buffer: LogBuffer) {}

  close(): void {
    clearTimeout(this.timer)
  }

  ask(query: Query): void {
    this.query = query
    this.error = ''
    try {
      this.match = matcher(query)
    } catch (error) {
      this.match = undefined
      this.error = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : ''
    }
    this.again()
  }

  /** Counts levels too from now on. */
  countLevels(): void {
    if (this.levels) return
    this.levels = true
    this.again()
  }

  get active(): boolean {
    return this.match !== undefined || this.levels
  }

  isHit(index: number): boolean {
    return this.hits[this.rank(index)] === index
  }

  /** How many hits are before a line. */
  rank(index: number): number {
    let low = 0
    let high = this.hits.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.hits[middle]! < index) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a line that matches is at most so many lines away. */
  near(index: number, context: number): boolean {
    const next = this.hits[this.rank(index - context)]
    return next !== undefined && next <= index + context
  }

  /** Takes in what has come and gone, as far as there is time; the rest follows by itself. */
  catchUp(): void {
    if (!this.active) return
    clearTimeout(this.timer)
    if (this.buffer.generation !== this.generation) this.reset()
    this.letGo()
    const end = performance.now() + slice
    // An open last line may have grown.
    const last = this.to - 1
    if (last >= this.from && this.to === this.buffer.stop) this.forgetFrom(last)
    while (performance.now() < end && !this.complete) this.step()
    this.done = this.complete
    this.version++
    if (!this.done) this.timer = setTimeout(() => this.catchUp(), 0)
  }

  private get complete(): boolean {
    return this.from <= this.buffer.start && this.to >= this.buffer.stop
  }

  private again(): void {
    this.reset()
    if (this.active) this.catchUp()
    else {
      this.done = true
      this.version++
    }
  }

  /** Begins at the end, where people look. */
  private reset(): void {
    this.generation = this.buffer.generation
    this.from = this.to = this.buffer.stop
    this.hits = []
    this.found = []
    this.counts = { error: 0, warn: 0, info: 0, debug: 0, none: 0 }
  }

  private letGo(): void {
    const { start, stop } = this.buffer
    if (this.to < start || this.from > stop) return this.reset()
    if (this.from < start) {
      this.hits.splice(0, this.rank(start))
      this.uncount(this.found.splice(0, start - this.from))
      this.from = start
    }
    if (this.to > stop) this.forgetFrom(stop)
  }

  private forgetFrom(index: number): void {
    this.hits.length = this.rank(index)
    this.uncount(this.found.splice(index - this.from))
    this.to = index
  }

  private uncount(levels: (Level | undefined)[]): void {
    for (const level of levels) if (level) this.counts[level]--
  }

  /** Looks at some lines behind those looked at, or else before. */
  private step(): void {
    if (this.to < this.buffer.stop) {
      const stop = Math.min(this.to + step, this.buffer.stop)
      this.found = this.found.concat(this.look(this.to, stop, this.hits))
      this.to = stop
      return
    }
    const start = Math.max(this.from - step, this.buffer.start)
    const hits: number[] = []
    this.found = this.look(start, this.from, hits).concat(this.found)
    this.from = start
    if (hits.length > 0) this.hits = hits.concat(this.hits)
  }

  /** Looks at some lines; gives their levels, and puts those that match to the hits. */
  private look(start: number, stop: number, hits: number[]): (Level | undefined)[] {
    const found: (Level | undefined)[] = []
    for (let i = start; i < stop; i++) {
      const item = this.buffer.item(i)
      const line = item.kind === 'line'
      const level = this.levels && line && !item.tail ? levelOfLine(item) : undefined
      if (level) this.counts[level]++
      found.push(level)
      if (line && this.match?.(plainText(item.text))) hits.push(i)
    }
    return found
  }
}
