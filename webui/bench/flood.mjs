// A log without an end and a table in motion, beside the pretended supervisord of
// webui/e2e/fake: what goes over the socket is what a real one would send.
import { change } from '../e2e/fake/server.mjs'

/** Bytes of a line, with its end: so every offset is a product. */
const width = 100
const levels = ['INFO ', '\x1b[33mWARN\x1b[0m ', 'INFO ', 'DEBUG', 'INFO ']
const rest = levels.map((level, i) => {
  const text = ` ${level} request GET /api/orders/${i}7 200 in ${i}1 ms from 10.0.0.${i}, cache hit, user anonymous`
  return text.slice(0, width - 10).padEnd(width - 10)
})

const lineOf = (n) => `${String(n).padStart(9, '0')}${rest[n % rest.length]}`

/**
 * Log of the first who asks for one. A piece is sent when the page has said that
 * the one before it is drawn, so however slow the machine is, every line is drawn.
 */
export class Flood {
  line
  id = 0
  epoch = ''
  sent = 0
  acknowledged = 0
  heard = () => {}

  /** Takes a frame of the page if it is about a log; the pretended supervisord asks. */
  hear(line, frame, epoch) {
    if (frame.t === 'sub' && frame.topic === 'log') {
      Object.assign(this, { line, id: frame.id, epoch, sent: 0, acknowledged: 0 })
      line.send({ t: 'ok', id: frame.id })
      this.heard()
      return true
    }
    if (frame.id !== this.id || line !== this.line) return false
    if (frame.t === 'ack') {
      this.acknowledged = frame.off
      this.heard()
    }
    return true
  }

  /** The page has asked for a log. */
  async wanted() {
    while (!this.line) await this.news()
  }

  /** Sends lines, a window of them at a time, and waits until the last is drawn. */
  async pour(lines, window = 500) {
    const end = this.sent + lines * width
    while (this.acknowledged < end) {
      if (this.acknowledged === this.sent) this.send(Math.min(window, (end - this.sent) / width))
      await this.news()
    }
  }

  send(count) {
    const first = this.sent / width
    const off = this.sent
    this.sent += count * width
    this.line.send({
      t: 'log',
      id: this.id,
      epoch: this.epoch,
      off,
      end: this.sent,
      lines: Array.from({ length: count }, (_, i) => lineOf(first + i)),
    })
  }

  news() {
    return new Promise((resolve) => {
      this.heard = resolve
    })
  }
}

/**
 * Changes a fifth of all rows, others each time but always the first, whose pid
 * becomes another number, which is given back: by that the page shows how far it is.
 */
export function stir(world, n) {
  const pid = 10_000 + n
  const rows = world.rows.filter((_, i) => i === 0 || i % 5 === n % 5)
  for (const row of rows) {
    Object.assign(row, { pid, since: Date.now(), state: n % 10 < 5 ? 'RUNNING' : 'STARTING' })
  }
  change(world, rows)
  return pid
}
