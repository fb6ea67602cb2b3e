// A pretended supervisord for work on the page alone: `node webui/e2e/fake/server.mjs [scene]`
// serves webui/dist, the API and the live socket on port 9001, so that `npm run dev` and a
// browser have something to talk to. Scenes: demo, many, none, broken, forbidden, and those of
// people.mjs: people, operator, alone, fixed, stranger.
// It speaks just enough of the wire; what the page must really get along with is the journey.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answerPeople, everything, makePeople } from './people.mjs'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'self'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'"

/** Starts the pretended server; the answer has its address, its processes and ways to disturb it. */
export async function pretend(scene = 'demo', port = 0) {
  const world = makeWorld(scene)
  const server = createServer((request, response) => answer(world, request, response))
  server.on('upgrade', (request, socket) => upgrade(world, request, socket))
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  const ticking = setInterval(() => tick(world), 1000)
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    world,
    cut() {
      for (const line of world.lines) line.socket.destroy()
    },
    /** Forgets who is there, as when their session ends. */
    expire() {
      world.people.user = null
      for (const line of world.lines) line.close(4401)
    },
    stop() {
      clearInterval(ticking)
      for (const line of world.lines) line.socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

function makeWorld(scene) {
  const world = {
    scene,
    people: makePeople(scene),
    epoch: 'e0e0e0e0',
    seq: 100,
    rows: [],
    groups: [],
    lines: new Set(),
    logs: new Map(),
  }
  const groups = scene === 'none' ? {} : scene === 'many' ? manyGroups() : demoGroups(scene)
  let id = 0
  for (const [group, processes] of Object.entries(groups)) {
    world.groups.push({ name: group, priority: 999 })
    for (const [name, state, more] of processes) world.rows.push(row(++id, group, name, state, more))
  }
  return world
}

function demoGroups(scene) {
  const bad = scene === 'broken'
  return {
    web: [
      ['nginx', 'RUNNING'],
      ['api-0', 'RUNNING'],
      [
        'api-1',
        bad ? 'FATAL' : 'RUNNING',
        bad ? { err: 'Exited too quickly (process log may have details)', tries: 3 } : {},
      ],
    ],
    worker: [0, 1, 2, 3].map((n) => [
      `worker_0${n}`,
      bad && n > 1 ? 'BACKOFF' : n === 3 ? 'STARTING' : 'RUNNING',
      bad && n > 1
        ? { err: 'Exited too quickly (process log may have details)', tries: n - 1, next: Date.now() + 4000 }
        : {},
    ]),
    chatty: [['chatty', 'RUNNING']],
    stubborn: [['stubborn', 'STOPPING', { next: Date.now() + 8000 }]],
    oneshot: [['oneshot', 'EXITED', { expected: true, stop: Date.now() - 60000 }]],
    flaky: [
      [
        'flaky',
        bad ? 'EXITED' : 'RUNNING',
        bad ? { exit: 1, expected: false, stop: Date.now() - 5000 } : { restarts: 3 },
      ],
    ],
    missing: [
      [
        'missing',
        'FATAL',
        { err: "can't find command '/usr/local/bin/no-such-program'", tries: 3, start: 0 },
      ],
    ],
    manual: [['manual', 'STOPPED', { start: 0 }]],
  }
}

function manyGroups() {
  const groups = {}
  for (let g = 0; g < 40; g++) {
    groups[`service-${g}`] = Array.from({ length: 25 }, (_, n) => {
      const state =
        g === 7 && n === 3 ? 'FATAL' : (g * 25 + n) % 97 === 0 ? 'BACKOFF' : n === 24 ? 'STOPPED' : 'RUNNING'
      return [
        `instance_${String(n).padStart(2, '0')}`,
        state,
        state === 'BACKOFF' || state === 'FATAL'
          ? { err: 'Exited too quickly (process log may have details)', tries: 2 }
          : {},
      ]
    })
  }
  return groups
}

function row(id, group, name, state, more = {}) {
  const now = Date.now()
  const up = state === 'RUNNING' || state === 'STARTING' || state === 'STOPPING'
  return {
    id,
    group,
    name,
    state,
    pid: up ? 4000 + id * 7 : 0,
    since: now - id * 61_000,
    start: now - id * 61_000 * (id % 5 === 0 ? 90 : 1),
    stop: 0,
    exit: 0,
    expected: true,
    err: '',
    tries: 0,
    max: 3,
    next: 0,
    restarts: 0,
    caps: everything,
    ...more,
  }
}

async function answer(world, request, response) {
  const url = new URL(request.url, 'http://x')
  response.setHeader('Content-Security-Policy', csp)
  if (!url.pathname.startsWith('/api/')) return file(world, url.pathname, response)
  const reply = (status, body, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
  const path = url.pathname.split('/').slice(3).map(decodeURIComponent)
  const body = await bodyOf(request)
  const said = answerPeople(world.people, { method: request.method, path, query: url.searchParams, body })
  if (said) return reply(said.status, said.body, said.headers)
  const [kind, name = '', verb = ''] = path
  if (world.scene === 'forbidden') return reply(403, { error: { code: 0, name: 'FORBIDDEN' } })
  if (kind === 'identity') return reply(200, identity(world))
  if (kind === 'log') return reply(200, logPage(world, name, verb, url.searchParams))
  if (kind === 'config') return reply(200, { steps: [] })
  const rows =
    kind === 'all'
      ? world.rows
      : world.rows.filter((r) => (kind === 'groups' ? r.group === name : `${r.group}:${r.name}` === name))
  if (request.method === 'GET' && verb) return reply(200, past[verb]?.(world, rows[0]) ?? {})
  if (request.method === 'GET')
    return reply(200, {
      listener: null,
      process: rows[0],
      stdoutLog: `/var/log/supervisor/${name.replace(':', '-')}-stdout.log`,
      stderrLog: `/var/log/supervisor/${name.replace(':', '-')}-stderr.log`,
    })
  if (name === 'missing:missing')
    return reply(404, { error: { code: 20, name: 'NO_FILE', detail: "can't find command" } })
  const order = kind === 'all' ? name : verb
  reply(202, { seq: world.seq })
  obey(world, rows, order)
}

/** What is asked for about one process, beside itself. */
const past = {
  lives: (_, of) => ({ lives: of.stop ? [life(of)] : [] }),
  crashes: (_, of) => ({ crashes: of.stop ? [life(of)] : [] }),
  metrics: () => {
    const at = Date.now()
    const times = Array.from({ length: 300 }, (_, i) => at - (300 - i) * 10_000)
    const of = (value) => times.map((_, i) => value(i))
    return {
      at,
      usage: null,
      keeps: -1,
      step: 10_000,
      times,
      pids: of((i) => (i < 120 ? 4001 : 4007)),
      cpu: of((i) => 20 + 15 * Math.sin(i / 9)),
      memory: of((i) => 4e7 + i * 1e5),
      descriptors: of(() => null),
      threads: of((i) => 4 + (i % 3)),
      processes: of(() => 2),
    }
  },
  settings: (_, of) => ({
    command: `/usr/bin/${of.name}`,
    directory: '',
    user: '',
    environment: [],
    section: `program:${of.name}`,
    file: '/etc/supervisor/conf.d/web.conf',
    line: 3,
    options: [
      { name: 'command', value: `/usr/bin/${of.name}`, file: '/etc/supervisor/conf.d/web.conf', line: 4 },
      { name: 'startsecs', value: '1' },
    ],
  }),
}

function life(of) {
  return {
    pid: 4001,
    asked: of.stop - 5000,
    born: of.stop - 5000,
    running: of.stop - 4000,
    ended: of.stop,
    uptime: 5000,
    tries: 1,
    state: of.state,
    exit: of.exit,
    expected: of.expected,
    crashed: !of.expected,
    cpuUser: 1200,
    cpuSystem: 300,
    peak: 2e7,
    crash: 1,
    meaning: { code: 'exit', status: of.exit, text: `exited with status ${of.exit}` },
  }
}

/** The JSON that came with a request; nothing if there is none. */
async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : undefined
}

function identity(world) {
  return {
    identifier: 'supervisor',
    version: '1.0.0',
    supervisor: '4.2.5',
    host: 'shop-7.example.com',
    pid: 1,
    configFile: '/etc/supervisor/supervisord.conf',
    started: 0,
    mood: 'RUNNING',
    epoch: world.epoch,
    user: world.people.user,
    problems: world.people.problems,
  }
}

function obey(world, rows, verb) {
  const steps =
    {
      start: ['STARTING', 'RUNNING'],
      stop: ['STOPPING', 'STOPPED'],
      restart: ['STOPPING', 'STARTING', 'RUNNING'],
    }[verb] ?? []
  for (const [i, state] of steps.entries()) setTimeout(() => become(world, rows, state), 300 + i * 700)
}

function become(world, rows, state) {
  const now = Date.now()
  for (const r of rows) {
    Object.assign(r, { state, since: now, pid: state === 'STOPPED' ? 0 : r.pid || 5000 + r.id })
    if (state === 'STARTING') Object.assign(r, { start: now, err: '', tries: 0 })
    if (state === 'STOPPED') r.stop = now
  }
  change(world, rows)
}

export function change(world, rows) {
  const prev = world.seq
  world.seq += rows.length
  for (const line of world.lines)
    if (line.state) line.send({ t: 'delta', id: line.state, prev, seq: world.seq, rows })
}

function file(world, path, response) {
  const name = normalize(path).slice(1)
  for (const candidate of [name || 'index.html', 'index.html']) {
    try {
      const data = readFileSync(join(dist, candidate))
      const body = candidate === 'index.html' ? bootWith(world, String(data)) : data
      response.writeHead(200, { 'Content-Type': types[extname(candidate)] ?? 'application/octet-stream' })
      return response.end(body)
    } catch {
      if (extname(name)) break
    }
  }
  response.writeHead(404).end()
}

/** The page with what the server tells it of itself: to a stranger, nothing. */
function bootWith(world, html) {
  const { user } = world.people
  const boot = {
    version: '',
    base: '/',
    identifier: user ? 'supervisor' : '',
    host: user ? identity(world).host : '',
    user,
  }
  return html.replace(/(id="boot">)[^<]*/, (_, tag) => tag + JSON.stringify(boot))
}

// ---- the socket: RFC 6455, text frames only

function upgrade(world, request, socket) {
  if (world.scene === 'forbidden') return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  if (!world.people.user) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  const line = {
    socket,
    state: 0,
    logs: new Map(),
    metrics: new Map(),
    send: (frame) => socket.write(encode(JSON.stringify(frame))),
    close: (code) => socket.end(Buffer.from([0x88, 2, code >> 8, code & 255])),
  }
  world.lines.add(line)
  let rest = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('close', () => world.lines.delete(line))
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data])
    for (let found = decode(rest); found; found = decode(rest)) {
      rest = rest.subarray(found.size)
      if (found.op === 8) return socket.end()
      if (found.op === 1) hear(world, line, JSON.parse(found.text))
    }
  })
}

