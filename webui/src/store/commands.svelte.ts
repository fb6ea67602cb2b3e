import { SvelteMap } from 'svelte/reactivity'
import { ApiError, type Client, type Verb } from '../api/client'
import { CAPS, type ProcState, type Result } from '../wire/wire.gen'
import type { Notices } from './notices.svelte'
import type { Processes, Row } from './processes.svelte'

/** What can be ordered from the list. To kill is to send SIGKILL. */
export type Order = Verb | 'kill'

/** What is acted on: one process, a group, those that were chosen one by one, or everything. */
export type Target =
  | { kind: 'process'; row: Row }
  | { kind: 'group'; name: string; rows: Row[] }
  | { kind: 'chosen'; rows: Row[] }
  | { kind: 'all'; rows: Row[] }

/** Requests under way at once for chosen processes. */
const atOnce = 6

interface Pending {
  verb: Order
  /** Tells this order from one given later. */
  since: symbol
  /** The change number it was accepted at; undefined until the server has answered. */
  accepted?: number
  /** It is taking long. */
  late?: boolean
}

/** After how long an order takes long, and how long an accepted one may mark a row that does not move. */
const patience = { late: 2000, end: 15_000 }

/** States in which a verb has visibly begun or come true. */
const settled: Record<Order, ReadonlySet<ProcState>> = {
  kill: new Set(['STOPPED', 'EXITED', 'FATAL', 'BACKOFF', 'STARTING']),
  start: new Set(['STARTING', 'RUNNING', 'BACKOFF', 'FATAL', 'EXITED']),
  stop: new Set(['STOPPING', 'STOPPED', 'EXITED', 'FATAL']),
  restart: new Set(['STARTING', 'RUNNING', 'BACKOFF', 'FATAL']),
}

/** Up, or on the way there. */
const trying: ReadonlySet<ProcState> = new Set(['RUNNING', 'STARTING', 'BACKOFF'])

/** Processes a verb would change; the others are already where it leads. */
export function touched(verb: Order, rows: Row[]): Row[] {
  return rows.filter((row) => {
    const { state } = row.data
    if (verb === 'kill') return row.data.pid > 0
    if (verb === 'start')
      return state === 'STOPPED' || state === 'EXITED' || state === 'FATAL' || state === 'UNKNOWN'
    if (verb === 'stop') return trying.has(state)
    return true // a restart also starts what is down
  })
}

/** How long a process may take to stop before it is offered to kill it. */
const grace = 2000

/**
 * Whether the reader may use a verb on a process at all, and whether its state lets
 * him now. What has just been told to stop is not killed by a second press on the
 * same place, but by whoever has seen that it takes its time; now is the server's
 * time, for those who wait for that.
 */
export function allowed(verb: Order, row: Row, now = Number.POSITIVE_INFINITY): 'now' | 'not now' | 'never' {
  if ((row.data.caps & CAPS[verb === 'kill' ? 'signal' : verb]) === 0) return 'never'
  if (verb === 'kill')
    return row.data.state === 'STOPPING' && now - row.data.since >= grace ? 'now' : 'not now'
  const sensible = verb === 'start' ? touched(verb, [row]).length > 0 : trying.has(row.data.state)
  return sensible ? 'now' : 'not now'
}

/**
 * Orders given from this page. A row is marked while its order is under way;
 * its state is never touched here: that changes only when the server says so.
 */
export class Commands {
  private readonly pending = new SvelteMap<number, Pending>()

  constructor(
    private readonly client: Client,
    private readonly processes: Processes,
    private readonly notices: Notices,
    private readonly after: (ms: number, run: () => void) => void,
  ) {}

  /** The verb under way for a process. */
  of(id: number): Order | undefined {
    return this.pending.get(id)?.verb
  }

  /** The order under way for a process, as this page gave it. */
  mine(id: number): { readonly late?: boolean } | undefined {
    return this.pending.get(id)
  }

