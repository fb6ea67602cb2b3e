package wire

import "encoding/json"

// ServerFrame is what the server sends over /live. The set is sealed: the
// structs of this file that have the method.
type ServerFrame interface {
	// Kind is the frame's "t".
	Kind() string
	server()
}

// ClientFrame is what a browser sends over /live. Sealed as well.
type ClientFrame interface {
	// Kind is the frame's "t".
	Kind() string
	client()
}

// ServerFrames and ClientFrames hold one empty frame of each kind, for the
// generated types and for the tests that want every kind.
var (
	ServerFrames = [...]ServerFrame{
		Welcome{}, OK{}, Err{}, Snap{}, Delta{}, Supervisor{}, Metrics{}, Recent{}, Happened{}, Log{}, Gap{}, Mark{}, Count{}, HB{}, Pong{}, Bye{},
	}
	ClientFrames = [...]ClientFrame{Hello{}, Sub{}, Set{}, Ack{}, Unsub{}, Ping{}}
)

// Version of the protocol, told by Hello and Welcome.
const Version = 1

// Topic is what can be subscribed to.
type Topic string

// The topics.
const (
	TopicState   Topic = "state"
	TopicServer  Topic = "server"
	TopicMetrics Topic = "metrics"
	TopicEvents  Topic = "events"
	TopicLog     Topic = "log"
	TopicMainLog Topic = "mainlog"
)

// Values lists every topic, for the generated types.
func (Topic) Values() []string {
	return []string{string(TopicState), string(TopicServer), string(TopicMetrics), string(TopicEvents), string(TopicLog), string(TopicMainLog)}
}

// LogMode says how much of a log is wanted.
type LogMode string

// Follow sends lines; count only says once a second how much there is to see.
const (
	ModeFollow LogMode = "follow"
	ModeCount  LogMode = "count"
)

// Values lists both, for the generated types.
func (LogMode) Values() []string { return []string{string(ModeFollow), string(ModeCount)} }

// From says where a subscription begins. State and events: epoch and seq of the last
// frame seen, to be told only what came after. Log: epoch and off, to go on at that
// byte, or tail, to begin so many bytes before the end (at the start of a line).
type From struct {
	Epoch string  `json:"epoch,omitempty"`
	Seq   *uint64 `json:"seq,omitempty"`
	Off   *int64  `json:"off,omitempty"`
	Tail  *int64  `json:"tail,omitempty"`
}

// Hello is the first frame of a browser, within five seconds.
type Hello struct {
	V int `json:"v"`
	// Version the page was built as.
	Build string `json:"build"`
}

// Sub subscribes to a topic under an id of the browser's choosing.
type Sub struct {
	ID    int   `json:"id"`
	Topic Topic `json:"topic"`
	// Where to begin; without it state gives a snapshot, a log its last 64 KB, and
	// events what happens from now on.
	From *From `json:"from,omitempty"`
	// For log: the process, "group:name", and its channel.
	Proc string `json:"proc,omitempty"`
	Ch   Chan   `json:"ch,omitempty"`
	// For log and mainlog: bytes that may be under way unacknowledged.
	Win  int64   `json:"win,omitempty"`
	Mode LogMode `json:"mode,omitempty"`
	// For metrics: the rows to tell of, by their ids, at most 200: those one can
	// see. And how often a second, 0.2 to 2; 1 if it is left out.
	IDs []int   `json:"ids,omitzero"`
	HZ  float64 `json:"hz,omitempty"`
	// For events, as GET /api/v1/activity has them: of which kinds, about which
	// program, done by whom; all where they are left out.
	Types   []EventKind `json:"types,omitempty"`
	Program string      `json:"program,omitempty"`
	User    string      `json:"user,omitempty"`
}

// Set changes a subscription to a log: its mode, or where it reads on; or one to
// metrics: its rows, or how often they are told. With no rows, nothing is measured
// for it.
type Set struct {
	ID   int     `json:"id"`
	Mode LogMode `json:"mode,omitempty"`
	From *From   `json:"from,omitempty"`
	IDs  []int   `json:"ids,omitzero"`
	HZ   float64 `json:"hz,omitempty"`
}

// Ack gives credit: everything before Off was drawn or dropped.
type Ack struct {
	ID  int   `json:"id"`
	Off int64 `json:"off"`
}

// Unsub ends a subscription. Frames already under way may still come.
type Unsub struct {
	ID int `json:"id"`
}

// Ping asks for a Pong.
type Ping struct {
	N int64 `json:"n"`
}

