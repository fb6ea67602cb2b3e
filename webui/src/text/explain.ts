import type { OrderKind, Process } from '../wire/wire.gen'
import type { Dict } from './en'

/** What must be known of a process to say how it is. */
export interface Condition {
  state: string
  start: number
  stop: number
  exit: number
  signal?: string
  expected: boolean
  err: string
  tries: number
  max: number
  next: number
}

/** How its last life ended: "exit status 3", "killed by SIGKILL"; empty if it has not. */
export function exitWords(t: Dict, p: Condition): string {
  if (p.stop === 0) return ''
  return p.signal ? t.reason.signal(p.signal) : t.reason.exit(p.exit)
}

/**
 * What was ordered and has not come true yet: nothing of the reader's own order,
 * which its button shows, unless that takes long.
 */
export function orderWords(
  t: Dict,
  p: { order?: OrderKind; by?: string },
  mine?: { late?: boolean },
): string {
  if (mine) return mine.late ? capital(t.verb.waiting) : ''
  return p.order ? capital(t.verb.ordered(p.order, p.by)) : ''
}

/**
 * Says in one line why a process is as it is and what happens next. now is the
 * server's time. A running process needs no explanation: the answer is empty.
 */
export function explain(t: Dict, p: Condition, now: number): string {
  const left = p.next > now ? t.format.rough(Math.max(1000, p.next - now)) : ''
  switch (p.state) {
    case 'BACKOFF':
      return join(
        left ? t.reason.retryIn(left) : t.reason.retryNow,
        t.reason.tries(p.tries, p.max),
        lastTry(t, p) || errWords(t, p.err) || exitWords(t, p),
      )
    case 'FATAL': {
      const why = join(errWords(t, p.err), lastTry(t, p)) || exitWords(t, p)
      // Given up after the first start and all of startretries.
      return why ? join(why, t.reason.gaveUp(p.max + 1)) : t.reason.noReason
    }
    case 'EXITED':
      return capital(p.expected ? t.reason.expected(exitWords(t, p)) : t.reason.unexpected(exitWords(t, p)))
    case 'STARTING':
      return left ? capital(t.reason.countsIn(left)) : t.reason.starting
    case 'STOPPING':
      return left ? capital(t.reason.killIn(left)) : t.reason.stopping
    case 'STOPPED':
      return p.stop === 0 ? t.reason.neverStarted : t.reason.stoppedSince(t.format.rough(now - p.stop))
    case 'UNKNOWN':
      return t.reason.noReason
    default:
      return ''
  }
}

/**
 * What is wrong with a process that is up: an event listener that is out, a pool that
 * loses events, and how often it has been restarted in the last hour, if that is often.
 */
export function troubleWords(t: Dict, p: Process, often: number): string {
  return join(
    p.broken ? t.reason.broken : '',
    p.poolFull ? t.reason.poolFull : '',
    p.poolDropped ? t.reason.poolDropped(p.poolDropped) : '',
    often ? t.reason.often(often) : '',
  )
}

/** How the last try ended that got as far as running a program; empty if it did not, and err says why. */
function lastTry(t: Dict, p: Condition): string {
  return p.err !== '' && p.stop >= p.start ? exitWords(t, p) : ''
}

/** What supervisord says of a failed start, in the reader's language where that is known. */
export function errWords(t: Dict, err: string): string {
  return t.reason.spawn(err)
}

function join(...parts: string[]): string {
  return capital(parts.filter(Boolean).join(' · '))
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
