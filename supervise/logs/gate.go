package logs

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// diskPlaces is how many writes may be under way on one disk at once. A write
// that hangs holds a thread of the operating system; those beyond this number
// wait as goroutines, which cost next to nothing.
const diskPlaces = 16

// outageBudget is the memory all logs together may use for output kept during
// an outage, beyond the first keptFloor bytes of each.
const outageBudget = 64 << 20

// Gate is what all logs of one supervisord share: the places at each disk, the
// open files by path, and the line to syslog.
type Gate struct {
	syslog *syslogLine
	times  *times       // nil where arrival times are kept in memory only
	budget atomic.Int64 // what is left of outageBudget

	mu    sync.Mutex // guards the fields below
	files map[string]*file
	disks map[uint64]place
}

// place is a seat at a disk: send to take one, receive to give it back.
type place chan struct{}

func (p place) take()  { p <- struct{}{} }
func (p place) leave() { <-p }

// NewGate makes a gate; each supervisord needs one. Its name in syslog is the
// base name of the program, as syslog(3) has it.
func NewGate() *Gate {
	g := &Gate{
		syslog: newSyslogLine(filepath.Base(os.Args[0]), syslogSockets),
		files:  map[string]*file{},
		disks:  map[uint64]place{},
	}
	g.budget.Store(outageBudget)
	return g
}

// disk gives the places of a device. Devices are few and stay.
func (g *Gate) disk(device uint64) place {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.disks[device] == nil {
		g.disks[device] = make(place, diskPlaces)
	}
	return g.disks[device]
}

// file gives the one file object of a path, so that two programs which name the
// same log share its rotation and do not tear each other's lines. Each call is
// answered by one release.
func (g *Gate) file(path string, mode fs.FileMode, limit limit) *file {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := filepath.Clean(path)
	f := g.files[key]
	if f == nil {
		f = &file{gate: g, path: path, mode: mode, past: limit.backups, limit: limit, key: key, absolute: absolute(path)}
		f.hash = hashPath(f.absolute)
		g.files[key] = f
	}
	f.users++
	return f
}

// absolute is a path from the root; as it is where that cannot be known.
func absolute(path string) string {
	if from, err := filepath.Abs(path); err == nil {
		return from
	}
	return path
}

// release tells whether the caller was the file's last user.
func (g *Gate) release(f *file) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	f.users--
	if f.users > 0 {
		return false
	}
	delete(g.files, f.key)
	return true
}

// lend gives n bytes of the outage budget, or refuses.
func (g *Gate) lend(n int64) bool {
	if g.budget.Add(-n) >= 0 {
		return true
	}
	g.budget.Add(n)
	return false
}

// giveBack returns what was lent.
func (g *Gate) giveBack(n int64) { g.budget.Add(n) }
