// @ts-check
// The people of the pretended supervisord: who may come in, who has, who did what.
// Every answer is of a type of the wire, which `npm run typecheck` looks at.

/** @typedef {import('../../src/wire/wire.gen').Account} Account */
/** @typedef {import('../../src/wire/wire.gen').Session} Session */
/** @typedef {import('../../src/wire/wire.gen').Link} Link */
/** @typedef {import('../../src/wire/wire.gen').Problem} Problem */
/** @typedef {import('../../src/wire/wire.gen').TrailEntry} TrailEntry */
/** @typedef {import('../../src/wire/wire.gen').User} User */
/** @typedef {import('../../src/wire/wire.gen').WhoAmI} WhoAmI */
/** @typedef {{ status: number, body: unknown, headers?: Record<string, string> }} Answer */
/** @typedef {{ method: string, path: string[], query: URLSearchParams, body: any }} Question */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export const everything = 0x3ffff
const operator = 0x8000 // the trail of their own programs

/**
 * Who there is in a scene: `demo` has no accounts and asks nobody, `people` has
 * many and an administrator who looks at them, `operator` one who may not,
 * `alone` a file for accounts but nobody in it, `fixed` neither, `stranger`
 * somebody who has yet to log in.
 * @param {string} scene
 */
export function makePeople(scene) {
  const crowded = scene === 'people' || scene === 'operator' || scene === 'stranger'
  /** @type {User | null} */
  const user =
    scene === 'stranger'
      ? null
      : scene === 'people'
        ? { name: 'anna', caps: everything }
        : scene === 'operator'
          ? { name: 'oleg', caps: operator }
          : { name: '', caps: everything }
  return {
    user,
    via: crowded ? 'session' : 'open',
    editable: scene !== 'fixed' && scene !== 'demo',
    users: crowded ? manyUsers() : [],
    tokens: crowded ? someTokens() : [],
    sessions: crowded ? someSessions(user?.name ?? '') : [],
    links: crowded ? someLinks(user?.name ?? '') : [],
    trail: crowded ? longTrail() : [],
    problems: scene === 'people' ? someProblems() : [],
    /** Paths that answer with a status of their own, such as `users: 500`. */
    broken: /** @type {Record<string, number>} */ ({}),
  }
}

/** @typedef {ReturnType<typeof makePeople>} People */

/**
 * Answers what is asked of people; undefined if it is about something else.
 * @param {People} people
 * @param {Question} question
 * @returns {Answer | undefined}
 */
export function answerPeople(people, question) {
  const [kind = '', name = ''] = question.path
  const broken = people.broken[kind]
  if (broken) return refuse(broken)
  if (question.method === 'POST' && kind === 'session') return logIn(people, question.body)
  if (!people.user) return refuse(401)
  const answer =
    answers[`${question.method} ${kind}${name ? '/' : ''}`] ?? answers[`${question.method} ${kind}/${name}`]
  return answer?.(people, question)
}

/** @type {Record<string, (people: People, question: Question) => Answer>} */
const answers = {
  'GET session': (people) => ({ status: 200, body: whoAmI(people) }),
  'DELETE session': (people) => leave(people, (one) => one.current),
  'DELETE sessions': (people) => leave(people, (one) => one.user === people.user?.name),
  'GET sessions': (people, { query }) => {
    const mine = people.sessions.filter((one) => one.user === people.user?.name)
    return done({ sessions: query.get('all') === '1' ? people.sessions : mine })
  },
  'DELETE sessions/': (people, { path }) => {
    people.sessions = people.sessions.filter((one) => one.id !== path[1])
    return done({ ended: 1 })
  },
  'GET users': (people) => keepers(people, () => done({ accounts: people.users, editable: people.editable })),
  'PUT users/': (people, { path, body }) => keepers(people, () => putUser(people, path[1] ?? '', body)),
  'DELETE users/': (people, { path }) =>
    keepers(people, () => {
      people.users = people.users.filter((one) => one.name !== path[1])
      return done({})
    }),
  'GET tokens': (people) =>
    keepers(people, () => done({ accounts: people.tokens, editable: people.editable })),
  'POST tokens': (people, { body }) => keepers(people, () => makeToken(people, body)),
  'DELETE tokens/': (people, { path }) =>
    keepers(people, () => {
      people.tokens = people.tokens.filter((one) => one.name !== path[1])
      return done({})
    }),
  'GET links': (people) => done({ links: people.links }),
  'POST links': (people, { body }) => makeLink(people, body),
  'DELETE links/': (people, { path }) => {
    people.links = people.links.filter((one) => one.id !== path[1])
    return done({})
  },
  'GET activity': (people, { query }) => activityPage(people, query),
  'GET config/': (_, { path }) => done(path[1] === 'files' ? configFiles : preview),
  'GET about': () => done(about),
  'GET audit/': (people) => done({ ok: true, lines: people.trail.length }),
}

