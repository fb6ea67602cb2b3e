package rpc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/supervise"
)

// yes is the answer of a method that has nothing else to tell.
const yes = boolean(true)

func (h *Handler) getAPIVersion(context.Context, []value) (value, error) {
	return text(supervise.APIVersion), nil
}

func (h *Handler) getSupervisorVersion(context.Context, []value) (value, error) {
	return text(supervise.SupervisorVersion), nil
}

func (h *Handler) getIdentification(context.Context, []value) (value, error) {
	return text(h.engine.Identity().Identifier), nil
}

func (h *Handler) getState(context.Context, []value) (value, error) {
	mood := h.engine.Mood()
	return object{{"statecode", integer(mood)}, {"statename", text(mood.String())}}, nil
}

func (h *Handler) getPID(context.Context, []value) (value, error) {
	return integer(h.engine.Identity().PID), nil
}

func (h *Handler) readLog(ctx context.Context, args []value) (value, error) {
	log, err := h.engine.MainLog(ctx)
	if err != nil {
		return nil, err
	}
	if log.Path() == "" { // the original takes the word in logfile= for the name of a file
		return nil, supervise.Fault{Code: supervise.FaultNoFile, Detail: "syslog"}
	}
	return readFrom(ctx, log, args[0], args[1])
}

// clearLog names no file when there is none, unlike readLog.
func (h *Handler) clearLog(ctx context.Context, _ []value) (value, error) {
	log, err := h.engine.MainLog(ctx)
	if err == nil {
		err = log.Clear()
	}
	if isFault(err, supervise.FaultNoFile) {
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	}
	return yes, err
}

func (h *Handler) shutdown(ctx context.Context, _ []value) (value, error) {
	return yes, h.engine.Shutdown(ctx)
}

func (h *Handler) restart(ctx context.Context, _ []value) (value, error) {
	audit.Of(ctx).Tell("and start again")
	return yes, h.engine.RestartSelf(ctx)
}

// reloadConfig answers one array too many: the original could not return three
// things otherwise, and its clients count on it.
func (h *Handler) reloadConfig(ctx context.Context, _ []value) (value, error) {
	plan, err := h.engine.Stage(ctx)
	if err != nil {
		return nil, err
	}
	audit.Of(ctx).Planned("reread", plan)
	return array{array{texts(plan.Added), texts(plan.Changed), texts(plan.Removed)}}, nil
}

func texts(list []string) array {
	out := make(array, len(list))
	for i, each := range list {
		out[i] = text(each)
	}
	return out
}

// addProcessGroup compares its argument with the names there are, so that what
// is no text names no group, whatever it is.
func (h *Handler) addProcessGroup(ctx context.Context, args []value) (value, error) {
	name, ok := args[0].(text)
	if !ok {
		return nil, repeating(supervise.FaultBadName, args[0])
	}
	audit.Of(ctx).Tell("add " + string(name))
	audit.Of(ctx).DidToGroups(string(name))
	return yes, groupAsGiven(h.engine.AddGroup(ctx, string(name)), string(name))
}

func (h *Handler) removeProcessGroup(ctx context.Context, args []value) (value, error) {
	name, err := asGroup(args[0])
	if err != nil {
		return nil, err
	}
	audit.Of(ctx).Tell("remove " + name)
	audit.Of(ctx).DidToGroups(name)
	return yes, groupAsGiven(h.engine.RemoveGroup(ctx, name), name)
}

func groupAsGiven(err error, given string) error {
	if isFault(err, supervise.FaultBadName) {
		return badName(given)
	}
	return err
}

// results is the answer about many, of which the trail is told too.
func results(ctx context.Context, lines []supervise.Result) value {
	audit.Of(ctx).DidTo(lines)
	return listOf(lines)
}

// groupOf selects those of a group that whoever asks may do verb to.
func groupOf(ctx context.Context, verb auth.Verb, group string) supervise.Selection {
	return supervise.Selection{Group: group, May: auth.Scope(ctx, verb)}
}

// all selects every process that whoever asks may do verb to.
func all(ctx context.Context, verb auth.Verb) supervise.Selection {
	return supervise.Selection{All: true, May: auth.Scope(ctx, verb)}
}

func (h *Handler) startProcess(ctx context.Context, args []value) (value, error) {
	name, given, err := asName(args[0])
	if err != nil {
		return nil, err
	}
	wait := optional(args, 1)
	if name.WholeGroup() {
		lines, err := h.engine.StartMany(ctx, groupOf(ctx, auth.Start, name.Group), wait)
		return results(ctx, lines), groupAsGiven(err, given)
	}
	_, err = h.engine.Start(ctx, name, wait)
	return yes, asGiven(err, name, given)
}

