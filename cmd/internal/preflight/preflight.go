//go:build unix

// Package preflight is what both programs do with a configuration before anything
// is run by it: find it, complain of it, and check it. "supervisord --check" and
// "supervisorctl check" are the same check. It owns who is who on this system, as
// room config asks, and runs nothing.
package preflight

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"supervisor/supervise/config"
)

// Complain says what is wrong with a command line or a configuration the way the
// original does, and where it is if the text does not tell.
func Complain(errout io.Writer, progname string, err error) {
	fmt.Fprintf(errout, "Error: %s\n", err)
	var broken *config.Error
	if errors.As(err, &broken) && broken.Where() != "" && !tells(err.Error(), broken) {
		fmt.Fprintf(errout, "(in %s)\n", whereOf(broken))
	}
	fmt.Fprintf(errout, "For help, use %s -h\n", progname)
}

// whereOf is the place of an error. Those about accounts, which the original does not
// know, say the section and the option too.
func whereOf(broken *config.Error) string {
	if !strings.HasPrefix(broken.Section, "user:") {
		return broken.Where()
	}
	return strings.TrimSpace(fmt.Sprintf("%s: [%s] %s", broken.Where(), broken.Section, broken.Option))
}

// tells whether a text says where something is wrong: of a file as a whole its name
// is enough, however it was written.
func tells(text string, broken *config.Error) bool {
	return strings.Contains(text, broken.Where()) || broken.Line == 0 && strings.Contains(text, filepath.Base(broken.File))
}

// Find looks for the configuration file where none was named (options.py
// default_configfile).
func Find(progname string) (string, error) {
	file, tried := config.Find(progname)
	if file == "" {
		//lint:ignore ST1005 the original's words
		return "", fmt.Errorf("No config file found at default paths (%s); use the -c option to specify a config file at a different path", strings.Join(tried, ", "))
	}
	return file, nil
}

// Exit statuses of supervisord, with and without --check.
const (
	ExitOK     = 0
	ExitBroken = 1 // something that is nobody's mistake
	ExitUsage  = 2 // a mistake in the command line, the configuration or the surroundings
)

// Check reports what a configuration means here, and gives the exit status:
// ExitUsage if supervisord would not start, ExitBroken if the report could not be
// written.
func Check(progname, file string, source config.Options, out, errout io.Writer) int {
	report, err := config.Check(file, source)
	if err != nil {
		Complain(errout, progname, err)
		return ExitUsage
	}
	if _, err := report.WriteTo(out); err != nil {
		fmt.Fprintf(errout, "%s: write the report: %s\n", progname, err)
		return ExitBroken
	}
	if !report.OK() {
		return ExitUsage
	}
	return ExitOK
}
