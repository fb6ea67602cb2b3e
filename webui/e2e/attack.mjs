// Pages of other sites, and programs with something to say, against a real supervisord in a real
// browser. Each attack stands beside a control: the same from our own page, or where nothing
// defends itself, works. Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'

const patience = 15_000
const names = ['evil.test', 'ours.test', 'rebound.test'] // all of them lead to this machine

const payload = 'window.pwned=1'
const nasty = [
  `<img\tsrc=x\tonerror=${payload}>`, // a blank is no part of a name, a tab is
  `"><svg\fonload=${payload}>`,
  `'-${payload}-'`,
  '\u202Egnp.evil',
  '&lt;b&gt;',
]
const nastyUser = `<svg/onload=${payload}>`

const lines = [
  `<script>${payload}</script>`,
  `<img src=x onerror=${payload}>`,
  `"><svg/onload=${payload}>`,
  `\x1b]8;;javascript:${payload}\x1b\\click here\x1b]8;;\x1b\\ and there`,
  `\x1b]8;;javascript:${payload}\x07ring here\x1b]8;;\x07`,
  `\x1b]0;another title\x07a title`,
  `\x1b]52;c;cHduZWQ=\x07a clipboard`,
  `\x1bP+q544e\x1b\\a question`,
  `\x1b[31m<b onclick=${payload}>red\x1b[0m`,
  `javascript:${payload}`,
  'nul \0 inside',
  '\u202Egnp.evil turned',
  `{{constructor.constructor('${payload}')()}}`,
  `\${${payload}}`,
].map((line) => Buffer.from(`${line}\n`))
lines.push(Buffer.from([0x62, 0x61, 0x64, 0x20, 0xff, 0xfe, 0xc0, 0x80, 0x20, 0x65, 0x6e, 0x64, 0x0a])) // bad ... end

/**
 * What changes something, and how: the rows of the table by which Go's tests ask who may do what.
 * A route without a row fails there, so none is forgotten here.
 */
