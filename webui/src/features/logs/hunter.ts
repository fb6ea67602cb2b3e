import script from './hunt.worker?worker&url'
import type { Task, Tried } from './match'

/** Milliseconds a few lines may take; no pattern that anybody needs is slower. */
const patience = 2_000

/** The part of a Worker that is needed of it. */
export interface Helper {
  postMessage(task: Task): void
  terminate(): void
  onmessage: ((event: MessageEvent<'ready' | Tried>) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
}

/** What came of a task: slow, if the pattern would take too long; lost, if nobody could try it. */
export type Outcome = Tried | 'slow' | 'lost'

/**
 * Tries patterns in a thread of its own, which is ended when one takes too long
 * or is no longer wanted: the page never waits for one.
 */
export class Hunter {
  private helper: Helper | undefined
  private ready = false
  private waiting: { task: Task; tell: (outcome: Outcome) => void } | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly start: () => Helper = startWorker) {}

  /** Whether a task is under way. */
  get busy(): boolean {
    return this.waiting !== undefined
  }

  /** Tries a pattern on some texts; one task at a time. Who asks is told unless it is stopped before. */
  run(task: Task, tell: (outcome: Outcome) => void): void {
    this.waiting = { task, tell }
    if (this.ready) return this.send()
    this.helper ??= this.hire()
  }

  /** Gives up what is under way. */
  stop(): void {
    if (!this.busy) return
    this.waiting = undefined
    this.dismiss()
  }

  close(): void {
    this.waiting = undefined
    this.dismiss()
  }

  private hire(): Helper {
    const helper = this.start()
    helper.onmessage = ({ data }) => {
      if (data !== 'ready') return this.end(data)
      this.ready = true
      this.send()
    }
    helper.onerror = () => {
      this.dismiss()
      this.end('lost')
    }
    return helper
  }

  /** The clock starts when the thread has begun: how long that takes is not the pattern's fault. */
  private send(): void {
    if (!this.waiting) return
    this.helper!.postMessage(this.waiting.task)
    this.timer = setTimeout(() => {
      this.dismiss()
      this.end('slow')
    }, patience)
  }

  private end(outcome: Outcome): void {
    clearTimeout(this.timer)
    const tell = this.waiting?.tell
    this.waiting = undefined
    tell?.(outcome)
  }

  private dismiss(): void {
    clearTimeout(this.timer)
    this.helper?.terminate()
    this.helper = undefined
    this.ready = false
  }
}

/** What makes an address one that a page with strict rules may run. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL(url: string): string
  }
}

/** Starts the thread; its script is one of the page's own files, which is all that is ever trusted. */
function startWorker(): Helper {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('log-search', {
    createScriptURL: (url) => {
      if (url !== script) throw new TypeError('not a script of this page')
      return url
    },
  })
  return new Worker(policy ? policy.createScriptURL(script) : script) as Helper
}
