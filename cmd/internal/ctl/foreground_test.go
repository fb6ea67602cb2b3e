package ctl

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched is an output that can be waited for.
type watched struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newWatched() *watched { return &watched{changed: make(chan struct{}, 1)} }

func (w *watched) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return w.text.Write(data)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await waits until text has been printed.
func (w *watched) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(w.String(), text) {
		select {
		case <-w.changed:
		case <-deadline:
			t.Fatalf("%q was not printed, only %q", text, w)
		}
	}
}

// session is supervisorctl at work, with a keyboard and a screen.
type session struct {
	keyboard *io.PipeWriter
	screen   *watched
	status   chan int
}

func begin(args ...string) session {
	in, keyboard := io.Pipe()
	s := session{keyboard, newWatched(), make(chan int, 1)}
	go func() {
		s.status <- Run(append([]string{"/nonexistent/bin/supervisorctl"}, args...), in, s.screen, s.screen)
	}()
	return s
}

func (s session) typed(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(s.keyboard, text); err != nil {
		t.Fatal(err)
	}
}

func (s session) ends(t *testing.T) int {
	t.Helper()
	select {
	case status := <-s.status:
		return status
	case <-time.After(10 * time.Second):
		t.Fatalf("does not end; printed %q", s.screen)
		return 0
	}
}

func TestForegroundShowsBothChannelsAndSendsLines(t *testing.T) {
	server := newFakeServer(t)
	s := begin("-s", server.URL, "fg", "cat")
	s.screen.await(t, "zwölf")
	s.screen.await(t, "oops")
	s.typed(t, "hello\n")
	s.typed(t, "die\n")
	if status := s.ends(t); status != exitOK {
		t.Errorf("exit status %d, want %d", status, exitOK)
	}
	if want := []string{"hello\n", "die\n"}; !slices.Equal(server.typed, want) {
		t.Errorf("the process got %q, want %q", server.typed, want)
	}
	if printed := s.screen.String(); !strings.HasPrefix(printed, pressCtrlC+"\n") ||
		!strings.HasSuffix(printed, "Process got killed\nExiting foreground\n") {
		t.Errorf("printed %q", printed)
	}
}

func TestForegroundEndsWithTheInput(t *testing.T) {
	server := newFakeServer(t)
	s := begin("-s", server.URL, "fg", "cat")
	s.screen.await(t, "oops")
	s.keyboard.Close()
	s.ends(t)
	s.screen.await(t, "\nExiting foreground\n")
}

func TestInterruptEndsTheForegroundAndKeepsTheShell(t *testing.T) {
	server := newFakeServer(t)
	s := begin("-s", server.URL)
	s.typed(t, "fg cat\n")
	s.screen.await(t, "oops")
	interruptSelf(t)
	s.screen.await(t, "Exiting foreground\nsupervisor> ")
	s.typed(t, "tail -f cat\n")
	s.screen.await(t, "Exiting foreground\nsupervisor> "+pressCtrlC+"\nout\nzwölf\n")
	interruptSelf(t)
	s.screen.await(t, "out\nzwölf\n\nsupervisor> ")
	s.typed(t, "version\n")
	s.screen.await(t, "4.2.5\nsupervisor> ")
	interruptSelf(t)
	if status := s.ends(t); status != exitOK {
		t.Errorf("exit status %d, want %d", status, exitOK)
	}
	if !strings.HasSuffix(s.screen.String(), "supervisor> \n") {
		t.Errorf("Ctrl-C at the prompt leaves no line: %q", s.screen)
	}
}

// interruptSelf presses Ctrl-C, as far as a process can do that to itself.
func interruptSelf(t *testing.T) {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// keyboard gives a line a read, and an end of input for "".
type keyboard []string

func (k *keyboard) Read(buf []byte) (int, error) {
	if len(*k) == 0 {
		return 0, io.EOF
	}
	line := (*k)[0]
	*k = (*k)[1:]
	if line == "" {
		return 0, io.EOF
	}
	return copy(buf, line), nil
}

// Ctrl-D on a terminal ends one read, and the next one works again.
func TestCtrlDEndsTheForegroundAndKeepsTheShell(t *testing.T) {
	server := newFakeServer(t)
	screen := newWatched()
	Run([]string{"/nonexistent/bin/supervisorctl", "-s", server.URL},
		&keyboard{"fg cat\n", "", "version\n"}, screen, screen)
	if !strings.Contains(screen.String(), "Exiting foreground\nsupervisor> 4.2.5\nsupervisor> ") {
		t.Errorf("printed %q", screen)
	}
}
