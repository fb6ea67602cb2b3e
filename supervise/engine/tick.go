//go:build unix

package engine

import (
	"time"

	"supervisor/supervise"
)

// tickPeriods are those of TICK_5, TICK_60 and TICK_3600.
var tickPeriods = [...]time.Duration{5 * time.Second, time.Minute, time.Hour}

// ticks marks the turns of time slices, but only while a pool wants to hear of
// them: a supervisord nobody listens to has no reason to wake.
type ticks struct {
	due  deadline
	last [len(tickPeriods)]time.Time // the slice told last
}

// wantTicks arms or disarms the next tick as the pools that remain demand.
func (e *Engine) wantTicks() {
	wanted := false
	for _, period := range tickPeriods {
		wanted = wanted || e.wanted(supervise.TickEvent{Period: period})
	}
	switch {
	case !wanted:
		e.deadlines.clear(&e.ticks.due)
	case !e.ticks.due.armed():
		e.ticks.due.due = e.tick
		e.ticks.last = [len(tickPeriods)]time.Time{}
		for i, period := range tickPeriods { // the first tick is the next boundary
			e.ticks.last[i] = slice(e.now, period)
		}
		e.armTick()
	}
}

// tick tells of every slice that has begun. Slices are of the wall clock, as in
// the original: one that was slept through is not made up for, and when the
// clock is set back they are told again.
func (e *Engine) tick() {
	for i, period := range tickPeriods {
		if now := slice(e.now, period); !now.Equal(e.ticks.last[i]) {
			e.ticks.last[i] = now
			e.offer(supervise.TickEvent{Period: period, When: now})
		}
	}
	e.armTick()
}

func (e *Engine) armTick() {
	shortest := tickPeriods[0]
	until := slice(e.now, shortest).Add(shortest).Sub(e.now.Round(0))
	e.deadlines.set(&e.ticks.due, e.now.Add(until))
}

// slice is the beginning of the period that t lies in.
func slice(t time.Time, period time.Duration) time.Time { return t.Round(0).Truncate(period) }
