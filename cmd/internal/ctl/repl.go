package ctl

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
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
func (c *controller) turn(ctx context.Context, line string) bool {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	quit, err := c.do(ctx, line)
	if err != nil {
		c.out.Line("")
	}
	return !quit && err == nil
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
