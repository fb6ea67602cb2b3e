// Generated from server/wire by cmd/wirets. Do not edit: run `make gen`.

/** Version of the protocol. */
export const WIRE_VERSION = 1;

/** What a user may do, as bits of Caps. */
export const CAPS = {
  view: 1,
  logs: 2,
  start: 4,
  stop: 8,
  restart: 16,
  signal: 32,
  stdin: 64,
  clearLogs: 128,
  mainLog: 256,
  clearMainLog: 512,
  config: 1024,
  reload: 2048,
  events: 4096,
  shutdown: 8192,
  link: 16384,
  audit: 32768,
  users: 65536,
  reveal: 131072,
  call: 262144,
} as const;

/**
 * Caps is a set of things a user may do, as bits: in a row what they may do to
 * that process, in User what they may do to supervisord itself. Bit n stands for
 * supervise.Verbs[n].
 */
export type Caps = number;

/** User is who is asking. */
export interface User {
  /** Empty for a guest of a server without a password. */
  name: string;
  /** What the user may do to supervisord itself: bits of CAPS. */
  caps: Caps;
  /** Whether they came by a delegation link, and not by a name of their own. */
  link?: boolean;
}

/** Limits of one socket. */
export interface Limits {
  subs: number;
  logs: number;
  win: number;
}

/** Welcome answers Hello. */
export interface WelcomeFrame {
  t: "welcome";
  v: number;
  sid: string;
  epoch: string;
  now: number;
  /** Seconds after which an idle server sends HB. */
  hb: number;
  /** Version of the server: a page built as another one should reload. */
  build: string;
  identifier: string;
  user: User;
  limits: Limits;
}

/** OK says that a Sub, Set or Unsub was done. */
export interface OKFrame {
  t: "ok";
  id: number;
}

/**
 * Err says that something was not. With an id it is about that subscription,
 * which is over, or never began. Only 400 about one that has begun means a Set
 * that was refused, and leaves it as it was.
 */
export interface ErrFrame {
  t: "err";
  id?: number;
  /**
   * As in HTTP: 400 not understood, 403 not allowed, 404 no such thing (or
   * not for you), 409 id in use, 429 too many, 500 our fault.
   */
  code: number;
  msg: string;
  /** Seconds after which to try again. */
  retry?: number;
}

/** ProcState is the state of a process, in Supervisor's words. */
export type ProcState = "STOPPED" | "STARTING" | "RUNNING" | "BACKOFF" | "STOPPING" | "EXITED" | "FATAL" | "UNKNOWN";

/** OrderKind is an order to a process that takes its time. */
export type OrderKind = "start" | "stop" | "restart";

/** Process is one row of the table. */
export interface Process {
  /** Stable while the epoch lasts and never reused. */
  id: number;
  group: string;
  name: string;
  state: ProcState;
  /** 0 when there is no child. */
  pid: number;
  /** When the state was entered. */
  since: number;
  /** When the last child was started; 0 if never. */
  start: number;
  /** When the last child ended; 0 if never. */
  stop: number;
  /** Status of the last exit, one within startsecs too; -1 for a death by signal. */
  exit: number;
  /** Name of the signal that killed it last, such as SIGKILL. */
  signal?: string;
  /** Whether the last exit was one of exitcodes. */
  expected: boolean;
  /** Why the last start failed, in Supervisor's words; empty if it did not. */
  err: string;
  /** Failed starts in this series, of Max (startretries) before FATAL. */
  tries: number;
  max: number;
  /** When supervisord acts next by itself (retry, RUNNING, KILL); 0 for never. */
  next: number;
  /** Times it was started again without anybody asking. */
  restarts: number;
  /**
   * How many of these there were in the last 24 hours, counted by the quarter of
   * an hour, those before the present supervisord included as far as they are
   * known.
   */
  restartsDay?: number;
  /** Likewise in the last hour, counted by five minutes. */
  restartsHour?: number;
  /**
   * Of an event listener: it has broken the protocol, and gets no events until it is
   * started again.
   */
  broken?: boolean;
  /**
   * Of an event listener's pool: its buffer is full, and has been for a second or
   * more; and how many events it has dropped in the last hour, counted by five
   * minutes and told once a second.
   */
  poolFull?: boolean;
  poolDropped?: number;
  /**
   * What somebody has ordered that has not come true yet; and who, for those who
   * may read the trail of the process, where it is known.
   */
  order?: OrderKind;
  by?: string;
  /** What the asking user may do with it: bits of CAPS. */
  caps: Caps;
}

/** Group is a group of processes. */
export interface Group {
  name: string;
  priority: number;
  /** Whether it is a pool of event listeners. */
  listener?: boolean;
}

/**
 * Snap is the whole table at change number Seq. A big one comes in parts, 1 to
 * Of, which follow each other and replace the table when all are there; Groups
 * is in the first.
 */
export interface SnapFrame {
  t: "snap";
  id: number;
  epoch: string;
  seq: number;
  part?: number;
  of?: number;
  rows: Process[];
  groups?: Group[];
}

/**
 * Delta is what changed between Prev, the Seq of the frame before it on this
 * subscription, and Seq. Apply Groups, then Del, then Rows.
 */
export interface DeltaFrame {
  t: "delta";
  id: number;
  prev: number;
  seq: number;
  /** Whole rows: new ones, and those that changed. */
  rows?: Process[];
  /** Ids of rows that are gone. */
  del?: number[];
  /** All groups in their order, when a group came or went. */
  groups?: Group[];
}

/** Mood is the state of supervisord itself. */
export type Mood = "RUNNING" | "RESTARTING" | "SHUTDOWN" | "FATAL";

