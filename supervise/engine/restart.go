//go:build unix

package engine

import (
	"slices"
	"time"
)

// restartPatience is how long nothing may be heard of a restart of several orders
// before it is given up; it may be up to twice as long. Between a stop and the
// start after it nothing passes but the way of an answer and of the next call,
// unless who restarts has been ended.
const restartPatience = 5 * time.Second

// restart is one that a client makes of several orders, as supervisorctl does:
// stops that wait, then starts. The processes it has stopped keep their shares in
// sockets until they are started, so that clients wait and are not refused; or
// until nothing more is heard of it.
type restart struct {
	id     string
	calls  []*reply // that may not be answered yet
	called bool     // since the last look
	look   deadline
}

// goOnRestarting notes that the restart which an order is part of goes on. One
// that has stopped nothing with a socket is none of our business.
func (e *Engine) goOnRestarting(r *reply) {
	if known := e.restarts[r.restart]; known != nil {
		known.called = true
		known.calls = append(known.calls, r)
	}
}

// restartOf gives the restart for which an order stops p; nil if p is to stay
// down, or has nothing that it could keep.
func (e *Engine) restartOf(r *reply, p *process) *restart {
	if r.restart == "" || p.command.socket == nil {
		return nil
	}
	if known := e.restarts[r.restart]; known != nil {
		return known
	}
	begun := &restart{id: r.restart}
	begun.look.due = func() { e.lookAfterRestart(begun) }
	if e.restarts == nil {
		e.restarts = map[string]*restart{}
	}
	e.restarts[begun.id] = begun
	e.goOnRestarting(r)
	e.deadlines.set(&begun.look, e.now.Add(restartPatience))
	return begun
}

// lookAfterRestart forgets a restart of which nothing was heard since the last
// look: what it has stopped stays down.
func (e *Engine) lookAfterRestart(r *restart) {
	r.calls = slices.DeleteFunc(r.calls, func(call *reply) bool { return call.open == 0 || call.abandoned.Load() })
	if r.called || len(r.calls) > 0 {
		r.called = len(r.calls) > 0 // its end counts as a sign of life
		e.deadlines.set(&r.look, e.now.Add(restartPatience))
		return
	}
	delete(e.restarts, r.id)
	for _, p := range e.byKey {
		if p.restart == r {
			p.restart = nil
			e.settleShare(p)
		}
	}
}
