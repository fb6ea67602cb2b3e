//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The test binary plays two more parts: pidproxy itself, and the daemon behind it.
func TestMain(m *testing.M) {
	switch os.Getenv("PIDPROXY_PART") {
	case "proxy":
		os.Setenv("PIDPROXY_PART", "daemon")
		os.Exit(run(os.Args, os.Stdout, os.Stderr))
	case "daemon":
		os.Exit(daemon(os.Args[1]))
	}
	os.Exit(m.Run())
}

// daemon writes its pid to a file, tells each signal it gets, and ends with TERM,
// INT or QUIT.
func daemon(pidfile string) int {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	if err := os.WriteFile(pidfile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	for sig := range signals {
		fmt.Println("got", sig)
		if sig == syscall.SIGTERM || sig == syscall.SIGINT || sig == syscall.SIGQUIT {
			return 3
		}
	}
	return 0
}

// scenario is a life of pidproxy: what it is told, and what must be seen.
type scenario struct {
	name    string
	args    []string         // %p is the pid file, %d the daemon
	signals []syscall.Signal // one after the other, each when the one before has shown
	spoil   string           // what the pid file is overwritten with, once the daemon is ready
	want    outcome
}

type outcome struct {
	status int
	lines  []string // of standard output, sorted
}

func scenarios() []scenario {
	proxied := []string{"%p", "%d", "%p"}
	return []scenario{
		{name: "no arguments", want: outcome{1, nil}},
		{name: "no command", args: []string{"%p"}, want: outcome{1, nil}},
		{name: "hangup then end", args: proxied,
			signals: []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTERM},
			want: outcome{0, []string{"got hangup", "got terminated", "got user defined signal 1",
				"got user defined signal 2", "ready"}}},
		{name: "interrupt", args: proxied, signals: []syscall.Signal{syscall.SIGINT},
			want: outcome{0, []string{"got interrupt", "ready"}}},
		{name: "quit", args: proxied, signals: []syscall.Signal{syscall.SIGQUIT},
			want: outcome{0, []string{"got quit", "ready"}}},
		{name: "a pid that is gone", args: proxied, signals: []syscall.Signal{syscall.SIGTERM},
			spoil: "2147483646", want: outcome{1, []string{"ready"}}},
		{name: "a command that ends", args: []string{"%p", "/bin/echo", "hello"},
			want: outcome{0, []string{"hello"}}},
	}
}

func TestPidproxyPassesSignalsToThePidInTheFile(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if got := play(t, self(t), s); !got.equal(s.want) {
				t.Errorf("got %+v, want %+v", got, s.want)
			}
		})
	}
}

func TestUnreadablePidfileIsToldAndForgiven(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	missing := filepath.Join(t.TempDir(), "missing")
	done, err := forward(missing, syscall.SIGTERM, &out)
	if done || err != nil {
		t.Errorf("forward = %v, %v; want to go on", done, err)
	}
	if want := "Can't read child pidfile " + missing + "!\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

func (o outcome) equal(other outcome) bool {
	return o.status == other.status && slices.Equal(o.lines, other.lines)
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// play runs a scenario with the pidproxy at binary.
func play(t *testing.T, binary string, s scenario) outcome {
	t.Helper()
	pidfile := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command(binary, fill(s.args, pidfile, self(t))...)
	part := "daemon" // the command's part, when binary is the original
	if binary == self(t) {
		part = "proxy"
	}
	cmd.Env = append(os.Environ(), "PIDPROXY_PART="+part)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	scan := bufio.NewScanner(out)
	for _, sig := range s.signals {
		if scan.Scan() {
			lines = append(lines, scan.Text())
		}
		if s.spoil != "" {
			stop := readBack(t, pidfile)
			defer syscall.Kill(stop, syscall.SIGKILL)
			if err := os.WriteFile(pidfile, []byte(s.spoil), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	if s.spoil == "" {
		for scan.Scan() {
			lines = append(lines, scan.Text())
		}
	}
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	if len(s.args) < 2 {
		lines = nil // the usage, in words of each one's own
	}
	slices.Sort(lines)
	return outcome{cmd.ProcessState.ExitCode(), lines}
}

func readBack(t *testing.T, pidfile string) int {
	t.Helper()
	pid, err := readPid(pidfile)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func fill(args []string, pidfile, daemon string) []string {
	replace := strings.NewReplacer("%p", pidfile, "%d", daemon)
	filled := make([]string, len(args))
	for i, arg := range args {
		filled[i] = replace.Replace(arg)
	}
	return filled
}
