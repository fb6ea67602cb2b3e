// Whether everybody can use the page: each of its pages and sheets, on a desktop and
// on a phone, in both languages and all themes, is put to a checker of accessibility;
// thumbs, narrow screens and words that are in no catalogue are measured on the way.
// Needs what journey.mjs needs.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brokenRules, crowded, faults, moving, narrow, speak, strangeWords } from './access/measure.mjs'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { hold, until } from './stage.mjs'

const artifacts = fileURLToPath(new URL('../../artifacts/access/', import.meta.url))
const plugins = fileURLToPath(new URL('../../examples/plugins/', import.meta.url))
const patience = Number(process.env.PATIENCE ?? 20_000)

/** Options of the server, then the programs. */
const programs = (keep) => `username=ann
password=a plain secret
label=the lab
colour=purple

[include]
files=more.ini

[program:web]
command=/bin/sh -c 'while :; do sleep 1; done'
process_name=web_%(process_num)d
numprocs=2
environment=API_TOKEN="hunter2",MODE="${keep}"

[program:speaker]
command=/bin/sh -c 'printf "\\033[32mspoken\\033[0m line <b>&\\nERROR it broke\\nWARN it creaks\\n{\\"level\\":\\"info\\",\\"msg\\":\\"spoken\\"}\\n"; echo spoken >&2; exec sleep 1000'
startsecs=0

[program:broken]
command=/bin/sh -c 'echo "I cannot work like this" >&2; exit 3'
startretries=0

[program:missing]
command=/nowhere/to/be/found
startretries=0

[program:quiet]
command=/bin/sh -c 'exec sleep 1000'
autostart=false

[program:echo]
command=/bin/cat

[eventlistener:ears]
command=/bin/sh -c 'echo READY; while read line; do sleep 100; done'
events=PROCESS_STATE

[eventlistener:babbler]
command=/bin/sh -c 'echo good morning; exec sleep 1000'
events=PROCESS_STATE
buffer_size=1
startsecs=0

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:cache]
command=/usr/bin/python3 ${plugins}cache.py

[rpcinterface:mail]
url=unix:///nowhere/mail.sock
`

/** What is nobody's to translate: what this file calls things, names of formats and browsers, what has an identity. */
const data = new RegExp(
  [
    /\b(web(_\d|:\*)?|speaker|broken|missing|quiet|echo|ears|babbler|cache|fresh|ann|vera|olga|deploy|by night|journey|the lab)\b/,
    /\b[\da-f]{7,}(-dirty)?\b|\b(std(out|err)|supervisor(d|ctl)?|Chrome|Linux|Aa|English|koi8-r|latin1|windows-1251)\b|Русский|spoken/,
    /\b[A-Z][A-Z\d_]+\b|\b(?=\w*\d)\w{10,}\b|\[[\w:]+\]|(\/[\w.-]+)+/,
    new RegExp(`\\b${hostname()}\\b`),
  ]
    .map((one) => one.source)
    .join('|'),
)

const sizes = {
  desk: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
}

let daemon
let browser
/** Who has come; they stay until the end. */
const here = []

before(async () => {
  mkdirSync(artifacts, { recursive: true })
  daemon = await supervise(programs('slow'), 'users_file=%(here)s/users.conf')
  browser = await openBrowser()
  const vera = { role: 'viewer', programs: ['web'], deny: [], actions: [], password: 'vera has a secret' }
  await ask('PUT', 'users/vera', vera)
  await ask('PUT', 'users/olga', { ...vera, role: 'operator', disabled: true })
  await ask('POST', 'tokens', { name: 'deploy', role: 'operator', programs: ['*'] })
  await ask('POST', 'links', {
    programs: ['web:*'],
    actions: ['logs', 'restart'],
    expires: '1h',
    comment: 'by night',
  })
  await failed('broken:broken')
  await until(async () => (await ask('GET', 'plugins')).plugins[0].state === 'answers', 'the plug-in')
  daemon.write(programs('fast'))
  writeFileSync(join(daemon.home, 'more.ini'), '[program:fresh]\ncommand=/bin/cat\nnonsense=1\n')
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
})

async function ask(method, path, body) {
  const answer = await fetch(`${daemon.url}api/v1/${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from('ann:a plain secret').toString('base64')}`,
      'Content-Type': 'application/json',
    },
    body: body && JSON.stringify(body),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
  return text && JSON.parse(text)
}

