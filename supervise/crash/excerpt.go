package crash

import (
	"bytes"
	"errors"
	"io"

	"supervisor/supervise"
)

// excerpts reads the end of what a life wrote. It may wait for a disk.
func (k *Keeper) excerpts(w *witness) (all [2]supervise.Excerpt) {
	for ch, log := range w.logs {
		if from, to := w.life.From[ch], w.life.To[ch]; log != nil && from < to {
			all[ch] = lastLines(log, from, to, k.limits.Excerpt, k.limits.Lines)
		}
	}
	return all
}

// rotations is how many times a log may lose its beginning while it is read.
const rotations = 3

// lastLines are the last lines of a log between two offsets, no more than most
// bytes and not the end of a line whose beginning is too far away, unless it is
// all there is. What could not be read whole is told to be cut.
func lastLines(log supervise.Log, from, to, most int64, lines int) supervise.Excerpt {
	start, cut := from, to-from > most
	if cut {
		start = to - most - 1 // the byte before tells whether a line begins there
	}
	inLine := cut
	data, err := readRange(log, start, to)
	for tries := 0; errors.Is(err, supervise.ErrLogGone) && tries < rotations; tries++ {
		oldest, _ := log.Bounds() // its beginning was rotated away, or cleared
		if oldest > start {
			start, inLine = min(oldest, to), false
		}
		cut = true
		data, err = readRange(log, start, to)
	}
	if inLine {
		data = data[afterLineEnd(data):]
	}
	if len(data) == 0 {
		return supervise.Excerpt{Gone: true}
	}
	last := startOfLast(data, lines)
	return supervise.Excerpt{Data: data[last:], Cut: cut || err != nil || last > 0}
}

// afterLineEnd is where the first whole line begins, behind the first byte; if
// there is but one line, that is what there is.
func afterLineEnd(data []byte) int {
	if at := bytes.IndexByte(data, '\n'); at >= 0 && at+1 < len(data) {
		return at + 1
	}
	return min(1, len(data))
}

// startOfLast is where the last n lines begin.
func startOfLast(data []byte, n int) int {
	at := len(data)
	if at > 0 && data[at-1] == '\n' {
		at--
	}
	for range n {
		at = bytes.LastIndexByte(data[:at], '\n')
		if at < 0 {
			return 0
		}
	}
	return at + 1
}

// readRange reads what is there between two offsets.
func readRange(log supervise.Log, from, to int64) ([]byte, error) {
	data := make([]byte, to-from)
	n := 0
	for n < len(data) {
		m, err := log.ReadAt(data[n:], from+int64(n))
		n += m
		if err == nil && m == 0 {
			err = io.ErrNoProgress
		}
		if err != nil {
			return data[:n], err
		}
	}
	return data, nil
}
