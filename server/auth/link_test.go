package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
)

// linkHouse is a house where olga, an operator of web and db, mints links.
type linkHouse struct {
	*Authenticator
	t     *testing.T
	file  *fileOf
	state *drawer
	seen  []Incident
}

func operator(name string) supervise.Account {
	return supervise.Account{Name: name, Password: hashOfCost(10, "a"), Grant: supervise.Grant{
		Role: supervise.Operator, Programs: []string{"web", "db"}, Deny: []string{"web:secret"},
	}}
}

func newLinkHouse(t *testing.T) *linkHouse {
	t.Helper()
	h := &linkHouse{t: t, file: &fileOf{accounts: []supervise.Account{operator("olga")}}, state: newDrawer()}
	h.restart()
	return h
}

func (h *linkHouse) restart() {
	h.t.Helper()
	h.Authenticator = house(h.t, Options{
		Store: h.file, State: h.state, Sections: []Section{{Name: "inet"}, {Name: "own", Username: "olga", Password: "x", File: "main", Line: 3}},
		Witness: func(_ context.Context, seen Incident) { h.seen = append(h.seen, seen) },
	})
}

var olga = Principal{Name: "olga", Door: "inet", Via: Basic, UID: -1}

// anHour is a link to restart web that ends in an hour.
func anHour(uses int) Link {
	return Link{Programs: []string{"web"}, Actions: []Verb{Restart}, Expires: time.Now().Add(time.Hour), Uses: uses}
}

func (h *linkHouse) mint(wanted Link) (string, Link) {
	h.t.Helper()
	secret, made, err := h.Mint(olga, wanted)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret, made
}

func (h *linkHouse) browser(cookie *http.Cookie) *http.Request {
	r := httptest.NewRequest("POST", "/link/x", nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	return r.WithContext(AtDoor(r.Context(), h.Doors()[0], -1))
}

// opens gives the cookie of a browser that opens a link, nil if it is refused.
func (h *linkHouse) opens(secret string) *http.Cookie {
	h.t.Helper()
	w := httptest.NewRecorder()
	opened, cookies := OpenLink(w, h.browser(nil), secret), w.Result().Cookies()
	if opened != (len(cookies) == 1) {
		h.t.Fatalf("opened: %v, cookies: %v", opened, cookies)
	}
	if !opened {
		return nil
	}
	return cookies[0]
}

// who is who comes with a cookie.
func (h *linkHouse) who(cookie *http.Cookie) Principal {
	var who Principal
	Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { who = From(r.Context()) })).
		ServeHTTP(httptest.NewRecorder(), h.browser(cookie))
	return who
}

func (h *linkHouse) change(change func(*supervise.Account)) {
	h.file.edit(func(all []supervise.Account) []supervise.Account {
		change(&all[0])
		return all
	})
	time.Sleep(2 * lookAgainAfter) // of the bubble: costs nothing
}

var (
	webAPI    = supervise.NameSpec{Group: "web", Process: "api"}
	webSecret = supervise.NameSpec{Group: "web", Process: "secret"}
	dbMain    = supervise.NameSpec{Group: "db", Process: "main"}
)

func TestWhoOpensALinkMayDoWhatItSaysAndNothingElse(t *testing.T) {
	h := newLinkHouse(t)
	secret, made := h.mint(anHour(1))
	cookie := h.opens(secret)
	if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Name != "supervisor_link" || len(secret) != 43 || cookie.Value == secret {
		t.Fatalf("cookie %v", cookie)
	}
	who := h.who(cookie)
	if who.Name != "link "+made.ID+" by olga" || who.Via != LinkWay || who.Session != made.ID {
		t.Errorf("who: %+v", who)
	}
	for _, tt := range []struct {
		verb Verb
		name supervise.NameSpec
		want bool
	}{
		{View, webAPI, true}, {Restart, webAPI, true}, {Start, webAPI, false}, {Logs, webAPI, false}, {MintLink, webAPI, false}, {Trail, webAPI, false},
		{View, webSecret, false}, {Restart, webSecret, false}, {View, dbMain, false}, {Restart, dbMain, false},
		{View, Supervisord, true}, {Shutdown, Supervisord, false}, {Users, Supervisord, false}, {Restart, Everything, true}, {Stop, Everything, false},
	} {
		if got := Can(who, tt.verb, tt.name); got != tt.want {
			t.Errorf("%s %v: %v", tt.verb, tt.name, got)
		}
	}
	last := h.seen[len(h.seen)-1]
	if last.Verb != "open-link" || last.Target != "link "+made.ID || last.Who.Name != who.Name || last.Refused != nil {
		t.Errorf("the trail is told %+v", last)
	}
	w := httptest.NewRecorder()
	RequireWithoutCookie(http.NotFoundHandler()).ServeHTTP(w, h.browser(cookie))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("XML-RPC takes the cookie: %d", w.Code)
	}
}

