package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// fakeMetrics has measured process 1, since somebody looked.
type fakeMetrics struct {
	looks int
	fails error
	pid   int
}

func (m *fakeMetrics) Look(context.Context) error {
	m.looks++
	return m.fails
}

func (m *fakeMetrics) Usage(id int) supervise.Usage {
	if id != 1 || m.pid == 0 {
		return supervise.NoUsage
	}
	return supervise.Usage{PID: m.pid, CPU: 12.34, CPUTime: time.Second, Memory: 4096, Descriptors: supervise.Unmeasured, Threads: 2, Processes: 1}
}

func (m *fakeMetrics) History(id int) []supervise.UsagePoint {
	if id != 1 {
		return nil
	}
	now := time.Now()
	return []supervise.UsagePoint{
		{At: now.Add(-40 * time.Minute), Usage: supervise.Usage{PID: 6, CPU: supervise.Unmeasured, Memory: 1}},
		{At: now.Add(-10 * time.Minute), Usage: supervise.Usage{PID: 7, CPU: 50, Memory: 2}},
	}
}

func (*fakeMetrics) HistoryStep() time.Duration { return 10 * time.Second }
func (*fakeMetrics) Keeps() time.Duration       { return time.Hour }

func newMeasuredDesk(t *testing.T) (*desk, *fakeMetrics) {
	figures := &fakeMetrics{pid: web.PID}
	d := newDesk(t, func(o *Options) { o.Metrics = figures })
	return d, figures
}

func TestTheHistoryOfAProcessHasItsIncarnations(t *testing.T) {
	d, figures := newMeasuredDesk(t)
	m := read[wire.ProcessMetrics](t, d.send("GET", "/processes/web:api/metrics", ""))
	if !slices.Equal(m.PIDs, []int{6, 7}) || !slices.Equal(m.CPU, wire.Figures{wire.Unmeasured, 50}) || len(m.Times) != 2 || m.Keeps != 3600000 || m.Step != 10000 {
		t.Errorf("%+v", m)
	}
	if m.Usage == nil || m.Usage.CPU != 12.3 || m.Usage.Descriptors != wire.Unmeasured || figures.looks != 1 {
		t.Errorf("%+v, %d looks", m.Usage, figures.looks)
	}
	m = read[wire.ProcessMetrics](t, d.send("GET", "/processes/web:api/metrics?since=15m", ""))
	if !slices.Equal(m.PIDs, []int{7}) || !slices.Equal(m.Memory, wire.Figures{2}) {
		t.Errorf("since a quarter of an hour: %+v", m)
	}
	w := d.send("GET", "/processes/odd%2Fname:x%3Ay/metrics", "")
	if m := read[wire.ProcessMetrics](t, w); m.Usage != nil || len(m.Times) != 0 || !strings.Contains(w.Body.String(), `"times":[],"pids":[],"cpu":[]`) {
		t.Errorf("of what does not run: %s", w.Body)
	}
}

func TestWhatAChildUsedThatIsNoMoreIsNotToldAsUsedNow(t *testing.T) {
	d, figures := newMeasuredDesk(t)
	figures.pid = 6 // of the child before this one
	w := d.send("GET", "/processes/web:api/metrics", "")
	if m := read[wire.ProcessMetrics](t, w); m.Usage != nil || len(m.Times) != 2 {
		t.Errorf("%s", w.Body)
	}
}

func TestHistoryIsToldWithoutASampleIfThereIsNone(t *testing.T) {
	d, figures := newMeasuredDesk(t)
	figures.fails, figures.pid = errors.New("the engine is busy"), 0
	m := read[wire.ProcessMetrics](t, d.send("GET", "/processes/web:api/metrics", ""))
	if m.Usage != nil || len(m.Times) != 2 {
		t.Errorf("%+v", m)
	}
}

func TestFiguresAreAskedForAsTheyMayBe(t *testing.T) {
	d, figures := newMeasuredDesk(t)
	for path, want := range map[string]int{
		"/processes/web:api/metrics?since=yesterday": http.StatusBadRequest,
		"/processes/nobody/metrics":                  http.StatusNotFound,
		"/processes/web:*/metrics":                   http.StatusNotFound,
	} {
		if w := d.send("GET", path, ""); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	d.who = auth.Principal{Name: "bob", Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"other"}}}
	if w := d.send("GET", "/processes/web:api/metrics", ""); w.Code != http.StatusNotFound || figures.looks != 0 {
		t.Errorf("%d %s, %d looks", w.Code, w.Body, figures.looks)
	}
	if w := newDesk(t).send("GET", "/processes/web:api/metrics", ""); w.Code != http.StatusNotFound {
		t.Errorf("where nobody measures: %d %s", w.Code, w.Body)
	}
}

func TestListsHaveTheFiguresThatAreAtHand(t *testing.T) {
	d, figures := newMeasuredDesk(t)
	list := read[wire.ProcessList](t, d.send("GET", "/processes", ""))
	if u := list.Processes[0].Usage; u == nil || u.Memory != 4096 || list.Processes[1].Usage != nil {
		t.Errorf("%+v", list.Processes)
	}
	if detail := read[wire.ProcessDetail](t, d.send("GET", "/processes/web:api", "")); detail.Usage == nil || detail.Usage.PID != 7 {
		t.Errorf("%+v", detail)
	}
	figures.pid = 6 // of the child before this one
	if w := d.send("GET", "/processes", ""); strings.Count(w.Body.String(), `"usage":null`) != 2 || figures.looks != 0 {
		t.Errorf("%s, %d looks", w.Body, figures.looks)
	}
}
