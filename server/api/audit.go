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
// concerns them otherwise, as the opening of their links does, they see too.
func narrowed(e wire.TrailEntry, who auth.Principal, concerned bool) (wire.TrailEntry, bool) {
	var seen []string
	for _, name := range e.Programs {
		if auth.Can(who, auth.Trail, supervise.ParseNameSpec(name)) {
			seen = append(seen, name)
		}
	}
	e.Programs = seen
	if who.Name == "" || e.User != who.Name {
		e.Door, e.Addr, e.UID, e.Session, e.Request = "", "", nil, "", ""
	}
	return e, concerned || len(seen) > 0
}

func parseQuery(query url.Values, now time.Time) (audit.Query, error) {
	q := audit.Query{User: query.Get("user"), Program: query.Get("program"), Before: query.Get("before")}
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

// parseTime reads a time, a date, or how long ago: 2026-01-31T12:00:00Z,
// 2026-01-31, 36h.
func parseTime(query url.Values, name string, now time.Time) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if when, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return when, nil
		}
	}
	return time.Time{}, reply.BadRequest("%s is a time (2026-01-31T12:00:00Z), a date, or how long ago (36h): %s", name, supervise.Quote(text))
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
