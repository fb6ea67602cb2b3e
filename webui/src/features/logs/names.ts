import type { LogName } from '../../api/logs'

/** As many as the server puts in one order. */
export const mostLogs = 16

/** The logs that an address asks for: s=group:process/stdout, s=mainlog. */
export function namesIn(query: URLSearchParams): LogName[] {
  return [...new Set(query.getAll('s'))]
    .filter((s) => s === 'mainlog' || /.\/(stdout|stderr)$/.test(s))
    .slice(0, mostLogs)
}

/** The process a log is of, as "group:process"; addresses written by hand may leave out a group of the same name. */
export function specOf(name: LogName): string {
  const spec = name.slice(0, name.lastIndexOf('/'))
  return spec.includes(':') ? spec : `${spec}:${spec}`
}

/** What people call the process a log is of. */
export function labelOf(name: LogName): string {
  const spec = specOf(name)
  const cut = spec.indexOf(':')
  const process = spec.slice(cut + 1)
  return spec.slice(0, cut) === process ? process : spec
}

/** What a log is called where several are: "web:api stdout". */
export function tagOf(name: LogName): string {
  if (name === 'mainlog') return 'supervisord'
  return `${labelOf(name)} ${name.slice(name.lastIndexOf('/') + 1)}`
}