/** ProblemCode tells kinds of problems apart. */
export type ProblemCode = "STATE_UNWRITABLE" | "MAIN_LOG_TROUBLE" | "LOG_TROUBLE" | "CRASHES_UNKEPT" | "TRAIL_UNWRITABLE" | "SERVER_OPEN" | "SERVER_IN_CLEAR" | "PASSWORD_PLAIN" | "PASSWORD_SHA" | "PASSWORD_UNUSABLE" | "ACCOUNT_TWICE" | "USERS_FILE_UNREADABLE" | "CERTIFICATE_UNREADABLE" | "CERTIFICATE_EXPIRED" | "CERTIFICATE_EXPIRES" | "CERTIFICATE_KEY_SHARED" | "PLUGIN_IS_PYTHON";

/**
 * Problem is something about supervisord itself that an admin should look into.
 * What the facts mean depends on the code.
 */
export interface Problem {
  code: ProblemCode;
  /** The account, or the section of the configuration; or programs. */
  name?: string;
  /** How many programs there are besides those that name tells. */
  more?: number;
  /** A file, "file:line", or an address that is listened on. */
  place?: string;
  /** The cause, in the words of the system. */
  why?: string;
  /** When it began, or will. */
  at?: number;
  /** All of it in English, as the main log has it. */
  text: string;
}

/** Supervisor is what topic "server" tells, whole, at once and whenever it changes. */
export interface SupervisorFrame {
  t: "server";
  id: number;
  mood: Mood;
  user: User;
  /** What an admin should look into. */
  problems: Problem[];
}

/**
 * Figure is a measured number; null when it was not measured: not yet, or not on
 * this system, or there is nothing to measure. There are no invented zeros.
 */
export type Figure = number | null;

/** Figures are a column of them. */
export type Figures = Figure[];

/**
 * Metrics is what rows use, of one sample. Of those asked for, the ones that are
 * not there, or not for this user, are left out; what does not run has null in
 * every column. Only the newest sample is sent, however many were missed.
 */
export interface MetricsFrame {
  t: "metrics";
  id: number;
  /** When the sample was taken. */
  at: number;
  ids: number[];
  cpu: Figures;
  memory: Figures;
  descriptors: Figures;
  threads: Figures;
  processes: Figures;
}

/**
 * Recent is the last minute of rows that have not been told of yet on this
 * subscription; Metrics follows. Each row has its figures, the oldest first,
 * null where nothing was measured. The last step is going on at At.
 */
export interface RecentFrame {
  t: "recent";
  id: number;
  at: number;
  /** Milliseconds that a step lasts. */
  step: number;
  ids: number[];
  cpu: Figures[];
  memory: Figures[];
}

/** EventKind is what an event, or an entry of the activity, is about. */
export type EventKind = "state" | "group" | "supervisord" | "act" | "trouble";

/**
 * Event is a change of state: the data of each event of GET /api/v1/events, and
 * of an entry of GET /api/v1/activity.
 */
export interface Event {
  kind: EventKind;
  /**
   * Its number; higher ones came later. Numbers that are missing are of what the
   * reader may not see, or of what is no change of state.
   */
  seq: number;
  at: number;
  /**
   * In Supervisor's words: PROCESS_STATE_EXITED, PROCESS_GROUP_ADDED,
   * SUPERVISOR_STATE_CHANGE_STOPPING ...
   */
  type: string;
  /** Of the process; of the group, if that is what came or went. */
  group?: string;
  name?: string;
  /** States of the process, before and after. */
  from?: string;
  to?: string;
  pid?: number;
  /** Failed starts in a row, told by STARTING and BACKOFF. */
  tries?: number;
  /** Told by EXITED: the status or the signal, and whether it was one of exitcodes. */
  exit?: number;
  signal?: string;
  expected?: boolean;
  /** Told by BACKOFF and FATAL: why it did not start. */
  error?: string;
}

/**
 * TrailEntry is one line of the trail: who did what, and what came of it. What
 * is not known, or not for the reader, is absent.
 */
export interface TrailEntry {
  /** One more than that of the line before. */
  n: number;
  /** When it was over, by RFC 3339 in UTC. */
  time: string;
  /** Empty for a guest of a server without a password. */
  user: string;
  /** How they came in: open, basic, session, token, link, peer, proxy. */
  via?: string;
  /** The server section they came through. */
  door?: string;
  addr?: string;
  /** Of the process at the other end of a unix socket. */
  uid?: number;
  /** The session or the link they came with. */
  session?: string;
  /** What they did: a verb of CAPS, or "log-in" and such. */
  verb: string;
  /** To what: web:api, web:*, everything, supervisord, the name of a user. */
  target: string;
  /** The processes it was done to. */
  programs?: string[];
  /** What else there is to say: the signal, the groups. */
  detail?: string;
  /** Why, as they said. */
  reason?: string;
  /** How the target was, and how it was when the answer was given. */
  before?: string;
  after?: string;
  /** "ok", "refused", or the text of the fault. */
  result: string;
  /** For attempts of strangers: how many of them this line stands for. */
  count?: number;
  /** The request that the main log knows by this. */
  request?: string;
}

/** ActivityEntry is either an event or an act. */
export interface ActivityEntry {
  at: number;
  event?: Event;
  act?: TrailEntry;
}

/**
 * Happened is what topic "events" tells: the changes of state and the lines of the
 * trail that this user may see and asked for, as they come, the oldest first. The
 * first frame says only where the subscription begins.
 */
export interface HappenedFrame {
  t: "events";
  id: number;
  /**
   * Of the numbers; Prev is the Seq of the frame before it on this subscription,
   * or what From named. Numbers in between are of what was not for this user.
   */
  epoch: string;
  prev: number;
  seq: number;
  /**
   * More has happened after Prev than is kept for those who read slowly or come
   * back: ask for the activity.
   */
  missed?: boolean;
  entries: ActivityEntry[];
}

/**
 * Lines are lines of a log without their newlines. Bytes that are not UTF-8
 * travel as lone low surrogates: U+DC80 stands for 0x80, U+DCFF for 0xff. The
 * bytes of a line are therefore known exactly, and so is their number.
 */
export type Lines = string[];

