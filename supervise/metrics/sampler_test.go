//go:build unix

package metrics

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
)

// fakeSystem is a list of processes that tests change.
type fakeSystem struct {
	mu     sync.Mutex
	procs  []proc
	err    error
	open   int64
	costly bool
	lists  []time.Time // when it was asked
	counts int         // of descriptors
	rests  int
}

func (f *fakeSystem) list(_, into []proc) ([]proc, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists = append(f.lists, time.Now())
	return append(into, f.procs...), f.err
}

func (f *fakeSystem) descriptors(*proc) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts++
	return f.open
}

func (f *fakeSystem) slow() bool { return f.costly }

func (f *fakeSystem) rest([]proc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rests++
}

func (f *fakeSystem) set(procs ...proc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.procs = family(procs...)
}

// asked gives how often it was asked since the last time, and forgets it.
func (f *fakeSystem) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.lists)
	f.lists = nil
	return n
}

// fakeEngine gives feeds.
type fakeEngine struct {
	mu        sync.Mutex
	processes []supervise.ProcessInfo
	feeds     []chan supervise.Change
	open      int
	err       error
}

func (e *fakeEngine) Subscribe(context.Context, string, uint64) (supervise.Feed, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return supervise.Feed{}, e.err
	}
	changes := make(chan supervise.Change, 16)
	e.feeds = append(e.feeds, changes)
	e.open++
	return supervise.Feed{Fresh: true, Snapshot: supervise.Snapshot{Processes: slices.Clone(e.processes)}, Changes: changes, Close: e.closed}, nil
}

func (e *fakeEngine) closed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open--
}

func (e *fakeEngine) followed() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open
}

func (e *fakeEngine) tell(change supervise.Change) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.feeds[len(e.feeds)-1] <- change
}

// becomes gives a process another pid.
func (e *fakeEngine) becomes(id, pid int) {
	e.tell(supervise.Change{Event: supervise.UpdateEvent{}, Rows: []supervise.ProcessInfo{{ID: id, PID: pid}}})
}

// stand is a sampler in a bubble, with two processes of which one runs.
type stand struct {
	*testing.T
	*Sampler
	sys    *fakeSystem
	engine *fakeEngine
	log    *strings.Builder
}

// inBubble runs a test whose clock is free.
func inBubble(t *testing.T, keep time.Duration, story func(*stand)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stand{T: t, sys: &fakeSystem{open: 7}, log: &strings.Builder{}}
		s.engine = &fakeEngine{processes: []supervise.ProcessInfo{{ID: 1, Name: "up", PID: 20}, {ID: 2, Name: "down"}}}
		s.sys.set(proc{pid: 20, start: 5, own: time.Second, memory: 4096, threads: 2})
		s.Sampler = New(Options{Engine: s.engine, Keep: keep, Log: slog.New(slog.NewTextHandler(s.log, nil)), system: s.sys})
		defer s.Close()
		story(s)
	})
}

// pass lets time go by.
func (s *stand) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestNobodyIsMeasuredForNobody(t *testing.T) {
	inBubble(t, time.Hour, func(s *stand) {
		s.pass(24 * time.Hour)
		if n := s.sys.asked(); n != 0 || len(s.engine.feeds) != 0 {
			t.Errorf("%d passes, %d feeds, for nobody", n, len(s.engine.feeds))
		}
		if pass, _ := s.Latest(); pass != 0 || s.Usage(1) != supervise.NoUsage {
			t.Error("something is known")
		}
	})
}

