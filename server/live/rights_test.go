package live

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// registry is who has which rights by now.
type registry struct {
	mu   sync.Mutex
	who  auth.Principal
	in   bool
	rung chan struct{}
}

func newRegistry(who auth.Principal) *registry {
	return &registry{who: who, in: true, rung: make(chan struct{})}
}

func (g *registry) Again(auth.Principal) (auth.Principal, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.who, g.in
}

func (g *registry) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rung
}

// set changes the rights; ring tells the hub.
func (g *registry) set(who auth.Principal, in, ring bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.who, g.in = who, in
	if ring {
		close(g.rung)
		g.rung = make(chan struct{})
	}
}

func operatorOf(via auth.Way, programs ...string) auth.Principal {
	return auth.Principal{Name: "ann", Via: via, Grant: supervise.Grant{Role: supervise.Operator, Programs: programs}}
}

// bye reads up to the goodbye.
func (b *browser) bye() wire.Bye {
	b.t.Helper()
	for {
		kind, text := b.hear()
		if kind != (wire.Bye{}).Kind() {
			continue
		}
		var bye wire.Bye
		if err := json.Unmarshal(text, &bye); err != nil {
			b.t.Fatal(err)
		}
		return bye
	}
}

func TestOtherProgramsAreOtherRowsAndLogsAtOnce(t *testing.T) {
	registry := newRegistry(operatorOf(auth.Cookie, "web"))
	engine := newFakeEngine(apiName, workerName, secretName)
	s := newStage(t, engine, func(o *Options) {
		o.Again, o.Changed = registry.Again, registry.Changed
		o.pace.rights = time.Hour
	})
	b := s.visit(nil)
	if rows := b.watchState().rows; len(rows) != 2 {
		t.Fatalf("rows %v", rows)
	}
	b.say(wire.Sub{ID: 2, Topic: wire.TopicServer})
	expect[wire.OK](b)
	before := expect[wire.Supervisor](b).User.Caps
	b.say(wire.Sub{ID: 3, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout"})
	expect[wire.OK](b)

	changed := operatorOf(auth.Cookie, "secret", "web:worker")
	changed.Grant.Role = supervise.Viewer
	registry.set(changed, true, true)
	for _, text := range []string{"log", "snap", "server"} { // in an order that is the session's
		switch kind, frame := b.hear(); kind {
		case "err":
			var refused wire.Err
			if err := json.Unmarshal(frame, &refused); err != nil || refused.ID == nil || *refused.ID != 3 || refused.Code != http.StatusNotFound {
				t.Errorf("%s, %v", frame, err)
			}
		case "snap":
			var snap wire.Snap
			if err := json.Unmarshal(frame, &snap); err != nil {
				t.Fatal(err)
			}
			rows := newScreen(t, snap).rows
			if len(rows) != 2 || rows[1].Name == "api" || len(snap.Groups) != 2 {
				t.Errorf("%s", frame)
			}
			for _, row := range rows {
				if row.Caps != auth.Caps(changed, supervise.NameSpec{Group: row.Group, Process: row.Name}) {
					t.Errorf("caps of %s", row.Name)
				}
			}
		case "server":
			var told wire.Supervisor
			if err := json.Unmarshal(frame, &told); err != nil || told.User.Caps != auth.User(changed).Caps {
				t.Errorf("%s, before %d", frame, before)
			}
		default:
			t.Errorf("instead of %s: %s", text, frame)
		}
	}
	engine.become(0, supervise.StateRunning, 1) // of no concern any more
	engine.become(2, supervise.StateRunning, 2)
	var got wire.Delta
	for len(got.Rows) == 0 {
		got = expect[wire.Delta](b)
	}
	if len(got.Rows) != 1 || !json.Valid(got.Rows[0]) {
		t.Errorf("%+v", got)
	}
	b.say(wire.Sub{ID: 4, Topic: wire.TopicLog, Proc: "web:api", Ch: "stdout"})
	if refused := expect[wire.Err](b); refused.Code != http.StatusNotFound {
		t.Errorf("%+v", refused)
	}
}

func TestWhoIsNotLetInAnyMoreIsSentAway(t *testing.T) {
	for _, tt := range []struct {
		name string
		via  auth.Way
		then auth.Principal
		in   bool
		ring bool // else the look once in a while finds it
		code int
	}{
		{"a session that is over", auth.Cookie, auth.Principal{}, false, true, 4401},
		{"a session that is over, found later", auth.Cookie, auth.Principal{}, false, false, 4401},
		{"another password", auth.Basic, auth.Principal{}, false, true, 4401},
		{"a token that was removed", auth.Token, auth.Principal{}, false, true, 4403},
		{"a link that was used up", auth.LinkWay, auth.Principal{}, false, true, 4403},
		{"somebody without rights", auth.Proxy, auth.Principal{Name: "ann"}, true, true, 4403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			who := operatorOf(tt.via, "web")
			registry := newRegistry(who)
			s := newStage(t, newFakeEngine(apiName), func(o *Options) {
				o.Again, o.Changed = registry.Again, registry.Changed
				if o.pace.rights = time.Hour; !tt.ring {
					o.pace.rights, o.pace.heartbeat = time.Millisecond, time.Millisecond
				}
			})
			s.via = who
			b := s.visit(nil)
			b.watchState()
			registry.set(tt.then, tt.in, tt.ring)
			if bye := b.bye(); bye.Code != tt.code || bye.RetryAfter != 0 {
				t.Errorf("%+v, want %d", bye, tt.code)
			}
			if _, _, err := b.conn.ReadMessage(); err == nil {
				t.Error("more is said after the goodbye")
			}
		})
	}
}

func TestRightsThatChangeWhileSomebodyConnectsAreNotMissed(t *testing.T) {
	registry := newRegistry(operatorOf(auth.Cookie, "web"))
	s := newStage(t, newFakeEngine(apiName, secretName), func(o *Options) {
		o.Again, o.Changed = registry.Again, registry.Changed
		o.pace.rights = time.Hour
	})
	s.via = operatorOf(auth.Cookie, "web", "secret") // as it was when they came in
	if rows := s.visit(nil).watchState().rows; len(rows) != 1 {
		t.Errorf("rows %v", rows)
	}
}

func TestAChangeThatConcernsOthersIsNotTold(t *testing.T) {
	registry := newRegistry(operatorOf(auth.Cookie, "web"))
	engine := newFakeEngine(apiName)
	s := newStage(t, engine, func(o *Options) {
		o.Again, o.Changed = registry.Again, registry.Changed
		o.pace.rights = time.Hour
	})
	s.via = operatorOf(auth.Cookie, "web")
	b := s.visit(nil)
	screen := b.watchState()
	for range 3 {
		registry.set(operatorOf(auth.Cookie, "web"), true, true)
	}
	screen.until(b, engine.become(0, supervise.StateRunning, 7)) // a delta, and nothing before it
}

func TestNobodyIsToldThatSomethingWentWhichTheyCouldNotSee(t *testing.T) {
	registry := newRegistry(operatorOf(auth.Cookie, "web"))
	s := newStage(t, newFakeEngine(apiName, secretName), func(o *Options) {
		o.Again, o.Changed = registry.Again, registry.Changed
		o.pace.rights = time.Hour
	})
	b := s.visit(nil)
	if rows := b.watchState().rows; len(rows) != 1 {
		t.Fatalf("rows %v", rows)
	}
	s.engine.addGroup("hidden", 1, 7)
	s.engine.removeGroup("secret")
	s.engine.removeGroup("hidden")
	s.engine.become(0, supervise.StateRunning, 4711)
	for {
		d := expect[wire.Delta](b)
		if len(d.Del) > 0 {
			t.Errorf("told of %v", d.Del)
		}
		if len(d.Rows) > 0 {
			return
		}
	}
}

func TestALogOneMayNotReadIsNoOtherThanOneThatIsNotThere(t *testing.T) {
	s := newStage(t, newFakeEngine(apiName, secretName), nil)
	s.via = auth.Principal{Name: "ann", Via: auth.Token, Grant: supervise.Grant{
		Role: supervise.Operator, Programs: []string{"*"}, Deny: []string{secretName.Group}, Actions: []supervise.Verb{auth.View},
	}}
	b := s.visit(nil)
	for name, want := range map[string]int{apiName.String(): 403, secretName.String(): 404, "web:nosuch": 404, "nosuch": 404} {
		b.say(wire.Sub{ID: 7, Topic: wire.TopicLog, Proc: name, Ch: "stdout"})
		if refused := expect[wire.Err](b); refused.Code != want {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}
