package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
)

// drawer is a statedir in memory.
type drawer struct {
	mu     sync.Mutex
	files  map[string][]byte
	writes int
	full   error // what a write answers
}

func newDrawer() *drawer { return &drawer{files: map[string][]byte{}} }

func (d *drawer) Read(name string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name]
}

func (d *drawer) Write(name string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[name] = data
	d.writes++
	return d.full
}

// people is a house with ann, whose password is "right", and what it is kept in.
type people struct {
	*Authenticator
	file  *fileOf
	state *drawer
	ann   supervise.Account
}

func newPeople(t *testing.T, sections ...Section) *people {
	t.Helper()
	ann := viewer("ann")
	ann.Password = hashOfCost(10, "a")
	p := &people{file: &fileOf{accounts: []supervise.Account{ann}}, state: newDrawer(), ann: ann}
	p.open(t, sections...)
	return p
}

// open is a start of supervisord.
func (p *people) open(t *testing.T, sections ...Section) {
	t.Helper()
	if len(sections) == 0 {
		sections = []Section{{Name: "inet"}}
	}
	p.Authenticator = house(t, Options{
		Store: p.file, State: p.state, Sections: sections, SessionIdle: time.Hour, SessionLifetime: 24 * time.Hour,
	})
	measure(p.checker, map[string]string{p.ann.Password: "right", hashOfCost(10, "b"): "new"})
}

// logIn gives the cookie of a login at a door.
func (p *people) logIn(t *testing.T, door int, name, password string, keep bool) *http.Cookie {
	t.Helper()
	r := httptest.NewRequest("POST", "/api/v1/session", nil)
	r = r.WithContext(AtDoor(r.Context(), p.Doors()[door], -1))
	w := httptest.NewRecorder()
	if _, err := LogIn(w, r, name, password, keep); err != nil {
		t.Fatal(err)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	return cookies[0]
}

// with is a request with a cookie.
func (p *people) with(door int, cookie *http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "/api/v1/identity", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return r.WithContext(AtDoor(r.Context(), p.Doors()[door], -1))
}

func (p *people) knows(cookie *http.Cookie) bool { return enter(p.with(0, cookie)).Code == 200 }

// visit opens the page with HTTP Basic, and gives the cookies of the answer.
func (p *people) visit(headers ...string) []*http.Cookie {
	r := attempt(p.Doors()[0], "10.0.0.1", "ann", "right")
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Require(http.HandlerFunc(Stay)).ServeHTTP(w, r)
	return w.Result().Cookies()
}

func TestWhoOpensThePageByBasicHasOneSessionUntilItIsUsed(t *testing.T) {
	p := newPeople(t)
	logins := 0
	p.Authenticator.options.Witness = func(context.Context, Incident) { logins++ }
	for range 100 { // a probe, which keeps no cookie
		if len(p.visit()) != 1 {
			t.Fatal("no cookie")
		}
	}
	if all := p.Sessions.List(func(Session) bool { return true }); len(all) != 1 || logins != 1 {
		t.Errorf("%d sessions, %d lines about logins", len(all), logins)
	}
	if n := p.state.writes; n != 1 {
		t.Errorf("sessions.json was written %d times", n)
	}
	first := p.visit()[0]
	if !p.knows(first) {
		t.Error("the session is not known")
	}
	if second := p.visit()[0]; second.Value == first.Value || !p.knows(second) || !p.knows(first) {
		t.Error("another browser has the session of the first")
	}
	unused := p.visit()[0]
	p.Sessions.EndAll("ann", "")
	if again := p.visit()[0]; again.Value == unused.Value || !p.knows(again) {
		t.Error("a session that has ended is given again")
	}
	if other := p.visit("User-Agent", "another"); len(other) != 1 || other[0].Value == p.visit()[0].Value {
		t.Error("another browser has the session of the first")
	}
	if got := p.visit("Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"); len(got) != 0 {
		t.Error("a script has got a session")
	}
	if got := p.visit("Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"); len(got) != 1 {
		t.Error("a document has got none")
	}
}

func TestASessionThatMakesRoomIsToldOf(t *testing.T) {
	p := newPeople(t)
	for range maxSessionsPerUser {
		p.logIn(t, 0, "ann", "right", false)
	}
	changed := p.Changed()
	p.logIn(t, 0, "ann", "right", false)
	select {
	case <-changed:
	default:
		t.Error("whoever is there by the session that ended is not asked again")
	}
}

func TestAPromiseIsTakenBackByWhoMadeItOnly(t *testing.T) {
	p := newPeople(t)
	p.logIn(t, 0, "ann", "right", false)
	id := p.Sessions.List(func(Session) bool { return true })[0].ID
	one, other := p.ann, p.ann
	one.Password, other.Password = hashOfCost(10, "b"), hashOfCost(10, "c")
	forget := p.Sessions.expect(id, one)
	p.Sessions.expect(id, other)
	forget()
	if err := p.file.Write(other); err != nil {
		t.Fatal(err)
	}
	p.Book.look(true)
	if _, holds := p.Again(Principal{Name: "ann", Via: Cookie, Session: id, Door: "inet"}); !holds {
		t.Error("a change that failed has taken back the promise of one that did not")
	}
}

func TestASessionEndsWhenNobodyUsesItAndInAnyCaseInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeople(t)
		cookie := p.logIn(t, 0, "ann", "right", false)
		if cookie.MaxAge != 0 || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Name != "supervisor_session" || len(cookie.Value) != 43 {
			t.Errorf("cookie %v", cookie)
		}
		for range 24 * 60 / 59 {
			time.Sleep(59 * time.Minute)
			if !p.knows(cookie) {
				t.Fatal("a session in use has ended")
			}
		}
		time.Sleep(30 * time.Minute)
		if p.knows(cookie) {
			t.Error("a session outlived its lifetime")
		}
		cookie = p.logIn(t, 0, "ann", "right", false)
		time.Sleep(time.Hour)
		if p.knows(cookie) || len(p.Sessions.List(func(Session) bool { return true })) != 0 {
			t.Error("a session that nobody used has not ended")
		}
	})
}

