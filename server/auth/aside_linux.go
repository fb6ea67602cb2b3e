package auth

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// modesty is by how much work done aside is nicer than the rest of supervisord.
const modesty = 10

// aside does work on a thread of its own that gives way to the others: a hash
// takes the core it runs on for hundreds of milliseconds, and who answers on the
// same core would wait for whole slices of the scheduler. It is nicer, but
// not the nicest: the collector of garbage waits for this thread as for any.
func aside(work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine, and its priority with it
		ours := 20 - priority()
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), min(ours+modesty, 19)) // it works without
		work()
	}()
	<-done
}

// priority is 20 less the niceness of this thread.
func priority() int {
	p, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil { // cannot be: the thread is there
		return 20
	}
	return p
}
