package child

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestASocketOfAProgramThatLivesIsItsOwn(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	other := exec.Command(os.Args[0], "act", "listen", path)
	end, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "listens\n" {
		t.Fatal(said, err)
	}
	spec := SocketSpec{Unix: true, Path: path, Mode: 0o700}
	_, err = OpenSocket(spec)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(fmt.Sprint(err), fmt.Sprintf("process %d listens there", other.Process.Pid)) {
		t.Errorf("another program lives and listens there: %v", err)
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Errorf("its clients: %v", err)
	} else {
		conn.Close()
	}
	if err := errors.Join(end.Close(), other.Wait()); err != nil {
		t.Fatal(err)
	}
	socket, err := OpenSocket(spec)
	if err != nil {
		t.Fatalf("when it has gone: %v", err)
	}
	socket.Close()
}

func TestASocketThatWasLeftToChildrenIsReplaced(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	said, err := exec.Command(os.Args[0], "act", "listen", path, "/bin/sleep", "1000").Output()
	var heir int
	if _, scan := fmt.Sscanf(string(said), "%d <nil>", &heir); err != nil || scan != nil {
		t.Fatalf("%s%v", said, err)
	}
	defer syscall.Kill(heir, syscall.SIGKILL)
	if conn, err := net.Dial("unix", path); err != nil {
		t.Fatalf("nobody has inherited it: %v", err)
	} else {
		conn.Close()
	}
	socket, err := OpenSocket(SocketSpec{Unix: true, Path: path, Mode: 0o700})
	if err != nil {
		t.Fatal(err)
	}
	socket.Close()
}