func TestWhoWantsToStayLoggedInStaysAsLongAsPossible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeople(t)
		cookie := p.logIn(t, 0, "ann", "right", true)
		if cookie.MaxAge != 24*60*60 {
			t.Errorf("the browser drops the cookie after %d s", cookie.MaxAge)
		}
		time.Sleep(23 * time.Hour)
		if !p.knows(cookie) {
			t.Error("the session has ended for want of use")
		}
		time.Sleep(time.Hour)
		if p.knows(cookie) {
			t.Error("the session outlived its lifetime")
		}
	})
}

func TestASessionSurvivesARestartAndItsFileHoldsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeople(t)
		cookie := p.logIn(t, 0, "ann", "right", false)
		time.Sleep(30 * time.Minute)
		if !p.knows(cookie) {
			t.Fatal("not known")
		}
		p.Sessions.Flush()
		text := string(p.state.Read(sessionsFile))
		for _, secret := range []string{cookie.Value, p.ann.Password, "right"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", secret, text)
			}
		}
		if !strings.Contains(text, hashOf(cookie.Value)) {
			t.Errorf("no hash in %s", text)
		}
		p.open(t)
		time.Sleep(40 * time.Minute) // since the last use, not since the login
		if !p.knows(cookie) {
			t.Error("forgotten over a restart")
		}
		p.open(t)
		time.Sleep(time.Hour)
		if p.knows(cookie) {
			t.Error("a restart has given the session more time")
		}
	})
}

func TestAnotherPasswordOrRoleEndsSessionsAlsoOverARestart(t *testing.T) {
	for name, change := range map[string]func(*supervise.Account){
		"another password": func(a *supervise.Account) { a.Password = hashOfCost(10, "b") },
		"another role":     func(a *supervise.Account) { a.Grant.Role = supervise.Operator },
		"disabled":         func(a *supervise.Account) { a.Disabled = true },
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				p := newPeople(t)
				cookie := p.logIn(t, 0, "ann", "right", false)
				changed := p.ann
				change(&changed)
				if restart {
					p.file.Write(changed)
					p.open(t)
				} else if err := rewrite(p.Book, changed); err != nil {
					t.Fatal(err)
				}
				if p.knows(cookie) {
					t.Error("the session goes on")
				}
				if err := rewrite(p.Book, p.ann); err != nil { // as it was
					t.Fatal(err)
				}
				if p.knows(cookie) {
					t.Error("the session came back")
				}
			})
		}
	}
}

func TestOtherProgramsCountAtOnceAndTheSessionGoesOn(t *testing.T) {
	p := newPeople(t)
	cookie := p.logIn(t, 0, "ann", "right", false)
	changed := p.ann
	changed.Grant.Programs = []string{"db"}
	if err := rewrite(p.Book, changed); err != nil {
		t.Fatal(err)
	}
	var who Principal
	Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who = From(r.Context()) })).
		ServeHTTP(httptest.NewRecorder(), p.with(0, cookie))
	if !Can(who, View, supervise.AllOf("db")) || Can(who, View, supervise.AllOf("web")) {
		t.Errorf("%+v", who)
	}
}

func TestASessionIsOfItsOwnHouse(t *testing.T) {
	p := newPeople(t, Section{Name: "inet", Username: "boss", Password: "plain"}, Section{Name: "inet:two"}, Section{Name: "inet:three", Username: "boss", Password: "other"})
	boss := p.logIn(t, 0, "boss", "plain", false)
	ann := p.logIn(t, 0, "ann", "right", false)
	for door, want := range [][2]int{{200, 200}, {401, 200}, {401, 200}} {
		if got := enter(p.with(door, boss)).Code; got != want[0] {
			t.Errorf("boss at door %d: %d", door, got)
		}
		if got := enter(p.with(door, ann)).Code; got != want[1] {
			t.Errorf("ann at door %d: %d", door, got)
		}
	}
	if got := enter(p.with(0, boss)).Code; got != 200 {
		t.Errorf("a visit next door has ended the session: %d", got)
	}
	p.open(t, Section{Name: "inet", Username: "boss", Password: "changed"})
	if p.knows(boss) || !p.knows(ann) {
		t.Error("a changed password in the configuration ends those sessions, and no others")
	}
}

