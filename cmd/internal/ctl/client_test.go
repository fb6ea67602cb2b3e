package ctl

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whatever way supervisorctl asks, it is the same person who asks.
func TestEveryRequestSaysWhoAsks(t *testing.T) {
	asked := make(chan *http.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	for _, test := range []struct{ flags, user, password string }{
		{"", "", ""},
		{"-u ann -p secret", "ann", "secret"},
		{"-u ann", "ann", ""},
		{"-p secret", "", ""}, // no user, nobody
	} {
		f, err := parseFlags(append(strings.Fields(test.flags), "-s", server.URL, "status"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := loadSettings(f, "/nonexistent/bin/supervisorctl", nil)
		if err != nil {
			t.Fatal(err)
		}
		cl, err := newController(s, strings.NewReader(""), io.Discard, io.Discard).connect()
		if err != nil {
			t.Fatal(err)
		}
		for way, ask := range map[string]func(){
			"a call": func() {
				if err := cl.call(t.Context(), nil, "getPID"); !errors.As(err, new(protocolError)) {
					t.Error(err)
				}
			},
			"a preview": func() {
				if fault, err := cl.get(t.Context(), "/api/v1/config/preview", nil); err != nil || fault.Name != "NOT_FOUND" {
					t.Error(fault, err)
				}
			},
			"a log": func() {
				if _, complaint := cl.listen(t.Context(), "/mainlogtail"); complaint != "Cannot read, status code 404" {
					t.Error(complaint)
				}
			},
			"a watch": func() {
				if _, err := cl.openLive(t.Context()); !errors.Is(err, errNotLive) {
					t.Error(err)
				}
			},
		} {
			ask()
			user, password, given := (<-asked).BasicAuth()
			if user != test.user || password != test.password || given != (test.user != "") {
				t.Errorf("%q, %s: user %q, password %q, %v", test.flags, way, user, password, given)
			}
		}
		cl.close()
	}
}
