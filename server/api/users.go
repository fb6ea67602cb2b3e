package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// What stands against a change of an account.
var (
	errLeaveAdmin = errors.New("nobody can disable themselves or give up being an admin: ask another admin")
	errRemoveSelf = errors.New("nobody can remove themselves: ask another admin")
	errChanged    = errors.New("has been changed meanwhile: look again")
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
	told.Edition = editionOf(account)
	return told
}

// editionOf names what is told of an account. The place in the file is none of it:
// that moves when others change.
func editionOf(account supervise.Account) string {
	told := wire.FromAccount(account)
	told.Source = ""
	text, err := json.Marshal(told)
	if err != nil { // cannot be: texts, numbers and lists of them always encode
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// isSelf tells whether an account is the one that whoever asks came in by.
func isSelf(who auth.Principal, account supervise.Account) bool {
	return who.Via != auth.Open && who.Name == account.Name && account.IsToken() == (who.Via == auth.Token)
}

// putUser writes a person into the users file: somebody new, or what is to become
// of somebody there is. The password is hashed here, before anything is looked at,
// as that takes a while.
func (a *api) putUser(ctx context.Context, r *http.Request) (any, error) {
	if err := mayKeepUsers(ctx); err != nil {
		return nil, err
	}
	var asked wire.AccountRequest
	if err := body(r, &asked); err != nil {
		return nil, err
	}
	name := param(r, "name")
	hash := ""
	if asked.Password != "" {
		var err error
		if hash, err = a.newPassword(ctx, name, asked.Password); err != nil {
			return nil, err
		}
	}
	former, written, err := a.auth.Book.Change(name, func(former supervise.Account, found bool) (supervise.Account, error) {
		next, err := amended(name, former, found, asked)
		if err == nil && isSelf(auth.From(ctx), next) && (next.Disabled || next.Grant.Role != supervise.Admin) {
			err = conflict(errLeaveAdmin)
		}
		if hash != "" {
			next.Password = hash
		}
		return next, err
	})
	if err := a.changed(ctx, "set", "user "+name, former, written, err); err != nil {
		return nil, err
	}
	return a.tellAccount(auth.From(ctx), written), nil
}

// amended gives an account as a request wants it.
func amended(name string, former supervise.Account, found bool, asked wire.AccountRequest) (next supervise.Account, err error) {
	switch {
	case found && asked.New:
		return next, conflict(auth.ErrTaken)
	case asked.Edition != "" && (!found || asked.Edition != editionOf(former)):
		return next, conflict(fmt.Errorf("%s %w", name, errChanged))
	case !found && asked.Role == "" && !asked.New:
		return next, reply.Problem{Status: http.StatusNotFound, Text: "there is no user " + supervise.Quote(name) + " yet, and somebody new needs a role"}
	}
	next = supervise.Account{
		Name: name, Password: former.Password, Disabled: former.Disabled, Comment: former.Comment,
		UnixUsers: orElse(asked.UnixUsers, former.UnixUsers),
	}
	if next.Grant, err = amendedGrant(former.Grant, found, asked); err != nil {
		return next, err
	}
	if asked.Disabled != nil {
		next.Disabled = *asked.Disabled
	}
	if asked.Comment != nil {
		next.Comment = *asked.Comment
	}
	return next, checkAccount(next)
}

func amendedGrant(former supervise.Grant, found bool, asked wire.AccountRequest) (supervise.Grant, error) {
	role := asked.Role
	if role == "" && found {
		role = wire.Role(former.Role.String())
	}
	if role == wire.Role(supervise.Admin.String()) {
		former = supervise.Grant{} // whose limits an admin has none of
	}
	return grantOf(role, orElse(asked.Programs, former.Programs), orElse(asked.Deny, former.Deny), orElse(asked.Actions, actionsOf(former)))
}

// orElse gives a list, or another one if it was not said.
func orElse(said, other []string) []string {
	if said == nil {
		return other
	}
	return said
}

// newPassword hashes a password, or says in words for people why it will not do.
func (a *api) newPassword(ctx context.Context, name, password string) (string, error) {
	hash, err := a.auth.NewPassword(ctx, name, password)
	switch status, wait, later := auth.RetryAfter(err); {
	case later:
		return "", reply.Problem{Status: status, Text: err.Error(), Wait: wait}
	case err != nil:
		return "", badRequest(wire.ReasonBadPassword, err)
	}
	return hash, nil
}

func (a *api) removeUser(ctx context.Context, r *http.Request) (any, error) {
	if err := mayKeepUsers(ctx); err != nil {
		return nil, err
	}
	name := param(r, "name")
	if isSelf(auth.From(ctx), supervise.Account{Name: name}) {
		return nil, conflict(errRemoveSelf)
	}
	former, err := a.auth.Book.RemoveUser(name)
	return struct{}{}, a.changed(ctx, "removed", "user "+name, former, supervise.Account{}, err)
}

// changed is where every change of an account ends, when the book has taken it or
// refused it: what is the word for it, whom names the account, before and after are
// it, the zero one for none. Sessions end that began with what it no longer is.
func (a *api) changed(ctx context.Context, what, whom string, before, after supervise.Account, err error) error {
	act := audit.Of(ctx)
	act.AboutThing(auth.Users, whom)
	act.Tell(what)
	if err != nil {
		act.Tell(err.Error())
		return explain(err)
	}
	act.Moved(summary(before), summary(after))
	over := before.Password != after.Password || before.Grant.Role != after.Grant.Role || after.Disabled
	if !before.IsToken() && !after.IsToken() && over {
		a.auth.Sessions.EndAll(cmp.Or(after.Name, before.Name), "")
	}
	a.auth.Links.Prune()
	return nil
}

// explain gives an error of the book its status; what is an answer already stays.
func explain(err error) error {
	var fixed auth.ReadOnlyError
	var answer reply.Problem
	switch {
	case errors.As(err, &answer):
		return answer
	case errors.As(err, &fixed), errors.Is(err, auth.ErrLastAdmin), errors.Is(err, auth.ErrNoStore), errors.Is(err, auth.ErrTaken):
		return conflict(err)
	case errors.Is(err, auth.ErrNoAccount):
		return reply.Problem{Status: http.StatusNotFound, Text: err.Error(), Reason: wire.ReasonNoAccount}
	}
	// Whoever may change accounts may know what is wrong with their file.
	return reply.Problem{Status: http.StatusInternalServerError, Text: err.Error()}
}

// conflict is the answer to what cannot be done as things are.
func conflict(err error) error {
	return reply.Problem{Status: http.StatusConflict, Text: err.Error(), Reason: reasonOf(err)}
}

// badRequest is the answer to something that nobody can be, or do, for a reason
// that pages have words for.
func badRequest(reason wire.Reason, err error) error {
	return reply.Problem{Status: http.StatusBadRequest, Text: err.Error(), Reason: reason}
}

// reasonOf gives the word that pages know an error by; "" for none.
func reasonOf(err error) wire.Reason {
	for _, known := range [...]struct {
		err    error
		reason wire.Reason
	}{
		{auth.ErrTaken, wire.ReasonTaken}, {auth.ErrLastAdmin, wire.ReasonLastAdmin}, {auth.ErrNoStore, wire.ReasonNoUsersFile},
		{auth.ErrNoAccount, wire.ReasonNoAccount}, {auth.ErrChanged, wire.ReasonChanged}, {errChanged, wire.ReasonChanged},
		{errLeaveAdmin, wire.ReasonYourself}, {errRemoveSelf, wire.ReasonYourself}, {auth.ErrNoMinter, wire.ReasonNoMinter},
		{auth.ErrTooManyLinks, wire.ReasonTooMany}, {errNoPage, wire.ReasonNoPage},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	if errors.As(err, new(auth.ReadOnlyError)) {
		return wire.ReasonReadOnly
	}
	return ""
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
	add("actions", actionsOf(account.Grant))
	add("unix_users", account.UnixUsers)
	if account.Disabled {
		text += " disabled=true"
	}
	if !account.Expires.IsZero() {
		text += " expires=" + account.Expires.UTC().Format(time.RFC3339)
	}
	return text
}

func actionsOf(grant supervise.Grant) []string {
	var words []string
	for _, action := range grant.Actions {
		words = append(words, string(action))
	}
	return words
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
		return grant, badRequest(wire.ReasonBadPattern, fmt.Errorf("the request %w", err))
	}
	return grant, nil
}

// checkAccount refuses what a users file cannot say. Of several things it tells one,
// always the same.
func checkAccount(account supervise.Account) error {
	if err := supervise.CheckAccountName(account.Name); err != nil {
		return badRequest(wire.ReasonBadName, err)
	}
	for _, list := range [...]struct {
		name     string
		words    []string
		patterns bool
	}{
		{"programs", account.Grant.Programs, true}, {"deny", account.Grant.Deny, true}, {"unixUsers", account.UnixUsers, false},
	} {
		if err := checkList(list.words, list.patterns); err != nil {
			return badRequest(wire.ReasonBadPattern, fmt.Errorf("%s: %w", list.name, err))
		}
	}
	for word := range strings.FieldsSeq(account.Comment) {
		if word[0] == ';' || word[0] == '#' {
			return badRequest(wire.ReasonBadComment, fmt.Errorf("comment: a word that begins with ; or # would begin a comment in the users file, and be lost: %s", supervise.Quote(word)))
		}
	}
	return checkComment(account.Comment)
}

func checkComment(comment string) error {
	if len(comment) > 1000 || strings.ContainsFunc(comment, isControl) {
		return badRequest(wire.ReasonBadComment, errors.New("a comment is one line of at most 1000 bytes"))
	}
	return nil
}

func checkList(words []string, patterns bool) error {
	for _, word := range words {
		if err := checkWord(word); err != nil {
			return err
		}
		if !patterns {
			continue
		}
		if err := supervise.CheckPattern(word); err != nil {
			return err
		}
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
