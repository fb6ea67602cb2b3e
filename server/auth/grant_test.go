package auth

import (
	"errors"
	"testing"

	"supervisor/supervise"
)

func TestNobodyMayDoAnything(t *testing.T) {
	web := supervise.NameSpec{Group: "web", Process: "api"}
	for _, verb := range supervise.Verbs {
		for _, name := range []supervise.NameSpec{web, supervise.AllOf("web"), Everything, Supervisord} {
			if Can(Principal{}, verb, name) || Can(Principal{Name: "root"}, verb, name) {
				t.Errorf("nobody may %s %v", verb, name)
			}
			sensible := verb.AboutPrograms()
			if name == Supervisord {
				sensible = verb.AboutSupervisord()
			}
			if Can(Principal{Grant: Full}, verb, name) != sensible {
				t.Errorf("an administrator may %s %v: %v", verb, name, !sensible)
			}
		}
	}
}

func TestAnUnknownVerbIsRefusedEvenToAnAdministrator(t *testing.T) {
	if Can(Principal{Grant: Full}, "fly", Supervisord) || Can(Principal{Grant: Full}, "", Supervisord) {
		t.Error("allowed")
	}
}

func TestARefusalNamesTheVerbAndWhatItWasAbout(t *testing.T) {
	for _, tt := range []struct {
		verb Verb
		name supervise.NameSpec
		want string
	}{
		{Restart, supervise.NameSpec{Group: "web", Process: "api"}, "FORBIDDEN: restart web:api"},
		{Stop, supervise.NameSpec{Group: "cat", Process: "cat"}, "FORBIDDEN: stop cat"},
		{Start, supervise.AllOf("web"), "FORBIDDEN: start web:*"},
		{Stop, Everything, "FORBIDDEN: stop everything"},
		{Shutdown, Supervisord, "FORBIDDEN: shutdown supervisord"},
	} {
		err := Check(t.Context(), tt.verb, tt.name)
		if err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
		var fault supervise.Fault
		if !errors.As(err, &fault) || fault.Code != supervise.FaultForbidden {
			t.Errorf("not a fault: %#v", err)
		}
		if err := Check(With(t.Context(), Principal{Grant: Full}), tt.verb, tt.name); err != nil {
			t.Error(err)
		}
	}
}
