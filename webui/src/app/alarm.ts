import type { Row } from '../store/processes.svelte'
import { words } from '../text/whole.svelte'

/**
 * Tells by a notification of the device what supervisord has given up. What was
 * said of the same processes before is replaced, so that several tabs say it once.
 * With a worker it shows the notification: on phones nobody else may.
 */
export async function raise(rows: readonly Row[], host: string): Promise<void> {
  const [first] = rows
  if (!first || !('Notification' in window) || Notification.permission !== 'granted') return
  const only = rows.length === 1
  const { alarm } = words.t
  const title = only ? alarm.one(first.label) : alarm.many(rows.length)
  const url = new URL(only ? first.path : '.?q=state%3Afatal', document.baseURI).href
  const options = {
    body: alarm.body(host),
    tag: `${document.baseURI} ${rows.map((row) => row.spec).join(' ')}`,
    icon: new URL('icon-192.png', document.baseURI).href,
    data: url,
  }
  const worker = await navigator.serviceWorker?.getRegistration(document.baseURI)
  if (worker?.active) return worker.showNotification(title, options)
  const shown = new Notification(title, options)
  shown.onclick = () => {
    window.focus()
    location.assign(url)
  }
}
