package live

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/audit"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// Engine is what the hub needs to know of the world.
type Engine interface {
	auth.Names
	Subscribe(ctx context.Context, epoch string, since uint64) (supervise.Feed, error)
	Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error)
	MainLog(ctx context.Context) (supervise.Log, error)
	Identity() supervise.Identity
}

// Metrics is what the hub needs of whoever measures what processes use. A process
// is named by its id.
type Metrics interface {
	// Watch has samples taken so often until stop, and tell called after each.
	Watch(every time.Duration, tell func()) (stop func())
	// Latest gives the number of the last sample and its time; 0 for none.
	Latest() (sample uint64, at time.Time)
	Usage(id int) supervise.Usage
	// Recent is the last minute in equal steps, oldest first; nil if it is unknown.
	Recent(id int) []supervise.UsagePoint
	RecentStep() time.Duration
}

// Options of a hub.
type Options struct {
	Engine Engine
	// Metrics measures; nil for nobody: there is no such topic then.
	Metrics Metrics
	// MaxSessions is how many browsers may be connected; 0 stands for 256.
	MaxSessions int
	// Problems says what an admin should look into; nil for nothing.
	Problems func() []supervise.Problem
	// Trail is told of what is refused, and tells what people do; nil for none.
	Trail *audit.Log
	// Opened tells whether a line of the trail is of a link of somebody's that was
	// opened; nil for never.
	Opened func(auth.Principal, wire.TrailEntry) bool
	// Log is told what goes wrong; nil for the process's own.
	Log *slog.Logger
	// Again gives a user with the rights they have by now, false for one who
	// would not be let in any more; nil leaves everybody what they came with.
	Again func(auth.Principal) (auth.Principal, bool)
	// Changed gives a channel that is closed when rights may next have changed;
	// nil if they never do.
	Changed func() <-chan struct{}

	pace pace // tests are in more of a hurry
}

// pace is every duration of this room.
type pace struct {
	hello     time.Duration // until the first frame
	flush     time.Duration // between deltas
	logs      time.Duration // between frames of one log
	gather    time.Duration // between looks at the growth of one log
	open      time.Duration // until a line without an end is shown
	count     time.Duration // between counts
	heartbeat time.Duration // until an idle socket says so
	ping      time.Duration // between pings, and until the pong
	write     time.Duration // for one frame
	problems  time.Duration // between looks at the problems
	rights    time.Duration // between looks at the rights of somebody who stays
}

var usualPace = pace{
	hello:     5 * time.Second,
	flush:     50 * time.Millisecond,
	logs:      100 * time.Millisecond,
	gather:    50 * time.Millisecond,
	open:      200 * time.Millisecond,
	count:     time.Second,
	heartbeat: 10 * time.Second,
	ping:      20 * time.Second,
	write:     10 * time.Second,
	problems:  10 * time.Second,
	rights:    time.Minute,
}

// Hub is the handler of /live. Close ends it and every session.
type Hub struct {
	Options
	upgrader websocket.Upgrader
	cancel   context.CancelFunc // ends run
	unfollow func()             // ends what the trail tells
	closing  chan struct{}      // closed by Close: sessions say goodbye
	ready    chan struct{}      // closed once there is a table
	visited  chan struct{}      // somebody has come: run looks at the problems from time to time
	looking  chan struct{}      // holds one token while the problems are asked for and kept
	happened *happenings
	work     sync.WaitGroup

	mu        sync.RWMutex // guards the fields below
	closed    bool
	table     *table
	problems  []supervise.Problem
	sessions  map[*session]struct{}
	followers map[logKey]*follower
}

