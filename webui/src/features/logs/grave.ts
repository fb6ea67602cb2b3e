import type { LogLine } from '../../store/logbuffer'
import { plainText } from './ansi'
import { type Level, levelOf } from './levels'

export type { Level } from './levels'
export { errorWords, levels } from './levels'

const known = new WeakMap<LogLine, Level>()

/** How grave a line is, found out once. */
export function levelOfLine(line: LogLine): Level {
  let level = known.get(line)
  if (level === undefined) {
    level = levelOf(plainText(line.text.length > 2_048 ? line.text.slice(0, 2_048) : line.text))
    known.set(line, level)
  }
  return level
}
