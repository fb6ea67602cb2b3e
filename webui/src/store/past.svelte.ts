import { ApiError, type Client } from '../api/client'
import {
  isCrash,
  isCrashes,
  isLives,
  isPools,
  isProcessDetail,
  isProcessMetrics,
  isSettings,
} from '../wire/past'
import type { Crash, Life, Pool, ProcessDetail, ProcessMetrics, Settings } from '../wire/wire.gen'

/** Something that is asked for once, and again when there is reason to. */
export class Answer<T> {
  value = $state.raw<T | undefined>(undefined)
  error = $state.raw<ApiError | undefined>(undefined)
  private asked = 0

  constructor(private readonly ask: () => Promise<T>) {}

  /** Asks; what was known stays until the answer is there, and a late answer does not count. */
  async load(): Promise<void> {
    const turn = ++this.asked
    try {
      const value = await this.ask()
      if (turn !== this.asked) return
      this.value = value
      this.error = undefined
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (turn === this.asked) this.error = error
    }
  }
}

/** The pools of event listeners that one may see. */
export const poolsOf = (client: Client): Answer<Pool[]> =>
  new Answer(async () => (await client.getAs('pools', isPools, 'pools of event listeners')).pools)

/** What is kept of one process beside its row: how it ended, what it used, what it is run with. */
export class Past {
  readonly detail: Answer<ProcessDetail>
  readonly lives: Answer<Life[]>
  readonly crashes: Answer<Life[]>
  readonly metrics: Answer<ProcessMetrics>
  readonly settings: Answer<Settings>

  constructor(
    private readonly client: Client,
    name: string,
  ) {
    this.path = `processes/${encodeURIComponent(name)}`
    const at = (what: string) => `${this.path}/${what}`
    this.detail = new Answer(() => client.getAs(this.path, isProcessDetail, 'a process'))
    this.lives = new Answer(async () => (await client.getAs(at('lives'), isLives, 'lives')).lives)
    this.crashes = new Answer(async () => (await client.getAs(at('crashes'), isCrashes, 'crashes')).crashes)
    this.metrics = new Answer(() => client.getAs(at('metrics'), isProcessMetrics, 'what a process uses'))
    this.settings = new Answer(() => client.getAs(at('settings'), isSettings, 'settings'))
  }

  private readonly path: string

  /** One crash snapshot, by its number or "last". */
  crash(id: string): Answer<Crash> {
    const path = `${this.path}/crashes/${encodeURIComponent(id)}`
    return new Answer(() => this.client.getAs(path, isCrash, 'a crash'))
  }
}
