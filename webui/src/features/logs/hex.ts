/** Rows of bytes as they are written since there are terminals: offset, numbers, and letters where there are some. */
export function hexRows(bytes: Uint8Array, start: number, width: number): string[] {
  const rows: string[] = []
  const digits = Math.max(6, (start + bytes.length).toString(16).length)
  for (let at = 0; at < bytes.length; at += width) {
    const row = [...bytes.subarray(at, at + width)]
    const numbers = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const letters = row
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'))
      .join('')
    rows.push(
      `${(start + at).toString(16).padStart(digits, '0')}  ${numbers.padEnd(width * 3 - 1)}  ${letters}`,
    )
  }
  return rows
}