func TestPassesAreMadeAsOftenAsTheMostEagerWants(t *testing.T) {
	inBubble(t, 0, func(s *stand) {
		told := 0
		stop := s.Watch(time.Second, func() { told++ })
		s.pass(10*time.Second + time.Millisecond)
		if n := s.sys.asked(); n != 11 || told != 11 {
			t.Errorf("%d passes in ten seconds, %d of them told", n, told)
		}
		stopEager := s.Watch(time.Millisecond, func() {}) // nobody gets more than two a second
		s.pass(10 * time.Second)
		if n := s.sys.asked(); n < 19 || n > 21 {
			t.Errorf("%d passes in ten seconds for who wants two a second", n)
		}
		stopEager()
		stopEager()
		stopLazy := s.Watch(time.Hour, func() {})
		stop()
		s.pass(time.Minute)
		if n := s.sys.asked(); n < 5 || n > 7 {
			t.Errorf("%d passes in a minute for who wants few", n)
		}
		stopLazy()
		before := told
		s.pass(24 * time.Hour)
		if n := s.sys.asked(); n != 0 || told != before || s.engine.followed() != 0 || s.sys.rests == 0 {
			t.Errorf("%d passes, %d told, %d feeds, %d rests after all have gone", n, told-before, s.engine.followed(), s.sys.rests)
		}
	})
}

func TestHistoryGoesOnForAnHourAndIsForgotten(t *testing.T) {
	inBubble(t, time.Hour, func(s *stand) {
		stop := s.Watch(time.Second, func() {})
		s.pass(time.Minute)
		stop()
		s.sys.asked()
		s.pass(59 * time.Minute)
		if n := s.sys.asked(); n < 350 || n > 355 {
			t.Errorf("%d passes in 59 minutes", n)
		}
		points := s.History(1)
		if len(points) < 358 || len(points) > 360 {
			t.Errorf("%d points of the last hour", len(points))
		}
		if len(s.History(2)) != 0 || len(s.History(3)) != 0 {
			t.Error("history of what never ran, or never was")
		}
		s.pass(2 * time.Minute)
		s.sys.asked()
		s.pass(24 * time.Hour)
		if n := s.sys.asked(); n != 0 || s.engine.followed() != 0 || len(s.History(1)) != 0 || len(s.Recent(1)) != 0 {
			t.Errorf("%d passes, %d feeds, %d points long after", n, s.engine.followed(), len(s.History(1)))
		}
	})
}

func TestHistoryIsKeptAlwaysOrNeverIfSoWished(t *testing.T) {
	inBubble(t, KeepAlways, func(s *stand) {
		s.pass(2 * time.Hour)
		if n := s.sys.asked(); n < 719 || n > 722 || len(s.History(1)) != hourPoints {
			t.Errorf("always: %d passes, %d points", n, len(s.History(1)))
		}
	})
	inBubble(t, 0, func(s *stand) {
		defer s.Watch(time.Second, func() {})()
		s.pass(time.Hour)
		if len(s.History(1)) != 0 || s.Recent(1)[0].Memory != 4096 {
			t.Errorf("off: %d points of the hour, %d of the minute", len(s.History(1)), len(s.Recent(1)))
		}
	})
}

func TestWhoLooksOnceAMinuteSeesWhatWasUsedSince(t *testing.T) {
	inBubble(t, 0, func(s *stand) {
		if err := s.Look(s.Context()); err != nil {
			t.Fatal(err)
		}
		if u := s.Usage(1); u.Memory != 4096 || u.CPU != supervise.Unmeasured || u.CPUTime != time.Second {
			t.Errorf("at first: %+v", u)
		}
		s.sys.set(proc{pid: 20, start: 5, own: 3 * time.Second, memory: 4096, threads: 2})
		s.pass(time.Minute)
		s.sys.asked()
		if err := s.Look(s.Context()); err != nil || s.sys.asked() != 0 {
			t.Errorf("%v: what is known is new enough", err)
		}
		if u := s.Usage(1); u.CPUTime != 3*time.Second {
			t.Errorf("a minute later: %+v", u)
		}
		s.pass(time.Hour)
		s.sys.asked()
		s.pass(time.Hour)
		if n := s.sys.asked(); n != 0 {
			t.Errorf("%d passes after the last look", n)
		}
	})
}

