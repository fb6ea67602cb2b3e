import { ApiError, type Client } from '../api/client'
import type { Socket } from '../live/socket'
import { type LogListener, LogWatch } from '../live/topics'
import type { Chan, CountFrame, GapFrame, LogFrame, MarkFrame } from '../wire/wire.gen'
import { type OnFrame, oncePerFrame } from './frame'
import { LogBuffer } from './logbuffer'

type Arrival =
  | { kind: 'lines'; frame: LogFrame }
  | { kind: 'gap'; frame: GapFrame }
  | { kind: 'mark'; frame: MarkFrame }
  | { kind: 'lost' }

/** Bytes asked for when older lines are wanted. */
const page = 65_536

/**
 * One channel of one process while somebody looks at it: the lines held, and
 * whether new ones are let in. What arrives is gathered and put into the buffer
 * once per drawn frame; only then is the server told to send more.
 */
export class LogView implements LogListener {
  readonly buffer = new LogBuffer()
  /** Goes up whenever the buffer has changed. */
  revision = $state(0)
  phase = $state<'loading' | 'ready' | 'forbidden' | 'missing' | 'failed'>('loading')
  paused = $state(false)
  /** What came while paused. */
  news = $state.raw({ lines: 0, bytes: 0 })
  /** Where older lines stand: there may be some, they are on their way, or there are none. */
  older = $state<'maybe' | 'loading' | 'none' | 'failed'>('maybe')
  /** Offset of the oldest byte that is kept, once the server has told. */
  oldest = $state<number | undefined>(undefined)

  private arrivals: Arrival[] = []
  private readonly schedule: () => void
  private readonly watch: LogWatch

  constructor(
    socket: Socket,
    onFrame: OnFrame,
    private readonly client: Client,
    private readonly proc: string,
    private readonly channel: Chan,
  ) {
    this.schedule = oncePerFrame(onFrame, () => this.flush())
    this.watch = new LogWatch(socket, proc, channel, this)
  }

  close(): void {
    this.watch.close()
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.news = { lines: 0, bytes: 0 }
    this.watch.pause()
  }

  follow(): void {
    if (!this.paused) return
    this.paused = false
    this.watch.follow()
  }

  retry(): void {
    this.phase = 'loading'
    this.watch.restart()
  }

  /** Bytes before the first line held that may still be fetched. */
  get olderBytes(): number {
    void this.revision
    return Math.max(0, (this.buffer.off ?? 0) - (this.oldest ?? 0))
  }

  /** Fetches the lines before the first one held. */
  async loadOlder(): Promise<void> {
    const before = this.buffer.off
    if (before === undefined || this.older === 'loading') return
    this.older = 'loading'
    try {
      const found = await this.client.logBefore(this.proc, this.channel, before, page)
      this.oldest = found.oldest
      this.buffer.prepend(found)
      this.older = found.lines.length === 0 || found.off <= found.oldest ? 'none' : 'maybe'
      this.revision++
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.older = 'failed'
    }
  }

  /** Fetches the end of what a hole left out. */
  async fill(index: number): Promise<void> {
    const hole = this.buffer.item(index)
    const found = await this.client
      .logBefore(this.proc, this.channel, hole.end, page)
      .catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error
        return undefined // the hole stays, with its button
      })
    if (!found || this.buffer.item(index) !== hole) return
    this.buffer.fill(index, found)
    this.revision++
  }

  begun(): void {
    this.schedule()
  }

  lines(frame: LogFrame): void {
    this.arrive({ kind: 'lines', frame })
  }

  gap(frame: GapFrame): void {
    this.arrive({ kind: 'gap', frame })
  }

  mark(frame: MarkFrame): void {
    this.arrive({ kind: 'mark', frame })
  }

  lost(): void {
    this.arrive({ kind: 'lost' })
  }

  count(frame: CountFrame): void {
    this.news = { lines: frame.lines, bytes: frame.bytes }
  }

  refused(code: number): void {
    this.phase = code === 403 ? 'forbidden' : code === 404 ? 'missing' : 'failed'
  }

  private arrive(arrival: Arrival): void {
    this.arrivals.push(arrival)
    this.schedule()
  }

  private flush(): void {
    for (const arrival of this.arrivals.splice(0)) this.take(arrival)
    if (this.phase === 'loading') this.phase = 'ready'
    this.revision++
    this.watch.drawn()
  }

  private take(arrival: Arrival): void {
    switch (arrival.kind) {
      case 'lines':
        return this.buffer.append(arrival.frame)
      case 'gap':
        return this.buffer.gap(arrival.frame.from, arrival.frame.to, arrival.frame.why)
      case 'mark':
        if (arrival.frame.why === 'restarted') return this.forget()
        return this.buffer.mark(arrival.frame.off, arrival.frame.why, arrival.frame.at)
      case 'lost':
        return this.forget()
    }
  }

  /** After a restart of supervisord offsets mean other bytes, and the tail that follows has the last lines again. */
  private forget(): void {
    this.buffer.clear()
    this.older = 'maybe'
    this.oldest = undefined
  }
}
