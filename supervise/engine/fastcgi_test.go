//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
)

// A FastCGI program of two in a bubble. The processes are made up; the socket is
// a real one, which anybody may try.
const fastCGI = `[supervisord]
[fcgi-program:f]
command=/bin/sleep 100
socket=unix://DIR/f.sock
process_name=p%(process_num)d
stopwaitsecs=300
numprocs=2
startsecs=1
startretries=2
stdout_logfile=NONE
stderr_logfile=NONE
`

// shop is a bench with a FastCGI program, and a door to knock at.
type shop struct {
	*bench
	socket string
}

func workWithSocket(t *testing.T, conf string, scripts ...string) shop {
	t.Helper()
	dir, err := os.MkdirTemp("", "f") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return shop{work(t, strings.ReplaceAll(conf, "DIR", dir), scripts...), filepath.Join(dir, "f.sock")}
}

// open tells whether a client is let in, or at least into the queue.
func (s shop) open() bool {
	s.t.Helper()
	conn, err := net.Dial("unix", s.socket)
	if err == nil {
		conn.Close()
		return true
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		s.t.Errorf("the socket: %v", err)
	}
	return false
}

// must tells when the socket is not as it should be.
func (s shop) must(open bool, when string) {
	s.t.Helper()
	synctest.Wait()
	if s.open() != open {
		s.t.Errorf("%s: open is %v", when, !open)
	}
}

// stays looks for a while, often.
func (s shop) stays(open bool, long time.Duration, when string) {
	s.t.Helper()
	for began := time.Now(); time.Since(began) < long; time.Sleep(100 * time.Millisecond) {
		if s.must(open, when); s.t.Failed() {
			s.t.Fatalf("after %v", time.Since(began))
		}
	}
}

func (s shop) do(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

func (s shop) stop(ctx context.Context, name string) {
	s.t.Helper()
	_, err := s.Stop(ctx, supervise.ParseNameSpec(name), true)
	s.do("stop "+name, err)
}

func (s shop) start(ctx context.Context, name string) {
	s.t.Helper()
	_, err := s.Start(ctx, supervise.ParseNameSpec(name), true)
	s.do("start "+name, err)
}

var groupF = supervise.Selection{Group: "f"}

func TestASocketIsOpenUntilTheLastOfItsProcessesIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, fastCGI, "p0: takes=3s", "p1: takes=3s")
		defer s.end()
		s.must(true, "started")
		time.Sleep(2 * time.Second)
		s.stop(t.Context(), "f:p0")
		s.must(true, "one is stopped")
		s.stop(t.Context(), "f:p1")
		if s.open() { // without waiting: whoever hears of the stop may count on it
			t.Error("all are stopped: still open")
		}
		s.stays(false, 20*time.Second, "stopped")
		s.start(t.Context(), "f:p1")
		s.must(true, "one is started again")
		_, err := s.StopMany(t.Context(), groupF, true)
		s.do("stop all", err)
		if s.open() {
			t.Error("stopped again: still open")
		}
	})
}

func TestASocketStaysOpenWhileAllAreRestartedByOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, fastCGI, "p0: takes=3s", "p1: takes=2s")
		defer s.end()
		time.Sleep(2 * time.Second)
		_, err := s.RestartMany(t.Context(), groupF)
		s.do("restart", err)
		s.stays(true, 6*time.Second, "restarting")
		for _, name := range []string{"f:p0", "f:p1"} {
			if got := s.process(name); got.State != supervise.StateRunning || got.PID < 103 {
				t.Errorf("%s is %v with pid %d", name, got.State, got.PID)
			}
		}
		_, err = s.StopMany(t.Context(), groupF, true)
		s.do("stop", err)
		s.must(false, "stopped for good")
	})
}

func TestASocketStaysOpenFromCrashesToTheirRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// All die at once: first having run for long, then too soon, then again and
		// again until supervisord gives up.
		lives := "lives=20s exit=1 | lives=0s exit=1 | lives=20s exit=1 | lives=0s exit=1 | lives=0s exit=1 | lives=0s exit=1 | lives=100s"
		s := workWithSocket(t, fastCGI, "p0: "+lives, "p1: "+lives)
		defer s.end()
		s.stays(true, 43900*time.Millisecond, "crashing")
		time.Sleep(200 * time.Millisecond)
		if got := s.process("f:p0"); got.State != supervise.StateFatal {
			t.Errorf("it is %v by now", got.State)
		}
		s.must(false, "given up")
		s.start(t.Context(), "f:p0")
		s.must(true, "started again")
	})
}

