//go:build unix

package daemon

import (
	"fmt"
	"io"
	"strings"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// flag is one option of the command line. What has an option name is laid over
// the configuration; the others say what to do instead of running.
type flag struct {
	short  string
	long   string
	value  string // what to call its argument in the help, "" for none
	option string // of [supervisord]
	help   string
}

// flags is the original's table (options.py ServerOptions), and below it ours,
// spelled long only.
var flags = []flag{
	{"c", "configuration", "FILE", "", "read this configuration file; without it the usual places are searched"},
	{"n", "nodaemon", "", "nodaemon", "stay in the foreground"},
	{"s", "silent", "", "silent", "in the foreground, do not repeat the log on standard output"},
	{"h", "help", "", "", "print this text and exit"},
	{"v", "version", "", "", "print the version of Supervisor this stands in for and exit"},
	{"u", "user", "USER", "user", "become this user, a name or a number"},
	{"m", "umask", "OCTAL", "umask", "file mode mask for supervisord and its programs (default 022)"},
	{"d", "directory", "DIR", "directory", "change to this directory"},
	{"l", "logfile", "FILE", "logfile", "where supervisord's own log goes"},
	{"y", "logfile_maxbytes", "BYTES", "logfile_maxbytes", "rotate that log at this size"},
	{"z", "logfile_backups", "NUM", "logfile_backups", "keep so many rotated ones"},
	{"e", "loglevel", "LEVEL", "loglevel", "critical, error, warn, info, debug, trace or blather"},
	{"j", "pidfile", "FILE", "pidfile", "where to write supervisord's pid"},
	{"i", "identifier", "TEXT", "identifier", "the name of this supervisord"},
	{"q", "childlogdir", "DIR", "childlogdir", "where automatic logs of programs go"},
	{"k", "nocleanup", "", "nocleanup", "keep automatic logs of an earlier run"},
	{"a", "minfds", "NUM", "minfds", "open files that must be possible"},
	{"t", "strip_ansi", "", "strip_ansi", "take colour codes out of the logs of programs"},
	{"", "minprocs", "NUM", "minprocs", "processes that must be possible"},
	{"", "profile_options", "LIST", "", "accepted for compatibility; does nothing"},

	{"", "check", "", "", "report what the configuration means here, without running it"},
	{"", "init", "DIR", "", "write a commented minimal configuration to DIR and exit"},
	{"", "about", "", "", "print what this program is and exit"},
}

// takesValue tells whether the flag has an argument.
func (f flag) takesValue() bool { return f.value != "" }

// invocation is a command line, understood.
type invocation struct {
	progname   string
	configFile string // "" to search
	overrides  config.Overrides
	do         string // the long name of a flag that is done instead of running
	initDir    string
}

// parseArgs reads the command line as the original's getopt does: short options
// may be joined, long ones shortened where that is unique, and the first
// argument that is no option ends them. Values are checked as those of the
// configuration are, with source. An error is to be printed after "Error: ".
func parseArgs(progname string, args []string, source config.Options) (invocation, error) {
	inv := invocation{progname: progname}
	all, rest, err := takeAll(args)
	if err != nil {
		return inv, err
	}
	if len(rest) > 0 {
		return inv, fmt.Errorf("positional arguments are not supported: %s", quoteList(rest))
	}
	seen := map[string]bool{}
	for _, g := range all {
		if done, err := inv.apply(g, seen, source); done || err != nil {
			return inv, err
		}
	}
	return inv, nil
}

// takeAll takes every flag up to the first word that is none.
func takeAll(args []string) (all []given, rest []string, err error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" {
		if args[0] == "--" { // ends the options
			return all, args[1:], nil
		}
		var some []given
		some, args, err = takeFlags(args)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, some...)
	}
	return all, args, nil
}

// given is a flag as it stood on the command line.
type given struct {
	flag  flag
	name  string // as in errors: "-n" or "--nodaemon"
	value string
}

