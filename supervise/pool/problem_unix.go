//go:build unix

package pool

import (
	"errors"

	"golang.org/x/sys/unix"
)

// problem names why a write failed: "epipe" for the one the original knows.
func problem(err error) string {
	if errors.Is(err, unix.EPIPE) {
		return "epipe"
	}
	return err.Error()
}
