package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervise"
)

// Section is a server section as far as it says who may come in.
type Section struct {
	Name string // inet_http_server:two ...
	Unix bool

	Username string // "" leaves the door open, as in the original
	Password string // plain, {SHA} and hexadecimal digits, or a bcrypt hash
	File     string // where they are written
	Line     int

	MapUsers bool           // of a unix server: peers have the rights of their accounts
	Proxies  []netip.Prefix // whose word on the address and the user of a request counts
	Header   string         // in which they name the user; "" for none
	BasePath string         // where browsers see the server; "" stands for /
}

// owns tells whether an account is the section's own username.
func (s Section) owns(a supervise.Account) bool {
	return s.Username != "" && a.Name == s.Username && a.File == s.File && a.Line == s.Line && !a.Editable
}

// Door is one listener as seen by those who want in: its section, and what it
// asks for. It is safe for use by many requests at once.
type Door struct {
	section Section
	auth    *Authenticator
}

// account gives the section's username, who is an administrator.
func (d *Door) account() supervise.Account {
	s := d.section
	return supervise.Account{Name: s.Username, Password: s.Password, Grant: Full, File: s.File, Line: s.Line, Comment: "of [" + s.Name + "]"}
}

// find gives the person of a name at this door: the section's username comes
// before one of the same name in the book.
func (d *Door) find(name string) (supervise.Account, bool) {
	if d.section.Username != "" && name == d.section.Username {
		return d.account(), true
	}
	return d.auth.Book.Find(name)
}

// accountOfSession gives the account of a session. That of a section's username
// counts at its own door only, as the username does.
func (d *Door) accountOfSession(s Session) (supervise.Account, bool) {
	account, found := supervise.Account{}, false
	if s.Section == "" {
		account, found = d.auth.Book.Find(s.User)
	} else if s.User == d.section.Username { // use has seen to the section
		account, found = d.account(), true
	}
	return account, found && usable(account)
}

// Open tells whether the door lets in who does not say who they are.
func (d *Door) Open() bool {
	return supervise.Doorway{
		Unix: d.section.Unix, Password: d.section.Username != "", MapUsers: d.section.MapUsers, Accounts: d.auth.Book.Closes(),
	}.Open()
}

type doorKey struct{}

// arrival is what a connection knows: its door, and who is at the other end.
type arrival struct {
	door *Door
	uid  int
}

// AtDoor gives the connections under ctx to door; the server calls it once for
// each connection it accepts. UID is that of the process at the other end of a
// unix socket, -1 where that is not known.
func AtDoor(ctx context.Context, door *Door, uid int) context.Context {
	return context.WithValue(ctx, doorKey{}, arrival{door, uid})
}

// doorAt gives the door that a request came through, nil for none.
func doorAt(r *http.Request) (*Door, int) {
	at, _ := r.Context().Value(doorKey{}).(arrival)
	return at.door, at.uid
}

var (
	errUnknown   = errors.New("no such user, or another password")
	errMalformed = errors.New("malformed credentials")
	errAbsent    = errors.New("nothing was said about who is there")
)

// way is one way of telling who is there. It answers errAbsent if this request
// does not use it; any other error ends the search, but at an open door.
type way func(d *Door, r *http.Request, who Principal) (Principal, error)

// ways lists them in the order in which they are tried. Cookies are for
// browsers: what programs use has to work without, and must not be open to
// whatever page a browser shows.
var (
	waysOfPrograms = [...]way{byToken, byPassword, byProxy, byPeer}
	waysOfBrowsers = [...]way{byCookie, byToken, byLink, byPassword, byProxy, byPeer}
)

// identify tells who sent r; with an error, who they said they were, without any
// right.
func (d *Door) identify(r *http.Request, uid int, ways []way) (Principal, error) {
	nobody := Principal{UID: uid, Door: d.section.Name, Addr: d.from(r)}
	for _, by := range ways {
		who, err := by(d, r, nobody)
		if err == nil {
			return who, nil
		}
		if !errors.Is(err, errAbsent) && !d.Open() {
			return who, err
		}
	}
	if !d.Open() {
		return d.introduce(nobody), errUnknown
	}
	nobody.Grant, nobody.Via = Full, Open
	return d.introduce(nobody), nil
}

// byCookie knows somebody by the session that their browser has a cookie of. A
// session that is over is as good as none.
func byCookie(d *Door, r *http.Request, who Principal) (Principal, error) {
	for _, secret := range cookies(r, d.cookie(r)) {
		session, account, found := d.auth.Sessions.use(secret, d.section.Name, d.accountOfSession)
		if found {
			who.Session = session.ID
			return d.admit(who, account, Cookie), nil
		}
	}
	return who, errAbsent
}

// byToken knows a program by the token in its Authorization header.
func byToken(d *Door, r *http.Request, who Principal) (Principal, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return who, errAbsent
	}
	account, found := d.auth.Book.FindToken(strings.TrimSpace(secret))
	if !found || !usable(account) {
		return who, errUnknown
	}
	return d.admit(who, account, Token), nil
}