/**
 * Log carries lines. They fill the bytes from Off to End without a hole: each
 * line stands for its bytes and a newline, but for an open last one. A line
 * longer than 16 KB comes as several frames, open and cont.
 */
export interface LogFrame {
  t: "log";
  id: number;
  epoch: string;
  off: number;
  end: number;
  lines: Lines;
  /** The last line has no newline yet: the next frame continues it. */
  open?: boolean;
  /** The first line continues the last one of the frame before. */
  cont?: boolean;
  at?: [number, number][];
}

/** GapWhy is why bytes of a log were left out. */
export type GapWhy = "slow" | "trimmed" | "cleared";

/** Gap says that the bytes of a log from From up to To are not sent. */
export interface GapFrame {
  t: "gap";
  id: number;
  from: number;
  to: number;
  why: GapWhy;
}

/** MarkWhy is what befell a log. */
export type MarkWhy = "cleared" | "restarted";

/** Mark says that something befell a log at Off. */
export interface MarkFrame {
  t: "mark";
  id: number;
  off: number;
  why: MarkWhy;
  at: number;
}

/**
 * Count is sent once a second to a log subscription in mode count, if anything
 * came. Bytes and Lines count from where following stopped; Lines is a lower
 * bound when the log grows faster than it is read.
 */
export interface CountFrame {
  t: "count";
  id: number;
  end: number;
  bytes: number;
  lines: number;
  /** Bytes a second, since the count before. */
  rate: number;
}

/** HB is sent when nothing else was for ten seconds. */
export interface HBFrame {
  t: "hb";
  now: number;
}

/** Pong answers Ping. */
export interface PongFrame {
  t: "pong";
  n: number;
  now: number;
}

/** Bye comes before the socket is closed, with the same code. */
export interface ByeFrame {
  t: "bye";
  /**
   * 4400 no hello first, 4401 session ended, 4403 not allowed any more, 4408 no
   * hello in time, 4409 page too old, 4429 too many frames, 1012 the server
   * stops, 1013 it is not ready yet. (1009, a frame too big, and a reader too
   * slow for ten seconds are closed without a word.)
   */
  code: number;
  why: string;
  /** Seconds after which to come back. */
  retryAfter?: number;
}

/** Hello is the first frame of a browser, within five seconds. */
export interface HelloFrame {
  t: "hello";
  v: number;
  /** Version the page was built as. */
  build: string;
}

/** Topic is what can be subscribed to. */
export type Topic = "state" | "server" | "metrics" | "events" | "log" | "mainlog";

/**
 * From says where a subscription begins. State and events: epoch and seq of the last
 * frame seen, to be told only what came after. Log: epoch and off, to go on at that
 * byte, or tail, to begin so many bytes before the end (at the start of a line).
 */
export interface From {
  epoch?: string;
  seq?: number;
  off?: number;
  tail?: number;
}

/** Chan is one of the two streams of a process. */
export type Chan = "stdout" | "stderr";

/** LogMode says how much of a log is wanted. */
export type LogMode = "follow" | "count";

/** Sub subscribes to a topic under an id of the browser's choosing. */
export interface SubFrame {
  t: "sub";
  id: number;
  topic: Topic;
  /**
   * Where to begin; without it state gives a snapshot, a log its last 64 KB, and
   * events what happens from now on.
   */
  from?: From;
  /** For log: the process, "group:name", and its channel. */
  proc?: string;
  ch?: Chan;
  /** For log and mainlog: bytes that may be under way unacknowledged. */
  win?: number;
  mode?: LogMode;
  /**
   * For metrics: the rows to tell of, by their ids, at most 200: those one can
   * see. And how often a second, 0.2 to 2; 1 if it is left out.
   */
  ids?: number[];
  hz?: number;
  /**
   * For events, as GET /api/v1/activity has them: of which kinds, about which
   * program, done by whom; all where they are left out.
   */
  types?: EventKind[];
  program?: string;
  user?: string;
}

/**
 * Set changes a subscription to a log: its mode, or where it reads on; or one to
 * metrics: its rows, or how often they are told. With no rows, nothing is measured
 * for it.
 */
export interface SetFrame {
  t: "set";
  id: number;
  mode?: LogMode;
  from?: From;
  ids?: number[];
  hz?: number;
}

/** Ack gives credit: everything before Off was drawn or dropped. */
export interface AckFrame {
  t: "ack";
  id: number;
  off: number;
}

/** Unsub ends a subscription. Frames already under way may still come. */
export interface UnsubFrame {
  t: "unsub";
  id: number;
}

/** Ping asks for a Pong. */
export interface PingFrame {
  t: "ping";
  n: number;
}

/** What the server sends over /live. */
export type ServerFrame =
  | WelcomeFrame
  | OKFrame
  | ErrFrame
  | SnapFrame
  | DeltaFrame
  | SupervisorFrame
  | MetricsFrame
  | RecentFrame
  | HappenedFrame
  | LogFrame
  | GapFrame
  | MarkFrame
  | CountFrame
  | HBFrame
  | PongFrame
  | ByeFrame;

/** What the page sends over /live. */
export type ClientFrame =
  | HelloFrame
  | SubFrame
  | SetFrame
  | AckFrame
  | UnsubFrame
  | PingFrame;

/** Colour is the name of a colour. */
export type Colour = "" | "red" | "orange" | "yellow" | "green" | "blue" | "purple" | "grey";

/**
 * Sign tells the page of one environment from those of others ([inet_http_server]
 * label=, colour=). Both may be empty.
 */
export interface Sign {
  label: string;
  colour: Colour;
}

/** Boot is what index.html carries in <script type="application/json" id="boot">. */
export interface Boot {
  version: string;
  /** Where the page is mounted: "/" or "/prefix/". */
  base: string;
  identifier: string;
  host: string;
  /** Null before anybody has logged in. */
  user: User | null;
  sign: Sign;
}

