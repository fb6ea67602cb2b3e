package auth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// Limits of links.
const (
	// MaxLinkLife is the longest a link may last.
	MaxLinkLife = 30 * 24 * time.Hour

	maxLinks          = 4096
	maxLinksPerMinter = 256
	maxOpenings       = 64 // of one link; beyond, the oldest ends
	linksFile         = "links.json"
)

// openLink is what the trail calls the opening of a link.
const openLink Verb = "open-link"

// Errors of minting.
var (
	// ErrNoMinter says that a link would end with nobody.
	ErrNoMinter = errors.New("a link has the rights of whoever made it, for as long as they have them, " +
		"and you came in without an account: log in, use a token, or have map_users=true set for the unix socket")
	// ErrTooManyLinks says that somebody, or the house, has as many as there may be.
	ErrTooManyLinks = errors.New("there are too many links: revoke some of them first")
	errNoLink       = errors.New("there is no such link, or it is over")
)

// Minter is whose rights a link hands on.
type Minter struct {
	Name    string
	Section string // the server section whose username it is; "" for an account
	Token   bool
}

// String gives the name that lists and the trail show.
func (m Minter) String() string {
	if m.Token {
		return "token " + m.Name
	}
	return m.Name
}

// Link lets whoever opens it do some of what its minter may do. What opens it is
// told when it is minted, and kept nowhere: here is only the SHA-256.
type Link struct {
	ID       string // names it; it opens nothing
	Minter   Minter
	Programs []string // patterns
	Actions  []Verb   // one can always see the programs
	Comment  string
	Minted   time.Time
	Expires  time.Time
	Uses     int       // how often it may be opened; 0 for as often as people like
	Used     int       // how often it was
	Opened   time.Time // the last time; zero for never
	Open     int       // browsers that may still use it
}

// grant gives what a link allows while its minter may do what theirs says: never
// more than either.
func (l Link) grant(minter supervise.Grant) supervise.Grant {
	// The actions are all that this role does; none would be those of the role.
	actions := append([]Verb{View}, l.Actions...)
	return supervise.Grant{Role: supervise.Viewer, Programs: l.Programs, Actions: actions, Within: &minter}
}

// usedUp tells whether a link cannot be opened any more.
func (l Link) usedUp() bool { return l.Uses > 0 && l.Used >= l.Uses }

// link is one with what proves it.
type link struct {
	Link
	hash     string // of its secret
	openings []opening
}

// opening is a browser that has opened a link. It has a secret of its own: that
// of the link opens it as often as its uses say, and is nothing but that.
type opening struct {
	Hash  string    `json:"sha256"`
	Began time.Time `json:"began"`
}

// Links are the delegation links that are not over. It is safe for use by many at
// once.
type Links struct {
	shelf shelf[linkFile]
	bell  *bell
	// minter gives the account of a minter who may hand out links now.
	minter func(Minter) (supervise.Account, bool)

	mu  sync.Mutex // guards all; never held while a minter is looked up
	all []*link
}

func newLinks(state State, b *bell, minter func(Minter) (supervise.Account, bool)) *Links {
	return &Links{
		shelf: shelf[linkFile]{state: state, name: linksFile, loss: "links have to be made anew"},
		bell:  b, minter: minter,
	}
}

// mint keeps a new link and gives its secret, this once.
func (l *Links) mint(wanted Link) (secret string, _ Link, _ error) {
	l.Prune()
	secret = newSecret()
	wanted.ID, wanted.Minted = newID(), time.Now()
	l.mu.Lock()
	theirs := 0
	for _, one := range l.all {
		if one.Minter == wanted.Minter {
			theirs++
		}
	}
	if theirs >= maxLinksPerMinter || len(l.all) >= maxLinks {
		l.mu.Unlock()
		return "", Link{}, ErrTooManyLinks
	}
	l.all = append(l.all, &link{Link: wanted, hash: hashOf(secret)})
	l.mu.Unlock()
	_ = l.save()
	return secret, wanted, nil
}

// List gives the links that wanted accepts, the newest first.
func (l *Links) List(wanted func(Link) bool) []Link {
	l.Prune()
	var list []Link
	for _, one := range l.shown() {
		if wanted(one) {
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b Link) int { return b.Minted.Compare(a.Minted) })
	return list
}

// Find gives the link of an id.
func (l *Links) Find(id string) (Link, bool) {
	list := l.List(func(one Link) bool { return one.ID == id })
	if len(list) == 0 {
		return Link{}, false
	}
	return list[0], true
}

