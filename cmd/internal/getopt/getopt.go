// Package getopt reads a command line as Python's classic getopt does, and
// refuses it in the same words, because Supervisor's programs are started by
// scripts that were written against it: options end at the first word that is
// none, short ones may be joined, long ones may be cut short as long as they are
// unique. What the options mean is for the caller.
package getopt

import (
	"fmt"
	"strings"
)

// Option is one that may be given.
type Option struct {
	Letters string // each a short form, "" for none
	Long    string
	Value   bool   // it takes an argument
	Also    string // another long form, which must be spelled in full; "" for none
}

// Given is an option as it stood on the command line.
type Given struct {
	Long  string // which one
	Name  string // as errors name it: "-n", or "--nodaemon" spelled in full
	Value string
}

// Parse splits args into options, in their order, and the words after them.
func Parse(args []string, options []Option) (found []Given, words []string, err error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" {
		word := args[0]
		args = args[1:]
		if word == "--" {
			break
		}
		var some []Given
		if long, isLong := strings.CutPrefix(word, "--"); isLong {
			some, args, err = parseLong(long, args, options)
		} else {
			some, args, err = parseShort(word[1:], args, options)
		}
		if err != nil {
			return nil, nil, err
		}
		found = append(found, some...)
	}
	return found, args, nil
}

func parseLong(word string, rest []string, options []Option) ([]Given, []string, error) {
	name, value, hasValue := strings.Cut(word, "=")
	option, err := findLong(name, options)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !option.Value && hasValue:
		return nil, nil, fmt.Errorf("option --%s must not have an argument", option.Long)
	case option.Value && !hasValue && len(rest) == 0:
		return nil, nil, fmt.Errorf("option --%s requires argument", option.Long)
	case option.Value && !hasValue:
		value, rest = rest[0], rest[1:]
	}
	return []Given{{option.Long, "--" + option.Long, value}}, rest, nil
}

// findLong finds the option that name is, or is the only beginning of.
func findLong(name string, options []Option) (Option, error) {
	var matches []Option
	for _, option := range options {
		if option.Long == name || option.Also != "" && option.Also == name {
			return option, nil
		}
		if strings.HasPrefix(option.Long, name) {
			matches = append(matches, option)
		}
	}
	switch len(matches) {
	case 0:
		return Option{}, fmt.Errorf("option --%s not recognized", name)
	case 1:
		return matches[0], nil
	}
	return Option{}, fmt.Errorf("option --%s not a unique prefix", name)
}

func parseShort(letters string, rest []string, options []Option) ([]Given, []string, error) {
	var found []Given
	for letters != "" {
		letter := string([]rune(letters)[0])
		option, known := findShort(letter, options)
		if !known {
			return nil, nil, fmt.Errorf("option -%s not recognized", letter)
		}
		letters = letters[len(letter):]
		if !option.Value {
			found = append(found, Given{option.Long, "-" + letter, ""})
			continue
		}
		if letters == "" && len(rest) == 0 {
			return nil, nil, fmt.Errorf("option -%s requires argument", letter)
		}
		if letters == "" {
			letters, rest = rest[0], rest[1:]
		}
		return append(found, Given{option.Long, "-" + letter, letters}), rest, nil
	}
	return found, rest, nil
}

func findShort(letter string, options []Option) (Option, bool) {
	for _, option := range options {
		if strings.Contains(option.Letters, letter) {
			return option, true
		}
	}
	return Option{}, false
}
