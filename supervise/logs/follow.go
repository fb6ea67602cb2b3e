package logs

import (
	"context"
	"sync"

	"supervisor/supervise"
)

// follow is the end of a log, when it moved, and those who wait for it to.
type follow struct {
	mu     sync.Mutex // guards the fields below, and those of who embeds it
	end    int64      // the number the next byte will get
	recent recent
	wake   chan struct{}
	closed bool
}

// arrivals gives what is remembered of the bytes from one offset up to another,
// and whether that is all.
func (w *follow) arrivals(from, to int64) (found []arrival, all bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recent.between(from, to)
}

// since gives the first byte remembered that may have come later than a time.
func (w *follow) since(at int64) (off int64, found, covers, exact bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recent.since(at)
}

// moved wakes everyone who waits. The caller holds mu.
func (w *follow) moved() {
	if w.wake != nil {
		close(w.wake)
		w.wake = nil
	}
}

// close says that nothing will ever be appended again.
func (w *follow) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.moved()
}

// wait returns when end > off. It answers ErrLogGone when the log has been
// given up and no more will come.
func (w *follow) wait(ctx context.Context, off int64) (int64, error) {
	for {
		end, wake := w.look(off)
		if end > off {
			return end, nil
		}
		if wake == nil {
			return end, supervise.ErrLogGone
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return end, ctx.Err()
		}
	}
}

// look gives the end, and what to wait on for it to move past off: nil if it
// has, or never will.
func (w *follow) look(off int64) (int64, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end > off || w.closed {
		return w.end, nil
	}
	if w.wake == nil {
		w.wake = make(chan struct{})
	}
	return w.end, w.wake
}
