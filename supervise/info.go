package supervise

import (
	"cmp"
	"strconv"
	"time"
)

// ProcessInfo is a process as it was at one moment: what getProcessInfo and the
// page show. The zero time means "never".
type ProcessInfo struct {
	ID         int // stable within an epoch, never reused in it
	Group      string
	Name       string
	State      State
	PID        int // 0 for none
	Start      time.Time
	Stop       time.Time
	ExitStatus int    // of the last exit; -1 for a death by signal, 0 for none
	TooSoon    int    // the status of a last exit within startsecs, of which ExitStatus tells none
	ExitSignal Signal // the signal that killed it last, 0 for none
	Expected   bool   // whether the last exit was one of exitcodes
	SpawnErr   string // why the last start failed, in the original's words

	Since    time.Time // when State was entered
	Next     time.Time // when the machine acts next by itself: retry, RUNNING, KILL; zero for never
	Tries    int       // failed starts in this series
	MaxTries int       // startretries
	Restarts int       // times started again without anybody asking, in this epoch
	// RestartsDay are those of the last 24 hours, counted by the quarter of an
	// hour, as far as is known also of epochs before.
	RestartsDay  int
	RestartsHour int // those of the last hour, by five minutes

	// Broken tells of an event listener that it has broken the protocol and gets no
	// events until it is started again; PoolFull and PoolDropped of its pool that the
	// buffer has been full for a second or more, and how many events it has dropped
	// within the last hour. They are brought up to date once a second.
	Broken      bool
	PoolFull    bool
	PoolDropped int

	Order Order  // what people have told it that has not come true yet
	By    string // who has; "" if nobody knows

	StdoutLog string // path, "" for none
	StderrLog string
}

// NameSpec is the name clients use for the process.
func (p ProcessInfo) NameSpec() NameSpec { return NameSpec{Group: p.Group, Process: p.Name} }

// LastStatus is the status of the last exit, also of one within startsecs.
func (p ProcessInfo) LastStatus() int { return cmp.Or(p.ExitStatus, p.TooSoon) }

// Description is the third column of status at the time now: pid and uptime, or
// why it is down, or since when (rpcinterface.py _interpretProcessInfo).
func (p ProcessInfo) Description(now time.Time) string {
	return string(p.AppendDescription(nil, now))
}

// AppendDescription adds Description to b, for those who describe a thousand
// processes at once.
func (p ProcessInfo) AppendDescription(b []byte, now time.Time) []byte {
	switch p.State {
	case StateRunning:
		b = append(b, "pid "...)
		b = strconv.AppendInt(b, int64(p.PID), 10)
		b = append(b, ", uptime "...)
		// Whole seconds of either clock, as the original subtracts them.
		return appendUptime(b, now.Unix()-p.Start.Unix())
	case StateFatal, StateBackoff:
		if p.SpawnErr == "" {
			return append(append(append(b, `unknown error (try "tail `...), p.Name...), `")`...)
		}
		return append(b, p.SpawnErr...)
	case StateStopped, StateExited:
		if p.Start.IsZero() {
			return append(b, "Not started"...)
		}
		stop := p.Stop
		if stop.IsZero() {
			stop = time.Unix(0, 0) // started but never reaped: the original prints the epoch
		}
		return stop.Local().AppendFormat(b, "Jan 02 03:04 PM")
	default: // STARTING, STOPPING, UNKNOWN
		return b
	}
}

// appendUptime prints seconds as Python prints a timedelta: "0:03:12", "1 day,
// 0:00:05", "2 days, 3:04:05". A negative time is "0:00:00".
func appendUptime(b []byte, seconds int64) []byte {
	seconds = max(seconds, 0)
	days, rest := seconds/86400, seconds%86400
	switch days {
	case 0:
	case 1:
		b = append(b, "1 day, "...)
	default:
		b = append(strconv.AppendInt(b, days, 10), " days, "...)
	}
	b = append(strconv.AppendInt(b, rest/3600, 10), ':')
	b = append(appendTwoDigits(b, rest%3600/60), ':')
	return appendTwoDigits(b, rest%60)
}

