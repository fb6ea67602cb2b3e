package pool

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"supervisor/supervise"
)

// ListenerState is where a listener is in the protocol. The numbers are
// Supervisor's (states.py EventListenerStates).
type ListenerState int

const (
	Ready        ListenerState = 10 // waits for an event
	Busy         ListenerState = 20 // has one
	Acknowledged ListenerState = 30 // has answered, or has yet to say READY
	Unknown      ListenerState = 40 // broke the protocol, and is out until it is spawned again
)

// String gives Supervisor's name in capitals.
func (s ListenerState) String() string {
	switch s {
	case Ready:
		return "READY"
	case Busy:
		return "BUSY"
	case Acknowledged:
		return "ACKNOWLEDGED"
	case Unknown:
		return "UNKNOWN"
	}
	return "ListenerState(" + strconv.Itoa(int(s)) + ")"
}

const (
	readyToken = "READY\n"
	resultSkip = len("RESULT ") // skipped unread, as the original does (dispatchers.py)
	accepted   = "OK"
	// maxResultLine bounds what is kept while a newline is awaited. A longer
	// line is a bad one: Python reads no number of more than 4300 digits.
	maxResultLine = 4300 + resultSkip
	// maxSaid is how much is kept of what broke the protocol.
	maxSaid = 64
)

// listener is one process of the pool.
type listener struct {
	process string
	running bool
	state   ListenerState
	since   time.Time // when it entered state
	event   *queued   // the one it has, while BUSY

	breaches int    // of the protocol, by all its lives
	said     []byte // the beginning of what the last of them was

	pending   []byte // heard and not yet understood
	gathering bool   // the result line was read
	missing   int64  // bytes of the result still to come
	result    []byte // its beginning, as much as decides
	tooLong   bool   // there was more of it
}

// idle tells whether the listener can be given an event.
func (l *listener) idle() bool { return l.running && l.state == Ready }

// take makes the listener BUSY with q.
func (l *listener) take(q queued, now time.Time) {
	l.state, l.since = Busy, now
	l.event = &q
}

// hear appends data to what is pending and understands as much of it as it can.
func (l *listener) hear(p *Pool, data []byte, now time.Time) {
	l.pending = append(l.pending, data...)
	for len(l.pending) > 0 && l.understand(p, now) {
	}
	if len(l.pending) == 0 {
		l.pending = nil
	}
}

// understand takes one step; false says that more must be heard first.
func (l *listener) understand(p *Pool, now time.Time) bool {
	switch {
	case l.state == Acknowledged:
		return l.awaitReady(p, now)
	case l.state == Ready: // it was not asked anything
		l.breakOff(p, now)
		return true
	case l.state == Busy && l.gathering:
		return l.gather(p, now)
	case l.state == Busy:
		return l.awaitResult(p, now)
	default: // UNKNOWN
		l.pending = nil
		return false
	}
}

func (l *listener) awaitReady(p *Pool, now time.Time) bool {
	if len(l.pending) < len(readyToken) {
		return false
	}
	if !bytes.HasPrefix(l.pending, []byte(readyToken)) {
		l.breakOff(p, now)
		return true
	}
	l.pending = l.pending[len(readyToken):]
	l.enter(p, Ready, now)
	return true
}

// awaitResult reads the line "RESULT n".
func (l *listener) awaitResult(p *Pool, now time.Time) bool {
	line, rest, found := bytes.Cut(l.pending, []byte("\n"))
	if !found && len(line) <= maxResultLine {
		return false
	}
	length, ok := resultLength(line)
	if !ok {
		p.note(supervise.LevelWarn, "%s: bad result line: '%s'", l.process, asText(line))
		l.breakOff(p, now)
		l.reject(p, now)
		return true
	}
	l.pending = rest
	l.gathering, l.missing, l.result, l.tooLong = true, length, nil, false
	return true
}

// resultLength reads the length the way Python's int() does: blanks around it, a
// sign and single underscores between digits are fine. A negative one is not, and
// one that is beyond all bounds is never reached.
func resultLength(line []byte) (length int64, ok bool) {
	if len(line) > maxResultLine {
		return 0, false
	}
	number := strings.Trim(string(line[min(len(line), resultSkip):]), " \t\n\v\f\r")
	digits, negative := strings.CutPrefix(number, "-")
	if !negative {
		digits = strings.TrimPrefix(number, "+")
	}
	for group := range strings.SplitSeq(digits, "_") {
		if group == "" || strings.Trim(group, "0123456789") != "" {
			return 0, false
		}
	}
	length, err := strconv.ParseInt(strings.ReplaceAll(digits, "_", ""), 10, 64)
	if err != nil {
		length = math.MaxInt64
	}
	return length, !negative || length == 0
}

// gather takes what belongs to the result, and judges it when all is there. As in
// the original, that is noticed at the next byte, which matters for a result of
// none.
func (l *listener) gather(p *Pool, now time.Time) bool {
	n := int(min(l.missing, int64(len(l.pending))))
	l.missing -= int64(n)
	if len(l.result)+n <= len(accepted) {
		l.result = append(l.result, l.pending[:n]...)
	} else {
		l.tooLong = true
	}
	l.pending = l.pending[n:]
	if l.missing == 0 {
		l.judge(p, now)
	}
	return true
}

// judge ends the event: "OK" accepts it, everything else rejects it
// (dispatchers.py default_handler).
func (l *listener) judge(p *Pool, now time.Time) {
	l.gathering = false
	if !l.tooLong && string(l.result) == accepted {
		if l.event != nil { // else it died meanwhile, and had to give it back
			p.counts.Handled++
		}
		p.debug("%s: event was processed", l.process)
		l.enter(p, Acknowledged, now)
		l.event = nil
		return
	}
	p.note(supervise.LevelWarn, "%s: event was rejected", l.process)
	l.enter(p, Acknowledged, now)
	l.reject(p, now)
}

// breakOff is what follows a breach of the protocol, of which what is pending is the
// beginning.
func (l *listener) breakOff(p *Pool, now time.Time) {
	l.breaches++
	l.said = beginning(l.pending)
	l.pending = nil
	l.enter(p, Unknown, now)
	p.note(supervise.LevelWarn, "%s: has entered the UNKNOWN state and will no longer receive events, "+
		"this usually indicates the process violated the eventlistener protocol", l.process)
}

// beginning is as much of a breach as is told to people, not cut within a
// character.
func beginning(data []byte) []byte {
	short := data[:min(len(data), maxSaid)]
	if len(short) < len(data) {
		for cut := 1; cut < utf8.UTFMax && cut < len(short); cut++ {
			if utf8.RuneStart(short[len(short)-cut]) && !utf8.FullRune(short[len(short)-cut:]) {
				short = short[:len(short)-cut]
				break
			}
		}
	}
	return slices.Clone(short)
}

func (l *listener) enter(p *Pool, state ListenerState, now time.Time) {
	p.debug("%s: %v -> %v", l.process, l.state, state)
	l.state, l.since = state, now
}

// reject gives back the event the listener has, if it has one.
func (l *listener) reject(p *Pool, now time.Time) {
	if l.event == nil {
		return
	}
	q := *l.event
	l.event = nil
	p.reject(q, now)
}
