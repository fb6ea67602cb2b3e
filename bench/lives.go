//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// This file measures how the children live and die: boot, idleness, restarts,
// shutdown.

const (
	idleTime = 10 * time.Second
	// restPause is what a daemon is given between two deaths, so that each is
	// met at rest.
	restPause = 50 * time.Millisecond
	// deathPatience is how long a restart may take; the original sleeps for up
	// to two seconds.
	deathPatience = 30 * time.Second
)

// boot gives what has been measured at the start: the time from exec until all
// children ran their program, and the CPU time that the daemon and all of them
// had used by then.
func boot(n int) step {
	wall, cpu := fmt.Sprintf("boot.%d.time", n), fmt.Sprintf("boot.%d.cpu", n)
	return step{[]string{wall, cpu}, func(_ context.Context, d *daemon) (figures, error) {
		return figures{wall: d.bootTime.Seconds(), cpu: d.bootCPU.Seconds()}, nil
	}}
}

// memoryUse is the proportional set size of the daemon and its helpers.
func memoryUse(name string) step {
	return step{[]string{name}, func(_ context.Context, d *daemon) (figures, error) {
		kib, err := memory("smaps_rollup", "Pss", d.own()...)
		return figures{name: kib}, err
	}}
}

// idle is what the daemon does while nothing happens.
func idle(n int) step {
	cpu, wake := fmt.Sprintf("idle.%d.cpu", n), fmt.Sprintf("idle.%d.wake", n)
	return step{[]string{cpu, wake}, func(ctx context.Context, d *daemon) (figures, error) {
		own := d.own()
		began := time.Now()
		cpuBefore, err := cpuTime(own...)
		if err != nil {
			return nil, err
		}
		wakeBefore, err := wakeups(own...)
		if err != nil {
			return nil, err
		}
		if err := pause(ctx, idleTime); err != nil {
			return nil, err
		}
		cpuAfter, err := cpuTime(own...)
		if err != nil {
			return nil, err
		}
		wakeAfter, err := wakeups(own...)
		if err != nil {
			return nil, err
		}
		seconds := time.Since(began).Seconds()
		return figures{
			cpu:  float64((cpuAfter - cpuBefore).Microseconds()) / seconds,
			wake: float64(wakeAfter-wakeBefore) / seconds,
		}, nil
	}}
}

// restart kills one child after the other, and waits for each until a successor
// runs its program. The 99th percentile of so few deaths is the longest.
func restart(n, deaths int) step {
	p50, p99 := fmt.Sprintf("restart.%d.p50", n), fmt.Sprintf("restart.%d.p99", n)
	return step{[]string{p50, p99}, func(ctx context.Context, d *daemon) (figures, error) {
		var took []float64
		for _, victim := range d.children[:deaths] {
			gap, err := d.replace(ctx, victim)
			if err != nil {
				return nil, err
			}
			took = append(took, milliseconds(gap))
			if err := pause(ctx, restPause); err != nil {
				return nil, err
			}
		}
		return figures{p50: quantile(took, 0.5), p99: quantile(took, 0.99)}, nil
	}}
}

// replace kills a child and returns how long it took until another ran.
func (d *daemon) replace(ctx context.Context, victim int) (time.Duration, error) {
	before := map[int]bool{}
	for _, pid := range childrenOf(d.pid()) {
		before[pid] = true
	}
	began := time.Now()
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		return 0, fmt.Errorf("kill child %d: %w", victim, err)
	}
	err := until(ctx, "a killed child has a successor", deathPatience, glance, func() (bool, error) {
		for _, pid := range childrenOf(d.pid()) {
			if !before[pid] && isTiny(pid) {
				return true, nil
			}
		}
		return false, d.alive()
	})
	return time.Since(began), err
}

// storm kills all children at once, and waits until as many others run.
func storm(ctx context.Context, d *daemon) (figures, error) {
	victims := kinOf(d.pid(), nil).children
	began := time.Now()
	for _, pid := range victims {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return nil, fmt.Errorf("kill child %d: %w", pid, err)
		}
	}
	_, err := d.awaitChildren(ctx, len(victims), look, victims)
	return figures{"storm.200.time": milliseconds(time.Since(began))}, err
}

// shutdown sends SIGTERM and waits until the daemon is gone; that its children
// are gone too is seen when the daemon is stopped.
func shutdown(ctx context.Context, d *daemon) (figures, error) {
	began := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return nil, fmt.Errorf("send SIGTERM: %w", err)
	}
	select {
	case <-d.exited:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(stopPatience):
		return nil, errors.New("shut down: it does not end")
	}
	return figures{"shutdown.1000.time": time.Since(began).Seconds()}, d.sweep()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
