// What the page does when its connection is lost, falls silent or leads to another
// life of supervisord, and how soon it shows what happens elsewhere. Between the
// browser and supervisord is a way that can be cut. Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { between } from './proxy.mjs'
import { desktop, drawn, inState, row, stage, until } from './stage.mjs'

const run = promisify(execFile)
const ctl =
  process.env.SUPERVISORCTL_BIN ?? fileURLToPath(new URL('../../bin/supervisorctl', import.meta.url))

/** How many lines the teller tells at each word it reads, and how long each is. */
const chunk = 2000
const programs = `
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[program:web]
command=/bin/sh -c 'exec sleep 100000'
process_name=web_%(process_num)d
numprocs=3
startsecs=0

; So many numbered lines for each word it reads; the log is rotated again and again.
[program:teller]
command=/bin/sh -c 'n=0; echo ready; while read word; do seq -f "line %%08.0f of what must arrive once, and once only, whatever becomes of the wire" $((n+1)) $((n+${chunk})); n=$((n+${chunk})); done'
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=20
startsecs=0

; One numbered line for each word it reads, so that none scrolls away before it is looked at. Its log has a name:
; it outlives supervisord.
[program:clock]
command=/bin/sh -c 'n=0; while read word; do n=$((n+1)); echo "tick $n"; done'
stdout_logfile=%(here)s/clock.log
startsecs=0
`

/**
 * People, then a program that does not stop until it is killed. Its next life does,
 * so that supervisord does not wait for it when the scene is over.
 */
const guarded = `username=ann
password=a plain secret

[program:stubborn]
command=/bin/sh -c 'test -e deaf && exec sleep 100000; trap "" TERM; touch deaf; echo deaf; while :; do sleep 1; done'
directory=%(here)s
stopwaitsecs=60
startsecs=0
`

let daemon
let way
let browser
let arrived = 0
const { enter, empty, scene } = stage('connection', () => {
  way.mend()
  return empty()
})

before(async () => {
  daemon = await supervise(programs)
  way = await between(daemon.url)
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await way?.close()
  await daemon?.remove()
  await town?.remove()
})

/** A page behind the way, and what it is told over its sockets, one list for each. */
async function arrive(path = '', { url = way.url, adjust = async () => {} } = {}) {
  const page = await enter(browser, `page ${++arrived}`, desktop)
  const sockets = []
  page.on('websocket', (socket) => {
    const frames = []
    sockets.push(frames)
    socket.on('framereceived', ({ payload }) => frames.push(JSON.parse(payload)))
  })
  await adjust(page)
  await page.goto(url + path)
  return { page, sockets }
}

const linked = (page, kind) => page.locator(`[data-link="${kind}"]`).waitFor()

function supervisorctl(...words) {
  return run(ctl, ['-s', daemon.url.replace(/\/$/, ''), ...words])
}

async function rpc(method, ...names) {
  const params = names.map((name) => `<param><value><string>${name}</string></value></param>`).join('')
  const response = await fetch(`${daemon.url}RPC2`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml' },
    body: `<?xml version="1.0"?><methodCall><methodName>supervisor.${method}</methodName><params>${params}</params></methodCall>`,
  })
  const text = await response.text()
  assert.ok(response.ok && !text.includes('<fault>'), text)
}

const api = async (path, options = {}) => {
  const { at = daemon, who = '', ...rest } = options
  const response = await fetch(`${at.url}api/v1/${path}`, {
    ...rest,
    headers: { 'Content-Type': 'application/json', 'X-CSRF': '1', ...(who && { Authorization: basic(who) }) },
  })
  assert.ok(response.ok, `${path}: ${response.status}`)
  return response.json()
}
const processOf = async (name, options) =>
  (await api(`processes/${encodeURIComponent(name)}`, options)).process

/** Has the page keep when a process was first seen in each state. Runs in the page. */
function watch(name) {
  window.seen = []
  const look = () => {
    const state = document.querySelector(`[data-process="${name}"] .chip`)?.textContent.trim()
    if (state && window.seen.at(-1)?.state !== state) window.seen.push({ state, at: Date.now() })
  }
  look()
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  })
}

