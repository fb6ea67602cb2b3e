package auth

import (
	"supervisor/server/wire"
	"supervisor/supervise"
)

// Caps gives what who may do to name as the bits browsers are told, so that a
// page does not offer what would be refused. Name is a process or Supervisord;
// verbs that make no sense for it are left out.
func Caps(who Principal, name supervise.NameSpec) wire.Caps {
	return wire.CapsOf(func(verb string) bool {
		return ofSupervisord[Verb(verb)] == (name == Supervisord) && Can(who, Verb(verb), name)
	})
}

// User gives who as browsers are told.
func User(who Principal) wire.User {
	return wire.User{Name: who.Name, Caps: Caps(who, Supervisord)}
}

// ofSupervisord are the verbs that concern supervisord, not a process.
var ofSupervisord = map[Verb]bool{
	MainLog: true, ClearMainLog: true, Config: true, Reload: true, Events: true, Shutdown: true,
}
