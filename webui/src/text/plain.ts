/** Codes that colour a line on a terminal, and others that a line of a list has no use for. */
const codes = /\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f]|\x1b/g

/** A line of a log as plain text; bytes that were no text become question marks. */
export function plain(line: string): string {
  return line
    .replace(codes, '')
    .replace(/[\udc80-\udcff]/g, '\ufffd')
    .trim()
}

/** A line without the date and time it begins with, where there is little room and it is the last one anyway. */
export function undated(line: string): string {
  return line.replace(/^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*\s+(?=\S)/, '')
}
