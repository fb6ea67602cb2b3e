package auth

import (
	"context"

	"supervisor/supervise"
)

// Verb is something that somebody may be allowed to do; the vocabulary lists them.
type Verb = supervise.Verb

// What can be done to a process, or to a group named "group:*".
const (
	View      = supervise.VerbView
	Logs      = supervise.VerbLogs
	Start     = supervise.VerbStart
	Stop      = supervise.VerbStop
	Restart   = supervise.VerbRestart
	Signal    = supervise.VerbSignal
	Stdin     = supervise.VerbStdin
	ClearLogs = supervise.VerbClearLogs
	MintLink  = supervise.VerbLink
	Trail     = supervise.VerbTrail
	Call      = supervise.VerbCall
)

// What can be done to supervisord itself; the name asked about is Supervisord.
const (
	MainLog      = supervise.VerbMainLog
	ClearMainLog = supervise.VerbClearMainLog
	Config       = supervise.VerbConfig
	Reload       = supervise.VerbReload
	Events       = supervise.VerbEvents
	Shutdown     = supervise.VerbShutdown
	Users        = supervise.VerbUsers
	Reveal       = supervise.VerbReveal
)

// Supervisord is the name to ask about for verbs that concern no process.
var Supervisord = supervise.Itself

// Everything is the name to ask about for verbs done to all processes at once:
// the group "*", as if it held them all.
var Everything = supervise.AllOf("*")

// Full is the grant of an administrator.
var Full = supervise.Grant{Role: supervise.Admin}

// Principal is who is asking. The zero Principal is nobody.
type Principal struct {
	Name  string // the user's name, "" for somebody who came through an open door
	Grant supervise.Grant
	Door  string // the server section they came through
	Addr  string // where from, "" for a unix socket
	Via   Way    // how they proved who they are
	UID   int    // of the process at the other end of a unix socket; -1 if it is not known

	// Session identifies the session or the link they came with, "" for none. It
	// is no secret: it names them on pages and in the trail.
	Session string

	// proof says which password, token or opening of a link it was, to nobody but
	// this process.
	proof string
}

// Way is how somebody proved who they are.
type Way string

const (
	Open    Way = "open"    // the door asks nothing
	Basic   Way = "basic"   // a name and a password
	Cookie  Way = "session" // a session that began with a password
	Token   Way = "token"
	LinkWay Way = "link"  // a delegation link
	Peer    Way = "peer"  // the kernel said whose process it is
	Proxy   Way = "proxy" // a proxy that is trusted said so
)

// Can is the one place where it is decided whether who may do verb to name.
// Name may be one process, a whole group ("group:*": may they do it to some of
// it?), Everything (to anything at all?), or Supervisord. Whoever acts on many
// asks again for each.
func Can(who Principal, verb Verb, name supervise.NameSpec) bool {
	if name == Everything {
		return who.Grant.AllowsSome(verb)
	}
	return who.Grant.Allows(verb, name)
}

// Check asks Can for whoever ctx belongs to. The error is a Refusal with the
// FORBIDDEN fault, whose text names the verb and what it was about.
func Check(ctx context.Context, verb Verb, name supervise.NameSpec) error {
	if Can(From(ctx), verb, name) {
		return nil
	}
	about := name.String()
	if name == Everything {
		about = "everything"
	}
	fault := supervise.Fault{Code: supervise.FaultForbidden, Detail: string(verb) + " " + about}
	return Refusal{Fault: fault, Verb: verb, Name: name}
}

type principalKey struct{}

// With gives ctx to who. The name goes along for those who do not know us.
func With(ctx context.Context, who Principal) context.Context {
	return supervise.WithAsker(context.WithValue(ctx, principalKey{}, who), who.Name)
}

// From tells whom ctx belongs to: nobody, if it was not said.
func From(ctx context.Context) Principal {
	who, _ := ctx.Value(principalKey{}).(Principal)
	return who
}