/** Identity answers GET /api/v1/identity. */
export interface Identity {
  identifier: string;
  /** Version of this program. */
  version: string;
  /** Version of the original this program stands in for. */
  supervisor: string;
  host: string;
  pid: number;
  configFile: string;
  started: number;
  mood: Mood;
  /** Changes whenever supervisord starts. */
  epoch: string;
  user: User;
  /** What an admin should look into. */
  problems: Problem[];
  sign: Sign;
}

/**
 * Usage is what a process uses: its child, all that descends from it, and what it
 * left behind in its process group or session.
 */
export interface Usage {
  /** The child that was measured. */
  pid: number;
  /**
   * Percent of one processor, since the sample before; null for the first one of
   * a child.
   */
  cpu: Figure;
  /** Seconds of processor time, of all its children since somebody looks. */
  cpuSeconds: Figure;
  /** Resident bytes. Pages that several share count for each. */
  memory: Figure;
  descriptors: Figure;
  threads: Figure;
  processes: Figure;
}

/** ListedProcess is a row of ProcessList. */
export interface ListedProcess {
  /** Stable while the epoch lasts and never reused. */
  id: number;
  group: string;
  name: string;
  state: ProcState;
  /** 0 when there is no child. */
  pid: number;
  /** When the state was entered. */
  since: number;
  /** When the last child was started; 0 if never. */
  start: number;
  /** When the last child ended; 0 if never. */
  stop: number;
  /** Status of the last exit, one within startsecs too; -1 for a death by signal. */
  exit: number;
  /** Name of the signal that killed it last, such as SIGKILL. */
  signal?: string;
  /** Whether the last exit was one of exitcodes. */
  expected: boolean;
  /** Why the last start failed, in Supervisor's words; empty if it did not. */
  err: string;
  /** Failed starts in this series, of Max (startretries) before FATAL. */
  tries: number;
  max: number;
  /** When supervisord acts next by itself (retry, RUNNING, KILL); 0 for never. */
  next: number;
  /** Times it was started again without anybody asking. */
  restarts: number;
  /**
   * How many of these there were in the last 24 hours, counted by the quarter of
   * an hour, those before the present supervisord included as far as they are
   * known.
   */
  restartsDay?: number;
  /** Likewise in the last hour, counted by five minutes. */
  restartsHour?: number;
  /**
   * Of an event listener: it has broken the protocol, and gets no events until it is
   * started again.
   */
  broken?: boolean;
  /**
   * Of an event listener's pool: its buffer is full, and has been for a second or
   * more; and how many events it has dropped in the last hour, counted by five
   * minutes and told once a second.
   */
  poolFull?: boolean;
  poolDropped?: number;
  /**
   * What somebody has ordered that has not come true yet; and who, for those who
   * may read the trail of the process, where it is known.
   */
  order?: OrderKind;
  by?: string;
  /** What the asking user may do with it: bits of CAPS. */
  caps: Caps;
  /**
   * What it uses, if that is at hand: null when nobody watches, as the list itself
   * has nothing measured.
   */
  usage: Usage | null;
}

/** ProcessList answers GET /api/v1/processes: everything at change number Seq. */
export interface ProcessList {
  epoch: string;
  seq: number;
  at: number;
  mood: Mood;
  /** In the order they start. */
  groups: Group[];
  /** In the order of the groups, then of the configuration. */
  processes: ListedProcess[];
}

/** ListenerState is where an event listener is in the protocol. */
export type ListenerState = "READY" | "BUSY" | "ACKNOWLEDGED" | "UNKNOWN";

/**
 * PoolCounts is how much waits for the listeners of a pool, and what has become of
 * its events since supervisord was started or its group was added.
 */
export interface PoolCounts {
  /** How many events wait, of how many that can: then the oldest is dropped. */
  buffered: number;
  size: number;
  /** Since when the buffer is full; 0 while there is room. */
  fullSince?: number;
  /**
   * Events that came; that a listener answered OK to; that found no room; and how
   * often one came back, because a listener rejected it, broke the protocol or died.
   */
  accepted: number;
  handled: number;
  dropped: number;
  rejected: number;
  /** Those that were dropped in the last hour, counted by five minutes. */
  droppedHour: number;
}

/** ListenerDetail is what is told of an event listener beside its process. */
export interface ListenerDetail {
  state: ListenerState;
  /** When it entered the state. */
  since: number;
  /** The event it works on while it is BUSY: its type and its serial. */
  event?: string;
  serial?: number;
  /** Whether it lives and is UNKNOWN: it gets no events until it is started again. */
  broken?: boolean;
  /** How often it has broken the protocol. */
  breaches?: number;
  /**
   * The beginning of what it said when it did so last, as Python prints text or
   * bytes; for those who may read its log.
   */
  said?: string;
  /** What its pool subscribes to. */
  events: string[];
  pool: PoolCounts;
  /** Whether a listener that breaks the protocol is started again. */
  restarts?: boolean;
}

/** ProcessDetail answers GET /api/v1/processes/{name}. */
export interface ProcessDetail {
  process: Process;
  /** What it uses, if that is at hand: null when nobody watches. */
  usage: Usage | null;
  /** Paths of the current log files; empty where output is not kept in a file. */
  stdoutLog: string;
  stderrLog: string;
  /** Of an event listener; null for any other process. */
  listener: ListenerDetail | null;
}

/** EventListener is where an event listener is in the protocol. */
export interface EventListener {
  state: ListenerState;
  /** When it entered the state. */
  since: number;
  /** The event it works on while it is BUSY: its type and its serial. */
  event?: string;
  serial?: number;
  /** Whether it lives and is UNKNOWN: it gets no events until it is started again. */
  broken?: boolean;
  /** How often it has broken the protocol. */
  breaches?: number;
  /**
   * The beginning of what it said when it did so last, as Python prints text or
   * bytes; for those who may read its log.
   */
  said?: string;
}

/** PoolListener is one of the listeners of a pool. */
export interface PoolListener {
  name: string;
  /** Of its process. */
  process: ProcState;
  listener: EventListener;
}

