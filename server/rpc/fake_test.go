package rpc

import (
	"context"
	"io"
	"slices"
	"time"

	"supervisor/supervise"
)

// world is an engine that stands still: the processes of record.py as they are
// when its calls are made. Commands answer as they would, and change nothing.
type world struct {
	mood      supervise.Mood
	groups    []supervise.GroupInfo
	processes []supervise.ProcessInfo
	configs   []supervise.ConfigInfo
	log       *memoryLog
	missing   map[string]supervise.Fault // what a start of the process meets
	plan      supervise.Plan
	stageErr  error
	added     []string // groups that AddGroup and RemoveGroup know besides
	seq       uint64

	done []string // what was asked for, in order
}

// newWorld is the world of the golden files.
func newWorld() *world {
	began := time.Now().Add(-7 * time.Second)
	cat := supervise.ProcessInfo{
		ID: 1, Group: "cat", Name: "cat", State: supervise.StateRunning, PID: 42, Start: began, StdoutLog: "/golden/cat.out",
	}
	down := func(id int, group, name string) supervise.ProcessInfo {
		return supervise.ProcessInfo{ID: id, Group: group, Name: name}
	}
	done, failed := down(6, "done", "done"), down(7, "failed", "failed")
	for _, p := range []*supervise.ProcessInfo{&done, &failed} {
		p.Start, p.Stop = began, began
	}
	done.State, done.ExitStatus, done.SpawnErr = supervise.StateExited, 3, "Bad exit code 3"
	failed.State, failed.SpawnErr = supervise.StateFatal, "Exited too quickly (process log may have details)"
	web0, web1 := down(2, "web", "web_0"), down(3, "web", "web_1")
	for _, p := range []*supervise.ProcessInfo{&web0, &web1} {
		p.Start, p.Stop = began, began // they have been started and stopped by the calls before
	}
	w := &world{
		mood:      supervise.MoodRunning,
		processes: []supervise.ProcessInfo{web0, web1, cat, down(4, "gone", "gone"), down(5, "plain", "plain"), done, failed},
		log:       &memoryLog{path: "/golden/cat.out", data: []byte("hello\n<tag> & \"quotes\"\ncaf\xc3\xa9\n")},
		missing: map[string]supervise.Fault{
			"gone":  {Code: supervise.FaultNoFile, Detail: "can't find command '/no/such/file'"},
			"plain": {Code: supervise.FaultNotExecutable, Detail: "command at '/golden/plain' is not executable"},
		},
		seq: 1,
	}
	for _, name := range []string{"web", "cat", "gone", "plain", "done", "failed"} {
		w.groups = append(w.groups, supervise.GroupInfo{Name: name})
	}
	w.configs = newConfigs()
	return w
}

func newConfigs() []supervise.ConfigInfo {
	log := supervise.ConfigLogInfo{Logfile: "none", MaxBytes: 50 << 20, Backups: 10}
	config := func(group, name, command string) supervise.ConfigInfo {
		return supervise.ConfigInfo{
			Group: group, Name: name, Command: command, InUse: true, GroupPriority: 999, Priority: 999, AutoStart: true,
			AutoRestart: "unexpected", Directory: "none", UID: "none", ExitCodes: []int{0}, StartSecs: 1, StartRetries: 3,
			StopSignal: 15, StopWaitSecs: 10, ServerURL: "none", Stdout: log, Stderr: log,
		}
	}
	cat := config("cat", "cat", "/golden/cat")
	cat.StartSecs, cat.Stdout.Logfile, cat.Stdout.Backups = 0, "/golden/cat.out", 3
	done := config("done", "done", `/bin/sh -c "exit 3"`)
	done.StartSecs, done.AutoRestart = 0, false
	failed := config("failed", "failed", "/bin/false")
	failed.StartRetries = 0
	gone := config("gone", "gone", "/no/such/file")
	gone.AutoStart, gone.Directory, gone.RedirectErr = false, "/tmp", true
	plain := config("plain", "plain", "/golden/plain")
	plain.AutoStart, plain.StopSignal, plain.ExitCodes = false, 2, []int{0, 2}
	configs := []supervise.ConfigInfo{cat, done, failed, gone, plain}
	for _, name := range []string{"web_0", "web_1"} {
		web := config("web", name, "/bin/sleep 1000")
		web.AutoStart, web.StartSecs, web.Priority, web.GroupPriority = false, 0, 5, 5
		web.Stdout.EventsEnabled, web.KillAsGroup = true, true
		configs = append(configs, web)
	}
	return configs
}

func (w *world) note(what string) { w.done = append(w.done, what) }

func (w *world) Mood() supervise.Mood { return w.mood }

func (w *world) Identity() supervise.Identity {
	return supervise.Identity{Identifier: "golden", PID: 42}
}

func (w *world) Snapshot(context.Context) (supervise.Snapshot, error) {
	return supervise.Snapshot{Epoch: "e", Seq: w.seq, Groups: w.groups, Processes: w.processes}, nil
}

func (w *world) ConfigInfo(context.Context) ([]supervise.ConfigInfo, error) { return w.configs, nil }

func badNameOf(name string) error {
	return supervise.Fault{Code: supervise.FaultBadName, Detail: name}
}

func (w *world) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	for _, p := range w.processes {
		if p.Group == name.Group && p.Name == name.Process {
			return p, nil
		}
	}
	return supervise.ProcessInfo{}, badNameOf(name.String())
}

// in finds the process and refuses it with code unless its state is as wanted.
func (w *world) in(ctx context.Context, name supervise.NameSpec, wanted func(supervise.State) bool, code supervise.FaultCode) error {
	p, err := w.Process(ctx, name)
	if err == nil && !wanted(p.State) {
		err = supervise.Fault{Code: code, Detail: name.String()}
	}
	return err
}

