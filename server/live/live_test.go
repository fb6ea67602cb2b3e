package live

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

var (
	apiName    = supervise.NameSpec{Group: "web", Process: "api"}
	workerName = supervise.NameSpec{Group: "web", Process: "worker"}
	secretName = supervise.NameSpec{Group: "secret", Process: "secret"}
)

// stage is a hub in front of a fake engine, and the people who look at it.
type stage struct {
	t      *testing.T
	engine *fakeEngine
	hub    *Hub
	url    string
	via    auth.Principal // whom Require has found, if not an administrator
}

func newStage(t *testing.T, engine *fakeEngine, adjust func(*Options)) *stage {
	t.Helper()
	goroutines := runtime.NumGoroutine()
	options := Options{Engine: engine, pace: hurried, Log: slog.New(slog.DiscardHandler)}
	if adjust != nil {
		adjust(&options)
	}
	hub := New(options)
	s := &stage{t: t, engine: engine, hub: hub}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := auth.Principal{Grant: auth.Full, Name: r.Header.Get("X-Who")}
		if r.Header.Get("X-Guest") != "" {
			who = auth.Principal{}
		}
		if s.via.Name != "" {
			who = s.via
		}
		hub.ServeHTTP(w, r.WithContext(auth.With(r.Context(), who)))
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := hub.Close(ctx); err != nil {
			t.Error("close the hub:", err)
		}
		server.Close()
		for deadline := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, there were %d:\n%s", runtime.NumGoroutine(), goroutines, buf[:runtime.Stack(buf, true)])
			}
		}
	})
	s.url = "ws" + strings.TrimPrefix(server.URL, "http")
	return s
}

// browser is one socket.
type browser struct {
	t    *testing.T
	conn *websocket.Conn
}

// followers tells how many logs are followed.
func (s *stage) followers() int {
	s.hub.mu.RLock()
	defer s.hub.mu.RUnlock()
	return len(s.hub.followers)
}

func (s *stage) dial(header http.Header) (*browser, *http.Response, error) {
	conn, response, err := websocket.DefaultDialer.Dial(s.url, header)
	if err != nil {
		return nil, response, err
	}
	s.t.Cleanup(func() { conn.Close() })
	return &browser{t: s.t, conn: conn}, response, nil
}

// visit connects and says hello.
func (s *stage) visit(header http.Header) *browser {
	s.t.Helper()
	b, _, err := s.dial(header)
	if err != nil {
		s.t.Fatal(err)
	}
	b.say(wire.Hello{V: wire.Version})
	welcome := expect[wire.Welcome](b)
	if welcome.Epoch != fakeEpoch || welcome.Build != "1.2.3" || welcome.User.Caps == 0 || welcome.SID == "" {
		s.t.Errorf("welcome %+v", welcome)
	}
	return b
}

func (b *browser) say(f wire.ClientFrame) {
	b.t.Helper()
	if err := b.conn.WriteMessage(websocket.TextMessage, wire.EncodeClient(f)); err != nil {
		b.t.Fatal(err)
	}
}

// hear gives the next frame that is not a heartbeat.
func (b *browser) hear() (kind string, text []byte) {
	b.t.Helper()
	for {
		if err := b.conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			b.t.Fatal(err)
		}
		_, text, err := b.conn.ReadMessage()
		if err != nil {
			b.t.Fatal("read a frame:", err)
		}
		var head struct {
			T string `json:"t"`
		}
		if err := json.Unmarshal(text, &head); err != nil {
			b.t.Fatal(err)
		}
		if head.T != "hb" {
			return head.T, text
		}
	}
}

// expect reads the next frame, which must be of one kind.
func expect[F wire.ServerFrame](b *browser) F {
	b.t.Helper()
	kind, text := b.hear()
	if want := (*new(F)).Kind(); kind != want {
		b.t.Fatalf("expected %q, got %s", want, text)
	}
	return decodeAs[F](b.t, text)
}

