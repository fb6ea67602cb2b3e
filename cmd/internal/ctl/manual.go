package ctl

import (
	"regexp"
	"strings"

	"supervisor/cmd/internal/manual"
)

// Manual is the page supervisorctl(1). Flags and commands come from their tables.
func Manual() manual.Page {
	return manual.Page{
		Name:    "supervisorctl",
		About:   "control the programs that supervisord runs",
		Revised: "2026-11-22",
		Synopsis: []string{
			"`supervisorctl` [<options>] <action> [<arguments>]",
			"`supervisorctl` [<options>]",
		},
		Parts: []manual.Part{
			{Title: "Description", Blocks: []manual.Block{
				manual.Text("`supervisorctl` asks a running `supervisord` what its programs do, and has it start, stop and signal them. " +
					"It speaks XML-RPC over a unix socket or TCP, to this supervisord as to the original one."),
				manual.Text("With an action it does that and exits. Without one it opens a shell that reads actions until `quit`, Ctrl-D or Ctrl-C."),
			}},
			{Title: "Options", Blocks: manualOptions()},
			{Title: "Actions", Blocks: manualCommands()},
			{Title: "Names", Blocks: []manual.Block{
				manual.Text("A process is called <group>`:`<name>, or just <name> where the two are equal, as they are for a program without `numprocs` and outside of any `[group:x]`. " +
					"<group>`:*` stands for a whole group, and `all` for everything."),
				manual.Text("Names may be patterns, in which `*` stands for any characters, `?` for one and `[`<abc>`]` for one of several. " +
					"A pattern with a colon is held against group and name, one without against the name that `status` shows. " +
					"Put patterns into quotes, or the shell may take them for names of files."),
			}},
			{Title: "The shell", Blocks: manualShell()},
			{Title: "Completion", Blocks: []manual.Block{
				manual.Text("`supervisorctl completion` prints what makes a shell complete actions, flags, processes, groups and signals. " +
					"Put one of these lines into the file that your shell reads at its start:"),
				manual.Code{
					`eval "$(supervisorctl completion bash)"       # ~/.bashrc`,
					`eval "$(supervisorctl completion zsh)"        # ~/.zshrc, below compinit`,
					`supervisorctl completion fish | source        # ~/.config/fish/config.fish`,
				},
				manual.Text("Processes are asked for when Tab is pressed, for a second at most. Without an answer nothing is completed, and nothing is said."),
			}},
			{Title: "Verbs of your own", Blocks: manualPlugins()},
			{Title: "Exit status", Blocks: manualStatuses()},
			{Title: "Environment", Blocks: []manual.Block{
				manual.Item{Term: "`NO_COLOR`", Text: "Names before the lines of `tail -f` have no colours if this is set to anything, nor if `TERM` is `dumb` or standard output is no terminal."},
				manual.Item{Term: "`" + envUsername + "`, `" + envPassword + "`", Text: "The credentials, if neither the command line nor the configuration gives any and `" + envServerURL + "` is the URL of the server that is asked. With `-u` that names the same user, the password."},
				manual.Item{Term: "`HOME`", Text: "What `~` stands for in the configuration."},
				manual.Item{Term: "other", Text: "Every variable is `%(ENV_`<name>`)s` in the configuration."},
			}},
			{Title: "Files", Blocks: []manual.Block{
				manual.Text("Without `-c`, the first of these that exists is read: `../etc/supervisord.conf` and `../supervisord.conf` as seen from the program, " +
					"`supervisord.conf` and `etc/supervisord.conf` in the working directory, `/etc/supervisord.conf`, `/etc/supervisor/supervisord.conf`. " +
					"If there is none, supervisord is expected at `http://localhost:9001`."),
				manual.Text("Only `[supervisorctl]` and `[ctlplugin:`<x>`]` matter here: " +
					"`serverurl`, `username`, `password`, `prompt` and `history_file`. Files that `[include]` names are not read."),
			}},
			{Title: "Examples", Blocks: []manual.Block{
				manual.Text("Is everything up? The exit status says so, too:"),
				manual.Code{"supervisorctl status"},
				manual.Text("Put a changed configuration into effect; only what has changed is restarted:"),
				manual.Code{"supervisorctl update"},
				manual.Text("Watch what all processes of a group write to standard error:"),
				manual.Code{"supervisorctl tail -f 'web:*' stderr"},
				manual.Text("Talk to another supervisord:"),
				manual.Code{"supervisorctl -s http://db1:9001 -u admin -p secret restart all"},
			}},
		},
		SeeAlso: []string{"supervisord(1)"},
	}
}

