import type { ConfigFinding } from '../../wire/wire.gen'

/** Lines of a file that belong together: some that nothing is said of, or one of which something is. */
export interface Piece {
  /** Number of the first. */
  first: number
  text: string
  marked: boolean
}

/** Cuts a text where a line is marked. An empty text has one empty line. */
export function piecesOf(text: string, marked: ReadonlySet<number>): Piece[] {
  const lines = text.replace(/\n$/, '').split('\n')
  const pieces: Piece[] = []
  let plain: string[] = []
  const close = (next: number) => {
    if (plain.length > 0) pieces.push({ first: next - plain.length, text: plain.join('\n'), marked: false })
    plain = []
  }
  lines.forEach((line, i) => {
    if (!marked.has(i + 1)) {
      plain.push(line)
      return
    }
    close(i + 1)
    pieces.push({ first: i + 1, text: line, marked: true })
  })
  close(lines.length + 1)
  return pieces
}

export function countLines(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length
}

/** The numbers beside a piece. */
export function numbersOf(piece: Piece): string {
  const count = piece.text.split('\n').length
  return Array.from({ length: count }, (_, i) => piece.first + i).join('\n')
}

/**
 * What is wrong; then what is doubtful, for nobody reads it or it may not be what was
 * meant; then what is only worth a look. Each in the order of the files.
 */
export function byWeight(findings: ConfigFinding[]): Record<'wrong' | 'doubtful' | 'rest', ConfigFinding[]> {
  const isDoubtful = (f: ConfigFinding) => f.verdict === 'ignored' || f.verdict === 'warning'
  return {
    wrong: findings.filter((f) => f.verdict === 'error'),
    doubtful: findings.filter(isDoubtful),
    rest: findings.filter((f) => f.verdict !== 'error' && !isDoubtful(f)),
  }
}
