package ctl

import (
	"net/http"
	"testing"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// serveCrashes has three crashes of g:a, none of cat, and nobody else.
func (f *fakeServer) serveCrashes(mux *http.ServeMux) {
	segv := wire.Crash{
		Group: "g", Name: "a",
		Life: wire.Life{
			PID: 4711, Asked: 1767225600000, Born: 1767225600000, Running: 1767225601000, Ended: 1767225784500, Uptime: 184500,
			Tries: 1, State: "EXITED", Exit: -1, Signal: "SIGSEGV", Crashed: true, CPUUser: 61500, CPUSystem: 250,
			Peak: 123456789, Config: "0123456789ab", Crash: 3,
			Meaning: wire.Meaning{Code: "fault", Signal: "SIGSEGV", Text: "was ended by SIGSEGV: it used memory that is not its own"},
		},
		Stderr: wire.Excerpt{Lines: wire.Lines{"\x1b[31mpanic\x1b[0m:\tnil", "caf\xe9 \x1b]0;evil\x07", "half a line"}, Cut: true, Open: true},
	}
	quick := segv
	quick.Life.Crash, quick.Life.Running, quick.Life.Uptime, quick.Life.State, quick.Life.Quick = 2, 0, 300, "BACKOFF", true
	quick.Life.Tries, quick.Life.Missed, quick.Life.PeakAtMost = 3, 2, true
	quick.Life.Meaning = wire.Meaning{Code: "exit", Status: 1, Text: "exited with status 1"}
	quick.Stderr, quick.Stdout = wire.Excerpt{Gone: true}, wire.Excerpt{Lines: wire.Lines{"bye"}}
	unborn := wire.Crash{Group: "g", Name: "a", Life: wire.Life{
		Asked: 1767225600000, Ended: 1767225600000, Tries: 4, State: "FATAL", Crashed: true, Err: "can't find command 'x'", Config: "0123456789ab", Crash: 1,
		Meaning: wire.Meaning{Code: "no-start", Text: "could not be started: can't find command 'x'"},
	}}
	known := map[string]wire.Crash{"3": segv, "last": segv, "2": quick, "1": unborn}
	serve := f.server(mux)
	serve("GET /api/v1/processes/{name}/crashes", func(r *http.Request) (int, any) {
		switch r.PathValue("name") {
		case "g:a":
			return http.StatusOK, wire.Crashes{Crashes: []wire.Life{segv.Life, quick.Life, unborn.Life}}
		case "cat":
			return http.StatusOK, wire.Crashes{Crashes: []wire.Life{}}
		}
		return http.StatusNotFound, refusal(supervise.FaultBadName, r.PathValue("name"))
	})
	serve("GET /api/v1/processes/{name}/crashes/{id}", func(r *http.Request) (int, any) {
		name := r.PathValue("name")
		found, there := known[r.PathValue("id")]
		switch {
		case name != "g:a" && name != "cat":
			return http.StatusNotFound, refusal(supervise.FaultBadName, name)
		case r.PathValue("id") == "x":
			return http.StatusBadRequest, problemOf("BAD_REQUEST", "a crash is a number, or last")
		case !there || name == "cat":
			return http.StatusNotFound, problemOf("NOT_FOUND", "there is no such crash of "+name)
		}
		return http.StatusOK, found
	})
}

func TestALineCannotMoveTheTerminal(t *testing.T) {
	for line, want := range map[string]string{
		"plain\ttext, \u043a\u0438\u0440\u0438\u043b\u043b\u0438\u0446\u0430": "plain\ttext, \u043a\u0438\u0440\u0438\u043b\u043b\u0438\u0446\u0430",
		"\x1b[1;31mred\x1b[0m \x1b[2J\r\x7f":                                  `red \x1b[2J\x0d\x7f`,
		"caf\xe9 \u009b":                                                      `caf\xe9 \u009b`,
		"a\u200eb\u200fc\u061cd":                                              `a\u200eb\u200fc\u061cd`,
		"a\u2028b\u2029c":                                                     `a\u2028b\u2029c`,
		"a\u202ab\u202ec\u2066d\u2069e":                                       `a\u202ab\u202ec\u2066d\u2069e`,
	} {
		if got := visible(line); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}

func TestSpansAreSaidAsPeopleDo(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0.0 s", 40: "0.0 s", 3200: "3.2 s", 59900: "59.9 s", 60000: "1 min 0 s", 3599999: "59 min 59 s",
		3600000: "1 h 0 min", 100 * 60000: "1 h 40 min", 172800000: "2 days 0 h", 180000000: "2 days 2 h",
	} {
		if got := span(ms); got != want {
			t.Errorf("%d ms: %q, want %q", ms, got, want)
		}
	}
}
