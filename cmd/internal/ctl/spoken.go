package ctl

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// spoken is what the words behind a command say: names, and options by their
// spelling. One that takes no value has "".
type spoken struct {
	names   []string
	options map[string]string
}

func (s spoken) has(option string) bool { _, given := s.options[option]; return given }

// list is the value of an option as a list, in which commas and blanks part words.
func (s spoken) list(option string) []string {
	return strings.FieldsFunc(s.options[option], func(r rune) bool { return r == ',' || r == ' ' })
}

// speak reads words. valued are the options with a value, which may also be
// written --option=value; switches are those without. --json is for whoever
// prints the answer.
func speak(words, valued, switches []string) (s spoken, problem string) {
	s.options = map[string]string{}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		option, value, given := strings.Cut(word, "=")
		switch {
		case word == "--json":
			continue
		case !strings.HasPrefix(word, "--"):
			s.names = append(s.names, word)
			continue
		case slices.Contains(switches, word):
		case !slices.Contains(valued, option):
			return s, "unknown option " + option
		case given:
		case len(words) == 0:
			return s, option + " requires a value"
		default:
			value, words = words[0], words[1:]
		}
		if s.has(option) {
			return s, option + " is given twice"
		}
		s.options[option] = value
	}
	return s, ""
}

// takeReason takes "--reason TEXT" out of the words behind a command that
// changes something, and gives the others. It goes to the server as a header, for
// the trail.
func (c *controller) takeReason(name, arg string) (kept []string, problem string) {
	words, err := c.arguments(name, arg)
	if err != nil {
		return nil, err.Error()
	}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		option, value, given := strings.Cut(word, "=")
		if option != "--reason" {
			kept = append(kept, word)
			continue
		}
		if !given && len(words) > 0 {
			value, words = words[0], words[1:]
		}
		if c.reason = onOneLine(value); c.reason == "" {
			return nil, "--reason requires a text"
		}
	}
	return kept, ""
}

// onOneLine makes a text fit for one line, whatever is in it.
func onOneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text))
}

// table prints rows in columns, or what to say if there are none.
func (c *controller) table(rows [][]string, none string) {
	if len(rows) == 0 {
		c.out.Line(none)
	}
	for _, line := range aligned(rows) {
		c.out.Line(line)
	}
}

// aligned lays out rows in columns, two blanks apart, nothing at their ends.
func aligned(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], textWidth([]rune(cell)))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-textWidth([]rune(cell))+2))
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}
