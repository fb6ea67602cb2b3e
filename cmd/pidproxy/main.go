//go:build unix

// Pidproxy stands in for a program that forks away: it starts a command and
// passes the signals that supervisord sends it to the process that a pid file
// names, so that a daemon can be stopped and reloaded like any other program.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const usage = `pidproxy -- start a command, and pass signals to the process a pid file names

Usage: %s <pidfile> <command> [<argument> ...]

The command is a path; PATH is not searched. TERM, HUP, INT, QUIT, USR1 and USR2
go to the pid that is in the file when they arrive.
`

// pollInterval is how often pidproxy looks whether its command has ended. It is
// part of what one sees: a command that forks away leaves pidproxy up for at
// least that long, which is more than the usual startsecs (pidproxy.py:39).
const pollInterval = 5 * time.Second

func main() { os.Exit(run(os.Args, os.Stdout, os.Stderr)) }

// run starts the command and stands in for it until one of them ends. The exit
// status of the command does not matter: it is 0, as in the original.
func run(args []string, out, errout io.Writer) int {
	if len(args) < 3 {
		fmt.Fprintf(out, usage, args[0])
		return 1
	}
	pidfile, command := args[1], args[2:]

	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	if err := start(command); err != nil {
		fmt.Fprintf(errout, "pidproxy: %v\n", err) // and go on, to end at the first poll
	}
	ticks := time.NewTicker(pollInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			if childless() {
				return 0
			}
		case sig := <-signals:
			done, err := forward(pidfile, sig.(syscall.Signal), out)
			if err != nil {
				fmt.Fprintf(errout, "pidproxy: %v\n", err)
				return 1
			}
			if done {
				return 0
			}
		}
	}
}

// start runs the command in our process group, where it was said to be: against
// the working directory, never on PATH.
func start(command []string) error {
	path, err := filepath.Abs(command[0])
	if err != nil {
		return fmt.Errorf("find %s: %w", command[0], err)
	}
	process, err := os.StartProcess(path, command, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
	})
	if err != nil {
		return err
	}
	return process.Release() // childless reaps it
}

// childless reaps a child that has ended, and tells whether there was one, or
// none to begin with.
func childless() bool {
	pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	return pid > 0 || err == syscall.ECHILD
}

// forward sends sig to the pid in the file. done says that it was a signal to
// end with. A file that cannot be read is told and forgiven, since a daemon may
// not have written it yet.
func forward(pidfile string, sig syscall.Signal, out io.Writer) (done bool, err error) {
	pid, err := readPid(pidfile)
	if err != nil {
		fmt.Fprintf(out, "Can't read child pidfile %s!\n", pidfile)
		return false, nil
	}
	if err := syscall.Kill(pid, sig); err != nil {
		return false, fmt.Errorf("send %v to pid %d: %w", sig, pid, err)
	}
	return sig == syscall.SIGTERM || sig == syscall.SIGINT || sig == syscall.SIGQUIT, nil
}

func readPid(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
