package api

import (
	"context"
	"net/http"
	"slices"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// settings tells what a process is started with, but no secrets.
func (a *api) settings(w http.ResponseWriter, r *http.Request) error {
	name, err := processName(r)
	if err != nil {
		return err
	}
	if err := a.permitBeside(r.Context(), auth.Config, name); err != nil {
		return err
	}
	settings, err := a.engine.Settings(r.Context(), name)
	if err != nil {
		return err
	}
	return reply.JSON(w, wire.FromSettings(settings, a.secrets))
}

// reveal tells secrets too. It changes nothing, and is an order all the same: it
// is written down, and no link or page of another site can make it.
func (a *api) reveal(ctx context.Context, r *http.Request) (any, error) {
	name, err := processName(r)
	if err != nil {
		return nil, err
	}
	var asked wire.RevealRequest
	if err := body(r, &asked); err != nil {
		return nil, err
	}
	act := audit.Of(ctx)
	act.About(auth.Reveal, name, nil)
	if err := a.permitBeside(ctx, auth.Reveal, name); err != nil {
		return nil, err
	}
	act.Tell(asked.Variable)
	settings, err := a.engine.Settings(ctx, name)
	if err != nil {
		return nil, err
	}
	if asked.Variable == "" {
		return wire.FromSettings(settings, nil), nil
	}
	told := wire.FromSettings(settings, a.secrets)
	i := slices.IndexFunc(settings.Environment, func(v supervise.Variable) bool { return v.Name == asked.Variable })
	if i < 0 {
		return nil, reply.Problem{Status: http.StatusNotFound, Text: "there is no such variable"}
	}
	told.Environment[i] = wire.Variable{Name: asked.Variable, Value: settings.Environment[i].Value}
	return told, nil
}

// permitBeside is Permit for a verb about supervisord that is done to one
// process: whoever does not see the process is told that it does not exist.
func (a *api) permitBeside(ctx context.Context, verb auth.Verb, name supervise.NameSpec) error {
	if err := auth.Permit(ctx, auth.View, name); err != nil {
		return err
	}
	refused := auth.Check(ctx, verb, auth.Supervisord)
	if refused == nil {
		return nil
	}
	if _, err := a.engine.Process(ctx, name); err != nil {
		return auth.Refusal{Fault: supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}, Verb: verb, Name: name}
	}
	return refused
}
