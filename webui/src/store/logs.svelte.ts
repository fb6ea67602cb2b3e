import { ApiError, type Client } from '../api/client'
import { type LogName, logPage, mergedPage } from '../api/logs'
import type { Socket } from '../live/socket'
import { type LogId, type LogListener, LogWatch } from '../live/topics'
import type { Chan, GapFrame, LogFrame, LogPage, MarkFrame, MergedPage } from '../wire/wire.gen'
import { type OnFrame, oncePerFrame } from './frame'
import { LogBuffer, type LogLine, linesOf } from './logbuffer'

type Arrival =
  | { kind: 'lines'; source: number; frame: LogFrame }
  | { kind: 'gap'; source: number; frame: GapFrame }
  | { kind: 'mark'; source: number; frame: MarkFrame }
  | { kind: 'lost' }

/** A line of one of several logs that waits for those which came before it and are still under way. */
interface Waiting {
  line: LogLine
  cont: boolean
  since: number
}

/** Bytes asked for when older or newer lines are wanted. */
const page = 131_072
/** The same of several logs at once, in lines. */
const mergedLines = 1_000
/** Milliseconds within which the lines of several logs are put in order. */
const settling = 300

/** What logs are read with. */
export interface LogDesk {
  socket: Socket
  client: Client
  onFrame: OnFrame
}

/** A place in a log that a reader wants to see. */
export interface Goal {
  source: number
  off: number
  /** Where in the view it should be. */
  block: 'start' | 'center'
  /** Whether it is to be marked for the reader. */
  marked: boolean
}

/** Where to begin, if not at the end. */
export type Begin = { epoch: string; off: number; source?: number } | { time: string }

/**
 * One log, or several as one, while somebody looks: the lines held, and whether
 * new ones are let in. What arrives is gathered and put into the buffer once per
 * drawn frame; only then is the server told to send more. Whoever reads far back
 * holds a part of the log that its end is not in: then it is adrift, and the
 * lines behind are fetched as those before are.
 */
export class LogView {
  readonly buffer = new LogBuffer()
  /** Goes up whenever the buffer has changed. */
  revision = $state(0)
  phase = $state<'loading' | 'ready' | 'forbidden' | 'missing' | 'failed'>('loading')
  /** Why it failed, as the server says it. */
  reason = $state('')
  paused = $state(false)
  /** What came while paused. */
  news = $state.raw({ lines: 0, bytes: 0, rate: 0 })
  /** Where older lines stand: there may be some, they are on their way, or there are none. */
  older = $state<'maybe' | 'loading' | 'none' | 'failed'>('maybe')
  /** Where the lines between what is held and the end of the log stand; here: nothing is between. */
  newer = $state<'here' | 'maybe' | 'loading' | 'failed'>('here')
  /** Offset of the oldest byte that is kept, once the server has told. */
  oldest = $state<number | undefined>(undefined)
  /** Where the reader wants to be taken; whoever draws goes there and forgets it. */
  goal = $state.raw<Goal | undefined>(undefined)
  /** A place was asked for that is not there, or no more: rotated away, or of an earlier supervisord. */
  lost = $state<'' | 'rotated' | 'restarted' | 'unreachable' | 'badTime'>('')
  /** The time asked for was not known; the view begins too early rather than too late. */
  guessed = $state(false)

  private arrivals: Arrival[] = []
  private waiting: Waiting[] = []
  private counts: { lines: number; bytes: number; rate: number }[] = []
  /** The last restart of supervisord, until a line has come that was written after it. */
  private restart: MarkFrame | undefined
  private readonly schedule: () => void
  private watches: LogWatch[] = []
  private closed = false

  constructor(
    private readonly desk: LogDesk,
    readonly names: readonly LogName[],
    private begin?: Begin | undefined,
  ) {
    this.schedule = oncePerFrame(desk.onFrame, () => this.flush())
    if (begin) void this.beginAt(begin)
    else if (this.several) void this.beginMerged()
    else this.watchAll()
  }

  /** Whether there is nothing to show because the reader may not, or because there is no such log. */
  get refused(): boolean {
    return this.phase === 'forbidden' || this.phase === 'missing'
  }

  get several(): boolean {
    return this.names.length > 1
  }

  close(): void {
    this.closed = true
    for (const watch of this.watches) watch.close()
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.news = { lines: 0, bytes: 0, rate: 0 }
    this.counts = []
    for (const watch of this.watches) watch.pause()
  }

  follow(): void {
    if (!this.paused) return
    this.paused = false
    this.goal = undefined
    this.lost = ''
    if (this.newer === 'here') for (const watch of this.watches) watch.follow()
    else this.anew()
  }

