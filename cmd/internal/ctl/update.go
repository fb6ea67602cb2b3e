package ctl

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"
	"syscall"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// plan is the answer of reloadConfig: the names of groups.
type plan struct{ added, changed, removed []string }

// stage makes the server read its configuration again, which changes nothing
// yet. The answer is a list in a list (rpcinterface.py:201).
func stage(ctx context.Context, cl *client) (plan, error) {
	var answer [][][]string
	if err := cl.call(ctx, &answer, "reloadConfig"); err != nil {
		return plan{}, err
	}
	if len(answer) == 0 || len(answer[0]) != 3 {
		return plan{}, exception{"ValueError", "reloadConfig did not answer with three lists"}
	}
	return plan{added: answer[0][0], changed: answer[0][1], removed: answer[0][2]}, nil
}

// reread tells how the configuration differs from what runs.
func reread(ctx context.Context, c *controller, arg string) error {
	if !c.noArguments("reread", arg) {
		return nil
	}
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	changes, err := stage(ctx, cl)
	var fault xmlrpc.FaultError
	switch {
	case faultCode(err) == int(supervise.FaultShutdownState):
		return c.refused("supervisor shutting down")
	case faultCode(err) == int(supervise.FaultCantReread) && errors.As(err, &fault):
		c.problem("ERROR: "+fault.String, failureOf(err))
		c.status = exitGeneric
		return nil
	case err != nil:
		return err
	case c.json != nil:
		c.json.setPlan(changes)
		return nil
	}
	for _, line := range changeLines(changes) {
		c.out.Line(line)
	}
	return nil
}

// changeLines says what happened to each group, by name.
func changeLines(p plan) []string {
	what := map[string]string{}
	for _, name := range p.added {
		what[name] = "available"
	}
	for _, name := range p.changed {
		what[name] = "changed"
	}
	for _, name := range p.removed {
		what[name] = "disappeared"
	}
	if len(what) == 0 {
		return []string{"No config updates to processes"}
	}
	names := make([]string, 0, len(what))
	for name := range what {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = name + ": " + what[name]
	}
	return names
}

// add makes the server take up groups of the configuration last read.
func add(ctx context.Context, c *controller, arg string) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	names, err := groupNames(ctx, cl, strings.Fields(arg), waitingGroups)
	if err != nil {
		return err
	}
	for _, name := range names {
		err := cl.call(ctx, nil, "addProcessGroup", name)
		switch supervise.FaultCode(faultCode(err)) {
		case supervise.FaultShutdownState:
			c.refused("shutting down")
			continue
		case supervise.FaultAlreadyAdded:
			c.out.Line("ERROR: process group already active")
			continue
		case supervise.FaultBadName:
			c.refused("no such process/group: " + name)
			continue
		}
		if err != nil {
			return err
		}
		c.out.Line(name + ": added process group")
	}
	return nil
}

// remove makes the server drop groups whose processes are all stopped.
func remove(ctx context.Context, c *controller, arg string) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	names, err := groupNames(ctx, cl, strings.Fields(arg), runningGroups)
	if err != nil {
		return err
	}
	for _, name := range names {
		err := cl.call(ctx, nil, "removeProcessGroup", name)
		switch supervise.FaultCode(faultCode(err)) {
		case supervise.FaultStillRunning:
			c.refused("process/group still running: " + name)
			continue
		case supervise.FaultBadName:
			c.refused("no such process/group: " + name)
			continue
		}
		if err != nil {
			return err
		}
		c.out.Line(name + ": removed process group")
	}
	return nil
}

// update brings the server to the configuration on disk, group by group. It is a
// loop of the client, as in the original, so that it works with any server.
func update(ctx context.Context, c *controller, arg string) error {
	if rest, dry := cutWord(arg, "--dry-run"); dry {
		return dryRun(ctx, c, rest)
	}
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	changes, err := stage(ctx, cl)
	if faultCode(err) == int(supervise.FaultShutdownState) {
		return c.refused("already shutting down")
	}
	if err != nil {
		return err
	}
	names, err := c.updateGroups(ctx, cl, updateNames(arg), changes)
	if err != nil {
		return err
	}
	return c.applyPlan(ctx, cl, changes.only(names))
}

// updateGroups are the groups meant by names, of those that run or that changes
// adds. It complains of the others.
func (c *controller) updateGroups(ctx context.Context, cl *client, names []string, changes plan) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known, err := runningGroups(ctx, cl)
	if err != nil {
		return nil, err
	}
	known = append(known, changes.added...)
	names = expandGroups(names, known)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if !slices.Contains(known, name) {
			c.refused("no such group: " + name)
		}
	}
	return names, nil
}

