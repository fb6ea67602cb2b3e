package auth

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/supervise"
)

// Limits of sessions.
const (
	maxSessions        = 4096
	maxSessionsPerUser = 64 // beyond, the one that has rested longest ends
	sessionsFile       = "sessions.json"
	// writeSeenAfter bounds how much of a session's last use a crash forgets.
	writeSeenAfter = 5 * time.Minute
)

// Session is one login of a person in a browser, as lists show it. Its secret is
// in the browser's cookie and nowhere else: here is only its SHA-256.
type Session struct {
	ID      string // names it; it opens nothing
	User    string
	Section string // the server section whose username it is; "" for a [user:x]
	Addr    string // where it began
	Agent   string // which browser, as that says
	Keep    bool   // to last as long as it may, used or not
	Began   time.Time
	Seen    time.Time // last used
	Expires time.Time // if it is not used again
}

// session is one with what proves it.
type session struct {
	Session
	hash string // of its secret
	// seal binds it to the password and role it began with, and says nothing
	// about them to who reads the file: its key is the secret.
	seal []byte
	tag  []byte // the same with a key of this process, once its secret was seen
	// soon is the tag of what the account is about to be by its owner's own doing,
	// nil if nothing is: between the change and Renew the session holds by either.
	soon []byte
	used bool // since it began
}

func (one *session) tagged(tag []byte) bool {
	return hmac.Equal(one.tag, tag) || one.soon != nil && hmac.Equal(one.soon, tag)
}

// Sessions are the logins that have not ended. It is safe for use by many at
// once.
type Sessions struct {
	shelf          shelf[sessionFile]
	idle, lifetime time.Duration
	bell           *bell
	key            []byte // of tags

	mu     sync.Mutex // guards the fields below
	byHash map[string]*session
	saved  time.Time // when the last uses were last written down
}

func newSessions(state State, idle, lifetime time.Duration, b *bell) *Sessions {
	return &Sessions{
		shelf: shelf[sessionFile]{state: state, name: sessionsFile, loss: "everybody has to log in again"},
		idle:  cmp.Or(idle, 12*time.Hour), lifetime: cmp.Or(lifetime, 7*24*time.Hour), bell: b,
		key: randomBytes(), byHash: map[string]*session{}, saved: time.Now(),
	}
}

// Begin makes a session of a person who has just proved who they are, and gives
// its secret, for the cookie.
func (s *Sessions) Begin(who supervise.Account, began Session) (secret string, _ Session) {
	secret = newSecret()
	now := time.Now()
	began.ID, began.User, began.Began, began.Seen = newID(), who.Name, now, now
	fresh := &session{Session: began, hash: hashOf(secret), seal: bind([]byte(secret), who), tag: bind(s.key, who)}
	s.mu.Lock()
	s.sweep(now)
	crowded := s.makeRoom(who.Name)
	s.byHash[fresh.hash] = fresh
	shown := s.show(fresh)
	s.mu.Unlock()
	s.save()
	if crowded {
		s.bell.ring()
	}
	return secret, shown
}

// End ends the session of an id, and tells whether there was one.
func (s *Sessions) End(id string) bool {
	return s.endThose(func(one *session) bool { return one.ID == id }) > 0
}

// EndAll ends every session of a user who is written in a section ("" for a
// [user:x]), and tells how many there were.
func (s *Sessions) EndAll(user, section string) int {
	return s.endThose(func(one *session) bool { return one.User == user && one.Section == section })
}

// expect has a session outlast that its account becomes what is given. What it
// gives takes that back, unless the session expects something else by then.
func (s *Sessions) expect(id string, account supervise.Account) (forget func()) {
	soon := bind(s.key, account)
	s.change(id, func(one *session) { one.soon = soon })
	return func() {
		s.change(id, func(one *session) {
			if hmac.Equal(one.soon, soon) {
				one.soon = nil
			}
		})
	}
}

// change has a session changed, if it is there.
func (s *Sessions) change(id string, change func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.byHash {
		if one.ID == id {
			change(one)
		}
	}
}

// unused tells whether a session has not been used since it began, and holds.
func (s *Sessions) unused(id string, lookUp func(Session) (supervise.Account, bool)) bool {
	if _, holds := s.again(id, lookUp); !holds {
		return false
	}
	unused := false
	s.change(id, func(one *session) { unused = !one.used })
	return unused
}