/** @param {People} people @param {any} asked @returns {Answer} */
function logIn(people, asked) {
  if (asked.password === 'slow') return { ...refuse(429), headers: { 'Retry-After': '95' } }
  if (asked.password === 'wrong') return refuse(401)
  people.user = { name: asked.user, caps: everything }
  return done(whoAmI(people))
}

/** @param {People} people @param {(one: Session) => boolean} which @returns {Answer} */
function leave(people, which) {
  const ended = people.sessions.filter(which).length
  people.sessions = people.sessions.filter((one) => !which(one))
  people.user = null
  return done({ ended })
}

/** @param {People} people @returns {WhoAmI} */
function whoAmI(people) {
  const session = people.sessions.find((one) => one.current)
  return { user: people.user ?? { name: '', caps: 0 }, via: people.via, ...(session ? { session } : {}) }
}

/** @param {People} people @param {() => Answer} answer */
function keepers(people, answer) {
  return (people.user?.caps ?? 0) & 0x10000 ? answer() : refuse(403)
}

/** @param {People} people @param {string} name @param {any} asked @returns {Answer} */
function putUser(people, name, asked) {
  if (asked.new && people.users.some((one) => one.name === name))
    return refuse(409, 'there is one of that name already')
  if (asked.password && asked.password.length < 8) return refuse(400, 'a password has at least 8 characters')
  const account = person(name, asked.role, { ...asked, password: true, seen: 0 })
  people.users = [...people.users.filter((one) => one.name !== name), account]
  return done(account)
}

/** @param {People} people @param {any} asked @returns {Answer} */
function makeToken(people, asked) {
  if (people.tokens.some((one) => one.name === asked.name))
    return refuse(409, 'there is an account or a token of that name already')
  const account = token(asked.name, asked.role, {
    ...asked,
    expires: asked.expires ? Date.now() + 90 * day : 0,
  })
  people.tokens = [...people.tokens, account]
  return done({ token: 'sv_7nQ2mK9xZ4tR8vB1cW6yH3jL5pF0dG2sA9eU7iO4kXq', account })
}

/** @param {People} people @param {any} asked @returns {Answer} */
function makeLink(people, asked) {
  const made = link('k7Qm2x', people.user?.name ?? '', asked.programs, {
    actions: asked.actions,
    comment: asked.comment ?? '',
    uses: asked.uses ?? 0,
    mine: true,
  })
  people.links = [made, ...people.links]
  const url = 'http://shop-7.example.com:9001/link/Zx81-mmH2ksW0qLr5tVyB3nJd7fGc9pQaEuIo4s6XhK'
  return done({ id: made.id, url, link: made })
}

/** @param {People} people @param {URLSearchParams} query @returns {Answer} */
function activityPage(people, query) {
  const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY)
  const limit = Number(query.get('limit') ?? 50)
  const user = query.get('user')
  const program = query.get('program')?.replace(/\*$/, '')
  const found = people.trail.filter(
    (one) => one.n < before && (!user || one.user === user) && (!program || one.target.startsWith(program)),
  )
  const acts = query.get('type')?.match(/^(state|trouble)/) ? [] : found.slice(0, limit)
  const quiet = query.get('type') === 'act' || user || program || before < Number.POSITIVE_INFINITY
  const newest = people.trail[0]
  const events = quiet || !newest ? [] : happened(Date.parse(newest.time))
  const entries = [
    ...events.map((event) => ({ at: event.at, event })),
    ...acts.map((act) => ({ at: Date.parse(act.time), act })),
  ].sort((a, b) => b.at - a.at)
  const page = { epoch: 'e0e0e0e0', since: 0, entries }
  return done(found.length > limit ? { ...page, next: String(acts.at(-1)?.n) } : page)
}

