package auth

import (
	"cmp"
	"container/list"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

const (
	// maxCost keeps out hashes whose check would take minutes: each step
	// doubles the work, and 31 is legal.
	maxCost = 14
	// maxBcryptBytes is what bcrypt looks at.
	maxBcryptBytes = supervise.MaxPasswordBytes
	// rememberFor is how long a password that was right need not be hashed again.
	rememberFor = 5 * time.Minute
	// maxRemembered is how many are remembered.
	maxRemembered = 1000
	// waitingChecks is how many may wait for bcrypt before others are sent away.
	waitingChecks = 8
)

var (
	// errBusy says that too many passwords are being checked at once.
	errBusy = errors.New("too many passwords are being checked")
	// errClosing says that no password is checked any more.
	errClosing = errors.New("supervisord is about to end or to start anew")
)

// checkable tells why a secret of a configuration cannot be compared with: a
// bcrypt hash that cannot be read, or would take minutes.
func checkable(secret string) error {
	hash := strings.TrimPrefix(secret, "{bcrypt}")
	if !supervise.IsBcrypt(hash) {
		return nil
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return fmt.Errorf("read the bcrypt hash: %w", err)
	}
	if cost > maxCost {
		return fmt.Errorf("the bcrypt hash has cost %d, at most %d is accepted", cost, maxCost)
	}
	return nil
}

// NewPassword gives the bcrypt hash of a password somebody has chosen, or says
// in words for them why it will not do. It waits its turn as a check does, and gives
// way as one; the error may be one that RetryAfter explains.
func (a *Authenticator) NewPassword(ctx context.Context, name, password string) (hash string, err error) {
	if err := supervise.CheckPassword(name, password); err != nil {
		return "", err
	}
	var text []byte
	var failed error
	err = a.checker.atWork(ctx, func() { text, failed = a.checker.generate([]byte(password), supervise.PasswordCost) })
	return string(text), cmp.Or(err, failed)
}

// checker compares passwords: a few at a time, each at the same cost whether or
// not there is such a user, and one that was right only once in a while.
type checker struct {
	key      []byte        // random; what is remembered says nothing to who reads memory later
	queue    chan struct{} // one token for each at work or waiting
	slots    chan struct{} // one token for each at work
	compare  func(hash, password []byte) error
	generate func(password []byte, cost int) (hash []byte, err error)
	closed   chan struct{} // closed once nothing is to be checked any more
	close    func()        // may be called again

	mu      sync.Mutex // guards the fields below
	right   map[[sha256.Size]byte]*list.Element
	oldest  *list.List // of remembered; the oldest is at the front
	flights map[[sha256.Size]byte]*flight
}

type remembered struct {
	mac      [sha256.Size]byte
	forgetAt time.Time
}

// flight is a check at work, for all who ask the same at the same time.
type flight struct {
	landed chan struct{}
	// Set before landed is closed.
	err  error
	left bool // whoever began it has left, perhaps before anything was checked
}

func newChecker() *checker {
	atWork := max(1, runtime.NumCPU()/2)
	closed := make(chan struct{})
	return &checker{
		key:      randomBytes(),
		queue:    make(chan struct{}, atWork+waitingChecks),
		slots:    make(chan struct{}, atWork),
		compare:  bcrypt.CompareHashAndPassword,
		generate: bcrypt.GenerateFromPassword,
		closed:   closed,
		close:    sync.OnceFunc(func() { close(closed) }),
		right:    map[[sha256.Size]byte]*list.Element{},
		oldest:   list.New(),
		flights:  map[[sha256.Size]byte]*flight{},
	}
}

// sign names a set of credentials. The secret compared with is part of it, so
// that a changed password is not remembered any more; a name without an account
// has none.
func (c *checker) sign(section, name, secret, given string) (mac [sha256.Size]byte) {
	h := hmac.New(sha256.New, c.key)
	for _, text := range []string{section, name, secret} {
		fmt.Fprintf(h, "%d|%s|", len(text), text)
	}
	h.Write([]byte(given))
	h.Sum(mac[:0])
	return mac
}

// remembers tells whether credentials were found right a short while ago.
func (c *checker) remembers(mac [sha256.Size]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.right[mac]
	return known != nil && time.Now().Before(known.Value.(remembered).forgetAt)
}

// remember keeps credentials that were right. Wrong ones are never kept: a flood
// of them would push the right ones out.
func (c *checker) remember(mac [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if known := c.right[mac]; known != nil {
		c.oldest.Remove(known)
	}
	c.right[mac] = c.oldest.PushBack(remembered{mac, now.Add(rememberFor)})
	for front := c.oldest.Front(); front != nil; front = c.oldest.Front() {
		old := front.Value.(remembered)
		if c.oldest.Len() <= maxRemembered && now.Before(old.forgetAt) {
			return
		}
		c.oldest.Remove(front)
		delete(c.right, old.mac)
	}
}

// once runs check for the first who brings some credentials; others who bring
// the same meanwhile wait for what it says. If the first leaves before it is
// known, another of them asks anew.
func (c *checker) once(ctx context.Context, mac [sha256.Size]byte, check func() error) error {
	for {
		mine, other := c.board(mac)
		if other == nil {
			defer c.land(mac, mine)
			mine.err = check()
			mine.left = mine.err != nil && ctx.Err() != nil
			return mine.err
		}
		select {
		case <-other.landed:
			if !other.left {
				return other.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// board gives the flight that others have begun, or begins one.
func (c *checker) board(mac [sha256.Size]byte) (mine, other *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.flights[mac]; other != nil {
		return nil, other
	}
	mine = &flight{landed: make(chan struct{}), err: errBusy} // what others hear if check panics
	c.flights[mac] = mine
	return mine, nil
}

func (c *checker) land(mac [sha256.Size]byte, mine *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, mac)
	close(mine.landed)
}

// verify answers nil if given is the password a configuration wrote as secret,
// errUnknown if not, errBusy if there is too much to check already, errClosing, or
// that ctx is done before it was this one's turn. Without an
// account it is always errUnknown. Every errUnknown takes the same work, that of
// one hash of the highest cost in the book, so that the time taken does not tell
// which names there are.
func (c *checker) verify(ctx context.Context, account bool, secret, given string, highest int) error {
	hash := strings.TrimPrefix(secret, "{bcrypt}")
	hashed := account && supervise.IsBcrypt(hash)
	if account && !hashed && writtenIs(secret, given) {
		return nil
	}
	if !hashed && highest == 0 {
		return errUnknown
	}
	right := false
	err := c.atWork(ctx, func() {
		spent := 0 // the cost of what was compared
		if hashed && len(given) <= maxBcryptBytes {
			if right = c.compare([]byte(hash), []byte(given)) == nil; right {
				return
			}
			spent = costOf(hash)
		}
		c.burn(spent, highest, given)
	})
	if err == nil && !right {
		return errUnknown
	}
	return err
}

// burn does the rest of the work of one hash of the highest cost, of which
// spent was done: the hashes of cost n, n, n+1 ... m-1 make one of cost m.
func (c *checker) burn(spent, highest int, given string) {
	given = given[:min(len(given), maxBcryptBytes)]
	if spent == 0 && highest > 0 {
		_ = c.compare(dummy(highest), []byte(given)) // it never fits
		return
	}
	for cost := spent; cost < highest; cost++ {
		_ = c.compare(dummy(cost), []byte(given)) // nor does this
	}
}

// dummy is a bcrypt hash of a cost that no password is known for.
func dummy(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat("abcdefghijklmnopqrstu", 3)[:53])
}

// writtenIs compares with a password in plain text or as {SHA}, which the
// original knows (http.py encrypted_dictionary_authorizer). It takes the digits
// in lower case only.
func writtenIs(secret, given string) bool {
	digits, hashed := strings.CutPrefix(secret, "{SHA}")
	if !hashed {
		return equal(given, secret)
	}
	sum := sha1.Sum([]byte(given))
	return equal(hex.EncodeToString(sum[:]), digits)
}

// atWork does some work with bcrypt: a few at a time, aside, after a wait in a short
// queue. The error says why it was not done: errBusy, errClosing, or that ctx was
// done before its turn.
func (c *checker) atWork(ctx context.Context, work func()) error {
	leave, err := c.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	aside(work)
	return nil
}

// enter takes one of the few places for bcrypt. The wait for it ends with ctx, and
// when the server is about to end, which shall not wait for those in the queue.
func (c *checker) enter(ctx context.Context) (leave func(), err error) {
	select {
	case c.queue <- struct{}{}:
	default:
		return nil, errBusy
	}
	select {
	case <-c.closed:
		<-c.queue
		return nil, errClosing
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots; <-c.queue }, nil
	case <-c.closed:
		<-c.queue
		return nil, errClosing
	case <-ctx.Done():
		<-c.queue
		return nil, ctx.Err()
	}
}

// equal compares two texts in a time that depends on neither, not even on
// their lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
