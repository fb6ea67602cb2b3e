package logs

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// keptFloor and keptMax bound what each log keeps in memory during an
	// outage: the floor it always has, the rest while the budget lasts.
	keptFloor = 64 << 10
	keptMax   = 1 << 20
	// retryAfter is how often a bad disk is tried.
	retryAfter = time.Second
)

// outage is a time in which writing fails: what is kept for later, and what is
// already known to be lost.
type outage struct {
	on     bool
	cause  string
	since  time.Time
	tried  time.Time
	kept   ring
	lent   int64  // of the gate's budget
	untold int64  // bytes lost that no marker in the log tells of yet
	marker []byte // what is left to write of a marker that has been begun
	timer  *time.Timer
	armed  bool
}

// fail begins an outage, or says that it goes on for another reason. The caller
// holds write.
func (f *file) fail(err error, now time.Time) {
	o := &f.outage
	if !o.on {
		o.on, o.since, o.tried = true, now, now
		o.kept.max = keptFloor
		f.notices = append(f.notices, fmt.Sprintf("cannot write log file %s: %s; its newest output is kept in memory", f.path, reason(err)))
	}
	o.cause = reason(err)
	f.trouble.outage(o.cause, o.since, o.untold)
}

// keep holds p back until writing works again. The caller holds write.
func (f *file) keep(p []byte) {
	o := &f.outage
	f.widen(o.kept.len() + len(p))
	if dropped := o.kept.append(p); dropped > 0 {
		f.lose(dropped)
	}
	if f.closed { // nobody will come back for it
		f.abandon()
		return
	}
	f.arm()
}

// widen lets the ring grow to hold n bytes, as far as allowed.
func (f *file) widen(n int) {
	o := &f.outage
	for o.kept.max < min(n, keptMax) && f.gate.lend(int64(o.kept.max)) {
		o.lent += int64(o.kept.max)
		o.kept.max *= 2
	}
}

func (f *file) lose(n int64) {
	f.lost.Add(n)
	f.outage.untold += n
	f.trouble.outage(f.outage.cause, f.outage.since, f.outage.untold)
}

// arm sets the timer that tries again if no write does. There is none while all
// is well. The caller holds write.
func (f *file) arm() {
	o := &f.outage
	if o.armed || o.kept.len() == 0 {
		return
	}
	o.armed = true
	if o.timer == nil {
		o.timer = time.AfterFunc(retryAfter, f.onTimer)
		return
	}
	o.timer.Reset(retryAfter)
}

func (f *file) onTimer() {
	f.write.Lock()
	defer f.unlock(f.trouble.teller())
	f.outage.armed = false
	if !f.outage.on || f.closed {
		return
	}
	seat := f.seatNow()
	seat.take()
	defer seat.leave()
	f.tryAgain(time.Now())
	f.rest()
}

// tryAgain writes what was kept, if it is time to. The caller holds write.
func (f *file) tryAgain(now time.Time) {
	o := &f.outage
	if now.Sub(o.tried) >= retryAfter {
		o.tried = now
		if err := f.recover(now); err != nil {
			f.fail(err, now)
		}
	}
	if o.on {
		f.arm()
	}
}

// recover ends the outage if everything can be written.
func (f *file) recover(now time.Time) error {
	ready := f.openOut
	if f.out != nil {
		ready = f.check
	}
	if err := ready(now); err != nil {
		return err
	}
	if err := f.pour(now); err != nil {
		return err
	}
	f.notices = append(f.notices, fmt.Sprintf("writing log file %s again", f.path))
	f.forget()
	return nil
}

// pour writes the marker, if something was lost, and then what was kept.
func (f *file) pour(now time.Time) error {
	o := &f.outage
	for {
		if err := f.pourMarker(now); err != nil {
			return err
		}
		front, _ := o.kept.parts(o.kept.start)
		if len(front) == 0 {
			return nil
		}
		n, err := f.send(front, now)
		o.kept.drop(n)
		if err != nil {
			return err
		}
	}
}

