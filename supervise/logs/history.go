package logs

import (
	"path/filepath"
	"sort"
	"time"

	"supervisor/supervise"
)

// arrivalsMax bounds one answer of Arrivals.
const arrivalsMax = 4096

// near is how close an arrival is to the bytes that came with it, or soon after
// it without an entry of their own.
const near = entryAge

var (
	_ supervise.LogHistory = (*Channel)(nil)
	_ supervise.LogHistory = (*MainLog)(nil)
)

// Files lists the files there are, or what is in memory.
func (o *output) Files() []supervise.LogFile {
	if o.onDisk() {
		return o.port.file.list()
	}
	oldest, end := o.memory.bounds()
	return []supervise.LogFile{{Off: oldest, End: end, Changed: time.Now()}}
}

// Arrivals tells when bytes came, from memory and, where its disk answers, from the
// index.
func (o *output) Arrivals(from, to int64) []supervise.Arrival {
	var found []arrival
	if o.onDisk() {
		found = o.port.file.arrivals(from, to)
	} else {
		found, _ = o.memory.arrivals(from, to)
	}
	told := make([]supervise.Arrival, len(found))
	for i, a := range found {
		told[i] = supervise.Arrival{Off: a.off, At: time.UnixMilli(a.at)}
	}
	return told
}

// ArrivedAt finds where to read what came at a time.
func (o *output) ArrivedAt(at time.Time) (off int64, sure bool) {
	if o.onDisk() {
		return o.port.file.arrivedAt(at.Add(-near))
	}
	oldest, end := o.memory.bounds()
	first, found, covers, _ := o.memory.since(at.Add(-near).UnixMilli())
	if !found {
		first = end
	}
	return max(first, oldest), covers && first >= oldest || first == 0
}

// index makes an entry for data, which was written to the file at off, if the
// last entry is not near. The caller holds write.
func (f *file) index(off int64, data []byte, now time.Time) {
	last := f.indexed
	at := now.UnixMilli()
	if f.gate.times == nil || len(data) == 0 || off >= offsetMax {
		return
	}
	age := time.Duration(at-last.at) * time.Millisecond
	begins := off <= last.off || last.length == 0
	if !begins && age >= 0 && age < entryAge && (off-last.off < entryStep || age < entryRest) {
		return
	}
	f.indexed = newEntry(off, at, data)
	f.gate.times.add(f.absolute, f.indexKey(f.id), f.indexed)
}

func (f *file) indexKey(id identity) indexKey { return indexKey{f.hash, id.inode} }

// tellFiles tells the index which files there are. The caller holds names.
func (f *file) tellFiles() {
	if f.gate.times == nil {
		return
	}
	var inodes []uint64
	for _, s := range f.ledger.all() {
		inodes = append(inodes, s.id.inode)
	}
	f.gate.times.consists(f.absolute, inodes)
}

// list gives the files that bear numbers.
func (f *file) list() []supervise.LogFile {
	f.takeStock()
	f.names.RLock()
	defer f.names.RUnlock()
	files := []supervise.LogFile{}
	for _, s := range f.ledger.all() {
		path := f.pathOf(s)
		if st, err := statPath(path); err == nil && st.id == s.id {
			files = append(files, supervise.LogFile{
				Name: filepath.Base(path), Backup: s.backup, Off: s.base, End: s.base + s.size, Changed: st.changed,
			})
		}
	}
	return files
}

// arrivals joins what is remembered with what the index knows. Who follows a log
// asks for what is remembered well, and does not hang with the disk of the index.
func (f *file) arrivals(from, to int64) []arrival {
	f.takeStock()
	found, all := f.ledger.arrivals(from, to)
	if all {
		return found
	}
	found = merge(f.indexedArrivals(from, to), found)
	first := sort.Search(len(found), func(i int) bool { return found[i].off > from })
	found = found[max(first-1, 0):]
	if len(found) > arrivalsMax {
		found = found[:arrivalsMax]
	}
	return found
}

