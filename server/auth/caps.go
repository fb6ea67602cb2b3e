package auth

import (
	"supervisor/server/wire"
	"supervisor/supervise"
)

// Caps gives what who may do to name as the bits browsers are told, so that a
// page does not offer what would be refused. Name is a process or Supervisord;
// verbs that make no sense for it are left out.
func Caps(who Principal, name supervise.NameSpec) wire.Caps {
	return wire.CapsOf(func(verb Verb) bool { return Can(who, verb, name) })
}

// User gives who as browsers are told.
func User(who Principal) wire.User {
	return wire.User{Name: who.Name, Caps: Caps(who, Supervisord), Link: who.Via == LinkWay}
}
