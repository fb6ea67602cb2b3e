// What each of several people sees and may do, at the same time, against a real
// supervisord: an administrator, an operator, a viewer, and a guest with a link.
// Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, drawn, hand, inState, row, stage, told, until } from './stage.mjs'

/** Options of the server, then the programs. */
const config = `username=ann
password=a plain secret

[program:web]
command=/bin/sh -c 'while :; do sleep 1; done'
process_name=web_%(process_num)d
numprocs=2
startsecs=0

[program:db]
command=/bin/sh -c 'exec sleep 1000'
startsecs=0
`

const secrets = { ann: 'a plain secret', olga: 'olga has a secret', vera: 'vera has a secret' }

let daemon
let browser
const { enter, expected, scene } = stage('people')
const places = {}
let address

before(async () => {
  daemon = await supervise(config, 'users_file=%(here)s/users.conf')
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

const live = (page) => page.locator('[data-link="live"]').waitFor()
const orders = (page) => page.getByRole('button', { name: /^(Start|Stop|Restart|Share)\b/ })

/** A browser of somebody's own, who has not logged in yet. */
async function arrive(who, options, path = '') {
  const page = await enter(browser, who, options)
  places[who] = page
  await page.goto(daemon.url + path)
  return page
}

async function logIn(place, name, password = secrets[name]) {
  const user = place.getByLabel('User', { exact: true })
  if (await user.isEditable()) await user.fill(name)
  await place.getByLabel('Password', { exact: true }).fill(password)
  await place.getByRole('button', { name: 'Log in', exact: true }).click()
}

/** Asks the API as somebody, past the page and its buttons. */
function ask(who, method, path, body) {
  return fetch(`${daemon.url}api/v1/${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from(`${who}:${secrets[who]}`).toString('base64')}`,
      'Content-Type': 'application/json',
    },
    body: body && JSON.stringify(body),
  })
}

/** The process that a program runs as by now; 0 for none. */
async function pid(process) {
  const answer = await ask('ann', 'GET', `processes/${encodeURIComponent(process)}`)
  return (await answer.json()).process.pid
}

async function write(name, account) {
  const limits = { programs: ['*'], deny: [], actions: [], disabled: false }
  const whole = { role: 'viewer', ...limits, password: secrets[name], ...account }
  const answer = await ask('ann', 'PUT', `users/${name}`, whole)
  assert.equal(answer.status, 200, await answer.text())
}

const focused = (page) =>
  page.evaluate(() => document.activeElement.ariaLabel || document.activeElement.textContent.trim())

/** Mints a link on the page that is open and gives its address. */
async function share(page, { name, actions = [], often = 'Once' }) {
  const button = page.getByRole('button', { name: `Share ${name}`, exact: true })
  await button.click()
  const sheet = page.getByRole('dialog', { name: `Share ${name}` })
  await sheet.waitFor()
  for (const box of await sheet.getByRole('checkbox').all()) {
    const label = (await box.locator('xpath=..').textContent()).trim()
    await box.setChecked(actions.includes(label))
  }
  await sheet.getByRole('radio', { name: '1 h', exact: true }).check()
  await sheet.getByRole('radio', { name: often, exact: true }).check()
  await sheet.getByLabel('Comment').fill('night shift')
  await sheet.getByRole('button', { name: 'Make the link' }).click()
  const made = page.getByRole('dialog', { name: /^The link to / })
  const field = made.getByRole('textbox', { name: 'Address of the link' })
  const url = await field.inputValue()
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/link\/[\w-]{20,}$/)
  await made.getByText(/Whoever opens it sees/).waitFor()
  await made.getByRole('button', { name: 'Copy' }).click()
  await made.getByRole('button', { name: 'Copied' }).waitFor()
  await made.getByRole('button', { name: 'Done' }).click()
  await made.waitFor({ state: 'detached' })
  assert.equal(await focused(page), `Share ${name}`)
  return url
}

scene('an administrator writes down an operator of one program', async () => {
  const page = await arrive('ann', desktop, 'people')
  await logIn(page, 'ann')
  await page.getByRole('button', { name: 'Add a person' }).click()
  const sheet = page.getByRole('dialog', { name: 'A new person' })
  await sheet.getByLabel('Name', { exact: true }).fill('olga')
  await sheet.getByLabel('Password', { exact: true }).fill(secrets.olga)
  await sheet.getByRole('radio', { name: 'Operator' }).check()
  await sheet.getByLabel('Programs').fill('web')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Edit olga' }).waitFor()
  await page.getByText('No links').waitFor()
})

