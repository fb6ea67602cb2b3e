// The list of processes and the page of one, against a real supervisord with real
// children: what they show by themselves, what is done to many, and what is found again.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, inState, patience, row, stage } from './stage.mjs'

const run = promisify(execFile)
const ctl =
  process.env.SUPERVISORCTL_BIN ?? fileURLToPath(new URL('../../bin/supervisorctl', import.meta.url))

/** Options of the server, then the programs. */
const programs = `label=the lab
colour=purple

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[program:web]
command=/bin/sh -c 'while :; do sleep 1; done'
process_name=web_%(process_num)d
numprocs=3
priority=1

[program:busy]
command=/bin/sh -c 'while :; do i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; sleep 0.1; done'

[program:failing]
command=/bin/sh -c 'printf "ready\\n"; printf "\\033[31mcannot reach <db>, neither where it was last year nor at any other place it is known to have been\\033[0m\\n" >&2; exit 3'
startretries=1
environment=DB_PASSWORD="secret",MODE="fast"
directory=/tmp

[program:stubborn]
command=/bin/sh -c 'trap "" TERM; echo deaf; while :; do sleep 1; done'
stopwaitsecs=60
startsecs=0

[program:echo]
command=/bin/cat

[eventlistener:ears]
command=/bin/sh -c 'echo READY; while read line; do sleep 100; done'
events=PROCESS_STATE
buffer_size=5

[program:many]
command=/bin/sh -c 'exec sleep 100000'
process_name=many_%(process_num)02d
numprocs=25
startsecs=0
`

let daemon
let browser
let desk
const { enter, scene } = stage('overview')

