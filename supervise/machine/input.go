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

// Spawned says the child asked for by the last Spawn effect lives. A child that
// died in the meantime is told first as Spawned, then as Exited.
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

// Fail says that the child lives but is of no use, as whoever it serves has found
// out. It is ended and another is started, whatever autorestart says; else it is as
// after any exit that nobody expects.
type Fail struct{ Why string }

// SignalFailed says that a signal could not be sent to the child: one that a
// Signal effect asked for, or one sent ByPerson (signalProcess). The process
// becomes UNKNOWN, unless the reason was only that the child is Gone (no such
// process), which its death will tell soon enough.
type SignalFailed struct {
	Err      error
	Gone     bool
	ByPerson bool
}

// Panicked says that a step of this machine, or an effect of it, went wrong in
// a way the code did not foresee. The process becomes UNKNOWN and keeps what
// child it has, so that the others can go on.
type Panicked struct{ Value any }

// Due says that the deadline armed last has come.
type Due struct{}

// MoodChanged says what supervisord is about; nothing starts unless RUNNING. A
// new machine takes it to be RUNNING.
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
func (Fail) input()         {}
func (SignalFailed) input() {}
func (Panicked) input()     {}
func (Due) input()          {}
func (MoodChanged) input()  {}
