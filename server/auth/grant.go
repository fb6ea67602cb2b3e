package auth

import (
	"context"

	"supervisor/supervise"
)

// Verb is something a person may be allowed to do.
type Verb string

// What can be done to a process, or to a group named "group:*".
const (
	View      Verb = "view" // see that it exists, its state and its facts
	Logs      Verb = "logs" // read what it wrote
	Start     Verb = "start"
	Stop      Verb = "stop"
	Restart   Verb = "restart"
	Signal    Verb = "signal"
	Stdin     Verb = "stdin" // write to its standard input: may run code as its user
	ClearLogs Verb = "clear-logs"
)

// What can be done to supervisord itself; the name asked about is Supervisord.
const (
	MainLog      Verb = "main-log" // read supervisord's own log
	ClearMainLog Verb = "clear-main-log"
	Config       Verb = "config"   // see the configuration
	Reload       Verb = "reload"   // reread it, add and remove groups
	Events       Verb = "events"   // send an event to listeners
	Shutdown     Verb = "shutdown" // end or restart supervisord
)

// verbs is the closed set; a verb outside it is always refused.
var verbs = map[Verb]bool{
	View: true, Logs: true, Start: true, Stop: true, Restart: true, Signal: true, Stdin: true, ClearLogs: true,
	MainLog: true, ClearMainLog: true, Config: true, Reload: true, Events: true, Shutdown: true,
}

// Supervisord is the name to ask about for verbs that concern no process.
var Supervisord = supervise.NameSpec{}

// Everything is the name to ask about for verbs done to all processes at once:
// the group "*", as if it held them all.
var Everything = supervise.AllOf("*")

// Role is what somebody is. The zero Role may do nothing.
type Role int

const (
	Nobody Role = iota
	Admin
)

// Principal is who is asking. The zero Principal is nobody.
type Principal struct {
	Name string // the user's name, "" for somebody who came through an open door
	Role Role
	Door string // the server section they came through
	Addr string // where from, "" for a unix socket
}

// Can is the one place where it is decided whether who may do verb to name.
// Name may be one process, a whole group ("group:*": may they do it to all of
// it?), Everything, or Supervisord.
func Can(who Principal, verb Verb, name supervise.NameSpec) bool {
	return who.Role == Admin && verbs[verb]
}

// Check asks Can for whoever ctx belongs to. The error is the FORBIDDEN fault,
// whose text names the verb and what it was about.
func Check(ctx context.Context, verb Verb, name supervise.NameSpec) error {
	if Can(From(ctx), verb, name) {
		return nil
	}
	about := name.String()
	switch name {
	case Supervisord:
		about = "supervisord"
	case Everything:
		about = "everything"
	}
	return supervise.Fault{Code: supervise.FaultForbidden, Detail: string(verb) + " " + about}
}

type principalKey struct{}

// With gives ctx to who.
func With(ctx context.Context, who Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, who)
}

// From tells whom ctx belongs to: nobody, if it was not said.
func From(ctx context.Context) Principal {
	who, _ := ctx.Value(principalKey{}).(Principal)
	return who
}
