package ctl

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"supervisor/cmd/internal/getopt"
	"supervisor/supervise"
)

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

// option is one flag: how it is spelled, what it is for, and where it goes. A
// switch has no text.
type option struct {
	letters string
	long    string
	also    string
	value   string // what to call its text, "" for a switch
	help    string
	flag    func(*flags) *bool
	text    func(*flags) **string
	check   func(string) error
}

// options is the table of flags. The parser, the help, the completion and the
// manual read it.
var options = []option{
	{letters: "c", long: "configuration", value: "FILENAME", text: func(f *flags) **string { return &f.config },
		help: "the configuration file (searched for if not given)"},
	{letters: "h?", long: "help", flag: func(f *flags) *bool { return &f.help },
		help: "print this and exit"},
	{letters: "i", long: "interactive", flag: func(f *flags) *bool { return &f.interactive },
		help: "open the shell, after the action if there is one"},
	{letters: "s", long: "serverurl", value: "URL", text: func(f *flags) **string { return &f.serverURL }, check: checkURL,
		help: "where supervisord listens: http://host:port, https://host:port or unix:///path (default \"http://localhost:9001\")"},
	{letters: "u", long: "username", value: "USERNAME", text: func(f *flags) **string { return &f.username },
		help: "the name to give to a server that asks for one"},
	{letters: "p", long: "password", value: "PASSWORD", text: func(f *flags) **string { return &f.password },
		help: "the password that goes with it"},
	{letters: "r", long: "history_file", also: "history-file", value: "FILENAME", // the original's help spells it so
		text: func(f *flags) **string { return &f.history },
		help: "where the shell keeps the lines typed"},
}

// printUsage is what -h prints.
func printUsage(w io.Writer, progname string) {
	fmt.Fprintf(w, "supervisorctl -- control the programs that supervisord runs\n\n"+
		"Usage: %s [options] [action [arguments]]\n\nOptions:\n", progname)
	for _, o := range options {
		fmt.Fprintln(w, strings.Join(folded(o.spelling()+" -- "+o.help, 79, "     "), "\n"))
	}
	fmt.Fprint(w, `
An action is a command like "status" or "stop", with its arguments. Without one,
supervisorctl opens a shell that reads such commands. The action "help" lists
them, and "help ACTION" explains one.
`)
}

// spelling is the flag as one would write it.
func (o option) spelling() string {
	text := "-" + o.letters[:1] + "/--" + o.long
	if o.value != "" {
		text += " " + o.value
	}
	return text
}

// folded breaks a text into lines of a width at its blanks; all but the first are
// indented.
func folded(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), indent+word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// spellings is the table as getopt reads it.
func spellings() []getopt.Option {
	spelled := make([]getopt.Option, len(options))
	for i, o := range options {
		spelled[i] = getopt.Option{Letters: o.letters, Long: o.long, Value: o.value != "", Also: o.also}
	}
	return spelled
}

// parseFlags reads the command line. Saying a thing twice is an error
// (options.py:244-285).
func parseFlags(args []string) (flags, error) {
	given, words, err := getopt.Parse(args, spellings())
	if err != nil {
		return flags{}, err
	}
	var f flags
	for _, g := range given {
		at := slices.IndexFunc(options, func(o option) bool { return o.long == g.Long })
		if err := options[at].set(&f, g); err != nil {
			return flags{}, err
		}
		if f.help {
			break // handlers run in order, and help is the last one to run
		}
	}
	f.words = words
	return f, nil
}

func (o option) set(f *flags, g getopt.Given) error {
	if o.check != nil {
		if err := o.check(g.Value); err != nil {
			return fmt.Errorf("invalid value for %s %s: %w", g.Name, supervise.Quote(g.Value), err)
		}
	}
	if o.flag != nil && *o.flag(f) || o.text != nil && *o.text(f) != nil {
		return fmt.Errorf("conflicting command line option %s", supervise.Quote(g.Name))
	}
	if o.flag != nil {
		*o.flag(f) = true
		return nil
	}
	*o.text(f) = &g.Value
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