// only leaves the groups named; no names means all.
func (p plan) only(names []string) plan {
	if len(names) == 0 {
		return p
	}
	unwanted := func(name string) bool { return !slices.Contains(names, name) }
	return plan{
		added:   slices.DeleteFunc(p.added, unwanted),
		changed: slices.DeleteFunc(p.changed, unwanted),
		removed: slices.DeleteFunc(p.removed, unwanted),
	}
}

// applyPlan drops what is gone, then replaces what changed, then adds the new. In
// JSON it tells what was done, as far as it came.
func (c *controller) applyPlan(ctx context.Context, cl *client, p plan) error {
	var done plan
	defer func() {
		if c.json != nil {
			c.json.setPlan(done)
		}
	}()
	for _, group := range p.removed {
		dropped, err := c.dropGroup(ctx, cl, group)
		if err != nil {
			return err
		}
		if dropped {
			done.removed = append(done.removed, group)
		}
	}
	for _, group := range p.changed {
		if err := c.replaceGroup(ctx, cl, group); err != nil {
			return err
		}
		done.changed = append(done.changed, group)
	}
	for _, group := range p.added {
		if err := cl.call(ctx, nil, "addProcessGroup", group); err != nil {
			return err
		}
		c.progress(group + ": added process group")
		done.added = append(done.added, group)
	}
	return nil
}

// progress prints a step of a command. In JSON only its end is told.
func (c *controller) progress(line string) {
	if c.json == nil {
		c.out.Line(line)
	}
}

// dropGroup stops and removes a group. One that cannot be stopped stays.
func (c *controller) dropGroup(ctx context.Context, cl *client, group string) (dropped bool, err error) {
	var results []result
	if err := cl.call(ctx, &results, "stopProcessGroup", group); err != nil {
		return false, err
	}
	c.progress(group + ": stopped")
	failed := func(r result) bool { return r.code() == supervise.FaultFailed }
	if slices.ContainsFunc(results, failed) {
		c.problem(group+": has problems; not removing", failure{Name: group, Message: "has problems; not removing"})
		c.status = exitGeneric
		return false, nil
	}
	if err := cl.call(ctx, nil, "removeProcessGroup", group); err != nil {
		return false, err
	}
	c.progress(group + ": removed process group")
	return true, nil
}

// replaceGroup stops a group and takes it up again as it is now configured.
func (c *controller) replaceGroup(ctx context.Context, cl *client, group string) error {
	if err := cl.call(ctx, nil, "stopProcessGroup", group); err != nil {
		return err
	}
	c.progress(group + ": stopped")
	if err := cl.call(ctx, nil, "removeProcessGroup", group); err != nil {
		return err
	}
	if err := cl.call(ctx, nil, "addProcessGroup", group); err != nil {
		return err
	}
	c.progress(group + ": updated process group")
	return nil
}

// shutdown ends the server, after a question where one can be answered.
func shutdown(ctx context.Context, c *controller, arg string) error {
	if !c.noArguments("shutdown", arg) {
		return nil
	}
	sure, err := c.sure(ctx, "Really shut the remote supervisord process down y/N? ")
	if !sure {
		return err
	}
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	err = cl.call(ctx, nil, "shutdown")
	switch {
	case err == nil:
		c.out.Line("Shut down")
		return nil
	case faultCode(err) == int(supervise.FaultShutdownState):
		c.out.Line("ERROR: already shutting down") // what was wanted, so no failure
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return c.refused(c.settings.serverURL + " refused connection (already shut down?)")
	case errors.Is(err, syscall.ENOENT):
		return c.refused(c.settings.serverURL + " no such file (already shut down?)")
	}
	return err
}

// reload makes the server stop everything, read its configuration and begin
// again, after a question where one can be answered.
func reload(ctx context.Context, c *controller, arg string) error {
	if !c.noArguments("reload", arg) {
		return nil
	}
	sure, err := c.sure(ctx, "Really restart the remote supervisord process y/N? ")
	if !sure {
		return err
	}
	cl, err := c.connect()
	if err != nil {
		return err
	}
	defer cl.close()
	err = cl.call(ctx, nil, "restart")
	if faultCode(err) == int(supervise.FaultShutdownState) {
		return c.refused("already shutting down")
	}
	if err != nil {
		return err
	}
	c.out.Line("Restarted supervisord")
	return nil
}

// sure asks, in a session with somebody to ask. Any answer that begins with a y
// is a yes.
func (c *controller) sure(ctx context.Context, question string) (bool, error) {
	if !c.settings.interactive {
		return true, nil
	}
	answer, err := c.ask(ctx, question)
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}