/** Pool is a pool of event listeners. */
export interface Pool {
  group: string;
  /** What it subscribes to. */
  events: string[];
  counts: PoolCounts;
  /** Whether a listener that breaks the protocol is started again. */
  restarts?: boolean;
  listeners: PoolListener[];
}

/** Pools answers GET /api/v1/pools. */
export interface Pools {
  /**
   * In the order in which they start; those with a listener one may see, and of
   * them only such.
   */
  pools: Pool[];
}

/** LogGap is a part of a log that is there no more: rotated away or cleared. */
export interface LogGap {
  from: number;
  to: number;
}

/**
 * LogPage answers GET /api/v1/log/{name}/{channel} and /api/v1/mainlog. Lines
 * are whole ones, but for one longer than the page.
 */
export interface LogPage {
  epoch: string;
  /** Offset of the first byte of the first line. */
  off: number;
  /** Offset behind the last byte of the last line, its newline included. */
  end: number;
  /** The oldest byte that can still be read, and the one that comes next. */
  oldest: number;
  newest: number;
  lines: Lines;
  /** The first line lacks its beginning. */
  cont?: boolean;
  /** The last line lacks its end. */
  open?: boolean;
  /** Where each line begins. */
  offs?: number[];
  at?: [number, number][];
  /** There is nothing before this page. */
  first?: boolean;
  /** Bytes that were asked for and are there no more. */
  gap?: LogGap;
  /**
   * With at=, the place of that time was not among known arrivals: the page
   * begins at the best guess, too early rather than too late.
   */
  guess?: boolean;
}

/** MeaningCode names a kind of end. */
export type MeaningCode = "no-start" | "stopped" | "killed" | "done" | "too-soon" | "unlisted-zero" | "exit" | "not-executable" | "not-found" | "shell-signal" | "out-of-memory" | "sigkill" | "sent" | "fault" | "abort" | "limit" | "forbidden-call" | "broken-pipe" | "outside" | "protocol" | "signal";

/**
 * Meaning says what the end of a life means: a code with its parameters, and a
 * sentence in English that goes behind a name.
 */
export interface Meaning {
  code: MeaningCode;
  /** The exit status, if it is about one. */
  status?: number;
  /** The signal that ended it, or of which a shell told by a status above 128. */
  signal?: string;
  /** Who ordered it, or sent the signal, if known to whoever asks. */
  by?: string;
  text: string;
}

/**
 * Life is one life of a process that is over: from the start that was asked for to
 * its end. A start that made no child is one, too.
 */
export interface Life {
  /** 0 if there was no child. */
  pid: number;
  /**
   * When the start was asked for, when there was a child, when it became RUNNING
   * and when it ended; 0 for never.
   */
  asked: number;
  born: number;
  running: number;
  ended: number;
  /** How long there was a child, in milliseconds. */
  uptime: number;
  /** Whether supervisord started it by itself, after an exit or a backoff. */
  again?: boolean;
  /** Which try of its series it was, from 1. */
  tries: number;
  /**
   * What the end made of the process: STOPPED, BACKOFF, EXITED or FATAL, whatever
   * became of it afterwards.
   */
  state: ProcState;
  /** Exit status; -1 for a death by signal. */
  exit: number;
  /** Name of the signal that ended it, such as SIGKILL. */
  signal?: string;
  /** Whether it left a core dump. */
  core?: boolean;
  /** Whether the exit was one of exitcodes, after startsecs. */
  expected: boolean;
  /** Whether it ended as it should not have. Only such have a snapshot. */
  crashed: boolean;
  /** Whether it ended before it had been up for startsecs. */
  quick?: boolean;
  /** Why there was no child, in Supervisor's words; empty if there was one. */
  err?: string;
  /**
   * CPU time in milliseconds, in user mode and in the kernel, with that of the
   * children it waited for.
   */
  cpuUser: number;
  cpuSystem: number;
  /**
   * The most memory it held at once, in bytes, its children included; 0 if the
   * system does not tell. PeakAtMost: it may have been less, since Linux counts
   * what supervisord itself held when it made the child.
   */
  peak: number;
  peakAtMost?: boolean;
  /**
   * What it was told by people: "stop", "restart", "shutdown" (of supervisord),
   * and by whom, for those who may read the trail of the process.
   */
  order?: string;
  by?: string;
  /** A mark of the configuration it ran with, equal for equal ones. */
  config?: string;
  /**
   * The number of its crash snapshot, 0 for none; and how many crashes just before
   * it came too quickly for one of their own.
   */
  crash?: number;
  missed?: number;
  /** What its end says. */
  meaning: Meaning;
}

/** Lives answers GET /api/v1/processes/{name}/lives. */
export interface Lives {
  /** The newest first, the present one not among them. */
  lives: Life[];
}

/** Crashes answers GET /api/v1/processes/{name}/crashes. */
export interface Crashes {
  /** Those of which there is a snapshot, the newest first. */
  crashes: Life[];
}

/** Excerpt is the end of what a life wrote to one channel. */
export interface Excerpt {
  lines: Lines;
  /**
   * It is not all: there was more before the first line, or not all of it could be
   * read.
   */
  cut?: boolean;
  /** The last line was not ended. */
  open?: boolean;
  /**
   * It could not be read: the log was rotated away, cleared, or on a disk that
   * failed.
   */
  gone?: boolean;
}

/**
 * Crash answers GET /api/v1/processes/{name}/crashes/{id}, where the id is the
 * number of a snapshot, or "last".
 */
export interface Crash {
  group: string;
  name: string;
  life: Life;
  stdout: Excerpt;
  stderr: Excerpt;
}

/** LogFile is one file of a log: what raw?file=N downloads. */
export interface LogFile {
  /** "" for output kept in memory. */
  name: string;
  /** 0 is the current file, 1 the one rotated last. */
  n: number;
  /** The offsets of its bytes. */
  off: number;
  end: number;
  /** When it was last written to. */
  changed: number;
}

/**
 * LogFiles answers GET /api/v1/log/{name}/{channel}/files: what the log consists
 * of now, oldest first.
 */
