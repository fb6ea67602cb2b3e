//go:build unix

package engine

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
)

const twoGroups = `[supervisord]
[program:api]
command=/bin/sleep 100
stdout_logfile=NONE
stderr_logfile=NONE
[program:worker]
command=/bin/sleep 100
stdout_logfile=NONE
stderr_logfile=NONE
[program:db]
command=/bin/sleep 100
stdout_logfile=NONE
stderr_logfile=NONE
[group:web]
programs=api,worker
`

func TestACommandOnManyIsOnlyAboutWhomItMayBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, twoGroups, "api: takes=1s", "worker: takes=1s", "db: takes=1s")
		defer b.end()
		time.Sleep(2 * time.Second)
		grant := supervise.Grant{Role: supervise.Operator, Programs: []string{"*:api"}}
		may := func(name supervise.NameSpec) bool { return grant.Allows(supervise.VerbStop, name) }
		states := func() string {
			return fmt.Sprint(b.process("web:api").State, b.process("web:worker").State, b.process("db").State)
		}
		for _, tt := range []struct {
			name string
			do   func(supervise.Selection) ([]supervise.Result, error)
			told int
			want string
		}{
			{"signal", func(s supervise.Selection) ([]supervise.Result, error) { return b.SignalMany(t.Context(), s, 1) }, 1, "RUNNING RUNNING RUNNING"},
			{"stop", func(s supervise.Selection) ([]supervise.Result, error) { return b.StopMany(t.Context(), s, true) }, 1, "STOPPED RUNNING RUNNING"},
			{"start", func(s supervise.Selection) ([]supervise.Result, error) { return b.StartMany(t.Context(), s, true) }, 1, "RUNNING RUNNING RUNNING"},
			{"restart", func(s supervise.Selection) ([]supervise.Result, error) {
				_, err := b.RestartMany(t.Context(), s)
				return nil, err
			}, 0, "STOPPING RUNNING RUNNING"},
		} {
			for _, which := range []supervise.Selection{{All: true, May: may}, {Group: "web", May: may}} {
				if tt.name == "start" {
					if _, err := b.StopMany(t.Context(), which, true); err != nil {
						t.Fatal(err)
					}
				}
				results, err := tt.do(which)
				if err != nil || len(results) != tt.told || tt.told == 1 && results[0].Name != "api" {
					t.Errorf("%s: %+v, %v", tt.name, results, err)
				}
				if got := states(); got != tt.want {
					t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
				}
				time.Sleep(5 * time.Second)
				if tt.name == "stop" {
					if _, err := b.StartMany(t.Context(), supervise.Selection{All: true}, true); err != nil {
						t.Fatal(err)
					}
				}
			}
			_, hidden := tt.do(supervise.Selection{Group: "db", May: may})
			_, unknown := tt.do(supervise.Selection{Group: "xx", May: may})
			for _, err := range []error{hidden, unknown} {
				var fault supervise.Fault
				if !errors.As(err, &fault) || fault.Code != supervise.FaultBadName {
					t.Errorf("%s a group of which nothing may be touched: %v", tt.name, err)
				}
			}
		}
		results, err := b.ClearAllLogs(t.Context(), may)
		if err != nil || len(results) != 1 || results[0].Name != "api" {
			t.Errorf("clear logs: %+v, %v", results, err)
		}
	})
}

func TestSettingsAreThoseOfTheProcessThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := work(t, one+"environment=MODE=\"fast\"\ndirectory=/\n", "x: takes=1s")
		defer b.end()
		got, err := b.Settings(t.Context(), x)
		if len(got.Options) == 0 || got.Options[0].Name != "command" || *got.Options[0].Value != "/bin/sleep 100" || got.Options[0].Line == 0 {
			t.Errorf("options %+v", got.Options)
		}
		got.Options, got.File, got.Line = nil, "", 0
		want := "{/bin/sleep 100 /  [{MODE fast}] program:x  0 []}"
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%v, %v, want %s", got, err, want)
		}
		if _, err := b.Settings(t.Context(), supervise.ParseNameSpec("nope")); !errors.As(err, new(supervise.Fault)) {
			t.Error(err)
		}
	})
}
