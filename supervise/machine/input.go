package machine

import "supervisor/supervise"

// Input is something that happens to a process. The set is sealed.
type Input interface{ input() }

// Start is a request to run, from a person or from autostart (By tells which).
type Start struct{ By Reason }

// Stop is a request to be down: signal, wait, kill. At shutdown (Shutdown) a
// process in BACKOFF becomes FATAL instead of STOPPED, as in the original.
type Stop struct{ Shutdown bool }

// Restart is one intent, "up after down": stop if alive, then start. It holds
// even if who asked is gone by then.
type Restart struct{}

// Spawned says the child asked for by the last Spawn effect lives.
type Spawned struct{ PID int }

// SpawnFailed says there is no child, and why (the spawnerr text). It is also
// how the engine answers a Spawn effect whose command does not resolve or whose
// logs cannot be opened.
type SpawnFailed struct{ Text string }

// Exited says the child has been reaped and its last words are in the log.
// Status is -1 for a death by signal.
type Exited struct {
	Status     int
	Signal     supervise.Signal
	CoreDumped bool
}

// SignalFailed says that the kill asked for by a Signal effect met an error
// other than "no such process": the process becomes UNKNOWN.
type SignalFailed struct{ Err error }

// Due says that the deadline armed last has come.
type Due struct{}

// MoodChanged says what supervisord is about; nothing starts unless RUNNING.
type MoodChanged struct{ Mood supervise.Mood }

// Reason is why a start is wanted.
type Reason int

const (
	ByHand      Reason = iota // a command
	ByAutostart               // the group has just been added and autostart is on
)

func (Start) input()        {}
func (Stop) input()         {}
func (Restart) input()      {}
func (Spawned) input()      {}
func (SpawnFailed) input()  {}
func (Exited) input()       {}
func (SignalFailed) input() {}
func (Due) input()          {}
func (MoodChanged) input()  {}