scene('an operator sees their programs alone, with buttons', async () => {
  const page = await arrive('olga', desktop)
  await logIn(page, 'olga')
  await inState(page, 'web:web_0', 'RUNNING')
  await inState(page, 'web:web_1', 'RUNNING')
  assert.deepEqual(await drawn(page), ['web:web_0', 'web:web_1'])
  await row(page, 'web:web_0').getByRole('button', { name: 'Restart web:web_0' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'People' }).count(), 0)
  assert.equal((await ask('olga', 'POST', 'processes/db%3Adb/stop', {})).status, 404)
  assert.equal((await ask('olga', 'POST', 'processes/web%3Aweb_0/restart', {})).status, 202)
  await inState(page, 'web:web_0', 'RUNNING')
})

scene('a viewer sees no buttons, and is refused without them', async () => {
  await write('vera', { role: 'viewer' })
  const page = await arrive('vera', desktop)
  await logIn(page, 'vera')
  await inState(page, 'db:db', 'RUNNING')
  assert.deepEqual(await drawn(page), ['db:db', 'web:web_0', 'web:web_1'])
  assert.equal(await orders(page).count(), 0)
  await page.getByRole('link', { name: 'db', exact: true }).click()
  await page.getByRole('heading', { name: 'db', level: 1 }).waitFor()
  await page.getByRole('log').waitFor()
  assert.equal(await orders(page).count(), 0)
  assert.equal((await ask('vera', 'POST', 'processes/db%3Adb/stop', {})).status, 403)
})

scene('an operator makes a link to one process on its page', async () => {
  const page = places.olga
  await page.getByRole('link', { name: 'web_0', exact: true }).click()
  await page.getByRole('heading', { name: 'web:web_0', level: 1 }).waitFor()
  address = await share(page, { name: 'web:web_0', actions: ['Restart', 'Read the log'] })
})

scene('whoever opens it on a phone sees that process alone, and can restart it', async () => {
  const page = await arrive('guest', hand)
  await page.goto(address)
  await page.getByText('olga lets you do a few things.').waitFor()
  await page.getByRole('button', { name: 'Open' }).tap()
  await inState(page, 'web:web_0', 'RUNNING')
  assert.deepEqual(await drawn(page), ['web:web_0'])
  const before = await pid('web:web_0')
  await row(page, 'web:web_0').getByRole('button', { name: 'Restart web:web_0' }).tap()
  await page.getByRole('dialog').getByRole('button', { name: 'Restart web:web_0' }).tap()
  await until(async () => ![0, before].includes(await pid('web:web_0')))
  await inState(page, 'web:web_0', 'RUNNING')
  await page.goto(`${daemon.url}process/web/web_0`)
  await page.getByRole('log').waitFor()
  assert.equal(await page.getByRole('button', { name: /^(Stop|Share)/ }).count(), 0)
})

scene('for a guest, other programs do not exist', async () => {
  const page = places.guest
  for (const other of ['db/db', 'web/web_1', 'no/such']) {
    await page.goto(`${daemon.url}process/${other}`)
    await page.getByRole('heading', { name: 'This process is not in the configuration' }).waitFor()
  }
})

scene('a guest is told what they may do, and until when', async () => {
  const page = places.guest
  await page.goto(daemon.url)
  await inState(page, 'web:web_0', 'RUNNING')
  await page.getByRole('button', { name: 'Guest: account' }).tap()
  const sheet = page.getByRole('dialog', { name: 'Guest' })
  await sheet.getByText('You see web:web_0 and may read the log and restart.').waitFor()
  await sheet.getByText(/^olga gave you a link, which ends \d+ \w+/).waitFor()
  assert.equal(await sheet.getByRole('button', { name: /password|links/i }).count(), 0)
  await sheet.getByRole('button', { name: 'Close' }).tap()
  await sheet.waitFor({ state: 'detached' })
  assert.equal(await focused(page), 'Guest: account')
})