func appendTwoDigits(b []byte, n int64) []byte {
	return append(b, byte('0'+n/10), byte('0'+n%10))
}

// GroupInfo is a group as it was at one moment.
type GroupInfo struct {
	Name     string
	Priority int
	Listener bool // an event listener pool
}

// ConfigInfo is one process of the configuration last read, as getAllConfigInfo
// and avail tell it. Logs are "none", "auto" or a path; texts that may be
// missing are "none".
type ConfigInfo struct {
	Group         string
	Name          string
	InUse         bool // its group is running
	GroupPriority int
	Priority      int
	AutoStart     bool
	AutoRestart   any // true, false or "unexpected"
	Command       string
	Directory     string
	UID           any // int, or "none"
	ExitCodes     []int
	StartSecs     int
	StartRetries  int
	StopSignal    int
	StopWaitSecs  int
	StopAsGroup   bool
	KillAsGroup   bool
	RedirectErr   bool
	ServerURL     string
	Stdout        ConfigLogInfo
	Stderr        ConfigLogInfo
}

// Settings are what a process is started with, as the configuration that runs has
// them. They may hold secrets.
type Settings struct {
	Command     string
	Directory   string // "" for supervisord's own
	User        string // "" for supervisord's own
	Environment []Variable
	// Section is where the program begins in the configuration read last.
	Section string
	File    string
	Line    int
	// Options are all that the process runs with, and where each comes from.
	Options []Option
}

// Option is an option that is in effect, in the words of the configuration.
type Option struct {
	Name     string
	Variable string  // of environment=; "" for every other option
	Value    *string // as it was understood; nil for one that is not set
	// Where the value is written; File is "" for a default.
	File string
	Line int
}

// PoolInfo is a pool of event listeners as it was at one moment. What is counted
// is counted since the pool was made.
type PoolInfo struct {
	Group     string
	Events    []string  // that it subscribes to
	Buffered  int       // events that wait
	Size      int       // of the buffer: more and the oldest is dropped
	FullSince time.Time // zero while there is room in it

	Accepted uint64 // events that came
	Handled  uint64 // that a listener has answered OK to
	Rejected uint64 // times one came back: rejected, or its listener broke the protocol or died
	Dropped  uint64 // that found no room
	// DroppedHour are those of the last hour, counted by five minutes.
	DroppedHour int

	// Restarts tells whether a listener that breaks the protocol is started again.
	Restarts  bool
	Listeners []ListenerInfo // in the order of the configuration
}

// ListenerInfo is where an event listener is in the protocol.
type ListenerInfo struct {
	Name    NameSpec
	Process State     // of its process
	State   string    // READY, BUSY, ACKNOWLEDGED, UNKNOWN
	Since   time.Time // when State was entered
	// Broken tells that it lives and is UNKNOWN: it gets no events until it is
	// started again.
	Broken bool

	Event  EventType // that it works on while it is BUSY; "" for none
	Serial int64     // of that event

	Breaches int    // of the protocol, by all its lives
	Said     string // the beginning of what the last of them was, quoted; "" for none
}

// Variable is one of a process's environment that the configuration sets.
type Variable struct{ Name, Value string }

// ConfigLogInfo is the configuration of one channel.
type ConfigLogInfo struct {
	Logfile         string
	MaxBytes        int64
	Backups         int
	CaptureMaxBytes int64
	EventsEnabled   bool
	Syslog          bool
}

// Plan says how the configuration last read differs from the one that runs: the
// names of groups, each list by priority, then name: the order in which update
// applies them.
type Plan struct {
	Added, Changed, Removed []string
}

// Identity is who this supervisord is.
type Identity struct {
	Identifier string // identifier=, Supervisor's own name in envelopes
	Version    string // of this program
	PID        int
	ConfigFile string
	Host       string // uname -n
	Started    time.Time
}

// SupervisorVersion is what getSupervisorVersion answers: the version of the
// original this one stands in for, because clients compare it.
const SupervisorVersion = "4.2.5"

// APIVersion is what getAPIVersion answers.
const APIVersion = "3.0"
