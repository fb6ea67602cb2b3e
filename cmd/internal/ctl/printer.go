package ctl

import (
	"bufio"
	"io"
	"sync"
)

// printer is the one way to standard output. It gathers what a command prints,
// so that a long answer is one write, and is flushed before anything that waits:
// a call, a question, the end. Several streams may print at once in "fg".
type printer struct {
	dest io.Writer

	mu sync.Mutex
	w  *bufio.Writer
}

func newPrinter(w io.Writer) *printer {
	return &printer{dest: w, w: bufio.NewWriterSize(w, 16<<10)}
}

// Line prints a line.
func (p *printer) Line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w.WriteString(text)
	p.w.WriteByte('\n')
}

// Text prints as it is.
func (p *printer) Text(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w.WriteString(text)
}

// Stream prints bytes and does not keep them waiting. It is the io.Writer of a
// followed log, which ends when nobody reads any more.
func (p *printer) Stream(data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w.Write(data)
	return p.w.Flush()
}

// complaints is the one way to standard error. Several streams may complain at once.
type complaints struct {
	dest io.Writer

	mu sync.Mutex
}

// Write writes what is one complaint.
func (w *complaints) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dest.Write(text)
}

// Flush hands over what was printed. An error stays in the writer and makes the
// rest of the output go nowhere, which is what a closed pipe asks for.
func (p *printer) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Flush()
}