func decodeAs[F wire.ServerFrame](t *testing.T, text []byte) (f F) {
	t.Helper()
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// screen is the table as a browser keeps it.
type screen struct {
	t    *testing.T
	seq  uint64
	rows map[int]wire.Process
}

func newScreen(t *testing.T, snap wire.Snap) *screen {
	s := &screen{t: t, seq: snap.Seq, rows: map[int]wire.Process{}}
	s.put(snap.Rows)
	return s
}

func (s *screen) put(rows []json.RawMessage) {
	for _, text := range rows {
		var p wire.Process
		if err := json.Unmarshal(text, &p); err != nil {
			s.t.Fatal(err)
		}
		s.rows[p.ID] = p
	}
}

func (s *screen) apply(d wire.Delta) {
	s.t.Helper()
	if d.Prev != s.seq || d.Seq < d.Prev {
		s.t.Fatalf("a delta from %d to %d at %d", d.Prev, d.Seq, s.seq)
	}
	s.seq = d.Seq
	for _, id := range d.Del {
		delete(s.rows, id)
	}
	s.put(d.Rows)
}

// until applies deltas until change number seq is on the screen.
func (s *screen) until(b *browser, seq uint64) {
	s.t.Helper()
	for s.seq < seq {
		s.apply(expect[wire.Delta](b))
	}
}

func (b *browser) watchState() *screen {
	b.t.Helper()
	b.say(wire.Sub{ID: 1, Topic: wire.TopicState})
	expect[wire.OK](b)
	return newScreen(b.t, expect[wire.Snap](b))
}

func TestASnapshotIsFollowedByDeltasInOrder(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName, workerName), nil)
	b := s.visit(nil)
	screen := b.watchState()
	if len(screen.rows) != 2 || screen.rows[1].Name != "api" || screen.rows[1].Caps == 0 {
		t.Fatalf("rows %+v", screen.rows)
	}
	var last uint64
	for pid := range 200 {
		last = s.engine.become(pid%2, supervise.StateRunning, 1000+pid)
	}
	screen.until(b, last)
	if screen.rows[1].PID != 1198 || screen.rows[2].PID != 1199 || screen.rows[2].State != "RUNNING" {
		t.Errorf("rows %+v", screen.rows)
	}
}

func TestGroupsComeAndGo(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	screen := b.watchState()
	s.engine.addGroup("first", -1, 7)
	d := expect[wire.Delta](b)
	screen.apply(d)
	if len(d.Groups) != 2 || d.Groups[0].Name != "first" || screen.rows[7].Group != "first" {
		t.Errorf("delta %+v", d)
	}
	s.engine.removeGroup("first")
	d = expect[wire.Delta](b)
	screen.apply(d)
	if len(d.Groups) != 1 || !slices.Equal(d.Del, []int{7}) || len(screen.rows) != 1 {
		t.Errorf("delta %+v", d)
	}
}

func TestWhoComesBackIsToldWhatItMissed(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName, workerName), nil)
	b := s.visit(nil)
	screen := b.watchState()
	b.conn.Close()
	s.engine.become(0, supervise.StateStarting, 1)
	s.engine.addGroup("passing", 5, 9)
	s.engine.removeGroup("passing")
	last := s.engine.become(0, supervise.StateRunning, 2)

	b = s.visit(nil)
	s.settle(last)
	b.say(wire.Sub{ID: 4, Topic: wire.TopicState, From: &wire.From{Epoch: fakeEpoch, Seq: &screen.seq}})
	expect[wire.OK](b)
	d := expect[wire.Delta](b)
	screen.apply(d)
	if len(d.Rows) != 1 || !slices.Equal(d.Del, []int{9}) || screen.rows[1].PID != 2 || screen.seq != last {
		t.Errorf("delta %+v, rows %+v", d, screen.rows)
	}

	b.say(wire.Sub{ID: 5, Topic: wire.TopicState, From: &wire.From{Epoch: fakeEpoch, Seq: &last}})
	expect[wire.OK](b)
	if d := expect[wire.Delta](b); d.Prev != last || d.Seq != last || d.Rows != nil {
		t.Errorf("nothing was missed, got %+v", d)
	}
	b.say(wire.Sub{ID: 6, Topic: wire.TopicState, From: &wire.From{Epoch: "another", Seq: &last}})
	expect[wire.OK](b)
	if snap := expect[wire.Snap](b); snap.Seq != last || len(snap.Rows) != 2 {
		t.Errorf("another epoch got %+v", snap)
	}
}

// settle waits until the hub has seen change number seq.
func (s *stage) settle(seq uint64) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, reached := s.hub.position(); reached >= seq {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the hub does not follow")
		}
	}
}

