import { ApiError } from '../../api/client'
import type { LogItem, LogLine } from '../../store/logbuffer'
import { extentOf, placeOf } from '../../store/logfiles'
import type { LogDesk, LogView } from '../../store/logs.svelte'
import { LogSearch, nextHit, type Wanted } from '../../store/logsearch.svelte'
import { writtenText } from './ansi'
import { decoded, type Encoding } from './decode'
import { errorWords, type Level, levelOfLine } from './grave'
import { looksLikeJson } from './json'
import { Scan } from './scan.svelte'

/** A place in the text of a line. */
export interface Spot {
  index: number
  column: number
}

/** How one reader looks at a log: what they look for, what they hide, where they are. */
export class Viewer {
  readonly scan: Scan
  /** Whether lines that do not match are hidden, and how many beside a match are not. */
  filter = $state(false)
  context = $state(0)
  /** Levels whose lines are hidden. */
  hidden = $state.raw<ReadonlySet<Level>>(new Set())
  /** Lines that are unfolded, or shown whole. */
  opened = $state.raw<ReadonlySet<string>>(new Set())
  /** Whether lines of JSON are unfolded unless the reader folds them. */
  unfolded = $state(false)
  /** In what bytes that are not UTF-8 are written. */
  encoding = $state<Encoding>('utf-8')
  /** The line from which on the reader selects, with a finger, until they touch another one. */
  anchor = $state<number | undefined>(undefined)
  /** The line the reader has pointed at. */
  cursor = $state<number | undefined>(undefined)
  /** What is selected, in the order of the lines. */
  selected = $state.raw<{ from: Spot; to: Spot } | undefined>(undefined)
  /** Whether the field to search in is shown. */
  searching = $state(false)
  /** Looking for the next hit beyond what is held. */
  reaching = $state(false)
  /** There was none there. */
  nothing = $state(false)
  /** The search through all files, while there is one. */
  whole = $state.raw<LogSearch | undefined>(undefined)

  private readonly ended = new AbortController()
  private texts = new WeakMap<LogLine, string>()

  constructor(
    readonly view: LogView,
    private readonly desk: LogDesk,
  ) {
    this.scan = new Scan(view.buffer, (line) => this.textOf(line))
  }

  close(): void {
    this.ended.abort()
    this.whole?.stop()
    this.scan.close()
  }

  /** The text of a line, in the encoding the reader has chosen. */
  textOf(line: LogLine): string {
    if (this.encoding === 'utf-8') return line.text
    let text = this.texts.get(line)
    if (text === undefined) {
      text = decoded(line.text, this.encoding)
      this.texts.set(line, text)
    }
    return text
  }

  setEncoding(encoding: Encoding): void {
    this.encoding = encoding
    this.texts = new WeakMap()
    this.scan.ask(this.scan.query)
  }

  /** Whether lines may be hidden, so that heights follow what the scan finds. */
  get sifting(): boolean {
    return (this.filter && this.scan.on) || this.hidden.size > 0
  }

  shows(index: number, item: LogItem): boolean {
    if (item.kind !== 'line') return true
    if (item.tail && !this.isOpen(this.headOf(index))) return false
    if (this.hidden.size > 0 && this.hidden.has(levelOfLine(item))) return false
    if (this.filter && this.scan.on) return this.scan.near(index, this.context)
    return true
  }

  keyOf(line: LogLine): string {
    return `${line.source}:${line.off}`
  }

  isOpen(line: LogLine): boolean {
    return this.opened.has(this.keyOf(line)) !== (this.unfolded && looksLikeJson(line.text))
  }

  unfoldAll(on: boolean): void {
    this.unfolded = on
    this.opened = new Set()
  }

  toggle(line: LogLine): void {
    const opened = new Set(this.opened)
    if (!opened.delete(this.keyOf(line))) opened.add(this.keyOf(line))
    this.opened = opened
  }

  toggleLevel(level: Level): void {
    const hidden = new Set(this.hidden)
    if (!hidden.delete(level)) hidden.add(level)
    this.hidden = hidden
  }

  /** The first piece of the line a piece belongs to. */
  headOf(index: number): LogLine {
    const { buffer } = this.view
    let at = index
    for (;;) {
      const item = buffer.item(at) as LogLine
      if (!item.tail || at === buffer.start) return item
      at--
    }
  }

  /** How many bytes the line that begins with a piece has, as far as it is held. */
  sizeOf(index: number): number {
    const { buffer } = this.view
    const first = buffer.item(index)
    let end = first.end
    for (let i = index + 1; i < buffer.stop; i++) {
      const item = buffer.item(i)
      if (item.kind !== 'line' || !item.tail) break
      end = item.end
    }
    return end - first.off
  }

  /** Takes the reader to a line that is held. */
  reveal(index: number): void {
    const item = this.view.buffer.item(index)
    if (item?.kind !== 'line') return
    this.view.pause()
    if (item.tail) {
      const head = this.headOf(index)
      if (!this.isOpen(head)) this.toggle(head)
    }
    this.view.goal = { source: item.source, off: item.off, block: 'center', marked: true }
    this.cursor = index
  }

  /** To the next line that matches, or the one before, wherever in the log it is. */
  async step(by: 1 | -1): Promise<void> {
    const { scan, view } = this
    if (!scan.on || this.reaching) return
    this.nothing = false
    const at = this.cursor ?? (by > 0 ? view.buffer.start - 1 : view.buffer.stop)
    const next = by > 0 ? scan.hits[scan.rank(at + 1)] : scan.hits[scan.rank(at) - 1]
    if (next !== undefined) return this.reveal(next)
    if (view.several) return this.wrapAround(by)
    const more = by > 0 ? view.newer !== 'here' : view.older !== 'none'
    const edge = view.buffer.edge()
    if (!more || !edge) return this.wrapAround(by)
    await this.reach(by > 0 ? edge.end : edge.off, by)
  }

