// @vitest-environment jsdom
import { flushSync, mount, tick, unmount } from 'svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestLine } from '../live/testing'
import { Preferences } from '../store/preferences.svelte'
import { openStores } from '../store/stores'
import { words } from '../text/words.svelte'
import { CAPS, type Process, type ProcState } from '../wire/wire.gen'
import App from './App.svelte'

// The whole page on a pretended socket: what it shows, not how it looks. Layout
// does not exist here, so every row counts as seen.

// Asked for while modules load, before any test.
vi.hoisted(() => {
  window.matchMedia = () => Object.assign(new EventTarget(), { matches: false }) as unknown as MediaQueryList
})

const everything = Object.values(CAPS).reduce((a, b) => a | b, 0)
let line: TestLine
let page: ReturnType<typeof mount>
let fetched: string[]

beforeEach(async () => {
  class PretendedSocket extends TestLine {
    constructor() {
      super()
      line = this
    }
  }
  fetched = []
  vi.stubGlobal('WebSocket', PretendedSocket)
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    fetched.push(`${init?.method} ${url.replace(document.baseURI, '')}`)
    return Response.json({ seq: 1, steps: [] }, { status: 202 })
  })
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  )
  vi.stubGlobal('scrollTo', () => {})
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function () {
    this.open = false
  }
  history.replaceState(null, '', '/')
  const kept = new Map<string, string>()
  const shelf = {
    get: (key: string) => kept.get(key) ?? null,
    set: (k: string, v: string) => void kept.set(k, v),
  }
  await words.use('en')
  const stores = openStores({}, new Preferences(shelf, ['en']))
  page = mount(App, { target: document.body, props: { stores } })
  line.onopen?.()
  line.say({
    t: 'welcome',
    v: 1,
    sid: 's',
    epoch: 'e',
    now: Date.now(),
    hb: 10,
    build: '',
    identifier: 'house-9',
    user: { name: '', caps: everything },
    limits: { subs: 1, logs: 1, win: 1 },
  })
})

afterEach(async () => {
  await unmount(page)
  document.body.replaceChildren()
  vi.unstubAllGlobals()
})

/** Waits for what is in a part that is loaded later, which has to be compiled first. */
const comes = <T>(look: () => T) => vi.waitFor(look, 20_000)

const subscription = () => {
  const sub = line.sent.find((f) => f.t === 'sub' && f.topic === 'state')
  if (sub?.t !== 'sub') throw new Error('the page has not asked for the table')
  return sub.id
}

async function show(rows: Process[]): Promise<void> {
  const groups = [...new Set(rows.map((r) => r.group))].map((name) => ({ name, priority: 1 }))
  line.say({ t: 'snap', id: subscription(), epoch: 'e', seq: 1, rows, groups })
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  flushSync()
}

const process = (
  id: number,
  group: string,
  name: string,
  state: ProcState,
  more: Partial<Process> = {},
): Process => ({
  id,
  group,
  name,
  state,
  pid: 0,
  since: 0,
  start: 0,
  stop: 0,
  exit: 0,
  expected: true,
  err: '',
  tries: 0,
  max: 3,
  next: 0,
  restarts: 0,
  caps: everything,
  ...more,
})

const text = () => document.body.textContent ?? ''
const button = (name: string) =>
  [...document.querySelectorAll('button')].find(
    (b) => (b.getAttribute('aria-label') ?? b.textContent?.trim()) === name,
  )

test('groups and their processes are shown, with what needs attention and why', async () => {
  await show([
    process(1, 'web', 'api-0', 'RUNNING'),
    process(2, 'web', 'api-1', 'FATAL', { err: "can't find command '/x'" }),
    process(3, 'cat', 'cat', 'STOPPED'),
  ])
  expect(document.querySelector('h1')?.textContent).toBe('Processes')
  expect(document.querySelector('[data-group="web"]')?.textContent).toContain('1 of 2 running')
  expect(document.querySelectorAll('[data-process]')).toHaveLength(3)
  const attention = document.querySelector('section[aria-labelledby]')
  expect(attention?.textContent).toContain('web:api-1')
  expect(attention?.textContent).toContain("Can't find command '/x'")
  expect(document.title).toBe('(1) Processes · house-9')
})

test('a name is text, whatever it holds', async () => {
  const name = '<img src=x onerror=alert(1)>'
  await show([
    process(1, 'web', name, 'RUNNING'),
    process(2, 'web', '"><script>alert(1)</script>', 'RUNNING'),
  ])
  expect(text()).toContain(name)
  expect(document.querySelector('main img, main script')).toBeNull()
})

