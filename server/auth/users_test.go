package auth

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// fileOf is a users file in memory.
type fileOf struct {
	mu       sync.Mutex
	accounts []supervise.Account
	version  int
	reads    int
	broken   error
}

func (f *fileOf) Read() ([]supervise.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	return slices.Clone(f.accounts), f.broken
}

func (f *fileOf) Stamp() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.version), nil
}

func (f *fileOf) Write(a supervise.Account) error {
	a.Editable, a.File, a.Line = true, "users", 1
	f.edit(func(all []supervise.Account) []supervise.Account {
		return append(slices.DeleteFunc(all, same(a)), a)
	})
	return nil
}

func (f *fileOf) Remove(a supervise.Account) error {
	f.edit(func(all []supervise.Account) []supervise.Account { return slices.DeleteFunc(all, same(a)) })
	return nil
}

func (f *fileOf) edit(change func([]supervise.Account) []supervise.Account) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accounts = change(slices.Clone(f.accounts))
	f.version++
}

func (f *fileOf) breaks(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = err
	f.version++
}

// hashOfPassword gives a hash that is quickly checked.
func hashOfPassword(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func house(t *testing.T, o Options) *Authenticator {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	a.Begin(slog.New(slog.DiscardHandler))
	return a
}

// rewrite has an account in the users file be what is given.
func rewrite(b *Book, account supervise.Account) error {
	_, _, err := b.Change(account.Name, func(supervise.Account, bool) (supervise.Account, error) { return account, nil })
	return err
}

func add(b *Book, account supervise.Account) error {
	_, err := b.Add(account)
	return err
}

func remove(b *Book, account supervise.Account) error {
	_, err := b.RemoveUser(account.Name)
	return err
}

func admin(name string) supervise.Account {
	return supervise.Account{Name: name, Grant: Full, Password: hashOfCost(4, "a")}
}

func viewer(name string) supervise.Account {
	return supervise.Account{Name: name, Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}}}
}

func TestTheBookFollowsTheUsersFileAndLooksAtMostOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &fileOf{}
		a := house(t, Options{Store: file})
		changed := a.Changed()
		file.edit(func([]supervise.Account) []supervise.Account { return []supervise.Account{viewer("ann")} })
		if _, found := a.Book.Find("ann"); found {
			t.Error("looked again within a second")
		}
		time.Sleep(lookAgainAfter)
		if _, found := a.Book.Find("ann"); !found {
			t.Fatal("ann is not known after a second")
		}
		select {
		case <-changed:
		default:
			t.Error("nobody was told of the change")
		}
		reads := file.reads
		time.Sleep(time.Hour)
		a.Book.Find("ann")
		if file.reads != reads {
			t.Error("a file that has not changed was read again")
		}
	})
}

func TestAUsersFileThatCannotBeReadLeavesTheAccountsAndIsAProblem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &fileOf{accounts: []supervise.Account{viewer("ann")}}
		a := house(t, Options{Store: file})
		var log bytes.Buffer
		a.Book.logTo(slog.New(slog.NewTextHandler(&log, nil)))
		file.breaks(errors.New("line 3: nonsense"))
		for range 3 {
			time.Sleep(lookAgainAfter)
			if _, found := a.Book.Find("ann"); !found {
				t.Fatal("ann is gone")
			}
		}
		if problems := a.Problems(); len(problems) != 1 || !strings.Contains(problems[0].Text, "line 3: nonsense") {
			t.Errorf("problems: %+v", problems)
		}
		if strings.Count(log.String(), "nonsense") != 1 {
			t.Errorf("the log: %s", &log)
		}
		file.breaks(nil)
		time.Sleep(lookAgainAfter)
		a.Book.Find("ann")
		if problems := a.Problems(); len(problems) != 0 {
			t.Errorf("problems of a file that can be read: %+v", problems)
		}
	})
}

