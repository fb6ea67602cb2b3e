//go:build compat && linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// supervisorctl at a terminal: the real programs, with a person at the keyboard
// who waits for what the screen shows before the next key.

const terminalPrograms = `
[program:cat]
command=/bin/cat
[program:web]
command=/bin/cat
process_name=web_%(process_num)d
numprocs=2
[program:chatty]
command=/bin/sh -c 'echo one; echo two; exec cat'
[program:catalog]
command=/bin/cat
autostart=false
`

// newTerminalLife starts our supervisord with a few programs, and gives the path of
// our supervisorctl.
func newTerminalLife(t *testing.T) (l *life, ctl string) {
	t.Helper()
	needOriginal(t)
	l = newLife(t, buildProgram(t, "supervisord"), strings.ReplaceAll(terminalPrograms, "\n\n", "\n"))
	l.start()
	l.logs("entered RUNNING state")
	l.until("all run", func() bool { return strings.Count(l.ctl("status"), "RUNNING") == 4 })
	return l, buildProgram(t, "supervisorctl")
}

// seat is a terminal with a program at it.
type seat struct {
	t        *testing.T
	desk     *os.File // the person's end
	terminal *os.File // the program's end, kept open so that its mode can be looked at
	program  *exec.Cmd
	ended    chan error
	before   unix.Termios

	mu      sync.Mutex
	shown   bytes.Buffer
	changed chan struct{}
	seen    int // how much of it the person has taken in
}

func (l *life) sit(columns int, program string, words ...string) *seat {
	l.t.Helper()
	return l.sitAt(columns, exec.Command(program, append([]string{"-c", l.path("s.conf")}, words...)...))
}

// sitAt runs any program on a terminal, in the directory of the life.
func (l *life) sitAt(columns int, program *exec.Cmd) *seat {
	l.t.Helper()
	s := &seat{t: l.t, program: program, ended: make(chan error, 1), changed: make(chan struct{}, 1)}
	s.open()
	s.resize(columns)
	s.before = s.mode()
	program.Dir = l.dir
	program.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + l.dir, "LC_ALL=C.UTF-8", "TERM=xterm", "PYTHONWARNINGS=ignore"}, program.Env...)
	s.program.Stdin, s.program.Stdout, s.program.Stderr = s.terminal, s.terminal, s.terminal
	s.program.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.program.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() { s.ended <- s.program.Wait() }()
	go io.Copy(s, s.desk) // ends with the desk
	l.t.Cleanup(func() {
		_ = s.program.Process.Kill() // it has ended already unless the test has failed
		s.desk.Close()
		s.terminal.Close()
	})
	return s
}

func (s *seat) open() {
	s.t.Helper()
	var err error
	if s.desk, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		s.t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(s.desk.Fd()), unix.TIOCGPTN)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(s.desk.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		s.t.Fatal(err)
	}
	if s.terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		s.t.Fatal(err)
	}
}

func (s *seat) resize(columns int) {
	s.t.Helper()
	size := &unix.Winsize{Row: 24, Col: uint16(columns)}
	if err := unix.IoctlSetWinsize(int(s.desk.Fd()), unix.TIOCSWINSZ, size); err != nil {
		s.t.Fatal(err)
	}
}

func (s *seat) mode() unix.Termios {
	s.t.Helper()
	mode, err := unix.IoctlGetTermios(int(s.terminal.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	return *mode
}

// Write takes what the program prints.
func (s *seat) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return s.shown.Write(data)
}

func (s *seat) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()
}

func (s *seat) types(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.desk, keys); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits until what is on the screen is as wanted.
func (s *seat) wait(what string, done func(screen string) bool) {
	s.t.Helper()
	deadline := time.After(soon)
	for !done(s.screen()) {
		select {
		case <-s.changed:
		case <-deadline:
			s.t.Fatalf("waited in vain for %s; the screen:\n%q", what, s.screen()[s.seen:])
		}
	}
}

// sees waits for texts that were not there when it last looked, in this order.
func (s *seat) sees(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		s.wait(fmt.Sprintf("%q", text), func(screen string) bool {
			at := strings.Index(screen[s.seen:], text)
			if at >= 0 {
				s.seen += at + len(text)
			}
			return at >= 0
		})
	}
}

