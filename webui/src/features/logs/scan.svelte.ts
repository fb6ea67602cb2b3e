import type { LogBuffer, LogItem, LogLine } from '../../store/logbuffer'
import { plainText } from './ansi'
import { type Level, levelOfLine } from './grave'
import { Hunter, type Outcome } from './hunter'
import { isIn, patternOf, placesOf, type Query, type Range, type Tried } from './match'

/** Lines looked at between two looks at the clock. */
const step = 1_000

/** Characters sent to be tried with a pattern at once. */
const most = 262_144

/** Milliseconds the page may stand still for a search. */
const slice = 8

const none: readonly Range[] = []

/** Some lines beside those looked at. */
interface Stretch {
  start: number
  stop: number
  generation: number
  items: LogItem[]
}

/**
 * Looks through the lines that are held, a slice at a time: for those that match,
 * and for how grave they are if somebody wants to know. It follows the buffer as
 * it grows and is cut at both ends. Plain text is looked for here; patterns are
 * tried by somebody who can be stopped, for some of them would take for ever.
 */
export class Scan {
  /** Goes up when more is known. */
  version = $state(0)
  query = $state.raw<Query>({ text: '', regex: false, exact: false })
  /** Why the pattern is none; empty if it is one. */
  error = $state('')
  /** Why it is not looked for any more: the pattern takes too long, or nobody could try it. */
  trouble = $state<'' | 'slow' | 'lost'>('')
  /** Whether something is looked for. */
  on = $state(false)
  /** Lines that match, by index, from the first on. */
  hits: number[] = []
  /** Whether every line held was looked at. */
  done = $state(true)
  /** How many lines there are of each level. */
  counts: Record<Level, number> = { error: 0, warn: 0, info: 0, debug: 0, none: 0 }
  private from = 0
  private to = 0
  private generation = -1
  private timer: ReturnType<typeof setTimeout> | undefined
  private levels = false
  /** The levels of the lines looked at; undefined for what is no line. */
  private found: (Level | undefined)[] = []
  /** The last line as it was looked at: one that was open may have grown since. */
  private last: LogItem | undefined
  /** Where a pattern was found in lines. */
  private marks = new WeakMap<LogLine, readonly Range[]>()

  constructor(
    private readonly buffer: LogBuffer,
    /** The text of a line as it is read. */
    private readonly textOf: (line: LogLine) => string = (line) => line.text,
    private readonly hunter = new Hunter(),
  ) {}

  close(): void {
    clearTimeout(this.timer)
    this.hunter.close()
  }

  ask(query: Query): void {
    this.hunter.stop()
    this.query = query
    this.trouble = ''
    this.error = query.regex ? whyNoPattern(query) : ''
    this.on = query.text !== '' && this.error === ''
    this.marks = new WeakMap()
    this.again()
  }

  /** Where in a line what is looked for is; its text is as it is drawn. */
  marksIn(line: LogLine, text: string): readonly Range[] {
    if (!this.on) return none
    if (!this.query.regex) return placesOf(this.query, plainText(text))
    void this.version
    return this.marks.get(line) ?? none
  }

  /** Counts levels too from now on. */
  countLevels(): void {
    if (this.levels) return
    this.levels = true
    this.again()
  }

  get active(): boolean {
    return this.on || this.levels
  }

  private get hunting(): boolean {
    return this.on && this.query.regex
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
    const last = this.to - 1
    if (last >= this.from && this.buffer.item(last) !== this.last) this.forgetFrom(last)
    if (this.hunting) this.hunt()
    else this.lookOn()
    this.done = this.complete
    this.version++
  }

  /** Looks on for as long as there is time. */
  private lookOn(): void {
    const end = performance.now() + slice
    while (performance.now() < end && !this.complete) {
      const stretch = this.next()
      this.take(stretch, (line) => this.on && isIn(this.query, plainText(this.textOf(line))))
    }
    if (!this.complete) this.timer = setTimeout(() => this.catchUp(), 0)
  }

  /** Has a pattern tried on the lines that are next, unless some are under way. */
  private hunt(): void {
    if (this.hunter.busy || this.complete) return
    const stretch = this.next()
    const texts: string[] = []
    let size = 0
    // Forwards from the first line of the stretch, backwards from its last: what the limit leaves out is next.
    const forward = stretch.start === this.to
    const items = forward ? stretch.items : stretch.items.toReversed()
    for (const item of items) {
      const text = item.kind === 'line' ? plainText(this.textOf(item)) : ''
      size += text.length
      if (size > most && texts.length > 0) break
      texts.push(text)
    }
    this.hunter.run({ query: this.query, texts }, (outcome) => this.hear(stretch, forward, outcome))
  }

  private hear(stretch: Stretch, forward: boolean, outcome: Outcome): void {
    if (outcome === 'slow' || outcome === 'lost') {
      this.on = false
      this.trouble = outcome
      return this.again()
    }
    // Lines may have come and gone meanwhile; what does not join on any more is looked at again.
    const joins = forward ? stretch.start === this.to : stretch.stop === this.from
    if (joins && stretch.generation === this.buffer.generation) this.takeTried(stretch, forward, outcome)
    this.catchUp()
  }

  /** Takes in what came of a pattern: as many lines as were tried, from the side where those looked at are. */
  private takeTried(stretch: Stretch, forward: boolean, { looked, hits }: Tried): void {
    const { generation } = stretch
    const start = forward ? stretch.start : stretch.stop - looked
    const items = stretch.items.slice(start - stretch.start, start - stretch.start + looked)
    const found = new Set<LogItem>()
    for (const { index, ranges } of hits) {
      const item = items[forward ? index : looked - 1 - index]
      if (item?.kind !== 'line') continue
      found.add(item)
      this.marks.set(item, ranges)
    }
    this.take({ start, stop: start + looked, generation, items }, (line) => found.has(line))
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
    this.last = undefined
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
    this.last = index > this.buffer.start ? this.buffer.item(index - 1) : undefined
  }

  private uncount(levels: (Level | undefined)[]): void {
    for (const level of levels) if (level) this.counts[level]--
  }

  /** Some lines behind those looked at, or else before. */
  private next(): Stretch {
    const forward = this.to < this.buffer.stop
    const start = forward ? this.to : Math.max(this.from - step, this.buffer.start)
    const stop = forward ? Math.min(this.to + step, this.buffer.stop) : this.from
    const items = Array.from({ length: stop - start }, (_, i) => this.buffer.item(start + i))
    return { start, stop, generation: this.generation, items }
  }

  /** Takes in lines that join on: their levels, and which of them are hits. */
  private take({ start, stop, items }: Stretch, isHit: (line: LogLine) => boolean): void {
    const forward = start === this.to
    const levels: (Level | undefined)[] = []
    const hits: number[] = []
    items.forEach((item, i) => {
      const line = item.kind === 'line'
      const level = this.levels && line && !item.tail ? levelOfLine(item) : undefined
      if (level) this.counts[level]++
      levels.push(level)
      if (line && isHit(item)) hits.push(start + i)
    })
    if (stop >= this.to) this.last = items.at(-1)
    if (forward) {
      for (const hit of hits) this.hits.push(hit)
      this.found = this.found.concat(levels)
      this.to = stop
      return
    }
    if (hits.length > 0) this.hits = hits.concat(this.hits)
    this.found = levels.concat(this.found)
    this.from = start
  }
}

function whyNoPattern(query: Query): string {
  try {
    patternOf(query)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : ''
  }
}
