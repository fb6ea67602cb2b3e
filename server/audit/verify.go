package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"supervisor/server/wire"
)

// checker follows the chain.
type checker struct {
	ctx    context.Context // of the call; the checker lives no longer
	number int             // of the line, within its file
	n      uint64
	hash   string
	check  wire.TrailCheck
}

// read goes through one file, to its end or to the first line that is wrong. torn
// is how much follows the last newline: of a line that is being written, or was cut.
func (c *checker) read(f opened) (torn int64, err error) {
	r := bufio.NewReaderSize(io.NewSectionReader(f.file, 0, f.size), piece)
	read := int64(0)
	for c.number = 1; ; c.number++ {
		if c.ctx.Err() != nil {
			return 0, c.ctx.Err()
		}
		text, size, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return f.size - read, nil
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

// readLine gives a line without its newline, and its size with it. One that is
// longer than any of ours is cut, and will not be what its successor says.
func readLine(r *bufio.Reader) (text []byte, size int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		size += int64(len(part))
		if len(text) <= maxLine {
			text = append(text, part...)
		}
		if err == nil {
			return bytes.TrimSuffix(text, newline), size, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, size, err
		}
	}
}

// line checks a line against the one before it, and says what is wrong.
func (c *checker) line(text []byte) (why string) {
	var found line
	if err := json.Unmarshal(text, &found); err != nil {
		return "it is no entry"
	}
	first := c.check.Lines == 1 // what came before it may have been rotated away
	switch {
	case first && found.N == 1 && found.Prev != "":
		return "it is the first, and names one before it"
	case first:
	case found.N > c.n+1:
		return fmt.Sprintf("entry %d comes after entry %d: %d are missing", found.N, c.n, found.N-c.n-1)
	case found.N != c.n+1:
		return fmt.Sprintf("entry %d comes after entry %d", found.N, c.n)
	case found.Prev != c.hash:
		c.check.Lines-- // it is the line before that is wrong
		return "the line before it is not the one that was written"
	}
	c.n, c.hash = found.N, hashOf(text)
	return ""
}

// atEnd compares the last line with what was written last. More may have been
// written since, but never less.
func (c *checker) atEnd(head head) {
	switch {
	case !head.known || c.n > head.n:
	case c.n < head.n:
		c.check.FirstBad = c.check.Lines + 1
		c.check.Why = fmt.Sprintf("the last entry is %d, and should be %d: lines are missing at the end", c.n, head.n)
	case c.hash != head.hash:
		c.bad("the last line is not the one that was written")
	}
}
