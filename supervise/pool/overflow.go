package pool

import (
	"fmt"
	"time"

	"supervisor/supervise"
)

// quiet is how long nothing is said of what is dropped after something was: a pool
// that drops a thousand events a second must not drown the main log, where the
// original gives each a line (process.py _acceptEvent).
const quiet = time.Second

// overflow keeps what is still to be said of dropped events.
type overflow struct {
	until       time.Time // before then nothing is said
	count       int       // dropped since, and not told
	first, last int64     // of these, in the order in which they were dropped
}

// dropped tells of a dropped event: at once and in the original's words, or later
// with the others of its second.
func (p *Pool) dropped(serial int64, now time.Time) {
	o := &p.overflow
	if o.count == 0 && !now.Before(o.until) {
		o.until = now.Add(quiet)
		p.note(supervise.LevelError, "pool %s event buffer overflowed, discarding event %d", p.options.Name, serial)
		return
	}
	if o.count == 0 {
		o.first = serial
	}
	o.last = serial
	o.count++
}

// Untold is when Tell should be called, to say what has been dropped since
// something was said of it; the zero time if there is nothing to say.
func (p *Pool) Untold() time.Time {
	if p.overflow.count == 0 {
		return time.Time{}
	}
	return p.overflow.until
}

// Tell says in one line what was dropped and not told of, if anything was. The next
// such line comes a second later at the earliest. It may be called before its time,
// by whoever is about to forget the pool.
func (p *Pool) Tell(now time.Time) []supervise.Note {
	o := p.overflow
	if o.count == 0 {
		return nil
	}
	p.overflow = overflow{until: now.Add(quiet)}
	text := fmt.Sprintf("pool %s event buffer overflowed, discarding %d more events, from %d to %d",
		p.options.Name, o.count, o.first, o.last)
	if o.count == 1 {
		text = fmt.Sprintf("pool %s event buffer overflowed, discarding event %d", p.options.Name, o.first)
	}
	return []supervise.Note{{Level: supervise.LevelError, Text: text}}
}
