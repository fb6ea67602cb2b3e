// A real supervisord with a thousand real programs, and the page as it is then.
import { connect, createServer } from 'node:net'
import { supervise } from '../e2e/daemon.mjs'
import {
  countPictures,
  least,
  median,
  nodesOf,
  paintAfter,
  protocolOf,
  slowDown,
  threadClock,
  watchFromTheStart,
} from './meter.mjs'

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }
const desktop = { viewport: { width: 1440, height: 900 } }
/** How much slower a phone is. */
const phoneRate = 4
const runs = 3
const presses = 5
const steady = 10
const groups = 40
const perGroup = 25

/** One program fewer in the last group: the thousandth writes ten thousand lines a second. */
const programs = `${Array.from({ length: groups }, (_, g) => {
  const name = `s${String(g).padStart(2, '0')}`
  const count = g === groups - 1 ? perGroup - 1 : perGroup
  return `[program:${name}]\ncommand=/bin/sleep 100000\nprocess_name=p%(process_num)02d\nnumprocs=${count}\nredirect_stderr=true\nstdout_logfile=NONE\n`
}).join('\n')}
[program:flood]
command=/bin/sh -c 'n=0; while :; do seq -f "%%09.0f INFO request GET /api/orders/17 200 in 31 ms from 10.0.0.4, cache hit, anonymous" $((n+1)) $((n+1040)); n=$((n+1040)); sleep 0.1; done'
autostart=false
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
`

export async function crowd() {
  const daemon = await supervise(programs, 'minfds=8192\nminprocs=4096')
  try {
    for (;;) {
      const { processes } = await ask(daemon, 'GET', 'processes')
      const up = processes.filter(({ state }) => state === 'RUNNING').length
      if (processes.length !== groups * perGroup) throw new Error(`there are ${processes.length} processes`)
      if (up === processes.length - 1) return daemon
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  } catch (error) {
    await daemon.remove()
    throw error
  }
}

async function ask(daemon, method, path) {
  const response = await fetch(`${daemon.url}api/v1/${path}`, { method, headers: { 'X-CSRF': '1' } })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

/** The first load on a slow phone: when what can be seen, and what had to be asked for. */
export async function load(browser, daemon, tell) {
  const seen = []
  for (let run = 0; run < runs; run++) {
    const { page, close } = await browser.open(phone)
    try {
      await slowDown(await protocolOf(page), phoneRate)
      await page.addInitScript(watchFromTheStart)
      let sockets = 0
      page.on('websocket', () => sockets++)
      await page.goto(daemon.url)
      await quiet(page)
      seen.push({ ...(await page.evaluate(loaded)), sockets })
    } finally {
      await close()
    }
  }
  const middle = (of) => median(seen.map(of))
  tell('load.requests', Math.max(...seen.map(({ requests, sockets }) => requests + sockets)))
  tell(
    'load.fcp',
    middle(({ fcp }) => fcp),
  )
  tell(
    'load.rows',
    middle(({ rows }) => rows),
  )
  tell(
    'load.interactive',
    middle(({ interactive }) => interactive),
  )
  tell(
    'load.long',
    middle(({ long }) => long),
  )
}

/** Waits until rows are painted and half a second has passed without a long task. */
function quiet(page) {
  return page.waitForFunction(() => {
    const { rows, long } = window.bench
    return rows > 0 && performance.now() > Math.max(rows, long.at(-1)?.to ?? 0) + 500
  })
}

/** Runs in the page: its loading in milliseconds, and what was asked for by then beside the socket. */
function loaded() {
  const { rows, long } = window.bench
  const fcp = performance.getEntriesByName('first-contentful-paint')[0].startTime
  const resources = performance.getEntriesByType('resource').filter(({ startTime }) => startTime < rows)
  return {
    fcp,
    rows,
    interactive: Math.max(rows, long.at(-1)?.to ?? 0),
    long: long.length,
    requests: 1 + resources.length,
  }
}

/** Thread time of a load, not slowed down: the least of some runs. */
export async function boot(browser, daemon) {
  const spent = []
  for (let run = 0; run < runs; run++) {
    const { page, close } = await browser.open(phone)
    try {
      await page.goto(`${daemon.url}icon.svg`) // so that the page comes to a thread that is watched already
      const clock = await threadClock(await protocolOf(page))
      await page.addInitScript(watchFromTheStart)
      const before = await clock()
      await page.goto(daemon.url)
      await quiet(page)
      spent.push((await clock()) - before)
    } finally {
      await close()
    }
  }
  return least(spent)
}

export async function nodes(browser, daemon) {
  const { page, close } = await browser.open(desktop)
  try {
    await page.goto(daemon.url)
    await page.locator('[data-process] canvas').first().waitFor()
    return await nodesOf(page)
  } finally {
    await close()
  }
}

/** Kibibytes a second to a page that stands open, counted between it and supervisord. */
export async function idle(browser, daemon) {
  const wire = await count(daemon)
  const { page, close } = await browser.open(desktop)
  try {
    await page.goto(wire.url)
    await page.locator('[data-process] canvas').first().waitFor()
    await page.waitForTimeout(3_000) // what comes once has come
    const [from, before] = [performance.now(), wire.bytes]
    await page.waitForTimeout(steady * 1000)
    return (wire.bytes - before) / 1024 / ((performance.now() - from) / 1000)
  } finally {
    await close()
    await wire.stop()
  }
}

/** A way to supervisord on which what it sends is counted. */
async function count(daemon) {
  const sockets = new Set()
  const wire = { bytes: 0 }
  const { port } = new URL(daemon.url)
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => near.destroy() && far.destroy()) // one end has gone: so does the other
      socket.on('close', () => sockets.delete(socket))
    }
    far.on('data', (data) => {
      wire.bytes += data.length
    })
    near.pipe(far).pipe(near)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  wire.url = `http://127.0.0.1:${server.address().port}/`
  wire.stop = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  }
  return wire
}

