import type { Dict } from '../text/en'
import type { IconName } from './icons'

/** A state of a process, by Supervisor's word. */
export type Look = keyof Dict['state']

interface Appearance {
  icon: IconName
  /** Class of tones.css that gives --text, --soft and --solid. */
  tone: string
}

const appearances: Record<Look, Appearance> = {
  RUNNING: { icon: 'running', tone: 'tone-running' },
  STARTING: { icon: 'starting', tone: 'tone-starting' },
  STOPPING: { icon: 'stopping', tone: 'tone-stopping' },
  BACKOFF: { icon: 'backoff', tone: 'tone-backoff' },
  FATAL: { icon: 'fatal', tone: 'tone-fatal' },
  EXITED: { icon: 'exited', tone: 'tone-exited' },
  STOPPED: { icon: 'stopped', tone: 'tone-stopped' },
  UNKNOWN: { icon: 'unknown', tone: 'tone-unknown' },
}

/** How a state looks: a shape, a colour, and beside them always the word. */
export function looks(state: Look, bad = false): Appearance {
  if (state === 'EXITED' && bad) return { icon: 'exitedBadly', tone: 'tone-backoff' }
  return appearances[state]
}
