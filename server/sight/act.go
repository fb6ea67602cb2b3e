package sight

import (
	"strings"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// Trail tells whether somebody may read any of the trail, and whether that is all
// of it.
func (s Sight) Trail() (some, all bool) {
	all = auth.Can(s.Who, auth.Trail, auth.Supervisord)
	return all || auth.Can(s.Who, auth.Trail, auth.Everything), all
}

// Line gives a line of the trail as somebody sees it, whatever they ask for; false
// if not at all.
func (s Sight) Line(e wire.TrailEntry) (wire.TrailEntry, bool) {
	some, all := s.Trail()
	if all || !some {
		return e, all
	}
	return narrowed(e, s.Who, s.Opened != nil && s.Opened(s.Who, e))
}

// Act is Line for one who asks for some kinds of what happens only.
func (s Sight) Act(e wire.TrailEntry) (wire.TrailEntry, bool) {
	e, ok := s.Line(e)
	return e, ok && s.Wants(wire.EventAct, e.Trouble())
}

// Acts is q for the lines that are asked for.
func (s Sight) Acts(q audit.Query) audit.Query {
	q.User, q.Program, q.Shows = s.User, s.Program, s.Act
	return q
}

// narrowed is an entry as somebody sees it who may see the trail of some
// programs: no others are named, and of strangers there is only the name. What
// concerns them otherwise, as the opening of their links does, they see too. The
// An attempt on a name that nobody has is shown as little as one on a program that
// is hidden from them, their own too: else the trail would tell the two apart. The
// texts of an entry tell of all it was done to, or of what a link or an account
// allows: they are for who did it, or may see all of those programs.
func narrowed(e wire.TrailEntry, who auth.Principal, concerned bool) (wire.TrailEntry, bool) {
	if namedNobody(e) {
		return e, false
	}
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

// namedNobody tells whether an entry is of an attempt on a name that nobody had.
func namedNobody(e wire.TrailEntry) bool {
	code, _, _ := strings.Cut(e.Result, ":")
	return doneToPrograms(auth.Verb(e.Verb)) && code == supervise.FaultBadName.String()
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