func TestWhoMissedTooManyRemovalsGetsASnapshot(t *testing.T) {
	table := newTable("e", 0)
	table.reset(supervise.Snapshot{Epoch: "e", Seq: 1, Processes: []supervise.ProcessInfo{{ID: 1, Group: "a", Name: "a"}}})
	for i := range maxGraves + 1 {
		row := []supervise.ProcessInfo{{ID: i + 2, Group: "b", Name: "b"}}
		table.apply(supervise.Change{Seq: table.seq + 1, Event: supervise.GroupEvent{Group: "b", Added: true}, Group: &supervise.GroupInfo{Name: "b"}, Rows: row})
		table.apply(supervise.Change{Seq: table.seq + 1, Event: supervise.GroupEvent{Group: "b"}, Rows: row})
	}
	if table.reaches("e", 2) || !table.reaches("e", 3) {
		t.Errorf("floor %d with the first removal at 3", table.floor)
	}
	if changed, removed := table.since(table.seq - 2); len(changed) != 0 || len(removed) != 1 {
		t.Errorf("since: %v, %v", changed, removed)
	}
}

func TestABrokenFeedIsMendedWithoutAGap(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	screen := b.watchState()
	s.engine.cutAll()
	last := s.engine.become(0, supervise.StateRunning, 5)
	screen.until(b, last)
	if screen.rows[1].PID != 5 {
		t.Errorf("rows %+v", screen.rows)
	}
}

func TestABigTableComesInParts(t *testing.T) {
	var names []supervise.NameSpec
	for i := range 1200 {
		names = append(names, supervise.NameSpec{Group: fmt.Sprintf("group%d", i/10), Process: fmt.Sprintf("process%d", i)})
	}
	s := newStage(t, newFakeEngine(names...), nil)
	b := s.visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicState})
	expect[wire.OK](b)
	rows := 0
	for part := 1; ; part++ {
		kind, text := b.hear()
		if kind != "snap" || len(text) > 256<<10 {
			t.Fatalf("%s of %d bytes", kind, len(text))
		}
		var snap wire.Snap
		if err := json.Unmarshal(text, &snap); err != nil {
			t.Fatal(err)
		}
		rows += len(snap.Rows)
		if snap.Part != part || snap.Of < 2 || (len(snap.Groups) == 120) != (part == 1) {
			t.Fatalf("part %d of %d, %d groups", snap.Part, snap.Of, len(snap.Groups))
		}
		if snap.Part == snap.Of {
			break
		}
	}
	if rows != 1200 {
		t.Errorf("%d rows", rows)
	}
	last := s.engine.become(7, supervise.StateRunning, 1)
	if d := expect[wire.Delta](b); d.Seq != last || len(d.Rows) != 1 {
		t.Errorf("after the parts: %+v", d)
	}
}

func TestForbiddenProcessesDoNotExist(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName, secretName), func(o *Options) {
		o.Again = func(who auth.Principal) (auth.Principal, bool) {
			who.Grant = supervise.Grant{Role: supervise.Operator, Programs: []string{"web"}, Actions: []supervise.Verb{auth.Start}}
			return who, true
		}
	})
	b := s.visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicState})
	expect[wire.OK](b)
	snap := expect[wire.Snap](b)
	screen := newScreen(t, snap)
	s.engine.become(1, supervise.StateRunning, 66)
	last := s.engine.become(0, supervise.StateRunning, 5)
	for screen.seq < last {
		d := expect[wire.Delta](b)
		screen.apply(d)
		if text := string(wire.Encode(d)); strings.Contains(text, "secret") {
			t.Errorf("the wrong eyes see %s", text)
		}
	}
	if text := string(wire.Encode(snap)); strings.Contains(text, "secret") || len(screen.rows) != 1 {
		t.Errorf("the wrong eyes see %s", text)
	}
	for i, tt := range []struct {
		proc string
		code int
	}{{"secret", 404}, {"unknown", 404}, {apiName.String(), 403}, {"web:nosuch", 404}, {"web:*", 404}} {
		b.say(wire.Sub{ID: 10 + i, Topic: wire.TopicLog, Proc: tt.proc, Ch: "stdout"})
		if refused := expect[wire.Err](b); refused.Code != tt.code || *refused.ID != 10+i {
			t.Errorf("%s: %+v", tt.proc, refused)
		}
	}
}

