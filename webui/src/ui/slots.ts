/**
 * Gives each item that is drawn a slot, by which its row is known: an item keeps
 * its slot for as long as it is drawn, and one that is new takes the slot, and so
 * the row, of one that has gone. A log in which every line is another one with each
 * picture is then written into the rows there are, not into new ones.
 */
export class Slots {
  private taken = new Map<number, number>()
  private made = 0

  /** The slots of items, in their order; call it once for each picture. */
  assign(items: readonly number[]): number[] {
    const wanted = new Set(items)
    const free = [...this.taken].filter(([item]) => !wanted.has(item)).map(([, slot]) => slot)
    let next = 0
    const slots = items.map((item) => this.taken.get(item) ?? free[next++] ?? this.made++)
    this.taken = new Map(items.map((item, i) => [item, slots[i]!]))
    if (next < free.length) this.made = Math.max(-1, ...slots) + 1
    return slots
  }
}
