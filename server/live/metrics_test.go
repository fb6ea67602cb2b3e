package live

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
)

// watchMetrics makes a stage with three processes that are measured.
func watchMetrics(t *testing.T, adjust func(*Options)) (*stage, *fakeMetrics) {
	t.Helper()
	figures := newFakeMetrics()
	s := newStage(t, newFakeEngine(apiName, workerName, secretName), func(o *Options) {
		o.Metrics = figures
		if adjust != nil {
			adjust(o)
		}
	})
	return s, figures
}

func subscribe(b *browser, ids ...int) {
	b.t.Helper()
	b.say(wire.Sub{ID: 6, Topic: wire.TopicMetrics, IDs: ids, HZ: 2})
	expect[wire.OK](b)
}

// figuresOf reads one frame of figures and checks that all its columns are as
// long as its rows.
func figuresOf(b *browser) wire.Metrics {
	b.t.Helper()
	f := expect[wire.Metrics](b)
	for _, column := range []wire.Figures{f.CPU, f.Memory, f.Descriptors, f.Threads, f.Processes} {
		if len(column) != len(f.IDs) {
			b.t.Fatalf("%+v", f)
		}
	}
	return f
}

func TestFiguresOfTheRowsSomebodySeesAreTold(t *testing.T) {
	s, figures := watchMetrics(t, nil)
	b := s.visit(nil)
	subscribe(b, 3, 1, 99, 1)
	if every := figures.watched(); !slices.Equal(every, []time.Duration{time.Second / 2}) {
		t.Errorf("watched each %v", every)
	}
	figures.measure(1, 2)
	recent := expect[wire.Recent](b)
	if !slices.Equal(recent.IDs, []int{1}) || recent.Step != 2000 || len(recent.CPU) != 1 || recent.CPU[0][0] != wire.Unmeasured || recent.CPU[0][1] != 1 || len(recent.Memory) != 1 {
		t.Errorf("%+v", recent)
	}
	f := figuresOf(b)
	if f.ID != 6 || f.At != 1 || !slices.Equal(f.IDs, []int{1, 3}) || !slices.Equal(f.CPU, wire.Figures{1, wire.Unmeasured}) || f.Processes[0] != 1 || f.Processes[1] != wire.Unmeasured {
		t.Errorf("%+v", f)
	}
}

func TestALastMinuteIsToldOfRowsThatBecomeVisible(t *testing.T) {
	s, figures := watchMetrics(t, nil)
	b := s.visit(nil)
	figures.measure(1, 2, 3)
	subscribe(b, 1) // there is a sample already: no need to wait for the next
	if recent := expect[wire.Recent](b); !slices.Equal(recent.IDs, []int{1}) {
		t.Errorf("%+v", recent)
	}
	figuresOf(b)
	b.say(wire.Set{ID: 6, IDs: []int{1, 2}})
	expect[wire.OK](b)
	if recent := expect[wire.Recent](b); !slices.Equal(recent.IDs, []int{2}) {
		t.Errorf("%+v", recent)
	}
	if f := figuresOf(b); !slices.Equal(f.IDs, []int{1, 2}) {
		t.Errorf("%+v", f)
	}
	b.say(wire.Set{ID: 6, IDs: []int{2}})
	expect[wire.OK](b)
	if f := figuresOf(b); !slices.Equal(f.IDs, []int{2}) {
		t.Errorf("%+v", f)
	}
}

func TestWhoComesAndGoesIsWatchedForWhileThere(t *testing.T) {
	s, figures := watchMetrics(t, nil)
	await := func(what string, want ...time.Duration) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !slices.Equal(figures.watched(), want); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: watched each %v, want %v", what, figures.watched(), want)
			}
		}
	}
	b := s.visit(nil)
	subscribe(b, 1)
	other := s.visit(nil)
	other.say(wire.Sub{ID: 1, Topic: wire.TopicMetrics, IDs: []int{2}})
	expect[wire.OK](other)
	await("two", time.Second/2, time.Second)
	b.say(wire.Set{ID: 6, HZ: 0.2})
	expect[wire.OK](b)
	await("one that is hidden", time.Second, 5*time.Second)
	b.say(wire.Set{ID: 6, IDs: []int{}})
	expect[wire.OK](b)
	await("one that sees no rows", time.Second)
	b.say(wire.Set{ID: 6, IDs: []int{3}})
	expect[wire.OK](b)
	await("one that sees some again", time.Second, 5*time.Second)
	b.say(wire.Unsub{ID: 6})
	expect[wire.OK](b)
	await("one that has enough", time.Second)
	other.conn.Close()
	await("nobody")
}

