package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// Store keeps the accounts that may change while supervisord runs: the users
// file. Its errors may be shown to administrators.
type Store interface {
	// Read gives all accounts; none, if there is no file yet.
	Read() ([]supervise.Account, error)
	// Write puts an account in the place of the one of its name and kind.
	Write(supervise.Account) error
	// Remove fails if the account is not there.
	Remove(supervise.Account) error
	// Stamp changes whenever what Read gives may have changed. It is cheap.
	Stamp() (string, error)
}

// lookAgainAfter is how old the book's knowledge of the users file may be.
const lookAgainAfter = time.Second

// Errors of changes to the book.
var (
	// ErrNoStore says that there is no users file to write to.
	ErrNoStore = errors.New("accounts cannot be changed here: set users_file= in [supervisord]")
	// ErrNoAccount says that there is no account of that name and kind.
	ErrNoAccount = errors.New("no such account")
	// ErrTaken says that there is an account of that name and kind already.
	ErrTaken = errors.New("there is one of that name already")
	// ErrChanged says that an account is not what it was any more.
	ErrChanged = errors.New("somebody else has changed the password meanwhile")
	// ErrLastAdmin says that nobody would be left to give rights to others.
	ErrLastAdmin = errors.New("this is the last administrator who can come in")
)

// ReadOnlyError says that an account stands in the configuration, where only a
// person with an editor changes it.
type ReadOnlyError struct{ Account supervise.Account }

func (e ReadOnlyError) Error() string {
	return fmt.Sprintf("%s is written in %s:%d: change it there and reload", e.Account.Name, e.Account.File, e.Account.Line)
}

// Book is who may come in: the accounts of the configuration, which stay as they
// are, and those of the users file, which is read again when it has changed. It
// looks at the file when it is asked, at most once a second. A file that cannot
// be read leaves the accounts as they were, and is a problem.
//
// It is safe for use by many at once, and nobody waits for a slow disk but the
// one who happened to look.
type Book struct {
	fixed    []supervise.Account // of the configuration, [user:x] sections
	sections []supervise.Account // the usernames of server sections
	store    Store               // nil: there is no users file
	waysIn   waysIn
	bell     *bell
	log      atomic.Pointer[slog.Logger]

	changing sync.Mutex // one change at a time; held while the disk works
	reading  sync.Mutex // guards stamp; held while the disk works
	stamp    string
	looked   atomic.Int64 // when the file was last looked at, in Unix nanoseconds
	edition  atomic.Pointer[edition]
}

// edition is the book as it stands between two changes.
type edition struct {
	accounts []supervise.Account // people and tokens, those of the configuration first
	people   map[string]supervise.Account
	tokens   map[string]supervise.Account // by the hash of their secret
	cost     int                          // the highest of all bcrypt hashes, 0 if there are none
	weak     []supervise.Problem          // passwords that whoever reads the file learns, or can guess
	troubles []supervise.Problem
}

// waysIn is what doors take from people who do not say a password.
type waysIn struct {
	peers   bool // the system user at the other end of a unix socket
	proxies bool // the word of a proxy
}

// open tells whether an account lets anybody in at all.
func (w waysIn) open(a supervise.Account) bool {
	return a.Password != "" || w.proxies || w.peers && len(a.UnixUsers) > 0
}

// newBook reads the book for the first time. It fails on a password of the
// configuration that cannot be checked.
func newBook(fixed, sections []supervise.Account, store Store, ways waysIn, b *bell) (*Book, error) {
	for _, a := range slices.Concat(fixed, sections) {
		if err := checkable(a.Password); err != nil {
			return nil, fmt.Errorf("the password of %s in %s:%d: %w", a.Name, a.File, a.Line, err)
		}
	}
	book := &Book{fixed: fixed, sections: sections, store: store, waysIn: ways, bell: b}
	book.log.Store(slog.New(slog.DiscardHandler))
	book.edition.Store(book.print(nil))
	book.look(true)
	return book, nil
}

