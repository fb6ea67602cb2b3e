package logs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"supervisor/supervise"
)

const (
	begin = "<!--XSUPERVISOR:BEGIN-->"
	end   = "<!--XSUPERVISOR:END-->"
)

// heard is what a channel in memory made of its input.
type heard struct {
	log      string
	payloads []string
	events   string // the data of all log events, one after another
}

func hear(options Options, pieces ...[]byte) heard {
	var h heard
	options.RingMaxBytes = 1 << 20
	options.OnEvent = func(event supervise.Event) {
		switch e := event.(type) {
		case supervise.CommunicationEvent:
			h.payloads = append(h.payloads, string(e.Data))
		case supervise.LogEvent:
			h.events += string(e.Data)
		default:
			panic(fmt.Sprintf("%T is none of a channel's events", event))
		}
	}
	c := NewChannel(options, NewGate())
	for _, p := range pieces {
		c.Write(p)
	}
	c.Flush()
	h.log = string(c.memory.contents())
	return h
}

func (h heard) equal(other heard) bool {
	return h.log == other.log && h.events == other.events && slices.Equal(h.payloads, other.payloads)
}

var captures = []struct {
	name, text string
	want       heard
}{
	{"no token", "hello\n", heard{log: "hello\n", events: "hello\n"}},
	{"one capture", "a" + begin + "data" + end + "b", heard{"ab", []string{"data"}, "adatab"}},
	{"an empty capture", begin + end, heard{"", []string{""}, ""}},
	{"two captures", begin + "1" + end + "-" + begin + "2" + end, heard{"-", []string{"1", "2"}, "1-2"}},
	{"a nested BEGIN is data", begin + "x" + begin + "y" + end + "z", heard{"z", []string{"x" + begin + "y"}, "x" + begin + "yz"}},
	{"a stray END is text", "a" + end + "b", heard{log: "a" + end + "b", events: "a" + end + "b"}},
	{"fewer bytes than a token has", "short", heard{log: "short", events: "short"}},
	{"the beginning of a token at the end", "x" + begin[:20], heard{log: "x" + begin[:20], events: "x" + begin[:20]}},
	{"a token begun twice", "<!--XSUP" + begin + "d" + end, heard{"<!--XSUP", []string{"d"}, "<!--XSUPd"}},
	{"a token broken off", begin[:23] + "!" + "<", heard{log: begin[:23] + "!<", events: begin[:23] + "!<"}},
	{"a capture without an end", "a" + begin + "last words", heard{log: "alast words", events: "alast words"}},
	{"half an END at the end", begin + "data" + end[:10], heard{log: "data" + end[:10], events: "data" + end[:10]}},
	{"escape codes within", begin + "\x1b[1mbold\x1b[0m" + end, heard{"", []string{"bold"}, "bold"}},
	{"an escape cut off by a token", "a\x1b" + begin + "b\x1b" + end + "[1mc", heard{"a\x1b[1mc", []string{"b\x1b"}, "a\x1bb\x1b[1mc"}},
}

var captureOptions = Options{
	Process:         supervise.NameSpec{Group: "g", Process: "p"},
	CaptureMaxBytes: 100, Events: true, StripANSI: true,
}

