// What the page costs, beside what it may cost: `make bench-ui`, or `npm run bench-ui`
// once everything is built. With --gates only what ends the run with a failure and is
// quickly measured, as CI does. The table goes to standard output, progress to
// standard error; the exit status is 1 if a gate was not passed, or not measured.
// It is here and not in bench/, which compares programs with the original's, because
// it drives a browser with what webui/e2e has for that.
import { cpus, loadavg } from 'node:os'
import { openBrowser } from '../e2e/browser.mjs'
import { feed, log } from './pretended.mjs'
import { boot, crowd, idle, input, load, motion, nodes } from './real.mjs'
import { sizes } from './sizes.mjs'
import { report } from './table.mjs'

const onlyGates = process.argv.includes('--gates')
const figures = new Map()
const notes = []
const tell = (name, value) => figures.set(name, value)
const wanted = (row) => !onlyGates || row.quick

async function measure() {
  const built = sizes()
  for (const [name, value] of built.figures) tell(name, value)
  const browser = await openBrowser()
  try {
    say('a pretended supervisord: changes')
    await feed(browser, tell)
    say('a pretended supervisord: a log')
    await log(browser, { long: !onlyGates }, tell)
    say('a real supervisord of a thousand programs')
    await withCrowd(browser)
  } finally {
    await browser.close()
  }
  return built.later
}

async function withCrowd(browser) {
  const daemon = await crowd()
  try {
    tell('nodes.processes', await nodes(browser, daemon))
    if (onlyGates) return
    say('loading')
    await load(browser, daemon, tell)
    tell('boot.cpu', await boot(browser, daemon))
    say('standing open')
    tell('idle.bytes', await idle(browser, daemon))
    say('pressing')
    await input(browser, daemon, tell)
    say('in motion')
    await motion(browser, daemon, tell, (text) => notes.push(text))
  } finally {
    await daemon.remove()
  }
}

const started = performance.now()

function say(what) {
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}\n`)
}

function partsOf(later) {
  const few = later.filter(({ size }) => size >= 1).map(({ name, size }) => `${name} ${size.toFixed(1)}`)
  return `Loaded later, KiB compressed: ${few.join(', ')}; ${later.length - few.length} more of less than one.\n`
}

const before = loadavg()
const later = await measure()
const { text, failed } = report(figures, wanted)
console.log(text)
if (!onlyGates) console.log(partsOf(later))
if (notes.length > 0) console.log(`${notes.map((note) => `- ${note}`).join('\n')}\n`)
const words = (load) => load.map((value) => value.toFixed(2)).join(' ')
console.log(
  `Measured ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC on ${cpus().length} cores of ${cpus()[0].model}, ` +
    `in ${Math.round((performance.now() - started) / 1000)} s.\nLoad average before: ${words(before)}; after: ${words(loadavg())}.`,
)
if (failed.length > 0) {
  console.error(`over budget, or not measured: ${failed.join(', ')}`)
  process.exitCode = 1
}
