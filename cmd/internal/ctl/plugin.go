package ctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"supervisor/supervise/config"
)

// The environment of a plugin: who to ask, and as whom. These are the names by
// which the original's childutils finds a server.
const (
	envServerURL = "SUPERVISOR_SERVER_URL"
	envUsername  = "SUPERVISOR_USERNAME"
	envPassword  = "SUPERVISOR_PASSWORD"
)

// withPlugins adds the verbs of [ctlplugin:x] sections to the table.
func withPlugins(table []command, plugins []config.CtlPlugin) []command {
	for _, p := range plugins {
		if p.Command != nil {
			table = append(table, pluginCommand(p))
		}
	}
	slices.SortFunc(table, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return table
}

func pluginCommand(p config.CtlPlugin) command {
	about := p.Help
	if about == "" {
		about = "Runs " + strings.Join(p.Command, " ")
	}
	return command{
		name: p.Name,
		help: "\n" + p.Name + " [<argument> ...]\t" + about,
		kind: plugged,
		run:  func(_ context.Context, c *controller, arg string) error { return c.runPlugin(p, arg) },
	}
}

// checkPlugins makes sure that no plugin stands in the way of a command: scripts
// rely on what those do.
func checkPlugins(plugins []config.CtlPlugin) error {
	table := commandTable()
	for _, p := range plugins {
		taken := func(cmd command) bool { return cmd.name == p.Name }
		if p.Command != nil && (p.Name == completeVerb || slices.ContainsFunc(table, taken)) {
			return fmt.Errorf("%s: section [%s] cannot have that name, because supervisorctl has a command %s of its own", p.Where(), p.Section, p.Name)
		}
	}
	return nil
}

// runPlugin runs the program of a plugin in the place of a command: it has the
// terminal, and its exit status is the command's. Context is of no use here: it
// is the program, not supervisorctl, that Ctrl-C is meant for.
func (c *controller) runPlugin(p config.CtlPlugin, arg string) error {
	words, err := c.arguments(p.Name, arg)
	if err != nil {
		return c.mistake("Error: " + p.Name + ": " + err.Error())
	}
	program := exec.Command(p.Command[0], slices.Concat(p.Command[1:], words)...)
	program.Stdin, program.Stdout, program.Stderr = c.in.r, c.out.dest, c.errout.dest
	program.Env = c.pluginEnvironment(os.Environ())
	c.in.release()
	c.out.Flush()
	status, err := runToItsEnd(program)
	if err != nil {
		fmt.Fprintf(c.errout, "%s: ERROR (%s: %s), see [%s] in %s\n", p.Name, p.Command[0], reasonOf(err), p.Section, p.Where())
		status = exitGeneric
	}
	if status != exitOK {
		c.status = status
	}
	return nil
}

// arguments are the words after a verb: as the shell passed them when the verb
// came from the command line, blanks and all; else cut out of the line typed,
// where quotes work.
func (c *controller) arguments(name, arg string) ([]string, error) {
	if len(c.words) > 0 && c.words[0] == name {
		return c.words[1:], nil
	}
	return config.SplitCommand(arg)
}

// pluginEnvironment is what a plugin is told beside its arguments. Credentials of
// somebody else's server must not leak in from outside.
func (c *controller) pluginEnvironment(environ []string) []string {
	environ = slices.DeleteFunc(environ, func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return name == envUsername || name == envPassword
	})
	environ = append(environ, envServerURL+"="+c.settings.serverURL)
	if c.settings.authenticate {
		environ = append(environ, envUsername+"="+c.settings.username, envPassword+"="+c.settings.password)
	}
	return environ
}

// runToItsEnd waits for a program, whatever becomes of supervisorctl meanwhile. The
// terminal sends Ctrl-C and Ctrl-\ to both; what is sent to supervisorctl alone
// is passed on. The status is what a shell would say.
func runToItsEnd(program *exec.Cmd) (status int, err error) {
	caught := make(chan os.Signal, 4)
	catch(caught, os.Interrupt, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(caught)
	if err := program.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	for {
		select {
		case sig := <-caught:
			if sig == syscall.SIGTERM || sig == syscall.SIGHUP {
				_ = program.Process.Signal(sig) // one that has ended needs no signal
			}
		case err := <-ended:
			return shellStatus(program, err)
		}
	}
}

func shellStatus(program *exec.Cmd, err error) (int, error) {
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		return 0, err
	}
	how, ok := program.ProcessState.Sys().(syscall.WaitStatus)
	if ok && how.Signaled() {
		return 128 + int(how.Signal()), nil
	}
	return program.ProcessState.ExitCode(), nil
}

// reasonOf is an error of starting a program without what is said already.
func reasonOf(err error) string {
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		return lookup.Err.Error()
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// mournPlugins tells somebody who uses a verb that is not there what may have
// become of it. Which verbs a plugin of the original would have is known to its
// Python code alone.
func (c *controller) mournPlugins(verb string) {
	for _, p := range c.settings.plugins {
		if p.Command != nil {
			continue
		}
		fmt.Fprintf(c.errout, "Warning: [%s] in %s names Python code (%s), which this supervisorctl cannot load.\n"+
			"If %s was one of its verbs, write a program for it and name it: [ctlplugin:%s] command=PROGRAM\n",
			p.Section, p.Where(), p.Factory, verb, verb)
	}
}
