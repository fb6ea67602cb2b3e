// Pictures of the page for people to look at: `npm run screenshots` writes them to
// artifacts/screenshots. A real supervisord shows the programs; the pretended one
// shows people, and what goes wrong. Words choose: `npm run screenshots -- people
// login ru phone` takes those scenes, in Russian, on a phone; all without.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { pretend } from './fake/server.mjs'

const folder = fileURLToPath(new URL('../../artifacts/screenshots/', import.meta.url))
const demo = fileURLToPath(new URL('../../examples/demo/', import.meta.url))

const screens = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
}

const one = (name, script, more = '') => `[program:${name}]\ncommand=/bin/sh ${demo}bin/${script}\n${more}\n`

const several = [
  '[group:shop]\nprograms=store,queue,front\n',
  one('store', 'worker.sh store 4'),
  one('queue', 'worker.sh queue 3'),
  one('front', 'worker.sh front 2'),
  one('pool', 'worker.sh pool 5', 'process_name=%(program_name)s_%(process_num)02d\nnumprocs=4'),
  one('crashes', 'crashes.sh', 'startsecs=2'),
  one('chatty', 'chatty.sh'),
  '[program:once]\ncommand=/bin/sh -c "echo done; sleep 2; exit 0"\nautorestart=unexpected\n',
  '[program:manual]\ncommand=/bin/sh -c "exec sleep 1000"\nautostart=false\n',
].join('\n')

const shopLogs = 'logs?s=shop:store/stdout&s=shop:queue/stdout&s=chatty:chatty/stdout'

const failing = [
  several,
  '[program:broken]\ncommand=/bin/sh -c "echo cannot reach the database >&2; exit 3"\nstartretries=1\n',
  '[program:missing]\ncommand=/usr/local/bin/no-such-program --serve\nstartretries=0\n',
  '[program:dying]\ncommand=/bin/sh -c "sleep 2; kill -9 $$"\nautorestart=false\n',
  '[program:trying]\ncommand=/bin/sh -c "exit 1"\nstartretries=1000\n',
  '[program:slow]\ncommand=/bin/sh -c "exec sleep 1000"\nstartsecs=600\n',
].join('\n')

const many = Array.from(
  { length: 20 },
  (_, n) =>
    `[program:service-${n}]\ncommand=/bin/sh -c "exec sleep 100000"\n` +
    `process_name=instance_%(process_num)02d\nnumprocs=15\nstartsecs=0\n`,
).join('\n')

const readable = [
  several,
  one('nowhere', 'nowhere.sh', 'stdout_logfile=NONE').replace(
    /command=.*/,
    'command=/bin/sh -c "exec sleep 1000"',
  ),
  '[program:full]\ncommand=/bin/sh -c "echo words; exec sleep 1000"\nstdout_logfile=/dev/full\n',
  '[program:binary]\ncommand=/bin/sh -c "head -c 20000 /bin/sh; exec sleep 1000"\n',
].join('\n')

/** A scene: where its page is, what is done there, and the programs behind it. */
const scenes = [
  { name: 'processes', programs: several },
  { name: 'process', programs: several, path: 'process/shop/front' },
  { name: 'log', programs: several, path: 'process/chatty/chatty/log', settle: 5_000 },
  { name: 'log-find', programs: readable, path: 'process/chatty/chatty/log', act: findErrors, settle: 5_000 },
  {
    name: 'log-line',
    programs: readable,
    path: 'process/chatty/chatty/log',
    act: pointAtLine,
    settle: 5_000,
  },
  { name: 'log-options', programs: readable, path: 'process/chatty/chatty/log', act: openLogOptions },
  { name: 'log-clear', programs: readable, path: 'logs?s=mainlog', act: openLogClear },
  { name: 'log-empty', programs: readable, path: 'process/manual/manual/log' },
  { name: 'log-memory', programs: readable, path: 'process/nowhere/nowhere/log' },
  { name: 'log-unwritable', programs: readable, path: 'process/full/full/log', act: openLogOptions },
  { name: 'log-binary', programs: readable, path: 'process/binary/binary/log' },
  { name: 'log-bytes', programs: readable, path: 'process/binary/binary/log', act: openBytes },
  { name: 'logs-merged', programs: readable, path: shopLogs },
  { name: 'logs-split', programs: readable, path: `${shopLogs}&view=split` },
  { name: 'logs-none', programs: readable, path: 'logs' },
  { name: 'many', programs: many },
  { name: 'none', programs: '' },
  { name: 'errors', programs: failing, settle: 7_000 },
  { name: 'failed', programs: failing, path: 'process/broken/broken', settle: 4_000, whole: true },
  { name: 'crash', programs: failing, path: 'process/dying/dying/crashes/last', settle: 4_000 },
  { name: 'settings', programs: several, path: 'process/shop/front/config' },
  { name: 'taste', programs: several, path: 'settings', whole: true },
  { name: 'chosen', programs: several, act: choose },
  { name: 'confirm', programs: several, act: stopGroup },
  { name: 'disconnected', programs: several, act: cut },
]

