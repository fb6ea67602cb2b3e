package logs

import (
	"io"
	"time"

	"supervisor/supervise"
)

// ringStart is the memory a ring begins with, once it holds anything.
const ringStart = 1 << 10

// ring keeps the newest max bytes appended to it, numbered from the first one
// ever. It grows as bytes arrive. The zero value with max set is ready.
type ring struct {
	buf        []byte // the byte numbered n is at n % len(buf)
	start, end int64
	max        int
	edge       byte // the byte before start, the last one dropped
}

func (r *ring) len() int { return int(r.end - r.start) }

// append adds p, dropping the oldest bytes beyond max, and says how many bytes,
// old or of p itself, were dropped.
func (r *ring) append(p []byte) (dropped int64) {
	if excess := len(p) - r.max; excess > 0 {
		dropped = int64(r.len() + excess)
		r.end += int64(excess)
		r.start, r.edge = r.end, p[excess-1]
		p = p[excess:]
	}
	if excess := r.len() + len(p) - r.max; excess > 0 {
		r.drop(excess)
		dropped += int64(excess)
	}
	r.fit(r.len() + len(p))
	r.put(p)
	return dropped
}

// fit makes room for n bytes in all; n is at most max.
func (r *ring) fit(n int) {
	if n <= len(r.buf) {
		return
	}
	size := max(len(r.buf), ringStart)
	for size < n {
		size *= 2
	}
	old := *r
	r.buf, r.end = make([]byte, min(size, r.max)), r.start
	first, second := old.parts(old.start)
	r.put(first)
	r.put(second)
}

func (r *ring) put(p []byte) {
	for len(p) > 0 {
		n := copy(r.buf[r.end%int64(len(r.buf)):], p)
		r.end += int64(n)
		p = p[n:]
	}
}

// parts gives the bytes from off to the end, in two pieces as they lie.
func (r *ring) parts(off int64) (first, second []byte) {
	n := int(r.end - off)
	if n == 0 {
		return nil, nil
	}
	from := int(off % int64(len(r.buf)))
	first = r.buf[from:min(from+n, len(r.buf))]
	return first, r.buf[:n-len(first)]
}

// drop forgets the oldest n bytes.
func (r *ring) drop(n int) {
	if n == 0 {
		return
	}
	r.start += int64(n)
	r.edge = r.buf[(r.start-1)%int64(len(r.buf))]
}

// bytes copies out everything there is.
func (r *ring) bytes() []byte {
	first, second := r.parts(r.start)
	return append(append(make([]byte, 0, r.len()), first...), second...)
}

// clear forgets everything, and gives the memory back; numbering goes on.
func (r *ring) clear() {
	r.start, r.buf = r.end, nil
}

// memory is a log without a file: recent output with logical offsets.
type memory struct {
	follow
	ring ring // its end is follow.end
}

func (m *memory) append(p []byte, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recent.came(m.ring.end, now)
	m.ring.append(p)
	m.end = m.ring.end
	m.moved()
}

func (m *memory) bounds() (oldest, end int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ring.start, m.ring.end
}

func (m *memory) readAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case off < m.ring.start:
		return 0, supervise.ErrLogGone
	case off >= m.ring.end:
		return 0, io.EOF
	}
	first, second := m.ring.parts(off)
	n := copy(p, first)
	n += copy(p[n:], second)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// contents is all there is, as the "current file" of the older reading rules.
func (m *memory) contents() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ring.bytes()
}

func (m *memory) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ring.clear()
}
