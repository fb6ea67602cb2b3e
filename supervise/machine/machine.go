package machine

import (
	"time"

	"supervisor/supervise"
)

// Machine is one process's life. It is made by New, changed by Step and by
// nothing else, and used from one goroutine at a time.
type Machine struct {
	name   string
	policy Policy
	mood   supervise.Mood

	facts    Facts
	inFlight bool     // a Spawn effect has not been answered yet
	ending   bool     // the child has been sent stopsignal for its Failure
	effects  []Effect // of the step under way
}

// Facts is everything the machine knows of its process at one moment.
type Facts struct {
	State    supervise.State
	Since    time.Time // when State was entered; zero for a machine that never moved
	Intent   Intent
	PID      int // of the living child; 0 for none, and while the fork is under way
	Tries    int // the backoff counter: failed starts of the present series
	Restarts int // times started again by itself: after an exit, after a backoff

	// Started is when the child was born, or when its birth was asked for while
	// it is not born yet (laststart of the original); zero for never.
	Started time.Time
	Stopped time.Time // when a child was last buried (laststop); zero for never
	Next    time.Time // the deadline now armed; zero for none

	// ExitStatus is that of the last child, -1 for a death by signal. It is not
	// ExitKnown while a child lives, and after an exit within startsecs, of
	// which the original tells no status either (process.py finish).
	ExitStatus int
	ExitKnown  bool
	// TooSoon is the status of a last child that ended within startsecs, which
	// people want to know nevertheless; 0 if it did not.
	TooSoon    int
	ExitSignal supervise.Signal // the signal the last child died of, 0 for none
	Expected   bool             // the last exit was one of exitcodes; never one within startsecs
	SpawnErr   string           // why the last start failed, in the original's words

	// Failure is why the child that lives is being ended although it was to run; ""
	// for one that may.
	Failure string
}

// Intent is what is wanted, beside the state that is.
type Intent int

const (
	Down        Intent = iota // nobody asked for it yet, or somebody asked it to stop
	Up                        // it was asked to run, last of all
	UpAfterDown               // it is to stop, and then to run
)

// String gives the intent in words.
func (i Intent) String() string {
	return [...]string{"down", "up", "up after down"}[i]
}

// New makes a machine in STOPPED that was never started. The name is for texts.
func New(name string, p Policy) *Machine {
	return &Machine{name: name, policy: p, mood: supervise.MoodRunning}
}

// Step tells the machine what happened at now, and returns what is to be done
// about it, in order. It never fails: an input that means nothing in the present
// state has no effects. Times should carry a monotonic reading; should they run
// backwards nevertheless, no time has passed.
func (m *Machine) Step(in Input, now time.Time) []Effect {
	m.effects = nil
	cell := m.cell(in, now)
	if cell == nil {
		return nil
	}
	if _, ok := in.(Due); ok {
		m.facts.Next = time.Time{} // it has come, so there is none to take back
	}
	cell(m, in, now)
	return m.effects
}

// Facts is everything about the process as it is after the last step.
func (m *Machine) Facts() Facts { return m.facts }

// State is where the process is in its life.
func (m *Machine) State() supervise.State { return m.facts.State }

// Intent is what is wanted of the process.
func (m *Machine) Intent() Intent { return m.facts.Intent }

// PID is the living child's, 0 for none.
func (m *Machine) PID() int { return m.facts.PID }

// neverStarted tells whether no start was ever tried.
func (m *Machine) neverStarted() bool { return m.facts.Started.IsZero() }

// Killing tells whether the child has been told to die; as in the original,
// nothing is written to its stdin from then on.
func (m *Machine) Killing() bool { return m.facts.State == supervise.StateStopping }
