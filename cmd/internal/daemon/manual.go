//go:build unix

package daemon

import (
	"strings"

	"supervisor/cmd/internal/manual"
)

// Manual is the page supervisord(1). The flags come from their table.
func Manual() manual.Page {
	return manual.Page{
		Name:     "supervisord",
		About:    "run a set of programs and keep them running",
		Revised:  "2026-11-22",
		Synopsis: []string{"`supervisord` [<options>]"},
		Parts: []manual.Part{
			{Title: "Description", Blocks: []manual.Block{
				manual.Text("`supervisord` starts the programs that its configuration names, watches them, restarts those that end as it is told to, " +
					"and gathers what they print. It takes the place of the `supervisord` of Supervisor 4.2.5 and reads the same configuration."),
				manual.Text("It goes to the background unless it is told to stay. `supervisorctl`, web browsers and XML-RPC clients talk to it at the sockets and ports of the configuration."),
			}},
			{Title: "Options", Blocks: manualFlags()},
			{Title: "Signals", Blocks: manualSignals()},
			{Title: "Exit status", Blocks: []manual.Block{
				manual.Item{Term: "0", Text: "It was asked to end and has ended; or did what a flag like `--version` asks for, or went to the background."},
				manual.Item{Term: "1", Text: "Something went wrong that is no mistake of the configuration: a log that cannot be opened, for instance."},
				manual.Item{Term: "2", Text: "A mistake in the command line, the configuration or the surroundings, such as an address in use. " +
					"`--check`: supervisord would not start with the configuration."},
			}},
			{Title: "Environment", Blocks: []manual.Block{
				manual.Text("Every variable is `%(ENV_`<name>`)s` in the configuration, and is passed on to programs with these added:"),
				manual.Item{Term: "`SUPERVISOR_ENABLED`", Text: "1, to tell that supervisord runs the program."},
				manual.Item{Term: "`SUPERVISOR_PROCESS_NAME`, `SUPERVISOR_GROUP_NAME`", Text: "The names of the process and of its group."},
				manual.Item{Term: "`SUPERVISOR_SERVER_URL`", Text: "Where supervisord can be asked, if it listens at all."},
				manual.Item{Term: "`SUPERVISOR_PAYLOAD_LENGTH`", Text: "`bytes`, for event listeners with `payload_length=bytes`."},
				manual.Text("`environment=` of `[supervisord]` and of each program adds to these and wins."),
			}},
			{Title: "Files", Blocks: []manual.Block{
				manual.Text("Without `-c`, the first of these that exists is read: `../etc/supervisord.conf` and `../supervisord.conf` as seen from the program, " +
					"`supervisord.conf` and `etc/supervisord.conf` in the working directory, `/etc/supervisord.conf`, `/etc/supervisor/supervisord.conf`."),
				manual.Text("`supervisord.log` and `supervisord.pid` are written to the working directory, and logs of programs to a temporary one, unless the configuration says otherwise."),
			}},
			{Title: "Examples", Blocks: []manual.Block{
				manual.Text("Begin with a small configuration, and look at http://localhost:9001/:"),
				manual.Code{"supervisord --init .", "supervisord -n -c supervisord.conf"},
				manual.Text("What would become of the configuration of an older Supervisor?"),
				manual.Code{"supervisord --check -c /etc/supervisor/supervisord.conf"},
				manual.Text("In a container, where the log is standard output:"),
				manual.Code{"supervisord -n -l /dev/null -c /etc/supervisord.conf"},
			}},
		},
		SeeAlso: []string{"supervisorctl(1)"},
	}
}

func manualFlags() []manual.Block {
	var blocks []manual.Block
	for _, f := range flags {
		term := "`--" + f.long + "`"
		if f.short != "" {
			term = "`-" + f.short + "`, " + term
		}
		if f.takesValue() {
			term += " <" + f.value + ">"
		}
		blocks = append(blocks, manual.Item{Term: term, Text: strings.ToUpper(f.help[:1]) + f.help[1:] + "."})
	}
	return blocks
}

func manualSignals() []manual.Block {
	return []manual.Block{
		manual.Item{Term: "`SIGTERM`, `SIGINT`, `SIGQUIT`", Text: "Stop all programs, then exit."},
		manual.Item{Term: "`SIGHUP`", Text: "Stop all programs, read the configuration again and start anew. With a configuration that cannot be read all goes on as it was."},
		manual.Item{Term: "`SIGUSR2`", Text: "Close and open again supervisord's log and those of the programs, after `logrotate` has moved them."},
	}
}