// Limits of one socket.
type Limits struct {
	Subs int   `json:"subs"`
	Logs int   `json:"logs"`
	Win  int64 `json:"win"`
}

// Welcome answers Hello.
type Welcome struct {
	V     int    `json:"v"`
	SID   string `json:"sid"`
	Epoch string `json:"epoch"`
	Now   int64  `json:"now"`
	// Seconds after which an idle server sends HB.
	HB int `json:"hb"`
	// Version of the server: a page built as another one should reload.
	Build      string `json:"build"`
	Identifier string `json:"identifier"`
	User       User   `json:"user"`
	Limits     Limits `json:"limits"`
}

// OK says that a Sub, Set or Unsub was done.
type OK struct {
	ID int `json:"id"`
}

// Err says that something was not. With an id it is about that subscription,
// which is over, or never began. Only 400 about one that has begun means a Set
// that was refused, and leaves it as it was.
type Err struct {
	ID *int `json:"id,omitempty"`
	// As in HTTP: 400 not understood, 403 not allowed, 404 no such thing (or
	// not for you), 409 id in use, 429 too many, 500 our fault.
	Code int    `json:"code"`
	Msg  string `json:"msg"`
	// Seconds after which to try again.
	Retry int `json:"retry,omitempty"`
}

// Snap is the whole table at change number Seq. A big one comes in parts, 1 to
// Of, which follow each other and replace the table when all are there; Groups
// is in the first.
type Snap struct {
	ID     int               `json:"id"`
	Epoch  string            `json:"epoch"`
	Seq    uint64            `json:"seq"`
	Part   int               `json:"part,omitempty"`
	Of     int               `json:"of,omitempty"`
	Rows   []json.RawMessage `json:"rows" ts:"Process[]"`
	Groups []Group           `json:"groups,omitempty"`
}

// Delta is what changed between Prev, the Seq of the frame before it on this
// subscription, and Seq. Apply Groups, then Del, then Rows.
type Delta struct {
	ID   int    `json:"id"`
	Prev uint64 `json:"prev"`
	Seq  uint64 `json:"seq"`
	// Whole rows: new ones, and those that changed.
	Rows []json.RawMessage `json:"rows,omitempty" ts:"Process[]"`
	// Ids of rows that are gone.
	Del []int `json:"del,omitempty"`
	// All groups in their order, when a group came or went.
	Groups []Group `json:"groups,omitzero"`
}

// Supervisor is what topic "server" tells, whole, at once and whenever it changes.
type Supervisor struct {
	ID   int  `json:"id"`
	Mood Mood `json:"mood"`
	User User `json:"user"`
	// What an admin should look into.
	Problems []Problem `json:"problems"`
}

// Metrics is what rows use, of one sample. Of those asked for, the ones that are
// not there, or not for this user, are left out; what does not run has null in
// every column. Only the newest sample is sent, however many were missed.
type Metrics struct {
	ID int `json:"id"`
	// When the sample was taken.
	At  int64 `json:"at"`
	IDs []int `json:"ids"`
	Columns
}

// Recent is the last minute of rows that have not been told of yet on this
// subscription; Metrics follows. Each row has its figures, the oldest first,
// null where nothing was measured. The last step is going on at At.
type Recent struct {
	ID int   `json:"id"`
	At int64 `json:"at"`
	// Milliseconds that a step lasts.
	Step   int64     `json:"step"`
	IDs    []int     `json:"ids"`
	CPU    []Figures `json:"cpu"`
	Memory []Figures `json:"memory"`
}

// Happened is what topic "events" tells: the changes of state and the lines of the
// trail that this user may see and asked for, as they come, the oldest first. The
// first frame says only where the subscription begins.
type Happened struct {
	ID int `json:"id"`
	// Of the numbers; Prev is the Seq of the frame before it on this subscription,
	// or what From named. Numbers in between are of what was not for this user.
	Epoch string `json:"epoch"`
	Prev  uint64 `json:"prev"`
	Seq   uint64 `json:"seq"`
	// More has happened after Prev than is kept for those who read slowly or come
	// back: ask for the activity.
	Missed  bool            `json:"missed,omitempty"`
	Entries []ActivityEntry `json:"entries"`
}

// Log carries lines. They fill the bytes from Off to End without a hole: each
// line stands for its bytes and a newline, but for an open last one. A line
// longer than 16 KB comes as several frames, open and cont.
type Log struct {
	ID    int    `json:"id"`
	Epoch string `json:"epoch"`
	Off   int64  `json:"off"`
	End   int64  `json:"end"`
	Lines Lines  `json:"lines"`
	// The last line has no newline yet: the next frame continues it.
	Open bool `json:"open,omitempty"`
	// The first line continues the last one of the frame before.
	Cont bool  `json:"cont,omitempty"`
	At   Times `json:"at,omitempty" ts:"[number, number][]"`
}

