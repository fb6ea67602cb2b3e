package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// preview tells what an update would do. Nothing is changed by it, not even what
// reread keeps. Each reads the whole configuration, so they take turns; whoever
// goes away while waiting reads nothing.
func (a *api) preview(w http.ResponseWriter, r *http.Request) error {
	if err := auth.Check(r.Context(), auth.Config, auth.Supervisord); err != nil {
		return err
	}
	done, err := a.turn(r.Context())
	if err != nil {
		return err
	}
	defer done()
	preview, err := a.engine.Preview(r.Context())
	if err != nil {
		return err
	}
	return reply.JSON(w, wire.FromPreview(preview))
}

// turn waits until nobody else reads the whole configuration.
func (a *api) turn(ctx context.Context) (done func(), err error) {
	select {
	case a.previewing <- struct{}{}:
		return func() { <-a.previewing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// configFiles tells what is in the files of the configuration, and what is wrong
// with them. As with preview, nothing is changed by it.
func (a *api) configFiles(w http.ResponseWriter, r *http.Request) error {
	if err := auth.Check(r.Context(), auth.Config, auth.Supervisord); err != nil {
		return err
	}
	if a.config == nil {
		return reply.Problem{Status: http.StatusNotFound, Text: "there are no files here"}
	}
	done, err := a.turn(r.Context())
	if err != nil {
		return err
	}
	defer done()
	view, err := a.config()
	if err != nil {
		return err
	}
	return reply.JSON(w, wire.FromConfigView(view))
}

// tellAbout tells what supervisord itself takes and allows.
func (a *api) tellAbout(w http.ResponseWriter, r *http.Request) error {
	if err := auth.Check(r.Context(), auth.Config, auth.Supervisord); err != nil {
		return err
	}
	if a.about == nil {
		return reply.Problem{Status: http.StatusNotFound, Text: "nobody tells that here"}
	}
	return reply.JSON(w, a.about())
}

// tellPlugins tells of the namespaces of XML-RPC beside the built-in ones.
func (a *api) tellPlugins(w http.ResponseWriter, r *http.Request) error {
	if err := auth.Check(r.Context(), auth.Config, auth.Supervisord); err != nil {
		return err
	}
	if a.plugins == nil {
		return reply.Problem{Status: http.StatusNotFound, Text: "nobody tells that here"}
	}
	return reply.JSON(w, a.plugins(r.Context()))
}

func (a *api) reread(ctx context.Context, _ *http.Request) (any, error) {
	if err := a.may(ctx, auth.Reload, auth.Supervisord); err != nil {
		return nil, err
	}
	plan, err := a.engine.Stage(ctx)
	audit.Of(ctx).Planned("reread", plan)
	return wire.FromPlan(plan), err
}

// update reads the configuration and brings what runs in line with it, group by
// group. It answers when all is done, which takes as long as the processes of
// groups that go take to stop. Updates take turns, and each reads what stands in
// the files when its turn comes: two at once would take each other's groups away.
func (a *api) update(ctx context.Context, r *http.Request) (any, error) {
	if err := a.may(ctx, auth.Reload, auth.Supervisord); err != nil {
		return nil, err
	}
	var asked wire.UpdateRequest
	if err := body(r, &asked); err != nil {
		return nil, err
	}
	a.updating <- struct{}{}
	defer func() { <-a.updating }()
	plan, err := a.engine.Stage(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.asSeen(ctx, asked.Seen); err != nil {
		return nil, err
	}
	if plan, err = a.narrow(ctx, plan, asked.Groups); err != nil {
		return nil, err
	}
	audit.Of(ctx).Planned("update", plan)
	audit.Of(ctx).DidToGroups(slices.Concat(plan.Removed, plan.Changed, plan.Added)...)
	return wire.Update{Steps: a.carryOut(ctx, plan)}, nil
}

// asSeen fails if an update would not do what was looked at: between the look
// and the order somebody else may have changed the files, or applied them.
func (a *api) asSeen(ctx context.Context, seen string) error {
	if seen == "" {
		return nil
	}
	preview, err := a.engine.Preview(ctx)
	if err != nil {
		return err
	}
	if wire.FromPreview(preview).Seen != seen {
		return reply.Problem{Status: http.StatusPreconditionFailed, Text: "the configuration has changed since it was looked at, and nothing was done"}
	}
	return nil
}

// narrow leaves only the groups that were named; none named are all of them. A
// group that neither runs nor would is BAD_NAME, before anything is done.
func (a *api) narrow(ctx context.Context, plan supervise.Plan, named []string) (supervise.Plan, error) {
	if len(named) == 0 {
		return plan, nil
	}
	snapshot, err := a.engine.Snapshot(ctx)
	if err != nil {
		return plan, err
	}
	for _, group := range named {
		running := slices.ContainsFunc(snapshot.Groups, func(g supervise.GroupInfo) bool { return g.Name == group })
		if !running && !slices.Contains(plan.Added, group) {
			return plan, supervise.Fault{Code: supervise.FaultBadName, Detail: group}
		}
	}
	only := func(groups []string) []string {
		return slices.DeleteFunc(slices.Clone(groups), func(group string) bool { return !slices.Contains(named, group) })
	}
	return supervise.Plan{Added: only(plan.Added), Changed: only(plan.Changed), Removed: only(plan.Removed)}, nil
}

// carryOut does what supervisorctl update does, in its order (supervisorctl.py
// do_update): groups that are gone, that differ, that are new. Where that would
// stop at the first trouble, we go on with the next group and tell.
func (a *api) carryOut(ctx context.Context, plan supervise.Plan) []wire.UpdateStep {
	steps := []wire.UpdateStep{}
	for _, part := range []struct {
		action wire.UpdateAction
		groups []string
		do     func(context.Context, string) error
	}{
		{wire.UpdateRemoved, plan.Removed, a.remove},
		{wire.UpdateChanged, plan.Changed, a.replace},
		{wire.UpdateAdded, plan.Added, a.engine.AddGroup},
	} {
		for _, group := range part.groups {
			steps = append(steps, step(ctx, group, part.action, part.do(ctx, group)))
		}
	}
	return steps
}

func (a *api) remove(ctx context.Context, group string) error {
	results, err := a.engine.StopMany(ctx, supervise.Selection{Group: group}, true)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(results, func(r supervise.Result) bool { return r.Status == supervise.FaultFailed }) {
		return supervise.Fault{Code: supervise.FaultFailed, Detail: "has problems; not removing"}
	}
	return a.engine.RemoveGroup(ctx, group)
}

// replace takes a group away and adds it as the configuration now has it. Names
// being unique, the new one cannot be made beside the old one; when that fails
// the group is gone, which is told, and the next update finds it missing and
// adds it.
func (a *api) replace(ctx context.Context, group string) error {
	if _, err := a.engine.StopMany(ctx, supervise.Selection{Group: group}, true); err != nil {
		return err
	}
	if err := a.engine.RemoveGroup(ctx, group); err != nil {
		return halfway(ctx, group, "was stopped, but keeps its old configuration", err)
	}
	if err := a.engine.AddGroup(ctx, group); err != nil {
		return halfway(ctx, group, "was removed and could not be added again, which the next update will try", err)
	}
	return nil
}

// halfway is the fault of a group that is neither as it was nor as it should be.
func halfway(ctx context.Context, group, done string, err error) error {
	reply.Log(ctx).Error("update a group: it "+done, "group", group, "err", err)
	why := faultOf(err)
	return supervise.Fault{Code: why.Code, Detail: group + " " + done + ": " + why.Error()}
}

// faultOf gives what may be told of err.
func faultOf(err error) supervise.Fault {
	known := supervise.Fault{Code: supervise.FaultFailed}
	errors.As(err, &known)
	return known
}

// step tells what became of one group.
func step(ctx context.Context, group string, action wire.UpdateAction, err error) wire.UpdateStep {
	done := wire.UpdateStep{Group: group, Action: action}
	if err == nil {
		return done
	}
	audit.Of(ctx).Tell(group + " failed")
	if known := (supervise.Fault{}); !errors.As(err, &known) {
		reply.Log(ctx).Error("update a group", "group", group, "err", err)
	}
	told := wire.FromFault(faultOf(err))
	done.Error = &told
	return done
}
