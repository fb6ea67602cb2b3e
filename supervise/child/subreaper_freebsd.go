package child

import (
	"os"

	"golang.org/x/sys/unix"
)

// Of <sys/procctl.h> and <sys/wait.h>.
const (
	idtypePID        = 0
	procReapAcquired = 2 // PROC_REAP_ACQUIRE
)

// BecomeSubreaper makes orphaned descendants children of this process, as they
// would be if it were PID 1, so that Reap collects them.
func BecomeSubreaper() error {
	_, _, errno := unix.Syscall6(unix.SYS_PROCCTL, idtypePID, uintptr(os.Getpid()), procReapAcquired, 0, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("procctl", errno)
	}
	return nil
}
