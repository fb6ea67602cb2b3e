package live

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/wire"
)

func TestAHubNobodyVisitsDoesNotWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		hub := New(Options{Engine: newFakeEngine(apiName), Problems: func() []string { looks++; return nil }})
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
		o.Problems = func() []string {
			if full.Load() {
				return []string{"disk full"}
			}
			return nil
		}
	})
	full.Store(true)
	b := s.visit(http.Header{"X-Who": {"ann"}})
	b.say(wire.Sub{ID: 1, Topic: wire.TopicServer})
	expect[wire.OK](b)
	if now := expect[wire.Supervisor](b); !slices.Equal(now.Problems, []string{"disk full"}) {
		t.Errorf("%+v", now)
	}
}