const orders = readFileSync(new URL('../../server/people_test.go', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => /^\t\{route: "(POST|PUT|DELETE) ([^"]+)".*change: true/.exec(line))
  .filter(Boolean)
  .map(([line, method, route]) => ({
    method,
    path: (/ path: "([^"]+)"/.exec(line)?.[1] ?? route)
      .replace('NAME', 'target:target')
      .replace('GROUP', 'target'),
    body: (/ body: `([^`]+)`/.exec(line)?.[1] ?? '{}')
      .replace('NAME', 'target:target')
      .replace('"viewer","password":"secret"', '"ann","password":"a plain secret"'),
  }))
  // What ends supervisord comes last, for the controls.
  .sort((a, b) => rank(a) - rank(b))

function rank({ path }) {
  return ['reload', 'shutdown'].indexOf(path.split('/').at(-1))
}

const former = ['stop', 'restart', 'clearlog', 'stopall', 'restartall', 'start'].map(
  (action) => `index.html?action=${action}&processname=target`,
)
const stopAll =
  '<?xml version="1.0"?><methodCall><methodName>supervisor.stopAllProcesses</methodName><params/></methodCall>'

let scratch
let evil
let browser
let guarded
let open

before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'webui-attack-'))
  writeFileSync(join(scratch, 'said'), Buffer.concat(lines))
  evil = await evilServer()
  browser = await openBrowser([
    `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`,
  ])
  guarded = await supervise(config('guarded'), `users_file=${scratch}/users`)
  open = await supervise(
    `[unix_http_server]\nfile=${scratch}/open\n[program:target]\ncommand=/bin/sleep 1000\n`,
  )
})

after(async () => {
  await browser?.close()
  await guarded?.remove()
  await open?.remove()
  evil?.close()
  rmSync(scratch, { recursive: true, force: true })
})

function config(socket) {
  const programs = nasty.map(
    (name) =>
      `[program:${name.replaceAll('%', '%%')}]\ncommand=/bin/sh -c 'cat ${scratch}/said; cat ${scratch}/said >&2; exec sleep 1000'\n`,
  )
  return `trusted_hosts=ours.test
username=ann
password=a plain secret
[unix_http_server]
file=${scratch}/${socket}
[user:${nastyUser}]
password=$2b$04$IkqvQ0.aHN4Q9Vewaj38h.dRp.axBn6Eoovec6N9.8bkMvmyikjlC
role=viewer
comment=<img src=x onerror=${payload}>
programs=<b>*
[program:target]
environment=MODE="fast"
command=/bin/sh -c 'echo the words of the target; exec sleep 1000'
${programs.join('')}`
}

/** A server that has nothing but an empty page, and what it was asked to show. */
function evilServer() {
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html')
    res.end(`<!doctype html><title>evil</title><body>a page of another site</body>`)
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

const evilAt = (host) => `http://${host}:${evil.address().port}/`
const guardedAt = (host) => guarded.url.replace('127.0.0.1', host)

/** Asks over the unix socket, where no browser comes. */
function ask(socket, path, { method = 'GET', body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const req = request({ socketPath: join(scratch, socket), path, method, headers }, (res) => {
      const parts = []
      res.on('data', (part) => parts.push(part))
      res.on('end', () => resolve({ status: res.statusCode, text: Buffer.concat(parts).toString() }))
    })
    req.on('error', reject)
    req.end(body)
  })
}

/** All that an attack could have changed. */
async function state(socket) {
  const api = async (path) => JSON.parse((await ask(socket, `/api/v1/${path}`)).text)
  const { processes } = await api('processes')
  return {
    processes: processes.map(({ name, group, state, pid, start }) => ({ name, group, state, pid, start })),
    users: (await api('users')).accounts.map(({ name, role, disabled }) => ({ name, role, disabled })),
    tokens: (await api('tokens')).accounts.map(({ name }) => name),
    links: (await api('links?all=1')).links,
    sessions: (await api('sessions?all=1')).sessions.map(({ id }) => id).sort(),
    said: (await ask(socket, '/api/v1/log/target:target/stdout/raw')).text,
  }
}

/** How many attempts of pages of other sites, or under other names, the trail has. */
async function refusals(socket, verb) {
  let count = 0
  for (let next = ''; next !== undefined; ) {
    const page = JSON.parse((await ask(socket, `/api/v1/audit?limit=500${next && `&before=${next}`}`)).text)
    for (const entry of page.entries) {
      if (entry.verb === verb && entry.result === 'refused') count += entry.count ?? 1
    }
    next = page.next || undefined
  }
  return count
}

/** Waits for what the trail has, which counts attempts of the same second together. */
async function untilRefused(socket, verb, want, most = want) {
  const until = Date.now() + patience
  let have
  while (Date.now() < until) {
    have = await refusals(socket, verb)
    if (have >= want) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.ok(have >= want && have <= most, `${have} attempts in the trail as ${verb}, not ${want}`)
}

/** Waits until all programs, or those of a name, are in a state. */
async function untilAll(socket, wanted, name = '') {
  const until = Date.now() + patience
  for (;;) {
    const { processes } = await state(socket)
    if (processes.every((p) => p.state === wanted || !p.name.startsWith(name))) return
    assert.ok(Date.now() < until, `not all are ${wanted}: ${JSON.stringify(processes)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const untilRunning = (socket) => untilAll(socket, 'RUNNING')

const logIn = (page) =>
  page.evaluate(async () => {
    const response = await fetch('api/v1/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF': '1' },
      body: JSON.stringify({ user: 'ann', password: 'a plain secret' }),
    })
    return response.status
  })

/** What a page can send to another site without asking it first. */
const kinds = {
  'application/x-www-form-urlencoded': (body) => ({ name: body, value: '' }),
  'multipart/form-data': (body) => ({ name: 'body', value: body }),
  // Sent as name=value: the equals sign becomes part of a text in the JSON.
  'text/plain': (body) =>
    body.startsWith('<')
      ? { name: body.slice(0, body.indexOf('=')), value: body.slice(body.indexOf('=') + 1) }
      : { name: `${body.slice(0, -1)}${body === '{}' ? '' : ','}"x":"`, value: '"}' },
}

/** Sends a form by navigating, as a page can that is looked at; gives the answer, once it is shown. */
async function submits(page, form) {
  const answered = page.waitForResponse((response) => response.url() === form.action)
  await Promise.all([page.waitForURL(form.action), page.evaluate(submit, form)])
  return answered
}

/** Runs in the page. */
function submit({ action, enctype, name, value }) {
  const form = document.createElement('form')
  Object.assign(form, { action, enctype, method: 'post' })
  const input = document.createElement('input')
  Object.assign(input, { type: 'hidden', name, value })
  form.append(input)
  document.body.append(form)
  form.submit()
}

/** Sends what fetch and sendBeacon can. Runs in the page; gives how many requests reach the server. */
async function fetches({ url, method, body }) {
  let sent = 0
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const options = {
      method: 'POST',
      mode: 'no-cors',
      credentials: 'include',
      headers: { 'Content-Type': type },
      body,
    }
    await fetch(url, options)
    sent++
  }
  // Those ask the server first, which does not answer for us.
  const bold = {
    method,
    credentials: 'include',
    headers: { 'Content-Type': 'application/json', 'X-CSRF': '1' },
    body,
  }
  const answer = await fetch(url, bold).then(
    (response) => response.status,
    () => 'failed',
  )
  if (answer !== 'failed') throw new Error(`${method} ${url} was answered with ${answer}`)
  return sent
}

// The names by which the victim and the attacker are called. Of the same host on another port a
// browser thinks as of the same site: it sends cookies along that are SameSite. A name other than
// the machine's own is over plain HTTP not told apart by Sec-Fetch-Site either.
for (const [ours, theirs, cookies] of [
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', 'localhost', false],
  ['ours.test', 'ours.test', true],
  ['ours.test', 'evil.test', false],
]) {
  test(`a page at ${theirs} changes nothing for who is logged in at ${ours}`, {
    timeout: 240_000,
  }, async () => {
    const { page, close } = await browser.open()
    await page.goto(guardedAt(ours))
    assert.equal(await logIn(page), 200)
    await untilRunning('guarded')
    const before = await state('guarded')
    let sent = await refusals('guarded', 'cross-site')

    const targets = [...orders, { method: 'POST', path: '/RPC2', body: stopAll }]
    const attacker = await page.context().newPage()
    const withCookie = []
    const forms = Object.entries(kinds).slice(cookies ? 0 : -1)
    for (const order of targets) {
      for (const [enctype, field] of forms) {
        await attacker.goto(evilAt(theirs))
        const action = guardedAt(ours) + order.path.slice(1)
        const response = await submits(attacker, { action, enctype, ...field(order.body) })
        assert.equal(response.status(), 403, `${enctype} to ${order.path}`)
        withCookie.push('cookie' in (await response.request().allHeaders()))
        sent++
      }
      await attacker.goto(evilAt(theirs))
      sent += await attacker.evaluate(fetches, { ...order, url: guardedAt(ours) + order.path.slice(1) })
    }
    // The control of what makes the harder case hard.
    assert.deepEqual(new Set(withCookie), new Set([cookies]), 'cookies sent along')

    for (const path of former) {
      const url = guardedAt(ours) + path
      for (const [enctype] of forms) {
        await attacker.goto(evilAt(theirs))
        const response = await submits(attacker, { action: url, enctype, name: 'action', value: 'stopall' })
        assert.equal(response.status(), 403)
        sent++
      }
      // A link and a picture are a GET, which anybody may send: it is answered, and does nothing.
      assert.equal((await attacker.goto(url)).status(), 410)
      await attacker.goto(evilAt(theirs))
      await attacker.evaluate(
        (src) =>
          new Promise((resolve) => Object.assign(new Image(), { src, onload: resolve, onerror: resolve })),
        url,
      )
    }

    // What cannot be changed cannot be read either.
    for (const path of ['api/v1/processes', 'api/v1/log/target:target/stdout/raw', 'api/v1/session', '']) {
      const read = await attacker.evaluate(async (url) => {
        const plain = await fetch(url, { credentials: 'include' }).then(
          () => 'answered',
          () => 'refused',
        )
        const script = await new Promise((resolve) => {
          const script = Object.assign(document.createElement('script'), { src: url })
          script.onload = () => resolve('loaded')
          script.onerror = () => resolve('refused')
          document.body.append(script)
        })
        return [plain, script]
      }, guardedAt(ours) + path)
      assert.deepEqual(read, ['refused', 'refused'], path)
    }
    const own = await page.evaluate(async () => (await fetch('api/v1/log/target:target/stdout/raw')).text())
    assert.match(own, /the words of the target/)

    await untilRefused('guarded', 'cross-site', sent)
    assert.deepEqual(await state('guarded'), before)
    await close()
  })

  test(`a page at ${theirs} does not connect to the live socket of ${ours}`, {
    timeout: 60_000,
  }, async () => {
    const { page, close } = await browser.open()
    await page.goto(guardedAt(ours))
    assert.equal(await logIn(page), 200)
    const url = `${guardedAt(ours).replace('http', 'ws')}live`
    const sent = await refusals('guarded', cookies ? 'cross-site' : 'log-in')
    assert.equal(await page.evaluate(connect, url), 'welcome')
    const attacker = await page.context().newPage()
    await attacker.goto(evilAt(theirs))
    assert.equal(await attacker.evaluate(connect, url), 'refused')
    // Without its cookie it is a stranger's, and refused as such.
    await untilRefused('guarded', cookies ? 'cross-site' : 'log-in', sent + 1, Infinity)
    await close()
  })

  test(`a page at ${theirs} shows nothing of ${ours} in a frame`, { timeout: 60_000 }, async () => {
    // A browser that is asked for a name and a password would ask its user, and the frame wait for that.
    const httpCredentials = { username: 'ann', password: 'a plain secret' }
    const { page, close } = await browser.open({ httpCredentials })
    await page.goto(guardedAt(ours))
    assert.equal(await logIn(page), 200)
    const attacker = await page.context().newPage()
    for (const path of [
      '',
      'process/target/target',
      'activity',
      'link/x',
      'index.html?action=stopall',
      'ok.html',
      'RPC2',
      'logtail/target',
      'api/v1/processes',
    ]) {
      await attacker.goto(evilAt(theirs))
      assert.deepEqual(await framed(attacker, guardedAt(ours) + path), [], path)
    }
    await attacker.goto(evilAt(theirs))
    assert.deepEqual(await framed(attacker, evilAt(ours)), Array(3).fill('a page of another site'))
    await close()
  })
}

/** Connects and says hello. Runs in the page. */
function connect(url) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'supervisor.v1')
    socket.onopen = () => socket.send(JSON.stringify({ t: 'hello', v: 1 }))
    socket.onmessage = (event) => {
      socket.close()
      resolve(JSON.parse(event.data).t)
    }
    socket.onerror = () => resolve('refused')
  })
}

