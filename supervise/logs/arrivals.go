package logs

import (
	"slices"
	"sort"
	"time"
)

const (
	// recentMax is how many arrivals a log remembers: 8 KB once it has said
	// enough, and nothing while it is silent.
	recentMax = 512
	// burst is how close together bytes come that count as one arrival.
	burst = 5 * time.Millisecond
)

// arrival says when the byte numbered off came, in Unix milliseconds.
type arrival struct{ off, at int64 }

// recent remembers when bytes came: the newest exactly, older ones the more
// roughly the older they are. The zero value is ready.
type recent struct {
	entries []arrival
	exact   int64 // from here on nothing has been forgotten
	back    bool  // the clock was set back, so that what was forgotten may be later than what is left
}

// came takes note of bytes that begin at off.
func (r *recent) came(off int64, now time.Time) {
	at := now.UnixMilli()
	if n := len(r.entries); n > 0 {
		last := r.entries[n-1].at
		if at >= last && at-last < burst.Milliseconds() {
			return
		}
		r.back = r.back || at < last
	}
	if len(r.entries) == recentMax {
		r.thin()
	}
	r.entries = append(r.entries, arrival{off, at})
}

// thin forgets every second entry of the older half.
func (r *recent) thin() {
	const half = recentMax / 2
	r.exact = r.entries[half].off
	kept := r.entries[:0]
	for i, entry := range r.entries {
		if i >= half || i%2 == 0 {
			kept = append(kept, entry)
		}
	}
	r.entries = kept
}

// between copies out the last entry at or before from, and those after it below
// to. All tells that nobody can know more of these bytes.
func (r *recent) between(from, to int64) (found []arrival, all bool) {
	first := sort.Search(len(r.entries), func(i int) bool { return r.entries[i].off > from })
	last := sort.Search(len(r.entries), func(i int) bool { return r.entries[i].off >= to })
	return slices.Clone(r.entries[max(first-1, 0):max(last, first)]), first > 0 && from >= r.exact
}

// since gives the first byte that may have come later than a time. Where the
// first known to be later is one of those thinned out, that is at the entry before.
// Covers tells that something is remembered from before that time, and exact that
// nobody can know it better.
func (r *recent) since(at int64) (off int64, found, covers, exact bool) {
	for i, entry := range r.entries {
		if entry.at <= at {
			continue
		}
		if i > 0 && entry.off < r.exact {
			entry = r.entries[i-1]
		}
		covers = i > 0 && !r.back
		return entry.off, true, covers, covers && entry.off >= r.exact
	}
	covers = len(r.entries) > 0 && !r.back
	return 0, false, covers, covers
}

// merge makes one list of two, each sorted by offset.
func merge(a, b []arrival) []arrival {
	all := append(a, b...)
	slices.SortStableFunc(all, func(x, y arrival) int { return int(min(max(x.off-y.off, -1), 1)) })
	return slices.CompactFunc(all, func(x, y arrival) bool { return x.off == y.off })
}
