package ctl

import (
	"context"
	"sort"
	"strings"
)

// command is one entry of the table: all there is to know of a command.
type command struct {
	name string

	// help is what "help NAME" prints, in the words of the original, whose
	// readers include scripts.
	help string

	// more is what "help NAME" prints below that, of what the original does not
	// have. A complaint that shows the help leaves it out.
	more string

	// run does it. arg is the line after the name, trimmed. It prints its own
	// complaints; an error it returns is one the original let fly.
	run func(ctx context.Context, c *controller, arg string) error

	// complete lists what may stand after the name; nil when nothing does.
	complete completer

	// files tells that the names of files may stand after the name.
	files bool

	// json tells that --json among its words makes it answer in JSON.
	json bool

	// reason tells that --reason TEXT among its words says why, for the trail.
	reason bool

	// patterns tells that its words are names, and may be patterns.
	patterns bool

	// kind is under which header the help page lists it.
	kind commandKind

	// hidden commands work and are completed, and the help page does not list them.
	hidden bool
}

// commandKind says where a command comes from.
type commandKind int

const (
	original commandKind = iota // Supervisor has it
	added                       // only this supervisorctl has it
	plugged                     // a [ctlplugin:x] section makes it
)

// headers are the parts of the help page. The first is the original's.
var headers = [...]string{
	original: "default commands (type help <topic>):",
	added:    "more commands (type help <topic>):",
	plugged:  "plugin commands (type help <topic>):",
}