// pourMarker says in the log itself how much is missing. A marker of which a
// part has been written is finished before anything else.
func (f *file) pourMarker(now time.Time) error {
	o := &f.outage
	if len(o.marker) == 0 && o.untold > 0 {
		f.loseHalfLine()
		marker, told := f.markerText(now), o.untold
		n, err := f.send(marker, now)
		if n > 0 {
			o.untold -= told
			o.marker = marker[n:]
		}
		return err
	}
	for len(o.marker) > 0 {
		n, err := f.send(o.marker, now)
		o.marker = o.marker[n:]
		if err != nil {
			return err
		}
	}
	return nil
}

// loseHalfLine gives up the rest of a line whose beginning is lost.
func (f *file) loseHalfLine() {
	kept := &f.outage.kept
	if kept.edge == '\n' || kept.len() == 0 {
		return
	}
	front, _ := kept.parts(kept.start)
	if at := bytes.IndexByte(front[:min(len(front), keptFloor/4)], '\n'); at >= 0 {
		kept.drop(at + 1)
		f.lose(int64(at + 1))
	}
}

func (f *file) markerText(now time.Time) []byte {
	const clock = "15:04:05"
	o := &f.outage
	var b strings.Builder
	if f.midLine {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "-- supervisord: %d bytes lost, %s %s-%s --\n", o.untold, o.cause, o.since.Format(clock), now.Format(clock))
	return []byte(b.String())
}

// abandon gives up what could not be written, for good. The caller holds write.
func (f *file) abandon() {
	o := &f.outage
	if !o.on {
		return
	}
	f.lose(int64(o.kept.len()))
	f.forget()
}

// forget ends an outage, with whatever is still kept. The caller holds write.
func (f *file) forget() {
	o := &f.outage
	f.gate.giveBack(o.lent)
	*o = outage{timer: o.timer, armed: o.armed}
	f.trouble.outage("", time.Time{}, 0)
}

// trouble is what Trouble answers, and whom to tell when a timer finds out. It
// has a lock of its own, so that asking never waits for a disk.
type trouble struct {
	mu     sync.Mutex // guards the fields below
	tell   func(string)
	kinds  [troubles]string
	since  [troubles]time.Time
	untold int64
}

// The kinds of trouble, gravest first.
const (
	failing   = iota // nothing can be written
	mislaid          // the path is gone, the file is not
	unrotated        // the file grows, because renaming fails
	troubles
)

// set says what is wrong, "" if nothing is; it answers whether that is news.
func (t *trouble) set(kind int, text string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kinds[kind] == text {
		return false
	}
	if t.kinds[kind] == "" || text == "" {
		t.since[kind] = now
	}
	t.kinds[kind] = text
	return true
}

func (t *trouble) outage(cause string, since time.Time, untold int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kinds[failing], t.since[failing], t.untold = cause, since, untold
}

// teller is whom to tell.
func (t *trouble) teller() func(string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tell
}

func (t *trouble) setTeller(tell func(string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tell != nil {
		t.tell = tell
	}
}

// gravest gives the gravest kind of trouble; text is "" if there is none.
func (t *trouble) gravest() (kind int, text string, since time.Time, untold int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for kind, text := range t.kinds {
		if text != "" {
			return kind, text, t.since[kind], t.untold
		}
	}
	return 0, "", time.Time{}, 0
}

func (t *trouble) String() string {
	kind, text, began, untold := t.gravest()
	if text == "" {
		return ""
	}
	since := began.Format("15:04:05")
	switch kind {
	case mislaid:
		return fmt.Sprintf("the file is gone since %s (%s); writing on to where it was moved", since, text)
	case unrotated:
		return fmt.Sprintf("cannot be rotated since %s: %s", since, text)
	}
	return fmt.Sprintf("%s since %s, %d bytes lost", text, since, untold)
}

// cause is String without what is a log's own, so that logs with the same trouble
// have the same one, and when it began.
func (t *trouble) cause() (string, time.Time) {
	kind, text, since, _ := t.gravest()
	switch {
	case text == "":
		return "", time.Time{}
	case kind == mislaid:
		return fmt.Sprintf("the file is gone (%s); writing on to where it was moved", text), since
	case kind == unrotated:
		return "cannot be rotated: " + text, since
	}
	return text, since
}
