//go:build !linux

package auth

// aside does work. Elsewhere a thread has no priority of its own to lower.
func aside(work func()) { work() }
