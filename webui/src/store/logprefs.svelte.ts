import { browserShelf, type Shelf } from './preferences.svelte'

/** How the times of lines are shown. */
export type Times = 'off' | 'local' | 'utc'

export const timesOf: readonly Times[] = ['off', 'local', 'utc']

/** How the reader likes logs, in this browser. */
export class LogPreferences {
  times = $state<Times>('off')
  /** How much of the screen the first of several panes beside each other has, in percent. */
  share = $state(50)

  constructor(private readonly shelf: Shelf = browserShelf()) {
    this.times = timesOf.find((t) => t === shelf.get('log-times')) ?? 'off'
    const share = Number(shelf.get('log-share') ?? 50)
    this.share = share >= 20 && share <= 80 ? share : 50
  }

  setTimes(times: Times): void {
    this.times = times
    this.shelf.set('log-times', times)
  }

  setShare(share: number): void {
    this.share = Math.min(80, Math.max(20, share))
    this.shelf.set('log-share', String(this.share))
  }
}

const two = (n: number) => String(n).padStart(2, '0')

/** The time of a line in a column of fixed width. */
export function stampOf(times: Times): ((at: number) => string) | undefined {
  if (times === 'off') return undefined
  if (times === 'utc') return (at) => `${new Date(at).toISOString().slice(5, 23).replace('T', ' ')}Z`
  return (at) => {
    const d = new Date(at)
    const day = `${two(d.getMonth() + 1)}-${two(d.getDate())}`
    const ms = String(d.getMilliseconds()).padStart(3, '0')
    return `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${ms}`
  }
}
