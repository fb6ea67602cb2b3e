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

// LogText is a part of a log, in which bytes that are not UTF-8 travel as in Lines.
type LogText string

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
	// Where each line begins.
	Offs []int64 `json:"offs,omitempty"`
	At   Times   `json:"at,omitempty" ts:"[number, number][]"`
	// There is nothing before this page.
	First bool `json:"first,omitempty"`
	// Bytes that were asked for and are there no more.
	Gap *LogGap `json:"gap,omitempty"`
	// With at=, the place of that time was not among known arrivals: the page
	// begins at the best guess, too early rather than too late.
	Guess bool `json:"guess,omitempty"`
}

// Times tells when lines came: runs of a line's place in the list and Unix
// milliseconds, good for that line and those after it up to the next run. Of
// lines before the first run nothing is known. A line came then or soon after:
// what is written together, and what follows within a second, may count as one.
type Times [][2]int64

// LogGap is a part of a log that is there no more: rotated away or cleared.
type LogGap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// LogFiles answers GET /api/v1/log/{name}/{channel}/files: what the log consists
// of now, oldest first.
type LogFiles struct {
	Epoch string    `json:"epoch"`
	Files []LogFile `json:"files"`
	// Where the current file is; "" for output kept in memory only, of which the
	// last part can be read.
	Path string `json:"path"`
	// The lines are sent to syslog, too or instead of to a file.
	Syslog bool `json:"syslog,omitempty"`
	// What is wrong with writing; "" if nothing is.
	Trouble string `json:"trouble,omitempty"`
}

// LogFile is one file of a log: what raw?file=N downloads.
type LogFile struct {
	// "" for output kept in memory.
	Name string `json:"name"`
	// 0 is the current file, 1 the one rotated last.
	N int `json:"n"`
	// The offsets of its bytes.
	Off int64 `json:"off"`
	End int64 `json:"end"`
	// When it was last written to.
	Changed int64 `json:"changed"`
}

// SearchLine is one line of the answer to GET /api/v1/log/{name}/{channel}/search:
// exactly one of its fields is there. Done or Error is the last one; an answer
// that ends without either was cut off.
type SearchLine struct {
	Hit      *LogHit         `json:"hit,omitempty"`
	Progress *SearchProgress `json:"progress,omitempty"`
	Gap      *LogGap         `json:"gap,omitempty"`
	Done     *SearchDone     `json:"done,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// LogHit is a line that matches.
type LogHit struct {
	// The line's first byte, and the one behind its last, its newline not included.
	Off int64 `json:"off"`
	End int64 `json:"end"`
	// What matched in it: for asking which lines do not match, nothing.
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// The line; of a long one, the part around what matched, which begins at Start.
	Line  LogText `json:"line"`
	Start int64   `json:"start"`
	// When it came; 0 if that is not known.
	At int64 `json:"at,omitempty"`
}

// SearchProgress is sent some times a second.
type SearchProgress struct {
	// Searched up to here, or down to here. It is the start of a line.
	ScannedTo int64 `json:"scannedTo"`
	// Lines that match so far.
	Hits int64 `json:"hits"`
}

// SearchDone ends a search.
type SearchDone struct {
	ScannedTo int64 `json:"scannedTo"`
	// All lines that match in what was searched, whether sent or not.
	Hits int64 `json:"hits"`
	// Not all of them were sent.
	Capped bool `json:"capped,omitempty"`
	// The budget ran out first: go on with from=ScannedTo.
	More bool `json:"more,omitempty"`
}

// MergedPage answers GET /api/v1/merged: lines of several logs in the order in
// which they came. The lists Lines, Source, Offs and At are of one length.
type MergedPage struct {
	Epoch   string         `json:"epoch"`
	Sources []MergedSource `json:"sources"`
	Lines   Lines          `json:"lines"`
	// The place in Sources of each line's log.
	Source []int `json:"source"`
	// Where each line begins in its log.
	Offs []int64 `json:"offs"`
	// When each line came; 0 if that is not known.
	At []int64 `json:"at"`
}

// MergedSource is one log of a MergedPage: its lines there fill the bytes from
// Off to End.
type MergedSource struct {
	// As it was asked for, without its offset.
	Name   string `json:"name"`
	Off    int64  `json:"off"`
	End    int64  `json:"end"`
	Oldest int64  `json:"oldest"`
	Newest int64  `json:"newest"`
	// The first line lacks its beginning.
	Cont bool `json:"cont,omitempty"`
	// The last line lacks its end.
	Open bool `json:"open,omitempty"`
	// There is nothing before Off.
	First bool    `json:"first,omitempty"`
	Gap   *LogGap `json:"gap,omitempty"`
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
