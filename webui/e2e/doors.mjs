// Who comes in, and what is kept from whom, where the page and its sockets are tried by hand too,
// against a real supervisord. Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, drawn, hand, inState, row, stage } from './stage.mjs'

/** Options of the server, then the programs. */
const config = `username=ann
password=a plain secret

[program:web]
command=/bin/sh -c 'echo the words of web; exec sleep 100000'
process_name=web_%(process_num)d
numprocs=2
startsecs=0

[program:db]
command=/bin/sh -c 'echo the words of db; exec sleep 100000'
startsecs=0
`

const secrets = { ann: 'a plain secret', olga: 'olga has a secret', mute: 'mute has a secret' }

const { scene, enter, leave, expected } = stage('doors')
let daemon
let proxy
let browser

before(async () => {
  daemon = await supervise(config, 'users_file=%(here)s/users.conf')
  proxy = await likeSafari(daemon, basic('ann'))
  browser = await openBrowser()
  await account('olga', { role: 'operator', programs: ['web'] })
  await account('mute', { role: 'operator', actions: ['start', 'stop', 'restart'] })
})

after(async () => {
  await browser?.close()
  proxy?.close()
  await daemon?.remove()
})

const basic = (who) => `Basic ${Buffer.from(`${who}:${secrets[who]}`).toString('base64')}`