// commandTable is the table, sorted by name. The help page, the dispatcher and
// the completer read it.
func commandTable() []command {
	return []command{
		{name: "EOF", run: quit, hidden: true},
		{name: "add", run: add, patterns: true, reason: true, complete: completeGroups, help: `
add <name> [...]	Activates any updates in config for process/group`, more: `
add <pattern>		Add the groups whose names match, such as 'api-*'
add ... --reason <text>	Say why, for the trail`},
		{name: "audit", run: trail, json: true, kind: added, files: true, complete: completeAudit, help: `
audit [<option> ...]		Show who did what, the newest last
audit --since <when>		Only from then on: a date, a time, or how long ago, such as 2h
audit --until <when>		Only until then
audit --user <name>		Only what somebody did
audit --program <pattern>	Only what was done to programs, such as 'web:*'
audit --limit <number>		So many lines at most (default 100)
audit verify			Check that no line was changed or taken out
audit verify <file>		Check a file and those it was rotated to, without a server
audit ... --json		The same as a JSON object`},
		{name: "avail", run: avail, json: true, help: `
avail			Display all configured processes`, more: `
avail --json		The same as a JSON object`},
		{name: "check", run: check, kind: added, files: true, help: `
check		Report what the configuration file means to supervisord
check <file>	Report what another one means
No server is needed. The exit status is 2 if supervisord would not start with it.`},
		{name: "clear", run: clearLogs, patterns: true, reason: true, complete: completeProcesses, help: `
clear <name>		Clear a process' log files.
clear <name> <name>	Clear multiple process' log files
clear all		Clear all process' log files`, more: `
clear <pattern>		Clear the log files of processes whose names match, such as 'api-*'
clear ... --reason <text>	Say why, for the trail`},
		{name: "completion", run: completion, complete: completeShells, kind: added, help: `
completion bash|zsh|fish	Print what makes a shell complete supervisorctl's command line`},
		{name: "crash", run: crash, patterns: true, json: true, kind: added, complete: completeCrash, help: `
crash <name>		Show how a process last crashed, and its last words
crash <name> <number>	Show an earlier crash; last is the newest
crash <name> --list	List the crashes that are kept, the newest first
crash <pattern>		The crash of the one process whose name matches
crash ... --json	The same as a JSON object
The exit status is 1 if there is no such crash.`},
		{name: "exit", run: quit, help: `
exit	Exit the supervisor shell.`},
		{name: "fg", run: foreground, patterns: true, complete: completeProcesses, help: `
fg <process>	Connect to a process in foreground mode
		Ctrl-C to exit`, more: `
fg <pattern>	Connect to the one process whose name matches`},
		{name: "help", run: help, complete: completeCommands, hidden: true, help: `
help		Print a list of available actions
help <action>	Print help for <action>`},
		{name: "link", run: delegations, json: true, reason: true, kind: added, complete: completeLinks, help: `
link list			List the links you made, by which others may do some of what you may
link list --all			List those of everybody
link add <pattern> [...]	Make one for the programs that match, and show its address, this once
link add ... --actions <actions>	What may be done with them (default start,stop,restart)
link add ... --expires <when>	It ends then: a date, a time, or how long from now (default 8h)
link add ... --uses <number>	How often it may be opened (default 1), 0 for no limit
link add ... --comment <text>	For people
link revoke <id>		End one at once, for all who have opened it
link ... --reason <text>	Say why, for the trail
link ... --json			The same as a JSON object`},
		{name: "maintail", run: mainTail, help: `
maintail -f 	Continuous tail of supervisor main log file (Ctrl-C to exit)
maintail -100	last 100 *bytes* of supervisord main log file
maintail	last 1600 *bytes* of supervisor main log file
`},
		{name: "open", run: open, help: `
open <url>	Connect to a remote supervisord process.
		(for UNIX domain socket, use unix:///socket/path)`},
		{name: "passwd", run: passwd, reason: true, kind: added, complete: completeAccounts, help: `
passwd <name>	Give a user a password, or print the line for the configuration where the server cannot
passwd		The same for the user of -u or [supervisorctl]; nobody need be an admin to change their own
passwd --print	Print the line and ask no server
A terminal asks twice; anything else is read as one line.`},
		{name: "pid", run: pid, patterns: true, json: true, complete: completeProcesses, help: `
pid			Get the PID of supervisord.
pid <name>		Get the PID of a single child process by name.
pid all			Get the PID of every child process, one per line.`, more: `
pid <pattern>		Get the PIDs of processes whose names match, such as 'api-*'
pid ... --json		The same as a JSON object`},
		{name: "quit", run: quit, help: `
quit	Exit the supervisor shell.`},
		{name: "reload", run: reload, reason: true, help: `
reload 		Restart the remote supervisord.`, more: `
reload --reason <text>	Say why, for the trail`},
		{name: "remove", run: remove, patterns: true, reason: true, complete: completeGroups, help: `
remove <name> [...]	Removes process/group from active config`, more: `
remove <pattern>	Remove the groups whose names match, such as 'api-*'
remove ... --reason <text>	Say why, for the trail`},
		{name: "reread", run: reread, json: true, reason: true, help: `
reread 			Reload the daemon's configuration files without add/remove`, more: `
reread --json		The same as a JSON object
reread --reason <text>	Say why, for the trail`},
		{name: "restart", run: restart, patterns: true, reason: true, complete: completeProcesses, help: `
restart <name>		Restart a process
restart <gname>:*	Restart all processes in a group
restart <name> <name>	Restart multiple processes or groups
restart all		Restart all processes
Note: restart does not reread config files. For that, see reread and update.`, more: `
restart <pattern>	Restart processes whose names match, such as 'api-*' or '*:worker_0?'
restart ... --reason <text>	Say why, for the trail`},
		{name: "sessions", run: sessions, json: true, reason: true, kind: added, complete: completeSessions, help: `
sessions		List your logins in browsers
sessions --all		List those of everybody
sessions end <id>	Log one out
sessions end all	Log all of yours out
sessions ... --reason <text>	Say why, for the trail
sessions ... --json	The same as a JSON object`},
		{name: "shutdown", run: shutdown, reason: true, help: `
shutdown 	Shut the remote supervisord down.`, more: `
shutdown --reason <text>	Say why, for the trail`},
		{name: "signal", run: signalProcesses, patterns: true, reason: true, complete: completeSignals, help: `
signal <signal name> <name>		Signal a process
signal <signal name> <gname>:*		Signal all processes in a group
signal <signal name> <name> <name>	Signal multiple processes or groups
signal <signal name> all		Signal all processes`, more: `
signal <signal name> <pattern>		Signal processes whose names match, such as 'api-*'
signal ... --reason <text>		Say why, for the trail`},
		{name: "start", run: start, patterns: true, reason: true, complete: completeProcesses, help: `
start <name>		Start a process
start <gname>:*		Start all processes in a group
start <name> <name>	Start multiple processes or groups
start all		Start all processes`, more: `
start <pattern>		Start processes whose names match, such as 'api-*' or '*:worker_0?'
start ... --reason <text>	Say why, for the trail`},
		{name: "status", run: status, patterns: true, json: true, complete: completeProcesses, help: `
status <name>		Get status for a single process
status <gname>:*	Get status for all processes in a group
status <name> <name>	Get status for multiple named processes
status			Get all process status info`, more: `
status <pattern>	Get status for processes whose names match, such as 'api-*'
status ... --json	The same as a JSON object`},
		{name: "stop", run: stop, patterns: true, reason: true, complete: completeProcesses, help: `
stop <name>		Stop a process
stop <gname>:*		Stop all processes in a group
stop <name> <name>	Stop multiple processes or groups
stop all		Stop all processes`, more: `
stop <pattern>		Stop processes whose names match, such as 'api-*' or '*:worker_0?'
stop ... --reason <text>	Say why, for the trail`},
		{name: "tail", run: tail, patterns: true, complete: completeTail, help: `
tail [-f] <name> [stdout|stderr] (default stdout)
Ex:
tail -f <name>		Continuous tail of named process stdout
			Ctrl-C to exit.
tail -100 <name>	last 100 *bytes* of process stdout
tail <name> stderr	last 1600 *bytes* of process stderr`, more: `
tail <pattern>		The log of the one process whose name matches
tail -f <name> <pattern> [stdout|stderr]	Continuous tail of several processes, each line after a name`},
		{name: "token", run: tokens, json: true, reason: true, kind: added, complete: completeTokens, help: `
token list								List the tokens that programs come in with
token add <name> --role <role> --programs <patterns>			Make one and show it, this once
token add ... --expires <when>						It ends then: a date, a time, or how long from now, such as 90d
token add ... --deny <patterns> --actions <actions> --comment <text>	As for users
token remove <name>							Take one away
token ... --reason <text>						Say why, for the trail
token ... --json							The same as a JSON object`},
		{name: "update", run: update, patterns: true, json: true, reason: true, complete: completeGroups, help: `
update			Reload config and add/remove as necessary, and will restart affected programs
update all		Reload config and add/remove as necessary, and will restart affected programs
update <gname> [...]	Update specific groups`, more: `
update <pattern>	Update the groups whose names match, such as 'api-*'
update --dry-run	Tell what update would do and which options differ, and do nothing
update ... --reason <text>	Say why, for the trail
update ... --json	The same as a JSON object`},
		{name: "users", run: users, json: true, reason: true, kind: added, complete: completeUsers, help: `
users list						List who may come in
users add <name> --role <role> --programs <patterns>	Add a user and ask for the password: viewer, operator or admin
users add ... --no-password				Add one who does not come in by password
users set <name> ...					Change a user: what is not named stays
users set ... --deny <patterns>				Programs that are taken away again
users set ... --actions <actions>			Only these, such as start,stop
users set ... --unix-users <names>			System users who are this user at a unix socket
users set ... --comment <text>				For people
users set ... --disabled				Keep the user out
users set ... --enabled					Let the user in again
users remove <name>					Take a user away
users ... --reason <text>				Say why, for the trail
users ... --json					The same as a JSON object`},
		{name: "version", run: version, json: true, help: `
version			Show the version of the remote supervisord process`, more: `
version --json		The same as a JSON object`},
		{name: "wait", run: wait, patterns: true, kind: added, complete: completeWait, help: `
wait <name>				Wait until a process is RUNNING
wait <gname>:*				Wait for all processes in a group
wait <name> <name>			Wait for multiple processes or groups
wait all				Wait for all processes
wait <name> --state <state>[,<state>]	Wait for another state, or one of several
wait <name> --timeout <seconds>		Wait so long at most (default 30)
A process that is FATAL ends the wait, unless that is what is waited for.`},
	}
}

