import {
  isAbout,
  isAccount,
  isAccounts,
  isActivity,
  isConfigFiles,
  isLinks,
  isNewLink,
  isNewToken,
  isPlugins,
  isPreview,
  isSessions,
  isWhoAmI,
} from '../wire/guard'
import type {
  About,
  Accepted,
  Account,
  AccountRequest,
  Accounts,
  Activity,
  ConfigFiles,
  Fault,
  Identity,
  InputRequest,
  LinkRequest,
  Links,
  LogIn,
  NewLink,
  NewToken,
  OrderRequest,
  PasswordChange,
  Plugins,
  Preview,
  ProcessDetail,
  Sessions,
  SignalRequest,
  TokenRequest,
  TrailCheck,
  Update,
  UpdateRequest,
  WhoAmI,
} from '../wire/wire.gen'

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
    /** Seconds after which the server wants to be asked again; 0 if it did not say. */
    readonly retryAfter = 0,
    /** Why it was refused, in a word of the interface; empty where the code says enough. */
    readonly reason = '',
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

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface Wish {
  /** What is sent along, as JSON. */
  body?: unknown
  /** Milliseconds the answer may take. */
  patience?: number
  /** Never sent a second time, not even when the connection is lost. */
  once?: boolean
  /** Statuses that tell, of the second time, that the first one did what was wished. */
  done?: readonly number[]
}

/** What a 401 to is about a password that was sent along, and not about who sent it. */
const guessed: ReadonlySet<string> = new Set(['session', 'session/password'])

/** An answer that arrived whole. */
interface Reply {
  response: Response
  text: string
}

/**
 * The JSON API. An order whose connection is lost is given once more: it carries
 * a key, by which the server knows it again and answers what came of it. Ending a
 * session is no order; what is not there any more has been ended.
 */
export class Client {
  /** Called when the server no longer knows who is asking. */
  onstranger: () => void = () => {}

  constructor(private readonly options: ClientOptions) {}

  identity(): Promise<Identity> {
    return this.request('GET', 'identity') as Promise<Identity>
  }

  process(name: string): Promise<ProcessDetail> {
    return this.request('GET', `processes/${encodeURIComponent(name)}`) as Promise<ProcessDetail>
  }

  /** Acts on one process, "group:name"; the reason is for the trail. */
  act(name: string, verb: Verb, reason = ''): Promise<Accepted> {
    return this.order(`processes/${encodeURIComponent(name)}/${verb}`, reason)
  }

  /** Sends a signal, by a name such as HUP, to one process. */
  signal(name: string, signal: string, reason = ''): Promise<Accepted> {
    const body: SignalRequest = { signal, ...(reason ? { reason } : {}) }
    return this.request('POST', `processes/${encodeURIComponent(name)}/signal`, { body }) as Promise<Accepted>
  }

  /** Writes to the stdin of a process. A lost answer is not asked for again without its key. */
  write(name: string, text: string): Promise<Accepted> {
    const body: InputRequest = { text }
    return this.request('POST', `processes/${encodeURIComponent(name)}/stdin`, { body }) as Promise<Accepted>
  }

  actOnGroup(group: string, verb: Verb, reason = ''): Promise<Accepted> {
    return this.order(`groups/${encodeURIComponent(group)}/${verb}`, reason)
  }

  actOnAll(verb: Verb, reason = ''): Promise<Accepted> {
    return this.order(`all/${verb}`, reason)
  }

  /** Answers once the programs of the groups that go have stopped, however long they take. */
  update(body: UpdateRequest = {}): Promise<Update> {
    const wish = { body, patience: Number.POSITIVE_INFINITY }
    return this.request('POST', 'config/update', wish) as Promise<Update>
  }

  /** The files of the configuration, without their secrets, and what is wrong with them. */
  async configFiles(): Promise<ConfigFiles> {
    return shaped(await this.request('GET', 'config/files'), isConfigFiles, 'the configuration')
  }

  /** What an update would do. */
  async preview(): Promise<Preview> {
    return shaped(await this.request('GET', 'config/preview'), isPreview, 'a preview')
  }

  async about(): Promise<About> {
    return shaped(await this.request('GET', 'about'), isAbout, 'what supervisord takes')
  }

  async plugins(): Promise<Plugins> {
    return shaped(await this.request('GET', 'plugins'), isPlugins, 'the plug-ins')
  }

  /** Ends supervisord, or has it start again. */
  orderServer(what: 'reload' | 'shutdown', reason: string): Promise<Accepted> {
    return this.order(what, reason)
  }

  async activity(query: URLSearchParams): Promise<Activity> {
    return shaped(await this.request('GET', `activity?${query}`), isActivity, 'a page of the activity')
  }

  /** What an address below /api/v1/ answers; whoever asks knows its shape. */
  get(path: string): Promise<unknown> {
    return this.request('GET', path)
  }

  /** Gives an order that needs no words. */
  post(path: string): Promise<unknown> {
    return this.order(path, '')
  }

  /** An answer that is read while it comes, for as long as the signal lets it. */
  async open(path: string, signal: AbortSignal): Promise<Response> {
    const headers = { Accept: 'application/x-ndjson, application/json', 'X-CSRF': '1' }
    let response: Response
    try {
      response = await this.options.fetch(`${this.options.base}api/v1/${path}`, {
        headers,
        credentials: 'same-origin',
        signal,
      })
    } catch {
      throw new ApiError('network', 0, '', '', '')
    }
    if (!response.ok) this.read({ response, text: await response.text() }, path)
    return response
  }

