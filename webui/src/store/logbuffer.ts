import { byteLength } from '../wire/guard'
import type { GapWhy, LogFrame, LogPage, MarkFrame, MarkWhy, MergedPage } from '../wire/wire.gen'

/** A line of a log, or a piece of one that is too long for one row. */
export interface LogLine {
  kind: 'line'
  /** The place of its log among those shown together. */
  source: number
  off: number
  end: number
  text: string
  open: boolean
  /** It continues the line before it in its log. */
  cont: boolean
  /** It continues a line of which enough is shown: it is seen when somebody asks for all of it. */
  tail: boolean
  /** When it came; 0 if that is not known. */
  at: number
}

/** One row of a log: a line, a hole, or something that befell it. */
export type LogItem =
  | LogLine
  | { kind: 'gap'; source: number; off: number; end: number; why: GapWhy }
  | { kind: 'mark'; source: number; off: number; end: number; why: MarkWhy; at: number }

export interface Limits {
  items: number
  chars: number
}

/** From where to where the lines of one log are held. */
export interface Edge {
  off: number
  end: number
}

const usual: Limits = { items: 100_000, chars: 16 << 20 }

/** Longer lines stay in pieces: a line without end must not stall the page. */
const longestLine = 16_384

/** How much of a line is drawn until somebody asks for all of it. */
export const longestShown = 2_000

/**
 * The lines of logs that the page holds, in the order in which they came. Indices
 * are absolute: an item keeps its index while others come and go at both ends.
 * When there are too many a twentieth goes at once, so that a fast log does not
 * move the whole buffer for each line: the oldest of a log that is followed, the
 * newest of one that is read backwards.
 */
export class LogBuffer {
  /** The epoch all offsets belong to. */
  epoch = ''
  /** Changes when items have moved otherwise than at the two ends. */
  generation = 0
  /** Whether lines were let go to stay within the limits. */
  trimmed = false

  private items: LogItem[] = []
  private first = 0
  private chars = 0
  private edges: (Edge | undefined)[] = []

  constructor(private readonly limits: Limits = usual) {}

  /** Index of the first item, and the one behind the last. */
  get start(): number {
    return this.first
  }
  get stop(): number {
    return this.first + this.items.length
  }

  /** Offset of the first byte held; undefined while there is nothing. */
  get off(): number | undefined {
    return this.edges[0]?.off
  }

  /** What is held of a log; undefined while that is nothing. */
  edge(source = 0): Edge | undefined {
    return this.edges[source]
  }

  item(index: number): LogItem {
    return this.items[index - this.first]!
  }

