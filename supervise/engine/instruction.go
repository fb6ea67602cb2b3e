//go:build unix

package engine

import (
	"supervisor/supervise"
	"supervisor/supervise/machine"
)

// instruction is what people have told a process to do.
type instruction struct {
	what supervise.Order
	by   string // "" if nobody knows
}

// underway tells whether it has yet to come true, in a process that is so.
func (i instruction) underway(f machine.Facts) bool {
	switch i.what {
	case supervise.OrderStop:
		return f.State == supervise.StateStopping || f.State == supervise.StateStarting && f.Intent == machine.Down
	case supervise.OrderStart, supervise.OrderRestart:
		return f.State == supervise.StateStopping || f.State == supervise.StateStarting || f.Intent == machine.UpAfterDown
	}
	return false
}

// obey has a process do what somebody has ordered. Who looks is told of the order
// although nothing else may change by it: a restart of what is being stopped.
func (e *Engine) obey(p *process, what supervise.Order, by string, in machine.Input) {
	e.changingOne(p)
	told := p.info()
	p.told = instruction{what, by}
	if now := p.info(); now != told {
		e.publish(supervise.UpdateEvent{Name: p.name}, now)
	}
	e.step(p, in)
}
