package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorilla/websocket"
)

// sendRaw writes a request as it stands, and reads the answer.
func sendRaw(t *testing.T, network, address, text string) (status int, header http.Header, body string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(all)
}

// openPort is a door that lets everybody in: the one a page could make use of.
var openPort = Endpoint{Section: "inet_http_server", Host: "127.0.0.1"}

func TestBrowsersAreRefusedUnderNamesThatAreNotOurs(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	trusting := openPort
	trusting.Section, trusting.TrustedHosts = "inet_http_server:two", []string{"*.Corp.example", "box"}
	s, log := start(t, Options{Endpoints: []Endpoint{openPort, trusting, socketIn(t)}})
	const firefox = "User-Agent: Mozilla/5.0\r\nAccept-Language: de\r\n"
	for _, tt := range []struct {
		name, method, path, host, headers string
		listener, status                  int
	}{
		{"a rebound page that reads", "GET", "/api/v1/processes", "evil.example", firefox, 0, 421},
		{"one that dresses up as a program", "GET", "/api/v1/processes", "evil.example", "User-Agent: curl\r\nAccept-Language:\r\n", 0, 421},
		{"one that gives orders", "POST", "/RPC2", "evil.example", "Origin: http://evil.example\r\n", 0, 421},
		{"one in a browser that says so", "GET", "/logtail/cat", "evil.example:80", "Sec-Fetch-Site: same-origin\r\n", 0, 421},
		{"one that connects", "GET", "/live", "evil.example", "Origin: http://evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", 0, 421},
		{"somebody who brings a cookie", "GET", "/ok.html", "evil.example", "Cookie: supervisor_session=x\r\n", 0, 421},
		{"the page itself", "GET", "/", "evil.example", firefox, 0, 421},
		{"a name that only begins as ours", "GET", "/ok.html", "localhost.evil.example", firefox, 0, 421},
		{"a name that looks like an address", "GET", "/ok.html", "127.0.0.1.evil.example", firefox, 0, 421},
		{"no name", "GET", "/ok.html", "", firefox, 0, 421},
		{"an address", "GET", "/ok.html", "127.0.0.1:9001", firefox, 0, 200},
		{"an address of the newer kind", "GET", "/ok.html", "[::1]:9001", firefox, 0, 200},
		{"localhost", "GET", "/ok.html", "LocalHost:1", firefox, 0, 200},
		{"the machine", "GET", "/ok.html", machine + ".:9001", firefox, 0, 200},
		{"a name of the configuration", "GET", "/ok.html", "a.corp.EXAMPLE", firefox, 1, 200},
		{"another one", "GET", "/ok.html", "box:9001", firefox, 1, 200},
		{"one beside it", "GET", "/ok.html", "corp.example", firefox, 1, 421},
		{"a program that knows us by a name in the DNS", "GET", "/ok.html", "box.example", "User-Agent: Python-xmlrpc/3.11\r\nAccept-Encoding: gzip\r\n", 0, 200},
		{"its call", "POST", "/RPC2", "box.example", "Content-Type: text/xml\r\n", 0, 200},
		{"a proxy that is not trusted", "GET", "/ok.html", "evil.example", firefox + "X-Forwarded-Host: localhost\r\n", 0, 421},
		{"a unix socket", "GET", "/ok.html", "evil.example", firefox, 2, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := ""
			if tt.method == "POST" {
				body = getIdentity
			}
			address := s.Addrs()[tt.listener]
			status, _, answer := sendRaw(t, address.Network(), address.String(), fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n%s",
				tt.method, tt.path, tt.host, tt.headers, len(body), body))
			if status != tt.status || strings.Contains(answer, "secret") && status != 200 {
				t.Errorf("%d %s, want %d", status, answer, tt.status)
			}
			if status == 421 && !strings.Contains(answer, "trusted_hosts= in [inet_http_server") {
				t.Errorf("it is not told what to do: %s", answer)
			}
		})
	}
	if status, _, _ := sendRaw(t, "tcp", s.Addrs()[0].String(), "GET /ok.html HTTP/1.0\r\n\r\n"); status != 200 {
		t.Error("a program of HTTP/1.0 is answered", status)
	}
	if !strings.Contains(log.String(), "host=evil.example") {
		t.Error("the log does not say who was refused:", log)
	}
}

// proxied is an endpoint behind a proxy, which the test plays.
func proxied() Endpoint {
	e := anyPort
	e.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	e.TrustedHosts = []string{"box.example"}
	e.BasePath = "/sup/"
	return e
}

func TestBehindAProxyTheNamesCountThatBrowsersUse(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied()}})
	asks := []string{"Authorization", basic, "Accept-Language", "de"}
	for _, tt := range []struct {
		name, method string
		headers      []string
		status       int
	}{
		{"a name it is trusted with", "GET", []string{"X-Forwarded-Host", "box.example"}, 200},
		{"another name", "GET", []string{"X-Forwarded-Host", "evil.example"}, 421},
		{"one that the browser made up, and the proxy's", "GET", []string{"X-Forwarded-Host", "box.example, evil.example"}, 421},
		{"a page that goes past the proxy", "GET", []string{"Host", "evil.example", "X-Forwarded-Host", "box.example"}, 421},
		{"an order of our page over TLS", "POST", []string{"X-Forwarded-Host", "box.example", "X-Forwarded-Proto", "https", "Origin", "https://box.example"}, 200},
		{"one of the same host without TLS", "POST", []string{"X-Forwarded-Host", "box.example", "X-Forwarded-Proto", "https", "Origin", "http://box.example"}, 403},
		{"one of another port", "POST", []string{"X-Forwarded-Host", "box.example", "Origin", "http://box.example:8080"}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, body := "/sup/ok.html", ""
			if tt.method == "POST" {
				path, body = "/sup/RPC2", getIdentity
			}
			if response, answer := request(t, tt.method, urlOf(s, 0)+path, body, append(tt.headers, asks...)...); response.StatusCode != tt.status {
				t.Errorf("%d %s, want %d", response.StatusCode, answer, tt.status)
			}
		})
	}
}

