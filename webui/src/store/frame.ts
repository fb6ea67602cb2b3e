/** Runs a function before the next picture is drawn, or soon where nothing is drawn. */
export type OnFrame = (run: () => void) => void

/** Many calls, one run per frame. */
export function oncePerFrame(onFrame: OnFrame, run: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    onFrame(() => {
      waiting = false
      run()
    })
  }
}
