package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
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
)

const (
	// maxCost keeps out hashes whose check would take minutes: each step
	// doubles the work, and 31 is legal.
	maxCost = 14
	// maxBcryptBytes is what bcrypt looks at; a longer password would be
	// accepted for the first 72 of its bytes.
	maxBcryptBytes = 72
	// rememberFor is how long a password that was right need not be hashed again.
	rememberFor = 5 * time.Minute
	// waitingChecks is how many may wait for bcrypt before others are sent away.
	waitingChecks = 8
)

// errBusy says that too many passwords are being checked at once.
var errBusy = errors.New("too many passwords are being checked")

// password is a secret as a configuration writes it, ready to compare with.
type password struct {
	kind   kind
	secret string // the text, the digits after {SHA}, or the hash

	checks chan struct{} // one token for each bcrypt check at work or waiting
	slots  chan struct{} // one token for each at work
	key    []byte        // random; what is remembered says nothing to who reads memory later

	mu       sync.Mutex
	right    []byte // keyed hash of the last password bcrypt found right
	forgetAt time.Time
}

// kind is how the configuration wrote a password.
type kind int

const (
	plain kind = iota
	sha
	hashed // by bcrypt
)

func newPassword(secret string) (*password, error) {
	if digits, ok := strings.CutPrefix(secret, "{SHA}"); ok {
		return &password{kind: sha, secret: digits}, nil
	}
	hash := strings.TrimPrefix(secret, "{bcrypt}")
	if !isBcrypt(hash) {
		return &password{kind: plain, secret: secret}, nil
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return nil, fmt.Errorf("read the bcrypt hash: %w", err)
	}
	if cost > maxCost {
		return nil, fmt.Errorf("the bcrypt hash has cost %d, at most %d is accepted", cost, maxCost)
	}
	atWork := max(1, runtime.NumCPU()/2)
	p := &password{
		kind:   hashed,
		secret: hash,
		checks: make(chan struct{}, atWork+waitingChecks),
		slots:  make(chan struct{}, atWork),
		key:    make([]byte, sha256.Size),
	}
	rand.Read(p.key) // never fails: it ends the program instead
	return p, nil
}

func isBcrypt(text string) bool {
	for _, prefix := range [...]string{"$2a$", "$2b$", "$2y$"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// verify answers nil for the right password, errUnknown for a wrong one, and
// errBusy when there is too much to check already. The username is only a part
// of what is remembered: the right password under a wrong name must not be
// answered faster than a wrong one.
func (p *password) verify(ctx context.Context, username, given string) error {
	ok := false
	switch p.kind {
	case plain:
		ok = equal(given, p.secret)
	case sha:
		sum := sha1.Sum([]byte(given))
		ok = equal(hex.EncodeToString(sum[:]), p.secret)
	case hashed:
		return p.verifyBcrypt(ctx, username, given)
	}
	if !ok {
		return errUnknown
	}
	return nil
}

// verifyBcrypt pays for the hash once in a while and remembers only success: a
// flood of wrong passwords is bounded by the slots, and cannot fill a cache.
func (p *password) verifyBcrypt(ctx context.Context, username, given string) error {
	if len(given) > maxBcryptBytes {
		return errUnknown
	}
	mac := p.sign(username, given)
	if p.remembers(mac) {
		return nil
	}
	select {
	case p.checks <- struct{}{}:
		defer func() { <-p.checks }()
	default:
		return errBusy
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if bcrypt.CompareHashAndPassword([]byte(p.secret), []byte(given)) != nil {
		return errUnknown
	}
	p.remember(mac)
	return nil
}

func (p *password) sign(username, given string) []byte {
	mac := hmac.New(sha256.New, p.key)
	fmt.Fprintf(mac, "%d|%s|%s", len(username), username, given)
	return mac.Sum(nil)
}

func (p *password) remembers(mac []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.right != nil && time.Now().Before(p.forgetAt) && hmac.Equal(mac, p.right)
}

func (p *password) remember(mac []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.right, p.forgetAt = mac, time.Now().Add(rememberFor)
}

// equal compares two texts in a time that depends on neither, not even on
// their lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
