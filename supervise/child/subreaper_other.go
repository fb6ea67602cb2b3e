//go:build unix && !linux && !freebsd

package child

// BecomeSubreaper does nothing: on this system orphans go to init.
func BecomeSubreaper() error { return nil }