  /** Reads anew: from where the reader wanted to begin, unless they have been there. */
  retry(): void {
    this.phase = 'loading'
    if (this.begin) return void this.beginAt(this.begin)
    this.paused = false
    this.anew()
  }

  /** Bytes before the first line held that may still be fetched. */
  get olderBytes(): number {
    void this.revision
    return Math.max(0, (this.buffer.off ?? 0) - (this.oldest ?? 0))
  }

  /** Fetches the lines before the first one held. */
  async loadOlder(): Promise<void> {
    if (this.buffer.edge() === undefined || this.older === 'loading') return
    this.older = 'loading'
    const generation = this.buffer.generation
    try {
      const found = await this.fetchBeside('back')
      if (this.buffer.generation !== generation) return
      this.learn(found)
      if (found.lines.length > 0) this.buffer.forgetFormer() // no file has it between these and the others
      const joined = this.buffer.prepend(found)
      this.older = found.lines.length === 0 || isFirst(found) ? 'none' : 'maybe'
      if (joined && this.paused && this.buffer.trimEnd()) this.setAdrift()
      this.revision++
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.older = 'failed'
    }
  }

  /** Fetches the lines behind the last one held; at the end of the log the view is no longer adrift. */
  async loadNewer(): Promise<void> {
    if (this.newer === 'here' || this.newer === 'loading') return
    this.newer = 'loading'
    const generation = this.buffer.generation
    try {
      const found = await this.fetchBeside('on')
      if (this.buffer.generation !== generation) return
      const before = this.buffer.start
      const joined = this.buffer.extendBy(found)
      if (this.buffer.start !== before) this.older = 'maybe'
      this.newer = 'maybe'
      if (!joined) this.setAdrift()
      if (joined && reachesEnd(found)) this.rejoin()
      this.revision++
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.newer = 'failed'
    }
  }