func notRunning(s supervise.State) bool { return !s.Running() }

func (w *world) Start(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	if fault, ok := w.missing[name.Group]; ok {
		return 0, fault
	}
	w.note("start " + name.String())
	return 0, w.in(ctx, name, notRunning, supervise.FaultAlreadyStarted)
}

func (w *world) Stop(ctx context.Context, name supervise.NameSpec, wait bool) (uint64, error) {
	if slices.Contains(w.done, "start "+name.String()) {
		return 0, nil
	}
	return 0, w.in(ctx, name, supervise.State.Running, supervise.FaultNotRunning)
}

func (w *world) Signal(ctx context.Context, name supervise.NameSpec, sig supervise.Signal) error {
	w.note("signal " + name.String() + " " + sig.String())
	return w.in(ctx, name, supervise.State.Signallable, supervise.FaultNotRunning)
}

func (w *world) many(which supervise.Selection, wanted func(supervise.State) bool) ([]supervise.Result, error) {
	if !which.All && !slices.ContainsFunc(w.groups, func(g supervise.GroupInfo) bool { return g.Name == which.Group }) {
		return nil, badNameOf(which.Group)
	}
	var lines []supervise.Result
	for _, p := range w.processes {
		if (which.All || p.Group == which.Group) && wanted(p.State) {
			lines = append(lines, supervise.Result{Group: p.Group, Name: p.Name, Status: supervise.Success, Description: "OK"})
		}
	}
	return lines, nil
}

func (w *world) StartMany(_ context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error) {
	return w.many(which, notRunning)
}

func (w *world) StopMany(_ context.Context, which supervise.Selection, wait bool) ([]supervise.Result, error) {
	return w.many(which, supervise.State.Running)
}

func (w *world) SignalMany(_ context.Context, which supervise.Selection, sig supervise.Signal) ([]supervise.Result, error) {
	return w.many(which, supervise.State.Signallable)
}

func (w *world) WriteStdin(ctx context.Context, name supervise.NameSpec, data []byte) error {
	w.note("write " + string(data))
	return w.in(ctx, name, supervise.State.Running, supervise.FaultNotRunning)
}

func (w *world) RemoteEvent(_ context.Context, kind, data string) error {
	w.note("event " + kind + " " + data)
	return nil
}

func (w *world) Stage(context.Context) (supervise.Plan, error) { return w.plan, w.stageErr }

func (w *world) AddGroup(_ context.Context, group string) error {
	if slices.Contains(w.added, group) {
		return nil
	}
	if _, err := w.many(supervise.Selection{Group: group}, notRunning); err != nil {
		return err
	}
	return supervise.Fault{Code: supervise.FaultAlreadyAdded, Detail: group}
}

func (w *world) RemoveGroup(_ context.Context, group string) error {
	if slices.Contains(w.added, group) {
		return nil
	}
	if _, err := w.many(supervise.Selection{Group: group}, notRunning); err != nil {
		return err
	}
	return supervise.Fault{Code: supervise.FaultStillRunning, Detail: group}
}

func (w *world) Shutdown(context.Context) error    { w.note("shutdown"); return nil }
func (w *world) RestartSelf(context.Context) error { w.note("restart"); return nil }

func (w *world) Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	p, err := w.Process(ctx, name)
	if err != nil {
		return nil, err
	}
	if ch == supervise.Stdout && p.StdoutLog != "" {
		return w.log, nil
	}
	return nil, supervise.Fault{Code: supervise.FaultNoFile}
}

func (w *world) MainLog(context.Context) (supervise.Log, error) { return w.log, nil }

func (w *world) ClearLogs(ctx context.Context, name supervise.NameSpec) error {
	_, err := w.Process(ctx, name)
	return err
}

func (w *world) ClearAllLogs(_ context.Context, may func(supervise.NameSpec) bool) ([]supervise.Result, error) {
	return w.many(supervise.Selection{All: true, May: may}, func(supervise.State) bool { return true })
}

// memoryLog is a log of a few bytes, with the original's rules for reading.
type memoryLog struct {
	path    string
	data    []byte
	gone    bool // the file has been deleted
	cleared bool
}

func (l *memoryLog) Path() string { return l.path }

func (l *memoryLog) Bounds() (oldest, end int64) { return 0, int64(len(l.data)) }

func (l *memoryLog) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, l.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (l *memoryLog) Wait(ctx context.Context, off int64) (int64, error) {
	<-ctx.Done()
	return int64(len(l.data)), ctx.Err()
}

func (l *memoryLog) Read(offset, length int64) ([]byte, error) {
	size := int64(len(l.data))
	switch {
	case l.gone:
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	case offset < 0 && length == 0:
		return l.data[max(size+offset, 0):], nil
	case offset < 0 || length < 0:
		return nil, supervise.Fault{Code: supervise.FaultBadArguments}
	case length == 0:
		length = size
	}
	from := min(offset, size)
	return l.data[from:min(from+length, size)], nil
}

func (l *memoryLog) Tail(offset, length int64) ([]byte, int64, bool, error) {
	if l.gone {
		return nil, 0, false, supervise.Fault{Code: supervise.FaultNoFile}
	}
	size := int64(len(l.data))
	overflow := size > offset+length
	if overflow {
		offset = size - 1
	}
	if offset+length > size {
		if offset > size-1 {
			length = 0
		}
		offset = size - length
	}
	offset = max(offset, 0)
	return l.data[offset:min(offset+length, size)], size, overflow, nil
}

func (l *memoryLog) Clear() error    { l.cleared = true; return nil }
func (l *memoryLog) Trouble() string { return "" }
