package grep

import (
	"bufio"
	"bytes"
	"context"
	"io"
)

// longLine searches a line that is too long to be held, and that ends at limit at
// the latest, and gives where the next one begins. What is longer than is held may
// be longer than there is time for: it is read once.
func (s *Search) longLine(ctx context.Context, start, limit int64) (next int64, err error) {
	line := &lineReader{
		read: func(from, to int64) ([]byte, error) {
			if err := s.tick(ctx); err != nil {
				return nil, err
			}
			return s.read(from, to)
		},
		pos: start, limit: limit,
	}
	loc, err := s.findLong(line)
	if err == nil {
		err = line.skip()
	}
	if err != nil {
		return start, err
	}
	if s.Matcher.invert {
		if loc != nil {
			return line.next(), nil
		}
		loc = []int64{start, start}
	}
	if loc == nil {
		return line.next(), nil
	}
	h := Hit{Off: start, End: line.pos, From: loc[0], To: loc[1], Start: max(start, loc[0]-shown)}
	text, err := s.read(h.Start, min(h.End, loc[0]+shown))
	if err != nil {
		return start, err
	}
	h.Text = text
	return line.next(), s.tell([]Hit{h})
}

// findLong gives where in a long line the match is; nil if there is none.
func (s *Search) findLong(line *lineReader) ([]int64, error) {
	if s.Matcher.expr == nil {
		return s.findPlain(line)
	}
	start := line.pos
	loc := s.Matcher.expr.FindReaderIndex(bufio.NewReaderSize(line, block))
	if line.err != nil || loc == nil {
		return nil, line.err
	}
	return []int64{start + int64(loc[0]), start + int64(loc[1])}, nil
}

// findPlain looks for plain text in pieces that overlap.
func (s *Search) findPlain(line *lineReader) ([]int64, error) {
	overlap := int64(len(s.Matcher.plain)) - 1
	for {
		pos := line.pos
		data, err := line.piece(block)
		if err != nil {
			return nil, err
		}
		if i := bytes.Index(s.Matcher.text(data, &s.folded), s.Matcher.plain); i >= 0 {
			at := pos + int64(i)
			return []int64{at, at + overlap + 1}, nil
		}
		if line.ended() {
			return nil, nil
		}
		line.pos -= overlap
	}
}

// lineReader reads a line without its newline, up to which it finds its way.
type lineReader struct {
	read       func(from, to int64) ([]byte, error)
	pos, limit int64
	newline    bool  // at pos there is the one that ends the line
	err        error // of Read, but for the end
}

func (r *lineReader) ended() bool { return r.newline || r.pos >= r.limit }

// next is where the next line begins, once this one has ended.
func (r *lineReader) next() int64 {
	if r.newline {
		return r.pos + 1
	}
	return r.pos
}

// piece gives the next bytes of the line: so many, or all that are left.
func (r *lineReader) piece(most int64) ([]byte, error) {
	if r.ended() {
		return nil, nil
	}
	data, err := r.read(r.pos, min(r.pos+most, r.limit))
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		r.newline, data = true, data[:i]
	}
	r.pos += int64(len(data))
	return data, nil
}

// skip goes to the end of the line.
func (r *lineReader) skip() error {
	for !r.ended() {
		if _, err := r.piece(block); err != nil {
			return err
		}
	}
	return nil
}

// Read is for regular expressions.
func (r *lineReader) Read(p []byte) (int, error) {
	data, err := r.piece(int64(len(p)))
	if r.err = err; err != nil {
		return 0, err
	}
	if len(data) == 0 {
		return 0, io.EOF
	}
	return copy(p, data), nil
}

// lineEnd gives the byte behind the first newline at off or later, at most limit.
func (s *Search) lineEnd(ctx context.Context, off, limit int64) (int64, error) {
	for off < limit {
		if err := s.tick(ctx); err != nil {
			return off, err
		}
		data, err := s.read(off, min(off+block, limit))
		if err != nil {
			return off, err
		}
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return off + int64(i) + 1, nil
		}
		off += int64(len(data))
	}
	return limit, nil
}

// lineStart gives the byte behind the last newline before off, at least oldest.
func (s *Search) lineStart(ctx context.Context, off, oldest int64) (int64, error) {
	for off > oldest {
		if err := s.tick(ctx); err != nil {
			return off, err
		}
		from := max(off-block, oldest)
		data, err := s.read(from, off)
		if err != nil {
			return off, err
		}
		if i := bytes.LastIndexByte(data, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		off = from
	}
	return oldest, nil
}