// command finds an entry by its exact name.
func (c *controller) command(name string) (command, bool) {
	i := sort.Search(len(c.commands), func(i int) bool { return c.commands[i].name >= name })
	if i == len(c.commands) || c.commands[i].name != name {
		return command{}, false
	}
	return c.commands[i], true
}

// parseLine cuts a typed line into the command and the rest, as Python's cmd
// module does: the name is made of letters, digits and "_", "?" is short for
// help, and "!" is no command here. known is false for a line that can have none.
func parseLine(text string) (name, arg, line string, known bool) {
	line = strings.TrimSpace(text)
	switch {
	case line == "":
		return "", "", "", true
	case line[0] == '!':
		return "", "", line, false
	case line[0] == '?':
		line = "help " + line[1:]
	}
	end := 0
	for end < len(line) && isNameByte(line[end]) {
		end++
	}
	return line[:end], strings.TrimSpace(line[end:]), line, end > 0
}

func isNameByte(b byte) bool { return isLetter(b) || b >= '0' && b <= '9' || b == '_' }

// complain prints what is wrong with the words after a command, and its help.
func (c *controller) complain(message, name string, exit int) error {
	c.problem(message, failure{Message: strings.TrimPrefix(message, "Error: ")})
	c.status = exit
	if c.json == nil {
		c.printHelp(name)
	}
	return nil
}