func TestWhatIsWrongWithASubscriptionToMetricsIsSaid(t *testing.T) {
	s, figures := watchMetrics(t, nil)
	b := s.visit(nil)
	refused := func(f wire.ClientFrame, code int) {
		t.Helper()
		b.say(f)
		if got := expect[wire.Err](b); got.Code != code {
			t.Errorf("%+v: %+v, want %d", f, got, code)
		}
	}
	refused(wire.Sub{ID: 1, Topic: wire.TopicMetrics, IDs: []int{1}, HZ: 50}, http.StatusBadRequest)
	refused(wire.Sub{ID: 1, Topic: wire.TopicMetrics, IDs: []int{1}, HZ: -1}, http.StatusBadRequest)
	refused(wire.Sub{ID: 1, Topic: wire.TopicMetrics, IDs: make([]int, 201)}, http.StatusBadRequest)
	refused(wire.Set{ID: 1, IDs: []int{1}}, http.StatusNotFound)
	if len(figures.watched()) != 0 {
		t.Error("watched for who was refused")
	}
	subscribe(b, 1)
	refused(wire.Set{ID: 6, HZ: 3}, http.StatusBadRequest)
	if every := figures.watched(); !slices.Equal(every, []time.Duration{time.Second / 2}) {
		t.Errorf("a refused change changed it: %v", every)
	}
	for id := 10; id < 10+maxMetrics-1; id++ {
		b.say(wire.Sub{ID: id, Topic: wire.TopicMetrics})
		expect[wire.OK](b)
	}
	refused(wire.Sub{ID: 99, Topic: wire.TopicMetrics}, http.StatusTooManyRequests)
}

func TestWhereNobodyMeasuresThereIsNoSuchTopic(t *testing.T) {
	b := newStage(t, newFakeEngine(apiName), nil).visit(nil)
	b.say(wire.Sub{ID: 1, Topic: wire.TopicMetrics, IDs: []int{1}})
	if refused := expect[wire.Err](b); refused.Code != http.StatusNotFound {
		t.Errorf("%+v", refused)
	}
}

func TestFiguresOfOthersProgramsAreNotTold(t *testing.T) {
	who := operatorOf(auth.Cookie, "web:api", "web:worker")
	registry := newRegistry(who)
	s, figures := watchMetrics(t, func(o *Options) {
		o.Again, o.Changed = registry.Again, registry.Changed
		o.pace.rights = time.Hour
	})
	s.via = who
	b := s.visit(nil)
	subscribe(b, 1, 2, 3)
	figures.measure(1, 2, 3)
	if recent := expect[wire.Recent](b); !slices.Equal(recent.IDs, []int{1, 2}) {
		t.Errorf("%+v", recent)
	}
	if f := figuresOf(b); !slices.Equal(f.IDs, []int{1, 2}) {
		t.Errorf("%+v", f)
	}
	registry.set(operatorOf(auth.Cookie, "web:worker", "secret"), true, true)
	if recent := expect[wire.Recent](b); !slices.Equal(recent.IDs, []int{2, 3}) {
		t.Errorf("after a change of rights: %+v", recent)
	}
	if f := figuresOf(b); !slices.Equal(f.IDs, []int{2, 3}) || f.CPU[1] != 3 {
		t.Errorf("after a change of rights: %+v", f)
	}
}

func TestARowThatIsTakenOutIsLeftOut(t *testing.T) {
	s, figures := watchMetrics(t, nil)
	b := s.visit(nil)
	screen := b.watchState()
	s.engine.removeGroup(secretName.Group)
	for len(screen.rows) > 2 {
		screen.apply(expect[wire.Delta](b))
	}
	subscribe(b, 1, 3)
	figures.measure(1, 3)
	expect[wire.Recent](b)
	if f := figuresOf(b); !slices.Equal(f.IDs, []int{1}) {
		t.Errorf("%+v", f)
	}
}

func TestASlowReaderGetsTheNewestFiguresOnly(t *testing.T) {
	s, figures := watchMetrics(t, nil)
	b := s.visit(nil)
	subscribe(b, 1)
	for range 1000 {
		figures.measure(1)
	}
	b.say(wire.Set{ID: 6, IDs: []int{1}})
	frames := 0
	for kind := ""; kind != "ok"; frames++ {
		kind, _ = b.hear()
	}
	if last := figuresOf(b); last.At != 1000 || frames > 100 {
		t.Errorf("%d frames of 1000 samples, the last of number %d", frames, last.At)
	}
}
