//go:build unix

package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// listen binds one endpoint. remove undoes what closing the listener does not;
// it comes before closing, so that nobody finds a socket nobody listens on.
func listen(e Endpoint, stderr io.Writer) (l net.Listener, remove func() error, err error) {
	if e.Unix {
		return listenUnix(e, stderr)
	}
	l, err = listenTCP(e)
	return l, func() error { return nil }, err
}

// listenTCP binds a host and port. All interfaces means those of IPv4, as in
// the original, so that replacing it opens nothing that was closed before; "::"
// means both. Go would take 0.0.0.0 for both, too.
func listenTCP(e Endpoint) (net.Listener, error) {
	host := strings.Trim(e.Host, "[]")
	if host == "*" {
		host = ""
	}
	network := "tcp"
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.Is4() {
		network = "tcp4"
	}
	var config net.ListenConfig
	return config.Listen(context.Background(), network, net.JoinHostPort(host, strconv.Itoa(e.Port)))
}

// listenError is an error with the words of the original (options.py
// openhttpservers), which people know and scripts look for.
type listenError struct {
	text string
	err  error
}

func (e listenError) Error() string { return e.text }
func (e listenError) Unwrap() error { return e.err }

const (
	inUse = "Another program is already listening on a port that one of our HTTP servers is " +
		"configured to use.  Shut this program down first before starting supervisord."
	cannotOpen = "Cannot open an HTTP server: socket.error reported "
)

// worded gives err the words of the original.
func worded(e Endpoint, err error) error {
	var (
		chown *chownError
		name  *net.DNSError
		errno syscall.Errno
	)
	switch {
	case errors.As(err, &chown):
		return listenError{chown.Error(), err}
	case errors.Is(err, syscall.EADDRINUSE):
		return listenError{inUse, err}
	case errors.As(err, &name):
		return listenError{cannotOpen + "-2", err} // EAI_NONAME
	case e.Unix && tooLong(e.Path):
		return listenError{cannotOpen + "AF_UNIX path too long", err}
	case errors.As(err, &errno):
		return listenError{fmt.Sprintf("%serrno.%s (%d)", cannotOpen, unix.ErrnoName(errno), int(errno)), err}
	}
	return listenError{cannotOpen + err.Error(), err}
}
