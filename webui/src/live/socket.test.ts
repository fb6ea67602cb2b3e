import { describe, expect, test } from 'vitest'
import type { ServerFrame } from '../wire/wire.gen'
import type { Link, Watch } from './socket'
import { testSocket } from './testing'

function watcher(topic: 'state' | 'server' = 'state') {
  const got: ServerFrame[] = []
  const ended: number[] = []
  let begun = 0
  const watch: Watch = {
    request: () => ({ topic }),
    begun: () => {
      begun++
    },
    frame: (frame) => {
      got.push(frame)
    },
    ended: (code) => {
      ended.push(code)
    },
  }
  return { watch, got, ended, begun: () => begun }
}

describe('beginning', () => {
  test('it says hello first, and subscribes once it is welcome', () => {
    const t = testSocket()
    t.socket.watch(watcher().watch)
    t.socket.connect()
    const line = t.latest()
    expect(line.heard()).toEqual([])
    line.onopen?.()
    expect(line.heard()).toEqual([{ t: 'hello', v: 1, build: '1.0' }])
    t.welcome()
    expect(line.heard()).toMatchObject([{ t: 'sub', topic: 'state' }])
    expect(t.socket.state).toEqual({ kind: 'live' })
    expect(t.socket.skew).toBe(5000)
  })

  test('a second connect changes nothing', () => {
    const t = testSocket()
    t.socket.connect()
    t.socket.connect()
    expect(t.lines).toHaveLength(1)
  })

  test('a server that never says welcome is given up after ten seconds', () => {
    const t = testSocket()
    let refused = 0
    t.socket.onrefused = () => refused++
    t.socket.connect()
    t.latest().onopen?.()
    t.clock.pass(9_999)
    expect(t.latest().closed).toBe(false)
    t.clock.pass(1)
    expect(t.latest().closed).toBe(true)
    expect(refused).toBe(1)
    expect(t.socket.state.kind).toBe('waiting')
  })
})

describe('watching', () => {
  test('frames go to the watch they are about', () => {
    const t = testSocket()
    const [a, b] = [watcher(), watcher('server')]
    t.socket.watch(a.watch)
    t.socket.watch(b.watch)
    t.socket.connect()
    const line = t.welcome()
    const [first, second] = line.heard() as { id: number }[]
    line.say({ t: 'ok', id: first!.id })
    line.say({ t: 'delta', id: first!.id, prev: 1, seq: 2 })
    line.say({ t: 'server', id: second!.id, mood: 'RUNNING', user: { name: '', caps: 0 }, problems: [] })
    expect([a.begun(), b.begun()]).toEqual([1, 0])
    expect(a.got.map((f) => f.t)).toEqual(['delta'])
    expect(b.got.map((f) => f.t)).toEqual(['server'])
  })

  test('after it was closed no late frame arrives', () => {
    const t = testSocket()
    const a = watcher()
    const handle = t.socket.watch(a.watch)
    t.socket.connect()
    const line = t.welcome()
    const [sub] = line.heard() as { id: number }[]
    handle.close()
    expect(line.heard()).toEqual([{ t: 'unsub', id: sub!.id }])
    line.say({ t: 'delta', id: sub!.id, prev: 1, seq: 2 })
    handle.send({ t: 'ack', off: 3 })
    expect(a.got).toEqual([])
    expect(line.heard()).toEqual([])
  })

  test('one that is refused is told so, once', () => {
    const t = testSocket()
    const a = watcher()
    t.socket.watch(a.watch)
    t.socket.connect()
    const line = t.welcome()
    const [sub] = line.heard() as { id: number }[]
    line.say({ t: 'err', id: sub!.id, code: 403, msg: 'not allowed' })
    line.say({ t: 'err', id: sub!.id, code: 403, msg: 'not allowed' })
    line.say({ t: 'err', code: 400, msg: 'about the socket' })
    expect(a.ended).toEqual([403])
  })
})

