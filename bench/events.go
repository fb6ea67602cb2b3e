//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// This file measures event listeners.

const (
	spoken        = 20000 // communication events
	witnessed     = 15    // children whose death is
	eventPatience = 2 * time.Minute
	listener      = "ear"
	earNotes      = "heard" // the file of what the listener has noted
)

// events gives a listener many communication events at once, and then the deaths
// of children, one by one.
func events() scenario {
	return scenario{
		name:     "a listener",
		children: witnessed,
		config: func(dir string) string {
			return programs(dir, witnessed, idleName) +
				section(dir, puppetSpeak, puppetCommand(dir, puppetSpeak, "spoke", spoken),
					"autostart=false", "stdout_capture_maxbytes=1MB") +
				fmt.Sprintf("[eventlistener:%s]\ncommand=%s\nevents=PROCESS_COMMUNICATION,PROCESS_STATE_EXITED\nbuffer_size=%d\nstartsecs=0\n",
					listener, puppetCommand(dir, puppetListen, earNotes, 0), 2*spoken)
		},
		steps: []step{
			{measure: func(ctx context.Context, d *daemon) (figures, error) {
				_, err := d.awaitNote(ctx, 1, 0)
				return nil, err
			}},
			{[]string{"events.state.p50"}, witness},
			{[]string{"events.rate", "events.cpu", "events.got"}, hear},
		},
	}
}

// awaitNote waits for the listener's nth note, counted from one, and returns the
// numbers that follow its first word.
func (d *daemon) awaitNote(ctx context.Context, n, numbers int) ([]int64, error) {
	var note string
	err := until(ctx, "the listener has its event", eventPatience, look, func() (bool, error) {
		all, err := notes(d.file(earNotes))
		if err != nil || len(all) < n {
			return false, errors.Join(err, d.alive())
		}
		note = all[n-1]
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	words := strings.Fields(note)
	if len(words) != numbers+1 {
		return nil, fmt.Errorf("the listener noted %q", note)
	}
	values := make([]int64, numbers)
	for i, word := range words[1:] {
		if values[i], err = strconv.ParseInt(word, 10, 64); err != nil {
			return nil, fmt.Errorf("the listener noted %q: %w", note, err)
		}
	}
	return values, nil
}

// witness kills children, and says how long it takes until the listener has the
// event of a death in hand.
func witness(ctx context.Context, d *daemon) (figures, error) {
	var took []float64
	for i, victim := range d.children {
		began := time.Now()
		if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
			return nil, fmt.Errorf("kill child %d: %w", victim, err)
		}
		heard, err := d.awaitNote(ctx, i+2, 1)
		if err != nil {
			return nil, err
		}
		took = append(took, milliseconds(time.Unix(0, heard[0]).Sub(began)))
		if err := pause(ctx, restPause); err != nil {
			return nil, err
		}
	}
	return figures{"events.state.p50": quantile(took, 0.5)}, nil
}

// hear lets a child speak, and says how fast the listener was given what it
// said, from the first event to the last, and how much of it.
func hear(ctx context.Context, d *daemon) (figures, error) {
	heard, err := notes(d.file(earNotes))
	if err != nil {
		return nil, err
	}
	c := d.client()
	defer c.close()
	before, err := cpuTime(d.own()...)
	if err != nil {
		return nil, err
	}
	if _, err := c.call("supervisor.startProcess", puppetSpeak, false); err != nil {
		return nil, err
	}
	numbers, err := d.awaitNote(ctx, len(heard)+1, 3)
	if err != nil {
		return nil, err
	}
	after, err := cpuTime(d.own()...)
	if err != nil {
		return nil, err
	}
	first, last, count := time.Unix(0, numbers[0]), time.Unix(0, numbers[1]), float64(numbers[2])
	return figures{
		"events.rate": (count - 1) / last.Sub(first).Seconds(),
		"events.cpu":  (after - before).Seconds() * 1e6 / count,
		"events.got":  100 * count / spoken,
	}, nil
}
