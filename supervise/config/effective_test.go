//go:build unix

package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervise"
)

func TestEveryValueInEffectSaysWhereItIsWritten(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/api.ini", "; the API\n[program:api]\nstartsecs=7\n")
	group := groupOf(t, loadText(t, dir, `environment=FROM_ALL="1",MODE="slow"
[include]
files=api.ini
[program:api]
command=/bin/%(program_name)s %(process_num)d
numprocs=2
process_name=%(process_num)d
environment=MODE="fast"
[group:web]
programs=api
priority=5
`), "web")
	for _, test := range []struct{ option, want string }{
		{"command", "/bin/api 1 supervisord.conf:6"},
		{"startsecs", "7 api.ini:3"},
		{"startretries", "3 "},
		{"directory", "not set "},
		{"priority", "999 "},
		{"group priority", "5 supervisord.conf:12"},
		{"numprocs", "2 supervisord.conf:7"},
		{"environment MODE", "fast supervisord.conf:9"},
		{"environment FROM_ALL", "1 supervisord.conf:2"},
	} {
		if got := inEffect(group, test.option); got != test.want {
			t.Errorf("%s is %q, want %q", test.option, got, test.want)
		}
	}
}

func TestAListenerHasOnePriorityAndItsOwnOptions(t *testing.T) {
	group := groupOf(t, loadText(t, t.TempDir(), "[eventlistener:l]\ncommand=/bin/l\nevents=TICK_5\npriority=3\n"), "l")
	for _, test := range []struct{ option, want string }{
		{"events", "TICK_5 supervisord.conf:4"},
		{"buffer_size", "10 "},
		{"priority", "3 supervisord.conf:5"},
		{"group priority", "nowhere"},
	} {
		if got := inEffect(group, test.option); got != test.want {
			t.Errorf("%s is %q, want %q", test.option, got, test.want)
		}
	}
}

func TestLinesThatMoveChangeNothing(t *testing.T) {
	dir := t.TempDir()
	before, after := loadText(t, dir, program), loadText(t, dir, "; one line more\n"+program)
	if !before.Groups[0].Equal(after.Groups[0]) {
		t.Error("a comment made a group another")
	}
	if got := inEffect(after.Groups[0], "command"); got != "/bin/x supervisord.conf:4" {
		t.Error(got)
	}
}

func groupOf(t *testing.T, conf *Config, name string) Group {
	t.Helper()
	for _, g := range conf.Groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("no group %s", name)
	return Group{}
}

// inEffect is an option of the last process of a group: its value and place.
func inEffect(g Group, option string) string {
	for _, o := range g.Effective(g.Processes[len(g.Processes)-1]) {
		if strings.TrimSpace(o.Name+" "+o.Variable) == option {
			return valueOf(o) + " " + placeOf(o)
		}
	}
	return "nowhere"
}

func valueOf(o supervise.Option) string {
	if o.Value == nil {
		return "not set"
	}
	return *o.Value
}

func placeOf(o supervise.Option) string {
	if o.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(o.File), o.Line)
}
