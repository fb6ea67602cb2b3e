//go:build unix

package daemon

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/server/auth"
	"supervisor/supervise"
	"supervisor/supervise/config"
)

func TestAUsersFileHasAnotherStampAfterEachChangeAndNoOtherAfterALook(t *testing.T) {
	file := &usersFile{path: filepath.Join(t.TempDir(), "users")}
	seen := map[string]bool{}
	stamp := func(new bool) {
		t.Helper()
		text, err := file.Stamp()
		if err != nil || seen[text] == new {
			t.Errorf("stamp %q, %v", text, err)
		}
		seen[text] = true
	}
	stamp(true)
	if accounts, err := file.Read(); err != nil || len(accounts) != 0 {
		t.Fatalf("no file: %v, %v", accounts, err)
	}
	ann := supervise.Account{Name: "ann", Grant: supervise.Grant{Role: supervise.Admin}}
	if err := file.Write(ann); err != nil {
		t.Fatal(err)
	}
	stamp(true)
	if accounts, err := file.Read(); err != nil || len(accounts) != 1 || !accounts[0].Editable || accounts[0].File != file.path {
		t.Fatalf("%+v, %v", accounts, err)
	}
	stamp(false)
	info, err := os.Stat(file.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	ann.Comment = "x"
	if err := file.Write(ann); err != nil {
		t.Fatal(err)
	}
	stamp(true)
	if err := file.Remove(ann); err != nil {
		t.Fatal(err)
	}
	stamp(true)
	if err := file.Remove(ann); err == nil {
		t.Error("removed twice")
	}
	if _, err := (&usersFile{path: filepath.Join(file.path, "below")}).Stamp(); err == nil {
		t.Error("a path that cannot be looked at has a stamp")
	}
}

func TestAUsersFileThatIsAwayForAMomentEndsNothing(t *testing.T) {
	file := &usersFile{path: filepath.Join(t.TempDir(), "users")}
	ann := supervise.Account{Name: "ann", Grant: supervise.Grant{Role: supervise.Admin}, Password: "$2a$04$" + strings.Repeat("a", 53)}
	a, err := auth.New(auth.Options{Store: file, Sections: []auth.Section{{Name: "inet"}}})
	if err != nil {
		t.Fatal(err)
	}
	if problems := a.Problems(); len(problems) != 0 {
		t.Errorf("a file that was never there: %v", problems)
	}
	if _, err := a.Book.Add(ann); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file.path, file.path+".away"); err != nil {
		t.Fatal(err)
	}
	bob := ann
	bob.Name = "bob"
	if _, err := a.Book.Add(bob); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("a change while it is away: %v", err)
	}
	if _, found := a.Book.Find("ann"); !found {
		t.Error("ann is forgotten")
	}
	if problems := a.Problems(); len(problems) != 1 || problems[0].Code != supervise.UsersFileUnreadable {
		t.Errorf("problems: %v", problems)
	}
	if err := os.Rename(file.path+".away", file.path); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Book.Add(bob); err != nil {
		t.Error(err)
	}
	if problems := a.Problems(); len(problems) != 0 {
		t.Errorf("after it is back: %v", problems)
	}
}

func TestSupervisordsThatShareAStatedirKeepTheirSessionsApart(t *testing.T) {
	dir := t.TempDir()
	kept := func(pidfile string) serverState {
		l := &life{daemon: &daemon{}, conf: &config.Config{}, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		l.conf.Supervisord.Pidfile = pidfile
		l.state = newStateDir(dir, func(text string) { t.Error(text) })
		return serverState{l}
	}
	if err := kept("/run/one.pid").Write("sessions.json", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := kept("/run/two.pid").Write("sessions.json", []byte("two")); err != nil {
		t.Fatal(err)
	}
	for pidfile, want := range map[string]string{"/run/one.pid": "one", "/run/two.pid": "two", "/run/three.pid": ""} {
		if got := string(kept(pidfile).Read("sessions.json")); got != want {
			t.Errorf("%s: %q", pidfile, got)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file.Name(), info.Mode(), err)
		}
	}
}
