//go:build unix

package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/engine"
)

const (
	// maxNamed is how many programs a problem names.
	maxNamed = 5
	// troublesWithin bounds the wait for an engine that is busy.
	troublesWithin = time.Second
)

// logTroubles is what is wrong with writing the output of programs. An engine that
// has ended, or does not answer, has nothing to tell.
func (l *life) logTroubles() []supervise.Problem {
	ctx, cancel := context.WithTimeout(context.Background(), troublesWithin)
	defer cancel()
	all, err := l.engine.LogTroubles(ctx)
	if err != nil {
		return nil
	}
	return byCause(all)
}

// byCause makes one problem of each cause, however many programs it hits, in the
// order in which they came. It began when it hit the first.
func byCause(all []engine.LogTrouble) []supervise.Problem {
	var problems []supervise.Problem
	at := map[string]int{}
	names := map[string][]string{}
	for _, t := range all {
		i, known := at[t.Why]
		if !known {
			i, at[t.Why] = len(problems), len(problems)
			problems = append(problems, supervise.Problem{Code: supervise.LogTrouble, Place: t.Path, Why: t.Why, At: t.Since})
		}
		names[t.Why] = append(names[t.Why], t.Name.String())
		if p := &problems[i]; t.Since.Before(p.At) {
			p.At, p.Place = t.Since, t.Path
		}
	}
	for i := range problems {
		nameSome(&problems[i], names[problems[i].Why])
	}
	return problems
}

// nameSome says whom a problem hits.
func nameSome(p *supervise.Problem, names []string) {
	named := names[:min(len(names), maxNamed)]
	p.Name, p.More = strings.Join(named, ", "), len(names)-len(named)
	p.Text = "the output of " + p.Name
	if p.More > 0 {
		p.Text += fmt.Sprintf(" and %d more", p.More)
	}
	p.Text += " is not written as it should be: " + p.Why
	if p.Place != "" {
		p.Text += fmt.Sprintf(" (%s)", p.Place)
	}
}
