package api

import (
	"context"
	"net/http"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// tokens lists the tokens; what they are made of is not known any more.
func (a *api) tokens(w http.ResponseWriter, r *http.Request) error {
	return a.list(w, r, supervise.Account.IsToken, nil)
}

// makeToken makes a token and tells it, this once.
func (a *api) makeToken(ctx context.Context, r *http.Request) (any, error) {
	if err := mayKeepUsers(ctx); err != nil {
		return nil, err
	}
	var asked wire.TokenRequest
	if err := body(r, &asked); err != nil {
		return nil, err
	}
	grant, err := grantOf(asked.Role, asked.Programs, asked.Deny, asked.Actions)
	if err != nil {
		return nil, err
	}
	token := supervise.Account{Name: asked.Name, Grant: grant, Comment: asked.Comment}
	if asked.Expires != "" {
		if token.Expires, err = supervise.ParseExpiry(asked.Expires, time.Now()); err != nil {
			return nil, badRequest(wire.ReasonBadExpiry, err)
		}
	}
	if err := checkAccount(token); err != nil {
		return nil, err
	}
	secret := auth.NewToken(&token)
	written, err := a.auth.Book.Add(token)
	if err := a.changed(ctx, "made", "token "+token.Name, supervise.Account{}, written, err); err != nil {
		return nil, err
	}
	return wire.NewToken{Token: secret, Account: a.tellAccount(auth.From(ctx), written)}, nil
}

func (a *api) removeToken(ctx context.Context, r *http.Request) (any, error) {
	if err := mayKeepUsers(ctx); err != nil {
		return nil, err
	}
	name := param(r, "name")
	former, err := a.auth.Book.RemoveToken(name)
	return struct{}{}, a.changed(ctx, "removed", "token "+name, former, supervise.Account{}, err)
}
