package pool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

// tellUntil has the pool say what is due, as the engine's deadline would.
func (s *story) tellUntil(now time.Time) {
	for due := s.pool.Untold(); !due.IsZero() && !due.After(now); due = s.pool.Untold() {
		s.now = due
		s.keep(s.pool.Tell(due))
	}
	s.now = now
}

func TestOverflowIsToldOnceASecond(t *testing.T) {
	s := tell(t, Options{BufferSize: 2})
	began := s.now
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	for _, tick := range []int{0, 1, 10, 20, 500, 999, 1100, 1900, 5000} { // the third is the first too many
		s.tellUntil(at(tick))
		s.tick()
		if strings.Contains(strings.Join(s.said, "\n"), "discarding event 1\n") {
			t.Fatal("the second was told before its second was over")
		}
	}
	s.tellUntil(at(60000))
	want := []string{
		"ERRO pool p event buffer overflowed, discarding event 0",                    // at 0.010
		"ERRO pool p event buffer overflowed, discarding 3 more events, from 1 to 3", // at 1.010
		"ERRO pool p event buffer overflowed, discarding 2 more events, from 4 to 5", // at 2.010
		"ERRO pool p event buffer overflowed, discarding event 6",                    // at 5.000
	}
	if !slices.Equal(s.said, want) {
		t.Fatalf("said\n%s\nwant\n%s", strings.Join(s.said, "\n"), strings.Join(want, "\n"))
	}
	if !s.pool.Untold().IsZero() {
		t.Fatal("there is something left to tell")
	}
}

func TestWhatIsDroppedAloneWithinASecondIsToldInTheOriginalsWords(t *testing.T) {
	s := tell(t, Options{BufferSize: 1})
	for range 3 {
		s.tick()
	}
	s.tellUntil(s.now.Add(time.Minute))
	want := []string{
		"ERRO pool p event buffer overflowed, discarding event 0",
		"ERRO pool p event buffer overflowed, discarding event 1",
	}
	if !slices.Equal(s.said, want) {
		t.Fatalf("said %q", s.said)
	}
}

func TestWhoForgetsAPoolIsToldWhatItHasNotSaid(t *testing.T) {
	s := tell(t, Options{BufferSize: 1})
	for range 5 {
		s.tick()
	}
	s.said = nil
	s.keep(s.pool.Tell(s.now))
	s.keep(s.pool.Tell(s.now))
	if want := []string{"ERRO pool p event buffer overflowed, discarding 3 more events, from 1 to 3"}; !slices.Equal(s.said, want) {
		t.Fatalf("said %q", s.said)
	}
}

// TestCountsAddUp has three listeners do anything, and takes stock after each step:
// no event is lost from the books.
func TestCountsAddUp(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 50 {
		s := tell(t, Options{BufferSize: 1 + random.IntN(5), Quiet: true}, "a", "b", "c")
		s.ready("a", "b", "c")
		for step := range 400 {
			who := string("abc"[random.IntN(3)])
			switch random.IntN(12) {
			case 0:
				s.keep(s.pool.Gone(who, s.now))
			case 1:
				s.ready(who)
			case 2:
				s.hear(who, "nonsense\n")
			case 3:
				s.hear(who, "RESULT 4\nFAILREADY\n")
			case 4:
				s.deaf[who] = errors.New("no")
			case 5:
				delete(s.deaf, who)
			case 6, 7:
				s.hear(who, "RESULT 2\nOKREADY\n")
			default:
				s.tick()
			}
			s.dispatch()
			s.takeStock(fmt.Sprintf("round %d, step %d", round, step))
		}
		if c := s.pool.Counts(); c.Handled == 0 || c.Dropped == 0 || c.Rejected == 0 {
			t.Fatalf("round %d shows nothing: %+v", round, c)
		}
	}
}

