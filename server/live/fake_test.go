package live

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"supervisor/supervise"
)

// fakeEngine is a world in memory: processes that change when told to.
type fakeEngine struct {
	mu        sync.Mutex
	seq       uint64
	mood      supervise.Mood
	groups    []supervise.GroupInfo
	processes []supervise.ProcessInfo
	history   []supervise.Change
	feeds     map[chan supervise.Change]bool
	logs      map[supervise.NameSpec]*fakeLog
	main      *fakeLog
	dated     bool // its logs know when their bytes came
}

const fakeEpoch = "epoch123"

// fakeStart is when it was started, in Unix milliseconds.
const fakeStart = 1_700_000_000_000

func newFakeEngine(names ...supervise.NameSpec) *fakeEngine {
	e := &fakeEngine{mood: supervise.MoodRunning, feeds: map[chan supervise.Change]bool{}, logs: map[supervise.NameSpec]*fakeLog{}, main: newFakeLog()}
	for i, name := range names {
		if !slices.ContainsFunc(e.groups, func(g supervise.GroupInfo) bool { return g.Name == name.Group }) {
			e.groups = append(e.groups, supervise.GroupInfo{Name: name.Group, Priority: 999})
		}
		e.processes = append(e.processes, supervise.ProcessInfo{ID: i + 1, Group: name.Group, Name: name.Process})
		e.logs[name] = newFakeLog()
	}
	return e
}

func (e *fakeEngine) Subscribe(_ context.Context, epoch string, since uint64) (supervise.Feed, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	changes := make(chan supervise.Change, 1024)
	e.feeds[changes] = true
	feed := supervise.Feed{Changes: changes, Close: func() { e.cut(changes) }}
	if epoch == fakeEpoch {
		for _, change := range e.history {
			if change.Seq > since {
				feed.Missed = append(feed.Missed, change)
			}
		}
		return feed, nil
	}
	feed.Fresh = true
	feed.Snapshot = e.snapshot()
	return feed, nil
}

func (e *fakeEngine) cut(changes chan supervise.Change) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.feeds[changes] {
		delete(e.feeds, changes)
		close(changes)
	}
}

func (e *fakeEngine) cutAll() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for changes := range e.feeds {
		delete(e.feeds, changes)
		close(changes)
	}
}

func (e *fakeEngine) Log(_ context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.logs[name] == nil {
		return nil, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	}
	if ch == supervise.Stderr {
		return nil, supervise.Fault{Code: supervise.FaultNoFile, Detail: name.String()}
	}
	if e.dated {
		return datedLog{e.logs[name]}, nil
	}
	return e.logs[name], nil
}

func (e *fakeEngine) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.processes {
		if p.NameSpec() == name {
			return p, nil
		}
	}
	return supervise.ProcessInfo{}, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
}

func (e *fakeEngine) Snapshot(context.Context) (supervise.Snapshot, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.snapshot(), nil
}

// snapshot is called with the lock held.
func (e *fakeEngine) snapshot() supervise.Snapshot {
	return supervise.Snapshot{Epoch: fakeEpoch, Seq: e.seq, Mood: e.mood, Groups: slices.Clone(e.groups), Processes: slices.Clone(e.processes)}
}

func (e *fakeEngine) MainLog(context.Context) (supervise.Log, error) { return e.main, nil }

func (e *fakeEngine) Identity() supervise.Identity {
	return supervise.Identity{Identifier: "fake", Version: "1.2.3", Started: time.UnixMilli(fakeStart)}
}

func (e *fakeEngine) publish(change supervise.Change) uint64 {
	e.seq++
	change.Seq = e.seq
	e.history = append(e.history, change)
	for changes := range e.feeds {
		changes <- change
	}
	return e.seq
}

// become moves the process at index i to a state, with a pid of one's choice.
func (e *fakeEngine) become(i int, state supervise.State, pid int) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.processes[i].State, e.processes[i].PID = state, pid
	p := e.processes[i]
	return e.publish(supervise.Change{Event: supervise.StateEvent{Name: p.NameSpec(), To: state}, Rows: []supervise.ProcessInfo{p}})
}

// updated says that something else about the process changed.
func (e *fakeEngine) updated(i int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.processes[i]
	e.publish(supervise.Change{Event: supervise.UpdateEvent{Name: p.NameSpec()}, Rows: []supervise.ProcessInfo{p}})
}

func (e *fakeEngine) setMood(mood supervise.Mood) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mood = mood
	e.publish(supervise.Change{Event: supervise.MoodEvent{Mood: mood}})
}

func (e *fakeEngine) addGroup(group string, priority, id int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	info := supervise.GroupInfo{Name: group, Priority: priority}
	p := supervise.ProcessInfo{ID: id, Group: group, Name: group}
	e.groups, e.processes = append(e.groups, info), append(e.processes, p)
	e.logs[p.NameSpec()] = newFakeLog()
	e.publish(supervise.Change{Event: supervise.GroupEvent{Group: group, Added: true}, Group: &info, Rows: []supervise.ProcessInfo{p}})
}

