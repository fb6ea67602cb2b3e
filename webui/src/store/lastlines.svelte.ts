import { SvelteMap } from 'svelte/reactivity'
import type { Socket } from '../live/socket'
import { LastLineWatch } from '../live/topics'
import type { Row } from './processes.svelte'

interface Asked {
  /** The change of the process after which it was asked. */
  seq: number
  watch: LastLineWatch
}

/** What failing processes said last, on stderr: asked anew with each change of them. */
export class LastLines {
  private readonly lines = new SvelteMap<number, string>()
  private readonly asked = new Map<number, Asked>()

  constructor(private readonly socket: Socket) {}

  /** The last line of a process; empty if none is known. */
  of(id: number): string {
    return this.lines.get(id) ?? ''
  }

  /** Which processes are of interest; the others are let go. */
  watch(rows: readonly Row[]): void {
    const wanted = new Set(rows.map((row) => row.id))
    for (const id of [...this.asked.keys()]) if (!wanted.has(id)) this.drop(id)
    for (const row of rows) this.ask(row)
  }

  forget(): void {
    this.watch([])
  }

  private ask(row: Row): void {
    const before = this.asked.get(row.id)
    if (before?.seq === row.seq) return
    before?.watch.close()
    const watch = new LastLineWatch(this.socket, row.spec, 'stderr', (line) => this.lines.set(row.id, line))
    this.asked.set(row.id, { seq: row.seq, watch })
  }

  private drop(id: number): void {
    this.asked.get(id)?.watch.close()
    this.asked.delete(id)
    this.lines.delete(id)
  }
}
