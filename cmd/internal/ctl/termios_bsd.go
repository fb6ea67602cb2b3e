//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package ctl

import "golang.org/x/sys/unix"

// The requests that read and write the mode of a terminal.
const (
	ioctlGetTermios = unix.TIOCGETA
	ioctlSetTermios = unix.TIOCSETA
)
