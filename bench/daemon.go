//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	bootPatience = 3 * time.Minute
	stopPatience = 2 * time.Minute
	// settleTime is what a daemon is left alone for after it has booted, until
	// it has written what it has to write about it.
	settleTime = 3 * time.Second
	// look is how often /proc is asked where that costs something: while
	// hundreds of children appear or disappear.
	look = 2 * time.Millisecond
	// glance is how often it is asked where a millisecond is the figure.
	glance = 100 * time.Microsecond
)

// daemon is one supervisord, and one directory in which it lives.
type daemon struct {
	contender
	dir string

	cmd    *exec.Cmd
	exited chan struct{} // closed when it is gone
	fate   error         // why it ended, once exited is closed

	bootTime time.Duration // from exec until all children ran, or it answered
	bootCPU  time.Duration // of it and its children until then
	children []int         // that it had then
}

// start runs a daemon under a configuration, until so many of the tiny children
// run; with none, until it answers.
func start(ctx context.Context, c contender, dir, config string, children int) (*daemon, error) {
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o644); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	d := &daemon{contender: c, dir: dir, exited: make(chan struct{})}
	d.cmd = exec.Command(c.supervisord(), "-n", "-s", "-c", filepath.Join(dir, "conf"))
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		return nil, err
	}
	defer said.Close()
	d.cmd.Stdout, d.cmd.Stderr = said, said
	began := time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.supervisord(), err)
	}
	go d.await()
	if err := d.awaitBoot(ctx, children); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	d.bootTime = time.Since(began)
	if d.bootCPU, err = cpuTime(append(d.children, d.pid())...); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

// await ends with the daemon.
func (d *daemon) await() {
	d.fate = d.cmd.Wait()
	close(d.exited)
}

func (d *daemon) pid() int { return d.cmd.Process.Pid }

func (d *daemon) socket() string { return filepath.Join(d.dir, "s") }

// file is a path in the daemon's directory.
func (d *daemon) file(name string) string { return filepath.Join(d.dir, name) }

func (d *daemon) client() *client { return &client{socket: d.socket()} }

func (d *daemon) awaitBoot(ctx context.Context, children int) error {
	if children == 0 {
		c := d.client()
		defer c.close()
		return until(ctx, "the daemon answers", bootPatience, look, func() (bool, error) {
			_, err := c.call("supervisor.getState")
			return err == nil, d.alive()
		})
	}
	var err error
	d.children, err = d.awaitChildren(ctx, children, look, nil)
	return err
}

// awaitChildren waits until so many tiny children run that are not among the
// gone, and returns them.
func (d *daemon) awaitChildren(ctx context.Context, n int, every time.Duration, gone []int) ([]int, error) {
	known := make(map[int]bool, n)
	var running []int
	what := fmt.Sprintf("%d children run", n)
	err := until(ctx, what, bootPatience, every, func() (bool, error) {
		running = running[:0]
		for _, pid := range kinOf(d.pid(), known).children {
			known[pid] = true
			if !slices.Contains(gone, pid) {
				running = append(running, pid)
			}
		}
		return len(running) >= n, d.alive()
	})
	return running, err
}

// alive is an error, with what it has said, when the daemon has ended.
func (d *daemon) alive() error {
	select {
	case <-d.exited:
	default:
		return nil
	}
	said, err := os.ReadFile(d.file("said"))
	if err != nil {
		return err
	}
	return fmt.Errorf("%s ended (%v): %s", d.supervisord(), d.fate, strings.TrimSpace(string(said)))
}

// own are the processes that are the daemon's own: itself and its helpers.
func (d *daemon) own() []int { return append(kinOf(d.pid(), nil).helpers, d.pid()) }

// stop asks the daemon to end, and sees to it that nothing of it is left. It
// returns an error where that took force.
func (d *daemon) stop() error {
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", d.supervisord(), err)
	}
	var err error
	select {
	case <-d.exited:
	case <-time.After(stopPatience):
		err = errors.Join(fmt.Errorf("stop %s: not within %v", d.supervisord(), stopPatience), d.cmd.Process.Kill())
		<-d.exited
	}
	return errors.Join(err, d.sweep())
}

// sweep kills what a daemon that is gone has left behind: what has its directory
// on the command line.
func (d *daemon) sweep() error {
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	left := 0
	for _, command := range commands {
		text, err := os.ReadFile(command)
		if err != nil || !strings.Contains(string(text), d.dir+"/") {
			continue // most have ended since, or are no business of ours
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(command)))
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("kill what %s has left behind: %w", d.supervisord(), err)
		}
		left++
	}
	if left > 0 {
		return fmt.Errorf("%s left %d processes behind, now killed", d.supervisord(), left)
	}
	return nil
}

// configuration is what both daemons read. Children are RUNNING at once, and
// have one log for all they say; everything else is as by default.
func configuration(dir, sections string) string {
	return fmt.Sprintf(`[unix_http_server]
file=%[1]s/s
[supervisord]
logfile=%[1]s/supervisord.log
pidfile=%[1]s/supervisord.pid
childlogdir=%[1]s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%[1]s/s
%[2]s`, dir, sections)
}

// programs are n programs, each a group of its own.
func programs(dir string, n int, command string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(section(dir, programName(i), filepath.Join(dir, command)+" infinity"))
	}
	return b.String()
}

func programName(i int) string { return fmt.Sprintf("p%04d", i) }

// section is one program with options beyond the usual.
func section(dir, name, command string, more ...string) string {
	return fmt.Sprintf("[program:%[2]s]\ncommand=%[3]s\nstartsecs=0\nredirect_stderr=true\nstdout_logfile=%[1]s/%[2]s.log\n%[4]s\n",
		dir, name, command, strings.Join(more, "\n"))
}