// logTo has the book log what it finds wrong from now on, and what it has found.
func (b *Book) logTo(log *slog.Logger) {
	b.log.Store(log)
	for _, problem := range b.edition.Load().troubles {
		log.Warn(problem.Text)
	}
}

// Accounts lists everybody: the people and tokens of the configuration, then
// those of the users file. The usernames of server sections are not among them.
func (b *Book) Accounts() []supervise.Account { return b.current().accounts }

// Sections lists the usernames of server sections, each with its section's place.
func (b *Book) Sections() []supervise.Account { return b.sections }

// Find gives the person of a name, disabled or not.
func (b *Book) Find(name string) (supervise.Account, bool) {
	a, found := b.current().people[name]
	return a, found
}

// FindToken gives the token of a secret, disabled or expired or not.
func (b *Book) FindToken(secret string) (supervise.Account, bool) {
	a, found := b.current().tokens[hashOf(secret)]
	return a, found
}

// FindTokenNamed gives a token by its name.
func (b *Book) FindTokenNamed(name string) (supervise.Account, bool) {
	b.look(false)
	return b.named(supervise.Account{Name: name, Token: anyToken})
}

// Closes tells whether doors that others reach over a network must ask who is
// there: as soon as there are accounts, and where a users file was promised even
// while it is missing, so that losing a file opens nothing.
func (b *Book) Closes() bool { return b.store != nil || len(b.fixed) > 0 }

// Editable tells whether accounts can be added and changed.
func (b *Book) Editable() bool { return b.store != nil }

// Problems says what is wrong with the accounts.
func (b *Book) Problems() []supervise.Problem {
	e := b.current()
	return slices.Concat(e.troubles, e.weak)
}

// Change has decide say what becomes of the person of a name, by what they are at
// that moment: no other change comes in between. It gives them as they were, and as
// they stand in the users file now. The error is that of decide, a ReadOnlyError,
// ErrNoStore, ErrLastAdmin, or the store's.
func (b *Book) Change(name string, decide func(former supervise.Account, found bool) (supervise.Account, error)) (former, written supervise.Account, err error) {
	return b.change(supervise.Account{Name: name}, func(former supervise.Account, found bool) (*supervise.Account, error) {
		next, err := decide(former, found)
		return &next, err
	})
}

// Add adds an account and gives it as it stands in the users file. One that is not
// new is ErrTaken; other errors are as of Change.
func (b *Book) Add(a supervise.Account) (written supervise.Account, err error) {
	_, written, err = b.change(a, func(_ supervise.Account, found bool) (*supervise.Account, error) {
		if found {
			return nil, ErrTaken
		}
		return &a, nil
	})
	return written, err
}

// SetPassword gives a person another password, if theirs is still the one it was,
// and leaves all else as it is by then. The error is as of Change, ErrNoAccount or
// ErrChanged.
func (b *Book) SetPassword(name, was, hash string) error {
	_, _, err := b.Change(name, func(account supervise.Account, found bool) (supervise.Account, error) {
		switch {
		case !found:
			return account, ErrNoAccount
		case account.Password != was:
			return account, ErrChanged
		}
		account.Password = hash
		return account, nil
	})
	return err
}

// RemoveUser takes a person out of the users file, and gives what they were. The
// error is as of Change, or ErrNoAccount.
func (b *Book) RemoveUser(name string) (former supervise.Account, err error) {
	return b.remove(supervise.Account{Name: name})
}

// RemoveToken is RemoveUser for a token.
func (b *Book) RemoveToken(name string) (former supervise.Account, err error) {
	return b.remove(supervise.Account{Name: name, Token: anyToken})
}

func (b *Book) remove(which supervise.Account) (former supervise.Account, err error) {
	former, _, err = b.change(which, func(_ supervise.Account, found bool) (*supervise.Account, error) {
		if !found {
			return nil, ErrNoAccount
		}
		return nil, nil
	})
	return former, err
}

