//go:build unix

package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/engine"
	"supervisor/supervise/logs"
)

// survivorsFile holds the living children of a running supervisord. One that
// finds it at its start follows a supervisord that was killed, and warns of
// programs that may still run, so that nobody wonders why a port is taken.
const survivorsFile = "children.json"

// settleFor is how long the children must have been quiet before they are
// written down: a start of a thousand programs is one file, not a thousand.
const settleFor = 500 * time.Millisecond

// survivor is one child on record. Born tells its pid from a stranger's that has
// it later: it is the kernel's own mark of the start, "" where there is none.
type survivor struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	Born string `json:"born"`
}

// rememberChildren warns of survivors and then keeps the record, until stop is
// called, which is after an orderly end: then there is nothing to remember.
func (d *daemon) rememberChildren(eng *engine.Engine) (stop func()) {
	d.warnOfSurvivors()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { // ended by stop
		defer close(ended)
		d.keepRecord(ctx, eng)
	}()
	return func() {
		cancel()
		<-ended
		d.state.remove(survivorsFile)
	}
}

func (d *daemon) warnOfSurvivors() {
	data := d.state.read(survivorsFile)
	if data == nil {
		return
	}
	var record []survivor
	if err := json.Unmarshal(data, &record); err != nil {
		d.say(logs.LevelWarn, fmt.Sprintf("the record of an earlier supervisord's children cannot be read: %v", err))
		return
	}
	for _, s := range record {
		if s.Born != "" && birthMark(s.PID) == s.Born {
			d.say(logs.LevelWarn, fmt.Sprintf("process '%s' (pid %d) of an earlier supervisord, which did not shut down, still runs and is not supervised", s.Name, s.PID))
		}
	}
}

// keepRecord follows the engine's changes and writes when they have settled.
func (d *daemon) keepRecord(ctx context.Context, eng *engine.Engine) {
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	for ctx.Err() == nil {
		feed, err := eng.Subscribe(ctx, "", 0)
		if err != nil {
			return // the engine has ended
		}
		settled.Reset(settleFor)
		for open := true; open; {
			select {
			case _, open = <-feed.Changes:
				settled.Reset(settleFor)
			case <-settled.C:
				d.writeRecord(ctx, eng)
			case <-ctx.Done():
				open = false
			}
		}
		feed.Close()
	}
}

func (d *daemon) writeRecord(ctx context.Context, eng *engine.Engine) {
	snapshot, err := eng.Snapshot(ctx)
	if err != nil {
		return // ending
	}
	data, err := json.Marshal(survivorsOf(snapshot))
	if err != nil { // cannot be: texts and numbers
		d.tell(err)
		return
	}
	d.state.write(survivorsFile, data)
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
