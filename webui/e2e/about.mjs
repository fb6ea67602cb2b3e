// The page about supervisord, as far as it tells of plug-ins and of event listeners: to
// an administrator, in both languages, and to a viewer, who has less to see. Against a
// real supervisord. Needs what journey.mjs needs, and Python for the plug-in.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, hand, stage, until } from './stage.mjs'

const secrets = { ann: 'a plain secret', vera: 'vera has a secret' }
const plugins = fileURLToPath(new URL('../../examples/plugins/', import.meta.url))

/** Options of the server, then a plug-in that answers, one that does not, and two pools that hear the same. */
const config = `username=ann
password=a plain secret

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:cache]
command=/usr/bin/python3 ${plugins}cache.py
role=operator

[rpcinterface:mail]
url=unix:///nowhere/mail.sock

[eventlistener:ears]
command=/bin/sh -c 'while echo READY && read -r header; do head -c "\${header##*len:}" >> heard; printf "RESULT 2\\nOK"; done'
directory=%(here)s
events=REMOTE_COMMUNICATION
startsecs=0

[eventlistener:babbler]
command=/bin/sh -c 'echo READY; read -r header; echo good morning; exec sleep 100000'
events=REMOTE_COMMUNICATION,TICK_3600
buffer_size=2
startsecs=0
`

const { scene, enter, expected, leave } = stage('about')
let daemon
let browser
let ann

