//go:build (solaris && !illumos) || aix

package server

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile waits for the lock of file. There is no flock here; a lock of fcntl
// keeps processes apart, which is what matters.
func lockFile(file *os.File) error {
	for {
		err := unix.FcntlFlock(file.Fd(), unix.F_SETLKW, &unix.Flock_t{Type: unix.F_WRLCK})
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