const frames = [
  ['iframe', 'src'],
  ['object', 'data'],
  ['embed', 'src'],
]

/**
 * What a page shows when it has another one in each kind of frame: their words. The browser says
 * what becomes of each: it gets a page, that of an error if it may not have one, or goes.
 */
async function framed(page, url) {
  const shown = []
  for (const [tag, attribute] of frames) {
    const [frame] = await Promise.all([
      becomes(page, `${tag} with ${url}`),
      page.evaluate(
        ([tag, attribute, url]) => {
          const frame = document.createElement(tag)
          if (tag !== 'iframe') frame.type = 'text/html'
          frame[attribute] = url
          document.body.append(frame)
        },
        [tag, attribute, url],
      ),
    ])
    if (!frame || frame.url().startsWith('chrome-error:')) continue
    await frame.waitForLoadState()
    shown.push((await frame.evaluate(() => document.body?.innerText.trim())) || frame.url())
  }
  return shown
}

/** The next frame of a page that is more than its beginning; nothing if it goes instead. */
function becomes(page, what) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`nothing became of the ${what}`)), patience)
    const settle = (frame) => {
      page.off('framenavigated', navigated)
      page.off('framedetached', gone)
      clearTimeout(late)
      resolve(frame)
    }
    const navigated = (frame) => frame.url() === 'about:blank' || settle(frame)
    const gone = () => settle()
    page.on('framenavigated', navigated)
    page.on('framedetached', gone)
  })
}

