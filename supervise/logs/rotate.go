package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// largeFile is the size from which deleting takes time worth giving to somebody else.
const largeFile = 1 << 20

// rotate moves every backup one further, the file itself to PATH.1, and begins a
// new one; without backups it empties the file (loggers.py doRollover). Where
// renaming is not allowed the file just grows. It fails only when the new file
// cannot be opened. The caller holds write.
func (f *file) rotate(now time.Time) error {
	if now.Sub(f.refused) < time.Second {
		return nil
	}
	if err := f.check(now); err != nil {
		return err
	}
	if f.mislaid || f.ledger.size() < f.limit.maxBytes { // somebody else was here
		return nil
	}
	next, err := f.renew()
	if err != nil {
		f.refused = now
		if f.trouble.set(unrotated, reason(err), now) {
			f.notices = append(f.notices, fmt.Sprintf("cannot rotate log file %s: %s", f.path, reason(err)))
		}
		return nil
	}
	f.trouble.set(unrotated, "", now)
	if f.limit.backups == 0 {
		return nil
	}
	f.closeOut()
	if next.err != nil {
		return next.err
	}
	f.adopt(next.out, next.stat, now)
	return nil
}

// created is a new file, or why it could not be opened.
type created struct {
	out  *os.File
	stat stat
	err  error
}

// renew renames the files and, with backups, makes the new one, with readers kept
// out until it is there. It fails where the files keep their names.
func (f *file) renew() (next created, err error) {
	f.names.Lock()
	defer f.names.Unlock()
	if err := f.shift(); err != nil || f.limit.backups == 0 {
		return created{}, err
	}
	next.out, next.stat, next.err = f.create()
	return next, nil
}

// shift gives the files their new names. The caller holds names.
func (f *file) shift() error {
	if f.limit.backups == 0 {
		if err := f.out.Truncate(0); err != nil {
			return err
		}
		f.ledger.emptied()
		return nil
	}
	defer f.holdOldest()()
	for n := f.limit.backups - 1; n >= 1; n-- {
		if err := rename(f.backup(n), f.backup(n+1)); err != nil {
			return err
		}
	}
	if err := rename(f.path, f.backup(1)); err != nil {
		return err
	}
	f.ledger.rotated(f.limit.backups)
	return nil
}

// rename does not mind a file that is not there: a clean-up may have been faster.
func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// holdOldest keeps the oldest backup open while its name is taken from it, if it
// is large, so that freeing its blocks is done by the last close, in the
// background. The answer is to be called when the renaming is over.
func (f *file) holdOldest() func() {
	oldest, err := openRead(f.backup(f.limit.backups))
	if err != nil {
		return func() {} // mostly: there is none yet
	}
	if st, err := oldest.Stat(); err == nil && st.Mode().IsRegular() && st.Size() >= largeFile {
		// Ends by itself; nothing depends on when.
		return func() { go oldest.Close() }
	}
	return func() { oldest.Close() }
}
