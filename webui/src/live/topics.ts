import type {
  Chan,
  CountFrame,
  DeltaFrame,
  GapFrame,
  LogFrame,
  LogMode,
  MarkFrame,
  MetricsFrame,
  Process,
  RecentFrame,
  ServerFrame,
  SnapFrame,
  SubFrame,
  SupervisorFrame,
} from '../wire/wire.gen'
import type { Handle, Socket, Watch } from './socket'

/** A whole table, or what has changed of it. */
export interface StateListener {
  snapshot(table: { seq: number; rows: Process[]; groups: NonNullable<SnapFrame['groups']> }): void
  delta(change: DeltaFrame): void
  refused(code: number, message: string): void
}

/**
 * The table of processes. It proves continuity: a change that does not follow
 * the one before it is not applied, the table is asked for anew instead.
 */
export class StateWatch implements Watch {
  private epoch = ''
  private seq: number | undefined
  private parts: SnapFrame[] = []
  private readonly handle: Handle

  constructor(
    socket: Socket,
    private readonly listener: StateListener,
  ) {
    this.handle = socket.watch(this)
  }

  close(): void {
    this.handle.close()
  }

  /** Asks for the whole table. */
  refresh(): void {
    this.seq = undefined
    this.parts = []
    this.handle.again()
  }

  request(): Omit<SubFrame, 't' | 'id'> {
    this.parts = []
    if (this.seq === undefined) return { topic: 'state' }
    return { topic: 'state', from: { epoch: this.epoch, seq: this.seq } }
  }

  begun(): void {} // the snapshot follows

  frame(frame: ServerFrame): void {
    if (frame.t === 'snap') this.snapshot(frame)
    if (frame.t === 'delta') this.delta(frame)
  }

  ended(code: number, message: string): void {
    this.listener.refused(code, message)
  }

  /** Collects the parts of a table; it counts once the last is there. */
  private snapshot(frame: SnapFrame): void {
    if ((frame.part ?? 1) !== this.parts.length + 1) return this.refresh()
    this.parts.push(frame)
    if (this.parts.length < (frame.of ?? 1)) return
    const parts = this.parts
    this.parts = []
    this.epoch = frame.epoch
    this.seq = frame.seq
    this.listener.snapshot({
      seq: frame.seq,
      rows: parts.flatMap((part) => part.rows),
      groups: parts[0]!.groups ?? [],
    })
  }

  private delta(frame: DeltaFrame): void {
    if (frame.prev !== this.seq) return this.refresh()
    this.seq = frame.seq
    this.listener.delta(frame)
  }
}

/** What supervisord says about itself and the user. */
export class ServerWatch implements Watch {
  private readonly handle: Handle

  constructor(
    socket: Socket,
    private readonly listener: (frame: SupervisorFrame) => void,
  ) {
    this.handle = socket.watch(this)
  }

  close(): void {
    this.handle.close()
  }

  request(): Omit<SubFrame, 't' | 'id'> {
    return { topic: 'server' }
  }

  begun(): void {} // what it says follows

  frame(frame: ServerFrame): void {
    if (frame.t === 'server') this.listener(frame)
  }

  ended(): void {} // whoever may not know this sees the page without it
}

export interface MetricsListener {
  metrics(frame: MetricsFrame): void
  recent(frame: RecentFrame): void
}

/** What some rows use: which, and how often it is told, may change. */
export class MetricsWatch implements Watch {
  private readonly handle: Handle

  constructor(
    socket: Socket,
    private readonly listener: MetricsListener,
    private ids: number[],
    private hz: number,
  ) {
    this.handle = socket.watch(this)
  }

  close(): void {
    this.handle.close()
  }

  want(ids: number[], hz: number): void {
    this.ids = ids
    this.hz = hz
    this.handle.send({ t: 'set', ids, hz })
  }

  request(): Omit<SubFrame, 't' | 'id'> {
    return { topic: 'metrics', ids: this.ids, hz: this.hz }
  }

  begun(): void {} // the figures follow

  frame(frame: ServerFrame): void {
    if (frame.t === 'metrics') this.listener.metrics(frame)
    if (frame.t === 'recent') this.listener.recent(frame)
  }

  ended(): void {} // where nothing is measured the page shows so
}

/** How much of the end of a log is looked at for its last line. */
const glimpse = 4096

/** The last line of a log that says something, as it is now; told once. */
export class LastLineWatch implements Watch {
  private readonly handle: Handle