test('a page of another site changes nothing where nobody is asked who they are', {
  timeout: 120_000,
}, async () => {
  await untilRunning('open')
  const { page, close } = await browser.open()
  const before = await state('open')
  let sent = 0
  for (const theirs of ['127.0.0.1', 'localhost', 'evil.test']) {
    for (const order of [...orders, { method: 'POST', path: '/RPC2', body: stopAll }]) {
      const action = open.url + order.path.slice(1)
      await page.goto(evilAt(theirs))
      const form = { action, enctype: 'text/plain', ...kinds['text/plain'](order.body) }
      assert.equal((await submits(page, form)).status(), 403, order.path)
      sent++
    }
    await page.goto(evilAt(theirs))
    assert.equal(await page.evaluate(connect, `${open.url.replace('http', 'ws')}live`), 'refused')
    sent++
  }
  await untilRefused('open', 'cross-site', sent)
  assert.deepEqual(await state('open'), before)
  await close()
})

test('a name that is not ours leads nowhere, though it leads to us', { timeout: 60_000 }, async () => {
  await untilRunning('open')
  const before = await state('open')
  const sent = await refusals('open', 'misdirected')
  const { page, close } = await browser.open()
  const rebound = open.url.replace('127.0.0.1', 'rebound.test')
  assert.equal((await page.goto(rebound)).status(), 421)
  const seen = await page.evaluate(async (stopAll) => {
    const status = async (...args) => (await fetch(...args)).status
    const json = { 'Content-Type': 'application/json', 'X-CSRF': '1' }
    return [
      await status('/api/v1/processes'),
      await status('/api/v1/all/stop', { method: 'POST', headers: json, body: '{}' }),
      await status('/RPC2', { method: 'POST', headers: { 'Content-Type': 'text/xml' }, body: stopAll }),
      await status('/logtail/target'),
      await status('/ok.html'),
    ]
  }, stopAll)
  assert.deepEqual(seen, [421, 421, 421, 421, 421])
  assert.equal(await page.evaluate(connect, `${rebound.replace('http', 'ws')}live`), 'refused')
  // A browser asks again over another connection, and for an icon by itself.
  await untilRefused('open', 'misdirected', sent + 7, sent + 16)
  assert.deepEqual(await state('open'), before)

  // The control: the same browser, under a name that its administrator has told us.
  assert.equal((await page.goto(guardedAt('ours.test'))).status(), 200)
  assert.equal(await logIn(page), 200)
  assert.equal(await page.evaluate(async () => (await fetch('api/v1/processes')).status), 200)
  await close()
})

