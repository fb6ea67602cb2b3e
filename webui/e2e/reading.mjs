// Reading logs to the letter: what is on the screen, in the clipboard and in a download, beside what
// is in the files of a real supervisord. Needs what journey.mjs needs, and grep.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { desktop, hand, stage, until } from './stage.mjs'

/** What is written into the folder beside the configuration is said by the program of that name. */
const programs = `
; A log of 200 MB, from before.
[program:big]
command=/bin/sh -c 'exec sleep 100000'
stdout_logfile=HOME/big.log
stdout_logfile_maxbytes=0

[program:steady]
command=/bin/sh -c 'n=0; while :; do n=$((n+1)); echo "steady $n"; sleep 0.05; done'

[program:turning]
command=/bin/cat
stdout_logfile=HOME/turning.log
stdout_logfile_maxbytes=1KB
stdout_logfile_backups=1

[program:left]
command=/bin/cat

[program:right]
command=/bin/cat

[program:colours]
command=/bin/sh -c 'cat "HOME/colours"; exec sleep 100000'

[program:data]
command=/bin/sh -c 'cat "HOME/data"; exec sleep 100000'
`

const esc = '\x1b'
/** Foregrounds by their name; each is a line of its own. */
const foregrounds = [
  ...Array.from({ length: 8 }, (_, n) => [`normal ${n}`, `${30 + n}`]),
  ...Array.from({ length: 8 }, (_, n) => [`bright ${n}`, `${90 + n}`]),
  ['of 256', '38;5;208'],
  ['exact dark', '38;2;10;20;60'],
  ['exact light', '38;2;250;250;210'],
]
const colours = [
  ...foregrounds.map(([name, code]) => `${esc}[${code}m${name}${esc}[0m plain`),
  `${esc}[1mbold${esc}[0m ${esc}[4munderlined${esc}[0m ${esc}[41mon red${esc}[0m`,
  `${esc}]8;;https://example.com${esc}\\a link${esc}]8;;${esc}\\ of the web`,
]
const data = [
  'first line',
  '{"level":"info","msg":"hello","request":{"id":7,"tags":["a","b"]}}',
  `one of a megabyte ${'x'.repeat(1 << 20)}`,
  'needle one',
  'between',
  'needle two',
  'needle three',
  'last line',
]

const { scene, enter } = stage('reading')
let home
let daemon
let browser
let desk
let phone

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'webui-reading-'))
  writeFileSync(join(home, 'colours'), `${colours.join('\n')}\n`)
  writeFileSync(join(home, 'data'), `${data.join('\n')}\n`)
  writeBig(join(home, 'big.log'))
  daemon = await supervise(programs.replaceAll('HOME', home))
  browser = await openBrowser()
  const permissions = ['clipboard-read', 'clipboard-write']
  desk = await enter(browser, 'desk', { ...desktop, permissions })
  phone = await enter(browser, 'phone', hand)
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
  if (home) rmSync(home, { recursive: true, force: true })
})

/** Numbered lines, 200 MB of them; one in a thousand has the word rare. */
function writeBig(path) {
  const file = openSync(path, 'w')
  const filler = '.'.repeat(180)
  for (let n = 0; n < 1_000; n++) {
    const lines = Array.from(
      { length: 1_050 },
      (_, i) => `${n * 1_050 + i} ${i === 7 ? 'rare' : 'common'} ${filler}\n`,
    )
    writeSync(file, lines.join(''))
  }
  closeSync(file)
}

const address = (name, query = '') => `${daemon.url}process/${name}/${name}/log${query}`

const tail = async (name) => (await fetch(`${daemon.url}api/v1/log/${name}:${name}/stdout?tail=4096`)).json()

const written = (name, last) =>
  until(async () => (await tail(name)).lines.at(-1) === last, `${last} in ${name}`)

/** Has a program say a line, and waits until it is in its log. */
async function say(name, line) {
  const answer = await fetch(`${daemon.url}api/v1/processes/${name}:${name}/stdin`, {
    method: 'POST',
    headers: { 'X-CSRF': '1', 'Content-Type': 'application/json' },
    body: JSON.stringify({ text: `${line}\n` }),
  })
  assert.equal(answer.status, 202)
  await written(name, line)
}

const line = (page, text) => page.getByRole('log').getByText(text, { exact: true }).first()

const drawnLines = (page) =>
  page.locator('[role="log"] .line .text').evaluateAll((lines) => lines.map((one) => one.textContent))

/** The lines that can be seen, whole. */
const seen = (page) =>
  page.evaluate(() => {
    const pane = document.querySelector('[role="log"]')
    const { top, bottom } = pane.getBoundingClientRect()
    return [...pane.querySelectorAll('.line')]
      .filter((one) => {
        const box = one.getBoundingClientRect()
        return box.top >= top && box.bottom <= bottom
      })
      .map((one) => one.querySelector('.text').textContent)
  })

const copied = (page) => page.evaluate(() => navigator.clipboard.readText())