func (h *Handler) startProcessGroup(ctx context.Context, args []value) (value, error) {
	name, err := asGroup(args[0])
	if err != nil {
		return nil, err
	}
	lines, err := h.engine.StartMany(ctx, groupOf(ctx, auth.Start, name), optional(args, 1))
	return results(ctx, lines), groupAsGiven(err, name)
}

func (h *Handler) startAllProcesses(ctx context.Context, args []value) (value, error) {
	lines, err := h.engine.StartMany(ctx, all(ctx, auth.Start), optional(args, 0))
	return results(ctx, lines), err
}

func (h *Handler) stopProcess(ctx context.Context, args []value) (value, error) {
	name, given, err := asName(args[0])
	if err != nil {
		return nil, err
	}
	wait := optional(args, 1)
	if name.WholeGroup() {
		lines, err := h.engine.StopMany(ctx, groupOf(ctx, auth.Stop, name.Group), wait)
		return results(ctx, lines), groupAsGiven(err, given)
	}
	_, err = h.engine.Stop(ctx, name, wait)
	return yes, asGiven(err, name, given)
}

func (h *Handler) stopProcessGroup(ctx context.Context, args []value) (value, error) {
	name, err := asGroup(args[0])
	if err != nil {
		return nil, err
	}
	lines, err := h.engine.StopMany(ctx, groupOf(ctx, auth.Stop, name), optional(args, 1))
	return results(ctx, lines), groupAsGiven(err, name)
}

func (h *Handler) stopAllProcesses(ctx context.Context, args []value) (value, error) {
	lines, err := h.engine.StopMany(ctx, all(ctx, auth.Stop), optional(args, 0))
	return results(ctx, lines), err
}

// optional is the truth of an argument that counts as true where it is missing.
func optional(args []value, i int) bool { return len(args) <= i || truth(args[i]) }

// signalProcess judges the name before the signal, and the signal before the
// state of the process.
func (h *Handler) signalProcess(ctx context.Context, args []value) (value, error) {
	name, given, err := asName(args[0])
	if err != nil {
		return nil, err
	}
	if name.WholeGroup() {
		v, err := h.signalMany(ctx, groupOf(ctx, auth.Signal, name.Group), args[1])
		return v, groupAsGiven(err, given)
	}
	sig, unknown := asSignal(args[1])
	if unknown != nil {
		if _, err := h.engine.Process(ctx, name); err != nil {
			return nil, asGiven(err, name, given)
		}
		return nil, unknown
	}
	audit.Of(ctx).Tell(sig.String())
	return yes, asGiven(h.engine.Signal(ctx, name, sig), name, given)
}

func (h *Handler) signalProcessGroup(ctx context.Context, args []value) (value, error) {
	name, err := asGroup(args[0])
	if err != nil {
		return nil, err
	}
	v, err := h.signalMany(ctx, groupOf(ctx, auth.Signal, name), args[1])
	return v, groupAsGiven(err, name)
}

func (h *Handler) signalAllProcesses(ctx context.Context, args []value) (value, error) {
	return h.signalMany(ctx, all(ctx, auth.Signal), args[0])
}

// signalMany looks at the signal last, as the original does: an unknown one is
// told once for each process that could have got it, and one of a wrong type
// matters only if there is such a process.
func (h *Handler) signalMany(ctx context.Context, which supervise.Selection, signal value) (value, error) {
	sig, unknown := asSignal(signal)
	if unknown != nil {
		return h.refuseSignal(ctx, which, unknown)
	}
	audit.Of(ctx).Tell(sig.String())
	lines, err := h.engine.SignalMany(ctx, which, sig)
	return results(ctx, lines), err
}

func (h *Handler) refuseSignal(ctx context.Context, which supervise.Selection, unknown error) (value, error) {
	snapshot, err := h.engine.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if !which.All && !slices.ContainsFunc(snapshot.Groups, func(g supervise.GroupInfo) bool { return g.Name == which.Group }) {
		return nil, badName(which.Group)
	}
	meant := slices.DeleteFunc(slices.Clone(snapshot.Processes), func(p supervise.ProcessInfo) bool {
		return !which.All && p.Group != which.Group || which.May != nil && !which.May(p.NameSpec())
	})
	if !which.All && which.May != nil && len(meant) == 0 {
		return nil, badName(which.Group)
	}
	f, told := asFault(unknown)
	var lines []supervise.Result
	for _, p := range meant {
		if p.State.Signallable() {
			lines = append(lines, supervise.Result{Group: p.Group, Name: p.Name, Status: f.code, Description: f.text})
		}
	}
	if len(lines) > 0 && !told {
		return nil, unknown
	}
	return results(ctx, lines), nil
}

