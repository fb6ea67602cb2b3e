package supervise

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Role is what somebody is. The zero Role may do nothing.
type Role int

const (
	Nobody   Role = iota
	Viewer        // sees programs and reads their logs
	Operator      // and starts, stops, restarts, signals, clears logs
	Admin         // everything
)

var roleNames = [...]string{Nobody: "nobody", Viewer: "viewer", Operator: "operator", Admin: "admin"}

// String gives the word that configurations use.
func (r Role) String() string { return roleNames[r] }

// RoleNames are the words of all roles, the least first.
func RoleNames() []string { return slices.Clone(roleNames[:]) }

// ParseRole reads "viewer", "operator" or "admin".
func ParseRole(text string) (Role, error) {
	if i := slices.Index(roleNames[:], text); i > int(Nobody) {
		return Role(i), nil
	}
	return Nobody, fmt.Errorf("%s is no role: expected viewer, operator or admin", Quote(text))
}

// Verb is something that somebody may be allowed to do.
type Verb string

// What can be done to a process, or to a group named "group:*".
const (
	VerbView      Verb = "view" // see that it exists, its state and its facts
	VerbLogs      Verb = "logs" // read what it wrote
	VerbStart     Verb = "start"
	VerbStop      Verb = "stop"
	VerbRestart   Verb = "restart"
	VerbSignal    Verb = "signal"
	VerbStdin     Verb = "stdin" // write to its standard input: may run code as its user
	VerbClearLogs Verb = "clear-logs"
	VerbLink      Verb = "link"  // hand out a link that lets others do some of this
	VerbTrail     Verb = "audit" // read who did what to it; about supervisord: all of the trail
	VerbCall      Verb = "call"  // call the methods of a plug-in of that name
)

// What can be done to supervisord itself.
const (
	VerbMainLog      Verb = "main-log" // read supervisord's own log
	VerbClearMainLog Verb = "clear-main-log"
	VerbConfig       Verb = "config"   // see the configuration, with commands and environments
	VerbReload       Verb = "reload"   // reread it, add and remove groups
	VerbEvents       Verb = "events"   // send an event to listeners
	VerbShutdown     Verb = "shutdown" // end or restart supervisord
	VerbUsers        Verb = "users"    // see and change accounts, tokens, sessions and links
	VerbReveal       Verb = "reveal"   // see the values of secrets
)

// Verbs is the closed set, in the order of the bits that browsers are told. Add
// at the end, never move.
var Verbs = [...]Verb{
	VerbView, VerbLogs, VerbStart, VerbStop, VerbRestart, VerbSignal, VerbStdin, VerbClearLogs,
	VerbMainLog, VerbClearMainLog, VerbConfig, VerbReload, VerbEvents, VerbShutdown,
	VerbLink, VerbTrail, VerbUsers, VerbReveal, VerbCall,
}

// verbRoles gives, for each verb about programs, the least role that has it
// without being given it by name. Stdin is for administrators, for it may be as
// good as a shell; actions= can hand it to others. So it can hand on calls of
// plug-ins, which a plug-in may also open to a lesser role: see AllowsCall.
var verbRoles = map[Verb]Role{
	VerbView: Viewer, VerbLogs: Viewer,
	VerbStart: Operator, VerbStop: Operator, VerbRestart: Operator, VerbSignal: Operator, VerbClearLogs: Operator,
	VerbLink: Operator, VerbTrail: Operator,
	VerbStdin: Admin, VerbCall: Admin,
}

// AboutPrograms tells whether a verb can be done to a program, so that actions=
// may name it.
func (v Verb) AboutPrograms() bool { return verbRoles[v] != Nobody }

// AboutSupervisord tells whether a verb can be done to supervisord itself. That
// it is there, its name and its state, is for all who may come in.
func (v Verb) AboutSupervisord() bool {
	return v == VerbView || v == VerbTrail || !v.AboutPrograms() && slices.Contains(Verbs[:], v)
}

// ParseVerb reads a verb that can be done to programs, as actions= lists them.
func ParseVerb(text string) (Verb, error) {
	if v := Verb(text); v.AboutPrograms() {
		return v, nil
	}
	var known []string
	for _, v := range Verbs {
		if v.AboutPrograms() {
			known = append(known, string(v))
		}
	}
	return "", fmt.Errorf("%s is no action: expected some of %s", Quote(text), strings.Join(known, ", "))
}

// Grant is what somebody may do, and to which programs. The zero Grant allows
// nothing. It is never changed once made.
type Grant struct {
	Role     Role
	Programs []string // patterns; an administrator has all programs, whatever stands here
	Deny     []string // patterns that take away what Programs gives
	Actions  []Verb   // if any: only these, and view; one that the role lacks is given

	// Within is a grant that this one stays inside: what only one of them allows is
	// not allowed. nil for none.
	Within *Grant
}

// Equal tells whether two grants are written alike.
func (g Grant) Equal(other Grant) bool {
	if g.Within != nil && other.Within != nil && !g.Within.Equal(*other.Within) || (g.Within == nil) != (other.Within == nil) {
		return false
	}
	return g.Role == other.Role && slices.Equal(g.Programs, other.Programs) &&
		slices.Equal(g.Deny, other.Deny) && slices.Equal(g.Actions, other.Actions)
}

// Check says what is wrong with a grant that somebody has written, in words that
// go on after the name of what it is for; nil for one that makes sense.
func (g Grant) Check() error {
	switch scoped := len(g.Programs)+len(g.Deny)+len(g.Actions) > 0; {
	case g.Role == Admin && scoped:
		return errors.New("gives an admin programs, deny or actions, but an admin may do everything: use role=operator")
	case g.Role != Admin && len(g.Programs) == 0:
		return errors.New("has no programs value: expected patterns like web:*, worker, or * for all")
	}
	return nil
}

