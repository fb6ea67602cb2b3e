import type { Whole } from './words.svelte'

/** What may be done, in words; that one sees it goes without saying. */
export function actionWords(t: Whole, actions: readonly string[]): string[] {
  const known = t.share.words
  return (Object.keys(known) as (keyof typeof known)[])
    .filter((action) => actions.includes(action))
    .map((action) => known[action])
}

/** What patterns of programs mean, as people say it: "web:api, all of jobs". */
export function programWords(t: Whole, patterns: readonly string[]): string {
  return patterns
    .map((pattern) => {
      const [group = '', process] = pattern.split(':')
      if (pattern === '*' || pattern === '*:*') return t.people.all
      if (process === '*' || process === '') return t.share.all(group)
      return process === group ? group : pattern
    })
    .join(', ')
}
