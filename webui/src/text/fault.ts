import type { ApiError } from '../api/client'
import type { Dict } from './en'
import { errWords } from './explain'

/** What a code of the server means; empty if the catalogue has no words for it. */
export function codeWords(t: Dict, code: string): string {
  return code in t.error.code ? t.error.code[code as keyof typeof t.error.code] : ''
}

/** What went wrong, in the reader's language; below it what the server itself said. */
export function errorWords(t: Dict, error: ApiError): string {
  if (error.kind === 'network') return t.error.network
  if (error.kind === 'timeout') return t.error.timeout
  const known = codeWords(t, error.code) || error.code || `HTTP ${error.status}`
  const id = error.requestId && t.error.request(error.requestId)
  return [known, errWords(t, error.detail), id].filter(Boolean).join('\n')
}

/** As errorWords, in one line, where the server's own words say all: beside a form. */
export function formWords(t: Dict, error: ApiError): string {
  if (error.kind === 'answer' && error.detail && [400, 404, 409].includes(error.status))
    return sentence(error.detail)
  return errorWords(t, error)
}

/** The server writes as for its log: without a capital, and without a stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
