package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"supervisor/cmd/internal/preflight"
)

// The exit statuses, those of LSB init scripts (supervisorctl.py:47-62).
const (
	exitOK            = 0
	exitGeneric       = 1
	exitInvalidArgs   = 2
	exitUnimplemented = 3
	exitPrivileges    = 4
	exitNotInstalled  = 5
	exitNotRunning    = 7
)

// The two statuses that only the command "status" gives another meaning.
const (
	exitStatusNotRunning = 3
	exitStatusUnknown    = 4
)

// exitInterrupted is what a shell makes of a program that Ctrl-C ended.
const exitInterrupted = 130

// Run is the whole of supervisorctl. The first of args is the name the program
// was called by: it stands in messages and decides where a configuration file is
// looked for. The result is the exit status.
func Run(args []string, in io.Reader, out, errout io.Writer) int {
	progname, words := args[0], args[1:]
	if len(words) > 0 && words[0] == completeVerb {
		completeWords(progname, words[1:], out)
		return exitOK
	}
	flags, err := parseFlags(words)
	if err != nil {
		return misused(errout, progname, err)
	}
	if flags.help {
		printUsage(out, progname)
		return exitOK
	}
	settings, err := loadSettings(flags, progname, os.Environ())
	if err != nil {
		return misused(errout, progname, err)
	}
	c := newController(settings, in, out, errout)
	screen, isFile := errout.(*os.File)
	c.watched = isFile && isTerminal(screen)
	defer c.in.close()
	status := c.run(context.Background(), flags)
	if err := c.out.Flush(); err != nil {
		fmt.Fprintf(errout, "supervisorctl: what it had to say could not be written: %s\n", err)
		return exitGeneric // a script must not go on with half an answer
	}
	return status
}

// misused says what is wrong with the command line or the configuration.
func misused(errout io.Writer, progname string, err error) int {
	preflight.Complain(errout, progname, err)
	return exitInvalidArgs
}

// controller is one run of supervisorctl: whom it talks to, where it reads and
// prints, and the exit status so far.
type controller struct {
	settings settings
	in       *input
	out      *printer
	errout   *complaints
	commands []command
	status   int

	// watched tells that a person reads errout, who may be glad of advice; advice
	// is what was said last, and is not said again.
	watched bool
	advice  string

	// json gathers the answer to a command that was asked with --json; nil while
	// answers are text.
	json *answer

	// words are those of the command line while it is carried out. In a shell they
	// are nil, until a reason was taken out of the line.
	words []string

	// openTerminal opens what a person types a password on, which need not be
	// where commands come from.
	openTerminal func() (*os.File, error)

	// limit makes a context end in time.
	limit func(context.Context, time.Duration) (context.Context, context.CancelFunc)

	// pollEvery is how often a server that cannot tell of changes is asked.
	pollEvery time.Duration

	// reason is what --reason said; unheard tells that the server has no use for it.
	reason  string
	unheard bool

	// now and zone are those of whoever reads times.
	now  func() time.Time
	zone *time.Location

	// processes is what the completer learnt, good until the next command.
	processes []processInfo
}

func newController(s settings, in io.Reader, out, errout io.Writer) *controller {
	return &controller{
		settings:     s,
		in:           newInput(in),
		out:          newPrinter(out),
		errout:       &complaints{dest: errout},
		commands:     withPlugins(commandTable(), s.plugins),
		openTerminal: openTerminal,
		limit:        context.WithTimeout,
		pollEvery:    pollEvery,
		now:          time.Now,
		zone:         time.Local,
	}
}

// run does the action of the command line, opens the shell, or, with -i, both in
// that order. An interactive session that ends by itself is a success; one that is
// ended from outside leaves the terminal and the history in order, and says so by
// its status.
func (c *controller) run(ctx context.Context, f flags) int {
	if !c.settings.interactive {
		c.act(ctx, f.words)
		return c.status
	}
	ctx, stop := untilAsked(ctx)
	defer stop()
	if len(f.words) > 0 {
		if err := c.act(ctx, f.words); err != nil {
			return statusOf(ctx, c.status)
		}
	}
	c.shell(ctx)
	return statusOf(ctx, exitOK)
}

