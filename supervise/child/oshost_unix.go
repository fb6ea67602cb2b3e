//go:build unix

package child

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"supervisor/supervise"
)

// Options of the real host.
type Options struct {
	Reports chan<- Report   // where everything is told, in the order it happened
	Done    <-chan struct{} // closed when nobody receives reports any more
}

// OSHost is the Host of real children: those of this process.
//
// While it is open no other code of the process may wait for children
// (os/exec does), for Reap takes every child that dies. Helper commands go
// through Output.
type OSHost struct {
	reports chan<- Report
	done    <-chan struct{}
	shim    string // the file to execute for the shim
	buffers *buffers

	sigchld chan os.Signal
	died    chan struct{} // holds a token when Reap should be called again
	orders  chan struct{} // holds a token when queue may have grown
	closing chan struct{}
	working sync.WaitGroup

	mu     sync.Mutex // guards the below
	closed bool
	queue  []func() // for the spawner
	flight flight
	byPID  map[int]*record  // every child not yet reaped
	byLife map[life]*record // every child not yet drained
}

var _ Host = (*OSHost)(nil)

// life names one incarnation.
type life struct {
	key         Key
	incarnation Incarnation
}

// record is what the host knows of one child.
type record struct {
	life
	helper bool // a command of ours: its death is no news
	stdin  *feed
	pumps  []*pump

	// Guarded by OSHost.mu.
	pumping  int // pumps that have not ended
	draining bool
}

// New starts the host's goroutines, which end with Close. Children of this
// process that are dead already are told at once. Every descriptor above 2 that
// this process has inherited becomes close-on-exec.
func New(o Options) (*OSHost, error) {
	shim, err := shimPath()
	if err != nil {
		return nil, fmt.Errorf("find our own binary: %w", err)
	}
	keepFromChildren()
	h := &OSHost{
		reports: o.Reports,
		done:    o.Done,
		shim:    shim,
		buffers: newBuffers(),
		sigchld: make(chan os.Signal, 1),
		died:    make(chan struct{}, 1),
		orders:  make(chan struct{}, 1),
		closing: make(chan struct{}),
		byPID:   map[int]*record{},
		byLife:  map[life]*record{},
	}
	signal.Notify(h.sigchld, syscall.SIGCHLD)
	catchIgnored()
	h.died <- struct{}{}
	h.working.Go(h.announceDeaths)
	h.working.Go(h.spawner)
	return h, nil
}

// catchIgnored catches what whoever started this process had it ignore (nohup
// does so, and a shell that runs something in the background), because children
// inherit what is ignored, and what is caught not. The two signals about the
// terminal are left alone: to catch those would make writing to it wait for ever.
// They stay caught when the host is closed, for the next one in this process:
// once let go, the kernel ignores them again and Go does not tell.
func catchIgnored() {
	nobody := make(chan os.Signal, 1)
	for n := syscall.Signal(1); n < 32; n++ {
		if n != syscall.SIGTTIN && n != syscall.SIGTTOU && signal.Ignored(n) {
			signal.Notify(nobody, n)
		}
	}
}

// Signal sends sig to a child that has not been reaped, or to its group. The
// lock keeps the pid from being given to a stranger meanwhile.
func (h *OSHost) Signal(pid int, sig supervise.Signal, group bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byPID[pid] == nil {
		return syscall.ESRCH
	}
	if group {
		pid = -pid
	}
	return syscall.Kill(pid, syscall.Signal(sig))
}

// Drain asks the pumps of a reaped child for its last words.
func (h *OSHost) Drain(key Key, incarnation Incarnation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.byLife[life{key, incarnation}]
	if r == nil || r.draining || h.closed {
		return
	}
	r.draining = true
	for _, p := range r.pumps {
		p.drain()
	}
	// In a goroutine, for both reports and the closing of stdin may wait.
	h.working.Go(func() {
		if r.stdin != nil {
			r.stdin.close()
		}
		if h.finished(r) {
			h.tell(Drained{Key: key, Incarnation: incarnation})
		}
	})
}

// pump runs p and, if it is the last of a child to be drained, says so.
func (h *OSHost) pump(r *record, p *pump) {
	p.run()
	if h.finished(r) {
		h.tell(Drained{Key: r.key, Incarnation: r.incarnation})
	}
}

// finished counts one of those a drain waits for as done: each pump, and the
// closing of stdin. It is true once, for the last.
func (h *OSHost) finished(r *record) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.pumping--
	if r.pumping > 0 {
		return false
	}
	delete(h.byLife, r.life)
	return true
}

// Write appends to the child's stdin, or says why it cannot.
func (h *OSHost) Write(key Key, incarnation Incarnation, p []byte) error {
	h.mu.Lock()
	r := h.byLife[life{key, incarnation}]
	h.mu.Unlock()
	if r == nil || r.stdin == nil {
		return syscall.EPIPE
	}
	return r.stdin.write(p)
}

// Close ends the host's goroutines and closes its pipes, having read what was in
// them. It waits for pumps that are inside their sink as long as ctx allows.
func (h *OSHost) Close(ctx context.Context) error {
	h.shut()
	ended := make(chan struct{})
	go func() { // ends with the last of the host's goroutines
		h.working.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the host: %w", ctx.Err())
	}
}

// shut tells everybody to end.
func (h *OSHost) shut() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	close(h.closing)
	signal.Stop(h.sigchld)
	var feeds []*feed
	for _, r := range h.byLife {
		for _, p := range r.pumps {
			p.drain()
		}
		if r.stdin != nil {
			feeds = append(feeds, r.stdin)
		}
	}
	h.mu.Unlock()
	for _, f := range feeds {
		f.close()
	}
}

// start runs f in a goroutine Close waits for; not at all once the host closes.
func (h *OSHost) start(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.working.Go(f)
	}
}

// tell sends a report, unless nobody listens any more.
func (h *OSHost) tell(r Report) {
	select {
	case h.reports <- r:
	case <-h.done:
	case <-h.closing:
	}
}

// token puts one into c if there is none.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// patience is how long Reap lets a birth under way delay it.
const patience = 10 * time.Millisecond
