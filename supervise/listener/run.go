package listener

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Handler works on one event; the package's comment says what its answer means.
// The context is that of Run.
type Handler func(ctx context.Context, event Event) error

// ErrReject is for a Handler that gives an event back and has nothing to say about
// it, for example because another listener of the pool is meant to have it.
var ErrReject = errors.New("event rejected")

// Options are for listeners in unusual places. The zero value is a listener that
// supervisord runs.
type Options struct {
	In     io.Reader    // os.Stdin if nil
	Out    io.Writer    // if nil, the os.Stdout of that moment, which is then os.Stderr for everybody else
	Log    *slog.Logger // if nil, as text to os.Stderr
	Length Length
}

const (
	ready    = "READY\n"
	accepted = "RESULT 2\nOK"
	rejected = "RESULT 4\nFAIL"

	shortestPause = time.Second
	longestPause  = 30 * time.Second
)

// Run handles events from stdin until supervisord closes it or ctx is over, and
// returns nil then. It returns an error when it cannot read what came, or cannot
// write an answer; the program should then end, to be started again.
func Run(ctx context.Context, handle Handler) error {
	return RunWith(ctx, Options{}, handle)
}

// RunWith is Run with other streams. When ctx is over, a Read of Options.In may
// still be waiting, as nothing can call it back; whoever has other uses for the
// stream must end it first.
func RunWith(ctx context.Context, o Options, handle Handler) error {
	if o.Out == nil {
		stdout := os.Stdout
		o.Out, os.Stdout = stdout, os.Stderr
		defer func() { os.Stdout = stdout }()
	}
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	r := runner{out: o.Out, log: o.Log, handle: handle, pause: shortestPause}
	return r.run(ctx, newReader(o.In, o.Length))
}

// runner is one Run.
type runner struct {
	out    io.Writer
	log    *slog.Logger
	handle Handler
	pause  time.Duration // after the next rejection
}

func (r *runner) run(ctx context.Context, in *reader) error {
	over := make(chan struct{})
	defer close(over)
	arrivals := arrive(in, over)
	for ctx.Err() == nil {
		if err := r.say(ready); err != nil {
			return fmt.Errorf("ask for an event: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case got := <-arrivals:
			if errors.Is(got.err, io.EOF) {
				return nil
			}
			if got.err != nil {
				return got.err
			}
			if err := r.work(ctx, got.event); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrival is an event, or why there are no more.
type arrival struct {
	event Event
	err   error
}

// arrive reads in a goroutine of its own, so that a context can end the waiting.
// It ends with the stream, or with the first event after over is closed.
func arrive(in *reader, over <-chan struct{}) <-chan arrival {
	arrivals := make(chan arrival)
	go func() {
		for {
			event, err := in.next()
			select {
			case arrivals <- arrival{event, err}:
			case <-over:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return arrivals
}

// work has an event handled, answers it and, if it was rejected, waits a while.
func (r *runner) work(ctx context.Context, event Event) error {
	if event.Details() == nil {
		r.log.Warn("an event is not understood", "event", event.Type, "serial", event.Serial, "payload", event.Payload)
	}
	problem := r.ask(ctx, event)
	if problem == nil {
		r.pause = shortestPause
		return r.answer(event, accepted)
	}
	if !errors.Is(problem, ErrReject) {
		r.log.Error("an event is rejected", "event", event.Type, "serial", event.Serial, "error", problem)
	}
	if err := r.answer(event, rejected); err != nil {
		return err
	}
	wait(ctx, r.pause)
	r.pause = min(2*r.pause, longestPause)
	return nil
}

// ask calls the handler. If that does not return, because it panics or ends its
// goroutine, the event is rejected all the same.
func (r *runner) ask(ctx context.Context, event Event) error {
	returned := false
	defer func() {
		if returned {
			return
		}
		if err := r.answer(event, rejected); err != nil {
			r.log.Error("the event of a handler that did not return has no answer", "error", err)
		}
	}()
	err := r.handle(ctx, event)
	returned = true
	return err
}

func (r *runner) answer(event Event, result string) error {
	if err := r.say(result); err != nil {
		return fmt.Errorf("answer event %d: %w", event.Serial, err)
	}
	return nil
}

func (r *runner) say(words string) error {
	_, err := io.WriteString(r.out, words)
	return err
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