describe('a change that is refused', () => {
  test('leaves the watch as it was', () => {
    const t = testSocket()
    const a = watcher()
    const handle = t.socket.watch(a.watch)
    t.socket.connect()
    const line = t.welcome()
    const { id } = line.heard()[0] as { id: number }
    line.say({ t: 'ok', id })
    handle.send({ t: 'set', mode: 'count' })
    line.say({ t: 'err', id, code: 400, msg: 'mode is follow or count' })
    line.say({ t: 'delta', id, prev: 1, seq: 2 })
    expect(a.ended).toEqual([])
    expect(a.got.map((f) => f.t)).toEqual(['delta'])
    handle.close()
    expect(line.heard().at(-1)).toEqual({ t: 'unsub', id })
  })

  test('is not what the end of a log is', () => {
    const t = testSocket()
    const a = watcher()
    t.socket.watch(a.watch)
    t.socket.connect()
    const line = t.welcome()
    const { id } = line.heard()[0] as { id: number }
    line.say({ t: 'ok', id })
    line.say({ t: 'err', id, code: 404, msg: 'the process is gone' })
    expect(a.ended).toEqual([404])
  })

  test('is not what a subscription refused is, neither at first nor after a loss', () => {
    const t = testSocket()
    const a = watcher()
    t.socket.watch(a.watch)
    t.socket.connect()
    const before = t.welcome()
    const [first] = before.heard() as { id: number }[]
    before.say({ t: 'ok', id: first!.id })
    before.onclose?.({ code: 1006 })
    t.clock.pass(500)
    const after = t.welcome('e2')
    const [second] = after.heard() as { id: number }[]
    after.say({ t: 'err', id: second!.id, code: 400, msg: 'ch is stdout or stderr' })
    expect(a.ended).toEqual([400])
  })
})

