package auth

import (
	"errors"
	"testing"

	"supervisor/supervise"
)

func TestWhatMayNotBeSeenIsToldAsWhatDoesNotExist(t *testing.T) {
	ann := With(t.Context(), Principal{Name: "ann", Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}, Deny: []string{"web:db"}}})
	for _, tt := range []struct {
		verb Verb
		name supervise.NameSpec
		want string
	}{
		{Stop, supervise.ParseNameSpec("db:main"), "BAD_NAME: db:main"},
		{View, supervise.ParseNameSpec("db:main"), "BAD_NAME: db:main"},
		{Logs, supervise.ParseNameSpec("web:db"), "BAD_NAME: web:db"},
		{Stop, supervise.AllOf("db"), "BAD_NAME: db:*"},
		{Stop, supervise.ParseNameSpec(""), "BAD_NAME"},
		{Stop, supervise.ParseNameSpec("web:api"), "FORBIDDEN: stop web:api"},
		{Stop, supervise.AllOf("web"), "FORBIDDEN: stop web:*"},
		{Stop, Everything, "FORBIDDEN: stop everything"},
		{Shutdown, Supervisord, "FORBIDDEN: shutdown supervisord"},
		{Logs, supervise.ParseNameSpec("web:api"), ""},
		{View, Supervisord, ""},
	} {
		err := Permit(ann, tt.verb, tt.name)
		if err == nil && tt.want == "" {
			continue
		}
		var refusal Refusal
		var fault supervise.Fault
		if err == nil || err.Error() != tt.want || !errors.As(err, &fault) || !errors.As(err, &refusal) || refusal.Verb != tt.verb || refusal.Name != tt.name {
			t.Errorf("%s %v: %#v, want %s", tt.verb, tt.name, err, tt.want)
		}
	}
}

func TestTheScopeOfAnAdministratorIsEverybody(t *testing.T) {
	if Scope(With(t.Context(), Principal{Grant: Full}), Stop) != nil {
		t.Error("an administrator is asked about each")
	}
	narrow := supervise.Grant{Role: supervise.Admin, Actions: []supervise.Verb{Start}}
	if may := Scope(With(t.Context(), Principal{Grant: narrow}), Stop); may == nil || may(supervise.ParseNameSpec("web")) {
		t.Error("an administrator of starts may stop")
	}
	if may := Scope(t.Context(), Stop); may == nil || may(supervise.ParseNameSpec("web")) {
		t.Error("nobody may stop")
	}
}