function ask(who, method, path, body) {
  return fetch(`${daemon.url}api/v1/${path}`, {
    method,
    headers: { Authorization: basic(who), 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  })
}

async function account(name, rights) {
  const limits = { programs: ['*'], deny: [], actions: [], disabled: false }
  const answer = await ask('ann', 'PUT', `users/${name}`, { ...limits, password: secrets[name], ...rights })
  assert.equal(answer.status, 200, await answer.text())
}

/**
 * A proxy before a supervisord that makes of any browser one like Safari, once it has
 * been told a name and a password: it sends them along with whatever it asks for,
 * and not with a WebSocket. It has the cookies each of those was asked for with.
 */
function likeSafari(supervisord, authorization) {
  const { hostname, port } = new URL(supervisord.url)
  const cookies = []
  const open = new Set()
  const server = createServer((from, to) => {
    const passed = request(
      { hostname, port, method: from.method, path: from.url, headers: { ...from.headers, authorization } },
      (answer) => {
        to.writeHead(answer.statusCode, answer.rawHeaders)
        answer.pipe(to)
      },
    )
    passed.on('error', () => to.destroy())
    from.pipe(passed)
  })
  server.on('upgrade', (from, socket, head) => {
    assert.ok(!('authorization' in from.headers))
    cookies.push(from.headers.cookie ?? '')
    const sent = Object.entries(from.headers).map((pair) => `${pair.join(': ')}\r\n`)
    const there = connect(Number(port), hostname)
    there.write(`GET ${from.url} HTTP/1.1\r\n${sent.join('')}\r\n`)
    there.write(head)
    socket.pipe(there).pipe(socket)
    for (const one of [socket, there]) {
      open.add(one)
      one.on('close', () => open.delete(one))
      one.on('error', () => {
        socket.destroy()
        there.destroy()
      })
    }
  })
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}/`,
        cookies,
        close() {
          for (const one of open) one.destroy()
          server.closeAllConnections()
          server.close()
        },
      }),
    ),
  )
}

async function logIn(page, who) {
  await page.getByLabel('User', { exact: true }).fill(who)
  await page.getByLabel('Password', { exact: true }).fill(secrets[who])
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
}

scene('a browser that sends no password with a WebSocket is let in by the cookie of the page', async () => {
  const page = await enter(browser, 'safari', desktop)
  await page.goto(proxy.url)
  await page.locator('[data-link="live"]').waitFor()
  await inState(page, 'db:db', 'RUNNING')
  assert.ok(proxy.cookies.length > 0)
  for (const cookie of proxy.cookies) assert.match(cookie, /(^|; )supervisor_session=/)
  const own = (await page.context().cookies()).find(({ name }) => name === 'supervisor_session')
  assert.equal(own.httpOnly, true)
  assert.equal(own.sameSite, 'Lax')
  // The control: without the cookie the same way leads nowhere.
  await page.context().clearCookies()
  assert.equal(
    await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url, 'supervisor.v1')
          socket.onopen = () => resolve('open')
          socket.onerror = () => resolve('refused')
        }),
      `${proxy.url.replace('http', 'ws')}live`,
    ),
    'refused',
  )
  await leave('safari')
})

scene('who may read no logs is told so, on the page and past it', async () => {
  const page = await enter(browser, 'mute', hand)
  await page.goto(`${daemon.url}process/db/db/log`)
  await logIn(page, 'mute')
  await page.getByRole('heading', { name: 'You may not read this log' }).waitFor()
  assert.equal((await ask('mute', 'GET', 'log/db:db/stdout?tail=100')).status, 403)
  assert.equal((await ask('mute', 'GET', 'log/db:db/stdout/raw')).status, 403)
  assert.ok(!(await page.content()).includes('the words of db'))
  await page.goto(daemon.url)
  await inState(page, 'db:db', 'RUNNING')
  await row(page, 'db:db').getByRole('button', { name: 'Restart db' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Logs', exact: true }).count(), 0)
  await leave('mute')
})

scene(
  'a log that was refused is shown as soon as one may read it, without anything being loaded',
  async () => {
    const page = await enter(browser, 'mute', desktop)
    await page.goto(`${daemon.url}logs?s=db/stdout`)
    await logIn(page, 'mute')
    await page.getByRole('heading', { name: 'You may not read this log' }).waitFor()
    assert.match(await page.title(), /db stdout · Logs/)
    const requests = []
    page.on('request', (request) => requests.push(request.url()))
    const allow = (...actions) => ask('ann', 'PUT', 'users/mute', { actions }) // a password would end the session
    assert.equal((await allow('view', 'restart', 'logs')).status, 200)
    await page.getByRole('log').getByText('the words of db').waitFor()
    assert.ok(!requests.includes(page.url()), String(requests))
    assert.equal((await allow('view', 'restart')).status, 200)
    await page.getByRole('heading', { name: 'You may not read this log' }).waitFor()
    await page.goto(`${daemon.url}logs?s=nobody/stdout`)
    await page.getByRole('heading', { name: 'There is no program nobody' }).waitFor()
    await leave('mute')
  },
)

/** What a WebSocket made by hand is told of, by topic: what was asked for, and what came. Runs in the page. */
function byHand({ url, asked }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'supervisor.v1')
    const came = []
    socket.onopen = () => socket.send(JSON.stringify({ t: 'hello', v: 1 }))
    socket.onerror = () => reject(new Error('refused'))
    socket.onclose = () => resolve(came)
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data)
      came.push(frame)
      if (frame.t === 'welcome') for (const one of asked) socket.send(JSON.stringify(one))
      // Frames are answered in their order: behind this all has been said.
      if (frame.t === 'welcome') socket.send(JSON.stringify({ t: 'ping', n: 1 }))
      if (frame.t === 'pong') socket.close()
    }
  })
}

scene('an operator of one group cannot touch another, by whatever is sent by hand', async () => {
  const page = await enter(browser, 'olga', desktop)
  await page.goto(daemon.url)
  await logIn(page, 'olga')
  await inState(page, 'web:web_0', 'RUNNING')
  assert.deepEqual(await drawn(page), ['web:web_0', 'web:web_1'])

  const before = await (await ask('ann', 'GET', 'processes/db:db')).json()
  const orders = await page.evaluate(async () => {
    const send = async (path, body = {}) => {
      const headers = { 'Content-Type': 'application/json', 'X-CSRF': '1' }
      const answer = await fetch(`api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      return `${path}: ${answer.status}`
    }
    return [
      await send('processes/db:db/stop'),
      await send('processes/db:db/restart'),
      await send('processes/db:db/signal', { signal: 'KILL' }),
      await send('groups/db/stop'),
      await send('groups/db/restart'),
      await send('processes/db:db/clear-logs'),
      await send('shutdown'),
    ]
  })
  assert.deepEqual(orders, [
    'processes/db:db/stop: 404',
    'processes/db:db/restart: 404',
    'processes/db:db/signal: 404',
    'groups/db/stop: 404',
    'groups/db/restart: 404',
    'processes/db:db/clear-logs: 404',
    'shutdown: 403',
  ])
  expected('olga', /status of (403|404)/)

  const { id } = before.process
  const frames = await page.evaluate(byHand, {
    url: `${daemon.url.replace('http', 'ws')}live`,
    asked: [
      { t: 'sub', id: 1, topic: 'state' },
      { t: 'sub', id: 2, topic: 'log', proc: 'db:db', ch: 'stdout', from: { tail: 4096 } },
      { t: 'sub', id: 3, topic: 'mainlog', from: { tail: 4096 } },
      { t: 'sub', id: 4, topic: 'metrics', ids: [id], hz: 2 },
      { t: 'sub', id: 5, topic: 'log', proc: 'web:web_0', ch: 'stdout', from: { tail: 4096 } },
    ],
  })
  const refusals = frames.filter(({ t }) => t === 'err').map(({ id, code }) => [id, code])
  assert.deepEqual(refusals.slice(0, 2), [
    [2, 404],
    [3, 403],
  ])
  const shown = frames.find(({ t }) => t === 'snap').rows.map(({ group, name }) => `${group}:${name}`)
  assert.deepEqual(shown, ['web:web_0', 'web:web_1'])
  const said = JSON.stringify(frames)
  assert.ok(!said.includes('the words of db') && !said.includes('"db'), said)
  const measured = frames.filter(({ t }) => t === 'metrics').flatMap(({ ids }) => ids)
  assert.ok(!measured.includes(id), said)
  // The control: what is theirs they are told.
  assert.ok(
    frames.some((frame) => frame.t === 'ok' && frame.id === 5),
    said,
  )
  const now = await (await ask('ann', 'GET', 'processes/db:db')).json()
  assert.deepEqual([now.process.pid, now.process.state], [before.process.pid, 'RUNNING'])
})

scene('the former addresses say what stands instead, and change nothing', async () => {
  const page = await enter(browser, 'reader', hand)
  await page.goto(daemon.url)
  await logIn(page, 'ann')
  await inState(page, 'db:db', 'RUNNING')
  const before = await (await ask('ann', 'GET', 'processes/db:db')).json()
  const answer = await page.goto(`${daemon.url}index.html?action=stop&processname=db`)
  assert.equal(answer.status(), 410)
  expected('reader', /status of 410/)
  const said = await page.locator('body').innerText()
  assert.ok(said.length > 20, said)
  const now = await (await ask('ann', 'GET', 'processes/db:db')).json()
  assert.deepEqual([now.process.pid, now.process.state], [before.process.pid, 'RUNNING'])
})
