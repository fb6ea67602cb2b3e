//go:build unix

package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/child/childtest"
)

// The random test lets twenty processes live and die as they like for an hour
// while clients order them about, and holds what must hold of every history:
//
//   - no process ever has two children;
//   - only the moves of Supervisor's state machine are announced, each from
//     where the last one led;
//   - every command is answered;
//   - what is shown without asking the loop is what the loop would answer, and
//     never older than what a feed has told;
//   - left in peace, each process ends as it was last told to;
//   - a shutdown ends everything.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newHistory(t, seed).live(time.Hour) })
		})
	}
}

// FuzzHistories is TestRandomHistories with other dice.
func FuzzHistories(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		synctest.Test(t, func(t *testing.T) { newHistory(t, seed).live(10 * time.Minute) })
	})
}

// moves are those of behaviour that need no fault of the system.
var moves = map[supervise.State][]supervise.State{
	supervise.StateStopped:  {supervise.StateStarting},
	supervise.StateExited:   {supervise.StateStarting},
	supervise.StateFatal:    {supervise.StateStarting},
	supervise.StateBackoff:  {supervise.StateStarting, supervise.StateFatal, supervise.StateStopped},
	supervise.StateStarting: {supervise.StateRunning, supervise.StateBackoff, supervise.StateStopping},
	supervise.StateRunning:  {supervise.StateStopping, supervise.StateExited},
	supervise.StateStopping: {supervise.StateStopped},
}

// longestAnswer is more than any command may take: the slowest births of twenty
// processes, startsecs, stopwaitsecs and last words together.
const longestAnswer = 2 * time.Minute

// history is one run of the random test.
type history struct {
	t     *testing.T
	dice  *rand.Rand
	names []supervise.NameSpec
	bench *bench
	open  sync.WaitGroup // commands not answered yet

	mu    sync.Mutex // guards the fields below
	peace bool       // children live for ever and are born at once
	last  map[supervise.NameSpec]supervise.State
	moved int // how often anybody did

	told supervise.Snapshot // read last
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, dice: rand.New(rand.NewPCG(seed, 0)), last: map[supervise.NameSpec]supervise.State{}}
	conf := h.configure()
	h.bench = workWith(t, conf, func(host *childtest.Host) child.Host {
		for _, name := range h.names {
			dice := rand.New(rand.NewPCG(seed, uint64(len(name.Process))+uint64(slices.Index(h.names, name))))
			host.ScriptFunc(name.Process, func(int) childtest.Behaviour { return h.life(dice) })
		}
		return onlyChildren{host, t}
	})
	return h
}

// configure makes four groups of five programs each.
func (h *history) configure() string {
	var conf, groups strings.Builder
	conf.WriteString("[supervisord]\n")
	for g := range 4 {
		var members []string
		for p := range 5 {
			name := fmt.Sprintf("p%d%d", g, p)
			members = append(members, name)
			h.names = append(h.names, supervise.NameSpec{Group: fmt.Sprintf("g%d", g), Process: name})
			fmt.Fprintf(&conf, "[program:%s]\ncommand=/bin/sleep 100\nstdout_logfile=NONE\nstderr_logfile=NONE\n"+
				"priority=%d\nautostart=%v\nautorestart=%s\nstartsecs=%d\nstartretries=%d\nstopwaitsecs=%d\n", name,
				h.dice.IntN(4), h.dice.IntN(2) == 0, []string{"true", "false", "unexpected"}[h.dice.IntN(3)],
				h.dice.IntN(4), h.dice.IntN(4), h.dice.IntN(6))
		}
		fmt.Fprintf(&groups, "[group:g%d]\nprograms=%s\npriority=%d\n", g, strings.Join(members, ","), h.dice.IntN(3))
	}
	return conf.String() + groups.String()
}