async function failed(name) {
  const end = Date.now() + patience
  for (;;) {
    const { process } = await ask('GET', `processes/${encodeURIComponent(name)}`)
    if (process.state === 'FATAL') return
    assert.ok(Date.now() < end, `${name} is ${process.state}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const button = (place, name) => place.getByRole('button', { name, exact: typeof name === 'string' })
const heading = (page, name) => page.getByRole('heading', { name, level: 1 })
const dialog = (page) => page.getByRole('dialog')
const opened = async (page) => dialog(page).waitFor()

/** Presses a button and waits for what it opens. */
const press = (name) => async (page) => {
  await button(page, name).first().click()
  await opened(page)
}

/** Presses one of the things done more seldom with a process: on a phone they are behind one button. */
const pressMore = (name) => async (page, size) => {
  if (size === 'desk') return press(name)(page)
  await page.locator('header .actions').getByRole('button').last().click()
  const wanted = button(dialog(page), name)
  await wanted.click()
  await wanted.waitFor({ state: 'detached' })
  await opened(page)
}

const log = (page) => page.getByRole('log').getByText('spoken').first().waitFor()
const both = '/logs?s=speaker:speaker/stdout&s=speaker:speaker/stderr'

/** Every place of the page: its address, what must be seen there, and what is done then. */
const places = [
  { name: 'overview', path: '/', ready: (page) => page.locator('[data-process="echo:echo"]').waitFor() },
  {
    name: 'filter without a match',
    path: '/?q=nothing-like-it',
    ready: (page) => button(page, 'Clear filter').first().waitFor(),
  },
  {
    name: 'question before a stop',
    path: '/',
    act: async (page, size) => {
      if (size === 'desk') return press('Stop web')(page)
      await button(page, /web$/).and(page.locator('[data-group] *')).last().click()
      await opened(page)
    },
  },
  {
    name: 'question before a restart, for thumbs',
    only: 'phone',
    path: '/',
    act: press('Restart web:web_0'),
  },
  {
    name: 'rows chosen',
    path: '/',
    act: async (page, size) => {
      if (size === 'phone') await button(page, 'Select').click()
      await page.getByLabel('Select web:web_0', { exact: true }).check()
      await page.getByText('1 selected').waitFor()
      await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight)) // the bar covers no row there
    },
  },
  { name: 'settings', path: '/', act: press('Settings') },
  {
    name: 'all settings',
    path: '/settings',
    ready: (page) => heading(page, 'Settings').waitFor(),
  },
  { name: 'account', path: '/', act: press('ann: account') },
  {
    name: 'password',
    path: '/',
    act: async (page) => {
      await press('ann: account')(page)
      await button(page, 'Change password').click()
      await dialog(page).getByText('A new password').waitFor()
    },
  },
  {
    name: 'my links',
    path: '/',
    act: async (page) => {
      await press('ann: account')(page)
      await button(page, 'My links').click()
      await page.getByText('by night').waitFor()
    },
  },
  {
    name: 'an order that fails, and one that can be taken back',
    path: '/process/missing/missing',
    ready: (page) => heading(page, 'missing').waitFor(),
    act: async (page, size) => {
      await button(page, /^Start/)
        .first()
        .click()
      await page.locator('[data-notice]').first().waitFor()
      if (size === 'phone') return
      await page.evaluate(() => {
        history.pushState(null, '', document.baseURI)
        dispatchEvent(new PopStateEvent('popstate'))
      })
      await button(page, 'Restart speaker').click()
      await page.locator('[data-waiting]').waitFor()
    },
  },
  {
    name: 'process',
    path: '/process/web/web_0',
    ready: (page) => page.locator('[data-chart]').first().waitFor(),
  },
  {
    name: 'process that failed',
    path: '/process/broken/broken',
    ready: (page) => page.locator('[data-life="exit"]').first().waitFor(),
  },
  {
    name: 'event listener',
    path: '/process/ears/ears',
    ready: (page) => page.locator('[data-listener]').waitFor(),
  },
  {
    name: 'charts as a table',
    path: '/process/web/web_1',
    act: async (page) => {
      await button(page, 'As a table').click()
      await page.getByRole('columnheader', { name: 'Descriptors' }).waitFor()
    },
  },
  { name: 'log of a process', path: '/process/speaker/speaker/log', ready: log },
  {
    name: 'crashes',
    path: '/process/broken/broken/crashes',
    ready: (page) => page.locator('[data-life="exit"]').first().waitFor(),
  },
  {
    name: 'crash',
    path: '/process/broken/broken/crashes/last',
    ready: (page) => page.locator('[data-crash]').getByText('I cannot work').waitFor(),
  },
  {
    name: 'configuration of a process',
    path: '/process/web/web_0/config',
    ready: (page) => page.getByRole('table').first().waitFor(),
  },
  { name: 'signal', path: '/process/echo/echo', act: pressMore('Signal echo') },
  { name: 'line to send', path: '/process/echo/echo', act: pressMore('Send a line echo') },
  { name: 'share', path: '/process/echo/echo', act: pressMore('Share echo') },
  {
    name: 'process that is not there',
    path: '/process/no/such',
    ready: (page) => heading(page, /not in the configuration/).waitFor(),
  },
  { name: 'no log chosen', path: '/logs', ready: (page) => page.getByText('No log is chosen').waitFor() },
  { name: 'logs to choose from', path: '/logs', act: press('Choose logs') },
  {
    name: 'several logs, searched',
    path: `${both}&s=web:web_0/stdout`,
    ready: log,
    act: async (page) => {
      await page.getByRole('log').press('/')
      await page.getByRole('searchbox').fill('spoken')
      await button(page, 'All files').click()
      await page
        .getByRole('region', { name: 'Found in all files' })
        .getByText(/matching lines/)
        .waitFor()
      await page.getByRole('searchbox').press('Enter')
      await page.locator('.line.cursor').waitFor()
    },
  },
  { name: 'logs beside each other', path: `${both}&view=split`, ready: log },
  {
    name: 'more about a log',
    path: both,
    ready: log,
    act: async (page) => {
      await press('More about this log')(page)
      await dialog(page).getByText('Keys', { exact: true }).click()
    },
  },
  {
    name: 'log to be cleared',
    path: '/logs?s=speaker:speaker/stdout',
    ready: log,
    act: async (page) => {
      await press('More about this log')(page)
      await button(dialog(page), /Clear/).click()
      await dialog(page).getByRole('link').first().waitFor()
    },
  },
  {
    name: 'line of a log',
    only: 'phone',
    path: '/logs?s=speaker:speaker/stdout',
    ready: log,
    act: async (page) => {
      await hold(page, page.getByRole('log').getByText('spoken').first(), dialog(page))
    },
  },
  {
    name: 'bytes of a line',
    only: 'phone',
    path: '/logs?s=speaker:speaker/stdout',
    ready: log,
    act: async (page) => {
      await hold(page, page.getByRole('log').getByText('spoken').first(), dialog(page))
      await button(page, 'Bytes').first().click()
      await dialog(page).locator('pre').waitFor()
    },
  },
  {
    name: 'palette',
    path: '/',
    act: async (page) => {
      await press('Search and commands')(page)
      await dialog(page).getByRole('option').first().waitFor()
    },
  },
  {
    name: 'shortcuts',
    only: 'desk',
    path: '/',
    act: async (page) => {
      await page.waitForFunction(() => 'keys' in document.documentElement.dataset)
      await page.keyboard.press('?')
      await opened(page)
    },
  },
  {
    name: 'configuration with changes to apply',
    path: '/config',
    ready: (page) => page.locator('[data-change="web"]').waitFor(),
  },
  {
    name: 'changes about to be applied',
    path: '/config',
    ready: (page) => page.locator('[data-change="web"]').waitFor(),
    act: press('Apply'),
  },
  {
    name: 'activity',
    path: '/activity',
    ready: (page) => page.locator('[data-act]').first().waitFor(),
    act: async (page) => {
      await page.locator('[data-act] summary').first().click()
    },
  },
  {
    name: 'activity without a match',
    path: '/activity?user=nobody',
    ready: (page) => page.getByText('Nothing matches').waitFor(),
  },
  {
    name: 'people',
    path: '/people',
    ready: (page) => page.locator('[data-linked]').first().waitFor(),
  },
  { name: 'a new person', path: '/people', act: press('Add a person') },
  { name: 'a person changed', path: '/people', act: press('Edit olga') },
  {
    name: 'a person removed',
    path: '/people',
    act: async (page) => {
      await press('Edit olga')(page)
      await button(dialog(page), 'Remove').click()
      await dialog(page).getByText('Remove olga?').waitFor()
    },
  },
  { name: 'a new token', path: '/people', act: press('Make a token') },
  { name: 'a link revoked', path: '/people', act: press('Revoke the link to web:*') },
  {
    name: 'about',
    path: '/about',
    ready: async (page) => {
      await page.locator('[data-plugin="cache"]').getByText('answers').waitFor()
      await page.locator('[data-plugin="mail"]').getByText('does not answer').waitFor()
      const babbler = page.locator('[data-pool="babbler"]')
      await babbler.getByText('UNKNOWN: has broken the protocol').waitFor()
      await babbler.getByText(/in the last hour/).waitFor()
    },
  },
  {
    name: 'a shutdown',
    path: '/about',
    ready: (page) => page.getByText('Where it listens').waitFor(),
    act: press('Shut down'),
  },
  { name: 'unknown page', path: '/no/such/page', ready: (page) => heading(page, /no such page/).waitFor() },
  {
    name: 'end of a session',
    path: '/',
    ready: (page) => page.locator('[data-process="echo:echo"]').waitFor(),
    act: async (page) => {
      await page.evaluate(async () => {
        const { session } = await (await fetch('api/v1/session')).json()
        await fetch(`api/v1/sessions/${session.id}`, { method: 'DELETE', headers: { 'X-CSRF': '1' } })
      })
      await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
    },
    undo: (page) => logIn(dialog(page)),
  },
]

/**
 * Measures the place that is open: a checker in both languages and all themes; and,
 * with words that are half as long again, what is in no catalogue and what they break.
 */
async function inspect(page, size) {
  const found = []
  const note = (where, list) => found.push(...list.map((one) => `${where}: ${one}`))
  for (const language of ['en', 'ru']) {
    await speak(page, language)
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme })
      note(
        `${language}, ${scheme}`,
        await faults(page, scheme === 'light' ? brokenRules : ['color-contrast']),
      )
    }
    await page.evaluate(() => {
      document.documentElement.dataset.before = document.documentElement.dataset.theme
      document.documentElement.dataset.theme = 'contrast'
    })
    note(`${language}, contrast`, await faults(page, ['color-contrast-enhanced']))
    await page.evaluate(() => {
      document.documentElement.dataset.theme = document.documentElement.dataset.before
    })
    if (size === 'phone') note(language, await crowded(page))
    note(`${language}, at 320 px`, await narrow(page, size))
  }
  note('moves', await moving(page))
  await speak(page, 'xx')
  note('in no catalogue', await strangeWords(page, data))
  note('half as long again', await narrow(page, size))
  await speak(page, 'en')
  await page.emulateMedia({ colorScheme: 'light' })
  return [...new Set(found)]
}

async function logIn(place) {
  const user = place.getByLabel('User', { exact: true })
  if (await user.isEditable()) await user.fill('ann')
  await place.getByLabel('Password', { exact: true }).fill('a plain secret')
  await button(place, 'Log in').click()
  await place.getByLabel('Password', { exact: true }).waitFor({ state: 'detached' })
}

/** Nothing, if an element is to be seen whole in what a keyboard leaves of the screen. */
async function seenWhole(field) {
  await field.waitFor()
  return field.evaluate(async (element) => {
    element.focus()
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    const { top, bottom, left, width } = element.getBoundingClientRect()
    const { offsetTop, height } = window.visualViewport
    const on = document.elementFromPoint(left + width / 2, (top + bottom) / 2)
    const whole = top >= offsetTop && bottom <= offsetTop + height && element.closest('search').contains(on)
    return whole
      ? []
      : [`the field is at ${top} to ${bottom} of ${height}, under ${on?.outerHTML.slice(0, 60)}`]
  })
}

describe('everybody can use every page', { concurrency: 2 }, () => {
  for (const size of Object.keys(sizes)) {
    test(`on a ${size}`, { timeout: 900_000 }, async (all) => {
      const visitor = await browser.open({ ...sizes[size], locale: 'en-GB', reducedMotion: 'reduce' })
      const { page, complaints } = visitor
      page.setDefaultTimeout(patience)
      const scene = (name, run, path = '') =>
        all.test(name, { timeout: 60_000 }, async () => {
          try {
            assert.deepEqual(await run(), [])
            // The browser itself tells of each refusal, which one place is meant to get.
            assert.deepEqual(
              complaints
                .splice(0)
                .filter((one) => !(path === '/process/missing/missing' && /status of 404/.test(one))),
              [],
            )
          } catch (error) {
            complaints.splice(0)
            await page.screenshot({ path: join(artifacts, `${size}-${name.replace(/\W+/g, '-')}.png`) })
            throw error
          }
        })

      await scene('login', async () => {
        await page.goto(`${daemon.url}activity`)
        await heading(page, 'Log in').waitFor()
        const found = await inspect(page, size)
        await logIn(page.locator('main section'))
        await page.locator('[data-link="live"]').waitFor()
        return found
      })
      for (const { name, only, path, ready, act, undo } of places) {
        if (only && only !== size) continue
        await scene(
          name,
          async () => {
            await page.goto(daemon.url + path.slice(1))
            await ready?.(page)
            await act?.(page, size)
            const found = await inspect(page, size)
            await undo?.(page, size)
            return found
          },
          path,
        )
      }
      await scene('search on a phone with its keyboard open', async () => {
        if (size !== 'phone') return []
        await page.goto(daemon.url)
        await page.getByRole('searchbox').tap()
        // Chromium resizes what is seen, as Android does; the field must be in what is left.
        await page.setViewportSize({ width: 360, height: 740 - 320 })
        const seen = await seenWhole(page.getByRole('searchbox'))
        await page.goto(daemon.url + both.slice(1))
        await log(page)
        await button(page, 'Find').tap()
        const found = await seenWhole(page.getByRole('searchbox'))
        await page.setViewportSize(sizes.phone.viewport)
        return [...seen, ...found]
      })
      await scene('a link, and what a guest sees', async () => {
        const { url } = await ask('POST', 'links', {
          programs: ['web:*'],
          actions: ['restart'],
          expires: '1h',
        })
        const found = []
        const guest = await browser.open({ ...sizes[size], locale: 'en-GB', reducedMotion: 'reduce' })
        guest.page.setDefaultTimeout(patience)
        for (const language of ['ru', 'en']) {
          await guest.page.setExtraHTTPHeaders({ 'Accept-Language': language })
          await guest.page.goto(url)
          found.push(...(await faults(guest.page, brokenRules)), ...(await narrow(guest.page, size)))
          if (size === 'phone') found.push(...(await crowded(guest.page)))
        }
        await button(guest.page, 'Open').click()
        await guest.page.locator('[data-process="web:web_0"]').waitFor()
        found.push(...(await inspect(guest.page, size)))
        await button(guest.page, 'Guest: account').click()
        await button(dialog(guest.page), 'Leave').click()
        await heading(guest.page, 'You have left').waitFor()
        found.push(...(await inspect(guest.page, size)), ...guest.complaints)
        await guest.close()
        return found
      })
      await scene('reference of the API', async () => {
        await page.goto(`${daemon.url}api/v1/reference`)
        await heading(page, /API/).waitFor()
        // In the dark its colours are the browser's own, which the checker takes for those of the light.
        return [...(await faults(page, brokenRules)), ...(await narrow(page, size))]
      })
      await scene('the language is changed where one is', async () => {
        await page.goto(daemon.url)
        await page.evaluate(() => {
          window.sameDocument = true
        })
        await press('Settings')(page)
        await dialog(page).getByRole('radio', { name: 'Русский' }).check()
        await dialog(page).getByRole('heading', { name: 'Настройки' }).waitFor()
        await page.waitForFunction(() => document.documentElement.lang === 'ru')
        await page.locator('[data-group="web"]').getByText('работает 2 из 2').waitFor()
        await dialog(page).getByRole('radio', { name: 'English' }).check()
        await dialog(page).getByRole('heading', { name: 'Settings' }).waitFor()
        assert.equal(await page.evaluate(() => window.sameDocument), true)
        return []
      })
      await scene('what has happened is heard, all of it in one sentence', async () => {
        if (size !== 'desk') return []
        await page.goto(daemon.url)
        await page.locator('[data-process="quiet:quiet"]').waitFor()
        const regions = page.locator('body > [role=status], body > [role=alert]')
        assert.deepEqual(await regions.evaluateAll((all) => all.map((one) => one.textContent)), ['', ''])
        await button(page, 'Start quiet').click()
        await regions.first().filter({ hasText: 'quiet changed to RUNNING' }).waitFor()
        return []
      })
      here.push(visitor)
    })
  }
})

test('the page of a supervisord that is gone', { timeout: 120_000 }, async () => {
  for (const { page } of here) {
    await page.goto(daemon.url)
    await page.locator('[data-process="echo:echo"]').waitFor()
  }
  await daemon.stop()
  for (const { page } of here) {
    await button(page, 'Try now').waitFor()
    await page.locator('body > [role=alert]').filter({ hasText: 'Lost the connection.' }).waitFor()
    assert.deepEqual(await inspect(page, page.viewportSize().width < 640 ? 'phone' : 'desk'), [])
  }
})
