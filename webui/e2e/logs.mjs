// Reading logs in a real browser, of real programs that a real supervisord runs.
// Needs bin/supervisord with the page inside (make build), or SUPERVISORD_BIN, and Chromium.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { openBrowser } from './browser.mjs'
import { supervise } from './daemon.mjs'
import { hand, hold, stage, told } from './stage.mjs'

const patience = 30_000

const programs = `
; A long history in many files, and no more.
[program:history]
command=/bin/sh -c 'seq -f "line %%.0f of history" 1 200000; exec sleep 100000'
stdout_logfile=%(here)s/history.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=20

; Thousands of lines a second, as often as it is told to go on.
[program:flood]
command=/bin/sh -c 'n=0; for i in $(seq 50); do seq -f "flood %%.0f" $((n+1)) $((n+2000)); n=$((n+2000)); sleep 0.2; done; exec sleep 100000'
autostart=false

[program:steady]
command=/bin/sh -c 'n=0; while :; do n=$((n+1)); echo "steady $n"; sleep 0.05; done'

[program:gallery]
command=/bin/sh -c 'cat "%(here)s/gallery"; exec sleep 100000'

; One error, many files ago.
[program:early]
command=/bin/sh -c 'echo "ERROR it broke early"; seq -f "line %%.0f since" 1 60000; exec sleep 100000'
stdout_logfile=%(here)s/early.log
stdout_logfile_maxbytes=200KB
stdout_logfile_backups=20

; What is written first is rotated away soon.
[program:rolling]
command=/bin/sh -c 'seq -f "rolling %%.0f" 1 20000; exec sleep 100000'
stdout_logfile=%(here)s/rolling.log
stdout_logfile_maxbytes=20KB
stdout_logfile_backups=1

; "Privet, mir" as it was written before UTF-8.
[program:cyrillic]
command=/bin/sh -c 'printf "\\317\\360\\350\\342\\345\\362, \\354\\350\\360\\n"; exec sleep 100000'

[program:binary]
command=/bin/sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); printf "\\001\\002\\377\\376ELF "; done; exec sleep 100000'

[program:quiet]
command=/bin/sh -c 'exec sleep 100000'
stdout_logfile=NONE
stderr_logfile=%(here)s/quiet.err

[program:pair]
command=/bin/sh -c 'n=0; while [ $n -lt 20 ]; do n=$((n+1)); echo "out $n"; sleep 0.3; echo "err $n" >&2; sleep 0.3; done; exec sleep 100000'
`

const esc = '\x1b'
const megabyte = 'x'.repeat(1 << 20)
const gallery = Buffer.concat([
  Buffer.from(
    [
      `${esc}[31mred${esc}[0m ${esc}[1;38;5;208morange${esc}[0m ${esc}[48;2;10;20;30mexact${esc}[0m end`,
      `${esc}]8;;javascript:alert(1)${esc}\\link${esc}]8;;${esc}\\ after`,
      `unterminated ${esc}]0;title`,
      'progress 1%\rprogress 50%\rprogress 100%',
      '<img src=x onerror=alert(1)> stays text',
      'bidi \u202egnp.exe',
      'nul \0 here',
      '',
    ].join('\n'),
  ),
  Buffer.from([...Buffer.from('bad '), 0xe9, ...Buffer.from(' byte\n')]),
  Buffer.from('2026-01-31 ERROR something broke\n2026-01-31 WARN look out\n2026-01-31 DEBUG detail\n'),
  Buffer.from('{"level":"info","msg":"hello","request":{"id":7,"tags":["a","b"]}}\n'),
  Buffer.from(`${megabyte}\n`),
  Buffer.from('last line of the gallery\n'),
])

