import { plainText } from './ansi'

// Characters two columns wide: East Asian ones and pictures.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
// Characters that stand on the one before them.
const combining = /\p{Mn}|\p{Me}/u
const simple = /^[\x20-\x7e]*$/

/** How many columns of a monospaced font a line takes when it is drawn. */
export function columnsOf(line: string): number {
  if (simple.test(line)) return line.length
  let columns = 0
  for (const character of plainText(line)) {
    if (combining.test(character)) continue
    columns += wide.test(character) ? 2 : 1
  }
  return columns
}

/** How many rows a line takes when it is wrapped at a width in columns. */
export function rowsOf(columns: number, width: number): number {
  return Math.max(1, Math.ceil(columns / Math.max(1, width)))
}
