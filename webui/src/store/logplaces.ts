import { type LogName, logHref } from '../api/logs'
import { searchQuery, type Wanted } from './logsearch.svelte'

/** Where a log can be downloaded, as it is in its files. */
export function rawHref(name: LogName): string {
  return logHref(name, 'raw')
}

/** Where all files of the log of a process, both channels, can be downloaded at once. */
export function archiveHref(name: LogName): string {
  return logHref(name, 'archive')
}

/** Where its lines that match can be downloaded. */
export function filteredHref(name: LogName, wanted: Wanted): string {
  return logHref(name, 'filtered', searchQuery(wanted).toString())
}
