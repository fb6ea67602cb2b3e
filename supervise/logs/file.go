package logs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervise"
)

// limit is when a log is rotated, and how many old files are kept.
type limit struct {
	maxBytes int64 // 0: never
	backups  int
}

// file is one log file, shared by all who write to its path.
//
// Three locks, taken in this order. write serialises those who change the file
// and is held during system calls, which may hang; readers never take it. names
// is held while files change their names, and by readers from looking up a
// name until they have read. The ledger's own is held for lines only.
type file struct {
	gate *Gate
	path string
	key  string
	mode fs.FileMode
	// absolute is the path from the root, and hash what its index is found by.
	absolute string
	hash     uint64

	past  int // how many backups may be there from before
	users int // guarded by gate.mu

	stock   sync.Once    // has the ledger taken stock of what is on the disk
	special atomic.Bool  // not a regular file of our own: never rotated, not read back
	doubt   atomic.Bool  // a reader found the file other than it should be
	began   atomic.Int64 // when the write in progress did, in Unix nanoseconds; 0 if none is
	lost    atomic.Int64 // bytes that will never be in any file
	ledger  ledger
	trouble trouble

	names sync.RWMutex

	write   sync.Mutex // guards the fields below
	out     *os.File   // nil when closed, or not to be opened
	id      identity   // of out
	seat    place      // at the disk of out
	ports   int        // that are open
	limit   limit      // of the last who wrote
	checked time.Time  // when we last looked whether path is still out
	midLine bool       // the last byte written was not a newline
	mislaid bool       // path is gone, or another file, and cannot be opened; out lives elsewhere
	refused time.Time  // when rotating last failed
	closed  bool       // no user is left
	outage  outage
	indexed entry    // the last one made
	notices []string // to be told when the lock is released
}

// append writes p whole, or keeps it. The caller holds write.
func (f *file) append(p []byte, limit limit) {
	now := time.Now()
	f.limit = limit
	f.began.Store(now.UnixNano())
	defer f.began.Store(0)
	if !f.special.Load() {
		seat := f.seatNow()
		seat.take()
		defer seat.leave()
	}
	if f.outage.on {
		f.keep(p)
		f.tryAgain(now)
		return
	}
	if err := f.ready(now); err != nil {
		f.fail(err, now)
		f.keep(p)
		return
	}
	n, err := f.send(p, now)
	if err != nil {
		f.fail(err, now)
		f.keep(p[n:])
	}
}

// seatNow is where writers of this file queue for its disk.
func (f *file) seatNow() place {
	if f.seat == nil {
		f.seat = f.gate.disk(0)
	}
	return f.seat
}

// ready makes sure there is an open file, and at most once a second that it is
// still the one the path names.
func (f *file) ready(now time.Time) error {
	if f.out == nil {
		return f.openOut(now)
	}
	if now.Sub(f.checked) >= time.Second || f.doubt.Load() {
		return f.check(now)
	}
	return nil
}

// send is the one write(2), and what follows from it.
func (f *file) send(p []byte, now time.Time) (int, error) {
	n, err := f.out.Write(p)
	if n > 0 {
		f.midLine = p[n-1] != '\n'
	}
	if f.special.Load() {
		return n, err
	}
	size := f.ledger.grew(n, now)
	f.index(size-int64(n), p[:n], now)
	if f.limit.maxBytes > 0 && size >= f.limit.maxBytes && err == nil {
		err = f.rotate(now)
	}
	return n, err
}

// openOut opens the path. Existing content counts, for rotation and as numbered
// bytes. The caller holds write.
func (f *file) openOut(now time.Time) error {
	f.takeStock()
	out, st, err := f.create()
	if err != nil {
		return err
	}
	f.adopt(out, st, now)
	return nil
}

// create opens the path to append to it, making the file if there is none.
func (f *file) create() (*os.File, stat, error) {
	out, err := openAppend(f.path, f.fileMode())
	if err != nil {
		return nil, stat{}, err
	}
	st, err := statFile(out)
	if err != nil {
		return nil, stat{}, errors.Join(err, out.Close())
	}
	return out, st, nil
}

// isMissing tells whether somebody else has taken the file away.
func (f *file) isMissing() bool {
	f.names.RLock()
	defer f.names.RUnlock()
	_, err := os.Stat(f.path)
	return errors.Is(err, fs.ErrNotExist)
}

