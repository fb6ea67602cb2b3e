package live

import (
	"bytes"
	"net/http"
	"time"
	"unicode/utf8"

	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	maxWindow  = 256 << 10 // bytes under way unacknowledged
	minWindow  = 4 << 10
	farBehind  = 1 << 20 // who is further behind is taken to the end
	usualTail  = 64 << 10
	maxTail    = 1 << 20
	maxLine    = 16 << 10 // longer lines come in pieces
	frameBytes = 32 << 10 // each may take six in JSON
)

// logTopic tells one log to one browser. It is an offset and little else.
type logTopic struct {
	id       int
	asked    wire.Sub
	session  *session
	follower *follower
	mode     wire.LogMode
	win      int64

	placed bool       // off is where start says; not before the end is known
	start  *wire.From // as the browser asked

	off     int64 // the next byte to send
	inside  bool  // off is inside a line whose beginning was sent
	sure    bool  // inside is known; else the first read tells
	sent    bool  // the byte before off was sent
	acked   int64
	cleared bool // the log was, since bytes were sent
	jump    gap  // the last one: its bytes need no acknowledgement

	job    *job
	starts bool  // the job finds where to start
	from   int64 // ... and bytes from here up to there are a gap; -1 for none
	pokes  int

	next   time.Time // no frame before
	waits  time.Time // since when a line without an end waits; zero for none
	waited int64     // ... seen up to here

	base, counted, lines int64 // mode count: since base
	lastEnd              int64
	lastCount            time.Time
}

type gap struct{ from, to int64 }

func newLogTopic(f wire.Sub, s *session, watched *follower) *logTopic {
	state := watched.state()
	t := &logTopic{id: f.ID, asked: f, session: s, follower: watched, win: maxWindow, pokes: state.pokes}
	if f.Win > 0 {
		t.win = min(max(f.Win, minWindow), maxWindow)
	}
	t.place(f.From, state)
	t.switchTo(f.Mode, time.Now())
	return t
}

// place puts the topic where from says: at a byte, or some bytes before the end.
// Where the end is not known yet, flush does it later.
func (t *logTopic) place(from *wire.From, state logState) {
	t.forgetJob()
	t.sure, t.sent, t.inside, t.waits, t.waited = false, false, false, time.Time{}, 0
	t.start, t.placed = from, state.known
	if !state.known {
		return
	}
	newest := state.newest
	if from != nil && from.Off != nil {
		t.off, t.acked = min(max(*from.Off, 0), newest), min(max(*from.Off, 0), newest)
		return
	}
	tail := int64(usualTail)
	if from != nil && from.Tail != nil {
		tail = min(max(*from.Tail, 0), maxTail)
	}
	t.find(max(newest-tail, 0), -1)
}

// settle places a topic that could not be placed before; false if it still cannot.
func (t *logTopic) settle(state logState) bool {
	if !t.placed && state.known {
		t.place(t.start, state)
		t.countFrom(t.off)
	}
	return t.placed
}

// find starts again at the first line at off or later.
func (t *logTopic) find(off, gapFrom int64) {
	t.job = t.follower.ask(&job{kind: findStart, off: off, session: t.session})
	t.starts, t.from = true, gapFrom
}

func (t *logTopic) forgetJob() {
	if t.job != nil {
		t.follower.drop(t.job)
		t.job, t.starts = nil, false
	}
}

func (t *logTopic) switchTo(mode wire.LogMode, now time.Time) {
	if mode == "" && t.mode == "" {
		mode = wire.ModeFollow
	}
	if mode == "" || mode == t.mode {
		return
	}
	t.mode = mode
	t.lines, t.lastCount = 0, now
	t.countFrom(t.off)
}

func (t *logTopic) countFrom(off int64) {
	t.base, t.counted, t.lastEnd = off, off, off
}

// set does what the browser asks and says what is wrong with it.
func (t *logTopic) set(f wire.Set, now time.Time) (problem string) {
	switch f.Mode {
	case "", wire.ModeFollow, wire.ModeCount:
	default:
		return "mode is follow or count"
	}
	if f.From != nil {
		t.place(f.From, t.follower.state())
	}
	if f.Mode == wire.ModeCount && !t.starts {
		t.forgetJob() // what is being read will be read again
	}
	t.switchTo(f.Mode, now)
	return ""
}

