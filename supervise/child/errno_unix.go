//go:build unix

package child

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrnoName gives the name of the errno inside err as the original prints it in
// its texts: "ENOENT", or the bare number of one without a name. An error that
// holds none gives its own text.
func ErrnoName(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return strconv.Itoa(int(errno))
}

// DispatchersText is the spawnerr of the process called name when its pipes or
// its logs could not be opened (process.py spawn).
func DispatchersText(name string, err error) string {
	if errors.Is(err, syscall.EMFILE) {
		return fmt.Sprintf("too many open files to spawn '%s'", name)
	}
	return fmt.Sprintf("unknown error making dispatchers for '%s': %s", name, ErrnoName(err))
}

// forkText is the spawnerr of the process called name when fork failed
// (process.py spawn).
func forkText(name string, err error) string {
	if errors.Is(err, syscall.EAGAIN) {
		return fmt.Sprintf("Too many processes in process table to spawn '%s'", name)
	}
	return fmt.Sprintf("unknown error during fork for '%s': %s", name, ErrnoName(err))
}
