import { type Task, tryPattern } from './match'

/** Milliseconds after which what was found so far is told. */
const slice = 100

// A pattern that takes for ever does so here, where nothing stands still because of it.
addEventListener('message', (event: MessageEvent<Task>) => {
  postMessage(tryPattern(event.data, slice, () => performance.now()))
})
postMessage('ready')
