//go:build unix

package child

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// Two thousand short lives, half of them killed at random moments while others
// are being born. Every exit is told once, as the life it belongs to.
func TestAStormLosesNobody(t *testing.T) {
	f := found(t)
	before := threads(t)
	const births = 2000
	random := rand.New(rand.NewPCG(1, 2))
	var lives []*outcome
	for i := range births {
		if i%2 == 0 {
			lives = append(lives, f.spawn(sh(fmt.Sprint("exit ", i%200))))
		} else {
			lives = append(lives, f.spawn(Spec{Path: "/bin/sleep", Argv: []string{"sleep", "600"}, Umask: -1}))
		}
		// Kill somebody, whoever of the sleepers is alive by now.
		f.killOne(lives, random.IntN(len(lives)))
	}
	for i, o := range lives {
		if i%2 == 1 {
			f.live(o)
			f.mu.Lock()
			if err := f.Signal(o.pid, sigKill, true); err != nil && err != syscall.ESRCH {
				t.Error(err)
			}
			f.mu.Unlock()
		}
	}
	for i, o := range lives {
		exit := f.end(o)
		want := Exit{Key: o.key, Incarnation: o.incarnation, PID: o.pid, Status: i % 200, Usage: exit.Usage}
		if i%2 == 1 {
			want.Status, want.Signal = -1, sigKill
		}
		if exit != want || len(o.exits) != 1 || o.drained != 1 {
			t.Fatalf("life %d: exits %+v, drained %d times, want %+v", i, o.exits, o.drained, want)
		}
	}
	if len(f.orphans) != 0 {
		t.Errorf("exits of nobody: %+v", f.orphans)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("children are left: %d, %v", pid, err)
	}
	if len(f.byPID)+len(f.byLife) != 0 {
		t.Errorf("%d pids and %d lives are kept", len(f.byPID), len(f.byLife))
	}
	if now := threads(t); now > before+12 {
		t.Errorf("%d threads, %d before", now, before)
	}
}

// killOne kills the sleeper among lives[i] and its neighbour, if it lives.
func (f *family) killOne(lives []*outcome, i int) {
	o := lives[i|1&(len(lives)-1)]
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.pid == 0 || len(o.exits) > 0 || o.incarnation%2 == 1 {
		return
	}
	if err := f.Signal(o.pid, sigKill, false); err != nil {
		f.t.Errorf("kill %d: %v", o.pid, err) // it has not been reaped: it must be there
	}
}

