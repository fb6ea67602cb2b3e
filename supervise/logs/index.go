package logs

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// An index file is a list of entries of entrySize bytes, sorted by offset. It
// belongs to one log file, whatever that is called by now: its name is made of
// the log's path and the inode. As inodes are used again and logs are changed by
// others, no entry is believed unless the log still has at its place what it had
// when the entry was made. Of entries read as a run it is the first and the last
// that are compared with the log: files grow at their end, and what is the same
// before and behind is taken to be the same between.
const (
	entrySize = 16
	sampleMax = 64
	// offsetMax is the size from which a log file is indexed no further.
	offsetMax = 1 << 40
	// doubtful is how many bad entries in a row are passed over.
	doubtful = 64
)

// entry is one record of an index: the byte at off of the file came at a time,
// and a sample of it and its neighbours.
type entry struct {
	off    int64 // in the file
	at     int64 // Unix milliseconds
	length uint8 // of the sample
	check  uint16
}

// newEntry makes the entry of data that came as one, its first byte at off.
func newEntry(off, at int64, data []byte) entry {
	data = data[:min(len(data), sampleMax)]
	return entry{off: off, at: at, length: uint8(len(data)), check: checkOf(data)}
}

// checkOf is never that of nothing, so that zeros are no entry.
func checkOf(data []byte) uint16 {
	sum := crc32.ChecksumIEEE(data)
	return uint16(sum) ^ uint16(sum>>16) ^ 0x5ca1
}

// append writes the entry: 5 bytes of offset, 6 of time, 1 length and 2 bytes
// each to check the sample and the entry.
func (e entry) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, byte(e.off>>32))
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.off))
	dst = binary.BigEndian.AppendUint16(dst, uint16(e.at>>32))
	dst = binary.BigEndian.AppendUint32(dst, uint32(e.at))
	dst = append(dst, e.length)
	dst = binary.BigEndian.AppendUint16(dst, e.check)
	return binary.BigEndian.AppendUint16(dst, checkOf(dst[start:]))
}

// parseEntry reads what append wrote; false for anything else.
func parseEntry(p []byte) (entry, bool) {
	if checkOf(p[:entrySize-2]) != binary.BigEndian.Uint16(p[entrySize-2:]) {
		return entry{}, false
	}
	return entry{
		off:    int64(p[0])<<32 | int64(binary.BigEndian.Uint32(p[1:])),
		at:     int64(binary.BigEndian.Uint16(p[5:]))<<32 | int64(binary.BigEndian.Uint32(p[7:])),
		length: p[11],
		check:  binary.BigEndian.Uint16(p[12:]),
	}, true
}

// index is an index file open to be read.
type index struct {
	in io.ReaderAt
	n  int // entries
}

// openIndex opens the index of a log file; nil if there is none. Whoever calls
// it closes it.
func openIndex(dir string, key indexKey) (*index, func(), error) {
	in, err := os.Open(filepath.Join(dir, key.name()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, func() {}, nil
	}
	if err != nil {
		return nil, func() {}, err
	}
	st, err := in.Stat()
	if err != nil {
		return nil, func() {}, errors.Join(err, in.Close())
	}
	return &index{in: in, n: int(st.Size() / entrySize)}, func() { in.Close() }, nil
}

// entry gives the i-th entry, or the next one before it that is whole.
func (x *index) entry(i int) (entry, bool) {
	var buf [entrySize]byte
	for tries := 0; i >= 0 && tries < doubtful; i, tries = i-1, tries+1 {
		if _, err := x.in.ReadAt(buf[:], int64(i)*entrySize); err != nil {
			return entry{}, false
		}
		if e, ok := parseEntry(buf[:]); ok {
			return e, true
		}
	}
	return entry{}, false
}

// sought is what an index has of a time: the first entry later than that, or the
// last one.
type sought struct {
	entry  entry
	there  bool
	first  bool // of the index
	behind bool // it is the last one, and not later
}

func (x *index) seek(at int64) sought {
	i := x.since(at)
	e, ok := x.entry(min(i, x.n-1))
	return sought{entry: e, there: ok, first: i == 0, behind: i == x.n}
}

// setBack is how many arrivals a clock may take to come again to where it was when
// somebody set it back: 18 hours of one a second.
const setBack = 64 << 10

// since gives the first entry later than a time, x.n for none. Where the clock was
// set back entries are not in order of time, and the first one later than that may
// be before those that a search finds; so what is before them is looked through.
func (x *index) since(at int64) int {
	found := x.search(func(e entry) bool { return e.at > at })
	for {
		earlier := x.firstSince(at, max(found-setBack, 0), found)
		if earlier == found {
			return found
		}
		found = earlier
	}
}

// firstSince is since among the entries from one up to another, which it gives
// where there is none.
func (x *index) firstSince(at int64, from, to int) int {
	data := make([]byte, (to-from)*entrySize)
	n, err := x.in.ReadAt(data, int64(from)*entrySize)
	if err != nil && err != io.EOF {
		return to
	}
	for i := range n / entrySize {
		if e, ok := parseEntry(data[i*entrySize : (i+1)*entrySize]); ok && e.at > at {
			return from + i
		}
	}
	return to
}

// search gives the first entry for which is answers true, of entries that are in
// that order.
func (x *index) search(is func(entry) bool) int {
	return sort.Search(x.n, func(i int) bool {
		e, ok := x.entry(i)
		return ok && is(e)
	})
}

// between reads the last entry at or before from and those after it below to, at
// most limit.
func (x *index) between(from, to int64, limit int) []entry {
	first := max(x.search(func(e entry) bool { return e.off > from })-1, 0)
	last := x.search(func(e entry) bool { return e.off >= to })
	if first >= last {
		return nil
	}
	data := make([]byte, min(last-first, limit)*entrySize)
	n, err := x.in.ReadAt(data, int64(first)*entrySize)
	if err != nil && err != io.EOF {
		return nil
	}
	var found []entry
	for data = data[:n]; len(data) >= entrySize; data = data[entrySize:] {
		if e, ok := parseEntry(data); ok {
			found = append(found, e)
		}
	}
	return found
}
