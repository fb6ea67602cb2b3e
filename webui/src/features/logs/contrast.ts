/** Red, green and blue, 0 to 255. */
type RGB = [number, number, number]

/** Contrast every text of a log keeps against its background (WCAG AA). */
const readable = 4.5

/**
 * Moves a colour a program has chosen towards black or white, as little as is
 * needed to be read on the background. Programs choose for their own terminal,
 * not for this page.
 */
export function legible(colour: string, background: string, least = readable): string {
  const back = parse(background)
  const target: RGB = luminance(back) > 0.18 ? [0, 0, 0] : [255, 255, 255]
  const from = parse(colour)
  for (let share = 0; share <= 1; share += 0.1) {
    const mixed = mix(from, target, share)
    if (contrast(mixed, back) >= least) return print(mixed)
  }
  return print(target)
}

/** The contrast ratio of two colours, 1 to 21. */
export function contrastOf(a: string, b: string): number {
  return contrast(parse(a), parse(b))
}

function contrast(a: RGB, b: RGB): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light! + 0.05) / (dark! + 0.05)
}

function luminance(rgb: RGB): number {
  const [r, g, b] = rgb.map((n) => {
    const c = n / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function mix(from: RGB, to: RGB, share: number): RGB {
  return from.map((n, i) => Math.round(n + (to[i]! - n) * share)) as RGB
}

function parse(hex: string): RGB {
  const n = Number.parseInt(hex.slice(1), 16)
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255]
}

function print(rgb: RGB): string {
  return `#${rgb.map((n) => n.toString(16).padStart(2, '0')).join('')}`
}
