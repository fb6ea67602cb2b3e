import { describe, expect, test, vi } from 'vitest'
import { ApiError, Client } from '../api/client'
import { testSocket } from '../live/testing'
import {
  type ActivityEntry,
  type Boot,
  CAPS,
  type HappenedFrame,
  type Process,
  type SubFrame,
  type TrailEntry,
  type User,
} from '../wire/wire.gen'
import { ActivityView } from './activity.svelte'
import { expiryOf, fieldOf, Links } from './links.svelte'
import { People, wordsOf } from './people.svelte'
import { Row } from './processes.svelte'
import { Session } from './session.svelte'
import { mayShare, Sharing } from './sharing.svelte'

interface Asked {
  method: string
  path: string
  body: unknown
}

/** A client of a server that answers as told, and what it was asked. */
function clientOf(answer: (asked: Asked) => Response) {
  const asked: Asked[] = []
  const fetch = async (url: RequestInfo | URL, init?: RequestInit) => {
    const wish = {
      method: init?.method ?? '',
      path: String(url).replace('http://host/api/v1/', ''),
      body: init?.body ? JSON.parse(String(init.body)) : undefined,
    }
    asked.push(wish)
    return answer(wish)
  }
  return { asked, client: new Client({ fetch: fetch as typeof globalThis.fetch, base: 'http://host/' }) }
}

const refusal = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ error: { code: 0, name: 'X', detail: 'no' } }, { status, headers })

const ann: User = { name: 'ann', caps: 1 }

describe('somebody', () => {
  function someone(boot: Partial<Boot>, answer: (asked: Asked) => Response) {
    const t = testSocket()
    const { client, asked } = clientOf(answer)
    const loaded: string[] = []
    const session = new Session(t.socket, client, boot, (where) => loaded.push(where))
    let came = 0
    session.onin = () => came++
    return { ...t, session, asked, loaded, came: () => came }
  }
  const knows = (user: User) => () => Response.json({ user, via: 'session' })

  test('nobody knows is asked to log in before anything else', async () => {
    const s = someone({ user: null }, knows(ann))
    expect(s.session.out).toBe('never')
    await s.session.logIn({ user: 'ann', password: 'p', keep: true })
    expect(s.asked[0]).toEqual({
      method: 'POST',
      path: 'session',
      body: { user: 'ann', password: 'p', keep: true },
    })
    expect(s.session.out).toBe('')
    expect(s.session.user).toEqual(ann)
    expect(s.came()).toBe(1)
    expect(s.socket.state.kind).toBe('connecting')
    expect(s.loaded).toEqual([])
  })

  test('who is refused stays out, and learns when to try again', async () => {
    const s = someone({ user: null }, () => refusal(429, { 'Retry-After': '30' }))
    const error = await s.session.logIn({ user: 'ann', password: 'p' }).catch((e) => e)
    expect(error).toBeInstanceOf(ApiError)
    expect(error.retryAfter).toBe(30)
    expect(s.session.out).toBe('never')
    expect(s.asked).toHaveLength(1)
  })

  test('whose session ends keeps the page, and goes on with it after logging in', async () => {
    let known = ann
    const s = someone({ user: ann }, () => Response.json({ user: known, via: 'session' }))
    s.socket.connect()
    s.welcome().say({ t: 'bye', code: 4401, why: 'session ended' })
    expect(s.session.out).toBe('ended')
    known = s.session.user ?? ann
    expect(s.socket.state.kind).toBe('closed')
    await s.session.logIn({ user: known.name, password: 'p' })
    expect(s.session.out).toBe('')
    expect(s.loaded).toEqual([])
    expect(s.socket.state.kind).toBe('connecting')
  })

  test('who comes in after somebody else does not find what that one saw', async () => {
    const s = someone({ user: { name: 'bob', caps: 0 } }, knows(ann))
    await s.session.logIn({ user: 'ann', password: 'p' })
    expect(s.loaded).toEqual(['here'])
    expect(s.came()).toBe(0)
  })

  test('who logs out, here or everywhere, begins anew at the beginning', async () => {
    const s = someone({ user: ann }, () => Response.json({ ended: 2 }))
    await s.session.logOut(false)
    await s.session.logOut(true)
    expect(s.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE session',
      'DELETE sessions',
    ])
    expect(s.loaded).toEqual(['home', 'home'])
  })

  test('whom any request no longer knows is out', async () => {
    const t = testSocket()
    const { client } = clientOf(() => refusal(401))
    const session = new Session(t.socket, client, { user: ann })
    await client.act('web:a', 'stop').catch(() => {})
    expect(session.out).toBe('ended')
    expect(t.socket.state).toMatchObject({ kind: 'closed', code: 4401 })
  })
})

