/** How well a text answers a question, and which of its signs do. */
export interface Match {
  score: number
  at: readonly number[]
}

/** What stands on the keys of a Russian keyboard, and what a Latin one has there. */
const russian = 'йцукенгшщзхъфывапролджэячсмитьбю'
const latin = "qwertyuiop[]asdfghjkl;'zxcvbnm,."

/** A text as it would have come out with the Latin layout on: "цуи" is "web". */
export function latinOf(text: string): string {
  return text.replace(/[а-яё]/gi, (letter) => latin[russian.indexOf(letter.toLowerCase())] ?? letter)
}

/**
 * Whether all words of a question are in a text, each with its letters in order,
 * but others between them; undefined if not. Letters side by side, and those at the
 * beginning of a part of a name, weigh more; so does a short text.
 */
export function match(question: Question, text: string): Match | undefined {
  const low = text.toLowerCase()
  if (low.length !== text.length) return undefined // letters that grow when made small: places would be wrong
  let score = 0
  const at: number[] = []
  for (const word of question) {
    const found = matchWord(word, low)
    if (!found) return undefined
    score += found.score
    at.push(...found.at)
  }
  return { score: score - low.length / 50, at: at.sort((a, b) => a - b) }
}

/** The words of a question. */
export type Question = readonly string[]

export function questionOf(text: string): Question {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}

function matchWord(word: string, text: string): Match | undefined {
  let best: Match | undefined
  for (let from = text.indexOf(word[0]!); from >= 0; from = text.indexOf(word[0]!, from + 1)) {
    const found = matchFrom(word, text, from, true) ?? matchFrom(word, text, from, false)
    if (!found) return best // what follows from here on lacks a letter, so what follows later does
    if (!best || found.score > best.score) best = found
  }
  return best
}

/** Follows a word from one place of a text on, to beginnings of parts first, or to whatever comes next. */
function matchFrom(word: string, text: string, from: number, parts: boolean): Match | undefined {
  const at = [from]
  let score = begins(text, from) ? (from === 0 ? 6 : 4) : 1
  for (let i = 1, before = from; i < word.length; i++) {
    const here = nextOf(word[i]!, text, before, parts)
    if (here < 0) return undefined
    score += here === before + 1 ? 3 : begins(text, here) ? 2 : 1 - Math.min(here - before, 10) / 10
    at.push(here)
    before = here
  }
  return { score, at }
}

function nextOf(letter: string, text: string, before: number, parts: boolean): number {
  const first = text.indexOf(letter, before + 1)
  if (first === before + 1 || !parts) return first
  for (let here = first; here >= 0; here = text.indexOf(letter, here + 1)) if (begins(text, here)) return here
  return first
}

/** Whether a part of a name begins at a place: "api" and "0" in "web:api-0". */
function begins(text: string, at: number): boolean {
  return at === 0 || (isPart(text[at]!) && !isPart(text[at - 1]!))
}

function isPart(sign: string): boolean {
  if (sign < '\x80') return (sign >= 'a' && sign <= 'z') || (sign >= '0' && sign <= '9')
  return /[\p{L}\p{N}]/u.test(sign)
}

/** A text in pieces, those that answer the question and those between them. */
export function pieces(text: string, at: readonly number[]): { text: string; found: boolean }[] {
  const found = new Set(at)
  const parts: { text: string; found: boolean }[] = []
  for (let i = 0; i < text.length; i++) {
    const last = parts.at(-1)
    if (last && last.found === found.has(i)) last.text += text[i]
    else parts.push({ text: text[i]!, found: found.has(i) })
  }
  return parts
}
