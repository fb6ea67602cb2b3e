//go:build unix

package engine

import (
	"context"
	"maps"
	"sync/atomic"
	"time"

	"supervisor/supervise"
)

// shown is what the loop has shown last and is still true, for any goroutine to
// read without asking. Reads are far more frequent than changes: dashboards poll.
//
// The loop takes a part back before it changes what the part tells of, so before
// anybody can be answered, or told through a feed or a pipe, that it has changed:
// whoever knows of a change will not read the time before it. What has been taken
// back is made again when somebody asks for it, never for nobody.
//
// What is behind the pointers is not changed any more.
type shown struct {
	snapshot atomic.Pointer[supervise.Snapshot] // taken back by every change
	groups   atomic.Pointer[map[string]*group]  // taken back when one comes or goes
}

// changing takes back what is shown of everything. The loop calls it before any
// change that a snapshot would tell of.
func (e *Engine) changing() { e.shown.snapshot.Store(nil) }

// changingOne takes back, besides, what is shown of one process.
func (e *Engine) changingOne(p *process) {
	p.shown.Store(nil)
	e.changing()
}

// changingGroups takes back, besides, which groups there are.
func (e *Engine) changingGroups() {
	e.shown.groups.Store(nil)
	e.changing()
}

// hasEnded tells whether nobody may be answered any more.
func (e *Engine) hasEnded() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// Snapshot is everything as it is now. It is shared: nobody changes it.
func (e *Engine) Snapshot(ctx context.Context) (supervise.Snapshot, error) {
	now := time.Now() // before the read: what was still shown then holds as of then
	if last := e.shown.snapshot.Load(); last != nil && !e.hasEnded() {
		return asOf(last, now), nil
	}
	return ask(ctx, e, func(e *Engine) (supervise.Snapshot, error) { return e.snapshot(), nil })
}

// Process is one process as it is now. Fault: BAD_NAME.
func (e *Engine) Process(ctx context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	p, err := e.shared(ctx, name)
	if err != nil {
		return supervise.ProcessInfo{}, err
	}
	if last := p.shown.Load(); last != nil {
		return *last, nil
	}
	return ask(ctx, e, func(*Engine) (supervise.ProcessInfo, error) { return *p.show(), nil })
}

// shared finds a process for other goroutines, which may read of it what never
// changes: its name, its command, its channels. Fault: BAD_NAME.
func (e *Engine) shared(ctx context.Context, name supervise.NameSpec) (*process, error) {
	groups, err := e.sharedGroups(ctx)
	if err != nil {
		return nil, err
	}
	return processOf(groups, name)
}

// sharedGroups are all groups, for other goroutines, which may read of them what
// never changes: their names and which processes they have.
func (e *Engine) sharedGroups(ctx context.Context) (map[string]*group, error) {
	if groups := e.shown.groups.Load(); groups != nil && !e.hasEnded() {
		return *groups, nil
	}
	return ask(ctx, e, func(e *Engine) (map[string]*group, error) {
		groups := maps.Clone(e.byName)
		e.shown.groups.Store(&groups)
		return groups, nil
	})
}

// The rest is the loop's.

// snapshot shows everything.
func (e *Engine) snapshot() supervise.Snapshot {
	if last := e.shown.snapshot.Load(); last != nil {
		return asOf(last, e.now)
	}
	made := &supervise.Snapshot{
		Epoch: e.bus.Epoch(), Seq: e.bus.Seq(), Mood: e.Mood(),
		Groups:    make([]supervise.GroupInfo, 0, len(e.groups)),
		Processes: make([]supervise.ProcessInfo, 0, len(e.byKey)),
	}
	for _, g := range e.groups {
		made.Groups = append(made.Groups, g.info())
		for _, p := range g.processes {
			made.Processes = append(made.Processes, p.info())
			p.shown.Store(&made.Processes[len(made.Processes)-1]) // no second copy
		}
	}
	e.shown.snapshot.Store(made)
	return asOf(made, e.now)
}

// show shows one process.
func (p *process) show() *supervise.ProcessInfo {
	if last := p.shown.Load(); last != nil {
		return last
	}
	info := p.info()
	p.shown.Store(&info)
	return &info
}

// asOf is a snapshot that still holds at a later time.
func asOf(s *supervise.Snapshot, now time.Time) supervise.Snapshot {
	later := *s
	later.At = now
	return later
}
