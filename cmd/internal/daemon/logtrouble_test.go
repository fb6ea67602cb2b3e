//go:build unix

package daemon

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/engine"
	"supervisor/supervise/logs"
)

func TestLogsThatCannotBeWrittenAreOneProblemForEachCause(t *testing.T) {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	trouble := func(name, why, path string, since time.Time) engine.LogTrouble {
		return engine.LogTrouble{Name: supervise.ParseNameSpec(name), Cause: logs.Cause{Why: why, Path: path, Since: since}}
	}
	var crowd []engine.LogTrouble
	for n := range 7 {
		crowd = append(crowd, trouble(fmt.Sprintf("web:%d", n), "no space left on device", fmt.Sprintf("/log/%d", n), noon.Add(-time.Duration(n)*time.Minute)))
	}
	const full, syslog = "no space left on device", "syslog: connection refused"
	for _, tt := range []struct {
		name string
		all  []engine.LogTrouble
		want []supervise.Problem
	}{
		{"none", nil, nil},
		{"one", crowd[:1], []supervise.Problem{
			{Code: supervise.LogTrouble, Name: "web:0", Place: "/log/0", Why: full, At: noon, Text: "the output of web:0 is not written as it should be: no space left on device (/log/0)"},
		}},
		{"many of one cause, since the first of them", crowd, []supervise.Problem{
			{
				Code: supervise.LogTrouble, Name: "web:0, web:1, web:2, web:3, web:4", More: 2, Place: "/log/6", Why: full, At: noon.Add(-6 * time.Minute),
				Text: "the output of web:0, web:1, web:2, web:3, web:4 and 2 more is not written as it should be: no space left on device (/log/6)",
			},
		}},
		{"two causes", []engine.LogTrouble{crowd[0], trouble("db", syslog, "", time.Time{}), crowd[1]}, []supervise.Problem{
			{Code: supervise.LogTrouble, Name: "web:0, web:1", Place: "/log/1", Why: full, At: noon.Add(-time.Minute), Text: "the output of web:0, web:1 is not written as it should be: no space left on device (/log/1)"},
			{Code: supervise.LogTrouble, Name: "db", Why: syslog, Text: "the output of db is not written as it should be: syslog: connection refused"},
		}},
	} {
		if got := byCause(tt.all); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
