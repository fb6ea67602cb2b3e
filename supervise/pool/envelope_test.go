package pool

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"supervisor/supervise"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// TestEnvelopesAreTheGoldenOnes prints one event of every kind. That they are the
// original's is shown by TestAgreesWithTheOriginal; here they can be read.
func TestEnvelopesAreTheGoldenOnes(t *testing.T) {
	name := supervise.NameSpec{Group: "cats", Process: "cat_00"}
	state := func(from, to supervise.State) supervise.Event {
		return supervise.StateEvent{Name: name, From: from, To: to, PID: 2766, Tries: 2, Expected: to == supervise.StateExited}
	}
	event := []supervise.Event{
		state(supervise.StateStopped, supervise.StateStarting),
		state(supervise.StateStarting, supervise.StateRunning),
		state(supervise.StateStarting, supervise.StateBackoff),
		state(supervise.StateRunning, supervise.StateStopping),
		state(supervise.StateRunning, supervise.StateExited),
		supervise.StateEvent{Name: name, From: supervise.StateRunning, To: supervise.StateExited, PID: 2766},
		state(supervise.StateStopping, supervise.StateStopped),
		supervise.StateEvent{Name: name, From: supervise.StateBackoff, To: supervise.StateStopped},
		state(supervise.StateBackoff, supervise.StateFatal),
		state(supervise.StateStopping, supervise.StateUnknown),
		supervise.LogEvent{Name: name, PID: 2766, Channel: supervise.Stdout, Data: []byte("a line\n")},
		supervise.LogEvent{Name: name, PID: 2766, Channel: supervise.Stderr, Data: []byte("café")},
		supervise.LogEvent{Name: name, PID: 2766, Channel: supervise.Stderr, Data: []byte("caf\xc3\xa9 \xff x\n")},
		supervise.CommunicationEvent{Name: name, PID: 2766, Channel: supervise.Stdout, Data: []byte("between the tokens")},
		supervise.CommunicationEvent{Name: name, PID: 2766, Channel: supervise.Stderr, Data: []byte("it's \xfe")},
		supervise.RemoteEvent{Kind: "mytype", Data: "my data é\nline2"},
		supervise.MoodEvent{Mood: supervise.MoodRunning},
		supervise.MoodEvent{Mood: supervise.MoodRestarting},
		supervise.TickEvent{Period: 5 * time.Second, When: time.Unix(1795357625, 0)},
		supervise.TickEvent{Period: time.Minute, When: time.Unix(1795357620, 0)},
		supervise.TickEvent{Period: time.Hour, When: time.Unix(1795356000, 0)},
		supervise.GroupEvent{Group: "newp", Added: true},
		supervise.GroupEvent{Group: "newp"},
	}
	var got bytes.Buffer
	for i, e := range event {
		o := Options{Name: "listener", Identifier: "supervisor"}
		fmt.Fprintf(&got, "---- %T\n%s\n", e, o.envelope(queued{event: e, serial: int64(100 + i), number: int64(i)}))
	}
	const path = "testdata/envelopes.golden"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read the golden file (make it with -update): %v", err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("got\n%s\nwant\n%s\n(-update accepts the change)", got.Bytes(), want)
	}
}

// TestLenCountsWhatTheListenerCounts has the example of the documentation: 27
// characters, 28 bytes.
func TestLenCountsWhatTheListenerCounts(t *testing.T) {
	event := supervise.RemoteEvent{Kind: "mytype", Data: "my data é\nline2"}
	for _, c := range []struct {
		inBytes bool
		want    string
	}{{false, " len:27\n"}, {true, " len:28\n"}} {
		o := Options{Name: "p", Identifier: "supervisor", PayloadBytes: c.inBytes}
		if got := o.envelope(queued{event: event}); !bytes.Contains(got, []byte(c.want)) {
			t.Errorf("PayloadBytes %v: no %q in %q", c.inBytes, c.want, got)
		}
	}
}
