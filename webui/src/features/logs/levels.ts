/** How grave a line is; none: it does not say. */
export type Level = 'error' | 'warn' | 'info' | 'debug' | 'none'

export const levels: readonly Level[] = ['error', 'warn', 'info', 'debug', 'none']

/** The words programs use, in lower case. */
const meaning: Record<string, Level> = {
  emerg: 'error',
  emergency: 'error',
  alert: 'error',
  panic: 'error',
  fatal: 'error',
  crit: 'error',
  critical: 'error',
  error: 'error',
  err: 'error',
  erro: 'error', // supervisord itself writes levels in four letters
  e: 'error',
  f: 'error',
  warning: 'warn',
  warn: 'warn',
  w: 'warn',
  notice: 'info',
  info: 'info',
  i: 'info',
  debug: 'debug',
  dbg: 'debug',
  debg: 'debug',
  d: 'debug',
  trace: 'debug',
  trac: 'debug',
  blat: 'debug',
}

/** A level is said near the beginning of a line, behind times and names. */
const searched = 160

const key =
  /"(?:level|lvl|severity|loglevel|log\.level|levelname)"\s*:\s*(?:"(\w+)"|(\d+))|\b(?:level|lvl|severity)=["']?(\w+)/i
// In capitals anywhere; in small letters only where it is no word of a sentence.
const marks = [
  /\b(EMERG|EMERGENCY|ALERT|PANIC|FATAL|CRIT|CRITICAL|ERROR|ERRO|ERR|WARN|WARNING|NOTICE|INFO|DEBUG|DEBG|DBG|TRACE|TRAC|BLAT)\b/,
  /[[<(](emerg|alert|panic|fatal|crit|critical|error|err|warn|warning|notice|info|debug|trace)[\]>):]/i,
  /(?:^|\s)(panic|fatal|error|warning|notice|info|debug):/i,
]
/** The same of errors, near enough to look for them in files that are not loaded. */
export const errorWords =
  '\\b(EMERG|EMERGENCY|ALERT|PANIC|FATAL|CRIT|CRITICAL|ERROR|ERRO|ERR)\\b' +
  '|(^|\\s)([Pp]anic|[Ff]atal|[Ee]rror):|[\\[<(]([Pp]anic|[Ff]atal|[Cc]ritical|[Ee]rror|[Ee]rr)[\\]>):]' +
  '|"(level|lvl|severity|levelname)"\\s*:\\s*"([Ff]atal|[Pp]anic|[Cc]ritical|[Ee]rror)"' +
  '|\\b(level|lvl|severity)=["\']?([Ff]atal|[Pp]anic|[Cc]ritical|[Ee]rror)|^[EF]\\d{4} \\d\\d:'

// klog: E0512 10:23:45.123
const klog = /^([EFWID])\d{4} \d\d:/

/** Finds out how grave a line is from what it says, as text without colours. */
export function levelOf(text: string): Level {
  const head = text.length > searched ? text.slice(0, searched) : text
  const keyed = key.exec(text.startsWith('{') ? text.slice(0, 2_000) : head)
  if (keyed) {
    if (keyed[2] !== undefined) return numbered(Number(keyed[2]))
    return meaning[(keyed[1] ?? keyed[3])!.toLowerCase()] ?? 'none'
  }
  const short = klog.exec(head)
  if (short) return meaning[short[1]!.toLowerCase()]!
  for (const mark of marks) {
    const found = mark.exec(head)
    if (found) return meaning[found[1]!.toLowerCase()]!
  }
  return 'none'
}

/** Levels as pino and bunyan number them. */
function numbered(n: number): Level {
  if (n >= 50) return 'error'
  if (n >= 40) return 'warn'
  if (n >= 30) return 'info'
  return n >= 10 ? 'debug' : 'none'
}
