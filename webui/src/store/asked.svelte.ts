import { ApiError } from '../api/client'

/** A request of a form: whether it is under way, and what the server had against it. */
export class Asked {
  busy = $state(false)
  error = $state.raw<ApiError | undefined>(undefined)

  /** Asks, unless something is being asked already; tells whether it was done. */
  async run(what: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.error = undefined
    try {
      await what()
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      return false
    } finally {
      this.busy = false
    }
  }
}
