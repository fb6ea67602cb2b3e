package terminaltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// soon is how long anything here may take on a busy machine.
const soon = 20 * time.Second

// Seat is a terminal with a program at it. Sit makes it; what a method waits for in
// vain fails the test.
type Seat struct {
	Program *exec.Cmd

	t        *testing.T
	desk     *os.File // the person's end
	terminal *os.File // the program's end, kept open so that its mode can be looked at
	ended    chan error
	before   unix.Termios

	mu      sync.Mutex
	shown   bytes.Buffer
	changed chan struct{}
	seen    int // how much of it the person has taken in
}

// Sit starts a program on a terminal of so many columns, which is gone when the test
// ends, and the program with it.
func Sit(t *testing.T, columns int, program *exec.Cmd) *Seat {
	t.Helper()
	s := &Seat{Program: program, t: t, ended: make(chan error, 1), changed: make(chan struct{}, 1)}
	s.desk, s.terminal = Open(t)
	s.Resize(columns)
	s.before = s.mode()
	program.Stdin, program.Stdout, program.Stderr = s.terminal, s.terminal, s.terminal
	program.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- program.Wait() }()
	go io.Copy(s, s.desk)                              // ends with the desk
	t.Cleanup(func() { _ = s.Program.Process.Kill() }) // it has ended already unless the test has failed
	return s
}

// Open makes a terminal: the end of who types and reads, and the end of a program.
// Both are closed when the test ends.
func Open(t *testing.T) (desk, terminal *os.File) {
	t.Helper()
	desk, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { desk.Close() })
	number, err := unix.IoctlGetInt(int(desk.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(desk.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return desk, terminal
}

// Resize makes the window as wide as that, and 24 rows high.
func (s *Seat) Resize(columns int) {
	s.t.Helper()
	size := &unix.Winsize{Row: 24, Col: uint16(columns)}
	if err := unix.IoctlSetWinsize(int(s.desk.Fd()), unix.TIOCSWINSZ, size); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Seat) mode() unix.Termios {
	s.t.Helper()
	mode, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *mode
}

// Write takes what the program prints.
func (s *Seat) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return s.shown.Write(data)
}

// Screen is everything that was ever shown.
func (s *Seat) Screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

// Types presses keys.
func (s *Seat) Types(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.desk, keys); err != nil {
		s.t.Fatal(err)
	}
}

// Wait waits until what is on the screen is as wanted.
func (s *Seat) Wait(what string, done func(screen string) bool) {
	s.t.Helper()
	deadline := time.After(soon)
	for !done(s.Screen()) {
		select {
		case <-s.changed:
		case <-deadline:
			s.t.Fatalf("waited in vain for %s; the screen:\n%q", what, s.Screen()[s.seen:])
		}
	}
}

// Sees waits for texts that were not there when it last looked, in this order.
func (s *Seat) Sees(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		s.Wait(fmt.Sprintf("%q", text), func(screen string) bool {
			at := strings.Index(screen[s.seen:], text)
			if at >= 0 {
				s.seen += at + len(text)
			}
			return at >= 0
		})
	}
}

// Row waits until the row of the cursor reads so, up to the cursor.
func (s *Seat) Row(want string) {
	s.t.Helper()
	s.Wait(fmt.Sprintf("the row %q", want), func(screen string) bool { return rowOf(screen) == want })
	s.seen = len(s.Screen())
}

// Leaves waits for the end, and holds the mode of the terminal against the one it
// was found in.
func (s *Seat) Leaves(status int) {
	s.t.Helper()
	select {
	case err := <-s.ended:
		if err != nil && !errors.As(err, new(*exec.ExitError)) {
			s.t.Fatal(err)
		}
	case <-time.After(soon):
		s.t.Fatalf("does not end; the screen:\n%q", s.Screen())
	}
	if got := s.Program.ProcessState.ExitCode(); got != status {
		s.t.Errorf("exit status %d, want %d; the screen:\n%q", got, status, s.Screen())
	}
	if after := s.mode(); after != s.before {
		s.t.Errorf("the terminal is left in another mode: %+v, was %+v", after, s.before)
	}
}

// decoration is what a terminal does not show: colours, and the switches of
// readline.
var decoration = regexp.MustCompile(`\x1b\[\??[0-9;]*[mhl]|\a`)

// rowOf is the row in which the cursor stands, up to the cursor.
func rowOf(screen string) string {
	screen = decoration.ReplaceAllString(screen, "")
	screen = screen[strings.LastIndexByte(screen, '\n')+1:]
	var row []rune
	at := 0
	for screen != "" {
		if rest, found := strings.CutPrefix(screen, "\x1b[K"); found {
			row, screen = row[:at], rest
			continue
		}
		if rest, found := strings.CutPrefix(screen, "\x1b[H\x1b[2J"); found {
			row, at, screen = nil, 0, rest
			continue
		}
		r, size := utf8.DecodeRuneInString(screen)
		screen = screen[size:]
		switch {
		case r == '\r':
			at = 0
		case r == '\b':
			at = max(at-1, 0)
		default:
			row = append(row[:at], append(cells(r), row[min(at+len(cells(r)), len(row)):]...)...)
			at += len(cells(r))
		}
	}
	return strings.ReplaceAll(string(row[:at]), "\x00", "")
}

// cells is a character as it takes up a row: some take two columns.
func cells(r rune) []rune {
	if r >= 0x1100 {
		return []rune{r, 0}
	}
	return []rune{r}
}