// life is what a child does next. It is called by the host, in its goroutine.
func (h *history) life(dice *rand.Rand) childtest.Behaviour {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.peace {
		return childtest.Behaviour{}
	}
	b := childtest.Behaviour{Status: dice.IntN(3), EarlyDeath: dice.IntN(20) == 0}
	switch dice.IntN(6) {
	case 0:
		b.Lives = childtest.Instantly
	case 1, 2:
		b.Lives = time.Duration(dice.IntN(5000)) * time.Millisecond
	case 3:
		b.Lives = time.Duration(dice.IntN(60)) * time.Second
	}
	if dice.IntN(4) == 0 {
		b.StopTakes = time.Duration(dice.IntN(8)) * time.Second
	}
	if dice.IntN(8) == 0 {
		b.Ignores = []supervise.Signal{sigTerm}
	}
	if dice.IntN(10) == 0 {
		b.SpawnErr = "unknown error during fork for 'x': ENOMEM"
	}
	if dice.IntN(10) == 0 {
		b.SpawnTakes = time.Duration(dice.IntN(1500)) * time.Millisecond
	}
	if dice.IntN(10) == 0 {
		b.DrainTakes = time.Duration(dice.IntN(3000)) * time.Millisecond
	}
	return b
}

const (
	sigHup  supervise.Signal = 1
	sigKill supervise.Signal = 9
	sigTerm supervise.Signal = 15
)

func (h *history) live(howLong time.Duration) {
	feed, err := h.bench.Subscribe(h.t.Context(), "", 0)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, row := range feed.Snapshot.Processes {
		h.last[row.NameSpec()] = row.State
	}
	watched := make(chan struct{})
	go func() { // ends with the engine
		defer close(watched)
		for change := range feed.Changes {
			h.watch(change)
		}
	}()
	for end := time.Now().Add(howLong); time.Now().Before(end); {
		time.Sleep(time.Duration(h.dice.IntN(2000)) * time.Millisecond)
		h.disturb()
		h.read()
	}
	h.open.Wait()
	h.settle()
	if err := h.bench.Shutdown(h.t.Context()); err != nil {
		h.t.Error(err)
	}
	<-h.bench.ended
	h.bench.end()
	<-watched
	if perMinute := h.moved / int(howLong/time.Minute); perMinute < 60 {
		h.t.Errorf("only %d moves a minute: this history shows nothing", perMinute)
	}
	if alive := h.bench.host.Alive(); len(alive) > 0 {
		h.t.Errorf("alive after the shutdown: %v", alive)
	}
	if n := h.bench.host.Undrained(); n > 0 {
		h.t.Errorf("%d dead children were never buried", n)
	}
}