test('an order says why, if somebody said it', async () => {
  const { client, asked } = clientOf(() => Response.json({ seq: 1 }))
  await client.act('web:a', 'stop', 'deploy 42')
  await client.actOnAll('restart')
  expect(asked.map((a) => a.body)).toEqual([{ reason: 'deploy 42' }, {}])
})

describe('the people', () => {
  test('are not shown to those who may not see them', async () => {
    const people = new People(clientOf(() => refusal(403)).client)
    await people.load()
    expect(people.phase).toBe('forbidden')
  })

  test('an answer of another shape is a failure, not a page', async () => {
    const people = new People(
      clientOf(() => Response.json({ accounts: [{ name: 5 }], editable: true })).client,
    )
    await people.load()
    expect(people.phase).toBe('failed')
  })

  test.each([
    ['', []],
    ['web:*, worker', ['web:*', 'worker']],
    [' a\nb,,c ', ['a', 'b', 'c']],
  ])('a list typed as %j is %j', (typed, list) => {
    expect(wordsOf(typed)).toEqual(list)
  })
})

describe('the activity', () => {
  const act = (n: number): TrailEntry => ({
    n,
    time: '2026-01-31T12:00:00Z',
    user: 'ann',
    verb: 'stop',
    target: 'web',
    result: 'ok',
  })
  const entry = (n: number): ActivityEntry => ({ at: n, act: act(n) })
  const page = (more: object) => Response.json({ epoch: 'e', since: 0, ...more })
  const nothing = { user: '', type: '', program: '', since: '', from: '', to: '' }
  const asks = (asked: Asked[]) =>
    asked.map((a) => Object.fromEntries(new URLSearchParams(a.path.split('?')[1])))

  test('is read page by page, past pages with nothing for this reader', async () => {
    const pages: Record<string, object> = {
      '': { entries: [entry(9)], next: 'c1' },
      c1: { entries: [], next: 'c2' },
      c2: { entries: [entry(2)] },
    }
    const { client, asked } = clientOf(({ path }) =>
      page(pages[new URLSearchParams(path.split('?')[1]).get('before') ?? ''] ?? {}),
    )
    const trail = new ActivityView(client, testSocket().socket)
    await trail.load({ ...nothing, user: 'ann', program: 'web:*', since: '24h' })
    expect(trail.more).toBe(true)
    await trail.older()
    expect(trail.entries.map((e) => e.act?.n)).toEqual([9, 2])
    expect(trail.more).toBe(false)
    expect(asks(asked)[0]).toEqual({ limit: '50', user: 'ann', program: 'web:*', since: '24h' })
    expect(asks(asked).map((q) => q.before ?? '')).toEqual(['', 'c1', 'c2'])
  })

  test('days are the reader’s, and the last one counts', async () => {
    const { client, asked } = clientOf(() => page({ entries: [] }))
    await new ActivityView(client, testSocket().socket).load({
      ...nothing,
      since: '1h',
      from: '2026-01-30',
      to: '2026-01-31',
    })
    const query = asks(asked)[0]!
    expect(query.since).toBe(new Date(2026, 0, 30).toISOString())
    expect(query.until).toBe(new Date(2026, 1, 1).toISOString())
  })

  test('a late answer to an old question is dropped', async () => {
    const answers: ((response: Response) => void)[] = []
    const fetch = () => new Promise<Response>((resolve) => answers.push(resolve))
    const client = new Client({ fetch: fetch as typeof globalThis.fetch, base: 'http://host/' })
    const trail = new ActivityView(client, testSocket().socket)
    const first = trail.load(nothing)
    const second = trail.load({ ...nothing, user: 'bob' })
    answers[1]!(page({ entries: [entry(2)] }))
    await second
    answers[0]!(page({ entries: [entry(1)] }))
    await first
    expect(trail.entries.map((e) => e.act?.n)).toEqual([2])
    expect(trail.busy).toBe(false)
  })

  describe('news', () => {
    const first: HappenedFrame = { t: 'events', id: 0, epoch: 'h1', prev: 7, seq: 7, entries: [] }

    async function watched(newest: () => number, filter = nothing) {
      const t = testSocket()
      t.socket.connect()
      const line = t.welcome()
      const { client, asked } = clientOf(() =>
        page({ entries: Array.from({ length: Math.min(newest(), 50) }, (_, i) => entry(newest() - i)) }),
      )
      const activity = new ActivityView(client, t.socket)
      await activity.load(filter)
      const sub = () => line.heard().find((frame) => frame.t === 'sub')
      return { ...t, line, activity, asked, sub, told: () => settled(activity) }
    }

    /** Until nothing more is being asked. */
    const settled = (activity: ActivityView) => vi.waitFor(() => expect(activity.busy).toBe(false))

    test('are told by the server, counted once and not shown', async () => {
      const s = await watched(() => 3, { ...nothing, type: 'act,trouble', program: 'web:*', user: 'ann' })
      const sub = s.sub()
      expect(sub).toEqual({
        t: 'sub',
        id: sub!.id,
        topic: 'events',
        types: ['act', 'trouble'],
        program: 'web:*',
        user: 'ann',
      })
      const { id } = sub!
      s.line.say({ ...first, id })
      s.line.say({ ...first, id, prev: 7, seq: 9, entries: [entry(3), entry(4), entry(5)] })
      s.line.say({ ...first, id, prev: 9, seq: 10, entries: [entry(5)] })
      expect(s.activity.news).toEqual({ count: 2, more: false })
      expect(s.activity.entries.length).toBe(3)
      await s.activity.load(nothing)
      expect(s.activity.news.count).toBe(0)
      expect(s.line.heard().map((frame) => frame.t)).toEqual(['unsub', 'sub'])
      s.activity.close()
      expect(s.line.heard().map((frame) => frame.t)).toEqual(['unsub'])
    })

    test('that came while the page was being asked for are not lost', async () => {
      let newest = 3
      const s = await watched(() => newest)
      const before = s.asked.length
      newest = 5
      s.line.say({ ...first, id: s.sub()!.id })
      await vi.waitFor(() => expect(s.activity.news).toEqual({ count: 2, more: false }))
      expect(s.asked.length).toBe(before + 1)
    })

    test('that the server does not keep are asked for', async () => {
      let newest = 3
      const s = await watched(() => newest)
      const { id } = s.sub()!
      s.line.say({ ...first, id })
      await s.told()
      newest = 500
      s.line.say({ ...first, id, prev: 7, seq: 5000, missed: true })
      await vi.waitFor(() => expect(s.activity.news).toEqual({ count: 50, more: true }))
    })

    test('go on behind the last frame after the connection was lost', async () => {
      const s = await watched(() => 3)
      s.line.say({ ...first, id: s.sub()!.id, seq: 12 })
      s.line.onclose?.({ code: 1006 })
      s.clock.pass(1000)
      const again = s.latest()
      again.onopen?.()
      s.welcome()
      const sub = again.heard().find((frame) => frame.t === 'sub')
      expect(sub).toMatchObject({ topic: 'events', from: { epoch: 'h1', seq: 12 } })
      await s.told()
      const asked = s.asked.length
      again.say({ ...first, id: (sub as SubFrame).id, prev: 12, seq: 13, entries: [entry(4)] })
      expect(s.activity.news).toEqual({ count: 1, more: false })
      expect(s.asked.length).toBe(asked)
    })

    test('of days that are over do not come', async () => {
      const s = await watched(() => 3, { ...nothing, from: '2026-01-30', to: '2026-01-31' })
      expect(s.sub()).toBeUndefined()
    })
  })
})

