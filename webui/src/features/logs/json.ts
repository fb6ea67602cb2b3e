/** A row of an unfolded JSON text. */
export interface JsonRow {
  depth: number
  /** The key and its colon, or nothing in a list. */
  key: string
  value: string
  kind: 'string' | 'number' | 'word' | 'bracket'
  /** Where it is, such as .request.headers[0]. */
  path: string
  /** What is there, as text to copy. */
  whole: string
}

/** More rows than this make a line stay folded: it is data, not a message. */
const most = 2_000

/** Whether a line may be JSON: known by its first and last letter, for all lines on the screen. */
export function looksLikeJson(text: string): boolean {
  return text.length > 2 && text[0] === '{' && text.trimEnd().endsWith('}')
}

/** The rows of a JSON text; undefined if it is none, or too much. */
export function jsonRows(text: string): JsonRow[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const rows: JsonRow[] = []
  lay(rows, value, '', 0, '', '')
  return rows.length > most ? undefined : rows
}

function lay(rows: JsonRow[], value: unknown, key: string, depth: number, path: string, comma: string): void {
  if (rows.length > most) return
  const row = (text: string, kind: JsonRow['kind'], name = key) =>
    rows.push({ depth, key: name, value: text, kind, path, whole: JSON.stringify(value) })
  if (typeof value !== 'object' || value === null) {
    const kind = typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : 'word'
    row(JSON.stringify(value) + comma, kind)
    return
  }
  const list = Array.isArray(value)
  const entries = Object.entries(value)
  const [open, close] = list ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) {
    row(open + close + comma, 'bracket')
    return
  }
  row(open, 'bracket')
  entries.forEach(([name, inner], i) => {
    const step = list ? `[${name}]` : /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
    const label = list ? '' : `${JSON.stringify(name)}: `
    lay(rows, inner, label, depth + 1, path + step, i < entries.length - 1 ? ',' : '')
  })
  row(close + comma, 'bracket', '')
}
