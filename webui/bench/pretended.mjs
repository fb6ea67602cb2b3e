// What a real supervisord cannot be told to do at will: many rows changed at once,
// lines as fast as the page draws them. The pretended one sends the same frames.
import { pretend } from '../e2e/fake/server.mjs'
import { Flood, stir } from './flood.mjs'
import {
  costOf,
  heapOf,
  longestTask,
  nodesOf,
  paintAfter,
  protocolOf,
  slowDown,
  threadClock,
} from './meter.mjs'

const desktop = { viewport: { width: 1440, height: 900 } }
/** What is measured at once, and how often; the first are for the compiler. */
const perBlock = 2
const blocks = 40
const warmUp = 5
const pause = () => new Promise((resolve) => setTimeout(resolve, 60))
/** Lines the page holds at most, and those of an hour at a thousand a second. */
const held = 100_000
const hour = 3_600_000
/** Lines in a window of the size a real supervisord grants, 256 KiB. */
const window = 2_600

/** Thread time of a change of 200 rows among 1,000. */
export async function feed(browser, tell) {
  const server = await pretend('many')
  const { page, close } = await browser.open(desktop)
  try {
    await page.goto(server.url)
    const [first] = server.world.rows
    const pid = page.locator(`[data-process="${first.group}:${first.name}"] .c-pid`)
    await pid.waitFor()
    const clock = await threadClock(await protocolOf(page))
    let n = 0
    const drawn = await pid.evaluateHandle(follow)
    const some = async () => {
      for (let i = 0; i < perBlock; i++) {
        stir(server.world, n++)
        await pause() // a real one gathers what changes in 50 ms
      }
      return drawn.evaluate((of) => of.count())
    }
    await costOf(clock, { blocks: warmUp, perBlock }, some)
    tell('flush.feed', await costOf(clock, { blocks, perBlock }, some))
  } finally {
    await close()
    await server.stop()
  }
}

/** Runs in the page: counts how often an element gets another text, which is once for each flush. */
function follow(element) {
  let texts = 0
  new MutationObserver(() => texts++).observe(element, {
    characterData: true,
    childList: true,
    subtree: true,
  })
  const count = () => {
    const seen = texts
    texts = 0
    return seen
  }
  return { count }
}

/** A log that fills all the page will hold, and what is done with it then; tell gets the figures. */
export async function log(browser, { long }, tell) {
  const server = await pretend('many')
  const { page, close } = await browser.open(desktop)
  try {
    const flood = new Flood()
    server.world.flood = flood
    await page.goto(`${server.url}process/service-0/instance_01/log`)
    await flood.wanted()
    await flood.pour(held)
    const cdp = await protocolOf(page)
    tell('heap.full', await heapOf(cdp))
    tell('nodes.log', await nodesOf(page))
    const clock = await threadClock(cdp)
    const cost = await costOf(clock, { blocks, perBlock }, async () => {
      await flood.pour(perBlock * 500)
      await pause() // until the last is painted, too
      return perBlock
    })
    tell('flush.log', cost)
    if (!long) return
    await search(page, cdp, tell)
    await replay(flood, cdp, tell)
  } finally {
    await close()
    await server.stop()
  }
}

/** A search of all lines held: none of its pieces may stall the page. */
async function search(page, cdp, tell) {
  await page.getByRole('log').press('/')
  const field = page.getByRole('searchbox')
  await field.waitFor()
  // a number alone is the count of all hits; while it grows, three dots stand behind it
  const found = { event: 'input', selector: '.find .count', pattern: '^\\d+$' }
  const look = async () => {
    await field.fill('')
    return paintAfter(page, found, () => page.keyboard.insertText('orders/3'))
  }
  await look() // the levels are counted when the field opens: that is over then
  tell('search.task', await longestTask(cdp, look))
  await slowDown(cdp, 4)
  tell('search.all', await look())
  await slowDown(cdp, 1)
  await field.press('Escape')
}

/** An hour of lines, as fast as they are drawn. */
async function replay(flood, cdp, tell) {
  await flood.pour(hour / 2, window)
  const middle = await heapOf(cdp)
  await flood.pour(hour / 2, window)
  const end = await heapOf(cdp)
  tell('heap.hour', end)
  tell('heap.growth', end - middle)
}
