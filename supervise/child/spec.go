package child

import "supervisor/supervise"

// Key names a process for as long as it is configured. It is the engine's
// ProcessInfo.ID; the host only carries it.
type Key int

// Incarnation tells the lives of one process apart. A report that carries an
// old one is about somebody already buried, and is dropped by who receives it.
type Incarnation uint64

// Sink takes what a child writes to one of its streams. Write is called by one
// goroutine at a time, with bytes that are the callee's only until it returns;
// it may block (a slow disk), which makes that one child wait and nobody else.
// Flush is called once, after the last Write of an incarnation.
type Sink interface {
	Write(p []byte)
	Flush()
}

// Spec is everything the host needs to bring one child to life: plain values,
// so that it could travel to another process.
type Spec struct {
	Key         Key
	Incarnation Incarnation
	Name        string   // for texts: the process name
	Path        string   // of the file to execute, already found
	Argv        []string // Argv[0] as the configuration wrote it
	Env         []string // the whole environment
	Dir         string   // to change to in the child; "" stays
	User        *Credential
	Umask       int  // -1 keeps supervisord's
	MergeErr    bool // redirect_stderr: descriptor 2 is descriptor 1's pipe
	// SigpipeIgnored starts the child with SIGPIPE ignored, as CPython does;
	// otherwise every signal has its default disposition and none is blocked.
	SigpipeIgnored bool
	// Stdin0, if not nil, is passed as descriptor 0 instead of a pipe: the
	// shared socket of a FastCGI group.
	Stdin0 *int

	Stdout, Stderr Sink // nil throws it away; Stderr is nil when MergeErr
}

// Credential is whom the child becomes: setgroups, setgid, setuid, in that order.
type Credential struct {
	UID    uint32
	GID    uint32
	Groups []uint32
	Name   string // as the configuration names the user, for texts
}

// Exit is one reaped child.
type Exit struct {
	Key         Key // -1 for a child nobody knows (an orphan we inherited)
	Incarnation Incarnation
	PID         int
	Status      int              // exit status, or -1 when a signal ended it
	Signal      supervise.Signal // the signal that ended it, 0 if none
	CoreDumped  bool
	Usage       supervise.Rusage
}

// Report is what the host tells the engine. The set is sealed.
type Report interface{ report() }

// Spawned says that the child lives, or did a moment ago: its Exit may have been
// collected before this is received. It comes before anything the child says and
// before Drained. It is sent also for a child whose exec
// failed: as in the original, such a one is a real process that writes why to
// its stderr and exits with 127.
type Spawned struct {
	Key         Key
	Incarnation Incarnation
	PID         int
}

// SpawnFailed says that no child was made. Text is the original's spawnerr:
// "too many open files to spawn 'x'", "unknown error during fork for 'x': ENOMEM".
type SpawnFailed struct {
	Key         Key
	Incarnation Incarnation
	Text        string
}

// ChildrenDied says that Reap is to be called. Many deaths may make one, and one
// may find nothing, or nothing yet: then another follows.
type ChildrenDied struct{}

// Drained says that every byte the dead child left in its pipes has been given
// to its sinks, that these have been flushed, and that its pipes are closed.
type Drained struct {
	Key         Key
	Incarnation Incarnation
}

func (Spawned) report()      {}
func (SpawnFailed) report()  {}
func (ChildrenDied) report() {}
func (Drained) report()      {}
