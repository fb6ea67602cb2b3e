//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// This file measures what is asked of the daemon: XML-RPC, and supervisorctl.

const (
	callTime    = 2 * time.Second // that one row calls for, or longer where a single call takes long
	callsAtMost = 4000
	callers     = 8
	orders      = 20 // to stop and to start; the original takes a second for some
)

// latency calls a method again and again on one connection: the median of what
// a caller waits, and the daemon's CPU time for a call.
func latency(name, method string, args ...any) step {
	p50, cpu := name+".c1.p50", name+".c1.cpu"
	return step{[]string{p50, cpu}, func(ctx context.Context, d *daemon) (figures, error) {
		calls, err := callAgain(ctx, d, request(method, args...))
		return figures{p50: calls.median * 1e6, cpu: calls.cpu * 1e6}, err
	}}
}

// calls sums up many calls, in seconds.
type calls struct{ median, cpu float64 }

func callAgain(ctx context.Context, d *daemon, request []byte) (calls, error) {
	c := d.client()
	defer c.close()
	if _, err := c.send(request); err != nil { // the first one opens the connection
		return calls{}, err
	}
	before, err := cpuTime(d.own()...)
	if err != nil {
		return calls{}, err
	}
	var took []float64
	for deadline := time.Now().Add(callTime); len(took) < 3 || len(took) < callsAtMost && time.Now().Before(deadline); {
		if ctx.Err() != nil {
			return calls{}, ctx.Err()
		}
		began := time.Now()
		if _, err := c.send(request); err != nil {
			return calls{}, err
		}
		took = append(took, time.Since(began).Seconds())
	}
	after, err := cpuTime(d.own()...)
	return calls{quantile(took, 0.5), (after - before).Seconds() / float64(len(took))}, err
}

// throughput is how many calls a second are answered while eight callers each
// call again as soon as they are answered.
func throughput(name, method string, args ...any) step {
	rps := name + ".c8.rps"
	return step{[]string{rps}, func(ctx context.Context, d *daemon) (figures, error) {
		rate, err := callTogether(ctx, d, request(method, args...))
		return figures{rps: rate}, err
	}}
}

func callTogether(ctx context.Context, d *daemon, request []byte) (float64, error) {
	var answered atomic.Int64
	failed := make(chan error, callers)
	var group sync.WaitGroup
	began := time.Now()
	for range callers {
		group.Go(func() { // ends when its time is over
			c := d.client()
			defer c.close()
			for time.Since(began) < callTime && ctx.Err() == nil {
				if _, err := c.send(request); err != nil {
					failed <- err
					return
				}
				answered.Add(1)
			}
		})
	}
	group.Wait()
	seconds := time.Since(began).Seconds()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return float64(answered.Load()) / seconds, errors.Join(errs...)
}

var (
	statePattern = regexp.MustCompile(`<name>statename</name>\s*<value><string>RUNNING</string>`)
	nowPattern   = regexp.MustCompile(`<name>now</name>\s*<value><int>(\d+)</int>`)
	pidPattern   = regexp.MustCompile(`<name>pid</name>\s*<value><int>(\d+)</int>`)
)

// checkAnswers makes sure that what is measured next is worth it: that the answer
// has all n programs, that its clock goes, and that a new life shows up in it.
func checkAnswers(n int) func(ctx context.Context, d *daemon) (figures, error) {
	return func(ctx context.Context, d *daemon) (figures, error) {
		c := d.client()
		defer c.close()
		first, err := c.all(n)
		if err != nil {
			return nil, err
		}
		if err := c.awaitChange(ctx, n, "the clock in the answers goes", nowPattern, first); err != nil {
			return nil, err
		}
		if err := d.killOne(c); err != nil {
			return nil, err
		}
		return nil, c.awaitChange(ctx, n, "a new pid shows up in the answers", pidPattern, first)
	}
}

