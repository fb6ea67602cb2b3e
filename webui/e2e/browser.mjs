import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const executable = process.env.CHROMIUM ?? '/usr/bin/chromium'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts Chromium with nothing left over from before. Gives a way to open pages,
 * of which every complaint (console error, uncaught error, report of the content
 * policy) is gathered, and a way to end it all. More flags are Chromium's own.
 * The page goes without its service worker, which would keep requests from the
 * scenes that want to see or change them, unless serviceWorkers is 'allow'.
 */
export async function openBrowser(more = []) {
  if (!existsSync(executable)) throw new Error(`no Chromium at ${executable}; install it or set CHROMIUM`)
  const home = mkdtempSync(join(tmpdir(), 'webui-browser-'))
  const context = await chromium.launchPersistentContext(home, {
    executablePath: executable,
    headless: true,
    args: [...flags, ...more],
  })
  const browser = context.browser()
  return {
    open: async (options = {}) => {
      const own = browser ? await browser.newContext({ serviceWorkers: 'block', ...options }) : context
      const page = await own.newPage()
      return { page, complaints: gather(page), close: () => own.close() }
    },
    close: async () => {
      await context.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Complaints of a page. Lost connections are not among them: some journeys cut them on purpose. */
function gather(page) {
  const complaints = []
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error}`))
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    if (
      /Service Worker registration blocked|WebSocket connection to .* failed|ERR_CONNECTION_|ERR_SOCKET_NOT_CONNECTED|ERR_EMPTY_RESPONSE/.test(
        message.text(),
      )
    )
      return
    complaints.push(`${message.type()}: ${message.text()}`)
  })
  return complaints
}