func (h *Handler) getAllConfigInfo(ctx context.Context, _ []value) (value, error) {
	infos, err := h.engine.ConfigInfo(ctx)
	if err != nil {
		return nil, err
	}
	who := auth.From(ctx)
	list := make(array, 0, len(infos))
	for _, info := range infos {
		if !auth.Can(who, auth.View, supervise.NameSpec{Group: info.Group, Process: info.Name}) {
			continue
		}
		if info.Command = h.secrets.Mask(info.Command); !auth.Can(who, auth.Config, auth.Supervisord) {
			info.Command = ""
		}
		list = append(list, configStruct(info))
	}
	return list, nil
}

// configStruct has the members of the original in its order. autorestart is
// what the version after 4.2.5 adds; the other members are all of 4.2.5's.
func configStruct(c supervise.ConfigInfo) value {
	exitcodes := make(array, len(c.ExitCodes))
	for i, code := range c.ExitCodes {
		exitcodes[i] = integer(code)
	}
	fields := object{
		{"autostart", boolean(c.AutoStart)},
		{"autorestart", plainValue(c.AutoRestart)},
		{"directory", text(c.Directory)},
		{"uid", plainValue(c.UID)},
		{"command", text(c.Command)},
		{"exitcodes", exitcodes},
		{"group", text(c.Group)},
		{"group_prio", integer(c.GroupPriority)},
		{"inuse", boolean(c.InUse)},
		{"killasgroup", boolean(c.KillAsGroup)},
		{"name", text(c.Name)},
		{"process_prio", integer(c.Priority)},
		{"redirect_stderr", boolean(c.RedirectErr)},
		{"startretries", integer(c.StartRetries)},
		{"startsecs", integer(c.StartSecs)},
	}
	fields = append(fields, configLog("stdout", c.Stdout)...)
	fields = append(fields, member{"stopsignal", integer(c.StopSignal)}, member{"stopwaitsecs", integer(c.StopWaitSecs)})
	fields = append(fields, configLog("stderr", c.Stderr)...)
	return append(fields, member{"serverurl", text(c.ServerURL)})
}

func configLog(channel string, c supervise.ConfigLogInfo) object {
	return object{
		{channel + "_capture_maxbytes", integer(c.CaptureMaxBytes)},
		{channel + "_events_enabled", boolean(c.EventsEnabled)},
		{channel + "_logfile", text(c.Logfile)},
		{channel + "_logfile_backups", integer(c.Backups)},
		{channel + "_logfile_maxbytes", integer(c.MaxBytes)},
		{channel + "_syslog", boolean(c.Syslog)},
	}
}

// plainValue carries the options that are now a number or a truth, now a word.
func plainValue(v any) value {
	switch v := v.(type) {
	case bool:
		return boolean(v)
	case int:
		return integer(v)
	case string:
		return text(v)
	}
	return text("none")
}

func (h *Handler) getProcessInfo(ctx context.Context, args []value) (value, error) {
	name, given, err := asProcess(args[0])
	if err != nil {
		return nil, err
	}
	info, err := h.engine.Process(ctx, name)
	if err != nil {
		return nil, asGiven(err, name, given)
	}
	return encoded(newRow(info).appendAt(nil, time.Now())), nil
}

// asProcess reads the name of one process: a whole group will not do.
func asProcess(v value) (name supervise.NameSpec, given string, err error) {
	name, given, err = asName(v)
	if err == nil && name.WholeGroup() {
		err = badName(given)
	}
	return name, given, err
}

func (h *Handler) readProcessStdoutLog(ctx context.Context, args []value) (value, error) {
	return h.readProcessLog(ctx, supervise.Stdout, args)
}

func (h *Handler) readProcessStderrLog(ctx context.Context, args []value) (value, error) {
	return h.readProcessLog(ctx, supervise.Stderr, args)
}

func (h *Handler) readProcessLog(ctx context.Context, ch supervise.Channel, args []value) (value, error) {
	log, err := h.log(ctx, ch, args[0])
	if err != nil {
		return nil, err
	}
	return readFrom(ctx, log, args[1], args[2])
}

