package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	freeGuesses  = 5               // before anybody has to wait
	firstPause   = time.Second     // after the first guess beyond, doubled by each
	longestPause = 5 * time.Minute // nobody is locked out for good
	// forgiveAfter is how long after the last pause a count begins anew.
	forgiveAfter = 15 * time.Minute
	// trustFor is how long an address from which a user came in is theirs.
	trustFor = 24 * time.Hour
	// maxCounted is how many counts are kept, and how many addresses.
	maxCounted = 8192
	// maxWrong is how many wrong guesses of one address at one user are known again.
	maxWrong = 4
)

// tooSoon says that somebody has to wait before the next guess.
type tooSoon struct{ wait time.Duration }

func (e tooSoon) Error() string { return fmt.Sprintf("too many attempts: try again in %s", e.wait) }

// RetryAfter tells whether err is that somebody came too soon or at a busy
// moment, and how long to wait.
func RetryAfter(err error) (time.Duration, bool) {
	var early tooSoon
	switch {
	case errors.As(err, &early):
		return early.wait, true
	case errors.Is(err, errBusy):
		return time.Second, true
	}
	return 0, false
}

// throttle slows down guessing: by one address at one user, by one address at
// anybody, and by many addresses at one user. Each guess counts before it is
// checked, so that many at once are not free. A guess that is repeated counts once:
// who guesses learns nothing by it, and a script that still has the password of
// last year is answered as Supervisor answered it.
//
// To keep a stranger from locking somebody out, what one address does to a user
// counts against that user once, and addresses the user has come in from lately
// are measured by their own guesses at this user alone.
type throttle struct {
	mu      sync.Mutex // guards the fields below
	pairs   map[pair]*count
	addrs   map[netip.Addr]*count
	users   map[string]*count
	trusted map[pair]time.Time // until when
}

type pair struct {
	user string
	addr netip.Addr
}

// count is the guesses of somebody that were not right.
type count struct {
	guesses int
	until   time.Time // no other one before
	wrong   []guess   // the last that were found wrong, the oldest first
}

// guess is credentials as checker.sign names them.
type guess = [sha256.Size]byte

func newThrottle() *throttle {
	return &throttle{
		pairs: map[pair]*count{}, addrs: map[netip.Addr]*count{}, users: map[string]*count{}, trusted: map[pair]time.Time{},
	}
}

// admit lets a guess through, and counts it, or answers tooSoon.
func (t *throttle) admit(user string, addr netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, p := time.Now(), pair{user, addr}
	counts := []*count{counted(t.pairs, p, now)}
	if now.After(t.trusted[p]) {
		counts = append(counts, counted(t.addrs, addr, now), counted(t.users, user, now))
	}
	var wait time.Duration
	for _, c := range counts {
		wait = max(wait, c.until.Sub(now))
	}
	if wait > 0 {
		return tooSoon{wait}
	}
	for i, c := range counts {
		if i == 2 && counts[0].guesses > 1 { // this address has been counted against the user
			continue
		}
		c.add(now)
	}
	return nil
}

// forgive takes back a guess that was right.
func (t *throttle) forgive(user string, addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeBack(user, addr)
	p := pair{user, addr}
	delete(t.pairs, p)
	makeRoom(t.trusted, func(until time.Time) bool { return time.Now().After(until) })
	t.trusted[p] = time.Now().Add(trustFor)
}

// note keeps a guess that was found wrong.
func (t *throttle) note(user string, addr netip.Addr, g guess) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := counted(t.pairs, pair{user, addr}, time.Now())
	c.wrong = append(c.wrong, g)
	c.wrong = c.wrong[max(0, len(c.wrong)-maxWrong):]
}

// knows tells whether a guess has been found wrong lately.
func (t *throttle) knows(user string, addr netip.Addr, g guess) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Contains(counted(t.pairs, pair{user, addr}, time.Now()).wrong, g)
}

// undo takes back a guess that was not checked.
func (t *throttle) undo(user string, addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeBack(user, addr)
}

func (t *throttle) takeBack(user string, addr netip.Addr) {
	p := pair{user, addr}
	trusted := !time.Now().After(t.trusted[p])
	mine := t.pairs[p]
	if mine != nil {
		mine.sub()
	}
	if trusted {
		return
	}
	if c := t.addrs[addr]; c != nil {
		c.sub()
	}
	if c := t.users[user]; c != nil && mine != nil && mine.guesses == 0 {
		c.sub()
	}
}

// counted finds the count of a key. One that is long past begins anew.
func counted[K comparable](counts map[K]*count, key K, now time.Time) *count {
	past := func(c *count) bool { return now.Sub(c.until) > forgiveAfter }
	known := counts[key]
	if known == nil || past(known) {
		makeRoom(counts, past)
		known = &count{until: now}
		counts[key] = known
	}
	return known
}

// makeRoom drops what is past from a map that is full, and if nothing is, some.
func makeRoom[K comparable, V any](full map[K]V, past func(V) bool) {
	if len(full) < maxCounted {
		return
	}
	for key, value := range full {
		if past(value) {
			delete(full, key)
		}
	}
	for key := range full {
		if len(full) < maxCounted*3/4 {
			return
		}
		delete(full, key)
	}
}

func (c *count) add(now time.Time) {
	c.guesses++
	c.until = now.Add(pause(c.guesses))
}

func (c *count) sub() {
	c.guesses = max(c.guesses-1, 0)
	c.until = time.Now()
}

// pause is how long to wait after so many guesses.
func pause(guesses int) time.Duration {
	beyond := guesses - freeGuesses
	if beyond <= 0 {
		return 0
	}
	if beyond > 10 {
		return longestPause
	}
	return min(firstPause<<(beyond-1), longestPause)
}

// throttled gives the address that guesses are counted by. A network of IPv6 is
// one customer: nobody gets a fresh count by taking the next of its addresses.
func throttled(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is4() || !addr.IsValid() {
		return addr
	}
	network, err := addr.Prefix(64)
	if err != nil { // cannot be: an IPv6 address has 128 bits
		return addr
	}
	return network.Addr()
}
