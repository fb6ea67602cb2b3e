package machine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

// TestTransitionsAreTheGoldenOnes prints every cell of the table, for policies
// that differ where cells look at them.
func TestTransitionsAreTheGoldenOnes(t *testing.T) {
	var b strings.Builder
	for _, v := range variants() {
		fmt.Fprintf(&b, "======== %s\n", v.title)
		for row, road := range roads {
			if v.rows != nil && !slices.Contains(v.rows, phase(row)) {
				continue
			}
			for _, column := range columns {
				printCell(t, &b, v, road, column)
			}
		}
	}
	checkGolden(t, "testdata/transitions.golden", b.String())
}

// TestEveryCellIsPrinted holds the roads and columns below to the table: a cell
// that no golden line shows could change unseen.
func TestEveryCellIsPrinted(t *testing.T) {
	shown := map[kind]bool{}
	for _, text := range columns {
		shown[kindOf(readInput(t, text))] = true
	}
	for k := range kinds {
		if !shown[k] {
			t.Errorf("no column shows input kind %d", k)
		}
	}
	for row, road := range roads {
		m := walk(t, stock(), road)
		if got := m.phase(); got != phase(row) {
			t.Errorf("road %d %q leads to phase %d", row, road, got)
		}
	}
}

type variant struct {
	title  string
	policy Policy
	before string  // an input given after the road and before the cell's
	rows   []phase // those it matters to; nil for all
}

func variants() []variant {
	eager := stock()
	eager.AutoRestart = RestartAlways
	eager.AutoStart = false
	eager.StartRetries = 0
	eager.StopWait = 0
	eager.StopSignal = 2
	eager.StopAsGroup, eager.KillAsGroup = true, true
	calm := stock()
	calm.AutoRestart = RestartNever
	calm.ExitCodes = []int{0, 3}
	calm.KillAsGroup = true
	waiting := []phase{forking, stopping, lostForking}
	return []variant{
		{title: "as a section with only a command", policy: stock()},
		{title: "autostart=false autorestart=true startretries=0 stopwaitsecs=0 stopsignal=INT stopasgroup=true killasgroup=true", policy: eager},
		{title: "autorestart=false exitcodes=0,3 killasgroup=true", policy: calm},
		{title: "while supervisord shuts down", policy: stock(), before: "mood SHUTDOWN"},
		{title: "a stop asked for before", policy: stock(), before: "stop", rows: waiting},
		{title: "a restart asked for before", policy: stock(), before: "restart", rows: waiting},
	}
}

// roads lead a new machine into each phase, a second a step.
var roads = [phases]string{
	stopped:       "",
	forking:       "start",
	starting:      "start, spawned 41",
	running:       "start, spawned 41, due",
	failing:       "start, spawned 41, due, fail broke a promise",
	backoff:       "start, spawnfailed can't find command 'x'",
	stopping:      "start, spawned 41, due, stop",
	exited:        "start, spawned 41, mood SHUTDOWN, due, exited 1, mood RUNNING!",
	fatal:         "start, spawnfailed can't find command 'x', shutdown",
	lost:          "start, spawned 41, due, killfailed operation not permitted",
	lostForking:   "start, panicked index out of range",
	lostChildless: "panicked index out of range",
}

// columns are the inputs, some twice where the status matters.
var columns = []string{
	"start", "autostart", "stop", "shutdown", "restart",
	"spawned 42", "spawnfailed too many open files to spawn 'x'",
	"exited 0", "exited 3", "exited by SIGSEGV core",
	"fail is of no use",
	"killfailed operation not permitted", "killmissed", "signalfailed operation not permitted", "signalmissed",
	"panicked index out of range", "due",
	"mood RUNNING", "mood RESTARTING",
}

// walk takes a road. "mood RUNNING!" sets the mood without telling the machine,
// which is the only way to stand still in EXITED under a policy that restarts.
func walk(t *testing.T, p Policy, road string) *Machine {
	t.Helper()
	m := New("x", p)
	now := dawn
	for _, text := range strings.Split(road, ", ") {
		switch text {
		case "":
		case "mood RUNNING!":
			m.mood = supervise.MoodRunning
		default:
			m.Step(readInput(t, text), now)
			now = now.Add(time.Second)
		}
	}
	return m
}

func printCell(t *testing.T, b *strings.Builder, v variant, road, column string) {
	t.Helper()
	m := walk(t, v.policy, road)
	now := dawn.Add(time.Minute)
	if v.before != "" {
		m.Step(readInput(t, v.before), now)
	}
	from := m.State().String()
	switch {
	case m.inFlight:
		from += " (forking)"
	case m.phase() == failing:
		from += " (failing)"
	case m.State() == supervise.StateUnknown && m.PID() == 0:
		from += " (childless)"
	}
	before := sight(m)
	did := lines(m.Step(readInput(t, column), now.Add(time.Minute)))
	if len(did) == 0 && sight(m) == before {
		fmt.Fprintf(b, "%s x %s: nothing\n", from, column)
		return
	}
	fmt.Fprintf(b, "%s x %s:\n", from, column)
	for _, line := range append(did, "= "+sight(m)) {
		fmt.Fprintf(b, "    %s\n", line)
	}
}
