import { describe, expect, test } from 'vitest'
import { ApiError } from '../api/client'
import type { Problem } from '../wire/wire.gen'
import { clock, figures, rough } from './duration'
import { en } from './en'
import { type Condition, errWords, explain, orderWords } from './explain'
import { errorWords, formWords } from './fault'
import { more } from './more'
import { more as moreRussian } from './more.ru'
import { counter } from './plural'
import { problemWords } from './problem'
import { actionWords, programWords } from './rights'
import { ru as commonRussian } from './ru'
import type { Whole } from './words.svelte'

const ru: Whole = { ...commonRussian, ...moreRussian }

describe('counting', () => {
  test('Russian words take one of three forms', () => {
    const count = counter('ru')
    const forms = { one: 'процесс', few: 'процесса', many: 'процессов', other: 'процесса' }
    const said = [0, 1, 2, 4, 5, 11, 12, 21, 22, 25, 101, 111].map((n) => count(n, forms))
    expect(said).toEqual([
      '0 процессов',
      '1 процесс',
      '2 процесса',
      '4 процесса',
      '5 процессов',
      '11 процессов',
      '12 процессов',
      '21 процесс',
      '22 процесса',
      '25 процессов',
      '101 процесс',
      '111 процессов',
    ])
  })

  test('English words take one of two', () => {
    const count = counter('en')
    const forms = { one: 'line', other: 'lines' }
    expect([0, 1, 2, 1234].map((n) => count(n, forms))).toEqual([
      '0 lines',
      '1 line',
      '2 lines',
      '1,234 lines',
    ])
  })
})

describe('times and sizes', () => {
  test('a day of another year says which', () => {
    const year = new Date().getFullYear()
    for (const dict of [en, ru]) {
      expect(dict.format.day(new Date(year, 5, 7, 9, 41).getTime())).toMatch(/^7 .*09:41$/)
      expect(dict.format.day(new Date(year + 1, 5, 7, 9, 41).getTime())).toContain(String(year + 1))
    }
  })

  test.each([
    [-5, '00:00:00'],
    [59_999, '00:00:59'],
    [3_600_000, '01:00:00'],
    [86_400_000 * 3 + 4 * 3_600_000 + 775_000, '3 d 04:12:55'],
  ])('a clock that has run %d ms shows %s', (ms, shown) => {
    expect(clock(ms, { days: 'd', hours: 'h', minutes: 'min', seconds: 's' })).toBe(shown)
  })

  test.each([
    [0, '0 s'],
    [7_400, '7 s'],
    [725_000, '12 min 5 s'],
    [720_000, '12 min'],
    [86_400_000 * 3 + 4 * 3_600_000 + 59_000, '3 d 4 h'],
  ])('%d ms are roughly %s', (ms, shown) => {
    expect(rough(ms, { days: 'd', hours: 'h', minutes: 'min', seconds: 's' })).toBe(shown)
  })

  test.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [1024, '1 KiB'],
    [3_355_443, '3.2 MiB'],
    [200 * 1024 ** 3, '200 GiB'],
  ])('%d bytes are %s', (n, shown) => {
    expect(figures('en').bytes(n)).toBe(shown)
  })
})