describe('a check of the trail', () => {
  const act: TrailEntry = {
    n: 1,
    time: '2026-01-31T12:00:00Z',
    user: 'ann',
    verb: 'stop',
    target: 'web',
    result: 'ok',
  }
  const entry: ActivityEntry = { at: Date.parse(act.time), act }
  const nothing = { user: '', type: '', program: '', since: '', from: '', to: '' }

  /** A trail whose server answers when told. */
  function trailOf() {
    const answers: ((response: Response) => void)[] = []
    const fetch = () => new Promise<Response>((resolve) => answers.push(resolve))
    const client = new Client({ fetch: fetch as typeof globalThis.fetch, base: 'http://host/' })
    return { trail: new ActivityView(client, testSocket().socket), answers }
  }

  test('that fails leaves the entries where they are', async () => {
    const { trail, answers } = trailOf()
    const loading = trail.load(nothing)
    answers[0]!(Response.json({ epoch: 'e', since: 0, entries: [entry] }))
    await loading
    const checking = trail.verify()
    expect(trail.checking).toBe(true)
    answers[1]!(refusal(500))
    await checking
    expect(trail.phase).toBe('ready')
    expect(trail.error).toBeUndefined()
    expect(trail.entries).toEqual([entry])
    expect(trail.checkError).toMatchObject({ status: 500 })
    expect(trail.checking).toBe(false)
    const again = trail.verify()
    answers[2]!(Response.json({ ok: true, lines: 1 }))
    await again
    expect(trail.checkError).toBeUndefined()
    expect(trail.check).toEqual({ ok: true, lines: 1 })
  })

  test('does not end the reading that goes on meanwhile', async () => {
    const { trail, answers } = trailOf()
    const loading = trail.load(nothing)
    const checking = trail.verify()
    answers[1]!(Response.json({ ok: true, lines: 1 }))
    await checking
    expect(trail.busy).toBe(true)
    answers[0]!(Response.json({ epoch: 'e', since: 0, entries: [entry] }))
    await loading
    expect(trail.busy).toBe(false)
  })
})

