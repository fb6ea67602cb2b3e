package listener

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/pool"
)

// supervisord is the other side of a listener: the real pool, and pipes.
type supervisord struct {
	pool    *pool.Pool
	serials *pool.Serials
	notes   []string
	said    bytes.Buffer // by the listener, all of it

	in     *io.PipeReader // of the listener
	out    *io.PipeWriter // of the listener
	stdin  *io.PipeWriter
	stdout *io.PipeReader
	heard  chan []byte
}

// newSupervisord begins in a bubble, and is used from one goroutine of it.
func newSupervisord() *supervisord {
	s := &supervisord{serials: pool.NewSerials(), heard: make(chan []byte)}
	s.pool = pool.New(pool.Options{
		Name: "watch", Identifier: "supervisor", Events: []supervise.EventType{supervise.EventAny}, BufferSize: 10,
	})
	s.pool.AddListener("l", time.Now())
	s.pool.Spawned("l", time.Now())
	s.pool.Running("l", true)
	s.in, s.stdin = io.Pipe()
	s.stdout, s.out = io.Pipe()
	go func() { // ends when the listener's stdout is closed
		defer close(s.heard)
		for chunk := make([]byte, 100); ; {
			n, err := s.stdout.Read(chunk)
			if err != nil {
				return
			}
			s.heard <- bytes.Clone(chunk[:n])
		}
	}()
	return s
}

// offer has an event happen.
func (s *supervisord) offer(events ...supervise.Event) {
	for _, event := range events {
		s.note(pool.Offer(event, s.serials, time.Now(), s.pool))
	}
}

// turn does what the engine does until neither side has anything more to say, at
// this moment of the bubble's time.
func (s *supervisord) turn() {
	for {
		s.note(s.pool.Dispatch(time.Now(), func(_ string, envelope []byte) error {
			_, err := s.stdin.Write(envelope)
			return err
		}))
		synctest.Wait()
		select {
		case chunk, open := <-s.heard:
			if !open {
				return
			}
			s.said.Write(chunk)
			s.note(s.pool.Output("l", chunk, time.Now()))
		default:
			return
		}
	}
}

// note keeps what matters to these stories: what became of an event.
func (s *supervisord) note(notes []supervise.Note) {
	for _, n := range notes {
		if strings.HasPrefix(n.Text, "l: event") || strings.HasPrefix(n.Text, "l: has entered") {
			s.notes = append(s.notes, strings.TrimPrefix(n.Text, "l: "))
		}
	}
}

// run starts a listener and gives what it will return.
func (s *supervisord) run(ctx context.Context, log io.Writer, handle Handler) <-chan error {
	ended := make(chan error, 1)
	go func() {
		o := Options{In: s.in, Out: s.out, Log: slog.New(slog.NewTextHandler(log, nil)), Length: LengthInCharacters}
		err := RunWith(ctx, o, handle)
		s.out.Close()
		ended <- err
	}()
	return ended
}

// end closes the listener's stdin, hears its last words and gives what it returned.
func (s *supervisord) end(ended <-chan error) error {
	s.stdin.Close()
	for chunk := range s.heard {
		s.said.Write(chunk)
	}
	return <-ended
}

func fatal(process string) supervise.Event {
	return supervise.StateEvent{
		Name: supervise.NameSpec{Group: process, Process: process}, From: supervise.StateBackoff, To: supervise.StateFatal,
	}
}

// TestEveryEventIsHandledInItsOrderAndAnswered lives until supervisord closes stdin.
func TestEveryEventIsHandledInItsOrderAndAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSupervisord()
		var got []string
		ended := s.run(t.Context(), io.Discard, func(_ context.Context, event Event) error {
			got = append(got, event.Details().(supervise.StateEvent).Name.String())
			return nil
		})
		s.offer(fatal("a"), fatal("b"))
		s.turn()
		s.offer(fatal("c"))
		s.turn()
		if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
			t.Errorf("handled %q", got)
		}
		if state := s.pool.ListenerState("l"); state != pool.Ready || s.pool.Len() > 0 {
			t.Errorf("%v, %d events wait", state, s.pool.Len())
		}
		if err := s.end(ended); err != nil {
			t.Error(err)
		}
		if want := ready + strings.Repeat(accepted+ready, 3); s.said.String() != want {
			t.Errorf("it said %q", s.said.String())
		}
	})
}

