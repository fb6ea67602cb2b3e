package ctl

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// verb is a command on processes: start, stop, signal. They differ in what they
// call, in how they name each outcome, and in what counts as failure.
type verb struct {
	one, group, all string // the methods
	args            []any  // after the name
	done            string // what happened when all went well

	// complaints are the outcomes the command has words for.
	complaints map[supervise.FaultCode]string

	// verbatim is an outcome whose own text is printed, 0 for none.
	verbatim supervise.FaultCode

	// harmless is an outcome that is a complaint but no failure, 0 for none.
	harmless supervise.FaultCode

	// unknownGroup is the status for a group that does not exist.
	unknownGroup int
}

func starting() verb {
	return verb{
		one: "startProcess", group: "startProcessGroup", all: "startAllProcesses",
		done: "started",
		complaints: map[supervise.FaultCode]string{
			supervise.FaultBadName:             "no such process",
			supervise.FaultNoFile:              "no such file",
			supervise.FaultNotExecutable:       "file is not executable",
			supervise.FaultAlreadyStarted:      "already started",
			supervise.FaultSpawnError:          "spawn error",
			supervise.FaultAbnormalTermination: "abnormal termination",
		},
		harmless:     supervise.FaultAlreadyStarted,
		unknownGroup: exitInvalidArgs,
	}
}

func stopping() verb {
	return verb{
		one: "stopProcess", group: "stopProcessGroup", all: "stopAllProcesses",
		done:         "stopped",
		complaints:   signalComplaints(),
		verbatim:     supervise.FaultFailed,
		harmless:     supervise.FaultNotRunning,
		unknownGroup: exitGeneric,
	}
}

func signalling(signal string) verb {
	return verb{
		one: "signalProcess", group: "signalProcessGroup", all: "signalAllProcesses",
		args:         []any{signal},
		done:         "signalled",
		complaints:   signalComplaints(),
		verbatim:     supervise.FaultFailed,
		unknownGroup: exitGeneric,
	}
}

func signalComplaints() map[supervise.FaultCode]string {
	return map[supervise.FaultCode]string{
		supervise.FaultBadName:    "no such process",
		supervise.FaultBadSignal:  "bad signal name",
		supervise.FaultNotRunning: "not running",
	}
}

// start starts processes, one name after the other, each until it runs or fails.
func start(ctx context.Context, c *controller, arg string) error {
	return c.onProcesses(ctx, "start", arg, exitInvalidArgs, starting())
}

// stop stops processes, one name after the other, each until it is down.
func stop(ctx context.Context, c *controller, arg string) error {
	return c.onProcesses(ctx, "stop", arg, exitGeneric, stopping())
}

// restart is stop and then start, of the same names.
func restart(ctx context.Context, c *controller, arg string) error {
	return c.onProcesses(ctx, "restart", arg, exitGeneric, stopping(), starting())
}

// onProcesses does the verbs one after the other to all names. If there are
// several, their calls are marked as one restart: our supervisord then keeps
// FastCGI sockets open in between. The original takes no notice.
func (c *controller) onProcesses(ctx context.Context, name, arg string, noName int, verbs ...verb) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	names := strings.Fields(arg)
	if len(names) == 0 {
		return c.complain("Error: "+name+" requires a process name", name, noName)
	}
	names, err = c.expand(ctx, cl, names, asGroup)
	if err != nil {
		return err
	}
	if len(verbs) > 1 {
		cl.restart = rand.Text()
	}
	for _, v := range verbs {
		if err := c.apply(ctx, cl, v, names); err != nil {
			return err
		}
	}
	return nil
}

// signalProcesses sends a signal.
func signalProcesses(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	words := strings.Fields(arg)
	if len(words) < 2 {
		return c.complain("Error: signal requires a signal name and a process name", "signal", exitGeneric)
	}
	names, err := c.expand(ctx, cl, words[1:], asGroup)
	if err != nil {
		return err
	}
	return c.apply(ctx, cl, signalling(words[0]), names)
}

