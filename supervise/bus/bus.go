package bus

import (
	"sync"

	"supervisor/supervise"
)

// How much a reader may lag before it is cut off, and how many changes are kept
// for those who come back. A change is a few hundred bytes.
const (
	readerBuffer = 1024
	historySize  = 4096
)

// Bus numbers changes and fans them out. Publish, Subscribe, Recent and Close are
// the loop's; a reader may Close its feed from anywhere.
type Bus struct {
	epoch   string
	history history

	mu      sync.Mutex // guards the fields below
	readers map[*reader]struct{}
	closed  bool
}

type reader struct{ changes chan supervise.Change }

// New makes a bus whose numbers belong to epoch, a text that is new each time
// supervisord starts.
func New(epoch string) *Bus {
	return &Bus{epoch: epoch, history: newHistory(historySize), readers: map[*reader]struct{}{}}
}

// Epoch of the numbers.
func (b *Bus) Epoch() string { return b.epoch }

// Seq is the number of the last change published, 0 before the first.
func (b *Bus) Seq() uint64 { return b.history.last }

// Publish gives the change the next number, keeps it, and offers it to every
// reader. It never blocks.
func (b *Bus) Publish(change supervise.Change) supervise.Change {
	change.Seq = b.history.last + 1
	b.history.add(change)
	b.mu.Lock()
	defer b.mu.Unlock()
	for r := range b.readers {
		select {
		case r.changes <- change:
		default:
			b.cut(r)
		}
	}
	return change
}

// Subscribe joins a reader. Who names the epoch and a number the history still
// reaches gets what it missed; anyone else what snapshot gives.
func (b *Bus) Subscribe(epoch string, since uint64, snapshot func() supervise.Snapshot) supervise.Feed {
	r := &reader{changes: make(chan supervise.Change, readerBuffer)}
	feed := supervise.Feed{Changes: r.changes, Close: func() { b.leave(r) }}
	missed, reached := b.history.after(since)
	if epoch == b.epoch && reached {
		feed.Missed = missed
	} else {
		feed.Fresh, feed.Snapshot = true, snapshot()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(r.changes)
		return feed
	}
	b.readers[r] = struct{}{}
	return feed
}

// Close cuts off every reader, now and later.
func (b *Bus) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for r := range b.readers {
		b.cut(r)
	}
}

func (b *Bus) leave(r *reader) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut(r)
}

// cut closes a reader's channel, once. The lock makes the bus its only sender.
func (b *Bus) cut(r *reader) {
	if _, ok := b.readers[r]; ok {
		delete(b.readers, r)
		close(r.changes)
	}
}

// Recent gives the changes that are still kept, the oldest first.
func (b *Bus) Recent() []supervise.Change {
	recent, _ := b.history.after(b.history.last - uint64(len(b.history.changes)))
	return recent
}
