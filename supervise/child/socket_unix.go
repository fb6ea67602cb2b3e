//go:build unix

package child

import (
	"context"
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
}

// SocketOwner is whom a unix socket's file is given to; -1 leaves an id.
type SocketOwner struct{ UID, GID int }

// Socket is an open one. Its descriptor is close-on-exec and blocks, as
// programs expect of the one they inherit.
type Socket struct {
	fd   int
	once sync.Once
	err  error
}

// OpenSocket binds and listens (datatypes.py create_and_bind, socket_manager.py).
// What is at a unix socket's path is removed first; the file stays behind after
// Close, both as in the original.
func OpenSocket(spec SocketSpec) (*Socket, error) {
	backlog := spec.Backlog
	if backlog == 0 {
		backlog = syscall.SOMAXCONN
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
	return &Socket{fd: fd}, nil
}

// FD is for Spec.Stdin0; it is the socket's own and valid until Close.
func (s *Socket) FD() int { return s.fd }

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

func openUnix(spec SocketSpec) (fd int, err error) {
	if _, err := os.Stat(spec.Path); err == nil {
		if err := os.Remove(spec.Path); err != nil {
			return -1, fmt.Errorf("replace the socket file: %w", err)
		}
	}
	if fd, err = newSocket(syscall.AF_UNIX); err != nil {
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