// row waits until the row of the cursor reads so, up to the cursor.
func (s *seat) row(want string) {
	s.t.Helper()
	s.wait(fmt.Sprintf("the row %q", want), func(screen string) bool { return rowOf(screen) == want })
	s.seen = len(s.screen())
}

// prompt waits for an empty prompt.
func (s *seat) prompt() { s.t.Helper(); s.row("supervisor> ") }

// leaves waits for the end, and holds the mode of the terminal against the one it
// was found in.
func (s *seat) leaves(status int) {
	s.t.Helper()
	select {
	case err := <-s.ended:
		if err != nil && !errors.As(err, new(*exec.ExitError)) {
			s.t.Fatal(err)
		}
	case <-time.After(soon):
		s.t.Fatalf("does not end; the screen:\n%q", s.screen())
	}
	if got := s.program.ProcessState.ExitCode(); got != status {
		s.t.Errorf("exit status %d, want %d; the screen:\n%q", got, status, s.screen())
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

const (
	keyEnter  = "\r"
	keyTab    = "\t"
	keyUp     = "\x1b[A"
	keyLeft   = "\x1b[D"
	keyHome   = "\x1b[H"
	keyCtrlA  = "\x01"
	keyCtrlC  = "\x03"
	keyCtrlD  = "\x04"
	keyCtrlE  = "\x05"
	keyCtrlU  = "\x15"
	keyCtrlW  = "\x17"
	keyCtrlY  = "\x19"
	keyErase  = "\x7f"
	exitGood  = 0
	exitBySig = 128
)

func TestTabCompletesCommandsGroupsAndProcesses(t *testing.T) {
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl)
	s.prompt()
	s.types("sta" + keyTab + keyTab)
	s.sees("start  status\r\n")
	s.row("supervisor> sta")
	s.types("t" + keyTab)
	s.row("supervisor> status ")
	s.types("ca" + keyTab)
	s.row("supervisor> status cat")
	s.types(keyTab + keyTab)
	s.sees("cat  catalog\r\n")
	s.types("alog" + keyEnter)
	s.sees("catalog", "STOPPED", "Not started")
	s.prompt()
	s.types("pid w" + keyTab)
	s.row("supervisor> pid web:")
	s.types(keyTab + keyTab)
	s.sees("web:*  web:web_0  web:web_1\r\n")
	s.types("web_1" + keyEnter)
	s.sees(l.pidText("web:web_1"))
	s.prompt()
	s.types("update w" + keyTab)
	s.row("supervisor> update web ")
	s.types(keyCtrlU + "signal HU" + keyTab + "chat" + keyTab)
	s.row("supervisor> signal HUP chatty ")
	s.types(keyCtrlU + "tail -f ch" + keyTab + "stde" + keyTab)
	s.row("supervisor> tail -f chatty stderr ")
	s.types(keyCtrlU + keyCtrlD)
	s.leaves(exitGood)
}

func (l *life) pidText(process string) string { return fmt.Sprint(l.pidOf(process)) }

func TestKeysEditTheLineOnTheScreen(t *testing.T) {
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl)
	s.prompt()
	s.types("xtatus ca" + keyLeft + keyLeft)
	s.row("supervisor> xtatus ")
	s.types(keyCtrlA + "s" + "\x1b[3~")
	s.row("supervisor> s")
	s.types(keyCtrlE + "r" + keyErase + "t")
	s.row("supervisor> status cat")
	s.types(keyCtrlW + "web" + keyCtrlW + keyCtrlY)
	s.row("supervisor> status web")
	s.types(keyHome + "\x0b")
	s.row("supervisor> ")
	s.types("zwölf 日本" + keyErase + keyErase)
	s.row("supervisor> zwölf ")
	s.types(keyCtrlU + "exit" + keyEnter)
	s.leaves(exitGood)
}

