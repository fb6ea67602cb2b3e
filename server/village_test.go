package server

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"supervisor/supervise"
)

// village is an engine that stands still, with two kinds of programs: those of
// group insider, which most people of the tests may see, and those whose names
// and words have "canary" in them, of which they must never hear. What it is
// asked to do it answers and does not do, so that every test finds it the same.
type village struct {
	processes []supervise.ProcessInfo
	logs      map[string]*pageLog
	main      *pageLog
}

// villagers are its processes; the first has the id 1.
var villagers = []string{"insider:api", "insider:worker", "canary:main", "mixed:api", "mixed:canary", "elsewhere:x"}

func newVillage(t *testing.T) *village {
	t.Helper()
	v := &village{logs: map[string]*pageLog{}, main: newPageLog(t, "the main log speaks of canary\n")}
	for i, name := range villagers {
		spec := supervise.ParseNameSpec(name)
		log := newPageLog(t, "words of "+spec.Group+" "+spec.Process+"\n")
		v.logs[name] = log
		v.processes = append(v.processes, supervise.ProcessInfo{
			ID: i + 1, Group: spec.Group, Name: spec.Process, State: supervise.StateRunning, PID: 4000 + i, Start: time.Now(), StdoutLog: log.path,
			Order: supervise.OrderRestart, By: "gravedigger",
		})
	}
	return v
}

func (*village) Mood() supervise.Mood { return supervise.MoodRunning }
func (*village) Identity() supervise.Identity {
	return supervise.Identity{Identifier: "the village", PID: 4711, ConfigFile: "/etc/canary.conf"}
}

func (v *village) Snapshot(context.Context) (supervise.Snapshot, error) {
	s := supervise.Snapshot{Epoch: "e", Seq: 9, Processes: v.processes}
	for _, p := range v.processes {
		if !slices.ContainsFunc(s.Groups, func(g supervise.GroupInfo) bool { return g.Name == p.Group }) {
			s.Groups = append(s.Groups, supervise.GroupInfo{Name: p.Group})
		}
	}
	return s, nil
}

func (v *village) Subscribe(ctx context.Context, epoch string, _ uint64) (supervise.Feed, error) {
	if epoch == "e" { // somebody comes back
		_, missed, err := v.Recent(ctx)
		return supervise.Feed{Missed: missed, Changes: make(chan supervise.Change), Close: func() {}}, err
	}
	snapshot, err := v.Snapshot(ctx)
	return supervise.Feed{Fresh: true, Snapshot: snapshot, Changes: make(chan supervise.Change), Close: func() {}}, err
}

// Recent is one change of everybody's, and of supervisord.
func (v *village) Recent(context.Context) (string, []supervise.Change, error) {
	changes := []supervise.Change{{Seq: 1, At: time.Now(), Event: supervise.MoodEvent{Mood: supervise.MoodRunning}}}
	for i, p := range v.processes {
		changes = append(changes, supervise.Change{
			Seq: uint64(i + 2), At: time.Now(), Rows: []supervise.ProcessInfo{p},
			Event: supervise.StateEvent{Name: p.NameSpec(), From: supervise.StateStarting, To: supervise.StateRunning, PID: p.PID},
		})
	}
	return "e", changes, nil
}

func nothingSo(name string) error {
	return supervise.Fault{Code: supervise.FaultBadName, Detail: name}
}

func (v *village) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	for _, p := range v.processes {
		if p.NameSpec() == name {
			return p, nil
		}
	}
	return supervise.ProcessInfo{}, nothingSo(name.String())
}

func (v *village) ConfigInfo(context.Context) ([]supervise.ConfigInfo, error) {
	var infos []supervise.ConfigInfo
	for _, p := range v.processes {
		infos = append(infos, supervise.ConfigInfo{
			Group: p.Group, Name: p.Name, Command: "/bin/" + p.Group + "-command --token=hunter2", AutoRestart: true, UID: "none",
		})
	}
	return infos, nil
}