// renew binds the session of an id to its account as it is now, and gives it
// another secret; the one it had opens nothing any more. All others of that person
// end. It is false if the session has ended meanwhile.
func (s *Sessions) renew(id string, account supervise.Account) (secret string, _ Session, found bool) {
	secret = newSecret()
	var shown Session
	s.mu.Lock()
	for hash, one := range s.byHash {
		if one.ID == id {
			delete(s.byHash, hash)
			one.hash, one.seal, one.tag, one.soon = hashOf(secret), bind([]byte(secret), account), bind(s.key, account), nil
			shown, found = s.show(one), true
			s.byHash[one.hash] = one
			break
		}
	}
	s.mu.Unlock()
	if s.endThose(func(one *session) bool { return one.User == account.Name && one.Section == "" && one.ID != id }) == 0 {
		s.save()
	}
	return secret, shown, found
}

// List gives the sessions of those whom wanted accepts, those last used first.
func (s *Sessions) List(wanted func(Session) bool) []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(time.Now())
	var list []Session
	for _, one := range s.byHash {
		if shown := s.show(one); wanted(shown) {
			list = append(list, shown)
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(b.Seen.Compare(a.Seen), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Find gives the session of an id.
func (s *Sessions) Find(id string) (Session, bool) {
	list := s.List(func(one Session) bool { return one.ID == id })
	if len(list) == 0 {
		return Session{}, false
	}
	return list[0], true
}

// Flush writes down when each session was last used; the server calls it last.
func (s *Sessions) Flush() { s.save() }

// use finds the session of a secret and counts as its use, at the door of a
// section: one that began with another section's username is none there. lookUp
// gives the account it is about, as it stands now; a session whose account is
// gone, has another password or another role is over.
func (s *Sessions) use(secret, section string, lookUp func(Session) (supervise.Account, bool)) (Session, supervise.Account, bool) {
	hash, now := hashOf(secret), time.Now()
	shown, found := s.peek(hash, now)
	if !found || shown.Section != "" && shown.Section != section {
		return Session{}, supervise.Account{}, false
	}
	account, known := lookUp(shown)
	if !known || !s.bound(hash, secret, account) {
		s.endThose(func(one *session) bool { return one.hash == hash })
		return Session{}, supervise.Account{}, false
	}
	if s.touch(hash, now) {
		s.save()
	}
	return shown, account, true
}

// again tells whether the session of an id still holds, without using it.
func (s *Sessions) again(id string, lookUp func(Session) (supervise.Account, bool)) (supervise.Account, bool) {
	shown, found := s.Find(id)
	if !found {
		return supervise.Account{}, false
	}
	account, known := lookUp(shown)
	if known && s.endThose(func(one *session) bool { return one.ID == id && !one.tagged(bind(s.key, account)) }) == 0 {
		return account, true
	}
	s.End(id)
	return supervise.Account{}, false
}

func (s *Sessions) peek(hash string, now time.Time) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byHash[hash]
	if one == nil || !now.Before(s.expires(one)) {
		return Session{}, false
	}
	return s.show(one), true
}

// bound tells whether an account is still what the session began with.
func (s *Sessions) bound(hash, secret string, account supervise.Account) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byHash[hash]
	switch {
	case one == nil:
		return false
	case one.tag != nil:
		return one.tagged(bind(s.key, account))
	case !hmac.Equal(one.seal, bind([]byte(secret), account)):
		return false
	}
	one.tag = bind(s.key, account)
	return true
}

// touch notes a use, and tells whether it is time to write uses down.
func (s *Sessions) touch(hash string, now time.Time) (write bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.byHash[hash]; one != nil {
		one.Seen, one.used = now, true
	}
	if now.Sub(s.saved) < min(writeSeenAfter, s.idle/8) {
		return false
	}
	s.saved = now
	return true
}

// endThose ends some sessions and tells how many.
func (s *Sessions) endThose(which func(*session) bool) int {
	s.mu.Lock()
	ended := 0
	for hash, one := range s.byHash {
		if which(one) {
			delete(s.byHash, hash)
			ended++
		}
	}
	s.mu.Unlock()
	if ended > 0 {
		s.save()
		s.bell.ring()
	}
	return ended
}

// sweep drops what has expired. Called with the lock held, as are those below.
func (s *Sessions) sweep(now time.Time) {
	for hash, one := range s.byHash {
		if !now.Before(s.expires(one)) {
			delete(s.byHash, hash)
		}
	}
}

// makeRoom ends the session that has rested longest where a user, or the house,
// has too many, and tells whether one had to end.
func (s *Sessions) makeRoom(user string) bool {
	var mine, all []*session
	for _, one := range s.byHash {
		all = append(all, one)
		if one.User == user {
			mine = append(mine, one)
		}
	}
	longestAtRest := func(a, b *session) int { return a.Seen.Compare(b.Seen) }
	switch {
	case len(mine) >= maxSessionsPerUser:
		delete(s.byHash, slices.MinFunc(mine, longestAtRest).hash)
	case len(all) >= maxSessions:
		delete(s.byHash, slices.MinFunc(all, longestAtRest).hash)
	default:
		return false
	}
	return true
}

func (s *Sessions) expires(one *session) time.Time {
	end := one.Began.Add(s.lifetime)
	if idle := one.Seen.Add(s.idle); !one.Keep && idle.Before(end) {
		return idle
	}
	return end
}

func (s *Sessions) show(one *session) Session {
	shown := one.Session
	shown.Expires = s.expires(one)
	return shown
}

// bind gives what ties a session to the credentials of an account: another
// password or another role gives another value.
func bind(key []byte, a supervise.Account) []byte {
	mac := hmac.New(sha256.New, key)
	for _, text := range []string{a.Name, a.Password, a.Grant.Role.String()} {
		fmt.Fprintf(mac, "%d|%s", len(text), text)
	}
	return mac.Sum(nil)
}

// sessionFile is sessions.json.
type sessionFile struct {
	Version  int             `json:"version"`
	Sessions []storedSession `json:"sessions"`
}

type storedSession struct {
	Hash    string    `json:"sha256"`
	Seal    string    `json:"seal"`
	ID      string    `json:"id"`
	User    string    `json:"user"`
	Section string    `json:"section,omitempty"`
	Addr    string    `json:"addr,omitempty"`
	Agent   string    `json:"agent,omitempty"`
	Keep    bool      `json:"keep,omitempty"`
	Began   time.Time `json:"began"`
	Seen    time.Time `json:"seen"`
}

// save writes all sessions down. Nobody has to be told at once of what is not on the
// disk yet: the state says so, and tries again.
func (s *Sessions) save() { _ = s.shelf.save(s.file) }

func (s *Sessions) file() sessionFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := sessionFile{Version: 1, Sessions: []storedSession{}}
	for _, one := range s.byHash {
		f.Sessions = append(f.Sessions, storedSession{
			Hash: one.hash, Seal: hex.EncodeToString(one.seal), ID: one.ID, User: one.User, Section: one.Section,
			Addr: one.Addr, Agent: one.Agent, Keep: one.Keep, Began: one.Began.UTC(), Seen: one.Seen.UTC(),
		})
	}
	slices.SortFunc(f.Sessions, func(a, b storedSession) int { return cmp.Compare(a.ID, b.ID) })
	return f
}

