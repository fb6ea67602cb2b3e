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

/** Puts a text that stands in no field on the clipboard, and tells whether it got there. */
export async function copyText(text: string): Promise<boolean> {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'visually-hidden'
  document.body.append(field)
  try {
    return await copyFrom(field)
  } finally {
    field.remove()
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  }
}
