//go:build unix

package scenario

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Scenario is a story as it was read.
type Scenario struct {
	About   string
	NotReal string // why it cannot be played with real children; "" if it can
	Telling bool   // the transcript has a line for each life that is over
	Configs map[string]string
	Lives   []Lives
	Steps   []Step
	Head    string // everything above the dashes, as it stood
	Want    string // the transcript, as it stood
}

// Step is one line of @do.
type Step struct {
	At        time.Duration
	Text      string // all of it but the time
	Verb, Arg string
}

// Line is one line of a transcript.
type Line struct {
	At   time.Duration
	Text string
}

// Config is the configuration the story begins with.
func (s Scenario) Config() string { return s.Configs[""] }

// Parse reads a story.
func Parse(text string) (Scenario, error) {
	head, want, found := strings.Cut(text, "-----\n")
	if !found {
		return Scenario{}, fmt.Errorf("read the scenario: there is no line of dashes")
	}
	s := Scenario{Head: head, Want: want, Configs: map[string]string{}}
	r := reader{scenario: &s}
	for line := range strings.Lines(head) {
		r.number++
		if err := r.line(line); err != nil {
			return Scenario{}, fmt.Errorf("read line %d of the scenario: %w", r.number, err)
		}
	}
	if s.Config() == "" || len(s.Steps) == 0 {
		return Scenario{}, fmt.Errorf("read the scenario: it needs @conf and @do")
	}
	return s, nil
}

// reader is where Parse is in a file.
type reader struct {
	scenario *Scenario
	number   int
	section  string // "" above the first
	config   string // the name of the one being read
}

func (r *reader) line(line string) error {
	word := strings.TrimSpace(line)
	section, name, _ := strings.Cut(word, " ")
	switch {
	case section == "@conf" || section == "@script" || section == "@do":
		r.section, r.config = section, name
		return nil
	case r.section == "@conf":
		r.scenario.Configs[r.config] += line
		return nil
	case word == "":
		return nil
	case r.section == "":
		return r.about(word)
	case r.section == "@script":
		return r.lives(word)
	default:
		return r.step(word)
	}
}

func (r *reader) about(text string) error {
	if text == "tells lives" {
		r.scenario.Telling = true
		return nil
	}
	reason, found := strings.CutPrefix(text, "not real: ")
	if found {
		r.scenario.NotReal = reason
		return nil
	}
	r.scenario.About += text + "\n"
	return nil
}

func (r *reader) lives(text string) error {
	lives, err := ParseLives(text)
	r.scenario.Lives = append(r.scenario.Lives, lives)
	return err
}

func (r *reader) step(text string) error {
	at, what, _ := strings.Cut(text, " ")
	when, err := time.ParseDuration(at)
	if err != nil {
		return err
	}
	if steps := r.scenario.Steps; len(steps) > 0 && when < steps[len(steps)-1].At {
		return fmt.Errorf("%q is earlier than the line before it", text)
	}
	what = strings.TrimSpace(what)
	verb, arg, _ := strings.Cut(what, " ")
	r.scenario.Steps = append(r.scenario.Steps, Step{At: when, Text: what, Verb: verb, Arg: strings.TrimSpace(arg)})
	return nil
}

// Transcript reads the expected lines.
func (s Scenario) Transcript() ([]Line, error) {
	var lines []Line
	for text := range strings.Lines(s.Want) {
		at, rest, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		when, err := time.ParseDuration(at + "s")
		if err != nil {
			return nil, fmt.Errorf("read the transcript: %w", err)
		}
		lines = append(lines, Line{At: when, Text: rest})
	}
	return lines, nil
}

var date = regexp.MustCompile(`\b[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M\b`)

// MaskDate hides when a process stopped, which depends on where the test runs.
func MaskDate(description string) string { return date.ReplaceAllString(description, "DATE") }

// Readable tells what a child reads on its stdin; of an event, which it is.
func Readable(text []byte) string {
	header, payload, found := bytes.Cut(text, []byte("\n"))
	tokens := strings.Fields(string(header))
	if !found || len(tokens) != 7 {
		return strconv.Quote(string(text))
	}
	_, event, _ := strings.Cut(tokens[5], ":")
	return fmt.Sprintf("%s %s %s %q", tokens[2], tokens[4], event, payload)
}
