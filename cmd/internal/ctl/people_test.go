package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// people are the accounts of a server that has such, and what it was told.
type people struct {
	accounts  []wire.Account
	passwords map[string]string
	reasons   []string
	editions  int  // written so far
	forbidden bool // to whoever asks
	links     []wire.Link
}

// newPeople has a user of the main file, two of the users file, and a token.
func newPeople() people {
	return people{passwords: map[string]string{}, links: []wire.Link{
		{ID: "l1", Minter: "olga", Programs: []string{"g:a"}, Actions: []string{"restart"}, Expires: 1767225600000, Uses: 3, Used: 1, Mine: true},
		{ID: "l2", Minter: "token ci", Programs: []string{"*"}, Actions: []string{"view"}, Expires: 1798761600000, Used: 2, Comment: "night\x1b[31m"},
	}, accounts: []wire.Account{
		{Name: "root", Role: "admin", Password: true, Source: "/etc/s.conf:4", Comment: "of [inet_http_server]"},
		{Name: "ann", Role: "operator", Programs: []string{"web:*", "worker"}, Deny: []string{"web:migrate"},
			Password: true, Editable: true, Source: "/etc/users:1", UnixUsers: []string{"ann", "1007"}},
		{Name: "bob", Role: "viewer", Programs: []string{"*"}, Actions: []string{"logs"}, Disabled: true, Editable: true, Comment: "on leave"},
		{Name: "old", Role: "viewer", Programs: []string{"*"}, Expires: 1767225600000, Editable: true, Source: "token"},
	}}
}

func (f *fakeServer) servePeople(mux *http.ServeMux) {
	serve := f.server(mux)
	serve("GET /api/v1/users", func(*http.Request) (int, any) { return http.StatusOK, f.list(false) })
	serve("GET /api/v1/session", func(r *http.Request) (int, any) {
		user, _, _ := r.BasicAuth()
		told := wire.WhoAmI{Via: "open"}
		if f.password != "" && slices.ContainsFunc(f.accounts, func(a wire.Account) bool { return a.Name == user }) {
			told.Via, told.User.Name = "basic", user
		}
		return http.StatusOK, told
	})
	serve("PUT /api/v1/session/password", f.changePassword)
	serve("GET /api/v1/tokens", func(*http.Request) (int, any) { return http.StatusOK, f.list(true) })
	serve("PUT /api/v1/users/{name}", f.putUser)
	serve("DELETE /api/v1/users/{name}", f.removeAccount)
	serve("DELETE /api/v1/tokens/{name}", f.removeAccount)
	serve("POST /api/v1/tokens", f.makeToken)
	serve("GET /api/v1/sessions", func(r *http.Request) (int, any) {
		s := wire.Session{ID: "s1", User: "ann", Addr: "10.0.0.7", Agent: "Firefox\x1b[31m", Seen: 1767225660000}
		all := []wire.Session{s, {ID: "s22", User: "bob", Seen: 1767225600000}}
		if r.URL.Query().Get("all") == "" {
			all = all[:1]
		}
		return http.StatusOK, wire.Sessions{Sessions: all}
	})
	serve("DELETE /api/v1/sessions", func(*http.Request) (int, any) { return http.StatusOK, wire.Ended{Ended: 2} })
	serve("DELETE /api/v1/sessions/{id}", func(r *http.Request) (int, any) {
		if r.PathValue("id") != "s1" {
			return http.StatusNotFound, problemOf("NOT_FOUND", "no such session")
		}
		return http.StatusOK, wire.Ended{Ended: 1}
	})
	serve("GET /api/v1/links", func(r *http.Request) (int, any) {
		all := slices.DeleteFunc(slices.Clone(f.links), func(l wire.Link) bool { return !l.Mine && r.URL.Query().Get("all") == "" })
		return http.StatusOK, wire.Links{Links: all}
	})
	serve("POST /api/v1/links", f.mintLink)
	serve("DELETE /api/v1/links/{id}", func(r *http.Request) (int, any) {
		before := len(f.links)
		f.links = slices.DeleteFunc(f.links, func(l wire.Link) bool { return l.ID == r.PathValue("id") })
		if len(f.links) == before {
			return http.StatusNotFound, problemOf("NOT_FOUND", "no such link")
		}
		return http.StatusOK, struct{}{}
	})
	serve("GET /api/v1/audit", f.trailPage)
	serve("GET /api/v1/audit/verify", func(*http.Request) (int, any) {
		if f.closing { // any state will do that a session can name
			return http.StatusOK, wire.TrailCheck{Lines: 12, FirstBad: 7, Why: "audit.log, line 7: it is no entry"}
		}
		return http.StatusOK, wire.TrailCheck{OK: true, Lines: 90}
	})
}

