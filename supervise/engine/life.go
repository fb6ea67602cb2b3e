//go:build unix

package engine

import (
	"slices"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/logs"
	"supervisor/supervise/machine"
)

// lifetime is what is told of a life when it is over, gathered on the way. It is
// the loop's, but for what the launcher leaves in it before the birth.
type lifetime struct {
	supervise.Life
	launched bool // From is known, and the logs have been opened
	moved    bool // State is known
}

// launching notes, in the launcher's goroutine, where the output of a life will
// begin. The logs are open, so nobody waits for a disk any more to learn where
// they end.
func (l *lifetime) launching(channels [2]*logs.Channel) {
	l.From = ends(channels)
	l.launched = true
}

func ends(channels [2]*logs.Channel) (at [2]int64) {
	for ch, log := range channels {
		if log != nil {
			_, at[ch] = log.Bounds()
		}
	}
	return at
}

// newLife begins the record of a life that has been asked for.
func (p *process) newLife(now time.Time) *lifetime {
	facts := p.machine.Facts()
	life := &lifetime{Life: supervise.Life{
		Asked: now, Tries: facts.Tries + 1, Again: facts.Restarts > p.restarts, Config: p.digest,
	}}
	p.restarts = facts.Restarts
	return life
}

// noteMove keeps of a move what the record of a life wants to know, and forgets the
// order that has come true by it.
func (p *process) noteMove(a machine.Announce) {
	if !p.told.underway(a.Facts) {
		p.told = instruction{} // what comes now, comes by itself
	}
	life := p.life
	if life == nil {
		return
	}
	switch a.To {
	case supervise.StateRunning:
		life.Up = a.Facts.Since
	case supervise.StateExited, supervise.StateBackoff, supervise.StateFatal, supervise.StateStopped:
		life.State, life.Expected, life.moved = a.To, a.Expected, true
	}
}

// ordered notes who has told a process to go down. The first order counts.
func (p *process) ordered(what supervise.Order, by string) {
	if p.life != nil && p.life.Order == supervise.OrderNone && p.life.Ended.IsZero() {
		p.life.Order, p.life.By = what, by
	}
}

// endLife tells of a life that has ended at a time, after the step that its end
// was for the machine: the next life may have begun. exit is nil where there was
// no child.
func (e *Engine) endLife(p *process, life *lifetime, at time.Time, exit *child.Exit) {
	if life == nil {
		return // of a child that was not ours to start
	}
	life.Ended = at
	if exit != nil {
		life.Status, life.Signal, life.Core, life.Usage = exit.Status, exit.Signal, exit.CoreDumped, exit.Usage
	}
	if life.launched {
		life.To = ends(p.channel)
	}
	if !life.moved { // the machine had lost track of it
		life.State = p.machine.State()
	}
	e.publish(supervise.LifeEvent{Name: p.name, Life: life.Life})
}

// What has happened of late is counted in grains, so that it takes little room
// however often it happens, and costs nothing where nothing has.
const (
	dayGrain  = 15 * time.Minute
	day       = 24 * time.Hour
	hourGrain = 5 * time.Minute
	hour      = time.Hour
)

// recent counts what has happened within the span that ends now.
type recent struct {
	grain, span time.Duration
	grains      []tally // oldest first
	count       int
}

type tally struct {
	since time.Time
	count int
}

// add counts n at a time, which is not before those added earlier.
func (r *recent) add(at time.Time, n int) {
	since := at.Truncate(r.grain)
	if last := len(r.grains) - 1; last >= 0 && !since.After(r.grains[last].since) {
		r.grains[last].count += n
	} else {
		r.grains = append(r.grains, tally{since, n})
	}
	r.count += n
}

// forget drops what is older than the span.
func (r *recent) forget(now time.Time) {
	for len(r.grains) > 0 && !r.next().After(now) {
		r.count -= r.grains[0].count
		r.grains = r.grains[1:]
	}
	if len(r.grains) == 0 {
		r.grains = nil
	}
}

// next is when the oldest grain is forgotten, the zero time for never.
func (r *recent) next() time.Time {
	if len(r.grains) == 0 {
		return time.Time{}
	}
	return r.grains[0].since.Add(r.grain + r.span)
}

// restarts are those of the last day and of the last hour.
type restarts struct{ day, hour recent }

func newRestarts() restarts {
	return restarts{day: recent{grain: dayGrain, span: day}, hour: recent{grain: hourGrain, span: hour}}
}

func (r *restarts) add(at time.Time) {
	r.day.add(at, 1)
	r.hour.add(at, 1)
}

func (r *restarts) forget(now time.Time) {
	r.day.forget(now)
	r.hour.forget(now)
}

// next is when one is forgotten, the zero time for never.
func (r *restarts) next() time.Time { return earliest(r.hour.next(), r.day.next()) }

// countRestarts counts those that a step has led to.
func (e *Engine) countRestarts(p *process, before int) {
	for range p.machine.Facts().Restarts - before {
		p.recent.add(e.now)
		e.forgetRestarts(p)
	}
}

// recallRestarts counts those of earlier epochs.
func (e *Engine) recallRestarts(p *process) {
	if e.opts.Restarts == nil {
		return
	}
	for _, at := range slices.SortedFunc(slices.Values(e.opts.Restarts(p.name)), time.Time.Compare) {
		if !at.After(e.now) {
			p.recent.add(at)
		}
	}
	e.forgetRestarts(p)
}

// forgetRestarts forgets what is too old by now, and will do so again in time.
func (e *Engine) forgetRestarts(p *process) {
	p.recent.forget(e.now)
	if next := p.recent.next(); !next.IsZero() {
		e.deadlines.set(&p.forget, next)
	}
}

// forgotten is forgetRestarts when the time has come: viewers are told.
func (e *Engine) forgotten(p *process) {
	e.changingOne(p)
	e.forgetRestarts(p)
	e.publish(supervise.UpdateEvent{Name: p.name}, p.info())
}