test('without programs it says how to add one', async () => {
  await show([])
  expect(text()).toContain('No programs yet')
  button('Read the configuration again')?.click()
  expect(fetched).toContain('POST api/v1/config/update')
})

test('whoever may not see the processes is told so', async () => {
  line.say({ t: 'err', id: subscription(), code: 403, msg: 'no' })
  await tick()
  expect(text()).toContain('You may not see the processes')
})

test('whoever may not act is offered no action', async () => {
  await show([
    process(1, 'web', 'a', 'RUNNING', { caps: CAPS.view }),
    process(2, 'web', 'b', 'RUNNING', { caps: CAPS.view }),
  ])
  const labels = [...document.querySelectorAll('main button')].map((b) => b.textContent ?? '')
  expect(
    labels.filter((label) => /start|stop|restart|log/i.test(label) && !/running|stopped/i.test(label)),
  ).toEqual([])
})

test('stopping asks first, and no means no', async () => {
  await show([process(1, 'web', 'a', 'RUNNING', { pid: 7 }), process(2, 'web', 'b', 'RUNNING')])
  button('Stop web:a')?.click()
  await comes(() => expect(document.querySelector('dialog')?.textContent).toContain('Stop web:a?'))
  button('Cancel')?.click()
  await tick()
  expect(document.querySelector('dialog')).toBeNull()
  expect(fetched.filter((f) => f.startsWith('POST'))).toEqual([])
})

test('restarting can be taken back for a moment, is then ordered, and the state stays what the server said', async () => {
  await show([process(1, 'web', 'a', 'RUNNING'), process(2, 'web', 'b', 'RUNNING')])
  button('Restart web:a')?.click()
  await tick()
  button('Cancel')?.click()
  await tick()
  expect(button('Restarting… web:a')).toBeUndefined()
  button('Restart web:a')?.click()
  await tick()
  expect(fetched.filter((f) => f.startsWith('POST'))).toEqual([])
  button('Now')?.click()
  await tick()
  expect(fetched).toContain('POST api/v1/processes/web%3Aa/restart')
  expect(button('Restarting… web:a')?.getAttribute('aria-busy')).toBe('true')
  expect(document.querySelector('[data-process="web:a"]')?.textContent).toContain('RUNNING')
})

test('a filter that lets nothing through says so and can be cleared', async () => {
  await show([process(1, 'web', 'a', 'RUNNING'), process(2, 'web', 'b', 'RUNNING')])
  const input = document.querySelector<HTMLInputElement>('input[type="search"]')!
  input.value = 'zebra'
  input.dispatchEvent(new Event('input', { bubbles: true }))
  await tick()
  expect(text()).toContain('Nothing matches “zebra”')
  expect(location.search).toBe('?q=zebra')
  button('Clear filter')?.click()
  await tick()
  expect(document.querySelectorAll('[data-process]')).toHaveLength(2)
})

test('a lost connection makes the table look like the past', async () => {
  await show([process(1, 'web', 'a', 'RUNNING'), process(2, 'web', 'b', 'RUNNING')])
  expect(document.querySelector('.stale')).toBeNull()
  line.onclose?.({ code: 1006 })
  await tick()
  expect(document.querySelector('[role="table"].stale')).not.toBeNull()
  expect(document.querySelectorAll('[data-process]')).toHaveLength(2)
})

test('what a former address has done is told as text, once', async () => {
  await unmount(page)
  const message = 'ERROR: Process <b>web</b>: already started'
  history.replaceState(null, '', `/?q=web&message=${encodeURIComponent(message)}`)
  page = mount(App, {
    target: document.body,
    props: { stores: openStores({}, new Preferences({ get: () => null, set: () => {} }, ['en'])) },
  })
  flushSync()
  expect(document.querySelector('[data-notice]')?.textContent).toContain(message)
  expect(location.search).toBe('?q=web')
})

test('the language changes without loading anything anew', async () => {
  await show([process(1, 'web', 'a', 'RUNNING'), process(2, 'web', 'b', 'RUNNING')])
  button('Settings')?.click()
  const russian = await comes(() => {
    const found = document.querySelector<HTMLInputElement>('input[value="ru"]')
    if (!found) throw new Error('the settings are not open')
    return found
  })
  russian.click()
  await comes(() => expect(document.querySelector('h1')?.textContent).toBe('Процессы'))
  expect(document.documentElement.lang).toBe('ru')
  expect(document.querySelectorAll('[data-process]')).toHaveLength(2)
})
