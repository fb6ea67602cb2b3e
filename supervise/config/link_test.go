//go:build unix

package config

import (
	"os"
	"path/filepath"
	"testing"

	"supervisor/supervise"
)

func TestAUsersFileThatIsALinkStaysOne(t *testing.T) {
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept", "users.conf")
	if err := os.Mkdir(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"absolute": kept, "relative": filepath.Join("kept", "users.conf"), "second": "absolute"} {
		file := filepath.Join(dir, name)
		if err := os.Symlink(target, file); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"second", "relative", "absolute"} { // the first makes the file
		file := filepath.Join(dir, name)
		if err := WriteAccount(file, supervise.Account{Name: name, Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"*"}}}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(file); err != nil || info.Mode().Type() != os.ModeSymlink {
			t.Errorf("%s is a link no more: %v, %v", name, info.Mode(), err)
		}
	}
	accounts, err := ReadAccounts(kept)
	if err != nil || len(accounts) != 3 {
		t.Errorf("%v, %v", accounts, err)
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if err := WriteAccount(loop, supervise.Account{Name: "x"}); err == nil {
		t.Error("a link to itself was written to")
	}
}
