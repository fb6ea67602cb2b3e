//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

const someHash = "$2a$10$abcdefghijklmnopqrstuuZ0cDfz1FgcvzBYzfz1FgcvzBYzfz1Fg"

func TestAccountsInAConfiguration(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"an operator", "[user:ann]\npassword={bcrypt}" + someHash + "\nrole=operator\nprograms=web:*, worker\ndeny=web:x\nactions=restart,logs", ""},
		{"no role", "[user:ann]\nprograms=*", "section [user:ann] has no role value"},
		{"an unknown role", "[user:ann]\nrole=boss\nprograms=*", "'boss' is no role: expected viewer, operator or admin"},
		{"no programs", "[user:ann]\nrole=viewer", "section [user:ann] has no programs value"},
		{"an admin with a scope", "[user:ann]\nrole=admin\nprograms=web", "section [user:ann] gives an admin programs, deny or actions, but an admin may do everything"},
		{"a plain password", "[user:ann]\nrole=admin\npassword=secret", "a user's password is a bcrypt hash"},
		{"an unknown action", "[user:ann]\nrole=viewer\nprograms=*\nactions=fly", "'fly' is no action: expected some of view, logs"},
		{"an action that is about supervisord", "[user:ann]\nrole=viewer\nprograms=*\nactions=shutdown", "'shutdown' is no action"},
		{"a pattern with an open set", "[user:ann]\nrole=viewer\nprograms=*\ndeny=web:[migrate", "'web:[migrate' has a [ without the ]"},
		{"a pattern with another shell's negation", "[user:ann]\nrole=viewer\nprograms=[^a]", "write [!"},
		{"a pattern with two colons", "[user:ann]\nrole=viewer\nprograms=a:b:c", "has more than one colon"},
		{"a pattern without a group", "[user:ann]\nrole=viewer\nprograms=*\ndeny=:migrate", "names no group"},
		{"an empty pattern", "[user:ann]\nrole=viewer\nprograms=web,", "has an empty pattern"},
		{"a name with a colon", "[user:a:b]\nrole=admin", "'a:b' is no name for a user"},
		{"no name", "[user:]\nrole=admin", "a user needs a name"},
		{"a door for strangers", "[inet_http_server]\nport=*:9001\ntrusted_hosts=x", "everybody who reaches :9001"},
		{"a door for strangers that is meant", "[inet_http_server]\nport=*:9001\ninsecure=true", ""},
		{"a door for people", "[inet_http_server]\nport=*:9001\n[user:ann]\nrole=admin", ""},
		{"half a pair for TLS", "[inet_http_server]\nport=1\nusername=a\npassword=b\ntls_key=x", "tls_certificate and tls_key go together"},
		{"a header from anybody", "[inet_http_server]\nport=127.0.0.1:1\nforward_auth_header=X-User", "needs trusted_proxies"},
		{"a header from the whole internet", "[inet_http_server]\nport=127.0.0.1:1\nforward_auth_header=X-User\ntrusted_proxies=10.0.0.7, 0.0.0.0/0", "name the addresses of the proxies"},
		{"a header from the other internet", "[inet_http_server]\nport=127.0.0.1:1\nforward_auth_header=X-User\ntrusted_proxies=::/0", "name the addresses of the proxies"},
		{"a header from one internet in the other", "[inet_http_server]\nport=127.0.0.1:1\nforward_auth_header=X-User\ntrusted_proxies=::ffff:0.0.0.0/96", "name the addresses of the proxies"},
		{"a header from half of it", "[inet_http_server]\nport=127.0.0.1:1\nforward_auth_header=X-User\ntrusted_proxies=128.0.0.0/1", "name the addresses of the proxies"},
		{"a header from private networks", "[inet_http_server]\nport=127.0.0.1:1\nforward_auth_header=X-User\ntrusted_proxies=10.0.0.0/8, 172.16.0.0/12, fc00::/7, 127.0.0.0/8, ::1", ""},
		{"a path that is none", "[inet_http_server]\nport=127.0.0.1:1\nbase_path=a/../b", "is no base path"},
		{"a colour that is none", "[inet_http_server]\nport=127.0.0.1:1\ncolour=#f00", "'#f00' is no colour: expected one of red, orange"},
		{"a label for a wall", "[inet_http_server]\nport=127.0.0.1:1\nlabel=the machine in the cellar", "it has at most 24 characters"},
		{"a network that is none", "[inet_http_server]\nport=127.0.0.1:1\ntrusted_proxies=10.0.0.300", "is no address or network"},
		{"a time that is none", "[supervisord]\nsession_idle=soon", "is no duration"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "s.conf")
			text := tt.text
			if !strings.HasPrefix(text, "[supervisord]") {
				text = "[supervisord]\n" + text
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file, Options{})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if located, ok := err.(*Error); err != nil && (!ok || located.File == "" || located.Line == 0) {
				t.Errorf("%v does not say where", err)
			}
		})
	}
}

func TestAnAccountSurvivesItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.conf")
	if accounts, err := ReadAccounts(file); !errors.Is(err, fs.ErrNotExist) || accounts != nil {
		t.Fatalf("no file: %v, %v", accounts, err)
	}
	ann := supervise.Account{
		Name: "ann", Password: someHash, Comment: "100% ; mine", UnixUsers: []string{"ann", "1001"}, Disabled: true,
		Grant: supervise.Grant{Role: supervise.Operator, Programs: []string{"web:*", "worker"}, Deny: []string{"web:x"}, Actions: []supervise.Verb{"restart"}},
	}
	robot := supervise.Account{
		Name: "ann", Token: strings.Repeat("0a", 32), Expires: time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC),
		Grant: supervise.Grant{Role: supervise.Admin},
	}
	for _, a := range []supervise.Account{ann, robot} {
		if err := WriteAccount(file, a); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	got, err := ReadAccounts(file)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	ann.Comment = "100% , mine"
	for i, want := range []supervise.Account{ann, robot} {
		want.File, want.Line, want.Editable = got[i].File, got[i].Line, true
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("got  %+v\nwant %+v", got[i], want)
		}
	}
}

func TestOtherLinesOfAUsersFileStay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.conf")
	before := "; ours\n[user:ann]\nrole = admin\n\n# about bob\n[user:bob] ; him\nrole = viewer\nprograms = *\n"
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	viewer := supervise.Account{Name: "ann", Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}}}
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"changed", func() error { return WriteAccount(file, viewer) },
			"; ours\n[user:ann]\nrole = viewer\nprograms = web\n\n# about bob\n[user:bob] ; him\nrole = viewer\nprograms = *\n"},
		{"removed", func() error { return RemoveAccount(file, viewer) },
			"; ours\n# about bob\n[user:bob] ; him\nrole = viewer\nprograms = *\n"},
		{"added", func() error { return WriteAccount(file, viewer) },
			"; ours\n# about bob\n[user:bob] ; him\nrole = viewer\nprograms = *\n\n[user:ann]\nrole = viewer\nprograms = web\n"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != step.want {
			t.Fatalf("%s: %v\n%s", step.name, err, got)
		}
	}
	if err := RemoveAccount(file, supervise.Account{Name: "eve"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("eve: %v", err)
	}
}

func TestAUsersFileThatCannotBeReadIsNotTouched(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.conf")
	for _, before := range []string{"[user:ann]\nrole = boss\nprograms = *\n", "[program:x]\ncommand = x\n", "nonsense\n"} {
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := WriteAccount(file, supervise.Account{Name: "bob", Grant: supervise.Grant{Role: supervise.Admin}}); err == nil {
			t.Errorf("%q: written", before)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != before {
			t.Errorf("%q became %q, %v", before, got, err)
		}
	}
}

func TestASlipInAUsersFileIsAnErrorThatSaysWhereAndHandsNothingToAnybodyElse(t *testing.T) {
	const ann = "[user:ann]\nrole = admin\n"
	for _, tt := range []struct{ name, text, want string }{
		{"a header without its bracket", ann + "[user:zz\npassword = " + someHash + "\n", ":3: [user:zz]: looks like a section header that lacks"},
		{"an indented header", ann + "comment = x\n [user:zz]\nrole = viewer\n", ":3: [user:ann] comment: goes on with '[user:zz]'"},
		{"more behind a header", "[user:ann] role = admin\n", ":1: [user:ann]: has something behind"},
		{"an unknown option", ann + "pasword = x\n", ":3: [user:ann] pasword: no such option; did you mean password?"},
		{"a user twice", ann + "[user:bob]\nrole = admin\n" + ann, ":5: [user:ann]: is there already, in line 1"},
		{"an option twice", ann + "role = viewer\n", ":3: [user:ann] role: is there already, in line 2"},
		{"defaults", "[DEFAULT]\nrole = admin\n" + ann, ":1: [DEFAULT]: a users file has [user:x] and [token:x] sections only"},
		{"an unknown role", ann + "[user:carl]\nrole = god\n", ":4: [user:carl] role: 'god' is no role: expected"},
		{"a line that is nothing", ann + "nonsense\n", ":3: Source contains parsing errors"},
		{"a pattern that denies nothing", "[user:ann]\nrole = viewer\nprograms = *\ndeny = web:[m\n", ":4: [user:ann] deny: 'web:[m' has a ["},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "users.conf")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			accounts, err := ReadAccounts(file)
			if err == nil || len(accounts) != 0 || !strings.Contains(err.Error(), file+tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, %v, want %s", accounts, err, tt.want)
			}
			var known *Error
			if !errors.As(err, &known) || known.Line == 0 {
				t.Errorf("%v does not say where to a program", err)
			}
		})
	}
}

func TestAUsersFileThatIsNoRegularFileIsRefusedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users.conf")
	if err := unix.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAccounts(file); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("read: %v", err)
	}
	if err := WriteAccount(file, supervise.Account{Name: "bob", Grant: supervise.Grant{Role: supervise.Admin}}); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("written: %v", err)
	}
}