// New makes a hub and lets it follow the engine.
func New(options Options) *Hub {
	if options.MaxSessions == 0 {
		options.MaxSessions = 256
	}
	if options.Problems == nil {
		options.Problems = func() []supervise.Problem { return nil }
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.Again == nil {
		options.Again = func(who auth.Principal) (auth.Principal, bool) { return who, true }
	}
	if options.Changed == nil {
		options.Changed = func() <-chan struct{} { return nil }
	}
	if options.pace == (pace{}) {
		options.pace = usualPace
	}
	h := &Hub{
		Options:   options,
		closing:   make(chan struct{}),
		ready:     make(chan struct{}),
		visited:   make(chan struct{}, 1),
		looking:   make(chan struct{}, 1),
		happened:  newHappenings(),
		sessions:  map[*session]struct{}{},
		followers: map[logKey]*follower{},
		problems:  options.Problems(),
	}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: options.pace.write,
		Subprotocols:     []string{"supervisor.v1"},
		CheckOrigin:      sameOrigin,
		Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
			w.Header().Set("Sec-Websocket-Version", "13") // the one there is (RFC 6455, 4.4)
			reply.Error(w, r, reply.Problem{Status: status, Text: reason.Error()})
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.work.Add(2)
	go h.run(ctx) // both end with ctx, by Close
	go h.watchRights(ctx, h.Changed())
	h.unfollow = h.Trail.Follow(func(line wire.TrailEntry) {
		h.happened.add(happening{at: timeOf(line), act: &line})
		h.wake()
	})
	return h
}

// Close says goodbye to every browser and waits until all is quiet, or until ctx
// is done; then the sockets are cut. It may be called more than once.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.closing)
	}
	h.mu.Unlock()
	h.cancel()
	h.unfollow()
	quiet := make(chan struct{})
	go func() { // ends with the last session, which the lines below see to
		h.work.Wait()
		close(quiet)
	}()
	select {
	case <-quiet:
		return nil
	case <-ctx.Done():
		for _, s := range h.connected() {
			s.conn.Close()
		}
		return ctx.Err()
	}
}

// ServeHTTP makes a session of a request that went through auth.Require.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := auth.From(r.Context())
	if who.Grant.Role == supervise.Nobody {
		reply.Error(w, r, supervise.Fault{Code: supervise.FaultForbidden, Detail: "live"})
		return
	}
	if !sameOrigin(r) {
		h.Trail.Stranger(r.Context(), who.Addr, audit.Entry{
			Verb: audit.CrossSite, Target: r.Method + " " + r.URL.Path, Detail: "a page of " + cmp.Or(r.Header.Get("Origin"), "another site"),
		})
		reply.Error(w, r, reply.Problem{Status: http.StatusForbidden, Text: "a page of another origin may not connect"})
		return
	}
	s := newSession(h, who)
	if !h.enter(s) {
		w.Header().Set("Retry-After", "5")
		reply.Error(w, r, reply.Problem{Status: http.StatusServiceUnavailable, Text: "too many live connections, or the server is stopping"})
		return
	}
	defer h.leave(s)
	h.lookForProblems() // nobody may have, for as long as nobody was here
	if err := s.open(w, r); err != nil {
		reply.Log(r.Context()).Debug("open a live connection", "err", err)
		return
	}
	s.serve()
}

// enter counts s in, unless there are too many or the hub is closing.
func (h *Hub) enter(s *session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.sessions) >= h.MaxSessions {
		return false
	}
	h.work.Add(1)
	h.sessions[s] = struct{}{}
	select {
	case h.visited <- struct{}{}:
	default: // somebody else's visit has not been noticed yet
	}
	return true
}

func (h *Hub) leave(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, s)
	h.work.Done()
}

func (h *Hub) connected() []*session {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := make([]*session, 0, len(h.sessions))
	for s := range h.sessions {
		all = append(all, s)
	}
	return all
}

// run keeps the table up to date. A feed ends when we fell too far behind or
// when the engine did; either way we come back with the number we have reached,
// with growing patience while that fails.
func (h *Hub) run(ctx context.Context) {
	defer h.work.Done()
	const first, last = 50 * time.Millisecond, 5 * time.Second
	patience := first
	for ctx.Err() == nil {
		if h.follow(ctx) {
			patience = first
		}
		select {
		case <-ctx.Done():
		case <-time.After(patience):
		}
		patience = min(2*patience, last)
	}
}

