package auth

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"supervisor/server/reply"
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
	// maxName is how long a name is kept as it is, in bytes.
	maxName = 255
	// maxWrong is how many wrong guesses of one address at one user are known again.
	maxWrong = 4
)

// tooSoon says that somebody has to wait before the next guess.
type tooSoon struct{ wait time.Duration }

func (e tooSoon) Error() string { return "too many attempts: try again in " + e.seconds().String() }

// seconds is the wait in whole seconds, at least one.
func (e tooSoon) seconds() time.Duration {
	return max(time.Second, (e.wait + time.Second - 1).Truncate(time.Second))
}

// RetryAfter tells whether err is that somebody came too soon or at a busy
// moment, with which status of HTTP to say so, and how long they have to wait, in
// whole seconds.
func RetryAfter(err error) (status int, wait time.Duration, later bool) {
	var early tooSoon
	switch {
	case errors.As(err, &early):
		return http.StatusTooManyRequests, early.seconds(), true
	case errors.Is(err, errBusy), errors.Is(err, errClosing):
		return http.StatusServiceUnavailable, time.Second, true
	}
	return 0, 0, false
}

// TurnedAway gives the answer for what RetryAfter explains, and tells w when to
// come back; false for any other error.
func TurnedAway(w http.ResponseWriter, err error) (answer reply.Problem, later bool) {
	status, wait, later := RetryAfter(err)
	if later {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
		answer = reply.Problem{Status: status, Text: err.Error()}
	}
	return answer, later
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

// admit lets a guess through, and counts it, or answers tooSoon. A guess that is
// not let through leaves no trace: whoever has to wait cannot fill the counts.
func (t *throttle) admit(user string, addr netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, p := time.Now(), pairOf(user, addr)
	trusted := !now.After(t.trusted[p])
	wait := waitOf(t.pairs, p, now)
	if !trusted {
		wait = max(wait, waitOf(t.addrs, addr, now), waitOf(t.users, p.user, now))
	}
	if wait > 0 {
		return tooSoon{wait}
	}
	mine := counted(t.pairs, p, now)
	mine.add(now)
	if trusted {
		return nil
	}
	counted(t.addrs, addr, now).add(now)
	if mine.guesses == 1 { // from then on this address has been counted against the user
		counted(t.users, p.user, now).add(now)
	}
	return nil
}

// forgive takes back a guess that was right.
func (t *throttle) forgive(user string, addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, now := pairOf(user, addr), time.Now()
	t.takeBack(p)
	delete(t.pairs, p)
	if _, known := t.trusted[p]; !known {
		makeRoom(t.trusted, time.Time.Compare)
	}
	t.trusted[p] = now.Add(trustFor)
}

// note keeps a guess that was found wrong, with the count that admit has made.
func (t *throttle) note(user string, addr netip.Addr, g guess) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := current(t.pairs, pairOf(user, addr), time.Now()); c != nil {
		c.wrong = append(c.wrong, g)
		c.wrong = c.wrong[max(0, len(c.wrong)-maxWrong):]
	}
}

// knows tells whether a guess has been found wrong lately.
func (t *throttle) knows(user string, addr netip.Addr, g guess) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := current(t.pairs, pairOf(user, addr), time.Now())
	return c != nil && slices.Contains(c.wrong, g)
}

// undo takes back a guess that was not checked.
func (t *throttle) undo(user string, addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takeBack(pairOf(user, addr))
}

func (t *throttle) takeBack(p pair) {
	trusted := !time.Now().After(t.trusted[p])
	mine := t.pairs[p]
	sub(t.pairs, p)
	if trusted {
		return
	}
	sub(t.addrs, p.addr)
	if mine != nil && mine.guesses == 0 {
		sub(t.users, p.user)
	}
}

// pairOf names who guesses at whom. Names come from strangers, who may send long
// ones: those stand by their hash, so that a count has a bounded size.
func pairOf(user string, addr netip.Addr) pair {
	if len(user) > maxName {
		user = hashOf(user)
	}
	return pair{user, addr}
}

// current finds a count that still counts, nil if there is none.
func current[K comparable](counts map[K]*count, key K, now time.Time) *count {
	c := counts[key]
	if c == nil || c.past(now) {
		return nil
	}
	return c
}

// waitOf is how long the count of a key has its guesses wait.
func waitOf[K comparable](counts map[K]*count, key K, now time.Time) time.Duration {
	if c := current(counts, key, now); c != nil {
		return c.until.Sub(now)
	}
	return 0
}

// counted finds the count of a key, or begins one. One that is long past begins
// anew.
func counted[K comparable](counts map[K]*count, key K, now time.Time) *count {
	c := current(counts, key, now)
	if c != nil {
		return c
	}
	if counts[key] == nil {
		makeRoom(counts, func(a, b *count) int { return lessToLose(a, b, now) })
	}
	c = &count{until: now}
	counts[key] = c
	return c
}

// lessToLose orders counts by what would be lost with them: those long past
// first, then the fewest guesses, the longest ago among equals. So whoever fills
// the counts with new names or addresses pushes out those, and not the one that
// makes them wait.
func lessToLose(a, b *count, now time.Time) int {
	weight := func(c *count) int {
		if c.past(now) {
			return 0
		}
		return c.guesses
	}
	return cmp.Or(cmp.Compare(weight(a), weight(b)), a.until.Compare(b.until))
}

// makeRoom drops the first quarter of a map that is full.
func makeRoom[K comparable, V any](full map[K]V, order func(a, b V) int) {
	if len(full) < maxCounted {
		return
	}
	keys := slices.SortedFunc(maps.Keys(full), func(a, b K) int { return order(full[a], full[b]) })
	for _, key := range keys[:len(keys)/4] {
		delete(full, key)
	}
}

// sub takes a guess from the count of a key. One without guesses is none.
func sub[K comparable](counts map[K]*count, key K) {
	c := counts[key]
	if c == nil {
		return
	}
	c.guesses--
	c.until = time.Now()
	if c.guesses <= 0 {
		delete(counts, key)
	}
}

func (c *count) past(now time.Time) bool { return now.Sub(c.until) > forgiveAfter }

func (c *count) add(now time.Time) {
	c.guesses++
	c.until = now.Add(pause(c.guesses))
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
