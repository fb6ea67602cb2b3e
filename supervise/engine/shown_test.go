//go:build unix

package engine

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/child/childtest"
	"supervisor/supervise/machine"
)

// Whoever has been answered must find it done, in each of the ways to read, and
// however often somebody has read before.
func TestAnAnswerIsTrueForWhoReadsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		ctx := t.Context()
		for range 3 {
			b.wantShown(supervise.StateStarting)
			if _, err := b.Stop(ctx, x, true); err != nil {
				t.Fatal(err)
			}
			b.wantShown(supervise.StateStopped)
			if err := b.RemoveGroup(ctx, "x"); err != nil {
				t.Fatal(err)
			}
			b.wantGone()
			if err := b.AddGroup(ctx, "x"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// wantShown reads twice, so that the second time is answered without the loop.
func (b *bench) wantShown(want supervise.State) {
	b.t.Helper()
	for range 2 {
		if state := b.process("x").State; state != want {
			b.t.Errorf("the process is shown as %v, want %v", state, want)
		}
		all, err := b.Snapshot(b.t.Context())
		if err != nil || len(all.Groups) != 1 || len(all.Processes) != 1 || all.Processes[0].State != want {
			b.t.Errorf("all is shown as %+v (%v), want one process that is %v", all, err, want)
		}
	}
}

func (b *bench) wantGone() {
	b.t.Helper()
	for range 2 {
		if info, err := b.Process(b.t.Context(), x); !isBadName(err) {
			b.t.Errorf("a process that is gone is shown as %+v (%v)", info, err)
		}
		if all, err := b.Snapshot(b.t.Context()); err != nil || len(all.Groups)+len(all.Processes) > 0 {
			b.t.Errorf("nothing is left, and %+v is shown (%v)", all, err)
		}
	}
}

func isBadName(err error) bool {
	fault, ok := err.(supervise.Fault)
	return ok && fault.Code == supervise.FaultBadName
}

func TestNothingIsShownOnceTheEngineHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		b.wantShown(supervise.StateStarting)
		b.end()
		if _, err := b.Snapshot(t.Context()); !errors.Is(err, ErrEnded) {
			t.Errorf("a snapshot is answered with %v", err)
		}
		if _, err := b.Process(t.Context(), x); !errors.Is(err, ErrEnded) {
			t.Errorf("a process is answered with %v", err)
		}
	})
}

// What has been read is nobody's to change, the loop's neither.
func TestWhatWasReadStaysAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		before, err := b.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		kept := slices.Clone(before.Processes)
		if _, err := b.Stop(t.Context(), x, true); err != nil {
			t.Fatal(err)
		}
		b.wantShown(supervise.StateStopped)
		if !slices.Equal(before.Processes, kept) {
			t.Errorf("a snapshot read before a stop became %+v", before.Processes)
		}
	})
}

// Readers and the loop share what is shown; the race detector watches.
func TestManyMayReadWhileProcessesMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for range 1000 {
					info, err := b.Process(t.Context(), x)
					all, errAll := b.Snapshot(t.Context())
					if err != nil || errAll != nil || info.Name != all.Processes[0].Name {
						t.Errorf("%+v (%v) and %+v (%v)", info, err, all, errAll)
					}
					runtime.Gosched()
				}
			})
		}
		for range 50 {
			if _, err := b.Stop(t.Context(), x, true); err != nil {
				t.Error(err)
			}
			if _, err := b.Start(t.Context(), x, false); err != nil {
				t.Error(err)
			}
		}
		readers.Wait()
	})
}

// A change that moves no process still has a number.
func TestTheNumberShownIsThatOfTheLastChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one)
		defer b.end()
		before, err := b.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := b.ClearLogs(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // viewers are told
		if after, err := b.Snapshot(t.Context()); err != nil || after.Seq != before.Seq+1 {
			t.Errorf("change %d follows %d (%v)", after.Seq, before.Seq, err)
		}
	})
}

// Whoever keeps what was told at a number keeps a spawnerr too.
func TestASpawnErrorThatMovesNothingHasANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := workWith(t, one, func(host *childtest.Host) child.Host {
			host.Script("x", childtest.Behaviour{SpawnTakes: time.Second, SpawnErr: "no memory"})
			return host
		})
		defer b.end()
		ctx := t.Context()
		before, err := ask(ctx, b.Engine, func(e *Engine) (supervise.Snapshot, error) {
			e.step(e.byName["x"].processes[0], machine.Panicked{Value: "in the middle of a birth"})
			return e.snapshot(), nil
		})
		if err != nil || before.Processes[0].State != supervise.StateUnknown {
			t.Fatalf("%+v (%v), want it UNKNOWN", before, err)
		}
		time.Sleep(2 * time.Second)
		after, err := b.Snapshot(ctx)
		// One change is the row, the other the end of the life.
		if err != nil || after.Processes[0].SpawnErr != "no memory" || after.Seq != before.Seq+2 {
			t.Errorf("change %d says %+v after %d (%v)", after.Seq, after.Processes[0], before.Seq, err)
		}
	})
}
