//go:build unix

package ctl

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// recall lets one goroutine end the wait of another for a file to be readable.
type recall struct {
	file        *os.File
	heard, said *os.File // a pipe; a byte in it calls the reader back
}

// newRecall gives nil for what is not a file.
func newRecall(r io.Reader) *recall {
	file, ok := r.(*os.File)
	if !ok {
		return nil
	}
	heard, said, err := os.Pipe()
	if err != nil {
		return nil // then a read stays until it is answered, which is how it is without
	}
	return &recall{file, heard, said}
}

// readable waits until the file can be read, or until call, and tells which.
func (r *recall) readable() bool {
	file, heard := int(r.file.Fd()), int(r.heard.Fd())
	if file >= unix.FD_SETSIZE || heard >= unix.FD_SETSIZE {
		return true
	}
	for {
		var set unix.FdSet
		set.Set(file)
		set.Set(heard)
		_, err := unix.Select(max(file, heard)+1, &set, nil, nil, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return true // let the read say what is wrong
		case set.IsSet(file):
			return true
		case set.IsSet(heard):
			r.forget()
			return false
		}
	}
}

func (r *recall) call() { _, _ = r.said.Write([]byte{0}) }

func (r *recall) close() {
	_ = r.heard.Close()
	_ = r.said.Close()
}

// forget takes back a call that nobody heard.
func (r *recall) forget() { _, _ = r.heard.Read(make([]byte, 1)) }
