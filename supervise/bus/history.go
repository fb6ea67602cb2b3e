package bus

import "supervisor/supervise"

// history keeps the last changes in a ring that grows to its size and no more.
type history struct {
	size    int
	changes []supervise.Change // change n is at (n-1) % size
	last    uint64             // number of the newest, 0 for none
}

func newHistory(size int) history { return history{size: size} }

func (h *history) add(change supervise.Change) {
	h.last = change.Seq
	if len(h.changes) < h.size {
		h.changes = append(h.changes, change)
		return
	}
	h.changes[h.slot(change.Seq)] = change
}

// after gives the changes with numbers above since; false if some of them are
// no longer kept, or since is yet to come.
func (h *history) after(since uint64) ([]supervise.Change, bool) {
	if since > h.last || h.last-since > uint64(len(h.changes)) {
		return nil, false
	}
	missed := make([]supervise.Change, 0, h.last-since)
	for n := since + 1; n <= h.last; n++ {
		missed = append(missed, h.changes[h.slot(n)])
	}
	return missed, true
}

func (h *history) slot(seq uint64) int { return int((seq - 1) % uint64(h.size)) }
