//go:build unix

package child

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// mostInherited bounds the search for inherited descriptors where limits are
// vast or unlimited: nobody leaves higher ones.
const mostInherited = 1 << 16

// markEach marks one descriptor after another close-on-exec.
func markEach() {
	most := int64(mostInherited)
	if limit, err := getLimit(syscall.RLIMIT_NOFILE); err == nil && limit.soft != -1 {
		most = min(most, limit.soft)
	}
	for fd := 3; int64(fd) < most; fd++ {
		// The error says that there is no such descriptor.
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC)
	}
}
