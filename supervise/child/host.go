package child

import (
	"context"

	"supervisor/supervise"
)

// Host is the operating system as the engine sees it. There is one that makes
// real children in this process (New), and one in memory for tests
// (childtest.Host); a third may sit behind a socket. So it is shaped as if the
// other side were another process: values in, reports out through one channel,
// no callback, nothing shared.
//
// Signal and Reap are called by the engine's loop only and never block: the one
// who kills is the one who buries, so a pid that has been reaped can never be
// signalled after the kernel has given it to a stranger.
type Host interface {
	// Spawn queues a birth; births happen one after another in the order
	// asked. The answer is a Spawned or SpawnFailed report.
	Spawn(Spec)
	// Signal sends sig to the pid of a living, unreaped child, or to its whole
	// process group. The error is the system's errno.
	Signal(pid int, sig supervise.Signal, group bool) error
	// Reap collects every child that has died since the last call. While a
	// birth is under way it may leave some for the next ChildrenDied.
	Reap() []Exit
	// Drain asks for what a reaped child left in its pipes, and to close them;
	// answered by Drained, once. It is asked for every child that was Spawned.
	Drain(Key, Incarnation)
	// Write appends to the child's stdin without blocking. It fails with EPIPE
	// when the child closed it or has none, and with ErrStdinFull when more
	// than the limit would wait.
	Write(Key, Incarnation, []byte) error
	// Close ends every goroutine of the host and closes what it holds open.
	// Living children stay alive.
	Close(ctx context.Context) error
}
