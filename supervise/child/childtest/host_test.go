package childtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/child/childtest"
)

const (
	term = supervise.Signal(syscall.SIGTERM)
	kill = supervise.Signal(syscall.SIGKILL)
)

// scene is a host with somebody who listens to it and buries its dead.
type scene struct {
	*childtest.Host
	t       *testing.T
	start   time.Time
	reports chan child.Report

	mu    sync.Mutex // sinks are written by the host's goroutine
	lines []string
}

// play runs act in a bubble and gives the transcript of what the host told.
func play(t *testing.T, act func(*scene)) []string {
	t.Helper()
	var lines []string
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, start: time.Now(), reports: make(chan child.Report)}
		s.Host = childtest.New(s.reports, t.Context().Done())
		act(s)
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		lines = s.lines
	})
	return lines
}

// until listens for d of the bubble's time.
func (s *scene) until(d time.Duration) {
	timer := time.NewTimer(time.Until(s.start.Add(d)))
	for {
		select {
		case r := <-s.reports:
			s.hear(r)
		case <-timer.C:
			return
		}
	}
}

func (s *scene) hear(r child.Report) {
	switch r := r.(type) {
	case child.Spawned:
		s.note("spawned %d.%d pid %d", r.Key, r.Incarnation, r.PID)
	case child.SpawnFailed:
		s.note("failed %d.%d %s", r.Key, r.Incarnation, r.Text)
	case child.ChildrenDied:
		for _, exit := range s.Reap() {
			s.note("exit %d.%d pid %d status %d signal %d", exit.Key, exit.Incarnation, exit.PID, exit.Status, exit.Signal)
			if exit.Key >= 0 {
				s.Drain(exit.Key, exit.Incarnation)
			}
		}
	case child.Drained:
		s.note("drained %d.%d", r.Key, r.Incarnation)
	default:
		s.t.Errorf("unknown report %T", r)
	}
}

func (s *scene) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Since(s.start).Seconds()
	s.lines = append(s.lines, fmt.Sprintf("%gs ", at)+fmt.Sprintf(format, args...))
}

func (s *scene) spawn(key child.Key, incarnation child.Incarnation, name string) {
	s.Spawn(child.Spec{Key: key, Incarnation: incarnation, Name: name, Stdout: (*noter)(s)})
}

// noter is a sink that writes into the transcript.
type noter scene

func (n *noter) Write(p []byte) { (*scene)(n).note("says %q", p) }
func (n *noter) Flush()         { (*scene)(n).note("flushed") }

func TestAStoryIsToldInTheOrderOfItsCauses(t *testing.T) {
	got := play(t, func(s *scene) {
		s.Script("a", childtest.Behaviour{
			Lives: 2 * time.Second, Status: 3, LastWords: "bye", DrainTakes: time.Second,
			Output: []childtest.Output{{After: time.Second, Text: "hello"}},
		}, childtest.Behaviour{SpawnErr: "no"})
		s.spawn(1, 1, "a")
		s.spawn(2, 2, "b")
		s.until(5 * time.Second)
		s.spawn(1, 3, "a")
		s.until(6 * time.Second)
		if err := s.Signal(102, term, true); err != nil {
			s.t.Error(err)
		}
		s.until(7 * time.Second)
		if err := s.Signal(102, term, false); !errors.Is(err, syscall.ESRCH) {
			s.t.Errorf("signal to the reaped: %v", err)
		}
		if want := []string{"SIGTERM to the group of b (102)", "SIGTERM to  (102)"}; fmt.Sprint(s.Signals()) != fmt.Sprint(want) {
			s.t.Errorf("signals %v, want %v", s.Signals(), want)
		}
		if n := s.Undrained(); n != 0 || len(s.Alive()) != 0 {
			s.t.Errorf("%d undrained, %v alive", n, s.Alive())
		}
	})
	compare(t, got, `
0s spawned 1.1 pid 101
0s spawned 2.2 pid 102
1s says "hello"
2s exit 1.1 pid 101 status 3 signal 0
3s says "bye"
3s flushed
3s drained 1.1
5s failed 1.3 no
6s exit 2.2 pid 102 status -1 signal 15
6s flushed
6s drained 2.2`)
}

