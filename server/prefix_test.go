package server

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheFormerAddressesKeepTheBasePath(t *testing.T) {
	obedient := proxied()
	obedient.LegacyActions = true
	page := House{Engine: newVillage(t), Static: fstest.MapFS{"index.html": {Data: []byte(indexHTML)}}}
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied(), obedient}}, page)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	for _, tt := range []struct {
		listener int
		path     string
		status   int
		location string // or what a page that refuses has in it
	}{
		{0, "/index.html", 303, "/sup/"},
		{0, "/index.html?action=refresh", 303, "/sup/"},
		{0, "/?message=hello", 303, "/sup/"},
		{0, "/index.html?processname=web:api", 303, "/sup/process/web/api"},
		{0, "/index.html?processname=web:*", 303, "/sup/?q=group%3Aweb"},
		{0, "/tail.html", 303, "/sup/"},
		{0, "/tail.html?processname=cat&limit=100", 303, "/sup/process/cat/cat/log"},
		{0, "/tail.html?processname=%2F%2Fevil.example:x", 303, "/sup/process/%2F%2Fevil.example/x/log"},
		{0, "/index.html?action=stopall", 410, ` href="/sup/">`},
		{0, "/index.html?action=stop&processname=insider:api", 410, ` href="/sup/process/insider/api">`},
		{1, "/index.html?action=stop&processname=insider:api", 301, "/sup/?message=Process%20insider%3Aapi%20stopped"},
		{1, "/?action=refresh", 301, "/sup/?message=Page%20refreshed"},
		{1, "/index.html?message=hello", 303, "/sup/?message=hello"},
	} {
		for _, prefix := range []string{"/sup", ""} { // some proxies take it off, others leave it
			response, body := requestBy(t, client, "GET", urlOf(s, tt.listener)+prefix+tt.path, "", "Authorization", basic, "Accept", "text/html")
			location := response.Header.Get("Location")
			fits := location == tt.location || response.StatusCode == 301 && strings.HasPrefix(location, tt.location)
			if response.StatusCode == http.StatusGone {
				fits = strings.Contains(body, tt.location)
			}
			if response.StatusCode != tt.status || !fits {
				t.Errorf("%s: %d to %q, want %d to %q\n%s", prefix+tt.path, response.StatusCode, location, tt.status, tt.location, body)
			}
		}
	}
}

func TestLogsAndPartsOfTheFormerPageAnswerUnderTheBasePath(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{proxied()}}, House{Engine: newVillage(t)})
	for path, want := range map[string]int{
		"/logtail/nobody": 404, "/logtail/nobody/stdout": 404, "/logtail/": 404, "/stylesheets/supervisor.css": 410, "/images/state0.gif": 410,
		"/ok.html": 200,
	} {
		for _, prefix := range []string{"/sup", ""} {
			if response, body := request(t, "GET", urlOf(s, 0)+prefix+path, "", "Authorization", basic); response.StatusCode != want {
				t.Errorf("%s: %d %s, want %d", prefix+path, response.StatusCode, body, want)
			}
		}
	}
}
