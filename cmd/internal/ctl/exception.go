package ctl

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// exception is an error the original knows by the name of a Python class. Scripts
// match on "error: <class 'X'>, TEXT", so the names are part of the interface.
type exception struct{ class, text string }

func (e exception) Error() string { return e.text }

// protocolError is an HTTP answer other than 200 where XML-RPC was expected.
type protocolError struct {
	code   int
	reason string
}

func (e protocolError) Error() string {
	return fmt.Sprintf("<ProtocolError for 127.0.0.1/RPC2: %d %s>", e.code, e.reason)
}

// unreached is an error on the way to a server and back, as opposed to what the
// server says to a call.
type unreached struct{ error }

func (u unreached) Unwrap() error { return u.error }

// unauthorized tells whether the server wants credentials.
func unauthorized(err error) bool {
	var refused protocolError
	return errors.As(err, &refused) && refused.code == 401
}

// describe prints an error the way the original prints an exception nobody
// caught, in one line of fixed shape (supervisorctl.py:230-234). The place it
// names at the end was a line of Python source; here it is the program.
func describe(err error) string {
	class, text := classify(err)
	return fmt.Sprintf("error: <class '%s'>, %s: file: supervisorctl line: 0", class, text)
}

// classify gives an error the class and the text it has in the original.
func classify(err error) (class, text string) {
	var (
		known    exception
		fault    xmlrpc.FaultError
		refused  protocolError
		unknown  *net.DNSError
		errno    syscall.Errno
		notXML   *xml.SyntaxError
		mismatch xmlrpc.TypeMismatchError
	)
	switch {
	case errors.As(err, &known):
		return known.class, known.text
	case errors.As(err, &fault):
		return "xmlrpc.client.Fault", faultText(fault)
	case errors.As(err, &refused):
		return "xmlrpc.client.ProtocolError", refused.Error()
	case errors.As(err, &unknown):
		return "socket.gaierror", resolveText(unknown)
	case errors.As(err, &errno):
		return errnoClass(errno), fmt.Sprintf("[Errno %d] %s", int(errno), capital(errno.Error()))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "http.client.RemoteDisconnected", "Remote end closed connection without response"
	case errors.As(err, &notXML):
		return "xml.parsers.expat.ExpatError", err.Error()
	case errors.As(err, &mismatch):
		return "xmlrpc.client.ResponseError", err.Error()
	}
	return "Exception", err.Error()
}

// faultText prints a fault as Python prints one.
func faultText(f xmlrpc.FaultError) string {
	return fmt.Sprintf("<Fault %d: %s>", f.Code, supervise.Quote(f.String))
}

// errnoClass is the subclass of OSError that Python picks for an errno.
func errnoClass(errno syscall.Errno) string {
	switch errno {
	case syscall.ECONNREFUSED:
		return "ConnectionRefusedError"
	case syscall.ECONNRESET:
		return "ConnectionResetError"
	case syscall.ECONNABORTED:
		return "ConnectionAbortedError"
	case syscall.EPIPE, syscall.ESHUTDOWN:
		return "BrokenPipeError"
	case syscall.ENOENT:
		return "FileNotFoundError"
	case syscall.EACCES, syscall.EPERM:
		return "PermissionError"
	case syscall.ENOTDIR:
		return "NotADirectoryError"
	case syscall.ETIMEDOUT:
		return "TimeoutError"
	}
	return "OSError"
}

// resolveText is what getaddrinfo says; Go tells only lasting failures from
// passing ones.
func resolveText(err *net.DNSError) string {
	if err.IsNotFound {
		return "[Errno -2] Name or service not known"
	}
	return "[Errno -3] Temporary failure in name resolution"
}

// capital makes Go's text of an errno the C library's.
func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