// openToRead opens the path, which is there in the middle of a rotation too.
func (f *file) openToRead() (*os.File, error) {
	f.names.RLock()
	defer f.names.RUnlock()
	return openRead(f.path)
}

// adopt makes out the file to write to. The caller holds write.
func (f *file) adopt(out *os.File, st stat, now time.Time) {
	f.out, f.id, f.checked, f.midLine = out, st.id, now, false
	f.found(now)
	f.seat = f.gate.disk(st.id.device)
	f.doubt.Store(false)
	special := !st.regular || borrowed(f.path)
	f.special.Store(special)
	if special {
		return
	}
	f.names.Lock()
	defer f.names.Unlock()
	f.ledger.opened(st)
	f.tellFiles()
}

func (f *file) fileMode() fs.FileMode {
	if f.mode == 0 {
		return 0o666
	}
	return f.mode
}

// takeStock numbers what is on the disk already: backups, oldest first, then
// the current file. One missing backup may be left by a crash in the middle of
// a rotation; after two there are no more.
func (f *file) takeStock() {
	f.stock.Do(func() {
		st, err := statPath(f.path)
		if err == nil && !st.regular || borrowed(f.path) {
			f.special.Store(true)
			return
		}
		var found []segment
		if err == nil {
			found = append(found, segment{id: st.id, size: st.size})
		}
		for n, missing := 1, 0; n <= f.past && missing < 2; n++ {
			st, err := statPath(f.backup(n))
			if err != nil || !st.regular {
				missing++
				continue
			}
			missing = 0
			found = append([]segment{{id: st.id, size: st.size, backup: n}}, found...)
		}
		f.ledger.begin(found)
	})
}

// pathOf is where a segment is now. The caller holds names.
func (f *file) pathOf(s segment) string {
	if s.backup > 0 {
		return f.backup(s.backup)
	}
	return f.path
}

func (f *file) backup(n int) string { return f.path + "." + strconv.Itoa(n) }

// closeOut closes the file; a later write opens it again. The caller holds write.
func (f *file) closeOut() {
	if f.out == nil {
		return
	}
	if err := f.out.Close(); err != nil {
		f.notices = append(f.notices, fmt.Sprintf("closing log file %s: %s", f.path, reason(err)))
	}
	f.out = nil
}

// rest closes the file when no port is open any more, unless something waits to
// be written to it. The caller holds write.
func (f *file) rest() {
	if f.ports == 0 && !f.outage.on {
		f.closeOut()
	}
}

// unlock releases write and tells what was noticed meanwhile.
func (f *file) unlock(tell func(string)) {
	notices := f.notices
	f.notices = nil
	f.write.Unlock()
	if tell == nil {
		return
	}
	for _, text := range notices {
		tell(text)
	}
}

// isSpecial tells whether the path is no regular file of our own, so that what
// was written cannot be read back from it.
func (f *file) isSpecial() bool {
	f.takeStock()
	return f.special.Load()
}

func (f *file) bounds() (oldest, end int64) {
	f.takeStock()
	return f.ledger.bounds()
}

// readAt reads across the rotated files, in the caller's goroutine.
func (f *file) readAt(p []byte, off int64) (n int, err error) {
	f.takeStock()
	for n < len(p) {
		m, err := f.readSegment(p[n:], off+int64(n))
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readSegment reads from one file. It holds names from the look-up to the read,
// so that no rotation can slip another file under the name.
func (f *file) readSegment(p []byte, off int64) (int, error) {
	f.names.RLock()
	defer f.names.RUnlock()
	if _, end := f.ledger.bounds(); off >= end {
		return 0, io.EOF
	}
	s, err := f.ledger.locate(off)
	if err != nil {
		return 0, err
	}
	n, err := f.readFile(s, p[:min(int64(len(p)), s.base+s.size-off)], s.start+off-s.base)
	if err == io.EOF || errors.Is(err, fs.ErrNotExist) {
		f.doubt.Store(true)
		f.ledger.gone(s)
		return n, supervise.ErrLogGone
	}
	return n, err
}

// readFile answers io.EOF when the file is shorter than it should be, and
// fs.ErrNotExist when it is not there or is another.
func (f *file) readFile(s segment, p []byte, at int64) (int, error) {
	in, err := openRead(f.pathOf(s))
	if err != nil {
		return 0, err
	}
	defer in.Close()
	st, err := statFile(in)
	if err != nil {
		return 0, err
	}
	if st.id != s.id {
		return 0, fs.ErrNotExist
	}
	return in.ReadAt(p, at)
}
