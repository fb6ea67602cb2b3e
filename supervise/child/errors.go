//go:build unix

package child

import (
	"errors"
	"syscall"
)

// ErrStdinFull is answered to a Write that would make more than a mebibyte wait
// for a child that does not read.
var ErrStdinFull = errors.New("the child does not read its stdin: too much is waiting already")

// IsGone tells whether a Signal failed only because the child is no more.
func IsGone(err error) bool { return errors.Is(err, syscall.ESRCH) }