// Allows is the decision of the house: may a holder of g do verb to name? Name
// may be one process, a whole group, or Itself.
// Of a whole group it tells whether verb may be done to some of it: whoever acts
// on groups asks again for each process.
func (g Grant) Allows(verb Verb, name NameSpec) bool {
	if g.Within != nil && !g.Within.Allows(verb, name) {
		return false
	}
	if name == Itself {
		return g.Role == Admin && verb.AboutSupervisord() || g.Role != Nobody && verb == VerbView
	}
	return g.has(verb) && g.covers(name)
}

// AllowsSome tells whether a holder of g may do verb to any program at all.
func (g Grant) AllowsSome(verb Verb) bool {
	if g.Within != nil && !g.Within.AllowsSome(verb) {
		return false
	}
	return g.has(verb) && (g.Role == Admin || len(g.Programs) > 0)
}

// AllowsCall tells whether a holder of g may call the methods of a plug-in that is
// open to roles from least on: an admin may, and others whose programs cover the
// plug-in's name, if their actions name calls, or name nothing and their role will do.
func (g Grant) AllowsCall(plugin string, least Role) bool {
	switch {
	case g.Role == Nobody, g.Within != nil && !g.Within.AllowsCall(plugin, least), !g.covers(PluginName(plugin)):
		return false
	case len(g.Actions) > 0:
		return slices.Contains(g.Actions, VerbCall)
	}
	return g.Role >= least
}

// has tells whether g includes a verb for the programs it covers.
func (g Grant) has(verb Verb) bool {
	least, known := verbRoles[verb]
	switch {
	case !known || g.Role == Nobody:
		return false
	case len(g.Actions) > 0:
		return verb == VerbView || slices.Contains(g.Actions, verb)
	}
	return g.Role >= least
}

// covers tells whether a program is one of those g is about.
func (g Grant) covers(name NameSpec) bool {
	if g.Role == Admin {
		return true
	}
	matches := func(pattern string) bool { return MatchProgram(pattern, name) }
	if !slices.ContainsFunc(g.Programs, matches) {
		return false
	}
	// A pattern that denies a part of a group leaves the rest of it.
	return name.WholeGroup() || !slices.ContainsFunc(g.Deny, matches)
}

// MatchProgram tells whether a pattern over group:process covers a process, or
// some process of a whole group. A pattern without a colon is about groups, and
// a program that no group names is a group of its own: "worker" is "worker:*".
func MatchProgram(pattern string, name NameSpec) bool {
	group, process, found := strings.Cut(pattern, ":")
	if !MatchGlob(group, name.Group) {
		return false
	}
	return !found || process == "" || name.WholeGroup() || MatchGlob(process, name.Process)
}

// CheckPattern says what is wrong with a pattern over group:process that somebody
// has written. What MatchProgram would take literally, or never match, is most
// often a slip, and one in a list of what is denied would deny nothing.
func CheckPattern(pattern string) error {
	group, process, _ := strings.Cut(pattern, ":")
	switch {
	case group == "":
		return fmt.Errorf("%s names no group: expected a pattern like web:*, worker, or * for all", Quote(pattern))
	case strings.Contains(process, ":"):
		return fmt.Errorf("%s has more than one colon: expected a pattern like web:api", Quote(pattern))
	}
	for _, part := range []string{group, process} {
		if err := checkSets(part); err != nil {
			return fmt.Errorf("%s %w", Quote(pattern), err)
		}
	}
	return nil
}

// Account is somebody who may come in: a [user:x] or [token:x] section, or the
// username of a server section.
type Account struct {
	Name     string
	Password string // a bcrypt hash; of a server section also plain text or {SHA}; "" lets nobody in by password
	Grant    Grant
	Disabled bool
	Comment  string

	// UnixUsers are the names or ids of system users who are this person when
	// they come through a unix socket.
	UnixUsers []string

	Token   string    // of a token: the hexadecimal SHA-256 of its secret
	Expires time.Time // of a token; zero for never

	File     string // where it is written
	Line     int
	Editable bool // it stands in the users file
}

// CheckAccountName says what is wrong with the name of an account.
func CheckAccountName(name string) error {
	switch {
	case name == "":
		return errors.New("a user needs a name after the colon")
	case len(name) > 255:
		return fmt.Errorf("%s is too long for a name: expected at most 255 bytes", Quote(name))
	case strings.ContainsAny(name, ":;#[]") || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		return fmt.Errorf("%s is no name for a user: expected one without spaces and without any of : ; # [ ]", Quote(name))
	case !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		return fmt.Errorf("%s is no name for a user: expected a letter or a digit in it", Quote(name))
	}
	return nil
}

// IsToken tells a token from a person.
func (a Account) IsToken() bool { return a.Token != "" }

// PasswordCost is that of the bcrypt hashes we make.
const PasswordCost = 12

const (
	// MaxPasswordBytes is what bcrypt looks at; a longer password would be
	// accepted for the first 72 of its bytes.
	MaxPasswordBytes = 72
	// minPasswordBytes is how short a password may be that is set here.
	minPasswordBytes = 8
)

// CheckPassword says in words for whoever has chosen a password why it will not
// do; nil if it will.
func CheckPassword(name, password string) error {
	switch {
	case len(password) < minPasswordBytes:
		return fmt.Errorf("a password has at least %d bytes", minPasswordBytes)
	case len(password) > MaxPasswordBytes:
		return fmt.Errorf("a password has at most %d bytes, which is all that bcrypt looks at", MaxPasswordBytes)
	case strings.EqualFold(password, name):
		return errors.New("a password must not be the name")
	case strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("a password has no control characters")
	}
	return nil
}
