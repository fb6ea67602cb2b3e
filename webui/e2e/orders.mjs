// What is ordered from the list of processes, and what the list says while it happens, against a
// real supervisord with real children. Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, drawn, hand, inState, row, stage, until } from './stage.mjs'

const run = promisify(execFile)
const ctl =
  process.env.SUPERVISORCTL_BIN ?? fileURLToPath(new URL('../../bin/supervisorctl', import.meta.url))

/** For supervisorctl. */
const rpc = `[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`

const programs = `${rpc}
[program:zebra]
command=/bin/sh -c 'exec sleep 100000'
startsecs=0
priority=3

[program:ant]
command=/bin/sh -c 'exec sleep 100000'
startsecs=0
priority=3

[program:first]
command=/bin/sh -c 'exec sleep 100000'
startsecs=0
priority=1

[program:quiet]
command=/bin/sh -c 'exec sleep 100000'
autostart=false
startsecs=0

[program:absent]
command=/nowhere/absent
autostart=false

[program:failing]
command=/bin/sh -c 'echo starting; echo "cannot reach the database" >&2; sleep 0.5; exit 7'
autostart=false
startretries=1

[program:slow]
command=/bin/sh -c 'trap "sleep 0.5; exit 0" TERM; echo listening; while :; do sleep 0.1; done'
startsecs=0

[program:deaf]
command=/bin/sh -c 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'
startsecs=0
stopwaitsecs=1

[program:web]
command=/bin/sh -c 'exec sleep 100000'
process_name=web_%(process_num)d
numprocs=3
startsecs=0
priority=5

[program:good]
command=/bin/sh -c 'exec sleep 100000'
process_name=good_%(process_num)02d
numprocs=23
autostart=false
startsecs=0

[program:missing]
command=/nowhere/missing
process_name=missing_%(process_num)d
numprocs=2
autostart=false

[group:fleet]
programs=good,missing
`

const { scene, enter, expected } = stage('orders')
let daemon
let crowd
let browser
let desk
let phone

before(async () => {
  daemon = await supervise(programs)
  browser = await openBrowser()
  desk = await enter(browser, 'desk', desktop)
  phone = await enter(browser, 'phone', hand)
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
  await crowd?.remove()
})

/** As high as more rows than are drawn otherwise. */
const tall = { width: 1440, height: 2600 }

const address = (supervisord) => supervisord.url.replace(/\/$/, '')

/** What supervisorctl says of processes: how many are in each state, and their names in its order. */
async function status(supervisord) {
  // its exit code tells of processes that do not run
  const { stdout } = await run(ctl, ['-s', address(supervisord), 'status']).catch((error) => error)
  const lines = stdout.trim().split('\n')
  const states = {}
  for (const line of lines) {
    const [, state] = line.split(/\s+/)
    states[state] = (states[state] ?? 0) + 1
  }
  return { states, names: lines.map((line) => line.split(/\s+/)[0]) }
}

/** What the chips above the list count, by state. */
const chips = (page) =>
  page
    .getByRole('group', { name: 'Filter by state' })
    .getByRole('button')
    .evaluateAll((buttons) => {
      const counts = {}
      for (const button of buttons) {
        const [, state, count] = /^\s*(\w+)\s+([\d\s,]+)\s*$/.exec(button.textContent)
        counts[state] = Number(count.replace(/\D/g, ''))
      }
      return counts
    })

async function countsRight(page, supervisord) {
  const { states, names } = await status(supervisord)
  const wanted = JSON.stringify(Object.entries({ All: names.length, ...states }).sort())
  const counted = async () => JSON.stringify(Object.entries(await chips(page)).sort())
  await until(async () => (await counted()) === wanted, `${wanted}, and not ${await counted()},`)
}

/** The process of a program by now, as the API tells it. */
async function about(name) {
  const answer = await fetch(`${daemon.url}api/v1/processes/${encodeURIComponent(name)}`)
  return (await answer.json()).process
}

/** Notes every state a row is shown in, from now on. */
async function watchStates(page, process) {
  await row(page, process).waitFor()
  await page.evaluate((name) => {
    const table = document.querySelector('[role="table"]')
    window.seenStates = []
    const note = () => {
      const said = document.querySelector(`[data-process="${name}"]`)?.textContent ?? ''
      const [, state] = /\b(STOPPED|STARTING|RUNNING|BACKOFF|STOPPING|EXITED|FATAL)\b/.exec(said) ?? []
      if (state && window.seenStates.at(-1) !== state) window.seenStates.push(state)
    }
    note()
    window.watching?.disconnect()
    window.watching = new MutationObserver(note)
    window.watching.observe(table, { subtree: true, childList: true, characterData: true })
  }, process)
}

