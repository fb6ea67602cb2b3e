// The page as an app: installed, without a connection, under another version of the
// server, and as its reader likes it. Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request as ask, createServer } from 'node:http'
import { connect } from 'node:net'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { stage, told, until } from './stage.mjs'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Options of the server, then the programs. */
const config = `base_path=/sup/

[program:web]
command=/bin/sh -c 'echo ready; exec sleep 1000'
startsecs=0

[program:idle]
command=/bin/sleep 1000
autostart=false

[program:broken]
command=/bin/sh -c 'exit 3'
autostart=false
startretries=0
`

let daemon
let base
let browser
let arrived = 0
const { enter, empty, expected, pardon, scene } = stage('pwa', () => empty())

before(async () => {
  daemon = await supervise(config)
  base = `${daemon.url}sup/`
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

/** A browser of somebody's own, with the page's worker. */
async function arrive(options = {}) {
  const who = `visitor ${++arrived}`
  return { who, page: await enter(browser, who, { serviceWorkers: 'allow', ...options }) }
}

const live = (page) => page.locator('[data-link="live"]').waitFor()
const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
const inCharge = (page) =>
  page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated')
const cacheNames = (page) => page.evaluate(() => caches.keys())

/** A proxy in front of supervisord. What change answers for a request stands in for the answer. */
async function proxy(change) {
  const to = new URL(daemon.url)
  const server = createServer((request, response) => {
    const instead = change(request)
    if (instead?.status) return response.writeHead(instead.status, instead.headers).end(instead.body ?? '')
    const { method, url, headers } = request
    const onward = ask({
      host: to.hostname,
      port: to.port,
      method,
      path: url,
      headers: instead?.edit ? plain(headers) : headers,
    })
    onward.on('error', () => response.writeHead(502).end('nobody there'))
    onward.on('response', async (answer) => {
      if (!instead?.edit) return answer.pipe(response.writeHead(answer.statusCode, answer.headers))
      const text = instead.edit(Buffer.concat(await answer.toArray()).toString())
      const { etag, ...rest } = answer.headers
      response.writeHead(answer.statusCode, { ...rest, 'content-length': Buffer.byteLength(text) }).end(text)
    })
    request.pipe(onward)
  })
  server.on('upgrade', (request, socket, head) => {
    const onward = connect(Number(to.port), to.hostname, () => {
      const lines = [`GET ${request.url} HTTP/1.1`]
      for (let i = 0; i < request.rawHeaders.length; i += 2)
        lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
      onward.write(`${lines.join('\r\n')}\r\n\r\n`)
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
    for (const end of [socket, onward]) end.on('error', () => end.destroy())
  })
  const connections = new Set()
  server.on('connection', (socket) => connections.add(socket))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}/sup/`,
    async close() {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What a proxy that edits must see: an answer that is neither compressed nor left out. */
function plain({ 'accept-encoding': _, 'if-none-match': __, ...headers }) {
  return headers
}

scene('the page can be installed', async () => {
  const { page } = await arrive()
  await page.goto(base)
  await inCharge(page)
  const cdp = await page.context().newCDPSession(page)
  const { url, errors, data } = await cdp.send('Page.getAppManifest')
  assert.deepEqual([url, errors], [`${base}manifest.webmanifest`, []])
  const manifest = JSON.parse(data)
  const at = (path) => new URL(path, url).href
  assert.deepEqual([at(manifest.start_url), at(manifest.scope)], [base, base])
  assert.deepEqual(
    manifest.shortcuts.map((shortcut) => at(shortcut.url)),
    [base, `${base}logs`],
  )
  const icons = [...manifest.icons, ...manifest.shortcuts.flatMap((shortcut) => shortcut.icons)]
  icons.push({
    src: await page.locator('link[rel="apple-touch-icon"]').getAttribute('href'),
    sizes: '180x180',
  })
  for (const { src, sizes } of icons) {
    const width = await page.evaluate(async (address) => {
      const image = new Image()
      image.src = address
      await image.decode()
      return image.naturalWidth
    }, at(src))
    if (sizes !== 'any') assert.equal(`${width}x${width}`, sizes, src)
  }
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors')
  const serious = installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito') // as every scene is
  assert.deepEqual(serious, [])
})

scene('without supervisord the page says so, shows nothing old, and comes back by itself', async () => {
  const { who, page } = await arrive()
  const host = new URL(base).host
  await page.context().addCookies([
    { name: 'supervisor_theme', value: 'dark', url: base },
    { name: 'supervisor_language', value: 'ru', url: base },
  ])
  await page.goto(base)
  await live(page)
  await inCharge(page)
  await page.getByText('RUNNING', { exact: true }).first().waitFor()
  await daemon.stop()
  try {
    await page.goto(`${base}process/web/web/log`)
    await heading(page, 'Нет связи')
    expected(who, /503/)
    const root = page.locator('html')
    assert.deepEqual([await root.getAttribute('lang'), await root.getAttribute('data-theme')], ['ru', 'dark'])
    const said = await page.locator('body').innerText()
    assert.ok(said.includes(host) && !/RUNNING|STOPPED|ready/.test(said), said)
    // Nothing but the page itself is answered in the server's place.
    for (const path of ['api/v1/processes', 'live', 'RPC2', 'logtail/web', 'manifest.webmanifest']) {
      const answered = await page.evaluate(
        (address) =>
          fetch(address)
            .then((answer) => answer.status)
            .catch(() => 'nobody'),
        base + path,
      )
      assert.equal(answered, 'nobody', path)
    }
    const other = await page.context().newPage()
    for (const path of ['link/secret', 'index.html', 'tail.html?processname=web', 'api/v1/processes'])
      await assert.rejects(other.goto(base + path), /ERR_CONNECTION_REFUSED/, path)
    await page.getByRole('button', { name: 'Попробовать сейчас' }).click()
    await page.getByText('Последняя попытка').waitFor()
  } finally {
    await daemon.start()
  }
  await live(page)
  assert.equal(page.url(), `${base}process/web/web/log`)
  await heading(page, 'web')
  pardon(who, /503/) // of the last try
})

scene('a new build replaces the worker, and one that is not wanted any more goes', async () => {
  let how = () => undefined
  const front = await proxy((request) => how(request))
  const isScript = (request) => request.url === '/sup/sw.js'
  try {
    const { page } = await arrive()
    await page.goto(front.url)
    await inCharge(page)
    const [first, ...others] = await cacheNames(page)
    assert.deepEqual(others, [])
    assert.match(first, /^supervisor \/sup\/ [0-9a-f]{12}$/)
    const build = first.slice(-12)
    how = (request) =>
      isScript(request) ? { edit: (text) => text.replaceAll(build, '0123456789ab') } : undefined
    await page.goto(`${front.url}about`)
    await until(async () => (await cacheNames(page)).join() === 'supervisor /sup/ 0123456789ab')
    await live(page)
    // What speaks instead of supervisord knows nothing of a worker.
    how = (request) => (isScript(request) ? { status: 404 } : { status: 200, body: 'the former page' })
    await page.goto(front.url)
    assert.equal(await page.locator('body').innerText(), 'the former page')
    const workers = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)
    await until(async () => (await workers()) === 0 && (await cacheNames(page)).length === 0)
  } finally {
    await front.close()
  }
})

scene('a proxy can want a password, and say that nobody is there', async () => {
  let how = () => undefined
  const front = await proxy((request) => how(request))
  try {
    const { who, page } = await arrive({ httpCredentials: { username: 'ann', password: 'a secret' } })
    await page.goto(front.url)
    await inCharge(page)
    how = () => ({ status: 502, body: 'nobody there' })
    await page.goto(`${front.url}logs`)
    await heading(page, 'No connection')
    how = (request) =>
      request.headers.authorization
        ? undefined
        : { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="proxy"' }, body: 'who are you?' }
    await heading(page, 'Logs')
    await live(page)
    expected(who, /status of (401|50[23])/)
  } finally {
    await front.close()
  }
})

scene('the page of an older version renews itself once nobody looks', async () => {
  let old = true
  const asksForPage = (request) => request.headers.accept?.startsWith('text/html')
  const edit = (text) => text.replace(/"version":"[^"]*"/, '"version":"0.0.1"')
  const front = await proxy((request) => (old && asksForPage(request) ? { edit } : undefined))
  try {
    const { page } = await arrive({ serviceWorkers: 'block' })
    await page.goto(front.url)
    await live(page)
    await page.getByText('supervisord has been upgraded').waitFor()
    const hide = () => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
      document.dispatchEvent(new Event('visibilitychange'))
    }
    // Not while something is begun.
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('dialog').waitFor()
    await page.evaluate(() => {
      window.before = true
    })
    await page.evaluate(hide)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal(await page.evaluate(() => window.before), true)
    old = false
    await page.evaluate(hide)
    await page.waitForFunction(() => window.before === undefined)
    await live(page)
    assert.equal(await page.getByText('supervisord has been upgraded').count(), 0)
  } finally {
    await front.close()
  }
})

scene('the first byte is in the theme and the language of the reader, without any script', async () => {
  for (const [options, cookies, path, lang, theme] of [
    [{ locale: 'de' }, {}, '', 'en', 'system'],
    [{ locale: 'ru' }, {}, '', 'ru', 'system'],
    [{ locale: 'en' }, { theme: 'contrast', language: 'ru' }, 'logs', 'ru', 'contrast'],
    [{ locale: 'en' }, { theme: 'dark', language: 'ru' }, '?lang=en', 'en', 'dark'],
  ]) {
    const { page } = await arrive({ javaScriptEnabled: false, ...options })
    const kept = Object.entries(cookies).map(([key, value]) => ({
      name: `supervisor_${key}`,
      value,
      url: base,
    }))
    await page.context().addCookies(kept)
    await page.goto(base + path)
    const root = page.locator('html')
    assert.deepEqual([await root.getAttribute('lang'), await root.getAttribute('data-theme')], [lang, theme])
  }
})

scene(
  'theme and language are chosen without loading anything anew, and kept where the server sees them',
  async () => {
    const { page } = await arrive()
    await page.addInitScript(() => {
      if (document.cookie === '') localStorage.setItem('supervisor.theme', 'light') // as former versions did
    })
    await page.goto(`${base}settings?lang=en`)
    await live(page)
    const cookies = async () =>
      Object.fromEntries((await page.context().cookies(base)).map(({ name, value }) => [name, value]))
    assert.equal((await cookies()).supervisor_theme, 'light')
    assert.equal(await page.evaluate(() => localStorage.getItem('supervisor.theme')), null)
    await page.evaluate(() => {
      window.before = true
    })
    await page.getByRole('radio', { name: 'Русский' }).check()
    await heading(page, 'Настройки')
    await page.getByRole('radio', { name: 'Тёмная' }).check()
    assert.equal(await page.evaluate(() => window.before), true)
    assert.equal(page.url(), `${base}settings`)
    const bars = () =>
      page.locator('meta[name="theme-color"]').evaluateAll((metas) => metas.map((m) => m.content))
    assert.deepEqual(await bars(), ['#151b23', '#151b23'])
    assert.deepEqual(await cookies(), { supervisor_theme: 'dark', supervisor_language: 'ru' })
    for (const cookie of await page.context().cookies(base))
      assert.deepEqual([cookie.path, cookie.sameSite], ['/sup/', 'Lax'])
    await page.reload()
    await heading(page, 'Настройки')
  },
)

scene('high contrast is 7:1, by day and by night', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const { page } = await arrive({ colorScheme, serviceWorkers: 'block' })
    await page.context().addCookies([{ name: 'supervisor_theme', value: 'contrast', url: base }])
    for (const path of ['', 'process/web/web', 'settings']) {
      await page.goto(base + path)
      await live(page)
      await page.locator('main h1').waitFor()
      await page.evaluate(axe)
      const found = await page.evaluate(async () => {
        const result = await window.axe.run({ runOnly: ['color-contrast-enhanced'] })
        return result.violations.flatMap(({ nodes }) =>
          nodes.map((node) => `${node.target} ${node.failureSummary}`),
        )
      })
      assert.deepEqual(found, [], `${colorScheme} ${path}`)
    }
  }
})

scene('every setting does what it says, and all of them are forgotten when asked', async () => {
  const { page } = await arrive({ permissions: ['notifications'], timezoneId: 'Asia/Tokyo' })
  const set = (group, value) =>
    page.getByRole('group', { name: group }).getByRole('radio', { name: value }).check()
  await page.goto(`${base}settings`)
  await live(page)
  await inCharge(page)
  const now = () => page.getByText('Now it is').innerText()
  const utc = /\b(\d\d):\d\d:\d\d UTC$/
  assert.doesNotMatch(await now(), /UTC|am|pm/)
  await set('Time zone', 'UTC')
  assert.match(await now(), utc)
  await set('Clock', '12 hours')
  assert.match(await now(), /(am|pm) UTC$/)

  await set('Rows', 'Compact')
  await set('Ask', 'Always')
  await set('When lines came', 'UTC')
  await page.getByText('Tell me when something turns FATAL').click()
  await page.getByRole('checkbox', { name: 'FATAL', checked: true }).waitFor()

  await page.getByRole('link', { name: 'Processes' }).click()
  const idle = page.locator('[data-process="idle:idle"], [data-process="idle"]')
  await idle.waitFor()
  assert.equal((await idle.boundingBox()).height, 36)
  await idle.getByRole('button', { name: /^Start / }).click()
  const dialog = page.getByRole('dialog', { name: 'Start idle?' })
  await dialog.getByRole('button', { name: 'Cancel' }).click()

  await page.goto(`${base}process/web/web/log`)
  await page
    .getByText(/^\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z$/)
    .first()
    .waitFor()

  // Nobody looks: the device tells.
  await page.evaluate(() =>
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true }),
  )
  const started = await fetch(`${base}api/v1/processes/broken/start`, {
    method: 'POST',
    headers: { 'X-Csrf': '1' },
  })
  assert.equal(started.status, 202, await started.text())
  const notification = () =>
    page.evaluate(async () => {
      const worker = await navigator.serviceWorker.getRegistration()
      const [first] = await worker.getNotifications()
      return first && { title: first.title, data: first.data }
    })
  assert.deepEqual(await until(notification), {
    title: 'broken is FATAL',
    data: `${base}process/broken/broken`,
  })

  await page.goto(`${base}settings`)
  await page.getByRole('button', { name: 'Reset everything' }).click()
  await told(page, 'Everything is as it was at first.')
  assert.doesNotMatch(await now(), /UTC|am|pm/)
  await page.getByRole('checkbox', { name: 'FATAL', checked: false }).waitFor()
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [])
  assert.deepEqual(await page.context().cookies(base), [])
})
