package supervise

import (
	"strings"
	"testing"
)

func TestWhatAGrantAllows(t *testing.T) {
	api, migrate := NameSpec{Group: "web", Process: "api"}, NameSpec{Group: "web", Process: "migrate"}
	worker, db := NameSpec{Group: "worker", Process: "worker_01"}, NameSpec{Group: "db", Process: "db"}
	supervisord := Itself
	scoped := func(role Role, actions ...Verb) Grant {
		return Grant{Role: role, Programs: []string{"web:*", "worker"}, Deny: []string{"web:migrate"}, Actions: actions}
	}
	for _, tt := range []struct {
		name  string
		grant Grant
		verb  Verb
		about NameSpec
		want  bool
	}{
		{"nobody sees nothing", Grant{Programs: []string{"*"}}, VerbView, api, false},
		{"nobody does not even see supervisord", Grant{}, VerbView, supervisord, false},
		{"a viewer without programs sees none", Grant{Role: Viewer}, VerbView, api, false},
		{"a viewer sees", scoped(Viewer), VerbView, api, true},
		{"a viewer reads logs", scoped(Viewer), VerbLogs, worker, true},
		{"a viewer does not start", scoped(Viewer), VerbStart, api, false},
		{"a viewer whose actions name start may", scoped(Viewer, VerbStart), VerbStart, api, true},
		{"a pattern without a colon is about the group", scoped(Operator), VerbStart, worker, true},
		{"not about processes elsewhere", scoped(Operator), VerbStart, NameSpec{Group: "g", Process: "worker"}, false},
		{"out of scope", scoped(Operator), VerbView, db, false},
		{"denied", scoped(Operator), VerbView, migrate, false},
		{"a group of which a part is denied", scoped(Operator), VerbStop, AllOf("web"), true},
		{"a group out of scope", scoped(Operator), VerbStop, AllOf("db"), false},
		{"an operator does not write to stdin", scoped(Operator), VerbStdin, api, false},
		{"unless actions say so", scoped(Operator, VerbStdin), VerbStdin, api, true},
		{"actions narrow", scoped(Operator, VerbRestart), VerbStop, api, false},
		{"actions keep view", scoped(Operator, VerbRestart), VerbView, api, true},
		{"an operator does not see the configuration", scoped(Operator), VerbConfig, supervisord, false},
		{"an operator knows that supervisord is there", scoped(Operator), VerbView, supervisord, true},
		{"an operator does not read all of the trail", scoped(Operator), VerbTrail, supervisord, false},
		{"but that of a program", scoped(Operator), VerbTrail, api, true},
		{"an admin writes to stdin", Grant{Role: Admin}, VerbStdin, api, true},
		{"an admin ends supervisord", Grant{Role: Admin}, VerbShutdown, supervisord, true},
		{"nobody ends a program as one ends supervisord", Grant{Role: Admin}, VerbShutdown, api, false},
		{"an unknown verb", Grant{Role: Admin}, "fly", api, false},
		{"an unknown verb about supervisord", Grant{Role: Admin}, "fly", supervisord, false},
	} {
		if got := tt.grant.Allows(tt.verb, tt.about); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestPatternsOverPrograms(t *testing.T) {
	for _, tt := range []struct {
		pattern, group, process string
		want                    bool
	}{
		{"*", "a", "b", true},
		{"web", "web", "api", true},
		{"web", "webs", "api", false},
		{"web:", "web", "api", true},
		{"web:*", "web", "api", true},
		{"*:api", "web", "api", true},
		{"*:api", "web", "apis", false},
		{"w[ae]b:ap?", "web", "api", true},
		{"api", "web", "api", false},
		{"web:api", "web", "a:b", false},
		{"g:a:b", "g", "a:b", true},
	} {
		if got := MatchProgram(tt.pattern, NameSpec{Group: tt.group, Process: tt.process}); got != tt.want {
			t.Errorf("%s covers %s:%s: %v", tt.pattern, tt.group, tt.process, got)
		}
	}
}

func TestAGrantWithinAnotherAllowsWhatBothAllow(t *testing.T) {
	outer := Grant{Role: Operator, Programs: []string{"web", "db"}, Deny: []string{"web:secret"}, Actions: []Verb{VerbStart, VerbRestart}}
	inner := Grant{Role: Viewer, Programs: []string{"web", "other"}, Actions: []Verb{VerbRestart, VerbStop}, Within: &outer}
	for _, tt := range []struct {
		verb Verb
		name NameSpec
		want bool
	}{
		{VerbView, NameSpec{Group: "web", Process: "api"}, true},
		{VerbRestart, NameSpec{Group: "web", Process: "api"}, true},
		{VerbRestart, AllOf("web"), true},
		{VerbStop, NameSpec{Group: "web", Process: "api"}, false},
		{VerbStart, NameSpec{Group: "web", Process: "api"}, false},
		{VerbView, NameSpec{Group: "web", Process: "secret"}, false},
		{VerbView, NameSpec{Group: "db", Process: "main"}, false},
		{VerbView, NameSpec{Group: "other", Process: "x"}, false},
		{VerbView, Itself, true},
		{VerbReload, Itself, false},
	} {
		if got := inner.Allows(tt.verb, tt.name); got != tt.want {
			t.Errorf("%s %v: %v", tt.verb, tt.name, got)
		}
	}
	if !inner.AllowsSome(VerbRestart) || inner.AllowsSome(VerbStop) || inner.AllowsSome(VerbStart) {
		t.Error("what it allows to some")
	}
	narrower := outer
	narrower.Programs = []string{"web"}
	other, alone := inner, inner
	other.Within, alone.Within = &narrower, nil
	same := outer
	twin := inner
	twin.Within = &same
	if inner.Equal(other) || inner.Equal(alone) || alone.Equal(inner) || !inner.Equal(twin) {
		t.Error("which are written alike")
	}
	nobody := inner
	nobody.Within = &Grant{}
	if nobody.Allows(VerbView, Itself) || nobody.AllowsSome(VerbView) {
		t.Error("within nothing there is something")
	}
}

func TestAPatternThatCouldOnlyBeASlipIsRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		"*": "", "worker": "", "web:*": "", "web:": "", "*:[ab]": "", "[!a]": "", "[]]:x": "", "a]b": "", "web:worker_0?": "",
		"web:[migrate": "without the ]", "[x": "without the ]", "[a:b]": "without the ]", "[]": "without the ]",
		"[^a]": "write [!", "a:x[^b]": "write [!", "a:b:c": "more than one colon", ":b": "names no group", "": "names no group",
	} {
		err := CheckPattern(pattern)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", pattern, err, want)
		}
	}
}
