// One person's way through the page, against a real supervisord with real children.
// Needs bin/supervisord with the page inside (make build), or SUPERVISORD_BIN, and Chromium.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, hand, inState, row, stage } from './stage.mjs'

const programs = `
[program:web]
command=/bin/sh -c 'while :; do sleep 1; done'
process_name=web_%(process_num)d
numprocs=2

[program:speaker]
command=/bin/sh -c 'n=0; while :; do n=$((n+1)); printf "\\033[32mspoken\\033[0m line %%d <b>&\\n" $n; sleep 0.2; done'

[program:broken]
command=/bin/sh -c 'echo "I cannot work like this" >&2; exit 3'
startretries=1

[program:quiet]
command=/bin/sh -c 'exec sleep 1000'
autostart=false
`

let daemon
let browser
let desk
let guarded
let keeper
const { enter, expected, scene } = stage('journey')

before(async () => {
  daemon = await supervise(programs)
  browser = await openBrowser()
  desk = await enter(browser, 'desk', desktop)
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
  await guarded?.remove()
})

/** A step of the journey. */
const step = (name, act, place = () => desk) => scene(name, () => act(place()))

step('the page shows the processes of the configuration in their groups', async (page) => {
  await page.goto(daemon.url)
  await page.getByRole('heading', { name: 'Processes', level: 1 }).waitFor()
  await page.locator('[data-group="web"]').getByText('2 of 2 running').waitFor()
  for (const name of ['web:web_0', 'web:web_1', 'speaker:speaker', 'broken:broken', 'quiet:quiet']) {
    await row(page, name).waitFor()
  }
  await inState(page, 'speaker:speaker', 'RUNNING')
  await inState(page, 'quiet:quiet', 'STOPPED')
  await page.locator('[data-link="live"]').waitFor()
})

step('a process that cannot start is seen to fail, with its reason', async (page) => {
  const attention = page.getByRole('region', { name: /Needs attention/ })
  await attention.getByText('broken', { exact: true }).waitFor()
  await inState(page, 'broken:broken', 'FATAL')
  await attention.getByText(/Exited too quickly/).waitFor()
  await page.waitForFunction(() => document.title.startsWith('(1) '))
})

step('a click restarts a process, and every change is seen', async (page) => {
  const target = row(page, 'web:web_1')
  await inState(page, 'web:web_1', 'RUNNING')
  const pid = await target.getByRole('cell').nth(4).textContent()
  await watchStates(page, 'web:web_1')
  await target.getByRole('button', { name: 'Restart web:web_1' }).click()
  await page.waitForFunction(
    ([name, before]) => {
      const cells = document.querySelectorAll(`[data-process="${name}"] [role="cell"]`)
      return (
        cells[1].textContent.includes('RUNNING') &&
        cells[4].textContent !== before &&
        /^\d+$/.test(cells[4].textContent)
      )
    },
    ['web:web_1', pid],
  )
  const states = await page.evaluate(() => window.seenStates)
  assert.ok(states.includes('STARTING'), `seen on the way: ${states}`)
  assert.equal(states.at(-1), 'RUNNING')
})

step('starting a program that was never started needs no question', async (page) => {
  await row(page, 'quiet:quiet').getByRole('button', { name: 'Start quiet' }).click()
  await inState(page, 'quiet:quiet', 'RUNNING')
})

step('stopping a group asks, names what it touches, and does it', async (page) => {
  await page.locator('[data-group="web"]').getByRole('button', { name: 'Stop web' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('web:web_0').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Cancel')
  await dialog.getByRole('button', { name: 'Stop web' }).click()
  await inState(page, 'web:web_0', 'STOPPED')
  await inState(page, 'web:web_1', 'STOPPED')
  await page.locator('[data-group="web"]').getByText('0 of 2 running').waitFor()
})

step('a filter is in the address and survives a reload', async (page) => {
  await page.getByRole('searchbox').fill('state:fatal')
  await page.waitForFunction(() => document.querySelectorAll('[data-process]').length === 1)
  await page.reload()
  await row(page, 'broken:broken').waitFor()
  assert.equal(await page.locator('[data-process]').count(), 1)
  await page.getByRole('searchbox').fill('')
  await row(page, 'web:web_0').waitFor()
})

step('the log of a process follows what it writes, as text', async (page) => {
  await row(page, 'speaker:speaker').getByRole('link', { name: 'Log of speaker' }).click()
  const log = page.getByRole('log')
  await log.getByText('spoken').first().waitFor()
  const first = await newest(page)
  await page.waitForFunction((n) => numbers().at(-1) > n + 5, first)
  const numbers = await page.evaluate(() => window.numbers())
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => numbers[0] + i),
    'no line is missing or double',
  )
  assert.match(await log.textContent(), /line \d+ <b>&/)
})

step('scrolling up pauses, and the view stays where it is read', async (page) => {
  await page.waitForFunction(
    () => {
      const pane = document.querySelector('[role="log"]')
      return pane.scrollHeight > pane.clientHeight + 200
    },
    undefined,
    { timeout: 40_000 },
  )
  await page.getByRole('log').hover()
  await page.mouse.wheel(0, -150)
  await page.getByText('Paused').first().waitFor()
  const reading = await newest(page)
  await page.getByText(/Paused · \d+ new lines/).waitFor()
  assert.equal(await newest(page), reading)
  await page.getByRole('button', { name: 'Follow: to the newest line' }).click()
  await page.waitForFunction((n) => numbers().at(-1) > n + 3, reading)
})

step('the other channel is one click away', async (page) => {
  await page.goto(`${daemon.url}process/broken/broken`)
  await page.getByText('Exited too quickly').first().waitFor()
  await page.getByRole('radio', { name: 'stderr' }).check()
  await page.getByRole('log').getByText('I cannot work like this').first().waitFor()
  assert.match(page.url(), /ch=stderr$/)
})

