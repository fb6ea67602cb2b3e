package ctl

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary plays supervisorctl when it is started on a terminal.
func TestMain(m *testing.M) {
	if os.Getenv("CTL_PART") == "supervisorctl" {
		os.Exit(Run(append([]string{"/nonexistent/bin/supervisorctl"}, os.Args[1:]...), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// person sits at a terminal and uses supervisorctl.
type person struct {
	t       *testing.T
	desk    *os.File // the other end of the terminal
	screen  *watched
	program *exec.Cmd
	seen    int // how much of the screen has been read
}

func sitDown(t *testing.T, args ...string) *person {
	t.Helper()
	desk, terminal := openPTY(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := exec.Command(self, args...)
	program.Env = append(os.Environ(), "CTL_PART=supervisorctl")
	program.Stdin, program.Stdout, program.Stderr = terminal, terminal, terminal
	program.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	p := &person{t: t, desk: desk, screen: newWatched(), program: program}
	go io.Copy(p.screen, desk) // ends when the program has closed the terminal
	t.Cleanup(func() { desk.Close() })
	return p
}

func openPTY(t *testing.T) (desk, terminal *os.File) {
	t.Helper()
	desk, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
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
	return desk, terminal
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.desk, keys); err != nil {
		p.t.Fatal(err)
	}
}

// sees waits for text that was not there when it last looked.
func (p *person) sees(text string) {
	p.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if at := strings.Index(p.screen.String()[p.seen:], text); at >= 0 {
			p.seen += at + len(text)
			return
		}
		select {
		case <-p.screen.changed:
		case <-deadline:
			p.t.Fatalf("%q is not on the screen: %q", text, p.screen.String()[p.seen:])
		}
	}
}

func (p *person) leaves() {
	p.t.Helper()
	if err := p.program.Wait(); err != nil {
		p.t.Errorf("supervisorctl: %v; screen %q", err, p.screen)
	}
}

func TestShellOnATerminal(t *testing.T) {
	server := newFakeServer(t)
	file := filepath.Join(t.TempDir(), "history")
	p := sitDown(t, "-s", server.URL, "-r", file)
	p.sees("supervisor> ")
	p.types("vers\t\r")
	p.sees("version ")
	p.sees("\r\n4.2.5\r\n")
	p.types("pid g:\t\t")
	p.sees("\r\ng:*  g:a  g:b\r\n")
	p.types("a\r")
	p.sees("\r\n102\r\n")
	p.types("\x1b[A\x1b[A\r")
	p.sees("4.2.5\r\n")
	p.types("fg cat\r")
	p.sees("oops")
	p.types("hello\r")
	p.types("\x03")
	p.sees("Exiting foreground\r\n")
	p.types("tail -f cat\r")
	p.sees("zwölf")
	p.types("\x03")
	p.sees("\r\n")
	p.sees("supervisor> ")
	p.types("\x04")
	p.leaves()
	text, err := os.ReadFile(file)
	if want := "version \npid g:a\nversion \nfg cat\ntail -f cat\n"; err != nil || string(text) != want {
		t.Errorf("history is %q, %v, want %q", text, err, want)
	}
}

func TestCtrlCAtThePromptEndsTheShell(t *testing.T) {
	server := newFakeServer(t)
	p := sitDown(t, "-s", server.URL)
	p.sees("supervisor> ")
	p.types("half a li\x03")
	p.leaves()
}

func TestPasswordIsNotShown(t *testing.T) {
	server := newFakeServer(t)
	arrange(t, server, "@password open sesame")
	p := sitDown(t, "-s", server.URL)
	p.sees("Username:")
	p.types("user\r")
	p.sees("Password:")
	p.types("open sesame\r")
	p.sees("supervisor> ")
	p.types("quit\r")
	p.leaves()
	if strings.Contains(p.screen.String(), "sesame") {
		t.Errorf("the password is on the screen: %q", p.screen)
	}
}

func TestResizedTerminalIsDrawnAnew(t *testing.T) {
	server := newFakeServer(t)
	p := sitDown(t, "-s", server.URL)
	p.sees("supervisor> ")
	p.types("status")
	p.sees("status")
	if err := unix.IoctlSetWinsize(int(p.desk.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 40}); err != nil {
		t.Fatal(err)
	}
	p.sees("\r" + "supervisor> status")
	p.types("\x15quit\r")
	p.leaves()
}

func TestOnlyTerminalsSeeColours(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	none := func(string) string { return "" }
	if got := colours(file, none); got != nil {
		t.Errorf("in a file: %q", got)
	}
	_, terminal := openPTY(t)
	defer terminal.Close()
	if got := colours(terminal, none); len(got) < 2 {
		t.Errorf("on a terminal: %q", got)
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		getenv := func(asked string) string {
			if asked == name {
				return value
			}
			return ""
		}
		if got := colours(terminal, getenv); got != nil {
			t.Errorf("with %s=%s: %q", name, value, got)
		}
	}
}

func TestAdviceIsForThoseWhoWatchStandardError(t *testing.T) {
	desk, terminal := openPTY(t)
	var out bytes.Buffer
	Run([]string{"supervisorctl", "-s", "unix:///nonexistent/s.sock", "status"}, strings.NewReader(""), &out, terminal)
	line, err := bufio.NewReader(desk).ReadString('\n')
	if want := "  the address unix:///nonexistent/s.sock is from the command line\r\n"; err != nil || line != want {
		t.Errorf("%q, %v, want %q", line, err, want)
	}
	if want := "unix:///nonexistent/s.sock no such file\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
