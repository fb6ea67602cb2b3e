/** What can have the focus, of what may be left of a page. */
const able = '[tabindex], a[href], button, input'

/**
 * Where the focus was. It may have to go back there when that is gone: then to
 * the heading of the group it stood under, then to the nearest thing around it
 * that is left. A reader without a mouse who is thrown to the top of the page has
 * lost their place, and one who listens is told nothing at all.
 */
export class FocusPlace {
  /** What was around it, the nearest first, with itself. */
  readonly path: readonly Element[]
  private readonly heading: HTMLElement | undefined

  constructor(readonly element: Element) {
    const path: Element[] = []
    for (let at: Element | null = element; at && at !== document.body; at = at.parentElement) path.push(at)
    this.path = path
    this.heading = headingOf(element)
  }

  get gone(): boolean {
    return !this.element.isConnected
  }

  back(): void {
    for (const one of [...this.path.slice(0, 1), this.heading, ...this.path.slice(1)]) {
      if (one?.isConnected && take(one)) return
    }
    focusOn(document.querySelector('main'))
  }
}

/** Focuses a thing, or what in it begins it. */
function take(one: Element): boolean {
  const first = one.matches('dialog') ? one.querySelector('[data-first] :is(button, input), button') : one
  return focusOn(first?.matches(able) ? first : one.querySelector('h1[tabindex]'))
}

function focusOn(one: Element | null): boolean {
  if (one instanceof HTMLElement) one.focus({ preventScroll: true })
  return one === document.activeElement
}

/** What names the group of a row: the nearest heading among the rows before it. */
function headingOf(element: Element): HTMLElement | undefined {
  let row = element.closest('[role="row"]')
  while (row) {
    const heading = row.querySelector<HTMLElement>('[role="rowheader"] button')
    if (heading) return heading
    row = row.previousElementSibling
  }
  return undefined
}

/**
 * Opens a dialog, and closes it with what this returns. The browser keeps the focus
 * inside. It would also give it back, but by then the dialog is out of the document,
 * and a closed one gives nothing back.
 */
export function modal(dialog: HTMLDialogElement): () => void {
  const before = new FocusPlace(document.activeElement ?? document.body)
  dialog.showModal()
  dialog.querySelector<HTMLElement>('[data-first] :is(button, input)')?.focus()
  return () => {
    dialog.close()
    if (document.activeElement === document.body) before.back()
  }
}

/**
 * Takes the reader of a new page to its title. A page that is still being loaded
 * has none yet: until then they wait at its beginning, and stay where they go
 * meanwhile.
 */
export function focusTitle(): void {
  const main = document.querySelector('main')
  if (!main || focusOn(main.querySelector('h1'))) return
  focusOn(main)
  new MutationObserver((_, observer) => {
    const here = document.activeElement
    const title = main.querySelector('h1')
    if (here !== main && here !== document.body) observer.disconnect()
    else if (focusOn(title)) observer.disconnect()
  }).observe(main, { childList: true, subtree: true })
}