let home
let daemon
let browser
let desk
const { enter, leave, expected, scene: play } = stage('logs')

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'webui-logs-'))
  writeFileSync(join(home, 'gallery'), gallery)
  daemon = await supervise(programs.replaceAll('%(here)s', home))
  browser = await openBrowser()
  desk = await enter(browser, 'desk', {
    viewport: { width: 1440, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
})

after(async () => {
  await browser?.close()
  await daemon?.remove()
  if (home) rmSync(home, { recursive: true, force: true })
})

const scene = (name, act) => play(name, () => act(desk), 180_000)

const api = async (path, method = 'GET') => {
  const response = await fetch(`${daemon.url}api/v1/${path}`, { method, headers: { 'X-CSRF': '1' } })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response
}

/** Waits until a log has been written to its end, as the API tells it. */
async function written(log, last) {
  const until = Date.now() + patience
  for (;;) {
    const page = await (await api(`log/${log}?tail=4096`)).json()
    if (page.lines.at(-1) === last) return page
    if (Date.now() > until) throw new Error(`${log} ends with ${page.lines.at(-1)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The texts of the lines that are drawn, from the first to the last. */
const drawn = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[role="log"] .line .text')].map((line) => line.textContent),
  )
/** The lines that can be seen. */
const seen = (page) =>
  page.evaluate(() => {
    const pane = document.querySelector('[role="log"]')
    const { top, bottom } = pane.getBoundingClientRect()
    return [...pane.querySelectorAll('.line')]
      .filter((line) => {
        const box = line.getBoundingClientRect()
        return box.top >= top && box.bottom <= bottom
      })
      .map((line) => line.querySelector('.text').textContent)
  })
const appears = (page, text) =>
  page.getByRole('log').getByText(text, { exact: true }).first().waitFor({ timeout: patience })
const log = (page, name, query = '') => page.goto(`${daemon.url}process/${name}/${name}/log${query}`)

/** Scrolls up until a line is drawn. */
async function scrollUpTo(page, text) {
  await page.waitForFunction(
    (text) => {
      const pane = document.querySelector('[role="log"]')
      if ([...pane.querySelectorAll('.line .text')].some((line) => line.textContent === text)) return true
      if (pane.getAttribute('aria-busy') !== 'true') pane.scrollTop = 0
      return false
    },
    text,
    { timeout: 120_000, polling: 50 },
  )
}

scene('the end of a long log is shown first, and every line is a line', async (page) => {
  await written('history/stdout', 'line 200000 of history')
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  const lines = await drawn(page)
  const first = Number(lines[0].split(' ')[1])
  assert.deepEqual(
    lines,
    lines.map((_, i) => `line ${first + i} of history`),
  )
})

scene('scrolling back leads through the rotated files to the first line, in bounded memory', async (page) => {
  await page.getByRole('log').hover()
  await page.mouse.wheel(0, -600)
  await page.getByText('Paused').first().waitFor()
  await scrollUpTo(page, 'line 1 of history')
  await page.getByText('The beginning of what is kept').waitFor()
  assert.ok((await page.evaluate(() => document.querySelectorAll('*').length)) < 2_500)
  // What was let go at the other end comes back when it is wanted.
  await page.getByRole('log').press('End')
  await appears(page, 'line 200000 of history')
})

scene('a link to a line opens it, paused and marked', async (page) => {
  await page.getByRole('log').press('Home')
  await appears(page, 'line 5 of history')
  await page.getByRole('log').getByText('line 5 of history', { exact: true }).click()
  await page.getByRole('button', { name: 'Copy a link to it' }).click()
  await told(page, 'Copied')
  const link = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(link, /\/process\/history\/history\/log\?at=\w+\.\d+$/)
  await page.goto('about:blank')
  await page.goto(link)
  await page.locator('.line.cursor').getByText('line 5 of history', { exact: true }).waitFor()
  await page.getByText('Paused').first().waitFor()
  const gone = new URL(link)
  gone.searchParams.set('at', 'earlier.100')
  await page.goto('about:blank')
  await page.goto(gone.href)
  await page.getByText('This link is from before supervisord was restarted').waitFor()
  await appears(page, 'line 200000 of history')
  // The browser tells of the answer, which was meant.
  expected('desk', /410/)
})

scene('a search finds what is loaded at once, and in all files what grep finds', async (page) => {
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  await page.getByRole('log').press('/')
  await page.getByRole('searchbox').fill('777 of')
  await page.locator('.count', { hasText: /^\d$/ }).waitFor()
  await page.getByRole('button', { name: 'All files' }).click()
  const expected = Array.from({ length: 200_000 }, (_, i) => i + 1).filter((n) =>
    String(n).endsWith('777'),
  ).length
  await page
    .getByRole('region', { name: 'Found in all files' })
    .getByText(`${expected} matching lines`)
    .waitFor()
  // The way to the one before leads on where nothing is loaded.
  for (let i = 0; i < 8; i++) {
    await page.getByRole('searchbox').press('Enter')
    const wanted = `line ${199_777 - i * 1_000} of history`
    await page.locator('.line.cursor').getByText(wanted, { exact: true }).waitFor()
  }
  await page.getByRole('searchbox').press('Escape')
})

scene('patterns, capitals, the filter and its context', async (page) => {
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  await page.getByRole('log').press('Control+f')
  await page.getByRole('button', { name: /regular expression/ }).click()
  await page.getByRole('searchbox').fill('(')
  await page
    .getByRole('alert')
    .getByText(/no regular expression/)
    .waitFor()
  await page.getByRole('searchbox').fill('LINE 1999\\d9 ')
  await page.getByText('10', { exact: true }).first().waitFor()
  await page.getByRole('button', { name: 'Filter', exact: true }).click()
  await page.waitForFunction(() => document.querySelectorAll('[role="log"] .line').length === 10)
  await page.getByLabel('Lines around').selectOption('1')
  await page.waitForFunction(() => document.querySelectorAll('[role="log"] .line').length === 30)
  await page.getByRole('button', { name: /match case/ }).click()
  await page.getByText('no match here').waitFor()
  assert.match(page.url(), /[?&]q=LINE/)
  await page.getByRole('searchbox').press('Escape')
  await appears(page, 'line 200000 of history')
  assert.doesNotMatch(page.url(), /[?&]q=/)
})

scene('a pattern that would take for ever stops nothing but itself', async (page) => {
  await written('gallery/stdout', 'last line of the gallery')
  await log(page, 'gallery')
  await appears(page, 'last line of the gallery')
  await page.getByRole('log').press('Home')
  await page.getByRole('button', { name: 'Show all of the line (1 MiB)' }).waitFor()
  await page.getByRole('log').press('/')
  await page.getByRole('button', { name: /regular expression/ }).click()
  // The longest the page stood still is measured by the page, for as long as the pattern is tried.
  await page.evaluate(() => {
    let last = performance.now()
    window.stood = 0
    window.watch = setInterval(() => {
      window.stood = Math.max(window.stood, performance.now() - last)
      last = performance.now()
    }, 20)
  })
  await page.getByRole('searchbox').fill('(x+x+)+y')
  await page.getByRole('alert').getByText('This pattern takes too long').waitFor()
  const stood = await page.evaluate(() => {
    clearInterval(window.watch)
    return window.stood
  })
  assert.ok(stood < 5_000, `the page stood still for ${stood} ms`)
  // What is typed instead is found, also while one of the slow kind is under way.
  await page.getByRole('searchbox').fill('(x+x+)+z')
  await page.getByRole('searchbox').fill('so[a-z]+hing bro')
  await page.locator('.count', { hasText: /^1$/ }).waitFor()
  await page.getByRole('searchbox').press('Enter')
  await page.locator('.line.cursor .mark').getByText('something bro', { exact: true }).waitFor()
  await page.getByRole('searchbox').press('Escape')
})

scene('a search through all files can be stopped midway', async (page) => {
  let held
  await page.route('**/stdout/search?*', async (route) => {
    held = route // the server is never asked: the page must end the request itself
  })
  await page.getByRole('log').press('/')
  await page.getByRole('searchbox').fill('of history')
  await page.getByRole('button', { name: 'All files' }).click()
  const found = page.getByRole('region', { name: 'Found in all files' })
  await found.getByText(/Searching all files/).waitFor()
  await found.getByRole('button', { name: 'Cancel' }).click()
  await found.getByText(/Stopped/).waitFor()
  assert.ok(held)
  await held.abort().catch(() => {}) // it is over already
  await page.unroute('**/stdout/search?*')
  await page.getByRole('searchbox').press('Escape')
})

scene('while lines come, the view stays where it is read, and says how many came', async (page) => {
  await log(page, 'steady')
  await page.waitForFunction(() => {
    const pane = document.querySelector('[role="log"]')
    return pane && pane.scrollHeight > pane.clientHeight + 400
  })
  await page.getByRole('log').hover()
  await page.mouse.wheel(0, -200)
  await page.getByText('Paused').first().waitFor()
  const before = await seen(page)
  await page.getByText(/Paused · \d{2,} new lines/).waitFor()
  assert.deepEqual(await seen(page), before)
  await page.getByRole('log').press('End')
  await page.waitForFunction(
    (n) => Number([...document.querySelectorAll('.line .text')].at(-1).textContent.split(' ')[1]) > n,
    Number(before.at(-1).split(' ')[1]) + 20,
  )
})

scene('a flood is followed to its last line, and what is skipped says so', async (page) => {
  await log(page, 'flood')
  await page.getByText('No output yet').waitFor()
  await api('processes/flood:flood/start', 'POST')
  const broken = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const wrong = []
        let last = 0
        const look = () => {
          const rows = [...document.querySelectorAll('[role="log"] .window > *')]
          let before
          for (const row of rows) {
            if (!row.classList.contains('line')) {
              before = undefined // a hole, which says so
              continue
            }
            const text = row.querySelector('.text').textContent
            const n = Number(/^flood (\d+)$/.exec(text)?.[1])
            if (!n || (before !== undefined && n !== before + 1)) wrong.push(`${before}, then ${text}`)
            before = n
            last = Math.max(last, n || 0)
          }
          if (last >= 100_000 || wrong.length > 0) resolve(wrong)
          else requestAnimationFrame(look)
        }
        look()
      }),
  )
  assert.deepEqual(broken, [])
})

scene('what a hostile program writes is text', async (page) => {
  await written('gallery/stdout', 'last line of the gallery')
  await log(page, 'gallery')
  await page.getByRole('log').press('Home')
  await appears(page, '<img src=x onerror=alert(1)> stays text')
  const lines = await drawn(page)
  assert.ok(lines.includes('red orange exact end'), lines.slice(0, 12).join('\n'))
  assert.ok(lines.includes('link after'))
  assert.ok(lines.includes('progress 100%'))
  assert.ok(lines.includes('bidi U+202Egnp.exe'))
  assert.ok(lines.includes('nul ␀ here'))
  assert.ok(lines.includes('bad \\xE9 byte'))
  assert.equal(await page.locator('[role="log"] img, [role="log"] a').count(), 0)
})

scene('lines say how grave they are, and each kind can be hidden', async (page) => {
  await log(page, 'gallery')
  await page.getByRole('log').press('Home')
  await page.locator('.line.error').getByText('2026-01-31 ERROR something broke').waitFor()
  await page.getByRole('log').press('/')
  await page
    .getByRole('group', { name: 'Levels' })
    .getByRole('button', { name: /^debug/ })
    .click()
  await page.getByText('2026-01-31 DEBUG detail').waitFor({ state: 'detached' })
  await page
    .getByRole('group', { name: 'Levels' })
    .getByRole('button', { name: /^debug/ })
    .click()
  await appears(page, '2026-01-31 DEBUG detail')
  await page.getByRole('searchbox').press('Escape')
})

scene('a line of JSON is unfolded, and a megabyte in one line is shown when asked for', async (page) => {
  await log(page, 'gallery')
  await page.getByRole('log').press('Home')
  await page.getByRole('log').getByRole('button', { name: 'Unfold' }).click()
  await appears(page, '"msg": "hello",')
  await page.getByRole('log').getByRole('button', { name: 'Fold' }).click()
  await page.getByText('"msg": "hello",').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Show all of the line (1 MiB)' }).click()
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('.line .text')].reduce((n, l) => n + l.textContent.length, 0) > 20_000,
  )
})

scene('what is selected over three screens is copied as it was written', async (page) => {
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  await page.getByRole('log').press('Home')
  await appears(page, 'line 3 of history')
  await page.getByRole('log').getByText('line 3 of history', { exact: true }).click()
  await page.evaluate(async () => {
    const line = [...document.querySelectorAll('.line .text')].find(
      (l) => l.textContent === 'line 3 of history',
    )
    const text = document.createTreeWalker(line, NodeFilter.SHOW_TEXT).nextNode()
    const heard = new Promise((resolve) => {
      document.addEventListener('selectionchange', resolve, { once: true })
    })
    getSelection().setBaseAndExtent(text, 5, text, 6)
    await heard // the line may be gone after the next step
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
  for (const top of [600, 1400, 2400])
    await page.evaluate(async (top) => {
      document.querySelector('[role="log"]').scrollTop = top
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    }, top)
  await appears(page, 'line 120 of history')
  await page.evaluate(async () => {
    const line = [...document.querySelectorAll('.line .text')].find(
      (l) => l.textContent === 'line 120 of history',
    )
    const text = document.createTreeWalker(line, NodeFilter.SHOW_TEXT).nextNode()
    getSelection().extend(text, 8)
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
  await page.getByRole('log').press('Control+c')
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  const whole = Array.from({ length: 118 }, (_, i) => `line ${i + 3} of history`).join('\n')
  assert.equal(copied, whole.slice(5, whole.lastIndexOf('line 120') + 8))
})

scene('downloads are what is in the files', async (page) => {
  const files = readdirSync(home)
    .filter((name) => name.startsWith('history.log'))
    .sort((a, b) => Number(b.split('.')[2] ?? 0) - Number(a.split('.')[2] ?? 0))
  const hash = createHash('sha256')
  for (const name of files) hash.update(readFileSync(join(home, name)))
  await page.getByRole('button', { name: 'More about this log' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'stdout, as one file' }).click(),
  ])
  const got = createHash('sha256')
    .update(readFileSync(await download.path()))
    .digest('hex')
  assert.equal(got, hash.digest('hex'))
  const [archive] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'all files (.tar.gz)' }).click(),
  ])
  assert.deepEqual([...readFileSync(await archive.path()).subarray(0, 2)], [0x1f, 0x8b])
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
})

scene('both channels are shown as one, in the order in which their lines came', async (page) => {
  await written('pair/stderr', 'err 20')
  await log(page, 'pair')
  await page.getByRole('radio', { name: 'both' }).check()
  await appears(page, 'err 20')
  const lines = await drawn(page)
  assert.deepEqual(lines, Array.from({ length: 20 }, (_, i) => [`out ${i + 1}`, `err ${i + 1}`]).flat())
})

scene('logs stand beside each other, and the space between is moved by keys', async (page) => {
  await page.goto(`${daemon.url}logs?s=pair:pair/stdout&s=steady:steady/stdout&s=mainlog`)
  await page.locator('.line .tag').getByText('steady', { exact: true }).first().waitFor()
  await page
    .locator('.line .text')
    .getByText(/^steady \d+$/)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Choose logs' }).click()
  await page.getByRole('checkbox', { name: 'supervisord' }).uncheck()
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.getByRole('radio', { name: 'Side by side' }).check()
  const divider = page.getByRole('separator')
  const before = Number(await divider.getAttribute('aria-valuenow'))
  await divider.press('ArrowRight')
  assert.equal(Number(await divider.getAttribute('aria-valuenow')), before + 5)
  await page.reload()
  assert.equal(Number(await divider.getAttribute('aria-valuenow')), before + 5)
  assert.equal(await page.getByRole('log').count(), 2)
})

scene('a log is cleared when that is confirmed, and other tabs see it', async (page) => {
  await log(page, 'pair')
  await appears(page, 'out 20')
  const other = await page.context().newPage()
  await other.goto(`${daemon.url}process/pair/pair/log`)
  await appears(other, 'out 20')
  await page.getByRole('button', { name: 'More about this log' }).click()
  await page.getByRole('button', { name: 'Clear the log…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('link', { name: 'Download all of pair:pair first' }).waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Cancel')
  await dialog.getByRole('button', { name: 'Clear the log…' }).click()
  await page.getByText(/^Cleared at/).waitFor()
  await other.getByText(/^Cleared at/).waitFor()
  await other.close()
})

const options = (page) => page.getByRole('button', { name: 'More about this log' }).click()
const close = (page) => page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()

scene('letters grow and times tell how long ago, also after the page was loaded anew', async (page) => {
  await log(page, 'steady')
  await appears(page, /^steady \d+$/)
  const looks = () =>
    page.evaluate(() => {
      const line = document.querySelector('[role="log"] .line')
      return [getComputedStyle(line).fontSize, line.getBoundingClientRect().height]
    })
  assert.deepEqual(await looks(), ['13px', 20])
  await options(page)
  await page.getByRole('button', { name: 'A+ larger' }).click()
  await page.getByRole('button', { name: 'A+ larger' }).click()
  await page.getByRole('radio', { name: 'Age' }).check()
  await close(page)
  await page.reload()
  await page
    .locator('.stamp')
    .getByText(/^ *\d+s$/)
    .first()
    .waitFor()
  assert.deepEqual(await looks(), ['15px', 23])
  await options(page)
  await page.getByRole('button', { name: 'A− smaller' }).click()
  await page.getByRole('button', { name: 'A− smaller' }).click()
  await page.getByRole('radio', { name: 'Hidden' }).check()
  await close(page)
})

scene('lines that are not UTF-8 are read as they were written', async (page) => {
  await log(page, 'cyrillic')
  await appears(page, '\\xCF\\xF0\\xE8\\xE2\\xE5\\xF2, \\xEC\\xE8\\xF0')
  await options(page)
  await page.getByLabel('Lines that are not UTF-8').selectOption('windows-1251')
  await close(page)
  await appears(page, 'Привет, мир')
  await page.getByRole('log').press('/')
  await page.getByRole('searchbox').fill('ПРИВЕТ')
  await page.locator('.mark').getByText('Привет', { exact: true }).waitFor()
  await page.getByRole('searchbox').press('Escape')
})

scene('what is no text is offered as a file and byte by byte', async (page) => {
  await log(page, 'binary')
  await page.getByText('This does not look like text.').waitFor()
  await page.getByRole('link', { name: 'Download the file' }).waitFor()
  await page.getByRole('button', { name: 'Bytes', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^000000 {2}01 02 ff fe 45 4c 46 20 {2}····ELF /).waitFor()
  await dialog.getByText('0 to 1,024 of 1,600').waitFor()
  await dialog.getByRole('button', { name: 'After' }).click()
  await dialog.getByText('1,024 to 1,600 of 1,600').waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'After' }).isDisabled())
  await close(page)
})

scene('a log without lines says where they would be', async (page) => {
  await log(page, 'quiet')
  await page.getByText('No output yet').waitFor()
  await page.getByText('They go to no file').waitFor()
  await page.getByRole('radio', { name: 'stderr' }).check()
  await page.getByText(`as they are written to ${home}/quiet.err`).waitFor()
})

scene('a log is opened at a share of it, and at a byte', async (page) => {
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  const go = async (where) => {
    await options(page)
    await page.getByLabel('Go to a time or a place').fill(where)
    await page.getByRole('button', { name: 'Go', exact: true }).click()
  }
  await go('50%')
  await page
    .locator('.line.cursor .text')
    .getByText(/^line 10[0-9]{4} of history$/)
    .waitFor()
  await go('#20')
  await page.locator('.line.cursor').getByText('line 2 of history', { exact: true }).waitFor()
  await page.getByText('byte 18').waitFor()
  await go('#99999999999')
  await page.getByText('This log has no such time or place.').waitFor()
  await close(page)
})

scene('an error is found where nothing is loaded', async (page) => {
  await written('early/stdout', 'line 60000 since')
  await log(page, 'early')
  await appears(page, 'line 60000 since')
  await page.getByRole('log').press('Shift+E')
  await page.locator('.line.cursor').getByText('ERROR it broke early', { exact: true }).waitFor()
  await page.getByRole('log').press('e')
  await told(page, 'There is no error in that direction.')
})

scene('a link to what was rotated away says so, and shows what there is', async (page) => {
  const { epoch } = await written('rolling/stdout', 'rolling 20000')
  await log(page, 'rolling', `?at=${epoch}.0`)
  await page.getByText('it was rotated away or cleared').waitFor()
  await appears(page, 'rolling 20000')
})

scene('lines are read one at a time, and new ones are said to those who ask for it', async (page) => {
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  const status = page.locator('.viewer > [role="status"]')
  await page.getByRole('log').press('Home')
  await appears(page, 'line 1 of history')
  await page.getByRole('log').press('ArrowDown')
  const first = await page.locator('.line.cursor .text').textContent()
  await status.getByText(first, { exact: true }).waitFor({ state: 'attached' })
  await page.getByRole('log').press('ArrowDown')
  const next = `line ${Number(first.split(' ')[1]) + 1} of history`
  await status.getByText(next, { exact: true }).waitFor({ state: 'attached' })
  await log(page, 'steady')
  await appears(page, /^steady \d+$/)
  assert.equal(await status.textContent(), '')
  await options(page)
  await page.getByRole('checkbox', { name: /Say new lines aloud/ }).check()
  await close(page)
  await status.getByText(/^steady \d+$/).waitFor({ state: 'attached' })
  await options(page)
  await page.getByRole('checkbox', { name: /Say new lines aloud/ }).uncheck()
  await close(page)
})

scene('lines of JSON are unfolded all at once', async (page) => {
  await log(page, 'gallery')
  await page.getByRole('log').press('Home')
  await appears(page, '<img src=x onerror=alert(1)> stays text')
  await options(page)
  await page.getByRole('checkbox', { name: 'Unfold lines of JSON' }).check()
  await close(page)
  await appears(page, '"msg": "hello",')
})

scene('the main log is cleared by those who may', async (page) => {
  await page.goto(`${daemon.url}logs?s=mainlog`)
  await page
    .getByRole('log')
    .getByText(/spawned/)
    .first()
    .waitFor()
  await options(page)
  await page.getByRole('button', { name: 'Clear the log…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('link', { name: 'Download all of supervisord first' }).waitFor()
  await dialog.getByText('The current file of the main log is emptied').waitFor()
  await dialog.getByRole('button', { name: 'Clear the log…' }).click()
  await page.getByText('No output yet').waitFor()
  await api('processes/quiet:quiet/restart', 'POST')
  await page
    .getByRole('log')
    .getByText(/spawned: 'quiet'/)
    .waitFor()
  assert.equal(
    await page
      .getByRole('log')
      .getByText(/spawned: 'history'/)
      .count(),
    0,
  )
})

scene('what is shown is fit for those who cannot see it', async (page) => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const check = async (where) => {
    await page.evaluate(axe)
    const found = await page.evaluate(() =>
      window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }),
    )
    const said = found.violations.map(
      (v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`,
    )
    assert.deepEqual(said, [], where)
  }
  await log(page, 'gallery')
  await appears(page, 'last line of the gallery')
  await page.getByRole('log').press('Home')
  await appears(page, '2026-01-31 ERROR something broke')
  await page.getByRole('log').press('/')
  await page.getByRole('searchbox').fill('thing')
  await page.getByRole('button', { name: 'All files' }).click()
  await page.getByRole('region', { name: 'Found in all files' }).getByText('1 matching line').waitFor()
  await page.getByRole('searchbox').press('Enter')
  await page.locator('.line.cursor').waitFor()
  await check('while searching')
  await page.getByRole('button', { name: 'More about this log' }).click()
  await page.getByRole('dialog').waitFor()
  await check('with the menu open')
})

