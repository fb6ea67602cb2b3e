package ctl

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// shell reads commands until there are no more: it begins with a status, and
// ends at "quit", at the end of input, or at Ctrl-C. On a terminal a line can be
// edited, recalled and completed; anything else is read line by line, and the
// prompt is printed all the same (supervisorctl.py exec_cmdloop).
func (c *controller) shell(ctx context.Context) {
	// Held for the whole session, so that Ctrl-C never meets the default of
	// dying between two commands.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt)
	defer signal.Stop(caught)

	read, done := c.lineReader()
	defer done()
	line := "status"
	for {
		if !c.turn(ctx, line) {
			return
		}
		var ok bool
		if line, ok = c.next(ctx, read); !ok {
			return
		}
	}
}

// turn runs one command and tells whether the session goes on.
func (c *controller) turn(outer context.Context, line string) bool {
	ctx, stop := signal.NotifyContext(outer, os.Interrupt)
	defer stop()
	quit, err := c.do(ctx, line)
	if err != nil {
		c.out.Line("")
	}
	return !quit && err == nil && outer.Err() == nil
}

// next reads one command; the end of input is the command "EOF".
func (c *controller) next(ctx context.Context, read readFunc) (line string, ok bool) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	line, err := read(ctx, c.settings.prompt+"> ")
	switch {
	case errors.Is(err, io.EOF):
		return "EOF", true
	case err != nil:
		c.out.Line("")
		return "", false
	}
	return line, true
}

// readFunc prints a prompt and reads a line. Its errors are io.EOF and what ends
// a wait.
type readFunc func(ctx context.Context, prompt string) (string, error)

// lineReader gives the editor where both ends are a terminal, else plain lines.
// done writes down the history.
func (c *controller) lineReader() (read readFunc, done func()) {
	term, ok := terminalOf(c.in.r, c.out.dest)
	if !ok {
		return c.plainLine, func() {}
	}
	past := loadHistory(c.settings.historyFile)
	e := &editor{in: c.in, out: c.out, term: term, history: past, complete: c.complete}
	return e.readLine, func() { past.save(c.settings.historyFile) }
}

func (c *controller) plainLine(ctx context.Context, prompt string) (string, error) {
	c.out.Text(prompt)
	c.out.Flush()
	return c.in.line(ctx)
}

// endedBy is the signal that asked the shell to end.
type endedBy syscall.Signal

func (e endedBy) Error() string { return "ended by " + syscall.Signal(e).String() }

// untilAsked gives a context that ends when a signal asks for it. Without one, the
// terminal would stay in the mode of the editor.
func untilAsked(ctx context.Context) (until context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	asked := make(chan os.Signal, 1)
	catch(asked, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	go func() { // ended by stop
		select {
		case sig := <-asked:
			cancel(endedBy(sig.(syscall.Signal)))
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(asked)
		cancel(nil)
	}
}

// catch has signals sent to caught, but for those that whoever started supervisorctl
// wants ignored: nohup, or a shell that runs it in the background. Programs that it
// runs inherit that.
func catch(caught chan<- os.Signal, signals ...os.Signal) {
	for _, sig := range signals {
		if !signal.Ignored(sig) {
			signal.Notify(caught, sig)
		}
	}
}

// statusOf is the exit status of a session: what a shell would say of the signal
// that ended it, else the one given.
func statusOf(ctx context.Context, status int) int {
	var by endedBy
	if errors.As(context.Cause(ctx), &by) {
		return 128 + int(by)
	}
	return status
}
