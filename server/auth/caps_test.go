package auth

import (
	"testing"

	"supervisor/server/wire"
	"supervisor/supervise"
)

func TestEveryVerbIsAboutProgramsOrSupervisord(t *testing.T) {
	for _, verb := range supervise.Verbs {
		if !verb.AboutPrograms() && !verb.AboutSupervisord() {
			t.Errorf("%s is about nothing", verb)
		}
	}
	if len(supervise.Verbs) > 32 {
		t.Error("more verbs than browsers have bits for")
	}
}

func TestCapsTellWhatMayBeDone(t *testing.T) {
	web := supervise.NameSpec{Group: "web", Process: "api"}
	bits := func(verbs ...Verb) wire.Caps {
		return wire.CapsOf(func(v Verb) bool {
			for _, verb := range verbs {
				if v == verb {
					return true
				}
			}
			return false
		})
	}
	viewer := Principal{Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}}}
	for _, tt := range []struct {
		name  string
		who   Principal
		about supervise.NameSpec
		want  wire.Caps
	}{
		{"nobody, of a process", Principal{}, web, 0},
		{"nobody, of supervisord", Principal{}, Supervisord, 0},
		{"an administrator, of a process", Principal{Grant: Full}, web,
			bits(View, Logs, Start, Stop, Restart, Signal, Stdin, ClearLogs, MintLink, Trail, Call)},
		{"an administrator, of supervisord", Principal{Grant: Full}, Supervisord,
			bits(View, MainLog, ClearMainLog, Config, Reload, Events, Shutdown, Trail, Users, Reveal)},
		{"a viewer, of a process", viewer, web, bits(View, Logs)},
		{"a viewer, of another process", viewer, supervise.NameSpec{Group: "db", Process: "db"}, 0},
		{"a viewer, of supervisord", viewer, Supervisord, bits(View)},
	} {
		if got := Caps(tt.who, tt.about); got != tt.want {
			t.Errorf("%s: %b, want %b", tt.name, got, tt.want)
		}
	}
}

func TestUserTellsWhoCameByALink(t *testing.T) {
	for _, way := range []Way{Open, Basic, Cookie, Token, LinkWay, Peer, Proxy} {
		user := User(Principal{Name: "somebody", Via: way})
		if user.Link != (way == LinkWay) {
			t.Errorf("%s: %+v", way, user)
		}
	}
}
