//go:build compat

package e2e

import (
	"os"

	"golang.org/x/sys/unix"
)

// unread is how many bytes of a pipe have not been read. Linux tells at both ends.
func unread(pipe *os.File) (int, error) {
	return unix.IoctlGetInt(int(pipe.Fd()), unix.TIOCINQ)
}
