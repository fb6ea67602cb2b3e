package api

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

var apiName, secretName = web.NameSpec(), secret.NameSpec()

// moved is a change of state.
func moved(seq uint64, p supervise.ProcessInfo, to supervise.State) supervise.Change {
	return supervise.Change{
		Seq: seq, At: time.UnixMilli(int64(seq) * 1000), Rows: []supervise.ProcessInfo{p},
		Event: supervise.StateEvent{Name: p.NameSpec(), To: to},
	}
}

// ear listens to the feed of a desk.
type ear struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (d *desk) listen(path string, header ...string) ear {
	d.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.routes.ServeHTTP(w, r.WithContext(auth.With(r.Context(), d.who)))
	}))
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	d.t.Cleanup(server.Close)
	d.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1"+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); response.StatusCode != 200 || kind != "text/event-stream" {
		d.t.Fatalf("%d %s", response.StatusCode, kind)
	}
	return ear{d.t, bufio.NewScanner(response.Body)}
}

// next gives the kind and the id of the next event, and what its data say: "" at
// the end.
func (e ear) next() string {
	e.t.Helper()
	var kind, id, data string
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch {
		case name == "event":
			kind = value
		case name == "id":
			id = value
		case name == "data":
			data = value
		case e.lines.Text() == "" && kind != "":
			return kind + " " + id + " " + data
		}
	}
	return ""
}

func (e ear) expect(want ...string) {
	e.t.Helper()
	for _, want := range want {
		if got := e.next(); !strings.HasPrefix(got, want) {
			e.t.Fatalf("heard %q, want %q", got, want)
		}
	}
}

func TestChangesOfStateAreToldAsTheyHappen(t *testing.T) {
	d := newDesk(t)
	d.engine.changes = make(chan supervise.Change, 9)
	e := d.listen("/events")
	died := web
	died.ExitSignal = 9
	d.engine.changes <- moved(43, web, supervise.StateStarting)
	d.engine.changes <- supervise.Change{Seq: 44, Event: supervise.UpdateEvent{Name: apiName}, Rows: []supervise.ProcessInfo{web}}
	d.engine.changes <- supervise.Change{Seq: 45, At: time.UnixMilli(5), Event: supervise.MoodEvent{Mood: supervise.MoodRestarting}}
	d.engine.changes <- moved(46, died, supervise.StateExited)
	d.engine.changes <- supervise.Change{Seq: 47, Event: supervise.GroupEvent{Group: "web"}, Rows: []supervise.ProcessInfo{web}}
	e.expect(
		`state epoch123-43 {"kind":"state","seq":43,"at":43000,"type":"PROCESS_STATE_STARTING","group":"web","name":"api","from":"STOPPED","to":"STARTING"}`,
		`supervisord epoch123-45 {"kind":"supervisord","seq":45,"at":5,"type":"SUPERVISOR_STATE_CHANGE_STOPPING"}`,
		`state epoch123-46 {"kind":"state","seq":46,"at":46000,"type":"PROCESS_STATE_EXITED","group":"web","name":"api","from":"STOPPED","to":"EXITED","signal":"SIGKILL"}`,
		`group epoch123-47 {"kind":"group"`,
	)
	close(d.engine.changes) // cut off, or the engine has ended
	e.expect("")
}

func TestWhoComesBackHearsWhatTheyMissed(t *testing.T) {
	for _, test := range []struct{ name, after, first string }{
		{"in time", "epoch123-41", "state epoch123-42"},
		{"in another life of supervisord", "before-7", `gap epoch123-42 {"epoch":"epoch123","seq":42}`},
		{"with nonsense", "nonsense", `gap epoch123-42`},
		{"with nothing", "", "state epoch123-50"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, ask := range []func(*desk) ear{
				func(d *desk) ear { return d.listen("/events", "Last-Event-ID", test.after) },
				func(d *desk) ear { return d.listen("/events?after=" + test.after) },
			} {
				d := newDesk(t)
				d.engine.recent = []supervise.Change{moved(41, web, supervise.StateStarting), moved(42, web, supervise.StateRunning)}
				d.engine.changes = make(chan supervise.Change, 1)
				d.engine.changes <- moved(50, web, supervise.StateStopped)
				ask(d).expect(test.first)
			}
		})
	}
}

func TestNobodyHearsOfWhatTheyMayNotSee(t *testing.T) {
	d := newDesk(t)
	d.who.Grant = supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}}
	d.engine.changes = make(chan supervise.Change, 9)
	e := d.listen("/events")
	d.engine.changes <- moved(43, secret, supervise.StateFatal)
	d.engine.changes <- supervise.Change{Seq: 44, Event: supervise.GroupEvent{Group: secretName.Group}, Rows: []supervise.ProcessInfo{secret}}
	d.engine.changes <- moved(45, web, supervise.StateFatal)
	e.expect("state epoch123-45")
}

