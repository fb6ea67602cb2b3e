package grep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"supervisor/supervise"
)

const (
	// block is how much is read at once, and maxLine the longest line that is
	// held whole.
	block   = 256 << 10
	maxLine = 1 << 20
	// shown is how much of a line too long to be held is given with a hit, on
	// either side of where the match begins.
	shown = 4 << 10
	// between is how much is searched before it is asked whether anybody waits.
	between = 32 << 10
)

// Search is one search through a log.
type Search struct {
	Log     supervise.Log
	Matcher *Matcher
	// From is where to begin: forwards the first line that begins there or later,
	// backwards the last line that begins before it.
	From int64
	// To is where to end forwards, with the last line that begins before it.
	To   int64
	Back bool
	// Deadline ends the search between two lines; zero for none. At least one line
	// is searched, however long it is: who goes on must get somewhere.
	Deadline time.Time

	// These are called in the order of what they tell, and end the search by an
	// error. Hit's is lent for the call.

	Hit      func(Hit) error
	Progress func(scanned int64) error // each block; everything before, or behind, is done with
	Gap      func(from, to int64) error

	buf, folded []byte
	found       []Hit // of the last block; room for those of the next
	since       int   // bytes since somebody was asked whether this is wanted
	moved       bool
	hits        int64
	scanned     int64
}

// Hit is a line that matches.
type Hit struct {
	Off, End int64  // of the line in the log, without its newline
	From, To int64  // of what matched in it
	Start    int64  // of Text
	Text     []byte // the line, or of a very long one the part around the match
}

// Result is what became of a search.
type Result struct {
	Hits    int64 // lines that match
	Scanned int64 // where it ended: the start of a line
	More    bool  // it ended at its deadline
}

// errLate ends a search at its deadline.
var errLate = errors.New("the time for this search is over")

// Run searches. The error is that of ctx, of a callback or of reading.
func (s *Search) Run(ctx context.Context) (Result, error) {
	s.buf = make([]byte, block)
	err := s.begin(ctx)
	if err == nil {
		if s.Back {
			err = s.backward(ctx)
		} else {
			err = s.forward(ctx)
		}
	}
	result := Result{Hits: s.hits, Scanned: s.scanned}
	if errors.Is(err, errLate) {
		result.More, err = true, nil
	}
	return result, err
}

// begin moves From to the start of a line: forwards the first there or later;
// backwards the end of the line before.
func (s *Search) begin(ctx context.Context) error {
	oldest, end := s.Log.Bounds()
	if s.Back {
		s.To = end
	}
	s.To = min(s.To, end)
	if s.To > oldest && s.To < end { // a line is searched whole
		var err error
		if s.To, err = s.lineEnd(ctx, s.To-1, end); err != nil {
			return err
		}
	}
	from := min(max(s.From, oldest), s.To)
	s.scanned = from
	if from == oldest || from == s.To {
		s.From = from
		return nil
	}
	at, err := s.lineEnd(ctx, from-1, s.To)
	s.From, s.scanned = at, at
	return err
}

// tick ends a search whose time is over. One that has got nowhere yet goes on:
// whoever has it continued must not wait for ever.
func (s *Search) tick(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.moved && !s.Deadline.IsZero() && !time.Now().Before(s.Deadline) {
		return errLate
	}
	return nil
}

// wanted ends a block in its middle when nobody waits for it any more.
func (s *Search) wanted(ctx context.Context, bytes int) error {
	if s.since += bytes; s.since < between {
		return nil
	}
	s.since = 0
	return ctx.Err()
}

