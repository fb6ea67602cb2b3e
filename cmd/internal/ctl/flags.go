package ctl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"supervisor/cmd/internal/getopt"
	"supervisor/supervise"
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

// option is one flag: how it is spelled, and where it goes. A switch has no text.
type option struct {
	letters string
	long    string
	also    string
	flag    *bool
	text    **string
	check   func(string) error
}

// parseFlags reads the command line. Saying a thing twice is an error
// (options.py:244-285).
func parseFlags(args []string) (flags, error) {
	var f flags
	options := []option{
		{letters: "h?", long: "help", flag: &f.help},
		{letters: "c", long: "configuration", text: &f.config},
		{letters: "i", long: "interactive", flag: &f.interactive},
		{letters: "s", long: "serverurl", text: &f.serverURL, check: checkURL},
		{letters: "u", long: "username", text: &f.username},
		{letters: "p", long: "password", text: &f.password},
		{letters: "r", long: "history_file", also: "history-file", text: &f.history}, // the original's help spells it so
	}
	spelled := make([]getopt.Option, len(options))
	for i, o := range options {
		spelled[i] = getopt.Option{Letters: o.letters, Long: o.long, Value: o.text != nil, Also: o.also}
	}
	given, words, err := getopt.Parse(args, spelled)
	if err != nil {
		return flags{}, err
	}
	for _, g := range given {
		at := slices.IndexFunc(options, func(o option) bool { return o.long == g.Long })
		if err := options[at].set(g); err != nil {
			return flags{}, err
		}
		if f.help {
			break // handlers run in order, and help is the last one to run
		}
	}
	f.words = words
	return f, nil
}

func (o option) set(g getopt.Given) error {
	if o.check != nil {
		if err := o.check(g.Value); err != nil {
			return fmt.Errorf("invalid value for %s %s: %w", g.Name, supervise.Quote(g.Value), err)
		}
	}
	if o.flag != nil && *o.flag || o.text != nil && *o.text != nil {
		return fmt.Errorf("conflicting command line option %s", supervise.Quote(g.Name))
	}
	if o.flag != nil {
		*o.flag = true
		return nil
	}
	*o.text = &g.Value
	return nil
}

// checkURL wants a scheme and something after it (datatypes.py url).
func checkURL(value string) error {
	scheme, rest := splitScheme(value)
	rest = strings.TrimPrefix(rest, "//")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	if scheme == "" || rest == "" {
		return errors.New("value " + supervise.Quote(value) + " is not a URL")
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
