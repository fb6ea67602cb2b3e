/** A colour of a span: one of the sixteen named ones, or an exact one. */
export type Colour = number | `#${string}`

/** What a terminal would do to a piece of text. All fields absent: nothing. */
export interface Style {
  fg?: Colour
  bg?: Colour
  bold?: true
  dim?: true
  italic?: true
  underline?: true
  strike?: true
  inverse?: true
}

/** A piece of a line that looks the same from end to end. */
export interface Span {
  text: string
  style: Style
  /** Not text of the line: the picture of a control character or of a bad byte. */
  chip?: true
  /** It is what somebody looks for. */
  mark?: true
}

/** Longer escape sequences are taken for garbage and dropped at this length. */
const longestSequence = 4096

const plain: Style = {}

// Anything but printable text: C0, DEL, C1, soft hyphens and marks that change
// direction or are invisible, and surrogates, lone ones being bad bytes.
const special = /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]/

/**
 * Cuts a line into spans. Colours and weights (SGR) are understood, every other
 * escape sequence is removed, what cannot be shown is shown as a chip: control
 * characters as their pictures, bytes that are not UTF-8 as \xE9, marks that
 * turn the direction of writing as their numbers. After a carriage return only
 * the rest of the line stays, as on a terminal. Nothing here makes HTML.
 */
export function parseLine(line: string): Span[] {
  const text = afterReturn(line)
  if (!special.test(text)) return text === '' ? [] : [{ text, style: plain }]
  return new Parser(text).run()
}

/** The text a line shows, without its colours. */
export function plainText(line: string): string {
  if (!special.test(line)) return line
  return parseLine(line)
    .map((span) => span.text)
    .join('')
}

/**
 * What the log has where a line shows a stretch of its text: tabs as tabs, signs
 * that are shown by pictures or numbers as themselves. Colours are left out, and
 * what has no text stays as it is shown: NUL, and bytes that are none.
 */
export function writtenText(line: string, from = 0, to = Number.POSITIVE_INFINITY): string {
  const text = afterReturn(line)
  if (!special.test(text)) return text.slice(from, to)
  const written: string[] = []
  new Parser(text, written).run()
  return written.slice(from, to).join('')
}

/** Cuts the spans of a line at places in its text, in their order; there is always one piece more. */
export function cut(spans: readonly Span[], places: readonly number[]): Span[][] {
  const pieces: Span[][] = [[]]
  let at = 0
  let next = 0
  for (const span of spans) {
    let rest = span.text
    while (next < places.length && places[next]! < at + rest.length) {
      const left = places[next++]! - at
      if (left > 0) pieces.at(-1)!.push({ ...span, text: rest.slice(0, left) })
      pieces.push([])
      rest = rest.slice(left)
      at += left
    }
    pieces.at(-1)!.push(rest === span.text ? span : { ...span, text: rest })
    at += rest.length
  }
  return pieces
}

/** Marks stretches of the text of a line, given in their order. */
export function marked(spans: readonly Span[], stretches: readonly (readonly [number, number])[]): Span[] {
  if (stretches.length === 0) return [...spans]
  const bounds = stretches.flat()
  // A piece begins at each bound: those inside a stretch are every second one.
  const starts = bounds[0] === 0 ? bounds.slice(1) : bounds
  const offset = bounds[0] === 0 ? 1 : 0
  return cut(spans, starts).flatMap((piece, i) =>
    (i + offset) % 2 === 1 ? piece.map((span): Span => ({ ...span, mark: true })) : piece,
  )
}

/** A progress bar rewrites its line after each \r: the last writing is the line. */
function afterReturn(line: string): string {
  const end = line.endsWith('\r') ? line.length - 1 : line.length
  const at = line.lastIndexOf('\r', end - 1)
  return end === 0 ? '' : line.slice(at + 1, end)
}

class Parser {
  private at = 0
  private style: Style = plain
  private pending = ''
  private written = 0
  private readonly spans: Span[] = []

  constructor(
    private readonly text: string,
    /** What each sign of the text shown stands for, for those who want to know. */
    private readonly sources?: string[],
  ) {}

  run(): Span[] {
    while (this.at < this.text.length) this.step()
    this.flush()
    return this.spans
  }

  private step(): void {
    const c = this.text.charCodeAt(this.at)
    if (c === 0x1b) return this.escape()
    if (c === 0x9b) return this.csi(this.at + 1)
    if (c === 0x90 || c === 0x9d || (c >= 0x98 && c <= 0x9f)) return this.command(this.at + 1)
    if (c === 0x09) return this.tab()
    if (c >= 0xd800 && c < 0xdc00 && isLow(this.text.charCodeAt(this.at + 1))) {
      this.pending += this.text.slice(this.at, this.at + 2)
      this.sources?.push(...this.text.slice(this.at, this.at + 2).split(''))
      this.at += 2
      return
    }
    const picture = pictureOf(c)
    if (picture === undefined) {
      this.pending += this.text[this.at]
      this.sources?.push(this.text[this.at]!)
    } else this.chip(picture, c !== 0 && !within(c, 0xd800, 0xdfff) ? this.text[this.at]! : picture)
    this.at++
  }

  /** Tabs become spaces up to the next multiple of eight, so that columns can be counted. */
  private tab(): void {
    const width = 8 - ((this.written + this.pending.length) % 8)
    this.pending += ' '.repeat(width)
    this.stand('\t', width)
    this.at++
  }

