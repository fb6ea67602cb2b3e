import { figure, flag, list, number, optional, shape, text } from './guard'
import type { Crash, Crashes, Lives, Pools, ProcessDetail, ProcessMetrics, Settings } from './wire.gen'

// Shapes of what is asked for about one process, and loaded with its page.

const meaning = shape({
  code: text,
  status: optional(number),
  signal: optional(text),
  by: optional(text),
  text,
})
const life = shape({
  pid: number,
  asked: number,
  born: number,
  running: number,
  ended: number,
  uptime: number,
  again: optional(flag),
  tries: number,
  state: text,
  exit: number,
  signal: optional(text),
  core: optional(flag),
  expected: flag,
  crashed: flag,
  quick: optional(flag),
  err: optional(text),
  cpuUser: number,
  cpuSystem: number,
  peak: number,
  peakAtMost: optional(flag),
  order: optional(text),
  by: optional(text),
  config: optional(text),
  crash: optional(number),
  missed: optional(number),
  meaning,
})
const lives = shape({ lives: list(life) })
const crashes = shape({ crashes: list(life) })
const excerpt = shape({
  lines: list(text),
  cut: optional(flag),
  open: optional(flag),
  gone: optional(flag),
})
const crash = shape({ group: text, name: text, life, stdout: excerpt, stderr: excerpt })
const figures = list(figure)
const metrics = shape({
  at: number,
  keeps: number,
  step: number,
  times: list(number),
  pids: list(number),
  cpu: figures,
  memory: figures,
  descriptors: figures,
  threads: figures,
  processes: figures,
})
const settings = shape({
  command: text,
  directory: text,
  user: text,
  environment: list(shape({ name: text, value: text, hidden: optional(flag) })),
  section: text,
  file: text,
  line: number,
  options: list(
    shape({
      name: text,
      variable: optional(text),
      value: (v) => v === null || text(v),
      hidden: optional(flag),
      file: optional(text),
      line: optional(number),
    }),
  ),
})
const place = {
  state: text,
  since: number,
  event: optional(text),
  serial: optional(number),
  broken: optional(flag),
  breaches: optional(number),
  said: optional(text),
}
const counts = shape({
  buffered: number,
  size: number,
  fullSince: optional(number),
  accepted: number,
  handled: number,
  dropped: number,
  rejected: number,
  droppedHour: number,
})
const listener = shape({ ...place, events: list(text), pool: counts, restarts: optional(flag) })
const pools = shape({
  pools: list(
    shape({
      group: text,
      events: list(text),
      counts,
      restarts: optional(flag),
      listeners: list(shape({ name: text, process: text, listener: shape(place) })),
    }),
  ),
})
const detail = shape({
  stdoutLog: text,
  stderrLog: text,
  listener: (v) => v === null || listener(v),
})

export const isPools = (value: unknown): value is Pools => pools(value)
export const isLives = (value: unknown): value is Lives => lives(value)
export const isCrashes = (value: unknown): value is Crashes => crashes(value)
export const isCrash = (value: unknown): value is Crash => crash(value)
export const isProcessMetrics = (value: unknown): value is ProcessMetrics => metrics(value)
export const isSettings = (value: unknown): value is Settings => settings(value)
export const isProcessDetail = (value: unknown): value is ProcessDetail => detail(value)
