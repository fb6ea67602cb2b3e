package ctl

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"supervisor/server/wire"
)

// The options of "link add", and what they are when they are not said.
var linkOptions = []string{"--actions", "--expires", "--uses", "--comment"}

const (
	usualLinkActions = "start,stop,restart"
	usualLinkLife    = "8h"
	usualLinkUses    = "1"
)

// delegations lists, makes and ends the links by which others may do some of what
// one may oneself.
func delegations(ctx context.Context, c *controller, arg string) error {
	return c.inParts(ctx, "link", arg, []part{
		{name: "list", switches: []string{"--all"}, do: listLinks},
		{name: "add", names: many, valued: linkOptions, do: addLink},
		{name: "revoke", names: 1, do: revokeLink},
	})
}

func listLinks(ctx context.Context, c *controller, _ string, s spoken) error {
	path := "/api/v1/links"
	if s.has("--all") {
		path += "?all=1"
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		var told wire.Links
		denied, err := cl.get(ctx, path, &told)
		switch {
		case denied != nil || err != nil:
			return denied, err
		case c.json != nil:
			c.json.set("links", told.Links)
			return nil, nil
		}
		rows := make([][]string, len(told.Links))
		for i, l := range told.Links {
			rows[i] = []string{l.ID, strings.Join(l.Programs, ", "), strings.Join(l.Actions, ", "), strings.Join(c.linkNotes(l), "; ")}
		}
		c.table(rows, "no links")
		return nil, nil
	})
}

// linkNotes say how a link stands: until when, how often it was opened, and whose
// it is if it is somebody else's.
func (c *controller) linkNotes(l wire.Link) []string {
	notes := []string{c.expiry(l.Expires)}
	switch {
	case l.Uses > 0:
		notes = append(notes, fmt.Sprintf("opened %d of %s", l.Used, counted(l.Uses, "time")))
	case l.Used > 0:
		notes = append(notes, "opened "+counted(l.Used, "time"))
	default:
		notes = append(notes, "not opened")
	}
	if !l.Mine {
		notes = append(notes, "by "+l.Minter)
	}
	if l.Comment != "" {
		notes = append(notes, onOneLine(l.Comment))
	}
	return notes
}

// addLink makes a link. Standard output has its address and nothing else, for
// scripts; what it opens is told beside it.
func addLink(ctx context.Context, c *controller, _ string, s spoken) error {
	for option, usual := range map[string]string{"--actions": usualLinkActions, "--expires": usualLinkLife, "--uses": usualLinkUses} {
		if !s.has(option) {
			s.options[option] = usual
		}
	}
	uses, err := strconv.Atoi(s.options["--uses"])
	if err != nil {
		return c.complain("Error: --uses requires a number, 0 for no limit", "link", exitInvalidArgs)
	}
	asked := wire.LinkRequest{
		Programs: s.names, Actions: s.list("--actions"), Expires: s.options["--expires"], Uses: uses, Comment: s.options["--comment"],
	}
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		var made wire.NewLink
		denied, err := cl.exchange(ctx, http.MethodPost, "/api/v1/links", asked, &made)
		switch {
		case denied != nil || err != nil:
			return denied, err
		case c.json != nil:
			c.json.set("id", made.ID)
			c.json.set("url", made.URL)
			c.json.set("link", made.Link)
			return nil, nil
		}
		c.out.Line(made.URL)
		c.remark(c.opens(made))
		return nil, nil
	})
}

// opens says what a new link is good for.
func (c *controller) opens(made wire.NewLink) string {
	l := made.Link
	often := "as often as people like"
	if l.Uses == 1 {
		often = "once"
	} else if l.Uses > 1 {
		often = counted(l.Uses, "time")
	}
	text := fmt.Sprintf("Whoever opens it may do this with %s: %s. It can be opened %s until %s, and is shown this once. link revoke %s ends it.",
		strings.Join(l.Programs, ", "), strings.Join(l.Actions, ", "), often, c.clock(time.UnixMilli(l.Expires)), l.ID)
	if onlyHere(made.URL) {
		text += "\nIts address leads to this machine only. For others, put the name there by which their browsers reach supervisord."
	}
	return text
}

// onlyHere tells whether an address means another machine on each machine.
func onlyHere(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// revokeLink ends a link at once.
func revokeLink(ctx context.Context, c *controller, id string, _ spoken) error {
	return c.onServer(ctx, func(cl *client) (*denial, error) {
		denied, err := cl.exchange(ctx, http.MethodDelete, "/api/v1/links/"+url.PathEscape(id), nil, new(struct{}))
		if denied == nil && err == nil && c.json == nil {
			c.out.Line(id + ": revoked")
		}
		return denied, err
	})
}
