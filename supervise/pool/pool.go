package pool

import (
	"fmt"
	"slices"

	"supervisor/supervise"
)

// Options is what the configuration says about a pool.
type Options struct {
	Name       string // of the group
	Identifier string // of supervisord, told in every envelope
	Events     []supervise.EventType
	BufferSize int
	// PayloadBytes makes len in the envelope count bytes. Otherwise it counts
	// characters, as Python's listeners read them.
	PayloadBytes bool
}

// Pool is the buffer of one listener group and the listeners it feeds. It is
// used from one goroutine at a time.
type Pool struct {
	options   Options
	serials   Serials  // its own
	buffer    []queued // the oldest first, from head on
	head      int      // those before it have been taken out
	listeners []*listener
	notes     []supervise.Note // of the call under way
}

// queued is an event that has been accepted.
type queued struct {
	event  supervise.Event
	serial int64 // among all pools
	number int64 // in this pool
}

// New makes a pool with an empty buffer and no listeners.
func New(o Options) *Pool { return &Pool{options: o} }

// Name is that of the pool's group.
func (p *Pool) Name() string { return p.options.Name }

// Len is how many events wait in the buffer.
func (p *Pool) Len() int { return len(p.buffer) - p.head }

// Identify changes the name of supervisord that envelopes tell.
func (p *Pool) Identify(identifier string) { p.options.Identifier = identifier }

// Wants tells whether the pool subscribes to ev: to its type or one above it.
func (p *Pool) Wants(ev supervise.Event) bool {
	return slices.ContainsFunc(p.options.Events, ev.Type().Matches)
}

// Offer gives ev to every pool that wants it, once each, with one serial.
func Offer(ev supervise.Event, serials *Serials, pools ...*Pool) []supervise.Note {
	var notes []supervise.Note
	serial := int64(-1)
	for _, p := range pools {
		if !p.Wants(ev) {
			continue
		}
		if serial < 0 {
			serial = serials.Next()
		}
		notes = append(notes, p.accept(ev, serial)...)
	}
	return notes
}

// accept puts a new event at the end of the buffer.
func (p *Pool) accept(ev supervise.Event, serial int64) []supervise.Note {
	return p.noting(func() {
		p.makeRoom()
		p.buffer = append(p.buffer, queued{event: ev, serial: serial, number: p.serials.Next()})
	})
}

// giveBack puts an event that was taken out back at the head of the buffer.
func (p *Pool) giveBack(q queued) {
	p.note(supervise.LevelDebug, "rebuffering event %d for pool %s (buf size=%d, max=%d)",
		q.serial, p.options.Name, p.Len(), p.options.BufferSize)
	p.makeRoom()
	if p.head == 0 {
		p.buffer = slices.Insert(p.buffer, 0, q)
		return
	}
	p.head--
	p.buffer[p.head] = q
}

// makeRoom drops the oldest event of a full buffer.
func (p *Pool) makeRoom() {
	if p.Len() < p.options.BufferSize || p.Len() == 0 {
		return
	}
	oldest := p.takeOldest()
	p.note(supervise.LevelError, "pool %s event buffer overflowed, discarding event %d",
		p.options.Name, oldest.serial)
}

// takeOldest does not move the others up each time: a buffer may be large. It
// does so when half of it is empty.
func (p *Pool) takeOldest() queued {
	oldest := p.buffer[p.head]
	p.buffer[p.head] = queued{}
	p.head++
	if p.head > len(p.buffer)/2 {
		p.buffer = slices.Delete(p.buffer, 0, p.head)
		p.head = 0
	}
	return oldest
}

// Dispatch hands out events for as long as there is one and a listener that is
// RUNNING and READY. write appends an envelope to the stdin of a listener, without
// waiting; if it fails, the next listener is tried, and the one that failed keeps
// its state. write may keep the bytes, which nobody changes, and must not call the
// pool.
func (p *Pool) Dispatch(write func(process string, envelope []byte) error) []supervise.Note {
	return p.noting(func() {
		if !slices.ContainsFunc(p.listeners, (*listener).idle) {
			return
		}
		for p.Len() > 0 {
			oldest := p.takeOldest()
			if !p.send(oldest, write) {
				p.giveBack(oldest)
				return
			}
		}
	})
}

func (p *Pool) send(q queued, write func(process string, envelope []byte) error) bool {
	envelope := p.options.envelope(q)
	for _, l := range p.listeners {
		if !l.idle() {
			continue
		}
		if err := write(l.process, envelope); err != nil {
			p.note(supervise.LevelDebug, "%s occurred while sending event %d to listener %s, listener state unchanged",
				problem(err), q.serial, l.process)
			continue
		}
		l.take(q)
		p.note(supervise.LevelDebug, "event %d sent to listener %s", q.serial, l.process)
		return true
	}
	return false
}

// AddListener adds a process of the group, in the order of the configuration.
func (p *Pool) AddListener(process string) {
	p.listeners = append(p.listeners, &listener{process: process, state: Acknowledged})
}

// Spawned begins a new life of a listener: nothing it said before counts, and an
// event the old life still has goes back, should Gone not have been called.
func (p *Pool) Spawned(process string) []supervise.Note {
	return p.noting(func() {
		if l := p.listener(process); l != nil {
			l.reject(p)
			*l = listener{process: process, state: Acknowledged, running: l.running}
		}
	})
}

// Running tells whether the process is RUNNING. One that is still STARTING gets
// no events, however READY it is.
func (p *Pool) Running(process string, is bool) {
	if l := p.listener(process); l != nil {
		l.running = is
	}
}

// Output reads what a listener wrote to its stdout, cut anywhere.
func (p *Pool) Output(process string, data []byte) []supervise.Note {
	return p.noting(func() {
		if l := p.listener(process); l != nil {
			l.hear(p, data)
		}
	})
}

// Gone says that a listener has died. The event it had goes back to the head of
// the buffer.
func (p *Pool) Gone(process string) []supervise.Note {
	return p.noting(func() {
		if l := p.listener(process); l != nil {
			l.running = false
			l.reject(p)
		}
	})
}

// ListenerState is where a listener is in the protocol; Unknown also for a process
// that is none.
func (p *Pool) ListenerState(process string) ListenerState {
	if l := p.listener(process); l != nil {
		return l.state
	}
	return Unknown
}

func (p *Pool) listener(process string) *listener {
	i := slices.IndexFunc(p.listeners, func(l *listener) bool { return l.process == process })
	if i < 0 {
		return nil
	}
	return p.listeners[i]
}

// noting runs do and returns what it noted.
func (p *Pool) noting(do func()) []supervise.Note {
	p.notes = nil
	do()
	return p.notes
}

func (p *Pool) note(level supervise.Level, format string, args ...any) {
	p.notes = append(p.notes, supervise.Note{Level: level, Text: fmt.Sprintf(format, args...)})
}
