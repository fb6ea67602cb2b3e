package auth

import (
	"testing"

	"supervisor/server/wire"
	"supervisor/supervise"
)

func TestEveryVerbHasABitAndEveryBitAVerb(t *testing.T) {
	if len(wire.CapVerbs) != len(verbs) {
		t.Errorf("%d bits for %d verbs", len(wire.CapVerbs), len(verbs))
	}
	for _, verb := range wire.CapVerbs {
		if !verbs[Verb(verb)] {
			t.Errorf("bit %q is no verb", verb)
		}
	}
}

func TestCapsKeepProcessesAndSupervisordApart(t *testing.T) {
	admin := Principal{Role: Admin}
	process := Caps(admin, supervise.NameSpec{Group: "web", Process: "api"})
	whole := Caps(admin, Supervisord)
	if process&whole != 0 || process|whole != 1<<len(wire.CapVerbs)-1 {
		t.Errorf("process %b, supervisord %b", process, whole)
	}
	if Caps(Principal{}, Supervisord) != 0 || User(Principal{}).Caps != 0 {
		t.Error("nobody may do something")
	}
}
