//go:build unix

package scenario

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child/childtest"
)

// Lives is how the lives of one process go, one after another; the last is
// repeated.
type Lives struct {
	Name string
	Text string // as it stood
	Each []childtest.Behaviour
}

// ParseLives reads a line of @script.
func ParseLives(text string) (Lives, error) {
	name, rest, found := strings.Cut(text, ":")
	if !found {
		return Lives{}, fmt.Errorf("read the script %q: no name", text)
	}
	lives := Lives{Name: strings.TrimSpace(name), Text: text}
	for life := range strings.SplitSeq(rest, "|") {
		var b childtest.Behaviour
		for word := range strings.FieldsSeq(life) {
			key, value, _ := strings.Cut(word, "=")
			read, known := words[key]
			if !known {
				return Lives{}, fmt.Errorf("read the script %q: %q means nothing", text, key)
			}
			if err := read(&b, value); err != nil {
				return Lives{}, fmt.Errorf("read the script %q: %s: %w", text, word, err)
			}
		}
		lives.Each = append(lives.Each, b)
	}
	return lives, nil
}

// Life is the nth life, counted from 1, as if nobody had lived it before: what
// answers has forgotten what it was asked.
func (l Lives) Life(n int) childtest.Behaviour {
	fresh, err := ParseLives(l.Text)
	if err != nil {
		panic(err) // it was read once already
	}
	return fresh.Each[min(n, len(fresh.Each))-1]
}

// words is the language of a life.
var words = map[string]func(b *childtest.Behaviour, value string) error{
	"lives": func(b *childtest.Behaviour, value string) (err error) {
		if b.Lives, err = time.ParseDuration(value); b.Lives == 0 {
			b.Lives = childtest.Instantly
		}
		return err
	},
	"exit": func(b *childtest.Behaviour, value string) (err error) {
		b.Status, err = strconv.Atoi(value)
		return err
	},
	"dies": func(b *childtest.Behaviour, value string) (err error) {
		b.Signal, err = supervise.ParseSignal(value)
		return err
	},
	"core": func(b *childtest.Behaviour, _ string) error { b.CoreDumped = true; return nil },
	"ignores": func(b *childtest.Behaviour, value string) error {
		sig, err := supervise.ParseSignal(value)
		b.Ignores = append(b.Ignores, sig)
		return err
	},
	"catches": func(b *childtest.Behaviour, value string) error {
		name, status, _ := strings.Cut(value, ":")
		sig, err := supervise.ParseSignal(name)
		if err != nil {
			return err
		}
		if b.ExitsOn == nil {
			b.ExitsOn = map[supervise.Signal]int{}
		}
		b.ExitsOn[sig], err = strconv.Atoi(status)
		return err
	},
	"takes": func(b *childtest.Behaviour, value string) (err error) {
		b.StopTakes, err = time.ParseDuration(value)
		return err
	},
	"clings": func(b *childtest.Behaviour, value string) (err error) {
		b.KillTakes, err = time.ParseDuration(value)
		return err
	},
	"says":  func(b *childtest.Behaviour, value string) error { return output(b, supervise.Stdout, value) },
	"warns": func(b *childtest.Behaviour, value string) error { return output(b, supervise.Stderr, value) },
	"listener": func(b *childtest.Behaviour, value string) error {
		b.Output = append(b.Output, childtest.Output{Channel: supervise.Stdout, Text: "READY\n"})
		b.Answers = listener(strings.Split(value, ","))
		return nil
	},
	"spawntakes": func(b *childtest.Behaviour, value string) (err error) {
		b.SpawnTakes, err = time.ParseDuration(value)
		return err
	},
	"spawnerr":  func(b *childtest.Behaviour, value string) error { b.SpawnErr = unescape(value); return nil },
	"early":     func(b *childtest.Behaviour, _ string) error { b.EarlyDeath = true; return nil },
	"lastwords": func(b *childtest.Behaviour, value string) error { b.LastWords = unescape(value); return nil },
	"drains": func(b *childtest.Behaviour, value string) (err error) {
		b.DrainTakes, err = time.ParseDuration(value)
		return err
	},
	"hungdisk":   func(b *childtest.Behaviour, _ string) error { b.NeverDrained = true; return nil },
	"unkillable": func(b *childtest.Behaviour, _ string) error { b.KillErr = os.ErrPermission; return nil },
	"deaf":       func(b *childtest.Behaviour, _ string) error { b.StdinErr = syscall.EPIPE; return nil },
}

func output(b *childtest.Behaviour, ch supervise.Channel, value string) error {
	out := childtest.Output{Channel: ch}
	text, after, late := strings.Cut(value, "@")
	if late {
		var err error
		if out.After, err = time.ParseDuration(after); err != nil {
			return err
		}
	}
	out.Text = unescape(text)
	b.Output = append(b.Output, out)
	return nil
}

// listener answers each event with the next result.
func listener(results []string) func([]byte) string {
	events := 0
	return func([]byte) string {
		result := results[min(events, len(results)-1)]
		events++
		switch {
		case result == "silence":
			return ""
		case result == strings.ToLower(result):
			return unescape(result)
		default:
			return fmt.Sprintf("RESULT %d\n%sREADY\n", len(result), result)
		}
	}
}

var escapes = strings.NewReplacer(`\n`, "\n", "_", " ")

func unescape(text string) string { return escapes.Replace(text) }