// A child that is dead before its fork has returned is nobody yet. It must
// neither be collected as a stranger nor be missed afterwards.
func TestADeathBeforeTheBirthIsKnownWaitsForIt(t *testing.T) {
	f := found(t)
	f.manually()
	r := &record{life: life{3, 33}}
	pid, err := f.fly(r, func() (int, error) {
		pid := forkTrue(t)
		awaitZombie(t, pid)
		if exits := f.Reap(); len(exits) != 0 {
			t.Errorf("collected during the birth: %+v", exits)
		}
		return pid, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if exits, want := withoutUsage(f.Reap()), (Exit{Key: 3, Incarnation: 33, PID: pid}); len(exits) != 1 || exits[0] != want {
		t.Errorf("%+v, want %+v", exits, want)
	}
}

// A fork whose exec fails makes a child that ForkExec collects itself; if Reap
// did, a stranger would be told.
func TestTheChildOfAFailedForkIsNotReaped(t *testing.T) {
	f := found(t)
	f.manually()
	_, err := f.fly(&record{}, func() (int, error) {
		pid := forkTrue(t)
		awaitZombie(t, pid)
		f.Reap()
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			t.Errorf("it was stolen: %v", err)
		}
		return 0, errors.New("exec failed")
	})
	if err == nil {
		t.Error("no error")
	}
	if exits := f.Reap(); len(exits) != 0 {
		t.Errorf("%+v", exits)
	}
}

// An exec that hangs (a binary on a dead network file system) must not keep
// others from being buried.
func TestAHungBirthDelaysNoFuneral(t *testing.T) {
	f := found(t)
	f.manually()
	o := f.spawn(sh("echo on; read line; exit 4"))
	f.says(o, "on")
	hang, hung := make(chan struct{}), make(chan int, 1)
	stranger := make(chan int, 1)
	go func() {
		_, err := f.fly(&record{life: life{8, 88}}, func() (int, error) {
			pid := forkTrue(t)
			awaitZombie(t, pid)
			stranger <- pid
			<-hang
			return pid, nil
		})
		if err != nil {
			t.Error(err)
		}
		hung <- 1
	}()
	unborn := <-stranger
	if err := f.Write(o.key, o.incarnation, []byte("go\n")); err != nil {
		t.Fatal(err)
	}
	awaitZombie(t, o.pid)
	var exits []Exit
	f.until("the funeral", func() bool { // each ChildrenDied wakes it
		exits = append(exits, withoutUsage(f.Reap())...)
		return len(exits) > 0
	})
	if want := (Exit{Key: o.key, Incarnation: o.incarnation, PID: o.pid, Status: 4}); len(exits) != 1 || exits[0] != want {
		t.Errorf("%+v, want %+v", exits, want)
	}
	f.Drain(o.key, o.incarnation)
	before := f.died()
	close(hang)
	<-hung
	f.until("to be told again", func() bool { return f.deaths > before })
	if exits := f.Reap(); len(exits) != 1 || exits[0].PID != unborn || exits[0].Key != 8 {
		t.Errorf("the one of the hung birth: %+v", exits)
	}
	f.until("drained", func() bool { return o.drained == 1 })
}

// manually leaves reaping to the test.
func (f *family) manually() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.manual = true
}

func (f *family) died() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deaths
}

func forkTrue(t *testing.T) int {
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
	if err != nil {
		t.Error(err)
	}
	return pid
}

// awaitZombie waits until pid is dead, without collecting it.
func awaitZombie(t *testing.T, pid int) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: nobody can look at the dead here without burying them")
	}
	err := waitNoReap(pid)
	for err == unix.EINTR {
		err = waitNoReap(pid)
	}
	if err != nil {
		t.Errorf("wait for %d: %v", pid, err)
	}
}

func TestAHelpersOutputIsReadAndItsDeathIsNoNews(t *testing.T) {
	f := found(t)
	out, err := f.Output(t.Context(), "/bin/sh", "-c", "echo hello; exit 2")
	if string(out) != "hello\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := f.Output(t.Context(), "/no/such"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("%v", err)
	}
	f.until("the burial of the helper", func() bool {
		f.OSHost.mu.Lock()
		defer f.OSHost.mu.Unlock()
		return len(f.byPID) == 0
	})
	if len(f.orphans) > 0 {
		t.Errorf("told of helpers: %+v", f.orphans)
	}
}

func TestAHelperThatHangsIsKilledInTime(t *testing.T) {
	f := found(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Output(ctx, "/bin/sh", "-c", "echo on; sleep 600"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	f.until("its end", func() bool {
		f.OSHost.mu.Lock()
		defer f.OSHost.mu.Unlock()
		return len(f.byPID) == 0
	})
}

func TestCloseGivesUpOnASinkThatHangs(t *testing.T) {
	f := found(t)
	hold := make(chan struct{})
	spec := sh("echo on; exec sleep 600")
	inside := make(chan struct{})
	spec.Stdout = &hangingSink{inside, hold}
	f.live(f.spawn(spec))
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Close(ctx); err == nil || !strings.Contains(err.Error(), "close the host: context canceled") {
		t.Errorf("%v", err)
	}
	close(hold)
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// hangingSink tells when its first Write is called and returns when it may.
type hangingSink struct{ inside, hold chan struct{} }

func (h *hangingSink) Write([]byte) { close(h.inside); <-h.hold }
func (h *hangingSink) Flush()       {}

// withoutUsage leaves out what differs from one run to the next.
func withoutUsage(exits []Exit) []Exit {
	for i := range exits {
		exits[i].Usage = supervise.Rusage{}
	}
	return exits
}
