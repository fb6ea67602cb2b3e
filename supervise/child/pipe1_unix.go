//go:build darwin || aix

package child

import (
	"os"
	"syscall"
)

// newPipe makes a pipe whose ends are close-on-exec. There is no pipe2 here, so
// nobody may fork in between.
func newPipe() (fds [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(fds[:]); err != nil {
		return fds, os.NewSyscallError("pipe", err)
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return fds, nil
}
