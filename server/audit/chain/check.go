//go:build unix

package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"supervisor/server/wire"
)

// Check reads a trail from its oldest line on, and tells whether each line is as it
// was written, none is missing between them, and the last one is the one it must
// be; the zero Head where that is not known. The newest of files is the first.
func Check(ctx context.Context, files []File, last Head) (wire.TrailCheck, error) {
	var c checker
	for i, f := range slices.Backward(files) {
		torn, err := c.read(ctx, f)
		if err != nil {
			return wire.TrailCheck{}, err
		}
		if torn > 0 && (i > 0 || last == Head{} || c.end.N < last.N) { // else it is being written
			c.check.Lines++
			c.bad(fmt.Sprintf("%s, line %d: only its first %d bytes are there", f.name, c.number, torn))
		}
		if c.check.FirstBad > 0 {
			return c.check, nil
		}
	}
	c.atEnd(last)
	c.check.OK = c.check.FirstBad == 0
	return c.check, nil
}

// CheckFile is Check for a trail that no supervisord writes, or for a copy of one:
// the file of that name, and those beside it that it was rotated to.
func CheckFile(ctx context.Context, path string) (wire.TrailCheck, error) {
	if _, err := os.Stat(path); err != nil {
		return wire.TrailCheck{}, err
	}
	files, err := Files(path)
	if err != nil {
		return wire.TrailCheck{}, err
	}
	defer Close(files)
	return Check(ctx, files, Head{})
}

// checker follows the chain.
type checker struct {
	number int  // of the line, within its file
	end    Head // of what was read
	check  wire.TrailCheck
}

// read goes through one file, to its end or to the first line that is wrong. torn
// is how much follows the last newline: of a line that is being written, or was cut.
func (c *checker) read(ctx context.Context, f File) (torn int64, err error) {
	r, read := NewReader(f, f.Size), int64(0)
	for c.number = 1; ; c.number++ {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		text, size, err := ReadLine(r)
		if errors.Is(err, io.EOF) {
			return f.Size - read, nil
		}
		if err != nil {
			return 0, fmt.Errorf("read the trail: %w", err)
		}
		read += size
		c.check.Lines++
		if why := c.line(text); why != "" {
			c.bad(fmt.Sprintf("%s, line %d: %s", f.name, c.number, why))
			return 0, nil
		}
	}
}

func (c *checker) bad(why string) { c.check.FirstBad, c.check.Why = max(c.check.Lines, 1), why }

// line checks a line against the one before it, and says what is wrong.
func (c *checker) line(text []byte) (why string) {
	var found Line
	if err := json.Unmarshal(text, &found); err != nil {
		return "it is no entry"
	}
	first := c.check.Lines == 1 // what came before it may have been rotated away
	switch {
	case first && found.N == 1 && found.Prev != "":
		return "it is the first, and names one before it"
	case first:
	case found.N > c.end.N+1:
		return fmt.Sprintf("entry %d comes after entry %d: %d are missing", found.N, c.end.N, found.N-c.end.N-1)
	case found.N != c.end.N+1:
		return fmt.Sprintf("entry %d comes after entry %d", found.N, c.end.N)
	case found.Prev != c.end.Hash:
		c.check.Lines-- // it is the line before that is wrong
		return "the line before it is not the one that was written"
	}
	c.end = Head{found.N, Hash(text)}
	return ""
}

// atEnd compares the last line with what was written last. More may have been
// written since, but never less.
func (c *checker) atEnd(last Head) {
	switch {
	case last == Head{}, c.end.N > last.N:
	case c.end.N < last.N:
		c.check.FirstBad = c.check.Lines + 1
		c.check.Why = fmt.Sprintf("the last entry is %d, and should be %d: lines are missing at the end", c.end.N, last.N)
	case c.end.Hash != last.Hash:
		c.bad("the last line is not the one that was written")
	}
}
