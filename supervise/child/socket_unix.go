//go:build unix

package child

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
)

// SocketSpec is the listening socket the processes of a FastCGI group share.
type SocketSpec struct {
	Unix    bool
	Path    string // of a unix socket
	Host    string // "" is every interface of IPv4
	Port    int
	Backlog int         // 0: as many as the system allows
	Mode    fs.FileMode // of a unix socket's file
	Owner   *SocketOwner
	// Left is the File of the socket that was bound last for the same group, nil
	// for none. A socket that somebody else has bound there since, and listens on,
	// is not replaced.
	Left fs.FileInfo
}

// SocketOwner is whom a unix socket's file is given to; -1 leaves an id.
type SocketOwner struct{ UID, GID int }

// Socket is an open one. Its descriptor is close-on-exec and blocks, as
// programs expect of the one they inherit.
type Socket struct {
	fd   int
	file fs.FileInfo
	once sync.Once
	err  error
}

// asManyAsAllowed is a backlog above what any system allows, which cuts it to
// that. Some systems' own constant is from a time when they allowed less.
const asManyAsAllowed = 65535

// OpenSocket binds and listens (datatypes.py create_and_bind, socket_manager.py).
// A socket that is at a unix socket's path is removed first, and the file stays
// behind after Close, both as in the original.
func OpenSocket(spec SocketSpec) (*Socket, error) {
	backlog := spec.Backlog
	if backlog == 0 {
		backlog = asManyAsAllowed
	}
	open := openInet
	if spec.Unix {
		open = openUnix
	}
	fd, err := open(spec)
	if err != nil {
		return nil, err
	}
	if err := syscall.Listen(fd, backlog); err != nil {
		syscall.Close(fd)
		return nil, os.NewSyscallError("listen", err)
	}
	s := &Socket{fd: fd}
	if spec.Unix {
		// A file that has gone already is one that others may replace.
		s.file, _ = os.Lstat(spec.Path)
	}
	return s, nil
}

// FD is for Spec.Stdin0; it is the socket's own and valid until Close.
func (s *Socket) FD() int { return s.fd }

// File is the file of a unix socket as it was bound, for SocketSpec.Left; nil if
// there is none.
func (s *Socket) File() fs.FileInfo { return s.file }

// Close closes our descriptor; children keep theirs.
func (s *Socket) Close() error {
	s.once.Do(func() { s.err = os.NewSyscallError("close", syscall.Close(s.fd)) })
	return s.err
}

func openInet(spec SocketSpec) (int, error) {
	address := &syscall.SockaddrInet4{Port: spec.Port}
	if spec.Host != "" {
		ip, err := resolve(spec.Host)
		if err != nil {
			return -1, err
		}
		address.Addr = [4]byte(ip)
	}
	fd, err := newSocket(syscall.AF_INET)
	if err != nil {
		return -1, err
	}
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		syscall.Close(fd)
		return -1, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, address); err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("bind to %s: %w", net.JoinHostPort(spec.Host, fmt.Sprint(spec.Port)), err)
	}
	return fd, nil
}

// resolve finds the IPv4 address of host; the original knows no other kind here.
func resolve(host string) (net.IP, error) {
	ips, err := net.DefaultResolver.LookupIP(context.Background(), "ip4", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	return ips[0].To4(), nil
}

func openUnix(spec SocketSpec) (int, error) {
	if len(spec.Path) >= len(syscall.RawSockaddrUnix{}.Path) {
		return -1, errPathTooLong
	}
	if err := makeRoom(spec); err != nil {
		return -1, err
	}
	fd, err := newSocket(syscall.AF_UNIX)
	if err != nil {
		return -1, err
	}
	// Where the system honours it, nobody can connect before chown and chmod
	// have been done; where not, it is as in the original.
	_ = syscall.Fchmod(fd, 0)
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: spec.Path}); err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("bind to %s: %w", spec.Path, err)
	}
	if err := hand(spec); err != nil {
		syscall.Close(fd)
		os.Remove(spec.Path)
		return -1, err
	}
	return fd, nil
}

// errPathTooLong is in the words of the original, which are Python's.
var errPathTooLong = errors.New("AF_UNIX path too long")

// makeRoom removes what is at the path of a unix socket. The original removes
// whatever that is; but a file or a directory may be precious, and a socket on
// which another program listens is its own: one that has bound it since we last
// did, or, where the system tells who it is, one that lives.
func makeRoom(spec SocketSpec) error {
	there, err := os.Lstat(spec.Path)
	switch {
	case err != nil:
		return nil // bind will say what is wrong, if anything is
	case there.Mode().IsRegular() || there.IsDir():
		return fmt.Errorf("%s is not a socket", spec.Path)
	}
	listens, pid := somebodyListens(spec.Path)
	switch {
	case listens && spec.Left != nil && !sameSocket(there, spec.Left):
		return fmt.Errorf("bind to %s: %w: another program listens there since", spec.Path, syscall.EADDRINUSE)
	case listens && pid > 0 && pid != os.Getpid() && lives(pid):
		return fmt.Errorf("bind to %s: %w: process %d listens there", spec.Path, syscall.EADDRINUSE, pid)
	}
	if err := os.Remove(spec.Path); err != nil {
		return fmt.Errorf("replace the socket file: %w", err)
	}
	return nil
}

// sameSocket tells whether two files are one. The number of a file that has gone
// is soon given to another, so the time of its making counts too.
func sameSocket(a, b fs.FileInfo) bool { return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) }

// somebodyListens tells whether anybody would take a connection, and who has
// begun to listen, where the system tells: programs that have outlived a
// supervisord still have its socket, which is not theirs to keep. Who is too busy
// to take a connection at once is there as well.
func somebodyListens(path string) (listens bool, pid int) {
	fd, err := newSocket(syscall.AF_UNIX)
	if err != nil {
		return true, 0 // it cannot be found out
	}
	defer syscall.Close(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return true, 0
	}
	switch err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); {
	case err == nil:
		return true, listenerOf(fd)
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist):
		return false, 0
	}
	return true, 0
}

// lives tells whether there is a process of that number.
func lives(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// hand gives the file of a unix socket its owner and mode.
func hand(spec SocketSpec) error {
	if spec.Owner != nil {
		if err := os.Chown(spec.Path, spec.Owner.UID, spec.Owner.GID); err != nil {
			//lint:ignore ST1005 the original's words
			return fmt.Errorf("Could not change ownership of socket file: %w", err)
		}
	}
	if err := os.Chmod(spec.Path, spec.Mode); err != nil {
		//lint:ignore ST1005 the original's words
		return fmt.Errorf("Could not change permissions of socket file: %w", err)
	}
	return nil
}

// newSocket makes a stream socket that no child inherits by accident.
func newSocket(family int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	return fd, nil
}
