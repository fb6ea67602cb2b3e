/** Names in a User-Agent, the telling ones before those that others carry as well. */
const browsers: readonly [RegExp, string][] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly [RegExp, string][] = [
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** What people call the browser of a User-Agent, "Firefox, Linux"; what it says itself if that is unheard of. */
export function browserOf(agent: string): string {
  const name = (table: readonly [RegExp, string][]) => table.find(([pattern]) => pattern.test(agent))?.[1]
  return [name(browsers), name(systems)].filter(Boolean).join(', ') || agent.slice(0, 60)
}