/** What a download has, by its SHA-256. */
async function hashOf(path) {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part)
  return hash.digest('hex')
}

scene(
  'for five seconds of new lines nothing moves under who has scrolled up, at the desk and on a phone',
  async () => {
    const reads = async (page) => {
      await page.goto(address('steady'))
      await page.waitForFunction(() => {
        const pane = document.querySelector('[role="log"]')
        return pane && pane.scrollHeight > pane.clientHeight + 400
      })
      await page.getByRole('log').evaluate((pane) => pane.scrollBy(0, -200))
      await page
        .getByText(/^Paused/)
        .first()
        .waitFor()
      const before = await seen(page)
      // A hundred lines at twenty a second.
      await page.getByText(/Paused · \d{3,} new lines/).waitFor()
      assert.deepEqual(await seen(page), before)
      await page.getByRole('log').press('End')
      await page.waitForFunction(
        (n) => Number([...document.querySelectorAll('.line .text')].at(-1).textContent.split(' ')[1]) > n,
        Number(before.at(-1).split(' ')[1]) + 100,
      )
    }
    await Promise.all([reads(desk), reads(phone)])
  },
)

scene('a link to a line that was rotated away says so, and shows the newest lines', async () => {
  await say('turning', 'the line of the link')
  const { epoch, offs, lines } = await tail('turning')
  const off = offs[lines.indexOf('the line of the link')]
  const link = address('turning', `?at=${epoch}.${off}`)
  await desk.goto(link)
  await desk.locator('.line.cursor').getByText('the line of the link', { exact: true }).waitFor()
  for (let n = 0; n < 6; n++) await say('turning', `${n} ${'x'.repeat(600)}`)
  await say('turning', 'the newest line')
  for (const page of [desk, phone]) {
    await page.goto('about:blank')
    await page.goto(link)
    await page.getByText(/The line this link leads to is there no more: it was rotated away/).waitFor()
    await line(page, 'the newest line').waitFor()
    assert.equal(await line(page, 'the line of the link').count(), 0)
  }
})

