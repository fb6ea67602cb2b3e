package server

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// person gives one of the people by name.
func (town *town) person(name string) *person {
	town.Helper()
	for _, p := range town.people {
		if p.name == name {
			return p
		}
	}
	town.Fatal("nobody is called", name)
	return nil
}

// mints has somebody make a link, and gives it with the path of its address.
func (town *town) mints(p *person, body string) (wire.Link, string) {
	town.Helper()
	answer := town.ask(p, "POST", "/api/v1/links", body, "", "")
	var made wire.NewLink
	if err := json.Unmarshal([]byte(answer.body), &made); err != nil || answer.status != 200 {
		town.Fatalf("%d %s", answer.status, answer.body)
	}
	address, err := url.Parse(made.URL)
	if err != nil || !strings.HasPrefix(made.URL, urlOf(town.server, 0)+"/link/") {
		town.Fatalf("it is at %s: %v", made.URL, err)
	}
	for _, line := range answer.lines {
		if text, _ := json.Marshal(line); strings.Contains(string(text), strings.TrimPrefix(address.Path, "/link/")) {
			town.Errorf("the secret is in the trail: %s", text)
		}
	}
	return made.Link, address.Path
}

// visit asks for a page as a browser does, and follows nothing.
func (town *town) visit(method, path string, headers ...string) (*http.Response, string) {
	town.Helper()
	r, err := http.NewRequestWithContext(town.Context(), method, urlOf(town.server, 0)+path, nil)
	if err != nil {
		town.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Header.Set("Accept", aBrowserSends)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		town.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		town.Fatal(err)
	}
	return response, string(body)
}

