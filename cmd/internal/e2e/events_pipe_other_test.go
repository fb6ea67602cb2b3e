//go:build compat && unix && !linux

package e2e

import (
	"errors"
	"os"
)

// unread cannot be known here: other systems tell it who reads only. The cases of
// events need the Debian package, so they are for Linux in any case.
func unread(*os.File) (int, error) {
	return 0, errors.New("what has not been read of a pipe is told on Linux only")
}
