package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"supervisor/supervise"
)

// halted is an engine that counts what it is told to stop.
type halted struct {
	*stub
	stops atomic.Int64
}

func (h *halted) Stop(context.Context, supervise.NameSpec, bool) (uint64, error) {
	h.stops.Add(1)
	return 0, nil
}

// A page of the original is there whatever [rpcinterface:] sections there are
// (web.py make_callback): House has no namespaces here.
func TestOnlyALegacyListenerObeysTheFormerAddresses(t *testing.T) {
	engine := &halted{stub: newStub(t)}
	legacy := anyPort
	legacy.Section, legacy.LegacyActions = "inet_http_server:old", true
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort, legacy}}, House{Engine: engine, Namespaces: []string{}})
	const stop = "/index.html?processname=cat&action=stop"
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tt := range []struct {
		name, method, address string
		door                  int
		headers               []string
		status                int
		stops                 int64
	}{
		{"the usual listener", "GET", stop, 0, []string{"Authorization", basic}, 410, 0},
		{"a stranger", "GET", stop, 1, []string{"Authorization", "Basic d3Jvbmc6d3Jvbmc="}, 401, 0},
		{"another site's form", "POST", stop, 1, []string{"Authorization", basic, "Sec-Fetch-Site", "cross-site"}, 403, 0},
		{"another site's page", "GET", stop, 1, []string{"Authorization", basic, "Sec-Fetch-Site", "cross-site"}, 403, 0},
		{"whoever may", "GET", stop, 1, []string{"Authorization", basic}, 301, 1},
		{"a log", "GET", "/tail.html?processname=cat", 0, []string{"Authorization", basic}, 303, 0},
		{"a picture", "GET", "/images/state0.gif", 0, []string{"Authorization", basic}, 410, 0},
	} {
		engine.stops.Store(0)
		response, _ := requestBy(t, client, tt.method, urlOf(s, tt.door)+tt.address, "", tt.headers...)
		if stops := engine.stops.Load(); response.StatusCode != tt.status || stops != tt.stops {
			t.Errorf("%s: %d and %d stops, want %d and %d", tt.name, response.StatusCode, stops, tt.status, tt.stops)
		}
	}
}
