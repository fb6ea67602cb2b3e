//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// kin are the processes a daemon has made: the children it supervises, told by
// the name of their program, and helpers of its own, if it has any.
type kin struct {
	children []int
	helpers  []int
}

// kinOf reads the children of a process. A child that has been forked but does
// not run its program yet is a helper still, so count children, not helpers.
func kinOf(pid int, known map[int]bool) kin {
	var k kin
	for _, child := range childrenOf(pid) {
		if known[child] || isTiny(child) {
			k.children = append(k.children, child)
		} else {
			k.helpers = append(k.helpers, child)
		}
	}
	return k
}

// childrenOf asks every thread, for the kernel keeps children by the thread that
// forked them. A process that is gone has none.
func childrenOf(pid int) []int {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		panic(err) // the pattern is ours
	}
	var all []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has just ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

func isTiny(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return false
	}
	switch strings.TrimSpace(string(name)) {
	case idleName, linesName:
		return true
	}
	return false
}

// cpuTime is the time all living threads of these processes have run, to the
// nanosecond. What threads that ended have used is lost; neither daemon ends
// threads while it works.
func cpuTime(pids ...int) (time.Duration, error) {
	var total time.Duration
	for _, pid := range pids {
		err := eachThread(pid, "schedstat", func(text string) error {
			ran, _, _ := strings.Cut(text, " ")
			ns, err := strconv.ParseInt(ran, 10, 64)
			total += time.Duration(ns)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
		}
	}
	return total, nil
}

// wakeups counts how often the threads of these processes have been put on a
// CPU: each time they had gone to sleep or been pushed aside before.
func wakeups(pids ...int) (int, error) {
	total := 0
	for _, pid := range pids {
		err := eachThread(pid, "status", func(text string) error {
			n, err := switches(text)
			total += n
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("read the wake-ups of process %d: %w", pid, err)
		}
	}
	return total, nil
}

// switches adds up the context switches in a thread's status.
func switches(status string) (int, error) {
	total := 0
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		if !strings.HasSuffix(key, "ctxt_switches") {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func eachThread(pid int, file string, read func(text string) error) error {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return err
	}
	if len(threads) == 0 {
		return os.ErrProcessDone
	}
	for _, thread := range threads {
		text, err := os.ReadFile(filepath.Join(thread, file))
		if os.IsNotExist(err) {
			continue // it has just ended
		}
		if err != nil {
			return err
		}
		if err := read(string(text)); err != nil {
			return err
		}
	}
	return nil
}

// memory adds up a field of /proc/PID/FILE over processes, in KiB.
func memory(file, field string, pids ...int) (float64, error) {
	total := 0.0
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		_, rest, found := strings.Cut(string(text), "\n"+field+":")
		words := strings.Fields(rest)
		if !found || len(words) < 2 {
			return 0, fmt.Errorf("read the memory of process %d: %s has no %s", pid, file, field)
		}
		kib, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		total += kib
	}
	return total, nil
}

// until looks, waits and looks again, until look says yes or fails, or patience
// ends.
func until(ctx context.Context, what string, patience, every time.Duration, look func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for {
		done, err := look()
		if err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if done {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait until %s: not within %v", what, patience)
		}
		if err := pause(ctx, every); err != nil {
			return err
		}
	}
}

// pause lets time pass.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
