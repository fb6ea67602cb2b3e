package sight

import (
	"strings"
	"testing"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

func TestTheTextsOfALineAreForWhoMaySeeAllItWasDoneTo(t *testing.T) {
	operator := auth.Principal{Name: "ann", Via: auth.Basic, Grant: supervise.Grant{Role: supervise.Operator, Programs: []string{"web"}}}
	const mine, both = "web:api", "web:api db:main"
	for _, tt := range []struct {
		name      string
		verb      auth.Verb
		programs  string
		by        string // who did it, and how
		concerned bool
		result    string
		want      string // programs and result; "" if the line is not shown
		texts     bool
	}{
		{"all of it is theirs", auth.Restart, mine, "boss basic", false, "NOT_RUNNING: web:api", "web:api NOT_RUNNING: web:api", true},
		{"some of it is not", auth.Restart, both, "boss basic", false, "ok", "web:api ok", false},
		{"some of it is not, and something failed", auth.Restart, both, "boss basic", false, "FAILED: 1 of 2", "web:api FAILED", false},
		{"some of it is not, and was refused", auth.Restart, both, "boss basic", false, "refused", "web:api refused", false},
		{"their own", auth.Restart, both, "ann session", false, "FAILED: 1 of 2", "web:api FAILED: 1 of 2", true},
		{"of a token that is called as they are", auth.Restart, both, "ann token", false, "FAILED: 1 of 2", "web:api FAILED", false},
		{"of a name that nobody has, by somebody else", auth.Start, "ghost", "boss basic", false, "BAD_NAME: ghost", "", false},
		{"of a name that nobody has, by themselves", auth.Start, "web:ghost", "ann basic", false, "BAD_NAME: web:ghost", "", false},
		{"of a program that is hidden from them, by themselves", auth.Start, "db:main", "ann basic", false, "refused", "", false},
		{"none of it is theirs", auth.Restart, "db:main", "boss basic", false, "ok", "", false},
		{"a link of somebody else to what is theirs today", auth.MintLink, mine, "boss basic", false, "ok", "web:api ok", false},
		{"a link of their own", auth.MintLink, mine, "ann basic", false, "ok", "web:api ok", true},
		{"the opening of a link of theirs", "open-link", "", "stranger link", true, "ok", " ok", true},
		{"a secret of what is theirs", auth.Reveal, mine, "boss basic", false, "ok", "web:api ok", false},
		{"an account", auth.Users, "", "boss basic", false, "ok", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			user, via, _ := strings.Cut(tt.by, " ")
			e := wire.TrailEntry{
				User: user, Via: via, Verb: string(tt.verb), Target: "it", Programs: strings.Fields(tt.programs),
				Detail: "detail", Before: "before", After: "after", Result: tt.result,
			}
			shown, ok := narrowed(e, operator, tt.concerned)
			got := ""
			if ok {
				got = strings.Join(shown.Programs, " ") + " " + shown.Result
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			texts := shown.Detail + shown.Before + shown.After
			if want := map[bool]string{true: "detailbeforeafter"}[tt.texts]; ok && texts != want {
				t.Errorf("texts %q, want %q", texts, want)
			}
		})
	}
}