export interface LogFiles {
  epoch: string;
  files: LogFile[];
  /**
   * Where the current file is; "" for output kept in memory only, of which the
   * last part can be read.
   */
  path: string;
  /** The lines are sent to syslog, too or instead of to a file. */
  syslog?: boolean;
  /** What is wrong with writing; "" if nothing is. */
  trouble?: string;
}

/** LogText is a part of a log, in which bytes that are not UTF-8 travel as in Lines. */
export type LogText = string;

/** LogHit is a line that matches. */
export interface LogHit {
  /** The line's first byte, and the one behind its last, its newline not included. */
  off: number;
  end: number;
  /** What matched in it: for asking which lines do not match, nothing. */
  from: number;
  to: number;
  /** The line; of a long one, the part around what matched, which begins at Start. */
  line: LogText;
  start: number;
  /** When it came; 0 if that is not known. */
  at?: number;
}

/** SearchProgress is sent some times a second. */
export interface SearchProgress {
  /** Searched up to here, or down to here. It is the start of a line. */
  scannedTo: number;
  /** Lines that match so far. */
  hits: number;
}

/** SearchDone ends a search. */
export interface SearchDone {
  scannedTo: number;
  /** All lines that match in what was searched, whether sent or not. */
  hits: number;
  /** Not all of them were sent. */
  capped?: boolean;
  /** The budget ran out first: go on with from=ScannedTo. */
  more?: boolean;
}

/**
 * SearchLine is one line of the answer to GET /api/v1/log/{name}/{channel}/search:
 * exactly one of its fields is there. Done or Error is the last one; an answer
 * that ends without either was cut off.
 */
export interface SearchLine {
  hit?: LogHit;
  progress?: SearchProgress;
  gap?: LogGap;
  done?: SearchDone;
  error?: string;
}

/**
 * MergedSource is one log of a MergedPage: its lines there fill the bytes from
 * Off to End.
 */
export interface MergedSource {
  /** As it was asked for, without its offset. */
  name: string;
  off: number;
  end: number;
  oldest: number;
  newest: number;
  /** The first line lacks its beginning. */
  cont?: boolean;
  /** The last line lacks its end. */
  open?: boolean;
  /** There is nothing before Off. */
  first?: boolean;
  gap?: LogGap;
}

/**
 * MergedPage answers GET /api/v1/merged: lines of several logs in the order in
 * which they came. The lists Lines, Source, Offs and At are of one length.
 */
export interface MergedPage {
  epoch: string;
  sources: MergedSource[];
  lines: Lines;
  /** The place in Sources of each line's log. */
  source: number[];
  /** Where each line begins in its log. */
  offs: number[];
  /** When each line came; 0 if that is not known. */
  at: number[];
}

/** Result is one process of an action on several. */
export interface Result {
  group: string;
  name: string;
  /** SUCCESS, or the name of the fault it met. */
  code: string;
  /** "OK", or the text of the fault. */
  message: string;
}

/**
 * Accepted answers an action with status 202: it was taken, and whatever comes
 * of it has a change number above Seq.
 */
export interface Accepted {
  seq: number;
  /**
   * For actions on several processes: what each answered at once. A process
   * already in the wanted state has no line.
   */
  results?: Result[];
}

/** OrderRequest is the body of every order; those that need more have it too. */
export interface OrderRequest {
  /** Why, for the trail: up to 500 characters. */
  reason?: string;
}

/** SignalRequest is the body of POST .../signal. */
export interface SignalRequest {
  /** Why, for the trail: up to 500 characters. */
  reason?: string;
  /** A name such as "HUP" or "SIGHUP", or a number as text. */
  signal: string;
}

/** UpdateRequest is the body of POST /api/v1/config/update. */
export interface UpdateRequest {
  /** Why, for the trail: up to 500 characters. */
  reason?: string;
  /** Only these groups; absent for all. */
  groups?: string[];
  /**
   * Of the preview that was looked at: if an update would do something else by
   * now, it does nothing and is answered 412. Absent to do whatever there is.
   */
  seen?: string;
}

/**
 * Plan answers POST /api/v1/config/reread: the names of groups by which the
 * configuration on disk differs from the one that runs.
 */
export interface Plan {
  added: string[];
  changed: string[];
  removed: string[];
}

/** UpdateAction is what became of one group. */
export type UpdateAction = "added" | "changed" | "removed";

/** OptionChange is an option that differs, in the words of the configuration. */
export interface OptionChange {
  option: string;
  /** Of environment=: which variable. */
  variable?: string;
  /** Null if it is not set. */
  old: string | null;
  new: string | null;
  /** Whether what might be a secret was left out. */
  hidden?: boolean;
  /** Which processes differ so; absent for all that stay. */
  processes?: string[];
}

/**
 * GroupPreview is what an update would do to one group. Processes are called by
 * their names within it.
 */
export interface GroupPreview {
  group: string;
  action: UpdateAction;
  /** Options by which a changed group differs. */
  options: OptionChange[];
  /** Processes that are up, and would be stopped. */
  stops: string[];
  /** Processes that would be started. */
  starts: string[];
  /** Processes that a changed group would lose, and get. */
  gone: string[];
  new: string[];
}

/**
 * Preview answers GET /api/v1/config/preview: what an update would do, in its
 * order.
 */
export interface Preview {
  /** What was seen, for an update that is to do this and nothing else. */
  seen: string;
  groups: GroupPreview[];
}

/** ConfigFile is one file, line for line. */
export interface ConfigFile {
  path: string;
  text: string;
  /** Why it cannot be read, or is no configuration. */
  trouble?: string;
}

/** Verdict is what kind of finding one is. */
export type Verdict = "error" | "ignored" | "warning" | "differs" | "new";

/**
 * ConfigFinding is something to say about a place in a configuration, as
 * supervisord --check does. With an error in it, nothing would be applied.
 */
