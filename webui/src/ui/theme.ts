import { MediaQuery } from 'svelte/reactivity'

/** Colours of the bar at the top (--surface of tokens.css) by day and by night, for what the browser draws around the page. */
const bars: Record<string, [string, string]> = {
  system: ['#f5f7fa', '#151b23'],
  light: ['#f5f7fa', '#f5f7fa'],
  dark: ['#151b23', '#151b23'],
  contrast: ['#ffffff', '#000000'],
}

/** Whether the system asks for more contrast. */
const clear = new MediaQuery('(prefers-contrast: more)')

/** Puts the page into a theme, and the browser around it. */
export function dress(chosen: string): void {
  const theme = chosen === 'system' && clear.current ? 'contrast' : chosen
  document.documentElement.dataset.theme = theme
  document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]').forEach((meta, night) => {
    meta.content = bars[theme]![night]!
  })
}
