import { describe, expect, test } from 'vitest'
import { type Asked, Keeper } from './keeper'

const forever = 'public, max-age=31536000, immutable'
const offlinePage = '<html><head><base href="/" /></head></html>'

/** A browser's caches, as much of them as is needed. */
class Caches {
  readonly kept = new Map<string, Map<string, Response>>()
  open = async (name: string) => {
    const cache = this.kept.get(name) ?? new Map<string, Response>()
    this.kept.set(name, cache)
    return {
      match: async (url: string) => cache.get(url)?.clone(),
      put: async (url: string, answer: Response) => void cache.set(url, answer),
    } as unknown as Cache
  }
  keys = async () => [...this.kept.keys()]
  delete = async (name: string) => this.kept.delete(name)
}

type Server = (path: string, init?: RequestInit) => Response | Promise<Response>

const usual: Server = (path) => {
  if (path === 'offline.html')
    return new Response(offlinePage, { headers: { 'Content-Security-Policy': "script-src 'self'" } })
  if (path.startsWith('assets/')) return new Response(path, { headers: { 'Cache-Control': forever } })
  if (path === 'sw.js') return new Response('', { headers: { 'Content-Type': 'text/javascript' } })
  return new Response(`the server on /${path}`)
}

function world(scope = 'http://host/', build = 'one', caches = new Caches()) {
  const w = { caches, asked: [] as string[], server: usual, unregistered: 0 }
  const keeper = new Keeper({
    scope,
    build,
    offline: ['offline.html', 'assets/offline-1.js'],
    caches,
    fetch: async (request, init) => {
      const url = typeof request === 'string' ? request : request.url
      w.asked.push(url.slice(scope.length))
      return w.server(url.slice(scope.length), init)
    },
    unregister: async () => ++w.unregistered,
  })
  const go = (path: string, mode: Asked['mode'] = 'navigate', method = 'GET') =>
    keeper.answer({ url: new URL(path, scope).href, mode, method } as Request)
  return Object.assign(w, { keeper, go })
}

const down: Server = () => Promise.reject(new TypeError('Failed to fetch'))

describe('what a worker leaves alone', () => {
  test.each([
    ['a question to the API', 'api/v1/processes', 'cors', 'GET'],
    ['one in the address bar', 'api/v1/processes', 'navigate', 'GET'],
    ['events', 'api/v1/events', 'cors', 'GET'],
    ['XML-RPC', 'RPC2', 'cors', 'POST'],
    ['a log', 'logtail/cat', 'navigate', 'GET'],
    ['the main log', 'mainlogtail', 'navigate', 'GET'],
    ['a link', 'link/secret', 'navigate', 'GET'],
    ['a link that is opened', 'link/secret', 'navigate', 'POST'],
    ['the former page', 'index.html?action=stopall', 'navigate', 'GET'],
    ['the former log', 'tail.html?processname=cat', 'navigate', 'GET'],
    ['metrics', 'metrics', 'navigate', 'GET'],
    ['the manifest', 'manifest.webmanifest', 'cors', 'GET'],
    ['an icon', 'icon.svg', 'no-cors', 'GET'],
    ['its own script', 'sw.js', 'same-origin', 'GET'],
    ['a form', '', 'navigate', 'POST'],
    ['another supervisord below', 'sup/', 'navigate', 'GET'],
    ['another host', 'http://other/', 'navigate', 'GET'],
  ] as const)('%s', (_, path, mode, method) => {
    const w = world()
    expect(w.go(path, mode, method)).toBeUndefined()
    expect(w.asked).toEqual([])
  })

  test('whatever is beside its own place', () => {
    const w = world('http://host/sup/')
    expect(w.go('/')).toBeUndefined()
    expect(w.go('/assets/a.js', 'cors')).toBeUndefined()
    expect(w.go('/supper/logs')).toBeUndefined()
  })
})