func TestCaptureDividesOutputAtTheTokens(t *testing.T) {
	for _, test := range captures {
		if got := hear(captureOptions, []byte(test.text)); !got.equal(test.want) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestCaptureDoesNotCareWhereReadsCut(t *testing.T) {
	for _, test := range captures {
		text := []byte(test.text)
		for i := range len(text) + 1 {
			if got := hear(captureOptions, text[:i], text[i:]); !got.equal(test.want) {
				t.Errorf("%s, cut at %d:\n got %q\nwant %q", test.name, i, got, test.want)
			}
		}
		if got := hear(captureOptions, bytes.SplitAfter(text, nil)...); !got.equal(test.want) {
			t.Errorf("%s, byte by byte:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestCaptureKeepsAPayloadBeyondItsLimitWhole(t *testing.T) {
	// As the original does for a payload that comes in one read.
	data := strings.Repeat("0123456789", 10)
	got := hear(Options{CaptureMaxBytes: 10}, []byte(begin+data+end))
	if len(got.payloads) != 1 || got.payloads[0] != data {
		t.Errorf("payloads %q, want the one of %d bytes", got.payloads, len(data))
	}
}

func TestCaptureThatNeverEndsIsBounded(t *testing.T) {
	c := NewChannel(Options{CaptureMaxBytes: 10}, NewGate())
	c.Write([]byte(begin))
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for range 100 {
		c.Write(chunk)
	}
	if n := len(c.capture.ring.buf); n > captureFloor {
		t.Errorf("a capture holds %d bytes, more than %d", n, captureFloor)
	}
}

func TestClearForgetsWhatIsBeingCaptured(t *testing.T) {
	var payload []byte
	c := NewChannel(Options{CaptureMaxBytes: 100, OnEvent: func(e supervise.Event) {
		payload = e.(supervise.CommunicationEvent).Data
	}}, NewGate())
	c.Write([]byte(begin + "old"))
	if err := c.Clear(); err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("new" + end))
	if string(payload) != "new" {
		t.Errorf("payload %q, want %q", payload, "new")
	}
}

func TestNextIncarnationBeginsOutsideACapture(t *testing.T) {
	c := NewChannel(Options{CaptureMaxBytes: 100}, NewGate())
	c.Write([]byte(begin + "1"))
	c.Flush()
	c.Write([]byte("2" + end))
	c.Flush()
	if got, want := string(c.memory.contents()), "12"+end; got != want {
		t.Errorf("log %q, want %q", got, want)
	}
}

// divide is the plainest possible reading of the rule, for the whole text at once.
func divide(text string) (h heard) {
	for {
		before, rest, found := strings.Cut(text, begin)
		h.log += before
		h.events += before
		if !found {
			return h
		}
		payload, rest, found := strings.Cut(rest, end)
		h.events += payload
		if !found {
			h.log += payload
			return h
		}
		h.payloads = append(h.payloads, payload)
		text = rest
	}
}

func FuzzCapture(f *testing.F) {
	for _, test := range captures {
		f.Add([]byte(test.text), 5, 9)
	}
	f.Fuzz(func(t *testing.T, text []byte, i, j int) {
		i, j = within(i, len(text)), within(j, len(text))
		i, j = min(i, j), max(i, j)
		want := divide(string(text))
		options := Options{CaptureMaxBytes: 1 << 20, Events: true}
		if got := hear(options, text[:i], text[i:j], text[j:]); !got.equal(want) {
			t.Fatalf("%q cut at %d and %d:\n got %q\nwant %q", text, i, j, got, want)
		}
	})
}

func TestCaptureAgreesWithTheOriginal(t *testing.T) {
	// Text after the last token lets the original look at all that came before;
	// what it loses when a capture never ends is not compared.
	const after = " and thirty bytes of more text\n"
	var texts []string
	for _, test := range captures {
		if strings.LastIndex(test.text, begin) <= strings.LastIndex(test.text, end) {
			texts = append(texts, test.text+after)
		}
	}
	var want []struct {
		Log, Events string
		Payloads    []string
	}
	oracle(t, `
from types import SimpleNamespace
from supervisor import events, loggers
from supervisor.dispatchers import POutputDispatcher
answers = []
for text in input:
    answer = dict(Log='', Events='', Payloads=[])
    def hear(event, answer=answer):
        if isinstance(event, events.ProcessCommunicationEvent): answer['Payloads'].append(event.data.decode())
        else: answer['Events'] += event.data.decode()
    options = SimpleNamespace(getLogger=loggers.getLogger, loglevel=50, strip_ansi=True, logger=loggers.getLogger(50),
                              readfd=lambda fd, text=text: text.encode())
    config = SimpleNamespace(options=options, name='p', stdout_logfile=None, stdout_logfile_maxbytes=0, stdout_logfile_backups=0,
                             stdout_syslog=False, stdout_capture_maxbytes=100, stdout_events_enabled=True, stderr_events_enabled=False)
    events.callbacks[:] = [(events.Event, hear)]
    d = POutputDispatcher(SimpleNamespace(config=config, pid=1), events.ProcessCommunicationStdoutEvent, 0)
    log = loggers.getLogger(); loggers.handle_boundIO(log, '%(message)s')
    d.normallog = d.childlog = log
    d.handle_read_event()
    answer['Log'] = log.getvalue().decode()
    answers.append(answer)
json.dump(answers, sys.stdout)`, texts, &want)
	for i, text := range texts {
		got := hear(captureOptions, []byte(text))
		if other := (heard{want[i].Log, want[i].Payloads, want[i].Events}); !got.equal(other) {
			t.Errorf("%q:\n         got %q\nthe original %q", text, got, other)
		}
	}
}