// server gives what serves JSON to whoever has the password, while the server is
// one of ours.
func (f *fakeServer) server(mux *http.ServeMux) func(pattern string, do func(r *http.Request) (int, any)) {
	return func(pattern string, do func(r *http.Request) (int, any)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.reasons = append(f.reasons, r.Header.Get("X-Reason"))
			_, password, _ := r.BasicAuth()
			status, answer := 0, any(nil)
			switch {
			case !f.live:
				http.NotFound(w, r)
				return
			case password != f.password:
				w.WriteHeader(http.StatusUnauthorized)
				return
			case f.forbidden:
				status, answer = http.StatusForbidden, refusal(supervise.FaultForbidden, "users supervisord")
			case r.Method != http.MethodGet && r.Header.Get("Content-Type") != "application/json":
				status, answer = http.StatusUnsupportedMediaType, problemOf("UNSUPPORTED_MEDIA_TYPE", "send application/json")
			default:
				status, answer = do(r)
			}
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				json.NewEncoder(w).Encode(answer)
			}
		})
	}
}

func (f *fakeServer) changePassword(r *http.Request) (int, any) {
	user, old, _ := r.BasicAuth()
	var asked wire.PasswordChange
	err := json.NewDecoder(r.Body).Decode(&asked)
	switch {
	case err != nil:
		return http.StatusBadRequest, problemOf("BAD_REQUEST", err.Error())
	case user == "root":
		return http.StatusConflict, problemOf("CONFLICT", "root is written in /etc/s.conf:4: change it there and reload")
	case asked.Old != old:
		return http.StatusUnauthorized, problemOf("UNAUTHORIZED", "the old password is another")
	case asked.New == "taken already":
		return http.StatusTooManyRequests, problemOf("TOO_MANY_REQUESTS", "too many attempts: try again in 2s")
	}
	f.passwords[user], f.password = asked.New, asked.New
	return http.StatusNoContent, nil
}

func (f *fakeServer) mintLink(r *http.Request) (int, any) {
	var asked wire.LinkRequest
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return http.StatusBadRequest, problemOf("BAD_REQUEST", err.Error())
	}
	ends, err := supervise.ParseExpiry(asked.Expires, in2026())
	if err != nil {
		return http.StatusBadRequest, problemOf("BAD_REQUEST", "expires: "+err.Error())
	}
	made := wire.Link{
		ID: fmt.Sprintf("l%d", len(f.links)+1), Minter: "olga", Programs: asked.Programs, Actions: asked.Actions,
		Comment: asked.Comment, Uses: asked.Uses, Expires: ends.UnixMilli(), Mine: true,
	}
	f.links = append(f.links, made)
	host := "box.example:9001"
	if slices.Contains(asked.Programs, "cat") {
		host = "127.0.0.1:9001"
	}
	return http.StatusOK, wire.NewLink{ID: made.ID, URL: "http://" + host + "/link/secret" + made.ID, Link: made}
}

func problemOf(name, detail string) wire.Failure {
	return wire.Failure{Error: wire.Fault{Name: name, Detail: detail}}
}

func (f *fakeServer) list(tokens bool) wire.Accounts {
	all := wire.Accounts{Editable: true}
	for _, a := range f.accounts {
		if (a.Source == "token") == tokens {
			all.Accounts = append(all.Accounts, a)
		}
	}
	return all
}

