package auth

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"supervisor/supervise"
)

// Options of an Authenticator.
type Options struct {
	Accounts []supervise.Account // the [user:x] sections of the configuration
	Sections []Section           // the server sections, in the order of the doors
	Store    Store               // the users file; nil if there is none
	State    State               // where sessions and links outlive supervisord; nil keeps them in memory

	SessionIdle, SessionLifetime time.Duration // 0 stands for twelve hours and a week

	// LoginName gives the name of a system user, "" for one who has none.
	LoginName func(uid int) string
	// UID is supervisord's own, whose processes are administrators where peers
	// are mapped.
	UID int
	// Witness is told what the trail should know of ways in; nil for nobody. It
	// is called in the goroutine of the request.
	Witness func(context.Context, Incident)
}

// Incident is something that happened at a door.
type Incident struct {
	Verb    Verb      // log-in, log-out, open-link
	Who     Principal // without a grant, if they were not let in
	Target  string    // the session, or what somebody asked for who was not let in
	Refused error     // why they were not let in; nil if they were
}

// Authenticator finds out who is there, for all doors together. It holds the
// book of accounts, the sessions, and what is known of passwords tried.
type Authenticator struct {
	Book     *Book
	Sessions *Sessions
	Links    *Links

	options  Options
	doors    []*Door
	bell     *bell // the book or a session has changed
	checker  *checker
	throttle *throttle

	mu     sync.Mutex // guards the fields below
	seen   map[string]time.Time
	logins map[int]login
	// What was given to those who open the page with HTTP Basic.
	visitors map[visitor]given
}

// login is the name of a system user, as it was a short while ago.
type login struct {
	name  string
	until time.Time
}

const (
	rememberLogin = time.Minute
	maxLogins     = 1000
)

// New opens the book and the doors. It fails on a password of the configuration
// that cannot be checked; a users file or sessions that cannot be read are
// problems, and no reason not to start.
func New(o Options) (*Authenticator, error) {
	a := &Authenticator{options: o, bell: newBell(), checker: newChecker(), throttle: newThrottle(), seen: map[string]time.Time{}, logins: map[int]login{}, visitors: map[visitor]given{}}
	if a.options.LoginName == nil {
		a.options.LoginName = func(int) string { return "" }
	}
	if a.options.Witness == nil {
		a.options.Witness = func(context.Context, Incident) {}
	}
	var sections []supervise.Account
	var ways waysIn
	for _, s := range o.Sections {
		door := &Door{section: s, auth: a}
		a.doors = append(a.doors, door)
		ways.peers = ways.peers || s.MapUsers
		ways.proxies = ways.proxies || s.Header != ""
		if s.Username != "" {
			sections = append(sections, door.account())
		}
	}
	var err error
	if a.Book, err = newBook(o.Accounts, sections, o.Store, ways, a.bell); err != nil {
		return nil, err
	}
	a.Sessions = newSessions(o.State, o.SessionIdle, o.SessionLifetime, a.bell)
	a.Links = newLinks(o.State, a.bell, a.minter)
	return a, nil
}

// Begin takes up the sessions that an earlier supervisord left, and has what is
// wrong logged from now on. It is called once, before the first request.
func (a *Authenticator) Begin(log *slog.Logger) {
	a.Book.logTo(log)
	for _, load := range [...]func() error{a.Sessions.load, a.Links.load} {
		if err := load(); err != nil {
			log.Warn(err.Error())
		}
	}
}

// Close has no password checked any more but those at work, so that nobody waits
// for guesses. It may be called again.
func (a *Authenticator) Close() { a.checker.close() }

// Doors gives one door for each section of the options.
func (a *Authenticator) Doors() []*Door { return a.doors }

// Problems says what an administrator should look into.
func (a *Authenticator) Problems() []supervise.Problem { return slices.Clone(a.Book.Problems()) }

// Changed gives a channel that is closed when somebody's rights may next have
// changed: ask Again then about those who are still there.
func (a *Authenticator) Changed() <-chan struct{} { return a.bell.next() }