func TestALookAtALinkUsesNothingUpAndTheSecretIsNoCookie(t *testing.T) {
	h := newLinkHouse(t)
	secret, _ := h.mint(anHour(1))
	for range 5 {
		if _, opened, found := LookAtLink(h.browser(nil), secret); !found || opened {
			t.Fatal("a look used it up")
		}
	}
	if who := h.who(&http.Cookie{Name: "supervisor_link", Value: secret}); who.Via != "" {
		t.Errorf("who has the address is let in without opening it: %+v", who)
	}
	cookie := h.opens(secret)
	if cookie == nil {
		t.Fatal("it cannot be opened")
	}
	if _, opened, found := LookAtLink(h.browser(cookie), secret); !opened || !found {
		t.Error("the browser that opened it is not known to have")
	}
	if _, _, found := LookAtLink(h.browser(nil), secret); found || h.opens(secret) != nil {
		t.Error("a link for one browser was opened by two")
	}
	last := h.seen[len(h.seen)-1]
	if last.Refused == nil || strings.Contains(last.Target, secret) {
		t.Errorf("the trail is told %+v", last)
	}
}

func TestALinkForThreeIsOpenedByThreeOfTwentyWhoTryAtOnce(t *testing.T) {
	h := newLinkHouse(t)
	h.Authenticator.options.Witness = func(context.Context, Incident) {}
	secret, _ := h.mint(anHour(3))
	var work sync.WaitGroup
	opened := make([]bool, 20)
	for i := range opened {
		work.Go(func() { opened[i] = OpenLink(httptest.NewRecorder(), h.browser(nil), secret) })
	}
	work.Wait()
	if n := len(slices.DeleteFunc(opened, func(b bool) bool { return !b })); n != 3 {
		t.Errorf("%d opened it", n)
	}
}

func TestALinkHasNeverMoreThanItsMinterHasAtTheTime(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*supervise.Account)
		gone   bool
		may    bool // restart web:api
		sees   bool
	}{
		{"is promoted", func(a *supervise.Account) { a.Grant = Full }, false, true, true},
		{"has another program", func(a *supervise.Account) { a.Grant.Programs = []string{"db"} }, false, false, false},
		{"is denied this one", func(a *supervise.Account) { a.Grant.Deny = []string{"web:api"} }, false, false, false},
		{"may only start and link", func(a *supervise.Account) { a.Grant.Actions = []Verb{Start, MintLink} }, false, false, true},
		{"may not link any more", func(a *supervise.Account) { a.Grant.Actions = []Verb{Restart} }, true, false, false},
		{"becomes a viewer", func(a *supervise.Account) { a.Grant.Role = supervise.Viewer }, true, false, false},
		{"is disabled", func(a *supervise.Account) { a.Disabled = true }, true, false, false},
		{"is somebody else", func(a *supervise.Account) { a.Name = "oleg" }, true, false, false},
		{"has another password", func(a *supervise.Account) { a.Password = hashOfCost(10, "b") }, false, true, true},
	} {
		t.Run("whose minter "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLinkHouse(t)
				secret, _ := h.mint(anHour(0))
				cookie := h.opens(secret)
				before := h.who(cookie)
				former := h.file.accounts[0]
				h.change(tt.change)
				now := h.who(cookie)
				again, ok := h.Again(before)
				if ok == tt.gone || now.Via == "" != tt.gone || !again.Grant.Equal(now.Grant) {
					t.Errorf("now %+v; a socket that is open: %v %+v", now, ok, again)
				}
				if Can(now, Restart, webAPI) != tt.may || Can(now, View, webAPI) != tt.sees || Can(now, Restart, dbMain) {
					t.Errorf("rights: %+v", now.Grant)
				}
				if !tt.gone {
					return
				}
				h.change(func(a *supervise.Account) { *a = former })
				if h.who(cookie).Via != "" || h.opens(secret) != nil {
					t.Error("it is there again when somebody has that name again")
				}
			})
		})
	}
}

func TestALinkThatIsRevokedOrOverEndsWhatIsOpen(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*linkHouse, Link, *http.Cookie)
	}{
		{"revoked", func(h *linkHouse, l Link, _ *http.Cookie) {
			changed := h.Changed()
			if first, err := h.Links.Revoke(l.ID); !first || err != nil {
				t.Errorf("revoked: %v, %v", first, err)
			}
			if again, _ := h.Links.Revoke(l.ID); again {
				h.t.Error("it is not revoked once")
			}
			select {
			case <-changed:
			default:
				h.t.Error("open sockets are not told")
			}
		}},
		{"over", func(*linkHouse, Link, *http.Cookie) { time.Sleep(time.Hour) }},
		{"left", func(h *linkHouse, _ Link, cookie *http.Cookie) {
			changed, w := h.Changed(), httptest.NewRecorder()
			Recognise(http.HandlerFunc(LogOut)).ServeHTTP(w, h.browser(cookie))
			<-changed
			if all := w.Result().Cookies(); !slices.ContainsFunc(all, func(c *http.Cookie) bool { return c.Name == "supervisor_link" && c.MaxAge < 0 }) {
				h.t.Errorf("the cookie stays: %v", all)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newLinkHouse(t)
				h.t = t
				secret, made := h.mint(anHour(1))
				cookie := h.opens(secret)
				who := h.who(cookie)
				if _, ok := h.Again(who); !ok {
					t.Fatal("it does not hold")
				}
				tt.end(h, made, cookie)
				if _, ok := h.Again(who); ok || h.who(cookie).Via != "" || h.opens(secret) != nil {
					t.Error("it still opens")
				}
			})
		})
	}
}

