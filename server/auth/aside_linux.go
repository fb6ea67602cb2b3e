package auth

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// modesty is by how much work done aside is nicer than the rest of supervisord.
const modesty = 10

// aside does work on a thread of its own that gives way to the others: a hash
// takes the core it runs on for hundreds of milliseconds, and who answers on the
// same core would wait for whole slices of the scheduler. It is nicer, but
// not the nicest: the collector of garbage waits for this thread as for any.
//
// Work that panics has the caller panic, with where it was: nobody recovers on
// the other goroutine, and supervisord would end.
func aside(work func()) {
	failure := ""
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if value := recover(); value != nil {
				failure = fmt.Sprintf("%v, in work done aside:\n%s", value, debug.Stack())
			}
		}()
		runtime.LockOSThread() // for good: the thread ends with the goroutine, and its priority with it
		ours := 20 - priority()
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), min(ours+modesty, 19)) // it works without
		work()
	}()
	<-done
	if failure != "" {
		panic(failure)
	}
}

// priority is 20 less the niceness of this thread.
func priority() int {
	p, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil { // cannot be: the thread is there
		return 20
	}
	return p
}
