import type { Row } from '../../store/processes.svelte'

/** What the reader wants to see. */
export interface Filter {
  /** As typed: words, and conditions such as state:fatal, group:web, pid:123. */
  text: string
  /** States chosen by the chips; none means all. */
  states: ReadonlySet<string>
}

export type Test = (row: Row) => boolean

const conditions: Record<string, (values: string[]) => Test> = {
  state: (values) => (row) => values.some((v) => row.data.state.toLowerCase().startsWith(v)),
  group: (values) => (row) => values.some((v) => row.group.toLowerCase().includes(v)),
  name: (values) => (row) => values.some((v) => row.name.toLowerCase().includes(v)),
  pid: (values) => (row) => values.includes(String(row.data.pid)),
}

/**
 * Reads the text of a filter. Words match names and reasons, "key:a,b" a
 * condition with any of its values, all must hold. An unknown key is a word like
 * any other, because names may contain colons; so is a condition still without
 * a value.
 */
export function parseFilter(text: string): Test {
  const tests = text.toLowerCase().split(/\s+/).filter(Boolean).map(testOf)
  return (row) => tests.every((test) => test(row))
}

/** Whether a row passes the text and the chips. */
export function compile(filter: Filter): Test {
  const byText = parseFilter(filter.text)
  if (filter.states.size === 0) return byText
  return (row) => filter.states.has(row.data.state) && byText(row)
}

function testOf(word: string): Test {
  const colon = word.indexOf(':')
  const values = word
    .slice(colon + 1)
    .split(',')
    .filter(Boolean)
  const condition = colon > 0 ? conditions[word.slice(0, colon)] : undefined
  if (condition && values.length > 0) return condition(values)
  return (row) => row.spec.toLowerCase().includes(word) || row.data.err.toLowerCase().includes(word)
}