func (f *fakeServer) putUser(r *http.Request) (int, any) {
	var asked wire.AccountRequest
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return http.StatusBadRequest, problemOf("BAD_REQUEST", err.Error())
	}
	name := r.PathValue("name")
	at := slices.IndexFunc(f.accounts, func(a wire.Account) bool { return a.Name == name })
	made := wire.Account{Name: name, Editable: true}
	if at >= 0 {
		made = f.accounts[at]
	}
	switch {
	case !made.Editable:
		return http.StatusConflict, problemOf("CONFLICT", name+" is in "+made.Source+", which is not changed here")
	case asked.New && at >= 0:
		return http.StatusConflict, problemOf("CONFLICT", "there is one of that name already")
	case asked.Edition != "" && asked.Edition != made.Edition:
		return http.StatusConflict, problemOf("CONFLICT", name+" has been changed meanwhile: look again")
	}
	if asked.Role != "" || at < 0 {
		if _, err := supervise.ParseRole(string(asked.Role)); err != nil {
			return http.StatusBadRequest, problemOf("BAD_REQUEST", err.Error())
		}
		made.Role = asked.Role
	}
	if made.Role == "admin" {
		made.Programs, made.Deny, made.Actions = nil, nil, nil
	}
	for said, list := range map[*[]string]*[]string{
		&asked.Programs: &made.Programs, &asked.Deny: &made.Deny, &asked.Actions: &made.Actions, &asked.UnixUsers: &made.UnixUsers,
	} {
		if *said != nil {
			*list = *said
		}
	}
	if asked.Disabled != nil {
		made.Disabled = *asked.Disabled
	}
	if asked.Comment != nil {
		made.Comment = *asked.Comment
	}
	f.editions++
	made.Edition = fmt.Sprint(f.editions)
	if asked.Password != "" {
		f.passwords[name] = asked.Password
	}
	if at >= 0 {
		f.accounts[at] = made
	} else {
		f.accounts = append(f.accounts, made)
	}
	return http.StatusOK, made
}

func (f *fakeServer) removeAccount(r *http.Request) (int, any) {
	before := len(f.accounts)
	f.accounts = slices.DeleteFunc(f.accounts, func(a wire.Account) bool { return a.Name == r.PathValue("name") })
	if len(f.accounts) == before {
		return http.StatusNotFound, problemOf("NOT_FOUND", "there is no "+r.PathValue("name"))
	}
	return http.StatusOK, struct{}{}
}

func (f *fakeServer) makeToken(r *http.Request) (int, any) {
	var asked wire.TokenRequest
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Role == "" {
		return http.StatusBadRequest, problemOf("BAD_REQUEST", "'' is no role: expected viewer, operator or admin")
	}
	made := wire.Account{Name: asked.Name, Role: asked.Role, Programs: asked.Programs, Source: "token", Editable: true}
	if asked.Expires != "" {
		made.Expires = 1798761600000
	}
	f.accounts = append(f.accounts, made)
	return http.StatusOK, wire.NewToken{Token: "sup_secret", Account: made}
}

// trailPage gives three entries, on two pages.
func (f *fakeServer) trailPage(r *http.Request) (int, any) {
	q := r.URL.Query()
	if q.Get("since") == "soon" {
		return http.StatusBadRequest, problemOf("BAD_REQUEST", "since is a time (2026-01-31T12:00:00Z), a date, or how long ago (36h): 'soon'")
	}
	entries := []wire.TrailEntry{
		{N: 3, Time: "2026-01-01T00:01:02.5Z", User: "ann", Verb: "restart", Target: "web:*", Before: "RUNNING", After: "STOPPING", Reason: "deploy 42", Result: "ok", Addr: "10.0.0.7:1234"},
		{N: 2, Time: "2026-01-01T00:01:00Z", User: "bob", Verb: "stop", Target: "worker", Result: "refused"},
		{N: 1, Time: "2025-12-31T23:00:00Z", Verb: "log-in", Target: "GET /", Result: "refused", Count: 17, Detail: "wrong\x1b[31m"},
	}
	if user := q.Get("user"); user != "" {
		entries = slices.DeleteFunc(entries, func(e wire.TrailEntry) bool { return e.User != user })
		return http.StatusOK, wire.Trail{Entries: entries}
	}
	if q.Get("before") == "" {
		page := wire.Trail{Entries: entries[:2], Next: "1"}
		if q.Get("limit") == "1" {
			page.Entries = entries[:1]
		}
		return http.StatusOK, page
	}
	return http.StatusOK, wire.Trail{Entries: entries[2:]}
}

