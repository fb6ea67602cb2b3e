package listener

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/pool"
)

// everyEvent is one event of each kind, and those that are easily got wrong.
func everyEvent() []supervise.Event {
	name := supervise.NameSpec{Group: "cats", Process: "cat_00"}
	return []supervise.Event{
		supervise.StateEvent{Name: name, From: supervise.StateStopped, To: supervise.StateStarting, Tries: 2},
		supervise.StateEvent{Name: name, From: supervise.StateStarting, To: supervise.StateRunning, PID: 2766},
		supervise.StateEvent{Name: name, From: supervise.StateStarting, To: supervise.StateBackoff, Tries: 3},
		supervise.StateEvent{Name: name, From: supervise.StateRunning, To: supervise.StateStopping, PID: 2766},
		supervise.StateEvent{Name: name, From: supervise.StateRunning, To: supervise.StateExited, PID: 2766, Expected: true},
		supervise.StateEvent{Name: name, From: supervise.StateRunning, To: supervise.StateExited, PID: 2766},
		supervise.StateEvent{Name: name, From: supervise.StateBackoff, To: supervise.StateStopped},
		supervise.StateEvent{Name: name, From: supervise.StateBackoff, To: supervise.StateFatal},
		supervise.StateEvent{Name: name, From: supervise.StateStopping, To: supervise.StateUnknown},
		supervise.LogEvent{Name: name, PID: 2766, Channel: supervise.Stdout, Data: []byte("a line\nand: another\r\n\n")},
		supervise.LogEvent{Name: name, PID: 2766, Channel: supervise.Stderr, Data: []byte("café, 日本, 🐈 and \x00")},
		supervise.LogEvent{Name: name, PID: 2766, Channel: supervise.Stdout, Data: []byte{}},
		supervise.CommunicationEvent{Name: name, PID: 2766, Channel: supervise.Stdout, Data: []byte("READY\nver:3.0 len:5\n")},
		supervise.CommunicationEvent{Name: name, PID: 2766, Channel: supervise.Stderr, Data: []byte("ends in é")},
		supervise.RemoteEvent{Kind: "mytype", Data: "my data é\nline2"},
		supervise.RemoteEvent{Kind: "a type: of words", Data: "\uFFFD"},
		supervise.RemoteEvent{},
		supervise.MoodEvent{Mood: supervise.MoodRunning},
		supervise.MoodEvent{Mood: supervise.MoodShutdown},
		supervise.TickEvent{Period: 5 * time.Second, When: time.Unix(1795357625, 0)},
		supervise.TickEvent{Period: time.Minute, When: time.Unix(1795357620, 0)},
		supervise.TickEvent{Period: time.Hour, When: time.Unix(1795356000, 0)},
		supervise.GroupEvent{Group: "newp", Added: true},
		supervise.GroupEvent{Group: "newp"},
	}
}

// envelopes is what supervisord's own pool writes to a listener that takes every
// event at once.
func envelopes(t testing.TB, o pool.Options, events ...supervise.Event) [][]byte {
	t.Helper()
	o.Events, o.BufferSize = []supervise.EventType{supervise.EventAny}, len(events)
	p, serials := pool.New(o), pool.NewSerials()
	p.AddListener("l", time.Now())
	p.Spawned("l", time.Now())
	p.Running("l", true)
	var all [][]byte
	for _, event := range events {
		p.Output("l", []byte(ready), time.Now())
		pool.Offer(event, serials, time.Now(), p)
		p.Dispatch(time.Now(), func(_ string, envelope []byte) error {
			all = append(all, envelope)
			return nil
		})
		p.Output("l", []byte(accepted), time.Now())
	}
	if len(all) != len(events) {
		t.Fatalf("the pool wrote %d events of %d", len(all), len(events))
	}
	return all
}

