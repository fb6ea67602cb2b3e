// How a page is measured: over Chromium's own protocol where it has a figure, and in
// the page where only the page knows.

/** The connection to a page over which its figures come. */
export function protocolOf(page) {
  return page.context().newCDPSession(page)
}

/** Slows the page down as a phone would. */
export function slowDown(cdp, rate) {
  return cdp.send('Emulation.setCPUThrottlingRate', { rate })
}

/**
 * Gives a way to ask for the processor time of the page's main thread so far, in
 * milliseconds: not for how long it took, which on a shared machine says little.
 */
export async function threadClock(cdp) {
  await cdp.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' })
  await cdp.send('Performance.enable')
  return async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1000
  }
}

/**
 * Milliseconds of thread time that one of something takes; block does some, and
 * tells how many there were for the page. The least of many short blocks: where
 * other work shares the processor and its caches the same instructions take two or
 * three times as long, in most blocks but not in all. A block in which the page
 * made fewer of them than it was given, because it came late, does not count.
 */
export async function costOf(clock, { blocks, perBlock }, block) {
  const costs = []
  for (let tries = 0; costs.length < blocks; tries++) {
    if (tries > blocks * 5)
      throw new Error('the page is too late to be measured: the machine does too much else')
    const before = await clock()
    const count = await block()
    if (count === perBlock) costs.push(((await clock()) - before) / count)
  }
  return least(costs)
}

/** Mebibytes of the heap that are in use once what is garbage has gone. */
export async function heapOf(cdp) {
  for (let pass = 0; pass < 2; pass++) await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  return usedSize / 2 ** 20
}

export function nodesOf(page) {
  return page.evaluate(() => document.querySelectorAll('*').length)
}

/** The longest task of the main thread while something is done, in milliseconds of its processor time. */
export async function longestTask(cdp, act) {
  const events = []
  const gather = ({ value }) => events.push(...value)
  cdp.on('Tracing.dataCollected', gather)
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] },
  })
  await act()
  const over = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve))
  await cdp.send('Tracing.end')
  await over
  cdp.off('Tracing.dataCollected', gather)
  const main = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const tasks = events.filter(
    ({ name, pid, tid, tdur }) => /RunTask$/.test(name) && tdur !== undefined && main.has(`${pid} ${tid}`),
  )
  if (tasks.length === 0) throw new Error('Chromium told of no task of the page')
  return Math.max(...tasks.map(({ tdur }) => tdur / 1000))
}

/** Runs in the page before anything of it: remembers when rows are first painted, and every long task. */
export function watchFromTheStart() {
  const seen = { rows: 0, long: [] }
  window.bench = seen
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      seen.long.push({ from: startTime, to: startTime + duration })
  }).observe({ type: 'longtask', buffered: true })
  const rows = new MutationObserver(() => {
    if (!document.querySelector('[data-process]')) return
    rows.disconnect()
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        seen.rows = performance.now()
      }
      port2.postMessage(0)
    })
  })
  rows.observe(document, { childList: true, subtree: true })
}

/** Runs in the page: counts its pictures and long tasks for some seconds. */
export function countPictures(seconds) {
  return new Promise((resolve) => {
    let long = 0
    let pictures = 0
    let begin
    const watch = new PerformanceObserver((list) => {
      long += list.getEntries().filter((entry) => entry.startTime >= begin).length
    })
    watch.observe({ type: 'longtask' })
    const draw = (now) => {
      begin ??= now
      if (now - begin < seconds * 1000) {
        pictures++
        return requestAnimationFrame(draw)
      }
      watch.disconnect()
      resolve({ pictures: (pictures * 1000) / (now - begin), long })
    }
    requestAnimationFrame(draw)
  })
}

/**
 * Milliseconds from the moment a person did something until the picture in which
 * something can be seen: an element, its text where a pattern is given, or that it
 * is gone. What is changed just before a picture is drawn counts as in the next.
 */
export async function paintAfter(page, wanted, act) {
  const waiting = await page.evaluateHandle(awaitPaint, wanted)
  await act()
  return waiting.evaluate(({ painted }) => painted)
}

/** Runs in the page. */
function awaitPaint({ event, selector, pattern = '', gone = false }) {
  const there = () => {
    const element = document.querySelector(selector)
    return element !== null && new RegExp(pattern).test(element.textContent)
  }
  const painted = new Promise((resolve) => {
    const begin = ({ timeStamp }) => {
      removeEventListener(event, begin, true)
      const watch = new MutationObserver(() => {
        if (there() === gone) return
        watch.disconnect()
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel()
          port1.onmessage = () => resolve(performance.now() - timeStamp)
          port2.postMessage(0)
        })
      })
      watch.observe(document, { childList: true, subtree: true, attributes: true, characterData: true })
    }
    addEventListener(event, begin, true)
  })
  return { painted }
}

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
export const least = (values) => Math.min(...values)
