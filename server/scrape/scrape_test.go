package scrape

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"supervisor/server/auth"
	"supervisor/supervise"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var noon = time.Date(2026, 1, 31, 12, 0, 0, 250e6, time.UTC)

// world has one process of each kind there is something to say about.
type world struct {
	err   error
	looks int
}

func (*world) Identity() supervise.Identity {
	return supervise.Identity{Identifier: `the "one"`, Version: "1.2.3", Started: noon}
}

func (w *world) Snapshot(context.Context) (supervise.Snapshot, error) {
	return supervise.Snapshot{Processes: []supervise.ProcessInfo{
		{ID: 1, Group: "web", Name: "api", State: supervise.StateRunning, PID: 7, Start: noon, Restarts: 2, Stop: noon.Add(-time.Second), ExitStatus: -1},
		{ID: 2, Group: "web", Name: "new\\\"line\n\xff", State: supervise.StateStopped},
		{ID: 3, Group: "jobs", Name: "mail", State: supervise.StateFatal, Start: noon, Stop: noon, TooSoon: 127, SpawnErr: "Exited too quickly (process log may have details)"},
		{ID: 4, Group: "jobs", Name: "again", State: supervise.StateStarting, PID: 12, Start: noon, Restarts: 1},
	}}, w.err
}

func (w *world) Pools(context.Context) ([]supervise.PoolInfo, error) {
	listener := func(group, name, state string, breaches int) supervise.ListenerInfo {
		return supervise.ListenerInfo{Name: supervise.NameSpec{Group: group, Process: name}, State: state, Breaches: breaches}
	}
	return []supervise.PoolInfo{
		{Group: "web", Buffered: 3, Size: 10, Accepted: 100, Handled: 90, Rejected: 4, Dropped: 6, Listeners: []supervise.ListenerInfo{
			listener("web", "ear_0", "BUSY", 0), listener("web", "ear_1", "UNKNOWN", 2),
		}},
		{Group: "jobs", Size: 1, Listeners: []supervise.ListenerInfo{listener("jobs", "mail", "READY", 0)}},
	}, w.err
}

func (w *world) Look(context.Context) error {
	w.looks++
	return errors.New("the sample takes its time")
}

func (*world) Usage(id int) supervise.Usage {
	switch id {
	case 1:
		return supervise.Usage{PID: 7, CPU: 12, CPUTime: 90250 * time.Millisecond, Memory: 391 << 20, Descriptors: supervise.Unmeasured, Threads: 9, Processes: 3}
	case 4: // of its child before
		return supervise.Usage{PID: 11, CPU: 12, CPUTime: time.Second, Memory: 1, Descriptors: 1, Threads: 1, Processes: 1}
	}
	return supervise.NoUsage
}

func ask(t *testing.T, engine Engine, metrics Metrics, grant supervise.Grant) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	w := httptest.NewRecorder()
	Handler(engine, metrics).ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.Principal{Name: "ann", Grant: grant})))
	return w
}

func TestThePageIsWhatPrometheusReads(t *testing.T) {
	var w world
	answer := ask(t, &w, &w, auth.Full)
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != contentType || w.looks != 1 {
		t.Errorf("%d %v, %d looks", answer.Code, answer.Header(), w.looks)
	}
	const golden = "testdata/metrics.golden"
	if *update {
		if err := os.WriteFile(golden, answer.Body.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Body.String(); got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhoMayNotSeeAProcessReadsNothingOfIt(t *testing.T) {
	var w world
	text := ask(t, &w, &w, supervise.Grant{Role: supervise.Viewer, Programs: []string{"jobs"}}).Body.String()
	if strings.Contains(text, "web") || strings.Contains(text, "api") || !strings.Contains(text, `supervisor_pool_events_dropped_total{pool="jobs"} 0`) || !strings.Contains(text, `supervisor_process_up{group="jobs",name="mail"} 0`) {
		t.Error(text)
	}
	text = ask(t, &w, &w, supervise.Grant{Role: supervise.Viewer, Programs: []string{"none"}}).Body.String()
	if strings.Contains(text, "process") || strings.Contains(text, "pool") {
		t.Error(text)
	}
}

func TestWhereNobodyMeasuresTheRestIsTold(t *testing.T) {
	text := ask(t, &world{}, nil, auth.Full).Body.String()
	if strings.Contains(text, "memory") || strings.Contains(text, "cpu") || !strings.Contains(text, `supervisor_process_up{group="web",name="api"} 1`) {
		t.Error(text)
	}
}

func TestAnEngineThatHasEndedIsAnError(t *testing.T) {
	w := world{err: supervise.Fault{Code: supervise.FaultShutdownState}}
	if answer := ask(t, &w, &w, auth.Full); answer.Code/100 == 2 {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}
