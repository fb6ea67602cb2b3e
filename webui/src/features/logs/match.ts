/** What is looked for in lines. */
export interface Query {
  text: string
  regex: boolean
  exact: boolean
}

/** From where to where in a line something was found. */
export type Range = readonly [from: number, to: number]

/** Marks drawn in one line at most. */
const mostMarks = 200

/** All places in a text that has no pattern: what is looked for, as it is. Empty for none. */
export function placesOf(query: Query, text: string): Range[] {
  const wanted = query.exact ? query.text : query.text.toLowerCase()
  if (wanted === '') return []
  const within = query.exact ? text : text.toLowerCase()
  const found: Range[] = []
  for (let at = within.indexOf(wanted); at >= 0 && found.length < mostMarks; ) {
    found.push([at, at + wanted.length])
    at = within.indexOf(wanted, at + wanted.length)
  }
  return found
}

/** Whether it is anywhere in a text. */
export function isIn(query: Query, text: string): boolean {
  return query.exact ? text.includes(query.text) : text.toLowerCase().includes(query.text.toLowerCase())
}

/** The regular expression that is meant; throws if it is none. */
export function patternOf(query: Query): RegExp {
  return new RegExp(query.text, query.exact ? 'gu' : 'giu')
}

/** What is asked of whoever tries a pattern on lines. */
export interface Task {
  query: Query
  texts: readonly string[]
}

/** What came of it: how many of the texts were looked at, and where the pattern was found in which. */
export interface Tried {
  looked: number
  hits: { index: number; ranges: Range[] }[]
}

/**
 * Tries a pattern on texts, on at least one and then for as long as the clock
 * allows, so that nobody waits long to hear that it goes on.
 */
export function tryPattern({ query, texts }: Task, allowed: number, now: () => number): Tried {
  const pattern = patternOf(query)
  const end = now() + allowed
  const hits: Tried['hits'] = []
  let looked = 0
  for (const text of texts) {
    if (looked > 0 && now() >= end) break
    const ranges = everyMatch(pattern, text)
    if (ranges) hits.push({ index: looked, ranges })
    looked++
  }
  return { looked, hits }
}

/** Where a pattern is found; undefined for nowhere. A match of nothing has no place that could be marked. */
function everyMatch(pattern: RegExp, text: string): Range[] | undefined {
  const ranges: Range[] = []
  let any = false
  for (const match of text.matchAll(pattern)) {
    any = true
    if (match[0] !== '') ranges.push([match.index, match.index + match[0].length])
    if (ranges.length >= mostMarks) break
  }
  return any ? ranges : undefined
}