func TestWhichChangesTheBookTakes(t *testing.T) {
	fixed := admin("root-like")
	fixed.File, fixed.Line = "main.conf", 7
	disabled := admin("ann")
	disabled.Disabled = true
	locked, lockedOut := admin("bob"), admin("ann")
	locked.Password, locked.UnixUsers, lockedOut.Password = "", []string{"bob"}, ""
	for _, tt := range []struct {
		name    string
		options Options
		file    []supervise.Account
		do      func(*Book) error
		want    string
	}{
		{"a new user", Options{}, nil, func(b *Book) error { return rewrite(b, viewer("ann")) }, ""},
		{"no users file", Options{Store: nil}, nil, func(b *Book) error { return rewrite(b, viewer("ann")) }, "set users_file="},
		{"one of the configuration", Options{Accounts: []supervise.Account{fixed}}, nil, func(b *Book) error { return remove(b, admin("root-like")) }, "main.conf:7"},
		{"the username of a section", Options{Sections: []Section{{Username: "boss", File: "main.conf", Line: 3}}}, nil, func(b *Book) error { return rewrite(b, admin("boss")) }, "main.conf:3"},
		{"a token of that name", Options{Accounts: []supervise.Account{fixed}}, nil, func(b *Book) error { return add(b, supervise.Account{Name: "root-like", Token: "00"}) }, ""},
		{"nobody", Options{}, nil, func(b *Book) error { return remove(b, viewer("ann")) }, ErrNoAccount.Error()},
		{"the last admin leaves", Options{}, []supervise.Account{admin("ann"), viewer("bob")}, func(b *Book) error { return remove(b, admin("ann")) }, ErrLastAdmin.Error()},
		{"the last admin is disabled", Options{}, []supervise.Account{admin("ann")}, func(b *Book) error { return rewrite(b, disabled) }, ErrLastAdmin.Error()},
		{"the last admin becomes a viewer", Options{}, []supervise.Account{admin("ann")}, func(b *Book) error { return rewrite(b, viewer("ann")) }, ErrLastAdmin.Error()},
		{"an admin remains who has no password", Options{}, []supervise.Account{admin("ann"), locked}, func(b *Book) error { return remove(b, admin("ann")) }, ErrLastAdmin.Error()},
		{"the last admin loses the password", Options{}, []supervise.Account{admin("ann")}, func(b *Book) error { return rewrite(b, lockedOut) }, ErrLastAdmin.Error()},
		{"an admin remains who is a system user", Options{Sections: []Section{{Unix: true, MapUsers: true}}}, []supervise.Account{admin("ann"), locked}, func(b *Book) error { return remove(b, admin("ann")) }, ""},
		{"an admin remains whom a proxy knows", Options{Sections: []Section{{Header: "X-User"}}}, []supervise.Account{admin("ann"), locked}, func(b *Book) error { return remove(b, admin("ann")) }, ""},
		{"an admin leaves another", Options{}, []supervise.Account{admin("ann"), admin("bob")}, func(b *Book) error { return remove(b, admin("ann")) }, ""},
		{"a section's username remains", Options{Sections: []Section{{Username: "boss"}}}, []supervise.Account{admin("ann")}, func(b *Book) error { return remove(b, admin("ann")) }, ""},
		{"a token that is there", Options{}, []supervise.Account{{Name: "ci", Token: "00"}}, func(b *Book) error { return add(b, supervise.Account{Name: "ci", Token: "11"}) }, ErrTaken.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := &fileOf{accounts: tt.file}
			if tt.name != "no users file" {
				tt.options.Store = file
			}
			a := house(t, tt.options)
			before := file.version
			err := tt.do(a.Book)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if (err == nil) != (file.version != before) {
				t.Errorf("the file was written: %v", file.version != before)
			}
		})
	}
}

func TestAChangeIsOfWhatIsThereAtThatMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := viewer("ann")
		ann.Password = hashOfCost(4, "a")
		file := &fileOf{accounts: []supervise.Account{ann}}
		a := house(t, Options{Store: file})
		ann.Password = hashOfCost(4, "b")
		if err := file.Write(ann); err != nil { // behind our back, and not looked at yet
			t.Fatal(err)
		}
		former, written, err := a.Book.Change("ann", func(former supervise.Account, found bool) (supervise.Account, error) {
			former.Comment = "changed"
			return former, nil
		})
		if err != nil || former.Password != ann.Password || written.Password != ann.Password || written.Comment != "changed" || written.File == "" {
			t.Errorf("%+v, %+v, %v", former, written, err)
		}
		removed, err := a.Book.RemoveUser("ann")
		if err != nil || removed.Comment != "changed" {
			t.Errorf("%+v, %v", removed, err)
		}
	})
}

func TestTwoAdminsCannotRemoveEachOtherAtTheSameMoment(t *testing.T) {
	file := &fileOf{accounts: []supervise.Account{admin("ann"), admin("bob")}}
	a := house(t, Options{Store: file})
	var work sync.WaitGroup
	failures := make([]error, 2)
	for i, name := range []string{"ann", "bob"} {
		work.Go(func() { _, failures[i] = a.Book.RemoveUser(name) })
	}
	work.Wait()
	if (failures[0] == nil) == (failures[1] == nil) || len(file.accounts) != 1 {
		t.Errorf("%v, left %v", failures, file.accounts)
	}
}

func TestTheConfigurationComesFirstAndAHashThatIsTooDearLetsNobodyIn(t *testing.T) {
	mine := admin("ann")
	theirs := viewer("ann")
	dear := viewer("bob")
	dear.Password = "$2a$20$abcdefghijklmnopqrstuuZ0cDfz1FgcvzBYzfz1FgcvzBYzfz1Fg"
	a := house(t, Options{Accounts: []supervise.Account{mine}, Store: &fileOf{accounts: []supervise.Account{theirs, dear}}})
	if ann, _ := a.Book.Find("ann"); ann.Grant.Role != supervise.Admin {
		t.Error("the users file overrules the configuration")
	}
	if bob, found := a.Book.Find("bob"); !found || bob.Password != "" {
		t.Errorf("bob: %+v", bob)
	}
	if problems := a.Problems(); len(problems) != 2 || !strings.Contains(fmt.Sprint(problems), "cost 20") {
		t.Errorf("problems: %+v", problems)
	}
}

func TestAWeakPasswordIsAProblemThatDoesNotTellIt(t *testing.T) {
	for secret, want := range map[string]string{
		"hunter2": "in plain text in main.conf:4",
		"{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d": "as an unsalted SHA-1 in main.conf:4",
		hashOfPassword(t, "hunter2"):                    "",
	} {
		a := house(t, Options{Sections: []Section{{Name: "inet_http_server", Username: "boss", Password: secret, File: "main.conf", Line: 4}}})
		problems := ""
		for _, problem := range a.Problems() {
			problems += problem.Text
			if problem.Name != "boss" || problem.Place != "main.conf:4" {
				t.Errorf("%s: %+v", secret, problem)
			}
		}
		if (problems == "") != (want == "") || !strings.Contains(problems, want) || strings.Contains(problems, secret) {
			t.Errorf("%s: %q", secret, problems)
		}
		if want != "" && !strings.Contains(problems, "`supervisorctl passwd boss`") {
			t.Errorf("no way out in %q", problems)
		}
	}
}