func TestAForgedOrStolenNameOfASessionOpensNothing(t *testing.T) {
	p := newPeople(t)
	cookie := p.logIn(t, 0, "ann", "right", false)
	session := p.Sessions.List(func(Session) bool { return true })[0]
	for _, value := range []string{"", session.ID, hashOf(cookie.Value), cookie.Value[:42], cookie.Value + "A"} {
		forged := *cookie
		forged.Value = value
		if p.knows(&forged) {
			t.Errorf("%q opens", value)
		}
	}
	forged := *cookie
	forged.Name = "__Host-supervisor"
	if p.knows(&forged) {
		t.Error("a cookie for TLS is taken without")
	}
}

func TestACookieOpensNothingThatIsForPrograms(t *testing.T) {
	p := newPeople(t)
	w := httptest.NewRecorder()
	RequireWithoutCookie(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") })).
		ServeHTTP(w, p.with(0, p.logIn(t, 0, "ann", "right", false)))
	if w.Code != 401 {
		t.Errorf("status %d", w.Code)
	}
}

func TestTheCookieKnowsTLSAndThePathOfTheProxy(t *testing.T) {
	p := newPeople(t, Section{Name: "inet", BasePath: "/supervisor/", Proxies: prefixes("10.0.0.0/8")})
	for _, tt := range []struct {
		remote, proto string
		name, path    string
		secure        bool
	}{
		{"192.0.2.1:1", "", "supervisor_session", "/supervisor/", false},
		{"192.0.2.1:1", "https", "supervisor_session", "/supervisor/", false}, // anybody can say so
		{"10.0.0.1:1", "https", "__Host-supervisor", "/", true},
		{"10.0.0.1:1", "http", "supervisor_session", "/supervisor/", false},
	} {
		r := p.with(0, nil)
		r.RemoteAddr = tt.remote
		r.Header.Set("X-Forwarded-Proto", tt.proto)
		cookie := p.Doors()[0].cookie(r)
		if cookie.Name != tt.name || cookie.Path != tt.path || cookie.Secure != tt.secure || !cookie.HttpOnly {
			t.Errorf("%+v: %v", tt, cookie)
		}
	}
}

func TestLoggingOutEndsTheSessionAndOneMoreLoginReplacesIt(t *testing.T) {
	p := newPeople(t)
	cookie := p.logIn(t, 0, "ann", "right", false)
	r := p.with(0, cookie)
	w := httptest.NewRecorder()
	Recognise(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := LogIn(w, r, "ann", "right", false); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, r)
	second := w.Result().Cookies()[0]
	if p.knows(cookie) || !p.knows(second) {
		t.Error("the session before is not replaced")
	}
	w = httptest.NewRecorder()
	Recognise(http.HandlerFunc(LogOut)).ServeHTTP(w, p.with(0, second))
	if p.knows(second) || w.Result().Cookies()[0].MaxAge >= 0 {
		t.Errorf("still known, or the cookie stays: %v", w.Result().Cookies())
	}
}

func TestAUserHasOnlySoManySessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeople(t)
		first := p.logIn(t, 0, "ann", "right", false)
		time.Sleep(time.Second)
		for range maxSessionsPerUser {
			p.logIn(t, 0, "ann", "right", false)
		}
		if got := len(p.Sessions.List(func(Session) bool { return true })); got != maxSessionsPerUser {
			t.Errorf("%d sessions", got)
		}
		if p.knows(first) {
			t.Error("the one at rest for longest is still there")
		}
	})
}

func TestAFileOfSessionsThatIsDamagedCostsALoginAndNoMore(t *testing.T) {
	future, _ := json.Marshal(sessionFile{Version: 1, Sessions: []storedSession{{Hash: hashOf("x"), ID: "1", User: "ann", Keep: true, Began: time.Now().Add(1000 * time.Hour)}}})
	for _, text := range []string{"{", `{"sessions":[{"sha256":"","seal":"zz"}]}`, string(future)} {
		p := newPeople(t)
		p.state.Write(sessionsFile, []byte(text))
		p.open(t)
		if list := p.Sessions.List(func(Session) bool { return true }); len(list) != 0 {
			t.Errorf("%s: %v", text, list)
		}
		if !p.knows(p.logIn(t, 0, "ann", "right", false)) {
			t.Error("nobody can log in")
		}
	}
}

func TestSessionsAreUsedAndEndedByManyAtOnce(t *testing.T) {
	p := newPeople(t)
	var work sync.WaitGroup
	for range 16 {
		work.Go(func() {
			for range 20 {
				cookie := p.logIn(t, 0, "ann", "right", false)
				p.knows(cookie)
				for _, s := range p.Sessions.List(func(Session) bool { return true })[:1] {
					p.Sessions.End(s.ID)
				}
				p.Sessions.EndAll("nobody", "")
			}
		})
	}
	work.Wait()
}