// watch holds the moves against those that may be, and what is shown against what
// has been told.
func (h *history) watch(change supervise.Change) {
	if now, err := h.bench.Snapshot(h.t.Context()); err == nil && now.Seq < change.Seq {
		h.t.Errorf("change %d is known, and a snapshot answers %d", change.Seq, now.Seq)
	}
	event, isMove := change.Event.(supervise.StateEvent)
	if !isMove {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last[event.Name] != event.From {
		h.t.Errorf("%v moved from %v to %v, but was %v", event.Name, event.From, event.To, h.last[event.Name])
	}
	if !slices.Contains(moves[event.From], event.To) {
		h.t.Errorf("%v moved from %v to %v, which cannot be", event.Name, event.From, event.To)
	}
	h.last[event.Name] = event.To
	h.moved++
	if row := change.Rows[0]; row.State != event.To {
		h.t.Errorf("%v moved to %v, its row says %v", event.Name, event.To, row.State)
	}
}

// read has some of the processes shown, or all, and holds all that is shown
// against what the loop knows.
func (h *history) read() {
	ctx := h.t.Context()
	if name := h.names[h.dice.IntN(len(h.names))]; h.dice.IntN(2) == 0 {
		if _, err := h.bench.Process(ctx, name); err != nil {
			h.t.Error(err)
		}
	} else if _, err := h.bench.Snapshot(ctx); err != nil {
		h.t.Error(err)
	}
	now, err := ask(ctx, h.bench.Engine, func(e *Engine) (supervise.Snapshot, error) { return e.snapshot(), e.holdShown() })
	if err != nil {
		h.t.Error(err)
	}
	h.holdNumber(now)
}

// holdNumber finds what has changed since the last time without a change of its
// own: whoever keeps what was told at a number would keep what is not true.
func (h *history) holdNumber(now supervise.Snapshot) {
	if h.told.Epoch == now.Epoch && h.told.Seq == now.Seq {
		for i, info := range now.Processes {
			if before := h.told.Processes[i]; before != info {
				h.t.Errorf("both at change %d, %v is %+v and then %+v", now.Seq, info.NameSpec(), before, info)
			}
		}
	}
	h.told = now
}

// holdShown finds what is shown and not true any more.
func (e *Engine) holdShown() error {
	for _, p := range e.byKey {
		if last := p.shown.Load(); last != nil && *last != p.info() {
			return fmt.Errorf("%v is shown as %+v and is %+v", p.name, *last, p.info())
		}
	}
	last := e.shown.snapshot.Load()
	if last == nil {
		return nil
	}
	e.shown.snapshot.Store(nil)
	if now := e.snapshot(); !reflect.DeepEqual(asOf(last, e.now), now) {
		return fmt.Errorf("shown is %+v, and it is %+v", *last, now)
	}
	return nil
}

// disturb does one thing to the processes, from inside or outside.
func (h *history) disturb() {
	name, wait := h.names[h.dice.IntN(len(h.names))], h.dice.IntN(3) > 0
	sel := supervise.Selection{All: h.dice.IntN(4) == 0, Group: name.Group}
	switch h.dice.IntN(14) {
	case 0, 1, 2:
		h.order("start", name, func(ctx context.Context) error { _, err := h.bench.Start(ctx, name, wait); return err })
	case 3, 4, 5:
		h.order("stop", name, func(ctx context.Context) error { _, err := h.bench.Stop(ctx, name, wait); return err })
	case 6, 7:
		h.order("restart", name, func(ctx context.Context) error { _, err := h.bench.Restart(ctx, name); return err })
	case 8:
		h.order("signal", name, func(ctx context.Context) error { return h.bench.Signal(ctx, name, sigHup) })
	case 9:
		h.order("start many", name, func(ctx context.Context) error { _, err := h.bench.StartMany(ctx, sel, wait); return err })
	case 10:
		h.order("stop many", name, func(ctx context.Context) error { _, err := h.bench.StopMany(ctx, sel, wait); return err })
	case 11:
		h.order("restart many", name, func(ctx context.Context) error { _, err := h.bench.RestartMany(ctx, sel); return err })
	default:
		synctest.Wait()
		if h.bench.host.PID(name.Process) != 0 {
			h.bench.host.Crash(name.Process, sigKill)
		}
	}
}

// order gives a command, in a goroutine of its own, and sees to it that it is
// answered: with success or a fault, in time.
func (h *history) order(what string, name supervise.NameSpec, give func(context.Context) error) {
	h.open.Go(func() {
		ctx, cancel := context.WithTimeout(h.t.Context(), longestAnswer)
		defer cancel()
		err := give(ctx)
		if _, isFault := err.(supervise.Fault); err != nil && !isFault {
			h.t.Errorf("%s %v: %v", what, name, err)
		}
	})
}

// settle leaves the children in peace, tells each process one last thing and
// looks whether it came true.
func (h *history) settle() {
	h.mu.Lock()
	h.peace = true
	h.mu.Unlock()
	time.Sleep(10 * time.Minute) // whoever was born before has gone, or stays
	down := map[supervise.NameSpec]bool{}
	for _, name := range h.names {
		switch h.dice.IntN(3) {
		case 0:
			down[name] = true
			h.order("restart", name, func(ctx context.Context) error { _, err := h.bench.Restart(ctx, name); return err })
			synctest.Wait() // an order follows the other
			h.order("stop", name, func(ctx context.Context) error { _, err := h.bench.Stop(ctx, name, false); return err })
		case 1:
			h.order("stop", name, func(ctx context.Context) error { _, err := h.bench.Stop(ctx, name, false); return err })
			synctest.Wait()
			h.order("restart", name, func(ctx context.Context) error { _, err := h.bench.Restart(ctx, name); return err })
		case 2:
			h.order("start", name, func(ctx context.Context) error { _, err := h.bench.Start(ctx, name, true); return err })
		}
	}
	h.open.Wait()
	time.Sleep(10 * time.Minute)
	for _, name := range h.names {
		state := h.bench.process(name.String()).State
		if want := supervise.StateRunning; !down[name] && state != want {
			h.t.Errorf("%v was told to run and is %v", name, state)
		}
		if want := supervise.StateStopped; down[name] && state != want {
			h.t.Errorf("%v was told to stop and is %v", name, state)
		}
	}
}

// onlyChildren refuses to bear a child to a process that has a living one.
type onlyChildren struct {
	*childtest.Host
	t *testing.T
}

func (h onlyChildren) Spawn(spec child.Spec) {
	if pid := h.PID(spec.Name); pid != 0 {
		h.t.Errorf("%s is spawned while %d lives", spec.Name, pid)
	}
	h.Host.Spawn(spec)
}