// killOne kills one child by its name, the last but one in the order of names.
func (d *daemon) killOne(c *client) error {
	info, err := c.call("supervisor.getProcessInfo", programName(len(d.children)-2))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(match(pidPattern, info))
	if err != nil || pid <= 1 {
		return fmt.Errorf("no pid in %s", info)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// all calls getAllProcessInfo, with n programs that all run.
func (c *client) all(n int) ([]byte, error) {
	answer, err := c.call("supervisor.getAllProcessInfo")
	if err != nil {
		return nil, err
	}
	if running := len(statePattern.FindAll(answer, -1)); running != n {
		return nil, fmt.Errorf("the answer has %d running programs, not %d", running, n)
	}
	return bytes.Clone(answer), nil
}

// awaitChange calls until what the pattern captures in the answers is not what
// it was, and all programs run.
func (c *client) awaitChange(ctx context.Context, n int, what string, pattern *regexp.Regexp, was []byte) error {
	before := captures(pattern, was)
	return until(ctx, what, deathPatience, restPause, func() (bool, error) {
		answer, err := c.call("supervisor.getAllProcessInfo")
		if err != nil {
			return false, err
		}
		return captures(pattern, answer) != before && len(statePattern.FindAll(answer, -1)) == n, nil
	})
}

func captures(pattern *regexp.Regexp, text []byte) string {
	var all []byte
	for _, found := range pattern.FindAllSubmatch(text, -1) {
		all = append(append(all, found[1]...), ' ')
	}
	return string(all)
}

func match(pattern *regexp.Regexp, text []byte) string {
	found := pattern.FindSubmatch(text)
	if found == nil {
		return ""
	}
	return string(found[1])
}

// control stops and starts a program, each time waiting for the end of it.
func control(ctx context.Context, d *daemon) (figures, error) {
	c := d.client()
	defer c.close()
	stop := request("supervisor.stopProcess", programName(0), true)
	start := request("supervisor.startProcess", programName(0), true)
	var starts, stops []float64
	for range orders {
		for _, order := range []struct {
			request []byte
			took    *[]float64
		}{{stop, &stops}, {start, &starts}} {
			began := time.Now()
			answer, err := c.send(order.request)
			if err != nil {
				return nil, err
			}
			*order.took = append(*order.took, milliseconds(time.Since(began)))
			if !bytes.Contains(answer, []byte("<boolean>1</boolean>")) {
				return nil, fmt.Errorf("an order was not obeyed: %s", answer)
			}
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return nil, err
			}
		}
	}
	return figures{"control.start.p50": quantile(starts, 0.5), "control.stop.p50": quantile(stops, 0.5)}, nil
}

// status runs supervisorctl status as people do: a whole process each time.
func status(n, runs int) step {
	wall, cpu := fmt.Sprintf("status.%d.wall", n), fmt.Sprintf("status.%d.cpu", n)
	return step{[]string{wall, cpu}, func(ctx context.Context, d *daemon) (figures, error) {
		var walls, cpus []float64
		for range runs {
			out, took, used, err := d.supervisorctlRun(ctx, "status")
			if err != nil {
				return nil, err
			}
			if running := bytes.Count(out, []byte(" RUNNING ")); running != n {
				return nil, fmt.Errorf("status shows %d running programs, not %d", running, n)
			}
			walls = append(walls, milliseconds(took))
			cpus = append(cpus, milliseconds(used))
		}
		return figures{wall: quantile(walls, 0.5), cpu: quantile(cpus, 0.5)}, nil
	}}
}

// restartAll runs supervisorctl restart all, and checks that all have been.
func restartAll(ctx context.Context, d *daemon) (figures, error) {
	before := kinOf(d.pid(), nil).children
	_, took, _, err := d.supervisorctlRun(ctx, "restart", "all")
	if err != nil {
		return nil, err
	}
	_, err = d.awaitChildren(ctx, len(before), look, before)
	return figures{"restartall.200.wall": took.Seconds()}, err
}

// supervisorctlRun runs the client, and returns what it printed, how long that
// took and how much CPU time the client itself used.
func (d *daemon) supervisorctlRun(ctx context.Context, args ...string) (out []byte, wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, d.supervisorctl(), append([]string{"-c", d.file("conf")}, args...)...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err = cmd.Output()
	wall = time.Since(began)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("supervisorctl %v: %w: %s", args, err, out)
	}
	return out, wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
