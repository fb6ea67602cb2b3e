import type { Problem } from '../wire/wire.gen'
import { sentence } from './fault'
import type { More } from './more'

/** What an administrator should look into; what a newer server says of something new is its own words. */
export function problemWords(t: More, problem: Problem): string {
  return Object.hasOwn(t.problem, problem.code) ? t.problem[problem.code](problem) : sentence(problem.text)
}
