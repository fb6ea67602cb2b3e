import { expect, test } from 'vitest'
import { shortTags } from './tags'

test.each([
  [
    ['shop:web-0 stdout', 'mailer:mailer-1 stdout'],
    ['web-0', 'mailer-1'],
  ],
  [
    ['shop:web-0 stdout', 'shop:web-0 stderr', 'cron stdout'],
    ['web-0 out', 'web-0 err', 'cron'],
  ],
  [
    ['a:web stdout', 'b:web stdout', 'c:db stderr'],
    ['a:web', 'b:web', 'db'],
  ],
  [
    ['supervisord', 'web stdout'],
    ['supervisord', 'web'],
  ],
  [
    ['a:x y stdout', 'a:x y stderr'],
    ['x y out', 'x y err'],
  ],
])('of %j no more is shown than tells them apart', (tags, short) => {
  expect(shortTags(tags)).toEqual(short)
})
