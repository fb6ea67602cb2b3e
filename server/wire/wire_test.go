package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

var api = supervise.ProcessInfo{
	ID: 7, Group: "web", Name: "api-0", State: supervise.StateRunning, PID: 4711,
	Start: noon, Since: noon.Add(time.Second), Expected: true, MaxTries: 3, Restarts: 2,
	StdoutLog: "/var/log/supervisor/api-0.log",
}

var broken = supervise.ProcessInfo{
	ID: 8, Group: "web", Name: `"><b>`, State: supervise.StateBackoff,
	Start: noon, Stop: noon.Add(time.Second), Since: noon.Add(time.Second), Next: noon.Add(3 * time.Second),
	TooSoon: -1, ExitSignal: 9, SpawnErr: "Exited too quickly (process log may have details)", Tries: 2, MaxTries: 3,
}

// ordered is on its way down because somebody said so.
var ordered = supervise.ProcessInfo{
	ID: 9, Group: "web", Name: "api-1", State: supervise.StateStopping, PID: 4712,
	Start: noon, Since: noon.Add(time.Minute), Next: noon.Add(70 * time.Second), MaxTries: 3, Order: supervise.OrderRestart, By: "boris",
}

func rows(infos ...supervise.ProcessInfo) []json.RawMessage {
	var out []json.RawMessage
	for _, info := range infos {
		out = append(out, NewRow(info).For(63))
	}
	return out
}

// used is a sample of a system that does not tell the number of descriptors.
var used = supervise.Usage{
	PID: 4711, CPU: 12.3456, CPUTime: 90*time.Second + 126*time.Millisecond, Memory: 391 << 20,
	Descriptors: supervise.Unmeasured, Threads: 9, Processes: 3,
}

func columns(samples ...supervise.Usage) Columns {
	var c Columns
	for _, u := range samples {
		c.Add(u)
	}
	return c
}

func measured() ProcessMetrics {
	m := NewProcessMetrics(FromUsage(used), noon, time.Hour, 10*time.Second)
	m.AddPoint(supervise.UsagePoint{At: noon.Add(-10 * time.Second), Usage: supervise.Usage{PID: 4000, CPU: supervise.Unmeasured, Memory: 1 << 20, Descriptors: 4, Threads: 1, Processes: 1}})
	m.AddPoint(supervise.UsagePoint{At: noon, Usage: used})
	return m
}

func ptr[T any](v T) *T { return &v }