// forward searches from From to To.
func (s *Search) forward(ctx context.Context) error {
	size := block
	for pos := s.From; pos < s.To; {
		if err := s.tick(ctx); err != nil {
			return err
		}
		data, err := s.linesFrom(pos, int64(size))
		if errors.Is(err, supervise.ErrLogGone) {
			if pos, err = s.skip(pos); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		next := pos + int64(len(data))
		switch {
		case len(data) > 0:
			size = block
			err = s.lines(ctx, data, pos)
		case size < maxLine:
			size *= 2
			continue
		default:
			size = block
			next, err = s.longLine(ctx, pos, s.To)
		}
		if errors.Is(err, supervise.ErrLogGone) {
			continue // read told the same
		}
		if err != nil {
			return err
		}
		pos = next
		if err := s.progress(pos); err != nil {
			return err
		}
	}
	return nil
}

// linesFrom reads whole lines of so many bytes; none where the first is longer.
func (s *Search) linesFrom(pos, size int64) ([]byte, error) {
	data, err := s.read(pos, min(pos+size, s.To))
	if err == nil && pos+int64(len(data)) < s.To {
		data = data[:bytes.LastIndexByte(data, '\n')+1]
	}
	return data, err
}

// skip goes on with the oldest byte there is.
func (s *Search) skip(pos int64) (int64, error) {
	oldest, _ := s.Log.Bounds()
	if oldest <= pos {
		return pos, fmt.Errorf("byte %d of the log is gone, though the oldest is %d", pos, oldest)
	}
	oldest = min(oldest, s.To)
	s.scanned = oldest
	return oldest, s.Gap(pos, oldest)
}

// backward searches from From down to the oldest byte.
func (s *Search) backward(ctx context.Context) error {
	size := block
	for end := s.From; ; {
		oldest, _ := s.Log.Bounds()
		if end <= oldest {
			return s.allGone(end, oldest)
		}
		if err := s.tick(ctx); err != nil {
			return err
		}
		start, data, err := s.linesBefore(end, int64(size), oldest)
		if errors.Is(err, supervise.ErrLogGone) {
			if again, _ := s.Log.Bounds(); again <= oldest {
				return fmt.Errorf("read a log from %d to %d: %w", start, end, err)
			}
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case len(data) > 0:
			size = block
			err = s.lines(ctx, data, start)
		case size < maxLine:
			size *= 2
			continue
		default:
			size = block
			if start, err = s.lineStart(ctx, end-1, oldest); err == nil {
				_, err = s.longLine(ctx, start, end)
			}
		}
		if errors.Is(err, supervise.ErrLogGone) {
			continue
		}
		if err != nil {
			return err
		}
		end = start
		if err := s.progress(end); err != nil {
			return err
		}
	}
}

// allGone ends a search backwards: below end there is nothing, for no more has
// been written, or for what there was has gone meanwhile.
func (s *Search) allGone(end, oldest int64) error {
	if end < oldest {
		return s.Gap(end, oldest)
	}
	return nil
}

// linesBefore reads whole lines of so many bytes that end before end, and tells
// where they start; none where the last is longer.
func (s *Search) linesBefore(end, size, oldest int64) (start int64, data []byte, err error) {
	start = max(end-size, oldest)
	data, err = s.read(start, end)
	if err != nil || start == oldest {
		return start, data, err
	}
	head := bytes.IndexByte(data[:len(data)-1], '\n') + 1 // the last byte ends the last line
	if head == 0 {
		return start, nil, nil
	}
	return start + int64(head), data[head:], nil
}

func (s *Search) progress(at int64) error {
	s.scanned, s.moved = at, true
	return s.Progress(at)
}

// read gives the bytes from one offset up to another.
func (s *Search) read(from, to int64) ([]byte, error) {
	if int64(len(s.buf)) < to-from {
		s.buf = make([]byte, to-from)
	}
	data := s.buf[:to-from]
	for n := 0; n < len(data); {
		m, err := s.Log.ReadAt(data[n:], from+int64(n))
		n += m
		if n == len(data) {
			break
		}
		if err == nil && m == 0 {
			err = io.ErrNoProgress
		}
		if errors.Is(err, io.EOF) { // shorter than it was: emptied meanwhile
			err = supervise.ErrLogGone
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// lines searches whole lines, the last of which may lack its newline.
func (s *Search) lines(ctx context.Context, data []byte, base int64) error {
	if s.Matcher.plain != nil && !s.Matcher.invert {
		return s.plainLines(data, base)
	}
	hunt := hunt{words: s.Matcher.needs}
	if hunt.words != nil {
		hunt.text = small(data, &s.folded)
	}
	found := s.found[:0]
	for pos := 0; pos < len(data); {
		candidate := hunt.candidate(pos)
		if !s.Matcher.invert && candidate > pos {
			if candidate == len(data) {
				break
			}
			pos += bytes.LastIndexByte(data[pos:candidate], '\n') + 1
		}
		line, _, _ := bytes.Cut(data[pos:], newline)
		var loc []int
		if candidate <= pos+len(line) {
			loc = s.Matcher.find(line, &s.folded)
		}
		if s.Matcher.invert {
			loc = inverse(loc)
		}
		if loc != nil {
			found = append(found, hit(base+int64(pos), line, loc))
		}
		pos += len(line) + 1
		if err := s.wanted(ctx, len(line)+1); err != nil {
			return err
		}
	}
	return s.tell(found)
}

// inverse makes a match of none: of nothing, at the line's beginning.
func inverse(loc []int) []int {
	if loc != nil {
		return nil
	}
	return []int{0, 0}
}

var newline = []byte{'\n'}

// plainLines looks for the text first and for the line around it then.
func (s *Search) plainLines(data []byte, base int64) error {
	text := s.Matcher.text(data, &s.folded)
	found := s.found[:0]
	for pos := 0; pos < len(data); {
		i := bytes.Index(text[pos:], s.Matcher.plain)
		if i < 0 {
			break
		}
		i += pos
		start := bytes.LastIndexByte(data[pos:i], '\n') + 1 + pos
		line, _, _ := bytes.Cut(data[start:], newline)
		found = append(found, hit(base+int64(start), line, []int{i - start, i - start + len(s.Matcher.plain)}))
		pos = start + len(line) + 1
	}
	return s.tell(found)
}

func hit(off int64, line []byte, loc []int) Hit {
	return Hit{
		Off: off, End: off + int64(len(line)), From: off + int64(loc[0]), To: off + int64(loc[1]),
		Start: off, Text: line,
	}
}

// tell counts the hits of a block and gives them on, the first found first.
func (s *Search) tell(found []Hit) error {
	s.found = found
	if s.Back {
		slices.Reverse(found)
	}
	for _, h := range found {
		s.hits++
		if err := s.Hit(h); err != nil {
			return err
		}
	}
	return nil
}