async function findErrors(page) {
  await page.locator('.push button').first().click()
  await page.getByRole('searchbox').fill('item')
  await page.locator('.levels').waitFor()
}

/** With a finger the line is held, otherwise it is pointed at. */
async function pointAtLine(page, _, size) {
  const line = page.locator('[role="log"] .line').last()
  if (size === 'desktop') return line.click()
  const box = await line.boundingBox()
  const finger = await page.context().newCDPSession(page)
  const touchPoints = [{ x: box.x + 60, y: box.y + 8 }]
  await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
  await page.getByRole('dialog').waitFor()
  await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
}

async function openLogOptions(page) {
  await page.locator('.tools .push button').last().click()
  await page.getByRole('dialog').waitFor()
}

async function openLogClear(page) {
  await openLogOptions(page)
  await page.locator('dialog .row button').last().click()
  await page.locator('dialog li a').waitFor()
}

async function openBytes(page) {
  await page.locator('.strip button').first().click()
  await page.locator('dialog pre').waitFor()
}

async function stopGroup(page, _, size) {
  const group = page.locator('[data-group="shop"]')
  if (size === 'desktop') return group.getByRole('button').last().click()
  await group.getByRole('button').last().tap()
  await page.getByRole('dialog').getByRole('button').nth(2).tap()
}

async function choose(page, _, size) {
  if (size === 'phone') await page.locator('.more button').tap()
  for (const n of [0, 1]) await page.locator('[data-process] input').nth(n).check()
  await page.locator('[role="region"] button').nth(0).click()
  await page.getByRole('dialog').getByRole('button').nth(0).click()
  await page.locator('[data-waiting]').waitFor()
}

async function cut(page, daemon) {
  await daemon.stop()
  await page.locator('.strip button').waitFor()
}

/** What the pretended supervisord shows: which of its worlds, where, and what is done there. */
const pretended = [
  { name: 'forbidden', world: 'forbidden' },
  { name: 'login', world: 'stranger' },
  { name: 'login-wrong', world: 'stranger', act: (page) => logIn(page, 'wrong') },
  { name: 'login-wait', world: 'stranger', act: (page) => logIn(page, 'slow') },
  { name: 'login-again', world: 'people', path: 'people', act: expire },
  { name: 'account', world: 'people', act: (page) => page.locator('header button').first().click() },
  { name: 'problems', world: 'people', act: readProblems },
  { name: 'people', world: 'people', path: 'people', whole: true },
  { name: 'people-none', world: 'alone', path: 'people' },
  { name: 'people-fixed', world: 'fixed', path: 'people' },
  { name: 'people-forbidden', world: 'operator', path: 'people' },
  { name: 'people-failed', world: 'people', path: 'people', broken: { users: 500 } },
  {
    name: 'user-new',
    world: 'people',
    path: 'people',
    act: (page) => press(page, 'section:first-of-type .head'),
  },
  { name: 'user-edit', world: 'people', path: 'people', act: (page) => press(page, 'li:nth-child(5)') },
  { name: 'user-refused', world: 'people', path: 'people', act: refusedUser },
  {
    name: 'removal',
    world: 'people',
    path: 'people',
    act: (page) => press(page, 'section:nth-of-type(2) li'),
  },
  { name: 'token-new', world: 'people', path: 'people', act: openToken },
  { name: 'token-made', world: 'people', path: 'people', act: makeToken },
  { name: 'activity', world: 'people', path: 'activity', act: openEntries, whole: true },
  { name: 'activity-filtered', world: 'people', path: 'activity?user=oleg&program=pay*&since=168h' },
  { name: 'activity-nothing', world: 'people', path: 'activity?user=nobody' },
  { name: 'activity-none', world: 'alone', path: 'activity' },
  { name: 'activity-failed', world: 'people', path: 'activity', broken: { activity: 500 } },
  { name: 'config', world: 'people', path: 'config', whole: true },
  { name: 'config-apply', world: 'people', path: 'config', act: (page) => press(page, '.head') },
  { name: 'about', world: 'people', path: 'about', whole: true },
  { name: 'about-restart', world: 'people', path: 'about', act: (page) => press(page, '.order') },
]