  private escape(): void {
    const next = this.text[this.at + 1]
    if (next === '[') return this.csi(this.at + 2)
    if (next === ']' || next === 'P' || next === 'X' || next === '^' || next === '_') {
      return this.command(this.at + 2)
    }
    // ESC, bytes in between, one final byte: character sets, cursor keys and the like.
    let i = this.at + 1
    while (i < this.text.length && within(this.text.charCodeAt(i), 0x20, 0x2f)) i++
    this.at = within(this.text.charCodeAt(i), 0x30, 0x7e) ? i + 1 : i
  }

  /** A control sequence: parameters, then a final byte; "m" sets the style. */
  private csi(from: number): void {
    let i = from
    while (i < this.text.length && i - from < longestSequence && within(this.text.charCodeAt(i), 0x20, 0x3f))
      i++
    if (within(this.text.charCodeAt(i), 0x40, 0x7e)) {
      if (this.text[i] === 'm') this.setStyle(this.text.slice(from, i))
      i++
    }
    this.at = i
  }

  /** A string command (title, link, picture): dropped up to its terminator. */
  private command(from: number): void {
    const limit = Math.min(this.text.length, from + longestSequence)
    for (let i = from; i < limit; i++) {
      const c = this.text.charCodeAt(i)
      if (c === 0x07 || c === 0x9c) {
        this.at = i + 1
        return
      }
      if (c === 0x1b) {
        this.at = this.text[i + 1] === '\\' ? i + 2 : i
        return
      }
    }
    this.at = limit
  }

  private setStyle(parameters: string): void {
    if (!/^[\d;:]*$/.test(parameters)) return
    this.flush()
    this.style = applySGR(this.style, parameters.split(/[;:]/).map(Number))
  }

  /** Says that so many signs of what is shown stand for a text. */
  private stand(source: string, signs: number): void {
    this.sources?.push(source, ...Array<string>(signs - 1).fill(''))
  }

  private chip(text: string, source: string): void {
    this.stand(source, text.length)
    this.flush()
    this.written += text.length
    this.spans.push({ text, style: this.style, chip: true })
  }

  private flush(): void {
    if (this.pending === '') return
    this.written += this.pending.length
    this.spans.push({ text: this.pending, style: this.style })
    this.pending = ''
  }
}

/** Gives the style after the numbers of one SGR sequence. */
function applySGR(before: Style, codes: number[]): Style {
  let style: Style = { ...before }
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (code === 0) style = {}
    else if (code === 38 || code === 48) i += extended(style, code === 38 ? 'fg' : 'bg', codes.slice(i + 1))
    else if (within(code, 30, 37)) style.fg = code - 30
    else if (within(code, 40, 47)) style.bg = code - 40
    else if (within(code, 90, 97)) style.fg = code - 82
    else if (within(code, 100, 107)) style.bg = code - 92
    else simple(style, code)
  }
  return style
}

function simple(style: Style, code: number): void {
  switch (code) {
    case 1:
      style.bold = true
      break
    case 2:
      style.dim = true
      break
    case 3:
      style.italic = true
      break
    case 4:
    case 21:
      style.underline = true
      break
    case 7:
      style.inverse = true
      break
    case 9:
      style.strike = true
      break
    case 22:
      delete style.bold
      delete style.dim
      break
    case 23:
      delete style.italic
      break
    case 24:
      delete style.underline
      break
    case 27:
      delete style.inverse
      break
    case 29:
      delete style.strike
      break
    case 39:
      delete style.fg
      break
    case 49:
      delete style.bg
      break
  }
}

/** Reads "5;n" or "2;r;g;b" after 38 or 48; tells how many numbers it used. */
function extended(style: Style, which: 'fg' | 'bg', rest: number[]): number {
  if (rest[0] === 5 && rest.length >= 2) {
    const n = rest[1]!
    if (within(n, 0, 15)) style[which] = n
    else if (within(n, 16, 255)) style[which] = indexed(n)
    return 2
  }
  if (rest[0] === 2 && rest.length >= 4) {
    const rgb = rest.slice(1, 4)
    if (rgb.every((n) => within(n, 0, 255))) style[which] = hex(rgb[0]!, rgb[1]!, rgb[2]!)
    return 4
  }
  return rest.length
}

/** A colour of the 256 above the sixteen: a 6x6x6 cube, then greys. */
function indexed(n: number): Colour {
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10
    return hex(grey, grey, grey)
  }
  const level = (i: number) => (i === 0 ? 0 : 55 + i * 40)
  const cube = n - 16
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

function hex(r: number, g: number, b: number): Colour {
  return `#${[r, g, b].map((n) => n.toString(16).padStart(2, '0')).join('')}`
}

/** What stands for a character that cannot be shown as itself; undefined if it can. */
function pictureOf(c: number): string | undefined {
  if (c < 0x20) return String.fromCharCode(0x2400 + c)
  if (c === 0x7f) return '\u2421'
  if (within(c, 0xdc80, 0xdcff)) return `\\x${(c - 0xdc00).toString(16).toUpperCase()}`
  if (within(c, 0x80, 0x9f) || within(c, 0xd800, 0xdfff) || special.test(String.fromCharCode(c))) {
    return `U+${c.toString(16).toUpperCase().padStart(4, '0')}`
  }
  return undefined
}

function isLow(c: number): boolean {
  return within(c, 0xdc00, 0xdfff)
}

function within(n: number, low: number, high: number): boolean {
  return n >= low && n <= high
}