// opens opens a link in a browser without any cookie, and gives the one it gets.
func (town *town) opens(path string) string {
	town.Helper()
	response, body := town.visit("POST", path)
	cookies := response.Cookies()
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "../" || len(cookies) != 1 {
		town.Fatalf("%d %v %s", response.StatusCode, response.Header, body)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

// forPrograms is where no cookie counts.
var forPrograms = []string{"/ok.html", "/metrics", "/logtail", "/mainlogtail"}

func TestABrowserThatOpenedALinkIsAnsweredAsTheLinkMayBe(t *testing.T) {
	town := newTown(t)
	like := town.person("link")
	link, path := town.mints(town.person("operator"), `{"programs":["insider:api"],"actions":["restart"],"expires":"1h"}`)
	for _, row := range rows {
		method, where, _ := strings.Cut(row.route, " ")
		if method == "ANY" {
			method = "GET"
		}
		if row.path != "" {
			where = row.path
		}
		wants := strings.Fields(row.want)
		want := wants[len(wants)-1]
		if slices.ContainsFunc(forPrograms, func(path string) bool { return strings.HasPrefix(where, path) }) {
			want = "401"
		}
		t.Run(row.route, func(t *testing.T) {
			town := *town
			town.T = t
			// Each with a browser of its own: some log out.
			p := &person{name: "link " + link.ID + " by operator", grant: like.grant, unseen: like.unseen, cookie: town.opens(path)}
			if want == "401" {
				if answer := town.ask(p, method, strings.ReplaceAll(where, "NAME", "insider:api"), row.body, "", row.accept); answer.status != 401 {
					t.Errorf("%d: %s", answer.status, answer.body)
				}
				return
			}
			if row.route == "DELETE /api/v1/session" {
				row.change = true // it ends here
			}
			town.try(row, method, where, p, want)
		})
	}
}

func TestWhatIsDoneByALinkIsInTheTrailWithTheLinkAndItsMinter(t *testing.T) {
	town := newTown(t)
	link, path := town.mints(town.person("operator"), `{"programs":["insider:api"],"actions":["restart"],"expires":"1h","uses":1}`)
	p := &person{name: "link", cookie: town.opens(path)}
	town.ask(p, "POST", "/api/v1/processes/insider:api/restart", "", "", "")
	town.ask(p, "POST", "/api/v1/processes/insider:api/stop", "", "", "")
	town.ask(town.person("admin"), "DELETE", "/api/v1/links/"+link.ID, "", "", "")
	got := []string{}
	for _, line := range town.newest(5) {
		got = append(got, strings.Join([]string{line.User, line.Via, line.Session, line.Verb, line.Target, line.Result}, "|"))
	}
	by := "link " + link.ID + " by operator|link|" + link.ID
	want := []string{
		"admin|basic||link|link " + link.ID + "|ok",
		by + "|stop|insider:api|refused",
		by + "|restart|insider:api|ok",
		by + "|open-link|link " + link.ID + "|ok",
		"operator|basic||link|link " + link.ID + "|ok",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestThePageOfALinkSaysWhatItIsForAndOneAnswerIsForAllThatDoNotWork(t *testing.T) {
	town := newTown(t)
	operator := town.person("operator")
	_, path := town.mints(operator, `{"programs":["insider:api"],"actions":["restart"],"expires":"1h","uses":1}`)
	revoked, revokedPath := town.mints(operator, `{"programs":["insider"],"actions":["view"],"expires":"1h"}`)
	town.ask(operator, "DELETE", "/api/v1/links/"+revoked.ID, "", "", "")

	for range 3 { // as programs do that show a preview of what is in a chat
		response, body := town.visit("GET", path)
		if response.StatusCode != 200 || len(response.Cookies()) != 0 || !strings.Contains(body, "<pre>see their state\nrestart them</pre>") ||
			!strings.Contains(body, "<pre>insider:api</pre>") || !strings.Contains(body, "opened once") || !strings.Contains(body, `<form method="post">`) {
			t.Fatalf("%d %v %s", response.StatusCode, response.Cookies(), body)
		}
		policy := response.Header.Get("Content-Security-Policy")
		if strings.Contains(policy, "script") || strings.Contains(body, "<script") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("headers %v", response.Header)
		}
	}
	if response, _ := town.visit("POST", path, "Sec-Fetch-Site", "cross-site"); response.StatusCode != http.StatusForbidden {
		t.Errorf("another site opens it: %d", response.StatusCode)
	}
	if response, _ := town.visit("PUT", path); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", response.StatusCode)
	}
	cookie := town.opens(path)
	if response, _ := town.visit("GET", path, "Cookie", cookie); response.StatusCode != http.StatusSeeOther {
		t.Errorf("whoever has opened it comes back to: %d", response.StatusCode)
	}
	_, want := town.visit("GET", "/link/nonsense")
	for _, method := range []string{"GET", "POST"} {
		for what, path := range map[string]string{"used up": path, "revoked": revokedPath, "longer": path + "/x", "none": "/link/"} {
			response, body := town.visit(method, path)
			if response.StatusCode != http.StatusNotFound || body != want || len(response.Cookies()) != 0 {
				t.Errorf("%s, by %s: %d %s", what, method, response.StatusCode, body)
			}
		}
	}
}

func TestWhoIsLoggedInKeepsTheirOwnRightsAndUsesNoLinkUp(t *testing.T) {
	town := newTown(t)
	_, path := town.mints(town.person("operator"), `{"programs":["insider:api"],"actions":["restart"],"expires":"1h","uses":1}`)
	response, _ := request(t, "POST", urlOf(town.server, 0)+"/api/v1/session", `{"user":"viewer","password":"secret"}`, "Content-Type", "application/json")
	session := response.Cookies()[0].Name + "=" + response.Cookies()[0].Value
	if response, body := town.visit("GET", path, "Cookie", session); response.StatusCode != 200 || !strings.Contains(body, "you are viewer") || strings.Contains(body, "<form") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response, _ := town.visit("POST", path, "Cookie", session); response.StatusCode != http.StatusSeeOther || len(response.Cookies()) != 0 {
		t.Errorf("%d %v", response.StatusCode, response.Cookies())
	}
	town.opens(path) // it still can be
}

func TestTheSocketOfALinkEndsWhenTheLinkIsRevoked(t *testing.T) {
	town := newTown(t)
	operator := town.person("operator")
	link, path := town.mints(operator, `{"programs":["insider:api"],"actions":["restart"],"expires":"1h"}`)
	socket, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+town.server.Addrs()[0].String()+"/live",
		http.Header{"Cookie": {town.opens(path)}, "Origin": {urlOf(town.server, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := socket.WriteJSON(map[string]any{"t": "hello", "v": 1}); err != nil {
		t.Fatal(err)
	}
	if _, frame, err := socket.ReadMessage(); err != nil || !strings.Contains(string(frame), "link "+link.ID) {
		t.Fatalf("%s, %v", frame, err)
	}
	if answer := town.ask(operator, "DELETE", "/api/v1/links/"+link.ID, "", "", ""); answer.status != 200 {
		t.Fatalf("%d %s", answer.status, answer.body)
	}
	for err == nil {
		_, _, err = socket.ReadMessage()
	}
	if !websocket.IsCloseError(err, 4403) {
		t.Errorf("it ends with %v", err)
	}
}

func TestALinkIsRefusedThatMakesNoSenseOrIsMoreThanItsMinterHas(t *testing.T) {
	town := newTown(t)
	for _, tt := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"without an end", `{"programs":["insider"],"actions":["restart"]}`, 400, "expires"},
		{"for too long", `{"programs":["insider"],"actions":["restart"],"expires":"31d"}`, 400, "at most 30 days"},
		{"that is over", `{"programs":["insider"],"actions":["restart"],"expires":"2020-01-01"}`, 400, "over already"},
		{"without programs", `{"actions":["restart"],"expires":"1h"}`, 400, "programs"},
		{"without actions", `{"programs":["insider"],"expires":"1h"}`, 400, "actions"},
		{"for what nobody knows", `{"programs":["insider"],"actions":["fly"],"expires":"1h"}`, 400, "no action"},
		{"to make links", `{"programs":["insider"],"actions":["link"],"expires":"1h"}`, 400, "handed on"},
		{"to read the trail", `{"programs":["insider"],"actions":["audit"],"expires":"1h"}`, 400, "handed on"},
		{"to shut down", `{"programs":["insider"],"actions":["shutdown"],"expires":"1h"}`, 400, "no action"},
		{"to write to stdin", `{"programs":["insider"],"actions":["stdin"],"expires":"1h"}`, 403, `"detail":"stdin by a link to insider"`},
		{"less than never", `{"programs":["insider"],"actions":["restart"],"expires":"1h","uses":-1}`, 400, "uses"},
		{"to a program and one that is hidden", `{"programs":["insider","canary"],"actions":["restart"],"expires":"1h"}`, 404, "BAD_NAME"},
		{"to one that is denied", `{"programs":["mixed:canary"],"actions":["restart"],"expires":"1h"}`, 404, "BAD_NAME"},
		{"to all that they have", `{"programs":["*"],"actions":["restart","logs"],"expires":"30d","uses":3}`, 200, `"uses":3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			town := *town
			town.T = t
			answer := town.ask(town.person("operator"), "POST", "/api/v1/links", tt.body, "", "")
			if answer.status != tt.status || !strings.Contains(answer.body, tt.says) {
				t.Errorf("%d %s", answer.status, answer.body)
			}
		})
	}
}

func TestWhoMayMakeNoLinksIsToldWhatTheyWereRefused(t *testing.T) {
	town := newTown(t)
	body := `{"programs":["a","b","c","d","e","f","g"],"actions":["restart"],"expires":"1h"}`
	answer := town.ask(town.person("viewer"), "POST", "/api/v1/links", body, "", "")
	if answer.status != 403 || !strings.Contains(answer.body, `"detail":"make a link to a, b, c, d, e and 2 more"`) {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	if answer := town.ask(town.person("viewer"), "POST", "/api/v1/links", "no JSON", "", ""); answer.status != 403 {
		t.Errorf("%d %s", answer.status, answer.body)
	}
}

func TestLinksAreListedToTheirMintersAndToAdmins(t *testing.T) {
	town := newTown(t)
	link, path := town.mints(town.person("operator"), `{"programs":["insider:api"],"actions":["restart"],"expires":"1h","comment":"for <b>olga</b>"}`)
	others, _ := town.mints(town.person("token"), `{"programs":["insider"],"actions":["view"],"expires":"1h"}`)
	list := func(p *person, query string) string {
		t.Helper()
		answer := town.ask(p, "GET", "/api/v1/links"+query, "", "", "")
		if strings.Contains(answer.body, strings.TrimPrefix(path, "/link/")) {
			t.Error("a list tells the secret")
		}
		return answer.body
	}
	for _, tt := range []struct {
		who, query   string
		sees, others bool
	}{{"operator", "", true, false}, {"token", "", false, true}, {"admin", "", false, false}, {"admin", "?all=1", true, true}, {"viewer", "", false, false}} {
		got := list(town.person(tt.who), tt.query)
		if strings.Contains(got, link.ID) != tt.sees || strings.Contains(got, others.ID) != tt.others {
			t.Errorf("%s%s: %s", tt.who, tt.query, got)
		}
	}
	if answer := town.ask(town.person("token"), "DELETE", "/api/v1/links/"+link.ID, "", "", ""); answer.status != 404 {
		t.Errorf("somebody else revokes it: %d", answer.status)
	}
	p := &person{name: "x", cookie: town.opens(path)}
	if answer := town.ask(p, "GET", "/api/v1/session", "", "", ""); !strings.Contains(answer.body, `"via":"link"`) || !strings.Contains(answer.body, `"minter":"operator"`) {
		t.Errorf("who am I: %s", answer.body)
	}
	if answer := town.ask(town.person("admin"), "PUT", "/api/v1/users/x", `{"role":"viewer","programs":["insider"]}`, "", ""); answer.status != 200 {
		t.Errorf("%d %s", answer.status, answer.body)
	}
	if got := list(town.person("operator"), ""); !strings.Contains(got, `"used":1`) || !strings.Contains(got, `"open":1`) {
		t.Errorf("after it was opened: %s", got)
	}
}

func TestWhoMintedALinkReadsWhenItWasOpenedAndNobodyElseDoes(t *testing.T) {
	town := newTown(t)
	operator := town.person("operator")
	link, path := town.mints(operator, `{"programs":["insider:api"],"actions":["restart"],"expires":"1h"}`)
	other, otherPath := town.mints(town.person("token"), `{"programs":["insider:api"],"actions":["restart"],"expires":"1h"}`)
	third, thirdPath := town.mints(town.person("admin"), `{"programs":["canary:main"],"actions":["restart"],"expires":"1h"}`)
	for _, path := range []string{path, otherPath, thirdPath} {
		town.opens(path)
	}
	town.ask(town.person("admin"), "DELETE", "/api/v1/links/"+link.ID, "", "", "") // it was opened all the same
	for name, want := range map[string][]string{
		"operator": {link.ID}, "token": {other.ID}, "operator-outside": nil, "admin": {third.ID, other.ID, link.ID},
	} {
		p := town.person(name)
		answer := town.ask(p, "GET", "/api/v1/audit", "", "", "")
		var page wire.Trail
		if err := json.Unmarshal([]byte(answer.body), &page); err != nil {
			t.Fatalf("%v: %s", err, answer.body)
		}
		var opened []string
		for _, e := range page.Entries {
			if e.Verb != "open-link" {
				continue
			}
			opened = append(opened, strings.TrimPrefix(e.Target, "link "))
			if known := e.Addr != ""; known != (name == "admin") {
				t.Errorf("%s reads that it was from %q", name, e.Addr)
			}
		}
		if !slices.Equal(opened, want) {
			t.Errorf("%s reads that %v were opened, want %v", name, opened, want)
		}
		if name != "admin" {
			town.mustNotTell(p, "the trail", answer.body)
		}
	}
}

func TestALinkMintedThroughAUnixSocketLeadsToWhereBrowsersComeIn(t *testing.T) {
	if !knowsPeers {
		t.Skip("this system does not tell who is at the other end of a socket, so nobody mints there")
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host = strings.ToLower(host)
	inet := Endpoint{Section: "inet_http_server", Host: "127.0.0.1"}
	at := func(change func(*Endpoint)) Endpoint { e := inet; change(&e); return e }
	for _, tt := range []struct {
		name  string
		also  []Endpoint
		where string // PORT is that of the last listener
	}{
		{"nowhere", nil, ""},
		{"at an address", []Endpoint{inet}, "http://127.0.0.1:PORT/link/"},
		{"by the name of the machine", []Endpoint{at(func(e *Endpoint) { e.Host = "" })}, "http://" + host + ":PORT/link/"},
		{"under a prefix", []Endpoint{at(func(e *Endpoint) { e.BasePath = "/sup/" })}, "http://127.0.0.1:PORT/sup/link/"},
		{"by the name it is called", []Endpoint{at(func(e *Endpoint) { e.TrustedHosts = []string{"*.example", "box.example"} })}, "http://box.example:PORT/link/"},
		{"by TLS rather than without", []Endpoint{inet, at(func(e *Endpoint) { e.TLSSelfSigned = true })}, "https://127.0.0.1:PORT/link/"},
		{"through a proxy", []Endpoint{at(func(e *Endpoint) {
			e.TrustedHosts, e.TrustedProxies, e.BasePath = []string{"box.example"}, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, "/sup/"
		})}, "https://box.example/sup/link/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			unix := socketIn(t)
			unix.MapUsers = true
			olga := supervise.Account{Name: "olga", Grant: auth.Full, UnixUsers: []string{strconv.Itoa(os.Getuid())}}
			s, _ := start(t, Options{Endpoints: append([]Endpoint{unix}, tt.also...), Accounts: []supervise.Account{olga}}, House{Engine: newVillage(t)})
			client := &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, "unix", unix.Path)
				},
			}}
			mint := func(headers ...string) (*http.Response, string) {
				return requestBy(t, client, "POST", "http://localhost/api/v1/links", `{"programs":["*"],"actions":["restart"],"expires":"1h"}`,
					append([]string{"Content-Type", "application/json"}, headers...)...)
			}
			response, body := mint()
			addrs := s.Addrs()
			_, port, _ := net.SplitHostPort(addrs[len(addrs)-1].String())
			want := `"url":"` + strings.Replace(tt.where, "PORT", port, 1)
			switch {
			case tt.where == "" && (response.StatusCode != http.StatusConflict || !strings.Contains(body, "[inet_http_server]")):
				t.Errorf("%d %s", response.StatusCode, body)
			case tt.where != "" && (response.StatusCode != 200 || !strings.Contains(body, want)):
				t.Errorf("%d %s, want %s", response.StatusCode, body, want)
			}
			// A browser that a proxy leads to the socket says where it is.
			if _, body := mint("Host", "page.example", "Origin", "https://page.example", "Sec-Fetch-Site", "same-origin"); !strings.Contains(body, `"url":"https://page.example/link/`) {
				t.Errorf("behind a proxy: %s", body)
			}
		})
	}
}
