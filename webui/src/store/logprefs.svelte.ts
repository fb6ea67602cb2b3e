import { browserShelf, type Shelf } from './preferences.svelte'

/** How the times of lines are shown. */
export type Times = 'off' | 'local' | 'utc' | 'relative'

export const timesOf: readonly Times[] = ['off', 'local', 'utc', 'relative']

/** How large lines may be written, in pixels of a page that is not enlarged. */
export const sizes = { least: 12, usual: 13, most: 16 }

/** How the reader likes logs, in this browser. */
export class LogPreferences {
  times = $state<Times>('off')
  /** How much of the screen the first of several panes beside each other has, in percent. */
  share = $state(50)
  size = $state(sizes.usual)
  /** Whether new lines are said to those who cannot see them. */
  announce = $state(false)

  constructor(private readonly shelf: Shelf = browserShelf()) {
    this.times = timesOf.find((t) => t === shelf.get('log-times')) ?? 'off'
    const share = Number(shelf.get('log-share') || 50)
    this.share = share >= 20 && share <= 80 ? share : 50
    const size = Number(shelf.get('log-size') || sizes.usual)
    this.size = size >= sizes.least && size <= sizes.most ? Math.round(size) : sizes.usual
    this.announce = shelf.get('log-announce') === '1'
  }

  setTimes(times: Times): void {
    this.times = times
    this.shelf.set('log-times', times)
  }

  setSize(size: number): void {
    this.size = Math.min(sizes.most, Math.max(sizes.least, size))
    this.shelf.set('log-size', String(this.size))
  }

  setAnnounce(on: boolean): void {
    this.announce = on
    this.shelf.set('log-announce', on ? '1' : '0')
  }

  setShare(share: number): void {
    this.share = Math.min(80, Math.max(20, share))
    this.shelf.set('log-share', String(this.share))
  }

  /** Forgets all that was chosen. */
  reset(): void {
    this.times = 'off'
    this.share = 50
    this.size = sizes.usual
    this.announce = false
    for (const key of ['log-times', 'log-share', 'log-size', 'log-announce']) this.shelf.set(key, '')
  }
}

const two = (n: number) => String(n).padStart(2, '0')

/** The time of a line in a column of fixed width; how long ago it came is told from now. */
export function stampOf(times: Times, now = 0): ((at: number) => string) | undefined {
  if (times === 'off') return undefined
  if (times === 'relative') return (at) => ago(now - at).padStart(5)
  if (times === 'utc') return (at) => `${new Date(at).toISOString().slice(5, 23).replace('T', ' ')}Z`
  return (at) => {
    const d = new Date(at)
    const day = `${two(d.getMonth() + 1)}-${two(d.getDate())}`
    const ms = String(d.getMilliseconds()).padStart(3, '0')
    return `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${ms}`
  }
}

/** A time span by its largest unit, whole: 59s, 59m, 47h, 999d. */
function ago(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return `${s}s`
  if (s < 3_600) return `${Math.floor(s / 60)}m`
  if (s < 172_800) return `${Math.floor(s / 3_600)}h`
  return `${Math.min(999, Math.floor(s / 86_400))}d`
}
