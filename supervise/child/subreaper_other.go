//go:build unix && !linux && !freebsd

package child

import (
	"errors"
	"runtime"
)

// BecomeSubreaper cannot do it: on this system orphans go to init.
func BecomeSubreaper() error {
	return errors.New(runtime.GOOS + " has no subreapers")
}
