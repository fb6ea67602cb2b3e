package logs

import (
	"context"
	"fmt"
	"time"

	"supervisor/supervise"
)

const (
	// ringDefault is how much output is remembered where there is no file to
	// read it from.
	ringDefault = 64 << 10
	// hungAfter is how long a write may take before Trouble speaks of it.
	hungAfter = 5 * time.Second
)

// output is where a log's bytes go and are read from: a file shared by path, a
// ring in memory, or both where the file is none that could be read back
// (/dev/stdout, a FIFO). It is the supervise.Log of Channel and MainLog.
type output struct {
	port   *port // nil for memory only
	memory memory
}

// init makes the output of a path, "" for memory only.
func (o *output) init(gate *Gate, options Options) {
	o.memory.ring.max = int(options.RingMaxBytes)
	if o.memory.ring.max <= 0 {
		o.memory.ring.max = ringDefault
	}
	if options.Path == "" {
		return
	}
	limit := limit{options.MaxBytes, options.Backups}
	o.port = &port{file: gate.file(options.Path, options.Mode, limit), limit: limit, tell: options.Trouble}
	o.port.file.trouble.setTeller(options.Trouble)
}

func (o *output) append(p []byte) {
	if o.port != nil {
		o.port.append(p)
		if !o.port.file.special.Load() {
			return
		}
	}
	o.memory.append(p, time.Now())
}

// onDisk tells whether output can be read back from its file.
func (o *output) onDisk() bool { return o.port != nil && !o.port.file.isSpecial() }

// Open opens the file, if there is one. The error wraps the system's. Bytes that
// come without it, or after Flush, open the file by themselves.
func (o *output) Open() error {
	if o.port == nil {
		return nil
	}
	return o.port.enter()
}

// Reopen closes the file and opens it by its name again (SIGUSR2, so that
// logrotate can move files away), if it is open. Where that fails, output goes
// on to the old file, and the name is tried again every second.
func (o *output) Reopen() error {
	if o.port == nil {
		return nil
	}
	return o.port.reopen()
}

// Close gives the log up for good: what is kept in memory gets a last chance to
// be written, and who Waits is told ErrLogGone.
func (o *output) Close() {
	if o.port != nil {
		o.port.close()
	}
	o.memory.close()
}

// Lost is how many bytes were produced and are in no file, and will never be.
func (o *output) Lost() int64 {
	if o.port == nil {
		return 0
	}
	return o.port.file.lost.Load()
}

// Path of the file, "" for memory only.
func (o *output) Path() string {
	if o.port == nil {
		return ""
	}
	return o.port.file.path
}

// Bounds gives the oldest byte that can be read and the number of the next.
func (o *output) Bounds() (oldest, end int64) {
	if o.onDisk() {
		return o.port.file.bounds()
	}
	return o.memory.bounds()
}

// ReadAt reads by logical offset.
func (o *output) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, supervise.ErrLogGone
	}
	if o.onDisk() {
		return o.port.file.readAt(p, off)
	}
	return o.memory.readAt(p, off)
}

// Wait returns when there are bytes at off. It answers ErrLogGone once the log
// has been given up and will never have them.
func (o *output) Wait(ctx context.Context, off int64) (int64, error) {
	if o.onDisk() {
		return o.port.file.ledger.wait(ctx, off)
	}
	return o.memory.wait(ctx, off)
}

// Read gives part of the current file, by the original's rules.
func (o *output) Read(offset, length int64) ([]byte, error) {
	if o.onDisk() {
		return readFile(o.port.file.path, o.port.file.openToRead, offset, length)
	}
	return readBytes(o.memory.contents(), offset, length)
}

// Tail gives the end of the current file, by the original's rules.
func (o *output) Tail(offset, length int64) (data []byte, size int64, overflow bool, err error) {
	if o.onDisk() {
		return tailFile(o.port.file.openToRead, offset, length)
	}
	return tailBytes(o.memory.contents(), offset, length)
}

// Clear empties the log. The original does nothing for a program that is not
// running, and fails for one that logs to syslog; here both work.
func (o *output) Clear() error {
	o.memory.clear()
	if o.port == nil {
		return nil
	}
	return o.port.clear()
}

// Trouble says what is wrong with writing the file.
func (o *output) Trouble() string {
	if o.port == nil {
		return ""
	}
	f := o.port.file
	if text := f.trouble.String(); text != "" {
		return text
	}
	if since, hangs := f.hangs(); hangs {
		return fmt.Sprintf("a write has been hanging since %s", since.Format("15:04:05"))
	}
	return ""
}

// cause says why writing goes wrong, in the same words for all files with that
// trouble, and since when; "" if it does not.
func (o *output) cause() (string, time.Time) {
	if o.port == nil {
		return "", time.Time{}
	}
	f := o.port.file
	if text, since := f.trouble.cause(); text != "" {
		return text, since
	}
	if since, hangs := f.hangs(); hangs {
		return "a write hangs", since
	}
	return "", time.Time{}
}

// hangs tells whether a write takes too long, and since when.
func (f *file) hangs() (since time.Time, is bool) {
	began := f.began.Load()
	since = time.Unix(0, began)
	return since, began != 0 && time.Since(since) > hungAfter
}
