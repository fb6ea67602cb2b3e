//go:build unix

package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/logs"
)

// journalSize is how many lines may wait for a main log on a slow disk.
const journalSize = 8192

// journal writes the engine's lines to supervisord's main log, so that nobody of
// the engine's need wait for a disk. Lines keep the time they were written at.
type journal struct {
	log   *slog.Logger
	lines chan line
	lost  atomic.Int64 // lines that found no room
	quit  chan struct{}
	ended chan struct{}
}

type line struct {
	at    time.Time
	level slog.Level
	text  string
}

// newJournal starts the journal's goroutine; close ends it.
func newJournal(log *slog.Logger) *journal {
	j := &journal{
		log: log, lines: make(chan line, journalSize),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	go j.work()
	return j
}

// write may be called from any goroutine. It never waits.
func (j *journal) write(level supervise.Level, text string) {
	slogLevel := levels[level]
	if !j.log.Enabled(context.Background(), slogLevel) {
		return
	}
	select {
	case j.lines <- line{time.Now(), slogLevel, text}:
	default:
		j.lost.Add(1)
	}
}

// close has the journal write what waits, as far as ctx allows.
func (j *journal) close(ctx context.Context) error {
	close(j.quit)
	select {
	case <-j.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (j *journal) work() {
	defer close(j.ended)
	for {
		select {
		case l := <-j.lines:
			j.put(l)
		case <-j.quit:
			for len(j.lines) > 0 {
				j.put(<-j.lines)
			}
			return
		}
	}
}

func (j *journal) put(l line) {
	if lost := j.lost.Swap(0); lost > 0 {
		j.handle(line{time.Now(), slog.LevelWarn, fmt.Sprintf("the main log was too slow: %d lines lost", lost)})
	}
	j.handle(l)
}

func (j *journal) handle(l line) {
	// The handler counts what it cannot write and says so in the log itself;
	// there is no better place to tell.
	_ = j.log.Handler().Handle(context.Background(), slog.NewRecord(l.at, l.level, l.text, 0))
}

var levels = map[supervise.Level]slog.Level{
	supervise.LevelDebug:    logs.LevelDebug,
	supervise.LevelInfo:     logs.LevelInfo,
	supervise.LevelWarn:     logs.LevelWarn,
	supervise.LevelError:    logs.LevelError,
	supervise.LevelCritical: logs.LevelCritical,
}
