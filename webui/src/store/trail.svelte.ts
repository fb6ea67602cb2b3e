import { ApiError, type Client } from '../api/client'
import type { TrailCheck, TrailEntry } from '../wire/wire.gen'

/** What is looked for in the trail, as the address of the page says it. */
export interface Filter {
  user: string
  /** A name or a pattern of programs. */
  program: string
  /** How far back, such as "24h"; empty for all. With from or to it does not count. */
  since: string
  /** Days by the reader's calendar, "2026-01-31", both included; empty for open ends. */
  from: string
  to: string
}

/** Entries asked for at once. */
const page = 50
/** Pages in a row that may hold nothing for this reader before he must ask for more. */
const emptyPages = 5

/** The trail, the newest first, as far back as it was asked for. */
export class TrailView {
  phase = $state<'loading' | 'ready' | 'forbidden' | 'failed'>('loading')
  entries = $state.raw<TrailEntry[]>([])
  /** Whether there may be older ones. */
  more = $state(false)
  busy = $state(false)
  error = $state.raw<ApiError | undefined>(undefined)
  /** Whether all of it is being checked, what came of that, and why nothing did. */
  checking = $state(false)
  check = $state.raw<TrailCheck | undefined>(undefined)
  checkError = $state.raw<ApiError | undefined>(undefined)

  private filter: Filter = { user: '', program: '', since: '', from: '', to: '' }
  private next = ''
  /** Goes up with every new question, so that late answers to old ones are dropped. */
  private turn = 0

  constructor(private readonly client: Client) {}

  /** Reads the newest entries that match. */
  async load(filter: Filter): Promise<void> {
    this.filter = filter
    this.next = ''
    await this.read(++this.turn, [])
  }

  /** Reads on towards the older ones. */
  async older(): Promise<void> {
    if (this.busy || !this.more) return
    await this.read(++this.turn, this.entries)
  }

  /** Looks whether every line is as it was written. What is shown of the trail stays. */
  async verify(): Promise<void> {
    this.checking = true
    this.check = this.checkError = undefined
    try {
      this.check = await this.client.verifyTrail()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.checkError = error
    } finally {
      this.checking = false
    }
  }

  /** A page may hold nothing for this reader and yet not be the last. */
  private async read(turn: number, known: TrailEntry[]): Promise<void> {
    this.busy = true
    try {
      let found: TrailEntry[] = []
      let next = this.next
      for (let i = 0; i < emptyPages && found.length === 0; i++) {
        const answer = await this.client.trail(queryOf(this.filter, next))
        if (turn !== this.turn) return
        found = answer.entries
        next = answer.next ?? ''
        if (next === '') break
      }
      this.entries = [...known, ...found]
      this.next = next
      this.more = next !== ''
      this.phase = 'ready'
    } catch (error) {
      if (turn === this.turn) this.failed(error)
    } finally {
      if (turn === this.turn) this.busy = false
    }
  }

  private failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    this.error = error
    this.phase = error.status === 403 ? 'forbidden' : 'failed'
  }
}

/** What to ask the server; a day begins and ends where the reader is. */
function queryOf(filter: Filter, before: string): URLSearchParams {
  const query = new URLSearchParams({ limit: String(page) })
  if (filter.user) query.set('user', filter.user)
  if (filter.program) query.set('program', filter.program)
  const [from, to] = [dayStart(filter.from, 0), dayStart(filter.to, 1)]
  if (from) query.set('since', from)
  if (to) query.set('until', to)
  if (!from && !to && filter.since) query.set('since', filter.since)
  if (before) query.set('before', before)
  return query
}

/** When a day begins, or the one so many days after it; empty for what is no day. */
function dayStart(day: string, later: number): string {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []
  if (year === undefined) return ''
  return new Date(Number(year), Number(month) - 1, Number(date) + later).toISOString()
}
