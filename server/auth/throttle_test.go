package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
)

func TestPausesDoubleUpToFiveMinutes(t *testing.T) {
	for guesses, want := range map[int]time.Duration{
		1: 0, 5: 0, 6: time.Second, 7: 2 * time.Second, 8: 4 * time.Second, 14: 256 * time.Second, 15: longestPause, 16: longestPause, 1000: longestPause,
	} {
		if got := pause(guesses); got != want {
			t.Errorf("after %d: %s, want %s", guesses, got, want)
		}
	}
}

// forget drops all passwords that were right.
func (c *checker) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.right)
	c.oldest.Init()
}

// doorWithAnn is a door over a network, and ann, whose password is "right".
func doorWithAnn(t *testing.T) (*Door, *meter) {
	ann := viewer("ann")
	ann.Password = hashOfCost(10, "a")
	a := house(t, Options{Accounts: []supervise.Account{ann}, Sections: []Section{{Name: "inet"}}})
	return a.Doors()[0], measure(a.checker, map[string]string{ann.Password: "right"})
}

func TestAThousandGuessesFromOneAddressAreTwentyHashesAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := doorWithAnn(t)
		for i := range 1000 { // in a minute
			w := enter(attempt(d, "10.0.0.1", fmt.Sprint("ann", i%3), fmt.Sprint(i)))
			if i >= freeGuesses+1 && w.Code == 429 {
				if seconds, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || seconds < 1 || seconds > 300 {
					t.Fatalf("Retry-After %q", w.Header().Get("Retry-After"))
				}
			}
			time.Sleep(60 * time.Millisecond)
		}
		if runs := m.runs.Load(); runs > 20 || runs < freeGuesses {
			t.Errorf("%d hashes", runs)
		}
		if w := enter(attempt(d, "10.0.0.2", "ann", "right")); w.Code != 200 {
			t.Errorf("ann, from elsewhere, gets %d", w.Code)
		}
		d.auth.checker.forget()
		if w := enter(attempt(d, "10.0.0.1", "ann", "right")); w.Code != 429 {
			t.Errorf("the guesser gets %d", w.Code)
		}
		time.Sleep(longestPause)
		if w := enter(attempt(d, "10.0.0.1", "ann", "right")); w.Code != 200 {
			t.Errorf("after a pause ann gets %d: nobody is locked out for good", w.Code)
		}
	})
}

func TestAStalePasswordIsRefusedForEverAndCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := doorWithAnn(t)
		for range 100 {
			for _, name := range []string{"ann", "nobody"} { // whether or not there is such a user
				if w := enter(attempt(d, "10.0.0.1", name, "stale")); w.Code != 401 {
					t.Fatalf("%s gets %d", name, w.Code)
				}
			}
		}
		if runs := m.runs.Load(); runs != 2 {
			t.Errorf("%d hashes", runs)
		}
		if w := enter(attempt(d, "10.0.0.1", "ann", "right")); w.Code != 200 {
			t.Errorf("ann, from the same address, gets %d", w.Code)
		}
		for i := range maxWrong { // so many others push it out
			enter(attempt(d, "10.0.0.1", "nobody", fmt.Sprint(i)))
			time.Sleep(longestPause)
		}
		m.runs.Store(0)
		enter(attempt(d, "10.0.0.1", "nobody", "stale"))
		if runs := m.runs.Load(); runs != 1 {
			t.Errorf("one long ago takes %d hashes", runs)
		}
	})
}

func TestManyGuessesAtOnceAreCountedBeforeTheyAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := doorWithAnn(t)
		var work sync.WaitGroup
		var early atomic.Int64
		for i := range 100 {
			work.Go(func() {
				if enter(attempt(d, "10.0.0.1", "ann", fmt.Sprint(i))).Code == http.StatusTooManyRequests {
					early.Add(1)
				}
			})
		}
		work.Wait()
		if m.runs.Load() > freeGuesses+1 || early.Load() == 0 {
			t.Errorf("%d hashes, %d sent away", m.runs.Load(), early.Load())
		}
	})
}

func TestManyAddressesAtOneUserHaveToWaitToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := doorWithAnn(t)
		if w := enter(attempt(d, "192.168.0.1", "ann", "right")); w.Code != 200 {
			t.Fatal(w.Code)
		}
		m.runs.Store(0)
		for i := range 200 {
			enter(attempt(d, fmt.Sprintf("10.0.%d.1", i), "ann", "wrong"))
		}
		if runs := m.runs.Load(); runs > freeGuesses+1 {
			t.Errorf("%d hashes", runs)
		}
		a := d.auth
		a.checker.forget()
		if w := enter(attempt(d, "192.168.0.1", "ann", "right")); w.Code != 200 {
			t.Errorf("from where ann came in before: %d", w.Code)
		}
	})
}

func TestASuccessOfOneUserGivesNoFreshGuessesAtOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := doorWithAnn(t)
		for i := range 100 {
			enter(attempt(d, "10.0.0.1", "victim", fmt.Sprint(i)))
			d.auth.checker.forget()
			enter(attempt(d, "10.0.0.1", "ann", "right"))
			d.auth.checker.forget()
		}
		wrong := m.runs.Load() - 100 // at most: ann's own
		if wrong > freeGuesses+1 {
			t.Errorf("%d hashes for guesses", wrong)
		}
	})
}

func TestWhoComesThroughASocketIsNotSlowedDown(t *testing.T) {
	ann := viewer("ann")
	ann.Password = hashOfCost(10, "a")
	a := house(t, Options{Accounts: []supervise.Account{ann}, Sections: []Section{{Name: "unix", Unix: true, MapUsers: true}}})
	m := measure(a.checker, nil)
	for i := range 50 {
		if w := enter(attempt(a.Doors()[0], "@", "ann", fmt.Sprint(i))); w.Code != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", i, w.Code)
		}
	}
	if m.runs.Load() != 50 {
		t.Errorf("%d hashes", m.runs.Load())
	}
}

func TestCountsAreBoundedAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle()
		for i := range 3 * maxCounted {
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			_ = throttle.admit(fmt.Sprint("user", i), addr) // each is new
		}
		for name, size := range map[string]int{"pairs": len(throttle.pairs), "addresses": len(throttle.addrs), "users": len(throttle.users)} {
			if size > maxCounted {
				t.Errorf("%d %s", size, name)
			}
		}
		addr := netip.MustParseAddr("192.0.2.1")
		for range freeGuesses + 1 {
			if err := throttle.admit("ann", addr); err != nil {
				t.Fatal(err)
			}
		}
		if err := throttle.admit("ann", addr); !errors.As(err, new(tooSoon)) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Hour)
		for range freeGuesses + 1 {
			if err := throttle.admit("ann", addr); err != nil {
				t.Errorf("an hour later: %v", err)
			}
		}
	})
}

// admitted tells how many of so many guesses at a user are let through.
func admitted(throttle *throttle, user string, addr netip.Addr, guesses int) int {
	through := 0
	for range guesses {
		if throttle.admit(user, addr) == nil {
			through++
		}
	}
	return through
}

func TestWhoHasToWaitCannotPushOutTheCountThatMakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle, home := newThrottle(), netip.MustParseAddr("192.0.2.1")
		if err := throttle.admit("boss", home); err != nil {
			t.Fatal(err)
		}
		throttle.forgive("boss", home) // from here boss is measured by the guesses at boss alone
		through := 0
		for round := range 20 {
			through += admitted(throttle, "boss", home, freeGuesses+2)
			for i := range maxCounted { // the address itself has to wait soon
				name := fmt.Sprint(round, "-", i)
				_ = throttle.admit(name, home)
				throttle.knows(name, home, guess{})
				throttle.note(name, home, guess{})
			}
		}
		if through > freeGuesses+1 {
			t.Errorf("%d guesses at boss at one instant", through)
		}
	})
}

func TestNewNamesAndAddressesPushOutEachOtherFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle, guesser := newThrottle(), netip.MustParseAddr("192.0.2.1")
		admitted(throttle, "boss", guesser, freeGuesses+1)
		admitted(throttle, "boss", netip.MustParseAddr("192.0.2.2"), 1)
		for i := range 4 * maxCounted {
			from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			_ = throttle.admit(fmt.Sprint("user", i), from)
		}
		if through := admitted(throttle, "boss", guesser, 10); through != 0 {
			t.Errorf("%d guesses more", through)
		}
		if through := admitted(throttle, "anybody", guesser, 10); through != 0 {
			t.Errorf("%d guesses more at somebody else", through)
		}
	})
}

func TestAGuessThatWasNotCheckedLeavesNothingBehind(t *testing.T) {
	throttle := newThrottle()
	for i := range 100 {
		name, addr := fmt.Sprint("user", i), netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		if err := throttle.admit(name, addr); err != nil {
			t.Fatal(err)
		}
		throttle.undo(name, addr)
	}
	if n := len(throttle.pairs) + len(throttle.addrs) + len(throttle.users); n != 0 {
		t.Errorf("%d counts", n)
	}
}

func TestLongNamesAreCountedAndNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle, addr := newThrottle(), netip.MustParseAddr("192.0.2.1")
		long := strings.Repeat("n", 12<<10)
		if through := admitted(throttle, long, addr, 10); through != freeGuesses+1 {
			t.Errorf("%d guesses", through)
		}
		for p := range throttle.pairs {
			if len(p.user) > maxName {
				t.Errorf("a name of %d bytes is kept", len(p.user))
			}
		}
		for name := range throttle.users {
			if len(name) > maxName {
				t.Errorf("a user of %d bytes is kept", len(name))
			}
		}
	})
}

func TestTheAddressesOfOneNetworkAreOne(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.7": "10.0.0.7", "::ffff:10.0.0.7": "10.0.0.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:1:2::1%eth0": "2001:db8:1:2::",
	} {
		if got := throttled(netip.MustParseAddr(text)).String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if throttled(netip.Addr{}).IsValid() {
		t.Error("an address that is none has become one")
	}
}

func TestHowLongToWaitIsSaidInWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Millisecond: "1s", time.Second: "1s", 1001 * time.Millisecond: "2s", 5 * time.Minute: "5m0s",
	} {
		if got := (tooSoon{wait}).Error(); got != "too many attempts: try again in "+want {
			t.Errorf("%s: %s", wait, got)
		}
	}
}

func TestWhoIsTurnedAwayIsToldWholeSecondsAndNeverTooFew(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		after  string
	}{
		{tooSoon{time.Nanosecond}, 429, "1"},
		{tooSoon{time.Second}, 429, "1"},
		{tooSoon{time.Second + 1}, 429, "2"},
		{tooSoon{longestPause - 1}, 429, "300"},
		{fmt.Errorf("check: %w", errBusy), 503, "1"},
		{errClosing, 503, "1"},
		{errUnknown, 0, ""},
	} {
		w := httptest.NewRecorder()
		answer, later := TurnedAway(w, tt.err)
		if after := w.Header().Get("Retry-After"); answer.Status != tt.status || later != (tt.status != 0) || after != tt.after {
			t.Errorf("%v: status %d after %q, %v; want %d after %q", tt.err, answer.Status, after, later, tt.status, tt.after)
		}
	}
}