/** What became of processes around a time. @param {number} at @returns {import('../../src/wire/wire.gen').Event[]} */
function happened(at) {
  const api = { kind: /** @type {const} */ ('state'), group: 'web', name: 'api-1' }
  return [
    {
      ...api,
      seq: 9,
      at: at + 9000,
      type: 'PROCESS_STATE_FATAL',
      from: 'BACKOFF',
      to: 'FATAL',
      error: 'Exited too quickly (process log may have details)',
      tries: 3,
    },
    {
      ...api,
      seq: 8,
      at: at + 8000,
      type: 'PROCESS_STATE_EXITED',
      from: 'RUNNING',
      to: 'EXITED',
      pid: 4711,
      signal: 'SIGKILL',
    },
    { kind: 'group', seq: 7, at: at + 7000, type: 'PROCESS_GROUP_ADDED', group: 'worker' },
    {
      ...api,
      seq: 6,
      at: at - 1000,
      type: 'PROCESS_STATE_RUNNING',
      from: 'STARTING',
      to: 'RUNNING',
      pid: 4711,
    },
    { kind: 'supervisord', seq: 1, at: at - 90_000, type: 'SUPERVISOR_STATE_CHANGE_RUNNING' },
  ]
}

const main = '/etc/supervisor/supervisord.conf'
const configFiles = {
  files: [
    {
      path: main,
      text: '[supervisord]\nlogfile=/var/log/supervisor/supervisord.log\nidentifier=prod1\n\n[inet_http_server]\nport=*:9001\nusername=anna\npassword=***\n\n[include]\nfiles=conf.d/*.conf\n',
    },
    {
      path: '/etc/supervisor/conf.d/web.conf',
      text: '[program:api]\ncommand=/srv/api/bin/serve --port 8%(process_num)02d --api-token=***\nprocess_name=api-%(process_num)d\nnumprocs=2\nenvironment=DATABASE_URL="postgres://api:***@db/api",\n  MODE="fast"\n',
    },
  ],
  findings: [
    {
      verdict: 'ignored',
      file: main,
      line: 3,
      section: 'supervisord',
      option: 'identifer',
      text: 'no such option; did you mean identifier?',
    },
  ],
}
const preview = {
  groups: [
    { group: 'oneshot', action: 'removed', options: [], stops: ['oneshot'], starts: [], gone: [], new: [] },
    {
      group: 'web',
      action: 'changed',
      options: [
        {
          option: 'command',
          old: '/srv/api/bin/serve --port 8000',
          new: '/srv/api/bin/serve --port 8000 --workers 4',
          processes: ['api-0', 'api-1'],
        },
        { option: 'environment', variable: 'API_TOKEN', old: '***', new: '***', hidden: true },
        { option: 'directory', old: null, new: '/srv/api' },
      ],
      stops: ['nginx', 'api-0', 'api-1'],
      starts: ['nginx', 'api-0', 'api-1', 'api-2'],
      gone: [],
      new: ['api-2'],
    },
    { group: 'mailer', action: 'added', options: [], stops: [], starts: ['mailer'], gone: [], new: [] },
  ],
}
const about = {
  listeners: [
    { section: 'unix_http_server', address: '/run/supervisor.sock', unix: true },
    { section: 'inet_http_server', address: '*:9001', tls: true, asks: true },
  ],
  openFiles: 65536,
  connections: 12,
  maxConnections: 1024,
  memory: 31_457_280,
  goroutines: 44,
}

/** @param {unknown} body @returns {Answer} */
function done(body) {
  return { status: 200, body }
}

/** @param {number} status @param {string} [detail] @returns {Answer} */
function refuse(status, detail) {
  const [name, said] = faults[status] ?? ['BAD_REQUEST', '']
  /** @type {import('../../src/wire/wire.gen').Failure} */
  const body = { error: { code: 0, name, detail: detail ?? said } }
  return { status, body, headers: { 'X-Request-Id': 'c1f09a77d2' } }
}

/** @type {Record<number, [name: string, detail: string]>} */
const faults = {
  400: ['BAD_REQUEST', 'not understood'],
  401: ['UNAUTHORIZED', 'who is there?'],
  403: ['FORBIDDEN', ''],
  404: ['NOT_FOUND', 'there is nothing here'],
  409: ['CONFLICT', ''],
  429: ['TOO_MANY_REQUESTS', 'too many wrong passwords: try again later'],
  500: ['INTERNAL_SERVER_ERROR', 'read /etc/supervisor/users.conf: input/output error'],
}

// ---- who there is