func TestASocketIsClosedWhenItsProcessesHaveEndedByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, fastCGI+"autorestart=false\n", "p0: lives=5s", "p1: lives=7s")
		defer s.end()
		s.stays(true, 6*time.Second, "one has ended")
		time.Sleep(2 * time.Second)
		s.must(false, "both have ended")
	})
}

func TestASocketIsClosedByAStopInBackoffAndByRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, strings.Replace(fastCGI, "numprocs=2", "numprocs=1", 1), "p0: spawnerr=no")
		defer s.end()
		time.Sleep(500 * time.Millisecond)
		if got := s.process("f:p0"); got.State != supervise.StateBackoff {
			t.Fatalf("it is %v", got.State)
		}
		s.must(true, "waiting for another try")
		s.stop(t.Context(), "f:p0")
		s.must(false, "stopped")
		s.do("remove", s.RemoveGroup(t.Context(), "f"))
		s.must(false, "removed")
		s.do("add", s.AddGroup(t.Context(), "f"))
		s.must(true, "added")
	})
}

func TestASocketIsNotTakenFromItsGroupByAnotherWhoAddsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, strings.Replace(fastCGI, "numprocs=2", "numprocs=1", 1), "p0: lives=1000s")
		defer s.end()
		s.stop(t.Context(), "f:p0")
		s.do("remove", s.RemoveGroup(t.Context(), "f"))

		// The user is looked up first, which takes as long as the test wants.
		slow := make(chan chan struct{}, 2)
		_, err := ask(t.Context(), s.Engine, func(e *Engine) (struct{}, error) {
			e.staged[0].Processes[0].User = &config.User{Name: "www"}
			return struct{}{}, nil
		})
		s.do("give it a user", err)
		s.opts.Credential = func(config.User) (*child.Credential, error) {
			<-<-slow
			return new(child.Credential), nil
		}
		first, second := make(chan struct{}), make(chan struct{})
		slow <- first
		slow <- second
		add := func(ctx context.Context) chan error {
			answer := make(chan error, 1)
			go func() { answer <- s.AddGroup(ctx, "f") }() // ends with the call
			synctest.Wait()
			return answer
		}
		winner, loser := add(t.Context()), add(t.Context())
		hasty, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		if err := <-add(hasty); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who does not wait for long is answered %v", err)
		}
		close(first)
		s.do("add", <-winner)
		s.must(true, "added")
		close(second)
		if fault, is := (<-loser).(supervise.Fault); !is || fault.Code != supervise.FaultAlreadyAdded {
			t.Errorf("the other is answered %v", fault)
		}
		s.must(true, "added once")
	})
}

func TestASocketIsClosedByAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, fastCGI, "p0: takes=1s", "p1: takes=2s")
		time.Sleep(2 * time.Second)
		marked := supervise.WithRestart(t.Context(), "a")
		s.stop(marked, "f:p0")
		s.stop(marked, "f:p1")
		s.must(true, "between the orders of a restart")
		s.do("shutdown", s.Shutdown(t.Context()))
		<-s.ended
		s.must(false, "ended")
		s.end()
	})
}

func TestASocketIsClosedWithTheEngineWhateverItsProcessesAre(t *testing.T) {
	ends := map[string]func(shop) error{
		"it shuts down":   func(s shop) error { return s.Shutdown(s.t.Context()) },
		"it starts again": func(s shop) error { return s.RestartSelf(s.t.Context()) },
		"it is abandoned": func(s shop) error { s.abandon(); return nil },
	}
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := workWithSocket(t, fastCGI, "p0: unkillable", "p1: takes=1s")
				time.Sleep(2 * time.Second)
				_, err := s.Stop(t.Context(), supervise.ParseNameSpec("f:p0"), true)
				if got := s.process("f:p0"); got.State != supervise.StateUnknown {
					t.Fatalf("it is %v: %v", got.State, err)
				}
				s.stop(t.Context(), "f:p1")
				s.must(true, "one may have a child still")
				s.do("end", end(s))
				<-s.ended
				s.must(false, "ended")
				s.end()
			})
		})
	}
}

