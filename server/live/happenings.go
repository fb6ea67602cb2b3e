package live

import (
	"crypto/rand"
	"sync"
	"time"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// maxHappenings is how much of what happened is kept for those who follow it: who
// is further behind is told that something is missing.
const maxHappenings = 1024

// happenings are the last changes of state and the last lines of the trail, in the
// order in which the hub heard of them. They are kept once for all sessions; each
// remembers the number of the one it has come to.
type happenings struct {
	epoch string // of the numbers

	mu   sync.Mutex // guards the fields below
	seq  uint64     // of the newest
	kept []happening
}

// happening is a change, or a line of the trail if there is one.
type happening struct {
	at     time.Time
	change supervise.Change
	act    *wire.TrailEntry
}

func newHappenings() *happenings { return &happenings{epoch: rand.Text()[:8]} }

// note keeps a change, if it is one of state.
func (h *happenings) note(c supervise.Change) {
	if _, told := wire.FromChange(c); told {
		h.add(happening{at: c.At, change: c})
	}
}

func (h *happenings) add(one happening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	if len(h.kept) == 2*maxHappenings { // now and then, not each time
		h.kept = append(make([]happening, 0, 2*maxHappenings), h.kept[maxHappenings:]...)
	}
	h.kept = append(h.kept, one)
}

// skip says that there was more, of which nothing is known.
func (h *happenings) skip() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	h.kept = nil
}

func (h *happenings) position() (seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}

// after gives what came after number seq, at most so many, and the number of the
// last of them. Where some of it is not kept, it gives nothing, and the newest
// number.
func (h *happenings) after(seq uint64, most int) (found []happening, last uint64, missed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	behind := h.seq - seq
	if seq > h.seq || behind > uint64(min(len(h.kept), maxHappenings)) {
		return nil, h.seq, true
	}
	found = h.kept[uint64(len(h.kept))-behind:]
	found = found[:min(len(found), most)]
	return found, seq + uint64(len(found)), false
}

// timeOf is when a line of the trail says it was written; the zero time if it does
// not say.
func timeOf(line wire.TrailEntry) time.Time {
	at, err := time.Parse(time.RFC3339, line.Time)
	if err != nil {
		return time.Time{}
	}
	return at
}
