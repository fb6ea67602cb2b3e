package audit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/audit/chain"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	// maxScanned is how much is read for one page, at most.
	maxScanned = 16 << 20
	usualLimit = 100
	maxLimit   = 1000
)

// Query says what somebody wants to read. The zero Query is the newest of all.
type Query struct {
	Since, Until time.Time // zero for no bound
	User         string
	Program      string // a pattern over group:process
	Before       string // Next of the page before
	Limit        int    // 0 for a usual one
	// Shows gives an entry as the reader may see it, false if not at all; nil for
	// all of everything.
	Shows func(wire.TrailEntry) (wire.TrailEntry, bool)
}

// ErrNone says that no trail is kept.
var ErrNone = reply.Problem{Status: http.StatusNotFound, Text: "no trail is kept: audit_logfile is NONE, or there is no statedir"}

// files opens every file there is, the newest first.
func (l *Log) files() ([]chain.File, error) {
	l.names.RLock()
	defer l.names.RUnlock()
	return chain.Files(l.opts.Path)
}

// Query gives a page of the trail, the newest first. It ends before it is full
// when much had to be read for it.
func (l *Log) Query(ctx context.Context, q Query) (wire.Trail, error) {
	found, next, err := l.Find(ctx, q)
	page := wire.Trail{Entries: make([]wire.TrailEntry, len(found)), Next: next}
	for i, f := range found {
		page.Entries[i] = f.Entry
	}
	return page, err
}

// Found is an entry with its time, and what to send as Query.Before for those
// older than it.
type Found struct {
	Entry  wire.TrailEntry
	At     time.Time
	Before string
}

// Find is Query for those who take only a part of a page. next is "" where the
// trail begins.
func (l *Log) Find(ctx context.Context, q Query) (found []Found, next string, err error) {
	if !l.Kept() {
		return nil, "", ErrNone
	}
	files, err := l.files()
	if err != nil {
		return nil, "", err
	}
	defer chain.Close(files)
	rest, err := resumeAt(files, q.Before)
	if err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 {
		q.Limit = usualLimit
	}
	q.Limit = min(q.Limit, maxLimit)
	return q.page(ctx, rest)
}

// page reads files backwards until it has enough, or has read much.
func (q *Query) page(ctx context.Context, files []chain.File) (found []Found, next string, err error) {
	scanned := 0
	for line, err := range backwards(files) {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, "", err
		}
		e, when, ok := parse(line.text)
		switch {
		case ok && q.before(when):
			return found, "", nil
		case ok && q.Wants(&e, when):
			found = append(found, Found{e, when, line.cursor()})
		}
		if scanned += len(line.text); len(found) == q.Limit || scanned > maxScanned {
			return found, line.cursor(), nil
		}
	}
	return found, "", nil
}

// placed is a line, and where it begins in its file, whose first line has that
// number. It is good until the next.
type placed struct {
	text   []byte
	number uint64
	at     int64
}

// cursor names a place: the number of the first line of its file, which stays the
// same when the file gets another name, and the byte before which to go on.
func (p *placed) cursor() string { return fmt.Sprintf("%d-%d", p.number, p.at) }

// backwards gives the lines of files, the last of each first.
func backwards(files []chain.File) iter.Seq2[placed, error] {
	return func(yield func(placed, error) bool) {
		for _, f := range files {
			number, err := firstNumber(f)
			if err != nil {
				yield(placed{}, err)
				return
			}
			for b := (backward{file: f, from: f.Size}); ; {
				text, at, err := b.next()
				if err != nil {
					yield(placed{}, fmt.Errorf("read the trail: %w", err))
					return
				}
				if text == nil {
					break
				}
				if !yield(placed{text, number, at}, nil) {
					return
				}
			}
		}
	}
}

// before tells whether no older line than one of when can be asked for.
func (q *Query) before(when time.Time) bool {
	return !q.Since.IsZero() && when.Before(q.Since.Add(-clockStep))
}

// clockStep is by how much a clock that was put right may have put lines out of
// the order of their times.
const clockStep = time.Hour

