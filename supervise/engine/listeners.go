//go:build unix

package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/logs"
	"supervisor/supervise/machine"
	"supervisor/supervise/pool"
)

// heard is which of the noisy events some pool wants to hear, kept where the
// pumps can ask without disturbing the loop: what nobody wants costs nothing.
type heard struct{ log, communication bool }

func (e *Engine) newPool(conf config.Group) *pool.Pool {
	return pool.New(pool.Options{
		Name:         conf.Name,
		Identifier:   e.Identity().Identifier,
		Events:       conf.Listener.Events,
		BufferSize:   conf.Listener.BufferSize,
		PayloadBytes: conf.Listener.PayloadBytes,
		Quiet:        !e.opts.Log.Enabled(context.Background(), logs.LevelDebug),
	})
}

// poolsChanged counts anew what the pools that remain want.
func (e *Engine) poolsChanged() {
	e.pools = slices.DeleteFunc(e.pools, func(p *pool.Pool) bool {
		g := e.byName[p.Name()]
		return g == nil || g.pool != p
	})
	for _, g := range e.byName {
		if g.pool != nil && !slices.Contains(e.pools, g.pool) {
			e.pools = append(e.pools, g.pool) // at most one: a group is added at a time
		}
	}
	for _, ch := range supervise.Channels {
		e.heard[ch].Store(&heard{
			log:           e.wanted(supervise.LogEvent{Channel: ch}),
			communication: e.wanted(supervise.CommunicationEvent{Channel: ch}),
		})
	}
	e.wantTicks()
}

func (e *Engine) wanted(event supervise.Event) bool {
	return slices.ContainsFunc(e.pools, func(p *pool.Pool) bool { return p.Wants(event) })
}

// offer gives an event to every pool that wants it.
func (e *Engine) offer(event supervise.Event) {
	if event.Type() != "" {
		e.notes(pool.Offer(event, e.serials, e.now, e.pools...))
	}
}

// dispatchEvents lets every pool hand events to listeners that are ready.
func (e *Engine) dispatchEvents() {
	for _, pl := range e.pools {
		g := e.byName[pl.Name()]
		e.notes(pl.Dispatch(e.now, func(process string, envelope []byte) error {
			p := g.process(process)
			return e.opts.Host.Write(p.key, p.incarnation, envelope)
		}))
		e.watchPool(g)
	}
}

func (e *Engine) notes(notes []supervise.Note) {
	for _, n := range notes {
		e.note(n.Level, n.Text)
	}
}

// The life of a listener, as its pool is told of it. All of these do nothing for
// a process that is none.

func (p *process) joinPool(now time.Time, by *owner) {
	if p.group.pool != nil {
		p.ear = by
		p.group.pool.AddListener(p.name.Process, now)
	}
}

// tellPoolBorn is called when the birth is asked for: the child may say READY
// before the host has said that it lives.
func (p *process) tellPoolBorn(now time.Time) []supervise.Note {
	if p.group.pool == nil {
		return nil
	}
	p.ear.deaf.Store(false)
	return p.group.pool.Spawned(p.name.Process, now)
}

// tellPoolMoved is called after the move has been offered as an event, so that
// what a dead listener gives back comes before it, and before the STARTING that
// may follow in the same step.
func (p *process) tellPoolMoved(to supervise.State, now time.Time) []supervise.Note {
	if p.group.pool == nil {
		return nil
	}
	p.group.pool.Running(p.name.Process, to == supervise.StateRunning)
	if p.dead == nil || to.Signallable() {
		return nil
	}
	return p.group.pool.Gone(p.name.Process, now)
}

// owner tells whose output a log carries. Only the loop looks into key: it is
// given when the process is added, and nothing is written before that. What
// comes late, when the process is gone, finds nobody; its name may be another's
// by then.
type owner struct {
	key child.Key

	// Of an event listener.
	flow chan struct{} // holds a token for each piece of its output that the loop has yet to read
	deaf atomic.Bool   // it is UNKNOWN: nothing it says before its next life counts
}

// earFlow is how many pieces of a listener's output may be on their way to the
// loop. A listener that floods its stdout waits for the loop then, as for any
// reader that is slower, and takes neither the memory nor the inbox of others.
const earFlow = 2

// listenerSays brings what a listener has written before the loop. It is called by
// the listener's pump.
func (e *Engine) listenerSays(by *owner, data []byte) {
	if by.deaf.Load() {
		return
	}
	select {
	case by.flow <- struct{}{}:
		e.postFromHelper(listenerSaid{by, slices.Clone(data)})
	case <-e.done:
	}
}

// listenerSaid is what a listener wrote to its stdout.
type listenerSaid struct {
	by   *owner
	data []byte
}

func (m listenerSaid) handle(e *Engine) {
	<-m.by.flow
	p := e.byKey[m.by.key]
	if p == nil || p.group.pool == nil {
		return
	}
	was := p.hasBroken()
	e.notes(p.group.pool.Output(p.name.Process, m.data, e.now))
	if !was && p.hasBroken() {
		p.ear.deaf.Store(true)
		e.changingOne(p)
		e.publish(supervise.UpdateEvent{Name: p.name}, p.info())
		e.failIfBroken(p)
	}
}

// hasBroken tells whether a process is a listener that has broken the protocol.
func (p *process) hasBroken() bool {
	return p.group.pool != nil && p.group.pool.ListenerState(p.name.Process) == pool.Unknown
}

// failIfBroken ends a listener that has broken the protocol, where it is to be
// started again (restart_on_protocol_error). One whose birth has not been told of yet
// has its turn then.
func (e *Engine) failIfBroken(p *process) {
	if !p.hasBroken() || !p.group.conf.Listener.RestartOnProtocolError || !p.born || p.dead != nil {
		return
	}
	p.life.Broke = true
	e.step(p, machine.Fail{Why: "broke the event listener protocol"})
}

// written is output that is an event: of a program with *_events_enabled, or
// between the capture tokens.
type written struct {
	by    *owner
	event supervise.Event
}

// poster gives what a log calls, in its pump's goroutine, with such output.
func (e *Engine) poster(by *owner, ch supervise.Channel) func(supervise.Event) {
	return func(event supervise.Event) {
		wanted := e.heard[ch].Load()
		_, isLog := event.(supervise.LogEvent)
		if isLog && wanted.log || !isLog && wanted.communication {
			e.postFromHelper(written{by, event})
		}
	}
}

// handle completes the event with the pid, which only the loop knows.
func (m written) handle(e *Engine) {
	p := e.byKey[m.by.key]
	if p == nil {
		return
	}
	switch event := m.event.(type) {
	case supervise.LogEvent:
		event.PID = p.machine.PID()
		e.offer(event)
	case supervise.CommunicationEvent:
		event.PID = p.machine.PID()
		e.offer(event)
	}
}
