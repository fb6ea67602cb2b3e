//go:build unix

package logs

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const stdoutMark = "LOGS_TEST_STDOUT"

// TestProgramLoggingToStdout is no test by itself: it is what the tests below
// run with a stdout of their making.
func TestProgramLoggingToStdout(t *testing.T) {
	if os.Getenv(stdoutMark) == "" {
		return
	}
	gate := NewGate()
	options := Options{Path: "/dev/stdout", MaxBytes: 5, Backups: 1}
	a, b := NewChannel(options, gate), NewChannel(options, gate)
	for _, c := range []*Channel{a, b} {
		must(t, c.Open())
		c.Write([]byte("hello\n"))
		must(t, c.Clear())
		c.Flush()
		if text := c.Trouble(); text != "" {
			t.Errorf("trouble: %s", text)
		}
		c.Close()
	}
	if t.Failed() {
		os.Exit(1)
	}
	os.Exit(0) // before the test runner writes to stdout too
}

func runWithStdout(t *testing.T, stdout *os.File) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProgramLoggingToStdout$")
	cmd.Env = append(os.Environ(), stdoutMark+"=1")
	cmd.Stdout, cmd.Stderr = stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("program: %v", err)
	}
	must(t, stdout.Close())
}

func TestStdoutMayBeAPipe(t *testing.T) {
	reader, writer, err := os.Pipe()
	must(t, err)
	defer reader.Close()
	runWithStdout(t, writer)
	checkHellos(t, reader)
}

// A socket cannot be opened by name; services of systemd have one as stdout.
func TestStdoutMayBeASocket(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	reader, writer := os.NewFile(uintptr(pair[0]), "reader"), os.NewFile(uintptr(pair[1]), "writer")
	unix.CloseOnExec(pair[0])
	unix.CloseOnExec(pair[1])
	defer reader.Close()
	runWithStdout(t, writer)
	checkHellos(t, reader)
}

func TestStdoutMayBeAFileAndIsNotRotatedThen(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "out"))
	must(t, err)
	runWithStdout(t, f)
	if got := files(t, dir); len(got) != 1 || got["out"] != "hello\nhello\n" {
		t.Errorf("files %q", got)
	}
	if _, err := os.Lstat("/dev/stdout.1"); err == nil {
		t.Error("/dev/stdout has been rotated")
	}
}

func checkHellos(t *testing.T, reader *os.File) {
	t.Helper()
	done := time.AfterFunc(10*time.Second, func() { reader.Close() })
	defer done.Stop()
	text, err := io.ReadAll(reader)
	if err != nil || string(text) != "hello\nhello\n" {
		t.Errorf("stdout %q, %v", text, err)
	}
}