// act does the action of the command line.
func (c *controller) act(ctx context.Context, words []string) error {
	c.words = words
	_, err := c.do(ctx, joinWords(words))
	c.words = nil
	return err
}

// do runs one command line. It tells whether the shell should end; the error is
// errInterrupted, when Ctrl-C ended a command that has no use for it. Everything
// else that goes wrong is printed and is in the status.
func (c *controller) do(ctx context.Context, line string) (quit bool, err error) {
	name, arg, line, known := parseLine(line)
	if line == "" {
		return false, nil
	}
	c.processes = nil
	cmd, found := c.command(name)
	if !known || !found {
		c.out.Line("*** Unknown syntax: " + line)
		c.status = exitGeneric
		if known {
			c.out.Flush()
			c.mournPlugins(name)
		}
		return false, nil
	}
	c.json = nil
	if rest, wanted := cutWord(arg, "--json"); wanted && cmd.json {
		arg, c.json = rest, new(answer)
	}
	err = c.perform(ctx, cmd, arg)
	if unauthorized(err) {
		return c.authenticate(ctx, line, err)
	}
	return c.conclude(err)
}

// perform runs a command with the words after it, less those that are about every
// command.
func (c *controller) perform(ctx context.Context, cmd command, arg string) error {
	c.reason, c.unheard = "", false
	if cmd.reason && strings.Contains(arg, "--reason") {
		kept, problem := c.takeReason(cmd.name, arg)
		if problem != "" {
			return c.complain("Error: "+problem, cmd.name, exitInvalidArgs)
		}
		whole := c.words
		defer func() { c.words = whole }()
		c.words, arg = append([]string{cmd.name}, kept...), joinWords(kept)
	}
	if cmd.patterns && c.words == nil {
		arg = withoutQuotes(arg)
	}
	if c.misread(cmd, arg) {
		return nil
	}
	err := cmd.run(ctx, c, arg)
	if c.unheard {
		c.remark("Warning: the reason is written down nowhere, as this supervisord keeps no trail")
	}
	return err
}

// conclude turns what a command returned into what the shell must know.
func (c *controller) conclude(err error) (quit bool, interrupted error) {
	switch {
	case err == nil:
		c.printAnswer()
		return false, nil
	case errors.Is(err, errQuit):
		return true, nil
	case errors.Is(err, context.Canceled):
		c.status = exitInterrupted
		return false, errInterrupted
	}
	f := failureOf(err)
	if f.Hints = c.hints(err); f.Hints != nil {
		f.URL = c.settings.serverURL
	}
	c.problem(describe(err), f)
	c.advise(f.Hints)
	c.status = exitGeneric
	c.printAnswer()
	return false, nil
}

// printAnswer prints what was asked for with --json.
func (c *controller) printAnswer() {
	if c.json != nil {
		c.out.Line(c.json.line())
		c.json = nil
	}
}

// authenticate follows a 401. In a shell it asks who is there and tries again,
// with credentials that stay for the session. Otherwise it prints the two lines
// the original prints, because scripts match on either (supervisorctl.py:204-229).
func (c *controller) authenticate(ctx context.Context, line string, refused error) (quit bool, err error) {
	if c.json == nil || c.settings.interactive {
		c.out.Line("Server requires authentication")
	}
	if !c.settings.interactive {
		return c.conclude(refused)
	}
	user, err := c.ask(ctx, "Username:")
	if err != nil {
		return c.conclude(err)
	}
	password, err := c.askPassword(ctx, "Password:")
	if err != nil {
		return c.conclude(err)
	}
	c.out.Line("")
	c.settings.username, c.settings.password, c.settings.authenticate = user, password, true
	return c.do(ctx, line)
}

// ask prints a question and reads one line.
func (c *controller) ask(ctx context.Context, question string) (string, error) {
	c.out.Text(question)
	c.out.Flush()
	line, err := c.in.line(ctx)
	if errors.Is(err, io.EOF) {
		return "", exception{class: "EOFError", text: "EOF when reading a line"}
	}
	return line, err
}

// errQuit ends the shell; errInterrupted says that Ctrl-C ended a command.
var (
	errQuit        = errors.New("quit")
	errInterrupted = errors.New("interrupted")
)
