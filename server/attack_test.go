package server

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/supervise"
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

// TestAFormerAddressIsObeyedForWhoMayDoAllOfIt asks for a restart, whose faults the
// original's page never told: without the right to it nothing may be answered that
// sounds as if it had been done.
func TestAFormerAddressIsObeyedForWhoMayDoAllOfIt(t *testing.T) {
	for _, tt := range []struct {
		name   string
		role   supervise.Role
		only   []supervise.Verb
		status int
		result string
	}{
		{"an operator", supervise.Operator, nil, 301, "ok"},
		{"a viewer", supervise.Viewer, nil, 403, "refused"},
		{"who may stop and not start", supervise.Operator, []supervise.Verb{auth.Stop}, 403, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			trail := newTrail(t)
			s, _ := start(t, Options{
				Endpoints: []Endpoint{{Section: "inet_http_server", Host: "127.0.0.1", LegacyActions: true}},
				Accounts: []supervise.Account{{
					Name: "ann", Password: string(hash), Grant: supervise.Grant{Role: tt.role, Programs: []string{"insider"}, Actions: tt.only},
				}},
			}, House{Engine: newVillage(t), Trail: trail})
			r, err := http.NewRequestWithContext(t.Context(), "GET", urlOf(s, 0)+"/index.html?action=restart&processname=insider:api", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth("ann", "secret")
			client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			page, err := trail.Query(t.Context(), audit.Query{Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != tt.status || len(page.Entries) == 0 {
				t.Fatalf("answered %d to %s, in the trail: %+v", response.StatusCode, response.Header.Get("Location"), page.Entries)
			}
			if tt.result == "refused" && len(page.Entries) != 1 {
				t.Errorf("in the trail: %+v", page.Entries)
			}
			for _, entry := range page.Entries {
				if entry.Result != tt.result {
					t.Errorf("in the trail: %+v", entry)
				}
			}
		})
	}
}
