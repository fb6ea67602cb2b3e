import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

export const desktop = { viewport: { width: 1440, height: 900 } }
export const hand = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
}

/** How long a scene waits for what it asked for, in milliseconds. */
export const patience = 20_000

/**
 * The stage of a file of scenes: the places that are open, each in a browser of
 * its own, and a way to play a scene on them. After each scene no place may have
 * complained; of one that fails, pictures of all of them are kept. Then comes what
 * is to be done after each scene, however it went.
 */
export function stage(file, after = async () => {}) {
  const artifacts = fileURLToPath(new URL(`../../artifacts/${file}/`, import.meta.url))
  const places = new Map()
  const pardon = (who, pattern) => {
    const { complaints } = places.get(who)
    const others = complaints.filter((complaint) => !pattern.test(complaint))
    const taken = complaints.length - others.length
    complaints.splice(0, complaints.length, ...others)
    return taken
  }
  return {
    /** Opens a place under a name; that of before is forgotten. */
    async enter(browser, who, options) {
      const place = await browser.open(options)
      place.page.setDefaultTimeout(patience)
      places.set(who, place)
      return place.page
    },
    async leave(who) {
      const place = places.get(who)
      places.delete(who)
      assert.deepEqual(place.complaints, [], who)
      await place.close()
    },
    /** Closes all places, whatever they have to say. */
    async empty() {
      for (const place of places.values()) await place.close()
      places.clear()
    },
    scene(name, play, timeout = 60_000) {
      test(name, { timeout }, async () => {
        try {
          await play()
          for (const [who, { complaints }] of places) assert.deepEqual(complaints.splice(0), [], who)
        } catch (error) {
          mkdirSync(artifacts, { recursive: true })
          for (const [who, { page }] of places)
            await page
              .screenshot({ path: join(artifacts, `${name.replace(/\W+/g, '-')}-${who}.png`) })
              .catch(() => {}) // the page may be what is gone
          throw error
        } finally {
          await after()
        }
      })
    },
    /** Takes away complaints that a scene is meant to cause: the browser itself tells of each refusal. */
    expected(who, pattern) {
      assert.notEqual(pardon(who, pattern), 0, `not among ${places.get(who).complaints}`)
    },
    /** Takes away complaints that a scene may cause, and says how many. */
    pardon,
  }
}

/** Asks again and again until something is so, and gives it. */
export async function until(come, what = 'it') {
  const end = Date.now() + patience
  for (;;) {
    const found = await come()
    if (found) return found
    assert.ok(Date.now() < end, `${what} has not come true`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What a page tells in a message. It is said aloud, too, in a place that nobody sees. */
export const told = (page, text) => page.getByRole('region', { name: 'Messages' }).getByText(text).waitFor()

export const row = (page, process) => page.locator(`[data-process="${process}"]`)

export const inState = (page, process, state) =>
  row(page, process).getByText(state, { exact: true }).first().waitFor()

/** The processes that are drawn, in their order. */
export const drawn = (page) =>
  page.locator('[data-process]').evaluateAll((rows) => rows.map((one) => one.dataset.process))

/** Holds a finger on something until what that opens is there. */
export async function hold(page, target, opened) {
  const box = await target.boundingBox()
  const line = await page.context().newCDPSession(page)
  const touchPoints = [{ x: box.x + 40, y: box.y + box.height / 2 }]
  await line.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
  await opened.waitFor()
  await line.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await line.detach()
}