export interface ConfigFinding {
  verdict: Verdict;
  file: string;
  /** 0 for the file as a whole. */
  line: number;
  section?: string;
  option?: string;
  text: string;
}

/**
 * ConfigFiles answers GET /api/v1/config/files: the configuration as it stands on
 * the disk, which need not be what runs. Secrets read "***".
 */
export interface ConfigFiles {
  /** The main file first, then those it includes. */
  files: ConfigFile[];
  findings: ConfigFinding[];
}

/** Listener is an address at which supervisord answers. */
export interface Listener {
  /** Of the configuration. */
  section: string;
  /** A path, or "host:port". */
  address: string;
  unix?: boolean;
  tls?: boolean;
  /** Whoever comes is asked who they are. */
  asks?: boolean;
}

/**
 * About answers GET /api/v1/about: what supervisord itself takes and allows,
 * beside its identity.
 */
export interface About {
  listeners: Listener[];
  /** Descriptors it may open; -1 for any number. */
  openFiles: number;
  /** Connections that are open, and how many may be. */
  connections: number;
  maxConnections: number;
  /** Bytes of memory it holds, and how much work goes on at once in it. */
  memory: number;
  goroutines: number;
}

/** Role is what somebody is. */
export type Role = "nobody" | "viewer" | "operator" | "admin";

/** PluginState is how the process behind a plug-in answers. */
export type PluginState = "unasked" | "answers" | "silent";

/** Plugin is a namespace of XML-RPC beside the built-in ones. */
export interface Plugin {
  /** What stands before the point of its methods. */
  name: string;
  /** The least role that may call them. */
  role: Role;
  /** Where it answers; empty for code of this server itself. */
  address?: string;
  /** The process that answers, if supervisord runs it. */
  process?: string;
  state: PluginState;
  /** When it began to answer, or stopped. */
  since?: number;
  /** Why it does not answer. */
  why?: string;
  /** How many methods it has; -1 if it does not say. */
  methods: number;
  calls: number;
  /** Calls that were answered by a fault, or not at all. */
  errors: number;
}

/** Plugins answers GET /api/v1/plugins, by name. */
export interface Plugins {
  plugins: Plugin[];
}

/**
 * Reason says in a word why something was refused, where the name of a Fault says
 * too little: pages in other languages have their own sentence for each.
 */
export type Reason = "name-taken" | "changed" | "yourself" | "last-admin" | "no-users-file" | "read-only" | "no-account" | "bad-password" | "bad-name" | "bad-pattern" | "bad-comment" | "bad-expiry" | "no-minter" | "no-page" | "too-many-links";

/** Fault says what went wrong. */
export interface Fault {
  /** Number of the XML-RPC fault; 0 for an error of HTTP. */
  code: number;
  /**
   * A fault of Supervisor (BAD_NAME, NOT_RUNNING, FORBIDDEN ...) or the name of
   * the HTTP status (NOT_FOUND, BAD_REQUEST, INTERNAL_SERVER_ERROR ...).
   */
  name: string;
  /** What it is about: the program, the option, the reason. */
  detail?: string;
  /** Why, in a word; absent where the name says enough. */
  reason?: Reason;
}

/** UpdateStep is one group of an update. */
export interface UpdateStep {
  group: string;
  action: UpdateAction;
  /** Why it failed; absent if it did not. */
  error?: Fault;
}

/** Update answers POST /api/v1/config/update. */
export interface Update {
  steps: UpdateStep[];
}

/** Failure is the body of every answer that is not a success. */
export interface Failure {
  error: Fault;
}

/**
 * ProcessMetrics answers GET /api/v1/processes/{name}/metrics: the last hour, of
 * all children the process had in it. Figures are as in Usage; of a step, the mean
 * of cpu and the highest of the others. Steps in which nothing was measured, or
 * nothing ran, are not there.
 */
export interface ProcessMetrics {
  at: number;
  /** What it uses now; null if it does not run. */
  usage: Usage | null;
  /**
   * For how many milliseconds history goes on after somebody looked
   * (metrics_history=): 0 for none, -1 for always.
   */
  keeps: number;
  /** Milliseconds that a step lasts. */
  step: number;
  /** When the steps ended, oldest first; the last one may be going on. */
  times: number[];
  /** The child in each; another one than before says that it was started anew. */
  pids: number[];
  cpu: Figures;
  memory: Figures;
  descriptors: Figures;
  threads: Figures;
  processes: Figures;
}

/**
 * Activity answers GET /api/v1/activity: what people did, and what became of
 * processes, the newest first.
 */
export interface Activity {
  epoch: string;
  entries: ActivityEntry[];
  /**
   * To be sent as before= for what is older; absent if nothing is. A page may
   * be short, or empty, and yet not be the last.
   */
  next?: string;
  /**
   * When the oldest change of state happened that is still known; those before
   * it are not kept. 0 if there was none.
   */
  since: number;
}

/**
 * EventGap is the data of an event "gap": so much has happened since what the
 * reader names that it is no longer known. Ask for the processes anew.
 */
export interface EventGap {
  epoch: string;
  seq: number;
}

/** Trail answers GET /api/v1/audit, the newest first. */
export interface Trail {
  entries: TrailEntry[];
  /**
   * To be sent as before= for what is older; absent if nothing is. A page may
   * be short, or empty, and yet not be the last.
   */
  next?: string;
}

/** TrailCheck answers GET /api/v1/audit/verify. */
export interface TrailCheck {
  ok: boolean;
  /** How many lines were read, over all files. */
  lines: number;
  /** The first of them that is not as it was written, counted from 1. */
  firstBad?: number;
  /** What is wrong with it. */
  why?: string;
}

/** Variable is one that the configuration sets. */
export interface Variable {
  name: string;
  value: string;
  /** A secret was left out of the value; POST .../reveal tells it. */
  hidden?: boolean;
}

