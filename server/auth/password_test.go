package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"supervisor/supervise"
)

// meter counts the work of a checker in the cost of one round of bcrypt.
type meter struct {
	work, runs atomic.Int64
	hold       chan struct{} // nil, or what each run waits for
}

// measure has a checker pretend: a hash of somebody fits its password, and takes
// no time.
func measure(c *checker, fits map[string]string) *meter {
	m := &meter{}
	c.compare = func(hash, password []byte) error {
		m.runs.Add(1)
		m.work.Add(1 << costOf(string(hash)))
		if m.hold != nil {
			<-m.hold
		}
		if fits[string(hash)] == string(password) && len(password) > 0 {
			return nil
		}
		return bcrypt.ErrMismatchedHashAndPassword
	}
	return m
}

// hashOfCost is a hash that only measure knows the password of.
func hashOfCost(cost int, salt string) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat(salt, 53)[:53])
}

// attempt is a request with a name and a password, from an address.
func attempt(d *Door, from, name, password string) *http.Request {
	r := httptest.NewRequest("GET", "/api/v1/identity", nil)
	r.RemoteAddr = from + ":4711"
	r.SetBasicAuth(name, password)
	return r.WithContext(AtDoor(r.Context(), d, -1))
}

// enter sends a request through Require and gives the answer.
func enter(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := From(r.Context())
		fmt.Fprintf(w, "%s %s %s", who.Name, who.Grant.Role, who.Via)
	})).ServeHTTP(w, r)
	return w
}

func TestAWrongPasswordIsTheSameWorkForEveryName(t *testing.T) {
	disabled := viewer("gone")
	disabled.Disabled = true
	accounts := []supervise.Account{viewer("cheap"), viewer("dear"), viewer("peer"), disabled}
	for i, hash := range []string{hashOfCost(4, "a"), hashOfCost(12, "b"), "", hashOfCost(10, "c")} {
		accounts[i].Password = hash
	}
	a := house(t, Options{Accounts: accounts, Sections: []Section{{Name: "inet", Username: "boss", Password: "plain"}}})
	m := measure(a.checker, nil)
	long := strings.Repeat("x", 100)
	for _, name := range []string{"cheap", "dear", "peer", "gone", "boss", "nobody", "", strings.Repeat("n", 1000)} {
		for i, password := range []string{"wrong", "", long} {
			// Each from an address of its own, so that nobody has to wait.
			r := attempt(a.Doors()[0], fmt.Sprintf("10.%d.%d.1", i, len(name)%256), name, password)
			m.work.Store(0)
			a.throttle = newThrottle()
			if w := enter(r); w.Code != http.StatusUnauthorized || m.work.Load() != 1<<12 {
				t.Errorf("%.10q with %d bytes: status %d, work %d, want %d", name, len(password), w.Code, m.work.Load(), 1<<12)
			}
			m.work.Store(0)
			a.throttle = newThrottle()
			if _, err := LogIn(httptest.NewRecorder(), r, name, password, false); err != ErrWrongCredentials || m.work.Load() != 1<<12 {
				t.Errorf("%.10q with %d bytes logs in: %v, work %d, want %d", name, len(password), err, m.work.Load(), 1<<12)
			}
		}
	}
}

func TestARightPasswordIsRememberedForFiveMinutesAndAWrongOneNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := viewer("ann")
		ann.Password = hashOfCost(10, "a")
		file := &fileOf{accounts: []supervise.Account{ann}}
		a := house(t, Options{Store: file, Sections: []Section{{Name: "inet"}}})
		m := measure(a.checker, map[string]string{ann.Password: "right", hashOfCost(10, "b"): "new"})
		try := func(name, password string, status int, runs int64) {
			t.Helper()
			m.runs.Store(0)
			a.throttle = newThrottle()
			if w := enter(attempt(a.Doors()[0], "10.0.0.1", name, password)); w.Code != status || m.runs.Load() != runs {
				t.Errorf("%s/%s: status %d after %d hashes, want %d after %d", name, password, w.Code, m.runs.Load(), status, runs)
			}
		}
		try("ann", "wrong", 401, 1)
		try("ann", "wrong", 401, 1)
		try("ann", "right", 200, 1)
		try("ann", "right", 200, 0)
		try("bob", "right", 401, 1)
		try("ann", "wrong", 401, 1)
		time.Sleep(rememberFor - time.Second)
		try("ann", "right", 200, 0)
		time.Sleep(2 * time.Second)
		try("ann", "right", 200, 1)

		ann.Password = hashOfCost(10, "b")
		if err := rewrite(a.Book, ann); err != nil {
			t.Fatal(err)
		}
		try("ann", "right", 401, 1)
		try("ann", "new", 200, 1)
		ann.Disabled = true
		if err := rewrite(a.Book, ann); err != nil {
			t.Fatal(err)
		}
		try("ann", "new", 401, 1)
	})
}