func readAll(in io.Reader, length Length) (events []Event, err error) {
	r := newReader(in, length)
	for {
		event, err := r.next()
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
}

func TestWhatThePoolWritesIsReadBack(t *testing.T) {
	for _, c := range []struct {
		name   string
		length Length
		o      pool.Options
	}{
		{"characters", LengthInCharacters, pool.Options{Name: "watch", Identifier: "supervisor"}},
		{"bytes", LengthInBytes, pool.Options{Name: "watch", Identifier: "supervisor", PayloadBytes: true}},
		{"an identifier with blanks", LengthInCharacters, pool.Options{Name: "watch", Identifier: "the big machine"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := everyEvent()
			stream := bytes.Join(envelopes(t, c.o, sent...), nil)
			got, err := readAll(iotest.OneByteReader(bytes.NewReader(stream)), c.length)
			if !errors.Is(err, io.EOF) || len(got) != len(sent) {
				t.Fatalf("%d events of %d were read: %v", len(got), len(sent), err)
			}
			for i, event := range got {
				want := Event{
					Version: "3.0", Server: c.o.Identifier, Serial: int64(i), Pool: "watch", PoolSerial: int64(i),
					Type: sent[i].Type(), Payload: event.Payload,
				}
				if event != want {
					t.Errorf("header %+v, want %+v", event, want)
				}
				if details := event.Details(); !reflect.DeepEqual(details, sent[i]) {
					t.Errorf("%q is\n%#v, want\n%#v", event.Payload, details, sent[i])
				}
			}
		})
	}
}

// TestAnEventIsReadWhereverItIsCut reads a stream in two pieces, cut at each byte:
// each event must be there as soon as its last byte is.
func TestAnEventIsReadWhereverItIsCut(t *testing.T) {
	for _, length := range []Length{LengthInCharacters, LengthInBytes} {
		o := pool.Options{Name: "watch", Identifier: "supervisor", PayloadBytes: length == LengthInBytes}
		pieces := envelopes(t, o, everyEvent()...)
		whole, err := readAll(bytes.NewReader(bytes.Join(pieces, nil)), length)
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		for i, piece := range pieces {
			for cut := range piece {
				in := newReader(io.MultiReader(bytes.NewReader(piece[:cut]), bytes.NewReader(piece[cut:]), &mustNotRead{t}), length)
				if got, err := in.next(); err != nil || got != whole[i] {
					t.Fatalf("event %d cut at %d: %+v, %v", i, cut, got, err)
				}
			}
			for cut := 1; cut < len(piece); cut++ {
				events, err := readAll(bytes.NewReader(piece[:cut]), length)
				if len(events) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("the first %d bytes of event %d: %+v, %v", cut, i, events, err)
				}
			}
		}
	}
}

// mustNotRead is a stream on which supervisord has said nothing yet.
type mustNotRead struct{ t *testing.T }

func (m *mustNotRead) Read([]byte) (int, error) {
	m.t.Error("more was read than the event")
	return 0, io.EOF
}

func TestAHeaderThatIsNoneIsSaid(t *testing.T) {
	const good = "ver:3.0 server:s serial:1 pool:p poolserial:2 eventname:TICK_5 len:0\n"
	for _, c := range []struct{ name, in, want string }{
		{"garbage", "hello\n", `b'hello' does not begin with ver:`},
		{"the end of a payload", "é" + good, `does not begin with ver: (if it is the end of a payload, Options.Length`},
		{"no length", "ver:3.0 server:s serial:1 pool:p poolserial:2 eventname:TICK_5\n", "no len that is a number"},
		{"a negative length", strings.Replace(good, "len:0", "len:-1", 1), "no len that is a number"},
		{"a length beyond numbers", strings.Replace(good, "len:0", "len:99999999999999999999", 1), "no len that is a number"},
		{"no serial", strings.Replace(good, "serial:1 ", "", 1), "no serial that is a number"},
		{"a pool's serial that is none", strings.Replace(good, "poolserial:2", "poolserial:x", 1), "no poolserial that is a number"},
		{"no newline, ever", strings.Repeat("ver:3.0 ", maxHeader), "no newline within 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, err := readAll(strings.NewReader(c.in), LengthInCharacters)
			if err == nil || !strings.Contains(err.Error(), c.want) || len(events) > 0 || len(err.Error()) > 400 {
				t.Errorf("%+v, %v", events, err)
			}
		})
	}
}

// TestTokensMayComeInAnyOrderAndWithOthers because the protocol names them.
func TestTokensMayComeInAnyOrderAndWithOthers(t *testing.T) {
	const in = "ver:4.0 colour:blue len:2 eventname:SOMETHING_NEW poolserial:2 pool:p serial:1 server:s\nhi"
	events, err := readAll(strings.NewReader(in), LengthInCharacters)
	want := Event{Version: "4.0", Server: "s", Serial: 1, Pool: "p", PoolSerial: 2, Type: "SOMETHING_NEW", Payload: "hi"}
	if !errors.Is(err, io.EOF) || !slices.Equal(events, []Event{want}) {
		t.Errorf("%+v, %v", events, err)
	}
	if details := want.Details(); details != nil {
		t.Errorf("details of an unknown type: %#v", details)
	}
}

