import { ApiError, type Client } from '../api/client'
import type { Notices } from './notices.svelte'

/** Orders about supervisord itself. */
export class Maintenance {
  updating = $state(false)

  constructor(
    private readonly client: Client,
    private readonly notices: Notices,
  ) {}

  /** Reads the configuration again and applies what has changed. */
  async update(): Promise<void> {
    this.updating = true
    try {
      const { steps } = await this.client.update()
      const failed = steps.filter((step) => step.error)
      if (failed.length > 0) this.notices.add({ kind: 'stepsFailed', steps: failed })
      else this.notices.add({ kind: 'updated', groups: steps.length })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.notices.add({ kind: 'updateFailed', error })
    } finally {
      this.updating = false
    }
  }
}
