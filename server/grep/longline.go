package grep

import (
	"bufio"
	"bytes"
	"context"
	"io"
)

// longLine searches a line that is too long to be held, and gives where the next
// one begins.
func (s *Search) longLine(ctx context.Context, start, limit int64) (next int64, err error) {
	next, err = s.lineEnd(ctx, start, limit)
	if err != nil {
		return start, err
	}
	end := next
	if last, err := s.read(next-1, next); err != nil {
		return start, err
	} else if last[0] == '\n' {
		end--
	}
	loc, err := s.findLong(ctx, start, end)
	if err != nil {
		return start, err
	}
	if s.Matcher.invert {
		if loc != nil {
			return next, nil
		}
		loc = []int64{start, start}
	}
	if loc == nil {
		return next, nil
	}
	h := Hit{Off: start, End: end, From: loc[0], To: loc[1], Start: max(start, loc[0]-shown)}
	text, err := s.read(h.Start, min(end, loc[0]+shown))
	if err != nil {
		return start, err
	}
	h.Text = text
	return next, s.tell([]Hit{h})
}

// findLong gives where in a long line the match is; nil if there is none.
func (s *Search) findLong(ctx context.Context, start, end int64) ([]int64, error) {
	if s.Matcher.expr == nil {
		return s.findPlain(ctx, start, end)
	}
	in := &reader{search: s, ctx: ctx, pos: start, end: end}
	loc := s.Matcher.expr.FindReaderIndex(bufio.NewReaderSize(in, block))
	if in.err != nil {
		return nil, in.err
	}
	if loc == nil {
		return nil, nil
	}
	return []int64{start + int64(loc[0]), start + int64(loc[1])}, nil
}

// findPlain looks for plain text in pieces that overlap.
func (s *Search) findPlain(ctx context.Context, start, end int64) ([]int64, error) {
	overlap := int64(len(s.Matcher.plain)) - 1
	for pos := start; pos < end; {
		if err := s.tick(ctx); err != nil {
			return nil, err
		}
		stop := min(pos+block, end)
		data, err := s.read(pos, stop)
		if err != nil {
			return nil, err
		}
		if i := bytes.Index(s.Matcher.text(data, &s.folded), s.Matcher.plain); i >= 0 {
			at := pos + int64(i)
			return []int64{at, at + overlap + 1}, nil
		}
		if stop == end {
			break
		}
		pos = stop - overlap
	}
	return nil, nil
}

// reader reads a part of the log, and ends with the search.
type reader struct {
	search   *Search
	ctx      context.Context
	pos, end int64
	err      error // but for the end
}

func (r *reader) Read(p []byte) (int, error) {
	if r.pos >= r.end {
		return 0, io.EOF
	}
	if r.err = r.search.tick(r.ctx); r.err != nil {
		return 0, r.err
	}
	data, err := r.search.read(r.pos, min(r.pos+int64(len(p)), r.end))
	if r.err = err; err != nil {
		return 0, err
	}
	r.pos += int64(len(data))
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