/** Option is an option in effect, and where its value comes from. */
export interface Option {
  name: string;
  /** Of environment=: which variable. */
  variable?: string;
  /** As it was understood, after expansion; null if it is not set. */
  value: string | null;
  /** What might be a secret was left out of the value. */
  hidden?: boolean;
  /** Where the value is written; absent for a default. */
  file?: string;
  line?: number;
}

/**
 * Settings answers GET /api/v1/processes/{name}/settings: what a process is
 * started with. Secrets read "***".
 */
export interface Settings {
  command: string;
  /** Empty for supervisord's own. */
  directory: string;
  user: string;
  environment: Variable[];
  /**
   * The section of the configuration that the program is in, and where that
   * begins.
   */
  section: string;
  file: string;
  line: number;
  /** Every option that is in effect, with defaults. */
  options: Option[];
}

/**
 * RevealRequest is the body of POST /api/v1/processes/{name}/reveal, which
 * answers with Settings. It leaves a line in the trail.
 */
export interface RevealRequest {
  /** Why, for the trail: up to 500 characters. */
  reason?: string;
  /** Only the value of this variable; absent for all, and those in the command. */
  variable?: string;
}

/** InputRequest is the body of POST .../stdin. */
export interface InputRequest {
  /** Why, for the trail: up to 500 characters. */
  reason?: string;
  /** What is written, to the byte: a line ends with its newline. */
  text: string;
}

/** LogIn is the body of POST /api/v1/session. */
export interface LogIn {
  user: string;
  password: string;
  /** Keep them logged in when the browser is closed, and however long they do nothing. */
  keep?: boolean;
}

/** PasswordChange is the body of PUT /api/v1/session/password: of one's own. */
export interface PasswordChange {
  old: string;
  new: string;
}

/** Session is one login in a browser. */
export interface Session {
  id: string;
  user: string;
  /** Where it began; empty for a unix socket. */
  addr: string;
  /** What the browser said of itself. */
  agent: string;
  keep: boolean;
  began: number;
  /** When it was last used. */
  seen: number;
  /** When it ends if it is not used again. */
  expires: number;
  /** The one this question came with. */
  current: boolean;
}

/** Link is a delegation link: whoever opens it may do some of what its minter may. */
export interface Link {
  /** Names it; it opens nothing. */
  id: string;
  minter: string;
  programs: string[];
  actions: string[];
  comment: string;
  minted: number;
  expires: number;
  /** How often it may be opened; 0 for as often as people like. */
  uses: number;
  used: number;
  /** When it was opened last; 0 for not yet. */
  opened: number;
  /** How many browsers may still use it. */
  open: number;
  /** Whether it is of who asks. */
  mine: boolean;
}

/** WhoAmI answers GET and POST /api/v1/session. */
export interface WhoAmI {
  user: User;
  /** How they came in: open, basic, session, token, link, peer or proxy. */
  via: string;
  /** Absent if they came in without one. */
  session?: Session;
  /** The link they came in by; absent for none. */
  link?: Link;
}

/** Sessions answers GET /api/v1/sessions. */
export interface Sessions {
  sessions: Session[];
}

/** Ended answers DELETE /api/v1/sessions: how many there were. */
export interface Ended {
  ended: number;
}

/**
 * Account is somebody who may come in, as GET /api/v1/users lists people and GET
 * /api/v1/tokens tokens.
 */
export interface Account {
  name: string;
  role: Role;
  programs: string[];
  deny: string[];
  /** Empty for those of the role. */
  actions: string[];
  disabled: boolean;
  comment: string;
  unixUsers: string[];
  /** Whether there is one. */
  password: boolean;
  /** Of a token; 0 for never. */
  expires: number;
  /** When they were last here since supervisord started; 0 for not yet. */
  seen: number;
  /** Whether it can be changed here: it is in the users file. */
  editable: boolean;
  /** Where it is written: "file:line". */
  source: string;
  /** Whether it is who asks. */
  self: boolean;
  /**
   * Another one after each change of what is told here, but for when they were
   * last here: for AccountRequest.
   */
  edition: string;
}

/** Accounts answers GET /api/v1/users and /api/v1/tokens. */
export interface Accounts {
  accounts: Account[];
  /** Whether accounts can be added here: there is a users file. */
  editable: boolean;
}

/**
 * AccountRequest is the body of PUT /api/v1/users/{name}. What is absent stays as
 * it is; an empty list or text is said as such. Somebody new has what is absent
 * empty, and an admin no lists in any case: they may do everything.
 */
export interface AccountRequest {
  password?: string;
  role?: Role;
  programs?: string[];
  deny?: string[];
  actions?: string[];
  disabled?: boolean;
  comment?: string;
  unixUsers?: string[];
  /** Whether it has to be somebody new: if not, nothing is changed (409). */
  new?: boolean;
  /**
   * What Account.Edition was when somebody looked: if it is another by now,
   * nothing is changed (409). Absent for whatever it is.
   */
  edition?: string;
}

/** TokenRequest is the body of POST /api/v1/tokens. */
export interface TokenRequest {
  name: string;
  role: Role;
  programs?: string[];
  deny?: string[];
  actions?: string[];
  /** A time, a date, or how long from now: "2027-01-31", "90d". Absent for never. */
  expires?: string;
  comment?: string;
}

/** NewToken answers POST /api/v1/tokens. The token is told this once only. */
export interface NewToken {
  token: string;
  account: Account;
}

/** Links answers GET /api/v1/links. */
export interface Links {
  links: Link[];
}

/** LinkRequest is the body of POST /api/v1/links. */
export interface LinkRequest {
  /** Patterns over group:process, as of an account. */
  programs: string[];
  /** Of those that whoever asks may do; seeing the programs is always one. */
  actions: string[];
  /** A time, a date, or how long from now, 30 days at most: "2027-01-31", "8h". */
  expires: string;
  /** How often it may be opened; 0 for as often as people like. */
  uses?: number;
  comment?: string;
}

/** NewLink answers POST /api/v1/links. The address is told this once only. */
export interface NewLink {
  id: string;
  url: string;
  link: Link;
}