func TestOnlyKillEndsOneWhoIgnoresTERM(t *testing.T) {
	got := play(t, func(s *scene) {
		s.Script("a", childtest.Behaviour{Ignores: []supervise.Signal{term}})
		s.spawn(1, 1, "a")
		s.until(time.Second)
		for _, sig := range []supervise.Signal{term, 0, kill} {
			if err := s.Signal(s.PID("a"), sig, false); err != nil {
				s.t.Error(err)
			}
			s.until(time.Since(s.start) + time.Second)
		}
	})
	compare(t, got, `
0s spawned 1.1 pid 101
3s exit 1.1 pid 101 status -1 signal 9
3s flushed
3s drained 1.1`)
}

func TestACaughtSignalExitsAfterItsTime(t *testing.T) {
	got := play(t, func(s *scene) {
		s.Script("a", childtest.Behaviour{ExitsOn: map[supervise.Signal]int{term: 0}, StopTakes: 4 * time.Second})
		s.spawn(1, 1, "a")
		s.until(time.Second)
		s.Signal(101, term, false)
		s.until(2 * time.Second)
		s.Signal(101, term, false) // the second changes nothing
		s.until(9 * time.Second)
	})
	compare(t, got, `
0s spawned 1.1 pid 101
5s exit 1.1 pid 101 status 0 signal 0
5s flushed
5s drained 1.1`)
}

func TestAnEarlyDeathIsReapedBeforeItIsBorn(t *testing.T) {
	got := play(t, func(s *scene) {
		s.Script("a", childtest.Behaviour{EarlyDeath: true, Status: 7})
		s.spawn(1, 1, "a")
		s.until(time.Second)
	})
	compare(t, got, `
0s exit 1.1 pid 101 status 7 signal 0
0s spawned 1.1 pid 101
0s flushed
0s drained 1.1`)
}

func TestAListenerAnswersWhatItReads(t *testing.T) {
	got := play(t, func(s *scene) {
		s.Script("a", childtest.Behaviour{Answers: func(p []byte) string { return strings.ToUpper(string(p)) }})
		s.spawn(1, 1, "a")
		s.until(time.Second)
		if err := s.Write(1, 1, []byte("ok")); err != nil {
			s.t.Error(err)
		}
		s.until(2 * time.Second)
		if err := s.Write(1, 9, nil); !errors.Is(err, syscall.EPIPE) {
			s.t.Errorf("write to a stranger: %v", err)
		}
		if got := string(s.Stdin("a")); got != "ok" {
			s.t.Errorf("stdin %q", got)
		}
		s.Crash("a", kill)
		s.until(3 * time.Second)
	})
	compare(t, got, `
0s spawned 1.1 pid 101
1s says "OK"
2s exit 1.1 pid 101 status -1 signal 9
2s flushed
2s drained 1.1`)
}

func TestOrphansAndHungDisks(t *testing.T) {
	got := play(t, func(s *scene) {
		s.Script("slow", childtest.Behaviour{SpawnTakes: 3 * time.Second, Lives: childtest.Instantly, NeverDrained: true})
		s.spawn(1, 1, "slow")
		s.spawn(2, 2, "b") // waits for the birth before it
		s.Orphan(5)
		s.until(10 * time.Second)
		if n := s.Undrained(); n != 1 {
			s.t.Errorf("%d undrained, want the one whose disk hangs", n)
		}
		if alive := s.Alive(); !slices.Equal(alive, []string{"b"}) {
			s.t.Errorf("alive: %v", alive)
		}
	})
	compare(t, got, `
0s exit -1.0 pid 101 status 5 signal 0
3s spawned 1.1 pid 102
3s exit 1.1 pid 102 status 0 signal 0
3s spawned 2.2 pid 103`)
}

func compare(t *testing.T, got []string, want string) {
	t.Helper()
	if text := strings.Join(got, "\n"); text != strings.TrimSpace(want) {
		t.Errorf("told:\n%s\nwant:\n%s", text, strings.TrimSpace(want))
	}
}
