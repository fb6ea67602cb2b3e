package pool

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// story is a pool with the world around it; sent is what listeners were given.
type story struct {
	t       *testing.T
	pool    *Pool
	serials *Serials
	deaf    map[string]error // writes to these fail
	sent    []string
	said    []string
	now     time.Time
}

func tell(t *testing.T, o Options, listeners ...string) *story {
	if o.Name == "" {
		o.Name = "p"
	}
	if o.Events == nil {
		o.Events = []supervise.EventType{supervise.EventTick}
	}
	if o.BufferSize == 0 {
		o.BufferSize = 10
	}
	o.Identifier = "supervisor"
	s := &story{t: t, pool: New(o), serials: NewSerials(), deaf: map[string]error{}, now: time.Unix(1000, 0)}
	for _, name := range listeners {
		s.pool.AddListener(name, s.now)
	}
	return s
}

// ready brings listeners to where they can take an event.
func (s *story) ready(listeners ...string) {
	for _, name := range listeners {
		s.keep(s.pool.Spawned(name, s.now))
		s.pool.Running(name, true)
		s.hear(name, "READY\n")
	}
}

func (s *story) hear(name, text string) { s.keep(s.pool.Output(name, []byte(text), s.now)) }

func (s *story) tick() { s.keep(Offer(tickAt(0), s.serials, s.now, s.pool)) }

func tickAt(second int64) supervise.Event {
	return supervise.TickEvent{Period: 5 * time.Second, When: time.Unix(second, 0)}
}

func (s *story) dispatch() {
	s.keep(s.pool.Dispatch(s.now, func(process string, envelope []byte) error {
		if err := s.deaf[process]; err != nil {
			return err
		}
		s.sent = append(s.sent, process+" "+serialOf(envelope))
		return nil
	}))
}

// serialOf is the third word of an envelope's header.
func serialOf(envelope []byte) string {
	return strings.TrimPrefix(strings.Fields(string(envelope))[2], "serial:")
}

func (s *story) keep(notes []supervise.Note) { s.said = append(s.said, printed(notes)...) }

// wasSent checks who was given which serials since it was last asked.
func (s *story) wasSent(want ...string) {
	s.t.Helper()
	if !slices.Equal(s.sent, want) {
		s.t.Fatalf("sent %q, want %q; said:\n%s", s.sent, want, strings.Join(s.said, "\n"))
	}
	s.sent = nil
}

func (s *story) wasSaid(want string) {
	s.t.Helper()
	if !slices.Contains(s.said, want) {
		s.t.Fatalf("it was not said: %s\nbut\n%s", want, strings.Join(s.said, "\n"))
	}
}

func TestEventsGoToTheFirstReadyListenerInOrder(t *testing.T) {
	s := tell(t, Options{}, "b", "a")
	s.ready("a", "b")
	for range 3 {
		s.tick()
	}
	s.dispatch()
	s.wasSent("b 0", "a 1")
	s.wasSaid("DEBG event 1 sent to listener a")
	s.wasSaid("DEBG rebuffering event 2 for pool p (buf size=0, max=10)")
	s.hear("a", "RESULT 2\nOKREADY\n")
	s.dispatch()
	s.wasSent("a 2")
}

func TestDispatchSaysNothingWhileNobodyIsIdle(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.tick()
	s.dispatch()
	s.wasSent()
	if len(s.said) != 0 {
		t.Fatalf("said %q", s.said)
	}
}

func TestReadyButStartingGetsNothing(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.pool.Spawned("a", s.now)
	s.hear("a", "READY\n")
	s.tick()
	s.dispatch()
	s.wasSent()
	s.pool.Running("a", true)
	s.dispatch()
	s.wasSent("a 0")
}

func TestRunningButNotReadyGetsNothing(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.pool.Running("a", true)
	s.hear("a", "READY")
	s.tick()
	s.dispatch()
	s.wasSent()
}

func TestFullBufferDropsTheOldest(t *testing.T) {
	s := tell(t, Options{BufferSize: 2}, "a")
	for range 3 {
		s.tick()
	}
	s.wasSaid("ERRO pool p event buffer overflowed, discarding event 0")
	s.ready("a")
	s.dispatch()
	s.wasSent("a 1")
}

func TestRejectedEventReturnsToTheHead(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.ready("a")
	s.tick()
	s.tick()
	s.dispatch()
	s.hear("a", "RESULT 4\nFAILREADY\n")
	s.wasSaid("WARN a: event was rejected")
	s.dispatch()
	s.wasSent("a 0", "a 0")
}

func TestRejectedEventIntoAFullBufferDropsTheOldestOther(t *testing.T) {
	s := tell(t, Options{BufferSize: 2}, "a")
	s.ready("a")
	s.tick()
	s.dispatch()
	s.tick()
	s.tick()
	s.hear("a", "RESULT 4\nFAIL")
	s.wasSaid("ERRO pool p event buffer overflowed, discarding event 1")
	s.hear("a", "READY\n")
	s.dispatch()
	s.wasSent("a 0", "a 0")
	if s.pool.Len() != 1 {
		t.Fatalf("%d events left", s.pool.Len())
	}
}

func TestDeathGivesTheEventBack(t *testing.T) {
	s := tell(t, Options{}, "a", "b")
	s.ready("a")
	s.tick()
	s.dispatch()
	s.tick()
	s.keep(s.pool.Gone("a", s.now))
	s.keep(s.pool.Gone("a", s.now)) // and only once
	if s.pool.Len() != 2 {
		t.Fatalf("%d events wait, want 2", s.pool.Len())
	}
	s.ready("b")
	s.dispatch()
	s.wasSent("a 0", "b 0")
}