describe('a page', () => {
  test.each(['', '?q=web', 'logs', 'process/web/api-0/log?ch=stderr', 'settings'])(
    'is what the server sends: /%s',
    async (path) => {
      const w = world()
      await w.keeper.install()
      expect(await (await w.go(path))!.text()).toBe(`the server on /${path}`)
      w.server = () => new Response('not for you', { status: 403 })
      expect((await w.go(path))!.status).toBe(403)
      expect([...w.caches.kept.values()].flatMap((cache) => [...cache.keys()])).toEqual([
        'http://host/offline.html',
        'http://host/assets/offline-1.js',
      ])
    },
  )

  test.each([
    ['nobody answers', down],
    ['a proxy finds nobody', () => new Response('<h1>nginx</h1>', { status: 502 })],
    ['a proxy waits in vain', () => new Response('', { status: 504 })],
  ] as [string, Server][])('says that there is no connection when %s', async (_, server) => {
    const w = world('http://host/sup/')
    await w.keeper.install()
    w.server = server
    const answer = (await w.go('process/web/a'))!
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([503, 'no-store'])
    expect(answer.headers.get('Content-Security-Policy')).toBe("script-src 'self'")
    expect(await answer.text()).toContain('<base href="/sup/" />')
  })

  test('is the server’s own word when it is busy', async () => {
    const w = world()
    await w.keeper.install()
    w.server = () => new Response('too many', { status: 503, headers: { 'X-Request-Id': '1' } })
    expect(await (await w.go(''))!.text()).toBe('too many')
  })

  test('fails as ever when even that is gone', async () => {
    const w = world()
    w.server = down
    expect((await w.go(''))!.type).toBe('error')
  })

  test('is left to the browser when a proxy asks for a password', async () => {
    const w = world()
    await w.keeper.install()
    w.server = () => new Response('', { status: 401, headers: { 'WWW-Authenticate': 'Basic' } })
    const answer = (await w.go('logs'))!
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, 'http://host/logs'])
    expect([w.unregistered, w.caches.kept.size]).toEqual([1, 0])
  })
})

describe('a part', () => {
  test('is asked for once', async () => {
    const w = world()
    for (let n = 0; n < 2; n++)
      expect(await (await w.go('assets/a-1.js', 'cors'))!.text()).toBe('assets/a-1.js')
    expect(w.asked).toEqual(['assets/a-1.js'])
  })

  test.each([
    ['that is gone', () => new Response('', { status: 404, headers: { 'Cache-Control': forever } })],
    ['that may change', () => new Response('x', { headers: { 'Cache-Control': 'no-cache' } })],
    ['in pieces', () => new Response('x', { status: 206, headers: { 'Cache-Control': forever } })],
  ] as [string, Server][])('%s is not kept', async (_, server) => {
    const w = world()
    w.server = server
    await w.go('assets/a-1.js', 'cors')
    await w.go('assets/a-1.js', 'cors')
    expect(w.asked).toHaveLength(2)
  })
})

describe('a worker', () => {
  test('of a new build throws away what the old one kept, and nobody else’s', async () => {
    const caches = new Caches()
    await world('http://host/', 'one', caches).keeper.install()
    await world('http://host/sup/', 'one', caches).keeper.install()
    const fresh = world('http://host/', 'two', caches)
    await fresh.keeper.install()
    await fresh.keeper.tidy()
    expect([...caches.kept.keys()].sort()).toEqual(['supervisor / two', 'supervisor /sup/ one'])
  })

  test('that cannot take all along does not begin', async () => {
    const w = world()
    w.server = (path) => (path === 'offline.html' ? usual(path) : new Response('', { status: 404 }))
    await expect(w.keeper.install()).rejects.toThrow('assets/offline-1.js')
  })

  test.each([
    ['its script is gone', () => new Response('', { status: 404 }), 1],
    ['something else answers', () => new Response('<p>', { headers: { 'Content-Type': 'text/html' } }), 1],
    ['its script is there', usual, 0],
    ['nobody answers', down, 0],
    ['a proxy finds nobody', () => new Response('', { status: 502 }), 0],
    ['the other one has no HEAD', () => new Response('', { status: 405 }), 0],
  ] as [string, Server, number][])('looks whether it is still wanted: %s', async (_, server, left) => {
    const w = world()
    await w.keeper.install()
    w.server = server
    await w.keeper.check()
    expect([w.unregistered, w.caches.kept.size]).toEqual([left, 1 - left])
  })
})
