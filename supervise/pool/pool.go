package pool

import (
	"fmt"
	"slices"
	"time"

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
	// Quiet leaves out the notes at level debug, of which there are several for
	// each event: for a main log that has no room for them.
	Quiet bool
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

	counts    Counts
	fullSince time.Time // zero while there is room
	overflow  overflow
}

// Counts is what has become of a pool's events since it was made. Those that have
// been accepted are handled or dropped, or wait in the buffer, or a listener is
// BUSY with them.
type Counts struct {
	Accepted uint64
	Handled  uint64 // a listener has answered OK
	Dropped  uint64 // there was no room for them any more
	// Rejected is how often one came back: a listener rejected it, broke the
	// protocol with it or died with it.
	Rejected uint64
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

// Counts is what has become of the pool's events so far.
func (p *Pool) Counts() Counts { return p.counts }

// FullSince is since when the buffer has been full without a break: each new event
// drops the oldest. The zero time means that there is room.
func (p *Pool) FullSince() time.Time { return p.fullSince }

// Identify changes the name of supervisord that envelopes tell.
func (p *Pool) Identify(identifier string) { p.options.Identifier = identifier }

// Wants tells whether the pool subscribes to ev: to its type or one above it.
func (p *Pool) Wants(ev supervise.Event) bool {
	return slices.ContainsFunc(p.options.Events, ev.Type().Matches)
}

// Offer gives ev to every pool that wants it, once each, with one serial.
func Offer(ev supervise.Event, serials *Serials, now time.Time, pools ...*Pool) []supervise.Note {
	var notes []supervise.Note
	serial := int64(-1)
	for _, p := range pools {
		if !p.Wants(ev) {
			continue
		}
		if serial < 0 {
			serial = serials.Next()
		}
		notes = append(notes, p.accept(ev, serial, now)...)
	}
	return notes
}

// accept puts a new event at the end of the buffer.
func (p *Pool) accept(ev supervise.Event, serial int64, now time.Time) []supervise.Note {
	return p.noting(func() {
		p.counts.Accepted++
		p.makeRoom(now)
		p.buffer = append(p.buffer, queued{event: ev, serial: serial, number: p.serials.Next()})
		p.watchRoom(now)
	})
}

// reject takes back an event that a listener has not handled.
func (p *Pool) reject(q queued, now time.Time) {
	p.counts.Rejected++
	p.giveBack(q, now)
}

// giveBack puts an event that was taken out back at the head of the buffer.
func (p *Pool) giveBack(q queued, now time.Time) {
	p.debug("rebuffering event %d for pool %s (buf size=%d, max=%d)",
		q.serial, p.options.Name, p.Len(), p.options.BufferSize)
	p.makeRoom(now)
	if p.head == 0 {
		p.buffer = slices.Insert(p.buffer, 0, q)
	} else {
		p.head--
		p.buffer[p.head] = q
	}
	p.watchRoom(now)
}

// makeRoom drops the oldest event of a full buffer.
func (p *Pool) makeRoom(now time.Time) {
	if p.Len() < p.options.BufferSize || p.Len() == 0 {
		return
	}
	oldest := p.takeOldest()
	p.counts.Dropped++
	p.dropped(oldest.serial, now)
}

// watchRoom notes when the buffer becomes full, and when it is no longer.
func (p *Pool) watchRoom(now time.Time) {
	switch full := p.Len() >= p.options.BufferSize; {
	case !full:
		p.fullSince = time.Time{}
	case p.fullSince.IsZero():
		p.fullSince = now
	}
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
func (p *Pool) Dispatch(now time.Time, write func(process string, envelope []byte) error) []supervise.Note {
	if p.Len() == 0 || !slices.ContainsFunc(p.listeners, (*listener).idle) {
		return nil
	}
	return p.noting(func() {
		for p.Len() > 0 {
			oldest := p.takeOldest()
			if !p.send(oldest, now, write) {
				p.giveBack(oldest, now)
				break
			}
		}
		p.watchRoom(now)
	})
}

func (p *Pool) send(q queued, now time.Time, write func(process string, envelope []byte) error) bool {
	envelope := p.options.envelope(q)
	for _, l := range p.listeners {
		if !l.idle() {
			continue
		}
		if err := write(l.process, envelope); err != nil {
			p.debug("%s occurred while sending event %d to listener %s, listener state unchanged",
				problem(err), q.serial, l.process)
			continue
		}
		l.take(q, now)
		p.debug("event %d sent to listener %s", q.serial, l.process)
		return true
	}
	return false
}

// AddListener adds a process of the group, in the order of the configuration.
func (p *Pool) AddListener(process string, now time.Time) {
	p.listeners = append(p.listeners, &listener{process: process, state: Acknowledged, since: now})
}

// Spawned begins a new life of a listener: nothing it said before counts, and an
// event the old life still has goes back, should Gone not have been called.
func (p *Pool) Spawned(process string, now time.Time) []supervise.Note {
	return p.noting(func() {
		if l := p.listener(process); l != nil {
			l.reject(p, now)
			*l = listener{process: process, state: Acknowledged, since: now, running: l.running, breaches: l.breaches, said: l.said}
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
func (p *Pool) Output(process string, data []byte, now time.Time) []supervise.Note {
	return p.noting(func() {
		if l := p.listener(process); l != nil {
			l.hear(p, data, now)
		}
	})
}

// Gone says that a listener has died. The event it had goes back to the head of
// the buffer.
func (p *Pool) Gone(process string, now time.Time) []supervise.Note {
	return p.noting(func() {
		if l := p.listener(process); l != nil {
			l.running = false
			l.reject(p, now)
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

func (p *Pool) debug(format string, args ...any) {
	if !p.options.Quiet {
		p.note(supervise.LevelDebug, format, args...)
	}
}
