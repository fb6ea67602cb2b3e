package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// mayKeepUsers answers nil if whoever asks may see and change accounts.
func mayKeepUsers(ctx context.Context) error {
	return auth.Check(ctx, auth.Users, auth.Supervisord)
}

// users lists people: those of the users file, of the configuration, and the
// usernames of server sections.
func (a *api) users(w http.ResponseWriter, r *http.Request) error {
	return a.list(w, r, func(account supervise.Account) bool { return !account.IsToken() }, a.auth.Book.Sections())
}

func (a *api) list(w http.ResponseWriter, r *http.Request, wanted func(supervise.Account) bool, also []supervise.Account) error {
	if err := mayKeepUsers(r.Context()); err != nil {
		return err
	}
	told := wire.Accounts{Accounts: []wire.Account{}, Editable: a.auth.Book.Editable()}
	for _, account := range append(also[:len(also):len(also)], a.auth.Book.Accounts()...) {
		if wanted(account) {
			told.Accounts = append(told.Accounts, a.tellAccount(auth.From(r.Context()), account))
		}
	}
	return reply.JSON(w, told)
}

// tellAccount gives what is told of an account: all but what proves it.
func (a *api) tellAccount(who auth.Principal, account supervise.Account) wire.Account {
	told := wire.FromAccount(account)
	told.Seen = wire.Millis(a.auth.Seen(account))
	told.Self = isSelf(who, account)
	return told
}

// isSelf tells whether an account is the one that whoever asks came in by.
func isSelf(who auth.Principal, account supervise.Account) bool {
	return who.Via != auth.Open && who.Name == account.Name && account.IsToken() == (who.Via == auth.Token)
}

// putUser writes a person into the users file. The password is hashed here, and
// stays as it was if none is sent.
func (a *api) putUser(ctx context.Context, r *http.Request) (any, error) {
	if err := mayKeepUsers(ctx); err != nil {
		return nil, err
	}
	var asked wire.AccountRequest
	if err := body(r, &asked); err != nil {
		return nil, err
	}
	name := param(r, "name")
	grant, err := grantOf(asked.Role, asked.Programs, asked.Deny, asked.Actions)
	if err != nil {
		return nil, err
	}
	former, _ := a.auth.Book.Find(name)
	account := supervise.Account{
		Name: name, Password: former.Password, Grant: grant, Disabled: asked.Disabled,
		Comment: asked.Comment, UnixUsers: asked.UnixUsers,
	}
	if err := checkAccount(account); err != nil {
		return nil, err
	}
	if isSelf(auth.From(ctx), account) && (account.Disabled || grant.Role != supervise.Admin) {
		return nil, conflict(errors.New("nobody can disable themselves or give up being an admin: ask another admin"))
	}
	if asked.Password != "" {
		if account.Password, err = a.newPassword(ctx, name, asked.Password); err != nil {
			return nil, err
		}
	}
	if err := a.changed(ctx, "set", former, account, a.auth.Book.Write(account)); err != nil {
		return nil, err
	}
	written, _ := a.auth.Book.Find(name)
	return a.tellAccount(auth.From(ctx), written), nil
}

// newPassword hashes a password, or says in words for people why it will not do.
func (a *api) newPassword(ctx context.Context, name, password string) (string, error) {
	hash, err := a.auth.NewPassword(ctx, name, password)
	switch status, _, later := auth.RetryAfter(err); {
	case later:
		return "", reply.Problem{Status: status, Text: err.Error()}
	case err != nil:
		return "", reply.BadRequest("%v", err)
	}
	return hash, nil
}

func (a *api) removeUser(ctx context.Context, r *http.Request) (any, error) {
	if err := mayKeepUsers(ctx); err != nil {
		return nil, err
	}
	name := param(r, "name")
	former, _ := a.auth.Book.Find(name)
	former.Name = name
	if isSelf(auth.From(ctx), former) {
		return nil, conflict(errors.New("nobody can remove themselves: ask another admin"))
	}
	return struct{}{}, a.changed(ctx, "removed", former, supervise.Account{}, a.auth.Book.Remove(former))
}

