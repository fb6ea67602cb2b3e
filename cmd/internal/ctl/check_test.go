package ctl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestACheckNeedsNeitherAServerNorASoundConfiguration(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const daemon = "[supervisord]\n[program:x]\ncommand=/bin/x\n"
	fine := write("fine.conf", daemon+"autorestrat=true\n[supervisorctl]\nserverurl=unix:///nonexistent/s.sock\n")
	bare := write("bare.conf", daemon)
	broken := write("broken.conf", daemon+"startsecs=soon\n[supervisorctl]\n")
	spaced := write("a b.conf", daemon)
	for _, test := range []struct {
		words  []string
		status int
		says   string
	}{
		{[]string{"-c", fine, "check"}, 0, "no such option; did you mean autorestart?"},
		{[]string{"-c", bare, "check"}, 0, "1 group with 1 process."},
		{[]string{"-c", broken, "check"}, 2, "supervisord would not start with this configuration."},
		{[]string{"-c", fine, "check", broken}, 2, "supervisord would not start with this configuration."},
		{[]string{"-c", broken, "check", fine}, 0, "1 group with 1 process."},
		{[]string{"-c", fine, "check", spaced}, 0, "a b.conf"},
		{[]string{"-c", fine, "check", fine, bare}, 2, "Error: check accepts one file\ncheck\t"},
		{[]string{"check", fine}, 0, "1 group with 1 process."},
		{[]string{"-c", fine, "check", filepath.Join(dir, "nosuch")}, 2, "could not find config file"},
		{[]string{"-c", filepath.Join(dir, "nosuch"), "check"}, 2, "could not find config file"},
	} {
		var out, errout bytes.Buffer
		status := runWithoutTerminal(append([]string{"supervisorctl"}, test.words...), strings.NewReader(""), &out, &errout)
		if status != test.status || !strings.Contains(out.String(), test.says) || errout.Len() > 0 {
			t.Errorf("%v: status %d, want %d and %q\n%s%s", test.words, status, test.status, test.says, &out, &errout)
		}
	}
}