// follow reads one feed to its end and tells whether it brought anything.
func (h *Hub) follow(ctx context.Context) bool {
	epoch, seq := h.position()
	feed, err := h.Engine.Subscribe(ctx, epoch, seq)
	if err != nil {
		if ctx.Err() == nil {
			// Usual at the end of a life, when the engine ends before the server.
			h.Log.Debug("follow the engine", "err", err)
		}
		return false
	}
	defer feed.Close()
	h.begin(feed)
	look, looking := time.NewTimer(h.pace.problems), len(h.connected()) > 0
	defer look.Stop()
	if !looking {
		look.Stop()
	}
	for brought := feed.Fresh; ; {
		select {
		case <-ctx.Done():
			return brought
		case <-h.visited:
			if !looking {
				look.Reset(h.pace.problems)
				looking = true
			}
		case <-look.C:
			h.lookForProblems()
			// A supervisord nobody looks at has no reason to wake.
			if looking = len(h.connected()) > 0; looking {
				look.Reset(h.pace.problems)
			}
		case change, ok := <-feed.Changes:
			if !ok {
				return brought
			}
			brought = true
			h.apply(change, feed.Changes)
		}
	}
}

func (h *Hub) position() (epoch string, seq uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.table == nil {
		return "", 0
	}
	return h.table.epoch, h.table.seq
}

func (h *Hub) begin(feed supervise.Feed) {
	h.mu.Lock()
	if feed.Fresh {
		if h.table != nil {
			h.happened.skip() // nobody knows how much
		}
		if h.table == nil || h.table.epoch != feed.Snapshot.Epoch {
			h.table = newTable(feed.Snapshot.Epoch, feed.Snapshot.Seq)
		}
		h.table.reset(feed.Snapshot)
	}
	for _, change := range feed.Missed {
		h.table.apply(change)
		h.happened.note(change)
	}
	select {
	case <-h.ready:
	default:
		close(h.ready)
	}
	h.mu.Unlock()
	h.wake()
}

// apply takes over a change and whatever else is there already, then wakes the
// sessions once for all of it.
func (h *Hub) apply(change supervise.Change, more <-chan supervise.Change) {
	h.mu.Lock()
	for ok := true; ok; {
		h.table.apply(change)
		h.happened.note(change)
		h.tellFollowers(change)
		select {
		case change, ok = <-more:
		default:
			ok = false
		}
	}
	h.mu.Unlock()
	h.wake()
}

// tellFollowers is called with the lock held. A process that changed without a
// change of state may have had its logs cleared; a group that went has none.
func (h *Hub) tellFollowers(change supervise.Change) {
	switch event := change.Event.(type) {
	case supervise.UpdateEvent:
		for _, ch := range supervise.Channels {
			if f := h.followers[logKey{name: event.Name, ch: ch}]; f != nil {
				f.poke()
			}
		}
	case supervise.GroupEvent:
		if event.Added {
			return
		}
		for key, f := range h.followers {
			if !key.main && key.name.Group == event.Group {
				f.end("the process is gone")
			}
		}
	}
}

// watchRights has every session look at its user's rights when some may have
// changed. Changed is the channel to wait for first.
func (h *Hub) watchRights(ctx context.Context, changed <-chan struct{}) {
	defer h.work.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		changed = h.Changed() // before they look, so that no change falls between
		for _, s := range h.connected() {
			s.recheck.Store(true)
			s.poke()
		}
	}
}

// lookForProblems is called by those who come, too. They take turns, so that what
// was found first is not kept last.
func (h *Hub) lookForProblems() {
	h.looking <- struct{}{}
	defer func() { <-h.looking }()
	problems := h.Problems()
	h.mu.Lock()
	changed := !slices.Equal(problems, h.problems)
	h.problems = problems
	h.mu.Unlock()
	if changed {
		h.wake()
	}
}

func (h *Hub) wake() {
	for _, s := range h.connected() {
		s.poke()
	}
}

// supervisord gives what topic "server" tells, but for the user.
func (h *Hub) supervisord() (wire.Mood, []wire.Problem) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return wire.FromMood(h.table.mood), wire.FromProblems(h.problems)
}
