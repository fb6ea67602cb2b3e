//go:build unix

package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"supervisor/supervise"
)

// How often passes are made, and for how long after.
const (
	slowest  = hourStep               // for history, and for those who looked once
	quickest = 500 * time.Millisecond // processor time is told in hundredths of a second
	lookFor  = 2 * time.Minute        // who looked once may look again: a scraper does each minute
)

// KeepAlways is the value of Options.Keep that keeps history from the beginning.
const KeepAlways time.Duration = -1

// Engine is what the sampler needs to know of the world.
type Engine interface {
	Subscribe(ctx context.Context, epoch string, since uint64) (supervise.Feed, error)
}

// Options of a sampler.
type Options struct {
	Engine Engine
	// Keep is for how long history goes on when nobody watches any more: 0 for no
	// history at all, KeepAlways for ever.
	Keep time.Duration
	// Log is told what goes wrong; nil for the process's own.
	Log *slog.Logger

	system system // of tests
}

// Sampler measures programs while somebody wants to know. Its methods may be
// called from anywhere. Close ends it.
type Sampler struct {
	Options
	base   time.Time // slots are counted from here, on the monotonic clock
	cancel context.CancelFunc
	over   chan struct{} // closed when run has ended
	wake   chan struct{} // somebody wants something else

	mu       sync.RWMutex // guards the fields below
	watchers map[*watcher]struct{}
	watched  time.Time // when somebody last watched; zero for never
	looked   time.Time // when somebody last looked
	passes   uint64    // made so far
	at       time.Time // of the last one; zero if nothing is known
	passed   chan struct{}
	series   map[int]*series // by the id of the process; changed by run alone

	pass pass // run's own
}

type watcher struct {
	every time.Duration
	tell  func()
}

// New makes a sampler, which rests until it is asked for something, unless it
// keeps history always.
func New(options Options) *Sampler {
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.system == nil {
		options.system = newSystem()
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sampler{
		Options: options, base: time.Now(), cancel: cancel,
		over: make(chan struct{}), wake: make(chan struct{}, 1), passed: make(chan struct{}),
		watchers: map[*watcher]struct{}{}, series: map[int]*series{},
	}
	go func() { // ends by Close
		defer close(s.over)
		s.run(ctx)
	}()
	return s
}

// Close ends the sampler and waits until it has.
func (s *Sampler) Close() {
	s.cancel()
	<-s.over
}

// Keeps tells for how long history goes on: Options.Keep.
func (s *Sampler) Keeps() time.Duration { return s.Keep }

// Watch has samples taken at least so often until stop is called, and tell called
// after each, which must not wait. Stop may be called more than once.
func (s *Sampler) Watch(every time.Duration, tell func()) (stop func()) {
	w := &watcher{max(every, quickest), tell}
	s.mu.Lock()
	s.watchers[w] = struct{}{}
	s.mu.Unlock()
	s.poke()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, there := s.watchers[w]; there {
			delete(s.watchers, w)
			s.watched = time.Now()
			s.poke()
		}
	}
}