// TestGoldenServerFrames writes every kind of frame the way browsers get it;
// the tests of the page parse the same files.
func TestGoldenServerFrames(t *testing.T) {
	groups := []Group{FromGroup(supervise.GroupInfo{Name: "web", Priority: 999}), {Name: "hooks", Priority: -1, Listener: true}}
	covered := map[string]bool{}
	for _, tt := range []struct {
		name  string
		frame ServerFrame
	}{
		{"welcome", Welcome{V: Version, SID: "q3k9", Epoch: "a1b2c3d4", Now: noon.UnixMilli(), HB: 10, Build: "0.1.0", Identifier: "supervisor", User: User{Name: "ann", Caps: 256}, Limits: Limits{Subs: 64, Logs: 16, Win: 262144}}},
		{"ok", OK{ID: 1}},
		{"err", Err{ID: ptr(2), Code: 404, Msg: "BAD_NAME: web:gone"}},
		{"err-socket", Err{Code: 429, Msg: "too many frames", Retry: 1}},
		{"snap", Snap{ID: 1, Epoch: "a1b2c3d4", Seq: 42, Rows: rows(api, broken), Groups: groups}},
		{"snap-part", Snap{ID: 1, Epoch: "a1b2c3d4", Seq: 42, Part: 2, Of: 2, Rows: rows(broken)}},
		{"snap-empty", Snap{ID: 1, Epoch: "a1b2c3d4", Rows: []json.RawMessage{}}},
		{"delta", Delta{ID: 1, Prev: 42, Seq: 45, Rows: rows(api)}},
		{"delta-order", Delta{ID: 1, Prev: 45, Seq: 46, Rows: []json.RawMessage{NewRow(ordered).For(everything), NewRow(ordered).For(1)}}},
		{"delta-groups", Delta{ID: 1, Prev: 45, Seq: 46, Del: []int{7, 8}, Groups: groups[1:]}},
		{"delta-none-left", Delta{ID: 1, Prev: 46, Seq: 47, Del: []int{9}, Groups: []Group{}}},
		{"server", Supervisor{ID: 3, Mood: FromMood(supervise.MoodShutdown), User: User{Name: "ann"}, Problems: FromProblems([]supervise.Problem{{Code: supervise.TrailUnwritable, Place: "/var/lib/supervisor/audit.log", Why: "no space left on device; 2 entries are missing", At: noon, Text: "the trail of who did what cannot be written since 12:00:00: no space left on device; 2 entries are missing"}})}},
		{"metrics", Metrics{ID: 6, At: noon.UnixMilli(), IDs: []int{7, 8}, Columns: columns(used, supervise.NoUsage)}},
		{"metrics-none", Metrics{ID: 6, At: noon.UnixMilli(), IDs: []int{}}},
		{"recent", Recent{ID: 6, At: noon.UnixMilli(), Step: 2000, IDs: []int{7}, CPU: []Figures{{Unmeasured, 0, 12.5}}, Memory: []Figures{{Unmeasured, 4096, 8192}}}},
		{"events", Happened{ID: 8, Epoch: "h4pp3n3d", Prev: 4, Seq: 9, Entries: []ActivityEntry{
			{At: noon.UnixMilli(), Event: &Event{Kind: EventState, Seq: 46, At: noon.UnixMilli(), Type: "PROCESS_STATE_STOPPING", Group: "web", Name: "api-0", From: "RUNNING", To: "STOPPING", PID: 4711}},
			{At: noon.UnixMilli(), Act: &TrailEntry{N: 17, Time: "2026-01-31T12:00:00.000Z", User: "ann", Verb: "stop", Target: "web:api-0", Programs: []string{"web:api-0"}, Result: "ok"}},
		}}},
		{"events-missed", Happened{ID: 8, Epoch: "h4pp3n3d", Prev: 9, Seq: 5000, Missed: true, Entries: []ActivityEntry{}}},
		{"log", Log{ID: 4, Epoch: "a1b2c3d4", Off: 100, End: 143, Lines: Lines{"GET / 200", "\x1b[31mred\x1b[0m <b>", "caf\xe9 \xed\xb2\x80 π😀"}}},
		{"log-open", Log{ID: 4, Epoch: "a1b2c3d4", Off: 143, End: 146, Lines: Lines{"10%"}, Open: true}},
		{"log-at", Log{ID: 4, Epoch: "a1b2c3d4", Off: 152, End: 160, Lines: Lines{"one", "two"}, At: Times{{1, 1769860800000}}}},
		{"log-cont", Log{ID: 4, Epoch: "a1b2c3d4", Off: 146, End: 152, Lines: Lines{"\r100%"}, Cont: true}},
		{"gap", Gap{ID: 4, From: 152, To: 9000, Why: GapSlow}},
		{"mark", Mark{ID: 4, Off: 9000, Why: MarkCleared, At: noon.UnixMilli()}},
		{"count", Count{ID: 4, End: 12000, Bytes: 3000, Lines: 70, Rate: 1500}},
		{"hb", HB{Now: noon.UnixMilli()}},
		{"pong", Pong{N: 5, Now: noon.UnixMilli()}},
		{"bye", Bye{Code: 1012, Why: "restart", RetryAfter: 2}},
	} {
		covered[tt.frame.Kind()] = true
		golden(t, filepath.Join("frames", tt.name+".json"), Encode(tt.frame))
	}
	for _, frame := range ServerFrames {
		if !covered[frame.Kind()] {
			t.Errorf("no golden file for %q", frame.Kind())
		}
	}
}

