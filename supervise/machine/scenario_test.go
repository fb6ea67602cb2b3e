package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestScenarios plays every testdata/*.scenario: policy lines and a script above
// a line of dashes, what the machine did below. Deadlines come by themselves, as
// the engine brings them: before whatever happens at the same time.
func TestScenarios(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.scenario")
	if err != nil || len(paths) == 0 {
		t.Fatalf("find scenarios: %v, %v", paths, err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".scenario")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			script, _, _ := strings.Cut(string(text), dashes)
			checkGolden(t, path, script+dashes+play(t, script))
		})
	}
}

const dashes = "--------\n"

// play runs a script and returns its transcript.
func play(t *testing.T, script string) string {
	t.Helper()
	policy := stock()
	var p *player
	for text := range strings.Lines(script) {
		text = strings.TrimSpace(text)
		moment, isStep := strings.CutPrefix(text, "at ")
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case isStep:
			if p == nil {
				p = &player{t: t, m: New("x", policy), now: dawn}
			}
			p.step(moment)
		default:
			setPolicy(t, &policy, text)
		}
	}
	p.print("at the end", []string{sight(p.m)})
	return p.out.String()
}

type player struct {
	t   *testing.T
	m   *Machine
	now time.Time
	out strings.Builder
}

// step plays one line: "3s exited 1". "wait" lets time pass; "first" puts the
// input before a deadline that is due at the same time or earlier, as when the
// engine is late.
func (p *player) step(text string) {
	p.t.Helper()
	when, what, _ := strings.Cut(text, " ")
	after, err := time.ParseDuration(when)
	if err != nil {
		p.t.Fatalf("time of %q: %v", text, err)
	}
	what, first := strings.CutPrefix(what, "first ")
	if !first {
		p.runUntil(dawn.Add(after))
	}
	p.now = dawn.Add(after)
	if what == "wait" {
		return
	}
	p.print(what, lines(p.m.Step(readInput(p.t, what), p.now)))
}

// runUntil brings every deadline up to then.
func (p *player) runUntil(then time.Time) {
	for next := p.m.Facts().Next; !next.IsZero() && !next.After(then); next = p.m.Facts().Next {
		if next.After(p.now) {
			p.now = next
		}
		p.print("due", lines(p.m.Step(Due{}, p.now)))
	}
}

func (p *player) print(what string, did []string) {
	p.out.WriteString(clock(p.now) + " " + what + "\n")
	for _, line := range did {
		p.out.WriteString("    " + line + "\n")
	}
}