// Pools has each group as one: what a pool tells is no more than its group may.
func (v *village) Pools(context.Context) ([]supervise.PoolInfo, error) {
	var pools []supervise.PoolInfo
	for _, p := range v.processes {
		if len(pools) == 0 || pools[len(pools)-1].Group != p.Group {
			pools = append(pools, supervise.PoolInfo{Group: p.Group, Events: []string{"TICK_5"}, Buffered: 3, Size: 10})
		}
		pool := &pools[len(pools)-1]
		pool.Listeners = append(pool.Listeners, supervise.ListenerInfo{
			Name: p.NameSpec(), Process: p.State, State: "UNKNOWN", Broken: true, Said: "'" + p.Group + "-said'",
		})
	}
	return pools, nil
}

func (v *village) Pool(_ context.Context, name supervise.NameSpec) (supervise.PoolInfo, bool, error) {
	return supervise.PoolInfo{}, false, nil
}

func (v *village) Settings(ctx context.Context, name supervise.NameSpec) (supervise.Settings, error) {
	return supervise.Settings{
		Command: "/bin/" + name.Group + "-command --token=hunter2", Directory: "/srv",
		Environment: []supervise.Variable{{Name: "API_TOKEN", Value: "hunter2"}, {Name: "MODE", Value: "fast"}, {Name: "MY_TOKEN", Value: "hunter2"}},
		Section:     "program:" + name.Group, File: "/etc/village.conf", Line: 3,
		Options: []supervise.Option{{Name: "environment", Variable: "API_TOKEN", Value: new("hunter2"), File: "/etc/village.conf", Line: 5}},
	}, v.one(ctx, name)
}

func (v *village) one(ctx context.Context, name supervise.NameSpec) error {
	_, err := v.Process(ctx, name)
	return err
}

func (v *village) Start(ctx context.Context, name supervise.NameSpec, _ bool) (uint64, error) {
	return 9, v.one(ctx, name)
}
func (v *village) Stop(ctx context.Context, name supervise.NameSpec, _ bool) (uint64, error) {
	return 9, v.one(ctx, name)
}
func (v *village) Restart(ctx context.Context, name supervise.NameSpec) (uint64, error) {
	return 9, v.one(ctx, name)
}
func (v *village) Signal(ctx context.Context, name supervise.NameSpec, _ supervise.Signal) error {
	return v.one(ctx, name)
}
func (v *village) WriteStdin(ctx context.Context, name supervise.NameSpec, _ []byte) error {
	return v.one(ctx, name)
}
func (v *village) ClearLogs(ctx context.Context, name supervise.NameSpec) error {
	return v.one(ctx, name)
}

// many answers for the selection by the rules of the engine.
func (v *village) many(which supervise.Selection) ([]supervise.Result, error) {
	results := []supervise.Result{}
	for _, p := range v.processes {
		if (which.All || p.Group == which.Group) && (which.May == nil || which.May(p.NameSpec())) {
			results = append(results, supervise.Result{Group: p.Group, Name: p.Name, Status: supervise.Success, Description: "OK"})
		}
	}
	if !which.All && len(results) == 0 {
		return nil, nothingSo(which.Group)
	}
	return results, nil
}

func (v *village) StartMany(_ context.Context, which supervise.Selection, _ bool) ([]supervise.Result, error) {
	return v.many(which)
}
func (v *village) StopMany(_ context.Context, which supervise.Selection, _ bool) ([]supervise.Result, error) {
	return v.many(which)
}
func (v *village) SignalMany(_ context.Context, which supervise.Selection, _ supervise.Signal) ([]supervise.Result, error) {
	return v.many(which)
}
func (v *village) RestartMany(_ context.Context, which supervise.Selection) (uint64, error) {
	_, err := v.many(which)
	return 9, err
}
func (v *village) ClearAllLogs(_ context.Context, may func(supervise.NameSpec) bool) ([]supervise.Result, error) {
	return v.many(supervise.Selection{All: true, May: may})
}

