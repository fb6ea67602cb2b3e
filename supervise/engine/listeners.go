//go:build unix

package engine

import (
	"slices"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
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
		e.notes(pool.Offer(event, e.serials, e.pools...))
	}
}

// dispatchEvents lets every pool hand events to listeners that are ready.
func (e *Engine) dispatchEvents() {
	for _, pl := range e.pools {
		g := e.byName[pl.Name()]
		e.notes(pl.Dispatch(func(process string, envelope []byte) error {
			p := g.process(process)
			return e.opts.Host.Write(p.key, p.incarnation, envelope)
		}))
	}
}

func (e *Engine) notes(notes []supervise.Note) {
	for _, n := range notes {
		e.note(n.Level, n.Text)
	}
}

// The life of a listener, as its pool is told of it. All of these do nothing for
// a process that is none.

func (p *process) joinPool() {
	if p.group.pool != nil {
		p.group.pool.AddListener(p.name.Process)
	}
}

// tellPoolBorn is called when the birth is asked for: the child may say READY
// before the host has said that it lives.
func (p *process) tellPoolBorn() []supervise.Note {
	if p.group.pool == nil {
		return nil
	}
	return p.group.pool.Spawned(p.name.Process)
}

// tellPoolMoved is called after the move has been offered as an event, so that
// what a dead listener gives back comes before it, and before the STARTING that
// may follow in the same step.
func (p *process) tellPoolMoved(to supervise.State) []supervise.Note {
	if p.group.pool == nil {
		return nil
	}
	p.group.pool.Running(p.name.Process, to == supervise.StateRunning)
	if p.dead == nil || to.Signallable() {
		return nil
	}
	return p.group.pool.Gone(p.name.Process)
}

// owner tells whose output a log carries. Only the loop looks into it: the key
// is given when the process is added, and nothing is written before that. What
// comes late, when the process is gone, finds nobody; its name may be another's
// by then.
type owner struct{ key child.Key }

// listenerSaid is what a listener wrote to its stdout.
type listenerSaid struct {
	by   *owner
	data []byte
}

func (m listenerSaid) handle(e *Engine) {
	if p := e.byKey[m.by.key]; p != nil && p.group.pool != nil {
		e.notes(p.group.pool.Output(p.name.Process, m.data))
	}
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
