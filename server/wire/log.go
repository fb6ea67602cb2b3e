package wire

import "bytes"

// Chan is one of the two streams of a process.
type Chan string

// Values lists both, for the generated types.
func (Chan) Values() []string { return []string{"stdout", "stderr"} }

// Lines are lines of a log without their newlines. Bytes that are not UTF-8
// travel as lone low surrogates: U+DC80 stands for 0x80, U+DCFF for 0xff. The
// bytes of a line are therefore known exactly, and so is their number.
type Lines []string

// LogPage answers GET /api/v1/log/{name}/{channel} and /api/v1/mainlog. Lines
// are whole ones, but for one longer than the page.
type LogPage struct {
	Epoch string `json:"epoch"`
	// Offset of the first byte of the first line.
	Off int64 `json:"off"`
	// Offset behind the last byte of the last line, its newline included.
	End int64 `json:"end"`
	// The oldest byte that can still be read, and the one that comes next.
	Oldest int64 `json:"oldest"`
	Newest int64 `json:"newest"`
	Lines  Lines `json:"lines"`
	// The first line lacks its beginning.
	Cont bool `json:"cont,omitempty"`
	// The last line lacks its end.
	Open bool `json:"open,omitempty"`
}

// SplitLines cuts data at its newlines. Open tells that the last line has none;
// data that ends with one has no empty line after it.
func SplitLines(data []byte) (lines Lines, open bool) {
	lines = Lines{}
	for len(data) > 0 {
		line, rest, found := bytes.Cut(data, []byte{'\n'})
		lines = append(lines, string(line))
		open, data = !found, rest
	}
	return lines, open
}
