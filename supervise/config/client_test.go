//go:build unix

package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestSupervisorctlReadsItsSection(t *testing.T) {
	dir := t.TempDir()
	cases := []struct {
		name, text string
		want       Client
	}{
		{"defaults", "[supervisorctl]\n", *NewClient()},
		{"everything", "[supervisorctl]\nserverurl=unix://%(here)s/../s.sock\nusername=%(ENV_COLOR)s\npassword=p%%\nprompt=%(ENV_COLOR)s>\nhistory_file=~/.history\n",
			Client{ServerURL: "unix://" + filepath.Dir(dir) + "/s.sock", Username: "green", Password: "p%", Prompt: "green>", HistoryFile: dir + "/.history", HasServerURL: true}},
		{"an http address stays as it is", "[supervisorctl]\nserverurl=HTTP://Host\n", Client{ServerURL: "HTTP://Host", Prompt: "supervisor", HasServerURL: true}},
		{"Python code of the original", "[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=a:b\nKey=%(ENV_NOPE)s\n", withPlugin(
			CtlPlugin{Section: "ctlplugin:x", Name: "x", Factory: "a:b", File: dir + "/ctl.conf", Line: 2})},
		{"a verb", "[supervisorctl]\n[ctlplugin:x]\ncommand='%(here)s/my verb' %(ENV_COLOR)s\nhelp=Does it\nsupervisor.ctl_factory=a:b\n", withPlugin(
			CtlPlugin{Section: "ctlplugin:x", Name: "x", Command: []string{dir + "/my verb", "green"}, Help: "Does it", Factory: "a:b", File: dir + "/ctl.conf", Line: 2})},
		{"where its supervisord listens", "[supervisorctl]\n[unix_http_server]\nfile=%(here)s/s.sock\nchown=nobodyatall\n[inet_http_server]\nport=*:9\n[inet_http_server:b]\nport=x\n",
			Client{ServerURL: "http://localhost:9001", Prompt: "supervisor", Serves: []string{"unix://" + dir + "/s.sock", "http://localhost:9"}}},
		{"includes are not read", "[supervisorctl]\n[include]\nfiles=%(nope)s\n", *NewClient()},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := loadClientText(t, dir, c.text)
			if err != nil || !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func withPlugin(p CtlPlugin) Client {
	c := *NewClient()
	c.Plugins = []CtlPlugin{p}
	return c
}

func TestSupervisorctlRefusesWhatTheOriginalRefuses(t *testing.T) {
	cases := map[string]string{
		"[supervisord]\n":                               ".ini file does not include supervisorctl section",
		"[supervisorctl]\n[ctlplugin:x]\n":              "section [ctlplugin:x] does not specify a supervisor.ctl_factory or a command",
		"[supervisorctl]\n[ctlplugin:x]\ncommand= \n":   "command is empty",
		"[supervisorctl]\n[ctlplugin:x]\ncommand='a\n":  "No closing quotation",
		"[supervisorctl]\n[ctlplugin:a-b]\ncommand=a\n": "section [ctlplugin:a-b] cannot be a verb of supervisorctl",
		"[supervisorctl]\nprompt=%(here)s\n":            "Format string '%(here)s' for 'supervisorctl.prompt' contains names ('here') which cannot be expanded. Available names: ",
		"[supervisorctl]\nserverurl=%(nope)s\n":         "Format string '%(nope)s' for 'supervisorctl.serverurl' contains names ('nope') which cannot be expanded. Available names: ",
	}
	for text, want := range cases {
		if _, err := loadClientText(t, t.TempDir(), text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := LoadClient("/no/such/file", nil); err == nil || err.Error() != "could not find config file /no/such/file" {
		t.Errorf("a missing file: %v", err)
	}
	dir := t.TempDir()
	if _, err := LoadClient(dir, nil); err == nil || err.Error() != "could not read config file "+dir {
		t.Errorf("a directory: %v", err)
	}
}

func loadClientText(t *testing.T, dir, text string) (*Client, error) {
	t.Helper()
	path := filepath.Join(dir, "ctl.conf")
	writeFile(t, path, text)
	return LoadClient(path, testEnviron(dir))
}

func TestTheFirstOfTheUsualPlacesIsFound(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	argv0 := root + "/opt/bin/supervisord"
	wantTried := []string{root + "/opt/etc/supervisord.conf", root + "/opt/supervisord.conf", "supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"}

	for _, place := range slices.Backward(wantTried[:4]) {
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, place, "")
		file, tried := Find(argv0)
		if file != place || !slices.Equal(tried, wantTried) {
			t.Errorf("with %s: found %q, tried %q", place, file, tried)
		}
	}
	if _, tried := Find("supervisord"); tried[0] != "etc/supervisord.conf" || tried[1] != "supervisord.conf" {
		t.Errorf("a bare name looks in %q", tried[:2])
	}
}

func TestSupervisorctlHoldsNothingOfProgramsButTheirMistakes(t *testing.T) {
	dir := t.TempDir()
	text := "[DEFAULT]\nprompt=ours\n[program:x]\ncommand=/bin/cat\n[supervisorctl]\nserverurl=unix:///s\n"
	client, err := loadClientText(t, dir, text)
	if err != nil || client.Prompt != "ours" {
		t.Errorf("read %+v (%v), want the prompt of [DEFAULT]", client, err)
	}
	if _, err := loadClientText(t, dir, text+"[program:y]\nno option\n"); err == nil || !strings.Contains(err.Error(), "parsing errors") {
		t.Errorf("a line of a program that means nothing is told as %v", err)
	}
	writeFile(t, filepath.Join(dir, "ctl.conf"), text)
	doc, err := readDocument(system{}, filepath.Join(dir, "ctl.conf"), isForClient)
	if err != nil {
		t.Fatal(err)
	}
	if kept := doc.sections(); !slices.Equal(kept, []string{"supervisorctl"}) {
		t.Errorf("kept %v", kept)
	}
}
