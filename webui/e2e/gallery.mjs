// Pictures of the page as its readers see it, for docs/ and for whoever reviews it:
// `make screenshots` writes six pages, in two sizes and two themes, and a short film
// to artifacts/gallery. A real supervisord runs a shop of shell scripts, three of
// which are in trouble, and people who did something about it. `--keep` copies those
// that the documents show to docs/pictures.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { film } from './film.mjs'

const folder = fileURLToPath(new URL('../../artifacts/gallery/', import.meta.url))
const kept = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))
const patience = 60_000

/** What the documents show. */
const shown = ['processes-desktop-light', 'logs-desktop-dark', 'process-phone-light', 'config-desktop-light']

const screens = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
}
const password = 'a plain secret'
const ctl =
  process.env.SUPERVISORCTL_BIN ?? fileURLToPath(new URL('../../bin/supervisorctl', import.meta.url))
const hashed = String(
  execFileSync(ctl, ['-s', 'http://127.0.0.1:1', 'passwd', '--print', 'anna'], { input: `${password}\n` }),
).trim()

/** Writes the scripts of the shop to a folder; each is named after what it plays. */
function writeScripts(home) {
  const scripts = {
    // The time, as most programs write it.
    'common.sh': `say() { echo "$(date '+%F %T') $*"; }\nn=$$\nchance() { n=$(( (n * 1103515245 + 12345) % 2147483648 )); return $(( n / 65536 % $1 != 0 )); }\n`,
    'web.sh': `while :; do
  for path in / /cart /search?q=kettle /items/4711 /checkout /api/v1/stock; do
    n=$(( (n * 1103515245 + 12345) % 2147483648 ))
    printf '%s INFO  GET %s 200 %dms\\n' "$(date '+%F %T')" "$path" $(( n / 65536 % 180 + 4 ))
    chance 9 && say 'WARN  slow query: SELECT * FROM stock WHERE item = 4711 (812ms)'
    chance 40 && say 'ERROR timeout talking to search: no answer in 2s' >&2
    sleep 0.4
  done
done`,
    'worker.sh': `while :; do
  n=$(( (n * 1103515245 + 12345) % 2147483648 ))
  printf '{"time":"%s","level":"info","msg":"mail sent","order":%d,"took_ms":%d}\\n' "$(date '+%FT%T')" $(( n / 65536 )) $(( n / 32768 % 90 + 10 ))
  chance 6 && printf '{"time":"%s","level":"warn","msg":"greylisted, will try again","order":%d,"to":"example.org"}\\n' "$(date '+%FT%T')" $(( n / 65536 ))
  sleep 0.7
done`,
    'busy.sh': `while :; do say "INFO  resized item-$((i = i + 1)).jpg to 640x480"; k=0; while [ $k -lt 60000 ]; do k=$((k + 1)); done; sleep 0.3; done`,
    'checkout.sh': `say 'INFO  checkout 4.2.0 starts'
say 'INFO  reading /etc/shop/checkout.toml'
if [ -e ${home}/payments ]; then
  say 'INFO  payments: connected'
  while :; do say 'INFO  order paid in 212ms'; sleep 1; done
fi
sleep 1.2
say 'ERROR payments: connect to 10.0.3.17:8443: connection refused' >&2
say 'FATAL cannot take orders without payments, giving up' >&2
exit 3`,
    'import.sh': `say 'INFO  12,840 items read, 31 changed'; exit 0`,
    'search.sh': `say 'INFO  loading index'; sleep 3; say 'ERROR index is older than its schema' >&2; exit 1`,
  }
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(home, name), name === 'common.sh' ? script : `. ${home}/common.sh\n${script}\n`)
}

const program = (home, name, script, more = '') =>
  `[program:${name}]\ncommand=/bin/sh ${home}/${script}\n${more}\n`

function shop(home) {
  return [
    `username=anna\n${hashed}\nlabel=production\ncolour=red\n`,
    '[group:shop]\nprograms=web,checkout,search\n',
    program(home, 'web', 'web.sh', 'process_name=web-%(process_num)d\nnumprocs=4\npriority=10'),
    program(home, 'checkout', 'checkout.sh', 'startretries=2\nstartsecs=5\npriority=20'),
    program(home, 'search', 'search.sh', 'startretries=1000\nstartsecs=60\npriority=30'),
    program(home, 'mailer', 'worker.sh', 'process_name=mailer-%(process_num)d\nnumprocs=2'),
    program(home, 'thumbnails', 'busy.sh', 'process_name=thumbnails-%(process_num)d\nnumprocs=3'),
    program(home, 'import', 'import.sh', 'startsecs=0\nautorestart=unexpected'),
    program(home, 'reindex', 'worker.sh', 'autostart=false'),
    program(home, 'scheduler', 'worker.sh'),
  ].join('\n')
}

/** What is in the files by the time the config page looks: not yet what runs. */
function changed(home) {
  return shop(home)
    .replace('numprocs=4', 'numprocs=6')
    .replace('startretries=2', 'startretries=10\nenvironment=PAYMENTS_URL="https://payments.example:8443"')
    .concat(program(home, 'reports', 'worker.sh', 'autostart=false'))
}

