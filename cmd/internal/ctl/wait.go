package ctl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/supervise"
)

// waitFor is how long wait waits unless it is told.
const waitFor = 30 * time.Second

// wait waits until processes are in a state, each at least once.
func wait(ctx context.Context, c *controller, arg string) error {
	o, problem := parseWait(strings.Fields(arg))
	if problem != "" {
		return c.complain("Error: "+problem, "wait", exitInvalidArgs)
	}
	limited := ctx
	if o.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = c.limit(ctx, o.timeout)
		defer cancel()
	}
	v := vigil{c: c, states: o.states}
	err := v.keep(limited, o)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Canceled
	case limited.Err() != nil:
		return v.giveUp(o.timeout)
	}
	return err
}

// waitOptions is what the words after wait say.
type waitOptions struct {
	names   []string
	states  []supervise.State
	timeout time.Duration // 0 to look once
}

// parseWait reads names and options in any order.
func parseWait(words []string) (o waitOptions, problem string) {
	o = waitOptions{states: []supervise.State{supervise.StateRunning}, timeout: waitFor}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if !strings.HasPrefix(word, "--") {
			o.names = append(o.names, word)
			continue
		}
		option, value, given := strings.Cut(word, "=")
		if !given && len(words) > 0 {
			value, words = words[0], words[1:]
		}
		if problem = o.set(option, value); problem != "" {
			return o, problem
		}
	}
	if len(o.names) == 0 {
		return o, "wait requires a process name"
	}
	return o, ""
}

func (o *waitOptions) set(option, value string) (problem string) {
	switch option {
	case "--state":
		o.states = nil
		for name := range strings.SplitSeq(value, ",") {
			state, ok := supervise.ParseState(name)
			if !ok {
				return "bad state " + supervise.Quote(name)
			}
			o.states = append(o.states, state)
		}
		return ""
	case "--timeout":
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || !(seconds >= 0 && seconds <= maxTimeout.Seconds()) {
			return "bad timeout " + supervise.Quote(value)
		}
		o.timeout = time.Duration(seconds * float64(time.Second))
		return ""
	}
	return "unknown option " + option
}

// maxTimeout is more than anybody waits, and less than what a number of
// nanoseconds can hold.
const maxTimeout = 10 * 365 * 24 * time.Hour

// vigil is one wait: what for, and how far it is.
type vigil struct {
	c       *controller
	states  []supervise.State
	pending []awaited
	failed  bool
	begun   bool // the server has answered
}

// awaited is a process that has not been in the state yet.
type awaited struct {
	spec  supervise.NameSpec
	state string // "" when it does not exist any more
}

// keep finds the processes and watches them until all are there.
func (v *vigil) keep(ctx context.Context, o waitOptions) error {
	cl, err := v.c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	var all []processInfo
	if err := cl.call(ctx, &all, "getAllProcessInfo"); err != nil {
		return err
	}
	v.begun = true
	wanted, complete := v.c.matching(all, o.names)
	if !complete {
		v.c.status = exitStatusUnknown
		return nil
	}
	for _, p := range wanted {
		a := awaited{spec: supervise.NameSpec{Group: p.Group, Process: p.Name}}
		if !slices.Contains(v.pending, a) {
			v.pending = append(v.pending, a)
		}
	}
	if v.over(all) {
		return nil
	}
	if o.timeout == 0 {
		return v.giveUp(0)
	}
	err = watchLive(ctx, cl, v.over)
	if errors.Is(err, errNotLive) {
		err = watchByAsking(ctx, cl, v.c.pollEvery, v.over)
	}
	if err != nil && ctx.Err() == nil {
		return v.c.refused("lost supervisord while waiting: " + failureOf(err).Message)
	}
	return err
}

// over takes note of how all processes are, and tells whether the wait is over.
func (v *vigil) over(all []processInfo) bool {
	now := make(map[supervise.NameSpec]processInfo, len(all))
	for _, p := range all {
		now[supervise.NameSpec{Group: p.Group, Process: p.Name}] = p
	}
	pending := v.pending[:0]
	for _, a := range v.pending {
		p, exists := now[a.spec]
		if a.state = p.StateName; !exists || !v.settled(p) {
			pending = append(pending, a)
		}
	}
	v.pending = pending
	v.c.out.Flush()
	return len(v.pending) == 0 || v.failed
}

// settled prints that a process is where it should be, or that it has no way to
// get there: nothing but a start leads out of FATAL.
func (v *vigil) settled(p processInfo) bool {
	state := supervise.State(p.State)
	switch {
	case slices.Contains(v.states, state):
		v.c.out.Line(p.namespec() + ": " + p.StateName)
		return true
	case state == supervise.StateFatal:
		v.c.failed(p.namespec(), strings.TrimSuffix("FATAL: "+p.Description, ": "))
		v.c.status = exitNotRunning
		v.failed = true
		return true
	}
	return false
}

// giveUp tells which processes did not make it in time.
func (v *vigil) giveUp(after time.Duration) error {
	if !v.begun {
		return v.c.refused(fmt.Sprintf("no answer after %s s", inSeconds(after)))
	}
	for _, a := range v.pending {
		what := "still " + a.state
		if a.state == "" {
			what = "no such process any more"
		}
		if after > 0 {
			what += " after " + inSeconds(after) + " s"
		}
		v.c.failed(a.spec.String(), what)
	}
	return nil
}

func inSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