test('names, words and what strangers write are shown as text, and nothing of it runs', {
  timeout: 180_000,
}, async () => {
  await untilRunning('guarded')
  await strangersWrite()
  const { page, complaints, close } = await browser.open({ viewport: { width: 1440, height: 900 } })
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`))
  await page.goto(guarded.url)
  assert.equal(await logIn(page), 200)

  await page.goto(guarded.url)
  for (const name of nasty) {
    await row(page, name).waitFor({ timeout: patience })
    assert.ok((await row(page, name).textContent()).includes(name), name)
  }
  await harmless(page, 'the list')

  for (const name of nasty) {
    await row(page, name)
      .getByRole('button', { name: `Restart ${name}:${name}`.replace(/\s/g, ' ') })
      .or(row(page, name).getByRole('button', { name: /^Restart/ }))
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    const asked = await dialog.waitFor({ timeout: 1000 }).then(
      () => true,
      () => false,
    )
    if (asked) {
      assert.ok((await dialog.textContent()).includes(name), `the dialog of ${name}`)
      await harmless(page, `the dialog of ${name}`)
      await dialog.getByRole('button', { name: /Cancel/ }).click()
    }
    await row(page, name).getByRole('button', { name: /^Stop/ }).first().click()
    await dialog.waitFor({ timeout: patience })
    assert.ok((await dialog.textContent()).includes(name), `the dialog of ${name}`)
    await harmless(page, `the dialog of ${name}`)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
  }

  for (const name of nasty) {
    const place = `${guarded.url}process/${encodeURIComponent(name)}/${encodeURIComponent(name)}`
    for (const path of ['', '?ch=stderr', '/log', '/log?ch=stderr']) {
      await page.goto(place + path)
      const log = page.getByRole('log')
      await log.getByText('click here').first().waitFor({ timeout: patience })
      await log
        .getByText(/bad .* end/)
        .first()
        .waitFor({ timeout: patience })
      const said = await log.textContent()
      for (const line of [
        `<script>${payload}</script>`,
        `<img src=x onerror=${payload}>`,
        `<b onclick=${payload}>red`,
        `javascript:${payload}`,
      ])
        assert.ok(said.includes(line), `${line} in ${said}`)
      assert.ok(!/another title|cHduZWQ|q544e|\x1b/.test(said), said)
      const title = await page.title()
      assert.ok(title.includes(name.replace(/\s/g, ' ')), title)
      assert.ok(!title.includes('another title'))
      await harmless(page, `${name}${path}`)
    }
  }

  await page.goto(`${guarded.url}activity`)
  for (const text of ['because <img', nastyUser, 'http://<img'])
    await page.getByText(text).first().waitFor({ state: 'attached', timeout: patience })
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })
  await page.getByText('http://<img').first().waitFor()
  await harmless(page, 'the activity')

  await page.goto(`${guarded.url}people`)
  await page.getByText(nastyUser).first().waitFor({ timeout: patience })
  await page.getByText(`<img src=x onerror=${payload}>`).first().waitFor({ timeout: patience })
  await harmless(page, 'the people')

  await page.goto(`${guarded.url}?q=${encodeURIComponent(nastyUser)}`)
  await page.getByRole('searchbox').waitFor({ timeout: patience })
  await harmless(page, 'a filter')
  await page.goto(`${guarded.url}process/${encodeURIComponent(nastyUser)}/x`)
  await page.locator('h1').waitFor({ timeout: patience })
  await harmless(page, 'a process that does not exist')

  assert.deepEqual(complaints, [])

  // The controls: what does run is seen to, and what the policy forbids is told.
  await page.goto(evilAt('127.0.0.1'))
  await page.evaluate(
    (text) => document.body.insertAdjacentHTML('beforeend', text),
    `<img src=x onerror=${payload}>`,
  )
  await page.waitForFunction(() => window.pwned === 1)
  await page.goto(guarded.url)
  complaints.length = 0
  await page.evaluate(() => {
    for (const src of ['x', 'http://evil.test/x']) {
      const image = document.createElement('img')
      image.setAttribute('src', src)
      document.body.append(image)
    }
  })
  await assert.rejects(harmless(page, 'a page with something in it'), /img src/)
  const until = Date.now() + patience
  while (!complaints.some((complaint) => /Content Security Policy/.test(complaint))) {
    assert.ok(Date.now() < until, `no report among ${complaints}`)
    await page.evaluate(() => 0) // what the page says comes before its answer
  }
  await close()
})

/** A row of the list, by a name in which anything may be. */
function row(page, name) {
  return page.locator('[data-process]').filter({ hasText: name })
}

/** Strangers and users write what they can into the trail. */
async function strangersWrite() {
  const send = (path, headers, body) =>
    new Promise((resolve, reject) => {
      const url = new URL(path, guarded.url)
      const req = request(
        url,
        { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } },
        (res) => {
          res.resume()
          res.on('end', () => resolve(res.statusCode))
        },
      )
      req.on('error', reject)
      req.end(body)
    })
  const basic = (user, password) => ({
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  })
  const markup = `<img src=x onerror=${payload}>`
  assert.equal(await send('api/v1/session', {}, JSON.stringify({ user: nastyUser, password: 'wrong' })), 401)
  assert.equal(await send('api/v1/all/stop', { Origin: `http://${markup}` }, '{}'), 403)
  const ann = basic('ann', 'a plain secret')
  assert.equal(
    await send(
      'api/v1/processes/target:target/restart',
      ann,
      JSON.stringify({ reason: `because ${markup}` }),
    ),
    202,
  )
  assert.equal(await send(`api/v1/processes/${encodeURIComponent(markup)}/stop`, ann, '{}'), 404)
}

/** Fails if a page has anything in it that is not ours, or has run it. */
async function harmless(page, where) {
  const found = await page.evaluate(() => {
    const strange =
      '[onerror],[onload],[onclick],img[src="x"],a[href^="javascript" i],iframe,object,embed,script:not([src]):not([type="application/json"])'
    return [
      ...[...document.querySelectorAll(strange)].map((element) => element.outerHTML),
      ...(window.pwned ? ['something ran'] : []),
    ]
  })
  assert.deepEqual(found, [], where)
}

// The last test, as its controls leave nothing as it was.
test('what no other page can do, our own can', { timeout: 120_000 }, async () => {
  const { page, close } = await browser.open()
  for (const { method, path, body } of orders) {
    await untilRunning('guarded')
    await page.goto(guarded.url)
    assert.equal(await logIn(page), 200)
    if (/\/start$/.test(path)) {
      await ask('guarded', '/api/v1/all/stop', forced)
      await untilAll('guarded', 'STOPPED')
    }
    const before =
      path.includes('/processes/') || path.includes('/groups/') ? await state('guarded') : undefined
    const life = path.endsWith('/reload') ? await lifeOf('guarded') : undefined
    const status = await page.evaluate(
      async ([method, path, body]) => {
        const headers = { 'Content-Type': 'application/json', 'X-CSRF': '1' }
        return (await fetch(path.slice(1), { method, headers, body })).status
      },
      [method, path, body],
    )
    assert.ok(status === 200 || status === 202, `${method} ${path}: ${status}`)
    if (before && /(start|stop|restart|clear-logs)$/.test(path)) await untilOther(before)
    if (/\/stop$/.test(path)) await untilAll('guarded', 'STOPPED', path.includes('/all/') ? '' : 'target')
    if (/\/(start|stop)$/.test(path)) await ask('guarded', '/api/v1/all/start', forced)
    if (life) await untilBornAgain('guarded', life)
  }
  await close()
})

const forced = { method: 'POST', headers: { 'X-CSRF': '1' } }

/** Waits until something is other than it was. */
async function untilOther(before) {
  const until = Date.now() + patience
  while (JSON.stringify(await state('guarded')) === JSON.stringify(before)) {
    assert.ok(Date.now() < until, 'nothing has changed')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What tells one life of a supervisord from the next; undefined while there is none. */
async function lifeOf(socket) {
  const answer = await ask(socket, '/api/v1/identity').catch(() => undefined)
  return answer?.status === 200 ? JSON.parse(answer.text).epoch : undefined
}

/** Waits for the life after one, as the one before still answers for a moment. */
async function untilBornAgain(socket, before) {
  const until = Date.now() + patience
  for (;;) {
    const life = await lifeOf(socket)
    if (life && life !== before) return
    assert.ok(Date.now() < until, 'it does not come back')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
