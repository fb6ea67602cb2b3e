package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// desk is the interface in front of a fake engine.
type desk struct {
	t      *testing.T
	engine *fakeEngine
	routes http.Handler
	who    auth.Principal
}

func newDesk(t *testing.T, adjust ...func(*Options)) *desk {
	d := &desk{t: t, engine: newFakeEngine(), who: auth.Principal{Name: "ann", Grant: auth.Full}}
	options := Options{Engine: d.engine, Problems: func() []supervise.Problem { return []supervise.Problem{{Text: "disk full"}} }}
	for _, adjust := range adjust {
		adjust(&options)
	}
	router, parts := chi.NewRouter(), New(options)
	router.Route("/api/v1", func(r chi.Router) {
		r.Group(parts.Streams)
		r.Group(parts.Feeds)
		r.Group(parts.Routes)
	})
	d.routes = router
	return d
}

func (d *desk) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	w := httptest.NewRecorder()
	d.routes.ServeHTTP(w, r.WithContext(auth.With(r.Context(), d.who)))
	return w
}

func read[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

func TestOrders(t *testing.T) {
	for _, tt := range []struct {
		path, body string
		status     int
		answer     string
		asked      string // of the engine, "; " between
	}{
		{"/processes/web:api/start", "", 202, `{"seq":50}`, "start web:api false"},
		{"/processes/web:api/stop", "", 202, `{"seq":51}`, "stop web:api false"},
		{"/processes/web:api/restart", "{}", 202, `{"seq":52}`, "restart web:api"},
		{"/processes/single/restart", "", 202, `{"seq":52}`, "restart single"},
		{"/processes/odd%2Fname:x%3Ay/restart", "", 202, `{"seq":52}`, "restart odd/name:x:y"},
		{"/processes/web:api/signal", `{"signal":"hup"}`, 202, `{"seq":42}`, "signal web:api SIGHUP"},
		{"/processes/web:api/signal", `{"signal":"NOPE"}`, 400, `{"error":{"code":11,"name":"BAD_SIGNAL","detail":"NOPE"}}`, ""},
		{"/processes/web:api/signal", `{"signal":`, 400, ``, ""},
		{"/processes/web:api/stdin", `{"text":"drop table\n"}`, 202, `{"seq":42}`, `write web:api "drop table\n"`},
		{"/processes/web:api/clear-logs", "", 202, `{"seq":42}`, "clear web:api"},
		{"/processes/web:api/dance", "", 404, ``, ""},
		{"/processes/web:*/restart", "", 404, `{"error":{"code":10,"name":"BAD_NAME","detail":"web:*"}}`, ""},
		{"/processes/fails/start", "", 422, `{"error":{"code":50,"name":"SPAWN_ERROR","detail":"fails"}}`, "start fails false"},
		{"/processes/breaks/start", "", 500, `{"error":{"code":0,"name":"INTERNAL_SERVER_ERROR"}}`, "start breaks false"},
		{"/groups/web/start", "", 202, `{"seq":42,"results":[{"group":"web","name":"api","code":"SUCCESS","message":"OK"}]}`, "start {All:false Group:web May:<nil>} false"},
		{"/groups/odd%2Fname/stop", "", 202, `{"seq":42,"results":[{"group":"web","name":"api","code":"SUCCESS","message":"OK"}]}`, "stop {All:false Group:odd/name May:<nil>} false"},
		{"/groups/web/restart", "", 202, `{"seq":53}`, "restart {All:false Group:web May:<nil>}"},
		{"/all/restart", "", 202, `{"seq":53}`, "restart {All:true Group: May:<nil>}"},
		{"/config/reread", "", 200, `{"added":["new"],"changed":[],"removed":[]}`, "stage"},
		{"/shutdown", "", 202, `{"seq":42}`, "shutdown"},
		{"/reload", "", 202, `{"seq":42}`, "reload"},
	} {
		d := newDesk(t)
		d.engine.plan.Added = []string{"new"}
		d.engine.fails["start fails false"] = supervise.Fault{Code: supervise.FaultSpawnError, Detail: "fails"}
		d.engine.fails["start breaks false"] = errors.New("secret path /etc/shadow")
		w := d.send("POST", tt.path, tt.body)
		if w.Code != tt.status || tt.answer != "" && strings.TrimSpace(w.Body.String()) != tt.answer {
			t.Errorf("%s %s: %d %s", tt.path, tt.body, w.Code, w.Body)
		}
		if asked := strings.Join(d.engine.took(), "; "); asked != tt.asked {
			t.Errorf("%s: the engine was asked to %s", tt.path, asked)
		}
		if strings.Contains(w.Body.String(), "shadow") {
			t.Errorf("an inner error got out: %s", w.Body)
		}
	}
}

func TestNothingChangesByGet(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{
		"/processes/web:api/restart", "/groups/web/stop", "/all/stop", "/config/reread", "/config/update", "/shutdown", "/reload",
	} {
		if w := d.send("GET", path, ""); w.Code != 405 || read[wire.Failure](t, w).Error.Name != "METHOD_NOT_ALLOWED" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if asked := d.engine.took(); asked != nil {
		t.Errorf("the engine was asked to %v", asked)
	}
}

func TestAFormOfAnotherSiteChangesNothing(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct {
		header []string
		status int
	}{
		{[]string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{[]string{"Content-Type", "text/plain"}, 415},
		{[]string{"Content-Type", "multipart/form-data; boundary=x"}, 415},
		{[]string{"Content-Type", ""}, 415},
		{[]string{"Content-Type", "application/json; charset=utf-8"}, 202},
		{[]string{"Content-Type", "", "X-CSRF", "1"}, 202},
	} {
		if w := d.send("POST", "/processes/web:api/restart", "{}", tt.header...); w.Code != tt.status {
			t.Errorf("%v: %d %s", tt.header, w.Code, w.Body)
		}
	}
	if asked := d.engine.took(); len(asked) != 2 {
		t.Errorf("the engine was asked to %v", asked)
	}
}

func TestNobodySeesAndDoesNothing(t *testing.T) {
	d := newDesk(t)
	d.who = auth.Principal{}
	d.engine.log.data = "secret words\n"
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/processes", 200},
		{"GET", "/processes/web:api", 404},
		{"GET", "/log/web:api/stdout", 404},
		{"GET", "/log/web:api/stdout/raw", 404},
		{"GET", "/mainlog", 403},
		{"GET", "/config/preview", 403},
		{"GET", "/mainlog/raw", 403},
		{"POST", "/processes/web:api/restart", 404},
		{"POST", "/groups/web/stop", 404},
		{"POST", "/all/stop", 403},
		{"POST", "/config/reread", 403},
		{"POST", "/config/update", 403},
		{"POST", "/shutdown", 403},
		{"POST", "/reload", 403},
		{"POST", "/mainlog/clear", 403},
	} {
		w := d.send(tt.method, tt.path, "")
		if w.Code != tt.status {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, w.Code, w.Body)
		}
		if body := w.Body.String(); strings.Contains(body, "words") || strings.Contains(body, "/log/api") || strings.Contains(body, `"pid"`) {
			t.Errorf("%s told %s", tt.path, body)
		}
	}
	if asked := d.engine.took(); asked != nil {
		t.Errorf("the engine was asked to %v", asked)
	}
}

func TestAnUnknownProcessAndAForbiddenOneAnswerAlike(t *testing.T) {
	d := newDesk(t)
	unknown := d.send("GET", "/processes/web:gone", "")
	d.who = auth.Principal{}
	forbidden := d.send("GET", "/processes/web:gone", "")
	if unknown.Code != forbidden.Code || unknown.Body.String() != forbidden.Body.String() {
		t.Errorf("%s and %s", unknown.Body, forbidden.Body)
	}
}

func TestNoOrdersAreTakenOnTheWayDown(t *testing.T) {
	d := newDesk(t)
	d.engine.mood = supervise.MoodShutdown
	for _, path := range []string{"/processes/web:api/start", "/all/stop", "/config/update", "/shutdown", "/reload"} {
		if w := d.send("POST", path, ""); w.Code != 503 || read[wire.Failure](t, w).Error.Name != "SHUTDOWN_STATE" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := d.send("GET", "/identity", ""); w.Code != 200 || read[wire.Identity](t, w).Mood != "SHUTDOWN" {
		t.Errorf("identity: %d %s", w.Code, w.Body)
	}
}

func TestLists(t *testing.T) {
	d := newDesk(t)
	list := read[wire.ProcessList](t, d.send("GET", "/processes", ""))
	if list.Seq != 42 || len(list.Groups) != 2 || len(list.Processes) != 2 || list.Processes[0].Caps == 0 {
		t.Errorf("%+v", list)
	}
	w := d.send("GET", "/processes/web:api", "")
	if detail := read[wire.ProcessDetail](t, w); detail.Process.PID != 7 || detail.StdoutLog != "/log/api" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%+v, %v", detail, w.Header())
	}
	if detail := read[wire.ProcessDetail](t, w); detail.Listener != nil {
		t.Errorf("a program is no event listener: %+v", detail.Listener)
	}
	d.engine.listens = true
	if l := read[wire.ProcessDetail](t, d.send("GET", "/processes/web:api", "")).Listener; l == nil || l.State != "BUSY" || l.Event != "TICK_5" || l.Serial != 7 || l.Pool.Buffered != 3 || l.Pool.Size != 10 || l.Said != "'once'" {
		t.Errorf("%+v", l)
	}
	identity := read[wire.Identity](t, d.send("GET", "/identity", ""))
	if identity.PID != 99 || identity.Epoch != "epoch123" || identity.User.Name != "ann" || !slices.Equal(identity.Problems, []wire.Problem{{Text: "disk full"}}) {
		t.Errorf("%+v", identity)
	}
}

func TestARepeatedOrderIsCarriedOutOnce(t *testing.T) {
	d := newDesk(t)
	first := d.send("POST", "/processes/web:api/restart", "", "Idempotency-Key", "k1")
	again := d.send("POST", "/processes/web:api/restart", "", "Idempotency-Key", "k1")
	if first.Body.String() != again.Body.String() || first.Code != again.Code {
		t.Errorf("%s, then %s", first.Body, again.Body)
	}
	d.send("POST", "/processes/web:api/restart", "", "Idempotency-Key", "k2")
	d.send("POST", "/processes/web:api/stop", "", "Idempotency-Key", "k1")
	d.who.Name = "bob"
	d.send("POST", "/processes/web:api/restart", "", "Idempotency-Key", "k1")
	d.send("POST", "/processes/web:api/restart", "")
	d.send("POST", "/processes/web:api/restart", "")
	want := []string{"restart web:api", "restart web:api", "stop web:api false", "restart web:api", "restart web:api", "restart web:api"}
	if asked := d.engine.took(); !slices.Equal(asked, want) {
		t.Errorf("the engine was asked to %v", asked)
	}
	if w := d.send("POST", "/all/stop", "", "Idempotency-Key", strings.Repeat("k", 201)); w.Code != 400 {
		t.Errorf("a long key: %d", w.Code)
	}
}

func TestAnOrderIsForgottenAfterAMinute(t *testing.T) {
	o := newOrders(nil)
	now := time.Now()
	key := orderKey{key: "k"}
	known, first, err := o.remember(key, now)
	if err != nil || !first {
		t.Fatalf("first %v, %v", first, err)
	}
	if _, first, err := o.remember(key, now.Add(time.Hour)); err != nil || first {
		t.Errorf("while it is at work: first %v, %v", first, err)
	}
	o.settle(known, nil, nil, now)
	for _, tt := range []struct {
		after time.Duration
		first bool
	}{{0, false}, {59 * time.Second, false}, {61 * time.Second, true}} {
		if _, first, err := o.remember(key, now.Add(tt.after)); err != nil || first != tt.first {
			t.Errorf("after %v: first %v, %v", tt.after, first, err)
		}
	}
}

func TestAnOrderIsCarriedOutThoughTheClientLeaves(t *testing.T) {
	d := newDesk(t)
	d.engine.hold = make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.routes.ServeHTTP(w, r.WithContext(auth.With(r.Context(), d.who)))
	}))
	defer server.Close()
	send := func(ctx context.Context) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, "POST", server.URL+"/api/v1/processes/web:api/restart", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-CSRF", "1")
		r.Header.Set("Idempotency-Key", "tunnel")
		return http.DefaultClient.Do(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var lost sync.WaitGroup
	lost.Go(func() {
		if response, err := send(ctx); err == nil {
			response.Body.Close()
			t.Error("the phone in the tunnel got an answer")
		}
	})
	for len(d.engine.took()) == 0 { // the order is on its way
		runtime.Gosched()
	}
	cancel()
	lost.Wait()
	close(d.engine.hold)
	response, err := send(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 202 || len(d.engine.took()) != 0 {
		t.Errorf("out of the tunnel: %d", response.StatusCode)
	}
}

func TestUpdateGoesGroupByGroup(t *testing.T) {
	plan := supervise.Plan{Added: []string{"new", "newer"}, Changed: []string{"web"}, Removed: []string{"old", "stubborn"}}
	for _, tt := range []struct {
		name, body string
		fails      map[string]error
		status     int
		asked      string
		steps      string
	}{
		{"all", "", nil, 200,
			"stage; stop {All:false Group:old May:<nil>} true; remove old; stop {All:false Group:web May:<nil>} true; remove web; add web; add new; add newer",
			"old removed; stubborn removed FAILED; web changed; new added; newer added"},
		{"some", `{"groups":["new","web"]}`, nil, 200,
			"stage; stop {All:false Group:web May:<nil>} true; remove web; add web; add new", "web changed; new added"},
		{"one that does not exist", `{"groups":["new","none"]}`, nil, 404, "stage", ""},
		{"a broken file", "", map[string]error{"stage": supervise.Fault{Code: supervise.FaultCantReread, Detail: "line 3"}}, 422, "stage", ""},
		{"trouble on the way", `{"groups":["web","new"]}`, map[string]error{"remove web": supervise.Fault{Code: supervise.FaultStillRunning}, "add new": errors.New("inner")}, 200,
			"stage; stop {All:false Group:web May:<nil>} true; remove web; add new", "web changed STILL_RUNNING; new added FAILED"},
		{"a group that cannot come back", `{"groups":["web","new"]}`, map[string]error{"add web": supervise.Fault{Code: supervise.FaultFailed, Detail: "no such directory"}}, 200,
			"stage; stop {All:false Group:web May:<nil>} true; remove web; add web; add new", "web changed FAILED; new added"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.engine.plan = plan
			for what, err := range tt.fails {
				d.engine.fails[what] = err
			}
			w := d.send("POST", "/config/update", tt.body)
			if w.Code != tt.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if asked := strings.Join(d.engine.took(), "; "); asked != tt.asked {
				t.Errorf("the engine was asked to %s", asked)
			}
			var steps []string
			for _, step := range read[wire.Update](t, w).Steps {
				text := step.Group + " " + string(step.Action)
				if step.Error != nil {
					text += " " + step.Error.Name
				}
				steps = append(steps, text)
			}
			if got := strings.Join(steps, "; "); got != tt.steps {
				t.Errorf("steps %s", got)
			}
		})
	}
}

