import { ApiError, type Client } from '../api/client'
import type { Link } from '../wire/wire.gen'

/** Links that are not over: the reader's own, or everybody's. */
export class Links {
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  all = $state.raw<Link[]>([])
  /** Why the list could not be had. */
  error = $state.raw<ApiError | undefined>(undefined)

  constructor(
    private readonly client: Client,
    private readonly everybody: boolean,
  ) {}

  /** Reads the list; the one on the page stays until then. */
  async load(): Promise<void> {
    try {
      this.all = (await this.client.links(this.everybody)).links
      this.phase = 'ready'
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      this.phase = 'failed'
    }
  }

  /** Ends a link for all who have opened it. One that is over already is as good. */
  async revoke(id: string): Promise<void> {
    try {
      await this.client.revokeLink(id)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
    await this.load()
  }
}

/** When a link ends that is made now, as the API has it: a length, or a moment by the reader's clock. */
export function expiryOf(span: string, until: string): string {
  return span === 'own' ? new Date(until).toISOString() : span
}

/** A moment as a field for dates and times has it, which knows no zone. */
export function fieldOf(moment: number): string {
  const local = new Date(moment - new Date(moment).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}
