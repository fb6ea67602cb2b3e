//go:build unix

package child

import (
	"os"
	"sync"
	"syscall"
	"time"
)

var (
	noDeadline = time.Time{}
	longAgo    = time.Unix(1, 0)
)

// buffers are shared by the pumps of a host. Thousands of silent children hold
// none: one is taken when there is something to read, and goes back at once.
type buffers struct {
	small sync.Pool // pipeSize
	large sync.Pool // grownPipeSize
}

func newBuffers() *buffers {
	return &buffers{
		small: sync.Pool{New: func() any { b := make([]byte, pipeSize); return &b }},
		large: sync.Pool{New: func() any { b := make([]byte, grownPipeSize); return &b }},
	}
}

// pump gives what a child writes to one pipe to its sink. Its goroutine ends at
// end of file, or when it is told to drain.
type pump struct {
	file *os.File
	raw  syscall.RawConn
	sink Sink
	pool *sync.Pool
	big  *sync.Pool // what to use once the pipe has been seen full

	buf *[]byte // lent by pool between take and give
	n   int
	err error
}

func newPump(file *os.File, sink Sink, shared *buffers) (*pump, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	if sink == nil {
		sink = nowhere{}
	}
	return &pump{file: file, raw: raw, sink: sink, pool: &shared.small, big: &shared.large}, nil
}

// nowhere is the sink of a stream nobody wants.
type nowhere struct{}

func (nowhere) Write([]byte) {}
func (nowhere) Flush()       {}

// drain wakes the pump, now or when its sink lets it go, to read what is there
// and end. It never blocks.
func (p *pump) drain() {
	// The error would say that the pump has seen the end and closed the file.
	_ = p.file.SetReadDeadline(longAgo)
}

// run pumps until the end, flushes and closes.
func (p *pump) run() {
	for {
		// Parked here, without a buffer. The error says that the deadline of
		// drain has come.
		if err := p.raw.Read(p.take); err != nil {
			p.lastWords()
			break
		}
		if p.give() == 0 {
			break
		}
	}
	p.sink.Flush()
	p.file.Close()
}

// lastWords reads what is in the pipe now, not what a grandchild goes on to add.
func (p *pump) lastWords() {
	_ = p.raw.Control(func(fd uintptr) {
		for left := maxPipeSize; left > 0; {
			if !p.take(fd) {
				return
			}
			n := p.give()
			if n == 0 {
				return
			}
			left -= n
		}
	})
}

// take reads once; false says that there is nothing to read.
func (p *pump) take(fd uintptr) bool {
	p.buf = p.pool.Get().(*[]byte)
	p.n, p.err = read(int(fd), *p.buf)
	if p.err == syscall.EAGAIN {
		p.pool.Put(p.buf)
		p.buf = nil
		return false
	}
	return true
}

// give hands over what take has read and says how much that was; 0 is the end.
func (p *pump) give() int {
	if p.n > 0 {
		p.sink.Write((*p.buf)[:p.n])
	}
	p.pool.Put(p.buf)
	p.buf = nil
	if p.n == pipeSize && p.pool != p.big {
		_ = p.raw.Control(growPipe)
		p.pool = p.big
	}
	return max(p.n, 0) // -1 with an error, which no pipe is known to give
}

// read is read(2), begun again when a signal interrupts it.
func read(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
