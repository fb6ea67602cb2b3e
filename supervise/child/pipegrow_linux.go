package child

import "golang.org/x/sys/unix"

// growPipe enlarges a pipe its writer was seen to fill. It may be refused (a
// user without privileges has a budget of pages): then it stays as it is.
func growPipe(fd uintptr) {
	_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, grownPipeSize)
}
