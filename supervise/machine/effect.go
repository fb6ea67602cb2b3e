package machine

import (
	"time"

	"supervisor/supervise"
)

// Effect is what a step asks the engine to do, in order. The set is sealed.
type Effect interface{ effect() }

// Spawn asks for a child; the answer comes back as Spawned or SpawnFailed.
type Spawn struct{}

// Signal asks to kill the child with Sig; the whole process group if Group. If
// the kill fails, the answer comes back as SignalFailed.
type Signal struct {
	Sig     supervise.Signal
	Group   bool
	Overdue bool // it is KILL, for stopwaitsecs are over
}

// Arm asks for a Due at At, replacing any deadline armed before.
type Arm struct{ At time.Time }

// Disarm takes the deadline back.
type Disarm struct{}

// Announce says that the state has changed from From to To. A step may announce
// twice (RUNNING to EXITED, EXITED to STARTING), so Facts are those of that very
// moment, while the machine may be a move ahead already.
type Announce struct {
	From, To supervise.State
	PID      int // the living or just buried child; 0 for none
	Tries    int
	Expected bool
	Facts    Facts
}

// Note is a line for supervisord's main log, the original's word for word.
type Note supervise.Note

func (Spawn) effect()    {}
func (Signal) effect()   {}
func (Arm) effect()      {}
func (Disarm) effect()   {}
func (Announce) effect() {}
func (Note) effect()     {}
