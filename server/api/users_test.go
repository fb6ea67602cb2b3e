package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/crypto/bcrypt"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// usersIn is a users file in memory.
type usersIn struct {
	mu       sync.Mutex
	accounts []supervise.Account
	version  int
	full     bool // the disk
}

func (u *usersIn) Read() ([]supervise.Account, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.accounts), nil
}

func (u *usersIn) Stamp() (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return fmt.Sprint(u.version), nil
}

func (u *usersIn) Write(a supervise.Account) error {
	if u.full {
		return errors.New("write users.conf: no space left on device")
	}
	a.Editable, a.File, a.Line = true, "users", 1
	u.replace(a, a)
	return nil
}

func (u *usersIn) Remove(a supervise.Account) error {
	u.replace(a)
	return nil
}

func (u *usersIn) replace(a supervise.Account, by ...supervise.Account) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.accounts = append(slices.DeleteFunc(slices.Clone(u.accounts), func(other supervise.Account) bool {
		return other.Name == a.Name && other.IsToken() == a.IsToken()
	}), by...)
	u.version++
}

// office is the interface in front of people, behind a door.
type office struct {
	t      *testing.T
	users  *usersIn
	auth   *auth.Authenticator
	routes http.Handler
	trail  string
	closed func()
}

const rightPassword = "correct horse"

