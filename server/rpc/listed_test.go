package rpc

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// The answer for all processes is kept within a second, for whoever asked it.
func TestAListingIsMadeAgainWhenItWouldSayAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newWorld()
		h := New(engine)
		ask := func(who auth.Principal) string {
			return postTo(t, h, who, callOf(t, "supervisor.getAllProcessInfo")).Body.String()
		}
		admin := auth.Principal{Grant: auth.Full}
		first := ask(admin)
		if again := ask(admin); again != first {
			t.Errorf("asked again at once, it answers %s", again)
		}
		same := listing{h.infos.Load(), admin, time.Now().Unix()}
		if made := h.list(same); h.list(same) != made {
			t.Error("the same answer was made twice")
		}
		if other := ask(auth.Principal{Name: "mallory"}); strings.Contains(other, "<name>pid</name>") {
			t.Errorf("who may see nothing was shown %s", other)
		}
		if again := ask(admin); again != first {
			t.Errorf("after somebody else has asked, the answer is %s", again)
		}
		time.Sleep(time.Second)
		later := ask(admin)
		if later == first || len(later) != len(first) {
			t.Errorf("a second later the answer is %s", later)
		}
		engine.processes[2].PID = 4711
		engine.seq++
		if changed := ask(admin); !strings.Contains(changed, "pid 4711, uptime") {
			t.Errorf("after a change the answer is %s", changed)
		}
	})
}

// Over TCP no two connections come from one port.
func TestAListingIsSharedByAllWhoMaySeeTheSame(t *testing.T) {
	h := New(newWorld())
	first := auth.Principal{Name: "ann", Grant: auth.Full, Door: "inet_http_server", Addr: "192.0.2.1:1000"}
	second := first
	second.Addr = "192.0.2.1:1001"
	postTo(t, h, first, callOf(t, "supervisor.getAllProcessInfo"))
	page := h.infos.Load()
	made := h.list(listing{page, first, 1})
	if h.list(listing{page, second, 1}) != made {
		t.Error("the same answer was made twice, for two ports")
	}
	nobody := first
	nobody.Grant = supervise.Grant{}
	if h.list(listing{page, nobody, 1}) == made {
		t.Error("who may see nothing was given what others see")
	}
	runtime.KeepAlive(made) // it is forgotten when nobody holds it
}

// The race detector watches, and each looks at what they are told.
func TestManyMayAskForListingsWhileProcessesMove(t *testing.T) {
	engine := &moving{world: newWorld()}
	h := New(engine)
	admin, nobody := auth.Principal{Grant: auth.Full}, auth.Principal{Name: "mallory"}
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 200 {
				before := engine.moves.Load()
				answer := postTo(t, h, admin, callOf(t, "supervisor.getAllProcessInfo")).Body.String()
				var pid uint64
				if _, rest, found := strings.Cut(answer, "pid "); !found {
					t.Errorf("no pid in %s", answer)
				} else if _, err := fmt.Sscanf(rest, "%d,", &pid); err != nil || pid < before {
					t.Errorf("pid %d (%v) is told after %d was true", pid, err, before)
				}
				if other := postTo(t, h, nobody, callOf(t, "supervisor.getAllProcessInfo")).Body.String(); strings.Contains(other, "<name>pid</name>") {
					t.Errorf("who may see nothing was shown %s", other)
				}
			}
		})
	}
	asking.Wait()
}

// moving is a world where a process has another pid each time somebody looks.
type moving struct {
	*world
	moves atomic.Uint64
}

func (m *moving) Snapshot(context.Context) (supervise.Snapshot, error) {
	n := m.moves.Add(1)
	processes := slices.Clone(m.processes)
	processes[2].PID = int(n)
	return supervise.Snapshot{Epoch: "e", Seq: n, Groups: m.groups, Processes: processes}, nil
}

// The same rows stand in the answer of a multicall, without what is around them.
func TestAListingWithinAMulticallHasTheSameRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(newWorld())
		admin := auth.Principal{Grant: auth.Full}
		alone := postTo(t, h, admin, callOf(t, "supervisor.getAllProcessInfo")).Body.String()
		call := callOf(t, "system.multicall", []any{map[string]any{"methodName": "supervisor.getAllProcessInfo"}})
		within := postTo(t, h, admin, call).Body.String()
		rows := strings.TrimSuffix(strings.TrimPrefix(alone, answerOpen), answerClose)
		if want := answerOpen + arrayOpen + rows + arrayClose + answerClose; within != want {
			t.Errorf("got %s\nwant %s", within, want)
		}
	})
}

func TestAListingFitsTheRoomThatIsMadeForIt(t *testing.T) {
	h := New(newWorld())
	admin := auth.Principal{Grant: auth.Full}
	postTo(t, h, admin, callOf(t, "supervisor.getAllProcessInfo"))
	page := h.infos.Load()
	if made, room := h.list(listing{page, admin, math.MaxInt32}), page.room(); len(made.answer) > room {
		t.Errorf("%d bytes in room for %d", len(made.answer), room)
	}
}