// log finds the log of a process. One that is kept in memory only does not
// exist for clients of the original.
func (h *Handler) log(ctx context.Context, ch supervise.Channel, process value) (supervise.Log, error) {
	name, given, err := asProcess(process)
	if err != nil {
		return nil, err
	}
	log, err := h.engine.Log(ctx, name, ch)
	if isFault(err, supervise.FaultNoFile) || err == nil && log.Path() == "" {
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	}
	return log, asGiven(err, name, given)
}

// readFrom reads a piece of a log.
func readFrom(ctx context.Context, log supervise.Log, offset, length value) (value, error) {
	noFile := supervise.Fault{Code: supervise.FaultNoFile, Detail: log.Path()}
	from, size, err := asPiece(log, offset, length)
	switch wrong, ok := err.(crash); {
	case isFault(err, noFile.Code):
		return nil, noFile
	case ok && wrong.class == "ValueError": // taken for the name of a fault (rpcinterface.py readLog)
		return nil, crash{"AttributeError", "type object 'Faults' has no attribute '" + wrong.text + "'"}
	case err != nil:
		return nil, err
	}
	data, err := readLog(ctx, func() ([]byte, error) { return log.Read(from, size) })
	if isFault(err, noFile.Code) {
		return nil, noFile
	}
	return text(data), err
}

// asPiece reads an offset and a length. That the file is not there is told before
// that they are no numbers.
func asPiece(log supervise.Log, offset, length value) (from, size int64, err error) {
	from, err = asInt(offset)
	size, err2 := asInt(length)
	if err = cmp.Or(err, err2); err != nil {
		if _, gone := log.Read(0, 1); isFault(gone, supervise.FaultNoFile) {
			err = gone
		}
	}
	return from, size, err
}

func (h *Handler) tailProcessStdoutLog(ctx context.Context, args []value) (value, error) {
	return h.tailProcessLog(ctx, supervise.Stdout, args)
}

func (h *Handler) tailProcessStderrLog(ctx context.Context, args []value) (value, error) {
	return h.tailProcessLog(ctx, supervise.Stderr, args)
}

// tailProcessLog answers a log that does not exist as an empty one.
func (h *Handler) tailProcessLog(ctx context.Context, ch supervise.Channel, args []value) (value, error) {
	v, err := h.tailOf(ctx, ch, args)
	if isFault(err, supervise.FaultNoFile) {
		return array{text(""), integer(0), boolean(false)}, nil
	}
	return v, err
}

func (h *Handler) tailOf(ctx context.Context, ch supervise.Channel, args []value) (value, error) {
	log, err := h.log(ctx, ch, args[0])
	if err != nil {
		return nil, err
	}
	offset, length, err := asPiece(log, args[1], args[2])
	if err != nil {
		return nil, err
	}
	var size int64
	var overflow bool
	data, err := readLog(ctx, func() (data []byte, err error) {
		data, size, overflow, err = log.Tail(offset, length)
		return data, err
	})
	return array{text(data), integer(size), boolean(overflow)}, err
}

func (h *Handler) clearProcessLogs(ctx context.Context, args []value) (value, error) {
	name, given, err := asProcess(args[0])
	if err != nil {
		return nil, err
	}
	return yes, asGiven(h.engine.ClearLogs(ctx, name), name, given)
}

func (h *Handler) clearAllProcessLogs(ctx context.Context, _ []value) (value, error) {
	lines, err := h.engine.ClearAllLogs(ctx, auth.Scope(ctx, auth.ClearLogs))
	return results(ctx, lines), err
}

// sendProcessStdin looks at the text before it looks at the name.
func (h *Handler) sendProcessStdin(ctx context.Context, args []value) (value, error) {
	chars, ok := args[1].(text)
	if !ok {
		return nil, repeating(supervise.FaultIncorrectParameters, args[1])
	}
	name, given, err := asProcess(args[0])
	if err != nil {
		return nil, err
	}
	audit.Of(ctx).Tell(fmt.Sprintf("%d bytes", len(chars)))
	return yes, asGiven(h.engine.WriteStdin(ctx, name, []byte(chars)), name, given)
}

func (h *Handler) sendRemoteCommEvent(ctx context.Context, args []value) (value, error) {
	kind := pythonStr(args[0])
	audit.Of(ctx).Tell(kind)
	return yes, h.engine.RemoteEvent(ctx, kind, pythonStr(args[1]))
}

func isFault(err error, code supervise.FaultCode) bool {
	f, ok := asFault(err)
	return ok && f.code == code
}