// TestARejectedEventComesBackAfterAPauseThatGrows has a service that is down for a
// while.
func TestARejectedEventComesBackAfterAPauseThatGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSupervisord()
		var log bytes.Buffer
		var asked []time.Duration
		start, up := time.Now(), false
		ended := s.run(t.Context(), &log, func(_ context.Context, event Event) error {
			asked = append(asked, time.Since(start))
			if up {
				return nil
			}
			return fmt.Errorf("tell the webhook of %d: refused", event.Serial)
		})
		s.offer(fatal("a"), fatal("b"))
		s.turn()
		for range 9 {
			time.Sleep(500 * time.Millisecond)
			s.turn()
		}
		if n := strings.Count(log.String(), `error="tell the webhook of 0: refused"`); n != 3 || s.pool.Len() != 2 {
			t.Errorf("%d errors were told, and %d events wait:\n%s", n, s.pool.Len(), log.String())
		}
		up = true
		time.Sleep(longestPause)
		s.turn()
		if want := []time.Duration{0, time.Second, 3 * time.Second, 34500 * time.Millisecond, 34500 * time.Millisecond}; !slices.Equal(asked, want) {
			t.Errorf("asked at %v, want %v", asked, want)
		}
		if s.pool.Len() > 0 {
			t.Errorf("%d events wait", s.pool.Len())
		}
		if err := s.end(ended); err != nil {
			t.Error(err)
		}
	})
}

func TestThePauseDoublesUpToItsLimitAndIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := envelopes(t, pool.Options{Name: "watch", Identifier: "supervisor"},
			slices.Repeat([]supervise.Event{fatal("a")}, 9)...)
		start := time.Now()
		var asked []time.Duration
		handle := func(_ context.Context, event Event) error {
			asked = append(asked, time.Since(start)/time.Second)
			if event.Serial == 6 {
				return nil
			}
			return ErrReject
		}
		var said bytes.Buffer
		o := Options{In: bytes.NewReader(bytes.Join(events, nil)), Out: &said, Log: slog.New(slog.DiscardHandler)}
		if err := RunWith(t.Context(), o, handle); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{0, 1, 3, 7, 15, 31, 61, 61, 62}; !slices.Equal(asked, want) {
			t.Errorf("asked after %d seconds, want %d", asked, want)
		}
		if want := strings.Repeat(ready+rejected, 6) + ready + accepted + strings.Repeat(ready+rejected, 2) + ready; said.String() != want {
			t.Errorf("it said %q", said.String())
		}
	})
}

func TestErrRejectIsNotToldAndOtherErrorsAre(t *testing.T) {
	for _, c := range []struct {
		answer error
		want   string
	}{
		{ErrReject, ""},
		{fmt.Errorf("not for me: %w", ErrReject), ""},
		{errors.New("no route to host"), `level=ERROR msg="an event is rejected" event=PROCESS_STATE_FATAL serial=0 error="no route to host"`},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			s := newSupervisord()
			ended := s.run(t.Context(), &log, func(context.Context, Event) error { return c.answer })
			s.offer(fatal("a"))
			s.turn()
			if err := s.end(ended); err != nil {
				t.Error(err)
			}
			if got := log.String(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("%v: the log says %q", c.answer, got)
			}
			if want := []string{"event was rejected"}; !slices.Equal(s.notes, want) {
				t.Errorf("%q", s.notes)
			}
		})
	}
}

func TestAnEventThatIsNotUnderstoodIsToldAndHandled(t *testing.T) {
	var log, said bytes.Buffer
	var got Event
	in := "ver:3.0 server:s serial:7 pool:p poolserial:2 eventname:TICK_5 len:5\nlater"
	o := Options{In: strings.NewReader(in), Out: &said, Log: slog.New(slog.NewTextHandler(&log, nil))}
	err := RunWith(t.Context(), o, func(_ context.Context, event Event) error {
		got = event
		return nil
	})
	if err != nil || got.Payload != "later" || said.String() != ready+accepted+ready {
		t.Errorf("%v, %+v, %q", err, got, said.String())
	}
	if !strings.Contains(log.String(), "an event is not understood") || !strings.Contains(log.String(), "payload=later") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestAPanicRejectsTheEventAndGoesOn(t *testing.T) {
	var said bytes.Buffer
	stream := envelopes(t, pool.Options{Name: "watch", Identifier: "supervisor"}, fatal("a"))[0]
	o := Options{In: bytes.NewReader(stream), Out: &said, Log: slog.New(slog.DiscardHandler)}
	problem := func() (problem any) {
		defer func() { problem = recover() }()
		return RunWith(t.Context(), o, func(context.Context, Event) error { panic("out of luck") })
	}()
	if problem != "out of luck" || said.String() != ready+rejected {
		t.Errorf("%v, and it said %q", problem, said.String())
	}
}

func TestTheContextEndsTheWaitingForAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newSupervisord()
		ended := s.run(ctx, io.Discard, func(context.Context, Event) error {
			t.Error("there was no event")
			return nil
		})
		s.turn()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.turn()
		if s.said.String() != ready {
			t.Errorf("it said %q", s.said.String())
		}
		s.stdin.Close()
	})
}

