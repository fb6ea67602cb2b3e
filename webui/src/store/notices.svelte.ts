import type { ApiError } from '../api/client'
import type { Result, UpdateStep } from '../wire/wire.gen'
import type { Order } from './commands.svelte'
import type { Row } from './processes.svelte'

/** Something the reader is told in a corner of the page. The words are the catalogue's. */
export type Notice =
  | { kind: 'failed'; verb: Order; name: string; error: ApiError }
  | { kind: 'someFailed'; verb: Order; name: string; failed: Result[] }
  | { kind: 'nothing' }
  /** In the server's own words, which are English. */
  | { kind: 'told'; text: string; bad: boolean }
  | { kind: 'updated'; groups: number }
  | { kind: 'updateFailed'; error: ApiError }
  | { kind: 'stepsFailed'; steps: UpdateStep[] }
  | { kind: 'refused'; error: ApiError }
  | {
      kind: 'done'
      what: 'saved' | 'removed' | 'sessionEnded' | 'revoked' | 'password' | 'signalled' | 'written'
      name: string
    }

export interface Shown {
  id: number
  notice: Notice
  /** How often the same was said in a row. */
  times: number
}

/** Most notices on the screen at once. */
const most = 3
const gone = 5_000

export class Notices {
  shown = $state.raw<Shown[]>([])
  /** Called when supervisord has given processes up. */
  onfatal: (rows: Row[]) => void = () => {}
  private nextId = 1

  constructor(private readonly after: (ms: number, run: () => void) => void) {}

  /** Shows a notice: errors until they are dismissed, others for five seconds. */
  add(notice: Notice): void {
    const last = this.shown.at(-1)
    if (last && same(last.notice, notice)) {
      this.shown = [...this.shown.slice(0, -1), { ...last, times: last.times + 1 }]
      return
    }
    const id = this.nextId++
    this.shown = [...this.shown, { id, notice, times: 1 }].slice(-most)
    if (passing(notice)) this.after(gone, () => this.dismiss(id))
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((shown) => shown.id !== id)
  }
}

/** Whether a notice may go by itself, because nothing went wrong. */
function passing(notice: Notice): boolean {
  if (notice.kind === 'told') return !notice.bad
  return notice.kind === 'nothing' || notice.kind === 'updated' || notice.kind === 'done'
}

function same(a: Notice, b: Notice): boolean {
  if (a.kind === 'failed' && b.kind === 'failed') {
    return a.verb === b.verb && a.name === b.name && a.error.code === b.error.code
  }
  return a.kind === 'nothing' && b.kind === 'nothing'
}