// byLink knows somebody by a link that they have opened. One that is over is as
// good as none.
func byLink(d *Door, r *http.Request, who Principal) (Principal, error) {
	for _, secret := range cookies(r, d.linkCookie(r)) {
		if linked, found := d.auth.linked(who, hashOf(secret)); found {
			return linked, nil
		}
	}
	return who, errAbsent
}

// byPassword knows somebody by HTTP Basic. An open door does not look at it, as
// in the original: what is not asked cannot be wrong.
func byPassword(d *Door, r *http.Request, who Principal) (Principal, error) {
	header := r.Header.Get("Authorization")
	if header == "" || d.Open() {
		return who, errAbsent
	}
	name, password, err := basic(header)
	if err != nil {
		return who, err
	}
	who.Name = name
	account, err := d.auth.password(r, d, name, password)
	if err != nil {
		return who, err
	}
	return d.admit(who, account, Basic), nil
}

// byProxy knows somebody because a proxy that is trusted says so. The header of
// anybody else means nothing, whatever address they claim to speak for.
func byProxy(d *Door, r *http.Request, who Principal) (Principal, error) {
	if d.section.Header == "" || !d.fromProxy(r) {
		return who, errAbsent
	}
	named := r.Header.Values(d.section.Header)
	if len(named) == 0 {
		return who, errAbsent
	}
	if len(named) > 1 { // somebody sent one along, and the proxy added its own
		return who, errMalformed
	}
	account, found := d.auth.Book.Find(named[0])
	if !found || !usable(account) {
		who.Name = named[0]
		return who, errUnknown
	}
	return d.admit(who, account, Proxy), nil
}

// byPeer knows somebody by the system user whose process is at the other end of
// a unix socket.
func byPeer(d *Door, _ *http.Request, who Principal) (Principal, error) {
	if mapped, found := d.byPeer(who); found {
		return mapped, nil
	}
	return who, errAbsent
}

func (d *Door) byPeer(who Principal) (Principal, bool) {
	if !d.section.MapUsers || who.UID < 0 {
		return who, false
	}
	who.Via = Peer
	account, found := d.mapped(who.UID)
	if found {
		d.auth.saw(account)
		who.Name = account.Name
	} else {
		who.Name = d.auth.loginName(who.UID)
	}
	switch {
	case who.UID == 0 || who.UID == d.auth.options.UID:
		who.Grant = Full
		return who, true
	case !found:
		return who, false
	}
	who.Grant = account.Grant
	return who, true
}

// mapped finds the person whom a system user is.
func (d *Door) mapped(uid int) (supervise.Account, bool) {
	id, name := strconv.Itoa(uid), d.auth.loginName(uid)
	for _, a := range d.auth.Book.Accounts() {
		is := func(user string) bool { return user == id || user != "" && user == name }
		if !a.IsToken() && usable(a) && slices.ContainsFunc(a.UnixUsers, is) {
			return a, true
		}
	}
	return supervise.Account{}, false
}

// introduce gives somebody who came through an open door the name of the system user
// they are, or of their account: for the trail, not for their rights.
func (d *Door) introduce(who Principal) Principal {
	if who.UID < 0 {
		return who
	}
	if account, found := d.mapped(who.UID); found {
		who.Name = account.Name
	} else {
		who.Name = d.auth.loginName(who.UID)
	}
	return who
}

// admit gives who the rights of their account.
func (d *Door) admit(who Principal, account supervise.Account, via Way) Principal {
	d.auth.saw(account)
	who.Name, who.Grant, who.Via = account.Name, account.Grant, via
	who.proof = d.auth.proofOf(account)
	return who
}

// basic reads an Authorization header. The scheme is read in any case; another
// scheme, or none, or nothing behind it, is nobody we know (medusa/auth_handler.py handle_request).
func basic(header string) (username, password string, err error) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "basic") {
		return "", "", errUnknown
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", errMalformed
	}
	username, password, found = strings.Cut(string(decoded), ":")
	if !found {
		return "", "", errMalformed
	}
	return username, password, nil
}

// fromProxy tells whether the connection itself comes from a trusted proxy.
func (d *Door) fromProxy(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && d.trusts(remote.Addr())
}

func (d *Door) trusts(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(d.section.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// forwarded gives the address that trusted proxies say a request comes from: the
// last one that is none of theirs. What stands before it anybody could have
// written.
func (d *Door) forwarded(r *http.Request) (netip.Addr, bool) {
	if !d.fromProxy(r) {
		return netip.Addr{}, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return netip.Addr{}, false
		}
		if !d.trusts(addr) {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// from says where a request comes from, "" for a unix socket.
func (d *Door) from(r *http.Request) string {
	if addr, told := d.forwarded(r); told {
		return addr.String()
	}
	return strings.TrimPrefix(r.RemoteAddr, "@")
}

// address is what guesses are counted by.
func (d *Door) address(r *http.Request) netip.Addr {
	if addr, told := d.forwarded(r); told {
		return throttled(addr)
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // all of whom nothing is known share one count
	}
	return throttled(remote.Addr())
}
