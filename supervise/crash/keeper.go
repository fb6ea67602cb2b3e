package crash

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"supervisor/supervise"
)

// Engine is what a keeper needs of whoever keeps the processes.
type Engine interface {
	Snapshot(ctx context.Context) (supervise.Snapshot, error)
	Subscribe(ctx context.Context, epoch string, since uint64) (supervise.Feed, error)
	ConfigInfo(ctx context.Context) ([]supervise.ConfigInfo, error)
	Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error)
}

// Limits bound what is kept. Those of memory hold for snapshots that are in no
// file.
type Limits struct {
	Lives      int           // of each process
	Crashes    int           // snapshots of each process
	Bytes      int64         // of all snapshots
	InMemory   int           // snapshots of each process
	MemoryMost int64         // of all snapshots
	Lines      int           // of each channel in a snapshot
	Excerpt    int64         // bytes of each channel in a snapshot
	Round      int           // snapshots made at once
	Pause      time.Duration // from one round to the next
}

// DefaultLimits are what a supervisord keeps.
func DefaultLimits() Limits {
	return Limits{
		Lives: 50, Crashes: 20, Bytes: 64 << 20, InMemory: 5, MemoryMost: 4 << 20,
		Lines: 200, Excerpt: 64 << 10, Round: 50, Pause: time.Second,
	}
}

// unwrittenMost is how many lives may wait for the journal while its disk does
// not work. It is what a restart could forget of them.
const unwrittenMost = 4096

// Options of a keeper.
type Options struct {
	Dir    string // "" keeps everything in memory
	Limits Limits // the zero value stands for the default ones
	// Say writes a line to the main log. It must not wait.
	Say func(level supervise.Level, text string)
	// Killings counts what the kernel's out-of-memory killer has killed. nil stands
	// for the system's own count.
	Killings func() Killings
}

// Keeper keeps lives and snapshots. New makes it, Follow lets it hear an engine,
// and Close ends it.
type Keeper struct {
	limits   Limits
	say      func(supervise.Level, string)
	killings func() Killings
	killed   Killings // as they were counted last; the hearer's, set by New
	store    *store
	loaded   bool // what is on disk is known; the worker's, as are the next two
	stale    bool // the journal tells of programs that are forgotten, or not of all
	doubtful bool // not all of the journal could be read

	wake    chan struct{} // holds a token when there may be work
	closing chan struct{}
	ready   chan struct{} // closed when what is on disk has been read
	done    chan struct{} // closed when the worker has ended

	mu        sync.Mutex // guards the fields below; held for lines only
	closed    bool
	key       []byte         // of the marks of configurations; nil until what is on disk has been read
	source    Engine         // that is followed; nil for none
	taken     map[string]int // the highest numbers of snapshots found on disk, by the digests of names
	programs  map[supervise.NameSpec]*program
	queue     []supervise.NameSpec // those with a snapshot to be made, in turn
	unwritten []entry              // lives that are not in the journal yet, oldest first
	sweep     bool                 // some may have left the configuration
	all       []*snapshot          // of all programs, oldest first
	bytes     int64                // of all
	memory    int64                // of those that are in no file
	began     time.Time            // when the work in progress did; zero if there is none
	trouble   string               // why the last write failed
	lost      int                  // lives and snapshots that were given up because of it
}

// program is what is kept of one process.
type program struct {
	lives   []supervise.Life // oldest first
	crashes []*snapshot      // oldest first
	last    int              // the number of the last crash
	waiting *witness         // of the crash whose snapshot is still to be made
	missed  int              // crashes since the last snapshot that got none
}

// witness is what it takes to make a snapshot.
type witness struct {
	name supervise.NameSpec
	life supervise.Life
	logs [2]supervise.Log // by Channel; nil for one that is not there
}

// snapshot is one crash: in a file, or in memory.
type snapshot struct {
	name supervise.NameSpec
	life supervise.Life
	size int64
	text []byte // nil for one in a file
}

// New makes a keeper and has it read what an earlier one has kept.
func New(opts Options) *Keeper {
	k := &Keeper{
		limits: opts.Limits, say: opts.Say, killings: opts.Killings, store: newStore(opts.Dir),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), ready: make(chan struct{}), done: make(chan struct{}),
		programs: map[supervise.NameSpec]*program{},
	}
	if k.limits == (Limits{}) {
		k.limits = DefaultLimits()
	}
	if k.say == nil {
		k.say = func(supervise.Level, string) {}
	}
	if k.killings == nil {
		k.killings = systemKillings
	}
	k.killed = k.killings()
	k.began = time.Now()
	go k.work() // ended by Close
	return k
}