/** The row that has the focus, and what of it. */
const focus = (page) =>
  page.evaluate(() => {
    const element = document.activeElement
    return [
      element.closest('[data-process]')?.dataset.process,
      element.ariaLabel ?? element.textContent.trim(),
    ]
  })

scene('the list is in the order of the configuration, and counts what supervisorctl counts', async () => {
  await desk.goto(daemon.url)
  await inState(desk, 'web:web_2', 'RUNNING')
  await countsRight(desk, daemon)
  await desk.setViewportSize(tall)
  await row(desk, 'fleet:missing_1').waitFor()
  // Programs of their own come first, then the groups; the rest is by priority, then by name, as supervisord has them.
  const singles = ['first:first', 'ant:ant', 'zebra:zebra', 'absent:absent', 'deaf:deaf', 'failing:failing']
  assert.deepEqual(await drawn(desk), [
    ...singles,
    'quiet:quiet',
    'slow:slow',
    'web:web_0',
    'web:web_1',
    'web:web_2',
    ...Array.from({ length: 23 }, (_, n) => `fleet:good_${String(n).padStart(2, '0')}`),
    'fleet:missing_0',
    'fleet:missing_1',
  ])
  await desk.setViewportSize(desktop.viewport)
})

for (const [where, page] of [
  ['the desk', () => desk],
  ['the phone', () => phone],
]) {
  scene(`a start on ${where} is said to be under way, and shown when it has come about`, async () => {
    const place = page()
    await place.goto(daemon.url)
    await inState(place, 'quiet:quiet', 'STOPPED')
    let release
    const held = new Promise((resolve) => {
      release = resolve
    })
    await place.route('**/quiet%3Aquiet/start', async (route) => {
      await held
      await route.continue()
    })
    await row(place, 'quiet:quiet').getByRole('button', { name: 'Start quiet' }).click()
    const busy = row(place, 'quiet:quiet').getByRole('button', { name: 'Starting… quiet' })
    await busy.waitFor()
    assert.equal(await busy.getAttribute('aria-busy'), 'true')
    await inState(place, 'quiet:quiet', 'STOPPED')
    assert.equal((await focus(place))[0], 'quiet:quiet')
    release()
    await inState(place, 'quiet:quiet', 'RUNNING')
    await busy.waitFor({ state: 'detached' })
    assert.equal((await focus(place))[0], 'quiet:quiet')
    await place.unroute('**/quiet%3Aquiet/start')
  })

  scene(`a stop on ${where} is shown as it goes, and leaves the focus on its row`, async () => {
    const place = page()
    await row(place, 'quiet:quiet').scrollIntoViewIfNeeded()
    await watchStates(place, 'quiet:quiet')
    if (place === phone) {
      await run(ctl, ['-s', address(daemon), 'stop', 'quiet']) // its one button restarts
      await inState(place, 'quiet:quiet', 'STOPPED')
      return
    }
    await row(place, 'quiet:quiet').getByRole('button', { name: 'Stop quiet' }).click()
    await place.getByRole('dialog').getByRole('button', { name: 'Stop quiet' }).click()
    await inState(place, 'quiet:quiet', 'STOPPED')
    assert.deepEqual(await focus(place), ['quiet:quiet', 'Start quiet'])
  })
}

scene('a restart keeps the focus on its row while the process ends and comes up again', async () => {
  await inState(desk, 'slow:slow', 'RUNNING')
  await until(async () => {
    const page = await (await fetch(`${daemon.url}api/v1/log/slow:slow/stdout?tail=100`)).json()
    return page.lines.includes('listening') // its trap is set by then
  })
  await watchStates(desk, 'slow:slow')
  await row(desk, 'slow:slow').getByRole('button', { name: 'Restart slow' }).press('Enter')
  await desk.locator('[data-waiting="restart"]').getByText('Restart slow').waitFor()
  assert.equal((await about('slow')).state, 'RUNNING') // it can still be taken back
  await desk.waitForFunction(() => /STOPPING.*RUNNING/.test(window.seenStates.join()))
  assert.equal((await focus(desk))[0], 'slow:slow')
})

scene('what cannot be done is told, with the reason, until it is read', async () => {
  await row(desk, 'absent:absent').getByRole('button', { name: 'Start absent' }).click()
  const told = desk.getByRole('listitem').filter({ hasText: 'Start absent: failed' })
  await told.getByText('The file does not exist.').waitFor()
  assert.deepEqual(await focus(desk), ['absent:absent', 'Start absent'])
  await told.getByRole('button', { name: 'Dismiss' }).click()
  await told.waitFor({ state: 'detached' })
  expected('desk', /status of 404/)
})