// ack gives credit for everything before off.
func (t *logTopic) ack(off int64) {
	if off >= t.jump.from {
		off = max(off, t.jump.to)
	}
	t.acked = min(max(t.acked, off), t.off)
}

func (t *logTopic) end() {
	t.forgetJob()
	t.follower.release(t.session)
}

func (t *logTopic) flush(s *session, now time.Time) (time.Time, error) {
	state := t.follower.state()
	if !t.settle(state) {
		return time.Time{}, nil
	}
	if t.job != nil {
		a, done := t.follower.result(t.job)
		if !done {
			return time.Time{}, nil
		}
		j := t.job
		t.job = nil
		if err := t.take(s, j.kind, a, now); err != nil || t.job != nil {
			return time.Time{}, err
		}
		state = t.follower.state()
	}
	if state.gone != "" && t.finished(state) {
		if err := s.refuse(t.id, http.StatusNotFound, state.gone); err != nil {
			return time.Time{}, err
		}
		return time.Time{}, errGone
	}
	if t.pokes != state.pokes {
		t.pokes = state.pokes
		if t.sent {
			t.job = t.follower.ask(&job{kind: look, off: t.off, session: t.session})
			return time.Time{}, nil
		}
	}
	if t.mode == wire.ModeCount {
		return t.flushCount(state, now), nil
	}
	return t.flushLines(state, now), nil
}

// finished tells whether a log that will not grow any more has been told whole.
func (t *logTopic) finished(state logState) bool {
	return t.job == nil && (t.mode == wire.ModeCount || t.off >= state.newest || t.waited == state.newest && t.waits.IsZero())
}

// flushLines asks for the next bytes when there are some, the reader has credit
// and the pace allows.
func (t *logTopic) flushLines(state logState, now time.Time) (again time.Time) {
	behind := state.newest - t.off
	if behind <= 0 || t.off-t.acked >= t.win {
		return time.Time{}
	}
	if now.Before(t.next) {
		return t.next
	}
	if behind > farBehind {
		t.find(state.newest-usualTail, t.off)
		return time.Time{}
	}
	if t.waited == state.newest { // nothing but the line that waits for its end
		if t.waits.IsZero() {
			return time.Time{} // what is left is part of a character
		}
		if due := t.waits.Add(t.session.hub.pace.open); now.Before(due) {
			return due
		}
	}
	t.job = t.follower.ask(&job{kind: readLines, off: t.off, known: t.sent, session: t.session})
	return time.Time{}
}

func (t *logTopic) flushCount(state logState, now time.Time) (again time.Time) {
	if state.newest == t.lastEnd {
		return time.Time{}
	}
	if due := t.lastCount.Add(t.session.hub.pace.count); now.Before(due) {
		return due
	}
	t.job = t.follower.ask(&job{kind: countLines, off: t.counted, session: t.session})
	return time.Time{}
}

// take sends what a job brought.
func (t *logTopic) take(s *session, kind jobKind, a answer, now time.Time) error {
	if a.err != nil {
		s.hub.Log.Warn("read a log", "path", t.follower.log.Path(), "err", a.err)
		if err := s.refuse(t.id, http.StatusInternalServerError, "the log cannot be read: "+a.err.Error()); err != nil {
			return err
		}
		return errGone
	}
	t.next = now.Add(s.hub.pace.logs)
	if a.cleared && t.sent {
		t.sent, t.cleared = false, true
		if err := s.send(wire.Mark{ID: t.id, Off: t.off, Why: wire.MarkCleared, At: now.UnixMilli()}); err != nil {
			return err
		}
	}
	switch kind {
	case readLines:
		if a.gone {
			why := wire.GapTrimmed
			if t.cleared {
				why = wire.GapCleared
			}
			return t.leap(s, a.off, why)
		}
		return t.sendLines(s, a, now)
	case findStart:
		t.starts = false
		t.next = now
		if t.from >= 0 {
			return t.leap(s, a.off, wire.GapSlow)
		}
		t.off, t.acked = a.off, a.off
		t.countFrom(a.off)
	case countLines:
		return t.sendCount(s, a, now)
	case look:
		t.next = now
	}
	return nil
}

// leap goes on at to and says what was left out.
func (t *logTopic) leap(s *session, to int64, why wire.GapWhy) error {
	from := t.off
	t.acked += to - from
	t.off, t.jump = to, gap{from: from, to: to}
	t.inside, t.sure, t.sent, t.waits, t.waited = false, false, false, time.Time{}, 0
	t.next = time.Time{}
	return s.send(wire.Gap{ID: t.id, From: from, To: to, Why: why})
}

