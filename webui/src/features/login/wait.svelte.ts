import type { ApiError } from '../../api/client'

/** How long the server wants to hear of no more guesses. */
export class Wait {
  /** When it wants to hear of us again, by our clock; 0 for at once. */
  until = $state(0)

  /** Takes from an answer how long to wait, if it says so. */
  take(error: ApiError): void {
    this.until = error.status === 429 ? Date.now() + Math.max(1, error.retryAfter) * 1000 : 0
  }

  /** Sees to it that the wait ends by itself: the effect of a component. */
  run(): (() => void) | undefined {
    if (this.until === 0) return undefined
    const timer = setTimeout(() => (this.until = 0), this.until - Date.now())
    return () => clearTimeout(timer)
  }
}
