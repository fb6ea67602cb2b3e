package api

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
)

// logOut is what the trail calls the end of a session.
const logOut auth.Verb = "log-out"

// maxLogIn is how much a login may bring: strangers send it.
const maxLogIn = 4 << 10

// Doorstep puts on r what those need who are not known yet. It belongs behind
// auth.Recognise.
func (a *api) Doorstep(r chi.Router) {
	r.Use(neverStored)
	r.Method(http.MethodPost, "/session", reply.Handler(a.logIn))
	r.Method(http.MethodDelete, "/session", reply.Handler(a.logOut))
}

// logIn begins a session. Whether the name or the password was wrong is not
// told, nor whether the account is disabled.
func (a *api) logIn(w http.ResponseWriter, r *http.Request) error {
	if err := deliberate(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogIn)
	var asked wire.LogIn
	if err := body(r, &asked); err != nil {
		return err
	}
	who, err := auth.LogIn(w, r, asked.User, asked.Password, asked.Keep)
	if answer, later := auth.TurnedAway(w, err); later {
		return answer
	}
	if errors.Is(err, auth.ErrWrongCredentials) {
		return reply.Problem{Status: http.StatusUnauthorized, Text: err.Error()}
	}
	if err != nil {
		return err
	}
	return reply.JSON(w, a.tellWho(who))
}

// logOut ends the session, if there is one, and takes the cookie away in any case.
func (a *api) logOut(w http.ResponseWriter, r *http.Request) error {
	if err := deliberate(r); err != nil {
		return err
	}
	auth.LogOut(w, r)
	return reply.JSON(w, struct{}{})
}

// whoAmI tells whom the server takes the one who asks for.
func (a *api) whoAmI(w http.ResponseWriter, r *http.Request) error {
	return reply.JSON(w, a.tellWho(auth.From(r.Context())))
}

func (a *api) tellWho(who auth.Principal) wire.WhoAmI {
	told := wire.WhoAmI{User: auth.User(who), Via: string(who.Via)}
	if who.Via == auth.LinkWay {
		if l, found := a.auth.Links.Find(who.Session); found {
			shown := linkFor(l, false)
			told.Link = &shown
		}
		return told
	}
	if who.Via != auth.Cookie {
		return told
	}
	if session, found := a.auth.Sessions.Find(who.Session); found {
		shown := sessionFor(who, session)
		told.Session = &shown
	}
	return told
}

// sessions lists one's own, or with all=1 everybody's.
func (a *api) sessions(w http.ResponseWriter, r *http.Request) error {
	who := auth.From(r.Context())
	wanted := func(s auth.Session) bool { return mine(who, s) }
	if r.URL.Query().Get("all") == "1" {
		if err := auth.Check(r.Context(), auth.Users, auth.Supervisord); err != nil {
			return err
		}
		wanted = func(auth.Session) bool { return true }
	}
	list := []wire.Session{}
	for _, s := range a.auth.Sessions.List(wanted) {
		list = append(list, sessionFor(who, s))
	}
	return reply.JSON(w, wire.Sessions{Sessions: list})
}

// endSessions is "log out everywhere".
func (a *api) endSessions(w http.ResponseWriter, r *http.Request) error {
	if err := deliberate(r); err != nil {
		return err
	}
	who, ended := auth.From(r.Context()), 0
	audit.Of(r.Context()).AboutThing(logOut, "all sessions of "+who.Name)
	for _, s := range a.auth.Sessions.List(func(s auth.Session) bool { return mine(who, s) }) {
		if a.auth.Sessions.End(s.ID) {
			ended++
		}
	}
	if who.Via == auth.Cookie {
		auth.DropCookie(w, r)
	}
	audit.Of(r.Context()).End(r.Context(), nil)
	return reply.JSON(w, wire.Ended{Ended: ended})
}

// endSession ends one of one's own, or of anybody's for those who keep users.
// Somebody else's is not there for others.
func (a *api) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := deliberate(r); err != nil {
		return err
	}
	who := auth.From(r.Context())
	s, found := a.auth.Sessions.Find(param(r, "id"))
	if !found || !mine(who, s) && !auth.Can(who, auth.Users, auth.Supervisord) || !a.auth.Sessions.End(s.ID) {
		return reply.Problem{Status: http.StatusNotFound, Text: "no such session"}
	}
	audit.Of(r.Context()).AboutThing(logOut, "session "+s.ID+" of "+s.User)
	if s.ID == who.Session {
		auth.DropCookie(w, r)
	}
	audit.Of(r.Context()).End(r.Context(), nil)
	return reply.JSON(w, wire.Ended{Ended: 1})
}

// mine tells whether a session is of the person who asks. A token of that name
// is somebody else, as is whoever came in without saying who they are.
func mine(who auth.Principal, s auth.Session) bool {
	switch who.Via {
	case auth.Cookie, auth.Basic, auth.Peer, auth.Proxy:
		return who.Name != "" && s.User == who.Name && (s.Section == "" || s.Section == who.Door)
	}
	return false
}

func sessionFor(who auth.Principal, s auth.Session) wire.Session {
	return wire.Session{
		ID: s.ID, User: s.User, Addr: s.Addr, Agent: s.Agent, Keep: s.Keep, Began: wire.Millis(s.Began),
		Seen: wire.Millis(s.Seen), Expires: wire.Millis(s.Expires), Current: who.Via == auth.Cookie && s.ID == who.Session,
	}
}