// GapWhy is why bytes of a log were left out.
type GapWhy string

// Slow: the reader fell behind, the bytes can be fetched as pages. Trimmed:
// they were rotated away. Cleared: somebody cleared the log.
const (
	GapSlow    GapWhy = "slow"
	GapTrimmed GapWhy = "trimmed"
	GapCleared GapWhy = "cleared"
)

// Values lists every reason, for the generated types.
func (GapWhy) Values() []string {
	return []string{string(GapSlow), string(GapTrimmed), string(GapCleared)}
}

// Gap says that the bytes of a log from From up to To are not sent.
type Gap struct {
	ID   int    `json:"id"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Why  GapWhy `json:"why"`
}

// MarkWhy is what befell a log.
type MarkWhy string

// Cleared: what was read before Off is no longer on disk. Restarted: the offset
// asked for belongs to an earlier supervisord; the subscription is over, and a
// new one should begin with a tail; At is when the present one was started.
const (
	MarkCleared   MarkWhy = "cleared"
	MarkRestarted MarkWhy = "restarted"
)

// Values lists every reason, for the generated types.
func (MarkWhy) Values() []string { return []string{string(MarkCleared), string(MarkRestarted)} }

// Mark says that something befell a log at Off.
type Mark struct {
	ID  int     `json:"id"`
	Off int64   `json:"off"`
	Why MarkWhy `json:"why"`
	At  int64   `json:"at"`
}

// Count is sent once a second to a log subscription in mode count, if anything
// came. Bytes and Lines count from where following stopped; Lines is a lower
// bound when the log grows faster than it is read.
type Count struct {
	ID    int   `json:"id"`
	End   int64 `json:"end"`
	Bytes int64 `json:"bytes"`
	Lines int64 `json:"lines"`
	// Bytes a second, since the count before.
	Rate int64 `json:"rate"`
}

// HB is sent when nothing else was for ten seconds.
type HB struct {
	Now int64 `json:"now"`
}

// Pong answers Ping.
type Pong struct {
	N   int64 `json:"n"`
	Now int64 `json:"now"`
}

// Bye comes before the socket is closed, with the same code.
type Bye struct {
	// 4400 no hello first, 4401 session ended, 4403 not allowed any more, 4408 no
	// hello in time, 4409 page too old, 4429 too many frames, 1012 the server
	// stops, 1013 it is not ready yet. (1009, a frame too big, and a reader too
	// slow for ten seconds are closed without a word.)
	Code int    `json:"code"`
	Why  string `json:"why"`
	// Seconds after which to come back.
	RetryAfter int `json:"retryAfter,omitempty"`
}

func (Hello) Kind() string      { return "hello" }
func (Sub) Kind() string        { return "sub" }
func (Set) Kind() string        { return "set" }
func (Ack) Kind() string        { return "ack" }
func (Unsub) Kind() string      { return "unsub" }
func (Ping) Kind() string       { return "ping" }
func (Welcome) Kind() string    { return "welcome" }
func (OK) Kind() string         { return "ok" }
func (Err) Kind() string        { return "err" }
func (Snap) Kind() string       { return "snap" }
func (Delta) Kind() string      { return "delta" }
func (Supervisor) Kind() string { return "server" }
func (Metrics) Kind() string    { return "metrics" }
func (Recent) Kind() string     { return "recent" }
func (Happened) Kind() string   { return "events" }
func (Log) Kind() string        { return "log" }
func (Gap) Kind() string        { return "gap" }
func (Mark) Kind() string       { return "mark" }
func (Count) Kind() string      { return "count" }
func (HB) Kind() string         { return "hb" }
func (Pong) Kind() string       { return "pong" }
func (Bye) Kind() string        { return "bye" }

func (Hello) client() {}
func (Sub) client()   {}
func (Set) client()   {}
func (Ack) client()   {}
func (Unsub) client() {}
func (Ping) client()  {}

func (Welcome) server()    {}
func (OK) server()         {}
func (Err) server()        {}
func (Snap) server()       {}
func (Delta) server()      {}
func (Supervisor) server() {}
func (Metrics) server()    {}
func (Recent) server()     {}
func (Happened) server()   {}
func (Log) server()        {}
func (Gap) server()        {}
func (Mark) server()       {}
func (Count) server()      {}
func (HB) server()         {}
func (Pong) server()       {}
func (Bye) server()        {}