/** From what a person does to the picture that shows it, on a slow phone: the longest of some times. */
export async function input(browser, daemon, tell) {
  const { page, close } = await browser.open(phone)
  try {
    await page.goto(daemon.url)
    const row = '[data-process="s00:p00"]'
    await page.locator(row).waitFor()
    await slowDown(await protocolOf(page), phoneRate)
    const group = page.locator('[data-group="s00"]').getByRole('button')
    const field = page.getByRole('searchbox')
    tell(
      'input.dialog',
      await longest(
        () => paintAfter(page, { event: 'click', selector: 'dialog[open]' }, () => group.last().tap()),
        () => page.keyboard.press('Escape').then(() => page.locator('dialog').waitFor({ state: 'detached' })),
      ),
    )
    tell(
      'input.toggle',
      await longest(
        () => paintAfter(page, { event: 'click', selector: row, gone: true }, () => group.first().tap()),
        () =>
          group
            .first()
            .tap()
            .then(() => page.locator(row).waitFor()),
      ),
    )
    await field.focus()
    tell(
      'input.filter',
      await longest(
        () =>
          paintAfter(page, { event: 'keydown', selector: row, gone: true }, () => page.keyboard.press('7')),
        () => field.fill('').then(() => page.locator(row).waitFor()),
      ),
    )
  } finally {
    await close()
  }
}

async function longest(act, back) {
  const values = []
  for (let i = 0; i < presses; i++) {
    values.push(await act())
    await back()
  }
  return Math.max(...values)
}

/**
 * Pictures a second and long tasks on a slow phone while supervisord has much to
 * tell; note gets how much the page was really told.
 */
export async function motion(browser, daemon, tell, note) {
  await ask(daemon, 'POST', 'processes/flood/start')
  const scenes = [
    { name: 'table', path: '', churns: true, begun: '[data-process]' },
    { name: 'log', path: 'process/flood/flood/log', churns: false, begun: '[role="log"] .line' },
    { name: 'both', path: 'process/flood/flood/log', churns: true, begun: '[role="log"] .line' },
  ]
  for (const { name, path, churns, begun } of scenes) {
    const { page, close } = await browser.open(phone)
    const told = listen(page)
    const churning = churns ? churn(daemon) : undefined
    try {
      await page.goto(`${daemon.url}${path}`)
      await page.locator(begun).first().waitFor()
      await slowDown(await protocolOf(page), phoneRate)
      await page.waitForTimeout(2_000) // restarts take a second until they count twice
      told.reset()
      const lines = await lastLine(daemon)
      const { pictures, long } = await page.evaluate(countPictures, steady)
      tell(`fps.${name}`, pictures)
      tell(`long.${name}`, long)
      const written = (await lastLine(daemon)) - lines
      note(
        `${name}: ${told.perSecond(told.changes)} changes of processes a second reached the page; ` +
          `the log grew by ${told.perSecond(written)} lines a second, of which ${told.perSecond(told.lines)} reached it`,
      )
    } finally {
      await churning?.stop()
      await close()
    }
  }
  await ask(daemon, 'POST', 'processes/flood/stop')
}

/** Restarts one program after the other, twenty-five a second: two changes each, as it starts and as it runs. */
function churn(daemon) {
  let n = 0
  const failures = []
  const asked = new Set()
  const timer = setInterval(() => {
    const k = (n++ * 7) % ((groups - 1) * perGroup)
    const name = `s${String(Math.floor(k / perGroup)).padStart(2, '0')}:p${String(k % perGroup).padStart(2, '0')}`
    const asking = ask(daemon, 'POST', `processes/${name}/restart`)
      .catch((error) => failures.push(error))
      .finally(() => asked.delete(asking))
    asked.add(asking)
  }, 40)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(asked)
      if (failures.length > 0) throw failures[0]
    },
  }
}

/** Counts what the socket brings. */
function listen(page) {
  let since = performance.now()
  const told = {
    changes: 0,
    lines: 0,
    reset: () => {
      since = performance.now()
      told.changes = told.lines = 0
    },
    perSecond: (count) => Math.round((count * 1000) / (performance.now() - since)),
  }
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const frame = JSON.parse(payload)
      if (frame.t === 'delta') told.changes += frame.rows?.length ?? 0
      if (frame.t === 'log') told.lines += frame.lines.length
    }),
  )
  return told
}

/** The number of the last line of the flood. */
async function lastLine(daemon) {
  const { lines } = await ask(daemon, 'GET', 'log/flood/stdout?tail=4096')
  return Number(lines.findLast((line) => line.length > 80).slice(0, 9))
}
