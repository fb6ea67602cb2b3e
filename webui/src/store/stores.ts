import { createContext } from 'svelte'
import { Client } from '../api/client'
import { type Clock, type Line, Socket } from '../live/socket'
import type { Boot, ProcState } from '../wire/wire.gen'
import { Asking } from './asking.svelte'
import { ServerClock } from './clock.svelte'
import { Commands } from './commands.svelte'
import type { OnFrame } from './frame'
import { LastLines } from './lastlines.svelte'
import type { LogDesk } from './logs.svelte'
import { Maintenance } from './maintenance.svelte'
import { Metrics } from './metrics.svelte'
import { Notices } from './notices.svelte'
import { browserShelf, type Preferences } from './preferences.svelte'
import { hasFailed, Processes, type Transition } from './processes.svelte'
import { Selection } from './selection.svelte'
import { Session } from './session.svelte'
import { Sharing } from './sharing.svelte'
import { Voice } from './voice.svelte'

/** Where a process stays by itself. */
const arrived: ReadonlySet<ProcState> = new Set(['RUNNING', 'STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'])

/** Everything the page knows, made once and handed down to what draws it. */
export interface Stores {
  client: Client
  session: Session
  processes: Processes
  commands: Commands
  asking: Asking
  /** The processes that are chosen in the list, while it is shown. */
  selection: Selection
  sharing: Sharing
  maintenance: Maintenance
  notices: Notices
  voice: Voice
  preferences: Preferences
  clock: ServerClock
  metrics: Metrics
  lastLines: LastLines
  /** What logs are read with, by those who load what reads them. */
  logs: LogDesk
}

export const [getStores, setStores] = createContext<Stores>()

/** Wires the stores to each other and to the browser. */
export function openStores(boot: Partial<Boot>, preferences: Preferences): Stores {
  const client = new Client({ fetch: fetch.bind(window), base: document.baseURI })
  const socket = new Socket({
    open: () => openLine(document.baseURI),
    clock: browserClock,
    random: Math.random,
    online: () => navigator.onLine,
    build: boot.version ?? '',
  })
  const notices = new Notices((ms, run) => setTimeout(run, ms))
  const voice = new Voice((ms, run) => setTimeout(run, ms))
  const session = new Session(socket, client, boot, load, browserShelf())
  const processes = new Processes(socket, onFrame)
  const commands = new Commands(client, processes, notices, (ms, run) => setTimeout(run, ms))
  const clock = new ServerClock(() => socket.skew)
  const listen = listener(voice, commands)
  processes.onflush = (moved) => {
    const announce = listen(moved)
    commands.settle()
    announce()
    const fatal = moved.filter(({ after }) => after === 'FATAL').map(({ row }) => row)
    if (fatal.length > 0) notices.onfatal(fatal)
  }
  const asking = new Asking(
    commands,
    (ms, run) => setTimeout(run, ms),
    () => preferences.chosen.confirm,
  )
  const metrics = new Metrics(socket, onFrame)
  const lastLines = new LastLines(socket)
  const sharing = new Sharing()
  session.onin = () => processes.anew()
  session.onover = () => {
    processes.forget()
    metrics.forget()
    lastLines.forget()
    asking.forget()
  }
  wakeOnReturn(socket)
  document.addEventListener('visibilitychange', () => metrics.hide(document.hidden))
  if (session.out === '') socket.connect()
  return {
    client,
    session,
    processes,
    commands,
    asking,
    selection: new Selection(),
    sharing,
    maintenance: new Maintenance(client, notices),
    notices,
    voice,
    preferences,
    clock,
    metrics,
    lastLines,
    logs: { socket, client, onFrame },
  }
}

/**
 * Says what has just failed, and where the reader's own orders have led; what else
 * is as it should be needs no word. To be called before orders are settled; the
 * answer is to be called after it.
 */
function listener(voice: Voice, commands: Commands): (moved: Transition[]) => () => void {
  const ordered = new Set<number>()
  return (moved) => {
    for (const { row } of moved) if (commands.of(row.id)) ordered.add(row.id)
    return () => {
      for (const { row, after } of moved) {
        const led = !commands.of(row.id) && arrived.has(after) && ordered.delete(row.id)
        if (led || hasFailed(row.data)) voice.changed([row.label], after)
      }
    }
  }
}

function load(where: 'here' | 'home'): void {
  if (where === 'here') location.reload()
  else location.assign(document.baseURI)
}

/** A reader who comes back, or a network that does, need not wait for the next try; a network that went is lost at once. */
function wakeOnReturn(socket: Socket): void {
  window.addEventListener('online', () => socket.wake())
  window.addEventListener('offline', () => socket.unplug())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) socket.wake()
  })
}

function openLine(base: string): Line {
  const url = new URL('live', base)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(url) as Line
}

const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** A hidden page draws no frames, but should not fall behind either. */
const onFrame: OnFrame = (run) => {
  if (document.hidden) setTimeout(run, 250)
  else requestAnimationFrame(run)
}
