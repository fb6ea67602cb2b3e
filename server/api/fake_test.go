package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"supervisor/supervise"
)

// fakeEngine notes what it is asked to do and answers what it was told to.
type fakeEngine struct {
	mood  supervise.Mood
	plan  supervise.Plan
	fails map[string]error // by what it is asked, as noted
	log   *fakeLog
	logs  map[string]supervise.Log // by name of process, those of stderr with "/stderr" behind it; others have log

	changes chan supervise.Change
	recent  []supervise.Change // the oldest first

	mu    sync.Mutex
	asked []string
	hold  chan struct{} // Restart and RemoveGroup wait for it to be closed

	listens  bool          // whether processes are event listeners
	previews chan struct{} // each Preview waits for one of it; nil does not
	reading  atomic.Int32  // how many wait
}

func newFakeEngine() *fakeEngine {
	return &fakeEngine{mood: supervise.MoodRunning, fails: map[string]error{}, log: &fakeLog{}}
}

func (e *fakeEngine) note(format string, args ...any) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	what := fmt.Sprintf(format, args...)
	e.asked = append(e.asked, what)
	return e.fails[what]
}

// took gives what was asked since the last time.
func (e *fakeEngine) took() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	asked := e.asked
	e.asked = nil
	return asked
}

var (
	web    = supervise.ProcessInfo{ID: 1, Group: "web", Name: "api", State: supervise.StateRunning, PID: 7, StdoutLog: "/log/api"}
	secret = supervise.ProcessInfo{ID: 2, Group: "odd/name", Name: "x:y"}
)

func (e *fakeEngine) Mood() supervise.Mood { return e.mood }
func (e *fakeEngine) Identity() supervise.Identity {
	return supervise.Identity{Identifier: "fake", Version: "1.2.3", PID: 99}
}
func (e *fakeEngine) Snapshot(context.Context) (supervise.Snapshot, error) {
	return supervise.Snapshot{
		Epoch: "epoch123", Seq: 42, Mood: e.mood,
		Groups:    []supervise.GroupInfo{{Name: "web", Priority: 1}, {Name: "odd/name", Priority: 2}},
		Processes: []supervise.ProcessInfo{web, secret},
	}, nil
}

// Subscribe gives those who come back what is kept, and others nothing old.
func (e *fakeEngine) Subscribe(_ context.Context, epoch string, since uint64) (supervise.Feed, error) {
	feed := supervise.Feed{Fresh: true, Snapshot: supervise.Snapshot{Epoch: "epoch123", Seq: 42}, Changes: e.changes, Close: func() {}}
	if epoch != "epoch123" {
		return feed, nil
	}
	feed.Fresh = false
	for _, c := range e.recent {
		if c.Seq > since {
			feed.Missed = append(feed.Missed, c)
		}
	}
	return feed, nil
}
func (e *fakeEngine) Recent(context.Context) (string, []supervise.Change, error) {
	return "epoch123", e.recent, nil
}
func (e *fakeEngine) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	for _, p := range []supervise.ProcessInfo{web, secret} {
		if p.NameSpec() == name {
			return p, nil
		}
	}
	return supervise.ProcessInfo{}, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
}
func (e *fakeEngine) Pools(context.Context) ([]supervise.PoolInfo, error) {
	return []supervise.PoolInfo{poolOf(web), poolOf(secret)}, nil
}
func (e *fakeEngine) Pool(_ context.Context, name supervise.NameSpec) (supervise.PoolInfo, bool, error) {
	return poolOf(web), e.listens, nil
}

// poolOf is a process as the one listener of a pool.
func poolOf(p supervise.ProcessInfo) supervise.PoolInfo {
	return supervise.PoolInfo{
		Group: p.Group, Events: []string{"TICK_5"}, Buffered: 3, Size: 10, Accepted: 9, Handled: 4, Dropped: 1, Rejected: 2, DroppedHour: 1,
		Listeners: []supervise.ListenerInfo{{
			Name: p.NameSpec(), Process: p.State, State: "BUSY", Event: supervise.EventTick5, Serial: 7, Breaches: 1, Said: "'once'",
		}},
	}
}

func (e *fakeEngine) WriteStdin(_ context.Context, name supervise.NameSpec, data []byte) error {
	return e.note("write %s %q", name, data)
}

func (e *fakeEngine) Settings(ctx context.Context, name supervise.NameSpec) (supervise.Settings, error) {
	_, err := e.Process(ctx, name)
	return supervise.Settings{}, err
}
func (e *fakeEngine) Start(_ context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	return 50, e.note("start %s %v", name, wait)
}
func (e *fakeEngine) Stop(_ context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	return 51, e.note("stop %s %v", name, wait)
}
func (e *fakeEngine) Restart(ctx context.Context, name supervise.NameSpec) (uint64, error) {
	err := e.note("restart %s", name)
	if err := e.wait(ctx); err != nil {
		return 0, err
	}
	return 52, err
}

