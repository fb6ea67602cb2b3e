package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
)

// searchGrace is how long a search waits for one of the same person to end.
const searchGrace = time.Second

// slots are places for work that takes a processor or a disk for a while: one
// for each person, and not many in all.
type slots struct {
	what  string        // is under way, for the error
	all   chan struct{} // holds one token for each place taken
	grace time.Duration // how long one waits for a place of one's own that is being given up

	mu    sync.Mutex // guards taken
	taken map[string]chan struct{}
}

func newSlots(what string, places int, grace time.Duration) *slots {
	return &slots{what: what, all: make(chan struct{}, places), grace: grace, taken: map[string]chan struct{}{}}
}

// take gives a place to whoever ctx belongs to; leave gives it back. Who has one
// already waits a moment for it: a page that types on gives up one search and
// begins the next. The error is answered with when to come again.
func (s *slots) take(ctx context.Context, w http.ResponseWriter) (leave func(), err error) {
	who := auth.From(ctx).Name
	patience := time.NewTimer(s.grace)
	defer patience.Stop()
	mine, theirs := s.claim(who)
	for ; theirs != nil; mine, theirs = s.claim(who) {
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-patience.C:
			w.Header().Set("Retry-After", "1")
			return nil, reply.Problem{Status: http.StatusTooManyRequests, Text: s.what + " of yours is under way"}
		}
	}
	select {
	case s.all <- struct{}{}:
		return func() { <-s.all; s.release(who, mine) }, nil
	default:
		s.release(who, mine)
		w.Header().Set("Retry-After", "1")
		return nil, reply.Problem{Status: http.StatusServiceUnavailable, Text: "others are at it: " + s.what + " has no place now"}
	}
}

// claim takes the place of a person, or gives what is closed when it is free.
func (s *slots) claim(who string) (mine, theirs chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if theirs = s.taken[who]; theirs != nil {
		return nil, theirs
	}
	mine = make(chan struct{})
	s.taken[who] = mine
	return mine, nil
}

func (s *slots) release(who string, mine chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, who)
	close(mine)
}
