/**
 * Puts the text of a field on the clipboard, and tells whether it got there. A
 * page that came without TLS is not given the clipboard, but may copy what is
 * selected, as people could.
 */
export async function copyFrom(field: HTMLInputElement | HTMLTextAreaElement): Promise<boolean> {
  field.focus()
  field.select()
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(field.value)
      return true
    }
  } catch {
    // not allowed to: the old way may be
  }
  return document.execCommand('copy')
}