  /** The index of the line a byte belongs to; undefined if it is not held. */
  find(source: number, off: number): number | undefined {
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items[i]!
      if (
        item.source === source &&
        item.kind === 'line' &&
        item.off <= off &&
        off < Math.max(item.end, item.off + 1)
      )
        return this.first + i
    }
    return undefined
  }

  append(frame: LogFrame, source = 0): void {
    this.epoch = frame.epoch
    this.add(linesOf(frame, source), frame.cont === true)
    this.stretch(source, frame.off, frame.end)
    this.trim()
  }

  /** Puts lines in that were already taken out of their frames. */
  add(lines: LogLine[], cont = false): void {
    const [first, ...rest] = lines
    if (first && !(cont && this.extend(first))) this.push(first)
    for (const line of rest) this.push(line)
  }

  /** Says that the bytes of a log up to there are held. */
  stretch(source: number, off: number, end: number): void {
    const edge = this.edges[source]
    if (edge) edge.end = Math.max(edge.end, end)
    else this.edges[source] = { off, end }
  }

  gap(from: number, to: number, why: GapWhy, source = 0): void {
    this.push({ kind: 'gap', source, off: from, end: to, why })
    this.stretch(source, from, to)
  }

  mark(off: number, why: MarkWhy, at: number, source = 0): void {
    this.push({ kind: 'mark', source, off, end: off, why, at })
  }

  /**
   * Forgets the log, whose offsets mean other bytes after a restart of supervisord,
   * but not what was read of it: that stays above a mark, without a place in any file.
   */
  outlive({ why, at }: MarkFrame): void {
    const kept = this.items.filter((item) => item.kind !== 'mark' || item.why !== 'restarted')
    this.clear()
    for (const item of kept) {
      const formerly = { ...item, off: item.off - former, end: item.end - former }
      this.push(formerly.kind === 'gap' ? { ...formerly, why: 'trimmed' } : formerly)
    }
    this.mark(0, why, at)
  }

  /** Puts the mark of a restart before the first line that came after it. */
  divide({ why, at }: MarkFrame): void {
    const first = this.items.findIndex((item) => item.kind === 'line' && item.at >= at)
    const mark: LogItem = { kind: 'mark', source: 0, off: 0, end: 0, why, at }
    this.items.splice(first < 0 ? this.items.length : first, 0, mark)
  }

  /**
   * Puts lines above the mark of a restart that is the last item: those that the
   * file still has of the life before, and instead of those only remembered.
   */
  appendFormer(lines: LogLine[]): void {
    this.forgetFormer()
    const mark = this.items.pop()
    for (const line of lines) this.push(line)
    if (mark) this.push(mark)
  }

  /** Lets go of lines that have no place in any file. */
  forgetFormer(): void {
    const many = this.items.findIndex((item) => item.off >= 0)
    const gone = this.items.splice(0, many < 0 ? this.items.length : many)
    this.first += gone.length
    this.chars -= gone.reduce((n, item) => n + size(item), 0)
  }

  /** Puts a page of older lines before what is held; they must end where it begins. */
  prepend(page: LogPage | MergedPage): boolean {
    const edges = edgesOf(page)
    if (edges.some((edge, i) => edge.end !== this.edges[i]?.off)) return false
    const items: LogItem[] = itemsOfPage(page)
    this.items = items.concat(this.items)
    this.first -= items.length
    this.chars += items.reduce((n, item) => n + size(item), 0)
    for (const [i, edge] of edges.entries()) this.edges[i]!.off = edge.off
    return true
  }

  /** Puts a page of newer lines behind what is held; they must begin where it ends. */
  extendBy(page: LogPage | MergedPage): boolean {
    const edges = edgesOf(page)
    if (edges.some((edge, i) => edge.off !== this.edges[i]?.end)) return false
    this.add(itemsOfPage(page), 'cont' in page && page.cont === true)
    for (const [i, edge] of edges.entries()) this.edges[i]!.end = edge.end
    this.trim()
    return true
  }

  /** Holds a page and nothing else. */
  replace(page: LogPage | MergedPage): void {
    this.clear()
    this.epoch = page.epoch
    this.edges = edgesOf(page)
    this.add(itemsOfPage(page))
  }

  /**
   * Fills the end of a hole with a page; what the page does not reach stays a
   * hole. Everything behind it moves, so the buffer counts as new.
   */
  fill(index: number, page: LogPage): void {
    const hole = this.item(index)
    if (hole?.kind !== 'gap' || page.end !== hole.end) return
    const fresh: LogItem[] = linesOf(page, hole.source).filter((item) => item.off >= hole.off)
    const begin = fresh[0]?.off ?? hole.end
    const rest: LogItem[] = begin > hole.off ? [{ ...hole, end: begin }] : []
    if (fresh.length === 0) rest.splice(0, 1, { ...hole, why: 'trimmed' })
    const at = index - this.first
    this.items = [...this.items.slice(0, at), ...rest, ...fresh, ...this.items.slice(at + 1)]
    this.chars = this.items.reduce((n, item) => n + size(item), 0)
    this.generation++
  }

  clear(): void {
    this.generation++
    this.first = this.stop
    this.items = []
    this.edges = []
    this.chars = 0
    this.trimmed = false
  }

  /** Lets the newest go until it fits; tells whether any went. */
  trimEnd(): boolean {
    if (!this.tooMuch) return false
    const drop = this.surplus((i) => this.items.at(-1 - i)!)
    for (const item of this.items.splice(-drop)) {
      const edge = hasPlace(item) ? this.edges[item.source] : undefined
      if (edge) edge.end = Math.min(edge.end, item.off)
      this.chars -= size(item)
    }
    return true
  }

  /** Continues the open last line, unless it has grown too long for one row. */
  private extend(more: LogLine): boolean {
    const last = this.items.at(-1)
    if (last?.kind !== 'line' || last.source !== more.source || !last.open) return false
    if (last.text.length + more.text.length > longestLine) return false
    const { off, at, cont, tail } = last
    this.items[this.items.length - 1] = {
      ...more,
      off,
      at: at || more.at,
      cont,
      tail,
      text: last.text + more.text,
    }
    this.chars += more.text.length
    return true
  }

  private push(item: LogItem): void {
    if (item.kind === 'line') item.tail = isTail(item, this.items.at(-1))
    this.items.push(item)
    this.chars += size(item)
  }

  private get tooMuch(): boolean {
    return this.items.length > this.limits.items || this.chars > this.limits.chars
  }

  /** How many items must go, in an order, that it fits again and stays so for a while. */
  private surplus(nth: (i: number) => LogItem): number {
    let drop = Math.ceil(this.items.length / 20)
    let chars = this.chars
    for (let i = 0; i < this.items.length - 1; i++) {
      if (i >= drop && chars <= this.limits.chars * 0.95) break
      chars -= size(nth(i))
      drop = Math.max(drop, i + 1)
    }
    return drop
  }

  private trim(): void {
    if (!this.tooMuch) return
    const drop = this.surplus((i) => this.items[i]!)
    for (const item of this.items.slice(0, drop)) {
      const edge = hasPlace(item) ? this.edges[item.source] : undefined
      if (edge) edge.off = Math.max(edge.off, item.end)
      this.chars -= size(item)
    }
    this.items = this.items.slice(drop)
    this.first += drop
    this.trimmed = true
  }
}