func TestDeathWithoutAnEventGivesNothingBack(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.ready("a")
	s.keep(s.pool.Gone("a", s.now))
	s.tick()
	s.dispatch()
	s.wasSent()
	if s.pool.Len() != 1 {
		t.Fatalf("%d events wait, want 1", s.pool.Len())
	}
}

func TestNewLifeGivesTheOldOnesEventBack(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.ready("a")
	s.tick()
	s.dispatch()
	s.ready("a")
	s.keep(s.pool.Gone("a", s.now)) // told late: there is nothing left to give back
	if s.pool.Len() != 1 {
		t.Fatalf("%d events wait, want 1", s.pool.Len())
	}
	s.pool.Running("a", true)
	s.dispatch()
	s.wasSent("a 0", "a 0")
}

func TestNewLifeForgetsTheBrokenProtocol(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.ready("a")
	s.hear("a", "READY\n")
	if got := s.pool.ListenerState("a"); got != Unknown {
		t.Fatalf("a word too many made it %v", got)
	}
	s.hear("a", "READY\n")
	s.tick()
	s.dispatch()
	s.wasSent()
	s.keep(s.pool.Gone("a", s.now))
	s.ready("a")
	s.dispatch()
	s.wasSent("a 0")
}

func TestFailedWriteTriesTheNextAndChangesNothing(t *testing.T) {
	s := tell(t, Options{}, "a", "b")
	s.ready("a", "b")
	s.deaf["a"] = fmt.Errorf("write to a: %w", unix.EPIPE)
	s.tick()
	s.dispatch()
	s.wasSent("b 0")
	s.wasSaid("DEBG epipe occurred while sending event 0 to listener a, listener state unchanged")
	if got := s.pool.ListenerState("a"); got != Ready {
		t.Fatalf("the listener that failed is %v", got)
	}
	s.deaf["a"] = errors.New("too much waits")
	s.tick()
	s.dispatch()
	s.wasSent()
	s.wasSaid("DEBG too much waits occurred while sending event 1 to listener a, listener state unchanged")
	delete(s.deaf, "a")
	s.dispatch()
	s.wasSent("a 1")
}

func TestOverlappingSubscriptionsGiveAnEventOnce(t *testing.T) {
	s := tell(t, Options{Events: []supervise.EventType{supervise.EventAny, supervise.EventTick, supervise.EventTick5}}, "a", "b")
	s.ready("a", "b")
	s.tick()
	s.dispatch()
	s.wasSent("a 0")
}

func TestPoolsShareASerialAndCountTheirOwn(t *testing.T) {
	ticks := tell(t, Options{Name: "ticks"}, "t")
	all := tell(t, Options{Name: "all", Events: []supervise.EventType{supervise.EventAny}}, "a")
	ticks.ready("t")
	all.ready("a")
	serials := NewSerials()
	var headers []string
	take := func(_ string, envelope []byte) error {
		header, _, _ := strings.Cut(string(envelope), " len:")
		headers = append(headers, header)
		return nil
	}
	for _, event := range []supervise.Event{
		supervise.UpdateEvent{}, // no pool hears of it, and it uses no serial
		supervise.GroupEvent{Group: "g", Added: true},
		tickAt(5),
	} {
		Offer(event, serials, ticks.now, ticks.pool, all.pool)
		for _, pool := range []*Pool{ticks.pool, all.pool} {
			pool.Dispatch(ticks.now, take)
		}
		for _, s := range []*story{ticks, all} {
			if name := s.pool.listeners[0].process; s.pool.ListenerState(name) == Busy {
				s.hear(name, "RESULT 2\nOKREADY\n")
			}
		}
	}
	want := []string{
		"ver:3.0 server:supervisor serial:0 pool:all poolserial:0 eventname:PROCESS_GROUP_ADDED",
		"ver:3.0 server:supervisor serial:1 pool:ticks poolserial:0 eventname:TICK_5",
		"ver:3.0 server:supervisor serial:1 pool:all poolserial:1 eventname:TICK_5",
	}
	if !slices.Equal(headers, want) {
		t.Fatalf("got %q", headers)
	}
}

func TestRejectedEventStaysInItsPool(t *testing.T) {
	one, other := tell(t, Options{Name: "one"}, "a"), tell(t, Options{Name: "other"}, "b")
	one.ready("a")
	one.tick()
	one.dispatch()
	one.hear("a", "RESULT 4\nFAIL")
	if one.pool.Len() != 1 || other.pool.Len() != 0 {
		t.Fatalf("%d and %d events wait, want 1 and 0", one.pool.Len(), other.pool.Len())
	}
}

func TestUnwantedEventUsesNoSerial(t *testing.T) {
	s := tell(t, Options{}, "a")
	if notes := Offer(supervise.MoodEvent{Mood: supervise.MoodRunning}, s.serials, s.now, s.pool); notes != nil {
		t.Fatalf("said %q", printed(notes))
	}
	if got := s.serials.Next(); got != 0 {
		t.Fatalf("the next serial is %d", got)
	}
}

func TestSerialsBeginAgainAfterTheGreatest(t *testing.T) {
	s := Serials{next: math.MaxInt64}
	if first, second := s.Next(), s.Next(); first != math.MaxInt64 || second != 0 {
		t.Fatalf("got %d and %d", first, second)
	}
}

func TestStrangersChangeNothing(t *testing.T) {
	s := tell(t, Options{}, "a")
	s.pool.Spawned("x", s.now)
	s.pool.Running("x", true)
	s.hear("x", "READY\n")
	s.keep(s.pool.Gone("x", s.now))
	if len(s.said) != 0 || s.pool.ListenerState("x") != Unknown || s.pool.ListenerState("a") != Acknowledged {
		t.Fatalf("a stranger was heard: %q", s.said)
	}
}
