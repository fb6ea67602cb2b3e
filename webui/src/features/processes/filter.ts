import type { Used } from '../../store/metrics.svelte'
import type { Row } from '../../store/processes.svelte'

/** What the reader wants to see. */
export interface Filter {
  /** As typed: words, and conditions such as state:fatal, group:web, pid:123. */
  text: string
  /** States chosen by the chips; none means all. */
  states: ReadonlySet<string>
}

/** What is tested: a process, and what it uses, as far as that is known. */
export type Test = (row: Row, used?: Used) => boolean

/** What can be compared with a number: cpu>50, memory<=1.5g, restarts>0. */
const numbers: Record<string, (row: Row, used?: Used) => number | null | undefined> = {
  cpu: (_, used) => used?.cpu,
  mem: (_, used) => used?.memory,
  memory: (_, used) => used?.memory,
  pid: (row) => row.data.pid || undefined,
  restarts: (row) => row.data.restartsDay ?? 0,
}
const comparison = /^(cpu|mem|memory|pid|restarts)(<=|>=|<|>|=)(\d+(?:\.\d+)?)([kmg]?)(?:i?b|%)?$/
const units: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
const compare: Record<string, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '=': (a, b) => a === b,
}

/** Whether a filter looks at what processes use, which is then wanted of all of them. */
export function looksAtUse(text: string): boolean {
  return wordsOf(text).some((word) => /^(cpu|mem)/.test(word) && comparison.test(word))
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

const conditions: Record<string, (values: string[]) => Test> = {
  state: (values) => (row) => values.some((v) => row.data.state.toLowerCase().startsWith(v)),
  group: (values) => (row) => values.some((v) => row.group.toLowerCase().includes(v)),
  name: (values) => (row) => values.some((v) => row.name.toLowerCase().includes(v)),
  pid: (values) => (row) => values.includes(String(row.data.pid)),
}

/**
 * Reads the text of a filter. Words match names and reasons, "key:a,b" a
 * condition with any of its values, and figures are compared by < and >; all must
 * hold. What is not measured passes no comparison. An unknown key is a word like
 * any other, because names may contain colons; so is a condition still without
 * a value.
 */
export function parseFilter(text: string): Test {
  const tests = wordsOf(text).map(testOf)
  return (row, used) => tests.every((test) => test(row, used))
}

/** What looks like a comparison: cpu>50, and also cpu>abc, foo>5. */
const compared = /^[a-z]+(<=|>=|<|>|=)./
const stateNames = ['stopped', 'starting', 'running', 'backoff', 'stopping', 'exited', 'fatal', 'unknown']

/**
 * Words of a filter that look like conditions and are none: they can only be part
 * of a name, and no process here has such a name. A condition still without a value
 * is being typed.
 */
export function strangeWords(text: string, rows: readonly Row[]): string[] {
  return wordsOf(text).filter((word) => {
    const [, key = '', value = ''] = /^([^:]*):(.*)$/.exec(word) ?? []
    if (key === 'state' && value !== '')
      return !value.split(',').some((v) => stateNames.some((name) => name.startsWith(v)))
    const odd = compared.test(word) ? !comparison.test(word) : value !== '' && !Object.hasOwn(conditions, key)
    const passes = testOf(word)
    return odd && !rows.some((row) => passes(row))
  })
}

/** Whether a row passes the text and the chips. */
export function compile(filter: Filter): Test {
  const byText = parseFilter(filter.text)
  if (filter.states.size === 0) return byText
  return (row, used) => filter.states.has(row.data.state) && byText(row, used)
}

function testOf(word: string): Test {
  const [, name, sign, digits, unit] = comparison.exec(word) ?? []
  if (name !== undefined) {
    const holds = compare[sign!]!
    const wanted = Number(digits) * units[unit!]!
    return (row, used) => {
      const is = numbers[name]!(row, used)
      return is !== null && is !== undefined && holds(is, wanted)
    }
  }
  const colon = word.indexOf(':')
  const values = word
    .slice(colon + 1)
    .split(',')
    .filter(Boolean)
  const condition = colon > 0 ? conditions[word.slice(0, colon)] : undefined
  if (condition && values.length > 0) return condition(values)
  return (row) => row.spec.toLowerCase().includes(word) || row.data.err.toLowerCase().includes(word)
}
