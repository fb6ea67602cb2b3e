package supervise

import (
	"context"
	"errors"
	"time"
)

// ErrLogGone is answered for bytes that were once in a log and are no more:
// rotated away, cleared, or pushed out of the ring.
var ErrLogGone = errors.New("this part of the log is gone")

// Log is one channel's output, or supervisord's own log, as readers see it.
//
// Bytes are numbered from the first one ever appended (a logical offset), so
// that a number means the same byte after rotation, clearing and reopening.
// Size, Read and Tail speak Supervisor's older language instead: offsets into
// the current file. All methods may be called from any goroutine and never
// disturb the writer; those that touch the disk do so in the caller's goroutine.
type Log interface {
	// Path of the current file; "" where output is kept in memory only.
	Path() string
	// Bounds gives the oldest byte that can still be read and the number the
	// next byte will get.
	Bounds() (oldest, end int64)
	// ReadAt fills p from logical offset off on, across rotated files. It
	// answers io.EOF at the end and ErrLogGone before the oldest byte.
	ReadAt(p []byte, off int64) (int, error)
	// Wait returns when end > off, or when ctx is done, with the end of then.
	// It answers ErrLogGone once the log has been given up (its process left the
	// configuration) and will never reach past off.
	Wait(ctx context.Context, off int64) (end int64, err error)
	// Read gives length bytes of the current file from offset, with the
	// original's rules (options.py readFile): offset < 0 and length 0 is the
	// last -offset bytes, length 0 is all the rest. Faults: BAD_ARGUMENTS,
	// NO_FILE, FAILED.
	Read(offset, length int64) ([]byte, error)
	// Tail gives at most length bytes of the end of the current file, its size
	// and whether bytes between offset and the answer were skipped
	// (options.py tailFile).
	Tail(offset, length int64) (data []byte, size int64, overflow bool, err error)
	// Clear empties the log; its rotated backups stay. Faults: NO_FILE, FAILED.
	Clear() error
	// Trouble says what is wrong with writing, "" if nothing is: "no space left
	// on device since 12:00:01, 4096 bytes lost".
	Trouble() string
}

// LogHistory is a Log that knows of which files it consists and when its bytes
// came. All logs of the engine are; that of somebody else need not be.
type LogHistory interface {
	Log
	// Files lists the files behind the numbers there are now, oldest first.
	Files() []LogFile
	// Arrivals tells when the bytes from one offset up to another came: the last
	// arrival known at or before the first of them, then every one known after
	// it. A byte came at the time of the arrival at or before it, or soon after:
	// no other is known to have come between. None before the first means that
	// nothing is known of it.
	Arrivals(from, to int64) []Arrival
	// ArrivedAt gives an offset from which to read what came at a time and
	// later: what came within the second before it may be there as well. Sure
	// tells that it was found among known arrivals; else it is the best guess
	// there is, which is too early rather than too late.
	ArrivedAt(at time.Time) (off int64, sure bool)
}

// MirroredLog is a Log that knows whether its lines go to syslog, too or instead
// of to a file. All logs of the engine are.
type MirroredLog interface {
	Log
	Syslog() bool
}

// LogFile is one file of a log, the current one or a rotated one.
type LogFile struct {
	Name     string // without its directory; "" for output kept in memory
	Backup   int    // 0 for the current one, n for the n-th before it
	Off, End int64  // its bytes have these logical offsets
	Changed  time.Time
}

// Arrival says that the byte at Off came at a time, and those before it not later.
type Arrival struct {
	Off int64
	At  time.Time
}
