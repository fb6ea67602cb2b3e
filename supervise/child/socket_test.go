//go:build unix

package child

import (
	"errors"
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

func TestAUnixSocketReplacesAStaleOneAndHasItsModeAndOwner(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	if err := listen(t, path).Close(); err != nil {
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

// listen is another program that binds a socket and leaves its file.
func listen(t *testing.T, path string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	return l
}

// shortDir is a directory whose path leaves room for the name of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestWhatIsNoSocketIsLeftAlone(t *testing.T) {
	dir := shortDir(t)
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	if err := errors.Join(os.WriteFile(file, []byte("precious"), 0o600), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, folder} {
		if _, err := OpenSocket(SocketSpec{Unix: true, Path: path, Mode: 0o700}); err == nil || err.Error() != path+" is not a socket" {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(file); string(text) != "precious" || err != nil {
		t.Errorf("%q %v", text, err)
	}
}

func TestASocketThatOthersHaveBoundSinceIsTheirs(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	spec := SocketSpec{Unix: true, Path: path, Mode: 0o700}
	bind := func() {
		t.Helper()
		socket, err := OpenSocket(spec)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Left = socket.File(); spec.Left == nil {
			t.Error("it knows of no file")
		}
		if err := socket.Close(); err != nil {
			t.Error(err)
		}
	}
	bind()
	bind() // over its own
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other := listen(t, path)
	before, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSocket(spec); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("another program listens there: %v", err)
	}
	if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("its file has been touched: %v", err)
	}
	first := spec
	first.Left = nil
	if socket, err := OpenSocket(first); err != nil { // as the original does, who never asks
		t.Error(err)
	} else {
		socket.Close()
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := listen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	bind() // what others have left
}

func TestASocketThatCannotBeMadeLeavesNothing(t *testing.T) {
	before := holdings()
	path := filepath.Join(t.TempDir(), "s")
	for _, spec := range []SocketSpec{
		{Unix: true, Path: "/no/such/directory/s"},
		{Unix: true, Path: "/" + strings.Repeat("x", 200)},
		{Unix: true, Path: filepath.Join(path, "below", "nothing")},
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
