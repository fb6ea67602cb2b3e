package wire

import (
	"supervisor/supervise"
)

// Life is one life of a process that is over: from the start that was asked for to
// its end. A start that made no child is one, too.
type Life struct {
	// 0 if there was no child.
	PID int `json:"pid"`
	// When the start was asked for, when there was a child, when it became RUNNING
	// and when it ended; 0 for never.
	Asked   int64 `json:"asked"`
	Born    int64 `json:"born"`
	Running int64 `json:"running"`
	Ended   int64 `json:"ended"`
	// How long there was a child, in milliseconds.
	Uptime int64 `json:"uptime"`
	// Whether supervisord started it by itself, after an exit or a backoff.
	Again bool `json:"again,omitempty"`
	// Which try of its series it was, from 1.
	Tries int `json:"tries"`
	// What the end made of the process: STOPPED, BACKOFF, EXITED or FATAL, whatever
	// became of it afterwards.
	State ProcState `json:"state"`
	// Exit status; -1 for a death by signal.
	Exit int `json:"exit"`
	// Name of the signal that ended it, such as SIGKILL.
	Signal string `json:"signal,omitempty"`
	// Whether it left a core dump.
	Core bool `json:"core,omitempty"`
	// Whether the exit was one of exitcodes, after startsecs.
	Expected bool `json:"expected"`
	// Whether it ended as it should not have. Only such have a snapshot.
	Crashed bool `json:"crashed"`
	// Whether it ended before it had been up for startsecs.
	Quick bool `json:"quick,omitempty"`
	// Why there was no child, in Supervisor's words; empty if there was one.
	Err string `json:"err,omitempty"`
	// CPU time in milliseconds, in user mode and in the kernel, with that of the
	// children it waited for.
	CPUUser   int64 `json:"cpuUser"`
	CPUSystem int64 `json:"cpuSystem"`
	// The most memory it held at once, in bytes, its children included; 0 if the
	// system does not tell. PeakAtMost: it may have been less, since Linux counts
	// what supervisord itself held when it made the child.
	Peak       int64 `json:"peak"`
	PeakAtMost bool  `json:"peakAtMost,omitempty"`
	// What it was told by people: "stop", "restart", "shutdown" (of supervisord),
	// and by whom, for those who may read the trail of the process.
	Order string `json:"order,omitempty"`
	By    string `json:"by,omitempty"`
	// A mark of the configuration it ran with, equal for equal ones.
	Config string `json:"config,omitempty"`
	// The number of its crash snapshot, 0 for none; and how many crashes just before
	// it came too quickly for one of their own.
	Crash  int `json:"crash,omitempty"`
	Missed int `json:"missed,omitempty"`
	// What its end says.
	Meaning Meaning `json:"meaning"`
}

// Meaning says what the end of a life means: a code with its parameters, and a
// sentence in English that goes behind a name.
type Meaning struct {
	Code MeaningCode `json:"code"`
	// The exit status, if it is about one.
	Status int `json:"status,omitempty"`
	// The signal that ended it, or of which a shell told by a status above 128.
	Signal string `json:"signal,omitempty"`
	// Who ordered it, or sent the signal, if known to whoever asks.
	By   string `json:"by,omitempty"`
	Text string `json:"text"`
}

// MeaningCode names a kind of end.
type MeaningCode string

// Values lists every code, for the generated types.
func (MeaningCode) Values() []string {
	codes := make([]string, len(supervise.MeaningCodes))
	for i, code := range supervise.MeaningCodes {
		codes[i] = string(code)
	}
	return codes
}

// Lives answers GET /api/v1/processes/{name}/lives.
type Lives struct {
	// The newest first, the present one not among them.
	Lives []Life `json:"lives"`
}

// Crashes answers GET /api/v1/processes/{name}/crashes.
type Crashes struct {
	// Those of which there is a snapshot, the newest first.
	Crashes []Life `json:"crashes"`
}

// Crash answers GET /api/v1/processes/{name}/crashes/{id}, where the id is the
// number of a snapshot, or "last".
type Crash struct {
	Group  string  `json:"group"`
	Name   string  `json:"name"`
	Life   Life    `json:"life"`
	Stdout Excerpt `json:"stdout"`
	Stderr Excerpt `json:"stderr"`
}

// Excerpt is the end of what a life wrote to one channel.
type Excerpt struct {
	Lines Lines `json:"lines"`
	// It is not all: there was more before the first line, or not all of it could be
	// read.
	Cut bool `json:"cut,omitempty"`
	// The last line was not ended.
	Open bool `json:"open,omitempty"`
	// It could not be read: the log was rotated away, cleared, or on a disk that
	// failed.
	Gone bool `json:"gone,omitempty"`
}

// FromLife gives what is told of a life; tellsWho is for those who may know who
// had it ended.
func FromLife(l supervise.Life, tellsWho bool) Life {
	if !tellsWho {
		l.By, l.SentBy = "", ""
	}
	out := Life{
		PID: l.PID, Asked: Millis(l.Asked), Born: Millis(l.Born), Running: Millis(l.Up), Ended: Millis(l.Ended),
		Uptime: l.Uptime().Milliseconds(), Again: l.Again, Tries: l.Tries, State: ProcState(l.State.String()),
		Exit: l.Status, Core: l.Core, Expected: l.Expected, Crashed: l.Crashed(), Quick: l.TooQuick(), Err: l.SpawnErr,
		CPUUser: l.Usage.User.Milliseconds(), CPUSystem: l.Usage.System.Milliseconds(), Peak: l.Usage.Peak, PeakAtMost: l.Usage.AtMost,
		Order: string(l.Order), By: l.By, Config: l.Config, Crash: l.Crash, Missed: l.Missed,
		Meaning: fromMeaning(l.Meaning()),
	}
	if l.Signal != 0 {
		out.Signal = l.Signal.String()
	}
	return out
}

func fromMeaning(m supervise.Meaning) Meaning {
	return Meaning{Code: MeaningCode(m.Code), Status: m.Status, Signal: m.Signal, By: m.By, Text: m.Text}
}

// FromLives gives what is told of many; an empty list of none.
func FromLives(lives []supervise.Life, tellsWho bool) []Life {
	out := make([]Life, 0, len(lives))
	for _, l := range lives {
		out = append(out, FromLife(l, tellsWho))
	}
	return out
}

// FromCrash gives a snapshot.
func FromCrash(c supervise.Crash, tellsWho bool) Crash {
	return Crash{
		Group: c.Name.Group, Name: c.Name.Process, Life: FromLife(c.Life, tellsWho),
		Stdout: fromExcerpt(c.Output[supervise.Stdout]), Stderr: fromExcerpt(c.Output[supervise.Stderr]),
	}
}

func fromExcerpt(e supervise.Excerpt) Excerpt {
	lines, open := SplitLines(e.Data)
	return Excerpt{Lines: lines, Cut: e.Cut, Open: open, Gone: e.Gone}
}
