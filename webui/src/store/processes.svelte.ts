import type { Socket } from '../live/socket'
import { type StateListener, StateWatch } from '../live/topics'
import type { DeltaFrame, Group, Process, ProcState } from '../wire/wire.gen'
import { type OnFrame, oncePerFrame } from './frame'

/** One process, as it is now. What draws a row reads only that row. */
export class Row {
  readonly id: number
  readonly group: string
  readonly name: string
  /** The name of the API: "group:name". */
  readonly spec: string
  /** The name people use: the short form where group and process share it. */
  readonly label: string
  /** Where its page is, seen from where the whole page is mounted. */
  readonly path: string
  data: Process = $state.raw() as unknown as Process
  /** Number of the last change that touched it. */
  seq = 0

  constructor(data: Process, seq: number) {
    this.id = data.id
    this.group = data.group
    this.name = data.name
    this.spec = `${data.group}:${data.name}`
    this.label = data.group === data.name ? data.name : this.spec
    this.path = `process/${encodeURIComponent(data.group)}/${encodeURIComponent(data.name)}`
    this.data = data
    this.seq = seq
  }
}

/** A process that went from one state to another while we looked. */
export interface Transition {
  row: Row
  before: ProcState
  after: ProcState
}

/** Whether it failed, or is failing. */
export function hasFailed(p: Process): boolean {
  return (
    p.state === 'FATAL' ||
    p.state === 'BACKOFF' ||
    p.state === 'UNKNOWN' ||
    (p.state === 'EXITED' && !p.expected)
  )
}

/** So many restarts within an hour are too many for what runs. */
const often = 3

/** How often a program that is up now has been started again in the last hour, if that is often. */
export function restartsOften(p: Process): number {
  const up = p.state === 'RUNNING' || p.state === 'STARTING'
  return up && (p.restartsHour ?? 0) >= often ? p.restartsHour! : 0
}

/** Whether the pool of an event listener loses events, or is about to. */
export function poolSuffers(p: Process): boolean {
  return !!p.poolFull || !!p.poolDropped
}

/** Whether somebody should look at it: it failed, or is up and not well. */
export function needsAttention(p: Process): boolean {
  return hasFailed(p) || !!p.broken || poolSuffers(p) || restartsOften(p) > 0
}

/** The rows that somebody should look at; what only its pool suffers from, the first of the pool tells for all. */
export function attention(rows: readonly Row[]): Row[] {
  const told = new Set<string>()
  return rows.filter(({ data }) => {
    if (!needsAttention(data)) return false
    const first = !poolSuffers(data) || !told.has(data.group)
    if (poolSuffers(data)) told.add(data.group)
    return first || hasFailed(data) || !!data.broken || restartsOften(data) > 0
  })
}

type Table = Parameters<StateListener['snapshot']>[0]
type Pending = { kind: 'table'; table: Table } | { kind: 'delta'; delta: DeltaFrame }

/**
 * All processes: a snapshot and what changed since. Frames are gathered and
 * applied once per drawn frame. While the connection is down the last table
 * stays, for people to read.
 */
export class Processes implements StateListener {
  /** Whether there is a table to show, and if not why. */
  phase = $state<'loading' | 'ready' | 'forbidden' | 'failed'>('loading')
  /** Goes up whenever any row changed, came or went. */
  revision = $state(0)
  /** Goes up with each whole table: on a new connection, and to somebody whose rights have changed. */
  tables = $state(0)
  groups = $state.raw<Group[]>([])
  /** Number of the last change applied. */
  seq = 0
  /** Called after each flush with what moved, and always with what may have settled. */
  onflush: (moved: Transition[]) => void = () => {}

  private rows = new Map<number, Row>()
  private pending: Pending[] = []
  private readonly schedule: () => void
  private readonly watch: StateWatch

  constructor(socket: Socket, onFrame: OnFrame) {
    this.schedule = oncePerFrame(onFrame, () => this.flush())
    this.watch = new StateWatch(socket, this)
  }

  /** Every row, in the order of the configuration. */
  get all(): Row[] {
    void this.revision
    return [...this.rows.values()]
  }

  get(id: number): Row | undefined {
    void this.revision
    return this.rows.get(id)
  }

  find(group: string, name: string): Row | undefined {
    return this.all.find((row) => row.group === group && row.name === name)
  }

  /** Asks for the whole table, as somebody who has other rights by now. */
  anew(): void {
    this.watch.refresh()
  }

  /** Asks for the whole table again, after it was refused. */
  retry(): void {
    this.phase = 'loading'
    this.watch.refresh()
  }

  /** Shows nothing more of what was known: the reader has no right to it now. */
  forget(): void {
    this.pending = []
    this.rows = new Map()
    this.groups = []
    this.phase = 'loading'
    this.revision++
  }

  snapshot(table: Table): void {
    this.pending = [{ kind: 'table', table }]
    this.schedule()
  }

  delta(delta: DeltaFrame): void {
    this.pending.push({ kind: 'delta', delta })
    this.schedule()
  }

  refused(code: number): void {
    this.phase = code === 403 ? 'forbidden' : 'failed'
  }

  private flush(): void {
    const moved: Transition[] = []
    for (const step of this.pending.splice(0)) {
      if (step.kind === 'table') this.replace(step.table, moved)
      else this.apply(step.delta, moved)
    }
    this.revision++
    this.onflush(moved)
  }

  /** Takes a whole table; rows that were there before stay the same objects. */
  private replace(table: Table, moved: Transition[]): void {
    const before = this.rows
    this.rows = new Map()
    for (const data of table.rows) {
      const known = before.get(data.id)
      const same = known && known.group === data.group && known.name === data.name
      if (same) this.rows.set(data.id, known)
      this.put(data, table.seq, moved)
    }
    this.groups = table.groups
    this.seq = table.seq
    this.phase = 'ready'
    this.tables++
  }

  private apply(delta: DeltaFrame, moved: Transition[]): void {
    if (delta.groups) this.groups = delta.groups
    for (const id of delta.del ?? []) this.rows.delete(id)
    for (const data of delta.rows ?? []) this.put(data, delta.seq, moved)
    this.seq = delta.seq
  }

  private put(data: Process, seq: number, moved: Transition[]): void {
    const row = this.rows.get(data.id)
    if (!row) {
      this.rows.set(data.id, new Row(data, seq))
      return
    }
    const before = row.data.state
    row.data = data
    row.seq = seq
    if (before !== data.state) moved.push({ row, before, after: data.state })
  }
}
