//go:build compat && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/cmd/internal/terminaltest"
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

// seat is a terminal with supervisorctl at it.
type seat struct{ *terminaltest.Seat }

// prompt waits for an empty prompt.
func (s *seat) prompt() { s.Row("supervisor> ") }

func (l *life) sit(columns int, program string, words ...string) *seat {
	l.t.Helper()
	return l.sitAt(columns, exec.Command(program, append([]string{"-c", l.path("s.conf")}, words...)...))
}

// sitAt runs any program on a terminal, in the directory of the life.
func (l *life) sitAt(columns int, program *exec.Cmd) *seat {
	l.t.Helper()
	program.Dir = l.dir
	program.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + l.dir, "LC_ALL=C.UTF-8", "TERM=xterm", "PYTHONWARNINGS=ignore"}, program.Env...)
	return &seat{terminaltest.Sit(l.t, columns, program)}
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
	t.Parallel()
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl)
	s.prompt()
	s.Types("sta" + keyTab + keyTab)
	s.Sees("start  status\r\n")
	s.Row("supervisor> sta")
	s.Types("t" + keyTab)
	s.Row("supervisor> status ")
	s.Types("ca" + keyTab)
	s.Row("supervisor> status cat")
	s.Types(keyTab + keyTab)
	s.Sees("cat  catalog\r\n")
	s.Types("alog" + keyEnter)
	s.Sees("catalog", "STOPPED", "Not started")
	s.prompt()
	s.Types("pid w" + keyTab)
	s.Row("supervisor> pid web:")
	s.Types(keyTab + keyTab)
	s.Sees("web:*  web:web_0  web:web_1\r\n")
	s.Types("web_1" + keyEnter)
	s.Sees(l.pidText("web:web_1"))
	s.prompt()
	s.Types("update w" + keyTab)
	s.Row("supervisor> update web ")
	s.Types(keyCtrlU + "signal HU" + keyTab + "chat" + keyTab)
	s.Row("supervisor> signal HUP chatty ")
	s.Types(keyCtrlU + "tail -f ch" + keyTab + "stde" + keyTab)
	s.Row("supervisor> tail -f chatty stderr ")
	s.Types(keyCtrlU + keyCtrlD)
	s.Leaves(exitGood)
}

func (l *life) pidText(process string) string { return fmt.Sprint(l.pidOf(process)) }

func TestKeysEditTheLineOnTheScreen(t *testing.T) {
	t.Parallel()
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl)
	s.prompt()
	s.Types("xtatus ca" + keyLeft + keyLeft)
	s.Row("supervisor> xtatus ")
	s.Types(keyCtrlA + "s" + "\x1b[3~")
	s.Row("supervisor> s")
	s.Types(keyCtrlE + "r" + keyErase + "t")
	s.Row("supervisor> status cat")
	s.Types(keyCtrlW + "web" + keyCtrlW + keyCtrlY)
	s.Row("supervisor> status web")
	s.Types(keyHome + "\x0b")
	s.Row("supervisor> ")
	s.Types("zwölf 日本" + keyErase + keyErase)
	s.Row("supervisor> zwölf ")
	s.Types(keyCtrlU + "exit" + keyEnter)
	s.Leaves(exitGood)
}

// The file of lines typed is good for both programs.
func TestHistoryIsRecalledInTheNextSessionOfEither(t *testing.T) {
	t.Parallel()
	l, ours := newTerminalLife(t)
	l.configure(strings.Replace(lifeConf, "[supervisorctl]\n", "[supervisorctl]\nhistory_file=DIR/history\n", 1) + terminalPrograms)
	for i, ctl := range []string{ours, originalCtl, ours} {
		s := l.sit(80, ctl)
		s.prompt()
		if i > 0 {
			s.Types(keyUp)
			s.Row("supervisor> quit")
			s.Types(keyUp)
			s.Row("supervisor> pid cat")
			s.Types(keyUp)
			s.Row("supervisor> version")
			s.Types(keyCtrlU)
			s.prompt()
		}
		s.Types("version" + keyEnter)
		s.Sees("4.2.5\r\n")
		s.prompt()
		s.Types("pid cat" + keyEnter)
		s.Sees(l.pidText("cat") + "\r\n")
		s.prompt()
		s.Types(keyUp)
		s.Row("supervisor> pid cat")
		s.Types(keyCtrlU + "quit" + keyEnter)
		s.Leaves(exitGood)
	}
	if text := l.read("history"); !strings.HasSuffix(text, "version\npid cat\nquit\n") {
		t.Errorf("the history is %q", text)
	}
}

