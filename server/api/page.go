package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"supervisor/server/wire"
	"supervisor/supervise"
)

// where is the page of a log that is wanted: at most max bytes, from an offset.
type where struct {
	from origin
	off  int64
	at   time.Time // of fromTime, to find off by
	max  int64
}

type origin int

const (
	fromEnd    origin = iota // the last page
	fromBefore               // ending at off
	fromAfter                // beginning at off
	fromAround               // with off in its middle
	fromTime                 // to be found by a time, and then fromAfter
)

// window is a page before it is read: the bytes from lo up to hi.
type window struct {
	lo, hi int64
	// align moves the start to that of a line, which must not be behind latest.
	align  bool
	latest int64
	// whole moves the end to that of a line, if there is more of the log.
	whole bool
}

// readPage reads the lines of a page. Bytes that are gone are left out: a page
// begins at the oldest byte there is.
func readPage(log supervise.Log, w where) (wire.LogPage, error) {
	for {
		oldest, end := log.Bounds()
		page, err := w.window(oldest, end).read(log, oldest, end)
		if !errors.Is(err, supervise.ErrLogGone) {
			describe(&page, log, w)
			return page, err
		}
		if again, _ := log.Bounds(); again <= oldest {
			return page, fmt.Errorf("read a page of a log from %d to %d: %w", oldest, end, err)
		}
		// Rotated away under our hands: the window is not where it was.
	}
}

// describe says where and when the lines of a page came, and what is missing.
func describe(page *wire.LogPage, log supervise.Log, w where) {
	off := page.Off
	page.Offs = make([]int64, len(page.Lines))
	for i, line := range page.Lines {
		page.Offs[i] = off
		off += int64(len(line)) + 1
	}
	page.At = timesOf(log, page.Offs, page.End)
	page.First = page.Off <= page.Oldest
	if w.from != fromEnd && w.off < page.Oldest {
		page.Gap = &wire.LogGap{From: w.off, To: page.Oldest}
	}
}

func (w where) window(oldest, end int64) window {
	off := min(max(w.off, oldest), end)
	switch w.from {
	case fromAfter:
		return window{lo: off, hi: min(off+w.max, end), whole: true}
	case fromAround:
		lo := max(off-w.max/2, oldest)
		return window{lo: lo, hi: min(lo+w.max, end), align: true, latest: off, whole: true}
	case fromEnd:
		off = end
	case fromBefore, fromTime:
	}
	return window{lo: max(off-w.max, oldest), hi: off, align: true, latest: off - 1}
}

func (w window) read(log supervise.Log, oldest, end int64) (wire.LogPage, error) {
	page := wire.LogPage{Off: w.lo, End: w.lo, Oldest: oldest, Newest: end, Lines: wire.Lines{}}
	if w.hi <= w.lo {
		return page, nil
	}
	data, inside, err := w.bytes(log, oldest)
	if err != nil {
		return page, err
	}
	if inside && w.align {
		if i := bytes.IndexByte(data, '\n') + 1; i > 0 && w.lo+int64(i) <= w.latest {
			page.Off += int64(i)
			data, inside = data[i:], false
		}
	}
	if w.whole && w.hi < end {
		if i := bytes.LastIndexByte(data, '\n') + 1; i > 0 && page.Off+int64(i) > w.latest {
			data = data[:i]
		}
	}
	page.End, page.Cont = page.Off+int64(len(data)), inside
	page.Lines, page.Open = wire.SplitLines(data)
	return page, nil
}

// bytes reads the window and tells whether it begins inside a line.
func (w window) bytes(log supervise.Log, oldest int64) (data []byte, inside bool, err error) {
	lo := w.lo
	if lo > oldest {
		lo-- // the byte before tells
	}
	data = make([]byte, w.hi-lo)
	n, err := whole{log}.ReadAt(data, lo)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	data = data[:n]
	if lo < w.lo && n > 0 {
		inside, data = data[0] != '\n', data[1:]
	}
	return data, inside, nil
}
