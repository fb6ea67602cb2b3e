package server

import (
	"context"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorilla/websocket"
	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

var builtIn = House{Static: fstest.MapFS{"index.html": {Data: []byte(indexHTML)}}}

// aBrowserSends is what tells a browser from a program over plain HTTP.
const aBrowserSends = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestAPageOpenedWithAPasswordGoesOnWithACookieAndItsSocketEndsWithTheAccount(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("right password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := anyPort
	endpoint.HasAuth = false
	ann := supervise.Account{Name: "ann", Password: string(hash), Grant: supervise.Grant{Role: supervise.Viewer, Programs: []string{"cat"}}}
	s, _ := start(t, Options{Endpoints: []Endpoint{endpoint}, Accounts: []supervise.Account{ann}}, builtIn)
	r, err := http.NewRequestWithContext(t.Context(), "GET", urlOf(s, 0)+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", aBrowserSends)
	r.SetBasicAuth("ann", "right password")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	cookies := response.Cookies()
	if response.StatusCode != 200 || len(cookies) != 1 {
		t.Fatalf("%d, cookies %v", response.StatusCode, cookies)
	}
	cookie := cookies[0].Name + "=" + cookies[0].Value
	if response, body := request(t, "GET", urlOf(s, 0)+"/api/v1/session", "", "Cookie", cookie); response.StatusCode != 200 || !strings.Contains(body, `"name":"ann"`) {
		t.Errorf("its scripts: %d %s", response.StatusCode, body)
	}
	if response, _ := request(t, "GET", urlOf(s, 0)+"/", "", "Cookie", cookie, "Accept", aBrowserSends); len(response.Cookies()) != 0 {
		t.Error("each look at the page is another session")
	}
	if response, _ := request(t, "POST", urlOf(s, 0)+"/RPC2", getIdentity, "Cookie", cookie); response.StatusCode != 401 {
		t.Errorf("XML-RPC takes the cookie: %d", response.StatusCode)
	}
	socket, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+s.Addrs()[0].String()+"/live",
		http.Header{"Cookie": {cookie}, "Origin": {urlOf(s, 0)}})
	if err != nil {
		t.Fatal("its socket:", err)
	}
	defer socket.Close()
	if err := socket.WriteJSON(map[string]any{"t": "hello", "v": 1}); err != nil {
		t.Fatal(err)
	}
	if _, frame, err := socket.ReadMessage(); err != nil || !strings.Contains(string(frame), `"ann"`) {
		t.Fatalf("%s, %v", frame, err)
	}
	if response, body := request(t, "DELETE", urlOf(s, 0)+"/api/v1/session", "", "Cookie", cookie, "X-CSRF", "1"); response.StatusCode != 200 {
		t.Fatalf("log out: %d %s", response.StatusCode, body)
	}
	for err == nil {
		_, _, err = socket.ReadMessage()
	}
	if !websocket.IsCloseError(err, 4401) {
		t.Errorf("after the logout the socket ends with %v", err)
	}
}

func TestABrowserNobodyKnowsGetsThePageAndNothingElse(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort}}, builtIn)
	for _, headers := range [][]string{{"Accept", aBrowserSends}, {"Sec-Fetch-Mode", "navigate"}, {"Accept", aBrowserSends, "Cookie", "supervisor_session=stale"}} {
		response, body := request(t, "GET", urlOf(s, 0)+"/", "", headers...)
		if response.StatusCode != 200 || !strings.Contains(body, `"user":null`) || strings.Contains(body, "secret") || len(response.Cookies()) != 0 {
			t.Errorf("%v: %d %s", headers, response.StatusCode, body)
		}
		response, body = request(t, "GET", urlOf(s, 0)+"/api/v1/processes", "", append(headers, "X-CSRF", "1")...)
		if response.StatusCode != 401 || response.Header.Get("WWW-Authenticate") != "" || !strings.Contains(body, "UNAUTHORIZED") {
			t.Errorf("%v: %d %v %s", headers, response.StatusCode, response.Header, body)
		}
	}
}

func TestTheKernelTellsWhoIsAtTheOtherEndOfASocket(t *testing.T) {
	if !knowsPeers {
		t.Fatal("this system is to be refused map_users, and no test says how it should behave")
	}
	e := socketIn(t)
	e.MapUsers = true
	s, _ := start(t, Options{Endpoints: []Endpoint{e, anyPort}, LoginName: func(uid int) string {
		if uid == os.Geteuid() {
			return "me"
		}
		return ""
	}})
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", e.Path)
		},
	}}
	response, err := client.Get("http://localhost/api/v1/session")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text := make([]byte, 1000)
	n, _ := response.Body.Read(text)
	if got := string(text[:n]); response.StatusCode != 200 || !strings.Contains(got, `"name":"me"`) || !strings.Contains(got, `"via":"peer"`) {
		t.Errorf("%d %s", response.StatusCode, got)
	}
	conn, err := net.Dial("tcp", s.Addrs()[1].String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if uid := peerUID(conn); uid != -1 {
		t.Errorf("at the other end of TCP is user %d", uid)
	}
}

func TestWhatIsWrongWithAccountsIsAmongTheProblems(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort}})
	if !slices.ContainsFunc(s.problems(), func(p supervise.Problem) bool { return strings.Contains(p.Text, "in plain text") }) {
		t.Errorf("problems: %+v", s.problems())
	}
	if _, body := request(t, "GET", urlOf(s, 0)+"/api/v1/identity", "", "Authorization", basic); !strings.Contains(body, "supervisorctl passwd user") {
		t.Errorf("an admin reads %s", body)
	}
}
