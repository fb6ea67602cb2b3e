package supervise

import (
	"testing"
	"time"
)

func TestNameSpecsReadAsSupervisorctlWritesThem(t *testing.T) {
	for text, want := range map[string]NameSpec{
		"web":     {Group: "web", Process: "web"},
		"web:one": {Group: "web", Process: "one"},
		"web:*":   AllOf("web"),
		"web:":    AllOf("web"),
		"a:b:c":   {Group: "a", Process: "b:c"},
		":x":      {Group: "", Process: "x"},
		"":        {},
		":":       AllOf(""),
		"*":       {Group: "*", Process: "*"}, // a process, whose group has its name
		"*:*":     AllOf("*"),
	} {
		if got := ParseNameSpec(text); got != want {
			t.Errorf("%q: want %#v, got %#v", text, want, got)
		}
	}
	for want, name := range map[string]NameSpec{
		"web": {Group: "web", Process: "web"}, "web:one": {Group: "web", Process: "one"}, "web:*": AllOf("web"),
	} {
		if got := name.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestStateSetsAreThoseOfTheOriginal(t *testing.T) {
	for _, s := range States {
		stopped := s == StateStopped || s == StateExited || s == StateFatal || s == StateUnknown
		if s.Stopped() != stopped {
			t.Errorf("%v: Stopped() = %v", s, s.Stopped())
		}
		if s.Running() && s.Stopped() {
			t.Errorf("%v is running and stopped at once", s)
		}
	}
	if !StateStopping.Signallable() || StateStopping.Running() || StateBackoff.Signallable() {
		t.Error("STOPPING takes signals and is not running; BACKOFF has nobody to signal")
	}
}

func TestEventTypesMatchThemselvesAndTheirParents(t *testing.T) {
	for _, c := range []struct {
		is, want EventType
		matches  bool
	}{
		{EventProcessStateExited, EventProcessStateExited, true},
		{EventProcessStateExited, EventProcessState, true},
		{EventProcessStateExited, EventAny, true},
		{EventProcessState, EventProcessStateExited, false},
		{EventTick5, EventTick, true},
		{EventTick5, EventTick60, false},
		{EventProcessGroupAdded, EventProcessState, false},
		{EventType(""), EventAny, false}, // UpdateEvent is nobody's
	} {
		if got := c.is.Matches(c.want); got != c.matches {
			t.Errorf("%s.Matches(%s) = %v", c.is, c.want, got)
		}
	}
}

func TestSignalsAreNamedAsThePythonOriginalNamesThem(t *testing.T) {
	for text, want := range map[string]Signal{
		"TERM": 15, "sigterm": 15, " SIGHUP ": 1, "9": 9, "0": 0, "34": 34, "64": 64,
	} {
		if got, err := ParseSignal(text); err != nil || got != want {
			t.Errorf("%q: want %d, got %d, %v", text, want, got, err)
		}
	}
	for text, want := range map[string]string{
		"FOO":     "value 'FOO' is not a valid signal name",
		"RTMIN+1": "value 'RTMIN+1' is not a valid signal name",
		"99":      "value '99' is not a valid signal number",
		"35":      "value '35' is not a valid signal number",
	} {
		if _, err := ParseSignal(text); err == nil || err.Error() != want {
			t.Errorf("%q: want %q, got %v", text, want, err)
		}
	}
	if got := Signal(35).String(); got != "signal 35" {
		t.Errorf("want %q, got %q", "signal 35", got)
	}
}

func TestUptimePrintsLikeATimedelta(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                   "0:00:00",
		192*time.Second + 999e6:        "0:03:12",
		24*time.Hour + 5*time.Second:   "1 day, 0:00:05",
		51*time.Hour + 245*time.Second: "2 days, 3:04:05",
	} {
		if got := string(appendUptime(nil, int64(d/time.Second))); got != want {
			t.Errorf("%v: want %q, got %q", d, want, got)
		}
	}
}

func TestDescriptionTellsWhatAnOperatorNeedsInEachState(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 19, 0, 0, time.Local)
	for _, c := range []struct {
		info ProcessInfo
		want string
	}{
		{ProcessInfo{State: StateRunning, PID: 7, Start: now.Add(-65 * time.Second)}, "pid 7, uptime 0:01:05"},
		{ProcessInfo{State: StateFatal, SpawnErr: "can't find command 'x'"}, "can't find command 'x'"},
		{ProcessInfo{State: StateBackoff, Name: "x"}, `unknown error (try "tail x")`},
		{ProcessInfo{State: StateStopped}, "Not started"},
		{ProcessInfo{State: StateExited, Start: now, Stop: now}, "Nov 22 02:19 PM"},
		{ProcessInfo{State: StateStopped, Start: now}, time.Unix(0, 0).Format("Jan 02 03:04 PM")},
		{ProcessInfo{State: StateStarting, Start: now}, ""},
	} {
		if got := c.info.Description(now); got != c.want {
			t.Errorf("%v: want %q, got %q", c.info.State, c.want, got)
		}
	}
}

func TestQuotePrintsAsPythonsReprDoes(t *testing.T) {
	for text, want := range map[string]string{
		"plain":     `'plain'`,
		"it's":      `"it's"`,
		`it's "x"`:  `'it\'s "x"'`,
		"a\\b\n":    `'a\\b\n'`,
		"\x01é\xff": `'\x01é\udcff'`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("%q: want %s, got %s", text, want, got)
		}
	}
	if got := QuoteBytes([]byte("caf\xc3\xa9 \xff x\n")); got != `b'caf\xc3\xa9 \xff x\n'` {
		t.Errorf("bytes: got %s", got)
	}
}
