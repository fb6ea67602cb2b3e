/** Items of known heights, one below the other. Indices are absolute: they keep
 * naming the same item while items come and go at both ends. */
export interface Source {
  /** Index of the first item, and the one behind the last. */
  readonly start: number
  readonly stop: number
  height(index: number): number
}

const chunk = 1024

/**
 * Adds up the heights of many items and finds the one at a position, for lists
 * that draw only what can be seen. Sums are kept per chunk, so that following a
 * log of 100,000 lines costs no more than its new lines.
 */
export class Stack {
  private heights: number[] = []
  private sums: number[] = []
  private first = 0

  /** Index of the first item, and the one behind the last. */
  get start(): number {
    return this.first
  }
  get stop(): number {
    return this.first + this.heights.length
  }

  /** The height of all. */
  get total(): number {
    return this.sums.reduce((sum, n) => sum + n, 0)
  }

  /** Measures everything anew. */
  rebuild(source: Source): void {
    this.first = source.start
    this.heights = []
    this.sums = []
    this.append(source)
  }

  /**
   * Follows a source that grew at its end, was cut or grew at its beginning, and
   * may have changed its last item of before; nothing else may have changed.
   */
  sync(source: Source): void {
    const untouched = Math.min(this.stop - 1, source.stop)
    if (source.start > untouched || source.start > this.stop || source.stop < this.start) {
      return this.rebuild(source)
    }
    const grown = this.start - source.start
    if (grown !== 0) {
      const older = grown > 0 ? Array.from({ length: grown }, (_, i) => source.height(source.start + i)) : []
      this.heights = older.concat(grown > 0 ? this.heights : this.heights.slice(-grown))
      this.first = source.start
      this.sum()
    }
    this.truncate(untouched)
    this.append(source)
  }

  /** How high an item is. */
  heightOf(index: number): number {
    return this.heights[index - this.first] ?? 0
  }

  /** How far the top of an item is from the top of all. */
  top(index: number): number {
    const at = Math.min(Math.max(index - this.first, 0), this.heights.length)
    const whole = Math.floor(at / chunk)
    let y = 0
    for (let i = 0; i < whole; i++) y += this.sums[i]!
    for (let i = whole * chunk; i < at; i++) y += this.heights[i]!
    return y
  }

  /** The item at a distance from the top; the nearest one outside. */
  at(y: number): number {
    let rest = y
    let i = 0
    while (i < this.sums.length - 1 && rest >= this.sums[i]!) rest -= this.sums[i++]!
    let item = i * chunk
    const last = this.heights.length - 1
    while (item < last && rest >= this.heights[item]!) rest -= this.heights[item++]!
    return this.first + Math.max(item, 0)
  }

  /** The items that touch the window from y down, and some more on both sides. */
  window(y: number, height: number, overscan: number): { from: number; to: number } {
    if (this.heights.length === 0) return { from: this.first, to: this.first }
    return {
      from: Math.max(this.start, this.at(y) - overscan),
      to: Math.min(this.stop, this.at(y + height) + 1 + overscan),
    }
  }

  private append(source: Source): void {
    for (let i = this.stop; i < source.stop; i++) {
      const height = source.height(i)
      const at = this.heights.push(height) - 1
      const slot = Math.floor(at / chunk)
      this.sums[slot] = (this.sums[slot] ?? 0) + height
    }
  }

  private truncate(stop: number): void {
    const keep = Math.max(0, stop - this.first)
    for (let i = keep; i < this.heights.length; i++) {
      this.sums[Math.floor(i / chunk)]! -= this.heights[i]!
    }
    this.heights.length = Math.min(keep, this.heights.length)
    this.sums.length = Math.ceil(this.heights.length / chunk)
  }

  private sum(): void {
    this.sums = []
    this.heights.forEach((height, i) => {
      const slot = Math.floor(i / chunk)
      this.sums[slot] = (this.sums[slot] ?? 0) + height
    })
  }
}
