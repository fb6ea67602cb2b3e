package ctl

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
)

// input is standard input, read only when somebody asks and never waited for
// when Ctrl-C comes. A read that nobody waits for any more is not lost: the next
// one who asks gets its bytes.
type input struct {
	r       io.Reader
	ask     chan struct{} // one request to the reader at a time
	chunks  chan chunk    // its answer
	started bool
	asked   bool
	pending []byte

	// recall takes a read back; nil where that cannot be done, and before the first.
	recall *recall
}

// errRecalled is what a read answers that was taken back.
var errRecalled = errors.New("read was taken back")

type chunk struct {
	data []byte
	err  error
}

func newInput(r io.Reader) *input {
	return &input{r: r, ask: make(chan struct{}), chunks: make(chan chunk, 1)}
}

// pump is the reader, and ends with close; then the chunks end too. A read that
// cannot be taken back keeps it until the program ends.
func (in *input) pump() {
	defer close(in.chunks)
	if in.recall != nil {
		defer in.recall.close()
	}
	for range in.ask {
		if in.recall != nil && !in.recall.readable() {
			in.chunks <- chunk{nil, errRecalled}
			continue
		}
		buf := make([]byte, 4096)
		n, err := in.r.Read(buf)
		in.chunks <- chunk{buf[:n], err}
	}
}

// close lets the reader go, and takes back what it may be waiting for.
func (in *input) close() {
	if in.asked && in.recall != nil {
		in.recall.call()
	}
	close(in.ask)
}

// release leaves the input to somebody else, a program that is run: a read that
// nobody waits for any more would take away the first line typed for it.
func (in *input) release() {
	if !in.asked || in.recall == nil {
		return
	}
	in.recall.call()
	got := <-in.chunks
	in.asked = false
	if got.err == errRecalled {
		return
	}
	in.recall.forget() // the read was faster
	in.pending = append(in.pending, got.data...)
}

// more waits for bytes, for the end of ctx, or for a signal on wake, which may
// be nil. The end of the input is not remembered: on a terminal, Ctrl-D ends what
// reads just then, and the shell behind it goes on.
func (in *input) more(ctx context.Context, wake <-chan os.Signal) error {
	if !in.started {
		in.started = true
		in.recall = newRecall(in.r)
		go in.pump()
	}
	if !in.asked {
		in.asked = true
		in.ask <- struct{}{}
	}
	select {
	case got := <-in.chunks:
		in.asked = false
		in.pending = append(in.pending, got.data...)
		if len(got.data) > 0 {
			return nil
		}
		return got.err
	case <-wake:
		return errWake
	case <-ctx.Done():
		return context.Canceled
	}
}

// readByte gives the next byte; errWake when a signal came first.
func (in *input) readByte(ctx context.Context, wake <-chan os.Signal) (byte, error) {
	for len(in.pending) == 0 {
		if err := in.more(ctx, wake); err != nil {
			return 0, err
		}
	}
	b := in.pending[0]
	in.pending = in.pending[1:]
	return b, nil
}

// line gives the next line without its end. A last line without an end counts;
// after it comes io.EOF.
func (in *input) line(ctx context.Context) (string, error) {
	var b strings.Builder
	for {
		c, err := in.readByte(ctx, nil)
		if err == io.EOF && b.Len() > 0 {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return b.String(), nil
		}
		b.WriteByte(c)
	}
}