// TestClientFramesSurviveTheTrip also keeps what a browser sends as files, which
// the tests of the page compare with what it writes.
func TestClientFramesSurviveTheTrip(t *testing.T) {
	covered := map[string]bool{}
	for _, tt := range []struct {
		name  string
		frame ClientFrame
	}{
		{"hello", Hello{V: Version, Build: "0.1.0"}},
		{"sub-state", Sub{ID: 1, Topic: TopicState}},
		{"sub-state-resume", Sub{ID: 1, Topic: TopicState, From: &From{Epoch: "a1b2c3d4", Seq: ptr(uint64(42))}}},
		{"sub-log", Sub{ID: 4, Topic: TopicLog, Proc: "web:api-0", Ch: "stderr", From: &From{Tail: ptr(int64(65536))}, Win: 65536}},
		{"sub-mainlog", Sub{ID: 5, Topic: TopicMainLog, From: &From{Epoch: "a1b2c3d4", Off: ptr(int64(0))}, Mode: ModeCount}},
		{"sub-metrics", Sub{ID: 6, Topic: TopicMetrics, IDs: []int{7, 8}, HZ: 0.2}},
		{"sub-events", Sub{ID: 8, Topic: TopicEvents, From: &From{Epoch: "h4pp3n3d", Seq: ptr(uint64(9))}, Types: []EventKind{EventAct, EventTrouble}, Program: "web:*", User: "ann"}},
		{"set-metrics", Set{ID: 6, IDs: []int{9}}},
		{"set-metrics-none", Set{ID: 6, IDs: []int{}, HZ: 2}},
		{"set", Set{ID: 4, Mode: ModeFollow, From: &From{Off: ptr(int64(9000))}}},
		{"ack", Ack{ID: 4, Off: 143}},
		{"unsub", Unsub{ID: 4}},
		{"ping", Ping{N: 5}},
	} {
		covered[tt.frame.Kind()] = true
		text := EncodeClient(tt.frame)
		golden(t, filepath.Join("frames", "client-"+tt.name+".json"), text)
		back, err := DecodeClient(text)
		if err != nil || !reflect.DeepEqual(back, tt.frame) {
			t.Errorf("%s came back as %+v, %v", text, back, err)
		}
	}
	for _, frame := range ClientFrames {
		if !covered[frame.Kind()] {
			t.Errorf("no golden file for %q", frame.Kind())
		}
	}
}

func TestGoldenBodies(t *testing.T) {
	user := User{Name: "ann", Caps: 256}
	identity := FromIdentity(supervise.Identity{Identifier: "supervisor", Version: "0.1.0", PID: 1, ConfigFile: "/etc/supervisord.conf", Host: "box", Started: noon})
	identity.Mood, identity.Epoch, identity.User = "RUNNING", "a1b2c3d4", user
	fault := FromFault(supervise.Fault{Code: supervise.FaultBadName, Detail: "web:gone"})
	for _, tt := range []struct {
		name string
		body any
	}{
		{"boot", Boot{Version: "0.1.0", Base: "/", Identifier: "supervisor", Host: "box", User: &user}},
		{"boot-nobody", Boot{Version: "0.1.0", Base: "/sup/"}},
		{"identity", identity},
		{"processes", ProcessList{Epoch: "a1b2c3d4", Seq: 42, At: noon.UnixMilli(), Mood: "RUNNING", Groups: []Group{{Name: "web", Priority: 999}}, Processes: []ListedProcess{{Process: FromProcess(api, 63), Usage: FromUsage(used)}, {Process: FromProcess(broken, 63), Usage: FromUsage(supervise.NoUsage)}}}},
		{"process", FromDetail(api, 63)},
		{"process-metrics", measured()},
		{"process-metrics-none", NewProcessMetrics(FromUsage(supervise.NoUsage), noon, -1, 10*time.Second)},
		{"log-at", LogPage{
			Epoch: "a1b2c3d4", Off: 100, End: 106, Oldest: 100, Newest: 106, Lines: Lines{"a", "b", "c"}, Offs: []int64{100, 102, 104},
			At: Times{{0, 1769860800000}, {2, 1769860801000}}, First: true, Gap: &LogGap{From: 7, To: 100}, Guess: true,
		}},
		{"log-files", LogFiles{Epoch: "a1b2c3d4", Files: []LogFile{{Name: "api.log.1", N: 1, End: 100, Changed: 1769860800000}, {Name: "api.log", Off: 100, End: 120}}, Path: "/var/log/api.log", Trouble: "no space left on device since 12:00:01"}},
		{"search-hit", SearchLine{Hit: &LogHit{Off: 100, End: 106, From: 102, To: 104, Line: "a \xff b", Start: 100, At: 1769860800000}}},
		{"search-progress", SearchLine{Progress: &SearchProgress{ScannedTo: 4096, Hits: 12}}},
		{"search-gap", SearchLine{Gap: &LogGap{From: 0, To: 100}}},
		{"search-done", SearchLine{Done: &SearchDone{ScannedTo: 4096, Hits: 12, Capped: true, More: true}}},
		{"search-error", SearchLine{Error: "the log cannot be read: input/output error"}},
		{"merged", MergedPage{
			Epoch:   "a1b2c3d4",
			Sources: []MergedSource{{Name: "web:api/stdout", Off: 100, End: 104, Oldest: 0, Newest: 104}, {Name: "mainlog", End: 2, Newest: 2, First: true}},
			Lines:   Lines{"a", "m", "b"}, Source: []int{0, 1, 0}, Offs: []int64{100, 0, 102}, At: []int64{1769860800000, 1769860800500, 1769860801000},
		}},
		{"log", LogPage{Epoch: "a1b2c3d4", Off: 100, End: 109, Oldest: 0, Newest: 500, Lines: Lines{"whole", "b\xffd"}, Open: true}},
		{"accepted", Accepted{Seq: 42}},
		{"accepted-many", Accepted{Seq: 42, Results: FromResults([]supervise.Result{{Group: "web", Name: "api-0", Status: supervise.Success, Description: "OK"}})}},
		{"signal", SignalRequest{Signal: "HUP"}},
		{"plan", FromPlan(supervise.Plan{Added: []string{"new"}})},
		{"update", Update{Steps: []UpdateStep{{Group: "old", Action: UpdateRemoved}, {Group: "new", Action: UpdateAdded, Error: &fault}}}},
		{"failure", Failure{Error: fault}},
	} {
		text, err := json.Marshal(tt.body)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("bodies", tt.name+".json"), text)
	}
}