func (*village) RemoteEvent(context.Context, string, string) error { return nil }
func (*village) Stage(context.Context) (supervise.Plan, error) {
	return supervise.Plan{Added: []string{"canary-new"}}, nil
}
func (*village) Preview(context.Context) (supervise.Preview, error) {
	return supervise.Preview{{Group: "canary-new", Action: supervise.PlanAdd}}, nil
}
func (*village) AddGroup(context.Context, string) error    { return nil }
func (*village) RemoveGroup(context.Context, string) error { return nil }
func (*village) Shutdown(context.Context) error            { return nil }
func (*village) RestartSelf(context.Context) error         { return nil }

func (v *village) Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	if err := v.one(ctx, name); err != nil {
		return nil, err
	}
	if ch == supervise.Stderr {
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	}
	return v.logs[name.Group+":"+name.Process], nil
}
func (v *village) MainLog(context.Context) (supervise.Log, error) { return v.main, nil }

// graveyard remembers one crash of everybody, also of those who never were.
type graveyard struct{}

var lastLife = supervise.Life{
	PID: 5000, State: supervise.StateExited, Status: -1, Signal: supervise.Signal(syscall.SIGSEGV), Crash: 1,
	Order: supervise.OrderStop, By: "gravedigger",
}

func (graveyard) Lives(context.Context, supervise.NameSpec) []supervise.Life {
	return []supervise.Life{lastLife}
}
func (graveyard) Crashes(context.Context, supervise.NameSpec) []supervise.Life {
	return []supervise.Life{lastLife}
}
func (graveyard) Crash(_ context.Context, name supervise.NameSpec, _ int) (supervise.Crash, error) {
	crash := supervise.Crash{Name: name, Life: lastLife}
	crash.Output[supervise.Stderr].Data = []byte("last words of " + name.Group + " " + name.Process + "\n")
	return crash, nil
}

// pageLog is a log of one line that never grows.
type pageLog struct{ path, text string }

func newPageLog(t *testing.T, text string) *pageLog {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &pageLog{path: path, text: text}
}

func (l *pageLog) Path() string           { return l.path }
func (l *pageLog) Bounds() (int64, int64) { return 0, int64(len(l.text)) }
func (l *pageLog) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, l.text[min(off, int64(len(l.text))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
func (l *pageLog) Wait(ctx context.Context, _ int64) (int64, error) {
	<-ctx.Done()
	return int64(len(l.text)), ctx.Err()
}
func (l *pageLog) Read(int64, int64) ([]byte, error) { return []byte(l.text), nil }
func (l *pageLog) Tail(int64, int64) ([]byte, int64, bool, error) {
	return []byte(l.text), int64(len(l.text)), false, nil
}
func (*pageLog) Clear() error    { return nil }
func (*pageLog) Trouble() string { return "" }

// meter measures every process alike, at one moment.
type meter struct{}

func (meter) used(id int) supervise.Usage {
	return supervise.Usage{PID: 3999 + id, CPU: 7, CPUTime: 1500 * time.Millisecond, Memory: 4096, Descriptors: supervise.Unmeasured, Threads: 2, Processes: 1}
}

func (meter) Look(context.Context) error         { return nil }
func (m meter) Usage(id int) supervise.Usage     { return m.used(id) }
func (meter) Latest() (uint64, time.Time)        { return 1, time.UnixMilli(1) }
func (meter) Keeps() time.Duration               { return time.Hour }
func (meter) HistoryStep() time.Duration         { return 10 * time.Second }
func (meter) RecentStep() time.Duration          { return 2 * time.Second }
func (meter) Watch(time.Duration, func()) func() { return func() {} }
func (m meter) History(id int) []supervise.UsagePoint {
	return []supervise.UsagePoint{{At: time.UnixMilli(1000), Usage: m.used(id)}}
}
func (m meter) Recent(id int) []supervise.UsagePoint { return m.History(id) }

// papers are the files of the village's configuration.
func papers() (supervise.ConfigView, error) {
	return supervise.ConfigView{
		Files:    []supervise.ConfigFile{{Path: "/etc/canary.conf", Text: "[program:canary]\n"}},
		Findings: []supervise.ConfigFinding{{Verdict: "error", File: "/etc/canary.conf", Line: 1, Text: "canary has no command"}},
	}, nil
}
