import { offline } from '../text/offline'

/** How long to wait between tries, in milliseconds, while somebody looks. */
const pause = 3_000

/** What the reader has chosen (store/preferences.svelte.ts); the server is not there to say it. */
function kept(key: string): string | undefined {
  return document.cookie
    .split('; ')
    .find((cookie) => cookie.startsWith(`supervisor_${key}=`))
    ?.split('=')[1]
}

type Language = keyof typeof offline
const language =
  [kept('language'), ...navigator.languages]
    .map((tag) => tag?.toLowerCase().split('-')[0])
    .find((tag): tag is Language => tag !== undefined && tag in offline) ?? 'en'
const words = offline[language]

const one = (selector: string) => document.querySelector<HTMLElement>(selector)!
const button = one('button') as HTMLButtonElement

document.documentElement.lang = language
document.documentElement.dataset.theme = kept('theme') ?? 'system'
document.title = `${words.title} · ${location.host}`
one('h1').textContent = words.title
one('[data-hint]').textContent = words.hint(location.host)
one('[data-back]').textContent = words.back
button.textContent = words.now
button.onclick = () => void knock()

let timer: ReturnType<typeof setTimeout> | undefined

/** Asks for something that everybody may have and no cache may answer; whatever answers, it goes on there. */
async function knock(): Promise<void> {
  clearTimeout(timer)
  button.disabled = true
  one('[data-tried]').textContent = words.trying
  const url = new URL('manifest.webmanifest', document.baseURI)
  const answer = await fetch(url, { method: 'HEAD', cache: 'no-store' }).catch(() => undefined)
  if (answer && answer.status < 500) return enter()
  button.disabled = false
  one('[data-tried]').textContent = words.since(new Date().toLocaleTimeString(language))
  wait()
}

/** Loads what this stands in for; by its own name it stands in for nothing. */
function enter(): void {
  if (location.pathname.endsWith('/offline.html')) location.replace(document.baseURI)
  else location.reload()
}

function wait(): void {
  clearTimeout(timer)
  if (!document.hidden) timer = setTimeout(() => void knock(), pause)
}

addEventListener('online', () => void knock())
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer)
  else void knock()
})
wait()
