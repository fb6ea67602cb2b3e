package logs

import (
	"slices"
	"time"

	"supervisor/supervise"
)

// segment is a run of numbered bytes in one file.
type segment struct {
	base   int64 // the number of its first byte
	start  int64 // where that byte is in the file
	size   int64 // how many; of the current file, ask ledger.end
	id     identity
	backup int // n for PATH.n; 0 for the current file
}

// ledger knows which file bears which logical offsets. Its segments are
// contiguous: when bytes in the middle vanish (a log is cleared, or deleted by
// somebody), those before them can no longer be reached by number, though their
// files stay. Numbers are never given twice.
type ledger struct {
	follow
	segments []segment // oldest first; the current file, if there is one, last
}

// begin takes stock of the files found at the start, numbering them from 0.
func (l *ledger) begin(found []segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range found {
		s.base = l.end
		l.end += s.size
		l.segments = append(l.segments, s)
	}
}

// opened says which file has just been opened as the current one. What it holds
// beyond what we know of it counts as appended.
func (l *ledger) opened(st stat) {
	l.mu.Lock()
	defer l.mu.Unlock()
	current := l.current()
	if current != nil && current.id == st.id {
		l.resize(st.size)
		return
	}
	if current != nil { // it went where we cannot follow
		l.vanished(current)
	}
	l.segments = append(l.segments, segment{base: l.end, id: st.id})
	l.end += st.size
	l.moved()
}

// rotated says that the current file is PATH.1 now, and each backup one further;
// beyond the last they are deleted.
func (l *ledger) rotated(backups int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if current := l.current(); current != nil {
		current.size = l.end - current.base
	}
	kept := l.segments[:0]
	for _, s := range l.segments {
		s.backup++
		if s.backup <= backups {
			kept = append(kept, s)
		} else {
			kept = kept[:0] // and all older ones with it
		}
	}
	l.segments = kept
}

// emptied says that the current file holds nothing any more.
func (l *ledger) emptied() {
	l.mu.Lock()
	defer l.mu.Unlock()
	current := l.current()
	if current == nil {
		return
	}
	emptied := segment{base: l.end, id: current.id}
	l.vanished(current)
	l.segments = append(l.segments, emptied)
}

// renewed says that the current file has been replaced by an empty one.
func (l *ledger) renewed(id identity) {
	l.emptied()
	l.mu.Lock()
	defer l.mu.Unlock()
	if current := l.current(); current != nil {
		current.id = id
		return
	}
	l.segments = append(l.segments, segment{base: l.end, id: id})
}

// grew says that n bytes have been appended, which came at a time, and gives the
// size of the file.
func (l *ledger) grew(n int, now time.Time) (size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n > 0 {
		l.recent.came(l.end, now)
	}
	l.end += int64(n)
	l.moved()
	if current := l.current(); current != nil {
		return l.physical(current)
	}
	return 0
}

// size of the current file, as far as we know.
func (l *ledger) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if current := l.current(); current != nil {
		return l.physical(current)
	}
	return 0
}

// measured says how large the current file really is.
func (l *ledger) measured(size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current() != nil {
		l.resize(size)
	}
}

// resize brings the current file to its real size. More than we know: somebody
// else appends to it too. Less: somebody cut it; what is there now was written
// since, so it keeps its numbers, and what was there before is gone. The caller
// holds mu.
func (l *ledger) resize(size int64) {
	current := l.current()
	known := l.physical(current)
	if size >= known {
		l.end += size - known
		if size > known {
			l.moved()
		}
		return
	}
	rest := segment{base: max(l.end-size, current.base), id: current.id}
	rest.start = size - (l.end - rest.base)
	l.segments = append(l.segments[:0], rest)
}

// vanished takes out the current file, and what can no longer be reached by
// number because of it. The caller holds mu.
func (l *ledger) vanished(current *segment) {
	if l.end > current.base {
		l.segments = l.segments[:0]
		return
	}
	l.segments = l.segments[:len(l.segments)-1]
}

// gone says that a segment which locate gave cannot be read any more.
func (l *ledger) gone(lost segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.segments {
		if s.base != lost.base || s.id != lost.id {
			continue
		}
		if s.backup > 0 {
			l.segments = append(l.segments[:0], l.segments[i+1:]...)
			return
		}
		s.start += l.end - s.base
		s.base = l.end
		l.segments = append(l.segments[:0], s)
		return
	}
}

// bounds gives the oldest number that can be read and the next to be given.
func (l *ledger) bounds() (oldest, end int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) == 0 {
		return l.end, l.end
	}
	return l.segments[0].base, l.end
}

// locate finds the segment of off, its size filled in. The number must be below
// the end.
func (l *ledger) locate(off int64) (segment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.segments) - 1; i >= 0; i-- {
		s := l.segments[i]
		if s.backup == 0 {
			s.size = l.end - s.base
		}
		if off >= s.base {
			return s, nil
		}
	}
	return segment{}, supervise.ErrLogGone
}

// backups lists the segments that are not the current file.
func (l *ledger) backups() []segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current() != nil {
		return slices.Clone(l.segments[:len(l.segments)-1])
	}
	return slices.Clone(l.segments)
}

// all lists the segments, oldest first, their sizes filled in.
func (l *ledger) all() []segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	segments := slices.Clone(l.segments)
	if n := len(segments); n > 0 && segments[n-1].backup == 0 {
		segments[n-1].size = l.end - segments[n-1].base
	}
	return segments
}

// current is the current file's segment; nil if there is none. The caller holds mu.
func (l *ledger) current() *segment {
	if n := len(l.segments); n > 0 && l.segments[n-1].backup == 0 {
		return &l.segments[n-1]
	}
	return nil
}

// physical is the size of the current file. The caller holds mu.
func (l *ledger) physical(current *segment) int64 {
	return current.start + l.end - current.base
}