const pages = [
  { name: 'processes' },
  { name: 'process', path: 'process/shop/web-0' },
  { name: 'crash', path: 'process/shop/checkout/crashes/last' },
  {
    name: 'logs',
    path: 'logs?s=shop:web-0/stdout&s=shop:web-0/stderr&s=mailer:mailer-0/stdout',
    settle: 2_500,
  },
  { name: 'config', path: 'config', before: (daemon) => daemon.write(changed(daemon.home)) },
  { name: 'activity', path: 'activity' },
]

const cookies = {}
const keep = process.argv.includes('--keep')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const browser = await openBrowser()
const daemon = await supervise('', 'identifier=shop-1\nusers_file=%(here)s/users.conf')
try {
  await daemon.stop()
  writeScripts(daemon.home)
  daemon.write(shop(daemon.home))
  await daemon.start()
  await past()
  for (const page of pages) {
    page.before?.(daemon)
    for (const size of Object.keys(screens))
      for (const theme of ['light', 'dark']) await still(page, size, theme)
  }
  daemon.write(shop(daemon.home))
  writeFileSync(join(folder, 'night.png'), await night())
} finally {
  await browser.close()
  await daemon.remove()
}
if (keep) {
  mkdirSync(kept, { recursive: true })
  for (const name of [...shown, 'night']) copyFileSync(join(folder, `${name}.png`), join(kept, `${name}.png`))
}

/** Whoever looks at this shop finds an hour's worth of troubles in half a minute. */
async function past() {
  await api('anna', 'PUT', 'users/boris', { role: 'operator', programs: ['shop:*', 'mailer:*'], password })
  await inState('shop:checkout', 'FATAL')
  for (const [who, order, reason] of [
    ['boris', 'processes/shop:checkout/start', 'payments are said to be back'],
    ['anna', 'groups/mailer/restart', 'new templates'],
    ['boris', 'processes/shop:web-2/restart', ''],
  ]) {
    await api(who, 'POST', order, { reason })
    await pause(2_000)
  }
  await inState('shop:checkout', 'FATAL')
  await inState('shop:web-2', 'RUNNING')
  const { close } = await arrive('anna', {}) // while somebody looks, there are figures
  await pause(45_000)
  await close()
}

async function api(who, method, path, body) {
  const response = await fetch(`${daemon.url}api/v1/${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from(`${who}:${password}`).toString('base64')}`,
      'Content-Type': 'application/json',
      'X-CSRF': '1',
    },
    body: body && JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

async function inState(name, state) {
  const until = Date.now() + patience
  for (;;) {
    const { processes } = await api('anna', 'GET', 'processes')
    if (processes.find((one) => `${one.group}:${one.name}` === name)?.state === state) return
    if (Date.now() > until) throw new Error(`${name} does not get ${state}`)
    await pause(100)
  }
}

/** Somebody's browser, logged in, which they do once. */
async function arrive(who, options, path = '') {
  const place = await browser.open({
    locale: 'en',
    reducedMotion: 'reduce',
    storageState: cookies[who],
    ...options,
  })
  await place.page.goto(`${daemon.url}${path}`)
  if (!cookies[who]) {
    await place.page.locator('input[autocomplete="username"]').fill(who)
    await place.page.locator('input[autocomplete="current-password"]').fill(password)
    await place.page.keyboard.press('Enter')
  }
  await place.page.locator('[data-link="live"]').waitFor({ timeout: patience })
  cookies[who] ??= await place.page.context().storageState()
  return place
}

async function still({ name, path, settle = 1_500 }, size, theme) {
  const { page, close } = await arrive('anna', { ...screens[size], colorScheme: theme }, path)
  try {
    await page.locator('h1').waitFor()
    await pause(settle)
    await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) })
  } finally {
    await close()
  }
}

/** The story of the film: at night, on a phone, by somebody without a shell. */
async function night() {
  const { page, close } = await arrive('boris', {
    ...screens.phone,
    deviceScaleFactor: 1,
    colorScheme: 'dark',
  })
  const stills = []
  const shoot = async (ms) => stills.push({ png: await page.screenshot(), ms })
  const attention = page.locator('section', { has: page.getByText('Needs attention') })
  try {
    await page.locator('h1').waitFor()
    await pause(1_500)
    await shoot(2_500)
    await attention.getByRole('link', { name: /checkout/ }).tap()
    await page.getByRole('heading', { level: 1, name: /checkout/ }).waitFor()
    await pause(1_200)
    await shoot(2_500)
    await page.goto(`${daemon.url}process/shop/checkout/crashes/last`)
    await page.getByText('connection refused').first().waitFor({ timeout: patience })
    await pause(600)
    await shoot(3_500)
    writeFileSync(join(daemon.home, 'payments'), '')
    await page.goto(`${daemon.url}process/shop/checkout`)
    await page.getByRole('heading', { level: 1, name: /checkout/ }).waitFor()
    await pause(800)
    await shoot(1_000)
    await page
      .getByRole('button', { name: /^(Start|Restart)\b/ })
      .first()
      .tap()
    for (let i = 0; i < 60; i++) {
      await shoot(i === 0 ? 900 : 200)
      if (await page.getByText('RUNNING', { exact: true }).first().isVisible()) break
      await pause(150)
    }
    await pause(600)
    await shoot(4_000)
    return film(stills)
  } finally {
    await close()
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
