package auth

import (
	"cmp"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"supervisor/supervise"
)

// The names of the cookies of a session and of a link: a browser takes those
// that begin with underscores only over TLS, for this host alone and for all of it.
const (
	secureCookie     = "__Host-supervisor"
	plainCookie      = "supervisor_session"
	secureLinkCookie = "__Host-supervisor-link"
	plainLinkCookie  = "supervisor_link"
	maxAgent         = 200 // bytes of what a browser says of itself
)

// ErrWrongCredentials is what LogIn answers for a name or password that is not
// right. It does not tell which.
var ErrWrongCredentials = errUnknown

// LogIn begins a session for whoever sent a name and password with r, and gives
// w the cookie. A session that r came with ends. The error is
// ErrWrongCredentials, or one that RetryAfter explains.
func LogIn(w http.ResponseWriter, r *http.Request, name, password string, keep bool) (Principal, error) {
	door, uid := doorAt(r)
	if door == nil {
		return Principal{}, ErrWrongCredentials
	}
	who := Principal{Name: name, Door: door.section.Name, Addr: door.from(r), UID: uid}
	account, err := door.auth.password(r, door, name, password)
	if err != nil {
		door.auth.refused(r.Context(), who, "log-in", err)
		return Principal{}, err
	}
	if former := From(r.Context()); former.Session != "" && former.Via == Cookie {
		door.auth.Sessions.End(former.Session)
	}
	who, _ = door.begin(w, r, who, account, keep)
	return who, nil
}

// Stay begins a session for who has opened the page with HTTP Basic, so that its
// scripts and sockets need not say the password again. Others it leaves alone.
//
// Browsers say that they ask for a document, but not over plain HTTP, where any
// program may look like one. So who comes again without the cookie is given the
// session they have not used: a probe has one, however often it asks.
func Stay(w http.ResponseWriter, r *http.Request) {
	who := From(r.Context())
	door, _ := doorAt(r)
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return
	}
	if door == nil || who.Via != Basic || !IsBrowser(r) {
		return
	}
	account, found := door.find(who.Name)
	if !found {
		return
	}
	key := visitor{door: door, user: who.Name, addr: door.address(r), agent: agent(r)}
	if last := door.auth.gave(key); last.session.ID != "" && door.auth.Sessions.unused(last.session.ID, door.accountOfSession) {
		door.giveCookie(w, r, last.secret, last.session)
		return
	}
	_, given := door.begin(w, r, who, account, false)
	door.auth.give(key, given)
}

// visitor is somebody who opens the page with HTTP Basic, as far as they can be
// told from others who know the password.
type visitor struct {
	door  *Door
	user  string
	addr  netip.Addr
	agent string
}

// given is a session with the secret that the browser was given.
type given struct {
	secret  string
	session Session
}

const maxVisitors = 1000

func (a *Authenticator) gave(to visitor) given {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.visitors[to]
}

func (a *Authenticator) give(to visitor, what given) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.visitors) >= maxVisitors {
		clear(a.visitors)
	}
	a.visitors[to] = what
}

// begin is the one place where sessions begin.
func (d *Door) begin(w http.ResponseWriter, r *http.Request, who Principal, account supervise.Account, keep bool) (Principal, given) {
	from := Session{Addr: who.Addr, Agent: agent(r), Keep: keep}
	if d.section.owns(account) {
		from.Section = d.section.Name
	}
	secret, session := d.auth.Sessions.Begin(account, from)
	d.giveCookie(w, r, secret, session)
	who.Session = session.ID
	who = d.admit(who, account, Cookie)
	d.auth.options.Witness(r.Context(), Incident{Verb: "log-in", Who: who, Target: "session " + session.ID})
	return who, given{secret, session}
}

// giveCookie gives the browser the secret of a session.
func (d *Door) giveCookie(w http.ResponseWriter, r *http.Request, secret string, session Session) {
	cookie := d.cookie(r)
	cookie.Value = secret
	if session.Keep {
		cookie.MaxAge = int(time.Until(session.Expires).Seconds())
	}
	http.SetCookie(w, cookie)
}

// LogOut ends the session that r came with, and takes the cookie away.
func LogOut(w http.ResponseWriter, r *http.Request) {
	door, _ := doorAt(r)
	if door == nil {
		return
	}
	if who := From(r.Context()); who.Via == Cookie && door.auth.Sessions.End(who.Session) {
		door.auth.options.Witness(r.Context(), Incident{Verb: "log-out", Who: who, Target: "session " + who.Session})
	}
	DropCookie(w, r)
	door.closeLinks(w, r)
}

// DropCookie takes the session's cookie away from the browser.
func DropCookie(w http.ResponseWriter, r *http.Request) {
	if door, _ := doorAt(r); door != nil {
		drop(w, door.cookie(r))
	}
}

func drop(w http.ResponseWriter, cookie *http.Cookie) {
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
}

// cookie gives the session's cookie without its value.
func (d *Door) cookie(r *http.Request) *http.Cookie { return d.crumb(r, plainCookie, secureCookie) }

// linkCookie gives the cookie of a link that was opened, without its value.
func (d *Door) linkCookie(r *http.Request) *http.Cookie {
	return d.crumb(r, plainLinkCookie, secureLinkCookie)
}

// crumb gives a cookie by the name it has over plain HTTP, or over TLS.
func (d *Door) crumb(r *http.Request, plain, secure string) *http.Cookie {
	cookie := &http.Cookie{
		Name: plain, Path: cmp.Or(d.section.BasePath, "/"), HttpOnly: true,
		// Lax, so that a link from a chat opens logged in.
		SameSite: http.SameSiteLaxMode,
	}
	if Secure(r) {
		cookie.Name, cookie.Path, cookie.Secure = secure, "/", true
	}
	return cookie
}

// cookies gives the secrets a browser has sent in a cookie. There may be several
// of a name, from other ports of this host.
func cookies(r *http.Request, cookie *http.Cookie) []string {
	var secrets []string
	for _, c := range r.CookiesNamed(cookie.Name) {
		if len(secrets) < 4 {
			secrets = append(secrets, c.Value)
		}
	}
	return secrets
}

// agent gives what a browser says of itself, in printable ASCII.
func agent(r *http.Request) string {
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, r.UserAgent())
	return text[:min(len(text), maxAgent)]
}