  constructor(
    socket: Socket,
    private readonly proc: string,
    private readonly channel: Chan,
    private readonly tell: (line: string) => void,
  ) {
    this.handle = socket.watch(this)
  }

  close(): void {
    this.handle.close()
  }

  request(): Omit<SubFrame, 't' | 'id'> {
    return { topic: 'log', proc: this.proc, ch: this.channel, from: { tail: glimpse }, mode: 'follow' }
  }

  begun(): void {} // an empty log has yet to say something

  frame(frame: ServerFrame): void {
    if (frame.t !== 'log') return
    const line = frame.lines.findLast((line) => line.trim() !== '')
    if (line === undefined) return
    this.close()
    this.tell(line)
  }

  ended(): void {} // there is no such log, or it is not for this reader
}

export interface LogListener {
  /** The log can be read; it may be empty. */
  begun(): void
  lines(frame: LogFrame): void
  gap(frame: GapFrame): void
  mark(frame: MarkFrame): void
  count(frame: CountFrame): void
  /** What comes next does not join on to what came before. */
  lost(): void
  refused(code: number, message: string): void
}

/** A channel of a process, "group:name", or supervisord's own log. */
export type LogId = { proc: string; ch: Chan } | 'mainlog'

/** How much of the end of a log is shown at first. */
const tail = 65_536

/**
 * One log, byte by byte. Every frame must begin where the one
 * before it ended; if not, the watch asks to go on from the last byte it knows.
 */
export class LogWatch implements Watch {
  private epoch = ''
  private next: number | undefined
  private mode: LogMode = 'follow'
  private strayed = false
  private readonly handle: Handle

  constructor(
    socket: Socket,
    private readonly log: LogId,
    private readonly listener: LogListener,
    /** The byte to begin at, instead of the end of the log. */
    start?: { epoch: string; off: number },
  ) {
    this.epoch = start?.epoch ?? ''
    this.next = start?.off
    this.handle = socket.watch(this)
  }

  close(): void {
    this.handle.close()
  }

  /** Stops the lines; only their number comes, once a second. */
  pause(): void {
    this.mode = 'count'
    this.handle.send({ t: 'set', mode: 'count' })
  }

  /** Goes on where it was paused, or at another byte. */
  follow(from?: number): void {
    this.mode = 'follow'
    if (from !== undefined) this.next = from
    this.handle.send({ t: 'set', mode: 'follow', ...(this.next === undefined ? {} : { from: this.here() }) })
  }

  /** Gives credit for everything drawn, or dropped, so far. */
  drawn(): void {
    if (this.next !== undefined) this.handle.send({ t: 'ack', off: this.next })
  }

  /** Begins anew at the end of the log. */
  restart(mode: LogMode = this.mode): void {
    this.mode = mode
    this.strayed = false
    this.next = undefined
    this.handle.again()
  }

  request(): Omit<SubFrame, 't' | 'id'> {
    const from = this.next === undefined ? { tail } : this.here()
    if (this.log === 'mainlog') return { topic: 'mainlog', from, mode: this.mode }
    return { topic: 'log', ...this.log, from, mode: this.mode }
  }

  begun(): void {
    this.listener.begun()
  }

  frame(frame: ServerFrame): void {
    if (frame.t === 'log') this.lines(frame)
    else if (frame.t === 'gap') this.gap(frame)
    else if (frame.t === 'mark') this.mark(frame)
    else if (frame.t === 'count') this.listener.count(frame)
  }

  ended(code: number, message: string): void {
    this.listener.refused(code, message)
  }

  private here() {
    return { epoch: this.epoch, off: this.next! }
  }

  private lines(frame: LogFrame): void {
    if (this.next !== undefined && frame.off !== this.next) return this.astray()
    this.strayed = false
    this.epoch = frame.epoch
    this.next = frame.end
    this.listener.lines(frame)
  }

  private gap(frame: GapFrame): void {
    if (this.next !== undefined && frame.from !== this.next) return this.astray()
    this.strayed = false
    this.next = frame.to
    this.listener.gap(frame)
  }

  /** A frame does not join on: asks to go on from the last byte known, or, if that has just failed, begins anew. */
  private astray(): void {
    if (this.strayed) {
      this.listener.lost()
      return this.restart()
    }
    this.strayed = true
    this.handle.again()
  }

  private mark(frame: MarkFrame): void {
    this.listener.mark(frame)
    if (frame.why === 'restarted') this.restart('follow')
  }
}
