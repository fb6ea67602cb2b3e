import { ApiError, type Client } from '../api/client'
import { EventsWatch } from '../live/events'
import type { Socket } from '../live/socket'
import type { ActivityEntry, EventKind, TrailCheck } from '../wire/wire.gen'

/** What is looked for, as the address of the page says it. */
export interface Filter {
  user: string
  /** Kinds of entries, with commas between; empty for all. */
  type: string
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
/** Entries gathered at once to be saved, and how many are saved at most. */
const savedPage = 1000
export const mostSaved = 20_000
/** More news than this are not counted. */
const mostNews = 999
/** Pages in a row that may hold nothing for this reader before he must ask for more. */
const emptyPages = 5

/** What people did and what became of it, the newest first, as far back as it was asked for. */
export class ActivityView {
  phase = $state<'loading' | 'ready' | 'forbidden' | 'failed'>('loading')
  entries = $state.raw<ActivityEntry[]>([])
  /** Whether there may be older ones. */
  more = $state(false)
  busy = $state(false)
  error = $state.raw<ApiError | undefined>(undefined)
  /** Whether all of it is being checked, what came of that, and why nothing did. */
  checking = $state(false)
  check = $state.raw<TrailCheck | undefined>(undefined)
  checkError = $state.raw<ApiError | undefined>(undefined)

  /** How many have come since, and whether there are more than were counted. */
  news = $state.raw({ count: 0, more: false })
  /** When the oldest change of state happened that is still known; 0 for none. */
  since = $state(0)

  private filter: Filter = { user: '', program: '', type: '', since: '', from: '', to: '' }
  private next = ''
  /** What is shown, and what has come since, by their keys, and whether it is more than that. */
  private shown = new Set<string>()
  private fresh = new Set<string>()
  private moreNews = false
  /** What came since must be asked for, once nothing else is being asked. */
  private mustLook = false
  private watch: EventsWatch | undefined
  /** Goes up with every new question, so that late answers to old ones are dropped. */
  private turn = 0

  constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {}

  /** Reads the newest entries that match, and from then on counts those that come. */
  async load(filter: Filter): Promise<void> {
    this.filter = filter
    this.next = ''
    this.fresh.clear()
    this.moreNews = false
    this.count()
    this.follow()
    await this.read(++this.turn, [])
  }

  /** Hears of nothing more. */
  close(): void {
    this.watch?.close()
    this.watch = undefined
  }

  /** Reads on towards the older ones. */
  async older(): Promise<void> {
    if (this.busy || !this.more) return
    await this.read(++this.turn, this.entries)
  }

  /**
   * Counts what comes, without showing it: nothing moves under the reader's eyes.
   * Days that are over bring nothing new.
   */
  private follow(): void {
    this.close()
    const { type, program, user, to } = this.filter
    const end = dayStart(to, 1)
    if (end && Date.parse(end) <= Date.now()) return
    const types = type.split(',').filter(Boolean) as EventKind[]
    this.watch = new EventsWatch(
      this.socket,
      { types, program, user },
      {
        happened: (entries) => {
          for (const entry of entries) this.note(entry)
          this.count()
        },
        missed: () => void this.look(),
      },
    )
  }

  /** Asks what has come since. What cannot be asked for now is asked for later. */
  private async look(): Promise<void> {
    this.mustLook = this.busy || this.phase === 'loading'
    if (this.mustLook || this.phase !== 'ready') return
    const turn = this.turn
    try {
      const { entries } = await this.client.activity(queryOf(this.filter, '', page))
      if (turn !== this.turn) return
      const at = entries.findIndex((entry) => this.shown.has(keyOf(entry)))
      for (const entry of at < 0 ? entries : entries.slice(0, at)) this.note(entry)
      if (at < 0 && entries.length === page) this.moreNews = true
      this.count()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
  }

  private note(entry: ActivityEntry): void {
    if (this.shown.has(keyOf(entry))) return
    if (this.fresh.size < mostNews) this.fresh.add(keyOf(entry))
    else this.moreNews = true
  }

  private count(): void {
    this.news = { count: this.fresh.size, more: this.moreNews }
  }

  /** Gathers all that matches, to be saved; throws what keeps the server from it. */
  async gather(): Promise<ActivityEntry[]> {
    const all: ActivityEntry[] = []
    let next = ''
    do {
      const answer = await this.client.activity(queryOf(this.filter, next, savedPage))
      all.push(...answer.entries)
      next = answer.next ?? ''
    } while (next !== '' && all.length < mostSaved)
    return all.slice(0, mostSaved)
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
  private async read(turn: number, known: ActivityEntry[]): Promise<void> {
    this.busy = true
    try {
      let found: ActivityEntry[] = []
      let next = this.next
      for (let i = 0; i < emptyPages && found.length === 0; i++) {
        const answer = await this.client.activity(queryOf(this.filter, next, page))
        if (turn !== this.turn) return
        found = answer.entries
        next = answer.next ?? ''
        this.since = answer.since
        if (next === '') break
      }
      this.entries = [...known, ...found]
      this.next = next
      this.more = next !== ''
      this.phase = 'ready'
      this.shown = new Set(this.entries.map(keyOf))
      for (const key of this.shown) this.fresh.delete(key)
      this.count()
    } catch (error) {
      if (turn === this.turn) this.failed(error)
    } finally {
      if (turn === this.turn) this.busy = false
    }
    if (this.mustLook && !this.busy) void this.look()
  }

  private failed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    this.error = error
    this.phase = error.status === 403 ? 'forbidden' : 'failed'
  }
}

/** What tells entries apart: the number of the change, or of the line in the trail. */
export function keyOf(entry: ActivityEntry): string {
  return entry.event ? `e${entry.event.seq}` : `a${entry.act?.n}`
}

/** What to ask the server; a day begins and ends where the reader is. */
function queryOf(filter: Filter, before: string, limit: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit) })
  if (filter.type) query.set('type', filter.type)
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
