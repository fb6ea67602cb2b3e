/** How the reader likes times written; whatever shows one follows. */
class Times {
  /** From 1 to 12 with am and pm, instead of from 0 to 23. */
  twelve = $state(false)
  /** In UTC, instead of the time of this device. */
  utc = $state(false)
}

export const times = new Times()

/** Writes moments in the way of a locale and of the reader. Times in UTC say that they are. */
export function dated(
  locale: string,
  options: Intl.DateTimeFormatOptions,
): (ms: number | undefined) => string {
  const made: Record<string, Intl.DateTimeFormat> = {}
  return (ms) => {
    const { twelve, utc } = times
    made[`${twelve}${utc}`] ??= new Intl.DateTimeFormat(locale, {
      ...options,
      ...(options.hour && { hourCycle: twelve ? 'h12' : 'h23' }),
      ...(utc && { timeZone: 'UTC', ...(options.hour && { timeZoneName: 'short' }) }),
    })
    return made[`${twelve}${utc}`]!.format(ms)
  }
}
