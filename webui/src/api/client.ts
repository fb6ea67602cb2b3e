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

/** An answer that arrived whole. */
interface Reply {
  response: Response
  text: string
}

/**
 * The JSON API. An order whose connection is lost is given once more: it carries
 * a key, by which the server knows it again and answers what came of it.
 */
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

  /** Answers once the programs of the groups that go have stopped, however long they take. */
  update(): Promise<Update> {
    return this.request('POST', 'config/update', Number.POSITIVE_INFINITY) as Promise<Update>
  }

  /** The lines of a log that end at an offset, at most so many bytes of them. */
  async logBefore(name: string, channel: Chan, before: number, max: number): Promise<LogPage> {
    const query = new URLSearchParams({ before: String(before), max: String(max) })
    const page = await this.request('GET', `log/${encodeURIComponent(name)}/${channel}?${query}`)
    if (!isLogPage(page)) throw new ApiError('answer', 200, '', 'not a page of a log', '')
    return page
  }

  private async request(method: 'GET' | 'POST', path: string, patience = this.patience): Promise<unknown> {
    const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRF': '1' }
    if (method === 'POST') headers['Idempotency-Key'] = randomKey()
    const send = () => this.send(path, { method, headers, credentials: 'same-origin' }, patience)
    const { response, text } = method === 'POST' ? await twice(send) : await send()
    const body = parse(text)
    if (response.ok && body !== undefined) return body
    const fault = faultOf(body)
    const id = response.headers.get('X-Request-Id') ?? ''
    throw new ApiError('answer', response.status, fault?.name ?? '', fault?.detail ?? '', id)
  }

  private get patience(): number {
    return this.options.timeout ?? 20_000
  }

  private async send(path: string, init: RequestInit, patience: number): Promise<Reply> {
    const signal = Number.isFinite(patience) ? AbortSignal.timeout(patience) : null
    try {
      const response = await this.options.fetch(`${this.options.base}api/v1/${path}`, { ...init, signal })
      return { response, text: await response.text() }
    } catch {
      const kind = signal?.aborted ? 'timeout' : 'network'
      throw new ApiError(kind, 0, '', '', '')
    }
  }
}

/** Sends, and if no whole answer came because the connection was lost, once more. */
async function twice(send: () => Promise<Reply>): Promise<Reply> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'network') return send()
    throw error
  }
}

/** The value of a JSON text; undefined if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
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
