import { mount } from 'svelte'
import App from './app/App.svelte'
import { browserShelf, cookieJar, Preferences } from './store/preferences.svelte'
import { openStores } from './store/stores'
import { words } from './text/words.svelte'
import './ui/tokens.css'
import './ui/base.css'
import './ui/tones.css'
import type { Boot } from './wire/wire.gen'

/** What the server wrote into the page; nothing when Vite serves it. */
function readBoot(): Partial<Boot> {
  const text = document.getElementById('boot')?.textContent ?? ''
  try {
    return JSON.parse(text) as Partial<Boot>
  } catch {
    return {}
  }
}

const boot = readBoot()
const served = boot.base ? document.documentElement.lang : undefined
const jar = cookieJar(document.baseURI)
const preferences = new Preferences(browserShelf(), navigator.languages, jar, served)
const stores = openStores(boot, preferences)
// Not awaited here: a catalogue imports what is in one file with this, and would wait for it in turn.
void words.use(preferences.language).then(() => {
  mount(App, { target: document.body, props: { stores } })
  if (boot.base && isSecureContext && 'serviceWorker' in navigator)
    void import('./worker/register').then(({ register }) => register(document.baseURI))
})