func TestOnlyWhatIsAskedForIsTold(t *testing.T) {
	for query, want := range map[string]string{
		"type=group":         "group epoch123-44",
		"type=trouble":       "state epoch123-45",
		"type=supervisord,x": "",
		"type=state,act":     "",
		"program=:api":       "",
		"program=[web":       "",
		"program=odd/*":      "state epoch123-45",
		"program=web:api":    "state epoch123-43",
	} {
		d := newDesk(t)
		d.engine.changes = make(chan supervise.Change, 9)
		if want == "" {
			if w := d.send("GET", "/events?"+query, ""); w.Code != 400 {
				t.Errorf("%s: %d %s", query, w.Code, w.Body)
			}
			continue
		}
		e := d.listen("/events?" + query)
		d.engine.changes <- moved(43, web, supervise.StateRunning)
		d.engine.changes <- supervise.Change{Seq: 44, Event: supervise.GroupEvent{Group: "web", Added: true}, Rows: []supervise.ProcessInfo{web}}
		d.engine.changes <- moved(45, secret, supervise.StateFatal)
		e.expect(want)
	}
}

// pulse counts what is written to a feed that is silent.
type pulse struct {
	*httptest.ResponseRecorder
	written chan string
}

func (p pulse) Write(text []byte) (int, error) {
	p.written <- string(text)
	return len(text), nil
}

func TestASilentFeedStillSaysThatItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.engine.changes = make(chan supervise.Change)
		ctx, leave := context.WithCancel(t.Context())
		w := pulse{httptest.NewRecorder(), make(chan string, 9)}
		r := httptest.NewRequest("GET", "/api/v1/events", nil)
		go d.routes.ServeHTTP(w, r.WithContext(auth.With(ctx, d.who)))
		began := time.Now()
		if first := <-w.written; first != "retry: 3000\n\n" {
			t.Error(first)
		}
		if beat := <-w.written; beat != ": still here\n\n" || time.Since(began) != heartbeat {
			t.Errorf("%q after %s", beat, time.Since(began))
		}
		leave()
		synctest.Wait()
	})
}

// told is the activity in short: what happened to whom, page by page.
func (d *desk) told(query string) string {
	d.t.Helper()
	var pages []string
	for before := ""; ; {
		page := read[wire.Activity](d.t, d.send("GET", "/activity?"+query+"&before="+before, ""))
		var words []string
		for _, e := range page.Entries {
			if e.Event != nil {
				words = append(words, strconv.FormatUint(e.Event.Seq, 10))
				continue
			}
			words = append(words, e.Act.Verb+" "+e.Act.Target)
		}
		pages = append(pages, strings.Join(words, ", "))
		if before = page.Next; before == "" || len(pages) > 20 {
			return strings.Join(pages, "; ")
		}
	}
}

func TestWhatPeopleDidAndWhatBecameOfItIsOneStream(t *testing.T) {
	trail := audit.New(audit.Options{Path: filepath.Join(t.TempDir(), "audit.log")})
	defer func() {
		if err := trail.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	d := newDesk(t, func(o *Options) { o.Trail = trail })
	now := time.Now()
	long := func(c supervise.Change, at time.Time) supervise.Change { c.At = at; return c }
	d.engine.recent = []supervise.Change{long(moved(1, web, supervise.StateRunning), now.Add(-time.Hour)), long(moved(2, secret, supervise.StateFatal), now.Add(-time.Minute))}
	d.send("POST", "/processes/web:api/restart", "")
	d.engine.fails["stop web:api false"] = errors.New("no")
	d.send("POST", "/processes/web:api/stop", "")
	d.engine.recent = append(d.engine.recent, long(moved(3, web, supervise.StateRunning), now.Add(time.Minute)))

	for query, want := range map[string]string{
		"":                        "3, stop web:api, restart web:api, 2, 1",
		"limit=1":                 "3; stop web:api; restart web:api; 2; 1",
		"limit=2":                 "3, stop web:api; restart web:api, 2; 1",
		"type=state":              "3, 2, 1",
		"type=act":                "stop web:api, restart web:api",
		"type=trouble":            "stop web:api, 2",
		"program=web":             "3, stop web:api, restart web:api, 1",
		"program=web&limit=1":     "3; stop web:api; restart web:api; 1",
		"user=ann":                "stop web:api, restart web:api",
		"user=nobody":             "",
		"since=30m":               "3, stop web:api, restart web:api, 2",
		"type=state&limit=2":      "3, 2; 1",
		"type=act,state&limit=50": "3, stop web:api, restart web:api, 2, 1",
	} {
		if got := d.told(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, query := range []string{"before=x", "before=1", "before=1.x", "before=epoch123-x.", "before=-1.", "type=x", "since=x", "program=:x"} {
		if w := d.send("GET", "/activity?"+query, ""); w.Code != 400 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}

	d.who.Grant = supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}}
	if got := d.told(""); got != "3, 1" {
		t.Errorf("a viewer reads %s", got)
	}
}

func TestACursorOfAnotherLifeOfSupervisordGivesNoChangeAsOlder(t *testing.T) {
	d := newDesk(t)
	for seq := range uint64(3) {
		d.engine.recent = append(d.engine.recent, moved(seq+1, web, supervise.StateRunning))
	}
	next := read[wire.Activity](t, d.send("GET", "/activity?limit=2", "")).Next
	if page := read[wire.Activity](t, d.send("GET", "/activity?before="+next, "")); len(page.Entries) != 1 || page.Entries[0].Event.Seq != 1 {
		t.Errorf("before %s came %+v", next, page.Entries)
	}
	next = strings.Replace(next, "epoch123", "earlier", 1) // it was given before a reload
	if page := read[wire.Activity](t, d.send("GET", "/activity?before="+next, "")); len(page.Entries) != 0 || page.Next != "" {
		t.Errorf("before %s came %+v, and then %s", next, page.Entries, page.Next)
	}
}
