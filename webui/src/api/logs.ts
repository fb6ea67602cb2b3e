import { isLogFiles, isLogPage, isMergedPage, isSearchLine } from '../wire/guardlogs'
import type { LogFiles, LogPage, MergedPage, SearchLine } from '../wire/wire.gen'
import { ApiError, type Client, shaped } from './client'

/** A log as the API calls it: "group:process/stdout", or "mainlog". */
export type LogName = string

/** Where the API keeps a log. */
export function logPath(name: LogName): string {
  if (name === 'mainlog') return name
  const cut = name.lastIndexOf('/')
  return `log/${encodeURIComponent(name.slice(0, cut))}/${name.slice(cut + 1)}`
}

/** What can be downloaded of a log, seen from where the page is mounted. */
export function logHref(name: LogName, what: 'raw' | 'filtered' | 'archive', query = ''): string {
  const path = logPath(name)
  const of = what === 'archive' && name !== 'mainlog' ? path.slice(0, path.lastIndexOf('/')) : path
  return `api/v1/${of}/${what}${query && `?${query}`}`
}

/** A page of one log: which, the query says (docs/logs.md). */
export async function logPage(client: Client, name: LogName, query: URLSearchParams): Promise<LogPage> {
  return shaped(await client.get(`${logPath(name)}?${query}`), isLogPage, 'a page of a log')
}

/** A page of several logs in the order their lines came. */
export async function mergedPage(client: Client, query: URLSearchParams): Promise<MergedPage> {
  return shaped(await client.get(`merged?${query}`), isMergedPage, 'a page of logs')
}

/** The files a log consists of. */
export async function logFiles(client: Client, name: LogName): Promise<LogFiles> {
  return shaped(await client.get(`${logPath(name)}/files`), isLogFiles, 'a list of files')
}

/** Empties both logs of a process; its rotated files stay. */
export async function clearLogs(client: Client, process: string): Promise<void> {
  await client.post(`processes/${encodeURIComponent(process)}/clear-logs`)
}

/** Empties supervisord's own log; its rotated files stay. */
export async function clearMainLog(client: Client): Promise<void> {
  await client.post('mainlog/clear')
}

/** Searches a log on the server; hear is told each line of the answer when it comes. */
export async function searchLog(
  client: Client,
  name: LogName,
  query: URLSearchParams,
  signal: AbortSignal,
  hear: (line: SearchLine) => void,
): Promise<void> {
  const response = await client.open(`${logPath(name)}/search?${query}`, signal)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const lines = (rest + value).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line !== '') hear(lineOf(line))
    }
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError('network', 0, '', '', '')
  }
}

function lineOf(text: string): SearchLine {
  return shaped(JSON.parse(text), isSearchLine, 'a line of a search')
}