step('what the page shows while nobody answers is seen to be the past', async (page) => {
  await page.goto(daemon.url)
  await inState(page, 'quiet:quiet', 'RUNNING')
  await daemon.stop()
  await page.locator('[role="table"].stale').waitFor()
  await page.getByText(/Lost the connection\. Everything below is as it was at/).waitFor()
  assert.equal(await page.locator('[data-process]').count(), 5)
  const then = await row(page, 'quiet:quiet').getByRole('cell').nth(3).textContent()
  await page.waitForTimeout(2_500) // a clock that ran on would be two seconds further
  assert.equal(await row(page, 'quiet:quiet').getByRole('cell').nth(3).textContent(), then)
})

step('when supervisord is back, so is the page', async (page) => {
  await daemon.start()
  await page.locator('[data-link="live"]').waitFor({ timeout: 30_000 })
  await inState(page, 'speaker:speaker', 'RUNNING')
  await inState(page, 'quiet:quiet', 'STOPPED')
  assert.equal(await page.locator('[role="table"].stale').count(), 0)
  assert.equal(await page.locator('[data-process]').count(), 5)
})

scene('on a phone a restart is confirmed in a sheet', async () => {
  const page = await enter(browser, 'phone', hand)
  await page.goto(daemon.url)
  await inState(page, 'web:web_0', 'RUNNING')
  await row(page, 'web:web_0').getByRole('button', { name: 'Restart web:web_0' }).tap()
  const sheet = page.getByRole('dialog')
  await sheet.waitFor()
  await watchStates(page, 'web:web_0')
  await sheet.getByRole('button', { name: 'Restart web:web_0' }).tap()
  await page.waitForFunction(
    () => window.seenStates.includes('STARTING') && window.seenStates.at(-1) === 'RUNNING',
  )
})

/** Options of the server, then the programs. */
const closed = `username=ann\npassword=a plain secret\n${programs}`

async function logIn(place, password) {
  await place.getByLabel('Password', { exact: true }).fill(password)
  await place.getByRole('button', { name: 'Log in' }).click()
}

scene('a server that asks who is there is up', async () => {
  guarded = await supervise(closed)
  keeper = await enter(browser, 'keeper', desktop)
})

step(
  'a login is refused without saying why, and then leads to the page that was wanted',
  async (page) => {
    await page.goto(`${guarded.url}activity`)
    await page.getByRole('heading', { name: 'Log in', level: 1 }).waitFor()
    await page.getByLabel('User', { exact: true }).fill('ann')
    await logIn(page, 'guessed')
    await page.getByText('The name or the password is wrong.').waitFor()
    expected('keeper', /status of 401/)
    await logIn(page, 'a plain secret')
    await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor()
    await page.getByText('refused', { exact: true }).waitFor()
    await page.locator('[data-link="live"]').waitFor()
  },
  () => keeper,
)

step(
  'a plain password is a problem, said in red, and the account is read-only',
  async (page) => {
    await page.getByRole('link', { name: 'People' }).click()
    await page.getByText(/Written in .*supervisord\.conf:\d+/).waitFor()
    await page.getByText(/The password of ann is written/).waitFor()
  },
  () => keeper,
)

step(
  'an order says why, and the trail keeps it',
  async (page) => {
    await page.getByRole('link', { name: 'Processes', exact: true }).click()
    await inState(page, 'web:web_0', 'RUNNING')
    await row(page, 'web:web_0').getByRole('button', { name: 'Stop web:web_0' }).click()
    await page.getByLabel('Why?').fill('deploy 42')
    await page.getByRole('dialog').getByRole('button', { name: 'Stop web:web_0' }).click()
    await inState(page, 'web:web_0', 'STOPPED')
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByText('“deploy 42”').waitFor()
  },
  () => keeper,
)

step(
  'a session that ends is begun again over the page',
  async (page) => {
    await page.evaluate(async () => {
      const { session } = await (await fetch('api/v1/session')).json()
      await fetch(`api/v1/sessions/${session.id}`, { method: 'DELETE', headers: { 'X-CSRF': '1' } })
    })
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.waitFor()
    await page.getByText('“deploy 42”').waitFor()
    await logIn(dialog, 'a plain secret')
    await page.locator('[data-link="live"]').waitFor()
    await dialog.waitFor({ state: 'detached' })
  },
  () => keeper,
)

step(
  'a logout leaves nothing but the login',
  async (page) => {
    await page.getByRole('button', { name: 'ann: account' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Log out', exact: true }).click()
    await page.getByRole('heading', { name: 'Log in', level: 1 }).waitFor()
    assert.equal(await page.locator('[data-process]').count(), 0)
  },
  () => keeper,
)

/** Notes every state a row is shown in, from now on. */
function watchStates(page, process) {
  return page.evaluate((name) => {
    const element = document.querySelector(`[data-process="${name}"]`)
    window.seenStates = []
    const note = () => {
      const [, state] = /\b([A-Z]{5,8})\b/.exec(element.textContent) ?? []
      if (state && window.seenStates.at(-1) !== state) window.seenStates.push(state)
    }
    note()
    new MutationObserver(note).observe(element, { subtree: true, childList: true, characterData: true })
  }, process)
}

/** Number of the last line drawn, by what the speaker says of itself. */
async function newest(page) {
  await page.evaluate(() => {
    window.numbers = () =>
      [...document.querySelectorAll('[role="log"] [data-off]')].map((line) =>
        Number(/line (\d+)/.exec(line.textContent)?.[1]),
      )
  })
  return page.evaluate(() => window.numbers().at(-1))
}
