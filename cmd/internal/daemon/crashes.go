//go:build unix

package daemon

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/crash"
)

// readWithin bounds how long a start waits for what is kept of earlier lives.
const readWithin = 2 * time.Second

// keepLives makes the keeper of lives and crashes, once for all restarts of this
// supervisord: what is kept in memory outlives them. A reload that names another
// statedir begins anew there.
func (l *life) keepLives() {
	dir := ""
	if state := l.conf.Supervisord.StateDir; state != "" {
		dir = filepath.Join(state, "crashes", l.ownMark())
	}
	log := l.log
	l.speak(func(level supervise.Level, text string) { // until there is an engine
		log.Log(context.Background(), slogLevels[level], text)
	})
	if l.crashes != nil && l.crashDir == dir {
		return
	}
	l.closeKeeper()
	l.crashDir = dir
	voice := &l.voice
	l.crashes = crash.New(crash.Options{Dir: dir, Say: func(level supervise.Level, text string) {
		(*voice.Load())(level, text)
	}})
	if err := within(readWithin, l.crashes.Ready); err != nil {
		l.say(supervise.LevelWarn, err.Error())
	}
}

// speak says where the keeper's words go from now on.
func (d *daemon) speak(say func(supervise.Level, string)) { d.voice.Store(&say) }

// followLives has the keeper hear the engine until the engine has ended and stop is
// called, which waits for the last lives to be heard.
func (l *life) followLives() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { // ended by the end of the engine, or by stop
		defer close(ended)
		l.crashes.Follow(ctx, l.engine)
	}()
	return func() {
		select {
		case <-ended:
		case <-time.After(stopWithin):
		}
		cancel()
	}
}

// closeKeeper has what is not on disk yet written.
func (d *daemon) closeKeeper() {
	if d.crashes == nil {
		return
	}
	if err := within(stopWithin, d.crashes.Close); err != nil {
		fmt.Fprintln(d.std.Err, "supervisord: "+err.Error())
	}
}
