//go:build unix

package child

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAFastCGIChildAcceptsOnItsDescriptorZero(t *testing.T) {
	f := found(t)
	path := filepath.Join(t.TempDir(), "s")
	socket, err := OpenSocket(SocketSpec{Unix: true, Path: path, Mode: 0o700})
	if err != nil {
		t.Fatal(err)
	}
	fd := socket.FD()
	for _, umask := range []int{-1, 0o22} {
		spec := actor(t, "accept")
		spec.Stdin0, spec.Umask = &fd, umask
		o := f.spawn(spec)
		if err := f.Write(o.key, o.incarnation, []byte("x")); err != syscall.EPIPE {
			t.Errorf("stdin of a FastCGI child: %v", err)
		}
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(conn); string(text) != "hello" || err != nil {
			t.Errorf("%q %v (%s)", text, err, o.stdout.String())
		}
		conn.Close()
		if exit := f.end(o); exit.Status != 0 {
			t.Errorf("%+v %s", exit, o.stdout.String())
		}
	}
	if err := socket.Close(); err != nil {
		t.Error(err)
	}
	if err := socket.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("it is still open")
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the original leaves the file: %v", err)
	}
}

func TestAUnixSocketReplacesWhatIsThereAndHasItsModeAndOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	spec := SocketSpec{Unix: true, Path: path, Mode: 0o640, Owner: &SocketOwner{os.Getuid(), -1}}
	if os.Getuid() == 0 {
		spec.Owner = &SocketOwner{65534, 4}
	}
	socket, err := OpenSocket(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o640 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if stat := info.Sys().(*syscall.Stat_t); int(stat.Uid) != spec.Owner.UID || spec.Owner.GID >= 0 && int(stat.Gid) != spec.Owner.GID {
		t.Errorf("owned by %d:%d", stat.Uid, stat.Gid)
	}
	for what, flags := range map[string]int{"close-on-exec": unix.FD_CLOEXEC} {
		if got, err := unix.FcntlInt(uintptr(socket.FD()), unix.F_GETFD, 0); err != nil || got&flags == 0 {
			t.Errorf("not %s: %v", what, err)
		}
	}
	if got, err := unix.FcntlInt(uintptr(socket.FD()), unix.F_GETFL, 0); err != nil || got&unix.O_NONBLOCK != 0 {
		t.Errorf("it does not block: %v", err)
	}
}

func TestASocketThatCannotBeMadeLeavesNothing(t *testing.T) {
	before := holdings()
	path := filepath.Join(t.TempDir(), "s")
	for _, spec := range []SocketSpec{
		{Unix: true, Path: "/no/such/directory/s"},
		{Unix: true, Path: "/" + strings.Repeat("x", 200)},
		{Host: "no.such.host.invalid", Port: 1},
		{Host: "192.0.2.1", Port: 0}, // not ours
	} {
		if socket, err := OpenSocket(spec); err == nil {
			socket.Close()
			t.Errorf("%+v was opened", spec)
		}
	}
	if os.Getuid() != 0 {
		spec := SocketSpec{Unix: true, Path: path, Mode: 0o700, Owner: &SocketOwner{0, 0}}
		if _, err := OpenSocket(spec); err == nil || !strings.HasPrefix(err.Error(), "Could not change ownership of socket file: ") {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the file is left")
		}
	}
	checkHoldings(t, before)
}

func TestATCPSocketListensAndItsPortCanBeTakenAgain(t *testing.T) {
	socket, err := OpenSocket(SocketSpec{Host: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(socket.FD())
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*syscall.SockaddrInet4).Port
	conn, err := net.DialTCP("tcp4", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSocket(SocketSpec{Host: "localhost", Port: port}); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("taken twice: %v", err)
	}
	socket.Close()
	conn.Close()
	again, err := OpenSocket(SocketSpec{Port: port, Backlog: 5})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
