package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"supervisor/server/reply"
)

// Require lets a request through to next once its door knows who is asking, and
// answers 401 otherwise, before anything of the body has been read. A request
// that came through no door is refused. It is for what browsers ask for.
func Require(next http.Handler) http.Handler { return require(next, waysOfBrowsers[:]) }

// RequireWithoutCookie is Require for what programs ask for: no page that a
// browser shows can act there with the cookie the browser has.
func RequireWithoutCookie(next http.Handler) http.Handler { return require(next, waysOfPrograms[:]) }

func require(next http.Handler, ways []way) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door, uid := doorAt(r)
		if door == nil {
			reply.Page(w, http.StatusForbidden)
			return
		}
		who, err := door.identify(r, uid, ways)
		if err != nil {
			door.auth.refuse(w, r, who, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), who)))
	})
}

// Recognise lets everybody through to next who came through a door, also those
// nobody knows: to them ctx gives the zero grant, under which nothing is
// allowed. It is for what one must see to be able to say who one is. Those who
// come too soon or say nonsense are refused as by Require.
func Recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		door, uid := doorAt(r)
		if door == nil {
			reply.Page(w, http.StatusForbidden)
			return
		}
		who, err := door.identify(r, uid, waysOfBrowsers[:])
		if err != nil && (!errors.Is(err, errUnknown) || r.Header.Get("Authorization") != "" && !IsBrowser(r)) {
			door.auth.refuse(w, r, who, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), who)))
	})
}

// refuse answers whoever was not let in, and has it written down.
func (a *Authenticator) refuse(w http.ResponseWriter, r *http.Request, who Principal, err error) {
	status := http.StatusUnauthorized
	early, later := TurnedAway(w, err)
	switch {
	case errors.Is(err, errMalformed):
		status = http.StatusBadRequest
	case later:
		status = early.Status
	case r.Context().Err() != nil:
		status = http.StatusServiceUnavailable
	default:
		challenge(w, r)
	}
	a.refused(r.Context(), who, r.Method+" "+reply.WithoutSecret(r.URL.Path), err)
	if IsScript(r) {
		reply.Error(w, r, reply.Problem{Status: status, Text: err.Error()})
		return
	}
	reply.Page(w, status)
}

// refused is the one place where it is noted that somebody was not let in.
func (a *Authenticator) refused(ctx context.Context, who Principal, target string, err error) {
	who.Grant = Principal{}.Grant
	a.options.Witness(ctx, Incident{Verb: "log-in", Who: who, Target: target, Refused: err})
	reply.Log(ctx).Debug("somebody was not let in", "name", who.Name, "from", who.Addr, "door", who.Door, "why", err)
}

// challenge asks programs for a name and a password, as the original does.
// Browsers would ask for them in a window of their own, keep what they were told
// until they are closed, and send it along with whatever another site asks for;
// for them there is the page. The original also said that it would close the
// connection; this server keeps that promise.
func challenge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	if !IsScript(r) && r.Header.Get("Sec-Fetch-Mode") == "" && r.Header.Get("Origin") == "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="default"`)
	}
}

// IsScript tells whether r was sent by a script of our page.
func IsScript(r *http.Request) bool { return r.Header.Get("X-CSRF") != "" }

// IsBrowser tells whether r was sent by a browser, as far as that can be known:
// over plain HTTP a browser does not say so, but it says that it wants to show
// what it gets.
func IsBrowser(r *http.Request) bool {
	return IsScript(r) || r.Header.Get("Sec-Fetch-Mode") != "" || strings.Contains(r.Header.Get("Accept"), "text/html")
}