// anyToken stands for the token of an account of which only name and kind matter.
const anyToken = "?"

// same tells accounts of one name and kind.
func same(a supervise.Account) func(supervise.Account) bool {
	return func(other supervise.Account) bool { return other.Name == a.Name && other.IsToken() == a.IsToken() }
}

// change has decide say what becomes of the account of which's name and kind, nil
// for nothing. Changes take turns, each deciding by what the one before it left.
func (b *Book) change(which supervise.Account, decide func(former supervise.Account, found bool) (*supervise.Account, error)) (former, written supervise.Account, err error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	b.look(true)
	former, found := b.named(which)
	if err := b.writable(which); err != nil {
		return former, written, err
	}
	next, err := decide(former, found)
	if err != nil {
		return former, written, err
	}
	if err := b.leavesAnAdmin(which, next); err != nil {
		return former, written, err
	}
	err = b.write(former, next)
	b.look(true)
	if err != nil || next == nil {
		return former, written, err
	}
	if written, found = b.named(which); !found {
		return former, written, fmt.Errorf("%s was written to the users file, and is not in it", supervise.Quote(which.Name))
	}
	return former, written, nil
}

func (b *Book) write(former supervise.Account, next *supervise.Account) error {
	if next == nil {
		return b.store.Remove(former)
	}
	return b.store.Write(*next)
}

// named finds the account of which's name and kind, as the book stands.
func (b *Book) named(which supervise.Account) (supervise.Account, bool) {
	all := b.edition.Load().accounts
	i := slices.IndexFunc(all, same(which))
	if i < 0 {
		return supervise.Account{}, false
	}
	return all[i], true
}

func (b *Book) writable(a supervise.Account) error {
	owned := slices.Clone(b.fixed)
	if !a.IsToken() {
		owned = append(owned, b.sections...)
	}
	if i := slices.IndexFunc(owned, same(a)); i >= 0 {
		return ReadOnlyError{owned[i]}
	}
	if b.store == nil {
		return ErrNoStore
	}
	return nil
}

// leavesAnAdmin refuses a change after which no person could give rights any
// more, if one could before.
func (b *Book) leavesAnAdmin(which supervise.Account, next *supervise.Account) error {
	admin := func(a supervise.Account) bool {
		return !a.IsToken() && !a.Disabled && a.Grant.Role == supervise.Admin && b.waysIn.open(a)
	}
	now := b.edition.Load().accounts
	rest := slices.DeleteFunc(slices.Clone(now), same(which))
	if !slices.ContainsFunc(now, admin) || len(b.sections) > 0 ||
		slices.ContainsFunc(rest, admin) || next != nil && admin(*next) {
		return nil
	}
	return ErrLastAdmin
}

// current gives the book as it stands, after a look at the users file if the
// last one was a while ago.
func (b *Book) current() *edition {
	b.look(false)
	return b.edition.Load()
}

// look reads the users file if it has changed. Unless it must, it leaves that to
// whoever is reading already.
func (b *Book) look(must bool) {
	if b.store == nil {
		return
	}
	if !must && time.Now().UnixNano()-b.looked.Load() < int64(lookAgainAfter) {
		return
	}
	if must {
		b.reading.Lock()
	} else if !b.reading.TryLock() {
		return
	}
	defer b.reading.Unlock()
	b.looked.Store(time.Now().UnixNano())
	b.read()
}

// read is called with reading held.
func (b *Book) read() {
	stamp, err := b.store.Stamp()
	if err == nil && stamp == b.stamp {
		return
	}
	var accounts []supervise.Account
	if err == nil {
		// The stamp is older than what is read: a change in between is found by
		// the next look.
		accounts, err = b.store.Read()
	}
	if err != nil {
		b.stamp = "" // try again until it can be read
		b.complain(supervise.Problem{
			Code: supervise.UsersFileUnreadable, Why: err.Error(),
			Text: "read the users file: " + err.Error() + "; the accounts stay as they were",
		})
		return
	}
	b.stamp = stamp
	b.put(b.print(accounts))
}