// TestTheEventUnderWayIsAnsweredBeforeTheContextEndsTheListener has a handler that
// obeys its context, and another that finishes what it does.
func TestTheEventUnderWayIsAnsweredBeforeTheContextEndsTheListener(t *testing.T) {
	for _, c := range []struct {
		name   string
		handle Handler
		note   string
		said   string
	}{
		{"gives up", func(ctx context.Context, _ Event) error { <-ctx.Done(); return ctx.Err() }, "event was rejected", rejected},
		{"finishes", func(ctx context.Context, _ Event) error { <-ctx.Done(); return nil }, "event was processed", accepted},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				s := newSupervisord()
				ended := s.run(ctx, io.Discard, c.handle)
				s.offer(fatal("a"), fatal("b"))
				s.turn()
				start := time.Now()
				cancel()
				s.turn()
				if err := <-ended; err != nil || time.Since(start) > 0 {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				if want := []string{c.note}; !slices.Equal(s.notes, want) || s.said.String() != ready+c.said {
					t.Errorf("%q, and it said %q", s.notes, s.said.String())
				}
				s.stdin.Close()
			})
		})
	}
}

func TestAnAnswerThatCannotBeWrittenIsTheEnd(t *testing.T) {
	stream := envelopes(t, pool.Options{Name: "watch", Identifier: "supervisor"}, fatal("a"))[0]
	for _, c := range []struct {
		after int
		want  string
	}{{0, "ask for an event: full"}, {1, "answer event 0: full"}, {2, "ask for an event: full"}} {
		o := Options{In: bytes.NewReader(stream), Out: &failing{after: c.after}, Log: slog.New(slog.DiscardHandler)}
		err := RunWith(t.Context(), o, func(context.Context, Event) error { return nil })
		if err == nil || err.Error() != c.want {
			t.Errorf("after %d writes: %v", c.after, err)
		}
	}
}

// failing takes some writes, and then none.
type failing struct{ after int }

func (f *failing) Write(data []byte) (int, error) {
	if f.after == 0 {
		return 0, errors.New("full")
	}
	f.after--
	return len(data), nil
}

func TestAStreamThatEndsWithinAnEventIsAnError(t *testing.T) {
	stream := envelopes(t, pool.Options{Name: "watch", Identifier: "supervisor"}, fatal("a"))[0]
	o := Options{In: bytes.NewReader(stream[:len(stream)-1]), Out: io.Discard, Log: slog.New(slog.DiscardHandler)}
	err := RunWith(t.Context(), o, func(context.Context, Event) error {
		t.Error("the event is not whole")
		return nil
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "payload of event 0") {
		t.Error(err)
	}
}

// TestWhatAHandlerPrintsDoesNotReachTheProtocol has the streams of a real process:
// what is printed while Run runs goes to stderr.
func TestWhatAHandlerPrintsDoesNotReachTheProtocol(t *testing.T) {
	stdin, events, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.Write(envelopes(t, pool.Options{Name: "watch", Identifier: "supervisor"}, fatal("a"))[0]); err != nil {
		t.Fatal(err)
	}
	events.Close()
	stdout, printed := tempFile(t), tempFile(t)
	defer func(in, out, err *os.File) { os.Stdin, os.Stdout, os.Stderr = in, out, err }(os.Stdin, os.Stdout, os.Stderr)
	os.Stdin, os.Stdout, os.Stderr = stdin, stdout, printed

	err = Run(t.Context(), func(_ context.Context, event Event) error {
		fmt.Println("I have", event.Type)
		return errors.New("no luck")
	})
	if err != nil || os.Stdout != stdout {
		t.Errorf("%v, and os.Stdout should be as before", err)
	}
	if got := content(t, stdout); got != ready+rejected+ready {
		t.Errorf("on stdout %q", got)
	}
	if got := content(t, printed); !strings.HasPrefix(got, "I have PROCESS_STATE_FATAL\n") || !strings.Contains(got, "no luck") {
		t.Errorf("on stderr %q", got)
	}
}

func tempFile(t *testing.T) *os.File {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "stream")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func content(t *testing.T, file *os.File) string {
	t.Helper()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
