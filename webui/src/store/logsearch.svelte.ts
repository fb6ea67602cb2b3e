import { ApiError, type Client } from '../api/client'
import { type LogName, searchLog } from '../api/logs'
import type { LogHit, SearchLine } from '../wire/wire.gen'

/** What is looked for in all files of a log. */
export interface Wanted {
  text: string
  regex: boolean
  exact: boolean
}

export interface FoundLine extends LogHit {
  /** The place of its log among those searched. */
  source: number
}

/** Hits that are shown; the others are only counted. */
export const mostHits = 1_000

/** The query of a search, as the API and the download of what is found want it. */
export function searchQuery(wanted: Wanted): URLSearchParams {
  const query = new URLSearchParams({ q: wanted.text })
  if (wanted.regex) query.set('regex', '1')
  if (wanted.exact) query.set('case', '1')
  return query
}

/** A search through all files of logs on the server, the newest lines first. */
export class LogSearch {
  hits = $state.raw<FoundLine[]>([])
  /** How many lines match, as far as is known. */
  count = $state(0)
  phase = $state<'searching' | 'done' | 'stopped' | 'failed'>('searching')
  /** Not all that match are among the hits. */
  capped = $state(false)
  /** What of everything was searched, 0 to 1; undefined while that is not known. */
  share = $state<number | undefined>(undefined)
  /** Why it failed, as the server says it; and seconds after which to try again. */
  reason = $state('')
  retry = $state(0)

  private readonly stopper = new AbortController()
  private pending: FoundLine[] = []
  private before = 0

  constructor(
    private readonly client: Client,
    private readonly names: readonly LogName[],
    readonly wanted: Wanted,
    /** From where to where a log goes, if that is known, so that progress can be told. */
    private readonly extent: (source: number) => { oldest: number; newest: number } | undefined,
  ) {}

  /** Ends it; what was found stays. */
  stop(): void {
    this.stopper.abort()
    if (this.phase === 'searching') this.phase = 'stopped'
  }

  async run(): Promise<void> {
    try {
      for (let source = 0; source < this.names.length; source++) await this.through(source)
      this.phase = 'done'
      this.share = 1
    } catch (error) {
      this.show()
      if (this.stopper.signal.aborted) return
      if (!(error instanceof ApiError)) throw error
      this.phase = 'failed'
      this.reason = error.detail
      this.retry = error.retryAfter
    }
  }

  /** Searches one log to its end, in as many requests as the server wants. */
  private async through(source: number): Promise<void> {
    let from: number | undefined
    this.before = this.count
    for (;;) {
      const found = await this.once(source, from)
      this.show()
      this.before = this.count
      if (found === undefined) return
      from = found
    }
  }

  /** Gives where to go on, if the server's time was over before the log was. */
  private async once(source: number, from: number | undefined): Promise<number | undefined> {
    const query = searchQuery(this.wanted)
    query.set('dir', 'back')
    query.set('limit', String(Math.max(1, mostHits - this.hits.length)))
    if (from !== undefined) query.set('from', String(from))
    let on: number | undefined
    let ended = false
    await searchLog(this.client, this.names[source]!, query, this.stopper.signal, (line) => {
      this.hear(source, line)
      if (!line.done) return
      ended = true
      on = line.done.more ? line.done.scannedTo : undefined
    })
    if (!ended) throw new ApiError('network', 0, '', '', '')
    return on
  }

  private hear(source: number, line: SearchLine): void {
    if (line.hit) this.pending.push({ ...line.hit, source })
    if (line.error !== undefined) throw new ApiError('answer', 200, '', line.error, '')
    const told = line.progress ?? line.done
    if (!told) return
    this.count = this.before + told.hits
    if (line.done?.capped) this.capped = true
    const extent = this.extent(source)
    if (extent && extent.newest > extent.oldest) {
      const part = (extent.newest - told.scannedTo) / (extent.newest - extent.oldest)
      this.share = Math.min(1, (source + Math.max(0, part)) / this.names.length)
    }
    this.show()
  }

  private show(): void {
    if (this.pending.length === 0) return
    const all = this.hits.concat(this.pending)
    this.pending = []
    if (this.names.length > 1) all.sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
    if (all.length > mostHits) this.capped = true
    this.hits = all.slice(0, mostHits)
    this.count = Math.max(this.count, this.hits.length)
  }
}

/** The first line that matches behind a byte, or before it; undefined if there is none. */
export async function nextHit(
  client: Client,
  name: LogName,
  wanted: Wanted,
  from: number,
  back: boolean,
  signal: AbortSignal,
): Promise<LogHit | undefined> {
  const query = searchQuery(wanted)
  query.set('limit', '1')
  query.set('from', String(from))
  if (back) query.set('dir', 'back')
  const stopper = new AbortController()
  const either = AbortSignal.any([signal, stopper.signal])
  let hit: LogHit | undefined
  try {
    await searchLog(client, name, query, either, (line) => {
      if (!line.hit) return
      hit ??= line.hit
      stopper.abort() // the others would only be counted
    })
  } catch (error) {
    if (!hit) throw error
  }
  return hit
}