func TestGuestsAndForeignPagesAreRefused(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	own := strings.Replace(s.url, "ws://", "http://", 1)
	for _, tt := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"a program without an origin", http.Header{}, 101},
		{"our own page", http.Header{"Origin": {own}}, 101},
		{"our own page, in capitals", http.Header{"Origin": {strings.ToUpper(own)}}, 101},
		{"a guest", http.Header{"X-Guest": {"yes"}}, 403},
		{"another host", http.Header{"Origin": {"http://evil.example"}}, 403},
		{"another port", http.Header{"Origin": {"http://127.0.0.1:1"}}, 403},
		{"another scheme", http.Header{"Origin": {strings.Replace(own, "http:", "https:", 1)}}, 403},
		{"a sandboxed page", http.Header{"Origin": {"null"}}, 403},
		{"an empty origin", http.Header{"Origin": {""}}, 403},
		{"two origins", http.Header{"Origin": {own, "http://evil.example"}}, 403},
		{"a cookie without an origin", http.Header{"Cookie": {"supervisor=x"}}, 403},
	} {
		b, response, err := s.dial(tt.header)
		if response == nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if response.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", tt.name, response.StatusCode, tt.status)
		}
		if b != nil {
			b.conn.Close()
		}
	}
}

func TestAClientOfAnotherWebSocketVersionIsToldWhichThereIs(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(s.url, "ws://", "http://", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "12", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest || response.Header.Get("Sec-Websocket-Version") != "13" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}

func TestTooManyBrowsersAreToldToWait(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), func(o *Options) { o.MaxSessions = 1 })
	s.visit(nil)
	_, response, err := s.dial(nil)
	if err == nil || response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("%v, %+v", err, response)
	}
}

func TestManners(t *testing.T) {
	for _, tt := range []struct {
		name string
		say  func(*browser)
		code int // of bye, or of the close frame where there is none
		bye  bool
	}{
		{"silence", func(*browser) {}, 4408, true},
		{"no hello first", func(b *browser) { b.say(wire.Ping{N: 1}) }, 4400, true},
		{"another version", func(b *browser) { b.say(wire.Hello{V: 99}) }, 4409, true},
		{"a frame too big", func(b *browser) {
			b.say(wire.Hello{V: wire.Version, Build: strings.Repeat("x", maxFrame)})
		}, websocket.CloseMessageTooBig, false},
		{"a flood", func(b *browser) {
			b.say(wire.Hello{V: wire.Version})
			for range framesBurst { // with the hello one more than allowed
				b.say(wire.Ping{})
			}
		}, 4429, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, newFakeEngine(apiName), nil)
			b, _, err := s.dial(nil)
			if err != nil {
				t.Fatal(err)
			}
			tt.say(b)
			said := false
			for {
				_, text, err := b.conn.ReadMessage()
				if err != nil {
					if !websocket.IsCloseError(err, tt.code) {
						t.Errorf("closed with %v, want %d", err, tt.code)
					}
					break
				}
				said = said || strings.Contains(string(text), fmt.Sprintf(`{"t":"bye","code":%d`, tt.code))
			}
			if said != tt.bye {
				t.Errorf("bye said: %v", said)
			}
		})
	}
}

func TestFramesThatMakeNoSense(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	b.watchState()
	send := func(text string) {
		t.Helper()
		if err := b.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		text string
		code int
	}{
		{`{"t":"sub","id":1,"topic":"state"}`, 409},
		{`{"t":"sub","id":2,"topic":"dance"}`, 404},
		{`{"t":"sub","id":2,"topic":"log","proc":"web:api","ch":"stdin"}`, 400},
		{`{"t":"sub","id":2,"topic":"log","proc":"web:api","ch":"stderr"}`, 404},
		{`{"t":"set","id":1,"mode":"count"}`, 404},
		{`{"t":"unsub","id":77}`, 404},
		{`{"t":"hello","v":1}`, 400},
		{`not json`, 400},
	} {
		send(tt.text)
		if refused := expect[wire.Err](b); refused.Code != tt.code {
			t.Errorf("%s: %+v", tt.text, refused)
		}
	}
	send(`{"t":"dance","id":1}`)
	for range 4 * framesBurst { // these are cheap
		send(`{"t":"ack","id":99,"off":5}`)
	}
	b.say(wire.Ping{N: 42})
	if pong := expect[wire.Pong](b); pong.N != 42 || pong.Now == 0 {
		t.Errorf("%+v", pong)
	}
	b.say(wire.Unsub{ID: 1})
	expect[wire.OK](b)
	s.engine.become(0, supervise.StateRunning, 1)
	b.say(wire.Ping{N: 43})
	expect[wire.Pong](b)
}