func TestOnlySoManyPasswordsAreRemembered(t *testing.T) {
	c := newChecker()
	for i := range maxRemembered + 10 {
		c.remember(c.sign("", fmt.Sprint(i), "", ""))
	}
	if len(c.right) != maxRemembered || c.oldest.Len() != maxRemembered {
		t.Errorf("%d and %d", len(c.right), c.oldest.Len())
	}
	if c.remembers(c.sign("", "9", "", "")) || !c.remembers(c.sign("", "10", "", "")) {
		t.Error("it is not the oldest that is forgotten")
	}
}

func TestAFloodIsSentAwayAndWhoIsRememberedComesIn(t *testing.T) {
	ann := viewer("ann")
	ann.Password = hashOfCost(10, "a")
	a := house(t, Options{Accounts: []supervise.Account{ann}, Sections: []Section{{Name: "inet"}}})
	m := measure(a.checker, map[string]string{ann.Password: "right"})
	if w := enter(attempt(a.Doors()[0], "10.0.0.1", "ann", "right")); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	m.hold = make(chan struct{})
	room := cap(a.checker.queue)
	answers := make(chan *httptest.ResponseRecorder)
	const flood = 200
	for i := range flood {
		go func() {
			answers <- enter(attempt(a.Doors()[0], fmt.Sprintf("10.1.0.%d", i+1), fmt.Sprint("user", i), "wrong"))
		}()
	}
	for range flood - room { // all but those at work or in the queue
		w := <-answers
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
			t.Fatalf("status %d, headers %v", w.Code, w.Header())
		}
	}
	if w := enter(attempt(a.Doors()[0], "10.0.0.1", "ann", "right")); w.Code != 200 {
		t.Errorf("who is remembered gets %d", w.Code)
	}
	close(m.hold)
	for range room {
		if w := <-answers; w.Code != http.StatusUnauthorized {
			t.Errorf("status %d", w.Code)
		}
	}
}

func TestTheSameCredentialsAtTheSameTimeAreCheckedOnce(t *testing.T) {
	ann := viewer("ann")
	ann.Password = hashOfCost(10, "a")
	a := house(t, Options{Accounts: []supervise.Account{ann}, Sections: []Section{{Name: "inet"}}})
	m := measure(a.checker, map[string]string{ann.Password: "right"})
	m.hold = make(chan struct{})
	var work sync.WaitGroup
	var in atomic.Int64
	// More than may guess, and than may wait: a page that opens asks for a lot.
	for range 50 {
		work.Go(func() {
			if enter(attempt(a.Doors()[0], "10.0.0.1", "ann", "right")).Code == 200 {
				in.Add(1)
			}
		})
	}
	m.hold <- struct{}{}
	close(m.hold)
	work.Wait()
	if in.Load() != 50 || m.runs.Load() > 2 {
		t.Errorf("%d came in after %d hashes", in.Load(), m.runs.Load())
	}
}

// crowded is a door where a hash is computed that does not end before hold is
// closed, and as many guesses as may wait for it.
func crowded(t *testing.T) (d *Door, m *meter, leave context.CancelFunc, answers chan *httptest.ResponseRecorder) {
	d, m = doorWithAnn(t)
	m.hold = make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	room := cap(d.auth.checker.queue)
	answers = make(chan *httptest.ResponseRecorder, room+1)
	for i := range room {
		r := attempt(d, fmt.Sprintf("10.1.0.%d", i+1), fmt.Sprint("user", i), "wrong")
		go func() { answers <- enter(r.WithContext(context.WithValue(ctx, doorKey{}, arrival{d, -1}))) }()
	}
	synctest.Wait()
	return d, m, leave, answers
}

// cameIn takes so many answers, in whatever order they come, and counts the good ones.
func cameIn(answers <-chan *httptest.ResponseRecorder, of int) (good int) {
	for range of {
		if w := <-answers; w.Code == http.StatusOK {
			good++
		}
	}
	return good
}

func TestAGuessWhoseClientLeavesFreesItsPlaceAndIsCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, leave, answers := crowded(t)
		if w := enter(attempt(d, "10.2.0.1", "ann", "right")); w.Code != http.StatusServiceUnavailable {
			t.Errorf("in the crowd: %d", w.Code)
		}
		leave()
		for range waitingChecks {
			<-answers
		}
		go func() { answers <- enter(attempt(d, "10.2.0.1", "ann", "right")) }()
		synctest.Wait()
		close(m.hold)
		if n := cameIn(answers, cap(d.auth.checker.slots)+1); n != 1 {
			t.Errorf("after they have left, %d came in", n)
		}
		if len(d.auth.throttle.pairs) != cap(d.auth.checker.queue) {
			t.Errorf("%d of %d are charged", len(d.auth.throttle.pairs), cap(d.auth.checker.queue))
		}
		if int(m.runs.Load()) != cap(d.auth.checker.slots)+1 {
			t.Errorf("%d hashes", m.runs.Load())
		}
	})
}

func TestWhoWaitsForACheckIsSentAwayWhenTheServerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, leave, answers := crowded(t)
		defer leave()
		d.auth.Close()
		d.auth.Close() // as often as one likes
		for range waitingChecks {
			if w := <-answers; w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
		}
		if w := enter(attempt(d, "10.2.0.1", "ann", "right")); w.Code != http.StatusServiceUnavailable {
			t.Errorf("who comes later: %d", w.Code)
		}
		close(m.hold)
		for range cap(d.auth.checker.slots) {
			<-answers
		}
	})
}

func TestWhoAsksTheSameAsOneWhoLeavesIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, leave, answers := crowded(t)
		leave()
		for range waitingChecks {
			<-answers
		}
		first, firstLeaves := context.WithCancel(t.Context())
		come := func(ctx context.Context) {
			r := attempt(d, "10.2.0.1", "ann", "right")
			answers <- enter(r.WithContext(context.WithValue(ctx, doorKey{}, arrival{d, -1})))
		}
		go come(first)
		synctest.Wait()
		go come(t.Context())
		synctest.Wait()
		firstLeaves()
		<-answers
		close(m.hold)
		if n := cameIn(answers, cap(d.auth.checker.slots)+1); n != 1 {
			t.Errorf("%d came in", n)
		}
	})
}

func TestACheckThatPanicsIsTheTroubleOfItsRequestAlone(t *testing.T) {
	d, _ := doorWithAnn(t)
	c := d.auth.checker
	sound := c.compare
	c.compare = func([]byte, []byte) error { panic("out of order") }
	func() {
		defer func() {
			if told := fmt.Sprint(recover()); !strings.Contains(told, "out of order") {
				t.Errorf("its handler hears %s", told)
			}
		}()
		enter(attempt(d, "10.0.0.1", "ann", "right"))
		t.Error("it was answered")
	}()
	if len(c.queue) != 0 || len(c.slots) != 0 || len(c.flights) != 0 {
		t.Errorf("left behind: %d in the queue, %d at work, %d asked for", len(c.queue), len(c.slots), len(c.flights))
	}
	c.compare = sound
	if w := enter(attempt(d, "10.0.0.1", "ann", "right")); w.Code != 200 {
		t.Errorf("the next one gets %d", w.Code)
	}
}

func TestWhichPasswordsMayBeSet(t *testing.T) {
	a := house(t, Options{})
	for _, tt := range []struct{ name, password, want string }{
		{"long enough", "12345678", ""},
		{"as long as bcrypt reads", strings.Repeat("x", 72), ""},
		{"short", "1234567", "at least 8"},
		{"longer than bcrypt reads", strings.Repeat("x", 73), "at most 72"},
		{"the name", "Annabelle", "not be the name"},
		{"a zero byte", "12345678\x00", "control characters"},
	} {
		hash, err := a.NewPassword(t.Context(), "annabelle", tt.password)
		if tt.want == "" {
			if err != nil || costOf(hash) != 12 || !supervise.IsBcrypt(hash) {
				t.Errorf("%s: %q, %v", tt.name, hash, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || hash != "" {
			t.Errorf("%s: %q, %v", tt.name, hash, err)
		}
	}
	for range cap(a.checker.queue) {
		a.checker.queue <- struct{}{}
	}
	if _, err := a.NewPassword(t.Context(), "ann", "12345678"); !errors.Is(err, errBusy) {
		t.Errorf("in a crowd: %v", err)
	}
}
