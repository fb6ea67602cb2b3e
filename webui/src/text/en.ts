import type { Problem, ProblemCode } from '../wire/wire.gen'
import { bytes, clock, rough, thisYear } from './duration'
import { counter } from './plural'

const locale = 'en'
const units = { days: 'd', hours: 'h', minutes: 'min', seconds: 's' }
const count = counter(locale)
const processes = { one: 'process', other: 'processes' }
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const date = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})
const dayAndYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

/** Every word people read, in English. Its shape is what the other catalogues must have. */
export const en = {
  locale,
  language: 'English',
  format: {
    clock: (ms: number) => clock(ms, units),
    rough: (ms: number) => rough(ms, units),
    bytes: (n: number) => bytes(n, locale),
    number: (n: number) => n.toLocaleString(locale),
    time: (ms: number) => time.format(ms),
    moment: (ms: number) => moment.format(ms),
    date: (ms: number) => date.format(ms),
    day: (ms: number) => (thisYear(ms) ? day : dayAndYear).format(ms),
  },

  app: {
    name: 'Supervisor',
    skip: 'Skip to content',
    home: 'All processes',
    settings: 'Settings',
    title: (page: string, host: string, broken: number) =>
      `${broken > 0 ? `(${broken}) ` : ''}${page}${host ? ` · ${host}` : ''}`,
    pages: 'Pages',
    processes: 'Processes',
    activity: 'Activity',
    logs: 'Logs',
    people: 'People',
    config: 'Config',
    about: 'About',
    partMissing: 'This part of the page could not be loaded',
    account: (name: string) => `${name}: account`,
    guest: 'Guest',
    problems: (n: number) =>
      n === 1 ? 'Something needs an administrator' : `${n} things need an administrator`,
    problemsRaw: 'As the main log says it',
    outdated: 'supervisord has been upgraded. Reload the page to match it.',
    reload: 'Reload',
    notFound: 'There is no such page',
    notFoundHint: 'The address may be old or mistyped.',
  },

  problem: {
    STATE_UNWRITABLE: (p: Problem) =>
      `Nothing can be kept on disk in ${p.place || 'statedir='}, so a restart forgets sessions and links: ${p.why}. Set statedir= in [supervisord] to a directory that supervisord may write to.`,
    CRASHES_UNKEPT: (p: Problem) => `What crashes leave behind is not kept as it should be: ${p.why}.`,
    MAIN_LOG_TROUBLE: (p: Problem) => `Something is wrong with the main log: ${p.why}.`,
    TRAIL_UNWRITABLE: (p: Problem) =>
      `Who did what cannot be written to ${p.place} since ${moment.format(p.at)}: ${p.why}.`,
    SERVER_OPEN: (p: Problem) =>
      `Everybody who reaches ${p.place} can start and stop programs. Add a [user:x] section, or username= and password= to [${p.name}], or listen on 127.0.0.1.`,
    SERVER_IN_CLEAR: (p: Problem) =>
      `Passwords can be overheard: [${p.name}] speaks HTTP without TLS on ${p.place}. Set tls_certificate=auto, or listen on 127.0.0.1.`,
    PASSWORD_PLAIN: (p: Problem) =>
      `The password of ${p.name} is written in plain text in ${p.place}. Put the line there that “supervisorctl passwd ${p.name}” prints.`,
    PASSWORD_SHA: (p: Problem) =>
      `The password of ${p.name} is written as an unsalted SHA-1, which can be guessed, in ${p.place}. Put the line there that “supervisorctl passwd ${p.name}” prints.`,
    PASSWORD_UNUSABLE: (p: Problem) => `The password of ${p.name} in ${p.place} lets nobody in: ${p.why}.`,
    ACCOUNT_TWICE: (p: Problem) =>
      `${p.name} in ${p.place} is not the first of this name and does not count. Remove one of the two.`,
    USERS_FILE_UNREADABLE: (p: Problem) =>
      `The users file cannot be read, and the accounts stay as they were: ${p.why}.`,
    CERTIFICATE_UNREADABLE: (p: Problem) =>
      `The certificate of [${p.name}] cannot be read again, and the former one is used: ${p.why}.`,
    CERTIFICATE_EXPIRED: (p: Problem) =>
      `The certificate of [${p.name}] has expired on ${date.format(p.at)}.`,
    CERTIFICATE_EXPIRES: (p: Problem) => `The certificate of [${p.name}] expires on ${date.format(p.at)}.`,
    CERTIFICATE_KEY_SHARED: (p: Problem) =>
      `Everybody on this machine can read the key of [${p.name}]. Run chmod o-r ${p.place}.`,
  } satisfies Record<ProblemCode, (p: Problem) => string>,

  settings: {
    title: 'Settings',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    language: 'Language',
    kept: 'Kept in this browser.',
  },

  common: {
    cancel: 'Cancel',
    close: 'Close',
    retry: 'Try again',
    dismiss: 'Dismiss',
    loading: 'Loading…',
    save: 'Save',
    remove: 'Remove',
    reload: 'Refresh',
    copy: 'Copy',
    copied: 'Copied',
    showPassword: 'Show password',
  },

  login: {
    title: 'Log in',
    to: (host: string) => `to supervisord on ${host}`,
    user: 'User',
    password: 'Password',
    keep: 'Keep me logged in',
    keepHint: 'Also when the browser is closed. Not on a computer that others use.',
    logIn: 'Log in',
    wrong: 'The name or the password is wrong.',
    wait: (at: string) => `Too many tries. Try again after ${at}.`,
    ended: 'Your session has ended',
    endedHint: 'The page stays as it was. Log in to go on.',
    endedStrip: 'You are logged out. Everything below may be old.',
    later: 'Not now',
    asAnother: 'Log in as somebody else',
    over: 'This link is over',
    overHint:
      'It has ended, or whoever gave it to you has taken it back. Ask them for another one if you still need it.',
    left: 'You have left',
    leftHint: 'To come back, open the link again, if it may still be opened.',
    withAccount: 'Log in with an account',
  },

  done: {
    saved: (name: string) => `${name} is saved.`,
    removed: (name: string) => `${name} is removed.`,
    sessionEnded: (name: string) => `${name} is logged out there.`,
    revoked: (name: string) => `The link to ${name} is over.`,
    password: (name: string) => `${name} has a new password.`,
  },

  link: {
    live: 'Live',
    connecting: 'Connecting…',
    reconnecting: 'Reconnecting…',
    offline: 'Offline',
    refused: 'Not allowed',
    out: 'Logged out',
    lostAt: (at: string) => `Lost the connection. Everything below is as it was at ${at}.`,
    lost: 'Lost the connection.',
    noNetwork: (at: string) => `This device has no network. Everything below is as it was at ${at}.`,
    noNetworkYet: 'This device has no network.',
    retryIn: (seconds: number) => `Trying again in ${seconds} s`,
    retrying: 'Trying again…',
    now: 'Try now',
    back: 'Connected again.',
    restarting: 'supervisord is restarting. The page comes back by itself.',
    shuttingDown: 'supervisord is shutting down.',
  },

  state: {
    STOPPED: 'Stopped by request, or not started yet',
    STARTING: 'Started, not yet up long enough to count as running',
    RUNNING: 'Running',
    BACKOFF: 'Exited too quickly, will be tried again',
    STOPPING: 'Was asked to stop and has not ended yet',
    EXITED: 'Ended by itself',
    FATAL: 'Could not be started; nothing more will be tried',
    UNKNOWN: 'supervisord does not know its state',
  },

  reason: {
    exit: (code: number) => `exit status ${code}`,
    signal: (name: string) => `killed by ${name}`,
    tries: (n: number, max: number) => `try ${n} of ${max}`,
    gaveUp: (n: number) => `gave up after ${count(n, { one: 'try', other: 'tries' })}`,
    retryIn: (left: string) => `next try in ${left}`,
    retryNow: 'next try now',
    killIn: (left: string) => `will be killed in ${left}`,
    countsIn: (left: string) => `counts as running in ${left}`,
    expected: (why: string) => `${why}, as expected`,
    unexpected: (why: string) => `${why}, unexpected`,
    neverStarted: 'Not started yet',
    stoppedSince: (ago: string) => `${ago} ago`,
    noReason: 'No reason was given; its log may tell',
    stopping: 'Asked to stop',
    starting: 'Starting',
  },

  process: {
    facts: 'Facts',
    pid: 'PID',
    uptime: 'Uptime',
    inState: 'In this state for',
    started: 'Started',
    stopped: 'Last ended',
    lastExit: 'Last exit',
    restarts: 'Restarts by itself',
    tries: 'Failed starts',
    triesOf: (n: number, max: number) => `${n} of ${max}`,
    stdoutLog: 'stdout log',
    stderrLog: 'stderr log',
    memoryOnly: 'kept in memory only',
    none: '–',
    never: 'never',
    overview: 'Overview',
    log: 'Log',
    gone: 'This process is not in the configuration',
    goneHint: (name: string) => `There is no “${name}”. It may have been renamed or removed.`,
    toAll: 'To all processes',
  },

  verb: {
    start: 'Start',
    stop: 'Stop',
    restart: 'Restart',
    log: 'Log',
    share: 'Share',
    all: { start: 'Start all', stop: 'Stop all', restart: 'Restart all' },
    starting: 'Starting…',
    stopping: 'Stopping…',
    restarting: 'Restarting…',
    of: (verb: string, name: string) => `${verb} ${name}`,
    logOf: (name: string) => `Log of ${name}`,
    actionsOf: (name: string) => `Actions for ${name}`,
    failed: (verb: string, name: string) => `${verb} ${name}: failed`,
    someFailed: (verb: string, name: string, n: number) =>
      `${verb} ${name}: ${count(n, processes)} answered with an error`,
    nothingToDo: 'Nothing to do: all are in that state already.',
  },

  confirm: {
    start: (name: string) => `Start ${name}?`,
    stop: (name: string) => `Stop ${name}?`,
    restart: (name: string) => `Restart ${name}?`,
    stopOne: 'It stays stopped until somebody starts it again.',
    restartOne: 'It is stopped and then started again.',
    many: (n: number) => `This touches ${count(n, processes)}:`,
    andMore: (n: number) => `and ${n} more`,
    reason: 'Why?',
    reasonHint: 'Optional. Kept in the trail.',
    typeNumber: (n: number) => `Type ${n} to confirm`,
  },

  list: {
    title: 'Processes',
    summary: (n: number, groups: number) =>
      `${count(n, processes)} in ${count(groups, { one: 'group', other: 'groups' })}`,
    filter: 'Filter',
    filterHint: 'Name, state:fatal, group:web, pid:123',
    clear: 'Clear filter',
    all: 'All',
    byState: 'Filter by state',
    attention: 'Needs attention',
    attentionMore: (n: number) => `Show ${n} more`,
    running: (n: number, of: number) => `${n} of ${of} running`,
    shown: (n: number, of: number) => `${n} of ${of} shown`,
    singles: 'Single programs',
    everything: 'all processes',
    listener: 'event listeners',
    columns: {
      state: 'State',
      name: 'Name',
      status: 'Uptime or reason',
      pid: 'PID',
      restarts: 'Restarts',
      actions: 'Actions',
    },
    restartsHint: 'Times it was started again without anybody asking',
    empty: 'No programs yet',
    emptyHint: (file: string) => `supervisord runs, but ${file} has no programs. Add one, for example:`,
    emptyFile: 'the configuration',
    reread: 'Read the configuration again',
    rereadNothing: 'The configuration on disk has no changes.',
    rereadDone: (n: number) => `Updated ${count(n, { one: 'group', other: 'groups' })}.`,
    rereadFailed: 'The configuration could not be applied',
    nothing: (what: string) => `Nothing matches “${what}”`,
    forbidden: 'You may not see the processes',
    forbiddenHint: 'Your user has no right to list them. Ask an administrator.',
    failed: 'The list could not be loaded',
    changed: (n: number, state: string) => `${count(n, processes)} changed to ${state}`,
    oneChanged: (name: string, state: string) => `${name} changed to ${state}`,
  },

  log: {
    title: (name: string) => `Log of ${name}`,
    channel: 'Channel',
    follow: 'Follow',
    pause: 'Pause',
    paused: 'Paused',
    newLines: (n: number) => count(n, { one: 'new line', other: 'new lines' }),
    pausedNew: (news: string) => `Paused · ${news}`,
    wrap: 'Wrap lines',
    empty: 'No output yet',
    emptyHint: 'Lines appear here as the program writes them.',
    older: (size: string) => (size ? `Load older (${size})` : 'Load older'),
    loadingOlder: 'Loading older lines…',
    beginning: 'The beginning of what is kept',
    dropped: 'Older lines were let go to save memory',
    gap: {
      slow: (size: string) => `Skipped ${size}: more came than this page could read`,
      trimmed: (size: string) => `${size} rotated away`,
      cleared: (size: string) => `${size} cleared`,
    },
    load: 'Load',
    cleared: (at: string) => `Cleared at ${at}`,
    restarted: (at: string) => `supervisord was restarted, ${at}`,
    forbidden: 'You may not read this log',
    missing: (channel: string) => `There is no ${channel} log`,
    missingHint: 'The program may be configured to send both channels to stdout (redirect_stderr).',
    failed: 'The log could not be read',
    toEnd: 'Follow: to the newest line',
  },

  error: {
    network: 'The server did not answer. Check the connection and try again.',
    timeout: 'The server took too long to answer.',
    refused: 'That was not done',
    request: (id: string) => `Request ${id}`,
    code: {
      BAD_NAME: 'There is no process of that name.',
      NO_FILE: 'The file does not exist.',
      NOT_EXECUTABLE: 'The command cannot be executed.',
      FAILED: 'It failed.',
      ABNORMAL_TERMINATION: 'It ended before it was up.',
      SPAWN_ERROR: 'It could not be started.',
      ALREADY_STARTED: 'It is running already.',
      NOT_RUNNING: 'It is not running.',
      STILL_RUNNING: 'It is still running.',
      SHUTDOWN_STATE: 'supervisord is shutting down.',
      CANT_REREAD: 'The configuration on disk has an error; nothing was changed.',
      UNAUTHORIZED: 'You are not logged in.',
      FORBIDDEN: 'You may not do that.',
      NOT_FOUND: 'It does not exist.',
      TOO_MANY_REQUESTS: 'Too many requests. Wait a moment and try again.',
      SERVICE_UNAVAILABLE: 'The server is busy or going away. Try again soon.',
      INTERNAL_SERVER_ERROR: 'The server met an error.',
    },
  },
}

/** What a catalogue must offer: a missing or a foreign entry is a compile error. */
export type Dict = typeof en
