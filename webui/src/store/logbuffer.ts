import { byteLength } from '../wire/guard'
import type { GapWhy, LogFrame, LogPage, MarkWhy } from '../wire/wire.gen'

/** One row of a log: a line, a hole, or something that befell it. */
export type LogItem =
  | { kind: 'line'; off: number; end: number; text: string; open: boolean }
  | { kind: 'gap'; off: number; end: number; why: GapWhy }
  | { kind: 'mark'; off: number; end: number; why: MarkWhy; at: number }

export interface Limits {
  items: number
  chars: number
}

const usual: Limits = { items: 100_000, chars: 16 << 20 }

/** Longer lines stay in pieces: a line without end must not stall the page. */
const longestLine = 16_384

/**
 * The lines of a log that the page holds, in the order of their bytes. Indices
 * are absolute: an item keeps its index while others come and go at both ends.
 * When there are too many the oldest twentieth goes at once, so that a fast log
 * does not move the whole buffer for each line.
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
    return this.items[0]?.off
  }

  item(index: number): LogItem {
    return this.items[index - this.first]!
  }

  append(frame: LogFrame): void {
    this.epoch = frame.epoch
    const items = itemsOf(frame)
    const first = items[0]
    if (first?.kind === 'line' && frame.cont && this.extend(first)) items.shift()
    for (const item of items) this.push(item)
    this.trim()
  }

  gap(from: number, to: number, why: GapWhy): void {
    this.push({ kind: 'gap', off: from, end: to, why })
  }

  mark(off: number, why: MarkWhy, at: number): void {
    this.push({ kind: 'mark', off, end: off, why, at })
  }

  /** Puts a page of older lines before what is held; they must end where it begins. */
  prepend(page: LogPage): void {
    if (page.end !== this.off) return
    const items = itemsOf(page)
    this.items = items.concat(this.items)
    this.first -= items.length
    this.chars += items.reduce((n, item) => n + size(item), 0)
  }

  /**
   * Fills the end of a hole with a page; what the page does not reach stays a
   * hole. Everything behind it moves, so the buffer counts as new.
   */
  fill(index: number, page: LogPage): void {
    const hole = this.item(index)
    if (hole?.kind !== 'gap' || page.end !== hole.end) return
    const fresh = itemsOf(page).filter((item) => item.off >= hole.off)
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
    this.chars = 0
    this.trimmed = false
  }

  /** Continues the open last line, unless it has grown too long for one row. */
  private extend(more: LogItem & { kind: 'line' }): boolean {
    const last = this.items.at(-1)
    if (last?.kind !== 'line' || !last.open || last.text.length + more.text.length > longestLine) return false
    this.items[this.items.length - 1] = { ...more, off: last.off, text: last.text + more.text }
    this.chars += more.text.length
    return true
  }

  private push(item: LogItem): void {
    this.items.push(item)
    this.chars += size(item)
  }

  private trim(): void {
    if (this.items.length <= this.limits.items && this.chars <= this.limits.chars) return
    let drop = Math.ceil(this.items.length / 20)
    let chars = this.chars
    for (let i = 0; i < this.items.length - 1; i++) {
      if (i >= drop && chars <= this.limits.chars * 0.95) break
      chars -= size(this.items[i]!)
      drop = Math.max(drop, i + 1)
    }
    this.items = this.items.slice(drop)
    this.first += drop
    this.chars = chars
    this.trimmed = true
  }
}

function size(item: LogItem): number {
  return item.kind === 'line' ? item.text.length : 0
}

/** Lines fill their bytes without a hole, so each one's offset follows from those before it. */
function itemsOf(chunk: { off: number; lines: readonly string[]; open?: boolean }): LogItem[] {
  let off = chunk.off
  return chunk.lines.map((text, i) => {
    const open = chunk.open === true && i === chunk.lines.length - 1
    const end = off + byteLength(text) + (open ? 0 : 1)
    const item: LogItem = { kind: 'line', off, end, text, open }
    off = end
    return item
  })
}
