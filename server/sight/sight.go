package sight

import (
	"fmt"
	"slices"
	"strings"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// Sight is what somebody wants to see of what happens, and may.
type Sight struct {
	Who auth.Principal
	// Opened tells whether a line of the trail is of a link of somebody's that was
	// opened; nil for never.
	Opened func(auth.Principal, wire.TrailEntry) bool

	Program string           // a pattern over group:process; "" for all
	User    string           // who did it; "" for everybody, and for what nobody did
	Kinds   []wire.EventKind // none for all
}

// ParseKinds reads the names of kinds; empty ones count as none.
func ParseKinds(names []string) ([]wire.EventKind, error) {
	var kinds []wire.EventKind
	for _, name := range names {
		if name == "" {
			continue
		}
		if !slices.Contains(wire.EventKind("").Values(), name) {
			return nil, fmt.Errorf("type is of %s: %s", strings.Join(wire.EventKind("").Values(), ", "), supervise.Quote(name))
		}
		kinds = append(kinds, wire.EventKind(name))
	}
	return kinds, nil
}

// Wants tells whether what is of a kind, and trouble or not, is asked for.
func (s Sight) Wants(kind wire.EventKind, trouble bool) bool {
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, kind) || trouble && slices.Contains(s.Kinds, wire.EventTrouble)
}

// Change gives a change as it is told; false if it is none of theirs. A group is
// seen by those who see one of its processes. None was made by a person of whom
// one could ask.
func (s Sight) Change(c supervise.Change) (wire.Event, bool) {
	event, ok := wire.FromChange(c)
	if !ok || s.User != "" || !s.Wants(event.Kind, event.Trouble()) {
		return event, false
	}
	if event.Kind == wire.EventSupervisord {
		return event, s.Program == ""
	}
	return event, slices.ContainsFunc(c.Rows, func(p supervise.ProcessInfo) bool {
		return auth.Can(s.Who, auth.View, p.NameSpec()) && (s.Program == "" || supervise.MatchProgram(s.Program, p.NameSpec()))
	})
}
