package logs

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"supervisor/supervise"
)

func TestAutomaticLogsHaveTheOriginalsNames(t *testing.T) {
	dir := t.TempDir()
	path, err := AutoName(dir, "web_00", supervise.Stderr, "super")
	must(t, err)
	form := regexp.MustCompile(`^web_00-stderr---super-[a-z0-9_]{8}\.log$`)
	if !form.MatchString(filepath.Base(path)) || filepath.Dir(path) != dir {
		t.Errorf("path %q", path)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != AutoMode || info.Size() != 0 {
		t.Errorf("mode %v, size %d", info.Mode(), info.Size())
	}
	other, err := AutoName(dir, "web_00", supervise.Stderr, "super")
	must(t, err)
	if other == path {
		t.Error("the same name twice")
	}
	if _, err := AutoName(filepath.Join(dir, "none"), "p", supervise.Stdout, "super"); err == nil {
		t.Error("no error where there is no directory")
	}
}

func TestCleanUpTakesOurAutomaticLogsAndNoOthers(t *testing.T) {
	dir := t.TempDir()
	ours := []string{"p-stdout---a.b-0123_xyz.log", "p-stdout---a.b-0123_xyz.log.1", "g:p-stderr---a.b-abcdefgh.log.12"}
	others := []string{
		"p-stdout---axb-01234567.log", "p-stdout---a.b-c-01234567.log", "p-stdout---a.b-01234567.log.gz",
		"p-stdout---a.b-01234567.txt", "---a.b-01234567.log", "p.log",
	}
	for _, name := range slices.Concat(ours, others) {
		write(t, filepath.Join(dir, name), "x")
	}
	if warnings := CleanAuto(dir, "a.b"); len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
	if left := slices.Sorted(maps.Keys(files(t, dir))); !slices.Equal(left, slices.Sorted(slices.Values(others))) {
		t.Errorf("left %q, want %q", left, others)
	}
}

func TestCleanUpFindsWhatAutoNameMade(t *testing.T) {
	dir := t.TempDir()
	for range 20 {
		if _, err := AutoName(dir, "p", supervise.Stdout, "super"); err != nil {
			t.Fatal(err)
		}
	}
	CleanAuto(dir, "super")
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

func TestCleanUpWarnsInTheOriginalsWords(t *testing.T) {
	dir := t.TempDir()
	if got := CleanAuto(filepath.Join(dir, "none"), "s"); !slices.Equal(got, []string{"Could not clear childlog dir"}) {
		t.Errorf("warnings %q", got)
	}
	path := filepath.Join(dir, "p-stdout---s-01234567.log")
	must(t, os.MkdirAll(filepath.Join(path, "x"), 0o700)) // cannot be removed
	if got, want := CleanAuto(dir, "s"), []string{"Failed to clean up '" + path + "'"}; !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}
