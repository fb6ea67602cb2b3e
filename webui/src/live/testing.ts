import type { ClientFrame, ServerFrame } from '../wire/wire.gen'
import { type Clock, type Line, Socket, type SocketOptions } from './socket'

/** Time that moves only when a test says so. */
export class TestClock implements Clock {
  private time = 1_000_000
  private timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.time
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((t) => t !== timer)
    }
  }

  /** Lets time pass, and what is due happen in its order. */
  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const next = this.timers.filter((t) => t.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (!next) break
      this.timers = this.timers.filter((t) => t !== next)
      this.time = next.at
      next.run()
    }
    this.time = end
  }

  get waiting(): number {
    return this.timers.length
  }
}

/** A WebSocket whose other end is the test. */
export class TestLine implements Line {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  closed = false
  readonly sent: ClientFrame[] = []

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame)
  }

  close(): void {
    this.closed = true
  }

  /** The server says something. */
  say(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  /** What was sent since the last call. */
  heard(): ClientFrame[] {
    return this.sent.splice(0)
  }
}

/** A socket, the lines it has opened, and its clock. */
export function testSocket(options: Partial<SocketOptions> = {}) {
  const clock = new TestClock()
  const lines: TestLine[] = []
  const socket = new Socket({
    open: () => {
      const line = new TestLine()
      lines.push(line)
      return line
    },
    clock,
    random: () => 1,
    online: () => true,
    build: '1.0',
    ...options,
  })
  const latest = () => lines.at(-1)!
  return {
    clock,
    lines,
    socket,
    latest,
    /** Takes the latest line through hello and welcome. */
    welcome(epoch = 'e1'): TestLine {
      const line = latest()
      line.onopen?.()
      line.heard()
      line.say({
        t: 'welcome',
        v: 1,
        sid: 's',
        epoch,
        now: clock.now() + 5000,
        hb: 10,
        build: '1.0',
        identifier: 'supervisor',
        user: { name: '', caps: 0 },
        limits: { subs: 64, logs: 16, win: 262144 },
      })
      return line
    },
  }
}
