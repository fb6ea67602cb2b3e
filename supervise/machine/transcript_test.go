package machine

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

// dawn is where every story begins.
var dawn = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// stock is what a section [program:x] with nothing but a command says.
func stock() Policy {
	return Policy{
		AutoStart:    true,
		AutoRestart:  RestartUnexpected,
		StartSecs:    time.Second,
		StartRetries: 3,
		ExitCodes:    []int{0},
		StopSignal:   15,
		StopWait:     10 * time.Second,
	}
}

// setPolicy reads one line of a scenario, "startsecs=2", into p.
func setPolicy(t *testing.T, p *Policy, line string) {
	t.Helper()
	key, value, _ := strings.Cut(line, "=")
	number, _ := strconv.Atoi(value)
	switch key {
	case "autostart":
		p.AutoStart = value == "true"
	case "autorestart":
		p.AutoRestart = map[string]RestartPolicy{
			"true": RestartAlways, "false": RestartNever, "unexpected": RestartUnexpected,
		}[value]
	case "startsecs":
		p.StartSecs = time.Duration(number) * time.Second
	case "startretries":
		p.StartRetries = number
	case "exitcodes":
		p.ExitCodes = nil
		for code := range strings.SplitSeq(value, ",") {
			n, err := strconv.Atoi(code)
			if err != nil {
				t.Fatalf("exit code of %q: %v", line, err)
			}
			p.ExitCodes = append(p.ExitCodes, n)
		}
	case "stopsignal":
		sig, err := supervise.ParseSignal(value)
		if err != nil {
			t.Fatalf("stop signal of %q: %v", line, err)
		}
		p.StopSignal = sig
	case "stopwaitsecs":
		p.StopWait = time.Duration(number) * time.Second
	case "stopasgroup":
		p.StopAsGroup = value == "true"
	case "killasgroup":
		p.KillAsGroup = value == "true"
	default:
		t.Fatalf("no such policy: %q", line)
	}
}

// readInput reads what happens, as scenarios write it: "spawned 41",
// "exited by SIGSEGV core".
func readInput(t *testing.T, text string) Input {
	t.Helper()
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "start":
		return Start{By: ByHand}
	case "autostart":
		return Start{By: ByAutostart}
	case "stop":
		return Stop{}
	case "shutdown":
		return Stop{Shutdown: true}
	case "restart":
		return Restart{}
	case "spawned":
		pid, err := strconv.Atoi(rest)
		if err != nil {
			t.Fatalf("pid of %q: %v", text, err)
		}
		return Spawned{PID: pid}
	case "spawnfailed":
		return SpawnFailed{Text: rest}
	case "exited":
		return readExit(t, rest)
	case "fail":
		return Fail{Why: rest}
	case "killfailed":
		return SignalFailed{Err: errors.New(rest)}
	case "killmissed":
		return SignalFailed{Gone: true}
	case "signalfailed":
		return SignalFailed{Err: errors.New(rest), ByPerson: true}
	case "signalmissed":
		return SignalFailed{Gone: true, ByPerson: true}
	case "panicked":
		return Panicked{Value: rest}
	case "due":
		return Due{}
	case "mood":
		for _, mood := range []supervise.Mood{supervise.MoodRunning, supervise.MoodRestarting, supervise.MoodShutdown} {
			if mood.String() == rest {
				return MoodChanged{Mood: mood}
			}
		}
	}
	t.Fatalf("no such input: %q", text)
	return nil
}

func readExit(t *testing.T, text string) Exited {
	t.Helper()
	if name, ok := strings.CutPrefix(text, "by "); ok {
		name, core := strings.CutSuffix(name, " core")
		sig, err := supervise.ParseSignal(name)
		if err != nil {
			t.Fatalf("signal of %q: %v", text, err)
		}
		return Exited{Status: -1, Signal: sig, CoreDumped: core}
	}
	status, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("exit status %q: %v", text, err)
	}
	return Exited{Status: status}
}

// clock prints a time as the story counts it.
func clock(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Sub(dawn).String()
}

// lines prints effects, one a line.
func lines(effects []Effect) []string {
	var out []string
	for _, effect := range effects {
		out = append(out, line(effect))
	}
	return out
}

func line(effect Effect) string {
	switch e := effect.(type) {
	case Spawn:
		return "spawn"
	case Signal:
		if e.Group {
			return fmt.Sprintf("signal %v to the group", e.Sig)
		}
		return fmt.Sprintf("signal %v", e.Sig)
	case Arm:
		return "arm " + clock(e.At)
	case Disarm:
		return "disarm"
	case Announce:
		return fmt.Sprintf("%v -> %v%s", e.From, e.To, told(e))
	case Note:
		return levelNames[e.Level] + " " + e.Text
	}
	panic(fmt.Sprintf("an effect of no kind: %T", effect))
}

var levelNames = [...]string{"DEBG", "INFO", "WARN", "ERRO", "CRIT"}

// told prints of an Announce what its event tells (behaviour of events.py).
func told(e Announce) string {
	switch e.To {
	case supervise.StateStarting, supervise.StateBackoff:
		return fmt.Sprintf(" tries:%d", e.Tries)
	case supervise.StateRunning, supervise.StateStopping, supervise.StateStopped:
		return fmt.Sprintf(" pid:%d", e.PID)
	case supervise.StateExited:
		expected := 0
		if e.Expected {
			expected = 1
		}
		return fmt.Sprintf(" expected:%d pid:%d", expected, e.PID)
	default: // FATAL and UNKNOWN tell nothing
		return ""
	}
}

// sight prints the facts a viewer sees.
func sight(m *Machine) string {
	var b strings.Builder
	facts := m.Facts()
	fmt.Fprintf(&b, "%v since %s, wants %v, pid %d, tries %d, restarts %d, next %s",
		facts.State, clock(facts.Since), facts.Intent, facts.PID, facts.Tries, facts.Restarts, clock(facts.Next))
	fmt.Fprintf(&b, ", started %s, stopped %s", clock(facts.Started), clock(facts.Stopped))
	if facts.ExitKnown {
		fmt.Fprintf(&b, ", status %d", facts.ExitStatus)
	}
	if facts.TooSoon != 0 {
		fmt.Fprintf(&b, ", too soon with status %d", facts.TooSoon)
	}
	if facts.ExitSignal != 0 {
		fmt.Fprintf(&b, ", by %v", facts.ExitSignal)
	}
	if facts.Expected {
		b.WriteString(", as expected")
	}
	if facts.Failure != "" {
		fmt.Fprintf(&b, ", failing: it %s", facts.Failure)
	}
	if facts.SpawnErr != "" {
		fmt.Fprintf(&b, ", spawnerr %q", facts.SpawnErr)
	}
	return b.String()
}

// checkGolden compares got with a file of testdata, or writes it with -update.
func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read the golden file (make it with -update): %v", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := at(gotLines, i), at(wantLines, i)
		if g != w {
			t.Fatalf("%s:%d:\n got  %s\n want %s\n(-update accepts the change)", path, i+1, g, w)
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}
