package audit

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/server/auth"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// strangers are those who were refused a moment ago, by their address and the name
// they gave, with what they tried. A flood of attempts is a line a second for each
// of them, and not a flood of lines.
type strangers struct {
	mu    sync.Mutex           // guards the fields below
	known map[string]*stranger // by verb, address and name
	names map[string]int       // how many of known there are of a verb and an address
}

type stranger struct {
	last  wire.TrailEntry // attempt
	timer *time.Timer
	more  int      // attempts since the last line
	from  string   // its key in names
	many  bool     // they are of several names
	names []string // some of these, since the last line
}

const (
	strangerEvery = time.Second
	// maxStrangers is how many strangers are told apart, and maxNames how many names
	// of one address: guesses at one user are not lost among those at others. All
	// others are one, of whose names a few are told.
	maxStrangers = 1024
	maxNames     = 4
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
	line := entryOf(auth.With(ctx, who), e)
	from := fmt.Sprintf("%s %s %d", e.Verb, addr, who.UID)
	if l.strangers.meet(from, line, func(key string) { l.again(key) }) {
		line.Count = 1
		l.add(line)
	}
}

// meet counts an attempt, and tells whether it is worth a line now.
func (s *strangers) meet(from string, line wire.TrailEntry, again func(string)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := line.User
	key, many := from+" "+name, false
	if s.known[key] == nil && s.names[from] >= maxNames {
		key, many = from, true // no name's key, which has a blank behind from
	}
	if s.known[key] == nil && len(s.known) >= maxStrangers {
		from, key, many = "", "others", true
	}
	known := s.known[key]
	if known == nil {
		s.known[key] = &stranger{last: line, timer: time.AfterFunc(strangerEvery, func() { again(key) }), from: from, many: many}
		s.names[from]++
		return true
	}
	known.last = line
	known.more++
	if many && name != "" && len(known.names) < maxNames && !slices.Contains(known.names, name) {
		known.names = append(known.names, name)
	}
	return false
}

// line is what there is to write of the attempts since the last line.
func (s *stranger) line() wire.TrailEntry {
	e := s.last
	e.Count = s.more
	if s.many {
		e.User = ""
		if e.Detail != "" {
			e.Detail += "; "
		}
		e.Detail += "as " + strings.Join(s.names, ", ") + " and maybe others"
		e.Detail = clean(e.Detail, maxText)
	}
	s.more, s.names = 0, nil
	return e
}

// again writes the line of what came in the last second, if anything did.
func (l *Log) again(key string) {
	s := &l.strangers
	s.mu.Lock()
	known := s.known[key]
	if known == nil || known.more == 0 {
		s.forget(key)
		s.mu.Unlock()
		return
	}
	line := known.line()
	known.timer.Reset(strangerEvery)
	s.mu.Unlock()
	l.add(line)
}

// forget ends the counting of one; the caller holds the lock.
func (s *strangers) forget(key string) {
	known := s.known[key]
	if known == nil {
		return
	}
	delete(s.known, key)
	if s.names[known.from]--; s.names[known.from] == 0 {
		delete(s.names, known.from)
	}
}

// forgetStrangers writes what has not been told of them.
func (l *Log) forgetStrangers() {
	s := &l.strangers
	s.mu.Lock()
	left := s.known
	s.known, s.names = map[string]*stranger{}, map[string]int{}
	s.mu.Unlock()
	for _, known := range left {
		known.timer.Stop()
		if known.more > 0 {
			l.add(known.line())
		}
	}
}