describe('losing the connection', () => {
  test('it tries again after a wait that doubles up to fifteen seconds', () => {
    const t = testSocket()
    t.socket.connect()
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      t.latest().onclose?.({ code: 1006 })
      const link = t.socket.state as Extract<Link, { kind: 'waiting' }>
      waits.push(link.retryAt - t.clock.now())
      t.clock.pass(link.retryAt - t.clock.now())
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
    expect(t.lines).toHaveLength(9)
  })

  test('the wait is a random part of that', () => {
    const t = testSocket({ random: () => 0.25 })
    t.socket.connect()
    t.latest().onclose?.({ code: 1006 })
    expect(t.socket.state).toMatchObject({ kind: 'waiting', retryAt: t.clock.now() + 125 })
  })

  test('ten healthy seconds make it patient again', () => {
    const t = testSocket()
    t.socket.connect()
    t.latest().onclose?.({ code: 1006 })
    t.clock.pass(500)
    t.latest().onclose?.({ code: 1006 })
    t.clock.pass(1000)
    t.welcome()
    t.clock.pass(10_000)
    t.latest().onclose?.({ code: 1006 })
    expect(t.socket.state).toMatchObject({ retryAt: t.clock.now() + 500 })
  })

  test('every watch is asked for again, under an id no late frame can have', () => {
    const t = testSocket()
    const a = watcher()
    t.socket.watch(a.watch)
    t.socket.connect()
    const before = t.welcome()
    const [first] = before.heard() as { id: number }[]
    before.onclose?.({ code: 1006 })
    t.clock.pass(500)
    const after = t.welcome('e2')
    const [second] = after.heard() as { id: number }[]
    expect(second!.id).not.toBe(first!.id)
    before.say({ t: 'delta', id: first!.id, prev: 1, seq: 2 })
    after.say({ t: 'delta', id: first!.id, prev: 1, seq: 2 })
    expect(a.got).toEqual([])
  })

  test('a device without network says so', () => {
    const t = testSocket({ online: () => false })
    t.socket.connect()
    t.latest().onclose?.({ code: 1006 })
    expect(t.socket.state).toMatchObject({ kind: 'waiting', online: false })
  })

  test('a network that goes takes the connection with it at once, and one that returns brings it back', () => {
    let online = true
    const t = testSocket({ online: () => online })
    t.socket.connect()
    const line = t.welcome()
    online = false
    t.socket.unplug()
    expect(line.closed).toBe(true)
    expect(t.socket.state).toMatchObject({ kind: 'waiting', online: false })
    t.clock.pass(500)
    expect(t.socket.state).toEqual({ kind: 'connecting', online: false })
    online = true
    t.socket.wake()
    expect(t.lines[1]!.closed).toBe(true)
    expect(t.socket.state).toEqual({ kind: 'connecting', online: true })
    t.welcome()
    expect(t.socket.state).toEqual({ kind: 'live' })
  })

  test('a network that goes while the connection is lost already is said, and the next try is made as planned', () => {
    const t = testSocket()
    t.socket.connect()
    t.latest().onclose?.({ code: 1006 })
    const before = t.socket.state
    t.socket.unplug()
    expect(t.socket.state).toEqual({ ...before, online: false })
    t.clock.pass(500)
    expect(t.lines).toHaveLength(2)
  })

  test.each([4401, 4403, 4409])('code %d is final', (code) => {
    const t = testSocket()
    t.socket.connect()
    t.welcome()
    t.latest().onclose?.({ code })
    expect(t.socket.state).toMatchObject({ kind: 'closed', code })
    t.clock.pass(600_000)
    expect(t.lines).toHaveLength(1)
    expect(t.clock.waiting).toBe(0)
  })

  test('a farewell may say when to come back', () => {
    const t = testSocket()
    t.socket.connect()
    t.welcome().say({ t: 'bye', code: 1012, why: 'restart', retryAfter: 3 })
    expect(t.latest().closed).toBe(true)
    expect(t.socket.state).toMatchObject({ kind: 'waiting', retryAt: t.clock.now() + 3500 })
  })

  test('what is not a frame ends the connection, because nothing after it can be trusted', () => {
    const t = testSocket()
    t.socket.connect()
    const line = t.welcome()
    line.onmessage?.({ data: '{"t":"delta","id":"one"}' })
    expect(line.closed).toBe(true)
    expect(t.socket.state.kind).toBe('waiting')
  })

  test('a kind of frame from a newer server does no harm', () => {
    const t = testSocket()
    t.socket.connect()
    const line = t.welcome()
    line.onmessage?.({ data: '{"t":"hologram","id":1}' })
    expect(t.socket.state.kind).toBe('live')
  })
})

describe('silence', () => {
  test('two and a half missed heartbeats are a lost connection', () => {
    const t = testSocket()
    t.socket.connect()
    t.welcome()
    t.clock.pass(20_000)
    t.latest().say({ t: 'hb', now: t.clock.now() + 7000 })
    expect(t.socket.skew).toBe(7000)
    t.clock.pass(24_999)
    expect(t.socket.state.kind).toBe('live')
    t.clock.pass(1)
    expect(t.socket.state.kind).toBe('waiting')
    expect(t.lines[0]!.closed).toBe(true)
  })

  test('whoever comes back finds out within three seconds', () => {
    const t = testSocket()
    t.socket.connect()
    const line = t.welcome()
    line.heard()
    t.socket.wake()
    expect(line.heard()).toEqual([{ t: 'ping', n: 1 }])
    t.clock.pass(3000)
    expect(t.socket.state.kind).toBe('waiting')
  })

  test('an answer in time keeps the connection', () => {
    const t = testSocket()
    t.socket.connect()
    const line = t.welcome()
    t.socket.wake()
    t.clock.pass(2999)
    line.say({ t: 'pong', n: 1, now: 0 })
    t.clock.pass(3000)
    expect(t.socket.state.kind).toBe('live')
  })

  test('whoever comes back while it waits need not wait', () => {
    const t = testSocket()
    t.socket.connect()
    t.latest().onclose?.({ code: 1006 })
    t.socket.wake()
    expect(t.lines).toHaveLength(2)
    t.clock.pass(400)
    expect(t.lines).toHaveLength(2)
  })
})