// Look sees to it that there is a sample not much older than ten seconds, and
// waits for it, or for the end of ctx. Samples go on for two minutes, or for as long
// as history does if that is longer, so that who looks once a minute sees what was
// used since.
func (s *Sampler) Look(ctx context.Context) error {
	s.mu.Lock()
	s.looked = time.Now()
	fresh := !s.at.IsZero() && s.looked.Sub(s.at) < 2*slowest
	passed := s.passed
	s.mu.Unlock()
	if fresh {
		return nil
	}
	s.poke()
	select {
	case <-passed:
		return nil
	case <-s.over:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Latest gives the number of the last pass and its time; 0 if nothing is known.
func (s *Sampler) Latest() (pass uint64, at time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.at.IsZero() {
		return 0, s.at
	}
	return s.passes, s.at
}

// Usage gives what a process used in the last pass: supervise.NoUsage if it was
// not there.
func (s *Sampler) Usage(id int) supervise.Usage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if x := s.series[id]; x != nil && x.pass == s.passes && x.pass > 0 && !s.at.IsZero() {
		return x.usage
	}
	return supervise.NoUsage
}

// Recent gives the last minute of a process in steps of RecentStep, the oldest
// first: all of them, with supervise.NoUsage for those in which nothing was
// measured. The last one is going on.
func (s *Sampler) Recent(id int) []supervise.UsagePoint {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x := s.series[id]
	if x == nil {
		return nil
	}
	now := time.Now()
	first, ends := s.slot(now, recentStep)-recentPoints+1, s.ends(now, recentStep)
	points := make([]supervise.UsagePoint, recentPoints)
	for i := range points {
		points[i] = supervise.UsagePoint{At: ends(first + int32(i)), Usage: supervise.NoUsage}
	}
	for p := range x.recent.after(first - 1) {
		points[p.slot-first].Usage = p.usage()
	}
	return points
}

// RecentStep is the step of Recent.
func (*Sampler) RecentStep() time.Duration { return recentStep }

// History gives the last hour of a process, of all its incarnations, in steps of
// HistoryStep; nothing if no history is kept.
func (s *Sampler) History(id int) []supervise.UsagePoint {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x := s.series[id]
	if x == nil {
		return nil
	}
	now := time.Now()
	ends := s.ends(now, hourStep)
	var points []supervise.UsagePoint
	for p := range x.hour.after(s.slot(now, hourStep) - hourPoints) {
		points = append(points, supervise.UsagePoint{At: ends(p.slot), Usage: p.usage()})
	}
	return points
}

// HistoryStep is the step of History.
func (*Sampler) HistoryStep() time.Duration { return hourStep }

// slot gives the number of the step that a moment is in.
func (s *Sampler) slot(at time.Time, step time.Duration) int32 { return int32(at.Sub(s.base) / step) }

// ends tells when a step ended, on the clock of the day as it is now: a clock that
// was set meanwhile moves all points alike. The step that is going on ends now.
func (s *Sampler) ends(now time.Time, step time.Duration) func(slot int32) time.Time {
	age := now.Sub(s.base)
	return func(slot int32) time.Time {
		return now.Add(min(time.Duration(slot+1)*step-age, 0))
	}
}

func (s *Sampler) poke() {
	select {
	case s.wake <- struct{}{}:
	default: // it has been told, and not looked yet
	}
}

// demand tells how often passes are wanted, if they are.
func (s *Sampler) demand(now time.Time) (every time.Duration, wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.watchers) > 0 {
		s.watched = now
		every = slowest
		for w := range s.watchers {
			every = min(every, w.every)
		}
		return every, true
	}
	kept := s.Keep == KeepAlways || !s.watched.IsZero() && now.Sub(s.watched) < s.Keep
	asked := !s.looked.IsZero() && now.Sub(s.looked) < max(lookFor, s.Keep)
	return slowest, kept || asked
}

// run is the sampler's goroutine.
func (s *Sampler) run(ctx context.Context) {
	for ctx.Err() == nil {
		if _, wanted := s.demand(time.Now()); wanted {
			s.attend(ctx)
			continue
		}
		select { // nothing wakes it but who wants something
		case <-ctx.Done():
		case <-s.wake:
		}
	}
}

// attend follows the engine and makes passes until nobody wants any more. A feed
// that ends is followed again; what is known of processes that are still there
// stays.
func (s *Sampler) attend(ctx context.Context) {
	defer s.forget()
	const first, last = 50 * time.Millisecond, 5 * time.Second
	for patience := first; ctx.Err() == nil; patience = min(2*patience, last) {
		feed, err := s.Engine.Subscribe(ctx, "", 0)
		if err == nil {
			over := s.follow(ctx, feed)
			feed.Close()
			if over {
				return
			}
			patience = first
		} else if ctx.Err() == nil {
			s.Log.Debug("measure the programs: follow the engine", "err", err)
		}
		if _, wanted := s.demand(time.Now()); !wanted {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(patience):
		}
	}
}

// follow reads one feed, and tells whether that was because nobody wants to know
// any more.
func (s *Sampler) follow(ctx context.Context, feed supervise.Feed) (over bool) {
	s.begin(feed.Snapshot)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		every, wanted := s.demand(time.Now())
		if !wanted {
			return true
		}
		timer.Reset(time.Until(s.pass.last.Add(every)))
		select {
		case <-ctx.Done():
			return true
		case change, ok := <-feed.Changes:
			if !ok {
				return false
			}
			s.apply(change)
		case <-s.wake:
		case <-timer.C:
			s.sample()
		}
	}
}

// begin takes over a snapshot. Ids are given once, so what has one that is not
// there any more is gone.
func (s *Sampler) begin(snapshot supervise.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	present := make(map[int]bool, len(snapshot.Processes))
	for _, info := range snapshot.Processes {
		present[info.ID] = true
		s.put(info)
	}
	for id := range s.series {
		if !present[id] {
			delete(s.series, id)
		}
	}
}

func (s *Sampler) apply(change supervise.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	group, isGroup := change.Event.(supervise.GroupEvent)
	for _, info := range change.Rows {
		if isGroup && !group.Added {
			delete(s.series, info.ID)
			continue
		}
		s.put(info)
	}
}

func (s *Sampler) put(info supervise.ProcessInfo) {
	x := s.series[info.ID]
	if x == nil {
		x = &series{usage: supervise.NoUsage}
		s.series[info.ID] = x
	}
	x.pid = int32(info.PID)
}

// forget lets go of everything.
func (s *Sampler) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.series, s.at = map[int]*series{}, time.Time{}
	s.pass.rest(s.system)
}
