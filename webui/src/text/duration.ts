/** The letters of a unit in one language. */
export interface UnitWords {
  days: string
  hours: string
  minutes: string
  seconds: string
}

/** A running clock, "04:12:55", or "3 d 04:12:55" from the second day on. Never negative. */
export function clock(ms: number, words: UnitWords): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const days = Math.floor(total / 86400)
  const pad = (n: number) => String(n).padStart(2, '0')
  const time = `${pad(Math.floor((total % 86400) / 3600))}:${pad(Math.floor((total % 3600) / 60))}:${pad(total % 60)}`
  return days > 0 ? `${days} ${words.days} ${time}` : time
}

/** A rough length of time of at most two units: "3 d 4 h", "12 min 5 s", "7 s". Never negative. */
export function rough(ms: number, words: UnitWords): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(total / 86400), words.days],
    [Math.floor((total % 86400) / 3600), words.hours],
    [Math.floor((total % 3600) / 60), words.minutes],
    [total % 60, words.seconds],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return `0 ${words.seconds}`
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ')
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/**
 * Writes numbers the way of a locale, percentages with one decimal, and sizes with
 * IEC units and at most one: "3.2 MiB". What it writes them with is made once: that
 * takes longer than a thousand numbers.
 */
export function figures(locale: string) {
  const plain = new Intl.NumberFormat(locale)
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const percents = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  return {
    number: (n: number) => plain.format(n),
    percent: (n: number) => `${percents.format(n)} %`,
    bytes(n: number): string {
      let unit = 0
      let value = Math.max(0, n)
      while (value >= 1024 && unit < binary.length - 1) {
        value /= 1024
        unit++
      }
      const digits = unit === 0 || value >= 100 ? whole : tenths
      return `${digits.format(value)} ${binary[unit]}`
    },
  }
}

/** Whether a day needs no year to be understood. */
export function thisYear(ms: number, now = Date.now()): boolean {
  return new Date(ms).getFullYear() === new Date(now).getFullYear()
}
