package auth

import (
	"context"
	"slices"

	"supervisor/supervise"
)

// Refusal is the error of somebody who asked for what they may not do. It reads
// as the fault they are told; the trail is told of it as what it is.
type Refusal struct {
	Fault supervise.Fault
	Verb  Verb
	Name  supervise.NameSpec
}

func (r Refusal) Error() string { return r.Fault.Error() }

// Unwrap gives the fault.
func (r Refusal) Unwrap() error { return r.Fault }

// Permit is Check for names that somebody sent: one they may not see answers
// BAD_NAME, as one that does not exist. The decision is made from the name
// alone, before anybody looks whether there is such a process, so that neither
// the words nor the time they take tell.
func Permit(ctx context.Context, verb Verb, name supervise.NameSpec) error {
	if name != Supervisord && name != Everything && !Can(From(ctx), View, name) {
		fault := supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
		return Refusal{Fault: fault, Verb: verb, Name: name}
	}
	return Check(ctx, verb, name)
}

// Names knows which processes there are.
type Names interface {
	Process(ctx context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error)
	Snapshot(ctx context.Context) (supervise.Snapshot, error)
}

// PermitOf is Permit where some of the names that somebody may see are of
// nothing. Those answer BAD_NAME too, and not that the verb is forbidden: else
// whoever may see all of a group but one could tell that one from a name that
// nothing has.
func PermitOf(ctx context.Context, verb Verb, name supervise.NameSpec, names Names) error {
	err := Permit(ctx, verb, name)
	if err == nil || name == Supervisord || name == Everything || !Can(From(ctx), View, name) || exists(ctx, name, names) {
		return err
	}
	fault := supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	return Refusal{Fault: fault, Verb: verb, Name: name}
}

// exists tells whether there is a process of that name, or one in the group that
// whoever ctx belongs to may see.
func exists(ctx context.Context, name supervise.NameSpec, names Names) bool {
	if !name.WholeGroup() {
		_, err := names.Process(ctx, name)
		return err == nil
	}
	now, err := names.Snapshot(ctx)
	return err == nil && slices.ContainsFunc(now.Processes, func(p supervise.ProcessInfo) bool {
		return p.Group == name.Group && Can(From(ctx), View, p.NameSpec())
	})
}

// Scope gives the test of who may have verb done to them by whoever ctx belongs
// to, for commands on many; nil if that is everybody.
func Scope(ctx context.Context, verb Verb) func(supervise.NameSpec) bool {
	who := From(ctx)
	if who.Grant.Role == supervise.Admin && Can(who, verb, Everything) {
		return nil
	}
	return func(name supervise.NameSpec) bool { return Can(who, verb, name) }
}