// apply does the verb to every process, to groups, or to single processes, as
// the names say.
func (c *controller) apply(ctx context.Context, cl *client, v verb, names []string) error {
	if slices.Contains(names, "all") {
		return c.applyToMany(ctx, cl, v, v.all, v.args)
	}
	for _, name := range names {
		if err := c.applyToName(ctx, cl, v, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *controller) applyToName(ctx context.Context, cl *client, v verb, name string) error {
	spec := supervise.ParseNameSpec(name)
	if !spec.WholeGroup() {
		return c.applyToOne(ctx, cl, v, name, spec)
	}
	err := c.applyToMany(ctx, cl, v, v.group, append([]any{spec.Group}, v.args...))
	if faultCode(err) == int(supervise.FaultBadName) {
		c.out.Line(spec.Group + ": ERROR (no such group)")
		c.status = v.unknownGroup
		return nil
	}
	return err
}

func (c *controller) applyToMany(ctx context.Context, cl *client, v verb, method string, args []any) error {
	var results []result
	if err := cl.call(ctx, &results, method, args...); err != nil {
		return err
	}
	for _, r := range results {
		if err := c.report(v, r); err != nil {
			return err
		}
	}
	return nil
}

// applyToOne does the verb to a single process. A fault is an outcome like those
// in the answer for a group.
func (c *controller) applyToOne(ctx context.Context, cl *client, v verb, name string, spec supervise.NameSpec) error {
	err := cl.call(ctx, nil, v.one, append([]any{name}, v.args...)...)
	r, ok := outcome(spec, err)
	if !ok {
		return err
	}
	return c.report(v, r)
}

// outcome is the answer to a call for one process, in the form that calls for
// groups have. ok is false when err is no fault, so there is no outcome.
func outcome(spec supervise.NameSpec, err error) (r result, ok bool) {
	r = result{Group: spec.Group, Name: spec.Process, Status: int(supervise.Success)}
	if err == nil {
		return r, true
	}
	var fault xmlrpc.FaultError
	if !errors.As(err, &fault) {
		return result{}, false
	}
	r.Status, r.Description = fault.Code, fault.String
	return r, true
}

// report prints one outcome and counts it. One the command has no words for is
// an error of its own, and ends the command (supervisorctl.py:759, 830).
func (c *controller) report(v verb, r result) error {
	name := namespec(r.Group, r.Name)
	complaint, known := v.complaints[r.code()]
	switch {
	case r.code() == supervise.Success:
		c.out.Line(name + ": " + v.done)
	case known:
		c.out.Line(fmt.Sprintf("%s: ERROR (%s)", name, complaint))
	case r.code() == v.verbatim:
		c.out.Line(r.Description)
	default:
		return exception{"ValueError", fmt.Sprintf("Unknown result code %d for %s", r.Status, name)}
	}
	c.count(r.code(), v.harmless)
	return nil
}

// count sets the exit status for an outcome (supervisorctl.py:188-195).
func (c *controller) count(code, harmless supervise.FaultCode) {
	switch code {
	case supervise.Success, harmless:
	case supervise.FaultSpawnError, supervise.FaultAbnormalTermination, supervise.FaultNotRunning:
		c.status = exitNotRunning
	default:
		c.status = exitGeneric
	}
}

// clearLogs empties the logs of processes. The server knows no groups here: the
// processes of "g:*" are named one by one, and a group that does not exist is
// taken for a process, and answered as the original answers it.
func clearLogs(ctx context.Context, c *controller, arg string) error {
	cl, err := c.reach(ctx)
	if cl == nil {
		return err
	}
	defer cl.close()
	names := strings.Fields(arg)
	if len(names) == 0 {
		return c.complain("Error: clear requires a process name", "clear", exitGeneric)
	}
	names, err = c.expand(ctx, cl, names, asMembers)
	if err != nil {
		return err
	}
	v := verb{one: "clearProcessLogs", all: "clearAllProcessLogs", done: "cleared",
		complaints: map[supervise.FaultCode]string{
			supervise.FaultBadName: "no such process",
			supervise.FaultFailed:  "failed",
		}}
	if slices.Contains(names, "all") {
		return c.applyToMany(ctx, cl, v, v.all, nil)
	}
	for _, name := range names {
		spec := supervise.ParseNameSpec(name)
		if spec.WholeGroup() {
			spec.Process = "None"
		}
		if err := c.applyToOne(ctx, cl, v, name, spec); err != nil {
			return err
		}
	}
	return nil
}