function encode(text) {
  const body = Buffer.from(text)
  const head =
    body.length < 126
      ? Buffer.from([0x81, body.length])
      : body.length < 65536
        ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
        : Buffer.from([
            0x81,
            127,
            0,
            0,
            0,
            0,
            (body.length >> 24) & 255,
            (body.length >> 16) & 255,
            (body.length >> 8) & 255,
            body.length & 255,
          ])
  return Buffer.concat([head, body])
}

function decode(data) {
  if (data.length < 6) return undefined
  const short = data[1] & 127
  const from = short === 126 ? 4 : 2
  const length = short === 126 ? data.readUInt16BE(2) : short
  if (data.length < from + 4 + length) return undefined
  const mask = data.subarray(from, from + 4)
  const body = data.subarray(from + 4, from + 4 + length).map((byte, i) => byte ^ mask[i % 4])
  return { op: data[0] & 15, size: from + 4 + length, text: Buffer.from(body).toString() }
}

function hear(world, line, frame) {
  const { id } = frame
  if (world.flood?.hear(line, frame, world.epoch)) return
  if (frame.t === 'hello')
    return line.send({
      t: 'welcome',
      v: 1,
      sid: 's',
      epoch: world.epoch,
      now: Date.now(),
      hb: 10,
      build: '',
      identifier: 'supervisor',
      user: world.people.user,
      limits: { subs: 64, logs: 16, win: 262144 },
    })
  if (frame.t === 'ping') return line.send({ t: 'pong', n: frame.n, now: Date.now() })
  if (frame.t === 'unsub') return line.logs.delete(id) || line.metrics.delete(id)
  if (frame.t === 'set' && line.metrics.has(id)) return line.metrics.set(id, frame.ids)
  if (frame.t === 'set' && line.logs.has(id))
    return Object.assign(line.logs.get(id), { mode: frame.mode, since: line.logs.get(id).off })
  if (frame.t !== 'sub') return
  line.send({ t: 'ok', id })
  if (frame.topic === 'state') {
    line.state = id
    line.send({ t: 'snap', id, epoch: world.epoch, seq: world.seq, rows: world.rows, groups: world.groups })
  } else if (frame.topic === 'metrics') line.metrics.set(id, frame.ids)
  else if (frame.topic === 'server')
    line.send({ t: 'server', id, mood: 'RUNNING', user: world.people.user, problems: world.people.problems })
  else if (frame.topic === 'log') {
    const log = logOf(world, frame.proc, frame.ch)
    const sub = { log, off: frame.from?.off ?? Math.max(0, log.ends.length - 200), mode: 'follow', since: 0 }
    if (frame.from?.off !== undefined) sub.off = log.ends.findIndex((end) => end > frame.from.off)
    if (sub.off < 0) sub.off = log.lines.length
    line.logs.set(id, sub)
    feed(world, line, id, sub)
  }
}

