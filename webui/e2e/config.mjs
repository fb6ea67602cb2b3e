// The configuration, the activity and the page about supervisord, as an administrator
// and a viewer meet them, against a real supervisord whose files are changed under it.
// Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, hand, stage, until } from './stage.mjs'

const secrets = { ann: 'a plain secret', vera: 'vera has a secret' }

/** Options of the server, then what is included, and the programs. */
const programs = (keep, web) => `username=ann
password=a plain secret

[include]
files=more.ini

[program:keep]
command=/bin/sh -c 'exec sleep ${keep}'
startsecs=0
${web}
`
const web = (secret, option = '') => `
[program:web]
command=/bin/sh -c 'exec sleep 1000'
process_name=web_%(process_num)d
numprocs=2
startsecs=0
environment=API_TOKEN="${secret}",MODE="${option || 'slow'}"
`

let daemon
let browser
let ann
const { enter, expected, pardon, scene } = stage('config')

before(async () => {
  daemon = await supervise(programs(1000, web('hunter2')), 'users_file=%(here)s/users.conf')
  browser = await openBrowser()
  const made = await ask('PUT', 'users/vera', { role: 'viewer', programs: ['web'], password: secrets.vera })
  assert.equal(made.status, 200)
  ann = await arrive('ann', desktop)
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

function ask(method, path, body) {
  return fetch(`${daemon.url}api/v1/${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from(`ann:${secrets.ann}`).toString('base64')}`,
      'Content-Type': 'application/json',
    },
    body: body && JSON.stringify(body),
  })
}

async function arrive(who, options) {
  const page = await enter(browser, who, options)
  await page.goto(daemon.url)
  const user = page.getByLabel('User', { exact: true })
  await user.fill(who)
  await page.getByLabel('Password', { exact: true }).fill(secrets[who])
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.locator('[data-link="live"]').waitFor()
  return page
}

const pid = async (process) =>
  (await (await ask('GET', `processes/${encodeURIComponent(process)}`)).json()).process.pid

const change = (page, group) => page.locator(`[data-change="${group}"]`)

scene('files that say what runs have nothing to apply, and show no secret', async () => {
  await ann.getByRole('link', { name: 'Config', exact: true }).click()
  await ann.getByRole('heading', { name: 'Configuration', level: 1 }).waitFor()
  await ann.getByText('What runs is what the files say').waitFor()
  await ann.getByText('API_TOKEN="***"').waitFor()
  const text = await ann.locator('main').textContent()
  assert.ok(!text.includes('hunter2') && !text.includes('a plain secret'), text)
  assert.ok(text.includes('password=***'), text)
})

scene(
  'a change shows what differs and which processes die, and only what was chosen is applied',
  async () => {
    const kept = await pid('keep')
    const died = await pid('web:web_0')
    daemon.write(programs(2000, web('another', 'fast')))
    writeFileSync(
      join(daemon.home, 'more.ini'),
      '[program:fresh]\ncommand=/bin/sh -c "exec sleep 1000"\nstartsecs=0\n',
    )
    await ann.getByRole('button', { name: 'Check again' }).click()
    const card = change(ann, 'web')
    await card.getByText('Restarted', { exact: true }).waitFor()
    await card.getByText(`PID ${died}`).waitFor()
    await card.getByText('fast', { exact: true }).waitFor()
    await card.getByText('A secret differs, which is not shown.').waitFor()
    assert.ok(!(await card.textContent()).includes('another'))
    await change(ann, 'fresh').getByText('Added', { exact: true }).waitFor()
    await change(ann, 'keep').getByText(`PID ${kept}`).waitFor()
    assert.equal(await pid('web:web_0'), died) // to look changes nothing

    await card.getByRole('button', { name: 'Apply web only' }).click()
    const sheet = ann.getByRole('dialog', { name: 'Apply 1 change?' })
    await sheet.getByText('2 processes will be stopped:').waitFor()
    await sheet.getByLabel('Why?').fill('faster')
    await sheet.getByRole('button', { name: 'Apply', exact: true }).click()
    await ann.getByText('Applied: 1 group.').first().waitFor()
    await card.waitFor({ state: 'detached' })
    assert.notEqual(await pid('web:web_0'), died)
    assert.equal(await pid('keep'), kept)

    await ann.getByRole('button', { name: 'Apply', exact: true }).first().click()
    await ann.getByRole('dialog').getByRole('button', { name: 'Apply', exact: true }).click()
    await ann.getByText('Applied: 2 groups.').first().waitFor()
    await ann.getByText('What runs is what the files say').waitFor()
    assert.notEqual(await pid('keep'), kept)
    assert.ok((await pid('fresh')) > 0)
  },
)