func TestAReasonGoesWithEveryCallOfACommand(t *testing.T) {
	for _, test := range []struct {
		words  []string
		live   bool
		status int
		want   string
		warns  bool
	}{
		{[]string{"stop", "cat", "--reason", "deploy  42"}, true, 0, "deploy  42", false},
		{[]string{"stop", "--reason=dep loy\nü", "cat"}, true, 0, "dep loy ü", false},
		{[]string{"restart", "cat", "--reason", "why"}, true, 0, "why", false},
		{[]string{"signal", "HUP", "cat", "--reason", "why"}, true, 0, "why", false},
		{[]string{"add", "--reason", "why", "lost"}, true, 1, "why", false}, // there is no such group
		{[]string{"remove", "cat", "--reason=why"}, true, 1, "why", false},  // it runs
		{[]string{"update", "--reason", "why"}, true, 0, "why", false},
		{[]string{"update", "g", "--reason", "why"}, true, 0, "why", false},
		{[]string{"reread", "--reason", "why"}, true, 0, "why", false},
		{[]string{"clear", "cat", "--reason", "why"}, true, 0, "why", false},
		{[]string{"clear", "all", "--reason", "why"}, true, 1, "why", false}, // one of them cannot be cleared
		{[]string{"reload", "--reason", "why"}, true, 0, "why", false},
		{[]string{"shutdown", "--reason", "why"}, true, 0, "why", false},
		{[]string{"shutdown", "now", "--reason", "why"}, true, 1, "none was asked", false},
		{[]string{"users", "set", "bob", "--enabled", "--reason", "why"}, true, 0, "why", false},
		{[]string{"users", "remove", "bob", "--reason", "why"}, true, 0, "why", false},
		{[]string{"token", "remove", "old", "--reason", "why"}, true, 0, "why", false},
		{[]string{"link", "add", "g:a", "--reason", "why"}, true, 0, "why", false},
		{[]string{"link", "revoke", "l1", "--reason", "why"}, true, 0, "why", false},
		{[]string{"sessions", "end", "all", "--reason", "why"}, true, 0, "why", false},
		{[]string{"shutdown", "--reason", "why"}, false, 0, "why", true},
		{[]string{"stop", "cat", "--reason", "why"}, false, 0, "why", true},
		{[]string{"stop", "cat"}, true, 0, "", false},
		{[]string{"stop", "cat", "--reason"}, true, exitInvalidArgs, "none was asked", false},
		{[]string{"stop", "cat", "--reason", " "}, true, exitInvalidArgs, "none was asked", false},
	} {
		server := newFakeServer(t)
		server.live = test.live
		var out, errout bytes.Buffer
		args := append([]string{"supervisorctl", "-s", server.URL}, test.words...)
		status := runWithoutTerminal(args, strings.NewReader(""), &out, &errout)
		heard := slices.Compact(slices.Clone(server.reasons))
		if heard == nil {
			heard = []string{"none was asked"}
		}
		if status != test.status || !slices.Equal(heard, []string{test.want}) || strings.Contains(errout.String(), "Warning") != test.warns {
			t.Errorf("%q: status %d, the server heard %q, and stderr has %q", test.words, status, heard, &errout)
		}
	}
}

func TestAReasonTypedInTheShellMayBeQuoted(t *testing.T) {
	server := newFakeServer(t)
	server.live = true
	var out, errout bytes.Buffer
	typed := "stop cat --reason 'it is late'\nstart cat\nlink add g:a --comment 'night shift' --reason 'it is dark'\nlink list\n"
	runWithoutTerminal([]string{"supervisorctl", "-s", server.URL}, strings.NewReader(typed), &out, &errout)
	if heard := slices.Compact(server.reasons); !slices.Equal(heard, []string{"", "it is late", "", "it is dark", ""}) {
		t.Errorf("the server heard %q\n%s%s", heard, &out, &errout)
	}
	if made := server.links[len(server.links)-1]; made.Comment != "night shift" {
		t.Errorf("beside a reason, the comment became %q", made.Comment)
	}
}

func TestPasswdPrintsALineThatAConfigurationTakes(t *testing.T) {
	server := newFakeServer(t)
	server.live = true
	for _, test := range []struct {
		name   string
		args   []string
		remark string
	}{
		{"without a server", []string{"-s", "unix:///nonexistent/s.sock", "passwd", "ann"}, "supervisord could not be asked"},
		{"with Supervisor's own", []string{"-s", newFakeServer(t).URL, "passwd", "ann"}, "Supervisor's own"},
		{"for whom there is not", []string{"-s", server.URL, "passwd", "zoe"}, "supervisorctl users add zoe"},
		{"in the main file", []string{"-s", server.URL, "passwd", "root"}, "into the section at /etc/s.conf:4, in the place of its password."},
		{"only printed", []string{"-s", server.URL, "passwd", "ann", "--print"}, ""},
		{"for nobody", []string{"-s", server.URL, "passwd"}, ""},
		{"for who asks", []string{"-s", server.URL, "-u", "zoe", "passwd"}, "no user zoe"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, errout bytes.Buffer
			status := runWithoutTerminal(append([]string{"supervisorctl"}, test.args...), strings.NewReader("correct horse\n"), &out, &errout)
			hash, found := strings.CutPrefix(strings.TrimSpace(out.String()), "password = ")
			if status != 0 || !found || bcrypt.CompareHashAndPassword([]byte(hash), []byte("correct horse")) != nil {
				t.Errorf("status %d, printed %q", status, &out)
			}
			if !strings.Contains(errout.String(), test.remark) || test.remark == "" && errout.Len() > 0 {
				t.Errorf("remarked %q, want %q", &errout, test.remark)
			}
		})
	}
	if len(server.passwords) > 0 {
		t.Errorf("a server was given %v", server.passwords)
	}
}

