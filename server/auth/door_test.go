package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// doorTo gives the first door of a house.
func doorTo(t *testing.T, o Options) *Door {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a.Doors()[0]
}

func TestWhoComesThroughADoor(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("thepassword"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	const shaOfThepassword = "82ab876d1387bfafe46cc1c8a2ef074eae50cb1d" // the example of the original's manual
	basic := func(userpass string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(userpass))
	}
	for _, tt := range []struct {
		name, username, password, header string
		status                           int
		who                              string
	}{
		{"an open door asks nothing", "", "", "", 200, ""},
		{"an open door ignores credentials", "", "x", basic("a:b"), 200, ""},
		{"no credentials", "user", "secret", "", 401, ""},
		{"plain", "user", "secret", basic("user:secret"), 200, "user"},
		{"a colon belongs to the password", "user", "a:b", basic("user:a:b"), 200, "user"},
		{"scheme in any case", "user", "secret", strings.Replace(basic("user:secret"), "Basic", "bAsIc", 1), 200, "user"},
		{"another scheme", "user", "secret", "Bearer abc", 401, ""},
		{"wrong password", "user", "secret", basic("user:Secret"), 401, ""},
		{"wrong user", "user", "secret", basic("User:secret"), 401, ""},
		{"empty password given", "user", "secret", basic("user:"), 401, ""},
		{"empty password asked", "user", "", basic("user:"), 200, "user"},
		{"sha", "user", "{SHA}" + shaOfThepassword, basic("user:thepassword"), 200, "user"},
		{"sha wrong", "user", "{SHA}" + shaOfThepassword, basic("user:x"), 401, ""},
		{"sha in capitals never matches", "user", "{SHA}" + strings.ToUpper(shaOfThepassword), basic("user:thepassword"), 401, ""},
		{"the digits themselves are no password", "user", "{SHA}" + shaOfThepassword, basic("user:" + shaOfThepassword), 401, ""},
		{"sha of nothing matches nothing", "user", "{SHA}", basic("user:"), 401, ""},
		{"bcrypt", "user", string(hash), basic("user:thepassword"), 200, "user"},
		{"bcrypt with its name", "user", "{bcrypt}" + string(hash), basic("user:thepassword"), 200, "user"},
		{"bcrypt wrong", "user", string(hash), basic("user:x"), 401, ""},
		{"bcrypt wrong user", "user", string(hash), basic("x:thepassword"), 401, ""},
		{"bcrypt of more than it reads", "user", string(hash), basic("user:" + strings.Repeat("x", 73)), 401, ""},
		{"nothing after the scheme", "user", "secret", "Basic", 401, ""},
		{"not base64", "user", "secret", "Basic %%%", 400, ""},
		{"no colon", "user", "secret", basic("usersecret"), 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			door := doorTo(t, Options{Sections: []Section{{Name: "inet_http_server", Username: tt.username, Password: tt.password}}})
			var who Principal
			asked := false
			inside := Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked, who = true, From(r.Context())
			}))
			r := httptest.NewRequest("POST", "/RPC2", strings.NewReader("body"))
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			w := httptest.NewRecorder()
			inside.ServeHTTP(w, r.WithContext(AtDoor(r.Context(), door, -1)))
			if w.Code != tt.status || asked != (tt.status == 200) {
				t.Fatalf("status %d, handler asked: %v, want %d", w.Code, asked, tt.status)
			}
			if who.Name != tt.who {
				t.Errorf("principal %+v, want %q", who, tt.who)
			}
			if got := Can(who, Restart, Everything); got != asked {
				t.Errorf("may restart: %v", got)
			}
			challenge := w.Header().Get("WWW-Authenticate")
			if tt.status == 401 && (challenge != `Basic realm="default"` || !strings.Contains(w.Body.String(), "<p>Error code 401.")) {
				t.Errorf("challenge %q, body %q", challenge, w.Body)
			}
			if tt.status != 401 && challenge != "" {
				t.Errorf("challenge %q with status %d", challenge, tt.status)
			}
		})
	}
}

func TestARequestThroughNoDoorIsRefused(t *testing.T) {
	w := httptest.NewRecorder()
	Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let in") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
}