// Revoke ends the link of an id for everybody who has opened it, and tells
// whether there was one. The error says why that is not on the disk yet: a
// supervisord that starts before it is would find the link as it was.
func (l *Links) Revoke(id string) (found bool, unsaved error) {
	return l.end(func(one *link) bool { return one.ID == id })
}

// Prune ends the links that have expired, and those whose minter may not hand
// out links any more: for good, so that somebody who gets the same name later
// finds none.
func (l *Links) Prune() {
	gone := map[Minter]bool{}
	for _, one := range l.shown() {
		if _, asked := gone[one.Minter]; !asked {
			_, there := l.minter(one.Minter)
			gone[one.Minter] = !there
		}
	}
	now := time.Now()
	// That they are over is found again by a supervisord that finds them as they were.
	_, _ = l.end(func(one *link) bool { return gone[one.Minter] || !now.Before(one.Expires) })
}

// look finds the link of a secret if it can still be opened.
func (l *Links) look(secret string) (Link, bool) {
	hash := hashOf(secret)
	return l.where(func(one *link) bool { return one.hash == hash && !one.usedUp() })
}

// open uses a link once, and gives the secret of the opening.
func (l *Links) open(secret string) (opened string, _ Link, _ bool) {
	if _, there := l.look(secret); !there {
		return "", Link{}, false
	}
	opened = newSecret()
	hash, now := hashOf(secret), time.Now()
	l.mu.Lock()
	i := slices.IndexFunc(l.all, func(one *link) bool { return one.hash == hash && !one.usedUp() && now.Before(one.Expires) })
	if i < 0 { // another one was first
		l.mu.Unlock()
		return "", Link{}, false
	}
	one := l.all[i]
	one.Used++
	one.Opened = now
	one.openings = append(one.openings, opening{hashOf(opened), now})
	crowded := len(one.openings) > maxOpenings
	if crowded {
		one.openings = slices.Delete(one.openings, 0, 1)
	}
	shown := one.show()
	l.mu.Unlock()
	_ = l.save()
	if crowded {
		l.bell.ring()
	}
	return opened, shown, true
}

// of finds the link that the hash of an opening's secret belongs to.
func (l *Links) of(opened string) (Link, bool) {
	return l.where(func(one *link) bool { return one.opening(opened) >= 0 })
}

// close ends an opening, and tells whether there was one.
func (l *Links) close(opened string) bool {
	closed := false
	l.mu.Lock()
	for _, one := range l.all {
		if i := one.opening(opened); i >= 0 {
			one.openings = slices.Delete(one.openings, i, i+1)
			closed = true
		}
	}
	l.mu.Unlock()
	if closed {
		_ = l.save()
		l.bell.ring()
	}
	return closed
}

// where finds a link that has not expired and whose minter may hand out links.
func (l *Links) where(wanted func(*link) bool) (Link, bool) {
	now := time.Now()
	l.mu.Lock()
	i := slices.IndexFunc(l.all, func(one *link) bool { return now.Before(one.Expires) && wanted(one) })
	if i < 0 {
		l.mu.Unlock()
		return Link{}, false
	}
	found := l.all[i].show()
	l.mu.Unlock()
	if _, there := l.minter(found.Minter); !there {
		l.Prune()
		return Link{}, false
	}
	return found, true
}

// end ends some links, and tells whether there were any, and why the disk does not
// know of it.
func (l *Links) end(which func(*link) bool) (ended bool, unsaved error) {
	l.mu.Lock()
	before := len(l.all)
	l.all = slices.DeleteFunc(l.all, which)
	ended = len(l.all) < before
	l.mu.Unlock()
	if ended {
		unsaved = l.save()
		l.bell.ring()
	}
	return ended, unsaved
}

func (l *Links) shown() []Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Link, len(l.all))
	for i, one := range l.all {
		list[i] = one.show()
	}
	return list
}

func (l *link) show() Link {
	shown := l.Link
	shown.Open = len(l.openings)
	return shown
}

func (l *link) opening(hash string) int {
	return slices.IndexFunc(l.openings, func(o opening) bool { return o.Hash == hash })
}

// linkFile is links.json.
type linkFile struct {
	Version int          `json:"version"`
	Links   []storedLink `json:"links"`
}

type storedLink struct {
	Hash     string    `json:"sha256"`
	ID       string    `json:"id"`
	Minter   string    `json:"minter"`
	Section  string    `json:"section,omitempty"`
	Token    bool      `json:"token,omitempty"`
	Programs []string  `json:"programs"`
	Actions  []Verb    `json:"actions"`
	Comment  string    `json:"comment,omitempty"`
	Minted   time.Time `json:"minted"`
	Expires  time.Time `json:"expires"`
	Uses     int       `json:"uses,omitempty"`
	Used     int       `json:"used,omitempty"`
	Opened   time.Time `json:"opened,omitzero"`
	Openings []opening `json:"openings,omitempty"`
}