// The file of lines typed is good for both programs.
func TestHistoryIsRecalledInTheNextSessionOfEither(t *testing.T) {
	l, ours := newTerminalLife(t)
	l.configure(strings.Replace(lifeConf, "[supervisorctl]\n", "[supervisorctl]\nhistory_file=DIR/history\n", 1) + terminalPrograms)
	for i, ctl := range []string{ours, originalCtl, ours} {
		s := l.sit(80, ctl)
		s.prompt()
		if i > 0 {
			s.types(keyUp)
			s.row("supervisor> quit")
			s.types(keyUp)
			s.row("supervisor> pid cat")
			s.types(keyUp)
			s.row("supervisor> version")
			s.types(keyCtrlU)
			s.prompt()
		}
		s.types("version" + keyEnter)
		s.sees("4.2.5\r\n")
		s.prompt()
		s.types("pid cat" + keyEnter)
		s.sees(l.pidText("cat") + "\r\n")
		s.prompt()
		s.types(keyUp)
		s.row("supervisor> pid cat")
		s.types(keyCtrlU + "quit" + keyEnter)
		s.leaves(exitGood)
	}
	if text := l.read("history"); !strings.HasSuffix(text, "version\npid cat\nquit\n") {
		t.Errorf("the history is %q", text)
	}
}

// What is typed in the foreground is echoed by the terminal and comes back from
// the program. Ctrl-C leaves the program where it is.
func TestForegroundEchoesAndLeavesTheProgramRunning(t *testing.T) {
	l, ours := newTerminalLife(t)
	pid := l.pidOf("cat")
	for i, ctl := range []string{originalCtl, ours} {
		s := l.sit(80, ctl)
		s.prompt()
		s.types("fg cat" + keyEnter)
		s.sees("==> Press Ctrl-C to exit <==\r\n")
		words := []string{"hello", "again"}
		if ctl == originalCtl {
			words = words[:1] // what is typed while its threads change places may be lost
		}
		for _, word := range words {
			word = fmt.Sprint(word, i)
			s.types(word + keyEnter)
			s.sees(word+"\r\n", word+"\r\n")
		}
		s.types(keyCtrlC)
		s.sees("Exiting foreground\r\n")
		if ctl == originalCtl {
			// Its thread may print a traceback here, or keep the prompt waiting.
			_ = s.program.Process.Kill()
			continue
		}
		s.prompt()
		s.types("status cat" + keyEnter)
		s.sees("RUNNING", fmt.Sprintf("pid %d,", pid))
		s.prompt()
		s.types("fg cat" + keyEnter)
		s.sees("==> Press Ctrl-C to exit <==\r\n", "again1\r\n")
		s.types(keyCtrlD)
		s.sees("Exiting foreground\r\n")
		s.prompt()
		s.types("quit" + keyEnter)
		s.leaves(exitGood)
	}
	if now := l.pidOf("cat"); now != pid {
		t.Errorf("the program was pid %d and is now %d", pid, now)
	}
}

func TestCtrlCEndsWhatIsFollowedAndKeepsTheShell(t *testing.T) {
	l, ours := newTerminalLife(t)
	for _, ctl := range []string{originalCtl, ours} {
		s := l.sit(80, ctl)
		s.prompt()
		s.types("tail -f chatty" + keyEnter)
		s.sees("==> Press Ctrl-C to exit <==\r\n", "one\r\ntwo\r\n")
		s.types(keyCtrlC)
		s.prompt()
		s.types("maintail -f" + keyEnter)
		s.sees("entered RUNNING state")
		s.types(keyCtrlC)
		s.prompt()
		s.types("exit" + keyEnter)
		s.leaves(exitGood)
	}
}

func TestSeveralLogsAreFollowedInColours(t *testing.T) {
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl, "tail", "-f", "chatty", "web:*")
	s.sees("==> Press Ctrl-C to exit <==\r\n")
	s.sees("\x1b[36mchatty    | \x1b[0mone\r\n\x1b[36mchatty    | \x1b[0mtwo\r\n")
	for i, colour := range []string{"\x1b[33m", "\x1b[32m"} {
		name := fmt.Sprintf("web:web_%d", i)
		l.say(ctl, name, "from "+name)
		s.sees(colour + name + " | \x1b[0mfrom " + name + "\r\n")
	}
	s.types(keyCtrlC)
	s.leaves(exitGood)
}

// say has a process that is a cat print a line.
func (l *life) say(ctl, name, line string) {
	l.t.Helper()
	fg := exec.Command(ctl, "-c", l.path("s.conf"), "fg", name)
	fg.Stdin = strings.NewReader(line + "\n")
	if out, err := fg.CombinedOutput(); err != nil {
		l.t.Fatalf("fg %s: %v: %s", name, err, out)
	}
}

