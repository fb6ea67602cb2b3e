import { parseFrame } from '../wire/guard'
import {
  type ClientFrame,
  type ServerFrame,
  type SubFrame,
  type WelcomeFrame,
  WIRE_VERSION,
} from '../wire/wire.gen'

/** What the socket uses of a WebSocket. */
export interface Line {
  send(text: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
}

/** Time, as the socket sees it; tests bring their own. */
export interface Clock {
  now(): number
  /** Runs the function once after so many milliseconds; the answer takes it back. */
  after(ms: number, run: () => void): () => void
}

export interface SocketOptions {
  open: () => Line
  clock: Clock
  /** 0 up to 1, for the jitter. */
  random: () => number
  /** Whether the device believes it has a network. */
  online: () => boolean
  /** Version this page was built as. */
  build: string
}

/**
 * Where the connection stands. "waiting" has lost it and tries again at retryAt;
 * online is what the device believes of its network meanwhile;
 * "closed" will not try again: code says why, as HTTP or the frame bye would.
 */
export type Link =
  | { kind: 'connecting'; online: boolean }
  | { kind: 'live' }
  | { kind: 'waiting'; retryAt: number; online: boolean }
  | { kind: 'closed'; code: number; why: string }

/** One thing watched over the socket. */
export interface Watch {
  /** The subscription to ask for now; after a loss it says where to go on. */
  request(): Omit<SubFrame, 't' | 'id'>
  /** The server has begun it. */
  begun(): void
  /** A frame about it. */
  frame(frame: ServerFrame): void
  /** The server has ended it, or refused it. */
  ended(code: number, message: string): void
}

/** A watch in force. */
export interface Handle {
  /** Sends a frame about this subscription, if there is a connection to send it on. */
  send(frame: Followup): void
  /** Asks anew, as the watch now requests. */
  again(): void
  close(): void
}

/** What may be said about a subscription after it was made; the id is filled in. */
export type Followup =
  | Omit<Extract<ClientFrame, { t: 'set' }>, 'id'>
  | Omit<Extract<ClientFrame, { t: 'ack' }>, 'id'>

const firstDelay = 500
const longestDelay = 15_000
const connectLimit = 10_000
const pongLimit = 3_000
const healthyAfter = 10_000
/** Heartbeats that may be missed before the connection counts as dead. */
const missedBeats = 2.5

/** Code of an error about a frame that makes no sense. */
const notUnderstood = 400

/** Codes of bye and close after which trying again is of no use. */
const final = new Set([4401, 4403, 4409])

/**
 * The one WebSocket of the page. It connects, says hello, keeps every watch
 * subscribed, notices silence, and comes back after a loss: at once when the
 * network or the reader returns, else after a growing, random wait. Frames are
 * handed on as they come.
 */
export class Socket {
  /** The server's clock minus ours, in milliseconds. */
  skew = 0
  /** When the last frame came, by our clock; 0 before the first. */
  lastFrame = 0
  /** Called when the link, or what the server said in its welcome, has changed. */
  onlink: (link: Link) => void = () => {}
  onwelcome: (welcome: WelcomeFrame) => void = () => {}
  /** A connection ended before the server said welcome: somebody should ask it why. */
  onrefused: () => void = () => {}

  private link: Link = { kind: 'connecting', online: true }
  private line: Line | undefined
  private attempts = 0
  private welcomed = false
  private retryAfter = 0
  private nextId = 1
  private nextPing = 1
  private silenceLimit = 25_000
  private readonly watches = new Map<number, Entry>()
  private cancelTimers: (() => void)[] = []
  private cancelSilence: () => void = () => {}

  constructor(private readonly options: SocketOptions) {}

  get state(): Link {
    return this.link
  }

  /** Connects, unless there is a connection or one is being made. */
  connect(): void {
    if (this.line) return
    this.clearTimers()
    this.welcomed = false
    this.retryAfter = 0
    this.setLink({ kind: 'connecting', online: this.options.online() })
    const line = this.options.open()
    this.line = line
    line.onopen = () => this.sayHello(line)
    line.onmessage = (event) => this.receive(line, event.data)
    line.onclose = (event) => this.lost(line, event.code)
    this.timer(connectLimit, () => this.drop(line))
  }

  /** Ends the connection for good: the page may not have it. */
  refuse(code: number, why: string): void {
    const line = this.line
    this.line = undefined
    this.clearTimers()
    this.setLink({ kind: 'closed', code, why })
    line?.close()
  }

  /**
   * The device has lost its network, which is no news to wait for. It may be wrong,
   * as of a server on the same machine: so the next tries are made as ever.
   */
  unplug(): void {
    if (this.line) return this.drop(this.line)
    if (this.link.kind === 'waiting') this.setLink({ ...this.link, online: false })
  }

  /**
   * The reader or the network is back, or somebody asked: tries at once, or makes
   * sure that a connection that looks alive is.
   */
  wake(): void {
    if (this.link.kind === 'waiting') return this.connect()
    const line = this.line
    if (line && this.link.kind === 'connecting' && !this.link.online) {
      this.line = undefined // what was begun without a network may hang
      line.close()
      return this.connect()
    }
    if (!line || this.link.kind !== 'live') return
    this.write(line, { t: 'ping', n: this.nextPing++ })
    this.armSilence(line, pongLimit)
  }