// parse reads a line; false if it is none of ours.
func parse(text []byte) (e wire.TrailEntry, when time.Time, ok bool) {
	var found chain.Line
	if !bytes.HasSuffix(text, chain.Newline) || json.Unmarshal(text, &found) != nil {
		return e, when, false
	}
	when, err := time.Parse(time.RFC3339, found.Time)
	return found.TrailEntry, when, err == nil
}

// Wants tells whether an entry of a time is asked for, and may be shown; it is left
// as the reader may see it.
func (q *Query) Wants(e *wire.TrailEntry, when time.Time) bool {
	switch {
	case !q.Since.IsZero() && when.Before(q.Since), !q.Until.IsZero() && !when.Before(q.Until):
		return false
	case q.User != "" && e.User != q.User:
		return false
	}
	if q.Shows != nil {
		shown, ok := q.Shows(*e)
		if !ok {
			return false
		}
		*e = shown
	}
	return q.Program == "" || slices.ContainsFunc(e.Programs, func(name string) bool {
		return supervise.MatchProgram(q.Program, supervise.ParseNameSpec(name))
	})
}

// resumeAt leaves the files from a cursor on; none if what it names is gone.
func resumeAt(files []chain.File, cursor string) ([]chain.File, error) {
	if cursor == "" {
		return files, nil
	}
	number, offset, _ := strings.Cut(cursor, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	at, err2 := strconv.ParseInt(offset, 10, 64)
	if err != nil || err2 != nil || at < 0 {
		return nil, reply.BadRequest("before is not what next was")
	}
	for i, f := range files {
		first, err := firstNumber(f)
		if err != nil {
			return nil, err
		}
		if first == n {
			rest := slices.Clone(files[i:])
			rest[0].Size = min(at, f.Size)
			return rest, nil
		}
	}
	return nil, nil
}

// firstNumber is the number of the first line of a file; 0 if it has none.
func firstNumber(f chain.File) (uint64, error) {
	text, _, err := chain.ReadLine(chain.NewReader(f, chain.MaxLine))
	if errors.Is(err, io.EOF) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the trail: %w", err)
	}
	var first chain.Line
	if json.Unmarshal(text, &first) != nil {
		return 0, nil
	}
	return first.N, nil
}

// backward reads a file line by line from its end, holding a piece of it.
type backward struct {
	file io.ReaderAt
	from int64  // everything from here on has been read
	held []byte // what of it has not been given
}

// next gives a line with its newline, if it has one, and where it begins; nil at
// the beginning of the file. What it gives is good until the next call.
func (b *backward) next() (text []byte, at int64, err error) {
	for {
		end := max(len(b.held)-1, 0) // the newline at the end is the line's own
		if i := bytes.LastIndexByte(b.held[:end], '\n'); i >= 0 {
			text, b.held = b.held[i+1:], b.held[:i+1]
			return text, b.from + int64(len(b.held)), nil
		}
		if b.from == 0 {
			text, b.held = b.held, nil
			if len(text) == 0 {
				return nil, 0, nil
			}
			return text, 0, nil
		}
		if len(b.held) > chain.MaxLine { // none of ours: go past it
			b.held = nil
		}
		size := min(chain.Piece, b.from)
		more := make([]byte, size, size+int64(len(b.held)))
		if _, err := b.file.ReadAt(more, b.from-size); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
		b.from -= size
		b.held = append(more, b.held...)
	}
}

// Verify reads the whole trail from its oldest line on, and tells whether each
// line is as it was written, none is missing between them, and the last one is
// the one this supervisord wrote.
func (l *Log) Verify(ctx context.Context) (wire.TrailCheck, error) {
	if !l.Kept() {
		return wire.TrailCheck{}, ErrNone
	}
	l.mu.Lock()
	head := l.head.Head
	l.mu.Unlock()
	files, err := l.files()
	if err != nil {
		return wire.TrailCheck{}, err
	}
	defer chain.Close(files)
	return chain.Check(ctx, files, head)
}