func (e *fakeEngine) wait(ctx context.Context) error {
	if e.hold == nil {
		return nil
	}
	select {
	case <-e.hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (e *fakeEngine) Signal(_ context.Context, name supervise.NameSpec, sig supervise.Signal) error {
	return e.note("signal %s %s", name, sig)
}
func (e *fakeEngine) ClearLogs(_ context.Context, name supervise.NameSpec) error {
	return e.note("clear %s", name)
}

var stopped = []supervise.Result{{Group: "web", Name: "api", Status: supervise.Success, Description: "OK"}}

func (e *fakeEngine) StartMany(_ context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error) {
	return stopped, e.note("start %+v %v", which, wait)
}
func (e *fakeEngine) StopMany(_ context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error) {
	if which.Group == "stubborn" {
		return []supervise.Result{{Group: "stubborn", Name: "s", Status: supervise.FaultFailed}}, nil
	}
	return stopped, e.note("stop %+v %v", which, wait)
}
func (e *fakeEngine) RestartMany(_ context.Context, which supervise.Selection) (uint64, error) {
	return 53, e.note("restart %+v", which)
}
func (e *fakeEngine) Stage(context.Context) (supervise.Plan, error) {
	return e.plan, e.note("stage")
}
func (e *fakeEngine) Preview(context.Context) (supervise.Preview, error) {
	if e.previews != nil {
		e.reading.Add(1)
		<-e.previews
		e.reading.Add(-1)
	}
	before, after := "1", "2"
	return supervise.Preview{
		{Group: "old", Action: supervise.PlanRemove, Stops: []string{"old"}},
		{Group: "web", Action: supervise.PlanChange, Options: []supervise.OptionChange{
			{Option: "startsecs", Old: &before, New: &after},
			{Option: "environment", Variable: "KEY", New: &after, Hidden: true, Processes: []string{"api"}},
		}},
	}, e.note("preview")
}
func (e *fakeEngine) AddGroup(_ context.Context, group string) error {
	return e.note("add %s", group)
}
func (e *fakeEngine) RemoveGroup(ctx context.Context, group string) error {
	err := e.note("remove %s", group)
	if err := e.wait(ctx); err != nil {
		return err
	}
	return err
}
func (e *fakeEngine) Shutdown(context.Context) error    { return e.note("shutdown") }
func (e *fakeEngine) RestartSelf(context.Context) error { return e.note("reload") }
func (e *fakeEngine) Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	if _, err := e.Process(ctx, name); err != nil {
		return nil, err
	}
	if log := e.logs[name.String()+"/"+ch.String()]; log != nil {
		return log, nil
	}
	if ch == supervise.Stderr {
		return nil, supervise.Fault{Code: supervise.FaultNoFile, Detail: name.String()}
	}
	if log := e.logs[name.String()]; log != nil {
		return log, nil
	}
	return e.log, nil
}
func (e *fakeEngine) MainLog(context.Context) (supervise.Log, error) { return e.log, nil }

// fakeLog is a log in memory. It trims itself once when told to, in the middle
// of being read.
type fakeLog struct {
	path   string // "" for /log/fake, "-" for none
	data   string
	oldest int64
	trim   int64
}

func (l *fakeLog) Path() string {
	if l.path == "" {
		return "/log/fake"
	}
	return strings.TrimPrefix(l.path, "-")
}
func (l *fakeLog) Bounds() (oldest, end int64)     { return l.oldest, int64(len(l.data)) }
func (l *fakeLog) Clear() error                    { l.oldest = int64(len(l.data)); return nil }
func (l *fakeLog) Trouble() string                 { return "" }
func (l *fakeLog) Read(_, _ int64) ([]byte, error) { return nil, io.EOF }
func (l *fakeLog) Tail(_, _ int64) ([]byte, int64, bool, error) {
	return nil, 0, false, io.EOF
}
func (l *fakeLog) Wait(ctx context.Context, _ int64) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}
func (l *fakeLog) ReadAt(p []byte, off int64) (int, error) {
	l.oldest, l.trim = max(l.oldest, l.trim), 0
	if off < l.oldest {
		return 0, supervise.ErrLogGone
	}
	// A few bytes at a time, as where files meet.
	return bytes.NewReader([]byte(l.data)).ReadAt(p[:min(len(p), 5)], off)
}
