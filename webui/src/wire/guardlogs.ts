import { flag, list, number, optional, shape, text, times } from './guard'
import type { LogFiles, LogPage, MergedPage, SearchLine } from './wire.gen'

const gap = shape({ from: number, to: number })

const logPage = shape({
  epoch: text,
  off: number,
  end: number,
  oldest: number,
  newest: number,
  lines: list(text),
  cont: optional(flag),
  open: optional(flag),
  offs: optional(list(number)),
  at: optional(times),
  first: optional(flag),
  gap: optional(gap),
  guess: optional(flag),
})

const mergedPage = shape({
  epoch: text,
  sources: list(
    shape({
      name: text,
      off: number,
      end: number,
      oldest: number,
      newest: number,
      cont: optional(flag),
      open: optional(flag),
      first: optional(flag),
      gap: optional(gap),
    }),
  ),
  lines: list(text),
  source: list(number),
  offs: list(number),
  at: list(number),
})

const searchLine = shape({
  hit: optional(
    shape({
      off: number,
      end: number,
      from: number,
      to: number,
      line: text,
      start: number,
      at: optional(number),
    }),
  ),
  progress: optional(shape({ scannedTo: number, hits: number })),
  gap: optional(gap),
  done: optional(shape({ scannedTo: number, hits: number, capped: optional(flag), more: optional(flag) })),
  error: optional(text),
})

const logFiles = shape({
  epoch: text,
  files: list(shape({ name: text, n: number, off: number, end: number, changed: number })),
  path: text,
  syslog: optional(flag),
  trouble: optional(text),
})

/** Whether a body of the API is a page of a log. */
export function isLogPage(value: unknown): value is LogPage {
  return logPage(value)
}

/** Whether it is a page of several logs as one; its lists are then of one length. */
export function isMergedPage(value: unknown): value is MergedPage {
  if (!mergedPage(value)) return false
  const { lines, source, offs, at } = value as MergedPage
  return source.length === lines.length && offs.length === lines.length && at.length === lines.length
}

/** Whether it is a line of the answer to a search. */
export function isSearchLine(value: unknown): value is SearchLine {
  return searchLine(value)
}

/** Whether it is the list of the files of a log. */
export function isLogFiles(value: unknown): value is LogFiles {
  return logFiles(value)
}
