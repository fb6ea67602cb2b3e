package api

import (
	"cmp"
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

// Limits of what a request for a link may say.
const (
	maxLinkPrograms = 50
	maxLinkUses     = 1000
)

// errNoPage says that a link would lead nowhere.
var errNoPage = errors.New("a link is opened in a browser, which reaches supervisord nowhere: " +
	"add an [inet_http_server] section to the configuration, say with port=*:9001, and restart supervisord")

// links lists one's own, or with all=1 everybody's. What opens them is not known
// any more.
func (a *api) links(w http.ResponseWriter, r *http.Request) error {
	who := auth.From(r.Context())
	all := r.URL.Query().Get("all") == "1"
	if all {
		if err := auth.Check(r.Context(), auth.Users, auth.Supervisord); err != nil {
			return err
		}
	}
	me, _, minter := a.auth.Minter(who)
	list := []wire.Link{}
	for _, l := range a.auth.Links.List(func(l auth.Link) bool { return all || minter && l.Minter == me }) {
		list = append(list, linkFor(l, minter && l.Minter == me))
	}
	return reply.JSON(w, wire.Links{Links: list})
}

// mintLink makes a link by which others may do some of what whoever asks may do,
// and tells its address, this once.
func (a *api) mintLink(ctx context.Context, r *http.Request) (any, error) {
	wanted, err := wantedLink(ctx, r)
	if err != nil {
		return nil, err
	}
	_, account, found := a.auth.Minter(auth.From(ctx))
	if !found {
		return nil, conflict(auth.ErrNoMinter)
	}
	reached, err := a.reach(ctx, account.Grant, wanted)
	if err != nil {
		return nil, err
	}
	page := cmp.Or(auth.Address(r), a.address())
	if page == "" {
		return nil, conflict(errNoPage)
	}
	secret, made, err := a.auth.Mint(auth.From(ctx), wanted)
	if err != nil {
		return nil, conflict(err)
	}
	noteMinted(ctx, made, reached)
	return wire.NewLink{ID: made.ID, URL: page + "link/" + secret, Link: linkFor(made, true)}, nil
}

// wantedLink reads what is asked for by somebody who may ask for it.
func wantedLink(ctx context.Context, r *http.Request) (wanted auth.Link, err error) {
	var asked wire.LinkRequest
	unread := body(r, &asked)
	if err := auth.Check(ctx, auth.MintLink, auth.Everything); err != nil {
		return wanted, aboutLink(ctx, err, auth.MintLink, asked.Programs)
	}
	if unread != nil {
		return wanted, unread
	}
	if wanted, err = readLink(asked, time.Now()); err != nil {
		return wanted, err
	}
	audit.Of(ctx).AboutThing(auth.MintLink, linkTo(wanted.Programs))
	return wanted, nil
}

// linkTo names a link that is not made yet. Who is refused one may have asked for
// anything: of many programs it names a few.
func linkTo(programs []string) string {
	const most = 5
	text := strings.Join(programs[:min(most, len(programs))], ", ")
	if more := len(programs) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "a link to " + text
}

// aboutLink has a refusal say which programs a link was to be about: that somebody
// may not do it to anything at all is what Check asked for, and not what they wanted.
func aboutLink(ctx context.Context, err error, verb auth.Verb, programs []string) error {
	var refusal auth.Refusal
	if !errors.As(err, &refusal) || len(programs) == 0 {
		return err
	}
	audit.Of(ctx).AboutThing(auth.MintLink, linkTo(programs))
	refusal.Fault.Detail = string(verb) + " by " + linkTo(programs)
	if verb == auth.MintLink {
		refusal.Fault.Detail = "make " + linkTo(programs)
	}
	return refusal
}

func noteMinted(ctx context.Context, made auth.Link, reached []supervise.Result) {
	act := audit.Of(ctx)
	act.AboutThing(auth.MintLink, "link "+made.ID)
	act.DidTo(reached)
	act.Tell("minted")
	act.Moved("", summaryOfLink(made))
}

// readLink reads what a request asks for.
func readLink(asked wire.LinkRequest, now time.Time) (wanted auth.Link, err error) {
	wanted = auth.Link{Programs: asked.Programs, Comment: asked.Comment, Uses: asked.Uses}
	if len(asked.Programs) == 0 || len(asked.Programs) > maxLinkPrograms {
		return wanted, reply.BadRequest("programs: expected between 1 and %d patterns like web:api", maxLinkPrograms)
	}
	for _, pattern := range asked.Programs {
		if err := checkWord(pattern); err != nil {
			return wanted, badRequest(wire.ReasonBadPattern, fmt.Errorf("programs: %w", err))
		}
		if err := supervise.CheckPattern(pattern); err != nil {
			return wanted, badRequest(wire.ReasonBadPattern, fmt.Errorf("programs: %w", err))
		}
	}
	if len(asked.Actions) == 0 {
		return wanted, reply.BadRequest("actions: expected some, such as view, logs or restart")
	}
	for _, action := range asked.Actions {
		verb, err := supervise.ParseVerb(action)
		switch {
		case err != nil:
			return wanted, reply.BadRequest("actions: %v", err)
		case verb == auth.MintLink || verb == auth.Trail || verb == auth.Call:
			return wanted, reply.BadRequest("actions: %s cannot be handed on by a link", verb)
		}
		wanted.Actions = append(wanted.Actions, verb)
	}
	if wanted.Expires, err = supervise.ParseExpiry(asked.Expires, now); err != nil {
		return wanted, badRequest(wire.ReasonBadExpiry, fmt.Errorf("expires: %w", err))
	}
	if wanted.Expires.After(now.Add(auth.MaxLinkLife)) {
		return wanted, badRequest(wire.ReasonBadExpiry, errors.New("expires: a link lasts at most 30 days"))
	}
	if asked.Uses < 0 || asked.Uses > maxLinkUses {
		return wanted, reply.BadRequest("uses: expected a number up to %d, or 0 for no limit", maxLinkUses)
	}
	return wanted, checkComment(asked.Comment)
}

// reach gives the programs that a link is about as things stand. It refuses
// actions that the minter may not do, and patterns under which there is no
// program that they may see: what is hidden from them is as good as not there.
func (a *api) reach(ctx context.Context, minter supervise.Grant, wanted auth.Link) ([]supervise.Result, error) {
	may := auth.With(ctx, auth.Principal{Grant: minter})
	for _, verb := range wanted.Actions {
		if err := auth.Check(may, verb, auth.Everything); err != nil {
			return nil, aboutLink(ctx, err, verb, wanted.Programs)
		}
	}
	snapshot, err := a.engine.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var reached []supervise.Result
	met := map[string]bool{}
	for _, p := range snapshot.Processes {
		name := supervise.NameSpec{Group: p.Group, Process: p.Name}
		if !minter.Allows(auth.View, name) {
			continue
		}
		matched := false
		for _, pattern := range wanted.Programs {
			if supervise.MatchProgram(pattern, name) {
				met[pattern], matched = true, true
			}
		}
		if matched {
			reached = append(reached, supervise.Result{Group: p.Group, Name: p.Name, Status: supervise.Success})
		}
	}
	for _, pattern := range wanted.Programs {
		if !met[pattern] {
			fault := supervise.Fault{Code: supervise.FaultBadName, Detail: pattern}
			return nil, auth.Refusal{Fault: fault, Verb: auth.MintLink, Name: supervise.ParseNameSpec(pattern)}
		}
	}
	return reached, nil
}

var noSuchLink = reply.Problem{Status: http.StatusNotFound, Text: "no such link"}

// revokeLink ends one's own, or anybody's for those who keep users, at once and
// for all who have opened it. Somebody else's is not there for others.
func (a *api) revokeLink(ctx context.Context, r *http.Request) (any, error) {
	who := auth.From(ctx)
	me, _, minter := a.auth.Minter(who)
	l, found := a.auth.Links.Find(param(r, "id"))
	mine := minter && l.Minter == me
	if !found || !mine && !auth.Can(who, auth.Users, auth.Supervisord) {
		return nil, noSuchLink
	}
	found, unsaved := a.auth.Links.Revoke(l.ID)
	if !found {
		return nil, noSuchLink
	}
	act := audit.Of(ctx)
	act.AboutThing(auth.MintLink, "link "+l.ID)
	act.Tell("revoked, of " + l.Minter.String())
	act.Moved(summaryOfLink(l), "")
	if unsaved != nil {
		// The cause may name what only admins may know; the log and the page have it.
		act.Tell("not on the disk yet: " + unsaved.Error())
		return nil, reply.Problem{Status: http.StatusInsufficientStorage, Text: "link " + l.ID + " is revoked and opens nothing any more, " +
			"but that cannot be written to the disk yet: a supervisord that starts before it is would let it in again; it is tried until it succeeds"}
	}
	return struct{}{}, nil
}

// summaryOfLink gives what a link allows, in a line for the trail.
func summaryOfLink(l auth.Link) string {
	return summary(supervise.Account{
		Grant: supervise.Grant{Role: supervise.Viewer, Programs: l.Programs, Actions: l.Actions}, Expires: l.Expires,
	})
}

func linkFor(l auth.Link, mine bool) wire.Link {
	told := wire.Link{
		ID: l.ID, Minter: l.Minter.String(), Programs: l.Programs, Actions: []string{}, Comment: l.Comment, Minted: wire.Millis(l.Minted),
		Expires: wire.Millis(l.Expires), Uses: l.Uses, Used: l.Used, Opened: wire.Millis(l.Opened), Open: l.Open, Mine: mine,
	}
	for _, action := range l.Actions {
		told.Actions = append(told.Actions, string(action))
	}
	return told
}
