package ctl

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/cmd/internal/terminaltest"
)

// The test binary plays supervisorctl when it is started on a terminal.
func TestMain(m *testing.M) {
	if os.Getenv("CTL_PART") == "supervisorctl" {
		os.Exit(Run(append([]string{"/nonexistent/bin/supervisorctl"}, os.Args[1:]...), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// sitDown has a person sit at a terminal and use supervisorctl.
func sitDown(t *testing.T, args ...string) *terminaltest.Seat {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := exec.Command(self, args...)
	program.Env = append(os.Environ(), "CTL_PART=supervisorctl")
	return terminaltest.Sit(t, 80, program)
}

func TestShellOnATerminal(t *testing.T) {
	server := newFakeServer(t)
	file := filepath.Join(t.TempDir(), "history")
	p := sitDown(t, "-s", server.URL, "-r", file)
	p.Sees("supervisor> ")
	p.Types("vers\t\r")
	p.Sees("version ")
	p.Sees("\r\n4.2.5\r\n")
	p.Types("pid g:\t\t")
	p.Sees("\r\ng:*  g:a  g:b\r\n")
	p.Types("a\r")
	p.Sees("\r\n102\r\n")
	p.Types("\x1b[A\x1b[A\r")
	p.Sees("4.2.5\r\n")
	p.Types("fg cat\r")
	p.Sees("oops")
	p.Types("hello\r")
	p.Types("\x03")
	p.Sees("Exiting foreground\r\n")
	p.Types("tail -f cat\r")
	p.Sees("zwölf")
	p.Types("\x03")
	p.Sees("\r\n")
	p.Sees("supervisor> ")
	p.Types("\x04")
	p.Leaves(exitOK)
	text, err := os.ReadFile(file)
	if want := "version \npid g:a\nversion \nfg cat\ntail -f cat\n"; err != nil || string(text) != want {
		t.Errorf("history is %q, %v, want %q", text, err, want)
	}
}

func TestCtrlCAtThePromptEndsTheShell(t *testing.T) {
	server := newFakeServer(t)
	p := sitDown(t, "-s", server.URL)
	p.Sees("supervisor> ")
	p.Types("half a li\x03")
	p.Leaves(exitOK)
}

func TestPasswordIsNotShown(t *testing.T) {
	server := newFakeServer(t)
	arrange(t, server, "@password open sesame")
	p := sitDown(t, "-s", server.URL)
	p.Sees("Username:")
	p.Types("user\r")
	p.Sees("Password:")
	p.Types("open sesame\r")
	p.Sees("supervisor> ")
	p.Types("quit\r")
	p.Leaves(exitOK)
	if strings.Contains(p.Screen(), "sesame") {
		t.Errorf("the password is on the screen: %q", p.Screen())
	}
}

func TestResizedTerminalIsDrawnAnew(t *testing.T) {
	server := newFakeServer(t)
	p := sitDown(t, "-s", server.URL)
	p.Sees("supervisor> ")
	p.Types("status")
	p.Sees("status")
	p.Resize(40)
	p.Sees("\r" + "supervisor> status")
	p.Types("\x15quit\r")
	p.Leaves(exitOK)
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
	_, terminal := terminaltest.Open(t)
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
	desk, terminal := terminaltest.Open(t)
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
