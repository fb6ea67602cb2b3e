//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"supervisor/supervise"
	"supervisor/supervise/config"
)

// Exit statuses of supervisord.
const (
	exitOK     = 0
	exitBroken = 1 // something that is nobody's mistake
	exitUsage  = 2 // a mistake in the command line, the configuration or the surroundings
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
	d.users.ask(nil)
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
		return d.check()
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

// complain says what is wrong the way the original does.
func complain(std Streams, progname string, err error) int {
	fmt.Fprintf(std.Err, "Error: %s\n", err)
	var broken *config.Error
	if errors.As(err, &broken) && broken.Where() != "" && !strings.Contains(err.Error(), broken.Where()) {
		fmt.Fprintf(std.Err, "(in %s)\n", broken.Where())
	}
	fmt.Fprintf(std.Err, "For help, use %s -h\n", progname)
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
	file, tried := config.Find(inv.progname)
	if file == "" {
		//lint:ignore ST1005 the original's words
		return fmt.Errorf("No config file found at default paths (%s); use the -c option to specify a config file at a different path", strings.Join(tried, ", "))
	}
	inv.configFile = file
	return nil
}

// check reports what a configuration means here.
func (d *daemon) check() int {
	report, err := config.Check(d.inv.configFile, d.source)
	if err != nil {
		return complain(d.std, d.inv.progname, err)
	}
	if _, err := report.WriteTo(d.std.Out); err != nil {
		fmt.Fprintf(d.std.Err, "supervisord: write the report: %s\n", err)
		return exitBroken
	}
	if !report.OK() {
		return exitUsage
	}
	return exitOK
}
