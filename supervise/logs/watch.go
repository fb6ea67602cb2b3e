package logs

import (
	"errors"
	"fmt"
	"time"
)

// check looks whether the path still names the open file, and how large it is:
// others delete, rename and truncate logs. It fails only when there is nothing
// left to write to. The caller holds write.
func (f *file) check(now time.Time) error {
	f.checked = now
	f.doubt.Store(false)
	if borrowed(f.path) {
		return nil
	}
	st, err := statPath(f.path)
	if err == nil && st.id == f.id {
		f.found(now)
		if st.regular {
			f.ledger.measured(st.size)
		}
		return nil
	}
	return f.replace(now)
}

// replace opens the path anew, and only then lets go of the old file. If the
// path cannot be opened, the old file will do as long as it has a name
// somewhere: its directory may have been moved. The caller holds write.
func (f *file) replace(now time.Time) error {
	out, err := openAppend(f.path, f.fileMode())
	if err != nil {
		return f.carryOn(err, now)
	}
	st, err := statFile(out)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	if old, err := statPath(f.backup(1)); err == nil && old.id == f.id && st.id != f.id {
		f.othersRotated()
	}
	f.closeOut()
	f.adopt(out, st, now)
	return nil
}

// othersRotated takes note that the file is PATH.1 now, and that older backups
// may have moved on or been overwritten.
func (f *file) othersRotated() {
	f.names.Lock()
	defer f.names.Unlock()
	f.ledger.rotated(max(1, f.limit.backups))
	for _, s := range f.ledger.backups() {
		if st, err := statPath(f.backup(s.backup)); err != nil || st.id != s.id {
			f.ledger.gone(s)
		}
	}
}

func (f *file) carryOn(cause error, now time.Time) error {
	st, err := statFile(f.out)
	if err != nil || st.links == 0 {
		f.closeOut()
		return cause
	}
	f.mislaid = true
	if f.trouble.set(mislaid, reason(cause), now) {
		f.notices = append(f.notices, fmt.Sprintf("log file %s is gone (%s); writing on to where it was moved", f.path, reason(cause)))
	}
	return nil
}

// found says that the path names what is written to.
func (f *file) found(now time.Time) {
	f.mislaid = false
	f.trouble.set(mislaid, "", now)
}
