/** The forms a word takes beside a number, by the names of Unicode's plural rules. */
export interface Forms {
  one: string
  few?: string
  many?: string
  other: string
}

/**
 * Gives a function that puts the right form of a word beside a number:
 * "1 процесс", "2 процесса", "5 процессов". The number is written the way of
 * the locale.
 */
export function counter(locale: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale)
  const numbers = new Intl.NumberFormat(locale)
  return (n, forms) => `${numbers.format(n)} ${pick(rules.select(n), forms)}`
}

function pick(category: Intl.LDMLPluralRule, forms: Forms): string {
  if (category === 'one') return forms.one
  if (category === 'few') return forms.few ?? forms.other
  if (category === 'many') return forms.many ?? forms.other
  return forms.other
}
