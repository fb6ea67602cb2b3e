//go:build unix && !linux

package daemon

import "golang.org/x/sys/unix"

// dupTo makes to another name of descriptor from.
func dupTo(from, to int) error { return unix.Dup2(from, to) }