// complain adds a problem to the book as it stands.
func (b *Book) complain(problem supervise.Problem) {
	last := b.edition.Load()
	if slices.Contains(last.troubles, problem) {
		return
	}
	next := *last
	next.troubles = append(b.print(nil).troubles, problem)
	b.edition.Store(&next)
	b.log.Load().Warn(problem.Text)
}

// put makes an edition the one that counts.
func (b *Book) put(next *edition) {
	last := b.edition.Swap(next)
	for _, problem := range next.troubles {
		if !slices.Contains(last.troubles, problem) {
			b.log.Load().Warn(problem.Text)
		}
	}
	unread := func(p supervise.Problem) bool { return p.Code == supervise.UsersFileUnreadable }
	if slices.ContainsFunc(last.troubles, unread) {
		b.log.Load().Info("the users file can be read again")
	}
	b.bell.ring()
}

// print makes an edition of the accounts of the configuration and of the file.
func (b *Book) print(changeable []supervise.Account) *edition {
	e := &edition{people: map[string]supervise.Account{}, tokens: map[string]supervise.Account{}}
	for _, a := range b.sections {
		e.cost = max(e.cost, costOf(a.Password))
		if code, how := weakness(a.Password); how != "" {
			e.weak = append(e.weak, problemOf(code, a, "the password of %s is written %s in %s:%d: put the line there that "+
				"`supervisorctl passwd %s` prints", a.Name, how, a.File, a.Line, a.Name))
		}
	}
	for _, a := range slices.Concat(b.fixed, changeable) {
		if err := checkable(a.Password); err != nil {
			trouble := problemOf(supervise.PasswordUnusable, a, "the password of %s in %s:%d lets nobody in: %v", a.Name, a.File, a.Line, err)
			trouble.Why = err.Error()
			e.troubles = append(e.troubles, trouble)
			a.Password = ""
		}
		if slices.ContainsFunc(e.accounts, same(a)) {
			e.troubles = append(e.troubles, problemOf(supervise.AccountTwice, a, "%s in %s:%d is not the first of this name, and does not count", a.Name, a.File, a.Line))
			continue
		}
		e.cost = max(e.cost, costOf(a.Password))
		e.accounts = append(e.accounts, a)
		if a.IsToken() {
			e.tokens[strings.ToLower(a.Token)] = a
		} else {
			e.people[a.Name] = a
		}
	}
	return e
}

// problemOf is a problem with an account, where it is written.
func problemOf(code supervise.ProblemCode, a supervise.Account, format string, args ...any) supervise.Problem {
	return supervise.Problem{Code: code, Name: a.Name, Place: fmt.Sprintf("%s:%d", a.File, a.Line), Text: fmt.Sprintf(format, args...)}
}

// weakness says how a password is written that is not kept well; "" for one that is.
func weakness(secret string) (code supervise.ProblemCode, how string) {
	switch code = supervise.Weakness(secret); code {
	case supervise.PasswordSHA:
		how = "as an unsalted SHA-1"
	case supervise.PasswordPlain:
		how = "in plain text"
	}
	return code, how
}

// costOf gives the cost of a bcrypt hash, 0 for what is none.
func costOf(secret string) int {
	cost, err := bcrypt.Cost([]byte(strings.TrimPrefix(secret, "{bcrypt}")))
	if err != nil {
		return 0
	}
	return cost
}

// bell tells many that something has changed.
type bell struct {
	mu   sync.Mutex
	rung chan struct{}
}

func newBell() *bell { return &bell{rung: make(chan struct{})} }

// next gives a channel that is closed when the bell rings for the next time.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.rung)
	b.rung = make(chan struct{})
}
