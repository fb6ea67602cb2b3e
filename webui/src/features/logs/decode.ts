/** In what the bytes of a log that are no UTF-8 may be written. */
export type Encoding = 'utf-8' | 'windows-1251' | 'koi8-r' | 'latin1'

export const encodings: readonly Encoding[] = ['utf-8', 'windows-1251', 'koi8-r', 'latin1']

/** A byte that is not UTF-8, as the server sends it (wire.gen.ts, Lines). */
const lone = /[\udc80-\udcff]/u

/**
 * The text of a line whose bytes are not all UTF-8, read in another encoding. A
 * line that is UTF-8 stays as it is: programs that write both mean that.
 */
export function decoded(text: string, encoding: Encoding): string {
  if (encoding === 'utf-8' || !lone.test(text)) return text
  return new TextDecoder(encoding).decode(bytesOf(text))
}

/** The bytes a line has in its file. */
export function bytesOf(text: string): Uint8Array {
  const encoder = new TextEncoder()
  const parts: Uint8Array[] = []
  let size = 0
  for (const piece of text.split(/([\udc80-\udcff]+)/u)) {
    const part = lone.test(piece)
      ? Uint8Array.from(piece, (c) => c.charCodeAt(0) - 0xdc00)
      : encoder.encode(piece)
    parts.push(part)
    size += part.length
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
