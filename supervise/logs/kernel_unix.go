//go:build unix

package logs

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// identity is what makes a file itself, whatever its name.
type identity struct{ device, inode uint64 }

// stat is what we want to know of a file.
type stat struct {
	id      identity
	size    int64
	links   uint64
	regular bool
	changed time.Time
}

func statPath(path string) (stat, error) {
	var st unix.Stat_t
	err := ignoringEINTR(func() error { return unix.Stat(path, &st) })
	if err != nil {
		return stat{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return statOf(&st), nil
}

func statFile(f *os.File) (stat, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return stat{}, err
	}
	var st unix.Stat_t
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = ignoringEINTR(func() error { return unix.Fstat(int(fd), &st) })
	})
	if err := errors.Join(err, failed); err != nil {
		return stat{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return statOf(&st), nil
}

// statOf converts: the types of the fields differ between systems.
func statOf(st *unix.Stat_t) stat {
	return stat{
		id:      identity{uint64(st.Dev), uint64(st.Ino)},
		size:    st.Size,
		links:   uint64(st.Nlink),
		regular: st.Mode&unix.S_IFMT == unix.S_IFREG,
		changed: time.Unix(st.Mtim.Unix()),
	}
}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// openAppend opens a log for appending, making it if need be. O_NONBLOCK keeps a
// FIFO that nobody reads from holding us; on regular files it means nothing.
// Where the system will not open supervisord's own stdout by name (it is a
// socket, or belongs to root and we no longer are), it is duplicated instead.
func openAppend(path string, mode fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK|unix.O_NOCTTY, mode)
	if err == nil {
		return f, nil
	}
	if fd, ok := standardStream(path); ok {
		return duplicate(fd, path)
	}
	return nil, err
}

// openRead opens a log to be read; what is there by that name may be anything.
func openRead(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
}

// noReader tells whether opening failed because it is a FIFO nobody reads.
func noReader(err error) bool { return errors.Is(err, unix.ENXIO) }

// standardStream tells which descriptor a path of /dev stands for.
func standardStream(path string) (int, bool) {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return 1, true
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return 2, true
	}
	return 0, false
}

// borrowed tells whether a path names somebody's open file, not a place in a
// directory: whatever is behind it, it is not ours to rename or remove.
func borrowed(path string) bool {
	_, standard := standardStream(path)
	return standard || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/")
}

// duplicate gives fd a second descriptor, above the standard three: for Go, a
// broken pipe on 1 or 2 is the end of the program, elsewhere just an error.
func duplicate(fd int, name string) (*os.File, error) {
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, &fs.PathError{Op: "dup", Path: name, Err: err}
	}
	return os.NewFile(uintptr(copied), name), nil
}

// reason is the bare text of a system error: "no space left on device".
func reason(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// duplicateFile duplicates an open file, which stays as it is.
func duplicateFile(f *os.File) (*os.File, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var dup *os.File
	var failed error
	if err := conn.Control(func(fd uintptr) { dup, failed = duplicate(int(fd), f.Name()) }); err != nil {
		return nil, err
	}
	return dup, failed
}