func TestASocketStaysOpenBetweenTheOrdersOfARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conf := fastCGI + "[program:slow]\ncommand=/bin/sleep 100\nstopwaitsecs=300\nstartsecs=60\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
		s := workWithSocket(t, conf, "p0: takes=3s", "p1: takes=2s", "slow: takes=100s")
		defer s.end()
		time.Sleep(2 * time.Second)
		// supervisorctl restart f:* slow: the others are stopped before any is started.
		restarted := make(chan error, 1)
		go func() { // ends with the restart
			marked, slow := supervise.WithRestart(t.Context(), "a"), supervise.ParseNameSpec("slow")
			_, err := s.StopMany(marked, groupF, true)
			_, err2 := s.Stop(marked, slow, true)
			_, err3 := s.Start(marked, slow, true)
			_, err4 := s.StartMany(marked, groupF, true)
			restarted <- errors.Join(err, err2, err3, err4)
		}()
		s.stays(true, 165*time.Second, "restarting")
		s.do("restart", <-restarted)
		s.stays(true, time.Minute, "restarted")
		s.stop(t.Context(), "f:p0")
		s.stop(t.Context(), "f:p1")
		s.must(false, "stopped for good")
	})
}

func TestARestartOfWhichNothingIsHeardAnyMoreIsAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, fastCGI, "p0: takes=100s | takes=0s", "p1: takes=100s")
		defer s.end()
		time.Sleep(2 * time.Second)
		marked, hangUp := context.WithCancel(supervise.WithRestart(t.Context(), "a"))
		go func() { // the client that is ended while it waits
			_, err := s.StopMany(marked, groupF, true)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("answered %v", err)
			}
		}()
		s.stays(true, 50*time.Second, "stopping")
		hangUp()
		s.stays(true, 49*time.Second, "stopping on, with nobody waiting")
		time.Sleep(3 * time.Second)
		s.must(false, "down, and nobody asks for it")

		// It stops, and is ended before it starts.
		s.start(t.Context(), "f:p0")
		s.stop(supervise.WithRestart(t.Context(), "b"), "f:p0")
		began := time.Now()
		for s.open() {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if held := time.Since(began); held < restartPatience || held > 2*restartPatience {
			t.Errorf("it was held for %v", held)
		}
	})
}

func TestASocketThatCannotBeMadeIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := workWithSocket(t, strings.Replace(fastCGI, "numprocs=2", "numprocs=1", 1))
		defer s.end()
		time.Sleep(2 * time.Second)
		s.stop(t.Context(), "f:p0")
		dir := filepath.Dir(s.socket)
		s.do("take its directory away", os.Rename(dir, dir+".away"))
		_, err := s.Start(t.Context(), supervise.ParseNameSpec("f:p0"), true)
		if fault, is := err.(supervise.Fault); !is || fault.Code != supervise.FaultSpawnError {
			t.Errorf("answered %v", err)
		}
		want := fmt.Sprintf("Could not create FastCGI socket unix://%s: bind to %[1]s: no such file or directory", s.socket)
		if got := s.process("f:p0"); got.State != supervise.StateBackoff || got.SpawnErr != want {
			t.Errorf("%v: %q", got.State, got.SpawnErr)
		}
		s.do("bring it back", os.Rename(dir+".away", dir))
		time.Sleep(2 * time.Second)
		s.must(true, "tried again")
		if got := s.process("f:p0"); got.State != supervise.StateRunning {
			t.Errorf("it is %v", got.State)
		}
	})
}

// A share may be given up before it has been taken, where a group is removed
// while its process is being born.
func TestAShareThatHasBeenGivenUpIsNotTaken(t *testing.T) {
	e := &Engine{journal: newJournal(slog.New(slog.DiscardHandler))}
	defer e.journal.close(t.Context())
	conf := &config.FastCGISocket{Unix: true, Path: filepath.Join(t.TempDir(), "s"), URL: "unix:///s"}
	shared, err := e.shareSocket(conf, map[*config.FastCGISocket]*sharedSocket{})
	if err != nil {
		t.Fatal(err)
	}
	s := &share{socket: shared}
	s.giveUp()
	if _, err := s.take(); err == nil || shared.socket != nil {
		t.Errorf("it was taken: %v", err)
	}
	other := &share{socket: shared}
	for range 2 {
		if fd, err := other.take(); err != nil || fd == nil {
			t.Fatal(err)
		}
	}
	shared.mu.Lock()
	if other.giveUpNow() {
		t.Error("it did not wait for who opens the socket")
	}
	shared.mu.Unlock()
	if !other.giveUpNow() || shared.socket != nil {
		t.Error("it is still open")
	}
}