func TestAGroupLeftHalfwayIsToldSo(t *testing.T) {
	for failing, tt := range map[string]struct {
		err  error
		want string
	}{
		"stop {All:false Group:web May:<nil>} true": {supervise.Fault{Code: supervise.FaultBadName, Detail: "web"}, "web"},
		"remove web": {supervise.Fault{Code: supervise.FaultStillRunning, Detail: "web"},
			"web was stopped, but keeps its old configuration: STILL_RUNNING: web"},
		"add web": {supervise.Fault{Code: supervise.FaultFailed, Detail: "no such directory"},
			"web was removed and could not be added again, which the next update will try: FAILED: no such directory"},
	} {
		d := newDesk(t)
		d.engine.plan = supervise.Plan{Changed: []string{"web"}}
		d.engine.fails[failing] = tt.err
		steps := read[wire.Update](t, d.send("POST", "/config/update", "")).Steps
		if len(steps) != 1 || steps[0].Error == nil || steps[0].Error.Detail != tt.want {
			t.Errorf("%s: %+v", failing, steps)
			continue
		}
		var fault supervise.Fault
		if errors.As(tt.err, &fault); steps[0].Error.Code != int(fault.Code) {
			t.Errorf("%s: %+v", failing, steps[0].Error)
		}
	}
	t.Run("by an error of ours", func(t *testing.T) {
		d := newDesk(t)
		d.engine.plan = supervise.Plan{Changed: []string{"web"}}
		d.engine.fails["add web"] = errors.New("inner")
		steps := read[wire.Update](t, d.send("POST", "/config/update", "")).Steps
		want := "web was removed and could not be added again, which the next update will try: FAILED"
		if len(steps) != 1 || steps[0].Error == nil || steps[0].Error.Detail != want {
			t.Errorf("%+v", steps)
		}
	})
}

func TestTwoUpdatesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.engine.plan = supervise.Plan{Removed: []string{"old"}}
		d.engine.hold = make(chan struct{})
		for range 2 {
			go d.send("POST", "/config/update", "")
			synctest.Wait() // the first is at work, then the second waits for it
		}
		want := []string{"stage", "stop {All:false Group:old May:<nil>} true", "remove old"}
		if asked := d.engine.took(); !slices.Equal(asked, want) {
			t.Errorf("while the first is at work the engine is asked to %v", asked)
		}
		close(d.engine.hold)
		synctest.Wait()
		if asked := d.engine.took(); !slices.Equal(asked, want) {
			t.Errorf("the second asks the engine to %v", asked)
		}
	})
}

func TestPagesOfALog(t *testing.T) {
	const text = "zero\none\ntwo\nthree\nfour\xff\n..." // lines begin at 0 5 9 13 19 25
	for _, tt := range []struct {
		query  string
		oldest int64
		want   string // off-end and the lines; < for cont, > for open
	}{
		{"", 0, `0-28 zero|one|two|three|four` + "\xff" + `|...>`},
		{"tail=12", 0, `19-28 four` + "\xff" + `|...>`},
		{"tail=3", 0, `25-28 ...>`},
		{"tail=2", 0, `26-28 <..>`},
		{"tail=0", 0, `27-28 <.>`},
		{"before=13&max=8", 0, `5-13 one|two`},
		{"before=13&max=7", 0, `9-13 two`},
		{"before=13&max=2", 0, `11-13 <o`},
		{"before=5", 0, `0-5 zero`},
		{"before=0", 0, `0-0 `},
		{"before=999&max=3", 0, `25-28 ...>`},
		{"after=5&max=8", 0, `5-13 one|two`},
		{"after=5&max=9", 0, `5-13 one|two`},
		{"after=7&max=9", 0, `7-13 <e|two`},
		{"after=13&max=3", 0, `13-16 thr>`},
		{"after=19", 0, `19-28 four` + "\xff" + `|...>`},
		{"after=28", 0, `28-28 `},
		{"around=14&max=12", 0, `9-19 two|three`},
		{"around=11&max=4", 0, `9-13 two`},
		{"around=15&max=2", 0, `14-16 <hr>`},
		{"after=0", 9, `9-28 two|three|four` + "\xff" + `|...>`},
		{"before=7", 9, `9-9 `},
		{"before=20&max=8", 9, `13-20 three|f>`},
	} {
		d := newDesk(t)
		d.engine.log.data, d.engine.log.oldest = text, tt.oldest
		for _, path := range []string{"/log/web:api/stdout", "/mainlog"} {
			w := d.send("GET", path+"?"+tt.query, "")
			if w.Code != 200 {
				t.Fatalf("%s: %d %s", tt.query, w.Code, w.Body)
			}
			if got := show(read[wire.LogPage](t, w), t); got != tt.want {
				t.Errorf("%s?%s:\n got %q\nwant %q", path, tt.query, got, tt.want)
			}
		}
	}
}