scene('a program that fails is seen to, live, with its exit status and its last words', async () => {
  await phone.goto(daemon.url)
  await inState(phone, 'failing:failing', 'STOPPED')
  for (const page of [desk, phone]) await watchStates(page, 'failing:failing')
  await row(desk, 'failing:failing').getByRole('button', { name: 'Start failing' }).click()
  for (const page of [desk, phone]) {
    const attention = page.getByRole('region', { name: /Needs attention/ })
    await attention.getByText('cannot reach the database', { exact: true }).waitFor()
    await attention.getByText(/exit status 7/i).waitFor()
    await page.waitForFunction(() => window.seenStates.at(-1) === 'FATAL')
    await attention.getByText(/exit status 7/i).waitFor()
    const seen = await page.evaluate(() => window.seenStates.join(' '))
    assert.match(seen, /^STOPPED STARTING BACKOFF STARTING (BACKOFF )?FATAL$/)
    await page.waitForFunction(() => document.title.startsWith('(1) '))
    assert.match(await page.locator('link[rel="icon"]').getAttribute('href'), /alert/)
  }
})

scene('a group is restarted from the phone after its names were read', async () => {
  const before = (await about('web:web_1')).pid
  await phone.locator('[data-group="web"]').getByRole('button', { name: 'Actions for web' }).tap()
  await phone.getByRole('dialog').getByRole('button', { name: 'Restart web' }).tap()
  const sheet = phone.getByRole('dialog', { name: 'Restart web?' })
  await sheet.getByText('This touches 3 processes:').waitFor()
  for (const n of [0, 1, 2]) await sheet.getByText(`web:web_${n}`, { exact: true }).waitFor()
  await sheet.getByRole('button', { name: 'Restart web' }).tap()
  await until(async () => {
    const { pid, state } = await about('web:web_1')
    return state === 'RUNNING' && pid !== before
  })
  await inState(phone, 'web:web_1', 'RUNNING')
})

scene(
  'twenty-five are chosen and started when their number is typed, and what failed is listed',
  async () => {
    await desk.setViewportSize(tall)
    await desk.getByRole('searchbox').fill('group:fleet')
    await row(desk, 'fleet:missing_1').waitFor()
    await row(desk, 'web:web_0').waitFor({ state: 'detached' })
    for (const name of await drawn(desk)) await row(desk, name).getByRole('checkbox').check()
    const bar = desk.getByRole('region', { name: 'the selected processes' })
    await bar.getByText('25 selected').waitFor()
    const start = bar.getByRole('button', { name: 'Start the selected processes', exact: true })
    await start.click()
    const dialog = desk.getByRole('dialog')
    await dialog.getByText('This touches 25 processes:').waitFor()
    const order = dialog.getByRole('button', { name: 'Start the selected processes', exact: true })
    assert.equal(await order.getAttribute('aria-disabled'), 'true')
    await desk.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await bar.getByText('25 selected').waitFor()
    assert.equal(await desk.getByRole('checkbox', { checked: true }).count(), 25)
    assert.equal((await focus(desk))[1], 'Start the selected processes')

    await start.click()
    await dialog.getByLabel('Type 25 to confirm').fill('24')
    assert.equal(await order.getAttribute('aria-disabled'), 'true')
    await dialog.getByLabel('Type 25 to confirm').fill('25')
    await order.click()
    await desk.locator('[data-waiting="start"]').getByRole('button', { name: 'Now' }).click()
    const told = desk.getByRole('listitem').filter({ hasText: /: 2 processes answered with an error/ })
    await told.getByText('fleet:missing_0 · The file does not exist.').waitFor()
    await told.getByText('fleet:missing_1 · The file does not exist.').waitFor()
    expected('desk', /status of 404/)
    await inState(desk, 'fleet:good_22', 'RUNNING')
    await desk.locator('[data-group="fleet"]').getByText('23 of 25 running').waitFor()
    await told.getByRole('button', { name: 'Dismiss' }).click()
    await desk.setViewportSize(desktop.viewport)
  },
)

scene('what outlives the time it has to stop is killed, and its page says so', async () => {
  await desk.goto(daemon.url)
  await until(async () => {
    const page = await (await fetch(`${daemon.url}api/v1/log/deaf:deaf/stdout?tail=100`)).json()
    return page.lines.includes('deaf') // its trap is set by then
  })
  await watchStates(desk, 'deaf:deaf')
  await row(desk, 'deaf:deaf').getByRole('button', { name: 'Stop deaf' }).click()
  await desk.getByRole('dialog').getByRole('button', { name: 'Stop deaf' }).click()
  await inState(desk, 'deaf:deaf', 'STOPPED')
  assert.deepEqual(await desk.evaluate(() => window.seenStates.join(' ')), 'RUNNING STOPPING STOPPED')
  assert.deepEqual(await focus(desk), ['deaf:deaf', 'Start deaf'])
  await row(desk, 'deaf:deaf').getByRole('link', { name: 'deaf', exact: true }).click()
  await desk
    .locator('[data-life]')
    .getByText('Stopped; it did not end within stopwaitsecs, so it was killed')
    .waitFor()
})

