//go:build aix || darwin || dragonfly || freebsd || linux || netbsd || openbsd

package child

import "golang.org/x/sys/unix"

// A limit on the number of processes of a user.
const (
	hasNproc    = true
	rlimitNproc = unix.RLIMIT_NPROC
)
