import { type Commands, type Order, type Target, touched } from './commands.svelte'
import type { ConfirmPolicy } from './preferences.svelte'
import type { Row } from './processes.svelte'

export interface Question {
  verb: Order
  target: Target
  /** The processes it would change. */
  rows: Row[]
}

/** From how many processes on the number must be typed. */
export const many = 20

/** Seconds in which an order may still be taken back: for one process, and for many. */
const windows = { one: 3, many: 5 }

/** An order that is given when its time has run out, unless it is taken back. */
export class Waiting {
  left = $state(0)

  constructor(
    readonly question: Question,
    readonly reason: string,
    seconds: number,
  ) {
    this.left = seconds
  }
}

/**
 * Asks before an order that could hurt: always before stopping, and before
 * anything done to several at once; on a touch screen also before restarting,
 * because fingers slip; or before more or less of that, as the reader likes it.
 * What nobody was asked about, or what touches more than
 * a group, is given some seconds later and can be taken back until then: what
 * was stopped has lost its state for good.
 */
export class Asking {
  question = $state.raw<Question | undefined>(undefined)
  waiting = $state.raw<readonly Waiting[]>([])
  /** Called when an order about chosen processes has been given. */
  ongiven: (target: Target) => void = () => {}

  constructor(
    private readonly commands: Commands,
    private readonly after: (ms: number, run: () => void) => void,
    private readonly policy: () => ConfirmPolicy = () => 'default',
  ) {}

  order(verb: Order, target: Target, touch: boolean): void {
    const rows = target.kind === 'process' ? [target.row] : touched(verb, target.rows)
    const question = { verb, target, rows }
    if (rows.length > 0 && mustAsk(verb, target, touch, this.policy())) this.question = question
    else if (verb === 'restart' && target.kind === 'process') this.wait(question, '', windows.one)
    else this.give(question, '')
  }

  /** Gives the order, with why for the trail, or lets it be. */
  answer(yes: boolean, reason = ''): void {
    const question = this.question
    this.question = undefined
    if (!yes || !question) return
    const { kind } = question.target
    if (kind === 'chosen' || kind === 'all') this.wait(question, reason, windows.many)
    else this.give(question, reason)
  }

  /** Gives an order that waits at once. */
  now(waiting: Waiting): void {
    if (!this.takeBack(waiting)) return
    this.give(waiting.question, waiting.reason)
  }

  /** Lets an order be that waits; tells whether it still did. */
  takeBack(waiting: Waiting): boolean {
    const before = this.waiting
    this.waiting = before.filter((other) => other !== waiting)
    return this.waiting.length < before.length
  }

  /** Lets everything be: whoever asked may not be here any more. */
  forget(): void {
    this.question = undefined
    this.waiting = []
  }

  /** The order that waits for a process. */
  of(id: number): Waiting | undefined {
    return this.waiting.find(({ question }) => question.rows.some((row) => row.id === id))
  }

  private wait(question: Question, reason: string, seconds: number): void {
    if (question.target.kind === 'process' && this.of(question.target.row.id)) return // the second of a double click
    const waiting = new Waiting(question, reason, seconds)
    this.waiting = [...this.waiting, waiting]
    this.count(waiting)
  }

  private count(waiting: Waiting): void {
    this.after(1000, () => {
      if (!this.waiting.includes(waiting)) return
      waiting.left--
      if (waiting.left > 0) this.count(waiting)
      else this.now(waiting)
    })
  }

  private give({ verb, target }: Question, reason: string): void {
    void this.commands.run(verb, target, reason)
    this.ongiven(target)
  }
}

function mustAsk(verb: Order, target: Target, touch: boolean, policy: ConfirmPolicy): boolean {
  if (policy === 'always' || verb === 'stop' || verb === 'kill') return true
  if (target.kind !== 'process') return policy === 'default' || verb === 'restart'
  return policy === 'default' && verb === 'restart' && touch
}