// What is typed in the foreground is echoed by the terminal and comes back from
// the program. Ctrl-C leaves the program where it is.
func TestForegroundEchoesAndLeavesTheProgramRunning(t *testing.T) {
	t.Parallel()
	l, ours := newTerminalLife(t)
	pid := l.pidOf("cat")
	for i, ctl := range []string{originalCtl, ours} {
		s := l.sit(80, ctl)
		s.prompt()
		s.Types("fg cat" + keyEnter)
		s.Sees("==> Press Ctrl-C to exit <==\r\n")
		words := []string{"hello", "again"}
		if ctl == originalCtl {
			words = words[:1] // what is typed while its threads change places may be lost
		}
		for _, word := range words {
			word = fmt.Sprint(word, i)
			s.Types(word + keyEnter)
			s.Sees(word+"\r\n", word+"\r\n")
		}
		s.Types(keyCtrlC)
		s.Sees("Exiting foreground\r\n")
		if ctl == originalCtl {
			// Its thread may print a traceback here, or keep the prompt waiting.
			_ = s.Program.Process.Kill()
			continue
		}
		s.prompt()
		s.Types("status cat" + keyEnter)
		s.Sees("RUNNING", fmt.Sprintf("pid %d,", pid))
		s.prompt()
		s.Types("fg cat" + keyEnter)
		s.Sees("==> Press Ctrl-C to exit <==\r\n", "again1\r\n")
		s.Types(keyCtrlD)
		s.Sees("Exiting foreground\r\n")
		s.prompt()
		s.Types("quit" + keyEnter)
		s.Leaves(exitGood)
	}
	if now := l.pidOf("cat"); now != pid {
		t.Errorf("the program was pid %d and is now %d", pid, now)
	}
}

func TestCtrlCEndsWhatIsFollowedAndKeepsTheShell(t *testing.T) {
	t.Parallel()
	l, ours := newTerminalLife(t)
	for _, ctl := range []string{originalCtl, ours} {
		s := l.sit(80, ctl)
		s.prompt()
		s.Types("tail -f chatty" + keyEnter)
		s.Sees("==> Press Ctrl-C to exit <==\r\n", "one\r\ntwo\r\n")
		s.Types(keyCtrlC)
		s.prompt()
		s.Types("maintail -f" + keyEnter)
		s.Sees("entered RUNNING state")
		s.Types(keyCtrlC)
		s.prompt()
		s.Types("exit" + keyEnter)
		s.Leaves(exitGood)
	}
}

func TestSeveralLogsAreFollowedInColours(t *testing.T) {
	t.Parallel()
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl, "tail", "-f", "chatty", "web:*")
	s.Sees("==> Press Ctrl-C to exit <==\r\n")
	s.Sees("\x1b[36mchatty    | \x1b[0mone\r\n\x1b[36mchatty    | \x1b[0mtwo\r\n")
	for i, colour := range []string{"\x1b[33m", "\x1b[32m"} {
		name := fmt.Sprintf("web:web_%d", i)
		l.say(ctl, name, "from "+name)
		s.Sees(colour + name + " | \x1b[0mfrom " + name + "\r\n")
	}
	s.Types(keyCtrlC)
	s.Leaves(exitGood)
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
	t.Parallel()
	l, ctl := newTerminalLife(t)
	s := l.sit(80, ctl)
	s.prompt()
	s.Types("status 0123456789abcdefghijklmnopqrstuvwxyz")
	s.Row("supervisor> status 0123456789abcdefghijklmnopqrstuvwxyz")
	s.Resize(32)
	s.Row("supervisor> hijklmnopqrstuvwxyz")
	s.Types(keyCtrlA)
	s.Sees("status 0123456789ab\b")
	s.Row("supervisor> ")
	s.Resize(100)
	s.Sees("supervisor> status 0123456789abcdefghijklmnopqrstuvwxyz\x1b[K")
	s.Types(keyCtrlC)
	s.Leaves(exitGood)
}

// Whatever ends the shell, the terminal is as it was.
func TestTheTerminalIsRestoredAfterEveryWayOut(t *testing.T) {
	t.Parallel()
	l, ctl := newTerminalLife(t)
	kill := func(sig syscall.Signal) func(*seat) error {
		return func(s *seat) error { return s.Program.Process.Signal(sig) }
	}
	type_ := func(keys string) func(*seat) error {
		return func(s *seat) error { s.Types(keys); return nil }
	}
	for _, way := range []struct {
		name   string
		before string // typed at the prompt first
		shows  string
		leave  func(*seat) error
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
			s.Types(way.before)
			s.Sees(way.shows)
			if err := way.leave(s); err != nil {
				t.Fatal(err)
			}
			s.Leaves(way.status)
		})
	}
}

// The question for a password turns the echo off, and every answer turns it on.
func TestTheEchoComesBackAfterAPassword(t *testing.T) {
	t.Parallel()
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
		s.Sees("Username:")
		s.Types("u" + keyEnter)
		s.Sees("Password:")
		return s
	}
	s := ask()
	s.Types("secret" + keyEnter)
	s.prompt()
	if strings.Contains(s.Screen(), "secret") {
		t.Errorf("the password is on the screen: %q", s.Screen())
	}
	s.Types(keyCtrlD)
	s.Leaves(exitGood)

	s = ask()
	s.Types(keyCtrlC)
	s.Leaves(exitGood)

	s = ask()
	if err := s.Program.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.Leaves(exitBySig + int(syscall.SIGTERM))
}