/** Every path to a word in a catalogue. */
function paths(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at]
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}.${key}`))
}

describe('catalogues', () => {
  const english: Whole = { ...en, ...more }

  test('both say the same things', () => {
    const complete: Whole = ru // and a missing entry does not even compile
    expect(paths(complete).sort()).toEqual(paths(english).sort())
  })

  test('no word is left untranslated', () => {
    const same = paths(english).filter((path) => {
      const [a, b] = [english, ru].map((dict) =>
        path
          .slice(1)
          .split('.')
          .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], dict),
      )
      return typeof a === 'string' && a === b
    })
    expect(same).toEqual(['.app.name', '.process.pid', '.process.none', '.list.columns.pid'])
  })
})

describe('what an administrator should look into', () => {
  const open: Problem = {
    code: 'SERVER_OPEN',
    name: 'inet_http_server',
    place: ':9001',
    text: 'everybody who reaches :9001',
  }

  test('is said in the language of the page, with the facts', () => {
    for (const dict of [more, ru])
      for (const fact of [':9001', '[inet_http_server]']) expect(problemWords(dict, open)).toContain(fact)
    expect(problemWords(ru, open)).toMatch(/^Любой/)
  })

  test('is the server’s own sentence where a newer one finds something new', () => {
    const future = { ...open, code: 'MOON_FULL' as Problem['code'], text: 'the moon is full' }
    expect(problemWords(ru, future)).toBe('The moon is full.')
  })
})

describe('explaining a process', () => {
  const now = 1_000_000
  const calm: Condition = {
    state: 'RUNNING',
    start: 1,
    stop: 0,
    exit: 0,
    expected: true,
    err: '',
    tries: 0,
    max: 3,
    next: 0,
  }
  test.each<[string, Partial<Condition>, string]>([
    ['runs', {}, ''],
    [
      'is tried again',
      {
        state: 'BACKOFF',
        stop: 5,
        exit: 1,
        err: 'Exited too quickly (process log may have details)',
        tries: 2,
        next: now + 2400,
      },
      'Next try in 2 s · retry 2 of 3 · exit status 1',
    ],
    [
      'is tried again now',
      { state: 'BACKOFF', stop: 5, exit: 127, tries: 1, next: now },
      'Next try now · retry 1 of 3 · exit status 127',
    ],
    [
      'is tried again after it ran',
      { state: 'BACKOFF', start: 4, stop: 5, exit: 3, err: 'Exited too quickly', tries: 1, next: now },
      'Next try now · retry 1 of 3 · exit status 3',
    ],
    [
      'ran and was given up',
      { state: 'FATAL', start: 4, stop: 5, exit: -1, signal: 'SIGSEGV', err: 'Exited too quickly' },
      'Exited too quickly · killed by SIGSEGV · gave up after 4 tries',
    ],
    [
      'did not get as far as running this time',
      { state: 'FATAL', start: 9, stop: 5, exit: 3, err: "can't find command '/x'" },
      "Can't find command '/x' · gave up after 4 tries",
    ],
    [
      'was given up',
      { state: 'FATAL', err: "can't find command '/x'" },
      "Can't find command '/x' · gave up after 4 tries",
    ],
    ['failed without a word', { state: 'FATAL' }, 'No reason was given; its log may tell'],
    ['ended well', { state: 'EXITED', stop: 5 }, 'Exit status 0, as expected'],
    [
      'was killed',
      { state: 'EXITED', stop: 5, exit: -1, signal: 'SIGKILL', expected: false },
      'Killed by SIGKILL, unexpected',
    ],
    ['is stopping', { state: 'STOPPING', next: now + 9_000 }, 'Will be killed in 9 s'],
    ['was stopped', { state: 'STOPPED', stop: now - 185_000 }, '3 min 5 s ago'],
    ['was never started', { state: 'STOPPED', start: 0 }, 'Not started yet'],
  ])('that %s', (_, condition, said) => {
    expect(explain(en, { ...calm, ...condition }, now)).toBe(said)
  })
})

describe('an order that has not come true', () => {
  test('of somebody else is told with a name, where there is one', () => {
    expect(orderWords(en, { order: 'restart', by: 'boris' })).toBe('Restart by boris')
    expect(orderWords(en, { order: 'stop' })).toBe('Stop ordered')
    expect(orderWords(ru, { order: 'restart', by: 'boris' })).toBe('Перезапуск, boris')
    expect(orderWords(ru, { order: 'start' })).toBe('Запуск по команде')
    expect(orderWords(en, {})).toBe('')
  })

  test('of one’s own is on the button, until it takes long', () => {
    expect(orderWords(en, { order: 'restart', by: 'ann' }, {})).toBe('')
    expect(orderWords(en, {}, { late: true })).toBe('Still waiting')
    expect(orderWords(ru, {}, { late: true })).toBe('Ответа пока нет')
  })
})

describe('what went wrong', () => {
  const failure = (status: number, code: string, detail: string, reason = '') =>
    new ApiError('answer', status, code, detail, '', 0, reason)

  test.each([
    ["can't find command '/x y'", "нет команды '/x y'"],
    ["command at '/x' is not executable", "файл команды '/x' не исполняемый"],
    ['Exited too quickly (process log may have details)', 'Завершился слишком быстро'],
    [
      "unknown error making dispatchers for 'x': EACCES",
      "не удалось открыть каналы или журналы для 'x': EACCES",
    ],
    ['something new', 'something new'],
  ])('a start that failed with “%s” has Russian words', (err, said) => {
    expect(errWords(ru, err)).toBe(said)
  })

  test('is told once, in one language', () => {
    const stale = failure(412, 'PRECONDITION_FAILED', 'the configuration has changed since')
    expect(errorWords(ru, stale)).toBe(ru.error.code.PRECONDITION_FAILED)
    expect(errorWords(en, stale)).toBe(en.error.code.PRECONDITION_FAILED)
  })

  test('has the name it is about, and what only the server knows as its words', () => {
    expect(errorWords(ru, failure(409, 'NOT_RUNNING', 'web:api'))).toBe('Не работает.\nweb:api')
    expect(errorWords(ru, failure(422, 'CANT_REREAD', 'no section headers'))).toBe(
      'В конфигурации на диске ошибка; ничего не изменено.\nsupervisord: «no section headers»',
    )
    expect(errorWords(en, failure(418, '', 'a teapot'))).toBe('HTTP 418\na teapot')
  })

  test('beside a form is said in the words of its reason', () => {
    const english: Whole = { ...en, ...more }
    const taken = failure(409, 'CONFLICT', 'there is one of that name already', 'name-taken')
    expect(formWords(ru, taken)).toBe('Такое имя уже занято.')
    const fixed = failure(409, 'CONFLICT', 'ann is written in /etc/s.conf:12, change it there', 'read-only')
    expect(formWords(english, fixed)).toMatch(/change it there and reload\.\n\/etc\/s\.conf:12$/)
    const short = failure(400, 'BAD_REQUEST', 'a password has at least 8 bytes', 'bad-password')
    expect(formWords(english, short)).toBe('A password has at least 8 bytes.')
    expect(formWords(ru, short)).toMatch(/^Пароль не подходит/)
    expect(formWords(ru, failure(400, 'BAD_REQUEST', 'what is new', 'of-tomorrow'))).toBe(
      'supervisord: «What is new.»',
    )
  })
})

describe('what a link is about', () => {
  const english: Whole = { ...en, ...more }

  test.each([
    [['web:api'], 'web:api'],
    [['db:db', 'web:*'], 'db, all of web'],
    [['*'], 'all programs'],
    [['web:*_0'], 'web:*_0'],
  ])('the patterns %j are “%s”', (patterns, said) => {
    expect(programWords(english, patterns)).toBe(said)
  })

  test('actions are told in one order, and that one sees the programs is not', () => {
    expect(actionWords(english, ['stop', 'view', 'logs'])).toEqual(['read the log', 'stop'])
    expect(english.share.may('db', ['read the log', 'stop'])).toBe(
      'Whoever opens it sees db and may read the log and stop.',
    )
    expect(ru.share.limits('завтра', 5)).toBe('Она действует до завтра, открыть её можно в 5 браузерах.')
  })
})