scene('what is applied is what was looked at, or nothing', async () => {
  const kept = await pid('keep')
  daemon.write(programs(3000, web('another', 'fast')))
  await ann.getByRole('button', { name: 'Check again' }).click()
  await change(ann, 'keep').getByText('sleep 3000').waitFor()
  daemon.write(programs(4000, web('another', 'fast'))) // while the question is being read
  await ann.getByRole('button', { name: 'Apply', exact: true }).first().click()
  await ann.getByRole('dialog').getByRole('button', { name: 'Apply', exact: true }).click()
  await ann.getByText(/It has changed since it was shown, so nothing was done/).waitFor()
  await change(ann, 'keep').getByText('sleep 4000').waitFor()
  assert.equal(await pid('keep'), kept)
  expected('ann', /status of 412/)

  await ann.getByRole('button', { name: 'Apply', exact: true }).first().click()
  await ann.getByRole('dialog').getByRole('button', { name: 'Apply', exact: true }).click()
  await ann.getByText('What runs is what the files say').waitFor()
  assert.notEqual(await pid('keep'), kept)
})

scene('a bracket that is lost is told above what it would remove, and before that is applied', async () => {
  const included = join(daemon.home, 'more.ini')
  const before = readFileSync(included, 'utf8')
  const more = '[program:more]\ncommand=/bin/true\nautostart=false\nstartsecs=1\n'
  writeFileSync(included, more + before.replace('[program:fresh]', '[program:fresh'))
  await ann.getByRole('button', { name: 'Check again' }).click()
  await change(ann, 'fresh').getByText('Removed', { exact: true }).waitFor()
  const doubts = ann.getByText(/warnings about the files/)
  const told = ann.getByText(/looks like a section header that lacks its closing bracket/)
  await told.waitFor()
  const order = ann.getByRole('button', { name: 'Apply', exact: true }).first()
  const tops = await Promise.all([doubts, told, order].map(async (one) => (await one.boundingBox()).y))
  assert.deepEqual(
    tops,
    tops.toSorted((a, b) => a - b),
  )
  await order.click()
  const sheet = ann.getByRole('dialog')
  await sheet.getByText(/warnings about the files/).waitFor()
  await sheet.getByRole('button', { name: 'Cancel' }).click()
  writeFileSync(included, before)
})

scene('a broken file is named with its line, and nothing is touched', async () => {
  const runs = await pid('fresh')
  writeFileSync(join(daemon.home, 'more.ini'), '[program:fresh]\ncommand=/bin/sh\nstartsecs=soon\n')
  await ann.getByRole('button', { name: 'Check again' }).click()
  await ann.getByText('The files cannot be applied as they are').waitFor()
  await ann.getByRole('button', { name: /more\.ini:3$/ }).click()
  const line = ann.locator('[data-place]')
  await line.getByText('startsecs=soon').waitFor()
  assert.match(ann.url(), /config\?file=.*more\.ini&line=3$/)
  assert.equal(await ann.getByRole('button', { name: 'Apply', exact: true }).count(), 0)
  assert.equal(await pid('fresh'), runs)
  expected('ann', /status of 422/)
  await ann.reload() // and the address leads there again
  await line.getByText('startsecs=soon').waitFor()
  expected('ann', /status of 422/)
  writeFileSync(
    join(daemon.home, 'more.ini'),
    '[program:fresh]\ncommand=/bin/sh -c "exec sleep 1000"\nstartsecs=0\n',
  )
})