describe('a guest', () => {
  const guest: User = { name: 'link k3 by olga', caps: 1, link: true }

  function visitor(boot: Partial<Boot>, kept: Record<string, string> = {}) {
    const t = testSocket()
    const { client, asked } = clientOf(({ method }) =>
      method === 'DELETE' ? Response.json({}) : refusal(401),
    )
    const shelf = {
      get: (key: string) => kept[key] ?? null,
      set: (key: string, value: string) => {
        kept[key] = value
      },
    }
    const session = new Session(t.socket, client, boot, () => {}, shelf)
    let over = 0
    session.onover = () => over++
    return { ...t, session, client, asked, kept, over: () => over }
  }

  test.each([4401, 4403])('whose socket is closed with %d learns that the link is over', (code) => {
    const v = visitor({ user: guest })
    v.socket.connect()
    v.latest().onclose?.({ code: code })
    expect(v.session.out).toBe('over')
    expect(v.over()).toBe(1)
  })

  test('whom a request no longer knows learns it too', async () => {
    const v = visitor({ user: guest })
    await v.client.act('web:a', 'restart').catch(() => {})
    expect(v.session.out).toBe('over')
    expect(v.over()).toBe(1)
  })

  test('who comes back later is told again, until they log in with an account', () => {
    const kept = {}
    visitor({ user: guest }, kept)
    const v = visitor({ user: null }, kept)
    expect(v.session.out).toBe('over')
    v.session.useAccount()
    expect(v.session.out).toBe('never')
    expect(visitor({ user: null }, kept).session.out).toBe('never')
  })

  test('who leaves has left, even if the server closes the socket before it answers', async () => {
    const v = visitor({ user: guest })
    v.socket.connect()
    const leaving = v.session.leave()
    v.latest().onclose?.({ code: 4403 })
    await leaving
    expect(v.session.out).toBe('left')
    expect(v.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE session'])
    expect(visitor({ user: null }, v.kept).session.out).toBe('never')
  })

  test('is somebody else than a person who may not be here', () => {
    const v = visitor({ user: ann })
    v.socket.connect()
    v.latest().onclose?.({ code: 4403 })
    expect(v.session.out).toBe('')
    expect(v.over()).toBe(0)
  })
})

describe('a link', () => {
  const row = (caps: number) =>
    new Row({ id: 1, group: 'web', name: 'a', caps, state: 'RUNNING' } as Process, 1)
  const olga: User = { name: 'olga', caps: 0 }

  test.each<[string, User | undefined, number, boolean]>([
    ['somebody who may', olga, CAPS.view | CAPS.link, true],
    ['somebody who may not', olga, CAPS.view | CAPS.restart, false],
    ['nobody in particular, through an open door', { name: '', caps: 0 }, CAPS.link, false],
    ['a guest', { ...olga, link: true }, CAPS.link, false],
    ['nobody yet', undefined, CAPS.link, false],
  ])('can be made by %s: %#', (_, user, caps, may) => {
    expect(mayShare(user, [row(caps)])).toBe(may)
  })

  test('offers what its maker may do with some of the group, and nothing else', () => {
    const sharing = new Sharing()
    sharing.group('web', [row(CAPS.logs), row(CAPS.restart | CAPS.users)])
    expect(sharing.shared).toEqual({
      pattern: 'web:*',
      name: 'web',
      group: true,
      offered: ['logs', 'restart'],
    })
  })

  test('ends after a length, or at a moment of the reader’s own clock', () => {
    const moment = Date.UTC(2026, 5, 1, 12, 30)
    expect(expiryOf('8h', 'not looked at')).toBe('8h')
    expect(expiryOf('own', fieldOf(moment))).toBe('2026-06-01T12:30:00.000Z')
  })

  test('that is over already is revoked all the same', async () => {
    const { client, asked } = clientOf(({ method }) =>
      method === 'DELETE' ? refusal(404) : Response.json({ links: [] }),
    )
    await new Links(client, true).revoke('k3')
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE links/k3',
      'GET links?all=1',
    ])
  })
})

describe('another password of one’s own', () => {
  test('is asked for once, and a wrong old one ends nothing', async () => {
    const t = testSocket()
    const { client, asked } = clientOf(() => refusal(401))
    const session = new Session(t.socket, client, { user: ann })
    const error = await client.changePassword('so far', 'from now on').catch((e) => e)
    expect(error).toMatchObject({ status: 401 })
    expect(session.out).toBe('')
    expect(asked).toEqual([
      { method: 'PUT', path: 'session/password', body: { old: 'so far', new: 'from now on' } },
    ])
  })

  test('is done when the server says nothing', async () => {
    const { client } = clientOf(() => new Response(null, { status: 204 }))
    await expect(client.changePassword('a', 'b')).resolves.toBeUndefined()
  })
})
