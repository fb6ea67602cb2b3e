package ctl

import (
	"errors"
	"fmt"
	"strings"
)

// usageText is what -h prints, with the program's name in it.
const usageText = `supervisorctl -- control the programs that supervisord runs

Usage: %s [options] [action [arguments]]

Options:
-c/--configuration FILENAME -- the configuration file (searched for if not given)
-h/--help -- print this and exit
-i/--interactive -- open the shell, after the action if there is one
-s/--serverurl URL -- where supervisord listens: http://host:port or
     unix:///path (default "http://localhost:9001")
-u/--username USERNAME -- the name to give to a server that asks for one
-p/--password PASSWORD -- the password that goes with it
-r/--history_file FILENAME -- where the shell keeps the lines typed

An action is a command like "status" or "stop", with its arguments. Without one,
supervisorctl opens a shell that reads such commands. The action "help" lists
them, and "help ACTION" explains one.
`

// flags is what the command line said. A nil text was not given.
type flags struct {
	help        bool
	interactive bool
	config      *string
	serverURL   *string
	username    *string
	password    *string
	history     *string
	words       []string // the action
}

// option is one flag: its letter, its long name, and where it goes. A switch has
// no text.
type option struct {
	letter byte
	long   string
	flag   *bool
	text   **string
	check  func(string) error
}

// parseFlags reads the command line as Python's getopt does: options end at the
// first word that is none, long ones may be cut short as long as they are
// unique, and saying a thing twice is an error (options.py:244-285).
func parseFlags(args []string) (flags, error) {
	var f flags
	options := []option{
		{letter: 'h', long: "help", flag: &f.help},
		{letter: '?', flag: &f.help},
		{letter: 'c', long: "configuration", text: &f.config},
		{letter: 'i', long: "interactive", flag: &f.interactive},
		{letter: 's', long: "serverurl", text: &f.serverURL, check: checkURL},
		{letter: 'u', long: "username", text: &f.username},
		{letter: 'p', long: "password", text: &f.password},
		{letter: 'r', long: "history_file", text: &f.history},
	}
	given, words, err := getopt(args, options)
	if err != nil {
		return flags{}, err
	}
	for _, g := range given {
		if err := g.set(); err != nil {
			return flags{}, err
		}
		if f.help {
			break // handlers run in order, and help is the last one to run
		}
	}
	f.words = words
	return f, nil
}

// given is an option found on the command line, as it was spelled in full.
type given struct {
	option option
	name   string
	value  string
}

func (g given) set() error {
	if g.option.check != nil {
		if err := g.option.check(g.value); err != nil {
			return fmt.Errorf("invalid value for %s %s: %w", g.name, pyRepr(g.value), err)
		}
	}
	if g.option.flag != nil {
		if *g.option.flag {
			return fmt.Errorf("conflicting command line option %s", pyRepr(g.name))
		}
		*g.option.flag = true
		return nil
	}
	if *g.option.text != nil {
		return fmt.Errorf("conflicting command line option %s", pyRepr(g.name))
	}
	*g.option.text = &g.value
	return nil
}

// getopt splits args into options and the words after them.
func getopt(args []string, options []option) ([]given, []string, error) {
	var found []given
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" {
		word := args[0]
		args = args[1:]
		if word == "--" {
			break
		}
		var some []given
		var err error
		if long, ok := strings.CutPrefix(word, "--"); ok {
			some, args, err = longOption(long, args, options)
		} else {
			some, args, err = shortOptions(word[1:], args, options)
		}
		if err != nil {
			return nil, nil, err
		}
		found = append(found, some...)
	}
	return found, args, nil
}

func longOption(word string, rest []string, options []option) ([]given, []string, error) {
	name, value, hasValue := strings.Cut(word, "=")
	opt, err := findLong(name, options)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case opt.text == nil && hasValue:
		return nil, nil, fmt.Errorf("option --%s must not have an argument", opt.long)
	case opt.text != nil && !hasValue && len(rest) == 0:
		return nil, nil, fmt.Errorf("option --%s requires argument", opt.long)
	case opt.text != nil && !hasValue:
		value, rest = rest[0], rest[1:]
	}
	return []given{{opt, "--" + opt.long, value}}, rest, nil
}

// findLong finds the option that name is, or is the only beginning of.
// --history-file is how the original's help spells --history_file.
func findLong(name string, options []option) (option, error) {
	if name == "history-file" {
		name = "history_file"
	}
	var match []option
	for _, opt := range options {
		if opt.long == name && name != "" {
			return opt, nil
		}
		if opt.long != "" && strings.HasPrefix(opt.long, name) {
			match = append(match, opt)
		}
	}
	switch len(match) {
	case 0:
		return option{}, fmt.Errorf("option --%s not recognized", name)
	case 1:
		return match[0], nil
	}
	return option{}, fmt.Errorf("option --%s not a unique prefix", name)
}

func shortOptions(letters string, rest []string, options []option) ([]given, []string, error) {
	var found []given
	for letters != "" {
		opt, ok := findShort(letters[0], options)
		if !ok {
			first := string([]rune(letters)[0])
			return nil, nil, fmt.Errorf("option -%s not recognized", first)
		}
		name := "-" + letters[:1]
		letters = letters[1:]
		if opt.text == nil {
			found = append(found, given{opt, name, ""})
			continue
		}
		if letters == "" && len(rest) == 0 {
			return nil, nil, fmt.Errorf("option %s requires argument", name)
		}
		if letters == "" {
			letters, rest = rest[0], rest[1:]
		}
		return append(found, given{opt, name, letters}), rest, nil
	}
	return found, rest, nil
}

func findShort(letter byte, options []option) (option, bool) {
	for _, opt := range options {
		if opt.letter == letter {
			return opt, true
		}
	}
	return option{}, false
}

// checkURL wants a scheme and something after it (datatypes.py url).
func checkURL(value string) error {
	scheme, rest := splitScheme(value)
	rest = strings.TrimPrefix(rest, "//")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	if scheme == "" || rest == "" {
		return errors.New("value " + pyRepr(value) + " is not a URL")
	}
	return nil
}

// splitScheme cuts a URL at its colon, as urlparse does: what stands before is a
// scheme only if it looks like one. The scheme comes back in small letters.
func splitScheme(value string) (scheme, rest string) {
	before, after, found := strings.Cut(value, ":")
	if !found || before == "" || !isLetter(before[0]) {
		return "", value
	}
	for i := range len(before) {
		if b := before[i]; !isLetter(b) && !(b >= '0' && b <= '9') && b != '+' && b != '-' && b != '.' {
			return "", value
		}
	}
	return strings.ToLower(before), after
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func joinWords(words []string) string { return strings.Join(words, " ") }