// Ready waits until what was kept before has been read, as far as ctx allows.
func (k *Keeper) Ready(ctx context.Context) error {
	select {
	case <-k.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("read what was kept of earlier lives: %w", ctx.Err())
	}
}

// Follow hears an engine until ctx is done or the engine ends.
func (k *Keeper) Follow(ctx context.Context, engine Engine) {
	k.mu.Lock()
	k.source, k.sweep = engine, true
	k.mu.Unlock()
	k.nudge()
	defer k.leave(engine)
	first, err := engine.Snapshot(ctx)
	if err != nil {
		return // the engine has ended
	}
	epoch, since := first.Epoch, uint64(0) // from its very beginning on
	for ctx.Err() == nil {
		feed, err := engine.Subscribe(ctx, epoch, since)
		if err != nil {
			return // the engine has ended
		}
		if feed.Fresh {
			epoch, since = feed.Snapshot.Epoch, feed.Snapshot.Seq
		}
		for _, change := range feed.Missed {
			since = change.Seq
			k.hear(ctx, change, engine)
		}
		since = k.listen(ctx, feed, since, engine)
		feed.Close()
	}
}

// leave says that an engine is followed no more.
func (k *Keeper) leave(engine Engine) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.source == engine {
		k.source = nil
	}
}

// listen hears changes until there are no more, and gives the number of the last.
func (k *Keeper) listen(ctx context.Context, feed supervise.Feed, since uint64, engine Engine) uint64 {
	for {
		select {
		case change, open := <-feed.Changes:
			if !open {
				return since
			}
			since = change.Seq
			k.hear(ctx, change, engine)
		case <-ctx.Done():
			return since
		}
	}
}

// hear takes one change in.
func (k *Keeper) hear(ctx context.Context, change supervise.Change, engine Engine) {
	switch event := change.Event.(type) {
	case supervise.LifeEvent:
		if life := event.Life; life.Crashed() {
			life.OOM = k.sawKilling() && life.Signal == sigKill
			k.crashed(&witness{event.Name, life, logsOf(ctx, engine, event.Name)})
		} else {
			k.ended(event.Name, life)
		}
	case supervise.GroupEvent:
		if event.Added {
			return
		}
		k.mu.Lock()
		k.sweep = true
		k.mu.Unlock()
	default:
		return
	}
	k.nudge()
}

const sigKill supervise.Signal = 9 // on every system we run on

// sawKilling tells whether the kernel has killed something for want of memory
// since the last crash. What another source counts is not comparable, and begins a
// count of its own.
func (k *Keeper) sawKilling() bool {
	now, before := k.killings(), k.killed
	if now.Source == "" {
		return false
	}
	k.killed = now
	return now.Source == before.Source && now.Count > before.Count
}

// logsOf finds the logs of a process. A channel that cannot be had is left out,
// and missed in the snapshot.
func logsOf(ctx context.Context, engine Engine, name supervise.NameSpec) (found [2]supervise.Log) {
	for _, ch := range supervise.Channels {
		if log, err := engine.Log(ctx, name, ch); err == nil {
			found[ch] = log
		}
	}
	return found
}

// ended keeps a life that ended well.
func (k *Keeper) ended(name supervise.NameSpec, life supervise.Life) {
	k.mu.Lock()
	defer k.mu.Unlock()
	life.Config = k.mark(life.Config)
	k.of(name).add(life, k.limits.Lives)
	k.toWrite(entry{name, life})
}

// crashed keeps one that did not, and asks for its snapshot.
func (k *Keeper) crashed(w *witness) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w.life.Config = k.mark(w.life.Config)
	p := k.of(w.name)
	p.add(w.life, k.limits.Lives)
	if p.waiting == nil {
		k.queue = append(k.queue, w.name)
	} else { // it crashed again before its turn came
		p.missed++
		k.toWrite(entry{w.name, p.waiting.life})
	}
	p.waiting = w
}

func (k *Keeper) of(name supervise.NameSpec) *program {
	p := k.programs[name]
	if p == nil {
		p = &program{last: k.taken[digestOf(name)]}
		k.programs[name] = p
	}
	return p
}

// toWrite queues a line of the journal. The caller holds mu.
func (k *Keeper) toWrite(e entry) {
	if k.store.dir == "" {
		return
	}
	k.unwritten = append(k.unwritten, e)
	k.boundUnwritten()
}

