import type { Dict } from '../text/en'
import type { IconName } from './icons'

/** A state of a process, by Supervisor's word. */
export type Look = keyof Dict['state']

interface Appearance {
  icon: IconName
  /** Class of tones.css that gives --text, --soft and --solid. */
  tone: string
  /** On its way from one state to another. */
  busy: boolean
}

const appearances: Record<Look, Appearance> = {
  RUNNING: { icon: 'running', tone: 'tone-running', busy: false },
  STARTING: { icon: 'starting', tone: 'tone-starting', busy: true },
  STOPPING: { icon: 'stopping', tone: 'tone-stopping', busy: true },
  BACKOFF: { icon: 'backoff', tone: 'tone-backoff', busy: false },
  FATAL: { icon: 'fatal', tone: 'tone-fatal', busy: false },
  EXITED: { icon: 'exited', tone: 'tone-exited', busy: false },
  STOPPED: { icon: 'stopped', tone: 'tone-stopped', busy: false },
  UNKNOWN: { icon: 'unknown', tone: 'tone-unknown', busy: false },
}

/** How a state looks: a shape, a colour, and beside them always the word. */
export function looks(state: Look, bad = false): Appearance {
  if (state === 'EXITED' && bad) return { icon: 'exitedBadly', tone: 'tone-backoff', busy: false }
  return appearances[state]
}
