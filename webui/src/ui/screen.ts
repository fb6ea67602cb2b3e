import { MediaQuery } from 'svelte/reactivity'

/** As narrow as a phone held upright. */
export const phone = new MediaQuery('(width < 640px)')

/** Too narrow for words at the top. */
export const tight = new MediaQuery('(width < 900px)')

/** Touched with fingers, or so narrow that it probably is. */
export const touch = new MediaQuery('(pointer: coarse) or (width < 640px)')

/** A phone held sideways: wide, and hardly any room from top to bottom. */
export const sideways = new MediaQuery('(orientation: landscape) and (height < 480px) and (pointer: coarse)')

/** Whether the system asks for dark colours. */
export const dark = new MediaQuery('(prefers-color-scheme: dark)')

/** Wide enough for words beside the icons of a table. */
export const roomy = new MediaQuery('(width >= 1360px)')

/** Whether something can point without touching: then there is a keyboard, too, most likely. */
export const hover = new MediaQuery('(any-hover: hover)')
