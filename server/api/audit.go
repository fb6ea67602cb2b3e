package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// noted has the trail told of what serve refuses, and of what it changes. It is
// around every route that is no order, which has this within, so that no handler
// can forget to. One that changes something ends the act before it answers.
func (a *api) noted(serve func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, act := a.trail.Begin(r.Context())
		err := serve(w, r.WithContext(ctx))
		act.End(ctx, err)
		return err
	}
}

// readTrail gives all of the trail to those who may see all of it, and to others
// what concerns the programs whose trail they may see.
func (a *api) readTrail(w http.ResponseWriter, r *http.Request) error {
	shows, err := a.trailShown(r.Context())
	if err != nil {
		return err
	}
	asked, err := parseQuery(r.URL.Query(), time.Now())
	if err != nil {
		return err
	}
	asked.Shows = shows
	page, err := a.trail.Query(r.Context(), asked)
	if err != nil {
		return err
	}
	return reply.JSON(w, page)
}

// trailShown gives how whoever ctx belongs to sees entries of the trail, nil for
// as they are; the error is of those who see none.
func (a *api) trailShown(ctx context.Context) (func(wire.TrailEntry) (wire.TrailEntry, bool), error) {
	who := auth.From(ctx)
	everything := auth.Check(ctx, auth.Trail, auth.Supervisord)
	if everything == nil {
		return nil, nil
	}
	if !auth.Can(who, auth.Trail, auth.Everything) {
		return nil, everything
	}
	minter, _, mints := a.auth.Minter(who)
	return func(e wire.TrailEntry) (wire.TrailEntry, bool) {
		return narrowed(e, who, mints && auth.Opened(e.Verb, e.User, e.Target, minter))
	}, nil
}

// narrowed is an entry as somebody sees it who may see the trail of some
// programs: no others are named, and of strangers there is only the name. What
// concerns them otherwise, as the opening of their links does, they see too. The
// texts of an entry tell of all it was done to, or of what a link or an account
// allows: they are for who did it, or may see all of those programs.
func narrowed(e wire.TrailEntry, who auth.Principal, concerned bool) (wire.TrailEntry, bool) {
	var seen []string
	for _, name := range e.Programs {
		if auth.Can(who, auth.Trail, supervise.ParseNameSpec(name)) {
			seen = append(seen, name)
		}
	}
	whole := len(seen) == len(e.Programs) && doneToPrograms(auth.Verb(e.Verb))
	if !concerned && !whole && !didIt(who, e) {
		e.Before, e.After, e.Detail, e.Result = "", "", "", reduced(e.Result)
	}
	e.Programs = seen
	if !didIt(who, e) {
		e.Door, e.Addr, e.UID, e.Session, e.Request = "", "", nil, "", ""
	}
	return e, concerned || len(seen) > 0
}

// doneToPrograms tells whether a line of verb says what was done to programs, and
// not what somebody may do with them.
func doneToPrograms(verb auth.Verb) bool {
	return verb.AboutPrograms() && verb != auth.MintLink && verb != auth.Trail
}

// didIt tells whether an entry is of who reads it. A token may be called as a user is.
func didIt(who auth.Principal, e wire.TrailEntry) bool {
	byToken := e.Via == string(auth.Token)
	return who.Name != "" && e.User == who.Name && byToken == (who.Via == auth.Token)
}

// reduced is a result without the text of its fault.
func reduced(result string) string {
	if result == audit.Done || result == audit.Refused {
		return result
	}
	return supervise.FaultFailed.String()
}

func parseQuery(query url.Values, now time.Time) (audit.Query, error) {
	q := audit.Query{User: query.Get("user"), Program: query.Get("program"), Before: query.Get("before")}
	if q.Program != "" {
		if err := supervise.CheckPattern(q.Program); err != nil {
			return q, reply.BadRequest("program: %v", err)
		}
	}
	var err error
	if q.Since, err = parseTime(query, "since", now); err != nil {
		return q, err
	}
	if q.Until, err = parseTime(query, "until", now); err != nil {
		return q, err
	}
	limit, err := number(query, "limit", 0)
	q.Limit = int(min(max(limit, 0), 1<<20))
	return q, err
}

// parseMoment is parseTime, and knows a time of day as well, which is the latest
// one that is over, and Unix milliseconds.
func parseMoment(query url.Values, name string, now time.Time) (time.Time, error) {
	text := query.Get(name)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 {
		return time.UnixMilli(ms), nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		clock, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		day := func(days int) time.Time {
			return time.Date(now.Year(), now.Month(), now.Day()+days, clock.Hour(), clock.Minute(), clock.Second(), 0, now.Location())
		}
		if today := day(0); !today.After(now) {
			return today, nil
		}
		return day(-1), nil
	}
	return parseTime(query, name, now)
}

// parseTime reads a bound of a query; the zero time if there is none.
func parseTime(query url.Values, name string, now time.Time) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	when, err := supervise.ParsePast(text, now)
	if err != nil {
		return when, reply.BadRequest("%s: %v", name, err)
	}
	return when, nil
}

func (a *api) verifyTrail(w http.ResponseWriter, r *http.Request) error {
	if err := auth.Check(r.Context(), auth.Trail, auth.Supervisord); err != nil {
		return err
	}
	check, err := a.trail.Verify(r.Context())
	if err != nil {
		return err
	}
	return reply.JSON(w, check)
}
