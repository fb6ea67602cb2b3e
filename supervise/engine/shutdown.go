//go:build unix

package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/config"
	"supervisor/supervise/machine"
)

// deathReportEvery is how often the log says who is still being waited for.
const deathReportEvery = 3 * time.Second

// shutdown is how far the going down has come.
type shutdown struct {
	groups []*group       // still to be stopped, by ascending priority
	asked  bool           // the last of them have been told to stop
	next   *config.Config // to start again with, when RESTARTING
	report deadline       // for "waiting for ... to die"
}

// goDown begins a shutdown or a restart. A shutdown asked for during a restart
// wins; any other second wish changes nothing.
func (e *Engine) goDown(mood supervise.Mood, next *config.Config) {
	began := e.Mood() != supervise.MoodRunning
	if began && !(e.Mood() == supervise.MoodRestarting && mood == supervise.MoodShutdown) {
		return
	}
	e.changing()
	e.mood.Store(int32(mood))
	e.shutdown.next = next
	if began { // listeners have heard that it is stopping; pages hear what for
		e.bus.Publish(supervise.Change{At: e.now, Event: supervise.MoodEvent{Mood: mood}})
		return
	}
	e.shutdown.groups = slices.Clone(e.groups)
	e.shutdown.report.due = e.reportDying
	e.publish(supervise.MoodEvent{Mood: mood})
	for _, g := range e.groups {
		for _, p := range g.processes {
			e.step(p, machine.MoodChanged{Mood: mood})
		}
	}
}

// goOnShuttingDown stops groups from the highest priority number to the lowest,
// each only when those before it are down (supervisord.py ordered_stop_groups).
// Groups of equal priority, which asked for no order, go down together. Listeners
// hear what has happened before they are told to stop.
func (e *Engine) goOnShuttingDown() {
	if e.Mood() == supervise.MoodRunning || e.outcome != nil {
		return
	}
	s := &e.shutdown
	for len(s.groups) > 0 {
		last := s.lastGroups()
		if !s.asked {
			s.asked = true
			e.dispatchEvents()
			e.stopGroups(last)
		}
		if slices.ContainsFunc(last, func(g *group) bool { return !g.stopped() }) {
			e.reportDying()
			return
		}
		s.groups, s.asked = s.groups[:len(s.groups)-len(last)], false
	}
	e.outcome = &Outcome{Restart: e.Mood() == supervise.MoodRestarting, Config: s.next}
}

// lastGroups are those that share the highest priority number left.
func (s *shutdown) lastGroups() []*group {
	priority := s.groups[len(s.groups)-1].conf.Priority
	first := slices.IndexFunc(s.groups, func(g *group) bool { return g.conf.Priority == priority })
	return s.groups[first:]
}

// stopGroups goes backwards all the way: of processes of equal priority the last is
// the first, too (process.py stop_all).
func (e *Engine) stopGroups(groups []*group) {
	for _, g := range slices.Backward(groups) {
		for _, p := range slices.Backward(ascending.processes(g.processes)) {
			if p.machine.State().Running() {
				p.ordered(supervise.OrderShutdown, "")
				e.step(p, machine.Stop{Shutdown: true})
				e.settle()
			}
		}
	}
}

// reportDying logs who is still up: at once, and then every three seconds.
func (e *Engine) reportDying() {
	if e.shutdown.report.armed() {
		return
	}
	var names []string
	for _, g := range e.groups {
		for _, p := range g.processes {
			if !p.machine.State().Stopped() {
				names = append(names, p.name.Process)
			}
		}
	}
	if len(names) > 0 {
		e.note(supervise.LevelInfo, fmt.Sprintf("waiting for %s to die", strings.Join(names, ", ")))
		e.deadlines.set(&e.shutdown.report, e.now.Add(deathReportEvery))
	}
}
