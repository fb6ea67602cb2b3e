package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"supervisor/server/audit/chain"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	// usualPatience is how long an order waits for its line to be in the file. A
	// disk that hangs must not keep programs from being started.
	usualPatience = time.Second
	// hangs is after how long the disk is said not to answer.
	hangs = 5 * time.Second
	// syncEvery is how long a line may be in the file and not yet on the disk.
	syncEvery = time.Second
	// waiting is how many lines may wait to be written.
	waiting = 1024
)

// Options of a trail.
type Options struct {
	Path     string // "" keeps none
	MaxBytes int64  // a file that would grow beyond is rotated; 0 for never
	Backups  int    // how many old files are kept
	// Patience is how long Record waits for its line to be in the file; 0 stands for
	// a second.
	Patience time.Duration
	// Say writes a line to the main log; nil for nowhere. It must not wait.
	Say func(level supervise.Level, text string)
}

// Log is the trail. New makes it and Close ends it. A nil Log keeps nothing.
type Log struct {
	opts      Options
	strangers strangers
	inbox     chan *record
	closing   chan struct{} // closed by Close
	done      chan struct{} // closed when the writer has ended

	// names is held for writing while files change their names, and for reading
	// while somebody looks names up.
	names sync.RWMutex

	mu      sync.Mutex // guards the fields below; held for lines only
	closed  bool
	trouble string    // why the last line could not be written
	since   time.Time // of trouble
	began   time.Time // when the write in progress did; zero if none is
	lost    int       // entries that are in no file
	head    head

	followers map[int]func(wire.TrailEntry) // by a number of their own
	followed  int
}

// head is the end of the chain, and of its file.
type head struct {
	chain.Head
	known bool
	file  fileID
	size  int64 // of file
}

// record is an entry on its way into the file.
type record struct {
	entry   wire.TrailEntry
	written chan struct{} // closed when it is, or cannot be
}

// New makes a trail. Nothing is opened before there is something to write.
func New(opts Options) *Log {
	if opts.Say == nil {
		opts.Say = func(supervise.Level, string) {}
	}
	if opts.Patience == 0 {
		opts.Patience = usualPatience
	}
	l := &Log{opts: opts, inbox: make(chan *record, waiting), closing: make(chan struct{}), done: make(chan struct{})}
	l.strangers.known, l.strangers.names = map[string]*stranger{}, map[string]int{}
	go l.write() // ended by Close
	return l
}

// Close writes what still waits and ends the trail, or gives up when ctx is done.
func (l *Log) Close(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.forgetStrangers()
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.mu.Unlock()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write the last of the trail: %w", ctx.Err())
	}
}

// Kept tells whether there is a trail at all.
func (l *Log) Kept() bool { return l != nil && l.opts.Path != "" }

// Record writes the line of an entry, and returns when it is in the file, or when
// that takes too long. What goes wrong with it is Problems' to tell.
func (l *Log) Record(ctx context.Context, e Entry) {
	if l.Kept() {
		l.add(entryOf(ctx, e))
	}
}

// add is Record for an entry that says who asked, and when.
func (l *Log) add(entry wire.TrailEntry) {
	r := &record{entry: entry, written: make(chan struct{})}
	if !l.send(r) {
		return
	}
	late := time.NewTimer(l.opts.Patience)
	defer late.Stop()
	select {
	case <-r.written:
	case <-l.done:
	case <-late.C:
	}
}

// Follow has tell called with every line once it is in the file, in their order,
// until stop. It is called by whoever writes the trail: it must not wait.
func (l *Log) Follow(tell func(wire.TrailEntry)) (stop func()) {
	if !l.Kept() {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followers == nil {
		l.followers = map[int]func(wire.TrailEntry){}
	}
	n := l.followed
	l.followed++
	l.followers[n] = tell
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.followers, n)
	}
}

// written tells followers of a line.
func (l *Log) written(e wire.TrailEntry) {
	l.mu.Lock()
	followers := slices.Collect(maps.Values(l.followers))
	l.mu.Unlock()
	for _, tell := range followers {
		tell(e)
	}
}

// send hands a record to the writer. The lock keeps it from coming after Close.
func (l *Log) send(r *record) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	select {
	case l.inbox <- r:
		return true
	default:
		l.lost++
		return false
	}
}