// takeFlags takes the flags of the first word, and their argument.
func takeFlags(args []string) ([]given, []string, error) {
	word, rest := args[0], args[1:]
	if long, isLong := strings.CutPrefix(word, "--"); isLong {
		return takeLong(long, rest)
	}
	return takeShort(word[1:], rest)
}

func takeLong(word string, rest []string) ([]given, []string, error) {
	name, value, hasValue := strings.Cut(word, "=")
	f, err := findLong(name)
	if err != nil {
		return nil, nil, err
	}
	g := given{flag: f, name: "--" + f.long, value: value}
	switch {
	case !f.takesValue() && hasValue:
		return nil, nil, fmt.Errorf("option --%s must not have an argument", f.long)
	case f.takesValue() && !hasValue:
		if len(rest) == 0 {
			return nil, nil, fmt.Errorf("option --%s requires argument", f.long)
		}
		g.value, rest = rest[0], rest[1:]
	}
	return []given{g}, rest, nil
}

func findLong(name string) (flag, error) {
	var matches []flag
	for _, f := range flags {
		if f.long == name {
			return f, nil
		}
		if strings.HasPrefix(f.long, name) {
			matches = append(matches, f)
		}
	}
	switch len(matches) {
	case 0:
		return flag{}, fmt.Errorf("option --%s not recognized", name)
	case 1:
		return matches[0], nil
	}
	return flag{}, fmt.Errorf("option --%s not a unique prefix", name)
}

func takeShort(letters string, rest []string) ([]given, []string, error) {
	var all []given
	for letters != "" {
		letter := letters[:1]
		letters = letters[1:]
		f, found := findShort(letter)
		if !found {
			return nil, nil, fmt.Errorf("option -%s not recognized", letter)
		}
		g := given{flag: f, name: "-" + letter}
		if f.takesValue() {
			if letters == "" {
				if len(rest) == 0 {
					return nil, nil, fmt.Errorf("option -%s requires argument", letter)
				}
				letters, rest = rest[0], rest[1:]
			}
			g.value, letters = letters, ""
		}
		all = append(all, g)
	}
	return all, rest, nil
}

// findShort finds a flag by its letter; "?" is another one for help.
func findShort(letter string) (flag, bool) {
	if letter == "?" {
		letter = "h"
	}
	for _, f := range flags {
		if f.short == letter {
			return f, true
		}
	}
	return flag{}, false
}

// apply does what one flag says. done means that nothing after it counts.
func (inv *invocation) apply(g given, seen map[string]bool, source config.Options) (done bool, err error) {
	switch g.flag.long {
	case "help", "version", "about":
		inv.do = g.flag.long
		return true, nil
	case "profile_options":
		return false, nil
	}
	if seen[g.flag.long] {
		return true, fmt.Errorf("conflicting command line option %s", supervise.Quote(g.name))
	}
	seen[g.flag.long] = true
	switch g.flag.long {
	case "configuration":
		inv.configFile = g.value
	case "check":
		inv.do = "check"
	case "init":
		inv.do, inv.initDir = "init", g.value
	default:
		value := g.value
		if !g.flag.takesValue() {
			value = "true" // flags can only turn things on
		}
		if err := inv.overrides.Set(g.flag.option, value, source); err != nil {
			return true, fmt.Errorf("invalid value for %s %s: %w", g.name, supervise.Quote(g.value), err)
		}
	}
	return false, nil
}

// printHelp writes the flags, as a table.
func printHelp(out io.Writer, progname string) {
	fmt.Fprintf(out, "supervisord -- run a set of programs and keep them running.\n\nUsage: %s [options]\n\nOptions:\n", progname)
	for _, f := range flags {
		fmt.Fprintf(out, "  %-30s %s\n", f.usage(), f.help)
	}
}

func (f flag) usage() string {
	text := "--" + f.long
	if f.short != "" {
		text = "-" + f.short + "/" + text
	}
	if f.takesValue() {
		text += " " + f.value
	}
	return text
}

// quoteList prints words as Python prints a list of strings.
func quoteList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = supervise.Quote(word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
