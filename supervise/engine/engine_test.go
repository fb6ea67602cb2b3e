//go:build unix

package engine

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/child/childtest"
	"supervisor/supervise/config"
	"supervisor/supervise/engine/scenario"
)

// bench is an engine at work in a bubble.
type bench struct {
	*Engine
	t       *testing.T
	host    *childtest.Host
	abandon context.CancelFunc
	ended   chan struct{} // closed when Run has returned
	outcome Outcome
}

// work starts an engine with a configuration and scripts of lives.
func work(t *testing.T, conf string, scripts ...string) *bench {
	t.Helper()
	return workWith(t, conf, func(host *childtest.Host) child.Host { return host }, scripts...)
}

// workWith puts something between the engine and its children.
func workWith(t *testing.T, text string, between func(*childtest.Host) child.Host, scripts ...string) *bench {
	t.Helper()
	file := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	load := func() (*config.Config, error) { return config.Load(file, config.Options{}) }
	conf, err := load()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reports := make(chan child.Report)
	host := childtest.New(reports, ctx.Done())
	for _, text := range scripts {
		lives, err := scenario.ParseLives(text)
		if err != nil {
			t.Fatal(err)
		}
		host.ScriptFunc(lives.Name, lives.Life)
	}
	eng, err := New(Options{
		Config: conf, Load: load, Host: between(host), Reports: reports, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{Engine: eng, t: t, host: host, abandon: cancel, ended: make(chan struct{})}
	go func() { // ends with the engine
		defer close(b.ended)
		b.outcome, _ = eng.Run(ctx) // abandoned or not, the test knows
	}()
	synctest.Wait()
	return b
}

// end abandons the engine, if it has not ended, and waits for all it began.
func (b *bench) end() {
	b.t.Helper()
	b.abandon()
	<-b.ended
	if err := b.host.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
	synctest.Wait()
}

func (b *bench) process(name string) supervise.ProcessInfo {
	b.t.Helper()
	info, err := b.Process(b.t.Context(), supervise.ParseNameSpec(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return info
}

const one = `[supervisord]
[program:x]
command=/bin/sleep 100
stdout_logfile=NONE
stderr_logfile=NONE
`

var x = supervise.ParseNameSpec("x")

func TestWhoGivesUpWaitingIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one, "x: takes=10s")
		defer b.end()
		time.Sleep(2 * time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := b.Stop(ctx, x, true); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("answered %v", err)
		}
		if waited := time.Since(began); waited != 3*time.Second {
			t.Errorf("gave up after %v", waited)
		}
		if state := b.process("x").State; state != supervise.StateStopping {
			t.Errorf("the stop ended with who asked: %v", state)
		}
		time.Sleep(10 * time.Second)
		if state := b.process("x").State; state != supervise.StateStopped {
			t.Errorf("%v, want STOPPED", state)
		}
		left, err := ask(t.Context(), b.Engine, func(e *Engine) (int, error) { return len(e.byName["x"].processes[0].tickets), nil })
		if err != nil || left != 0 {
			t.Errorf("%d tickets are left (%v)", left, err)
		}
	})
}

func TestWhoHasGivenUpBeforeAskingChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		b.abandon() // nobody takes messages any more
		<-b.ended
		if _, err := b.Stop(t.Context(), x, true); !errors.Is(err, ErrEnded) {
			t.Errorf("answered %v, want ErrEnded", err)
		}
		if _, err := b.Snapshot(t.Context()); !errors.Is(err, ErrEnded) {
			t.Errorf("answered %v, want ErrEnded", err)
		}
		b.end()
	})
}

// A client that acts on an answer must find the change it caused: it waits for a
// change with a higher number.
func TestCommandsAnswerTheNumberBeforeTheirFirstChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		time.Sleep(2 * time.Second)
		feed, err := b.Subscribe(t.Context(), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		defer feed.Close()
		before := feed.Snapshot.Seq
		seq, err := b.Restart(t.Context(), x)
		if err != nil || seq != before {
			t.Errorf("answered %d, %v; the last change was %d", seq, err, before)
		}
		if change := <-feed.Changes; change.Seq != seq+1 || change.Rows[0].State != supervise.StateStopping {
			t.Errorf("the first change is %d: %+v", change.Seq, change.Event)
		}
	})
}

func TestFeedGivesASnapshotAndThenEveryChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		feed, err := b.Subscribe(t.Context(), "", 0)
		if err != nil || !feed.Fresh {
			t.Fatalf("feed %+v, %v", feed, err)
		}
		defer feed.Close()
		row := feed.Snapshot.Processes[0]
		if row.State != supervise.StateStarting || row.PID == 0 {
			t.Errorf("the snapshot shows %v with pid %d", row.State, row.PID)
		}
		time.Sleep(2 * time.Second)
		if change := <-feed.Changes; change.Seq != feed.Snapshot.Seq+1 || change.Rows[0].State != supervise.StateRunning {
			t.Errorf("change %d: %+v", change.Seq, change.Event)
		}
	})
}

func TestFeedGoesOnWhereAReaderLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		first, err := b.Subscribe(t.Context(), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
		time.Sleep(2 * time.Second)
		again, err := b.Subscribe(t.Context(), first.Snapshot.Epoch, first.Snapshot.Seq)
		if err != nil || again.Fresh || len(again.Missed) != 1 {
			t.Fatalf("feed %+v, %v: want the one change that was missed", again, err)
		}
		defer again.Close()
		if got := again.Missed[0].Rows[0].State; got != supervise.StateRunning {
			t.Errorf("missed %v", got)
		}
		stranger, err := b.Subscribe(t.Context(), "another life", first.Snapshot.Seq)
		if err != nil || !stranger.Fresh {
			t.Errorf("who comes from another epoch gets %+v, %v", stranger, err)
		}
		stranger.Close()
	})
}

func TestFeedsEndWithTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		feed, err := b.Subscribe(t.Context(), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-b.ended
		b.end()
		last := supervise.Change{}
		for change := range feed.Changes {
			if len(change.Rows) > 0 { // the end of a life has none
				last = change
			}
		}
		if len(last.Rows) != 1 || last.Rows[0].State != supervise.StateStopped {
			t.Errorf("the last change was %+v", last)
		}
	})
}

// A reader that does not read is cut off; it costs the loop nothing.
func TestReaderThatLagsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one+"startsecs=0\nautorestart=true\n", "x: lives=100ms exit=0")
		defer b.end()
		feed, err := b.Subscribe(t.Context(), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		read := 0
		for range feed.Changes { // ends: the bus has closed it
			read++
		}
		if read == 0 || b.process("x").Restarts < 5000 {
			t.Errorf("%d changes read, %d restarts", read, b.process("x").Restarts)
		}
	})
}

// A pump sends a child's output and its end by two ways; however they are picked
// up, listeners hear them in the order in which they happened.
func TestOutputIsToldBeforeTheDeathThatFollowedIt(t *testing.T) {
	const conf = one + `stdout_events_enabled=true
startsecs=0
autorestart=true
[eventlistener:l]
command=/bin/sleep 100
events=PROCESS_LOG,PROCESS_STATE_EXITED
startsecs=0
buffer_size=1000
stdout_logfile=NONE
stderr_logfile=NONE
`
	synctest.Test(t, func(t *testing.T) {
		b := work(t, conf, "x: lastwords=goodbye", "l: listener=OK")
		defer b.end()
		const lives = 60
		for range lives {
			release := b.hold()
			b.host.Say("x", supervise.Stdout, "hello")
			b.host.Exit("x", 1)
			synctest.Wait() // both are on their way
			release()
			synctest.Wait()
		}
		var told []string
		for event := range strings.SplitSeq(string(b.host.Stdin("l")), "ver:3.0 ") {
			for _, what := range []string{"hello", "goodbye", "EXITED"} {
				if strings.Contains(event, what) {
					told = append(told, what)
				}
			}
		}
		want := strings.TrimSpace(strings.Repeat("hello goodbye EXITED ", lives))
		if got := strings.Join(told, " "); got != want {
			t.Errorf("told:\n%s", got)
		}
	})
}

// hold keeps the loop in a turn until release is called.
func (b *bench) hold() (release func()) {
	gate := make(chan struct{})
	go func() { // ends with the turn
		_, err := ask(b.t.Context(), b.Engine, func(*Engine) (struct{}, error) { <-gate; return struct{}{}, nil })
		if err != nil {
			b.t.Error(err)
		}
	}()
	synctest.Wait()
	return func() { close(gate) }
}

// What nobody waits for must not wake the loop: no poll, no tick.
func TestAQuietEngineHasNothingArmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		time.Sleep(2 * time.Second)
		armed, err := ask(t.Context(), b.Engine, func(e *Engine) (int, error) { return len(e.deadlines.heap), nil })
		if err != nil || armed != 0 {
			t.Errorf("%d deadlines are armed (%v)", armed, err)
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	conf := one + `[program:y]
command=/bin/sleep 100
numprocs=20
process_name=%(process_num)d
stdout_logfile=NONE
stderr_logfile=NONE
[eventlistener:l]
command=/bin/sleep 100
events=EVENT
stdout_logfile=NONE
stderr_logfile=NONE
`
	for _, ending := range []struct {
		name string
		how  func(*bench) error
	}{
		{"shutdown", func(b *bench) error { return b.Shutdown(b.t.Context()) }},
		{"restart", func(b *bench) error { return b.RestartSelf(b.t.Context()) }},
		{"abandoned", func(b *bench) error { b.abandon(); return nil }},
	} {
		t.Run(ending.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := work(t, conf, "x: lives=3s exit=1", "l: listener=OK", "3: takes=5s")
				feed, err := b.Subscribe(t.Context(), "", 0)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Second)
				if working := goroutinesOfOurs(); len(working) < 4 { // loop, launcher, journal, host
					t.Fatalf("only %d goroutines at work: this counts wrongly", len(working))
				}
				if err := ending.how(b); err != nil {
					t.Fatal(err)
				}
				<-b.ended
				b.end()
				feed.Close()
				synctest.Wait()
				for _, left := range goroutinesOfOurs() {
					t.Errorf("left behind: %s", left)
				}
			})
		})
	}
}

// goroutinesOfOurs are the stacks of those that our code has started.
func goroutinesOfOurs() []string {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	var ours []string
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "created by supervisor/") {
			ours = append(ours, stack)
		}
	}
	return ours
}