scene('a view is the same after a reload, on the way back and forth, and in another browser', async () => {
  await desk.goto(daemon.url)
  await desk.getByRole('searchbox').fill('group:fleet')
  await desk
    .getByRole('group', { name: 'Filter by state' })
    .getByRole('button', { name: /^RUNNING/ })
    .click()
  const heading = desk.getByRole('columnheader', { name: 'Name' }).getByRole('button')
  await heading.click()
  await heading.click()
  const down = Array.from({ length: 23 }, (_, n) => `fleet:good_${String(22 - n).padStart(2, '0')}`)
  const shown = async (page) => {
    await row(page, 'fleet:good_22').waitFor()
    assert.equal(await page.getByRole('searchbox').inputValue(), 'group:fleet')
    assert.deepEqual((await drawn(page)).slice(0, 8), down.slice(0, 8))
    assert.equal(await row(page, 'web:web_0').count(), 0)
  }
  await shown(desk)
  const view = desk.url()
  await desk.reload()
  await shown(desk)
  await row(desk, 'fleet:good_22').getByRole('link', { name: 'fleet:good_22', exact: true }).click()
  await desk.getByRole('heading', { name: 'fleet:good_22', level: 1 }).waitFor()
  await desk.goBack()
  await shown(desk)
  await desk.goForward()
  await desk.getByRole('heading', { name: 'fleet:good_22', level: 1 }).waitFor()
  await desk.goBack()
  await shown(desk)
  assert.equal(desk.url(), view)
  await phone.goto(view)
  await shown(phone)
})

scene('a thousand processes are up', async () => {
  crowd = await supervise(
    rpc +
      Array.from(
        { length: 40 },
        (_, n) =>
          `[program:s${n}]\ncommand=/bin/true\nprocess_name=p%(process_num)02d\nnumprocs=25\nautostart=false\nautorestart=false\nstartsecs=0\n`,
      ).join('\n'),
  )
})

const size = (page) => page.evaluate(() => document.querySelectorAll('*').length)

for (const [where, page] of [
  ['the desk', () => desk],
  ['the phone', () => phone],
]) {
  scene(`a thousand processes are a small page on ${where}, to the end`, async () => {
    const place = page()
    await place.goto(crowd.url)
    await row(place, 's0:p00').waitFor()
    assert.equal(await place.getByRole('table').getAttribute('aria-rowcount'), '1041')
    for (const key of ['PageDown', 'PageDown', 'End']) {
      await place.keyboard.press(key)
      assert.ok((await size(place)) <= 2500)
    }
    await row(place, 's9:p24').waitFor()
    assert.equal(
      await row(place, 's9:p24').evaluate((last) => last.closest('[role="row"]').ariaRowIndex),
      '1041',
    )
    assert.ok((await size(place)) <= 2500)
    await place.keyboard.press('Home')
    await place.getByRole('searchbox').fill('s7:p07')
    await place.waitForFunction(() => document.querySelectorAll('[data-process]').length === 1)
  })
}

scene(
  'while twenty processes a second change for ten seconds, the page stays small and counts right',
  async () => {
    await desk.goto(crowd.url)
    await row(desk, 's0:p00').waitFor()
    const began = performance.now()
    const answers = []
    for (let n = 0; n < 200; n++) {
      const name = encodeURIComponent(`s${n % 40}:p${String(Math.floor(n / 40)).padStart(2, '0')}`)
      answers.push(
        fetch(`${crowd.url}api/v1/processes/${name}/start`, { method: 'POST', headers: { 'X-CSRF': '1' } }),
      )
      if (n % 20 === 0) {
        await desk.keyboard.press(n % 40 === 0 ? 'End' : 'Home')
        assert.ok((await size(desk)) <= 2500)
      }
      const left = began + (n + 1) * 50 - performance.now() // the pace, and nothing that is waited for
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
    }
    for (const answer of await Promise.all(answers)) assert.equal(answer.status, 202)
    await until(async () => (await status(crowd)).states.EXITED === 200, 'the end of all that was started')
    await countsRight(desk, crowd)
    assert.deepEqual(await chips(desk), { All: 1000, EXITED: 200, STOPPED: 800 })
    assert.equal(await desk.getByRole('table').getAttribute('aria-rowcount'), '1041')
  },
)