func manualOptions() []manual.Block {
	var blocks []manual.Block
	for _, o := range options {
		term := "`-" + o.letters[:1] + "`, `--" + o.long + "`"
		if o.value != "" {
			term += " <" + o.value + ">"
		}
		blocks = append(blocks, manual.Item{Term: term, Text: sentence(o.help)})
	}
	return blocks
}

// manualCommands lists what can be said of each command. A form without an
// explanation is left to those that have one.
func manualCommands() []manual.Block {
	var blocks []manual.Block
	for _, cmd := range commandTable() {
		for _, each := range cmd.usages() {
			switch {
			case each.form != "" && each.about != "":
				blocks = append(blocks, manual.Item{Term: markForm(each.form), Text: sentence(each.about)})
			case each.form == "" && len(strings.Fields(each.about)) > 1:
				blocks = append(blocks, manual.Text(each.about))
			}
		}
	}
	return blocks
}

// typed finds what is typed as it stands in a form, and what something else is put
// in for.
var typed = regexp.MustCompile(`<[^>]*>|[-A-Za-z0-9*:']+`)

func markForm(form string) string {
	return typed.ReplaceAllStringFunc(form, func(word string) string {
		if word[0] == '<' {
			return word
		}
		return "`" + word + "`"
	})
}

// sentence makes one of a line of help.
func sentence(text string) string {
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func manualShell() []manual.Block {
	return []manual.Block{
		manual.Text("On a terminal a line can be edited with the keys of readline: the arrows, Home, End, Delete, Ctrl-A, Ctrl-E, Ctrl-B, Ctrl-F, Alt-B, Alt-F, " +
			"Ctrl-H, Ctrl-D, Ctrl-K, Ctrl-U, Ctrl-W, Ctrl-Y, Ctrl-L."),
		manual.Item{Term: "Tab", Text: "completes actions, flags, processes, groups, signals and channels; a second one lists what is possible."},
		manual.Item{Term: "Up, Down", Text: "recall the lines typed before. `history_file` in the configuration, or `-r`, keeps them between sessions."},
		manual.Item{Term: "Ctrl-C", Text: "ends `fg`, `tail -f` and `maintail -f` and leads back to the prompt; at the prompt it ends the shell."},
		manual.Item{Term: "Ctrl-D", Text: "on an empty line ends the shell."},
		manual.Text("The exit status of a shell is 0 whatever happened in it, unless a signal ends it."),
	}
}

func manualPlugins() []manual.Block {
	return []manual.Block{
		manual.Text("A section of the configuration makes a program an action:"),
		manual.Code{
			"[ctlplugin:deploy]",
			"command = /usr/local/bin/deploy --from /srv/releases",
			"help = Put a release into place and restart what runs it",
		},
		manual.Text("`supervisorctl deploy 2.1` then runs that program with `2.1` appended. It has the standard input, output and error of supervisorctl, " +
			"and its exit status is passed on; 128 and the number of the signal that killed it, if one did. Its environment tells whom to ask:"),
		manual.Item{Term: "`" + envServerURL + "`", Text: "The URL of supervisord, `http://`<host>`:`<port> or `unix://`<path>."},
		manual.Item{Term: "`" + envUsername + "`, `" + envPassword + "`", Text: "The credentials; not set if there are none."},
	}
}

func manualStatuses() []manual.Block {
	return []manual.Block{
		manual.Item{Term: "0", Text: "All went well. `status`: every process asked for is RUNNING, STARTING, BACKOFF or STOPPING."},
		manual.Item{Term: "1", Text: "Something else went wrong; an action or a process that does not exist. `wait`: the time was up. `audit verify`: a line is not as it was written."},
		manual.Item{Term: "2", Text: "A mistake in the command line or in the configuration. `check`: supervisord would not start with it."},
		manual.Item{Term: "3", Text: "The server does not know the `supervisor` namespace, or keeps no users and no trail. `status`: a process is STOPPED, EXITED, FATAL or UNKNOWN."},
		manual.Item{Term: "4", Text: "The server refused the connection, or you may not do that. `status`: it cannot be reached, or there is no such process. `wait`: there is no such process."},
		manual.Item{Term: "5", Text: "The server speaks another version of the API."},
		manual.Item{Term: "7", Text: "The socket does not exist; or the process is not running, cannot be spawned or ended too soon. `wait`: a process is FATAL."},
		manual.Item{Term: "128 and more", Text: "A signal of that number, less 128, ended the action: 130 for Ctrl-C."},
		manual.Text("A program of `[ctlplugin:`<x>`]` has its own."),
	}
}
