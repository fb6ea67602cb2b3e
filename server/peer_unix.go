//go:build unix

package server

import (
	"net"
)

// peerUID gives the system user whose process is at the other end of a unix
// socket, as the kernel noted when it connected; -1 for another kind of
// connection, and where the kernel does not tell.
func peerUID(conn net.Conn) int {
	for {
		wrapped, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = wrapped.NetConn()
	}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return -1
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return -1
	}
	uid := -1
	err = raw.Control(func(fd uintptr) { uid = credentialsOf(fd) })
	if err != nil {
		return -1 // closed already
	}
	return uid
}
