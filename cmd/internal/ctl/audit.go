package ctl

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/audit/chain"
	"supervisor/server/wire"
)

const (
	usualEntries = 100  // how many are shown unless it is said
	trailPage    = 1000 // how many a server gives at once
)

// trail shows who did what, and checks that it is as it was written.
func trail(ctx context.Context, c *controller, arg string) error {
	if words, err := c.arguments("audit", arg); err == nil && len(words) > 0 && words[0] == "verify" {
		return verifyTrail(ctx, c, words[1:])
	}
	return c.inParts(ctx, "audit", arg, []part{
		{name: "list", valued: []string{"--since", "--until", "--user", "--program", "--limit"}, do: showTrail},
	})
}

func showTrail(ctx context.Context, c *controller, _ string, s spoken) error {
	limit := usualEntries
	if s.has("--limit") {
		var err error
		if limit, err = strconv.Atoi(s.options["--limit"]); err != nil || limit < 1 {
			return c.complain("Error: --limit is a number of lines", "audit", exitInvalidArgs)
		}
	}
	query := url.Values{}
	for _, name := range []string{"since", "until", "user", "program"} {
		if value := s.options["--"+name]; value != "" {
			query.Set(name, value)
		}
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		entries, denied, err := cl.entries(ctx, query, limit)
		if denied != nil || err != nil {
			return denied, err
		}
		slices.Reverse(entries) // the newest last, as logs have it
		if c.json != nil {
			c.json.set("entries", entries)
			return nil, nil
		}
		c.table(c.trailRows(entries), "no entries")
		return nil, nil
	})
}

// entries asks for one page after another until there are enough.
func (cl *client) entries(ctx context.Context, query url.Values, limit int) ([]wire.TrailEntry, *denial, error) {
	all := []wire.TrailEntry{}
	for len(all) < limit {
		query.Set("limit", strconv.Itoa(min(limit-len(all), trailPage)))
		var page wire.Trail
		denied, err := cl.get(ctx, "/api/v1/audit?"+query.Encode(), &page)
		if denied != nil || err != nil {
			return nil, denied, err
		}
		all = append(all, page.Entries...)
		if page.Next == "" {
			break
		}
		query.Set("before", page.Next)
	}
	return all, nil, nil
}

// trailRows tells of entries in columns: when, who, what, to what, the result,
// and what else there is to say.
func (c *controller) trailRows(entries []wire.TrailEntry) [][]string {
	rows := make([][]string, len(entries))
	for i, e := range entries {
		when := e.Time
		if t, err := time.Parse(time.RFC3339, e.Time); err == nil {
			when = c.clock(t)
		}
		user := e.User
		if user == "" {
			user = "-"
		}
		rows[i] = []string{when, user, e.Verb, e.Target, e.Result, remarks(e)}
		for n := range rows[i] {
			rows[i][n] = onOneLine(rows[i][n])
		}
	}
	return rows
}

func remarks(e wire.TrailEntry) string {
	var all []string
	note := func(told bool, text string) {
		if told {
			all = append(all, text)
		}
	}
	note(namesMore(e), "to "+someOf(e.Programs))
	note(e.Before != e.After && e.Before != "" && e.After != "", e.Before+" -> "+e.After)
	note(e.After != "" && e.Before == "", e.After)
	note(e.Detail != "", e.Detail)
	note(e.Reason != "", "because: "+e.Reason)
	note(e.Count > 1, counted(e.Count, "attempt"))
	note(e.Addr != "", "from "+e.Addr)
	return strings.Join(all, "; ")
}

// namesMore tells whether the processes of an entry say more than its target.
func namesMore(e wire.TrailEntry) bool {
	return len(e.Programs) > 1 || len(e.Programs) == 1 && e.Programs[0] != e.Target
}

// someOf gives a few names, and how many more there are.
func someOf(names []string) string {
	const few = 3
	if len(names) <= few+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// verifyTrail has the server check its trail, or checks a copy of one here.
func verifyTrail(ctx context.Context, c *controller, words []string) error {
	s, problem := speak(words, nil, nil)
	if problem == "" && len(s.names) > 1 {
		problem = "audit verify takes one file"
	}
	if problem != "" {
		return c.complain("Error: "+problem, "audit", exitInvalidArgs)
	}
	if len(s.names) == 1 {
		check, err := chain.CheckFile(ctx, s.names[0])
		if err != nil {
			return c.refused(err.Error())
		}
		c.tellCheck(check)
		return nil
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		var check wire.TrailCheck
		denied, err := cl.get(ctx, "/api/v1/audit/verify", &check)
		if denied == nil && err == nil {
			c.tellCheck(check)
		}
		return denied, err
	})
}

func (c *controller) tellCheck(check wire.TrailCheck) {
	if !check.OK {
		c.status = exitGeneric
	}
	if c.json != nil {
		c.json.set("ok", check.OK)
		c.json.set("lines", check.Lines)
		if !check.OK {
			c.json.set("firstBad", check.FirstBad)
			c.json.set("why", check.Why)
		}
		return
	}
	if check.OK {
		c.out.Line(counted(check.Lines, "line") + ", all as they were written")
		return
	}
	c.out.Line(fmt.Sprintf("ERROR: line %d is not as it was written: %s", check.FirstBad, onOneLine(check.Why)))
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
