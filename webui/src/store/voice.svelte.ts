import type { ProcState } from '../wire/wire.gen'

/** What is said in one breath: what became of processes, by the state they are in now, and what else there is to say. */
export interface Breath {
  changes: { state: ProcState; names: string[] }[]
  texts: string[]
}

/** Changes come in bursts: what follows within this time is said along. */
const gather = 300
/** Nobody can listen to more than one sentence in this time. */
const rest = 3_000

const silence: Breath = { changes: [], texts: [] }

/**
 * What is said to those who listen instead of looking. Of a burst of changes they
 * hear one sentence; a process that moved on meanwhile is only in its last state.
 */
export class Voice {
  polite = $state.raw<Breath>(silence)
  /** What cannot wait: the state of the connection. */
  urgent = $state<'lost' | 'back' | ''>('')

  private states = new Map<string, ProcState>()
  private texts: string[] = []
  private waiting = false

  constructor(private readonly after: (ms: number, run: () => void) => void) {}

  changed(names: string[], state: ProcState): void {
    for (const name of names) {
      this.states.delete(name) // what moved last is said last
      this.states.set(name, state)
    }
    this.wait(gather)
  }

  /** Says something in words; twice the same in one breath is said once. */
  say(text: string): void {
    if (!this.texts.includes(text)) this.texts.push(text)
    this.wait(gather)
  }

  private wait(ms: number): void {
    if (this.waiting) return
    this.waiting = true
    this.after(ms, () => this.speak())
  }

  /** An empty breath between two lets a sentence that is said again be heard again. */
  private speak(): void {
    this.waiting = false
    if (this.states.size === 0 && this.texts.length === 0) {
      this.polite = silence
      return
    }
    const changes = new Map<ProcState, string[]>()
    for (const [name, state] of this.states) changes.set(state, [...(changes.get(state) ?? []), name])
    this.polite = {
      changes: [...changes].map(([state, names]) => ({ state, names })),
      texts: this.texts,
    }
    this.states = new Map()
    this.texts = []
    this.wait(rest)
  }
}
