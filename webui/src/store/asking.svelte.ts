import type { Verb } from '../api/client'
import { type Commands, type Target, touched } from './commands.svelte'
import type { Row } from './processes.svelte'

export interface Question {
  verb: Verb
  target: Target
  /** The processes it would change. */
  rows: Row[]
}

/** From how many processes on the number must be typed. */
export const many = 20

/**
 * Asks before an order that could hurt: always before stopping, and before
 * anything done to several at once; on a touch screen also before restarting,
 * because fingers slip.
 */
export class Asking {
  question = $state.raw<Question | undefined>(undefined)

  constructor(private readonly commands: Commands) {}

  order(verb: Verb, target: Target, touch: boolean): void {
    const rows = target.kind === 'process' ? [target.row] : touched(verb, target.rows)
    if (rows.length > 0 && mustAsk(verb, target, touch)) this.question = { verb, target, rows }
    else void this.commands.run(verb, target)
  }

  /** Gives the order, with why for the trail, or lets it be. */
  answer(yes: boolean, reason = ''): void {
    const question = this.question
    this.question = undefined
    if (yes && question) void this.commands.run(question.verb, question.target, reason)
  }
}

function mustAsk(verb: Verb, target: Target, touch: boolean): boolean {
  if (target.kind !== 'process') return true
  return verb === 'stop' || (verb === 'restart' && touch)
}