func (f *file) indexedArrivals(from, to int64) []arrival {
	if f.gate.times == nil {
		return nil
	}
	var found []arrival
	for _, s := range f.ledger.all() {
		if s.base+s.size <= from || s.base >= to {
			continue
		}
		for _, e := range f.entriesOf(s, from, to, arrivalsMax-min(len(found), arrivalsMax)) {
			found = append(found, arrival{s.base + e.off - s.start, e.at})
		}
	}
	return found
}

// entriesOf reads the entries of one file about the bytes from one logical
// offset up to another, those left out that the file does not bear out; of a run of
// them the ends speak for all.
func (f *file) entriesOf(s segment, from, to int64, limit int) []entry {
	inFile := func(off int64) int64 { return s.start + min(max(off-s.base, 0), s.size) }
	found, _ := consult(f.gate.times, f.indexKey(s.id), func(x *index) []entry {
		return x.between(inFile(from), inFile(to), limit)
	})
	n := len(found)
	if n == 0 || n > 1 && f.bearsOut(s, found[0]) && f.bearsOut(s, found[n-1]) {
		return found
	}
	kept := found[:0]
	for _, e := range found {
		if f.bearsOut(s, e) {
			kept = append(kept, e)
		}
	}
	return kept
}

// bearsOut tells whether a file still has the bytes of which an entry was made.
func (f *file) bearsOut(s segment, e entry) bool {
	if e.off < s.start || e.off+int64(e.length) > s.start+s.size {
		return false
	}
	f.names.RLock()
	defer f.names.RUnlock()
	for _, now := range f.ledger.all() {
		if now.id != s.id {
			continue
		}
		sample := make([]byte, e.length)
		n, err := f.readFile(now, sample, e.off)
		return n == len(sample) && err == nil && checkOf(sample) == e.check
	}
	return false
}

// arrivedAt finds the first bytes known to have come later than a time.
func (f *file) arrivedAt(at time.Time) (off int64, sure bool) {
	f.takeStock()
	_, off = f.ledger.bounds()
	remembered, found, covers, exact := f.ledger.since(at.UnixMilli())
	if found {
		off = remembered
	}
	sure = covers
	if exact {
		oldest, _ := f.ledger.bounds()
		return max(off, oldest), off >= oldest
	}
	known, found := f.indexedSince(at)
	if found && (known.sure || !covers) {
		off, sure = min(off, known.off), known.sure
	}
	oldest, end := f.ledger.bounds()
	return max(off, oldest), sure && off >= oldest || end == oldest
}

// guess is a place in a log, found for a time.
type guess struct {
	off    int64
	sure   bool
	behind bool // all that is known of this file is earlier
}

// indexedSince looks through the files, oldest first, for the first entry later
// than a time. A file without an index that was last changed later may hold it
// anywhere, unless this supervisord has begun it, and remembers. One that was changed
// earlier may hold it too, before the clock was set back, if its index says so.
func (f *file) indexedSince(at time.Time) (first guess, ok bool) {
	for _, file := range f.list() {
		if file.Off == file.End {
			continue
		}
		s, err := f.ledger.locate(file.Off)
		if err != nil {
			continue // gone meanwhile
		}
		here, found := f.firstSince(s, at.UnixMilli())
		switch {
		case file.Changed.Before(at) && !here.sure:
		case found && !here.behind:
			return here, true
		case found:
			first, ok = here, true
		}
	}
	return first, ok
}

// firstSince looks into one file, as if it had been changed later than at.
func (f *file) firstSince(s segment, at int64) (guess, bool) {
	remembered, _ := f.ledger.arrivals(s.base, s.base+1)
	known := len(remembered) > 0 && remembered[0].off <= s.base
	if f.gate.times == nil {
		return guess{off: s.base}, !known
	}
	here, found := consult(f.gate.times, f.indexKey(s.id), func(x *index) sought { return x.seek(at) })
	switch {
	case !found || !here.there || !f.bearsOut(s, here.entry):
		return guess{off: s.base}, !known
	case here.behind: // should a crash have lost others
		return guess{off: s.base + here.entry.off - s.start, behind: true}, true
	case here.first && here.entry.off > s.start:
		return guess{off: s.base}, !known
	}
	return guess{off: s.base + here.entry.off - s.start, sure: true}, true
}