// entryOf adds who is asking, and when.
func entryOf(ctx context.Context, e Entry) wire.TrailEntry {
	who := auth.From(ctx)
	line := wire.TrailEntry{
		Time: time.Now().UTC().Format(timeLayout), User: clean(who.Name, maxText), Via: string(who.Via), Door: who.Door, Addr: who.Addr,
		Session: who.Session, Verb: string(e.Verb), Target: clean(e.Target, maxText), Detail: clean(e.Detail, maxText),
		Reason: clean(e.Reason, maxReason), Before: clean(e.Before, maxText), After: clean(e.After, maxText),
		Result: resultOf(e.Err), Count: e.Count, Request: reply.RequestID(ctx),
	}
	if who.UID >= 0 && who.Grant.Role != supervise.Nobody {
		line.UID = &who.UID
	}
	if e.User != "" {
		line.User = clean(e.User, maxText)
	}
	if line.Reason == "" {
		line.Reason = clean(reasonOf(ctx), maxReason)
	}
	for _, name := range e.Programs {
		line.Programs = append(line.Programs, clean(name.String(), maxText))
	}
	return line
}

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// Problems says what is wrong with the trail, nothing if it is fine.
func (l *Log) Problems() []supervise.Problem {
	if !l.Kept() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := supervise.Problem{Code: supervise.TrailUnwritable, Place: l.opts.Path}
	const said = "the trail of who did what cannot be written since %s: %s"
	switch {
	case l.trouble != "":
		p.At, p.Why = l.since, fmt.Sprintf("%s; %d entries are missing", l.trouble, l.lost)
		p.Text = fmt.Sprintf(said, p.At.Format(time.TimeOnly), p.Why)
	case !l.began.IsZero() && time.Since(l.began) > hangs:
		p.At, p.Why = l.began, "its disk does not answer"
		p.Text = fmt.Sprintf(said+" (%s)", p.At.Format(time.TimeOnly), p.Why, p.Place)
	default:
		return nil
	}
	return []supervise.Problem{p}
}

// write is the writer. It alone touches the file.
func (l *Log) write() {
	defer close(l.done)
	w := writer{log: l}
	defer w.close()
	sync := time.NewTimer(time.Hour)
	defer sync.Stop()
	sync.Stop()
	for {
		select {
		case r := <-l.inbox:
			l.put(&w, r)
		case <-sync.C:
			w.timed = false
			w.beginSync()
		case <-w.syncing:
			w.syncing = nil
		case <-l.closing:
			for { // nothing is sent any more
				select {
				case r := <-l.inbox:
					l.put(&w, r)
				default:
					return
				}
			}
		}
		if w.dirty && !w.timed && w.syncing == nil {
			w.timed = true
			sync.Reset(syncEvery)
		}
	}
}

// put writes one record, and before it, after trouble, how many are missing.
func (l *Log) put(w *writer, r *record) {
	defer close(r.written)
	l.mu.Lock()
	l.began = time.Now()
	lost := l.lost
	l.mu.Unlock()
	err := w.ready()
	if err == nil && lost > 0 {
		err = w.append(own("trail", fmt.Sprintf("%d entries could not be written", lost)))
	}
	if err == nil {
		err = w.append(r.entry)
	}
	l.settle(w, lost, err)
}

// own is an entry of which nobody is the author.
func own(target, detail string) wire.TrailEntry {
	return wire.TrailEntry{Time: time.Now().UTC().Format(timeLayout), Verb: "audit", Target: target, Detail: detail, Result: Done}
}

// settle keeps what came of a write, and tells when trouble begins or ends.
func (l *Log) settle(w *writer, lost int, err error) {
	l.mu.Lock()
	l.began = time.Time{}
	before := l.trouble
	l.head = w.head
	if err == nil {
		l.trouble = ""
		l.lost -= lost
	} else {
		l.lost++
		if l.trouble = err.Error(); before == "" {
			l.since = time.Now()
		}
	}
	l.mu.Unlock()
	switch {
	case err != nil && before == "":
		l.opts.Say(supervise.LevelCritical, "the trail of who did what cannot be written: "+err.Error())
	case err == nil && before != "":
		l.opts.Say(supervise.LevelWarn, fmt.Sprintf("the trail of who did what is written again; %d entries are missing", lost))
	}
}
