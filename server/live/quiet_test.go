package live

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/wire"
	"supervisor/supervise"
)

func TestAHubNobodyVisitsDoesNotWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		hub := New(Options{Engine: newFakeEngine(apiName), Problems: func() []supervise.Problem { looks++; return nil }})
		time.Sleep(time.Hour)
		synctest.Wait()
		if looks > 1 { // at its beginning
			t.Errorf("it looked for problems %d times, for nobody", looks)
		}
		if err := hub.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoComesAfterALongQuietIsToldOfTheProblems(t *testing.T) {
	var full atomic.Bool
	s := newStage(t, newFakeEngine(apiName), func(o *Options) {
		o.pace.problems = time.Hour
		o.Problems = func() []supervise.Problem {
			if full.Load() {
				return []supervise.Problem{{Text: "disk full"}}
			}
			return nil
		}
	})
	full.Store(true)
	b := s.visit(http.Header{"X-Who": {"ann"}})
	b.say(wire.Sub{ID: 1, Topic: wire.TopicServer})
	expect[wire.OK](b)
	if now := expect[wire.Supervisor](b); !slices.Equal(now.Problems, []wire.Problem{{Text: "disk full"}}) {
		t.Errorf("%+v", now)
	}
}

// Of two who look at once, the later answer is the one that stays.
func TestProblemsFoundLaterAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int32
		hub := New(Options{Engine: newFakeEngine(apiName), Problems: func() []supervise.Problem {
			look := looks.Add(1)
			if look == 2 {
				time.Sleep(time.Second) // and meanwhile another comes
			}
			return []supervise.Problem{{Text: fmt.Sprint(look)}}
		}})
		var looking sync.WaitGroup
		for range 2 {
			looking.Go(hub.lookForProblems)
		}
		looking.Wait()
		hub.mu.RLock()
		if len(hub.problems) != 1 || hub.problems[0].Text != "3" {
			t.Errorf("kept is %v", hub.problems)
		}
		hub.mu.RUnlock()
		if err := hub.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
