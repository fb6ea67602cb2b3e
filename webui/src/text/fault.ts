import type { ApiError } from '../api/client'
import type { Dict } from './en'
import { errWords } from './explain'
import type { Whole } from './words.svelte'

/** Codes that say all there is to say: what the server adds is the same again, in English. */
const plain: ReadonlySet<string> = new Set([
  'FORBIDDEN',
  'PRECONDITION_FAILED',
  'SERVICE_UNAVAILABLE',
  'SHUTDOWN_STATE',
  'TOO_MANY_REQUESTS',
  'UNAUTHORIZED',
])

/** What a code of the server means; empty if the catalogue has no words for it. */
export function codeWords(t: Dict, code: string): string {
  return code in t.error.code ? t.error.code[code as keyof typeof t.error.code] : ''
}

/** What a fault says: its code in the reader's language, then what it is about, or what the server itself said. */
export function faultWords(t: Dict, code: string, detail: string): string {
  const words = plain.has(code) ? '' : detail
  return [codeWords(t, code) || code, words && saidWords(t, words)].filter(Boolean).join('\n')
}

/** What went wrong, in the reader's language; below it what the server itself said. */
export function errorWords(t: Dict, error: ApiError): string {
  if (error.kind === 'network') return t.error.network
  if (error.kind === 'timeout') return t.error.timeout
  const id = error.requestId && t.error.request(error.requestId)
  return [faultWords(t, error.code || `HTTP ${error.status}`, error.detail), id].filter(Boolean).join('\n')
}

/** As errorWords, in one line, where the reason says all: beside a form. */
export function formWords(t: Whole, error: ApiError): string {
  if (error.reason !== '' && Object.hasOwn(t.reasons, error.reason)) {
    const own = t.reasons[error.reason as keyof typeof t.reasons]
    if (!own) return sentence(error.detail)
    // Where it is to be changed is told by the server alone.
    const [place] = error.reason === 'read-only' ? (/\S+:\d+/.exec(error.detail) ?? []) : []
    return place ? `${own}\n${place}` : own
  }
  if (error.kind === 'answer' && error.detail && [400, 404, 409].includes(error.status))
    return saidWords(t, sentence(error.detail))
  return errorWords(t, error)
}

/** The server's own words, which are English; a single one is a name and is the same in every language. */
function saidWords(t: Dict, text: string): string {
  const known = errWords(t, text)
  return known !== text || !/\s/.test(text) ? known : t.error.said(text)
}

/** The server writes as for its log: without a capital, and without a stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