  /** Begins a session. A lost answer is not asked for again: each try counts as a guess. */
  async logIn(who: LogIn): Promise<WhoAmI> {
    return shaped(await this.request('POST', 'session', { body: who, once: true }), isWhoAmI, 'who I am')
  }

  async whoAmI(): Promise<WhoAmI> {
    return shaped(await this.request('GET', 'session'), isWhoAmI, 'who I am')
  }

  async logOut(): Promise<void> {
    await this.request('DELETE', 'session')
  }

  async logOutEverywhere(): Promise<void> {
    await this.request('DELETE', 'sessions', { done: [401] })
  }

  /** My own sessions, or everybody's. */
  async sessions(everybody: boolean): Promise<Sessions> {
    const path = everybody ? 'sessions?all=1' : 'sessions'
    return shaped(await this.request('GET', path), isSessions, 'a list of sessions')
  }

  async endSession(id: string): Promise<void> {
    await this.request('DELETE', `sessions/${encodeURIComponent(id)}`, { done: [401, 404] })
  }

  /** Gives me another password. A lost answer is not asked for again: each try counts as a guess. */
  async changePassword(old: string, next: string): Promise<void> {
    const change: PasswordChange = { old, new: next }
    await this.request('PUT', 'session/password', { body: change, once: true })
  }

  async users(): Promise<Accounts> {
    return shaped(await this.request('GET', 'users'), isAccounts, 'a list of people')
  }

  async putUser(name: string, account: AccountRequest): Promise<Account> {
    const path = `users/${encodeURIComponent(name)}`
    return shaped(await this.request('PUT', path, { body: account }), isAccount, 'an account')
  }

  async removeUser(name: string): Promise<void> {
    await this.request('DELETE', `users/${encodeURIComponent(name)}`)
  }

  async tokens(): Promise<Accounts> {
    return shaped(await this.request('GET', 'tokens'), isAccounts, 'a list of tokens')
  }

  async makeToken(token: TokenRequest): Promise<NewToken> {
    return shaped(await this.request('POST', 'tokens', { body: token }), isNewToken, 'a token')
  }

  async removeToken(name: string): Promise<void> {
    await this.request('DELETE', `tokens/${encodeURIComponent(name)}`)
  }

  /** The links I have made, or everybody's. */
  async links(everybody: boolean): Promise<Links> {
    return shaped(await this.request('GET', everybody ? 'links?all=1' : 'links'), isLinks, 'a list of links')
  }

  async makeLink(link: LinkRequest): Promise<NewLink> {
    return shaped(await this.request('POST', 'links', { body: link }), isNewLink, 'a link')
  }

  async revokeLink(id: string): Promise<void> {
    await this.request('DELETE', `links/${encodeURIComponent(id)}`)
  }

  /** Reads all of the trail, which may take a while. */
  verifyTrail(): Promise<TrailCheck> {
    return this.request('GET', 'audit/verify', { patience: Number.POSITIVE_INFINITY }) as Promise<TrailCheck>
  }

  /** What the API tells at a path, if it is what was asked for. */
  async getAs<T>(path: string, is: (value: unknown) => value is T, what: string): Promise<T> {
    return shaped(await this.get(path), is, what)
  }

  private order(path: string, reason: string): Promise<Accepted> {
    const body: OrderRequest = reason ? { reason } : {}
    return this.request('POST', path, { body }) as Promise<Accepted>
  }

  private async request(method: Method, path: string, wish: Wish = {}): Promise<unknown> {
    const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRF': '1' }
    if (method !== 'GET') headers['Idempotency-Key'] = randomKey()
    if (wish.body !== undefined) headers['Content-Type'] = 'application/json'
    const body = wish.body === undefined ? null : JSON.stringify(wish.body)
    const init: RequestInit = { method, headers, body, credentials: 'same-origin' }
    const send = () => this.send(path, init, wish.patience ?? this.patience)
    if (method === 'GET' || wish.once) return this.read(await send(), path)
    const reply = await send().catch(ifLost)
    if (reply) return this.read(reply, path)
    const second = await send()
    return wish.done?.includes(second.response.status) ? undefined : this.read(second, path)
  }

  /** The value of an answer that is a success; any other is thrown. */
  private read({ response, text }: Reply, path: string): unknown {
    if (response.status === 204) return undefined
    const body = parse(text)
    if (response.ok && body !== undefined) return body
    if (response.status === 401 && !guessed.has(path)) this.onstranger()
    const fault = faultOf(body)
    const { headers, status } = response
    const id = headers.get('X-Request-Id') ?? ''
    const wait = Number(headers.get('Retry-After') ?? 0) || 0
    throw new ApiError('answer', status, fault?.name ?? '', fault?.detail ?? '', id, wait, fault?.reason)
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

/** An answer, if it is what was asked for. */
export function shaped<T>(value: unknown, is: (value: unknown) => value is T, what: string): T {
  if (is(value)) return value
  throw new ApiError('answer', 200, '', `not ${what}`, '')
}

/** Nothing, if no whole answer came because the connection was lost. */
function ifLost(error: unknown): undefined {
  if (error instanceof ApiError && error.kind === 'network') return undefined
  throw error
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
