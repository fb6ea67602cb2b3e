import type { Chan } from '../wire/wire.gen'

/** A page, by what its address says. */
export type Route =
  | { page: 'processes' }
  | { page: 'process'; group: string; name: string; tab: Tab; crash: string; channel: Chan }
  | { page: 'people' }
  | { page: 'activity' }
  | { page: 'logs' }
  | { page: 'config' }
  | { page: 'about' }
  | { page: 'settings' }
  | { page: 'unknown' }

/** What is looked at of a process. */
export type Tab = 'overview' | 'log' | 'crashes' | 'config'

const tabs: ReadonlySet<string> = new Set<Tab>(['log', 'crashes', 'config'])

export interface Place {
  route: Route
  query: URLSearchParams
}

/** Reads an address. base is where the page is mounted, with its last slash. */
export function placeOf(url: URL, base: string): Place {
  const mount = new URL(base, url).pathname
  const path = url.pathname.startsWith(mount) ? url.pathname.slice(mount.length) : undefined
  return { route: routeOf(path, url.searchParams), query: url.searchParams }
}

function routeOf(path: string | undefined, query: URLSearchParams): Route {
  const parts = (path ?? '?').split('/').filter(Boolean).map(decode)
  if (parts.length === 0 && path !== undefined) return { page: 'processes' }
  const [page, group, name, tab, crash = ''] = parts
  if (parts.length === 1 && page === 'login') return { page: 'processes' } // where a login asked for by hand leads
  if (parts.length === 1 && (page === 'people' || page === 'activity' || page === 'logs')) return { page }
  if (parts.length === 1 && (page === 'config' || page === 'about' || page === 'settings')) return { page }
  if (page !== 'process' || group === undefined || name === undefined) return { page: 'unknown' }
  if (tab !== undefined && !tabs.has(tab)) return { page: 'unknown' }
  if (parts.length > (tab === 'crashes' ? 5 : 4)) return { page: 'unknown' }
  const channel = query.get('ch') === 'stderr' ? 'stderr' : 'stdout'
  return { page: 'process', group, name, tab: (tab ?? 'overview') as Tab, crash, channel }
}

/** A badly escaped part stands for itself: it will match nothing. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/**
 * The address of a link that leads to another place of this page: a plain click
 * on it changes the place without loading anything. Anything else is the
 * browser's to follow.
 */
export function ownLink(event: MouseEvent, base: string): URL | undefined {
  if (event.defaultPrevented || event.button !== 0) return undefined
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return undefined
  const link = (event.target as Element | null)?.closest('a')
  if (!link?.href || link.target || link.hasAttribute('download')) return undefined
  const url = new URL(link.href)
  if (url.hash !== '' && url.pathname === location.pathname) return undefined
  return url.href.startsWith(base) ? url : undefined
}