// load takes up the sessions that an earlier supervisord left. What cannot be read
// costs people a login and nothing more.
func (s *Sessions) load() error {
	f, err := s.shelf.load()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, stored := range f.Sessions {
		seal, err := hex.DecodeString(stored.Seal)
		// A session from the future would live for ever.
		if err != nil || stored.Hash == "" || stored.ID == "" || stored.Began.After(now.Add(time.Hour)) {
			continue
		}
		s.byHash[stored.Hash] = &session{hash: stored.Hash, seal: seal, used: true, Session: Session{
			ID: stored.ID, User: stored.User, Section: stored.Section, Addr: stored.Addr, Agent: stored.Agent,
			Keep: stored.Keep, Began: stored.Began, Seen: minTime(stored.Seen, now),
		}}
	}
	s.sweep(now)
	return nil
}

func minTime(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// newSecret gives 256 random bits as text that fits a cookie, a header and a path.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(randomBytes()) }

// newID gives a name for something that lists show.
func newID() string { return strings.ToLower(rand.Text()[:12]) }

func randomBytes() []byte {
	b := make([]byte, sha256.Size)
	rand.Read(b) // never fails: it ends the program instead
	return b
}

// hashOf gives what is kept of a secret: whoever reads it cannot go back, for
// there are too many secrets to try.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