// ---- logs: lines with the offsets behind them

function logOf(world, proc, channel) {
  const key = `${proc} ${channel}`
  if (!world.logs.has(key)) {
    const log = { proc, channel, lines: [], ends: [] }
    world.logs.set(key, log)
    if (channel === 'stdout' && proc !== 'manual:manual') for (let i = 0; i < 400; i++) speak(log)
  }
  return world.logs.get(key)
}

const sayings = [
  (n) => `\x1b[32mINFO\x1b[0m  request ${n} GET /api/orders/${n % 97} \x1b[36m200\x1b[0m in ${n % 31} ms`,
  (n) =>
    `\x1b[33mWARN\x1b[0m  cache miss for key order:${n % 97}:lines, falling back to the database and that takes a while`,
  (n) => `\x1b[1;31mERROR\x1b[0m timeout talking to db-2 after 3000 ms (attempt ${n % 5})`,
  (n) => `{"level":"debug","msg":"tick","n":${n},"took":"${n % 9}ms"}`,
  (n) =>
    `\x1b[38;2;120;120;40mexact\x1b[0m \x1b[44mback\x1b[0m \x1b[7minverse\x1b[0m caf\udce9 <img src=x onerror=alert(1)> ${n}`,
]

function speak(log) {
  const n = log.lines.length
  const text = sayings[n % 7 < 5 ? n % 7 : 0](n)
  log.lines.push(text)
  log.ends.push((log.ends.at(-1) ?? 0) + Buffer.byteLength(text.replace('\udce9', 'x')) + 1)
}