func (e *fakeEngine) removeGroup(group string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var rows []supervise.ProcessInfo
	e.processes = slices.DeleteFunc(e.processes, func(p supervise.ProcessInfo) bool {
		if p.Group == group {
			rows = append(rows, p)
		}
		return p.Group == group
	})
	e.groups = slices.DeleteFunc(e.groups, func(g supervise.GroupInfo) bool { return g.Name == group })
	e.publish(supervise.Change{Event: supervise.GroupEvent{Group: group}, Rows: rows})
}

// fakeLog is a log in memory that can be cleared, trimmed and made to hang.
type fakeLog struct {
	mu     sync.Mutex
	data   []byte // from byte 0 on, gone or not
	oldest int64
	moved  chan struct{}
	closed bool
	hang   chan struct{} // reads and Bounds wait until it is closed; nil for never
}

func newFakeLog() *fakeLog { return &fakeLog{moved: make(chan struct{})} }

func (l *fakeLog) write(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.data = append(l.data, text...)
	close(l.moved)
	l.moved = make(chan struct{})
}

// close gives the log up, as an engine does that ends.
func (l *fakeLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *fakeLog) trim(oldest int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oldest = oldest
}

func (l *fakeLog) Path() string { return "/var/log/fake.log" }

func (l *fakeLog) Bounds() (oldest, end int64) {
	l.disk()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oldest, int64(len(l.data))
}

// disk hangs as long as it is told to.
func (l *fakeLog) disk() {
	l.mu.Lock()
	hang := l.hang
	l.mu.Unlock()
	if hang != nil {
		<-hang
	}
}

// mend lets go of what hangs.
func (l *fakeLog) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.hang)
	l.hang = nil
}

func (l *fakeLog) ReadAt(p []byte, off int64) (int, error) {
	l.disk()
	l.mu.Lock()
	defer l.mu.Unlock()
	if off < l.oldest {
		return 0, supervise.ErrLogGone
	}
	return bytes.NewReader(l.data).ReadAt(p, off)
}

func (l *fakeLog) Wait(ctx context.Context, off int64) (int64, error) {
	for {
		l.mu.Lock()
		end, moved, closed := int64(len(l.data)), l.moved, l.closed
		l.mu.Unlock()
		if closed {
			return end, supervise.ErrLogGone
		}
		if end > off {
			return end, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return end, ctx.Err()
		}
	}
}

func (l *fakeLog) Read(int64, int64) ([]byte, error) { return nil, io.EOF }
func (l *fakeLog) Tail(int64, int64) ([]byte, int64, bool, error) {
	return nil, 0, false, io.EOF
}

func (l *fakeLog) Clear() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oldest = int64(len(l.data))
	return nil
}

func (l *fakeLog) Trouble() string { return "" }

var hurried = pace{
	hello:     300 * time.Millisecond,
	flush:     time.Millisecond,
	logs:      time.Millisecond,
	gather:    time.Millisecond,
	open:      20 * time.Millisecond,
	count:     10 * time.Millisecond,
	heartbeat: time.Minute,
	ping:      time.Minute,
	write:     2 * time.Second,
	problems:  5 * time.Millisecond,
}

// fakeMetrics measures what it is told to.
type fakeMetrics struct {
	mu       sync.Mutex
	sample   uint64
	usages   map[int]supervise.Usage
	watchers map[*time.Duration]func()
}

func newFakeMetrics() *fakeMetrics {
	return &fakeMetrics{usages: map[int]supervise.Usage{}, watchers: map[*time.Duration]func(){}}
}

func (m *fakeMetrics) Watch(every time.Duration, tell func()) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers[&every] = tell
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, &every)
	}
}

// watched gives how often each watcher wants samples.
func (m *fakeMetrics) watched() []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []time.Duration
	for every := range m.watchers {
		all = append(all, *every)
	}
	slices.Sort(all)
	return all
}

// measure makes a sample: of each process its id in percent, bytes and all else.
func (m *fakeMetrics) measure(ids ...int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sample++
	clear(m.usages)
	for _, id := range ids {
		n := int64(id)
		m.usages[id] = supervise.Usage{PID: id, CPU: float64(id), Memory: n * int64(m.sample), Descriptors: n, Threads: n, Processes: n}
	}
	for _, tell := range m.watchers {
		tell()
	}
}

func (m *fakeMetrics) Latest() (uint64, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sample, time.UnixMilli(int64(m.sample))
}

func (m *fakeMetrics) Usage(id int) supervise.Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u, ok := m.usages[id]; ok {
		return u
	}
	return supervise.NoUsage
}

func (m *fakeMetrics) Recent(id int) []supervise.UsagePoint {
	if u := m.Usage(id); u != supervise.NoUsage {
		return []supervise.UsagePoint{{Usage: supervise.NoUsage}, {Usage: u}}
	}
	return nil
}

func (*fakeMetrics) RecentStep() time.Duration { return 2 * time.Second }