/** @param {string} name @param {Account['role']} role @param {Partial<Account>} [more] @returns {Account} */
function person(name, role, more = {}) {
  return {
    name,
    role,
    programs: role === 'admin' ? [] : ['*'],
    deny: [],
    actions: [],
    disabled: false,
    comment: '',
    unixUsers: [],
    password: true,
    expires: 0,
    seen: Date.now() - 3 * hour,
    editable: true,
    source: '/etc/supervisor/users.conf:1',
    self: false,
    edition: '1',
    ...more,
  }
}

/** @param {string} name @param {Account['role']} role @param {Partial<Account>} [more] @returns {Account} */
function token(name, role, more = {}) {
  return person(name, role, { password: false, ...more })
}

/** @returns {Account[]} */
function manyUsers() {
  const fixed = { editable: false, source: '/etc/supervisor/supervisord.conf:12', seen: 0 }
  return [
    person('root', 'admin', { ...fixed, comment: '' }),
    person('monitoring', 'viewer', { ...fixed, source: '/etc/supervisor/conf.d/monitoring.conf:3' }),
    person('anna', 'admin', {
      self: true,
      seen: Date.now() - 4000,
      comment: 'Дежурная смена, +7 812 555-01-99',
    }),
    person('oleg', 'operator', { programs: ['web:*', 'worker'], comment: 'Интернет-магазин' }),
    person('konstantin.konstantinopolsky@infrastructure.example.com', 'operator', {
      programs: ['payments-eu-central:*', 'payments-eu-west:*', 'invoices', 'ledger:writer_0?'],
      deny: ['payments-eu-central:reconciliation'],
      actions: ['view', 'logs', 'restart'],
      comment: 'Only while Olga is away; ask her before anything that moves money',
    }),
    person('support', 'viewer', { programs: ['shop:*'], seen: Date.now() - 12 * day }),
    person('former', 'operator', { disabled: true, comment: 'Left in March', seen: 0 }),
    person('backup', 'operator', { programs: ['backup'], password: false, unixUsers: ['backup'], seen: 0 }),
    person('nobody-yet', 'viewer', { password: false, seen: 0 }),
    ...['elena', 'igor', 'jun', 'lucia', 'marek', 'nadia', 'pavel'].map((name, i) =>
      person(name, i % 3 === 0 ? 'viewer' : 'operator', {
        programs: [`team-${name}:*`],
        seen: Date.now() - i * 7 * hour,
      }),
    ),
  ]
}

/** @returns {Account[]} */
function someTokens() {
  return [
    token('grafana', 'viewer', { expires: Date.now() + 40 * day, comment: 'Dashboards' }),
    token('deployment-of-the-payments-team-in-eu-central-1', 'operator', {
      programs: ['payments-eu-central:*'],
      actions: ['view', 'restart'],
    }),
    token('old-ci', 'operator', { expires: Date.now() - 3 * day, seen: Date.now() - 4 * day }),
  ]
}

const chrome =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

/** @param {string} me @returns {Session[]} */
function someSessions(me) {
  const now = Date.now()
  const one = (/** @type {string} */ id, /** @type {Partial<Session>} */ more) => ({
    id,
    user: me || 'anna',
    addr: '192.0.2.17',
    agent: chrome,
    keep: false,
    began: now - 2 * hour,
    seen: now - minute,
    expires: now + 10 * hour,
    current: false,
    ...more,
  })
  return [
    one('s1', { current: me !== '' }),
    one('s2', {
      agent: iphone,
      addr: '2001:db8:85a3:1234:5678:8a2e:370:7334',
      keep: true,
      began: now - 6 * day,
    }),
    one('s3', { user: 'oleg', addr: '198.51.100.4', began: now - 9 * hour, seen: now - 8 * hour }),
    one('s4', {
      user: 'konstantin.konstantinopolsky@infrastructure.example.com',
      addr: '',
      agent: 'curl/8.9',
    }),
  ]
}

/** @param {string} id @param {string} minter @param {string[]} programs @param {Partial<Link>} more @returns {Link} */
function link(id, minter, programs, more = {}) {
  return {
    id,
    minter,
    programs,
    actions: ['view', 'restart'],
    comment: '',
    minted: Date.now() - hour,
    expires: Date.now() + 7 * hour,
    uses: 0,
    used: 0,
    opened: 0,
    open: 0,
    mine: false,
    ...more,
  }
}

