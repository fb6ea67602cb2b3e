package rpc

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/auth"
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
