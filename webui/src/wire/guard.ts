import type {
  About,
  Account,
  Accounts,
  Activity,
  ConfigFiles,
  Lines,
  Links,
  NewLink,
  NewToken,
  Plugins,
  Preview,
  ServerFrame,
  Sessions,
  WhoAmI,
} from './wire.gen'

export type Check = (value: unknown) => boolean
type Shape = Record<string, Check>

export const text: Check = (v) => typeof v === 'string'
export const flag: Check = (v) => typeof v === 'boolean'
export const number: Check = (v) => typeof v === 'number' && Number.isFinite(v)
export const figure: Check = (v) => v === null || number(v)
export const optional =
  (check: Check): Check =>
  (v) =>
    v === undefined || check(v)
export const list =
  (check: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(check)
export const shape = (fields: Shape): Check => {
  const checks = Object.entries(fields) // once, and not for each of a thousand rows
  return (v) => isRecord(v) && checks.every(([k, ok]) => ok(v[k]))
}

export const times = list((v) => list(number)(v) && (v as number[]).length === 2)

const user = shape({ name: text, caps: number, link: optional(flag) })
const process = shape({
  id: number,
  group: text,
  name: text,
  state: text,
  pid: number,
  since: number,
  start: number,
  stop: number,
  exit: number,
  signal: optional(text),
  expected: flag,
  err: text,
  tries: number,
  max: number,
  next: number,
  restarts: number,
  restartsHour: optional(number),
  broken: optional(flag),
  poolFull: optional(flag),
  poolDropped: optional(number),
  order: optional(text),
  by: optional(text),
  caps: number,
})
const figures = list(figure)
const problem = shape({
  code: text,
  name: optional(text),
  place: optional(text),
  why: optional(text),
  at: optional(number),
  text,
})
const group = shape({ name: text, priority: number, listener: optional(flag) })

const trailEntry = shape({
  n: number,
  time: (v) => typeof v === 'string' && !Number.isNaN(Date.parse(v)),
  user: text,
  via: optional(text),
  door: optional(text),
  addr: optional(text),
  uid: optional(number),
  session: optional(text),
  verb: text,
  target: text,
  programs: optional(list(text)),
  detail: optional(text),
  reason: optional(text),
  before: optional(text),
  after: optional(text),
  result: text,
  count: optional(number),
  request: optional(text),
})

const event = shape({
  kind: text,
  seq: number,
  at: number,
  type: text,
  group: optional(text),
  name: optional(text),
  from: optional(text),
  to: optional(text),
})
const entries = list(shape({ at: number, event: optional(event), act: optional(trailEntry) }))

/** What each kind of frame must look like; a kind that is missing here does not compile. */
const frames: Record<ServerFrame['t'], Check> = {
  welcome: shape({
    v: number,
    sid: text,
    epoch: text,
    now: number,
    hb: number,
    build: text,
    identifier: text,
    user,
    limits: shape({ subs: number, logs: number, win: number }),
  }),
  ok: shape({ id: number }),
  err: shape({ id: optional(number), code: number, msg: text, retry: optional(number) }),
  snap: shape({
    id: number,
    epoch: text,
    seq: number,
    part: optional(number),
    of: optional(number),
    rows: list(process),
    groups: optional(list(group)),
  }),
  delta: shape({
    id: number,
    prev: number,
    seq: number,
    rows: optional(list(process)),
    del: optional(list(number)),
    groups: optional(list(group)),
  }),
  server: shape({ id: number, mood: text, user, problems: list(problem) }),
  metrics: shape({
    id: number,
    at: number,
    ids: list(number),
    cpu: figures,
    memory: figures,
    descriptors: figures,
    threads: figures,
    processes: figures,
  }),
  recent: shape({
    id: number,
    at: number,
    step: number,
    ids: list(number),
    cpu: list(figures),
    memory: list(figures),
  }),
  events: shape({ id: number, epoch: text, prev: number, seq: number, missed: optional(flag), entries }),
  log: shape({
    id: number,
    epoch: text,
    off: number,
    end: number,
    lines: list(text),
    open: optional(flag),
    cont: optional(flag),
    at: optional(times),
  }),
  gap: shape({ id: number, from: number, to: number, why: text }),
  mark: shape({ id: number, off: number, why: text, at: number }),
  count: shape({ id: number, end: number, bytes: number, lines: number, rate: number }),
  hb: shape({ now: number }),
  pong: shape({ n: number, now: number }),
  bye: shape({ code: number, why: text, retryAfter: optional(number) }),
}

/**
 * Reads the text of a frame. A kind this page does not know, from a newer
 * server, is undefined and to be ignored; what is not a frame at all, or not
 * the frame it claims to be, throws, because going on would show wrong things.
 */
export function parseFrame(raw: string): ServerFrame | undefined {
  const value: unknown = JSON.parse(raw)
  if (!isRecord(value) || typeof value.t !== 'string') throw new Error('a frame without a kind')
  if (!Object.hasOwn(frames, value.t)) return undefined
  if (!frames[value.t as ServerFrame['t']](value)) throw new Error(`a frame "${value.t}" of the wrong shape`)
  return value as unknown as ServerFrame
}

const session = shape({
  id: text,
  user: text,
  addr: text,
  agent: text,
  keep: flag,
  began: number,
  seen: number,
  expires: number,
  current: flag,
})
const link = shape({
  id: text,
  minter: text,
  programs: list(text),
  actions: list(text),
  comment: text,
  minted: number,
  expires: number,
  uses: number,
  used: number,
  opened: number,
  open: number,
  mine: flag,
})
const links = shape({ links: list(link) })
const newLink = shape({ id: text, url: text, link })
const whoAmI = shape({ user, via: text, session: optional(session), link: optional(link) })
const sessions = shape({ sessions: list(session) })

const account = shape({
  name: text,
  role: text,
  programs: list(text),
  deny: list(text),
  actions: list(text),
  disabled: flag,
  comment: text,
  unixUsers: list(text),
  password: flag,
  expires: number,
  seen: number,
  editable: flag,
  source: text,
  self: flag,
})
const accounts = shape({ accounts: list(account), editable: flag })
const newToken = shape({ token: text, account })

const activity = shape({
  entries,
  next: optional(text),
  since: number,
})
const configFiles = shape({
  files: list(shape({ path: text, text, trouble: optional(text) })),
  findings: list(shape({ verdict: text, file: text, line: number, text })),
})
const textOrNull: Check = (v) => v === null || text(v)
const preview = shape({
  seen: text,
  groups: list(
    shape({
      group: text,
      action: text,
      options: list(
        shape({
          option: text,
          variable: optional(text),
          old: textOrNull,
          new: textOrNull,
          hidden: optional(flag),
          processes: optional(list(text)),
        }),
      ),
      stops: list(text),
      starts: list(text),
      gone: list(text),
      new: list(text),
    }),
  ),
})
const about = shape({
  listeners: list(
    shape({
      section: text,
      address: text,
      unix: optional(flag),
      tls: optional(flag),
      asks: optional(flag),
    }),
  ),
  openFiles: number,
  connections: number,
  maxConnections: number,
  memory: number,
})

const plugins = shape({
  plugins: list(
    shape({
      name: text,
      role: text,
      address: optional(text),
      process: optional(text),
      state: text,
      since: optional(number),
      why: optional(text),
      methods: number,
      calls: number,
      errors: number,
    }),
  ),
})

/** Whether a body of the API says who is asking. */
export function isWhoAmI(value: unknown): value is WhoAmI {
  return whoAmI(value)
}

/** Whether a body of the API is a list of sessions. */
export function isSessions(value: unknown): value is Sessions {
  return sessions(value)
}

/** Whether a body of the API is one account. */
export function isAccount(value: unknown): value is Account {
  return account(value)
}

/** Whether a body of the API is a list of people or of tokens. */
export function isAccounts(value: unknown): value is Accounts {
  return accounts(value)
}

/** Whether a body of the API is a token that was just made. */
export function isNewToken(value: unknown): value is NewToken {
  return newToken(value)
}

/** Whether a body of the API is a list of links. */
export function isLinks(value: unknown): value is Links {
  return links(value)
}

/** Whether a body of the API is a link that was just made. */
export function isNewLink(value: unknown): value is NewLink {
  return newLink(value)
}

/** Whether a body of the API is a page of the activity. */
export function isActivity(value: unknown): value is Activity {
  return activity(value)
}

/** Whether a body of the API is the files of the configuration. */
export function isConfigFiles(value: unknown): value is ConfigFiles {
  return configFiles(value)
}

/** Whether a body of the API is what an update would do. */
export function isPreview(value: unknown): value is Preview {
  return preview(value)
}

/** Whether a body of the API is what supervisord takes and allows. */
export function isAbout(value: unknown): value is About {
  return about(value)
}

/** Whether a body of the API is the plug-ins. */
export function isPlugins(value: unknown): value is Plugins {
  return plugins(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * How many bytes of the log a line stands for, without its newline: lone low
 * surrogates are single bytes that were not UTF-8.
 */
export function byteLength(line: Lines[number]): number {
  let n = 0
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i)
    if (c < 0x80) n += 1
    else if (c < 0x800) n += 2
    else if (c >= 0xd800 && c < 0xdc00) {
      n += 4
      i++
    } else if (c >= 0xdc80 && c < 0xdd00) n += 1
    else n += 3
  }
  return n
}