before(async () => {
  daemon = await supervise(programs)
  browser = await openBrowser()
  desk = await enter(browser, 'desk', desktop)
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

const step = (name, act) => scene(name, () => act(desk), 90_000)

async function supervisorctl(...words) {
  // the exit code of status tells of processes that do not run
  const { stdout } = await run(ctl, ['-s', daemon.url.replace(/\/$/, ''), ...words]).catch((error) => error)
  return stdout
}

step(
  'the chips count what supervisorctl counts, and the environment has its name and colour',
  async (page) => {
    await page.goto(daemon.url)
    await inState(page, 'failing:failing', 'FATAL')
    await inState(page, 'busy:busy', 'RUNNING')
    await page.locator('header.sign-purple').getByText('the lab', { exact: true }).waitFor()
    const lines = (await supervisorctl('status')).trim().split('\n')
    assert.equal(lines.length, 33)
    const fatal = lines.filter((line) => / FATAL /.test(line)).length
    await page.getByRole('button', { name: `FATAL ${fatal}`, exact: true }).waitFor()
    await page.getByRole('button', { name: 'All 33', exact: true }).waitFor()
  },
)

step('what has failed is shown first, with what it said last, in the title and in the icon', async (page) => {
  const attention = page.getByRole('region', { name: /Needs attention/ })
  await attention.getByText(/^cannot reach <db>, neither/).waitFor()
  await attention.getByText(/Exited too quickly · exit status 3/).waitFor()
  await attention.getByText(/its pool has dropped \d+ events in the last hour/i).waitFor()
  await page.waitForFunction(() => document.title.startsWith('(2) '))
  assert.match(await page.locator('link[rel="icon"]').getAttribute('href'), /alert/)
})

step('the rows that are seen show what they use, and their groups the sum', async (page) => {
  await row(page, 'busy:busy')
    .locator('.c-cpu')
    .getByText(/^\d+(\.\d)? %$/)
    .waitFor()
  await row(page, 'busy:busy')
    .locator('.c-memory')
    .getByText(/(KiB|MiB)$/)
    .waitFor()
  await row(page, 'busy:busy').locator('canvas').waitFor()
  await page
    .locator('[data-group="many"]')
    .getByText(/% · .*(KiB|MiB)/)
    .waitFor()
})

step('an order by what is used puts the busiest first, and is in the address', async (page) => {
  await page.getByRole('columnheader', { name: 'CPU' }).getByRole('button').click()
  await page.mouse.move(1, 1)
  await page.waitForFunction(
    () => document.querySelector('[data-process]').dataset.process === 'busy:busy',
    undefined,
    { timeout: patience },
  )
  assert.match(page.url(), /sort=-cpu/)
  assert.equal(await page.getByRole('columnheader', { name: 'CPU' }).getAttribute('aria-sort'), 'descending')
})

step('a filter of figures, an order and folds survive a reload, a visit and the way back', async (page) => {
  await page.getByRole('searchbox').fill('cpu>3 state:run')
  await row(page, 'busy:busy').waitFor()
  await page.waitForFunction(() => document.querySelectorAll('[data-process]').length === 1)
  await page.reload()
  await row(page, 'busy:busy').waitFor()
  await row(page, 'busy:busy').getByRole('link', { name: 'busy', exact: true }).click()
  await page.getByRole('heading', { name: 'busy', level: 1 }).waitFor()
  await page.getByRole('link', { name: 'To all processes' }).click()
  assert.equal(await page.getByRole('searchbox').inputValue(), 'cpu>3 state:run')
  assert.match(page.url(), /sort=-cpu/)
  await page.goBack()
  await page.getByRole('heading', { name: 'busy', level: 1 }).waitFor()
  await page.goto(daemon.url)
  await page.locator('[data-group="many"]').getByRole('button', { name: /^many/ }).click()
  await row(page, 'many:many_00').waitFor({ state: 'detached' })
  const shared = page.url()
  assert.match(shared, /fold=many/)
  const other = await browser.open()
  await other.page.goto(shared)
  await row(other.page, 'web:web_0').waitFor()
  assert.equal(await row(other.page, 'many:many_00').count(), 0)
  assert.deepEqual(other.complaints, [])
  await other.close()
  await page.locator('[data-group="many"]').getByRole('button', { name: /^many/ }).click()
  await row(page, 'many:many_00').waitFor()
})

step('what somebody else does elsewhere is seen without asking', async (page) => {
  await page.goto(daemon.url)
  await inState(page, 'web:web_2', 'RUNNING')
  await supervisorctl('stop', 'web:web_2')
  await inState(page, 'web:web_2', 'STOPPED')
  await supervisorctl('start', 'web:web_2')
  await inState(page, 'web:web_2', 'RUNNING')
})

step('a restart can be taken back for a moment', async (page) => {
  const pid = () => row(page, 'web:web_0').locator('.c-pid').textContent()
  const first = await pid()
  await row(page, 'web:web_0').getByRole('button', { name: 'Restart web:web_0' }).click()
  await page.locator('[data-waiting="restart"]').getByRole('button', { name: 'Cancel' }).click()
  await page.locator('[data-waiting]').waitFor({ state: 'detached' })
  assert.equal(await pid(), first)
  await row(page, 'web:web_0').getByRole('button', { name: 'Restart web:web_0' }).click()
  await page.locator('[data-waiting="restart"]').getByRole('button', { name: 'Now' }).click()
  await page.waitForFunction(
    ([name, before]) => {
      const now = document.querySelector(`[data-process="${name}"] .c-pid`).textContent
      return /^\d+$/.test(now) && now !== before
    },
    ['web:web_0', first],
    { timeout: patience },
  )
})

step('all are stopped only after a question and a countdown, which can be stopped', async (page) => {
  await inState(page, 'web:web_0', 'RUNNING')
  await page.getByRole('button', { name: 'Stop all', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('busy', { exact: true }).waitFor()
  const order = dialog.getByRole('button', { name: /^Stop all processes/ })
  assert.equal(await order.getAttribute('aria-disabled'), 'true')
  const [, number] = /Type (\d+) to confirm/.exec(await dialog.textContent())
  await dialog.getByLabel(`Type ${number} to confirm`).fill(number)
  await order.click()
  await page.locator('[data-waiting="stop"]').getByRole('button', { name: 'Cancel' }).click()
  await page.locator('[data-waiting]').waitFor({ state: 'detached' })
  await inState(page, 'web:web_0', 'RUNNING')
  assert.match(await supervisorctl('status', 'web:web_1'), /RUNNING/)
})

step('chosen processes are acted on together; Escape gives the choice back', async (page) => {
  await page.getByRole('searchbox').fill('group:web')
  for (const name of ['web_0', 'web_1']) await page.getByLabel(`Select web:${name}`, { exact: true }).check()
  const bar = page.getByRole('region', { name: 'the selected processes' })
  await bar.getByText('2 selected').waitFor()
  await bar.getByRole('button', { name: /^Stop/ }).click()
  await page.getByRole('dialog').getByText('web:web_1', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await bar.getByText('2 selected').waitFor()
  await bar.getByRole('button', { name: /^Stop/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Stop/ }).click()
  await page.locator('[data-waiting="stop"]').getByRole('button', { name: 'Now' }).click()
  await inState(page, 'web:web_0', 'STOPPED')
  await inState(page, 'web:web_1', 'STOPPED')
  await inState(page, 'web:web_2', 'RUNNING')
  await bar.waitFor({ state: 'detached' })
  await page.getByRole('searchbox').fill('')
})

step('what does not stop can be killed', async (page) => {
  const target = row(page, 'stubborn:stubborn')
  await page.goto(`${daemon.url}process/stubborn/stubborn`)
  await page.getByRole('log').getByText('deaf').first().waitFor() // its trap is set by then
  await page.goto(daemon.url)
  await target.getByRole('button', { name: 'Stop stubborn' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Stop stubborn' }).click()
  await inState(page, 'stubborn:stubborn', 'STOPPING')
  await target.getByRole('button', { name: 'Kill stubborn' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Kill stubborn' }).click()
  await inState(page, 'stubborn:stubborn', 'STOPPED')
})

step('the page of a process says why it failed, and has its last words', async (page) => {
  await page.goto(`${daemon.url}process/failing/failing`)
  await page
    .locator('.why')
    .getByText(/exit status 3/)
    .waitFor()
  await page.locator('[data-life="exit"]').nth(1).waitFor()
  await page
    .locator('[data-life="exit"]')
    .getByRole('link', { name: /^Last words of crash/ })
    .first()
    .click()
  const crash = page.locator('[data-crash]')
  await crash.getByLabel('stderr', { exact: true }).getByText('cannot reach <db>').waitFor()
  await crash.getByLabel('stdout', { exact: true }).getByText('ready').waitFor()
  await page.getByRole('link', { name: 'All crashes' }).click()
  await page.locator('[data-life="exit"]').first().waitFor()
})

step('its configuration has the file and line of what is written, and no secret', async (page) => {
  await page.getByRole('link', { name: 'Configuration', exact: true }).click()
  const table = page.getByRole('table').first()
  const line = (option) => table.getByRole('row', { name: new RegExp(`^${option} `) })
  await line('directory')
    .getByText(/supervisord\.conf:\d+$/)
    .waitFor()
  await line('stopwaitsecs').getByText('default').waitFor()
  await page.getByText('***').waitFor()
  assert.ok(!(await page.content()).includes('"secret"'))
  await page.getByLabel('Only what is written').check()
  await line('stopwaitsecs').waitFor({ state: 'detached' })
})

step('charts show the last hour, also as a table', async (page) => {
  await page.goto(`${daemon.url}process/busy/busy`)
  const chart = page.locator('[data-chart="cpu"]')
  await chart.getByText(/^\d+(\.\d)? %$/).waitFor()
  await page.locator('[data-chart="threads"]').getByText('1', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'As a table' }).click()
  await page.getByRole('columnheader', { name: 'Descriptors' }).waitFor()
})

step('a signal and a line are sent from the page', async (page) => {
  await page.goto(`${daemon.url}process/echo/echo`)
  await page.getByRole('button', { name: 'Send a line echo' }).click()
  await page.getByLabel('Line', { exact: true }).fill('hello <b> there')
  await page.getByRole('dialog').getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('log').getByText('hello <b> there').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Signal echo' }).click()
  await page.getByRole('dialog').getByLabel('Signal', { exact: true }).selectOption('INT')
  await page.getByRole('dialog').getByRole('button', { name: 'Send INT' }).click()
  await page
    .locator('[data-life="sent"]')
    .getByText(/Ended by SIGINT/)
    .waitFor()
})

step('an event listener shows where it is, and what waits for it', async (page) => {
  await page.goto(`${daemon.url}process/ears/ears`)
  const listener = page.locator('[data-listener="BUSY"]')
  await listener.getByText(/BUSY: works on PROCESS_STATE_/).waitFor()
  await listener.getByText('5 of 5 events wait').waitFor()
  await listener.getByText('PROCESS_STATE', { exact: true }).waitFor()
})

step('the charts begin with what is known of the past', async (page) => {
  const known = async () =>
    (await (await fetch(`${daemon.url}api/v1/processes/busy:busy/metrics`)).json()).times.length
  while ((await known()) < 3) await new Promise((resolve) => setTimeout(resolve, 200))
  await page.goto(`${daemon.url}process/busy/busy`)
  await page.locator('[data-chart="cpu"]').waitFor()
  await page.waitForFunction(
    () => Number(document.querySelector('[data-chart="cpu"]')?.dataset.points) >= 3,
    undefined,
    {
      timeout: 8_000, // by then, watching alone would have made one
    },
  )
})