// save writes all links down. The error is for who should know at once that they
// are not on the disk.
func (l *Links) save() error { return l.shelf.save(l.file) }

func (l *Links) file() linkFile {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := linkFile{Version: 1, Links: []storedLink{}}
	for _, one := range l.all {
		f.Links = append(f.Links, storedLink{
			Hash: one.hash, ID: one.ID, Minter: one.Minter.Name, Section: one.Minter.Section, Token: one.Minter.Token,
			Programs: one.Programs, Actions: one.Actions, Comment: one.Comment, Minted: one.Minted.UTC(), Expires: one.Expires.UTC(),
			Uses: one.Uses, Used: one.Used, Opened: one.Opened.UTC(), Openings: slices.Clone(one.openings),
		})
	}
	return f
}

// load takes up the links that an earlier supervisord left. Those that cannot be
// read are over.
func (l *Links) load() error {
	f, err := l.shelf.load()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, stored := range f.Links {
		whole := stored.Hash != "" && stored.ID != "" && stored.Minter != "" && len(stored.Programs) > 0
		if !whole || !now.Before(stored.Expires) || stored.Expires.After(now.Add(MaxLinkLife)) {
			continue
		}
		l.all = append(l.all, &link{hash: stored.Hash, openings: stored.Openings, Link: Link{
			ID: stored.ID, Minter: Minter{stored.Minter, stored.Section, stored.Token}, Programs: stored.Programs,
			Actions: stored.Actions, Comment: stored.Comment, Minted: stored.Minted, Expires: stored.Expires,
			Uses: stored.Uses, Used: stored.Used, Opened: stored.Opened,
		}})
	}
	return nil
}

// minter gives the account of a minter, if they may hand out links now.
func (a *Authenticator) minter(m Minter) (supervise.Account, bool) {
	account, found := supervise.Account{}, false
	switch {
	case m.Token:
		account, found = a.Book.FindTokenNamed(m.Name)
	case m.Section == "":
		account, found = a.Book.Find(m.Name)
	default:
		i := slices.IndexFunc(a.doors, func(d *Door) bool { return d.section.Name == m.Section && d.section.Username == m.Name })
		if found = i >= 0; found {
			account = a.doors[i].account()
		}
	}
	return account, found && usable(account) && account.Grant.AllowsSome(MintLink)
}

// Minter gives whose rights a link has that who mints, and the account; false if
// no account stands behind who.
func (a *Authenticator) Minter(who Principal) (Minter, supervise.Account, bool) {
	door := a.doorOf(who)
	if door == nil {
		return Minter{}, supervise.Account{}, false
	}
	m := Minter{Name: who.Name}
	switch who.Via {
	case Token:
		m.Token = true
	case Basic:
		if account, found := door.find(who.Name); found && door.section.owns(account) {
			m.Section = door.section.Name
		}
	case Cookie:
		session, _ := a.Sessions.Find(who.Session)
		m.Section = session.Section
	case Proxy, Peer:
	default:
		return Minter{}, supervise.Account{}, false
	}
	account, found := a.minter(m)
	return m, account, found
}

// Mint makes a link by which others may do some of what who may do, and gives its
// secret, this once. The caller has seen to it that it makes sense. The error is
// ErrNoMinter or ErrTooManyLinks.
func (a *Authenticator) Mint(who Principal, wanted Link) (secret string, _ Link, _ error) {
	minter, _, found := a.Minter(who)
	if !found {
		return "", Link{}, ErrNoMinter
	}
	wanted.Minter = minter
	return a.Links.mint(wanted)
}

// Linked gives what somebody who opens a link may do as things stand; false if
// it is over.
func (a *Authenticator) Linked(l Link) (supervise.Grant, bool) {
	account, found := a.minter(l.Minter)
	if !found || !time.Now().Before(l.Expires) {
		return supervise.Grant{}, false
	}
	return l.grant(account.Grant), true
}

// linked gives who the rights of a link that they have opened.
func (a *Authenticator) linked(who Principal, opened string) (Principal, bool) {
	found, there := a.Links.of(opened)
	if !there {
		return Principal{}, false
	}
	if who.Grant, there = a.Linked(found); !there {
		return Principal{}, false
	}
	who.Name, who.Via, who.Session, who.proof = nameOfLink(found.ID, found.Minter), LinkWay, found.ID, opened
	return who, true
}