  private wrapAround(by: 1 | -1): void {
    const next = by > 0 ? this.scan.hits[0] : this.scan.hits.at(-1)
    if (next !== undefined) this.reveal(next)
    else this.nothing = true
  }

  private async reach(from: number, by: 1 | -1): Promise<void> {
    if (!(await this.fetchHit(this.scan.query, from, by)) && !this.nothing) this.wrapAround(by)
  }

  /** Goes to the next line of the log that has something, wherever it is; tells whether there was one. */
  private async fetchHit(wanted: Wanted, from: number, by: 1 | -1): Promise<boolean> {
    this.reaching = true
    try {
      const name = this.view.names[0]!
      const found = await nextHit(this.desk.client, name, wanted, from, by < 0, this.ended.signal)
      if (found) await this.view.goTo(found.off)
      return found !== undefined
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.nothing = true
      return false
    } finally {
      this.reaching = false
    }
  }

  /** To the next line that tells of an error, or the one before, wherever in the log it is. */
  async stepToError(by: 1 | -1): Promise<void> {
    const { view } = this
    const { buffer } = view
    if (this.reaching) return
    this.nothing = false
    let at = this.cursor ?? (by > 0 ? buffer.start - 1 : buffer.stop)
    for (at += by; at >= buffer.start && at < buffer.stop; at += by) {
      const item = buffer.item(at)
      if (item.kind === 'line' && !item.tail && levelOfLine(item) === 'error') return this.reveal(at)
    }
    const edge = buffer.edge()
    const more = by > 0 ? view.newer !== 'here' : view.older !== 'none'
    const wanted = { text: errorWords, regex: true, exact: true }
    const found =
      !view.several && more && edge && (await this.fetchHit(wanted, by > 0 ? edge.end : edge.off, by))
    if (!found) this.nothing = true
  }

  /**
   * Takes the reader to a place, said by people: a time, a byte as "#1234", or a
   * share of the whole as "50%". Tells whether there was one.
   */
  async goToPlace(said: string): Promise<boolean> {
    const byte = /^#\s*([\d\s,.']+)$/.exec(said)
    const share = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(said)
    if (!byte && !share) return this.view.goToTime(said)
    if (this.view.several) return false
    try {
      const { oldest, newest } = extentOf(await placeOf(this.desk.client, this.view.names[0]!))
      const wanted = byte
        ? Number(byte[1]!.replace(/\D/g, ''))
        : oldest + Math.floor(((newest - oldest) * Math.min(100, Number(share![1]))) / 100)
      if (wanted < oldest || wanted > newest) return false
      await this.view.goTo(Math.min(wanted, newest - 1))
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return false
    }
  }

  /** Moves the line pointed at to the next one that is shown. */
  point(by: 1 | -1, from: number): void {
    const { buffer } = this.view
    for (let at = this.cursor === undefined ? from : this.cursor + by; ; at += by) {
      if (at < buffer.start || at >= buffer.stop) return
      const item = buffer.item(at)
      if (item.kind === 'line' && this.shows(at, item)) return this.reveal(at)
    }
  }

  /** Searches all files on the server. */
  searchAll(extent: (source: number) => { oldest: number; newest: number } | undefined): void {
    this.whole?.stop()
    const { text, regex, exact } = this.scan.query
    const whole = new LogSearch(this.desk.client, this.view.names, { text, regex, exact }, extent)
    this.whole = whole
    void whole.run()
  }

  /** Selects whole lines, from the one to the other. */
  selectLines(a: number, b: number): void {
    this.anchor = undefined
    this.view.pause()
    this.selected = {
      from: { index: Math.min(a, b), column: 0 },
      to: { index: Math.max(a, b), column: Number.POSITIVE_INFINITY },
    }
  }

  /** How many whole lines are selected, without the browser knowing. */
  get linesSelected(): number {
    if (this.selected?.to.column !== Number.POSITIVE_INFINITY) return 0
    const { from, to } = this.selected
    let lines = 0
    for (let i = Math.max(from.index, this.view.buffer.start); i <= to.index; i++) {
      const item = this.view.buffer.item(i)
      if (item?.kind === 'line' && !item.tail && this.shows(i, item)) lines++
    }
    return lines
  }

  /** The text of what is selected, as it was written, but for colours: lines that are not drawn included. */
  selection(): string | undefined {
    if (!this.selected) return undefined
    return this.textBetween(this.selected.from, this.selected.to)
  }

  textBetween(from: Spot, to: Spot): string {
    const { buffer } = this.view
    let text = ''
    let begun = false
    let shown = true
    for (let i = Math.max(from.index, buffer.start); i <= Math.min(to.index, buffer.stop - 1); i++) {
      const item = buffer.item(i)
      if (item.kind !== 'line') continue
      if (!item.tail) shown = this.shows(i, item)
      if (!shown) continue // hidden by the reader; a piece is shown where its line is
      const piece = writtenText(
        this.textOf(item),
        i === from.index ? from.column : 0,
        i === to.index ? to.column : undefined,
      )
      text += (begun && !item.cont ? '\n' : '') + piece
      begun = true
    }
    return text
  }
}
