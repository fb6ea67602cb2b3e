package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFileIsReplacedByOneForItsOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(dir, "elsewhere")
	file := filepath.Join(dir, "state")
	if err := os.WriteFile(elsewhere, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, file); err != nil {
		t.Fatal(err)
	}
	if err := Replace(file, []byte("ours")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(file)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v: a link is not followed", info.Mode(), err)
	}
	for path, want := range map[string]string{file: "ours", elsewhere: "theirs"} {
		if text, err := os.ReadFile(path); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v; want %q", path, text, err, want)
		}
	}
	if err := Replace(filepath.Join(dir, "nowhere", "state"), nil); err == nil {
		t.Error("a file in no directory was written")
	}
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(dir, "directory"), nil); err == nil {
		t.Error("a directory was replaced")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("%v, %v: want the three that were made", left, err)
	}
}

func TestWhatAKilledWriterLeftIsKnownByItsName(t *testing.T) {
	dir := t.TempDir()
	part, err := os.CreateTemp(dir, ".lives.jsonl.*") // as Replace begins
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	for name, want := range map[string]bool{
		filepath.Base(part.Name()): true, ".a.1": true, "lives.jsonl": false, ".hidden": false, ".a.": false,
		"a.1": false, ".1": false, "..1": false, "": false, ".": false, ".a.1x": false,
	} {
		if got := IsUnfinished(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
