/**
 * Loads the page anew, once nobody looks at it and nothing is begun in it; what
 * free says counts too. A page that is of the same version afterwards, because
 * something on the way keeps it, is left alone. The answer ends the waiting.
 */
export function renewWhenAside(version: string, free: () => boolean): () => void {
  const turn = () => {
    if (!document.hidden || document.querySelector('dialog[open]') || !free()) return
    if (document.activeElement?.matches('input, textarea')) return
    if (history.state?.renewed === version) return
    history.replaceState({ renewed: version }, '')
    location.reload()
  }
  turn()
  document.addEventListener('visibilitychange', turn)
  return () => document.removeEventListener('visibilitychange', turn)
}
