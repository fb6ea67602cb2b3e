//go:build unix && !linux

package child

import (
	"syscall"
	"testing"
)

// setRaw would need the raw system call, which only Linux promises to keep.
func setRaw(t *testing.T, limit *syscall.Rlimit) {
	t.Helper()
	t.Skip("SKIPPED: the limit cannot be set without children noticing")
}

// threads is not known here.
func threads(*testing.T) int { return 1 }

func waitNoReap(int) error { return syscall.ENOSYS }
