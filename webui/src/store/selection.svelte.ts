import { SvelteSet } from 'svelte/reactivity'

/** The processes that are chosen, to be acted on together. */
export class Selection {
  readonly ids = new SvelteSet<number>()
  /** Where there is no room for boxes, they are there while somebody chooses. */
  choosing = $state(false)

  set(id: number, chosen: boolean): void {
    if (chosen) this.ids.add(id)
    else this.ids.delete(id)
  }

  clear(): void {
    this.ids.clear()
    this.choosing = false
  }
}
