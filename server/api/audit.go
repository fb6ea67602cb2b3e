package api

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
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
	s, err := a.sightOf(auth.From(r.Context()), nil)
	if err != nil {
		return err
	}
	some, all := s.Trail()
	if !some {
		return auth.Check(r.Context(), auth.Trail, auth.Supervisord)
	}
	asked, err := parseQuery(r.URL.Query(), time.Now())
	if err != nil {
		return err
	}
	if !all {
		asked.Shows = s.Line
	}
	page, err := a.trail.Query(r.Context(), asked)
	if err != nil {
		return err
	}
	return reply.JSON(w, page)
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

// parseMoment reads what parseTime does, and a time of day as well, which is the
// latest one that is over, and Unix milliseconds.
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
	when, err := parseTime(query, name, now)
	if err != nil {
		return when, reply.BadRequest("%s: %s is no time: expected one like 14:03, 2027-01-31, 2027-01-31T12:00:00Z, how long ago, such as 36h or 7d, or Unix milliseconds", name, supervise.Quote(text))
	}
	return when, nil
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