/** @param {string} me @returns {Link[]} */
function someLinks(me) {
  return [
    link('Qm81xz', 'anna', ['shop:front'], {
      comment: 'Для Марии из поддержки, на время переезда',
      uses: 3,
      used: 1,
      open: 1,
      opened: Date.now() - 20 * minute,
      mine: me === 'anna',
    }),
    link('p0Yt44', 'oleg', ['web:*', 'worker'], { actions: ['view', 'logs'], mine: me === 'oleg' }),
    link('u7Hsd2', 'konstantin.konstantinopolsky@infrastructure.example.com', ['payments-eu-central:*'], {
      expires: Date.now() + 20 * minute,
      uses: 1,
      used: 1,
      open: 1,
    }),
  ]
}

/** The newest first, as the server tells it. @returns {TrailEntry[]} */
function longTrail() {
  /** @type {Partial<TrailEntry>[]} */
  const told = [
    {
      verb: 'restart',
      target: 'web:api',
      programs: ['web:api-0', 'web:api-1'],
      reason: 'Новая версия 4.12',
      before: 'RUNNING',
      after: 'RUNNING',
    },
    { user: 'oleg', verb: 'stop', target: 'payments-eu-central:reconciliation', result: 'refused' },
    {
      user: '',
      via: '',
      verb: 'log-in',
      target: 'log-in',
      result: 'refused',
      count: 214,
      addr: '203.0.113.250',
    },
    { user: 'anna', verb: 'log-in', target: 'log-in', via: 'session' },
    {
      user: 'deployment-of-the-payments-team-in-eu-central-1',
      via: 'token',
      verb: 'restart',
      target: 'payments-eu-central:*',
      programs: ['payments-eu-central:api', 'payments-eu-central:writer'],
    },
    {
      user: 'konstantin.konstantinopolsky@infrastructure.example.com',
      verb: 'signal',
      target: 'ledger:writer_00',
      detail: 'SIGHUP',
      reason:
        'It kept the old certificate after the renewal of last night, and the partners complained about every second request',
    },
    {
      verb: 'start',
      target: 'missing',
      result: "NO_FILE: can't find command '/usr/local/bin/no-such-program'",
      before: 'FATAL',
      after: 'FATAL',
    },
    {
      verb: 'users',
      target: 'user oleg',
      detail: 'set',
      before: 'role=viewer programs=web:*',
      after: 'role=operator programs=web:*,worker',
    },
    { verb: 'stop', target: 'everything', reason: 'Переезд в другой дата-центр' },
    {
      user: 'root',
      via: 'peer',
      door: 'unix_http_server',
      addr: '',
      uid: 0,
      verb: 'reload',
      target: 'supervisord',
      detail: 'added: search; changed: web',
    },
    { user: 'anna', verb: 'link', target: 'shop:front', detail: 'view, restart' },
    { user: 'support', verb: 'reveal', target: 'shop:front', result: 'refused' },
  ]
  const now = Date.now()
  return Array.from({ length: 131 }, (_, i) => ({
    n: 9131 - i,
    time: new Date(now - i * 47 * minute - 3000).toISOString(),
    user: 'anna',
    via: 'session',
    door: 'inet_http_server',
    addr: '192.0.2.17',
    session: 's1',
    verb: 'restart',
    target: 'web:api',
    result: 'ok',
    request: `c1f0${9131 - i}`,
    ...told[i % told.length],
  }))
}

/** @returns {Problem[]} */
function someProblems() {
  return [
    {
      code: 'SERVER_OPEN',
      name: 'inet_http_server',
      place: ':9001',
      text: 'everybody who reaches :9001 can start and stop programs: add a [user:x] section, or username= and password= to [inet_http_server], or listen on 127.0.0.1',
    },
    {
      code: 'SERVER_IN_CLEAR',
      name: 'inet_http_server',
      place: ':9001',
      text: '[inet_http_server] speaks HTTP without TLS on :9001, so passwords can be overheard: set tls_certificate=auto, or listen on 127.0.0.1',
    },
    {
      code: 'PASSWORD_PLAIN',
      name: 'root',
      place: '/etc/supervisor/supervisord.conf:12',
      text: 'the password of root is written in plain text in /etc/supervisor/supervisord.conf:12: put the line there that `supervisorctl passwd root` prints',
    },
    {
      code: 'CERTIFICATE_EXPIRES',
      name: 'inet_http_server:2',
      at: Date.now() + 6 * day,
      text: 'the certificate of [inet_http_server:2] expires on 2026-12-01',
    },
  ]
}
