import { browserShelf, type Shelf } from './preferences.svelte'

const most = 8

/** What was chosen lately among all that can be done, in this browser, the newest first. */
export class Recent {
  readonly ids: string[]

  constructor(private readonly shelf: Shelf = browserShelf()) {
    this.ids = (shelf.get('recent') ?? '').split('\n').filter(Boolean).slice(0, most)
  }

  add(id: string): void {
    const others = this.ids.filter((other) => other !== id)
    this.ids.splice(0, this.ids.length, ...[id, ...others].slice(0, most))
    this.shelf.set('recent', this.ids.join('\n'))
  }
}