/** By so much the offsets of lines that have no place any more are below zero. */
const former = 2 ** 52

/** Whether an item stands for bytes of a file. */
function hasPlace(item: LogItem): boolean {
  return item.kind !== 'mark' && item.off >= 0
}

function size(item: LogItem): number {
  return item.kind === 'line' ? item.text.length : 0
}

function isTail(line: LogLine, before: LogItem | undefined): boolean {
  if (!line.cont || before?.kind !== 'line' || before.source !== line.source || !before.open) return false
  return before.tail || before.text.length > longestShown
}

/** Lines fill their bytes without a hole, so each one's offset follows from those before it. */
export function linesOf(
  chunk: {
    off: number
    lines: readonly string[]
    open?: boolean
    cont?: boolean
    offs?: readonly number[]
    at?: readonly (readonly number[])[]
  },
  source = 0,
): LogLine[] {
  const runs = chunk.at ?? []
  let off = chunk.off
  let run = -1
  return chunk.lines.map((text, i) => {
    while (run + 1 < runs.length && runs[run + 1]![0]! <= i) run++
    const open = chunk.open === true && i === chunk.lines.length - 1
    const begin = chunk.offs?.[i] ?? off
    off = begin + byteLength(text) + (open ? 0 : 1)
    const cont = chunk.cont === true && i === 0
    return {
      kind: 'line',
      source,
      off: begin,
      end: off,
      text,
      open,
      cont,
      tail: false,
      at: runs[run]?.[1] ?? 0,
    }
  })
}

function itemsOfPage(page: LogPage | MergedPage): LogLine[] {
  if (!('sources' in page)) return linesOf(page)
  const seen = new Set<number>()
  const last = page.sources.map((_, source) => page.source.lastIndexOf(source))
  return page.lines.map((text, i) => {
    const source = page.source[i]!
    const of = page.sources[source]!
    const open = of.open === true && last[source] === i
    const cont = of.cont === true && !seen.has(source)
    seen.add(source)
    const off = page.offs[i]!
    const end = off + byteLength(text) + (open ? 0 : 1)
    return { kind: 'line', source, off, end, text, open, cont, tail: false, at: page.at[i]! }
  })
}

function edgesOf(page: LogPage | MergedPage): Edge[] {
  const parts = 'sources' in page ? page.sources : [page]
  return parts.map(({ off, end }) => ({ off, end }))
}