scene('an operator revokes their link, and the phone says so within two seconds', async () => {
  const page = places.olga
  const guest = places.guest
  await inState(guest, 'web:web_0', 'RUNNING')
  await page.getByRole('button', { name: 'olga: account' }).click()
  await page.getByRole('button', { name: 'My links' }).click()
  const mine = page.getByRole('dialog', { name: 'My links' })
  await mine.getByText(/opened as often as it may be/).waitFor()
  await mine.getByText('night shift').waitFor()
  await mine.getByRole('button', { name: 'Revoke the link to web:web_0' }).click()
  const question = page.getByRole('dialog', { name: 'Revoke the link to web:web_0?' })
  await question.waitFor()
  assert.equal(await focused(page), 'Cancel')
  await question.getByRole('button', { name: 'Revoke' }).click()
  await guest.getByRole('heading', { name: 'This link is over', level: 1 }).waitFor({ timeout: 2_000 })
  assert.deepEqual(await drawn(guest), [])
  assert.equal(await guest.getByLabel('Password').count(), 0)
  assert.equal(await focused(guest), 'This link is over')
  await question.waitFor({ state: 'detached' })
  await mine.getByText(/No links/).waitFor()
  assert.equal(await focused(page), 'Close')
  await mine.getByRole('button', { name: 'Close' }).click()
})

scene('a link that is over stays over for those who come back', async () => {
  const page = places.guest
  await page.reload()
  await page.getByRole('heading', { name: 'This link is over', level: 1 }).waitFor()
  await page.goto(address)
  await page.getByRole('heading', { name: 'This link does not work' }).waitFor()
  expected('guest', /status of 404/)
})

scene('an administrator sees everybody’s links, and a guest leaves theirs', async () => {
  const page = places.olga
  await page.goto(daemon.url)
  const group = page.locator('[data-group="web"]')
  await group.waitFor()
  const url = await share(page, { name: 'web', often: 'No limit' })

  const guest = places.guest
  await guest.goto(url)
  await guest.getByRole('button', { name: 'Open' }).tap()
  await inState(guest, 'web:web_1', 'RUNNING')
  assert.equal(await orders(guest).count(), 0)

  const ann = places.ann
  await ann.reload()
  const line = ann.locator('[data-linked="web:*"]')
  await line
    .getByText(/by olga · until .* · openings without limit · opened last .* · in 1 browser/)
    .waitFor({})

  await guest.getByRole('button', { name: 'Guest: account' }).tap()
  await guest.getByRole('button', { name: 'Leave' }).tap()
  await guest.getByRole('heading', { name: 'You have left', level: 1 }).waitFor()
  assert.deepEqual(await drawn(guest), [])

  await line.getByRole('button', { name: 'Revoke the link to web:*' }).click()
  await ann.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await line.waitFor({ state: 'detached' })
  assert.equal(await focused(ann), 'Links')
})

scene('rights that are taken away take their buttons along, without a reload', async () => {
  const page = places.olga
  await inState(page, 'web:web_0', 'RUNNING')
  await page.evaluate(() => {
    window.sameDocument = true
  })
  assert.notEqual(await orders(page).count(), 0)
  const ann = places.ann
  await ann.getByRole('button', { name: 'Edit olga' }).click()
  const sheet = ann.getByRole('dialog', { name: 'olga' })
  await sheet.getByText('More', { exact: true }).click()
  await sheet.getByLabel('Only these actions').fill('logs')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await orders(page).first().waitFor({ state: 'detached' })
  assert.equal(await orders(page).count(), 0)
  await inState(page, 'web:web_0', 'RUNNING')
  assert.equal(await page.evaluate(() => window.sameDocument), true)
  await live(page)
})

scene('another role ends the session, and whoever logs in again has the buttons of the new one', async () => {
  const page = places.olga
  await write('olga', { role: 'operator', password: undefined })
  await orders(page).first().waitFor()
  await write('olga', { role: 'viewer', password: undefined })
  const ended = page.getByRole('dialog', { name: 'Your session has ended' })
  await ended.waitFor()
  await logIn(ended, 'olga')
  await live(page)
  await orders(page).first().waitFor({ state: 'detached' })
  assert.equal(await orders(page).count(), 0)
  assert.equal(await page.evaluate(() => window.sameDocument), true)
})

