package child

import "golang.org/x/sys/unix"

// listenerOf gives the pid of the process that made the other end of a connection
// listen: not one that has inherited it. 0 is one in another pid namespace.
func listenerOf(fd int) int {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0
	}
	return int(peer.Pid)
}
