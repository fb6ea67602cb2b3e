//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// figures are the values of rows by name, of one contender in one run.
type figures map[string]float64

// pair is one run of both, straight after each other: figures by contender.
type pair map[string]figures

func newPair() pair { return pair{original: figures{}, ours: figures{}} }

// report is everything that was measured.
type report struct {
	machine  []string // about the machine, a line each
	pairs    []pair
	failures []string
}

// line is what the table says of a row.
type line struct {
	row
	original, ours, ratio float64 // NaN where unknown
}

// lines sums up the pairs: the median of each contender, and the median of the
// pairs' ratios. Rows nobody measured are left out.
func (r *report) lines() []line {
	var all []line
	for _, row := range rows {
		l := line{row: row, original: r.median(original, row.name), ours: r.median(ours, row.name), ratio: r.ratio(row)}
		if !math.IsNaN(l.original) || !math.IsNaN(l.ours) {
			all = append(all, l)
		}
	}
	return all
}

func (r *report) median(contender, name string) float64 {
	var values []float64
	for _, p := range r.pairs {
		if v, measured := p[contender][name]; measured {
			values = append(values, v)
		}
	}
	return quantile(values, 0.5)
}

func (r *report) ratio(row row) float64 {
	var ratios []float64
	for _, p := range r.pairs {
		original, hasOriginal := p[original][row.name]
		ours, hasOurs := p[ours][row.name]
		if hasOriginal && hasOurs {
			ratios = append(ratios, row.better(original, ours))
		}
	}
	return quantile(ratios, 0.5)
}

// markdown prints the table, what failed and where it was measured.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("| row | unit | original | ours | times better | goal | met |\n")
	b.WriteString("|---|---|---:|---:|---:|---|---|\n")
	for _, l := range r.lines() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n",
			l.name, l.unit, known(l.original), known(l.ours), known(l.ratio), l.goal, l.verdict())
	}
	b.WriteString("\n")
	for _, text := range r.machine {
		b.WriteString(text + "\n")
	}
	if len(r.failures) > 0 {
		b.WriteString("\nNot measured:\n\n")
		for _, failure := range r.failures {
			b.WriteString("- " + failure + "\n")
		}
	}
	return b.String()
}

func (l line) verdict() string {
	switch {
	case l.goal.String() == "" || math.IsNaN(l.ours):
		return ""
	case l.goal.ratio > 0 && math.IsNaN(l.ratio):
		return ""
	case l.goal.met(l.ours, l.ratio):
		return "yes"
	default:
		return "no"
	}
}

func known(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return number(v)
}

// quantile is the smallest value that at least the part q of all values does
// not exceed, and NaN of nothing. The median of an even number is the mean of
// the two in the middle.
func quantile(values []float64, q float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	if q == 0.5 && n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[max(0, int(math.Ceil(q*float64(n)))-1)]
}
