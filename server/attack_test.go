package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestWhatIsRefusedAtTheDoorIsInTheTrail(t *testing.T) {
	admin := newTown(t).who("admin").header
	const foreign = "http://127.0.0.1:1"
	for _, tt := range []struct {
		name, method, path, host string
		headers                  map[string]string
		status                   int
		verb, detail, user       string
	}{
		{"an order of another site's page", "POST", "/api/v1/all/stop", "", map[string]string{"Origin": foreign, "Authorization": admin}, 403, "cross-site", "a page of " + foreign, ""},
		{"a call of one", "POST", "/RPC2", "", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": admin}, 403, "cross-site", "a page of another site", ""},
		{"a connection of one", "GET", "/live", "", map[string]string{
			"Origin": foreign, "Authorization": admin, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
		}, 403, "cross-site", "a page of " + foreign, "admin"},
		{"a rebound name", "GET", "/api/v1/processes", "evil.example", map[string]string{"Accept-Language": "en", "Authorization": admin}, 421, "misdirected", "Host: evil.example", ""},
		{"an address that tells a secret", "POST", "/link/hunter2", "evil.example", map[string]string{"Origin": foreign}, 421, "misdirected", "Host: evil.example", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			town := newTown(t) // of one address and verb there is one line a second
			r, err := http.NewRequestWithContext(t.Context(), tt.method, urlOf(town.server, 0)+tt.path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tt.host
			for name, value := range tt.headers {
				r.Header.Set(name, value)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			lines := town.newest(5)
			if response.StatusCode != tt.status || len(lines) != 1 {
				t.Fatalf("answered %d, in the trail: %+v", response.StatusCode, lines)
			}
			l := lines[0]
			target := tt.method + " " + strings.Replace(tt.path, "hunter2", "...", 1)
			if string(l.Verb) != tt.verb || l.Detail != tt.detail || l.Target != target || l.User != tt.user ||
				l.Result != "refused" || l.Count != 1 || l.Door != "inet_http_server" || l.Addr != "127.0.0.1" {
				t.Errorf("in the trail: %+v", l)
			}
		})
	}
}

func TestWhatIsForProgramsIsNotFramedEvenWhereItIsRefused(t *testing.T) {
	town := newTown(t)
	for _, path := range []string{"/ok.html", "/RPC2", "/logtail/insider", "/mainlogtail"} {
		response, _ := request(t, "GET", urlOf(town.server, 0)+path, "", "Accept", "text/html")
		if policy := response.Header.Get("Content-Security-Policy"); response.StatusCode != 401 || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: %d, policy %q", path, response.StatusCode, policy)
		}
	}
}