func TestAPayloadThatCannotBeReadHasNoDetails(t *testing.T) {
	for _, e := range []Event{
		{Type: supervise.EventProcessStateExited},
		{Type: supervise.EventProcessStateExited, Payload: "processname:a groupname:b"},
		{Type: supervise.EventProcessStateExited, Payload: "processname:a groupname:b from_state:ASLEEP"},
		{Type: supervise.EventProcessStateExited, Payload: "groupname:b from_state:RUNNING"},
		{Type: "PROCESS_STATE_ASLEEP", Payload: "processname:a groupname:b from_state:RUNNING"},
		{Type: supervise.EventProcessState, Payload: "processname:a groupname:b from_state:RUNNING"},
		{Type: supervise.EventProcessLogOut, Payload: "processname:a groupname:b pid:1 channel:stdout"},
		{Type: supervise.EventProcessLogOut, Payload: "processname:a groupname:b pid:1 channel:air\n"},
		{Type: supervise.EventProcessCommunicationOut, Payload: "processname:a pid:1\n"},
		{Type: supervise.EventRemoteCommunication, Payload: "type:a"},
		{Type: supervise.EventRemoteCommunication, Payload: "kind:a\n"},
		{Type: supervise.EventTick5, Payload: "when:now"},
		{Type: supervise.EventProcessGroupAdded, Payload: "group\n"},
	} {
		if details := e.Details(); details != nil {
			t.Errorf("%+v has %#v", e, details)
		}
	}
}

func TestTheEnvironmentSaysWhatTheLengthCounts(t *testing.T) {
	for said, want := range map[string]bool{"bytes": true, "characters": false, "": false} {
		t.Setenv("SUPERVISOR_PAYLOAD_LENGTH", said)
		if got := LengthFromEnvironment.inBytes(); got != want {
			t.Errorf("%q: in bytes %v", said, got)
		}
		if LengthInCharacters.inBytes() || !LengthInBytes.inBytes() {
			t.Errorf("%q overrules what was said", said)
		}
	}
}

// TestALengthAloneTakesNoMemory has a header that promises more than there is room
// for anywhere.
func TestALengthAloneTakesNoMemory(t *testing.T) {
	for _, length := range []Length{LengthInCharacters, LengthInBytes} {
		in := "ver:3.0 server:s serial:1 pool:p poolserial:2 eventname:TICK_5 len:9223372036854775807\nwhen:5"
		if _, err := readAll(strings.NewReader(in), length); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	}
}

// FuzzReader reads whatever comes, at once and byte by byte: it must be the same,
// and what was read must be what was there.
func FuzzReader(f *testing.F) {
	for _, inBytes := range []bool{false, true} {
		for _, piece := range envelopes(f, pool.Options{Name: "watch", Identifier: "supervisor", PayloadBytes: inBytes}, everyEvent()...) {
			f.Add(piece, inBytes)
		}
	}
	f.Add([]byte("ver:3.0 serial:0 poolserial:0 len:3\n\xffa\xc3"), false)
	f.Fuzz(func(t *testing.T, in []byte, inBytes bool) {
		length := LengthInCharacters
		if inBytes {
			length = LengthInBytes
		}
		whole, err := readAll(bytes.NewReader(in), length)
		pieces, errOfPieces := readAll(iotest.OneByteReader(bytes.NewReader(in)), length)
		if !slices.Equal(whole, pieces) || err.Error() != errOfPieces.Error() {
			t.Fatalf("at once %+v, %v; byte by byte %+v, %v", whole, err, pieces, errOfPieces)
		}
		rest := in
		for _, event := range whole {
			event.Details()
			_, after, found := bytes.Cut(rest, []byte("\n"))
			if !found || !bytes.HasPrefix(after, []byte(event.Payload)) {
				t.Fatalf("%q is not what follows the header in %q", event.Payload, rest)
			}
			rest = after[len(event.Payload):]
		}
	})
}