func TestPasswdOfAnotherIsRefusedToWhomItIsNotAllowed(t *testing.T) {
	server := newFakeServer(t)
	server.live, server.forbidden = true, true
	var out, errout bytes.Buffer
	status := runWithoutTerminal([]string{"supervisorctl", "-s", server.URL, "passwd", "ann"}, strings.NewReader("correct horse\n"), &out, &errout)
	if status != exitPrivileges || out.String() != "ERROR: FORBIDDEN: users supervisord\n" {
		t.Errorf("status %d, %q%q", status, &out, &errout)
	}
}

func TestPasswdChangesOnesOwnWithoutAnAdmin(t *testing.T) {
	for _, test := range []struct {
		name, user, old, typed string
		words                  []string
		says, remark           string
		status                 int
		changed                bool
	}{
		{name: "without a name", user: "bob", old: "old horse", typed: "correct horse", words: []string{"passwd"}, says: "bob: password changed\n", changed: true},
		{name: "by name", user: "bob", old: "old horse", typed: "correct horse", words: []string{"passwd", "bob"}, says: "bob: password changed\n", changed: true},
		{name: "wrong", user: "bob", old: "no horse", typed: "correct horse", words: []string{"passwd"}, says: "Server requires authentication", status: 1},
		{name: "too short", user: "bob", old: "old horse", typed: "horse", words: []string{"passwd"}, says: "ERROR: a password has at least 8 bytes", status: 1},
		{name: "too often", user: "bob", old: "old horse", typed: "taken already", words: []string{"passwd"}, says: "ERROR: too many attempts", status: 1},
		{name: "in the main file", user: "root", old: "old horse", typed: "correct horse", words: []string{"passwd"}, says: "password = $2a$", remark: "/etc/s.conf:4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newFakeServer(t)
			server.live, server.password = true, "old horse"
			var out, errout bytes.Buffer
			args := append([]string{"supervisorctl", "-s", server.URL, "-u", test.user, "-p", test.old}, test.words...)
			status := runWithoutTerminal(args, strings.NewReader(test.typed+"\n"), &out, &errout)
			if status != test.status || !strings.HasPrefix(out.String(), test.says) || !strings.Contains(errout.String(), test.remark) {
				t.Errorf("status %d, %q, %q", status, &out, &errout)
			}
			if _, changed := server.passwords[test.user]; changed != test.changed {
				t.Errorf("the server was told %v", server.passwords)
			}
		})
	}
}

func TestPasswdLeavesAllElseOfAUserAsItWas(t *testing.T) {
	server := newFakeServer(t)
	server.live = true
	before := server.accounts[1]
	var out, errout bytes.Buffer
	status := runWithoutTerminal([]string{"supervisorctl", "-s", server.URL, "passwd", "ann"}, strings.NewReader("correct horse\n"), &out, &errout)
	if status != 0 || out.String() != "ann: password changed\n" || server.passwords["ann"] != "correct horse" {
		t.Errorf("status %d, %q%q, the server was told %v", status, &out, &errout, server.passwords)
	}
	after := server.accounts[1]
	after.Password, after.Source, after.Edition = before.Password, before.Source, before.Edition // which the server makes
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the user was %+v and is %+v", before, after)
	}
}

func TestACopyOfATrailIsCheckedWithoutAServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.log")
	for _, test := range []struct {
		text, says string
		status     int
	}{
		{`{"prev":"","n":1,"time":"2026-01-01T00:00:00Z"}` + "\n", "1 line, all as they were written\n", 0},
		{`{"prev":"","n":1}` + "\n" + `{"prev":"00","n":2}` + "\n", "ERROR: line 1 is not as it was written: audit.log, line 2: the line before it is not the one that was written\n", 1},
	} {
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errout bytes.Buffer
		status := runWithoutTerminal([]string{"supervisorctl", "-s", "unix:///nonexistent", "audit", "verify", file}, strings.NewReader(""), &out, &errout)
		if status != test.status || out.String() != test.says {
			t.Errorf("status %d: %s%s, want %s", status, &out, &errout, test.says)
		}
	}
}

// in2026 is when these tests take place.
func in2026() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }
