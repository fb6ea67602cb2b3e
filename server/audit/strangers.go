package audit

import (
	"context"
	"net"
	"sync"
	"time"

	"supervisor/server/auth"
	"supervisor/supervise"
)

// strangers are the addresses from which somebody was refused a moment ago, with
// what they tried. A flood of attempts is a line a second for each of them, and not
// a flood of lines.
type strangers struct {
	mu    sync.Mutex           // guards known
	known map[string]*stranger // by verb and address
}

type stranger struct {
	ctx   context.Context // of the last attempt
	entry Entry
	timer *time.Timer
	more  int // attempts since the last line
}

const (
	strangerEvery = time.Second
	// maxStrangers is how many addresses are told apart; all others are one.
	maxStrangers = 1024
)

// Saw tells of something that happened at a door: of logins each, of those who
// were not let in as of strangers.
func (l *Log) Saw(ctx context.Context, seen auth.Incident) {
	ctx = auth.With(ctx, seen.Who)
	entry := Entry{Verb: seen.Verb, Target: seen.Target}
	if seen.Refused == nil {
		l.Record(ctx, entry)
		return
	}
	entry.Detail = seen.Refused.Error()
	l.Stranger(ctx, seen.Who.Addr, entry)
}

// What is refused before anybody asks who sent it.
const (
	// CrossSite is that a page of another site had a browser ask for something.
	CrossSite auth.Verb = "cross-site"
	// Misdirected is that a browser came under a name that is not ours.
	Misdirected auth.Verb = "misdirected"
)

// Stranger tells of an attempt that was refused at the door, from an address.
func (l *Log) Stranger(ctx context.Context, addr string, e Entry) {
	if !l.Kept() {
		return
	}
	fault := supervise.Fault{Code: supervise.FaultForbidden, Detail: string(e.Verb)}
	e.Err = auth.Refusal{Fault: fault, Verb: e.Verb}
	if host, _, err := net.SplitHostPort(addr); err == nil {
		addr = host
	}
	who := auth.From(ctx)
	who.Addr = addr
	ctx = auth.With(context.WithoutCancel(ctx), who)
	if l.strangers.meet(string(e.Verb)+" "+addr, ctx, e, func(key string) { l.again(key) }) {
		e.Count = 1
		l.Record(ctx, e)
	}
}

// meet counts an attempt, and tells whether it is worth a line now.
func (s *strangers) meet(key string, ctx context.Context, e Entry, again func(string)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.known[key]
	if known == nil && len(s.known) >= maxStrangers {
		key = "others"
		known = s.known[key]
	}
	if known == nil {
		s.known[key] = &stranger{ctx: ctx, entry: e, timer: time.AfterFunc(strangerEvery, func() { again(key) })}
		return true
	}
	known.ctx, known.entry = ctx, e
	known.more++
	return false
}

// again writes the line of what came in the last second, if anything did.
func (l *Log) again(key string) {
	s := &l.strangers
	s.mu.Lock()
	known := s.known[key]
	if known == nil || known.more == 0 {
		delete(s.known, key)
		s.mu.Unlock()
		return
	}
	ctx, e := known.ctx, known.entry
	e.Count, known.more = known.more, 0
	known.timer.Reset(strangerEvery)
	s.mu.Unlock()
	l.Record(ctx, e)
}

// forgetStrangers writes what has not been told of them.
func (l *Log) forgetStrangers() {
	s := &l.strangers
	s.mu.Lock()
	left := s.known
	s.known = map[string]*stranger{}
	s.mu.Unlock()
	for _, known := range left {
		known.timer.Stop()
		if known.more > 0 {
			known.entry.Count = known.more
			l.Record(known.ctx, known.entry)
		}
	}
}