scene('on a phone the log is wrapped, and following is one touch away', async () => {
  const page = await enter(browser, 'phone', hand)
  await log(page, 'steady')
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Follow: to the newest line' }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByRole('searchbox').waitFor()
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('.viewer :is(button, select, input, a)')]
      .map((control) => [control.ariaLabel ?? control.textContent.trim(), control.getBoundingClientRect()])
      .filter(([, box]) => box.width > 2 && (box.width < 43.5 || box.height < 43.5))
      .map(([name, box]) => `${name}: ${box.width} x ${box.height}`),
  )
  assert.deepEqual(small, [])
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  await leave('phone')
})

scene('a line that is held under a finger can be copied, linked to and selected from', async () => {
  const permissions = ['clipboard-read', 'clipboard-write']
  const page = await enter(browser, 'phone', { ...hand, permissions })
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  const dialog = page.getByRole('dialog')
  const line = (n) => page.getByRole('log').getByText(`line ${n} of history`, { exact: true })
  // The last line: what appears below the finger must not take its lifting for a click.
  await hold(page, line(200_000), dialog)
  await dialog.locator('pre').getByText('line 200000 of history').waitFor()
  await page.getByText('Paused').first().waitFor()
  await dialog.getByRole('button', { name: 'Copy the line' }).tap()
  await told(page, 'Copied')
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'line 200000 of history')
  await hold(page, line(199_985), dialog)
  await dialog.getByRole('button', { name: 'Select from here' }).tap()
  await page.getByText('Touch the line to select up to.').waitFor()
  await line(199_988).tap()
  await page.getByText('4 lines selected').waitFor()
  await page.getByRole('button', { name: 'Copy them' }).tap()
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('\n'))
  assert.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    [199_985, 199_986, 199_987, 199_988].map((n) => `line ${n} of history`).join('\n'),
  )
  await leave('phone')
})

scene('on a phone held sideways the bars make room for whoever reads', async () => {
  const page = await enter(browser, 'phone', { ...hand, viewport: { width: 740, height: 360 } })
  await log(page, 'history')
  await appears(page, 'line 200000 of history')
  const bar = page.locator('#app > header, body > header').first()
  await bar.waitFor()
  const room = () => page.evaluate(() => document.querySelector('[role="log"]').clientHeight)
  const before = await room()
  await page.evaluate(() => {
    document.querySelector('[role="log"]').scrollTop -= 200
  })
  await bar.waitFor({ state: 'hidden' })
  assert.ok((await room()) > before + 100, `${await room()} pixels for the log, ${before} before`)
  await page.getByRole('button', { name: 'Follow: to the newest line' }).tap()
  await bar.waitFor()
  await leave('phone')
})
