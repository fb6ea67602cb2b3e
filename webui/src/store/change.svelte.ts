import { ApiError, type Client } from '../api/client'
import type { ConfigFile, ConfigFinding, GroupPreview, UpdateRequest, UpdateStep } from '../wire/wire.gen'

/** The configuration as it stands in its files, and how what runs would change to it. */
export class Change {
  phase = $state<'loading' | 'ready' | 'forbidden' | 'failed'>('loading')
  files = $state.raw<ConfigFile[]>([])
  findings = $state.raw<ConfigFinding[]>([])
  groups = $state.raw<GroupPreview[]>([])
  /** Why nothing could be applied; undefined if it could. */
  broken = $state.raw<ApiError | undefined>(undefined)
  /** What was looked at, by which the server knows whether it is what will be done. */
  private seen = ''
  /** Why there is nothing to show. */
  error = $state.raw<ApiError | undefined>(undefined)
  busy = $state(false)

  /** What is being applied at the moment, group by group in its order. */
  applying = $state.raw<GroupPreview[]>([])
  /** What became of what was applied last; undefined before. */
  steps = $state.raw<UpdateStep[] | undefined>(undefined)
  refusal = $state.raw<ApiError | undefined>(undefined)

  constructor(private readonly client: Client) {}

  /** Reads the files and what they would change. Nothing is changed by it. */
  async load(): Promise<void> {
    this.busy = true
    try {
      const files = await this.client.configFiles()
      this.files = files.files
      this.findings = files.findings
      await this.look()
      this.phase = 'ready'
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      this.phase = error.status === 403 ? 'forbidden' : 'failed'
    } finally {
      this.busy = false
    }
  }

  /** Files that cannot be applied are no failure to look: they are what is found. */
  private async look(): Promise<void> {
    try {
      const preview = await this.client.preview()
      this.groups = preview.groups
      this.seen = preview.seen
      this.broken = undefined
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'CANT_REREAD') throw error
      this.groups = []
      this.broken = error
    }
  }

  /** Applies what would change, or only that of some groups, and looks again. */
  async apply(groups: GroupPreview[], reason: string): Promise<void> {
    const whole = groups.length === this.groups.length
    const wish: UpdateRequest = { seen: this.seen }
    if (reason) wish.reason = reason
    if (!whole) wish.groups = groups.map((g) => g.group)
    this.applying = groups
    this.steps = this.refusal = undefined
    try {
      this.steps = (await this.client.update(wish)).steps
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.refusal = error
    } finally {
      this.applying = []
    }
    await this.load()
  }
}
