//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// readyVar names, in the environment of the process that is to be the daemon,
// the descriptor on which it says that it has started well. A Go program cannot
// fork itself, so it is started again, in a session of its own; the first
// process stays until it has heard, so that a start that fails is seen by who
// asked for it.
const readyVar = "SUPERVISORD_READY_FD"

const readyFD = 3

// daemonized tells whether this is the process that is to be the daemon.
func daemonized() bool { return os.Getenv(readyVar) != "" }

// environ is the environment for configuration and programs: what supervisord
// was started with.
func environ() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, readyVar+"=") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// startDaemon starts supervisord again in the background and answers with its
// status: 0 once it runs, or that with which it failed.
func startDaemon(std Streams) int {
	status, err := runInBackground()
	if err != nil {
		fmt.Fprintf(std.Err, "supervisord: start in the background: %s\n", err)
		return exitBroken
	}
	return status
}

func runInBackground() (status int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	ready, tellReady, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer ready.Close()
	process, err := os.StartProcess(program, os.Args, &os.ProcAttr{
		Env:   append(environ(), fmt.Sprintf("%s=%d", readyVar, readyFD)),
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, tellReady},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	tellReady.Close()
	if err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(ready, make([]byte, 1)); err == nil {
		return exitOK, nil
	}
	state, err := process.Wait() // it closed the pipe without a word: it failed
	if err != nil {
		return 0, err
	}
	if status := state.ExitCode(); status > exitOK {
		return status, nil
	}
	return exitBroken, nil
}

// letGo cuts the daemon off from the terminal and from who started it. It is the
// last step of a start: what goes wrong before can still be said there.
func letGo() error {
	if err := letGoOfTerminal(); err != nil {
		return err
	}
	return letGoOfParent()
}

// letGoOfTerminal puts /dev/null in the place of standard input and outputs.
func letGoOfTerminal() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for fd := range 3 {
		if err := dupTo(int(null.Fd()), fd); err != nil {
			return fmt.Errorf("put %s in the place of descriptor %d: %w", os.DevNull, fd, err)
		}
	}
	return nil
}

// letGoOfParent tells the first process, if there is one waiting, that the start
// went well and it may go.
func letGoOfParent() error {
	if !daemonized() {
		return nil
	}
	ready := os.NewFile(readyFD, "ready")
	_, err := ready.Write([]byte{1})
	if errors.Is(err, unix.EPIPE) {
		err = nil // the first process was killed: nobody waits
	}
	return errors.Join(err, ready.Close(), os.Unsetenv(readyVar))
}