func TestLinksOutliveARestartAndAreKeptWithoutWhatOpensThem(t *testing.T) {
	h := newLinkHouse(t)
	secret, made := h.mint(anHour(2))
	cookie := h.opens(secret)
	h.restart()
	if who := h.who(cookie); who.Session != made.ID || !Can(who, Restart, webAPI) {
		t.Errorf("after a restart: %+v", who)
	}
	if h.opens(secret) == nil || h.opens(secret) != nil {
		t.Error("it forgot how often it was opened")
	}
	text := string(h.state.Read("links.json"))
	if strings.Contains(text, secret) || strings.Contains(text, cookie.Value) || !strings.Contains(text, made.ID) {
		t.Errorf("links.json: %s", text)
	}
	if _, err := h.Links.Revoke(made.ID); err != nil {
		t.Error(err)
	}
	h.restart()
	if h.who(cookie).Via != "" {
		t.Error("a link that was revoked is back after a restart")
	}
	if err := h.state.Write("links.json", []byte(`{"version":1,"links":[{"sha256":"a","id":"b","minter":"olga","programs":["web"],"actions":["stop"],"expires":"2999-01-01T00:00:00Z"}]}`)); err != nil {
		t.Fatal(err)
	}
	h.restart()
	if all := h.Links.List(func(Link) bool { return true }); len(all) != 0 {
		t.Errorf("a link for ever: %+v", all)
	}
}

func TestALinkNeedsAnAccountThatStandsBehindIt(t *testing.T) {
	h := newLinkHouse(t)
	for _, tt := range []struct {
		name string
		who  Principal
		want Minter
		err  error
	}{
		{"of an account", olga, Minter{Name: "olga"}, nil},
		{"of a section's username, not of the account of that name", Principal{Name: "olga", Door: "own", Via: Basic}, Minter{Name: "olga", Section: "own"}, nil},
		{"from an open door", Principal{Name: "olga", Grant: Full, Door: "inet", Via: Open}, Minter{}, ErrNoMinter},
		{"of another link", Principal{Name: "olga", Grant: Full, Door: "inet", Via: LinkWay}, Minter{}, ErrNoMinter},
		{"of nobody", Principal{Name: "root", Grant: Full, Door: "inet", Via: Peer}, Minter{}, ErrNoMinter},
		{"of a token that is gone", Principal{Name: "olga", Door: "inet", Via: Token}, Minter{}, ErrNoMinter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, made, err := h.Mint(tt.who, anHour(1))
			if !errors.Is(err, tt.err) || made.Minter != tt.want {
				t.Errorf("%+v, %v", made.Minter, err)
			}
		})
	}
}

func TestNobodyFillsTheHouseWithLinks(t *testing.T) {
	h := newLinkHouse(t)
	for range maxLinksPerMinter {
		h.mint(anHour(1))
	}
	if _, _, err := h.Mint(olga, anHour(1)); !errors.Is(err, ErrTooManyLinks) {
		t.Errorf("one too many: %v", err)
	}
	secret, _ := func() (string, Link) {
		if _, err := h.Links.Revoke(h.Links.List(func(Link) bool { return true })[0].ID); err != nil {
			t.Error(err)
		}
		return h.mint(anHour(0))
	}()
	first := h.opens(secret)
	for range maxOpenings {
		h.opens(secret)
	}
	if h.who(first).Via != "" {
		t.Error("a link has more browsers than it may")
	}
}

func TestTheCookieOfALinkIsForThisHostAloneBehindTLS(t *testing.T) {
	h := newLinkHouse(t)
	secret, made := h.mint(anHour(1))
	r, w := h.browser(nil), httptest.NewRecorder()
	r.TLS = &tls.ConnectionState{}
	if !OpenLink(w, r, secret) {
		t.Fatal("it cannot be opened")
	}
	cookie := w.Result().Cookies()[0]
	if cookie.Name != "__Host-supervisor-link" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.MaxAge < 3500 || cookie.MaxAge > 3601 {
		t.Errorf("cookie %v", cookie)
	}
	if who := h.who(&http.Cookie{Name: "supervisor_link", Value: cookie.Value}); who.Session != made.ID {
		t.Errorf("it opens nothing: %+v", who)
	}
}

func TestWhoRevokesALinkIsToldThatTheDiskDoesNotKnowOfIt(t *testing.T) {
	h := newLinkHouse(t)
	_, made := h.mint(anHour(2))
	h.state.full = errors.New("no space left on device")
	if found, err := h.Links.Revoke(made.ID); !found || err != h.state.full {
		t.Errorf("%v, %v", found, err)
	}
	if _, found := h.Links.Find(made.ID); found {
		t.Error("it is still there")
	}
}
