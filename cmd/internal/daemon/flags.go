//go:build unix

package daemon

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"supervisor/cmd/internal/getopt"
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

// parseArgs reads the command line. Values are checked as those of the
// configuration are, with source. An error is to be printed after "Error: ".
func parseArgs(progname string, args []string, source config.Options) (invocation, error) {
	inv := invocation{progname: progname}
	given, words, err := getopt.Parse(args, options())
	if err != nil {
		return inv, err
	}
	if len(words) > 0 {
		return inv, fmt.Errorf("positional arguments are not supported: %s", quoteList(words))
	}
	seen := map[string]bool{}
	for _, g := range given {
		if done, err := inv.apply(g, seen, source); done || err != nil {
			return inv, err
		}
	}
	return inv, nil
}

// options is the table as getopt reads it; "?" is another letter for help.
func options() []getopt.Option {
	all := make([]getopt.Option, len(flags))
	for i, f := range flags {
		all[i] = getopt.Option{Letters: f.short, Long: f.long, Value: f.takesValue()}
		if f.long == "help" {
			all[i].Letters += "?"
		}
	}
	return all
}

func flagOf(long string) flag {
	return flags[slices.IndexFunc(flags, func(f flag) bool { return f.long == long })]
}

// apply does what one flag says. done means that nothing after it counts.
func (inv *invocation) apply(g getopt.Given, seen map[string]bool, source config.Options) (done bool, err error) {
	switch g.Long {
	case "help", "version", "about":
		inv.do = g.Long
		return true, nil
	case "profile_options":
		return false, nil
	}
	if seen[g.Long] {
		return true, fmt.Errorf("conflicting command line option %s", supervise.Quote(g.Name))
	}
	seen[g.Long] = true
	switch g.Long {
	case "configuration":
		inv.configFile = g.Value
	case "check":
		inv.do = "check"
	case "init":
		inv.do, inv.initDir = "init", g.Value
	default:
		f, value := flagOf(g.Long), g.Value
		if !f.takesValue() {
			value = "true" // flags can only turn things on
		}
		if err := inv.overrides.Set(f.option, value, source); err != nil {
			return true, fmt.Errorf("invalid value for %s %s: %w", g.Name, supervise.Quote(g.Value), err)
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