  async run(verb: Order, target: Target, reason = ''): Promise<void> {
    if (target.kind === 'chosen') return this.runChosen(verb, target, reason)
    const rows = target.kind === 'process' ? [target.row] : touched(verb, target.rows)
    const ids = rows.map((row) => row.id).filter((id) => verb === 'kill' || !this.pending.has(id))
    if (ids.length === 0) {
      if (target.kind !== 'process') this.notices.add({ kind: 'nothing' })
      return
    }
    this.begin(verb, ids)
    try {
      const answer = await this.ask(verb, target, reason)
      this.accepted(verb, ids, answer.seq)
      this.report(verb, target, answer.results ?? [])
    } catch (error) {
      for (const id of ids) this.pending.delete(id)
      if (!(error instanceof ApiError)) throw error
      this.notices.add({ kind: 'failed', verb, name: nameOf(target), error })
    }
  }

  /** Takes the mark off every row that has got where its order leads. */
  settle(): void {
    for (const [id, { verb, accepted }] of [...this.pending]) {
      const row = this.processes.get(id)
      const there = row && accepted !== undefined && row.seq > accepted && settled[verb].has(row.data.state)
      if (!row || there) this.pending.delete(id)
    }
  }

  /** Marks rows; what takes long is told apart after a while. */
  private begin(verb: Order, ids: number[]): void {
    const orders = ids.map((id) => [id, { verb, since: Symbol() }] as const)
    for (const [id, order] of orders) this.pending.set(id, order)
    this.after(patience.late, () => {
      for (const [id, { since }] of orders) {
        const now = this.pending.get(id)
        if (now?.since === since) this.pending.set(id, { ...now, late: true })
      }
    })
  }

  /** One order for each, some at a time; what failed is told together at the end. */
  private async runChosen(verb: Order, target: Target & { kind: 'chosen' }, reason: string): Promise<void> {
    const waiting = touched(verb, target.rows).filter((row) => !this.pending.has(row.id))
    if (waiting.length === 0) this.notices.add({ kind: 'nothing' })
    this.begin(
      verb,
      waiting.map((row) => row.id),
    )
    const failed: Result[] = []
    const worker = async (): Promise<void> => {
      for (let row = waiting.shift(); row; row = waiting.shift()) {
        const code = await this.runOne(verb, row, reason)
        if (code) failed.push({ group: row.group, name: row.name, ...code })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    if (failed.length > 0) this.notices.add({ kind: 'someFailed', verb, name: '', failed })
  }

  /** Gives the order for one process; what the server has against it, if anything. */
  private async runOne(
    verb: Order,
    row: Row,
    reason: string,
  ): Promise<Pick<Result, 'code' | 'message'> | undefined> {
    try {
      const { seq } = await this.ask(verb, { kind: 'process', row }, reason)
      this.accepted(verb, [row.id], seq)
      return undefined
    } catch (error) {
      this.pending.delete(row.id)
      if (!(error instanceof ApiError)) throw error
      return { code: error.code || error.kind, message: error.message }
    }
  }

  private ask(verb: Order, target: Exclude<Target, { kind: 'chosen' }>, reason: string) {
    if (target.kind === 'process') {
      if (verb === 'kill') return this.client.signal(target.row.spec, 'KILL', reason)
      return this.client.act(target.row.spec, verb, reason)
    }
    if (verb === 'kill') throw new Error('only one process is killed at a time')
    if (target.kind === 'group') return this.client.actOnGroup(target.name, verb, reason)
    return this.client.actOnAll(verb, reason)
  }

  /** The answer may come after the change it caused, so it settles at once where it can. */
  private accepted(verb: Order, ids: number[], seq: number): void {
    const orders: (readonly [number, symbol])[] = []
    for (const id of ids) {
      const known = this.pending.get(id) ?? { verb, since: Symbol() }
      this.pending.set(id, { ...known, verb, accepted: seq })
      orders.push([id, known.since])
    }
    this.settle()
    this.after(patience.end, () => {
      for (const [id, since] of orders) if (this.pending.get(id)?.since === since) this.pending.delete(id)
    })
  }

  private report(verb: Order, target: Target, results: Result[]): void {
    const failed = results.filter((result) => result.code !== 'SUCCESS')
    for (const result of failed) {
      const row = this.processes.find(result.group, result.name)
      if (row) this.pending.delete(row.id)
    }
    if (failed.length > 0) this.notices.add({ kind: 'someFailed', verb, name: nameOf(target), failed })
  }
}

function nameOf(target: Target): string {
  if (target.kind === 'process') return target.row.label
  return target.kind === 'group' ? target.name : ''
}
