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
	ctx   context.Context // of the call; the checker lives no longer
	name  string          // of the file
	n     uint64
	hash  string
	check wire.TrailCheck
}

// read goes through one file, to its end or to the first line that is wrong.
func (c *checker) read(f opened) error {
	r := bufio.NewReaderSize(io.NewSectionReader(f.file, 0, f.size), piece)
	for number := 1; ; number++ {
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		text, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return nil // what follows the last newline is being written
		}
		if err != nil {
			return fmt.Errorf("read the trail: %w", err)
		}
		c.check.Lines++
		if why := c.line(text); why != "" {
			c.bad(fmt.Sprintf("%s, line %d: %s", c.name, number, why))
			return nil
		}
	}
}

func (c *checker) bad(why string) { c.check.FirstBad, c.check.Why = max(c.check.Lines, 1), why }

// readLine gives a line without its newline. One that is longer than any of ours
// is cut, and will not be what its successor says.
func readLine(r *bufio.Reader) ([]byte, error) {
	var text []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(text) <= maxLine {
			text = append(text, part...)
		}
		if err == nil {
			return bytes.TrimSuffix(text, newline), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
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
		c.bad(fmt.Sprintf("the last entry is %d, and should be %d: lines are missing at the end", c.n, head.n))
	case c.hash != head.hash:
		c.bad("the last line is not the one that was written")
	}
}
