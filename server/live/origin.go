package live

import (
	"net/http"

	"supervisor/server/auth"
)

// sameOrigin tells whether the page that asks is one of ours. Browsers always
// send Origin with a WebSocket, so a request without one comes from a program,
// and is as good as its credentials. Scheme, host and port must all be those
// that the browser asked for: credentials are ambient, and the host alone would
// let another port's page in.
func sameOrigin(r *http.Request) bool {
	sent := r.Header.Values("Origin")
	if len(sent) == 0 {
		return r.Header.Get("Cookie") == ""
	}
	origin := auth.Origin(sent[0])
	if len(sent) > 1 || origin == "" {
		return false
	}
	return origin == auth.OwnOrigin(r)
}
