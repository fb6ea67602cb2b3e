//go:build unix

package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"supervisor/supervise"
)

// survivorsFile names the file that holds the living children of a running supervisord. One that
// finds it at its start follows a supervisord that was killed, and warns of
// programs that may still run, so that nobody wonders why a port is taken.
//
// Several supervisords may share a statedir; a pidfile belongs to one.
func (l *life) survivorsFile() string {
	return l.ownFile("children", ".json")
}

// ownFile names a file of statedir that is this supervisord's alone. kind is the
// ending of its name, with the dot.
func (l *life) ownFile(what, kind string) string {
	return what + "-" + l.ownMark() + kind
}

// ownMark tells this supervisord from others that share its statedir.
func (l *life) ownMark() string {
	sum := sha256.Sum256([]byte(l.conf.Supervisord.Pidfile))
	return fmt.Sprintf("%x", sum[:4])
}

// A start of a thousand programs is one record, not a thousand: it is written
// when the children have been quiet for a while, and at the latest after some
// time of unrest.
const (
	settleFor  = 500 * time.Millisecond
	unrestMost = 5 * time.Second
)

// survivor is one child on record. Born tells its pid from a stranger's that has
// it later: it is the kernel's own mark of the start, "" where there is none.
type survivor struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	Born string `json:"born"`
}

// rememberChildren warns of survivors and then keeps the record until forget is
// called, with whether the end was an orderly one: then there is nothing left to
// remember.
func (l *life) rememberChildren() (forget func(orderly bool)) {
	l.warnOfSurvivors()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { // ended by forget
		defer close(ended)
		l.keepRecord(ctx)
	}()
	return func(orderly bool) {
		cancel()
		select {
		case <-ended:
		case <-time.After(stopWithin): // the disk hangs
			return
		}
		if orderly {
			l.state.remove(l.survivorsFile())
		}
	}
}

func (l *life) warnOfSurvivors() {
	data := l.state.read(l.survivorsFile())
	if data == nil {
		return
	}
	var record []survivor
	if err := json.Unmarshal(data, &record); err != nil {
		l.say(supervise.LevelWarn, fmt.Sprintf("the record of an earlier supervisord's children cannot be read: %v", err))
		return
	}
	for _, s := range record {
		if s.Born != "" && birthMark(s.PID) == s.Born {
			l.say(supervise.LevelWarn, fmt.Sprintf("process '%s' (pid %d) of an earlier supervisord, which did not shut down, still runs and is not supervised", s.Name, s.PID))
		}
	}
}

// keepRecord follows the engine's changes and writes when they have settled.
func (l *life) keepRecord(ctx context.Context) {
	for ctx.Err() == nil {
		feed, err := l.engine.Subscribe(ctx, "", 0)
		if err != nil {
			return // the engine has ended
		}
		l.record(ctx, feed.Changes)
		feed.Close()
	}
}

// record writes after each unrest, until changes is closed or ctx is done.
func (l *life) record(ctx context.Context, changes <-chan supervise.Change) {
	settled := time.NewTimer(settleFor)
	defer settled.Stop()
	unrest := time.Now() // since when there is something to write; zero for nothing
	for {
		select {
		case _, open := <-changes:
			if !open {
				return
			}
			if unrest.IsZero() {
				unrest = time.Now()
			}
			settled.Reset(min(settleFor, max(0, unrestMost-time.Since(unrest))))
		case <-settled.C:
			unrest = time.Time{}
			l.writeRecord(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (l *life) writeRecord(ctx context.Context) {
	snapshot, err := l.engine.Snapshot(ctx)
	if err != nil {
		return // ending
	}
	data, err := json.Marshal(survivorsOf(snapshot))
	if err != nil { // cannot be: texts and numbers
		l.complain(err)
		return
	}
	_ = l.state.write(l.survivorsFile(), data) // it says so itself, and tries again
}

func survivorsOf(snapshot supervise.Snapshot) []survivor {
	record := []survivor{}
	for _, p := range snapshot.Processes {
		if p.PID != 0 {
			record = append(record, survivor{p.NameSpec().String(), p.PID, birthMark(p.PID)})
		}
	}
	return record
}

// birthMark is the boot and the tick a process was started at, as Linux tells
// them; "" elsewhere, or if it is gone.
func birthMark(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold anything; what follows the last one is
	// fields 3 and on, of which the start time is the 22nd.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const startTime = 22 - 3
	if len(fields) <= startTime {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[startTime]
}
