//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// scenario is one life of a daemon, and what is measured in it.
type scenario struct {
	name     string
	long     bool                               // with -long only
	children int                                // tiny children that run at its start
	config   func(dir string) string            // the sections beyond the usual
	steps    []step                             // in this order
	derive   func(run figures)                  // what follows from the steps, and from the scenarios before
	derived  []string                           // and the rows it gives
	alone    func(c contender) (figures, error) // instead of all that: needs no daemon
}

// step measures one or more rows. One that has no rows prepares the next and is
// always taken.
type step struct {
	rows    []string
	measure func(ctx context.Context, d *daemon) (figures, error)
}

// bench is one call of this command.
type bench struct {
	options
	contenders []contender
	progress   io.Writer
}

// measure takes the scenarios that have wanted rows, each as often as asked, as
// pairs of the two contenders. It goes on after a failure.
func (b *bench) measure(ctx context.Context) *report {
	r := &report{machine: machine(b)}
	before := load()
	for range b.runs {
		r.pairs = append(r.pairs, newPair())
	}
	for _, s := range scenarios() {
		if !b.wants(s.rows()) || s.long && !b.long {
			continue
		}
		for run, pair := range r.pairs {
			for _, c := range b.order(run) {
				if ctx.Err() != nil {
					break
				}
				began := time.Now()
				if err := b.play(ctx, s, c, pair[c.name]); err != nil {
					r.failures = append(r.failures, fmt.Sprintf("%s, %s, run %d: %v", s.name, c.name, run+1, err))
					fmt.Fprintf(b.progress, "%s, %s, run %d: %v\n", s.name, c.name, run+1, err)
				}
				fmt.Fprintf(b.progress, "%s, %s, run %d of %d: %.1f s\n", s.name, c.name, run+1, b.runs, time.Since(began).Seconds())
			}
		}
	}
	r.machine = append(r.machine, fmt.Sprintf("Load average before the run: %s; after it: %s (the bench's own included).", before, load()))
	r.drop(b)
	return r
}

// order lets each contender come first in every other run.
func (b *bench) order(run int) []contender {
	if run%2 == 0 {
		return b.contenders
	}
	return []contender{b.contenders[1], b.contenders[0]}
}

// rows are all rows that a scenario gives.
func (s scenario) rows() []string {
	all := slices.Clone(s.derived)
	for _, step := range s.steps {
		all = append(all, step.rows...)
	}
	return all
}

func (b *bench) wants(names []string) bool { return slices.ContainsFunc(names, b.rows.MatchString) }

// play measures a scenario once, of one contender. What has been measured
// before a failure is kept.
func (b *bench) play(ctx context.Context, s scenario, c contender, into figures) (err error) {
	if s.alone != nil {
		measured, err := s.alone(c)
		into.add(measured)
		return err
	}
	dir, err := os.MkdirTemp(b.dir, "bench")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := furnish(dir); err != nil {
		return err
	}
	d, err := start(ctx, c, dir, configuration(dir, s.config(dir)), s.children)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	for _, step := range s.steps {
		if len(step.rows) > 0 && !b.wants(step.rows) {
			continue
		}
		measured, err := step.measure(ctx, d)
		if err != nil {
			return fmt.Errorf("measure %s: %w", strings.Join(step.rows, " "), err)
		}
		into.add(measured)
	}
	if s.derive != nil {
		s.derive(into)
	}
	return nil
}

func (f figures) add(more figures) {
	for name, v := range more {
		f[name] = v
	}
}

// drop removes the figures nobody asked for, which came with others.
func (r *report) drop(b *bench) {
	for _, pair := range r.pairs {
		for _, measured := range pair {
			for name := range measured {
				if !b.rows.MatchString(name) {
					delete(measured, name)
				}
			}
		}
	}
}
