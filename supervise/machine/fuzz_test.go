package machine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"supervisor/supervise"
)

// legal lists every move there is: those of Supervisor (behaviour of process.py)
// and, below the line, those out of and into UNKNOWN, where it would give up.
var legal = map[supervise.State][]supervise.State{
	supervise.StateStopped:  {supervise.StateStarting},
	supervise.StateStarting: {supervise.StateRunning, supervise.StateBackoff, supervise.StateStopping},
	supervise.StateRunning:  {supervise.StateExited, supervise.StateStopping},
	supervise.StateBackoff:  {supervise.StateStarting, supervise.StateFatal, supervise.StateStopped},
	supervise.StateStopping: {supervise.StateStopped},
	supervise.StateExited:   {supervise.StateStarting},
	supervise.StateFatal:    {supervise.StateStarting},
	// UNKNOWN may be entered from anywhere.
	supervise.StateUnknown: {supervise.StateStopping, supervise.StateStopped, supervise.StateExited, supervise.StateStarting},
}

// FuzzNoInputBreaksTheMachine throws any input at any time, also such as the
// engine promises not to give, and holds the machine to what it promises.
func FuzzNoInputBreaksTheMachine(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 5, 1, 13, 10, 2, 1, 7, 3}) // start, spawned, due, stop, exited
	f.Add([]byte{0, 0, 6, 0, 13, 99, 6, 0, 13, 99, 6, 0, 13, 99, 6, 0, 13, 99, 6, 0})
	f.Add([]byte{0, 0, 4, 0, 12, 0, 5, 0, 7, 0, 15, 0, 14, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		for _, v := range variants() {
			w := newWitness(t, v.policy)
			for i := 0; i+1 < len(script); i += 2 {
				w.now = w.now.Add(time.Duration(script[i+1]%128) * 100 * time.Millisecond)
				w.give(readInput(t, columns[int(script[i])%len(columns)]))
			}
			w.wind()
		}
	})
}

// TestStopAndExitLeadToStopped goes to random places and asks every process to be
// down.
func TestStopAndExitLeadToStopped(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		for _, v := range variants() {
			w := newWitness(t, v.policy)
			for range random.IntN(30) {
				w.now = w.now.Add(time.Duration(random.IntN(3000)) * time.Millisecond)
				w.give(readInput(t, columns[random.IntN(len(columns))]))
			}
			w.wind()
		}
	}
}

// witness stands where the engine would and checks each effect.
type witness struct {
	t       *testing.T
	m       *Machine
	now     time.Time
	state   supervise.State
	armed   time.Time
	forking bool
	said    []string
}

func newWitness(t *testing.T, p Policy) *witness {
	return &witness{t: t, m: New("x", p), now: dawn}
}

func (w *witness) give(in Input) {
	w.t.Helper()
	mayStart := w.m.mood == supervise.MoodRunning
	if mood, ok := in.(MoodChanged); ok {
		mayStart = mood.Mood == supervise.MoodRunning
	}
	w.record(in)
	for _, effect := range w.m.Step(in, w.now) {
		w.said = append(w.said, "    "+line(effect))
		if _, ok := effect.(Spawn); ok && !mayStart {
			w.fail("a spawn while supervisord does not run")
		}
		w.see(effect)
	}
	if !w.m.Facts().Next.Equal(w.armed) {
		w.fail("the machine's deadline is not the engine's")
	}
	if w.m.State() != w.state {
		w.fail("a state that was not announced")
	}
}

// record keeps what the engine would know from what it tells the machine.
func (w *witness) record(in Input) {
	w.said = append(w.said, clock(w.now)+" "+kindNames[kindOf(in)])
	switch in.(type) {
	case Due:
		if !w.armed.After(w.now) {
			w.armed = time.Time{}
		}
	case Spawned, SpawnFailed:
		w.forking = false
	}
}

var kindNames = [kinds]string{
	"start", "autostart", "stop", "shutdown", "restart", "spawned", "spawnFailed",
	"died", "fail", "signalFailed", "panicked", "due", "moodUp", "moodDown",
}

func (w *witness) see(effect Effect) {
	w.t.Helper()
	switch e := effect.(type) {
	case Spawn:
		if w.forking || w.m.PID() != 0 {
			w.fail("a spawn while there is a child or a fork under way")
		}
		w.forking = true
	case Signal:
		if w.m.PID() == 0 {
			w.fail("a signal to nobody")
		}
	case Arm:
		w.armed = e.At
	case Disarm:
		if w.armed.IsZero() {
			w.fail("a deadline taken back that was not armed")
		}
		w.armed = time.Time{}
	case Announce:
		w.seeMove(e)
	}
}

func (w *witness) seeMove(e Announce) {
	w.t.Helper()
	if e.From != w.state {
		w.fail("a move from a state that was not announced")
	}
	if e.To != supervise.StateUnknown && !slices.Contains(legal[e.From], e.To) {
		w.fail("a move that Supervisor does not know")
	}
	if e.Facts.State != e.To || !e.Facts.Since.Equal(w.now) || e.Facts.Tries != e.Tries {
		w.fail("facts that are not those of the move")
	}
	w.state = e.To
}

// wind asks the process to be down and lets its child die, as the engine would.
func (w *witness) wind() {
	w.t.Helper()
	hadChild := w.m.PID() != 0 || w.m.inFlight || w.state == supervise.StateBackoff
	w.give(Stop{})
	if w.m.inFlight {
		w.give(Spawned{PID: 77})
	}
	for w.m.PID() != 0 {
		w.give(Exited{Status: 1})
	}
	if !w.m.State().Stopped() || hadChild && w.m.State() != supervise.StateStopped {
		w.fail("a stop and an exit did not lead to STOPPED")
	}
	if !w.m.Facts().Next.IsZero() {
		w.fail("a deadline left behind")
	}
}

func (w *witness) fail(why string) {
	w.t.Helper()
	for _, line := range w.said {
		w.t.Log(line)
	}
	w.t.Fatalf("%s, in %s", why, sight(w.m))
}