scene('what is done by supervisorctl and by XML-RPC shows within half a second', async () => {
  const { page } = await arrive()
  await inState(page, 'web:web_0', 'RUNNING')
  await page.evaluate(watch, 'web:web_0')
  for (const by of [supervisorctl, (verb, name) => rpc(`${verb}Process`, name)]) {
    const took = []
    // Once is enough: a machine that is busy may be late, a page that asks from time to time always is.
    do {
      for (const [verb, state] of [
        ['stop', 'STOPPED'],
        ['start', 'RUNNING'],
      ]) {
        await page.evaluate(() => window.seen.splice(0))
        await by(verb, 'web:web_0')
        const { since } = await processOf('web:web_0')
        const shown = await until(() =>
          page.evaluate((want) => window.seen.find(({ state }) => state === want)?.at, state),
        )
        took.push(shown - since)
      }
    } while (Math.min(...took) > 500 && took.length < 10)
    assert.ok(Math.min(...took) <= 500, `it took ${took} ms`)
  }
})

scene('a cut shows what was as past, and comes back with what was missed, once', async () => {
  const { page, sockets } = await arrive()
  await inState(page, 'web:web_1', 'RUNNING')
  const before = await drawn(page)
  const from = Date.now()
  way.cut()
  await page.locator('.table.stale').waitFor()
  assert.ok(Date.now() - from < 10_000) // at once, but for the machine
  await page.getByText(/^Lost the connection. Everything below is as it was at/).waitFor()
  await linked(page, 'waiting')
  await supervisorctl('stop', 'web:web_1')
  await inState(page, 'web:web_1', 'RUNNING') // nobody has told the page
  way.mend()
  await page.getByRole('button', { name: 'Try now' }).click()
  await inState(page, 'web:web_1', 'STOPPED')
  await linked(page, 'live')
  await page.locator('.table.stale').waitFor({ state: 'detached' })
  assert.deepEqual(await drawn(page), before)
  const told = sockets.at(-1).filter((frame) => frame.t === 'snap' || frame.t === 'delta')
  assert.equal(told[0].t, 'delta', JSON.stringify(told[0]).slice(0, 200))
  assert.ok(told.every((frame) => frame.t === 'delta'))
  await supervisorctl('start', 'web:web_1')
  await inState(page, 'web:web_1', 'RUNNING')
})

scene('what happened during a cut is counted in the activity afterwards', async () => {
  const { page, sockets } = await arrive('activity?type=act')
  await until(() => sockets.at(-1)?.some((frame) => frame.t === 'events'))
  await page.getByRole('heading', { level: 1 }).waitFor()
  way.cut()
  await linked(page, 'waiting')
  await api('processes/web:web_2/restart', { method: 'POST', body: '{"reason":"behind your back"}' })
  way.mend()
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await page.getByRole('button', { name: /^1 new: Show what is new$/ }).click()
  await page.getByText('behind your back').waitFor()
  assert.ok(!sockets.at(-1).some((frame) => frame.missed))
})

scene('silence is noticed within 25 seconds', async () => {
  const { page } = await arrive('', { adjust: (page) => page.clock.install() })
  await linked(page, 'live')
  await inState(page, 'web:web_1', 'RUNNING')
  way.silence()
  await page.clock.runFor(20_000)
  await linked(page, 'live') // it may still be a quiet server
  await page.clock.runFor(5_000)
  await page.locator('[data-link="waiting"], [data-link="connecting"]').waitFor()
  await page.locator('.table.stale').waitFor()
  way.mend()
  await page.clock.runFor(20_000)
  await linked(page, 'live')
})

scene('a log goes on over lost connections and rotations without a gap or a line twice', async () => {
  const { page, sockets } = await arrive('process/teller/teller/log')
  const log = page.getByRole('log')
  await log.getByText('ready', { exact: true }).waitFor()
  const text = (n) =>
    `line ${String(n).padStart(8, '0')} of what must arrive once, and once only, whatever becomes of the wire`
  const tell = () =>
    api('processes/teller/stdin', { method: 'POST', body: JSON.stringify({ text: 'more\n' }) })
  const last = (n) => log.getByText(text(n), { exact: true }).waitFor()
  let told = 0
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 4; i++) {
      await tell()
      told += chunk
      if (i === 1 && round < 3) way.drop() // in the middle of it
      if (i === 2 && round < 3) way.cut()
      if (i === 3 && round < 3) way.mend()
      if (i === 3) await page.evaluate(() => window.dispatchEvent(new Event('online')))
      if (i === 0 || i === 3) await last(told)
    }
  }
  const frames = sockets.flat().filter((frame) => frame.t === 'log' || frame.t === 'gap')
  let end
  let got = ''
  for (const frame of frames) {
    assert.equal(frame.t, 'log', JSON.stringify(frame))
    if (end !== undefined) assert.equal(frame.off, end)
    end = frame.end
    got += frame.lines.join('\n') + (frame.open ? '' : '\n')
  }
  const want = ['ready', ...Array.from({ length: told }, (_, i) => text(i + 1)), ''].join('\n')
  assert.ok(got === want, `${got.length} bytes came, ${want.length} were told`)
  const { files } = await api('log/teller:teller/stdout/files')
  assert.ok(files.length > 2, `${files.length} files`)
  assert.ok(sockets.length >= 4, `${sockets.length} connections`)
})

