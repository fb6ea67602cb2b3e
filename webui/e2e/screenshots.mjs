// Pictures of the page for people to look at: `npm run screenshots` writes them to
// artifacts/screenshots. A real supervisord shows the programs; the pretended one
// shows what a real one without users cannot.
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

/** A scene: where its page is, what is done there, and the programs behind it. */
const scenes = [
  { name: 'processes', programs: several },
  { name: 'process', programs: several, path: 'process/shop/front' },
  { name: 'log', programs: several, path: 'process/chatty/chatty/log', settle: 5_000 },
  { name: 'many', programs: many },
  { name: 'none', programs: '' },
  { name: 'errors', programs: failing, settle: 7_000 },
  { name: 'confirm', programs: several, act: stopGroup },
  { name: 'disconnected', programs: several, act: cut },
]

async function stopGroup(page, _, size) {
  const group = page.locator('[data-group="shop"]')
  if (size === 'desktop') return group.getByRole('button').last().click()
  await group.getByRole('button').last().tap()
  await page.getByRole('dialog').getByRole('button').nth(2).tap()
}

async function cut(page, daemon) {
  await daemon.stop()
  await page.locator('.strip button').waitFor()
}

const looks = Object.keys(screens).flatMap((size) =>
  ['light', 'dark'].flatMap((theme) => ['en', 'ru'].map((language) => ({ size, theme, language }))),
)

const wanted = process.argv.slice(2)
if (wanted.length === 0) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const browser = await openBrowser()
try {
  for (const scene of scenes) if (asked(scene.name)) await picture(scene)
  if (asked('forbidden')) await forbidden()
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
    for (const look of looks) {
      await shoot(scene.name, look, daemon.url + (scene.path ?? ''), (page) =>
        scene.act?.(page, daemon, look.size),
      )
      if (scene.act === cut) await daemon.start()
    }
  } finally {
    await daemon.remove()
  }
}

async function forbidden() {
  const fake = await pretend('forbidden')
  try {
    for (const look of looks) await shoot('forbidden', look, fake.url)
  } finally {
    await fake.stop()
  }
}

async function shoot(name, { size, theme, language }, url, act) {
  const { page, close } = await browser.open({ ...screens[size], colorScheme: theme, locale: language })
  try {
    await page.goto(url)
    await page.locator('h1').waitFor()
    await pause(700)
    await act?.(page)
    await pause(300) // sheets rise
    await page.screenshot({ path: join(folder, `${name}-${size}-${theme}-${language}.png`) })
  } finally {
    await close()
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