  watch(watch: Watch): Handle {
    const entry: Entry = { watch, id: 0, begun: false }
    this.subscribe(entry)
    return {
      send: (frame) => {
        if (this.watches.get(entry.id) !== entry || !this.line || this.link.kind !== 'live') return
        this.write(this.line, { ...frame, id: entry.id })
      },
      again: () => {
        this.unsubscribe(entry)
        this.subscribe(entry)
      },
      close: () => this.unsubscribe(entry),
    }
  }

  private subscribe(entry: Entry): void {
    this.register(entry)
    if (this.line && this.link.kind === 'live') this.requestOf(this.line, entry)
  }

  private register(entry: Entry): void {
    entry.id = this.nextId++
    entry.begun = false
    this.watches.set(entry.id, entry)
  }

  private unsubscribe(entry: Entry): void {
    if (!this.watches.delete(entry.id)) return
    if (this.line && this.link.kind === 'live') this.write(this.line, { t: 'unsub', id: entry.id })
  }

  private requestOf(line: Line, entry: Entry): void {
    this.write(line, { t: 'sub', id: entry.id, ...entry.watch.request() })
  }

  private sayHello(line: Line): void {
    if (line !== this.line) return
    this.write(line, { t: 'hello', v: WIRE_VERSION, build: this.options.build })
  }

  private receive(line: Line, data: unknown): void {
    if (line !== this.line || typeof data !== 'string') return
    this.lastFrame = this.options.clock.now()
    let frame: ServerFrame | undefined
    try {
      frame = parseFrame(data)
    } catch {
      return this.drop(line) // what follows could not be trusted either: begin anew
    }
    if (this.welcomed) this.armSilence(line, this.silenceLimit)
    if (frame) this.handle(line, frame)
  }

  private handle(line: Line, frame: ServerFrame): void {
    switch (frame.t) {
      case 'welcome':
        return this.begin(line, frame)
      case 'hb':
      case 'pong':
        this.skew = frame.now - this.options.clock.now()
        return
      case 'bye':
        return this.farewell(line, frame.code, frame.why, frame.retryAfter ?? 0)
      case 'err':
        return this.fail(frame.id, frame.code, frame.msg)
      case 'ok':
        return this.begun(frame.id)
      default:
        this.watches.get(frame.id)?.watch.frame(frame)
    }
  }

  private begin(line: Line, welcome: WelcomeFrame): void {
    this.welcomed = true
    this.clearTimers()
    this.skew = welcome.now - this.options.clock.now()
    this.silenceLimit = welcome.hb * 1000 * missedBeats
    this.armSilence(line, this.silenceLimit)
    this.timer(healthyAfter, () => {
      this.attempts = 0
    })
    this.setLink({ kind: 'live' })
    this.onwelcome(welcome)
    for (const entry of [...this.watches.values()]) this.requestAnew(line, entry)
  }

  /** After a reconnect every subscription gets a new id, so that no late frame is mistaken. */
  private requestAnew(line: Line, entry: Entry): void {
    if (this.line !== line) return
    this.watches.delete(entry.id)
    this.register(entry)
    this.requestOf(line, entry)
  }

  private begun(id: number): void {
    const entry = this.watches.get(id)
    if (!entry) return
    entry.begun = true
    entry.watch.begun()
  }

  /**
   * Ends the watch an error is about. Only a change that was not understood, of a
   * subscription that has begun, leaves it as it was: the server goes on with it.
   */
  private fail(id: number | undefined, code: number, message: string): void {
    const entry = id === undefined ? undefined : this.watches.get(id)
    if (!entry || (entry.begun && code === notUnderstood)) return
    this.watches.delete(entry.id)
    entry.watch.ended(code, message)
  }

  private farewell(line: Line, code: number, why: string, retryAfter: number): void {
    if (final.has(code)) return this.refuse(code, why)
    this.retryAfter = retryAfter * 1000
    this.drop(line)
  }

  private drop(line: Line): void {
    if (line !== this.line) return
    this.lost(line, 0)
    line.close()
  }

  private lost(line: Line, code: number): void {
    if (line !== this.line) return
    this.line = undefined
    this.clearTimers()
    if (final.has(code)) return this.setLink({ kind: 'closed', code, why: '' })
    const wait = this.delay()
    const retryAt = this.options.clock.now() + wait
    this.setLink({ kind: 'waiting', retryAt, online: this.options.online() })
    this.timer(wait, () => this.connect())
    if (!this.welcomed) this.onrefused()
  }

  /** How long to wait: doubling, with full jitter, so that many pages do not return as one. */
  private delay(): number {
    const ceiling = Math.min(longestDelay, firstDelay * 2 ** this.attempts++)
    return this.retryAfter + Math.round(this.options.random() * ceiling)
  }

  private armSilence(line: Line, limit: number): void {
    this.cancelSilence()
    this.cancelSilence = this.options.clock.after(limit, () => this.drop(line))
  }

  private timer(ms: number, run: () => void): void {
    this.cancelTimers.push(this.options.clock.after(ms, run))
  }

  private clearTimers(): void {
    this.cancelSilence()
    for (const cancel of this.cancelTimers.splice(0)) cancel()
  }

  private write(line: Line, frame: ClientFrame): void {
    line.send(JSON.stringify(frame))
  }

  private setLink(link: Link): void {
    this.link = link
    this.onlink(link)
  }
}

interface Entry {
  watch: Watch
  id: number
  /** The server has said so, of this id. */
  begun: boolean
}