// Again gives who as they would come in now: with the rights they have by now,
// false if they would not be let in any more. It is for what outlives a request,
// to be asked when Changed says so and every minute; it uses no session up.
func (a *Authenticator) Again(who Principal) (Principal, bool) {
	door := a.doorOf(who)
	if door == nil {
		return Principal{}, false
	}
	account, known := supervise.Account{}, false
	switch who.Via {
	case Open:
		return door.introduce(who), door.Open()
	case Peer:
		return door.byPeer(who)
	case Cookie:
		account, known = a.Sessions.again(who.Session, door.accountOfSession)
		who.proof = a.proofOf(account) // the session is bound to it, and may have been renewed
	case Basic:
		account, known = door.find(who.Name)
	case Token:
		account, known = a.Book.FindTokenNamed(who.Name)
	case LinkWay:
		return a.linked(who, who.proof)
	case Proxy:
		account, known = a.Book.Find(who.Name)
	}
	if !known || !usable(account) || a.proofOf(account) != who.proof {
		return Principal{}, false
	}
	who.Grant = account.Grant
	return who, true
}

// proofOf names what an account is proved by, so that who came in by another
// password or token than it now has can be told.
func (a *Authenticator) proofOf(account supervise.Account) string {
	mac := a.checker.sign(account.Token, account.Name, account.Password, "")
	return string(mac[:])
}

func (a *Authenticator) doorOf(who Principal) *Door {
	i := slices.IndexFunc(a.doors, func(d *Door) bool { return d.section.Name == who.Door })
	if i < 0 {
		return nil
	}
	return a.doors[i]
}

// Seen tells when somebody was last here since supervisord started.
func (a *Authenticator) Seen(account supervise.Account) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[seenKey(account)]
}

func (a *Authenticator) saw(account supervise.Account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[seenKey(account)] = time.Now()
}

// loginName gives the name of a system user. Looking it up may take a while.
func (a *Authenticator) loginName(uid int) string {
	now := time.Now()
	a.mu.Lock()
	known := a.logins[uid]
	a.mu.Unlock()
	if now.Before(known.until) {
		return known.name
	}
	name := a.options.LoginName(uid)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.logins) >= maxLogins {
		clear(a.logins)
	}
	a.logins[uid] = login{name, now.Add(rememberLogin)}
	return name
}

func seenKey(account supervise.Account) string {
	return strconv.FormatBool(account.IsToken()) + account.Name
}

// usable tells whether an account lets anybody in now.
func usable(a supervise.Account) bool {
	return !a.Disabled && (a.Expires.IsZero() || time.Now().Before(a.Expires))
}

// password finds the account of a name and password at a door. It answers
// errUnknown, one that RetryAfter explains, or that r is over.
func (a *Authenticator) password(r *http.Request, d *Door, name, given string) (supervise.Account, error) {
	account, known := d.find(name)
	known = known && usable(account) && (account.Password != "" || d.section.owns(account))
	secret := ""
	if known {
		secret = account.Password
	}
	mac := a.checker.sign(d.section.Name, name, secret, given)
	if known && a.checker.remembers(mac) {
		return account, nil
	}
	err := a.checker.once(r.Context(), mac, func() error { return a.guess(r, d, name, known, secret, given, mac) })
	if err != nil {
		return supervise.Account{}, err
	}
	return account, nil
}

// guess has one password checked, if whoever tries it may.
func (a *Authenticator) guess(r *http.Request, d *Door, name string, known bool, secret, given string, mac [sha256.Size]byte) error {
	from, limited := d.address(r), !d.section.Unix
	if limited {
		if a.throttle.knows(name, from, mac) {
			return errUnknown
		}
		if err := a.throttle.admit(name, from); err != nil {
			return err
		}
	}
	err := a.checker.verify(r.Context(), known, secret, given, a.Book.current().cost)
	switch {
	case err == nil:
		a.checker.remember(mac)
		if limited {
			a.throttle.forgive(name, from)
		}
	case limited && err == errUnknown:
		a.throttle.note(name, from, mac)
	case limited && err == errBusy:
		a.throttle.undo(name, from)
	}
	// Who has left the queue is charged: they have had a place in it.
	return err
}
