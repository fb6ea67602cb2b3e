// Package child is the operating system: births, signals, deaths, pipes, users,
// limits and inherited sockets. Nobody else under supervise touches the kernel's
// processes, and this package decides nothing: it does what the engine asks and
// reports what came of it.
//
// Host is the seam. New gives the real one; childtest has one in memory. Values
// go in, reports come out of one channel, and nothing is shared, so that the
// real one may some day sit in another process.
//
// One life, seen from here:
//
//	Spawn    the spec waits in a queue; one spawner makes the pipes and forks
//	Spawned  the child runs in its own process group, with descriptors 0, 1, 2
//	         and no others; a pump per pipe gives what it writes to its Sink
//	Signal   kill(2), by the loop; only to those who have not been reaped
//	ChildrenDied, Reap
//	         SIGCHLD is told once, however many died; wait4 is the loop's too
//	Drain, Drained
//	         the last words are read, the sinks flushed, the pipes closed. A
//	         grandchild that still holds them cannot delay it
//
// No exit is lost and none is given to the wrong life: pids are registered under
// the lock Reap takes, and while a birth is under way Reap takes only those it
// knows (reaper_unix.go tells why).
//
// A program that cannot be executed is still a child, as in the original: it is
// the shim (shim_unix.go), our own binary started again, which does each step in
// the original's order, says on stderr which of them failed, and exits with 127.
// The same shim serves programs that need what fork and exec alone cannot give:
// a umask of their own, or an ignored SIGPIPE. Every main that makes children
// must therefore call MaybeShim first.
package child
