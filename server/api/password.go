package api

import (
	"context"
	"errors"
	"net/http"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// changePassword is what the trail calls a change of one's own password.
const changePassword auth.Verb = "change-password"

// ownPassword gives people another password who know the one they have. The old
// one is asked for so that a browser left open does not lose its owner the account.
// It is no order: nothing of it is remembered.
func (a *api) ownPassword(w http.ResponseWriter, r *http.Request) error {
	if err := deliberate(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogIn)
	var asked wire.PasswordChange
	if err := body(r, &asked); err != nil {
		return err
	}
	ctx := r.Context()
	who, act := auth.From(ctx), audit.Of(ctx)
	account, own := a.auth.Own(who)
	if !own {
		act.AboutThing(changePassword, "of "+who.Name)
		return notOwn
	}
	if err := a.auth.OwnWritable(who, account); err != nil {
		return conflict(err)
	}
	if err := auth.ChangePassword(w, r, asked.Old, asked.New); err != nil {
		return refusedPassword(w, r, account.Name, err)
	}
	act.AboutThing(changePassword, "user "+account.Name)
	act.End(ctx, nil) // before the answer: who has it can rely on the line
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// notOwn is the refusal for who came in by something that is not the person.
var notOwn = auth.Refusal{Fault: supervise.Fault{Code: supervise.FaultForbidden, Detail: string(changePassword)}, Verb: changePassword, Name: auth.Supervisord}

// refusedPassword gives the answer for an error of auth.ChangePassword, and has the
// trail know of what could be a guess.
func refusedPassword(w http.ResponseWriter, r *http.Request, name string, err error) error {
	if errors.As(err, new(auth.BadPassword)) {
		return badRequest(wire.ReasonBadPassword, err)
	}
	act := audit.Of(r.Context())
	act.AboutThing(changePassword, "user "+name)
	answer, later := auth.TurnedAway(w, err)
	switch {
	case errors.Is(err, auth.ErrWrongCredentials):
		act.Tell("the old password was another")
		answer = reply.Problem{Status: http.StatusUnauthorized, Text: "the old password is another"}
	case later:
		act.Tell(err.Error())
	default:
		return whyNot(r.Context(), err)
	}
	act.End(r.Context(), notOwn)
	return answer
}

// whyNot tells people what stands against a change of their account, and nothing
// of a file that they may not read.
func whyNot(ctx context.Context, err error) error {
	if errors.As(err, new(auth.ReadOnlyError)) || errors.Is(err, auth.ErrNoStore) || errors.Is(err, auth.ErrNoAccount) || errors.Is(err, auth.ErrChanged) {
		return conflict(err)
	}
	if ctx.Err() != nil {
		return err
	}
	if auth.Can(auth.From(ctx), auth.Users, auth.Supervisord) {
		return explain(err)
	}
	reply.Log(ctx).Error("write the new password of somebody", "name", auth.From(ctx).Name, "err", err)
	return reply.Problem{Status: http.StatusInternalServerError, Text: "the new password could not be written: an admin finds the reason in the log of supervisord"}
}
