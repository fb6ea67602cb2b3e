//go:build unix

package engine

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/machine"
)

// wish is what a waiter waits to come true of a process.
type wish int

const (
	wishBorn wish = iota // the fork is done, well or badly: a start that does not wait
	wishUp               // RUNNING, or the reason why not: a start that waits
	wishDown             // one of the stopped states: a stop that waits
)

// granted tells whether the wish is decided by what the machine knew at one
// moment, and the fault if it cannot come true. The rules are those of the
// original's polls (rpcinterface.py startProcess and stopProcess), asked at each
// transition instead.
func (w wish) granted(p *process, facts machine.Facts) (bool, error) {
	state, name := facts.State, p.name.String()
	switch w {
	case wishBorn:
		if facts.SpawnErr != "" {
			return true, supervise.Fault{Code: supervise.FaultSpawnError, Detail: name}
		}
		return p.born, nil
	case wishUp:
		switch {
		case facts.SpawnErr != "":
			return true, supervise.Fault{Code: supervise.FaultSpawnError, Detail: name}
		case state != supervise.StateStarting && state != supervise.StateRunning:
			return true, supervise.Fault{Code: supervise.FaultAbnormalTermination, Detail: name}
		}
		return state == supervise.StateRunning, nil
	case wishDown:
		if state == supervise.StateUnknown {
			return true, supervise.Fault{Code: supervise.FaultFailed, Detail: name + " is in an unknown process state"}
		}
		return state.Stopped(), nil
	}
	panic(fmt.Sprintf("engine: a wish it does not know: %d", w))
}

// ticket is one waiter's wish for one process.
type ticket struct {
	wish      wish
	tell      func(error) // called by the loop, once; must not wait
	abandoned *atomic.Bool
	decided   bool
	fault     error // why it cannot come true, once decided
}

// decide holds the wishes for p against what its machine knew at one moment. It
// is called at every transition, not only when a turn is at rest: STOPPED may
// have become STARTING by then.
func (p *process) decide(facts machine.Facts) {
	for _, t := range p.tickets {
		if !t.decided {
			t.decided, t.fault = t.wish.granted(p, facts)
		}
	}
}

// wait gives p a waiter. A wish that is granted already is told at the end of
// this turn.
func (e *Engine) wait(p *process, t *ticket) {
	p.tickets = append(slices.DeleteFunc(p.tickets, func(t *ticket) bool { return t.abandoned.Load() }), t)
	e.touch(p)
	if t.wish == wishDown {
		e.reportStopping(p)
	}
}

// tellWaiters tells those whose wish has been decided in this turn.
func (e *Engine) tellWaiters() {
	touched := e.touched
	e.touched = nil
	for _, p := range touched {
		p.touched = false
		p.decide(p.machine.Facts())
		p.tickets = slices.DeleteFunc(p.tickets, func(t *ticket) bool {
			if t.decided {
				t.tell(t.fault)
			}
			return t.decided || t.abandoned.Load()
		})
	}
}

// stopReportEvery is how often the log says that somebody waits for a stop.
const stopReportEvery = 2 * time.Second

// reportStopping logs that a process is being waited for: at once, and then
// every two seconds for as long as somebody is waiting (process.py stop_report).
func (e *Engine) reportStopping(p *process) {
	waited := slices.ContainsFunc(p.tickets, func(t *ticket) bool { return t.wish == wishDown && !t.abandoned.Load() })
	if p.stopReport.armed() || !waited || p.machine.State() != supervise.StateStopping {
		return
	}
	e.note(supervise.LevelInfo, fmt.Sprintf("waiting for %s to stop", p.name.Process))
	e.deadlines.set(&p.stopReport, e.now.Add(stopReportEvery))
}

// order is a command that ends in an answer, now or when wishes come true.
type order struct {
	do    func(*Engine, *reply)
	reply *reply
}

func (o order) handle(e *Engine) {
	o.reply.seq = e.bus.Seq()
	e.goOnRestarting(o.reply)
	o.do(e, o.reply)
	o.reply.open--
	o.reply.close()
}

// reply gathers the answers of a command's processes. It is the loop's until it
// is sent.
type reply struct {
	restart   string // the id of the restart that the command is part of, "" for none
	seq       uint64 // the last change before the command
	open      int    // answers still to come, and one for the command itself
	err       error  // of a command on one process
	results   []supervise.Result
	abandoned atomic.Bool
	sent      chan *reply // buffered: the loop never waits
}

// close sends the reply once nothing is open any more.
func (r *reply) close() {
	if r.open == 0 {
		r.sent <- r
	}
}

// fail answers a command on one process.
func (r *reply) fail(err error) { r.err = err }

// result adds a line to the answer of a command on many.
func (r *reply) result(name supervise.NameSpec, err error) {
	r.results = append(r.results, resultOf(name, err))
}

func resultOf(name supervise.NameSpec, err error) supervise.Result {
	result := supervise.Result{Group: name.Group, Name: name.Process, Status: supervise.Success, Description: "OK"}
	if fault, ok := err.(supervise.Fault); ok {
		result.Status, result.Description = fault.Code, fault.Error()
	} else if err != nil {
		result.Status, result.Description = supervise.FaultFailed, err.Error()
	}
	return result
}

// await keeps the reply open until the wish for p is decided.
func (r *reply) await(e *Engine, p *process, w wish, tell func(error)) {
	r.open++
	e.wait(p, &ticket{wish: w, abandoned: &r.abandoned, tell: func(err error) {
		tell(err)
		r.open--
		r.close()
	}})
}

// command has the loop do something and waits for its reply.
func (e *Engine) command(ctx context.Context, do func(*Engine, *reply)) (*reply, error) {
	r := &reply{restart: supervise.RestartOf(ctx), open: 1, sent: make(chan *reply, 1)}
	if err := e.post(ctx, order{do, r}); err != nil {
		return nil, err
	}
	select {
	case <-r.sent:
		return r, r.err
	case <-ctx.Done():
		r.abandoned.Store(true)
		return nil, ctx.Err()
	case <-e.done:
		select {
		case <-r.sent:
			return r, r.err
		default:
			return nil, ErrEnded
		}
	}
}