// changed is where every change of an account ends, when the book has taken it or
// refused it: what is the word for it, before and after are the account, the zero
// one for none. Sessions end that began with what the account no longer is.
func (a *api) changed(ctx context.Context, what string, before, after supervise.Account, err error) error {
	about := before
	if after.Name != "" {
		about = after
	}
	kind := "user "
	if about.IsToken() {
		kind = "token "
	}
	act := audit.Of(ctx)
	act.AboutThing(auth.Users, kind+about.Name)
	act.Tell(what)
	if err != nil {
		act.Tell(err.Error())
		return explain(err)
	}
	act.Moved(summary(before), summary(after))
	over := before.Password != after.Password || before.Grant.Role != after.Grant.Role || after.Disabled
	if !about.IsToken() && over {
		a.auth.Sessions.EndAll(about.Name, "")
	}
	a.auth.Links.Prune()
	return nil
}

// explain gives an error of the book its status.
func explain(err error) error {
	var fixed auth.ReadOnlyError
	switch {
	case errors.As(err, &fixed), errors.Is(err, auth.ErrLastAdmin), errors.Is(err, auth.ErrNoStore), errors.Is(err, auth.ErrTaken):
		return conflict(err)
	case errors.Is(err, auth.ErrNoAccount):
		return reply.Problem{Status: http.StatusNotFound, Text: err.Error()}
	}
	// Whoever may change accounts may know what is wrong with their file.
	return reply.Problem{Status: http.StatusInternalServerError, Text: err.Error()}
}

func conflict(err error) error {
	return reply.Problem{Status: http.StatusConflict, Text: err.Error()}
}

// summary gives what an account may do, in a line for the trail; "" for none.
func summary(account supervise.Account) string {
	if account.Grant.Role == supervise.Nobody {
		return ""
	}
	text := "role=" + account.Grant.Role.String()
	add := func(name string, values []string) {
		if len(values) > 0 {
			text += " " + name + "=" + strings.Join(values, ",")
		}
	}
	add("programs", account.Grant.Programs)
	add("deny", account.Grant.Deny)
	add("actions", wire.FromAccount(account).Actions)
	add("unix_users", account.UnixUsers)
	if account.Disabled {
		text += " disabled=true"
	}
	if !account.Expires.IsZero() {
		text += " expires=" + account.Expires.UTC().Format(time.RFC3339)
	}
	return text
}

// grantOf reads a grant as a request writes it.
func grantOf(role wire.Role, programs, deny, actions []string) (grant supervise.Grant, err error) {
	if grant.Role, err = supervise.ParseRole(string(role)); err != nil {
		return grant, reply.BadRequest("%v", err)
	}
	for _, action := range actions {
		verb, err := supervise.ParseVerb(action)
		if err != nil {
			return grant, reply.BadRequest("%v", err)
		}
		grant.Actions = append(grant.Actions, verb)
	}
	grant.Programs, grant.Deny = programs, deny
	if err := grant.Check(); err != nil {
		return grant, reply.BadRequest("the request %v", err)
	}
	return grant, nil
}

// checkAccount refuses what a users file cannot say.
func checkAccount(account supervise.Account) error {
	if err := supervise.CheckAccountName(account.Name); err != nil {
		return reply.BadRequest("%v", err)
	}
	for name, list := range map[string][]string{"programs": account.Grant.Programs, "deny": account.Grant.Deny, "unixUsers": account.UnixUsers} {
		for _, word := range list {
			if err := checkWord(word); err != nil {
				return reply.BadRequest("%s: %v", name, err)
			}
		}
	}
	return checkComment(account.Comment)
}

func checkComment(comment string) error {
	if len(comment) > 1000 || strings.ContainsFunc(comment, isControl) {
		return reply.BadRequest("a comment is one line of at most 1000 bytes")
	}
	return nil
}

// checkWord refuses what would be several words, or a comment, in a list.
func checkWord(word string) error {
	if word == "" || len(word) > 255 || strings.TrimSpace(word) != word || strings.ContainsAny(word, `,;#"'\`) || strings.ContainsFunc(word, isControl) {
		return fmt.Errorf("%s cannot be in a list: expected words without any of , ; # \" ' \\", supervise.Quote(word))
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
