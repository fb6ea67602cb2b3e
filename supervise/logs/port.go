package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"supervisor/supervise"
)

const (
	// heldMax is how much of an unfinished line is held back where several
	// write to one file.
	heldMax = 64 << 10
	// heldFor is how long.
	heldFor = 200 * time.Millisecond
)

// port is one writer's way into a file that others may write to as well. Where
// they do, it hands over whole lines, so that no line is torn by another.
type port struct {
	file  *file
	limit limit
	tell  func(string)

	// Guarded by file.write.
	open    bool
	held    []byte // the beginning of a line
	timer   *time.Timer
	ticking bool // timer will end what is held
}

// append writes p, or what of it makes whole lines.
func (p *port) append(data []byte) {
	f := p.file
	f.write.Lock()
	defer f.unlock(p.tell)
	if f.ports > 1 || len(p.held) > 0 {
		p.lines(data)
	} else {
		f.append(data, p.limit)
	}
	f.rest()
}

// lines writes up to the last line end and holds back the rest. The caller holds
// file.write.
func (p *port) lines(data []byte) {
	if first := bytes.IndexByte(data, '\n') + 1; first > 0 && len(p.held) > 0 {
		p.held = append(p.held, data[:first]...)
		p.flush()
		data = data[first:]
	}
	if whole := bytes.LastIndexByte(data, '\n') + 1; whole > 0 {
		p.file.append(data[:whole], p.limit)
		data = data[whole:]
	}
	if len(data) > 0 {
		p.held = append(p.held, data...)
		p.wait()
	}
}

// wait holds the beginning of a line, but neither too much nor too long. The
// time runs from the first byte held on: a line that grows for ever, such as a
// progress bar, is seen to grow.
func (p *port) wait() {
	switch {
	case len(p.held) > heldMax:
		p.flush()
	case p.ticking:
	case p.timer == nil:
		p.timer = time.AfterFunc(heldFor, p.onTimer)
		p.ticking = true
	default:
		p.timer.Reset(heldFor)
		p.ticking = true
	}
}

func (p *port) onTimer() {
	p.file.write.Lock()
	defer p.file.unlock(p.tell)
	p.flush()
	p.file.rest()
}

// flush writes what is held back. The caller holds file.write.
func (p *port) flush() {
	if len(p.held) == 0 {
		return
	}
	p.file.append(p.held, p.limit)
	p.drop()
}

// drop forgets what is held back. The caller holds file.write.
func (p *port) drop() {
	p.held = p.held[:0]
	if cap(p.held) > heldMax {
		p.held = nil
	}
	if p.ticking {
		p.timer.Stop()
		p.ticking = false
	}
}

// enter opens the file for this port. A FIFO that nobody reads is an outage and
// no error: a program need not wait for its reader.
func (p *port) enter() error {
	f := p.file
	f.write.Lock()
	defer f.unlock(p.tell)
	seat := f.seatNow()
	seat.take()
	defer seat.leave()
	if err := p.openFile(time.Now()); err != nil {
		return err
	}
	if !p.open {
		p.open = true
		f.ports++
	}
	return nil
}

func (p *port) openFile(now time.Time) error {
	f := p.file
	if f.out != nil {
		return nil
	}
	err := f.openOut(now)
	if err != nil && noReader(err) {
		if !f.outage.on {
			f.fail(err, now)
		}
		return nil
	}
	return err
}

// leave ends this port's use of the file until it enters again.
func (p *port) leave() {
	f := p.file
	f.write.Lock()
	defer f.unlock(p.tell)
	p.flush()
	if p.open {
		p.open = false
		f.ports--
	}
	f.rest()
}

// reopen lets go of the open file for the one that bears its name now.
func (p *port) reopen() error {
	f := p.file
	f.write.Lock()
	defer f.unlock(p.tell)
	if f.out == nil {
		return nil
	}
	seat := f.seatNow()
	seat.take()
	defer seat.leave()
	if err := f.replace(time.Now()); err != nil {
		return fmt.Errorf("reopen log: %w", err)
	}
	if f.mislaid {
		return fmt.Errorf("reopen log %s: %s; writing on to the old one", f.path, f.trouble.String())
	}
	return nil
}

// clear empties the file: an open one is removed and made anew, as the original
// does; the file of a stopped program is truncated.
func (p *port) clear() error {
	f := p.file
	f.takeStock()
	f.write.Lock()
	defer f.unlock(p.tell)
	p.drop()
	if f.special.Load() {
		return nil
	}
	seat := f.seatNow()
	seat.take()
	defer seat.leave()
	if err := f.clear(time.Now()); err != nil {
		return fmt.Errorf("clear log: %w: %w", err, supervise.Fault{Code: supervise.FaultFailed})
	}
	return nil
}

// clear is the part under the lock.
func (f *file) clear(now time.Time) error {
	if f.out == nil {
		f.forget()
		return f.truncate()
	}
	out, st, err := f.fresh()
	if err != nil {
		return err
	}
	f.forget()
	f.closeOut()
	f.adopt(out, st, now)
	return nil
}

// fresh removes the file and makes it anew, with readers kept out meanwhile.
func (f *file) fresh() (*os.File, stat, error) {
	f.names.Lock()
	defer f.names.Unlock()
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, stat{}, err
	}
	out, st, err := f.create()
	if err == nil {
		f.ledger.renewed(st.id)
	}
	return out, st, err
}

func (f *file) truncate() error {
	f.names.Lock()
	defer f.names.Unlock()
	if err := os.Truncate(f.path, 0); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	f.ledger.emptied()
	return nil
}

// close gives up the port for good.
func (p *port) close() {
	p.leave()
	if !p.file.gate.release(p.file) {
		return
	}
	f := p.file
	f.write.Lock()
	defer f.unlock(p.tell)
	f.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if f.outage.timer != nil {
		f.outage.timer.Stop()
	}
	f.lastTry()
	f.abandon()
	f.closeOut()
	f.ledger.close()
}

// lastTry writes what an outage has kept, if that is possible by now.
func (f *file) lastTry() {
	if !f.outage.on {
		return
	}
	seat := f.seatNow()
	seat.take()
	defer seat.leave()
	if err := f.recover(time.Now()); err != nil {
		f.notices = append(f.notices, fmt.Sprintf("log file %s: %s; %d bytes kept in memory are lost", f.path, reason(err), f.outage.kept.len()))
	}
}