scene(
  'another life of supervisord is another table, and the log goes on behind a line that says so',
  async () => {
    const { page } = await arrive()
    const reader = await arrive('process/clock/clock/log')
    await inState(page, 'web:web_1', 'RUNNING')
    const line = (text) => reader.page.getByRole('log').getByText(text, { exact: true })
    const wind = (text) => api('processes/clock/stdin', { method: 'POST', body: JSON.stringify({ text }) })
    await wind('a\nb\nc\n')
    await line('tick 3').waitFor()
    const before = await drawn(page)
    const { pid } = await processOf('clock:clock')
    await daemon.stop()
    await page.locator('.table.stale').waitFor()
    await page.getByText(/^Lost the connection. Everything below/).waitFor()
    await daemon.start()
    for (const each of [page, reader.page])
      await each.evaluate(() => window.dispatchEvent(new Event('online')))
    await inState(page, 'web:web_1', 'RUNNING')
    await page.locator('.table.stale').waitFor({ state: 'detached' })
    assert.deepEqual(await drawn(page), before)
    assert.notEqual((await processOf('clock:clock')).pid, pid)
    await reader.page
      .getByRole('log')
      .getByText(/supervisord was restarted/)
      .waitFor()
    await wind('a\nb\nc\nd\n')
    await line('tick 4').waitFor()
    const told = await reader.page.getByRole('log').innerText()
    assert.deepEqual(
      told.match(/tick \d|was restarted/g),
      ['tick 1', 'tick 2', 'tick 3', 'was restarted', 'tick 1', 'tick 2', 'tick 3', 'tick 4'],
      told,
    )
  },
)

const secrets = { ann: 'a plain secret', boris: 'boris has a secret', vera: 'vera has a secret' }
const basic = (who) => `Basic ${Buffer.from(`${who}:${secrets[who]}`).toString('base64')}`
let town

scene('what somebody else has ordered stands beside the process until it has come true', async () => {
  town = await supervise(guarded, 'users_file=%(here)s/users.conf')
  for (const [name, role] of [
    ['boris', 'operator'],
    ['vera', 'viewer'],
  ])
    await api(`users/${name}`, {
      at: town,
      who: 'ann',
      method: 'PUT',
      body: JSON.stringify({
        role,
        programs: ['*'],
        deny: [],
        actions: [],
        disabled: false,
        password: secrets[name],
      }),
    })
  const [ann, vera] = [await arrive('', { url: town.url }), await arrive('', { url: town.url })]
  for (const [who, { page }] of Object.entries({ ann, vera })) {
    await page.getByLabel('User', { exact: true }).fill(who)
    await page.getByLabel('Password', { exact: true }).fill(secrets[who])
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    await inState(page, 'stubborn:stubborn', 'RUNNING')
  }
  // Deaf only once it says so.
  await until(async () =>
    (await api('log/stubborn:stubborn/stdout?tail=100', { at: town, who: 'ann' })).lines.includes('deaf'),
  )
  const order = (verb, who, body = {}) =>
    api(`processes/stubborn:stubborn/${verb}`, {
      at: town,
      who,
      method: 'POST',
      body: JSON.stringify(body),
    })
  await order('restart', 'boris')
  await row(ann.page, 'stubborn:stubborn')
    .getByText(/^Restart by boris · /)
    .waitFor()
  await row(vera.page, 'stubborn:stubborn')
    .getByText(/^Restart ordered · /)
    .waitFor()
  assert.ok(!JSON.stringify(vera.sockets).includes('boris'))
  await order('restart', 'ann') // the same again: it is under way already
  await order('signal', 'boris', { signal: 'KILL' })
  for (const { page } of [ann, vera]) {
    await inState(page, 'stubborn:stubborn', 'RUNNING')
    await page.locator('[data-order]').waitFor({ state: 'detached' })
  }
  const { lives } = await api('processes/stubborn:stubborn/lives', { at: town, who: 'ann' })
  assert.equal(lives.length, 1, JSON.stringify(lives))
  assert.equal(lives[0].by, 'boris')
})