func TestALookEndsWithWhoLooksOrWithTheSampler(t *testing.T) {
	inBubble(t, 0, func(s *stand) {
		s.engine.err = errors.New("not yet")
		ctx, cancel := context.WithTimeout(s.Context(), 3*time.Second)
		defer cancel()
		if err := s.Look(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		go s.Close()
		if err := s.Look(s.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

func TestProcessorTimeNeedsTwoSamplesOfOneIncarnation(t *testing.T) {
	inBubble(t, time.Hour, func(s *stand) {
		defer s.Watch(time.Second, func() {})()
		step := func(what string, pid int32, start uint64, own time.Duration, cpu float64, total time.Duration) {
			t.Helper()
			s.sys.set(proc{pid: pid, start: start, own: own, memory: 4096, threads: 2})
			s.pass(time.Second)
			if u := s.Usage(1); u.CPU != cpu || u.CPUTime != total || u.PID != int(pid) {
				t.Errorf("%s: %+v, want %v %% and %v", what, u, cpu, total)
			}
		}
		s.pass(time.Millisecond) // from here on half way between two
		if u := s.Usage(1); u.CPU != supervise.Unmeasured || u.Memory != 4096 || u.Threads != 2 || u.Processes != 1 || u.Descriptors != 7 {
			t.Errorf("the first: %+v", u)
		}
		step("half a processor", 20, 5, 1500*time.Millisecond, 50, 1500*time.Millisecond)
		step("two processors", 20, 5, 3500*time.Millisecond, 200, 3500*time.Millisecond)
		step("another with its pid", 20, 9, 4*time.Second, supervise.Unmeasured, 7500*time.Millisecond)
		s.engine.becomes(1, 30)
		step("another child", 30, 11, time.Second, supervise.Unmeasured, 8500*time.Millisecond)
		step("and its second sample", 30, 11, 2*time.Second, 100, 9500*time.Millisecond)
		s.engine.becomes(1, 0)
		s.pass(time.Second)
		if u := s.Usage(1); u != supervise.NoUsage {
			t.Errorf("without a child: %+v", u)
		}
		var pids []int
		for _, p := range s.History(1) {
			pids = append(pids, p.PID)
		}
		if !slices.Equal(pids, []int{20, 30}) {
			t.Errorf("incarnations of the history: %v", pids)
		}
	})
}

func TestAStepHasTheMeanOfProcessorTimeAndTheHighestOfTheRest(t *testing.T) {
	var r ring
	for _, u := range []supervise.Usage{
		{PID: 4, CPU: supervise.Unmeasured, Memory: 10 << 10, Descriptors: supervise.Unmeasured, Threads: 2, Processes: 1},
		{PID: 4, CPU: 10, Memory: 30 << 10, Descriptors: 5, Threads: 1, Processes: 3},
		{PID: 4, CPU: 40, Memory: 20 << 10, Descriptors: 4, Threads: 1, Processes: 2},
	} {
		r.add(3, &u, 4)
	}
	got := slices.Collect(r.after(2))
	want := supervise.Usage{PID: 4, CPU: 25, CPUTime: supervise.Unmeasured, Memory: 30 << 10, Descriptors: 5, Threads: 2, Processes: 3}
	if len(got) != 1 || got[0].slot != 3 || got[0].usage() != want {
		t.Errorf("%+v", got)
	}
	for slot := int32(4); slot < 20; slot++ {
		r.add(slot, &supervise.Usage{PID: 4}, 4)
	}
	got = slices.Collect(r.after(17))
	if len(r.points) != 4 || cap(r.points) != 4 || len(got) != 2 || got[0].slot != 18 || got[1].slot != 19 {
		t.Errorf("%d points of room for %d, and after one %v", len(r.points), cap(r.points), got)
	}
}

func TestTheLastMinuteHasAPlaceForEveryStep(t *testing.T) {
	inBubble(t, 0, func(s *stand) {
		stop := s.Watch(time.Second, func() {})
		s.pass(20*time.Second + time.Millisecond)
		s.engine.becomes(1, 0)
		s.pass(10 * time.Second)
		s.engine.becomes(1, 20)
		s.pass(10 * time.Second)
		points := s.Recent(1)
		var filled strings.Builder
		for _, p := range points {
			mark := byte('.')
			if p.Memory != supervise.Unmeasured {
				mark = 'x'
			}
			filled.WriteByte(mark)
		}
		// Ten steps before the sampler's beginning, and five without a child.
		if filled.String() != ".........xxxxxxxxxxx.....xxxxx" && filled.String() != ".........xxxxxxxxxxx....xxxxxx" {
			t.Errorf("%s", &filled)
		}
		for i := 1; i < len(points)-1; i++ {
			if d := points[i].At.Sub(points[i-1].At); d != recentStep {
				t.Errorf("step %d lasts %v", i, d)
			}
		}
		if end := points[len(points)-1].At; !end.Equal(time.Now()) {
			t.Errorf("the last step ends %v from now", time.Until(end))
		}
		stop()
		s.pass(time.Second)
		if s.Recent(1) != nil {
			t.Error("remembered for nobody")
		}
	})
}

func TestWhatIsRememberedOfMemoryIsNeverInvented(t *testing.T) {
	for _, n := range []int64{supervise.Unmeasured, 0, 4096, 391 << 20, 1 << 40} {
		if got := inBytes(kibibytes(n)); got != n {
			t.Errorf("%d became %d", n, got)
		}
	}
	if got := inBytes(kibibytes(1 << 60)); got != (1<<31-1)<<10 {
		t.Errorf("more than there is room for became %d", got)
	}
}

func TestAProcessThatIsTakenOutIsForgotten(t *testing.T) {
	inBubble(t, time.Hour, func(s *stand) {
		defer s.Watch(time.Second, func() {})()
		s.pass(30 * time.Second)
		s.engine.tell(supervise.Change{Event: supervise.GroupEvent{Group: "up"}, Rows: []supervise.ProcessInfo{{ID: 1, PID: 20}}})
		s.engine.tell(supervise.Change{Event: supervise.GroupEvent{Group: "new", Added: true}, Rows: []supervise.ProcessInfo{{ID: 3, PID: 20}}})
		s.pass(30 * time.Second)
		if len(s.History(1)) != 0 || s.Usage(1) != supervise.NoUsage || s.Usage(3).Memory != 4096 {
			t.Errorf("%v %+v %+v", s.History(1), s.Usage(1), s.Usage(3))
		}
	})
}

func TestAFeedThatEndsIsFollowedAgainAndHistoryStays(t *testing.T) {
	inBubble(t, time.Hour, func(s *stand) {
		defer s.Watch(time.Second, func() {})()
		s.pass(30 * time.Second)
		close(s.engine.feeds[0])
		s.pass(30 * time.Second)
		if s.engine.followed() != 1 || len(s.History(1)) < 6 || s.Usage(1).Memory != 4096 {
			t.Errorf("%d feeds, %d points", s.engine.followed(), len(s.History(1)))
		}
	})
}

func TestDescriptorsThatAreCostlyToCountAreCountedRarely(t *testing.T) {
	inBubble(t, 0, func(s *stand) {
		s.sys.costly = true
		defer s.Watch(time.Second, func() {})()
		s.pass(100 * time.Second)
		if s.sys.counts < 10 || s.sys.counts > 12 || s.Usage(1).Descriptors != 7 {
			t.Errorf("counted %d times in 100 seconds, %+v", s.sys.counts, s.Usage(1))
		}
	})
}

func TestASystemThatTellsNothingIsSaidOnce(t *testing.T) {
	inBubble(t, time.Hour, func(s *stand) {
		s.sys.err = errors.New("open /proc: permission denied")
		stop := s.Watch(time.Second, func() {})
		s.pass(time.Minute)
		if pass, _ := s.Latest(); pass == 0 || s.Usage(1) != supervise.NoUsage {
			t.Errorf("pass %d, %+v", pass, s.Usage(1))
		}
		stop()
		if n := strings.Count(s.log.String(), "cannot measure what programs use: open /proc: permission denied"); n != 1 {
			t.Errorf("said %d times: %s", n, s.log)
		}
	})
}
