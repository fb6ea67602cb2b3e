package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"supervisor/supervise"
)

// readMax bounds one answer of Read and Tail, which hold it in memory whole. It
// is five logs of the default size; a larger one has to be read in parts.
const readMax = 64 << 20

// readFile gives length bytes of a file from offset on (rpcinterface.py
// _readProcessLog, options.py readFile). The order of the faults is theirs too:
// a file that is not there, then one that cannot be opened, then bad arguments.
func readFile(path string, open func() (*os.File, error), offset, length int64) ([]byte, error) {
	in, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, supervise.Fault{Code: supervise.FaultNoFile, Detail: path}
	}
	if err != nil {
		return nil, supervise.Fault{Code: supervise.FaultFailed}
	}
	defer in.Close()
	st, err := statFile(in)
	if err != nil || !st.regular {
		return nil, supervise.Fault{Code: supervise.FaultFailed}
	}
	return readFrom(in, st.size, offset, length)
}

func readBytes(data []byte, offset, length int64) ([]byte, error) {
	return readFrom(bytes.NewReader(data), int64(len(data)), offset, length)
}

// readFrom has the rules: from a negative offset on, the last -offset bytes;
// with length 0, all the rest; else length bytes.
func readFrom(in io.ReaderAt, size, offset, length int64) ([]byte, error) {
	if length < 0 || offset < 0 && length != 0 {
		return nil, supervise.Fault{Code: supervise.FaultBadArguments}
	}
	from, n := offset, length
	if offset < 0 {
		from, n = max(size+offset, 0), size
	}
	if n == 0 {
		n = size
	}
	if n = min(n, size-from); n > readMax {
		return nil, supervise.Fault{Code: supervise.FaultFailed, Detail: fmt.Sprintf("%d bytes are more than one answer may hold (%d): read the log in parts", n, readMax)}
	}
	data, err := slice(in, from, n)
	if err != nil {
		return nil, supervise.Fault{Code: supervise.FaultFailed}
	}
	return data, nil
}

// tailFile gives the end of a file (options.py tailFile). It answers no faults:
// a file that is not there is empty, one that cannot be read gives back the
// offset as its size.
func tailFile(open func() (*os.File, error), offset, length int64) ([]byte, int64, bool, error) {
	in, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, false, nil
	}
	if err != nil {
		return nil, offset, false, nil
	}
	defer in.Close()
	st, err := statFile(in)
	if err != nil || !st.regular {
		return nil, offset, false, nil
	}
	return tailFrom(in, st.size, offset, length)
}

func tailBytes(data []byte, offset, length int64) ([]byte, int64, bool, error) {
	return tailFrom(bytes.NewReader(data), int64(len(data)), offset, length)
}

// tailFrom has the rules. They look odd, and clients know them: if the log has
// outgrown offset+length, the answer is its last length bytes and overflow; if it
// has not grown that far, the last length bytes too, even those before offset;
// at the very end, nothing.
func tailFrom(in io.ReaderAt, size, offset, length int64) ([]byte, int64, bool, error) {
	asked, overflow := offset, false
	if size > sum(offset, length) {
		overflow, offset = true, size-1
	}
	if sum(offset, length) > size {
		if offset > size-1 {
			length = 0
		}
		offset = size - length
	}
	data, err := slice(in, max(offset, 0), min(max(length, 0), size))
	if err != nil {
		return nil, asked, false, nil
	}
	return data, size, overflow, nil
}

// sum adds without running over.
func sum(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// slice reads n bytes at from, or as many as there are.
func slice(in io.ReaderAt, from, n int64) ([]byte, error) {
	if n <= 0 {
		return nil, nil
	}
	if n > readMax {
		return nil, errors.New("too long an answer")
	}
	data := make([]byte, n)
	read, err := in.ReadAt(data, from)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return data[:read], nil
}