func show(p wire.LogPage, t *testing.T) string {
	if p.Epoch != "epoch123" || p.Newest != 28 {
		t.Errorf("%+v", p)
	}
	number := func(n int64) string { text, _ := json.Marshal(n); return string(text) }
	text := number(p.Off) + "-" + number(p.End) + " "
	if p.Cont {
		text += "<"
	}
	text += strings.Join(p.Lines, "|")
	if p.Open {
		text += ">"
	}
	return text
}

func TestPagesThatCannotBe(t *testing.T) {
	d := newDesk(t)
	d.engine.log.data = "line\n"
	for path, status := range map[string]int{
		"/log/web:api/stdout?before=x":         400,
		"/log/web:api/stdout?before=-1":        400,
		"/log/web:api/stdout?before=1&after=1": 400,
		"/log/web:api/stdout?max=x":            400,
		"/log/web:api/stdout?epoch=earlier":    410,
		"/log/web:api/stdout?epoch=epoch123":   200,
		"/log/web:api/stderr":                  404,
		"/log/web:api/stdin":                   404,
		"/log/web:*/stdout":                    404,
		"/log/none/stdout":                     404,
		"/log/web:api/stdout/raw?from=x":       400,
		"/log/web:api/stdout/raw?from=9&to=3":  200,
		"/log/web:api":                         404,
	} {
		if w := d.send("GET", path, ""); w.Code != status {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestAPageRotatedAwayWhileItIsReadBeginsLater(t *testing.T) {
	d := newDesk(t)
	d.engine.log.data, d.engine.log.trim = "zero\none\ntwo\n", 5
	if page := read[wire.LogPage](t, d.send("GET", "/mainlog?after=0", "")); page.Off != 5 || page.Oldest != 5 || len(page.Lines) != 2 {
		t.Errorf("%+v", page)
	}
}

func TestALogIsSavedAsAFile(t *testing.T) {
	d := newDesk(t)
	d.engine.log.data, d.engine.log.oldest = "gone\nkept \xff\nend", 5
	w := d.send("GET", "/log/odd%2Fname:x%3Ay/stdout/raw", "")
	if w.Code != 200 || w.Body.String() != "kept \xff\nend" || w.Header().Get("Content-Type") != "text/plain" ||
		w.Header().Get("Content-Disposition") != "attachment; filename=odd_name-x_y-stdout.log" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	w = d.send("GET", "/mainlog/raw?from=5&to=9", "", "Range", "bytes=1-2")
	if w.Code != 206 || w.Body.String() != "ep" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestAPreviewTellsWhatAnUpdateWouldDo(t *testing.T) {
	d := newDesk(t)
	w := d.send("GET", "/config/preview", "")
	seen := read[wire.Preview](t, w).Seen
	want := `{"seen":"` + seen + `","groups":[{"group":"old","action":"removed","options":[],"stops":["old"],"starts":[],"gone":[],"new":[]},` +
		`{"group":"web","action":"changed","options":[{"option":"startsecs","old":"1","new":"2"},` +
		`{"option":"environment","variable":"KEY","old":null,"new":"2","hidden":true,"processes":["api"]}],"stops":[],"starts":[],"gone":[],"new":[]}]}`
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if asked := d.engine.took(); len(asked) != 1 || asked[0] != "preview" {
		t.Errorf("the engine was asked to %v", asked)
	}
	d.engine.fails["preview"] = supervise.Fault{Code: supervise.FaultCantReread, Detail: "line 3"}
	w = d.send("GET", "/config/preview", "")
	if want := `{"error":{"code":92,"name":"CANT_REREAD","detail":"line 3"}}`; w.Code != 422 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAnUpdateOfWhatWasSeenDoesNothingElse(t *testing.T) {
	d := newDesk(t)
	d.engine.plan = supervise.Plan{Removed: []string{"old"}, Changed: []string{"web"}}
	seen := read[wire.Preview](t, d.send("GET", "/config/preview", "")).Seen
	d.engine.took()
	w := d.send("POST", "/config/update", `{"seen":"another"}`)
	if w.Code != http.StatusPreconditionFailed || !strings.Contains(w.Body.String(), "PRECONDITION_FAILED") {
		t.Errorf("what was not seen: %d %s", w.Code, w.Body)
	}
	if asked := d.engine.took(); !slices.Equal(asked, []string{"stage", "preview"}) {
		t.Errorf("the engine was asked to %v", asked)
	}
	w = d.send("POST", "/config/update", fmt.Sprintf(`{"seen":%q}`, seen))
	if w.Code != 200 || len(read[wire.Update](t, w).Steps) != 2 {
		t.Errorf("what was seen: %d %s", w.Code, w.Body)
	}
}

func TestPreviewsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.engine.previews = make(chan struct{})
		var asking sync.WaitGroup
		for range 3 {
			asking.Go(func() { d.send("GET", "/config/preview", "") })
		}
		for range 3 {
			synctest.Wait()
			if reading := d.engine.reading.Load(); reading != 1 {
				t.Errorf("%d previews read the configuration at once", reading)
			}
			d.engine.previews <- struct{}{}
		}
		asking.Wait()
	})
}

func TestACrashIsANumberOrTheLast(t *testing.T) {
	d := newDesk(t)
	for path, status := range map[string]int{
		"/processes/web:api/lives":         200,
		"/processes/web:api/crashes":       200,
		"/processes/web:api/crashes/last":  404,
		"/processes/web:api/crashes/7":     404,
		"/processes/web:api/crashes/0":     400,
		"/processes/web:api/crashes/-1":    400,
		"/processes/web:api/crashes/x":     400,
		"/processes/web:*/crashes":         404,
		"/processes/nobody:here/lives":     404,
		"/processes/nobody:here/crashes":   404,
		"/processes/nobody:here/crashes/1": 404,
	} {
		w := d.send("GET", path, "")
		if w.Code != status || status == 200 && !strings.Contains(w.Body.String(), "[]") {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, status)
		}
	}
}

// TestAHiddenProcessIsAnsweredAsOneThatIsNotThere asks for all there is to ask of
// one process, or of some, about one that is denied and one that does not exist.
// Orders that one may give are for the engine to answer.
func TestAHiddenProcessIsAnsweredAsOneThatIsNotThere(t *testing.T) {
	for verbs, actions := range map[string][]supervise.Verb{"one may see": {auth.View}, "one may read": {auth.View, auth.Logs}} {
		d := newDesk(t)
		d.who = auth.Principal{Name: "ann", Via: auth.Token, Grant: supervise.Grant{
			Role: supervise.Operator, Programs: []string{"*"}, Deny: []string{"odd/name"}, Actions: actions,
		}}
		asked := 0
		for _, o := range Operations() {
			path := o.Method + " " + o.Path
			if o.Path == "/merged" {
				path += "?source={name}/stdout"
			}
			if !strings.Contains(path, "{name}") && !strings.Contains(path, "{group}") || o.About == "people" {
				continue
			}
			asked++
			for _, name := range []string{"{name}", "{group}:*"} {
				hidden, none := d.aboutName(path, name, "odd%2Fname", "x:y"), d.aboutName(path, name, "no%2Fname", "x:y")
				if none = strings.ReplaceAll(none, "no/name", "odd/name"); hidden != none || !strings.HasPrefix(hidden, "404 ") {
					t.Errorf("%s, %s: %s of the hidden one, %s of one that is not there", verbs, path, hidden, none)
				}
			}
		}
		if asked < 20 {
			t.Errorf("%d operations are on a process or a group", asked)
		}
	}
}

// aboutName asks for an operation about a process, or about a whole group where
// name says so, and gives the answer.
func (d *desk) aboutName(operation, name, group, process string) string {
	d.t.Helper()
	name = strings.NewReplacer("{group}", group, "{name}", group+":"+process).Replace(name)
	method, path, _ := strings.Cut(operation, " ")
	path = strings.NewReplacer("{name}", name, "{group}", group, "{channel}", "stdout", "{id}", "last").Replace(path)
	w := d.send(method, path, `{"signal":"HUP","text":"words","variable":"KEY"}`)
	return fmt.Sprint(w.Code, " ", w.Body)
}

func TestWhatMayNotBeDoneToANameThatNothingHasIsAnsweredAsToAHiddenOne(t *testing.T) {
	d := newDesk(t)
	d.who = auth.Principal{Name: "ann", Grant: supervise.Grant{
		Role: supervise.Operator, Programs: []string{"*"}, Deny: []string{"odd/name"}, Actions: []supervise.Verb{auth.Start},
	}}
	for _, tt := range []struct{ method, path string }{
		{"POST", "/processes/%s/restart"}, {"GET", "/log/%s/stdout"}, {"GET", "/processes/%s/settings"}, {"POST", "/processes/%s/reveal"},
	} {
		for name, want := range map[string]int{"web:api": 403, "web:nosuch": 404, "odd%2Fname:x:y": 404} {
			if w := d.send(tt.method, fmt.Sprintf(tt.path, name), `{"variable":"KEY"}`); w.Code != want {
				t.Errorf("%s of %s: %d %s", tt.path, name, w.Code, w.Body)
			}
		}
	}
	for group, want := range map[string]int{"web": 403, "nosuch": 404, "odd%2Fname": 404} {
		if w := d.send("POST", "/groups/"+group+"/restart", ""); w.Code != want {
			t.Errorf("the group %s: %d %s", group, w.Code, w.Body)
		}
	}
}
