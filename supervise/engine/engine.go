//go:build unix

package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/bus"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/logs"
	"supervisor/supervise/pool"
)

// ErrEnded is answered to commands once the engine has ended.
var ErrEnded = errors.New("supervisord has ended")

// inboxSize is how many messages may wait; a sender beyond it waits its turn.
const inboxSize = 1024

// Options is everything an engine needs. Config, Load, Host, Reports and Log are
// required.
type Options struct {
	Config *config.Config
	// Load reads the configuration again, for reread, reload and SIGHUP. It is
	// called in the caller's goroutine.
	Load func() (*config.Config, error)
	Host child.Host
	// Reports is where Host sends its reports.
	Reports <-chan child.Report
	Log     *slog.Logger
	MainLog supervise.Log // nil where the main log cannot be read back
	Gate    *logs.Gate    // what all logs of this supervisord share
	// Credential makes of a user what a child needs to become it. It may ask
	// the network, and is never called by the loop. nil if no program has one.
	Credential func(config.User) (*child.Credential, error)
	Environ    []string // supervisord's own: "NAME=value"
	ServerURL  string   // SUPERVISOR_SERVER_URL, "" for none
	Identity   supervise.Identity
	Serials    *pool.Serials // goes on counting across restarts of the engine
	// Plugins makes the places where plug-ins listen; nil where there are none.
	Plugins PluginSockets
	// Restarts recalls when a process was started again by itself in epochs
	// before this one. It must not wait. nil where nobody remembers.
	Restarts func(supervise.NameSpec) []time.Time
}

// Outcome is why Run returned.
type Outcome struct {
	Restart bool           // everything has been stopped to start again
	Config  *config.Config // with what, when Restart
}

// Engine is the one owner of state. Make it with New, give it life with Run.
type Engine struct {
	opts    Options
	inbox   chan message
	done    chan struct{} // closed when the loop has ended
	adding  chan struct{} // holds a token while somebody adds a group
	closing sync.Once
	bus     *bus.Bus
	journal *journal
	launch  *launcher
	gate    *logs.Gate

	begun    atomic.Bool // Run has begun
	mood     atomic.Int32
	identity atomic.Pointer[supervise.Identity]
	heard    [2]atomic.Pointer[heard] // by channel
	shown    shown

	// Everything below is the loop's alone.
	now       time.Time // of this turn
	live      config.Supervisord
	staged    []config.Group // of the configuration read last
	groups    []*group       // by priority, then age
	byName    map[string]*group
	byKey     map[child.Key]*process
	lastKey   child.Key
	deadlines deadlines
	timer     *time.Timer
	pending   []pending // inputs that follow from effects, to be settled
	touched   []*process
	pools     []*pool.Pool // in the order they were made
	serials   *pool.Serials
	ticks     ticks
	restarts  map[string]*restart // under way, by their id
	shutdown  shutdown
	outcome   *Outcome
}

// New makes an engine with the groups of the configuration in it, none of them
// started. Automatic logs are created here, as the original does.
func New(opts Options) (*Engine, error) {
	e := &Engine{
		opts:    opts,
		inbox:   make(chan message, inboxSize),
		done:    make(chan struct{}),
		adding:  make(chan struct{}, 1),
		bus:     bus.New(rand.Text()[:8]),
		journal: newJournal(opts.Log),
		gate:    opts.Gate,
		live:    opts.Config.Supervisord,
		staged:  opts.Config.Groups,
		byName:  map[string]*group{},
		byKey:   map[child.Key]*process{},
		serials: opts.Serials,
		timer:   time.NewTimer(time.Hour),
	}
	if e.serials == nil {
		e.serials = pool.NewSerials()
	}
	if e.gate == nil {
		e.gate = logs.NewGate()
	}
	e.mood.Store(int32(supervise.MoodRunning))
	e.identity.Store(&opts.Identity)
	e.launch = newLauncher(opts.Host, e.readySocket, e.postBirth)
	for _, conf := range opts.Config.Groups {
		if e.byName[conf.Name] != nil {
			continue // a second group of that name is dropped, as in the original
		}
		prepared, err := e.prepare(conf, e.live)
		if err != nil {
			e.Close()
			return nil, err
		}
		e.now = time.Now()
		e.addGroup(prepared)
	}
	return e, nil
}

// Run is the loop. It starts what the configuration starts and returns when
// everything has been stopped again, or when ctx is done, which abandons the
// children where they are.
func (e *Engine) Run(ctx context.Context) (Outcome, error) {
	defer e.Close()
	e.begun.Store(true)
	e.turn(begin{})
	for e.outcome == nil {
		select {
		case <-ctx.Done():
			return Outcome{}, ctx.Err()
		case m := <-e.inbox:
			e.turn(m)
		case report := <-e.opts.Reports:
			e.drainInbox()
			e.turn(reported{report})
		case <-e.timer.C:
			e.turn(nil)
		}
	}
	e.tellAllDropped()
	return *e.outcome, nil
}

// drainInbox handles what had been sent before a report was: a pump posts a
// child's last output to the inbox first and says Drained afterwards, and the
// output must be told before the death.
func (e *Engine) drainInbox() {
	for range len(e.inbox) {
		e.turn(<-e.inbox)
	}
}

// helperPatience bounds the wait for helpers at the end: one may hang on a disk,
// and must not keep supervisord from ending.
const helperPatience = 5 * time.Second

// Close ends an engine that has run, or that never will. Run calls it.
func (e *Engine) Close() { e.closing.Do(e.close) }

func (e *Engine) close() {
	e.timer.Stop()
	e.bus.Close()
	close(e.done)
	for _, p := range e.byKey {
		e.giveUpShare(p) // those that are not down: they are UNKNOWN, or all is abandoned
	}
	ctx, cancel := context.WithTimeout(context.Background(), helperPatience)
	defer cancel()
	if err := errors.Join(e.launch.close(ctx), e.closeLogs(ctx)); err != nil {
		e.note(supervise.LevelWarn, err.Error())
	}
	// What the journal could not write in time has nowhere else to go.
	_ = e.journal.close(ctx)
}

// closeLogs closes the logs of all processes, as far as ctx allows.
func (e *Engine) closeLogs(ctx context.Context) error {
	closed := make(chan struct{})
	go func() { // ends when the disk lets it
		defer close(closed)
		for _, p := range e.byKey {
			p.closeLogs()
		}
	}()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the logs: %w", ctx.Err())
	}
}

// Note writes a line to the main log, in order with the engine's own. It never
// waits, and may be called for as long as Run has not returned.
func (e *Engine) Note(level supervise.Level, text string) { e.note(level, text) }

// Mood of supervisord, without asking the loop.
func (e *Engine) Mood() supervise.Mood { return supervise.Mood(e.mood.Load()) }

// Identity of this supervisord, without asking the loop.
func (e *Engine) Identity() supervise.Identity { return *e.identity.Load() }
