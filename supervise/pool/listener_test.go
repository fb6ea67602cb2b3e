package pool

import (
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

// dialogues are what a listener says from a given state on, where it ends, and
// the lines that tell of it.
var dialogues = []struct {
	title string
	busy  bool // it has an event; else it has yet to say READY
	text  string
	end   ListenerState
	said  []string // of the protocol, without the notes about buffers
}{
	{"too little to judge", false, "XXXXX", Acknowledged, nil},
	{"ready", false, "READY\n", Ready, []string{"DEBG l: ACKNOWLEDGED -> READY"}},
	{"something else first", false, "Hello, world\n", Unknown, lost("ACKNOWLEDGED")},
	{"ready in small letters", false, "ready\n", Unknown, lost("ACKNOWLEDGED")},
	{"ready twice", false, "READY\nREADY\n", Unknown, append([]string{"DEBG l: ACKNOWLEDGED -> READY"}, lost("READY")...)},
	{"a blank too many", false, "READY\n\n", Unknown, append([]string{"DEBG l: ACKNOWLEDGED -> READY"}, lost("READY")...)},
	{"part of a result line", true, "RESULT 2", Busy, nil},
	{"part of a result", true, "RESULT 2\nO", Busy, nil},
	{"accepted", true, "RESULT 2\nOK", Acknowledged, processed()},
	{"accepted and ready", true, "RESULT 2\nOKREADY\n", Ready, append(processed(), "DEBG l: ACKNOWLEDGED -> READY")},
	{"the word RESULT is not read", true, "FOOBAR!2\nOK", Acknowledged, processed()},
	{"python's numbers", true, "RESULT \t+0_2 \r\nOK", Acknowledged, processed()},
	{"rejected", true, "RESULT 4\nFAIL", Acknowledged, rejected()},
	{"anything but OK rejects", true, "RESULT 2\nok", Acknowledged, rejected()},
	{"OK and more rejects", true, "RESULT 3\nOK\n", Acknowledged, rejected()},
	{"OK at the end rejects", true, "RESULT 6\nNOT OK", Acknowledged, rejected()},
	{"a result of nothing waits for the next byte", true, "RESULT 0\n", Busy, nil},
	{"a result of nothing rejects", true, "RESULT 0\nREADY\n", Ready, append(rejected(), "DEBG l: ACKNOWLEDGED -> READY")},
	{"no number", true, "garbage\n", Unknown, badLine("garbage")},
	{"no length", true, "RESULT\n", Unknown, badLine("RESULT")},
	{"an empty line", true, "\n", Unknown, badLine("")},
	{"less than nothing", true, "RESULT -1\nOK", Unknown, badLine("RESULT -1")},
	{"a number in words", true, "RESULT two\nOK", Unknown, badLine("RESULT two")},
	{"no text at all", true, "RESULT \xff\nOK", Unknown, badLine(`Undecodable: b'RESULT \xff'`)},
	{"more than will ever come", true, "RESULT 99999999999999999999\nOK", Busy, nil},
	{"a line without end", true, strings.Repeat("9", maxResultLine+1), Unknown, badLine(strings.Repeat("9", maxResultLine+1))},
}

func processed() []string {
	return []string{"DEBG l: event was processed", "DEBG l: BUSY -> ACKNOWLEDGED"}
}

func rejected() []string {
	return []string{"WARN l: event was rejected", "DEBG l: BUSY -> ACKNOWLEDGED"}
}

func badLine(line string) []string {
	return append([]string{"WARN l: bad result line: '" + line + "'"}, lost("BUSY")...)
}

func lost(from string) []string {
	return []string{
		"DEBG l: " + from + " -> UNKNOWN",
		"WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol",
	}
}

// someTime is when all of it happens, where time plays no part.
var someTime = time.Unix(1000, 0)

// converse lets a listener say each piece, and returns what was said of it.
func converse(busy bool, pieces ...string) (*Pool, []string) {
	p := New(Options{Name: "p", Identifier: "supervisor", Events: []supervise.EventType{supervise.EventAny}, BufferSize: 10})
	p.AddListener("l", someTime)
	if busy {
		p.Running("l", true)
		p.Output("l", []byte("READY\n"), someTime)
		Offer(tickAt(0), NewSerials(), someTime, p)
		p.Dispatch(someTime, func(string, []byte) error { return nil })
	}
	var said []string
	for _, piece := range pieces {
		said = append(said, printed(p.Output("l", []byte(piece), someTime))...)
	}
	said = slices.DeleteFunc(said, func(line string) bool { return strings.Contains(line, "rebuffering") })
	return p, said
}

func TestDialogues(t *testing.T) {
	for _, d := range dialogues {
		t.Run(d.title, func(t *testing.T) {
			p, said := converse(d.busy, d.text)
			if got := p.ListenerState("l"); got != d.end || !slices.Equal(said, d.said) {
				t.Fatalf("ends %v, want %v; said\n%s\nwant\n%s",
					got, d.end, strings.Join(said, "\n"), strings.Join(d.said, "\n"))
			}
			wantBack := 0
			if d.busy && (d.end == Unknown || slices.Contains(d.said, "WARN l: event was rejected")) {
				wantBack = 1
			}
			if p.Len() != wantBack {
				t.Fatalf("%d events came back, want %d", p.Len(), wantBack)
			}
		})
	}
}

func TestDialoguesCutAnywhereAreTheSame(t *testing.T) {
	for _, d := range dialogues {
		if len(d.text) > 100 {
			continue // its cuts are in the fuzz
		}
		for first := range len(d.text) + 1 {
			for second := first; second <= len(d.text); second++ {
				p, said := converse(d.busy, d.text[:first], d.text[first:second], d.text[second:])
				if got := p.ListenerState("l"); got != d.end || !slices.Equal(said, d.said) {
					t.Fatalf("%s, cut at %d and %d: ends %v, want %v; said\n%s",
						d.title, first, second, got, d.end, strings.Join(said, "\n"))
				}
			}
		}
		p, said := converse(d.busy, strings.Split(d.text, "")...)
		if d.end != p.ListenerState("l") || !slices.Equal(said, d.said) {
			t.Fatalf("%s, character by character: said\n%s", d.title, strings.Join(said, "\n"))
		}
	}
}

// FuzzListener says anything, whole and in two pieces, and expects the same of
// both, and that a listener cannot make us keep more than a line.
func FuzzListener(f *testing.F) {
	for _, d := range dialogues {
		f.Add(d.busy, d.text, len(d.text)/2)
	}
	f.Fuzz(func(t *testing.T, busy bool, text string, cut int) {
		cut = min(max(cut, 0), len(text))
		whole, said := converse(busy, text)
		pieces, saidInPieces := converse(busy, text[:cut], text[cut:])
		if whole.ListenerState("l") != pieces.ListenerState("l") {
			t.Fatalf("%v whole, %v in pieces", whole.ListenerState("l"), pieces.ListenerState("l"))
		}
		if !tooLongForOne(text) && !slices.Equal(said, saidInPieces) {
			t.Fatalf("whole:\n%s\nin pieces:\n%s", strings.Join(said, "\n"), strings.Join(saidInPieces, "\n"))
		}
		for _, l := range []*listener{whole.listeners[0], pieces.listeners[0]} {
			if len(l.pending) > maxResultLine || len(l.result) > len(accepted) {
				t.Fatalf("%d bytes pending and %d of a result kept", len(l.pending), len(l.result))
			}
			if (l.event != nil) != (l.state == Busy) {
				t.Fatalf("%v with event %v", l.state, l.event)
			}
		}
	})
}

// tooLongForOne tells that a line may be given up before its end is seen, so that
// the note quotes as much of it as had come.
func tooLongForOne(text string) bool {
	return slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return len(line) > maxResultLine })
}

func TestFloodOfAnUnknownListenerIsNotKept(t *testing.T) {
	p, _ := converse(false, "no protocol\n")
	for range 1000 {
		if notes := p.Output("l", make([]byte, 64<<10), someTime); notes != nil {
			t.Fatalf("said %q", printed(notes))
		}
	}
	if l := p.listeners[0]; cap(l.pending) > 0 {
		t.Fatalf("%d bytes kept", cap(l.pending))
	}
}

func TestHugeResultIsCountedAndNotKept(t *testing.T) {
	p, _ := converse(true, "RESULT 10000000\n")
	for range 10 {
		p.Output("l", make([]byte, 1_000_000), someTime)
	}
	if got := p.ListenerState("l"); got != Acknowledged || p.Len() != 1 {
		t.Fatalf("%v, %d events came back", got, p.Len())
	}
}
