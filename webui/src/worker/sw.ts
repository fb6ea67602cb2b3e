import { Keeper } from './keeper'

/** Both are filled in when the page is built (vite.config.ts). */
declare const BUILD: string
declare const OFFLINE: readonly string[]

/** As much of a worker's world as is used here; TypeScript knows that of a page or that of a worker, not both. */
interface Lasting extends Event {
  waitUntil(what: Promise<unknown>): void
}
interface FetchEvent extends Lasting {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}
interface NotificationEvent extends Lasting {
  readonly notification: Notification
}
interface WindowClient {
  readonly url: string
  focus(): Promise<WindowClient>
  navigate(url: string): Promise<WindowClient | null>
}
interface Scope {
  readonly registration: ServiceWorkerRegistration
  readonly clients: {
    claim(): Promise<void>
    matchAll(of: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WindowClient[]>
    openWindow(url: string): Promise<unknown>
  }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void
  addEventListener(type: 'notificationclick', listener: (event: NotificationEvent) => void): void
}

const worker = self as unknown as Scope
const { scope } = worker.registration
const keeper = new Keeper({
  scope,
  build: BUILD,
  offline: OFFLINE,
  caches,
  fetch: (request, init) => fetch(request, init),
  unregister: () => worker.registration.unregister(),
})

// One that is new takes over at once: it answers nothing that an older page could miss.
worker.addEventListener('install', (event) =>
  event.waitUntil(keeper.install().then(() => worker.skipWaiting())),
)
worker.addEventListener('activate', (event) =>
  event.waitUntil(keeper.tidy().then(() => worker.clients.claim())),
)

worker.addEventListener('fetch', (event) => {
  const answer = keeper.answer(event.request)
  if (!answer) return
  event.respondWith(answer)
  if (event.request.mode === 'navigate') event.waitUntil(answer.then(() => keeper.check()))
})

// Whoever is told that something is FATAL wants to see it.
worker.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(show(event.notification.data))
})

async function show(url: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const ours = windows.find((one) => one.url.startsWith(scope))
  if (ours) await (await ours.focus()).navigate(url)
  else await worker.clients.openWindow(url)
}
