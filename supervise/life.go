package supervise

import (
	"errors"
	"time"
)

// ErrNoCrash is answered for a crash snapshot that is not there, or not any more.
var ErrNoCrash = errors.New("there is no such crash snapshot")

// Life is one life of a process, from the start that was asked for to its end. A
// start that made no child is one too: it has no PID, and a SpawnErr.
type Life struct {
	PID   int       // 0 if there was no child
	Asked time.Time // when the start was asked for
	Born  time.Time // when there was a child; zero for never
	Up    time.Time // when it became RUNNING; zero for never
	Ended time.Time // when the child was reaped, or the start had failed
	Again bool      // supervisord started it by itself: after an exit, after a backoff
	Tries int       // which try of its series it was, from 1

	State    State // what the end made of the process: STOPPED, BACKOFF, EXITED, FATAL
	Status   int   // exit status, -1 for a death by signal
	Signal   Signal
	Core     bool // it left a core dump
	Expected bool // the status is one of exitcodes, and came after startsecs
	SpawnErr string
	Usage    Rusage

	Order  Order  // what it was told by people, if anything
	By     string // who told it; "" if nobody knows
	Sent   Signal // the last signal somebody had supervisord send it, 0 for none
	SentBy string
	Killed bool // supervisord sent it KILL, for it had not ended within stopwaitsecs
	Broke  bool // it broke the event listener protocol, and supervisord ended it for that

	OOM    bool   // about then the kernel's out-of-memory killer killed something
	Config string // a mark of the configuration it ran with: equal for equal ones

	Crash  int // the number of its crash snapshot, 0 for none
	Missed int // with Crash: how many crashes before it came too quickly for one

	// From and To are the logical offsets of its output, by Channel. Both are 0
	// where there was none to tell.
	From, To [2]int64
}

// Crashed tells whether the life ended as it should not have: an exit that is
// none of exitcodes or came within startsecs, or a start that failed. What ended
// because somebody stopped it did not crash.
func (l Life) Crashed() bool {
	switch l.State {
	case StateExited:
		return !l.Expected
	case StateBackoff, StateFatal:
		return true
	}
	return false
}

// TooQuick tells whether a child ended before it had been up for startsecs.
func (l Life) TooQuick() bool {
	return l.PID != 0 && (l.State == StateBackoff || l.State == StateFatal)
}

// Uptime is how long there was a child.
func (l Life) Uptime() time.Duration {
	if l.Born.IsZero() {
		return 0
	}
	return max(l.Ended.Sub(l.Born), 0)
}

// Order is what people made of a life.
type Order string

// A process may end by itself, or because it was told to.
const (
	OrderNone     Order = ""
	OrderStart    Order = "start" // no life is told so: it begins by it
	OrderStop     Order = "stop"
	OrderRestart  Order = "restart"
	OrderShutdown Order = "shutdown" // supervisord itself was told to end, or to start again
)

// Rusage is what a reaped child used, together with the children it waited for.
type Rusage struct {
	User, System time.Duration // of CPU
	// Peak is the most memory it held at once, in bytes, 0 if the system does not
	// tell. Linux counts what the child was before it became the program, which
	// is supervisord itself: AtMost tells that Peak is no more than supervisord's
	// own, so that the program may have needed less.
	Peak   int64
	AtMost bool
}

// Crash is what is kept of a life that ended as it should not have.
type Crash struct {
	Name   NameSpec
	Life   Life
	Output [2]Excerpt // by Channel
}

// Excerpt is the end of what one life wrote to one channel.
type Excerpt struct {
	Data []byte
	Cut  bool // it is not all: there was more before it, or not all of it could be read
	Gone bool // what was written could not be read any more, or not at all
}