function tick(world) {
  for (const log of world.logs.values())
    if (log.channel === 'stdout' && log.lines.length) for (let i = 0; i < 3; i++) speak(log)
  for (const line of world.lines) for (const [id, sub] of line.logs) feed(world, line, id, sub)
  for (const line of world.lines) for (const [id, ids] of line.metrics) measure(world, line, id, ids)
}

function measure(world, line, id, ids) {
  const up = (of) => ids.map((n) => (world.rows.find((r) => r.id === n)?.pid ? of(n) : null))
  line.send({
    t: 'metrics',
    id,
    at: Date.now(),
    ids,
    cpu: up((n) => (n * 7 + (Date.now() / 1000) * n) % 60),
    memory: up((n) => n * 3e7),
    descriptors: up(() => null),
    threads: up((n) => n),
    processes: up(() => 1),
  })
}

function feed(world, line, id, sub) {
  const { lines, ends } = sub.log
  if (sub.mode === 'count')
    return line.send({
      t: 'count',
      id,
      end: ends.at(-1) ?? 0,
      bytes: 100,
      lines: lines.length - sub.since,
      rate: 100,
    })
  if (sub.off >= lines.length) return
  line.send({
    t: 'log',
    id,
    epoch: world.epoch,
    off: ends[sub.off - 1] ?? 0,
    end: ends.at(-1),
    lines: lines.slice(sub.off),
  })
  sub.off = lines.length
}

function logPage(world, proc, channel, query) {
  const { lines, ends } = logOf(world, proc, channel)
  const before = ends.indexOf(Number(query.get('before'))) + 1
  const first = Math.max(0, before - 100)
  return {
    epoch: world.epoch,
    off: ends[first - 1] ?? 0,
    end: ends[before - 1] ?? 0,
    oldest: 0,
    newest: ends.at(-1) ?? 0,
    lines: lines.slice(first, before),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await pretend(process.argv[2], 9001)
  console.log(url)
}
