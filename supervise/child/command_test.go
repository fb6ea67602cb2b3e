//go:build unix

package child

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The texts are what the original wrote for the same files (process.py
// get_execv_args, options.py check_execv_args).
func TestACommandIsFoundByTheOriginalsRules(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("a/run", 0o755)
	write("a/plain", 0o644)
	write("b/plain", 0o755)
	write("b/run", 0o755)
	if err := os.Mkdir(filepath.Join(dir, "a/sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := strings.ReplaceAll("D/none:D/a:D/b", "D", dir)
	for _, c := range []struct{ word, path, want string }{
		{"run", path, "D/a/run"},
		{"run", dir + "/b/", "D/b/run"},                             // no slash is doubled
		{"plain", path, "command at 'D/a/plain' is not executable"}, // the first that exists decides
		{"sub", path, "command at 'D/a/sub' is a directory"},
		{"gone", path, "can't find command 'gone'"},
		{"it's", path, "can't find command \"it's\""},
		{dir + "/b/plain", path, "D/b/plain"},
		{dir + "/a/plain", path, "command at 'D/a/plain' is not executable"},
		{dir + "/gone", path, "can't find command 'D/gone'"},
		{"a/run", path, "can't find command 'a/run'"}, // a slash: PATH is not asked
		{"sh", "", "/bin/sh"},
	} {
		got, err := FindCommand(c.word, c.path)
		if err != nil {
			got = err.Error()
		}
		if want := strings.ReplaceAll(c.want, "D", dir); got != want {
			t.Errorf("%s in %s: %s, want %s", c.word, c.path, got, want)
		}
		if notFound := strings.HasPrefix(c.want, "can't find"); errors.Is(err, ErrNoCommand) != notFound {
			t.Errorf("%s: NotFound is %v", c.word, !notFound)
		}
	}
}

func TestACommandOnlyOthersMayRunIsRefused(t *testing.T) {
	needRoot(t)
	f := found(t)
	dir := t.TempDir()
	spec := actor(t, "find", filepath.Join("/proc/self/cwd", "mine"))
	if err := os.WriteFile(filepath.Join(dir, "mine"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	spec.User = &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	handOver(t, dir)
	spec.Dir = dir
	if out, errs, _ := f.run(spec); out != "no permission to run command '/proc/self/cwd/mine'\n" {
		t.Errorf("%q %q", out, errs)
	}
}

// handOver lets everybody into dir, whose parents are the test's own.
func handOver(t *testing.T, dir string) {
	t.Helper()
	for ; dir != filepath.Clean(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