// everything is what an administrator may do.
var everything = CapsOf(func(supervise.Verb) bool { return true })

func TestARowIsTheProcessItWasMadeOf(t *testing.T) {
	for _, info := range []supervise.ProcessInfo{api, broken, ordered, {}} {
		for _, caps := range []Caps{0, 1023, everything} {
			var got Process
			if err := json.Unmarshal(NewRow(info).For(caps), &got); err != nil {
				t.Fatal(err)
			}
			if want := FromProcess(info, caps); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
	}
}

func TestWhoGaveAnOrderIsForWhoMayReadTheTrail(t *testing.T) {
	for caps, by := range map[Caps]string{everything: "boris", CapsOf(func(v supervise.Verb) bool { return v != supervise.VerbTrail }): ""} {
		if got := FromProcess(ordered, caps); got.By != by || got.Order != "restart" {
			t.Errorf("%d: %+v", caps, got)
		}
	}
	other := ordered
	other.By = "ann"
	if !NewRow(ordered).Equal(NewRow(ordered)) || NewRow(ordered).Equal(NewRow(other)) {
		t.Error("rows are equal that differ, or the other way round")
	}
}

func TestEveryStateAndMoodIsOfTheDeclaredSet(t *testing.T) {
	for i, state := range supervise.States {
		if ProcState("").Values()[i] != state.String() {
			t.Errorf("state %s is not declared", state)
		}
	}
	for _, mood := range []supervise.Mood{supervise.MoodFatal, supervise.MoodRunning, supervise.MoodRestarting, supervise.MoodShutdown} {
		found := false
		for _, value := range Mood("").Values() {
			found = found || value == mood.String()
		}
		if !found {
			t.Errorf("mood %s is not declared", mood)
		}
	}
}

func TestFramesFromTheFutureAreTold(t *testing.T) {
	if _, err := DecodeClient([]byte(`{"t":"dance","id":1}`)); !errors.Is(err, ErrUnknownKind) {
		t.Errorf("got %v", err)
	}
	if f, err := DecodeClient([]byte(`{"t":"unsub","id":3,"why":"new field"}`)); err != nil || f != (Unsub{ID: 3}) {
		t.Errorf("got %v, %v", f, err)
	}
	for _, text := range []string{``, `[]`, `{"t":1}`, `{"t":"sub","id":"x"}`} {
		if _, err := DecodeClient([]byte(text)); err == nil || errors.Is(err, ErrUnknownKind) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestAFrameThatDoesNotFitIsToldWhatWasExpected(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{"t":"sub","id":1,"topic":"state","from":{"seq":-5}}`, `read frame "sub": from.seq: a whole number of 0 or more was expected`},
		{`{"t":"sub","id":1,"topic":"state","from":{"seq":1.5}}`, `read frame "sub": from.seq: a whole number of 0 or more was expected`},
		{`{"t":"sub","id":1,"topic":"log","from":{"off":"x"}}`, `read frame "sub": from.off: a whole number was expected`},
		{`{"t":"sub","id":1,"topic":"log","from":7}`, `read frame "sub": from: an object was expected`},
		{`{"t":"sub","id":1,"topic":["log"]}`, `read frame "sub": topic: a string was expected`},
		{`{"t":1}`, `read frame: t: a string was expected`},
		{`[]`, `read frame: frame: an object was expected`},
	} {
		if _, err := DecodeClient([]byte(tt.text)); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestBytesOfALogArriveAsTheyWere(t *testing.T) {
	for _, tt := range []struct{ bytes, json string }{
		{"", `""`},
		{"plain", `"plain"`},
		{"π😀", `"π😀"`},
		{"\xff\x80", `"\udcff\udc80"`},
		{"caf\xe9", `"caf\udce9"`},
		{"\xed\xb2\x80", `"\udced\udcb2\udc80"`}, // a surrogate in UTF-8 is not UTF-8
		{"\xf0\x9f\x98", `"\udcf0\udc9f\udc98"`}, // cut inside a sequence
		{"\xef\xbf\xbd", `"` + "\ufffd" + `"`},   // U+FFFD itself is no error
		{"a\x00\x1b[0m\t\r\"\\", `"a\u0000\u001b[0m\t\r\"\\"`},
		{"</script>&\u2028", `"\u003c/script\u003e\u0026\u2028"`},
	} {
		got := AppendText(nil, tt.bytes)
		if string(got) != tt.json {
			t.Errorf("%q: got %s, want %s", tt.bytes, got, tt.json)
		}
		if back, err := ParseText(got); err != nil || back != tt.bytes {
			t.Errorf("%s came back as %q, %v", got, back, err)
		}
	}
}

func FuzzTextSurvivesTheTrip(f *testing.F) {
	for _, seed := range []string{"", "a\nb", "\xff", "\xed\xb2\x80", "😀\xf0\x9f", "\\\"\u2028</"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := json.Marshal(Log{Lines: Lines{string(raw), "next"}})
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(text) || bytes.ToValidUTF8(text, nil) == nil || !bytes.Equal(bytes.ToValidUTF8(text, nil), text) {
			t.Fatalf("not a valid frame: %q", text)
		}
		var back Log
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if len(back.Lines) != 2 || back.Lines[0] != string(raw) || back.Lines[1] != "next" {
			t.Fatalf("%q came back as %q", raw, back.Lines)
		}
	})
}

func FuzzParseTextNeverPanics(f *testing.F) {
	f.Add([]byte(`"\ud83d\ude00\udc80\u12"`))
	f.Fuzz(func(t *testing.T, literal []byte) {
		text, err := ParseText(literal)
		if err != nil {
			return
		}
		if back, err := ParseText(AppendText(nil, text)); err != nil || back != text {
			t.Fatalf("%q came back as %q, %v", text, back, err)
		}
	})
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got = append(bytes.Clone(got), '\n')
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n got %swant %s", name, got, want)
	}
}

// An update does what its preview said, in the same words.
func TestThePlannedActionsAreThoseOfAnUpdate(t *testing.T) {
	for planned, done := range map[supervise.PlannedAction]UpdateAction{
		supervise.PlanRemove: UpdateRemoved, supervise.PlanChange: UpdateChanged, supervise.PlanAdd: UpdateAdded,
	} {
		if told := FromPreview(supervise.Preview{{Action: planned}}).Groups[0].Action; told != done {
			t.Errorf("%q is told as %q, want %q", planned, told, done)
		}
	}
}

func TestWhoEndedALifeIsToldToThoseWhoMayKnow(t *testing.T) {
	stopped := supervise.Life{PID: 7, State: supervise.StateStopped, Order: supervise.OrderStop, By: "alice"}
	signalled := supervise.Life{PID: 7, State: supervise.StateExited, Status: -1, Signal: 15, Sent: 15, SentBy: "alice"}
	for _, life := range []supervise.Life{stopped, signalled} {
		for _, tellsWho := range []bool{true, false} {
			text, err := json.Marshal(FromLife(life, tellsWho))
			if err != nil || strings.Contains(string(text), "alice") != tellsWho {
				t.Errorf("tells who: %v: %s (%v)", tellsWho, text, err)
			}
		}
	}
}

func TestTheLastWordsOfALifeArriveAsTheyWere(t *testing.T) {
	crash := supervise.Crash{Name: supervise.NameSpec{Group: "g", Process: "x"}}
	crash.Output[supervise.Stderr] = supervise.Excerpt{Data: []byte("one\n\xff two"), Cut: true}
	crash.Output[supervise.Stdout] = supervise.Excerpt{Gone: true}
	text, err := json.Marshal(FromCrash(crash, true))
	for _, want := range []string{`"stderr":{"lines":["one","\udcff two"],"cut":true,"open":true}`, `"stdout":{"lines":[],"gone":true}`} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s (%v), want %s in it", text, err, want)
		}
	}
}
