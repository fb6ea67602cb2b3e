import type { LogBuffer, LogLine } from '../../store/logbuffer'
import { plainText } from './ansi'
import { levelOfLine } from './grave'

/** Milliseconds between two lines that are said. */
const pause = 2_000

/** Longer lines are said by their beginning. */
const longest = 300

/**
 * Says new lines of a log to those who cannot see them: one at a time, with a
 * pause in which the others go unsaid, and rather one that tells of an error
 * than one that came after it.
 */
export class Sayer {
  said = $state('')

  private seen: number
  private generation: number
  private next: { text: string; error: boolean } | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly buffer: LogBuffer,
    private readonly textOf: (line: LogLine) => string,
  ) {
    this.seen = buffer.stop
    this.generation = buffer.generation
  }

  close(): void {
    clearTimeout(this.timer)
  }

  /** Takes in what has come since it was called last. */
  look(): void {
    const { buffer } = this
    if (buffer.generation !== this.generation) {
      this.generation = buffer.generation
      this.seen = buffer.stop
      return
    }
    for (let i = Math.max(this.seen, buffer.start); i < buffer.stop; i++) {
      const item = buffer.item(i)
      if (item.kind === 'line') {
        if (item.open) break // it is said when it is whole
        if (!item.tail) this.hear(item)
      }
      this.seen = i + 1
    }
    if (this.next && this.timer === undefined) this.say()
  }

  private hear(line: LogLine): void {
    const error = levelOfLine(line) === 'error'
    if (this.next?.error && !error) return
    this.next = { text: plainText(this.textOf(line).slice(0, longest)), error }
  }

  private say(): void {
    this.timer = undefined
    if (!this.next) return
    this.said = this.next.text
    this.next = undefined
    this.timer = setTimeout(() => this.say(), pause)
  }
}