async function readProblems(page) {
  const folded = page.locator('.problems details:not([open]) > summary')
  while ((await folded.count()) > 0) await folded.first().click()
}

async function logIn(page, password) {
  await page.locator('input[autocomplete="username"]').fill('anna')
  await page.locator('input[autocomplete="current-password"]').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('.alert').waitFor()
}

async function expire(page, fake) {
  fake.expire()
  await page.getByRole('dialog').waitFor()
}

/** Presses the last button of a part of the page. */
async function press(page, part) {
  await page.locator(`main ${part}`).first().getByRole('button').last().click()
  await page.getByRole('dialog').waitFor()
}

async function refusedUser(page) {
  await press(page, 'section:first-of-type .head')
  const fields = page.getByRole('dialog').locator('input:is([type=text], [type=password])')
  await fields.nth(0).fill('maria')
  await fields.nth(1).fill('short')
  await page.keyboard.press('Enter')
  await page.locator('dialog .alert').waitFor()
}

async function openToken(page) {
  await press(page, 'section:nth-of-type(2) .head')
}

async function makeToken(page) {
  await openToken(page)
  await page.getByRole('dialog').locator('input').first().fill('deploy')
  await page.keyboard.press('Enter')
  await page.locator('dialog textarea').waitFor()
}

async function openEntries(page) {
  for (const n of [5, 6]) await page.locator('main li summary').nth(n).click()
}

const looks = Object.keys(screens).flatMap((size) =>
  ['light', 'dark'].flatMap((theme) => ['en', 'ru'].map((language) => ({ size, theme, language }))),
)
const lookWords = new Set(looks.flatMap((look) => Object.values(look)))

const words = process.argv.slice(2)
const wanted = words.filter((word) => !lookWords.has(word))
const wantedLooks = looks.filter((look) =>
  Object.keys(look).every((kind) => {
    const among = new Set(looks.map((other) => other[kind]))
    const chosen = words.filter((word) => among.has(word))
    return chosen.length === 0 || chosen.includes(look[kind])
  }),
)
if (words.length === 0) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const browser = await openBrowser()
try {
  for (const scene of scenes) if (asked(scene.name)) await picture(scene)
  for (const scene of pretended) if (asked(scene.name)) await pretendedPicture(scene)
} finally {
  await browser.close()
}

/** Scenes may be named on the command line; all without. */
function asked(name) {
  return wanted.length === 0 || wanted.includes(name)
}

/** Every look of a scene; the daemon is started anew only where the scene has ended it. */
async function picture(scene) {
  const daemon = await supervise(scene.programs)
  try {
    await pause(scene.settle ?? 2_500)
    for (const look of wantedLooks) {
      await shoot(
        scene.name,
        look,
        daemon.url + (scene.path ?? ''),
        (page) => scene.act?.(page, daemon, look.size),
        scene.whole,
      )
      if (scene.act === cut) await daemon.start()
    }
  } finally {
    await daemon.remove()
  }
}

/** Every look of a scene, each in a world of its own: what is done in one leaves its mark. */
async function pretendedPicture(scene) {
  for (const look of wantedLooks) {
    const fake = await pretend(scene.world)
    Object.assign(fake.world.people.broken, scene.broken)
    try {
      const url = fake.url + (scene.path ?? '')
      await shoot(scene.name, look, url, (page) => scene.act?.(page, fake), scene.whole)
    } finally {
      await fake.stop()
    }
  }
}

async function shoot(name, { size, theme, language }, url, act, whole = false) {
  const { page, close } = await browser.open({ ...screens[size], colorScheme: theme, locale: language })
  try {
    await page.goto(url)
    await page.locator('h1').waitFor()
    await pause(700)
    await act?.(page)
    if (whole) await page.evaluate(() => scrollTo(0, 0))
    await pause(300) // sheets rise
    await page.screenshot({ fullPage: whole, path: join(folder, `${name}-${size}-${theme}-${language}.png`) })
  } finally {
    await close()
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
