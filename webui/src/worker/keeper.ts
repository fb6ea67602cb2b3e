/** What the worker is told of a request. */
export type Asked = Pick<Request, 'url' | 'method' | 'mode'>

/** What the worker lives in. */
export interface World {
  /** Where the page is mounted, with its last slash. */
  scope: string
  /** Tells one build of the page from another. */
  build: string
  /** The page that is shown without a connection, and its parts. */
  offline: readonly string[]
  caches: Pick<CacheStorage, 'open' | 'keys' | 'delete'>
  fetch: (request: Request | string, init?: RequestInit) => Promise<Response>
  /** Ends this worker. */
  unregister: () => Promise<unknown>
}

/** The first parts of addresses that belong to the page (app/router.ts). */
const pages: ReadonlySet<string> = new Set([
  '',
  'login',
  'process',
  'people',
  'activity',
  'logs',
  'config',
  'about',
  'settings',
])

/** What a proxy says while nobody is behind it. */
const nobodyThere: ReadonlySet<number> = new Set([502, 503, 504])

/**
 * Stands between the page and the server, and does two things: it keeps the files
 * whose names tell what is in them, and where a page of ours cannot be loaded, it
 * shows one that says so. Everything else goes its way as if it were not there.
 * It never answers for the server: whatever the server says, also that something
 * is not allowed, is what the browser gets, and what programs are doing is kept
 * nowhere.
 */
export class Keeper {
  private readonly prefix: string

  constructor(private readonly world: World) {
    this.prefix = `supervisor ${new URL(world.scope).pathname} `
  }

  /** Takes along what the page without a connection needs. */
  async install(): Promise<void> {
    const cache = await this.cache()
    for (const name of this.world.offline) {
      const answer = await this.world.fetch(this.at(name), { cache: 'no-cache' })
      if (!answer.ok) throw new Error(`${name} cannot be kept: ${answer.status}`)
      await cache.put(this.at(name), answer)
    }
  }

  /** Throws away what workers of other builds have kept for this place. */
  async tidy(): Promise<void> {
    await this.forget((name) => name !== this.prefix + this.world.build)
  }

  /** The answer to a request; undefined for what is none of its business. */
  answer(request: Asked & Request): Promise<Response> | undefined {
    const path = this.pathOf(request.url)
    if (request.method !== 'GET' || path === undefined) return undefined
    if (request.mode === 'navigate') return pages.has(path.split('/')[0]!) ? this.visit(request) : undefined
    return path.startsWith('assets/') ? this.part(request) : undefined
  }

  /**
   * Ends itself where its own script is no more: an older supervisord, or
   * something else altogether, has taken the place.
   */
  async check(): Promise<void> {
    const answer = await this.world
      .fetch(this.at('sw.js'), { method: 'HEAD', cache: 'no-store' })
      .catch(() => undefined)
    const gone = answer && (answer.status === 404 || answer.status === 410)
    const other = answer?.ok && !answer.headers.get('Content-Type')?.includes('javascript')
    if (gone || other) await this.leave()
  }

  private async leave(): Promise<void> {
    await this.world.unregister()
    await this.forget(() => true)
  }

  private async visit(request: Request): Promise<Response> {
    const answer = await this.world.fetch(request).catch(() => undefined)
    if (!answer) return this.standIn()
    // What is ours says so, and has its own way of saying that it is busy.
    if (nobodyThere.has(answer.status) && !answer.headers.has('X-Request-Id')) return this.standIn()
    // A browser asks for a name and password only where no worker is in between: a
    // proxy wants them. The page brings the worker back when it is open.
    if (answer.status === 401 && answer.headers.has('WWW-Authenticate')) {
      await this.leave()
      return Response.redirect(request.url)
    }
    return answer
  }

  private async part(request: Request): Promise<Response> {
    const cache = await this.cache()
    const kept = await cache.match(request.url, { ignoreVary: true })
    if (kept) return kept
    const answer = await this.world.fetch(request)
    if (answer.status === 200 && answer.headers.get('Cache-Control')?.includes('immutable'))
      await cache.put(request.url, answer.clone()).catch(() => {}) // a full disk keeps nothing
    return answer
  }

  /** The page that says there is no connection, where it is asked for. */
  private async standIn(): Promise<Response> {
    const kept = await (await this.cache()).match(this.at('offline.html'), { ignoreVary: true })
    if (!kept) return Response.error()
    const base = new URL(this.world.scope).pathname.replace(/[&"<]/g, (c) => `&#${c.charCodeAt(0)};`)
    const text = (await kept.text()).replace('<base href="/" />', `<base href="${base}" />`)
    const headers = new Headers({ 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
    const policy = kept.headers.get('Content-Security-Policy')
    if (policy) headers.set('Content-Security-Policy', policy)
    return new Response(text, { status: 503, headers })
  }

  private cache(): Promise<Cache> {
    return this.world.caches.open(this.prefix + this.world.build)
  }

  private async forget(which: (name: string) => boolean): Promise<void> {
    const names = await this.world.caches.keys()
    const old = names.filter((name) => name.startsWith(this.prefix) && which(name))
    await Promise.all(old.map((name) => this.world.caches.delete(name)))
  }

  private at(name: string): string {
    return new URL(name, this.world.scope).href
  }

  private pathOf(url: string): string | undefined {
    if (!url.startsWith(this.world.scope)) return undefined
    return new URL(url).pathname.slice(new URL(this.world.scope).pathname.length)
  }
}
