package chain

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"supervisor/server/wire"
)

const (
	// Piece is how much of a file is read at once.
	Piece = 64 << 10
	// MaxLine is more than any line of ours takes.
	MaxLine = 4 << 20
)

// Newline ends each line.
var Newline = []byte{'\n'}

// Line is an entry as it stands in the file.
type Line struct {
	Prev string `json:"prev"` // the hash of the line before, "" for the first of all
	wire.TrailEntry
}

// Hash is that of a line without its newline.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Head is the last line of a chain: its number and its hash.
type Head struct {
	N    uint64
	Hash string
}

// NewReader reads the first size bytes of a file line by line, for ReadLine.
func NewReader(file io.ReaderAt, size int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(file, 0, size), Piece)
}

// ReadLine gives a line without its newline, and its size with it. One that is
// longer than any of ours is cut, and will not be what its successor says.
func ReadLine(r *bufio.Reader) (text []byte, size int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		size += int64(len(part))
		if len(text) <= MaxLine {
			text = append(text, part...)
		}
		if err == nil {
			return bytes.TrimSuffix(text, Newline), size, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, size, err
		}
	}
}
