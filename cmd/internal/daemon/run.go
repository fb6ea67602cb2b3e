//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"supervisor/cmd/internal/preflight"
	"supervisor/supervise"
	"supervisor/supervise/config"
)

// Exit statuses of supervisord, which are also those of a check.
const (
	exitOK     = preflight.ExitOK
	exitBroken = preflight.ExitBroken
	exitUsage  = preflight.ExitUsage
)

// Streams are where supervisord talks to who started it.
type Streams struct{ Out, Err io.Writer }

// Run is supervisord: args[0] is the name it was called by. It answers the
// status to exit with.
func Run(args []string, version string, std Streams) int {
	dir, err := os.Getwd()
	if err != nil {
		return complain(std, args[0], err)
	}
	d := daemon{version: version, std: std}
	d.users.Ask(nil)
	d.source = config.Options{Environ: environ(), Users: &d.users, Dir: dir}
	d.inv, err = parseArgs(args[0], args[1:], d.source)
	if err != nil {
		return complain(std, args[0], err)
	}
	d.source.Overrides = d.inv.overrides
	switch d.inv.do {
	case "help":
		printHelp(std.Out, args[0])
		return exitOK
	case "version":
		fmt.Fprintln(std.Out, supervise.SupervisorVersion)
		return exitOK
	case "about":
		fmt.Fprintf(std.Out, "supervisord %s, stands in for Supervisor %s\n", version, supervise.SupervisorVersion)
		return exitOK
	case "init":
		return initConfig(d.inv.initDir, std)
	}
	if err := d.inv.locate(std); err != nil {
		return complain(std, args[0], err)
	}
	if d.inv.do == "check" {
		return preflight.Check(args[0], d.inv.configFile, d.source, std.Out, std.Err)
	}
	conf, err := d.load()
	if err != nil {
		return complain(std, args[0], err)
	}
	if !conf.Supervisord.NoDaemon && !daemonized() {
		return startDaemon(std)
	}
	return d.exit(d.run(context.Background(), conf))
}

// load reads the configuration. What is relative in it is relative to where
// supervisord was started, whatever directory it has gone to since.
func (d *daemon) load() (*config.Config, error) { return config.Load(d.inv.configFile, d.source) }

// complain says what is wrong, and gives the status for it.
func complain(std Streams, progname string, err error) int {
	preflight.Complain(std.Err, progname, err)
	return exitUsage
}

// usageError is a start that failed because of something the operator can mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exit turns how the daemon ended into a status, and says why if it failed.
func (d *daemon) exit(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return complain(d.std, d.inv.progname, usage.error)
	default:
		fmt.Fprintf(d.std.Err, "supervisord: %s\n", err)
		return exitBroken
	}
}

// locate finds the configuration file where none was named (options.py
// default_configfile).
func (inv *invocation) locate(std Streams) error {
	if inv.configFile != "" {
		return nil
	}
	if os.Getuid() == 0 {
		fmt.Fprintln(std.Err, "UserWarning: Supervisord is running as root and it is searching for its configuration file in default locations (including its current working directory); you probably want to specify a \"-c\" argument specifying an absolute path to a configuration file for improved security.")
	}
	file, err := preflight.Find(inv.progname)
	inv.configFile = file
	return err
}