func TestAHashThatCannotBeCheckedIsRefusedAtTheStart(t *testing.T) {
	for _, secret := range []string{
		"$2a$",
		"$2a$31$abcdefghijklmnopqrstuuZ0cDfz1FgcvzBYzfz1FgcvzBYzfz1Fg",
		"{bcrypt}$2b$15$abcdefghijklmnopqrstuuZ0cDfz1FgcvzBYzfz1FgcvzBYzfz1Fg",
	} {
		for _, o := range []Options{
			{Sections: []Section{{Name: "unix_http_server", Username: "user", Password: secret}}},
			{Accounts: []supervise.Account{{Name: "ann", Password: secret}}},
		} {
			if _, err := New(o); err == nil {
				t.Errorf("%s: accepted", secret)
			}
		}
	}
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// arrive sends a request to a door and tells who was let in; nil is nobody.
func arrive(d *Door, uid int, remote string, headers ...string) *Principal {
	r := httptest.NewRequest("GET", "/api/v1/identity", nil)
	r.RemoteAddr = remote
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	var came *Principal
	Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		who := From(r.Context())
		came = &who
	})).ServeHTTP(httptest.NewRecorder(), r.WithContext(AtDoor(r.Context(), d, uid)))
	return came
}

func TestATokenOpensUntilItEndsAndIsKeptAsAHashOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		token := supervise.Account{Name: "ci", Grant: viewer("").Grant, Expires: time.Now().Add(time.Hour)}
		secret := NewToken(&token)
		if !strings.HasPrefix(secret, "sup_") || len(secret) != 47 || strings.Contains(fmt.Sprint(token), secret) {
			t.Errorf("%s in %+v", secret, token)
		}
		ever := supervise.Account{Name: "ever", Grant: Full}
		other := NewToken(&ever)
		a := house(t, Options{Store: &fileOf{accounts: []supervise.Account{token, ever}}, Sections: []Section{{Name: "inet"}}})
		d := a.Doors()[0]
		who := arrive(d, -1, "10.0.0.1:1", "Authorization", "Bearer "+secret)
		if who == nil || who.Name != "ci" || who.Via != Token || who.Grant.Role != supervise.Viewer {
			t.Fatalf("%+v", who)
		}
		if arrive(d, -1, "10.0.0.1:1", "Authorization", "bearer "+other) == nil {
			t.Error("the scheme is read in one case only")
		}
		for _, wrong := range []string{"", "sup_", secret[:46], token.Token, "ci"} {
			if arrive(d, -1, "10.0.0.1:1", "Authorization", "Bearer "+wrong) != nil {
				t.Errorf("%q opens", wrong)
			}
		}
		if arrive(d, -1, "10.0.0.1:1", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ci:"+secret))) != nil {
			t.Error("a token is a password too")
		}
		if _, still := a.Again(*who); !still {
			t.Error("not let in again")
		}
		time.Sleep(time.Hour)
		if arrive(d, -1, "10.0.0.1:1", "Authorization", "Bearer "+secret) != nil {
			t.Error("opens after its end")
		}
		if _, still := a.Again(*who); still {
			t.Error("stays after its end")
		}
	})
}