func (s *story) takeStock(when string) {
	s.t.Helper()
	busy := 0
	for _, l := range s.pool.listeners {
		if l.event != nil {
			busy++
		}
	}
	c := s.pool.Counts()
	if left := c.Accepted - c.Handled - c.Dropped; left != uint64(s.pool.Len()+busy) {
		s.t.Fatalf("%s: %+v, but %d wait and %d are worked on", when, c, s.pool.Len(), busy)
	}
	if full := s.pool.Len() == s.pool.options.BufferSize; full == s.pool.FullSince().IsZero() {
		s.t.Fatalf("%s: %d of %d wait, full since %v", when, s.pool.Len(), s.pool.options.BufferSize, s.pool.FullSince())
	}
}

func TestFullSinceIsWhenTheLastPlaceWasTaken(t *testing.T) {
	s := tell(t, Options{BufferSize: 2}, "a")
	s.tick()
	s.now = s.now.Add(time.Second)
	filled := s.now
	s.tick()
	s.now = s.now.Add(time.Second)
	s.tick() // in the place of the first
	if got := s.pool.FullSince(); !got.Equal(filled) {
		t.Fatalf("full since %v, want %v", got, filled)
	}
	s.ready("a")
	s.dispatch()
	if got := s.pool.FullSince(); !got.IsZero() {
		t.Fatalf("full since %v, though one was taken out", got)
	}
}

func TestQuietPoolLeavesOutWhatIsForDebugging(t *testing.T) {
	s := tell(t, Options{BufferSize: 1, Quiet: true}, "a")
	s.ready("a")
	for range 3 {
		s.tick()
	}
	s.dispatch()
	s.hear("a", "RESULT 4\nFAIL")
	for _, line := range s.said {
		if strings.HasPrefix(line, "DEBG") {
			t.Errorf("said %q", line)
		}
	}
	s.wasSaid("WARN a: event was rejected")
	s.wasSaid("ERRO pool p event buffer overflowed, discarding event 0")
}

func TestAPoolTellsWhatItsListenersDo(t *testing.T) {
	s := tell(t, Options{BufferSize: 3}, "a", "b")
	s.ready("a", "b")
	began := s.now
	s.now = s.now.Add(time.Second)
	s.tick()
	s.dispatch()
	s.now = s.now.Add(time.Second)
	s.hear("b", "what?\x1b[31m\n")
	s.tick()
	info := s.pool.Info()
	a, b := info.Listeners[0], info.Listeners[1]
	if a.Name.String() != "p:a" || a.State != "BUSY" || !a.Since.Equal(began.Add(time.Second)) || a.Event != supervise.EventTick5 || a.Serial != 0 || a.Said != "" {
		t.Errorf("%+v", a)
	}
	if b.State != "UNKNOWN" || !b.Since.Equal(s.now) || b.Event != "" || b.Breaches != 1 || b.Said != `'what?\x1b[31m\n'` {
		t.Errorf("%+v", b)
	}
	if info.Buffered != 1 || info.Size != 3 || info.Accepted != 2 || !slices.Equal(info.Events, []string{"TICK"}) {
		t.Errorf("%+v", info)
	}
	s.ready("b")
	if again := s.pool.Info().Listeners[1]; again.State != "READY" || again.Breaches != 1 || again.Said == "" {
		t.Errorf("the next life forgot what the last one did: %+v", again)
	}
}

func TestWhatBrokeTheProtocolIsToldAsText(t *testing.T) {
	for said, want := range map[string]string{
		"Hello, world\n":                 `'Hello, world\n'`,
		"caf\xc3\xa9 au lait\n":          `'café au lait\n'`,
		"\xff\xfe\x00binary":             `b'\xff\xfe\x00binary'`,
		"\x1b]0;title\x07\u202egnp.exe":  `'\x1b]0;title\x07\u202egnp.exe'`,
		strings.Repeat("x", 63) + "é!":   `'` + strings.Repeat("x", 63) + `'`,
		strings.Repeat("x", 62) + "é!":   `'` + strings.Repeat("x", 62) + `é'`,
		strings.Repeat("y", 1000) + "\n": `'` + strings.Repeat("y", 64) + `'`,
	} {
		s := tell(t, Options{}, "a")
		s.ready("a")
		s.hear("a", said)
		if got := s.pool.Info().Listeners[0].Said; got != want {
			t.Errorf("%q is told as %s, want %s", said, got, want)
		}
	}
}
