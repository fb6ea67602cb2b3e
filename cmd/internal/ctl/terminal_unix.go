//go:build unix

package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// terminal is a screen with a keyboard, as far as the editor needs one.
type terminal interface {
	// raw makes keys arrive one by one and unechoed, until restore is called.
	raw() (restore func(), err error)

	// width is how many columns there are.
	width() int

	// changes reports that the window has a new size, or that the program was
	// resumed and has to draw its line again; stop ends that.
	changes() (wake <-chan os.Signal, stop func())

	// suspend stops the program, as Ctrl-Z does, until somebody resumes it.
	suspend()
}

// tty is a terminal of the kernel: where keys come from, and where it is drawn.
type tty struct{ in, out *os.File }

// terminalOf tells whether both ends are terminals.
func terminalOf(in io.Reader, out io.Writer) (terminal, bool) {
	keyboard, ok := in.(*os.File)
	if !ok || !isTerminal(keyboard) {
		return nil, false
	}
	screen, ok := out.(*os.File)
	if !ok || !isTerminal(screen) {
		return nil, false
	}
	return tty{keyboard, screen}, true
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), ioctlGetTermios)
	return err == nil
}

// raw leaves output processing on, so that a newline is a newline, and turns
// signals off: Ctrl-C and Ctrl-Z are keys the editor knows.
func (t tty) raw() (restore func(), err error) {
	return withTermios(t.in, func(mode *unix.Termios) {
		mode.Iflag &^= unix.IXON
		mode.Lflag &^= unix.ECHO | unix.ICANON | unix.IEXTEN | unix.ISIG
		mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	})
}

// withTermios changes the mode of a terminal; restore brings back the old one.
func withTermios(f *os.File, change func(*unix.Termios)) (restore func(), err error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil {
		return nil, err
	}
	mode := *before
	change(&mode)
	if err := unix.IoctlSetTermios(fd, ioctlSetTermios, &mode); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, ioctlSetTermios, before) }, nil
}

func (t tty) width() int {
	size, err := unix.IoctlGetWinsize(int(t.out.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 80
	}
	return int(size.Col)
}

func (t tty) changes() (<-chan os.Signal, func()) {
	wake := make(chan os.Signal, 1)
	signal.Notify(wake, syscall.SIGWINCH, syscall.SIGCONT)
	return wake, func() { signal.Stop(wake) }
}

// suspend stops the whole job, since supervisorctl may be part of a pipeline.
func (t tty) suspend() { _ = syscall.Kill(0, syscall.SIGTSTP) }

// openTerminal opens the terminal that belongs to the process, wherever its
// standard input comes from.
func openTerminal() (*os.File, error) { return os.OpenFile("/dev/tty", os.O_RDWR, 0) }

// askPassword reads a line without echo: from the terminal of the process if it
// has one, even when commands come out of a pipe, as getpass does; else from
// where commands come from, with a warning.
func (c *controller) askPassword(ctx context.Context, question string) (string, error) {
	c.out.Flush()
	if term, err := c.openTerminal(); err == nil {
		defer term.Close()
		keyboard := newInput(term)
		defer keyboard.close()
		return readSecret(ctx, keyboard, term, question)
	}
	if term, ok := c.in.r.(*os.File); ok && isTerminal(term) {
		return readSecret(ctx, c.in, term, question)
	}
	fmt.Fprint(c.errout, "Warning: Password input may be echoed.\n"+question)
	password, err := c.in.line(ctx)
	return answered(c.errout, password, err)
}

// answered ends the line that an unechoed answer has left open.
func answered(w io.Writer, secret string, err error) (string, error) {
	if errors.Is(err, io.EOF) {
		return "", exception{class: "EOFError"}
	}
	if err != nil {
		return "", err
	}
	_, err = io.WriteString(w, "\n")
	return secret, err
}

func readSecret(ctx context.Context, from *input, term *os.File, question string) (string, error) {
	restore, err := withTermios(term, func(mode *unix.Termios) { mode.Lflag &^= unix.ECHO })
	if err != nil {
		return "", err
	}
	defer restore()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt) // Ctrl-C must not leave the echo off
	defer stop()
	if _, err := term.WriteString(question); err != nil {
		return "", err
	}
	secret, err := from.line(ctx)
	return answered(term, secret, err)
}