func TestWhoAProxyNamesComesInThroughThatProxyAlone(t *testing.T) {
	gone := viewer("gone")
	gone.Disabled = true
	a := house(t, Options{Accounts: []supervise.Account{viewer("ann"), gone}, Sections: []Section{
		{Name: "inet", Header: "X-Forwarded-User", Proxies: prefixes("10.0.0.0/8", "::1/128")},
		{Name: "inet:two", Proxies: prefixes("10.0.0.0/8")},
	}})
	for _, tt := range []struct {
		name    string
		door    int
		remote  string
		headers []string
		addr    string // "" for nobody
	}{
		{"the proxy", 0, "10.0.0.1:1", []string{"X-Forwarded-User", "ann"}, "10.0.0.1:1"},
		{"the proxy, by IPv6", 0, "[::1]:1", []string{"X-Forwarded-User", "ann"}, "[::1]:1"},
		{"the proxy, by IPv4 in IPv6", 0, "[::ffff:10.0.0.1]:1", []string{"X-Forwarded-User", "ann"}, "[::ffff:10.0.0.1]:1"},
		{"with the address of a client", 0, "10.0.0.1:1", []string{"X-Forwarded-User", "ann", "X-Forwarded-For", "1.2.3.4, 192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"a stranger", 0, "192.0.2.1:1", []string{"X-Forwarded-User", "ann"}, ""},
		{"a stranger who claims to come from the proxy", 0, "192.0.2.1:1", []string{"X-Forwarded-User", "ann", "X-Forwarded-For", "10.0.0.1"}, ""},
		{"two names", 0, "10.0.0.1:1", []string{"X-Forwarded-User", "gone", "X-Forwarded-User", "ann"}, ""},
		{"nobody's name", 0, "10.0.0.1:1", []string{"X-Forwarded-User", "bob"}, ""},
		{"somebody disabled", 0, "10.0.0.1:1", []string{"X-Forwarded-User", "gone"}, ""},
		{"no name", 0, "10.0.0.1:1", nil, ""},
		{"another header", 0, "10.0.0.1:1", []string{"X-Remote-User", "ann"}, ""},
		{"a door that asks for no header", 1, "10.0.0.1:1", []string{"X-Forwarded-User", "ann"}, ""},
	} {
		who := arrive(a.Doors()[tt.door], -1, tt.remote, tt.headers...)
		switch {
		case (who == nil) != (tt.addr == ""):
			t.Errorf("%s: %+v", tt.name, who)
		case who != nil && (who.Name != "ann" || who.Via != Proxy || who.Addr != tt.addr):
			t.Errorf("%s: %+v, want from %s", tt.name, who, tt.addr)
		}
	}
}

func TestWhomTheKernelNamesIsNamedAndWithMapUsersHasTheirRights(t *testing.T) {
	ann, bob, gone := viewer("ann"), viewer("bob"), viewer("gone")
	ann.UnixUsers, bob.UnixUsers, gone.UnixUsers = []string{"annie"}, []string{"1002"}, []string{"1003"}
	gone.Disabled = true
	a := house(t, Options{
		Accounts: []supervise.Account{ann, bob, gone},
		UID:      500,
		LoginName: func(uid int) string {
			return map[int]string{0: "root", 500: "supervisor", 1001: "annie", 1004: "dave"}[uid]
		},
		Sections: []Section{
			{Name: "unix", Unix: true},
			{Name: "unix:two", Unix: true, MapUsers: true},
			{Name: "unix:three", Unix: true, Username: "boss", Password: "plain"},
		},
	})
	for _, tt := range []struct {
		uid                int
		open, mapped       string // the name
		openRole, itsRole  supervise.Role
		openVia, mappedVia Way
	}{
		{0, "root", "root", supervise.Admin, supervise.Admin, Open, Peer},
		{500, "supervisor", "supervisor", supervise.Admin, supervise.Admin, Open, Peer},
		{1001, "ann", "ann", supervise.Admin, supervise.Viewer, Open, Peer},
		{1002, "bob", "bob", supervise.Admin, supervise.Viewer, Open, Peer},
		{1003, "", "-", supervise.Admin, supervise.Nobody, Open, Peer},
		{1004, "dave", "-", supervise.Admin, supervise.Nobody, Open, Peer},
		{-1, "", "-", supervise.Admin, supervise.Nobody, Open, Peer},
	} {
		who := arrive(a.Doors()[0], tt.uid, "@")
		if who == nil || who.Name != tt.open || who.Grant.Role != tt.openRole || who.Via != Open || who.UID != tt.uid || who.Addr != "" {
			t.Errorf("uid %d at the open socket: %+v", tt.uid, who)
		}
		who = arrive(a.Doors()[1], tt.uid, "@")
		if (who == nil) != (tt.mapped == "-") || who != nil && (who.Name != tt.mapped || who.Grant.Role != tt.itsRole || who.Via != Peer) {
			t.Errorf("uid %d where users are mapped: %+v", tt.uid, who)
		}
		if who := arrive(a.Doors()[2], tt.uid, "@"); who != nil {
			t.Errorf("uid %d where a password is asked for: %+v", tt.uid, who)
		}
	}
	header := "Basic " + base64.StdEncoding.EncodeToString([]byte("boss:plain"))
	if who := arrive(a.Doors()[2], 1001, "@", "Authorization", header); who == nil || who.Name != "boss" || who.UID != 1001 {
		t.Errorf("with the password: %+v", who)
	}
}

func TestWhichDoorsAreOpen(t *testing.T) {
	inet, socket := Section{Name: "inet"}, Section{Name: "unix", Unix: true}
	for _, tt := range []struct {
		name    string
		options Options
		inet    bool
	}{
		{"as the original", Options{}, true},
		{"with somebody who may come in", Options{Accounts: []supervise.Account{viewer("ann")}}, false},
		{"with a users file that is not there yet", Options{Store: &fileOf{}}, false},
		{"with a users file that is broken", Options{Store: &fileOf{broken: errors.New("x")}}, false},
	} {
		tt.options.Sections = []Section{inet, socket}
		a := house(t, tt.options)
		if who := arrive(a.Doors()[0], -1, "192.0.2.1:1"); (who != nil) != tt.inet {
			t.Errorf("%s: over the network %+v", tt.name, who)
		}
		if who := arrive(a.Doors()[1], 1000, "@"); who == nil || who.Grant.Role != supervise.Admin {
			t.Errorf("%s: at the socket %+v", tt.name, who)
		}
	}
}

func TestARefusalNamesWhoTheySaidTheyWere(t *testing.T) {
	var seen []Incident
	a := house(t, Options{
		Accounts: []supervise.Account{viewer("ann")}, LoginName: func(int) string { return "dave" },
		Witness:  func(_ context.Context, i Incident) { seen = append(seen, i) },
		Sections: []Section{{Name: "inet", Header: "X-User", Proxies: prefixes("10.0.0.1/32")}, {Name: "unix", Unix: true, MapUsers: true}},
	})
	arrive(a.Doors()[0], -1, "192.0.2.1:1", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ann:wrong")))
	arrive(a.Doors()[0], -1, "10.0.0.1:1", "X-User", "mallory")
	arrive(a.Doors()[1], 1004, "@")
	for i, want := range []string{"ann", "mallory", "dave"} {
		if i >= len(seen) || seen[i].Who.Name != want || seen[i].Who.Grant.Role != supervise.Nobody || seen[i].Refused == nil || seen[i].Verb != "log-in" {
			t.Errorf("%d: %+v, want %s", i, seen, want)
		}
	}
}

func TestARefusalDoesNotTellWhatOpensALink(t *testing.T) {
	var seen []Incident
	a := house(t, Options{
		Accounts: []supervise.Account{viewer("ann")}, Sections: []Section{{Name: "inet"}},
		Witness: func(_ context.Context, i Incident) { seen = append(seen, i) },
	})
	r := httptest.NewRequest("POST", "/prefix/link/hunter2", nil) // which is another server's
	if w := enter(r.WithContext(AtDoor(r.Context(), a.Doors()[0], -1))); w.Code != 401 {
		t.Errorf("status %d", w.Code)
	}
	if len(seen) != 1 || seen[0].Target != "POST /prefix/link/..." {
		t.Errorf("%+v", seen)
	}
}

func TestOnlyProgramsAreAskedForAPassword(t *testing.T) {
	d := doorTo(t, Options{Accounts: []supervise.Account{viewer("ann")}, Sections: []Section{{Name: "inet"}}})
	for name, headers := range map[string][]string{
		"":                {},
		"a script":        {"X-CSRF", "1"},
		"a browser":       {"Sec-Fetch-Mode", "navigate"},
		"a page's socket": {"Origin", "http://box"},
	} {
		r := httptest.NewRequest("GET", "/api/v1/identity", nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := enter(r.WithContext(AtDoor(r.Context(), d, -1)))
		if w.Code != 401 || (w.Header().Get("WWW-Authenticate") != "") != (name == "") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if name == "a script" && !strings.Contains(w.Body.String(), `"UNAUTHORIZED"`) {
			t.Errorf("a script reads %s", w.Body)
		}
	}
}

func TestWhoIsStillThereHasTheRightsTheyHaveByNow(t *testing.T) {
	p := newPeople(t)
	basic := arrive(p.Doors()[0], -1, "10.0.0.1:1", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("ann:right")))
	if basic == nil {
		t.Fatal("not let in")
	}
	rung := p.Changed()
	changed := p.ann
	changed.Grant.Programs = []string{"db"}
	if err := rewrite(p.Book, changed); err != nil {
		t.Fatal(err)
	}
	select {
	case <-rung:
	default:
		t.Error("nobody was told")
	}
	if who, still := p.Again(*basic); !still || !Can(who, View, supervise.AllOf("db")) || Can(who, View, supervise.AllOf("web")) {
		t.Errorf("%+v, %v", who, still)
	}
	changed.Password = hashOfCost(10, "b")
	if err := rewrite(p.Book, changed); err != nil {
		t.Fatal(err)
	}
	if _, still := p.Again(*basic); still {
		t.Error("the old password still counts")
	}
	if _, still := p.Again(Principal{Grant: Full, Door: "inet", Via: Cookie, Session: "made up"}); still {
		t.Error("a session that never was")
	}
	if _, still := p.Again(Principal{Grant: Full, Door: "inet", Via: Open}); still {
		t.Error("the door is not open any more")
	}
}
