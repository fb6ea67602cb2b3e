//go:build aix || linux || solaris

package ctl

import "golang.org/x/sys/unix"

// The requests that read and write the mode of a terminal.
const (
	ioctlGetTermios = unix.TCGETS
	ioctlSetTermios = unix.TCSETS
)
