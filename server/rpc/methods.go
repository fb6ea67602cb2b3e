package rpc

import (
	"context"
	"errors"
	"strings"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// method is one entry of the table. Everything that is known of a method before
// its own work begins stands here.
type method struct {
	name     string
	returns  string
	params   []string // their types
	optional int      // how many of the last ones may be left out
	help     string
	always   bool // answered while supervisord goes down
	verb     auth.Verb
	about    about // whom the verb concerns
	run      func(h *Handler, ctx context.Context, args []value) (value, error)
}

// about tells how to find what a call concerns.
type about int

const (
	supervisord about = iota
	process           // the first argument is a process, or "group:*"
	group             // the first argument is a group
	everything        // every process there is
)

// accepts tells whether a call may have n arguments.
func (m *method) accepts(n int) bool {
	return n <= len(m.params) && n >= len(m.params)-m.optional
}

// signature is what methodSignature answers.
func (m *method) signature() value {
	types := array{text(m.returns)}
	for _, each := range m.params {
		types = append(types, text(each))
	}
	return types
}

// newTable makes the table of every method this server answers.
func newTable() map[string]*method {
	table := make(map[string]*method)
	for _, m := range methods {
		table[m.name] = &m
	}
	for alias, name := range aliases {
		m := *table[name]
		m.name = alias
		table[alias] = &m
	}
	return table
}

// aliases are the older names the original keeps.
var aliases = map[string]string{
	"supervisor.getVersion":      "supervisor.getAPIVersion",
	"supervisor.readMainLog":     "supervisor.readLog",
	"supervisor.readProcessLog":  "supervisor.readProcessStdoutLog",
	"supervisor.tailProcessLog":  "supervisor.tailProcessStdoutLog",
	"supervisor.clearProcessLog": "supervisor.clearProcessLogs",
}

// badName is BAD_NAME with the name as it was given, an empty one too.
func badName(given string) error {
	return fault{supervise.FaultBadName, supervise.FaultBadName.String() + ": " + given}
}

// errNoName says that the argument that should be a name is none.
var errNoName = errors.New("no name")

// concerns finds out what a call is about; given is how the client wrote it.
func (m *method) concerns(args []value) (name supervise.NameSpec, given string, err error) {
	switch m.about {
	case process, group:
		s, ok := args[0].(text)
		if !ok {
			return name, "", errNoName
		}
		if m.about == group {
			return supervise.AllOf(string(s)), string(s), nil
		}
		return supervise.ParseNameSpec(string(s)), string(s), nil
	case everything:
		return auth.Everything, "", nil
	case supervisord:
	}
	return auth.Supervisord, "", nil
}

// permit finds out whether whoever asks may do verb to name. What somebody may
// not even see is told as a name that does not exist, as they wrote it.
func (h *Handler) permit(ctx context.Context, verb auth.Verb, name supervise.NameSpec, given string) error {
	err := auth.PermitOf(ctx, verb, name, h.engine)
	if isFault(err, supervise.FaultBadName) {
		return errors.Join(badName(given), err)
	}
	return err
}

// params are the types of a method's arguments, in order.
func params(types string) []string { return strings.Fields(types) }

// methods are those of the original (rpcinterface.py, xmlrpc.py), each once.
var methods = []method{
	{
		name: "supervisor.getAPIVersion", returns: "string", verb: auth.View, run: (*Handler).getAPIVersion,
		help: "The version of this interface. It changes when methods change their meaning, not with each release.",
	}, {
		name: "supervisor.getSupervisorVersion", returns: "string", verb: auth.View, run: (*Handler).getSupervisorVersion,
		help: "The version of Supervisor that this supervisord behaves like.",
	}, {
		name: "supervisor.getIdentification", returns: "string", verb: auth.View, run: (*Handler).getIdentification,
		help: "The identifier of this supervisord, as the configuration sets it.",
	}, {
		name: "supervisor.getState", returns: "struct", verb: auth.View, run: (*Handler).getState,
		help: "The state of supervisord: statecode (int) and statename (string).",
	}, {
		name: "supervisor.getPID", returns: "int", verb: auth.View, run: (*Handler).getPID,
		help: "The process id of supervisord.",
	}, {
		name: "supervisor.readLog", returns: "string", params: params("int int"), verb: auth.MainLog, run: (*Handler).readLog,
		help: "Bytes of supervisord's own log: length of them from offset on. " + helpOffset,
	}, {
		name: "supervisor.clearLog", returns: "boolean", verb: auth.ClearMainLog, run: (*Handler).clearLog,
		help: "Empty supervisord's own log.",
	}, {
		name: "supervisor.shutdown", returns: "boolean", verb: auth.Shutdown, run: (*Handler).shutdown,
		help: "Stop every process and end supervisord. Answers at once.",
	}, {
		name: "supervisor.restart", returns: "boolean", verb: auth.Shutdown, run: (*Handler).restart,
		help: "Stop every process, read the configuration again and start anew. Answers at once.",
	}, {
		name: "supervisor.reloadConfig", returns: "array", verb: auth.Reload, run: (*Handler).reloadConfig,
		help: "Read the configuration without changing what runs. The answer is an array with one array in it, of three: " +
			"the groups that are new, those that differ from what runs, and those that are gone.",
	}, {
		name: "supervisor.addProcessGroup", returns: "boolean", params: params("string"), verb: auth.Reload, run: (*Handler).addProcessGroup,
		help: "Take a group of the configuration last read into what runs.",
	}, {
		name: "supervisor.removeProcessGroup", returns: "boolean", params: params("string"), verb: auth.Reload, run: (*Handler).removeProcessGroup,
		help: "Take a group whose processes are all stopped out of what runs.",
	}, {
		name: "supervisor.getAllConfigInfo", returns: "array", verb: auth.View, run: (*Handler).getAllConfigInfo,
		help: "The options of every process of the configuration last read, as structs, sorted by the process's name. " +
			"Commands are for administrators.",
	}, {
		name: "supervisor.getProcessInfo", returns: "struct", params: params("string"), verb: auth.View, about: process, run: (*Handler).getProcessInfo,
		help: "What is known of one process, named \"name\" or \"group:name\".",
	}, {
		name: "supervisor.getAllProcessInfo", returns: "array", verb: auth.View, run: (*Handler).getAllProcessInfo,
		help: "What is known of every process, sorted by group and name.",
	}, {
		name: "supervisor.startProcess", returns: "boolean", params: params("string boolean"), optional: 1, verb: auth.Start, about: process, run: (*Handler).startProcess,
		help: "Start a process, or with \"group:*\" a whole group (the answer is then an array, as of startProcessGroup). " + helpWait,
	}, {
		name: "supervisor.startProcessGroup", returns: "array", params: params("string boolean"), optional: 1, verb: auth.Start, about: group, run: (*Handler).startProcessGroup,
		help: "Start the processes of a group, by priority. " + helpResults + helpWait,
	}, {
		name: "supervisor.startAllProcesses", returns: "array", params: params("boolean"), optional: 1, verb: auth.Start, about: everything, run: (*Handler).startAllProcesses,
		help: "Start every process, by priority. " + helpResults + helpWait,
	}, {
		name: "supervisor.stopProcess", returns: "boolean", params: params("string boolean"), optional: 1, verb: auth.Stop, about: process, run: (*Handler).stopProcess,
		help: "Stop a process, or with \"group:*\" a whole group (the answer is then an array, as of stopProcessGroup). " + helpWait,
	}, {
		name: "supervisor.stopProcessGroup", returns: "array", params: params("string boolean"), optional: 1, verb: auth.Stop, about: group, run: (*Handler).stopProcessGroup,
		help: "Stop the processes of a group. " + helpResults + helpWait,
	}, {
		name: "supervisor.stopAllProcesses", returns: "array", params: params("boolean"), optional: 1, verb: auth.Stop, about: everything, run: (*Handler).stopAllProcesses,
		help: "Stop every process. " + helpResults + helpWait,
	}, {
		name: "supervisor.signalProcess", returns: "boolean", params: params("string string"), verb: auth.Signal, about: process, run: (*Handler).signalProcess,
		help: "Send a signal, by name (HUP) or number, to a process, or with \"group:*\" to a whole group.",
	}, {
		name: "supervisor.signalProcessGroup", returns: "array", params: params("string string"), verb: auth.Signal, about: group, run: (*Handler).signalProcessGroup,
		help: "Send a signal to the processes of a group. " + helpResults,
	}, {
		name: "supervisor.signalAllProcesses", returns: "array", params: params("string"), verb: auth.Signal, about: everything, run: (*Handler).signalAllProcesses,
		help: "Send a signal to every process. " + helpResults,
	}, {
		name: "supervisor.readProcessStdoutLog", returns: "string", params: params("string int int"), verb: auth.Logs, about: process, run: (*Handler).readProcessStdoutLog,
		help: "Bytes of what a process wrote to stdout: length of them from offset on. " + helpOffset,
	}, {
		name: "supervisor.readProcessStderrLog", returns: "string", params: params("string int int"), verb: auth.Logs, about: process, run: (*Handler).readProcessStderrLog,
		help: "Bytes of what a process wrote to stderr: length of them from offset on. " + helpOffset,
	}, {
		name: "supervisor.tailProcessStdoutLog", returns: "array", params: params("string int int"), verb: auth.Logs, about: process, run: (*Handler).tailProcessStdoutLog,
		help: "The end of what a process wrote to stdout. " + helpTail,
	}, {
		name: "supervisor.tailProcessStderrLog", returns: "array", params: params("string int int"), verb: auth.Logs, about: process, run: (*Handler).tailProcessStderrLog,
		help: "The end of what a process wrote to stderr. " + helpTail,
	}, {
		name: "supervisor.clearProcessLogs", returns: "boolean", params: params("string"), verb: auth.ClearLogs, about: process, run: (*Handler).clearProcessLogs,
		help: "Empty both logs of a process.",
	}, {
		name: "supervisor.clearAllProcessLogs", returns: "array", verb: auth.ClearLogs, about: everything, run: (*Handler).clearAllProcessLogs,
		help: "Empty the logs of every process. " + helpResults,
	}, {
		name: "supervisor.sendProcessStdin", returns: "boolean", params: params("string string"), verb: auth.Stdin, about: process, run: (*Handler).sendProcessStdin,
		help: "Write text to the standard input of a process, as UTF-8.",
	}, {
		name: "supervisor.sendRemoteCommEvent", returns: "boolean", params: params("string string"), always: true, verb: auth.Events, run: (*Handler).sendRemoteCommEvent,
		help: "Send an event of the given type and data to the listeners of REMOTE_COMMUNICATION.",
	}, {
		name: "system.listMethods", returns: "array", always: true, verb: auth.View, run: (*Handler).listMethods,
		help: "The names of all methods that the caller may use, sorted.",
	}, {
		name: "system.methodHelp", returns: "string", params: params("string"), always: true, verb: auth.View, run: (*Handler).methodHelp,
		help: "What a method does.",
	}, {
		name: "system.methodSignature", returns: "array", params: params("string"), always: true, verb: auth.View, run: (*Handler).methodSignature,
		help: "The types a method works with: first that of its answer, then those of its arguments.",
	}, {
		name: multicall, returns: "array", params: params("array"), always: true, verb: auth.View, run: (*Handler).multicall,
		help: "Make several calls one after another. Each is a struct of methodName and params; the answer has, in the same order, " +
			"each call's own answer as it is, or a struct of faultCode and faultString.",
	},
}

const (
	helpOffset = "A negative offset with length 0 means that many bytes of the end; length 0 means all the rest."
	helpTail   = "At most length bytes; the answer is an array of them, the size of the log, and whether bytes after offset were left out."
	helpWait   = "Unless wait is false the answer comes once they are up, or down, for good."

	helpResults = "The answer has a struct of name, group, status and description for each process that was not so already. "
)
