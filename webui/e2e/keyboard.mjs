// The page without a mouse: a journey from the login to the logout, the palette, and
// the shortcuts, against a real supervisord. Wherever the keys lead, the focus is on
// something. Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, hand, stage, until } from './stage.mjs'

/** Options of the server, then the programs. The ledger fails until there is a file beside the configuration. */
const config = `username=ann
password=a plain secret

[program:ledger]
command=/bin/sh -c 'test -e open || { echo cannot open the ledger >&2; exit 3; }; echo a needle; echo hay; echo a needle again; exec sleep 1000'
directory=%(here)s
autorestart=false
startsecs=0

[program:web]
command=/bin/sh -c 'exec sleep 1000'
process_name=web_%(process_num)02d
numprocs=30
startsecs=0

[program:<b>bold]
command=/bin/sh -c 'exec sleep 1000'
startsecs=0
`

let daemon
let browser
let page
const { enter, scene } = stage('keyboard')

before(async () => {
  daemon = await supervise(config, 'users_file=%(here)s/users.conf')
  browser = await openBrowser()
  page = await enter(browser, 'desk', desktop)
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

/** What has the focus, as it is called. */
const focused = () => page.evaluate(nameFocus).catch(() => '') // there may be another page just now

function nameFocus() {
  const here = document.activeElement
  if (!here || here === document.body) return ''
  const name = here.ariaLabel || here.labels?.[0]?.textContent || here.textContent
  return name.replace(/\s+/g, ' ').trim() || here.tagName
}

/** Presses keys one after the other; the focus must be on something after each. */
async function press(...keys) {
  for (const key of keys) {
    await page.keyboard.press(key)
    assert.notEqual(await focused(), '', `the focus is lost after ${key}`)
  }
}

/** Waits until the focus is on what is called so. */
async function focusOn(name) {
  await until(
    async () => (typeof name === 'string' ? name === (await focused()) : name.test(await focused())),
    name,
  )
}

/** Goes on with Tab until something is reached. */
async function tabTo(name) {
  const passed = []
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press('Tab') // beyond the last is the browser's own bar, and then the first again
    const here = await focused()
    if (typeof name === 'string' ? name === here : name.test(here)) return
    passed.push(here)
  }
  assert.fail(`${name} is not reached: ${passed.join(' | ')}`)
}

const heard = (what = 'keys') =>
  page.waitForFunction((what) => what in document.documentElement.dataset, what)
const row = (process) => page.locator(`[data-process="${process}"]`)
const inState = (process, state) => row(process).getByText(state, { exact: true }).waitFor()
const palette = () => page.getByRole('dialog', { name: 'Search and commands' })
const options = () => palette().getByRole('option')
const path = () => new URL(page.url()).pathname + new URL(page.url()).search

/** Opens the palette and asks; the first answers. */
async function ask(question) {
  // A page that has just been entered may not listen to keys yet.
  await until(async () => {
    await press('Control+k')
    const opened = palette().waitFor({ timeout: 2_000 })
    return opened.then(
      () => true,
      () => false,
    )
  }, 'the palette')
  await focusOn('Search and commands')
  await page.keyboard.type(question)
  return options().first()
}

/** A key of a keyboard with the Russian layout on. */
async function pressRussian(key, code) {
  const cdp = await page.context().newCDPSession(page)
  for (const type of ['keyDown', 'keyUp'])
    await cdp.send('Input.dispatchKeyEvent', { type, key, code, text: type === 'keyDown' ? key : undefined })
  await cdp.detach()
}

const logIn = async (name, password) => {
  await focusOn('User')
  await page.keyboard.type(name)
  await press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
}

scene('somebody logs in, and is taken to the title of the page', async () => {
  await page.goto(daemon.url)
  await logIn('ann', 'a plain secret')
  await focusOn('Processes')
  await inState('ledger:ledger', 'EXITED')
  await heard()
  await heard('listKeys')
})

scene('the palette leads to the process that failed', async () => {
  const first = await ask('ledg')
  await first.getByText('EXITED', { exact: true }).waitFor()
  assert.equal(await first.getAttribute('aria-selected'), 'true')
  assert.equal(
    await palette().getByRole('combobox').getAttribute('aria-activedescendant'),
    await first.getAttribute('id'),
  )
  await press('Enter')
  await focusOn('ledger')
  assert.equal(path(), '/process/ledger/ledger')
})

scene('so does the filter', async () => {
  await press('g', 'p')
  await focusOn('Processes')
  await heard('listKeys')
  await press('/')
  await focusOn('Filter')
  await page.keyboard.type('state:exited')
  await row('web:web_00').waitFor({ state: 'detached' })
  await press('Enter')
  await focusOn('ledger')
  await press('Enter')
  await page.getByRole('heading', { name: 'ledger', level: 1 }).waitFor()
  await focusOn('ledger')
  assert.equal(path(), '/process/ledger/ledger')
})

scene('its last words are a link away', async () => {
  await page.locator('a.words').waitFor()
  await tabTo('Last words')
  await press('Enter')
  await page.getByLabel('stderr').getByText('cannot open the ledger').waitFor()
  await focusOn('ledger')
})

scene('it is started, runs, and is started anew', async () => {
  writeFileSync(join(daemon.home, 'open'), '')
  await press('s')
  const state = page.locator('main header').getByText('RUNNING', { exact: true })
  await state.waitFor()
  await press('r')
  await page.locator('[data-waiting="restart"]').waitFor()
  await tabTo('Now')
  await press('Enter')
  await page.getByRole('button', { name: 'Restart ledger', exact: true }).waitFor()
  await state.waitFor()
  await until(async () => (await focused()) !== '', 'a focus')
})

scene('its log is searched from match to match', async () => {
  await press('l')
  await focusOn('ledger')
  const log = page.getByRole('log')
  await log.getByText('a needle again').nth(1).waitFor() // of both lives
  await press('/')
  await focusOn('Find in this log')
  await page.keyboard.type('needle')
  const count = page.locator('search [role="status"]')
  await count.getByText(/^\d+$/).waitFor()
  await press('Enter')
  await count.getByText(/^\d of \d/).waitFor()
  await tabTo('stdout')
  const at = await count.textContent()
  await press('N')
  await until(async () => (await count.textContent()) !== at, 'the next match')
  await press('n')
  await until(async () => (await count.textContent()) === at, 'the match before')
})

scene('the list is walked, selected from, and ordered about', async () => {
  await press('g', 'p')
  await focusOn('Processes')
  await heard('listKeys')
  await inState('web:web_00', 'RUNNING')
  await press('End')
  await focusOn('web_29')
  await press('Home')
  await focusOn(/^Single programs/)
  await press('j', 'ArrowDown', 'k')
  await focusOn('<b>bold')
  await press('PageDown')
  await focusOn(/^web_\d+$/)
  await press('x', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowUp')
  await page.getByText('2 selected').waitFor()
  await press('t')
  const dialog = page.getByRole('dialog', { name: 'Stop the selected processes?' })
  await dialog.waitFor()
  assert.equal(await dialog.getByRole('listitem').count(), 2)
  assert.equal(await focused(), 'Cancel')
  await press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await focusOn(/^web_\d+$/)
  await press('Escape')
  await page.getByText('2 selected').waitFor({ state: 'detached' })
})

scene('a group is folded and unfolded, and ordered about', async () => {
  await press('ArrowLeft')
  await focusOn(/^web 30 of 30 running/)
  await row('web:web_00').waitFor({ state: 'detached' })
  await press('ArrowRight')
  await row('web:web_00').waitFor()
  await press('r')
  const dialog = page.getByRole('dialog', { name: 'Restart web?' })
  await dialog.waitFor()
  await press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await focusOn(/^web 30 of 30 running/)
})

scene('what has the focus may go: then its group has it, or the table', async () => {
  await press('/')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('group:web state:running')
  await row('ledger:ledger').waitFor({ state: 'detached' })
  await press('ArrowDown')
  await focusOn('web_00')
  await press('t')
  await page.getByRole('dialog', { name: 'Stop web:web_00?' }).waitFor()
  await tabTo('Stop web:web_00')
  await press('Enter')
  await row('web:web_00').waitFor({ state: 'detached' })
  await focusOn(/^web 29 of 30 running/)
  await press('j')
  await focusOn('web_01')
  await page.mouse.wheel(0, 4_000) // the row is scrolled out of what is drawn
  await row('web:web_01').waitFor({ state: 'detached' })
  await focusOn(/^(Processes|web 29 of 30 running.*)$/)
  await press('k')
  await until(async () => /^web/.test(await focused()), 'a line of the list')
})

scene('shortcuts are told, and those of one letter can be turned off', async () => {
  await press('?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.getByText('Next match, the one before').waitFor()
  await tabTo(/^Shortcuts of a single letter/)
  await press('Space', 'Escape')
  await sheet.waitFor({ state: 'detached' })
  const before = await focused()
  await press('j', 'g', 'c', '/', '?', 'x')
  assert.equal(await focused(), before)
  assert.equal(await page.getByRole('dialog').count(), 0)
  await press('ArrowDown')
  assert.notEqual(await focused(), before)
  await ask('keyboard sh')
  await press('Enter')
  await sheet.waitFor()
  await tabTo(/^Shortcuts of a single letter/)
  await press('Space', 'Escape', '?')
  await sheet.waitFor()
  await press('Escape')
  await sheet.waitFor({ state: 'detached' })
})

scene('shortcuts are where they are with the Russian layout, too', async () => {
  await pressRussian('п', 'KeyG')
  await pressRussian('з', 'KeyP')
  await focusOn(/./)
  await pressRussian('.', 'Slash')
  await focusOn('Filter')
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await inState('web:web_00', 'STOPPED')
  await press('Enter')
  const first = await focused()
  await pressRussian('о', 'KeyJ')
  await until(async () => (await focused()) !== first, 'another row')
  const cdp = await page.context().newCDPSession(page)
  for (const type of ['keyDown', 'keyUp'])
    await cdp.send('Input.dispatchKeyEvent', { type, key: 'л', code: 'KeyK', modifiers: 2 })
  await focusOn('Search and commands')
  await page.keyboard.insertText('иудв') // "bold" with the other layout on, but for one letter
  await palette().getByText('Nothing matches “иудв”').waitFor()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText('ищдв')
  await options().first().getByText('RUNNING', { exact: true }).waitFor()
  assert.equal(await options().first().locator('.label').textContent(), '<b>bold')
  await press('Escape')
})

scene('the palette asks as the buttons do, and gives the focus back', async () => {
  const before = await focused()
  await ask('stop web:*')
  await press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Stop web?' })
  await dialog.getByText('Type 29 to confirm').waitFor()
  await press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await focused(), before)
  await ask('start web:web_00')
  await press('Enter')
  await inState('web:web_00', 'RUNNING')
  assert.equal(await focused(), before)
  await press('Control+k')
  assert.equal(await options().first().getAttribute('data-entry'), 'stop group web:*')
  await press('ArrowUp', 'ArrowDown', 'ArrowDown', 'PageDown', 'PageUp', 'Control+k')
  await palette().waitFor({ state: 'detached' })
  assert.equal(await focused(), before)
})

scene('neighbours, themes, and the way past the bar', async () => {
  await ask('web_03')
  await press('Enter')
  await focusOn('web:web_03')
  await press(']')
  await focusOn('web:web_04')
  await press('[', '[')
  await focusOn('web:web_02')
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme)
  const first = await theme()
  await press('Alt+t')
  assert.notEqual(await theme(), first)
  await page.goBack()
  await focusOn('web:web_03')
  await page.reload()
  await page.getByRole('heading', { name: 'web:web_03', level: 1 }).waitFor()
  await press('Tab')
  assert.equal(await focused(), 'Skip to content')
  await press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  assert.equal(path(), '/process/web/web_03')
})

scene('somebody logs out', async () => {
  await heard()
  await ask('log out')
  await press('Enter')
  await page.getByRole('dialog', { name: 'ann' }).waitFor()
  await page.getByRole('button', { name: 'Log out', exact: true }).waitFor()
  await tabTo('Log out')
  await page.keyboard.press('Enter')
  await focusOn('User')
})

/** Writes down somebody who may only look. */
async function writeVera() {
  const answer = await fetch(`${daemon.url}api/v1/users/vera`, {
    method: 'PUT',
    headers: {
      Authorization: `Basic ${Buffer.from('ann:a plain secret').toString('base64')}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({
      role: 'viewer',
      programs: ['*'],
      deny: [],
      actions: [],
      disabled: false,
      password: 'vera has a secret',
    }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

scene('a viewer finds what they may see, and nothing to do', async () => {
  await writeVera()
  await logIn('vera', 'vera has a secret')
  await focusOn('Processes')
  await heard()
  await ask('web:web_01')
  await options().first().waitFor()
  const entries = await options().evaluateAll((all) => all.map((one) => one.dataset.entry))
  assert.ok(entries.includes('process web:web_01'))
  assert.deepEqual(
    entries.filter((entry) => /^(start|stop|restart|kill) /.test(entry)),
    [],
  )
  await press('Escape')
})

scene('a thumb finds the palette, too', async () => {
  const state = await page.context().storageState()
  page = await enter(browser, 'phone', { ...hand, storageState: state })
  await page.goto(daemon.url)
  await page.getByRole('button', { name: 'Search and commands' }).tap()
  await palette().waitFor()
  const small = await palette()
    .locator('button, input, [role="option"]')
    .evaluateAll((all) =>
      all.filter((one) => one.getBoundingClientRect().height < 43.99).map((one) => one.outerHTML),
    )
  assert.deepEqual(small, [])
  await page.keyboard.type('ledg')
  await options().first().tap()
  await page.getByRole('heading', { name: 'ledger', level: 1 }).waitFor()
})