scene('an administrator disables somebody, who is out at once', async () => {
  const page = places.olga
  const ann = places.ann
  await ann.reload()
  await ann.getByRole('button', { name: 'Edit olga' }).click()
  const sheet = ann.getByRole('dialog', { name: 'olga' })
  await sheet.getByRole('checkbox', { name: 'Disabled' }).check()
  await sheet.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
  await ann.getByText('Disabled', { exact: true }).waitFor()
  assert.equal(await focused(ann), 'Edit olga')
})

scene('an administrator removes somebody', async () => {
  const page = places.ann
  await page.getByRole('button', { name: 'Edit olga' }).click()
  await page.getByRole('dialog', { name: 'olga' }).getByRole('button', { name: 'Remove' }).click()
  const question = page.getByRole('dialog', { name: 'Remove olga?' })
  assert.equal(await focused(page), 'Cancel')
  await question.getByRole('button', { name: 'Remove olga' }).click()
  await page.getByRole('button', { name: 'Edit olga' }).waitFor({ state: 'detached' })
  assert.equal((await ask('olga', 'GET', 'session')).status, 401)
})

scene('people change their own password, and stay where they are', async () => {
  const page = places.vera
  await page.getByRole('button', { name: 'vera: account' }).click()
  await page.getByRole('button', { name: 'Change password' }).click()
  const sheet = page.getByRole('dialog', { name: 'A new password' })
  const change = async (old, next) => {
    await sheet.getByLabel('Password so far').fill(old)
    await sheet.getByLabel('New password').fill(next)
    await sheet.getByRole('button', { name: 'Change password' }).click()
  }
  await change('not the one', 'vera has another secret')
  await sheet.getByText('That is not the password so far.').waitFor()
  expected('vera', /status of 401/)
  await change(secrets.vera, 'vera has another secret')
  await sheet.waitFor({ state: 'detached' })
  await told(page, 'vera has a new password.')
  assert.equal(await focused(page), 'vera: account')
  assert.equal((await ask('vera', 'GET', 'session')).status, 401)
  secrets.vera = 'vera has another secret'
  assert.equal((await ask('vera', 'GET', 'session')).status, 200)
  await page.reload()
  await live(page)
})

scene('a password of the main file is changed there, and the page says where', async () => {
  const page = places.ann
  await page.getByRole('button', { name: 'ann: account' }).click()
  await page.getByRole('button', { name: 'Change password' }).click()
  const sheet = page.getByRole('dialog', { name: 'A new password' })
  await sheet.getByLabel('Password so far').fill(secrets.ann)
  await sheet.getByLabel('New password').fill('ann has another secret')
  await sheet.getByRole('button', { name: 'Change password' }).click()
  await sheet.getByText(/supervisord\.conf:\d+/).waitFor()
  expected('ann', /status of 409/)
  await sheet.getByRole('button', { name: 'Cancel' }).click()
  await sheet.waitFor({ state: 'detached' })
})

scene('who guesses too often waits, and the wait ends by itself and leads to what was wanted', async () => {
  const page = await arrive('mallory', desktop, '?q=group%3Aweb&sort=-name')
  await page.getByRole('heading', { name: 'Log in', level: 1 }).waitFor()
  const tooMany = page.getByText(/Too many tries\. Try again after \d\d:\d\d:\d\d/)
  const wrong = page.getByText('The name or the password is wrong.')
  await page.getByLabel('User', { exact: true }).fill('vera')
  for (let n = 1; (await tooMany.count()) === 0; n++) {
    assert.ok(n < 20, 'nobody is slowed down')
    const answered = page.waitForResponse((response) => response.url().endsWith('/session'))
    await page.getByLabel('Password', { exact: true }).fill(`guess ${n}`)
    await page.getByRole('button', { name: 'Log in', exact: true }).click()
    const status = (await answered).status()
    assert.ok(n > 5 || status === 401, `guess ${n} was answered with ${status}`)
    await wrong.or(tooMany).waitFor()
  }
  await tooMany.waitFor({ state: 'detached', timeout: 40_000 })
  await logIn(page, 'vera')
  await inState(page, 'web:web_1', 'RUNNING')
  assert.deepEqual(await drawn(page), ['web:web_1', 'web:web_0'])
  expected('mallory', /status of (401|429)/)
})