// nameOfLink is how those who have opened a link are called.
func nameOfLink(id string, minter Minter) string { return fmt.Sprintf("link %s by %s", id, minter) }

// Opened tells whether a line of the trail says that a link was opened which who
// has made. The link may be over by now, so the line is all there is to go by; no
// name of an account has a blank, so that none can be taken for another.
func (a *Authenticator) Opened(who Principal, line wire.TrailEntry) bool {
	id, aLink := strings.CutPrefix(line.Target, "link ")
	if line.Verb != string(openLink) || !aLink {
		return false
	}
	minter, _, mints := a.Minter(who)
	return mints && line.User == nameOfLink(id, minter)
}

// LookAtLink tells what a link is that somebody is about to open, which uses
// nothing up. Opened tells that the browser of r has opened it already.
func LookAtLink(r *http.Request, secret string) (_ Link, opened, found bool) {
	door, uid := doorAt(r)
	if door == nil {
		return Link{}, false, false
	}
	hash := hashOf(secret)
	for _, cookie := range cookies(r, door.linkCookie(r)) {
		opened := hashOf(cookie)
		mine := func(one *link) bool { return one.hash == hash && one.opening(opened) >= 0 }
		if l, there := door.auth.Links.where(mine); there {
			return l, true, true
		}
	}
	l, found := door.auth.Links.look(secret)
	if !found {
		door.auth.noLink(r, Principal{UID: uid, Door: door.section.Name, Addr: door.from(r)})
	}
	return l, false, found
}

// OpenLink uses a link once for the browser of r, and gives w the cookie. It is
// false for one that is over, was opened as often as it may be, or never was.
func OpenLink(w http.ResponseWriter, r *http.Request, secret string) bool {
	door, uid := doorAt(r)
	if door == nil {
		return false
	}
	nobody := Principal{UID: uid, Door: door.section.Name, Addr: door.from(r)}
	opened, l, found := door.auth.Links.open(secret)
	if !found {
		door.auth.noLink(r, nobody)
		return false
	}
	who, found := door.auth.linked(nobody, hashOf(opened))
	if !found { // it has been revoked since
		door.auth.noLink(r, nobody)
		return false
	}
	cookie := door.linkCookie(r)
	cookie.Value, cookie.MaxAge = opened, int(time.Until(l.Expires).Seconds())+1
	http.SetCookie(w, cookie)
	door.auth.options.Witness(r.Context(), Incident{Verb: openLink, Who: who, Target: "link " + l.ID})
	return true
}

// noLink has it noted that somebody tried a link that there is not. Which one it
// was is not said: it may have been nearly right.
func (a *Authenticator) noLink(r *http.Request, who Principal) {
	a.options.Witness(r.Context(), Incident{Verb: openLink, Who: who, Target: "a link", Refused: errNoLink})
}

// LoggedIn gives the name of somebody whose session r came with, whose rights
// count before those of any link; "" for nobody.
func LoggedIn(r *http.Request) string {
	door, _ := doorAt(r)
	if door == nil {
		return ""
	}
	who, err := byCookie(door, r, Sender(r))
	if err != nil {
		return ""
	}
	return who.Name
}

// closeLinks ends what the browser of r has opened, and takes the cookie away.
func (d *Door) closeLinks(w http.ResponseWriter, r *http.Request) {
	all := cookies(r, d.linkCookie(r))
	for _, secret := range all {
		who, found := d.auth.linked(Principal{UID: -1, Door: d.section.Name, Addr: d.from(r)}, hashOf(secret))
		if d.auth.Links.close(hashOf(secret)) && found {
			d.auth.options.Witness(r.Context(), Incident{Verb: "log-out", Who: who, Target: "link " + who.Session})
		}
	}
	if len(all) > 0 {
		drop(w, d.linkCookie(r))
	}
}

// Address gives where browsers see the server, as far as r tells: its scheme,
// host and path with a slash at the end. It is "" for what came through a unix
// socket, which no browser reaches by itself: only a browser behind a proxy says
// there where it is.
func Address(r *http.Request) string {
	door, _ := doorAt(r)
	if door == nil {
		return ""
	}
	path := strings.TrimSuffix(door.section.BasePath, "/") + "/"
	origin := r.Header.Get("Origin")
	switch {
	case door.section.Unix && Origin(origin) != "":
		return strings.TrimSuffix(origin, "/") + path
	case door.section.Unix || r.Host == "":
		return ""
	case Secure(r):
		return "https://" + r.Host + path
	}
	return "http://" + r.Host + path
}