scene('the activity has who did what and what became of it, and counts what is new', async () => {
  await ann.getByRole('link', { name: 'Activity' }).click()
  await ann.locator('[data-act]').filter({ hasText: 'faster' }).first().waitFor()
  await ann.locator('[data-event]').filter({ hasText: 'RUNNING' }).first().waitFor()

  const before = await ann.locator('[data-act], [data-event]').count()
  await ask('POST', `processes/${encodeURIComponent('web:web_1')}/stop`, { reason: 'to see it' })
  const news = ann.getByRole('button', { name: /new: Show what is new$/ })
  await news.waitFor()
  assert.equal(await ann.locator('[data-act], [data-event]').count(), before) // nothing has moved
  await news.click()
  await ann
    .locator('[data-event]')
    .filter({ hasText: 'STOPPED' })
    .filter({ hasText: 'web:web_1' })
    .first()
    .waitFor()
  await ann.locator('[data-act]').filter({ hasText: 'to see it' }).waitFor()

  await ann.getByLabel('What', { exact: true }).selectOption({ label: 'What people did' })
  await ann.locator('[data-event]').first().waitFor({ state: 'detached' })
  await ann.getByLabel('Program', { exact: true }).fill('web:*')
  await ann.getByLabel('Program', { exact: true }).press('Enter')
  await ann.waitForURL(/type=act&program=web/)
  const saved = ann.waitForEvent('download')
  await ann.getByRole('button', { name: 'Save as JSON' }).click()
  const entries = JSON.parse(readFileSync(await (await saved).path(), 'utf8'))
  assert.ok(entries.length > 0 && entries.every((e) => e.act), JSON.stringify(entries))
  const table = ann.waitForEvent('download')
  await ann.getByRole('button', { name: 'Save as CSV' }).click()
  const csv = readFileSync(await (await table).path(), 'utf8')
  assert.match(csv, /^time,kind,person,what/)
  assert.equal(csv.trimEnd().split('\r\n').length, entries.length + 1)
})

scene('a viewer is offered no configuration and is refused it by address', async () => {
  const vera = await arrive('vera', hand)
  assert.equal(await vera.getByRole('link', { name: 'Config', exact: true }).count(), 0)
  await vera.goto(`${daemon.url}config`)
  await vera.getByRole('heading', { name: 'You may not see the configuration' }).waitFor()
  expected('vera', /status of 403/)
  await vera.goto(`${daemon.url}activity`)
  await vera.locator('[data-event]').filter({ hasText: 'web:web_1' }).first().waitFor()
  assert.equal(await vera.locator('[data-act]').count(), 0)
  assert.ok(!(await vera.locator('main').textContent()).includes('keep'))
  await vera.goto(`${daemon.url}about`)
  await vera.getByRole('heading', { name: 'About', level: 1 }).waitFor()
  await vera.getByText('This supervisord').waitFor()
  assert.equal(await vera.getByRole('button', { name: 'Shut down' }).count(), 0)
})

scene('supervisord restarts when its name is typed, and the page comes back', async () => {
  await ann.getByRole('button', { name: 'Settings' }).click()
  await ann.getByRole('dialog').getByRole('link', { name: 'About' }).click()
  await ann.getByText(`127.0.0.1:${new URL(daemon.url).port}`).waitFor()
  const before = (await (await ask('GET', 'identity')).json()).epoch
  await ann.getByRole('button', { name: 'Restart supervisord' }).click()
  const sheet = ann.getByRole('dialog', { name: 'Restart journey?' })
  await sheet.getByText(/will be stopped/).waitFor()
  const order = sheet.getByRole('button', { name: 'Restart supervisord' })
  assert.equal(await order.getAttribute('aria-disabled'), 'true')
  await sheet.getByLabel('Type journey to confirm').fill('journey')
  await order.click()
  await ann.getByText('supervisord restarts.').first().waitFor()
  await until(async () => {
    const now = await ask('GET', 'identity')
      .then((r) => r.json())
      .catch(() => undefined)
    return now && now.epoch !== before && now.mood === 'RUNNING'
  }, 'another life')
  await ann.locator('[data-link="live"]').waitFor()
  for (const who of ['ann', 'vera']) pardon(who, /./) // of answers that the restart cut off
})

scene('the reference is there, without anything from elsewhere', async () => {
  const asked = []
  ann.on('request', (request) => asked.push(request.url()))
  await ann.goto(`${daemon.url}api/v1/reference`)
  await ann.getByRole('heading', { name: 'API of supervisord' }).waitFor()
  await ann.getByText('/processes/{name}/restart').waitFor()
  assert.ok(
    asked.every((url) => url.startsWith(daemon.url)),
    String(asked),
  )
})