before(async () => {
  daemon = await supervise(config, 'users_file=%(here)s/users.conf')
  browser = await openBrowser()
  const vera = { role: 'viewer', programs: ['ears'], password: secrets.vera }
  assert.equal((await ask('PUT', 'users/vera', vera)).status, 200)
  await until(async () => (await plugin('cache')).state === 'answers', 'the plug-in')
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

const authorization = `Basic ${Buffer.from(`ann:${secrets.ann}`).toString('base64')}`

function ask(method, path, body) {
  return fetch(`${daemon.url}api/v1/${path}`, {
    method,
    headers: { Authorization: authorization, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  })
}

const plugin = async (name) =>
  (await (await ask('GET', 'plugins')).json()).plugins.find((one) => one.name === name)

const pool = async (group) =>
  (await (await ask('GET', 'pools')).json()).pools.find((one) => one.group === group)

/** Calls a method by XML-RPC, and gives the answer as it is written. */
async function call(method, ...texts) {
  const params = texts.map((text) => `<param><value><string>${text}</string></value></param>`)
  const answer = await fetch(`${daemon.url}RPC2`, {
    method: 'POST',
    headers: { Authorization: authorization, 'Content-Type': 'text/xml' },
    body: `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params.join('')}</params></methodCall>`,
  })
  return answer.text()
}

const tellListeners = (text) => call('supervisor.sendRemoteCommEvent', 'word', text)

async function arrive(who, options) {
  const page = await enter(browser, who, options)
  await page.goto(`${daemon.url}about`)
  await page.getByLabel('User', { exact: true }).fill(who)
  await page.getByLabel('Password', { exact: true }).fill(secrets[who])
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.getByRole('heading', { name: 'About', level: 1 }).waitFor()
  return page
}

const section = (page, name) => page.getByRole('region', { name, exact: true })
const poolOn = (page, group) => page.locator(`[data-pool="${group}"]`)
const pluginOn = (page, name) => page.locator(`[data-plugin="${name}"]`)

/** What is to be read somewhere, as one line. */
const words = async (place) => (await place.innerText()).replace(/\s+/g, ' ').trim()

scene('pools that nothing ails are told of as they are', async () => {
  ann = await arrive('ann', desktop)
  await section(ann, 'Event listeners').waitFor()
  const drawn = await ann.locator('[data-pool]').evaluateAll((all) => all.map((one) => one.dataset.pool))
  assert.deepEqual(drawn, ['babbler', 'ears'])
  for (const group of drawn) await poolOn(ann, group).getByText('READY: waits for an event').waitFor()
  assert.match(await words(poolOn(ann, 'babbler')), /REMOTE_COMMUNICATION, TICK_3600/)
  for (const [group, size] of [
    ['babbler', 2],
    ['ears', 10],
  ])
    assert.match(
      await words(poolOn(ann, group)),
      new RegExp(`0 of ${size} events wait Dropped events: none Handled events: 0 of 0`),
    )
})

scene('a listener that breaks the protocol is told of where one looks, with what its pool lost', async () => {
  await tellListeners('one')
  const babbler = poolOn(ann, 'babbler')
  const broke = babbler.getByText('UNKNOWN: has broken the protocol: it said')
  await broke.waitFor() // without anything having been pressed
  assert.match(await words(broke), /it said 'good morning\\n' · for /)
  for (const text of ['two', 'three', 'four']) await tellListeners(text)
  await babbler.getByText('2 of 2 events wait').waitFor()
  await babbler.getByText('Dropped events: 2 in the last hour, 2 in all').waitFor()
  await babbler.getByText('Handled events: 0 of 4').waitFor()
  await until(async () => (await pool('ears')).counts.handled === 4, 'the end of the other pool’s work')
  await ann.reload()
  await broke.waitFor()
  const ears = poolOn(ann, 'ears')
  await ears.getByText('READY: waits for an event').waitFor()
  assert.match(await words(ears), /0 of 10 events wait Dropped events: none Handled events: 4 of 4/)
})

scene('plug-ins are told of with what they were asked, and why one does not answer', async () => {
  const { methods } = await plugin('cache')
  assert.match(await call('cache.store', 'colour', 'purple'), /<boolean>1</)
  assert.match(await call('cache.fetch', 'colour'), /purple/)
  assert.match(await call('cache.fetch', 'no such key'), /<fault>/)
  await ann.reload()
  await section(ann, 'Plug-ins').waitFor()
  const drawn = await ann.locator('[data-plugin]').evaluateAll((all) => all.map((one) => one.dataset.plugin))
  assert.deepEqual(drawn, ['cache', 'mail'])
  const cache = await words(pluginOn(ann, 'cache'))
  assert.match(cache, /^cache\.\* answers since .+ 7 methods 3 calls 1 error for operators its process$/)
  assert.equal(methods, 7)
  const mail = await words(pluginOn(ann, 'mail'))
  assert.match(mail, /^mail\.\* does not answer/)
  assert.ok(mail.includes((await plugin('mail')).why), mail)
  assert.match(mail, /unix:\/\/\/nowhere\/mail\.sock 0 calls for admins$/)
  assert.equal(await pluginOn(ann, 'mail').getByRole('link').count(), 0)
})

scene('its links lead to what they name', async () => {
  await pluginOn(ann, 'cache').getByRole('link', { name: 'its process' }).click()
  await ann.getByRole('heading', { name: 'cache', level: 1 }).waitFor()
  assert.equal(ann.url(), `${daemon.url}process/cache/cache`)
  await ann.goBack()
  await poolOn(ann, 'babbler').getByRole('link', { name: 'babbler' }).click()
  await ann.getByRole('heading', { name: 'babbler', level: 1 }).waitFor()
  await ann.locator('[data-listener]').getByText("'good morning").first().waitFor()
  await ann.goBack()
  await poolOn(ann, 'ears').waitFor()
})

scene('a plug-in that has gone is told of as such, and its process as what it is', async () => {
  assert.match(await call('supervisor.stopProcess', 'cache'), /<boolean>1</)
  assert.match(await call('cache.getCount'), /<fault>/)
  assert.equal((await plugin('cache')).state, 'silent')
  await ann.reload()
  await pluginOn(ann, 'cache').getByText('does not answer').waitFor()
  await pluginOn(ann, 'cache').getByRole('link', { name: 'its process' }).click()
  await ann.getByText('STOPPED', { exact: true }).first().waitFor()
  assert.match(await call('supervisor.startProcess', 'cache'), /<boolean>1</)
  await until(async () => (await plugin('cache')).state === 'answers', 'its answer')
  await ann.goBack()
  await pluginOn(ann, 'cache').getByText('answers since').waitFor()
})

scene('all of it is told in Russian', async () => {
  await ann.getByRole('button', { name: 'Settings' }).click()
  await ann.getByRole('dialog').getByRole('radio', { name: 'Русский' }).check()
  await ann.getByRole('dialog').getByRole('heading', { name: 'Настройки' }).waitFor()
  await ann.keyboard.press('Escape')
  const cache = await words(pluginOn(ann, 'cache'))
  assert.match(cache, /^cache\.\* отвечает с .+ 7 методов 4 вызова 2 ошибки для операторов его процесс$/)
  assert.match(
    await words(pluginOn(ann, 'mail')),
    /^mail\.\* не отвечает с .+ 0 вызовов для администраторов$/,
  )
  assert.match(
    await words(poolOn(ann, 'babbler')),
    /[Жж]дут события: 2 из 2 Потеряно событий: 2 за последний час, всего 2 Обработано событий: 0 из 4 babbler UNKNOWN: нарушил протокол: он сказал 'good morning\\n' · уже/,
  )
  assert.match(
    await words(poolOn(ann, 'ears')),
    /[Жж]дут события: 0 из 10 Потеряно событий: нет Обработано событий: 4 из 4 ears READY: ждёт события · уже/,
  )
  await section(ann, 'Плагины').waitFor()
  await section(ann, 'Слушатели событий').waitFor()
  await leave('ann')
})

scene('a viewer sees the pools of what they may see, and no plug-ins', async () => {
  const vera = await arrive('vera', hand)
  const asked = []
  vera.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await vera.reload()
  await poolOn(vera, 'ears').getByText('Handled events: 4 of 4').waitFor()
  const seen = await words(vera.locator('main'))
  assert.ok(!/babbler|good morning|cache|mail\b|Plug-ins/.test(seen), seen)
  assert.ok(asked.includes('/api/v1/pools') && !asked.includes('/api/v1/plugins'), String(asked))
  const byHand = await vera.evaluate(async () => {
    const pools = await (await fetch('api/v1/pools')).json()
    return { pools, plugins: (await fetch('api/v1/plugins')).status }
  })
  assert.equal(byHand.plugins, 403)
  expected('vera', /status of 403/)
  assert.deepEqual(
    byHand.pools.pools.map(({ group }) => group),
    ['ears'],
  )
  await poolOn(vera, 'ears').getByRole('link', { name: 'ears' }).click()
  await vera.getByRole('heading', { name: 'ears', level: 1 }).waitFor()
  await leave('vera')
})
