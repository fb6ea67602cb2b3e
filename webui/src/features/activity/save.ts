import type { ActivityEntry } from '../../wire/wire.gen'

const columns = [
  'time',
  'kind',
  'person',
  'what',
  'target',
  'programs',
  'result',
  'detail',
  'reason',
] as const

/** The entries as a table for spreadsheets, one a line. */
export function csvOf(entries: ActivityEntry[]): string {
  const lines = entries.map((entry) => cellsOf(entry).map(cell).join(','))
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`
}

function cellsOf({ at, act, event }: ActivityEntry): string[] {
  const time = new Date(at).toISOString()
  if (act) {
    const programs = act.programs?.join(' ') ?? ''
    const { user, verb, target, result, detail = '', reason = '' } = act
    return [time, 'act', user, verb, target, programs, result, detail, reason]
  }
  if (!event) return [time]
  const name = [event.group, event.name].filter(Boolean).join(':')
  const ended = event.signal ?? (event.exit === undefined ? '' : `exit status ${event.exit}`)
  return [time, event.kind, '', event.type, name, name, event.to ?? '', ended || (event.error ?? ''), '']
}

/** A cell that a spreadsheet takes for a text, also one that looks like a formula. */
function cell(text: string): string {
  const tame = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame
}

/** Has the browser keep a text as a file. */
export function save(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000) // it has been read by then
}
