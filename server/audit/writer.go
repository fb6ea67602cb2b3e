package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"supervisor/server/audit/chain"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// writer is the file being written.
type writer struct {
	log   *Log
	file  *os.File // nil when none is open
	head  head
	dirty bool // there are lines that may not be on the disk
	timed bool // a sync is due

	syncing chan struct{} // closed when the sync under way is over; nil if none is
	stuck   bool          // the last rotation failed
	retry   time.Time     // when to try the next one
}

// ready makes sure that the file is open, is the one its name leads to, and has
// all that was written: who moved it away gets a new one, and who cut it short a
// line that says so.
func (w *writer) ready() error {
	taken, cut := false, int64(0)
	if w.file != nil {
		info, err := os.Lstat(w.log.opts.Path)
		taken = err != nil || !w.head.file.is(info)
		if !taken {
			cut = max(0, w.head.size-info.Size())
		}
		if !taken && cut == 0 {
			return nil
		}
		w.close()
	}
	file, info, err := openOwn(w.log.opts.Path)
	if err != nil {
		return err
	}
	w.file, w.head.file, w.head.size = file, fileID{info}, info.Size()
	torn, err := w.resume()
	if err != nil {
		w.close()
		return err
	}
	switch {
	case cut > 0:
		return w.append(own("trail", fmt.Sprintf("the file was cut short by %d bytes", cut)))
	case taken && info.Size() > 0:
		return w.append(own("trail", "another file was put in the place of this one"))
	case taken:
		return w.append(own("trail", "the file was taken away, and begun anew"))
	case torn > 0:
		return w.append(own("trail", fmt.Sprintf("%d bytes of an unfinished line were dropped", torn)))
	}
	return nil
}

// resume finds the end of the chain: in the file, or in the one before it. What
// follows the last whole line was torn by a crash, and is cut off.
func (w *writer) resume() (torn int64, err error) {
	last, end, err := lastLine(w.file, w.head.size)
	if err != nil {
		return 0, err
	}
	if torn = w.head.size - end; torn > 0 {
		if err := w.file.Truncate(end); err != nil {
			return 0, err
		}
		w.head.size = end
	}
	if w.head.known { // whatever the file says, we know better
		return torn, nil
	}
	if last == nil {
		if last, err = w.lastOfBackup(); err != nil {
			return 0, err
		}
	}
	if last != nil {
		var before chain.Line
		_ = json.Unmarshal(last, &before) // if it is none, verify says so
		w.head.Head = chain.Head{N: before.N, Hash: chain.Hash(last)}
	}
	w.head.known = true
	return torn, nil
}

func (w *writer) lastOfBackup() ([]byte, error) {
	f, err := chain.Open(chain.Name(w.log.opts.Path, 1))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	last, _, err := lastLine(f, f.Size)
	return last, err
}

// lastLine gives the last whole line of a file, nil if there is none, and where
// it ends.
func lastLine(f io.ReaderAt, size int64) (last []byte, end int64, err error) {
	b := backward{file: f, from: size}
	text, at, err := b.next()
	if err != nil || text == nil {
		return nil, 0, err
	}
	if bytes.HasSuffix(text, chain.Newline) {
		return bytes.TrimSuffix(text, chain.Newline), size, nil
	}
	end = at
	if text, _, err = b.next(); text == nil {
		return nil, end, err
	}
	return bytes.TrimSuffix(text, chain.Newline), end, nil
}

// append writes an entry, in a new file if this one would grow too large. After an
// error the file is opened anew, which cuts off what was written of a line in part.
func (w *writer) append(e wire.TrailEntry) error {
	e.N = w.head.N + 1
	text, err := json.Marshal(chain.Line{Prev: w.head.Hash, TrailEntry: e})
	if err != nil {
		return fmt.Errorf("encode an entry: %w", err)
	}
	if err := w.makeRoom(int64(len(text))); err != nil {
		return err
	}
	n, err := w.file.Write(append(text, '\n'))
	if err != nil {
		w.close()
		return err
	}
	w.head.Head, w.head.size = chain.Head{N: e.N, Hash: chain.Hash(text)}, w.head.size+int64(n)
	w.dirty = true
	w.log.written(e)
	return nil
}

// rotateAgain is how long after a rotation that failed the next one is tried.
const rotateAgain = time.Minute

// makeRoom rotates if size bytes more are too many. Where that cannot be, the file
// grows on: a trail that is too long is better than none.
func (w *writer) makeRoom(size int64) error {
	most := w.log.opts.MaxBytes
	if most <= 0 || w.head.size == 0 || w.head.size+size < most || w.stuck && time.Now().Before(w.retry) {
		return nil
	}
	err := w.rotate()
	switch {
	case err == nil:
		w.stuck = false
		return nil
	case w.file == nil:
		return err
	case !w.stuck:
		w.log.opts.Say(supervise.LevelWarn, fmt.Sprintf("the trail of who did what cannot be rotated, and grows on: %v", err))
	}
	w.stuck, w.retry = true, time.Now().Add(rotateAgain)
	return nil
}

// rotate gives every file the next name, and begins a new one. The last but one
// is on the disk before its name changes.
func (w *writer) rotate() error {
	path, backups := w.log.opts.Path, w.log.opts.Backups
	if err := w.file.Sync(); err != nil {
		return err
	}
	w.dirty = false
	w.log.names.Lock()
	defer w.log.names.Unlock()
	if err := shift(path, backups); err != nil {
		return fmt.Errorf("rotate %s: %w", path, err)
	}
	w.close()
	file, info, err := openOwn(path)
	if err != nil {
		return err
	}
	w.file, w.head.file, w.head.size = file, fileID{info}, info.Size()
	w.log.opts.Say(supervise.LevelInfo, fmt.Sprintf("the trail of who did what was rotated after entry %d, %s", w.head.N, w.head.Hash))
	return nil
}

// shift renames path to path.1, path.1 to path.2 and so on, up to the first name
// that is free, so that none goes if it fails half-way and is tried again; without
// backups path goes.
func shift(path string, backups int) error {
	if backups <= 0 {
		return os.Remove(path)
	}
	free := 1
	for ; free < backups; free++ {
		if _, err := os.Lstat(chain.Name(path, free)); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	for n := free - 1; n >= 0; n-- {
		if err := os.Rename(chain.Name(path, n), chain.Name(path, n+1)); err != nil {
			return err
		}
	}
	return nil
}

// beginSync has lines go to the disk while others are written.
func (w *writer) beginSync() {
	if w.file == nil || !w.dirty {
		return
	}
	w.dirty = false
	file, over := w.file, make(chan struct{})
	w.syncing = over
	go func() { // ended by the disk, which close waits for
		defer close(over)
		w.sync(file)
	}()
}

func (w *writer) sync(file *os.File) {
	if err := file.Sync(); err != nil {
		w.log.opts.Say(supervise.LevelError, fmt.Sprintf("the trail of who did what may lose its last lines: %v", err))
	}
}

// close closes the file. Its lines go to the disk first.
func (w *writer) close() {
	if w.syncing != nil {
		<-w.syncing
		w.syncing = nil
	}
	if w.file == nil {
		return
	}
	if w.dirty {
		w.dirty = false
		w.sync(w.file)
	}
	_ = w.file.Close() // what was synced is there
	w.file = nil
}
