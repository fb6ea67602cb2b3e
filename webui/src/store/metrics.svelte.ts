import type { Socket } from '../live/socket'
import { type MetricsListener, MetricsWatch } from '../live/topics'
import type { Figure, MetricsFrame, RecentFrame } from '../wire/wire.gen'
import { type OnFrame, oncePerFrame } from './frame'

/** What one process uses; null is not measured: not yet, not on this system, or nothing runs. */
export interface Used {
  at: number
  cpu: Figure
  memory: Figure
  descriptors: Figure
  threads: Figure
  processes: Figure
}

/** Samples without a processor time after which there is none to be had. */
const patience = 3
/** Figures kept for the small charts: a minute of them, one a second. */
const kept = 60
/** Rows of one subscription, as the server allows. */
const most = 200
const pace = { usual: 1, all: 0.5, hidden: 0.2 }

/** The figures of one row. What draws them reads only that row's. */
export class Figures {
  now = $state.raw<Used | undefined>(undefined)
  /** Processor time in percent of the last minute, the newest last. */
  cpu: Figure[] = []
  /** Samples in a row that had all but the processor time, which is known from the second of a child on. */
  private without = 0

  /** The processor time is yet to be measured, and not unknown on this system. */
  get early(): boolean {
    return this.now?.cpu === null && this.without > 0 && this.without < patience
  }

  take(used: Used): void {
    this.without = used.cpu === null && used.memory !== null ? this.without + 1 : 0
    this.cpu = [...this.cpu, used.cpu].slice(-kept)
    this.now = used
  }
}

/**
 * What processes use, of the rows that somebody sees: the server measures for
 * nobody else. Where the order of the table depends on figures, of all rows, less
 * often. A hidden page asks for little.
 */
export class Metrics implements MetricsListener {
  /** Goes up with each sample, for what is about many rows. */
  revision = $state(0)

  private readonly rows = new Map<number, Figures>()
  private seen: number[] = []
  private all: number[] = []
  private hidden = false
  private near: MetricsWatch | undefined
  private far: MetricsWatch[] = []
  private waiting: (() => void)[] = []
  private readonly schedule: () => void

  constructor(
    private readonly socket: Socket,
    onFrame: OnFrame,
  ) {
    this.schedule = oncePerFrame(onFrame, () => this.flush())
  }

  /** The figures of a row; there are none before its first sample. */
  of(id: number): Figures {
    const known = this.rows.get(id)
    if (known) return known
    const figures = new Figures()
    this.rows.set(id, figures)
    return figures
  }

  /** Which rows somebody sees now. */
  see(ids: readonly number[]): void {
    const seen = ids.slice(0, most)
    if (same(seen, this.seen)) return
    this.seen = seen
    this.ask()
  }

  /** All rows are compared by their figures; an empty list: no more. */
  compare(ids: readonly number[]): void {
    if (same(ids, this.all)) return
    this.all = [...ids]
    this.ask()
  }

  /** The page is hidden, or seen again. */
  hide(hidden: boolean): void {
    this.hidden = hidden
    this.ask()
  }

  /** Nothing of what was known may stay. */
  forget(): void {
    this.rows.clear()
    this.see([])
    this.compare([])
  }

  metrics(frame: MetricsFrame): void {
    this.soon(() => {
      for (const [i, id] of frame.ids.entries()) {
        this.of(id).take({
          at: frame.at,
          cpu: frame.cpu[i] ?? null,
          memory: frame.memory[i] ?? null,
          descriptors: frame.descriptors[i] ?? null,
          threads: frame.threads[i] ?? null,
          processes: frame.processes[i] ?? null,
        })
      }
    })
  }

  recent(frame: RecentFrame): void {
    this.soon(() => {
      for (const [i, id] of frame.ids.entries()) this.of(id).cpu = (frame.cpu[i] ?? []).slice(-kept)
    })
  }

  private soon(apply: () => void): void {
    this.waiting.push(apply)
    this.schedule()
  }

  private flush(): void {
    for (const apply of this.waiting.splice(0)) apply()
    this.revision++
  }

  private ask(): void {
    this.near = this.watch(this.near, this.seen, this.hidden ? pace.hidden : pace.usual)
    const parts = Math.ceil(this.all.length / most)
    const before = this.far
    this.far = []
    for (let i = 0; i < Math.max(parts, before.length); i++) {
      const ids = this.all.slice(i * most, (i + 1) * most)
      const watch = this.watch(before[i], ids, this.hidden ? pace.hidden : pace.all)
      if (watch) this.far.push(watch)
    }
  }

  private watch(watch: MetricsWatch | undefined, ids: number[], hz: number): MetricsWatch | undefined {
    if (watch && ids.length > 0) watch.want(ids, hz)
    else if (watch) watch.close()
    else if (ids.length > 0) return new MetricsWatch(this.socket, this, ids, hz)
    return ids.length > 0 ? watch : undefined
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