func TestBehindAProxyBrowsersConnectFromThePageTheySee(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied()}})
	for origin, want := range map[string]int{"https://box.example": 101, "http://box.example": 403, "https://evil.example": 403} {
		header := http.Header{"Authorization": {basic}, "Origin": {origin}, "X-Forwarded-Host": {"box.example"}, "X-Forwarded-Proto": {"https"}}
		dialer := websocket.Dialer{Subprotocols: []string{"supervisor.v1"}}
		socket, response, err := dialer.DialContext(t.Context(), "ws://"+s.Addrs()[0].String()+"/sup/live", header)
		if response == nil || response.StatusCode != want {
			t.Errorf("%s: %v, %v, want %d", origin, response, err, want)
		}
		if err == nil {
			socket.Close()
		}
	}
}

func TestABasePathIsWhereThePageIs(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied()}}, House{Static: fstest.MapFS{
		"index.html":  {Data: []byte(indexHTML)},
		"assets/a.js": {Data: []byte("script")},
	}})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(urlOf(s, 0) + "/sup?q=cat")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	client.CloseIdleConnections()
	if response.StatusCode != 308 || response.Header.Get("Location") != "/sup/?q=cat" {
		t.Errorf("the bare prefix: %d to %q", response.StatusCode, response.Header.Get("Location"))
	}
	for _, tt := range []struct {
		name, method, path, body string
		has                      string
	}{
		{"the page", "GET", "/sup/", "", `<base href="/sup/" />`},
		{"the page, behind a proxy that takes the prefix off", "GET", "/", "", `<base href="/sup/" />`},
		{"what it needs to begin", "GET", "/sup/", "", `"base":"/sup/"`},
		{"its parts", "GET", "/sup/assets/a.js", "", "script"},
		{"a place in it", "GET", "/sup/process/cat/cat", "", `<base href="/sup/" />`},
		{"what it asks", "GET", "/sup/api/v1/processes", "", `"cat"`},
		{"a name that is escaped", "GET", "/sup/api/v1/processes/cat%3Acat", "", `"cat"`},
		{"a call", "POST", "/sup/RPC2", getIdentity, "the secret identifier"},
		{"a call of a program", "POST", "/RPC2", getIdentity, "the secret identifier"},
		{"a probe", "GET", "/ok.html", "", "OK"},
	} {
		response, body := request(t, tt.method, urlOf(s, 0)+tt.path, tt.body, "Authorization", basic, "Accept", "text/html")
		if response.StatusCode != 200 || !strings.Contains(body, tt.has) {
			t.Errorf("%s: %d %s, want %s", tt.name, response.StatusCode, body, tt.has)
		}
	}
	for proto, want := range map[string]string{"http": "supervisor_session=", "https": "__Host-supervisor="} {
		response, _ := request(t, "POST", urlOf(s, 0)+"/sup/api/v1/session", `{"user":"user","password":"pass"}`,
			"Content-Type", "application/json", "X-Csrf", "1", "X-Forwarded-Proto", proto, "X-Forwarded-For", "192.0.2.7")
		cookie := response.Header.Get("Set-Cookie")
		path, secure := "; Path=/sup/", false
		if proto == "https" {
			path, secure = "; Path=/;", true
		}
		if !strings.HasPrefix(cookie, want) || !strings.Contains(cookie, path) || strings.Contains(cookie, "; Secure") != secure ||
			!strings.Contains(cookie, "; HttpOnly") || !strings.Contains(cookie, "; SameSite=Lax") {
			t.Errorf("%s: cookie %q", proto, cookie)
		}
	}
	_, body := request(t, "GET", urlOf(s, 0)+"/sup/api/v1/sessions", "", "Authorization", basic)
	if !strings.Contains(body, `"192.0.2.7"`) {
		t.Error("the address that the proxy tells is not the session's:", body)
	}
}

func TestAnAddressIsBelievedOnlyAsFarAsProxiesHaveSeenIt(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied(), anyPort}})
	for i, want := range []string{`"192.0.2.7"`, `"127.0.0.1:`} {
		request(t, "POST", urlOf(s, i)+"/api/v1/session", `{"user":"user","password":"pass"}`,
			"Content-Type", "application/json", "X-Csrf", "1", "X-Forwarded-For", "203.0.113.1, 192.0.2.7")
		_, body := request(t, "GET", urlOf(s, i)+"/api/v1/sessions", "", "Authorization", basic)
		if !strings.Contains(body, want) || strings.Contains(body, "203.0.113.1") {
			t.Errorf("listener %d: %s, want %s", i, body, want)
		}
	}
}