scene('two logs are one, in the order in which their lines came, also after a reload', async () => {
  const said = []
  const both = async (n) => {
    for (const name of n % 3 === 0 ? ['right', 'left'] : ['left', 'right']) {
      await say(name, `${name} ${n}`)
      said.push(`${name} ${n}`)
      // What one log gets within 5 ms has one time of arrival.
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  for (let n = 1; n <= 4; n++) await both(n)
  await desk.goto(`${daemon.url}logs?s=left:left/stdout&s=right:right/stdout`)
  await line(desk, 'right 4').waitFor()
  for (let n = 5; n <= 7; n++) await both(n)
  await line(desk, said.at(-1)).waitFor()
  assert.deepEqual(await drawnLines(desk), said)
  await desk.reload()
  await line(desk, said.at(-1)).waitFor()
  assert.deepEqual(await drawnLines(desk), said)
})

/** Contrast of a text with what is behind it, by its line. Runs in the page. */
function contrasts() {
  const rgb = (text) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    canvas.fillStyle = text
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const luminance = (colour) => {
    const [r, g, b] = colour.map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const pane = document.querySelector('[role="log"]')
  let behind = pane
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement
  const back = luminance(rgb(getComputedStyle(behind).backgroundColor))
  return [...pane.querySelectorAll('.line .text')].map((one) => {
    const [first] = one.querySelectorAll('span')
    const { color } = getComputedStyle(first)
    const front = luminance(rgb(color))
    const [light, dark] = front > back ? [front, back] : [back, front]
    return { text: first.textContent, color, contrast: (light + 0.05) / (dark + 0.05) }
  })
}

for (const colorScheme of ['light', 'dark']) {
  scene(`every colour of a terminal is told apart and can be read, in ${colorScheme}`, async () => {
    await desk.emulateMedia({ colorScheme })
    await written('colours', colours.at(-1))
    await desk.goto(address('colours'))
    await line(desk, 'a link of the web').waitFor()
    const found = new Map((await desk.evaluate(contrasts)).map((one) => [one.text, one]))
    const named = foregrounds.map(([name]) => found.get(name))
    for (const { text, color, contrast } of named)
      assert.ok(contrast >= 4.5, `${text} in ${color} has a contrast of ${contrast}`)
    // Seven colours and the eighth, which is near the text's own: all of them are others.
    const ordinary = named.slice(0, 8).map(({ color }) => color)
    assert.equal(new Set(ordinary).size, 8, String(ordinary))
    assert.equal(new Set(named.slice(8, 16).map(({ color }) => color)).size, 8)
    assert.notEqual(found.get('of 256').color, found.get('exact dark').color)
    const style = (text) =>
      line(desk, text).evaluate((span) => {
        const { fontWeight, textDecorationLine, backgroundColor } = getComputedStyle(span)
        return { fontWeight, textDecorationLine, backgroundColor }
      })
    assert.equal((await style('bold')).fontWeight, '700')
    assert.equal((await style('underlined')).textDecorationLine, 'underline')
    assert.notEqual((await style('on red')).backgroundColor, (await style('bold')).backgroundColor)
    assert.equal(await desk.locator('[role="log"] a').count(), 0)
  })
}

scene('what is copied of coloured lines is what was said, without the colours', async () => {
  await desk.emulateMedia({ colorScheme: 'light' })
  await desk.evaluate(() => {
    const texts = [...document.querySelectorAll('[role="log"] .line .text')]
    const nodeOf = (element) => document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode()
    const first = texts.find((one) => one.textContent === 'normal 1 plain')
    const last = texts.find((one) => one.textContent === 'of 256 plain')
    getSelection().setBaseAndExtent(nodeOf(first), 3, nodeOf(last), 6)
  })
  await desk.getByRole('log').press('Control+c')
  const names = foregrounds.slice(1, 17).map(([name]) => `${name} plain`)
  const whole = names.join('\n')
  assert.equal(await copied(desk), whole.slice(3, whole.length - ' plain'.length))
})

scene('the way through the hits leads on by n and back by N', async () => {
  await written('data', 'last line')
  await desk.goto(address('data'))
  await line(desk, 'last line').waitFor()
  await desk.getByRole('log').press('/')
  await desk.getByRole('searchbox').fill('needle')
  await desk.locator('.count').getByText(/3$/).waitFor()
  await desk.getByRole('searchbox').press('Enter')
  const marked = desk.locator('.line.cursor')
  const at = async (text) => marked.getByText(text, { exact: true }).waitFor()
  await at('needle three')
  await desk.getByRole('log').press('N')
  await at('needle two')
  await desk.getByRole('log').press('N')
  await at('needle one')
  await desk.getByRole('log').press('n')
  await at('needle two')
})

scene('of a line of JSON the place of a value is copied', async () => {
  await desk.goto(address('data'))
  await line(desk, 'last line').waitFor()
  await desk.getByRole('log').press('Home')
  await desk.getByRole('log').getByRole('button', { name: 'Unfold' }).click()
  const tag = desk.getByRole('log').locator('.row').filter({ hasText: '"b"' }).last()
  await tag.hover()
  await tag.getByRole('button', { name: 'copy path' }).click()
  await until(async () => (await copied(desk)) === '.request.tags[1]')
  await tag.getByRole('button', { name: 'copy value' }).click()
  await until(async () => (await copied(desk)) === '"b"')
})

/** Processor time of the page's own thread, in milliseconds. */
async function effort(cdp) {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration').value * 1000
}

scene('a megabyte in one line is drawn without effort', async () => {
  const cdp = await desk.context().newCDPSession(desk)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  await desk.goto(address('data'))
  await line(desk, 'last line').waitFor()
  const before = await effort(cdp)
  await desk.getByRole('log').press('Home')
  await line(desk, 'first line').waitFor()
  await desk.getByRole('button', { name: 'Show all of the line (1 MiB)' }).waitFor()
  const spent = (await effort(cdp)) - before
  // No task of more than 200 ms, and half as much again for slower machines: here for all of them together.
  assert.ok(spent < 300, `${spent} ms`)
  await cdp.detach()
})

scene('a search finds in 200 MB what grep finds, and its lines are downloaded as grep has them', async () => {
  await desk.goto(address('big'))
  await desk
    .getByRole('log')
    .getByText(/^1049999 common/)
    .waitFor()
  await desk.getByRole('log').press('/')
  await desk.getByRole('searchbox').fill('57 rare')
  await desk.getByRole('button', { name: 'All files' }).click()
  const expected = execFileSync('grep', ['-F', '57 rare', join(home, 'big.log')])
  const count = expected.toString().split('\n').length - 1
  assert.ok(count > 100)
  const found = desk.getByRole('region', { name: 'Found in all files' })
  await found.getByText(`${count} matching lines`).waitFor()
  const [download] = await Promise.all([
    desk.waitForEvent('download'),
    found.getByRole('link', { name: 'Download them' }).click(),
  ])
  assert.ok(readFileSync(await download.path()).equals(expected))
})

scene('200 MB are downloaded to the byte, and the page stays small', async () => {
  const cdp = await desk.context().newCDPSession(desk)
  const heap = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    return (await cdp.send('Runtime.getHeapUsage')).usedSize
  }
  await desk.goto(address('big'))
  await desk
    .getByRole('log')
    .getByText(/^1049999 common/)
    .waitFor()
  const before = await heap()
  await desk.getByRole('button', { name: 'More about this log' }).click()
  const [download] = await Promise.all([
    desk.waitForEvent('download'),
    desk.getByRole('link', { name: 'stdout, as one file' }).click(),
  ])
  assert.equal(await hashOf(await download.path()), await hashOf(join(home, 'big.log')))
  const grown = (await heap()) - before
  assert.ok(grown < 8 << 20, `${grown} bytes more`)
  await download.delete()
  await cdp.detach()
})