func TestTooManySubscriptionsAreRefused(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	for id := range maxLogs {
		b.say(wire.Sub{ID: id, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout"})
		expect[wire.OK](b)
	}
	b.say(wire.Sub{ID: 99, Topic: wire.TopicMainLog})
	if refused := expect[wire.Err](b); refused.Code != 429 {
		t.Errorf("%+v", refused)
	}
	if n := s.followers(); n != 1 {
		t.Errorf("%d followers for one log", n)
	}
}

func TestTheServerTopicTellsTheMoodAndTheProblems(t *testing.T) {
	var mu sync.Mutex
	var problems []supervise.Problem
	s := newStage(t, newFakeEngine(apiName), func(o *Options) {
		o.Problems = func() []supervise.Problem { mu.Lock(); defer mu.Unlock(); return problems }
	})
	b := s.visit(http.Header{"X-Who": {"ann"}})
	b.say(wire.Sub{ID: 3, Topic: wire.TopicServer})
	expect[wire.OK](b)
	if now := expect[wire.Supervisor](b); now.Mood != "RUNNING" || now.User.Name != "ann" || now.Problems == nil {
		t.Errorf("%+v", now)
	}
	mu.Lock()
	problems = []supervise.Problem{{Text: "disk full"}}
	mu.Unlock()
	if now := expect[wire.Supervisor](b); !slices.Equal(now.Problems, wire.FromProblems(problems)) {
		t.Errorf("%+v", now)
	}
	s.engine.setMood(supervise.MoodShutdown)
	if now := expect[wire.Supervisor](b); now.Mood != "SHUTDOWN" {
		t.Errorf("%+v", now)
	}
}

func TestASilentBrowserGetsHeartbeatsAndADeadOneIsDropped(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), func(o *Options) {
		o.pace.heartbeat, o.pace.ping = 10*time.Millisecond, 500*time.Millisecond
	})
	b := s.visit(nil)
	b.conn.SetPingHandler(func(string) error { return nil }) // dead: no pong
	beats := 0
	for {
		_, text, err := b.conn.ReadMessage()
		if err != nil {
			break
		}
		if strings.HasPrefix(string(text), `{"t":"hb"`) {
			beats++
		}
	}
	if beats < 3 {
		t.Errorf("%d heartbeats", beats)
	}
}

func TestClosingTheHubSaysGoodbye(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName), nil)
	b := s.visit(nil)
	b.watchState()
	closed := make(chan error, 1)
	go func() { closed <- s.hub.Close(context.Background()) }()
	if bye := expect[wire.Bye](b); bye.Code != 1012 || bye.RetryAfter == 0 {
		t.Errorf("%+v", bye)
	}
	_, _, err := b.conn.ReadMessage()
	if !websocket.IsCloseError(err, 1012) {
		t.Errorf("closed with %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, response, err := s.dial(nil); err == nil || response.StatusCode != 503 {
		t.Errorf("a latecomer got %v", response)
	}
}

func TestASlowBrowserHoldsUpNobody(t *testing.T) {
	var names []supervise.NameSpec
	for i := range 500 {
		names = append(names, supervise.NameSpec{Group: "g", Process: fmt.Sprintf("process-with-a-long-name-%d", i)})
	}
	const cutAfter = 5 * time.Second // a hub that waits for one browser keeps the others waiting for so long
	s := newStage(t, newFakeEngine(names...), func(o *Options) { o.pace.write = cutAfter })
	slow := s.visit(nil)
	slow.say(wire.Sub{ID: 1, Topic: wire.TopicState}) // and never reads again
	quick := s.visit(nil)
	screen := quick.watchState()
	slowest := time.Duration(0)
	deadline := time.Now().Add(2 * time.Minute)
	for round := 0; len(s.hub.connected()) == 2; round++ {
		if time.Now().After(deadline) {
			t.Fatal("the slow browser is still there")
		}
		var last uint64
		for i := range names {
			last = s.engine.become(i, supervise.StateRunning, round)
		}
		began := time.Now()
		screen.until(quick, last)
		slowest = max(slowest, time.Since(began))
	}
	if slowest >= cutAfter {
		t.Errorf("the quick one waited %v", slowest)
	}
	if screen.rows[500].State != "RUNNING" {
		t.Errorf("row %+v", screen.rows[500])
	}
	t.Logf("slowest delta of %d rows: %v", len(names), slowest)
}

// quiet makes sure that nothing comes for a little while.
func (b *browser) quiet() {
	b.t.Helper()
	b.say(wire.Ping{N: 7})
	if kind, text := b.hear(); kind != "pong" {
		b.t.Errorf("got %s", text)
	}
}
