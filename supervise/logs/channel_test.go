package logs

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"supervisor/supervise"
)

func TestOutputIsLoggedThenCopiedThenTold(t *testing.T) {
	var order []string
	path := filepath.Join(t.TempDir(), "log")
	c := open(t, NewGate(), Options{
		Process: supervise.NameSpec{Group: "g", Process: "p"}, Channel: supervise.Stderr,
		Path: path, StripANSI: true, Events: true,
		Debug: func(p []byte) { order = append(order, "debug "+string(p)+" of "+read(t, path)) },
		OnEvent: func(event supervise.Event) {
			e := event.(supervise.LogEvent)
			order = append(order, "event "+string(e.Data)+" of "+e.Name.String()+" "+e.Channel.String())
		},
	})
	c.Write([]byte("\x1b[1mhello\x1b[0m"))
	c.Write([]byte("\x1b[1m")) // nothing is left of it, so nobody hears of it
	if want := []string{"debug hello of hello", "event hello of g:p stderr"}; !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
}

func TestEventsOwnTheirBytes(t *testing.T) {
	var event supervise.LogEvent
	c := NewChannel(Options{Events: true, OnEvent: func(e supervise.Event) { event = e.(supervise.LogEvent) }}, NewGate())
	p := []byte("hello")
	c.Write(p)
	copy(p, "*****")
	if string(event.Data) != "hello" {
		t.Errorf("the event says %q", event.Data)
	}
}

func TestEventsNotEnabledAreNotTold(t *testing.T) {
	c := NewChannel(Options{OnEvent: func(e supervise.Event) { t.Errorf("an event: %v", e) }}, NewGate())
	c.Write([]byte("hello"))
	c.Flush()
}

func TestListenerOutputIsHandedOverRaw(t *testing.T) {
	var output, debug string
	path := filepath.Join(t.TempDir(), "log")
	c := open(t, NewGate(), Options{
		Path: path, Listener: true, StripANSI: true, Events: true, Syslog: true, CaptureMaxBytes: 10,
		OnOutput: func(p []byte) { output += string(p) },
		Debug:    func(p []byte) { debug += string(p) },
		OnEvent:  func(e supervise.Event) { t.Errorf("an event: %v", e) },
	})
	const raw = "\x1b[1mREADY\x1b[0m\n" + begin + "x" + end + "\x1b"
	c.Write([]byte(raw[:2]))
	c.Write([]byte(raw[2:]))
	c.Flush()
	if output != raw || debug != raw {
		t.Errorf("output %q, debug %q, want %q", output, debug, raw)
	}
	if got, want := read(t, path), "READY\n"+begin+"x"+end+"\x1b"; got != want {
		t.Errorf("log %q, want %q", got, want)
	}
}

var debugTexts = []struct{ Name, Channel, Text string }{
	{"x", "stdout", "hello\n"},
	{"x", "stderr", "two\nlines\n"},
	{"it's", "stdout", "caf\u00e9"},
}

func TestDebugTextHasTheOriginalsForm(t *testing.T) {
	if got, want := DebugText("x", supervise.Stdout, false, []byte("a\nb")), "'x' stdout output:\na\nb"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := DebugText("x", supervise.Stderr, false, []byte("a\xff")), "'x' stderr output:\nUndecodable: b'a\\xff'"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := DebugText("l", supervise.Stdout, true, []byte("READY\n")), "'l' stdout output:\nb'READY\\n'"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDebugTextAgreesWithTheOriginal(t *testing.T) {
	var want []string
	oracle(t, `
json.dump(['%(name)r %(channel)s output:\n%(data)s' % dict(name=q['Name'], channel=q['Channel'], data=q['Text'])
           for q in input], sys.stdout)`, debugTexts, &want)
	for i, q := range debugTexts {
		channel, _ := supervise.ParseChannel(q.Channel)
		if got := DebugText(q.Name, channel, false, []byte(q.Text)); got != want[i] {
			t.Errorf("%q, the original %q", got, want[i])
		}
	}
}

func TestLinesAreCutWhereverReadsAre(t *testing.T) {
	text := "one\n\ntwo\n" + strings.Repeat("x", 2*lineMax+5) + "\nlast"
	want := []string{"one", "", "two", text[9 : 9+lineMax], text[9 : 9+lineMax], "xxxxx", "last"}
	for i := 0; i < len(text); i += 1 + i/40 { // every byte at first, then some
		var got []string
		var l lines
		line := func(p []byte) { got = append(got, string(p)) }
		l.feed([]byte(text[:i]), line)
		l.feed([]byte(text[i:]), line)
		l.finish(line)
		if !slices.Equal(got, want) {
			t.Fatalf("cut at %d: %d lines: %.100q", i, len(got), got)
		}
	}
}
