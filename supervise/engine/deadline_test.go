//go:build unix

package engine

import (
	"slices"
	"testing"
	"time"
)

var dawn = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// bell is a set of deadlines that note who fired.
type bell struct {
	deadlines
	rung []string
}

func (b *bell) deadline(name string, group, process int) *deadline {
	return &deadline{
		rank: rank{group: group, process: process, name: name},
		due:  func() { b.rung = append(b.rung, name) },
	}
}

func (b *bell) mustHaveRung(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(b.rung, want) {
		t.Errorf("fired %v, want %v", b.rung, want)
	}
}

func TestDeadlinesFireByTimeThenGroupThenProcessThenName(t *testing.T) {
	var b bell
	for _, d := range []struct {
		name           string
		after          time.Duration
		group, process int
	}{
		{"later", 2 * time.Second, 1, 1},
		{"b", time.Second, 5, 5},
		{"a", time.Second, 5, 5},
		{"first process", time.Second, 5, 1},
		{"first group", time.Second, 1, 9},
		{"earliest", 0, 9, 9},
		{"not yet", 3 * time.Second, 0, 0},
	} {
		b.set(b.deadline(d.name, d.group, d.process), dawn.Add(d.after))
	}
	b.fire(dawn.Add(2 * time.Second))
	b.mustHaveRung(t, "earliest", "first group", "first process", "a", "b", "later")
	if at, any := b.next(); !any || !at.Equal(dawn.Add(3*time.Second)) {
		t.Errorf("next is %v, %v", at, any)
	}
}

func TestDeadlineFiresOnce(t *testing.T) {
	var b bell
	d := b.deadline("x", 0, 0)
	b.set(d, dawn)
	b.fire(dawn)
	b.fire(dawn)
	b.mustHaveRung(t, "x")
	if d.armed() {
		t.Error("still armed")
	}
	if _, any := b.next(); any {
		t.Error("something is still awaited")
	}
}

func TestDeadlineIsMoved(t *testing.T) {
	var b bell
	d := b.deadline("x", 0, 0)
	b.set(d, dawn)
	b.set(b.deadline("y", 0, 0), dawn.Add(time.Second))
	b.set(d, dawn.Add(2*time.Second))
	b.fire(dawn.Add(time.Second))
	b.mustHaveRung(t, "y")
	b.set(d, dawn)
	b.fire(dawn.Add(time.Second))
	b.mustHaveRung(t, "y", "x")
}

func TestDeadlineIsTakenBack(t *testing.T) {
	var b bell
	all := []*deadline{b.deadline("a", 0, 0), b.deadline("b", 0, 0), b.deadline("c", 0, 0)}
	for _, d := range all {
		b.set(d, dawn)
	}
	b.clear(all[1])
	b.clear(all[1]) // twice is once
	b.fire(dawn)
	b.mustHaveRung(t, "a", "c")
}

func TestDeadlineTakenBackInAFireDoesNotFire(t *testing.T) {
	var b bell
	victim := b.deadline("victim", 9, 9)
	killer := &deadline{due: func() { b.clear(victim) }}
	b.set(victim, dawn)
	b.set(killer, dawn)
	b.fire(dawn)
	b.mustHaveRung(t)
}

// A deadline that arms itself for a moment already come must not keep the turn
// from ending.
func TestDeadlineArmedInAFireWaitsForTheNextTurn(t *testing.T) {
	var b bell
	var again *deadline
	again = &deadline{due: func() {
		b.rung = append(b.rung, "again")
		b.set(again, dawn)
	}}
	b.set(again, dawn)
	b.fire(dawn)
	b.mustHaveRung(t, "again")
	b.fire(dawn)
	b.mustHaveRung(t, "again", "again")
}
