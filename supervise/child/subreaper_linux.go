package child

import (
	"os"

	"golang.org/x/sys/unix"
)

// BecomeSubreaper makes orphaned descendants children of this process, as they
// would be if it were PID 1, so that Reap collects them.
func BecomeSubreaper() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}
