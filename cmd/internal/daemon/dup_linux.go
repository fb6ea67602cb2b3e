package daemon

import "golang.org/x/sys/unix"

// dupTo makes to another name of descriptor from. Not every Linux has dup2.
func dupTo(from, to int) error { return unix.Dup3(from, to, 0) }
