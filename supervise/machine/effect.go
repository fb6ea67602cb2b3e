package machine

import (
	"time"

	"supervisor/supervise"
)

// Effect is what a step asks the engine to do, in order. The set is sealed.
type Effect interface{ effect() }

// Spawn asks for a child; the answer comes back as Spawned or SpawnFailed.
type Spawn struct{}

// Signal asks to kill the child with Sig; the whole process group if Group.
type Signal struct {
	Sig   supervise.Signal
	Group bool
}

// Arm asks for a Due at At, replacing any deadline armed before.
type Arm struct{ At time.Time }

// Disarm takes the deadline back.
type Disarm struct{}

// Announce says that the state has just changed, State() being the new one
// already.
type Announce struct {
	From, To supervise.State
	PID      int
	Tries    int
	Expected bool
}

// Note is a line for supervisord's main log, the original's word for word.
type Note struct {
	Level Level
	Text  string
}

// Level is that of a line in the main log.
type Level int

const (
	Debug Level = iota
	Info
	Warn
	Critical
)

func (Spawn) effect()    {}
func (Signal) effect()   {}
func (Arm) effect()      {}
func (Disarm) effect()   {}
func (Announce) effect() {}
func (Note) effect()     {}