// A line longer than the window is shown around the cursor, in one row.
func TestLongLineIsDrawnAnewInAWindowOfAnotherSize(t *testing.T) {
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl)
	s.prompt()
	s.types("status 0123456789abcdefghijklmnopqrstuvwxyz")
	s.row("supervisor> status 0123456789abcdefghijklmnopqrstuvwxyz")
	s.resize(32)
	s.row("supervisor> hijklmnopqrstuvwxyz")
	s.types(keyCtrlA)
	s.sees("status 0123456789ab\b")
	s.row("supervisor> ")
	s.resize(100)
	s.sees("supervisor> status 0123456789abcdefghijklmnopqrstuvwxyz\x1b[K")
	s.types(keyCtrlC)
	s.leaves(exitGood)
}

// Whatever ends the shell, the terminal is as it was.
func TestTheTerminalIsRestoredAfterEveryWayOut(t *testing.T) {
	l, ctl := newTerminalLife(t)
	kill := func(sig syscall.Signal) func(*seat) {
		return func(s *seat) {
			if err := s.program.Process.Signal(sig); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	type_ := func(keys string) func(*seat) { return func(s *seat) { s.types(keys) } }
	for _, way := range []struct {
		name   string
		before string // typed at the prompt first
		shows  string
		leave  func(*seat)
		status int
	}{
		{"quit", "", "", type_("quit" + keyEnter), exitGood},
		{"exit", "", "", type_("exit" + keyEnter), exitGood},
		{"Ctrl-D", "", "", type_(keyCtrlD), exitGood},
		{"Ctrl-C", "half a li", "half a li", type_(keyCtrlC), exitGood},
		{"INT", "", "", kill(syscall.SIGINT), exitGood},
		{"TERM at the prompt", "half", "half", kill(syscall.SIGTERM), exitBySig + int(syscall.SIGTERM)},
		{"HUP at the prompt", "", "", kill(syscall.SIGHUP), exitBySig + int(syscall.SIGHUP)},
		{"QUIT at the prompt", "", "", kill(syscall.SIGQUIT), exitBySig + int(syscall.SIGQUIT)},
		{"TERM in the foreground", "fg cat" + keyEnter, "Ctrl-C to exit", kill(syscall.SIGTERM), exitBySig + int(syscall.SIGTERM)},
		{"TERM while following", "tail -f chatty" + keyEnter, "two\r\n", kill(syscall.SIGTERM), exitBySig + int(syscall.SIGTERM)},
	} {
		t.Run(way.name, func(t *testing.T) {
			inner := *l
			inner.t = t
			s := inner.sit(80, ctl)
			s.prompt()
			s.types(way.before)
			s.sees(way.shows)
			way.leave(s)
			s.leaves(way.status)
		})
	}
}

// The question for a password turns the echo off, and every answer turns it on.
func TestTheEchoComesBackAfterAPassword(t *testing.T) {
	l, ctl := newTerminalLife(t)
	locked := strings.Replace(lifeConf, "file=DIR/s.sock\n", "file=DIR/locked.sock\nusername=u\npassword=secret\n", 1)
	locked = strings.Replace(locked, "unix://DIR/s.sock", "unix://DIR/locked.sock", 1)
	locked = strings.NewReplacer("DIR/main.log", "DIR/locked.log", "DIR/s.pid", "DIR/locked.pid", "DIR/state", "DIR/state2").Replace(locked)
	l.end(syscall.SIGTERM)
	l.configure(locked)
	l.write("main.log", "")
	l.cmd = exec.Command(l.binary, "-n", "-s", "-c", l.path("s.conf"))
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.until("the socket is there", func() bool {
		_, err := os.Stat(filepath.Join(l.dir, "locked.sock"))
		return err == nil
	})
	ask := func() *seat {
		s := l.sit(80, ctl)
		s.sees("Username:")
		s.types("u" + keyEnter)
		s.sees("Password:")
		return s
	}
	s := ask()
	s.types("secret" + keyEnter)
	s.prompt()
	if strings.Contains(s.screen(), "secret") {
		t.Errorf("the password is on the screen: %q", s.screen())
	}
	s.types(keyCtrlD)
	s.leaves(exitGood)

	s = ask()
	s.types(keyCtrlC)
	s.leaves(exitGood)

	s = ask()
	if err := s.program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.leaves(exitBySig + int(syscall.SIGTERM))
}
