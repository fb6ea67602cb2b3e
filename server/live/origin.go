package live

import (
	"net/http"
	"net/url"
	"strings"
)

// sameOrigin tells whether the page that asks is one of ours. Browsers always
// send Origin with a WebSocket, so a request without one comes from a program,
// and is as good as its credentials. Scheme, host and port must all be the
// request's own: credentials are ambient, and the host alone would let another
// port's page in.
func sameOrigin(r *http.Request) bool {
	sent := r.Header.Values("Origin")
	if len(sent) == 0 {
		return r.Header.Get("Cookie") == ""
	}
	if len(sent) > 1 {
		return false
	}
	origin, err := url.Parse(sent[0])
	if err != nil || origin.Host == "" {
		return false // "null", too: a sandboxed page or a file
	}
	own := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		own.Scheme = "https"
	}
	return spell(origin) == spell(&own)
}

// spell gives the one spelling of an origin: lower case, the port always told.
func spell(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
