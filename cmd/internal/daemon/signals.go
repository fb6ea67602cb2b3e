//go:build unix

package daemon

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"supervisor/supervise"
)

// meanings is what each signal means to supervisord (supervisord.py
// handle_signal). SIGCHLD belongs to the host.
var meanings = map[os.Signal]func(*life, context.Context, supervise.Signal){
	syscall.SIGTERM: (*life).exitOnSignal,
	syscall.SIGINT:  (*life).exitOnSignal,
	syscall.SIGQUIT: (*life).exitOnSignal,
	syscall.SIGHUP:  (*life).restartOnSignal,
	syscall.SIGUSR2: (*life).reopenOnSignal,
}

// deaf are signals that would end a Go program and must not end this one: a log
// larger than the limit on file sizes, a closed standard output. They are caught
// and not ignored, because programs would inherit what is ignored.
var deaf = []os.Signal{syscall.SIGXFSZ, syscall.SIGPIPE}

// signals are those of supervisord, caught from its first life to its last, so
// that none is lost between two.
type signals struct {
	caught  chan os.Signal
	nothing chan os.Signal
	ending  atomic.Bool // one has asked for an end
}

func catchSignals() *signals {
	s := &signals{caught: make(chan os.Signal, 16), nothing: make(chan os.Signal, 1)}
	for sig := range meanings {
		signal.Notify(s.caught, sig)
	}
	signal.Notify(s.nothing, deaf...)
	return s
}

func (s *signals) release() {
	signal.Stop(s.caught)
	signal.Stop(s.nothing)
}

// obeyWithin bounds the wait for what a signal began when its life is over: it
// may hang on a disk.
const obeyWithin = 5 * time.Second

// obey gives signals to a life until stop is called. Each is obeyed in a
// goroutine of its own, so that one that takes its time (reading a
// configuration, reopening logs) does not delay a TERM.
func (s *signals) obey(l *life) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var atWork sync.WaitGroup
	atWork.Go(func() { // ended by stop
		for {
			select {
			case sig := <-s.caught:
				atWork.Go(func() { meanings[sig](l, ctx, supervise.Signal(sig.(syscall.Signal))) })
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		done := make(chan struct{})
		go func() { // ends with the last of them
			atWork.Wait()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(obeyWithin):
		}
	}
}

// endAsked tells, between two lives, whether a signal has asked for an end: one
// that was obeyed too late, or one that has not been looked at yet.
func (s *signals) endAsked() bool {
	for {
		select {
		case sig := <-s.caught:
			if sig != syscall.SIGHUP && sig != syscall.SIGUSR2 {
				s.ending.Store(true)
			}
		default:
			return s.ending.Load()
		}
	}
}

func (l *life) exitOnSignal(ctx context.Context, sig supervise.Signal) {
	l.signals.ending.Store(true)
	l.say(supervise.LevelWarn, "received "+sig.String()+" indicating exit request")
	// An engine that has ended already is what was asked for.
	_ = l.engine.Shutdown(ctx)
}

func (l *life) restartOnSignal(ctx context.Context, sig supervise.Signal) {
	if l.engine.Mood() == supervise.MoodShutdown {
		l.say(supervise.LevelWarn, "ignored "+sig.String()+" indicating restart request (shutdown in progress)")
		return
	}
	l.say(supervise.LevelWarn, "received "+sig.String()+" indicating restart request")
	_ = l.engine.RestartSelf(ctx) // the engine logs why it stays
}

func (l *life) reopenOnSignal(ctx context.Context, sig supervise.Signal) {
	// At once, and not through the engine: it belongs into the log as it still is.
	l.log.Info("received " + sig.String() + " indicating log reopen request")
	l.complain(l.mainLog.Reopen())
	l.say(supervise.LevelInfo, "supervisord logreopen")
	l.complain(l.engine.ReopenLogs(ctx))
}

// complain logs what went wrong with a signal; there is nobody else to hear it.
func (l *life) complain(err error) {
	if err != nil {
		l.say(supervise.LevelError, err.Error())
	}
}