func (t *logTopic) sendLines(s *session, a answer, now time.Time) error {
	if !t.sure {
		t.inside, t.sure = a.inside, true
	}
	atEnd := t.off+int64(len(a.data)) >= a.end
	show := atEnd && !t.waits.IsZero() && !now.Before(t.waits.Add(s.hub.pace.open))
	cut := cutter{off: t.off, inside: t.inside}
	cut.cut(a.data, show)
	epoch, _ := s.hub.position()
	for _, frame := range cut.frames {
		frame.ID, frame.Epoch = t.id, epoch
		frame.At = timesOf(frame, a.came)
		if err := s.send(frame); err != nil {
			return err
		}
	}
	if cut.off > t.off {
		t.sent, t.cleared = true, false
	}
	left := int64(len(a.data)) - (cut.off - t.off)
	t.waits, t.waited = t.patience(left, left < int64(len(a.data)), show, now), 0
	if atEnd {
		t.waited = a.end
	}
	t.off, t.inside = cut.off, cut.inside
	return nil
}

// timesOf tells when the lines of a frame came.
func timesOf(frame wire.Log, came []supervise.Arrival) wire.Times {
	offs, off := make([]int64, len(frame.Lines)), frame.Off
	for i, line := range frame.Lines {
		offs[i] = off
		off += int64(len(line)) + 1
	}
	return wire.FromArrivals(came, offs)
}

// patience tells since when the bytes left over wait for the end of their line.
// Bytes left over although such lines are shown are the beginning of a
// character, and wait for the rest of it.
func (t *logTopic) patience(left int64, moved, shown bool, now time.Time) time.Time {
	if left == 0 || shown {
		return time.Time{}
	}
	if moved || t.waits.IsZero() {
		return now
	}
	return t.waits
}

func (t *logTopic) sendCount(s *session, a answer, now time.Time) error {
	elapsed := max(now.Sub(t.lastCount), time.Millisecond)
	rate := float64(a.end-t.lastEnd) / elapsed.Seconds()
	t.lines += a.lines
	t.counted, t.lastEnd, t.lastCount = a.counted, a.end, now
	return s.send(wire.Count{ID: t.id, End: a.end, Bytes: a.end - t.base, Lines: t.lines, Rate: int64(rate)})
}

// cutter makes frames of the bytes of a log, beginning at off.
type cutter struct {
	off    int64
	inside bool // off is inside a line whose beginning was sent
	frames []wire.Log

	frame *wire.Log
}

// cut takes whole lines, lines too long in pieces, and, if show is set, the line
// at the end that has no newline yet. What it takes moves off.
func (c *cutter) cut(data []byte, show bool) {
	for len(data) > 0 {
		length, ended := lineLength(data)
		switch {
		case length > maxLine:
			n := wholeCharacters(data[:maxLine])
			c.add(data[:n], n)
			c.close(true)
			data = data[n:]
		case ended:
			c.add(data[:length], length+1)
			c.inside = false
			data = data[length+1:]
			if c.off-c.frame.Off >= frameBytes {
				c.close(false)
			}
		case show:
			if n := wholeCharacters(data); n > 0 {
				c.add(data[:n], n)
				c.close(true)
			}
			data = nil
		default:
			data = nil
		}
	}
	c.close(false)
}

func (c *cutter) add(line []byte, size int) {
	if c.frame == nil {
		c.frame = &wire.Log{Off: c.off, Cont: c.inside}
	}
	c.frame.Lines = append(c.frame.Lines, string(line))
	c.off += int64(size)
}

func (c *cutter) close(open bool) {
	if c.frame == nil {
		return
	}
	c.frame.End, c.frame.Open = c.off, open
	c.frames = append(c.frames, *c.frame)
	c.frame, c.inside = nil, open
}

func lineLength(data []byte) (length int, ended bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i, true
	}
	return len(data), false
}

// wholeCharacters gives how much of data to take so as not to cut a character of
// UTF-8: all of it, but for up to three bytes of one that has only begun.
func wholeCharacters(data []byte) int {
	for back := 1; back <= min(utf8.UTFMax-1, len(data)); back++ {
		tail := data[len(data)-back:]
		if !utf8.RuneStart(tail[0]) {
			continue
		}
		if !utf8.FullRune(tail) {
			return len(data) - back
		}
		break
	}
	return len(data)
}
