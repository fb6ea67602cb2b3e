import { isLogPage } from '../wire/guard'
import type { Accepted, Chan, Fault, Identity, LogPage, ProcessDetail, Update } from '../wire/wire.gen'

export type Verb = 'start' | 'stop' | 'restart'

/** Everything that can go wrong with a request, in one type. */
export class ApiError extends Error {
  constructor(
    /** No answer, none in time, or an answer that is not a success. */
    readonly kind: 'network' | 'timeout' | 'answer',
    /** HTTP status; 0 without an answer. */
    readonly status: number,
    /** Name of the fault, such as NOT_RUNNING; empty if the server named none. */
    readonly code: string,
    /** What the server says about it. */
    readonly detail: string,
    /** Finds the request in the server's log. */
    readonly requestId: string,
  ) {
    super(detail || code || kind)
  }
}

export interface ClientOptions {
  fetch: typeof fetch
  /** Address the page is mounted at, with its last slash. */
  base: string
  /** Milliseconds an answer may take. */
  timeout?: number
}

/** The JSON API. Commands carry a key, so that one repeated after a loss is not done twice. */
export class Client {
  constructor(private readonly options: ClientOptions) {}

  identity(): Promise<Identity> {
    return this.request('GET', 'identity') as Promise<Identity>
  }

  process(name: string): Promise<ProcessDetail> {
    return this.request('GET', `processes/${encodeURIComponent(name)}`) as Promise<ProcessDetail>
  }

  /** Acts on one process, "group:name". */
  act(name: string, verb: Verb): Promise<Accepted> {
    return this.request('POST', `processes/${encodeURIComponent(name)}/${verb}`) as Promise<Accepted>
  }

  actOnGroup(group: string, verb: Verb): Promise<Accepted> {
    return this.request('POST', `groups/${encodeURIComponent(group)}/${verb}`) as Promise<Accepted>
  }

  actOnAll(verb: Verb): Promise<Accepted> {
    return this.request('POST', `all/${verb}`) as Promise<Accepted>
  }

  update(): Promise<Update> {
    return this.request('POST', 'config/update') as Promise<Update>
  }

  /** The lines of a log that end at an offset, at most so many bytes of them. */
  async logBefore(name: string, channel: Chan, before: number, max: number): Promise<LogPage> {
    const query = new URLSearchParams({ before: String(before), max: String(max) })
    const page = await this.request('GET', `log/${encodeURIComponent(name)}/${channel}?${query}`)
    if (!isLogPage(page)) throw new ApiError('answer', 200, '', 'not a page of a log', '')
    return page
  }

  private async request(method: 'GET' | 'POST', path: string): Promise<unknown> {
    const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRF': '1' }
    if (method === 'POST') headers['Idempotency-Key'] = randomKey()
    const response = await this.send(path, { method, headers, credentials: 'same-origin' })
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) return body
    const fault = faultOf(body)
    const id = response.headers.get('X-Request-Id') ?? ''
    throw new ApiError('answer', response.status, fault?.name ?? '', fault?.detail ?? '', id)
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(this.options.timeout ?? 20_000)
    try {
      return await this.options.fetch(`${this.options.base}api/v1/${path}`, { ...init, signal })
    } catch {
      const kind = signal.aborted ? 'timeout' : 'network'
      throw new ApiError(kind, 0, '', '', '')
    }
  }
}

function faultOf(body: unknown): Fault | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  const fault = body.error
  if (typeof fault !== 'object' || fault === null || !('name' in fault)) return undefined
  return typeof fault.name === 'string' ? (fault as Fault) : undefined
}

/** Also where the page is not served over TLS, and crypto.randomUUID does not exist. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  )
}