// noArguments complains when there are words after a command that takes none.
func (c *controller) noArguments(name, arg string) (fine bool) {
	if arg == "" {
		return true
	}
	c.complain("Error: "+name+" accepts no arguments", name, exitGeneric)
	return false
}

// printHelp prints the help of a command that is known to have some.
func (c *controller) printHelp(name string) {
	if cmd, ok := c.command(name); ok {
		c.out.Line(strings.TrimPrefix(cmd.help, "\n"))
	}
}

// help prints the page of commands, or the help of one. The topic is the whole
// rest of the line.
func help(_ context.Context, c *controller, topic string) error {
	if topic == "" {
		c.helpPage()
		return nil
	}
	if cmd, ok := c.command(topic); ok && cmd.help != "" {
		c.printHelp(topic)
		if cmd.more != "" {
			c.out.Line(strings.TrimPrefix(cmd.more, "\n"))
		}
		return nil
	}
	c.out.Line("*** No help on " + topic)
	return nil
}

// helpPage lists the commands in columns, as Python's cmd module lays them out.
func (c *controller) helpPage() {
	c.out.Line("")
	for kind, header := range headers {
		c.helpPart(commandKind(kind), header)
	}
}

// helpPart lists the commands of one kind, if there are any.
func (c *controller) helpPart(kind commandKind, header string) {
	var names []string
	for _, cmd := range c.commands {
		if !cmd.hidden && cmd.kind == kind {
			names = append(names, cmd.name)
		}
	}
	if len(names) == 0 {
		return
	}
	c.out.Line(header)
	c.out.Line(strings.Repeat("=", len(header)))
	for _, row := range columns(names, 79) {
		c.out.Line(row)
	}
	c.out.Line("")
}

// quit ends the shell, leaving the prompt's line behind.
func quit(_ context.Context, c *controller, _ string) error {
	c.out.Line("")
	return errQuit
}