func newOffice(t *testing.T) *office {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(rightPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	person := func(name string, grant supervise.Grant) supervise.Account {
		return supervise.Account{Name: name, Password: string(hash), Grant: grant, Editable: true, File: "users", Line: 1}
	}
	fixed := person("fixed", supervise.Grant{Role: supervise.Viewer, Programs: []string{"web"}})
	fixed.Editable, fixed.File, fixed.Line = false, "main.conf", 12
	o := &office{t: t, trail: filepath.Join(t.TempDir(), "audit.log"), users: &usersIn{accounts: []supervise.Account{
		person("ann", auth.Full), person("bob", supervise.Grant{Role: supervise.Operator, Programs: []string{"web"}}),
	}}}
	trail := audit.New(audit.Options{Path: o.trail, Patience: time.Minute})
	o.auth, err = auth.New(auth.Options{
		Accounts: []supervise.Account{fixed}, Store: o.users,
		Witness:  trail.Saw,
		Sections: []auth.Section{{Name: "inet", Username: "boss", Password: "plain", File: "main.conf", Line: 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.auth.Begin(slog.New(slog.DiscardHandler))
	o.closed = sync.OnceFunc(func() {
		if err := trail.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(o.closed)
	options := Options{Engine: newFakeEngine(), Auth: o.auth, Trail: trail}
	router, parts := chi.NewRouter(), New(options)
	router.Route("/api/v1", func(r chi.Router) {
		r.Group(func(r chi.Router) { r.Use(auth.Recognise); parts.Doorstep(r) })
		r.Group(func(r chi.Router) { r.Use(auth.Require); parts.Routes(r) })
	})
	o.routes = router
	return o
}

// guest is somebody with what their browser or program sends along.
type guest struct {
	office  *office
	headers map[string]string
	from    string
}

func (o *office) guest() *guest {
	return &guest{office: o, headers: map[string]string{"X-CSRF": "1", "Content-Type": "application/json"}, from: "10.0.0.1"}
}

// program is somebody who sends a name and a password each time.
func (o *office) program(name, password string) *guest {
	g := o.guest()
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth(name, password)
	g.headers["Authorization"] = r.Header.Get("Authorization")
	return g
}

// browser is somebody who has logged in.
func (o *office) browser(name, password string) *guest {
	o.t.Helper()
	g := o.guest()
	w := g.send("POST", "/session", fmt.Sprintf(`{"user":%q,"password":%q}`, name, password))
	if w.Code != 200 || len(w.Result().Cookies()) != 1 {
		o.t.Fatalf("log in: %d %s", w.Code, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	g.headers["Cookie"] = cookie.Name + "=" + cookie.Value
	return g
}

func (g *guest) send(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	r.RemoteAddr = g.from + ":4711"
	for name, value := range g.headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	g.office.routes.ServeHTTP(w, r.WithContext(auth.AtDoor(r.Context(), g.office.auth.Doors()[0], -1)))
	return w
}

func TestALoginTellsWhoOneIsAndALogoutEndsIt(t *testing.T) {
	o := newOffice(t)
	bob := o.browser("bob", rightPassword)
	who := read[wire.WhoAmI](t, bob.send("GET", "/session", ""))
	if who.User.Name != "bob" || who.Via != "session" || who.Session == nil || !who.Session.Current || who.Session.User != "bob" {
		t.Errorf("%+v", who)
	}
	w := bob.send("DELETE", "/session", "")
	if w.Code != 200 || len(w.Result().Cookies()) != 1 || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("log out: %d %v", w.Code, w.Result().Cookies())
	}
	if w := bob.send("GET", "/session", ""); w.Code != 401 || !strings.Contains(w.Body.String(), "UNAUTHORIZED") || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("after that: %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := bob.send("DELETE", "/session", ""); w.Code != 200 {
		t.Errorf("once more: %d", w.Code)
	}
}

func TestALoginThatFailsTellsNothingAndWaits(t *testing.T) {
	o := newOffice(t)
	var first string
	for _, body := range []string{
		`{"user":"bob","password":"wrong"}`, `{"user":"nobody","password":"wrong"}`, `{"user":"","password":""}`, `{}`,
	} {
		w := o.guest().send("POST", "/session", body)
		if first == "" {
			first = w.Body.String()
		}
		if w.Code != 401 || w.Body.String() != first || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	var w *httptest.ResponseRecorder
	for i := range 10 {
		w = o.guest().send("POST", "/session", fmt.Sprintf(`{"user":"bob","password":"wrong %d"}`, i))
	}
	if w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "try again in") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	hasty := o.guest()
	delete(hasty.headers, "X-CSRF")
	hasty.headers["Content-Type"] = "application/x-www-form-urlencoded"
	if w := hasty.send("POST", "/session", `{"user":"bob","password":"x"}`); w.Code != 415 {
		t.Errorf("a form of another site: %d", w.Code)
	}
	if w := o.guest().send("POST", "/session", `{"user":"`+strings.Repeat("x", maxLogIn)+`"}`); w.Code != 413 {
		t.Errorf("a login that does not end: %d", w.Code)
	}
}

func TestEverybodySeesAndEndsTheirOwnSessionsAndAnAdminAll(t *testing.T) {
	o := newOffice(t)
	bob, again, ann := o.browser("bob", rightPassword), o.browser("bob", rightPassword), o.browser("ann", rightPassword)
	list := func(g *guest, query string) []wire.Session {
		t.Helper()
		w := g.send("GET", "/sessions"+query, "")
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return read[wire.Sessions](t, w).Sessions
	}
	if got := list(bob, ""); len(got) != 2 || got[0].Current == got[1].Current {
		t.Errorf("bob's: %+v", got)
	}
	if w := bob.send("GET", "/sessions?all=1", ""); w.Code != 403 {
		t.Errorf("bob asks for all: %d", w.Code)
	}
	all := list(ann, "?all=1")
	if len(all) != 3 {
		t.Errorf("all: %+v", all)
	}
	anns := list(ann, "")[0].ID
	if w := bob.send("DELETE", "/sessions/"+anns, ""); w.Code != 404 {
		t.Errorf("bob ends ann's: %d", w.Code)
	}
	if w := bob.send("DELETE", "/sessions/nothing", ""); w.Code != 404 {
		t.Errorf("what is not there: %d", w.Code)
	}
	i := slices.IndexFunc(list(again, ""), func(s wire.Session) bool { return s.Current })
	if w := ann.send("DELETE", "/sessions/"+list(again, "")[i].ID, ""); w.Code != 200 {
		t.Errorf("ann ends bob's: %d", w.Code)
	}
	if w := again.send("GET", "/session", ""); w.Code != 401 {
		t.Errorf("bob's second is still there: %d", w.Code)
	}
	o.browser("bob", rightPassword)
	if got := read[wire.Ended](t, bob.send("DELETE", "/sessions", "")); got.Ended != 2 {
		t.Errorf("everywhere: %+v", got)
	}
	if w := bob.send("GET", "/session", ""); w.Code != 401 {
		t.Errorf("logged out everywhere, and still here: %d", w.Code)
	}
	if w := ann.send("GET", "/session", ""); w.Code != 200 {
		t.Errorf("ann is gone too: %d", w.Code)
	}
}

func TestWhoMayKeepAccounts(t *testing.T) {
	for _, path := range [][2]string{
		{"GET", "/users"}, {"PUT", "/users/x"}, {"DELETE", "/users/x"}, {"GET", "/tokens"}, {"POST", "/tokens"}, {"DELETE", "/tokens/x"},
	} {
		o := newOffice(t)
		version := o.users.version
		for _, g := range []*guest{o.guest(), o.program("bob", rightPassword), o.program("fixed", rightPassword)} {
			w := g.send(path[0], path[1], `{"role":"admin","name":"x"}`)
			if w.Code != 401 && w.Code != 403 || strings.Contains(w.Body.String(), "ann") {
				t.Errorf("%v: %d %s", path, w.Code, w.Body)
			}
		}
		if o.users.version != version {
			t.Errorf("%v: something was written", path)
		}
	}
}

func TestARefusalHasAWordThatPagesKnow(t *testing.T) {
	for _, tt := range []struct {
		method, path, body string
		reason             wire.Reason
	}{
		{"PUT", "/users/bob", `{"role":"viewer","programs":["*"],"new":true}`, wire.ReasonTaken},
		{"PUT", "/users/bob", `{"comment":"x","edition":"0123456789abcdef"}`, wire.ReasonChanged},
		{"PUT", "/users/ann", `{"role":"admin","disabled":true}`, wire.ReasonYourself},
		{"DELETE", "/users/ann", "", wire.ReasonYourself},
		{"DELETE", "/users/nobody", "", wire.ReasonNoAccount},
		{"DELETE", "/users/fixed", "", wire.ReasonReadOnly},
		{"PUT", "/users/a%20b", `{"role":"viewer","programs":["a"]}`, wire.ReasonBadName},
		{"PUT", "/users/eve", `{"role":"viewer","programs":["a,b"]}`, wire.ReasonBadPattern},
		{"PUT", "/users/eve", `{"role":"viewer","programs":["a"],"password":"short"}`, wire.ReasonBadPassword},
		{"PUT", "/users/eve", `{"role":"admin","comment":"x # y"}`, wire.ReasonBadComment},
		{"POST", "/tokens", `{"name":"ci","role":"viewer","programs":["*"],"expires":"2020-01-01"}`, wire.ReasonBadExpiry},
		{"PUT", "/users/eve", `{`, ""},
	} {
		w := newOffice(t).program("ann", rightPassword).send(tt.method, tt.path, tt.body)
		var told wire.Failure
		if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || told.Error.Reason != tt.reason {
			t.Errorf("%s %s %s: %s, want %q", tt.method, tt.path, tt.body, w.Body, tt.reason)
		}
	}
}

func TestAccountsAreMadeChangedAndRemoved(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		has                      string
	}{
		{"a list", "GET", "/users", "", 200, `"name":"bob","role":"operator","programs":["web"]`},
		{"a list with the section's username", "GET", "/users", "", 200, `"editable":false,"source":"main.conf:3"`},
		{"a new one", "PUT", "/users/eve", `{"role":"viewer","programs":["web:*"],"password":"long enough","unixUsers":["eve"],"comment":"of accounting"}`, 200, `"password":true`},
		{"one without a password", "PUT", "/users/eve", `{"role":"viewer","programs":["*"]}`, 200, `"password":false`},
		{"a change keeps the password", "PUT", "/users/bob", `{"role":"viewer","programs":["db"],"disabled":true}`, 200, `"disabled":true,"comment":"","unixUsers":[],"password":true`},
		{"no role", "PUT", "/users/eve", `{"programs":["*"]}`, 404, "somebody new needs a role"},
		{"somebody new without a role", "PUT", "/users/eve", `{"programs":["*"],"new":true}`, 400, "is no role"},
		{"somebody new", "PUT", "/users/eve", `{"role":"viewer","programs":["*"],"new":true}`, 200, `"name":"eve"`},
		{"somebody new who is there", "PUT", "/users/bob", `{"role":"viewer","programs":["*"],"new":true}`, 409, "one of that name already"},
		{"a password alone", "PUT", "/users/bob", `{"password":"long enough"}`, 200, `"role":"operator","programs":["web"]`},
		{"a comment alone", "PUT", "/users/bob", `{"comment":"of accounting"}`, 200, `"role":"operator","programs":["web"]`},
		{"other programs alone", "PUT", "/users/bob", `{"programs":["db"]}`, 200, `"role":"operator","programs":["db"]`},
		{"no programs any more", "PUT", "/users/bob", `{"programs":[]}`, 400, "has no programs"},
		{"one who becomes an admin", "PUT", "/users/bob", `{"role":"admin"}`, 200, `"role":"admin","programs":[]`},
		{"a change of what has been changed", "PUT", "/users/bob", `{"comment":"x","edition":"0123456789abcdef"}`, 409, "changed meanwhile"},
		{"a change of who has gone", "PUT", "/users/eve", `{"comment":"x","edition":"0123456789abcdef"}`, 409, "changed meanwhile"},
		{"nobody is no role", "PUT", "/users/eve", `{"role":"nobody","programs":["*"]}`, 400, "is no role"},
		{"no programs", "PUT", "/users/eve", `{"role":"viewer"}`, 400, "has no programs"},
		{"an admin of some programs", "PUT", "/users/eve", `{"role":"admin","programs":["web"]}`, 400, "an admin may do everything"},
		{"an unknown action", "PUT", "/users/eve", `{"role":"viewer","programs":["*"],"actions":["fly"]}`, 400, "is no action"},
		{"a pattern that is two", "PUT", "/users/eve", `{"role":"viewer","programs":["a,b"]}`, 400, "cannot be in a list"},
		{"a pattern that would deny nothing", "PUT", "/users/eve", `{"role":"viewer","programs":["*"],"deny":["web:[migrate"]}`, 400, "deny: 'web:[migrate' has a ["},
		{"a comment that would be cut off", "PUT", "/users/eve", `{"role":"admin","comment":"x # y"}`, 400, "comment: a word that begins with"},
		{"a name that the trail has for nobody", "PUT", "/users/-", `{"role":"admin"}`, 400, "expected a letter or a digit"},
		{"a pattern with a section in it", "PUT", "/users/eve", `{"role":"viewer","programs":["a\n[user:x]"]}`, 400, "cannot be in a list"},
		{"a comment with a section in it", "PUT", "/users/eve", `{"role":"viewer","programs":["a"],"comment":"x\n[user:y]"}`, 400, "a comment is one line"},
		{"a name that is none", "PUT", "/users/a%20b", `{"role":"viewer","programs":["a"]}`, 400, "is no name"},
		{"a short password", "PUT", "/users/eve", `{"role":"viewer","programs":["a"],"password":"short"}`, 400, "at least 8"},
		{"the name as password", "PUT", "/users/evelyn-the-third", `{"role":"viewer","programs":["a"],"password":"evelyn-the-third"}`, 400, "not be the name"},
		{"a long password", "PUT", "/users/eve", `{"role":"viewer","programs":["a"],"password":"` + strings.Repeat("x", 73) + `"}`, 400, "at most 72"},
		{"one of the configuration", "PUT", "/users/fixed", `{"role":"viewer","programs":["a"]}`, 409, "main.conf:12"},
		{"the section's username", "PUT", "/users/boss", `{"role":"viewer","programs":["a"]}`, 409, "main.conf:3"},
		{"one of the configuration goes", "DELETE", "/users/fixed", "", 409, "main.conf:12"},
		{"oneself disabled", "PUT", "/users/ann", `{"role":"admin","disabled":true}`, 409, "themselves"},
		{"oneself demoted", "PUT", "/users/ann", `{"role":"viewer","programs":["*"]}`, 409, "themselves"},
		{"oneself with another comment", "PUT", "/users/ann", `{"role":"admin","comment":"me"}`, 200, `"self":true`},
		{"oneself goes", "DELETE", "/users/ann", "", 409, "themselves"},
		{"another goes", "DELETE", "/users/bob", "", 200, "{}"},
		{"nobody goes", "DELETE", "/users/nobody", "", 404, "no such account"},
		{"a token goes that is none", "DELETE", "/tokens/bob", "", 404, "no such account"},
		{"a token", "POST", "/tokens", `{"name":"ci","role":"operator","programs":["web"],"actions":["restart"],"expires":"90d"}`, 200, `"token":"sup_`},
		{"a token that is over", "POST", "/tokens", `{"name":"ci","role":"viewer","programs":["*"],"expires":"2020-01-01"}`, 400, "is over already"},
		{"a token without a name", "POST", "/tokens", `{"role":"viewer","programs":["*"]}`, 400, "needs a name"},
		{"no JSON", "PUT", "/users/eve", `{`, 400, "not the JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t)
			before := o.users.version
			w := o.program("ann", rightPassword).send(tt.method, tt.path, tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, tt.status, tt.has)
			}
			if changed := o.users.version != before; changed != (tt.status == 200 && tt.method != "GET") {
				t.Errorf("changed: %v", changed)
			}
			if strings.Contains(w.Body.String(), "$2") {
				t.Errorf("a hash is told: %s", w.Body)
			}
		})
	}
}

func TestOfSeveralThingsAnAccountCannotHaveTheFirstIsTold(t *testing.T) {
	wrong := supervise.Account{
		Name: "a b", Grant: supervise.Grant{Programs: []string{"web", "a,b"}, Deny: []string{"[db"}}, UnixUsers: []string{"c;d"},
		Comment: "# none",
	}
	for _, mend := range []struct {
		first string
		it    func()
	}{
		{"'a b' is no name", func() { wrong.Name = "eve" }},
		{"programs: 'a,b'", func() { wrong.Grant.Programs = []string{"web"} }},
		{"deny: '[db'", func() { wrong.Grant.Deny = nil }},
		{"unixUsers: 'c;d'", func() { wrong.UnixUsers = []string{"[eve"} }}, // it is no pattern
		{"comment: ", func() { wrong.Comment = "none" }},
	} {
		for range 20 { // that it is so by chance is out of the question
			if err := checkAccount(wrong); err == nil || !strings.HasPrefix(err.Error(), mend.first) {
				t.Fatalf("%v, want %s", err, mend.first)
			}
		}
		mend.it()
	}
	if err := checkAccount(wrong); err != nil {
		t.Errorf("with all mended: %v", err)
	}
}

func TestAChangeByAnAdminKeepsWhatWasChangedMeanwhile(t *testing.T) {
	o := newOffice(t)
	ann := o.program("ann", rightPassword)
	looked := read[wire.Accounts](t, ann.send("GET", "/users", ""))
	i := slices.IndexFunc(looked.Accounts, func(a wire.Account) bool { return a.Name == "bob" })
	bob, found := o.auth.Book.Find("bob")
	if i < 0 || !found {
		t.Fatalf("%+v", looked)
	}
	edition := looked.Accounts[i].Edition
	hash, err := bcrypt.GenerateFromPassword([]byte("another horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	bob.Password = string(hash)
	if err := o.users.Write(bob); err != nil { // by hand, a moment ago
		t.Fatal(err)
	}
	if w := ann.send("PUT", "/users/bob", `{"comment":"of accounting","edition":"`+edition+`"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := o.program("bob", "another horse").send("GET", "/session", ""); w.Code != 200 {
		t.Errorf("the password that was changed meanwhile: %d", w.Code)
	}
	if w := ann.send("PUT", "/users/bob", `{"disabled":true,"edition":"`+edition+`"}`); w.Code != 409 {
		t.Errorf("what somebody saw before the comment was changed: %d %s", w.Code, w.Body)
	}
}

func TestANewPasswordOpensAndTheOldOneAndItsSessionsDoNot(t *testing.T) {
	o := newOffice(t)
	bob := o.browser("bob", rightPassword)
	ann := o.program("ann", rightPassword)
	if w := ann.send("PUT", "/users/bob", `{"role":"operator","programs":["web"],"password":"another horse"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	written, _ := o.auth.Book.Find("bob")
	if cost, err := bcrypt.Cost([]byte(written.Password)); err != nil || cost != 12 {
		t.Errorf("cost %d, %v", cost, err)
	}
	if got := read[wire.Sessions](t, ann.send("GET", "/sessions?all=1", "")).Sessions; len(got) != 0 {
		t.Errorf("sessions: %+v", got)
	}
	if w := bob.send("GET", "/session", ""); w.Code != 401 {
		t.Errorf("the session: %d", w.Code)
	}
	if w := o.program("bob", rightPassword).send("GET", "/session", ""); w.Code != 401 {
		t.Errorf("the old password: %d", w.Code)
	}
	if w := o.program("bob", "another horse").send("GET", "/session", ""); w.Code != 200 {
		t.Errorf("the new password: %d", w.Code)
	}
}

func TestATokenIsToldOnceAndOpensUntilItIsRemoved(t *testing.T) {
	o := newOffice(t)
	ann := o.program("ann", rightPassword)
	made := read[wire.NewToken](t, ann.send("POST", "/tokens", `{"name":"bob","role":"operator","programs":["web"]}`))
	if w := ann.send("POST", "/tokens", `{"name":"bob","role":"viewer","programs":["*"]}`); w.Code != 409 {
		t.Errorf("a second one of that name: %d", w.Code)
	}
	ci := o.guest()
	ci.headers["Authorization"] = "Bearer " + made.Token
	who := read[wire.WhoAmI](t, ci.send("GET", "/session", ""))
	if who.User.Name != "bob" || who.Via != "token" || who.Session != nil {
		t.Errorf("%+v", who)
	}
	o.browser("bob", rightPassword)
	if got := read[wire.Sessions](t, ci.send("GET", "/sessions", "")).Sessions; len(got) != 0 {
		t.Errorf("a token sees the sessions of a person of its name: %+v", got)
	}
	listed := ann.send("GET", "/tokens", "").Body.String()
	if strings.Contains(listed, made.Token) || strings.Contains(listed, o.users.accounts[2].Token) || !strings.Contains(listed, `"name":"bob"`) {
		t.Errorf("the list: %s", listed)
	}
	if w := ann.send("DELETE", "/tokens/bob", ""); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ci.send("GET", "/session", ""); w.Code != 401 {
		t.Errorf("a removed token: %d", w.Code)
	}
	if w := o.program("bob", rightPassword).send("GET", "/session", ""); w.Code != 200 {
		t.Errorf("the person of its name: %d", w.Code)
	}
}

func TestTheTrailTellsOfLoginsAndOfAccountsAndHoldsNoSecret(t *testing.T) {
	o := newOffice(t)
	o.guest().send("POST", "/session", `{"user":"mallory","password":"guessed-secret"}`)
	ann := o.browser("ann", rightPassword)
	ann.send("PUT", "/users/eve", `{"role":"viewer","programs":["web"],"password":"new-secret-of-eve"}`)
	ann.send("PUT", "/users/fixed", `{"role":"viewer","programs":["web"]}`)
	made := read[wire.NewToken](t, ann.send("POST", "/tokens", `{"name":"ci","role":"viewer","programs":["db"]}`))
	ann.send("DELETE", "/users/bob", "")
	o.program("eve", "new-secret-of-eve").send("DELETE", "/users/ann", "")
	ann.send("DELETE", "/sessions", "")
	o.closed()
	text, err := os.ReadFile(o.trail)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, want := range [][]string{
		{`"user":"mallory"`, `"verb":"log-in"`, `"result":"refused"`},
		{`"user":"ann"`, `"verb":"log-in"`, `"via":"session"`, `"result":"ok"`},
		{`"user":"ann"`, `"verb":"users"`, `"target":"user eve"`, `"after":"role=viewer programs=web"`, `"result":"ok"`},
		{`"target":"user fixed"`, `main.conf:12`},
		{`"target":"token ci"`, `"after":"role=viewer programs=db"`},
		{`"target":"user bob"`, `"before":"role=operator programs=web"`},
		{`"user":"eve"`, `"verb":"users"`, `"result":"refused"`},
		{`"user":"ann"`, `"verb":"log-out"`, `all sessions of ann`},
	} {
		if i >= len(lines) {
			t.Fatalf("only %d lines:\n%s", len(lines), text)
		}
		for _, part := range want {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d has no %s: %s", i+1, part, lines[i])
			}
		}
	}
	for _, secret := range []string{"guessed-secret", rightPassword, "new-secret-of-eve", made.Token, "$2"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the trail holds %s", secret)
		}
	}
}
