package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
)

// maxStuck is how much work may hang for which nobody waits any more.
const maxStuck = 16

// searchGrace is how long a search waits for one of the same person to end.
const searchGrace = time.Second

// slots are places for work that takes a processor or a disk for a while: one
// for each person, and not many in all. Work whose client has left keeps none: it
// may hang with the disk for ever. As there is nothing else to be done about it,
// there may be some of it, but not more and more.
type slots struct {
	what  string        // is under way, for the error
	all   chan struct{} // holds one token for each place taken
	grace time.Duration // how long one waits for a place of one's own that is being given up

	mu    sync.Mutex // guards the fields below
	taken map[asker]chan struct{}
	stuck int // how much work goes on whose client has left
}

// asker is a person as far as places are concerned: a name, which a token may
// share with a user, or where nobody says who they are, an address.
type asker struct {
	via        auth.Way
	name, addr string
}

// askerOf tells who asks. Whoever has a name is one person however they prove it.
func askerOf(who auth.Principal) asker {
	if who.Name == "" {
		addr := who.Addr
		if from, err := netip.ParseAddrPort(addr); err == nil {
			addr = from.Addr().String() // each connection has a port of its own
		}
		if who.Addr == "" {
			addr = fmt.Sprintf("user %d of this machine", who.UID)
		}
		return asker{via: who.Via, addr: addr}
	}
	switch who.Via {
	case auth.Basic, auth.Cookie, auth.Peer, auth.Proxy:
		return asker{name: who.Name}
	case auth.Open, auth.Token, auth.LinkWay: // of that name there may be a person too
	}
	return asker{via: who.Via, name: who.Name}
}

func newSlots(what string, places int, grace time.Duration) *slots {
	return &slots{what: what, all: make(chan struct{}, places), grace: grace, taken: map[asker]chan struct{}{}}
}

// take gives a place to whoever ctx belongs to; leave gives it back, and so does
// the end of ctx. Who has one
// already waits a moment for it: a page that types on gives up one search and
// begins the next. The error is answered with when to come again.
func (s *slots) take(ctx context.Context, w http.ResponseWriter) (leave func(), err error) {
	who := askerOf(auth.From(ctx))
	if s.tooManyStuck() {
		return nil, s.later(w, http.StatusServiceUnavailable, "too much hangs that was given up: "+s.what+" has no place now")
	}
	patience := time.NewTimer(s.grace)
	defer patience.Stop()
	mine, theirs := s.claim(who)
	for ; theirs != nil; mine, theirs = s.claim(who) {
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-patience.C:
			return nil, s.later(w, http.StatusTooManyRequests, s.what+" of yours is under way")
		}
	}
	select {
	case s.all <- struct{}{}:
		return s.hold(ctx, who, mine), nil
	default:
		s.release(who, mine)
		return nil, s.later(w, http.StatusServiceUnavailable, "others are at it: "+s.what+" has no place now")
	}
}

// later is the answer to who may come again soon.
func (*slots) later(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Retry-After", "1")
	return reply.Problem{Status: status, Text: text}
}

// hold keeps a place until leave or the end of ctx. Between that and leave the
// work is stuck, if only for a moment.
func (s *slots) hold(ctx context.Context, who asker, mine chan struct{}) (leave func()) {
	free := sync.OnceFunc(func() { <-s.all; s.release(who, mine) })
	stop := context.AfterFunc(ctx, func() {
		s.strand(1)
		free()
	})
	return func() {
		if !stop() {
			s.strand(-1)
		}
		free()
	}
}

func (s *slots) strand(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck += n
}

func (s *slots) tooManyStuck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stuck >= maxStuck
}

// claim takes the place of a person, or gives what is closed when it is free.
func (s *slots) claim(who asker) (mine, theirs chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if theirs = s.taken[who]; theirs != nil {
		return nil, theirs
	}
	mine = make(chan struct{})
	s.taken[who] = mine
	return mine, nil
}

func (s *slots) release(who asker, mine chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, who)
	close(mine)
}
