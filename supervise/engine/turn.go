//go:build unix

package engine

import (
	"fmt"
	"runtime/debug"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/machine"
)

// slowTurn is how long a turn may take before it is worth a line in the log.
const slowTurn = 50 * time.Millisecond

// pending is an input that follows from an effect.
type pending struct {
	p  *process
	in machine.Input
}

// turn takes one message to quiet; nil means that only time has passed.
func (e *Engine) turn(m message) {
	e.now = time.Now()
	e.deadlines.fire(e.now)
	e.settle()
	if m != nil {
		m.handle(e)
		e.settle()
	}
	e.goOnShuttingDown()
	e.tellWaiters()
	e.dispatchEvents()
	e.arm()
	if took := time.Since(e.now); took > slowTurn {
		e.note(supervise.LevelWarn, fmt.Sprintf("a turn of the engine took %v (%T)", took.Round(time.Millisecond), m))
	}
}

// step gives a machine an input, carries out what it asks for, and tells of what
// changed without a move: a pid, a spawnerr, a deadline. A panic on the way costs
// that process only.
func (e *Engine) step(p *process, in machine.Input) { e.stepAt(p, in, e.now) }

// stepAt is step for what happened a little earlier than this turn.
func (e *Engine) stepAt(p *process, in machine.Input, at time.Time) {
	e.touch(p)
	e.changingOne(p)
	defer func() {
		if trouble := recover(); trouble != nil {
			e.contain(p, in, trouble)
		}
	}()
	told, restarts := p.info(), p.machine.Facts().Restarts
	effects := p.machine.Step(in, at)
	e.countRestarts(p, restarts)
	for _, effect := range effects {
		e.carryOut(p, effect)
		if move, isMove := effect.(machine.Announce); isMove {
			told = p.seen(move.Facts)
		}
	}
	e.settleShare(p)
	if now := p.info(); now != told { // whoever keeps what is true at a change number must hear of a new one
		e.publish(supervise.UpdateEvent{Name: p.name}, now)
	}
}

// contain makes a process UNKNOWN over which our own code has stumbled. Should
// even that go wrong there is nothing left to try, and the engine ends.
func (e *Engine) contain(p *process, in machine.Input, trouble any) {
	if _, again := in.(machine.Panicked); again {
		panic(trouble)
	}
	e.follow(p, machine.Panicked{Value: fmt.Sprintf("%v\n%s", trouble, debug.Stack())})
}

func (e *Engine) carryOut(p *process, effect machine.Effect) {
	switch effect := effect.(type) {
	case machine.Spawn:
		e.spawn(p)
	case machine.Signal:
		e.kill(p, effect)
	case machine.Arm:
		e.deadlines.set(&p.due, effect.At)
	case machine.Disarm:
		e.deadlines.clear(&p.due)
	case machine.Announce:
		e.announce(p, effect)
	case machine.Note:
		e.note(effect.Level, effect.Text)
	default:
		panic(fmt.Sprintf("engine: an effect it does not know: %T", effect))
	}
}

// follow queues an input that an effect gave rise to; settle works it off.
func (e *Engine) follow(p *process, in machine.Input) {
	e.pending = append(e.pending, pending{p, in})
}

// settle lets machines step until none has anything left to do. Besides turn,
// whoever steps many machines calls it after each, so that what one process
// gives rise to comes before the next one's.
func (e *Engine) settle() {
	for len(e.pending) > 0 {
		next := e.pending[0]
		e.pending = e.pending[1:]
		e.step(next.p, next.in)
	}
	e.pending = nil
}

// announce publishes that a process has moved, offers it to the pools, and
// decides the wishes it grants.
func (e *Engine) announce(p *process, a machine.Announce) {
	p.decide(a.Facts)
	p.noteMove(a)
	e.publish(supervise.StateEvent{
		Name: p.name, From: a.From, To: a.To, PID: a.PID, Tries: a.Tries, Expected: a.Expected,
	}, p.seen(a.Facts))
	e.notes(p.tellPoolMoved(a.To, e.now))
	e.reportStopping(p)
}

// publish numbers an event, shows it to the bus's readers and offers it to the
// listener pools.
func (e *Engine) publish(event supervise.Event, rows ...supervise.ProcessInfo) {
	e.changing()
	e.bus.Publish(supervise.Change{At: e.now, Event: event, Rows: rows})
	e.offer(event)
}

// touch remembers that a process's waiters may have something to hear.
func (e *Engine) touch(p *process) {
	if !p.touched {
		p.touched = true
		e.touched = append(e.touched, p)
	}
}

// note writes a line to the main log. It may be called from any goroutine.
func (e *Engine) note(level supervise.Level, text string) { e.journal.write(level, text) }

func (begin) handle(e *Engine) {
	e.publish(supervise.MoodEvent{Mood: supervise.MoodRunning})
	for _, g := range e.groups {
		e.autostart(g)
	}
}

func (r reported) handle(e *Engine) {
	switch report := r.report.(type) {
	case child.Spawned:
		e.launch.landed()
		e.spawned(report)
	case child.SpawnFailed:
		e.launch.landed()
		e.spawnFailed(report)
	case child.ChildrenDied:
		e.reap()
	case child.Drained:
		e.drained(report)
	default:
		panic(fmt.Sprintf("engine: a report it does not know: %T", report))
	}
}
