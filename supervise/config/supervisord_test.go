//go:build unix

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestACommandLineValueIsCheckedWhenSet(t *testing.T) {
	cases := map[[2]string]string{
		{"loglevel", "foo"}:             "bad logging level name 'foo'",
		{"minfds", "many"}:              "invalid literal for int() with base 10: 'many'",
		{"umask", "9"}:                  "9 can not be converted to an octal type",
		{"directory", "/no/such"}:       "/no/such is not an existing directory",
		{"logfile", "/no/such/x"}:       "The directory named as part of the path /no/such/x does not exist",
		{"logfile_maxbytes", "1k"}:      "invalid literal for int() with base 10: '1k'",
		{"user", "found out when read"}: "",
		{"nodaemon", "true"}:            "",
		{"environment", "A=1"}:          "[supervisord] has no option environment that a command line may give",
	}
	for given, want := range cases {
		var over Overrides
		err := over.Set(given[0], given[1], Options{Dir: "/"})
		if got := errorString(err); got != want {
			t.Errorf("%s=%s: %q, want %q", given[0], given[1], got, want)
		}
	}
}

func errorString(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestRelativePathsKeepTheirMeaningWhereverTheProcessIs(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "work"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "directory=work\nlogfile=work/x.log\nchildlogdir=work\nstatedir=state\n[unix_http_server]\nfile=s.sock\n"
	before := loadText(t, dir, text)
	t.Chdir(filepath.Join(dir, "work"))
	after := loadText(t, dir, text)
	for _, c := range []*Config{before, after} {
		s := c.Supervisord
		for got, want := range map[string]string{
			s.Directory: "work", s.Logfile: "work/x.log", s.Pidfile: "supervisord.pid", s.ChildLogDir: "work",
			s.StateDir: "state", c.HTTPServers[0].Path: "s.sock", c.File: "supervisord.conf",
		} {
			if got != filepath.Join(dir, want) {
				t.Errorf("%s, want %s in %s", got, want, dir)
			}
		}
	}
}

func TestOursHaveDefaults(t *testing.T) {
	s := loadText(t, t.TempDir(), "").Supervisord
	if s.LogRingMaxBytes != 64<<10 || s.ChildSigpipeIgnored {
		t.Errorf("ring %d, sigpipe ignored %v", s.LogRingMaxBytes, s.ChildSigpipeIgnored)
	}
	if !filepath.IsAbs(s.StateDir) || filepath.Base(s.StateDir) != "supervisor" {
		t.Errorf("statedir %q", s.StateDir)
	}
}

func TestHistoryIsKeptForAsLongAsOneSays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": time.Hour, "metrics_history=auto": time.Hour, "metrics_history=Always": -1, "metrics_history=off": 0, "metrics_history=30m": 30 * time.Minute,
	} {
		if got := loadText(t, t.TempDir(), text+"\n").Supervisord.MetricsHistory; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestChildLogsGoWherePythonPutsTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{nil, "/tmp"},
		{[]string{"TMPDIR=" + dir}, dir},
		{[]string{"TMPDIR=/no/such", "TEMP=", "TMP=" + dir}, dir},
	} {
		got, err := system{dir: "/", environ: c.environ, users: nobody{}}.tempDir()
		if err != nil || got != c.want {
			t.Errorf("%v: %q, %v, want %s", c.environ, got, err, c.want)
		}
	}
}

func TestATildeIsAHome(t *testing.T) {
	sys := system{dir: "/work", environ: []string{"HOME=/home/me/"}, users: hostUsers{}}
	root, err := hostUsers{}.User("root")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"~": "/home/me", "~/x": "/home/me/x", "~root/x": root.Home + "/x", "~nobodyatall/x": "~nobodyatall/x", "~0": "~0", "a~": "a~",
	} {
		if got := sys.expandHome(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestAnErrorSaysWhere(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/supervisord.conf", "[supervisord]\n[include]\nfiles=a.conf\n")
	writeFile(t, dir+"/a.conf", "\n[program:a]\ncommand=/bin/a\nstartsecs=soon\n")
	_, err := Load("supervisord.conf", Options{Dir: dir})
	var located *Error
	if !errors.As(err, &located) {
		t.Fatalf("got %v", err)
	}
	if located.Where() != dir+"/a.conf:4" || located.Section != "program:a" || located.Option != "startsecs" {
		t.Errorf("the error is at %s, [%s] %s", located.Where(), located.Section, located.Option)
	}
}

func TestTooManyCopiesAreAnError(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/supervisord.conf", "[supervisord]\n[program:a]\ncommand=a\nprocess_name=%(process_num)d\nnumprocs=1000000000\n")
	_, err := Load("supervisord.conf", Options{Dir: dir})
	if err == nil || !strings.HasPrefix(err.Error(), "numprocs is larger than 100000: 1000000000") {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownUserIsBlamedOnWhoeverNamedThem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(file, []byte("[supervisord]\numask=022\nuser=in-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	opts := Options{Users: nobody{}, Dir: "/"}
	blame := func(wantText, wantWhere string) {
		t.Helper()
		var broken *Error
		if _, err := Load(file, opts); !errors.As(err, &broken) || broken.Text != wantText || broken.Where() != wantWhere {
			t.Errorf("got %v at %q, want %s at %q", err, broken.Where(), wantText, wantWhere)
		}
	}
	blame("Invalid user name in-the-file", file+":3")
	if err := opts.Overrides.Set("user", "of-the-command-line", opts); err != nil {
		t.Fatal(err)
	}
	blame("Invalid user name of-the-command-line", "")
}
