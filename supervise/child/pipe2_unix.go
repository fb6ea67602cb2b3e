//go:build unix && !darwin && !aix

package child

import (
	"os"

	"golang.org/x/sys/unix"
)

// newPipe makes a pipe whose ends are close-on-exec from the first moment.
func newPipe() (fds [2]int, err error) {
	err = unix.Pipe2(fds[:], unix.O_CLOEXEC)
	return fds, os.NewSyscallError("pipe2", err)
}
