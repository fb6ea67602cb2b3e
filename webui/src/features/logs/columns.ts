// Characters two columns wide: East Asian ones and pictures.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
// Characters that stand on the one before them.
const combining = /\p{Mn}|\p{Me}/u

/** How many columns of a monospaced font a character takes. */
function columnsOf(character: string): number {
  if (character <= '~') return 1
  if (combining.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

/**
 * Where the rows of a text begin, but for the first, when it is wrapped at so
 * many columns: after the last space of a row where that leaves it at least half
 * full, else wherever it is full. Spaces at the end of a row hang over its edge.
 *
 * The page draws the rows cut here instead of leaving it to the browser, because
 * it must know the height of lines it does not draw.
 */
export function breaksOf(text: string, width: number): number[] {
  const breaks: number[] = []
  let begin = 0 // of the row
  let columns = 0 // of the row so far
  let word = 0 // index behind the last space of the row
  let before = 0 // columns of the row before that
  let at = 0
  for (const character of text) {
    const needed = columnsOf(character)
    if (columns + needed > width && character !== ' ') {
      const soft = word > begin && before * 2 >= width
      begin = soft ? word : at
      columns = soft ? columns - before : 0
      breaks.push(begin)
    }
    columns += needed
    at += character.length
    if (character === ' ') {
      word = at
      before = columns
    }
  }
  return breaks
}