  /** Fetches the end of what a hole left out. */
  async fill(index: number): Promise<void> {
    const hole = this.buffer.item(index)
    const query = new URLSearchParams({ before: String(hole.end), max: String(page) })
    const found = await logPage(this.desk.client, this.names[hole.source]!, query).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      return undefined // the hole stays, with its button
    })
    if (!found || this.buffer.item(index) !== hole) return
    this.buffer.fill(index, found)
    this.revision++
  }

  /** Takes the reader to a byte, which is fetched with what is around it unless it is held. */
  async goTo(off: number, source = 0, epoch = this.buffer.epoch): Promise<void> {
    this.pause()
    this.lost = ''
    const held = epoch === this.buffer.epoch ? this.buffer.find(source, off) : undefined
    if (held === undefined && !(await this.fetchAround(off, source, epoch))) return
    this.goal = { source, off, block: 'center', marked: true }
  }

  /** Takes the reader to what came at a time, said as the API wants it. */
  async goToTime(time: string): Promise<boolean> {
    const query = new URLSearchParams({ at: time })
    const found = await this.jump(() => this.fetch(query))
    if (!found) return false
    this.guessed = 'guess' in found && found.guess === true
    const [first] = 'sources' in found ? found.source : [0]
    const off = 'sources' in found ? found.offs[0] : found.off
    if (off !== undefined) this.goal = { source: first ?? 0, off, block: 'start', marked: true }
    return true
  }

  /** Takes the reader to the first line there is. */
  async goToStart(): Promise<void> {
    const query = this.several ? new URLSearchParams({ at: '0' }) : new URLSearchParams({ after: '0' })
    const found = await this.jump(() => this.fetch(query))
    if (!found || found.lines.length === 0) return
    const off = 'sources' in found ? found.offs[0]! : found.off
    this.goal = { source: 'sources' in found ? found.source[0]! : 0, off, block: 'start', marked: false }
  }

  private async beginAt(begin: Begin): Promise<void> {
    this.paused = true
    if ('time' in begin) await this.goToTime(begin.time)
    else {
      this.phase = 'loading'
      await this.goTo(begin.off, begin.source ?? 0, begin.epoch)
    }
    if (this.closed || this.refused) return
    this.begin = undefined
    if (this.newer !== 'here') return this.watchAll('count')
    this.paused = false // there is nothing to read where the reader wanted to be
    this.anew()
  }

  /** Several logs begin with a page in which the server has put them in order. */
  private async beginMerged(): Promise<void> {
    try {
      const found = (await this.fetch(new URLSearchParams({ dir: 'back' }))) as MergedPage
      if (this.closed) return
      this.buffer.replace(found)
      if (this.restart) this.buffer.divide(this.restart)
      this.restart = undefined
      this.learn(found)
      this.older = isFirst(found) ? 'none' : 'maybe'
      this.phase = 'ready'
      this.revision++
      this.watchAll(this.paused ? 'count' : 'follow')
    } catch (error) {
      this.refuse(error)
    }
  }

  private watchAll(mode: 'follow' | 'count' = 'follow'): void {
    for (const watch of this.watches) watch.close()
    this.watches = this.names.map((name, source) => {
      const edge = this.several ? this.buffer.edge(source) : undefined
      const start = edge && { epoch: this.buffer.epoch, off: edge.end }
      const watch = new LogWatch(this.desk.socket, idOf(name), this.listener(source), start)
      if (mode === 'count') watch.pause()
      return watch
    })
  }

  /** Forgets all that is held and follows the end of the log. */
  private anew(): void {
    this.forget()
    this.revision++
    if (this.several) void this.beginMerged()
    else if (this.watches.length === 0) this.watchAll()
    else for (const watch of this.watches) watch.restart('follow')
  }

  private fetch(query: URLSearchParams): Promise<LogPage | MergedPage> {
    if (!this.several) {
      query.set('max', String(page))
      return logPage(this.desk.client, this.names[0]!, query)
    }
    query.set('max', String(mergedLines))
    if (!query.has('source')) for (const name of this.names) query.append('source', name)
    return mergedPage(this.desk.client, query)
  }

  private fetchBeside(way: 'back' | 'on'): Promise<LogPage | MergedPage> {
    if (!this.several) {
      const edge = this.buffer.edge()!
      return this.fetch(
        new URLSearchParams(way === 'back' ? { before: String(edge.off) } : { after: String(edge.end) }),
      )
    }
    const query = new URLSearchParams(way === 'back' ? { dir: 'back' } : {})
    this.names.forEach((name, source) => {
      const edge = this.buffer.edge(source)
      query.append('source', `${name}@${way === 'back' ? edge?.off : edge?.end}`)
    })
    return this.fetch(query)
  }

  /** Holds what is around a byte; of several logs, what came when it did. */
  private async fetchAround(off: number, source: number, epoch: string): Promise<boolean> {
    const query = new URLSearchParams({ around: String(off) })
    if (epoch) query.set('epoch', epoch)
    let gone = false
    const found = await this.jump(
      async () => {
        const alone = await logPage(this.desk.client, this.names[source]!, withMax(query))
        gone = alone.off > off || alone.oldest > off
        if (!this.several || gone) return alone
        const line = linesOf(alone).findLast((l) => l.off <= off)
        return this.fetch(new URLSearchParams({ at: String(line?.at || 0) }))
      },
      () => gone,
    )
    return found !== undefined && !gone
  }

  /** Shows a page far from what is held, unless it is not what was wanted. */
  private async jump(
    ask: () => Promise<LogPage | MergedPage>,
    unwanted: () => boolean = () => false,
  ): Promise<LogPage | MergedPage | undefined> {
    this.pause()
    this.lost = ''
    this.guessed = false
    try {
      const found = await ask()
      if (this.closed) return undefined
      if (unwanted()) {
        this.lost = 'rotated'
        if (this.phase === 'loading') this.phase = 'ready'
        return found
      }
      this.buffer.replace(found)
      this.learn(found)
      this.older = isFirst(found) ? 'none' : 'maybe'
      this.phase = 'ready'
      this.setAdrift()
      this.revision++
      return found
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 410) this.lost = 'restarted'
      else if (error.status === 400) this.lost = 'badTime'
      else if (this.phase === 'loading' && (error.status === 403 || error.status === 404)) this.refuse(error)
      else this.lost = 'unreachable'
      if (this.phase === 'loading') this.phase = 'ready'
      return undefined
    }
  }

  private setAdrift(): void {
    if (this.newer !== 'loading') this.newer = 'maybe'
    this.arrivals = this.arrivals.filter((a) => a.kind === 'lost')
    this.waiting = []
  }

  /** The end of the log is held again: what comes from now on joins on. */
  private rejoin(): void {
    this.newer = 'here'
    this.watches.forEach((watch, source) => {
      watch.follow(this.buffer.edge(source)?.end)
      if (this.paused) watch.pause()
    })
  }

  private learn(found: LogPage | MergedPage): void {
    this.oldest = 'sources' in found ? found.sources[0]?.oldest : found.oldest
    if (this.buffer.epoch === '') this.buffer.epoch = found.epoch
  }

  private refuse(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    this.reason = error.detail
    this.phase = error.status === 403 ? 'forbidden' : error.status === 404 ? 'missing' : 'failed'
  }

  private listener(source: number): LogListener {
    return {
      begun: () => this.schedule(),
      lines: (frame) => this.arrive({ kind: 'lines', source, frame }),
      gap: (frame) => this.arrive({ kind: 'gap', source, frame }),
      mark: (frame) => this.arrive({ kind: 'mark', source, frame }),
      lost: () => this.arrive({ kind: 'lost' }),
      count: (frame) => {
        this.counts[source] = frame
        const sum = (of: 'lines' | 'bytes' | 'rate') => this.counts.reduce((n, c) => n + (c?.[of] ?? 0), 0)
        this.news = { lines: sum('lines'), bytes: sum('bytes'), rate: sum('rate') }
      },
      refused: (code, message) => {
        this.reason = message
        this.phase = code === 403 ? 'forbidden' : code === 404 ? 'missing' : 'failed'
      },
    }
  }

  private arrive(arrival: Arrival): void {
    this.arrivals.push(arrival)
    this.schedule()
  }

  private flush(): void {
    if (this.closed) return
    for (const arrival of this.arrivals.splice(0)) this.take(arrival)
    if (this.several) this.settle()
    if (this.phase === 'loading' && !this.paused) this.phase = 'ready'
    this.revision++
    for (const watch of this.watches) watch.drawn()
  }

  private take(arrival: Arrival): void {
    if (arrival.kind === 'lost') return this.forget()
    if (arrival.kind === 'mark' && arrival.frame.why === 'restarted') return this.restarted(arrival.frame)
    if (this.newer !== 'here') return // what comes does not join on to what is held
    const { source } = arrival
    if (arrival.kind === 'gap') {
      const { from, to, why } = arrival.frame
      this.buffer.gap(from, to, why, source)
    } else if (arrival.kind === 'mark') {
      const { off, why, at } = arrival.frame
      this.buffer.mark(off, why, at, source)
    } else if (this.restart && !this.several) this.takeOf(arrival.frame, this.restart)
    else if (!this.several) this.buffer.append(arrival.frame, source)
    else this.wait(arrival.frame, source)
  }

  private wait(frame: LogFrame, source: number): void {
    const since = performance.now()
    linesOf(frame, source).forEach((line, i) => {
      this.waiting.push({ line, cont: frame.cont === true && i === 0, since })
    })
    this.buffer.stretch(source, frame.off, frame.end)
    this.buffer.epoch = frame.epoch
    setTimeout(this.schedule, settling)
  }

  /** Puts in what has waited long enough, and all that came before it. */
  private settle(): void {
    if (this.waiting.length === 0) return
    this.waiting.sort((a, b) => a.line.at - b.line.at)
    const due = performance.now() - settling
    const stop = this.waiting.findLastIndex((w) => w.since <= due) + 1
    for (const { line, cont } of this.waiting.splice(0, stop)) this.buffer.add([line], cont)
  }

  /**
   * After a restart of supervisord offsets mean other bytes. What was read stays
   * above the mark, until the tail that follows has shown what of it the file has.
   */
  private restarted(frame: MarkFrame): void {
    const { buffer } = this
    this.forget(() => buffer.outlive(frame))
    this.paused = false
    this.restart = frame
    if (this.several) void this.beginMerged()
  }

  /** Takes lines that may be of the life before the restart, which stand above its mark. */
  private takeOf(frame: LogFrame, restart: MarkFrame): void {
    const lines = linesOf(frame)
    // When a line came is known of all that was written after it.
    const fresh = lines.findIndex((line) => line.at >= restart.at)
    const many = fresh < 0 ? lines.length : fresh
    if (many > 0) this.buffer.appendFormer(lines.slice(0, many))
    if (fresh >= 0) {
      this.restart = undefined
      this.buffer.add(lines.slice(fresh))
    }
    this.buffer.epoch = frame.epoch
    this.buffer.stretch(0, frame.off, frame.end)
  }

  private forget(clear = () => this.buffer.clear()): void {
    clear()
    this.restart = undefined
    this.waiting = []
    this.older = 'maybe'
    this.newer = 'here'
    this.oldest = undefined
  }
}

function idOf(name: LogName): LogId {
  if (name === 'mainlog') return name
  const cut = name.lastIndexOf('/')
  return { proc: name.slice(0, cut), ch: name.slice(cut + 1) as Chan }
}

function withMax(query: URLSearchParams): URLSearchParams {
  query.set('max', String(page))
  return query
}

function isFirst(found: LogPage | MergedPage): boolean {
  if ('sources' in found) return found.sources.every((s) => s.off <= s.oldest)
  return found.first === true || found.off <= found.oldest
}

function reachesEnd(found: LogPage | MergedPage): boolean {
  const parts = 'sources' in found ? found.sources : [found]
  return parts.every((p) => p.end >= p.newest)
}