// boundUnwritten gives up the oldest lines that are too many. The caller holds mu.
func (k *Keeper) boundUnwritten() {
	if n := len(k.unwritten) - unwrittenMost; n > 0 {
		k.unwritten = slices.Delete(k.unwritten, 0, n)
		k.lost += n
	}
}

func (p *program) add(life supervise.Life, most int) {
	p.lives = append(p.lives, life)
	if n := len(p.lives) - most; n > 0 {
		p.lives = slices.Delete(p.lives, 0, n)
	}
}

func (k *Keeper) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Close makes the snapshots that wait, writes what is not written, and ends the
// keeper, as far as ctx allows.
func (k *Keeper) Close(ctx context.Context) error {
	k.mu.Lock()
	if !k.closed {
		k.closed = true
		close(k.closing)
	}
	k.mu.Unlock()
	select {
	case <-k.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write down the last lives: %w", ctx.Err())
	}
}

// patience is how long a question waits for what is on disk to be read.
const patience = 2 * time.Second

// settled waits for Ready, but not for ever: after that, what there is is told.
func (k *Keeper) settled(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = k.Ready(ctx) // Trouble tells of a disk that does not answer
}

// Lives are the last lives of a process, the newest first.
func (k *Keeper) Lives(ctx context.Context, name supervise.NameSpec) []supervise.Life {
	k.settled(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.programs[name]
	if p == nil {
		return nil
	}
	lives := slices.Clone(p.lives)
	slices.Reverse(lives)
	for i := range lives {
		if lives[i].Crash != 0 && p.snapshot(lives[i].Crash) == nil {
			lives[i].Crash = 0 // it has been given up since
		}
	}
	return lives
}

// Crashes are the lives of which there is a snapshot, the newest first.
func (k *Keeper) Crashes(ctx context.Context, name supervise.NameSpec) []supervise.Life {
	k.settled(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.programs[name]
	if p == nil {
		return nil
	}
	lives := make([]supervise.Life, 0, len(p.crashes))
	for _, s := range slices.Backward(p.crashes) {
		lives = append(lives, s.life)
	}
	return lives
}

// Crash is one snapshot, read in the caller's goroutine; number 0 is the newest.
func (k *Keeper) Crash(ctx context.Context, name supervise.NameSpec, number int) (supervise.Crash, error) {
	k.settled(ctx)
	k.mu.Lock()
	p := k.programs[name]
	if p == nil {
		k.mu.Unlock()
		return supervise.Crash{}, supervise.ErrNoCrash
	}
	if n := len(p.crashes); number == 0 && n > 0 {
		number = p.crashes[n-1].life.Crash
	}
	found := p.snapshot(number)
	var text []byte
	if found != nil {
		text = found.text
	}
	k.mu.Unlock()
	if found == nil {
		return supervise.Crash{}, supervise.ErrNoCrash
	}
	if text == nil {
		var err error
		if text, err = k.store.read(name, number); err != nil {
			return supervise.Crash{}, fmt.Errorf("%w: %w", supervise.ErrNoCrash, err)
		}
	}
	return decodeCrash(text)
}

func (p *program) snapshot(number int) *snapshot {
	at := slices.IndexFunc(p.crashes, func(s *snapshot) bool { return s.life.Crash == number })
	if at < 0 {
		return nil
	}
	return p.crashes[at]
}

// Restarts are when a process was started again by itself, as far as is known.
// It does not wait.
func (k *Keeper) Restarts(name supervise.NameSpec) []time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.programs[name]
	if p == nil {
		return nil
	}
	var all []time.Time
	for _, life := range p.lives {
		if life.Again {
			all = append(all, life.Asked)
		}
	}
	return all
}

// hungAfter is how long a round may take before Trouble speaks of it.
const hungAfter = 10 * time.Second

// Trouble says why lives and snapshots are not kept as they should be, "" if they
// are.
func (k *Keeper) Trouble() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.trouble != "":
		return "crash snapshots are kept in memory only: " + k.trouble
	case !k.began.IsZero() && time.Since(k.began) > hungAfter:
		return fmt.Sprintf("no crash snapshots are made since %s: a disk does not answer", k.began.Format(time.TimeOnly))
	}
	return ""
}

// mark is what is shown of a configuration's digest: nobody who lacks the key can
// try out what would give it. The caller holds mu.
func (k *Keeper) mark(digest string) string {
	if digest == "" || k.key == nil {
		return ""
	}
	sum := hmac.New(sha256.New, k.key)
	sum.Write([]byte(digest))
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
