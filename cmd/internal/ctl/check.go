package ctl

import (
	"context"
	"os"
	"strings"

	"supervisor/cmd/internal/preflight"
	"supervisor/supervise/config"
)

// check reports what a configuration means to supervisord, as supervisord --check
// does: the file named, else the one supervisorctl itself reads. No server is
// needed for it.
func check(_ context.Context, c *controller, arg string) error {
	words, err := c.arguments("check", arg)
	if err != nil {
		return c.mistake("Error: check: " + err.Error())
	}
	if len(words) > 1 {
		return c.complain("Error: check accepts one file", "check", exitInvalidArgs)
	}
	file := strings.Join(words, "")
	if file == "" {
		file = c.settings.configFile
	}
	if file == "" {
		var err error
		if file, err = preflight.Find(c.settings.progname); err != nil {
			preflight.Complain(c.errout, c.settings.progname, err)
			c.status = exitInvalidArgs
			return nil
		}
	}
	users := new(preflight.Users)
	users.Ask(nil)
	var report strings.Builder
	source := config.Options{Environ: os.Environ(), Users: users}
	status := preflight.Check(c.settings.progname, file, source, &report, c.errout)
	c.out.Text(report.String())
	if status != exitOK {
		c.status = status
	}
	return nil
}
