//go:build unix

package child

import (
	"os"
	"sync"
	"syscall"
)

// stdinLimit bounds what waits for a child that does not read.
const stdinLimit = 1 << 20

// feed writes to a pipe without ever making the writer wait: what the pipe does
// not take is kept, and a goroutine writes it when the reader reads. There is no
// goroutine while nothing is kept.
type feed struct {
	file  *os.File
	raw   syscall.RawConn
	limit int
	start func(run func()) // starts run in a goroutine somebody waits for
	once  sync.Once        // closes file

	mu      sync.Mutex // guards the below
	waiting []byte
	last    bool // close when nothing is waiting
	err     error
}

func newFeed(file *os.File, limit int, start func(func())) (*feed, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &feed{file: file, raw: raw, limit: limit, start: start}, nil
}

// write takes all of p or, with an error, none of it.
func (f *feed) write(p []byte) error {
	defer f.closeIfOver()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	if len(f.waiting)+len(p) > f.limit {
		return ErrStdinFull
	}
	idle := len(f.waiting) == 0
	f.waiting = append(f.waiting, p...)
	if !idle {
		return nil // the goroutine is at it
	}
	if err := f.raw.Control(f.push); err != nil {
		f.over(err)
	}
	if len(f.waiting) > 0 {
		f.start(f.run)
	}
	return f.err
}

// closeWhenDone closes the pipe as soon as everything has been written.
func (f *feed) closeWhenDone() {
	defer f.closeIfOver()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = true
	if len(f.waiting) == 0 {
		f.over(syscall.EPIPE)
	}
}

// close closes the pipe now and forgets what was waiting.
func (f *feed) close() {
	defer f.closeIfOver()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over(syscall.EPIPE)
}

// run writes what waits whenever the pipe has room; it ends when nothing is left
// or the pipe is closed at either end.
func (f *feed) run() {
	defer f.closeIfOver()
	// The error would say that close came first.
	_ = f.raw.Write(func(fd uintptr) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.push(fd)
		return len(f.waiting) == 0
	})
}

// push writes as much as the pipe takes at once. Locked.
func (f *feed) push(fd uintptr) {
	for len(f.waiting) > 0 {
		n, err := syscall.Write(int(fd), f.waiting)
		switch err {
		case nil:
			f.waiting = f.waiting[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return
		default: // EPIPE: the child closed it or is dead
			f.over(err)
		}
	}
	f.waiting = nil // give the memory back
	if f.last {
		f.over(syscall.EPIPE)
	}
}

// over ends the feed: nothing more can be written. Locked.
func (f *feed) over(err error) {
	f.waiting = nil
	if f.err == nil {
		f.err = err
	}
}

// closeIfOver closes the file of a feed that has ended. Close waits for those
// who are using the descriptor, so it is called without the lock, and from
// nowhere inside raw.
func (f *feed) closeIfOver() {
	f.mu.Lock()
	isOver := f.err != nil
	f.mu.Unlock()
	if isOver {
		f.once.Do(func() { f.file.Close() })
	}
}
