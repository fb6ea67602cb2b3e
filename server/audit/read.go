package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

const (
	piece = 64 << 10
	// maxLine is more than any line of ours takes.
	maxLine = 4 << 20
	// maxScanned is how much is read for one page, at most.
	maxScanned = 16 << 20
	usualLimit = 100
	maxLimit   = 1000
	maxFiles   = 1000
)

var newline = []byte{'\n'}

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

// opened is one file of the trail, open to be read.
type opened struct {
	name string // without its directory
	file *os.File
	info fs.FileInfo
	size int64
}

// files opens every file there is, the newest first: also those behind one that
// is missing, so that it is missed.
func (l *Log) files() (all []opened, err error) {
	l.names.RLock()
	defer l.names.RUnlock()
	numbers, err := rotations(l.opts.Path)
	if err != nil {
		return nil, fmt.Errorf("read the trail: %w", err)
	}
	for _, n := range numbers {
		path := backup(l.opts.Path, n)
		file, info, err := openRead(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // between a rotation and the first line after it
		}
		if err != nil {
			closeAll(all)
			return nil, fmt.Errorf("read the trail: %w", err)
		}
		all = append(all, opened{name: filepath.Base(path), file: file, info: info, size: info.Size()})
	}
	return all, nil
}

// rotations lists how often each file beside path was rotated, itself first.
func rotations(path string) ([]int, error) {
	beside, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	numbers := []int{0}
	for _, f := range beside {
		suffix, found := strings.CutPrefix(f.Name(), filepath.Base(path)+".")
		n, err := strconv.Atoi(suffix)
		if found && err == nil && 0 < n && n < maxFiles && strconv.Itoa(n) == suffix {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func closeAll(files []opened) {
	for _, f := range files {
		f.file.Close()
	}
}

// Query gives a page of the trail, the newest first. It ends before it is full
// when much had to be read for it.
func (l *Log) Query(ctx context.Context, q Query) (wire.Trail, error) {
	page := wire.Trail{Entries: []wire.TrailEntry{}}
	if !l.Kept() {
		return page, ErrNone
	}
	if q.Limit <= 0 {
		q.Limit = usualLimit
	}
	q.Limit = min(q.Limit, maxLimit)
	files, err := l.files()
	if err != nil {
		return page, err
	}
	defer closeAll(files)
	files, err = resumeAt(files, q.Before)
	if err != nil {
		return page, err
	}
	scanned := int64(0)
	for _, f := range files {
		b := backward{file: f.file, from: f.size}
		for {
			text, at, err := b.next()
			if err != nil {
				return page, fmt.Errorf("read the trail: %w", err)
			}
			if text == nil {
				break
			}
			if ctx.Err() != nil {
				return page, ctx.Err()
			}
			scanned += int64(len(text))
			e, when, ok := parse(text)
			if ok && !q.Since.IsZero() && when.Before(q.Since.Add(-clockStep)) {
				return page, nil
			}
			if ok && q.wants(&e, when) {
				page.Entries = append(page.Entries, e)
			}
			if len(page.Entries) == q.Limit || scanned > maxScanned {
				page.Next, err = cursor(f, at)
				return page, err
			}
		}
	}
	return page, nil
}

// clockStep is by how much a clock that was put right may have put lines out of
// the order of their times.
const clockStep = time.Hour

// parse reads a line; false if it is none of ours.
func parse(text []byte) (e wire.TrailEntry, when time.Time, ok bool) {
	var found line
	if !bytes.HasSuffix(text, newline) || json.Unmarshal(text, &found) != nil {
		return e, when, false
	}
	when, err := time.Parse(time.RFC3339, found.Time)
	return found.TrailEntry, when, err == nil
}

// wants tells whether an entry is asked for, and may be shown; it is left as the
// reader may see it.
func (q *Query) wants(e *wire.TrailEntry, when time.Time) bool {
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

// cursor names a place: the number of the first line of its file, which stays the
// same when the file gets another name, and the byte before which to go on.
func cursor(f opened, at int64) (string, error) {
	n, err := firstNumber(f)
	return fmt.Sprintf("%d-%d", n, at), err
}

// resumeAt leaves the files from a cursor on; none if what it names is gone.
func resumeAt(files []opened, cursor string) ([]opened, error) {
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
			rest[0].size = min(at, f.size)
			return rest, nil
		}
	}
	return nil, nil
}

// firstNumber is the number of the first line of a file; 0 if it has none.
func firstNumber(f opened) (uint64, error) {
	text, _, err := readLine(bufio.NewReaderSize(io.NewSectionReader(f.file, 0, maxLine), piece))
	if errors.Is(err, io.EOF) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the trail: %w", err)
	}
	var first line
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
		if len(b.held) > maxLine { // none of ours: go past it
			b.held = nil
		}
		size := min(piece, b.from)
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
	head := l.head
	l.mu.Unlock()
	files, err := l.files()
	if err != nil {
		return wire.TrailCheck{}, err
	}
	defer closeAll(files)
	c := checker{ctx: ctx}
	for i, f := range slices.Backward(files) {
		torn, err := c.read(f)
		if err != nil {
			return wire.TrailCheck{}, err
		}
		if torn > 0 && (i > 0 || !head.known || c.n < head.n) { // else it is being written
			c.check.Lines++
			c.bad(fmt.Sprintf("%s, line %d: only its first %d bytes are there", f.name, c.number, torn))
		}
		if c.check.FirstBad > 0 {
			return c.check, nil
		}
	}
	c.atEnd(head)
	c.check.OK = c.check.FirstBad == 0
	return c.check, nil
}

// VerifyFile is Verify for a trail that no supervisord writes, or for a copy of
// one: the file of that name, and those beside it that it was rotated to. What
// the last line must be is not known.
func VerifyFile(ctx context.Context, path string) (wire.TrailCheck, error) {
	if _, err := os.Stat(path); err != nil {
		return wire.TrailCheck{}, err
	}
	kept := &Log{opts: Options{Path: path}}
	return kept.Verify(ctx)
}
