//go:build compat && linux

package e2e

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What supervisord needs when there is much to do. Figures are printed; what
// must hold on every machine is tested.

const (
	manyPrograms = 1000
	mostThreads  = 20

	chatterers   = 100
	chatterLines = 100_000

	scalePatience = 80 * time.Second
)

// crowd is a supervisord with many children.
type crowd struct {
	realPlay
	t *testing.T
}

func newCrowd(t *testing.T, programs string) *crowd {
	t.Helper()
	troupe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{t: t, realPlay: realPlay{daemon: buildProgram(t, "supervisord"), troupe: troupe}}
	// A crowd is not a story, and has no recorder; its children note nothing.
	if err := c.setUp(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(c.dir) })
	text := "[supervisord]\nminfds=20000\n" + realSections + programs
	text = strings.NewReplacer("TROUPE", troupe, "DIR", c.dir).Replace(text)
	if err := os.WriteFile(c.path("s.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// begin starts supervisord; it is killed when the test goes wrong.
func (c *crowd) begin() {
	c.t.Helper()
	if err := c.launch(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			c.t.Error(err)
		}
	})
}

// awaitLog waits until the main log has n lines with text, and tells how long it
// took since supervisord began.
func (c *crowd) awaitLog(text string, n int) time.Duration {
	c.t.Helper()
	for {
		seen := strings.Count(c.mainLog(), text)
		took := time.Since(c.start)
		if seen >= n {
			return took
		}
		if took > scalePatience {
			c.t.Fatalf("after %v the main log has %d lines with %q, want %d", took, seen, text, n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *crowd) counted(field string) int { return counted(c.t, c.cmd.Process.Pid, field) }
func (c *crowd) descriptors() int         { return descriptors(c.t, c.cmd.Process.Pid) }
func (c *crowd) children() []int          { return childrenOf(c.t, c.cmd.Process.Pid) }

// counted gives threads and memory as the kernel counts them, in what "ps" shows
// as threads and KiB.
func counted(t *testing.T, pid int, field string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(status), "\n"+field+":")
	words := strings.Fields(rest)
	if !found || len(words) == 0 {
		t.Fatalf("the kernel does not count %s", field)
	}
	n, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// childrenOf a process, dead ones that nobody has buried included.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // a thread has ended meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		for word := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

// allOf orders all about and expects success of each.
func (c *crowd) allOf(method string, n int) time.Duration {
	c.t.Helper()
	began := time.Now()
	var results []realResult
	if err := c.call(&results, method, true); err != nil {
		c.t.Fatal(err)
	}
	if len(results) != n {
		c.t.Errorf("%s answers %d results, want %d", method, len(results), n)
	}
	for _, r := range results {
		if r.Description != "OK" {
			c.t.Errorf("%s: %s: %s", method, r.Name, r.Description)
		}
	}
	return time.Since(began)
}

func (c *crowd) shutDown() time.Duration {
	c.t.Helper()
	began := time.Now()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	select {
	case err := <-c.exited:
		if err != nil {
			c.t.Errorf("supervisord ended with %v", err)
		}
	case <-time.After(scalePatience):
		c.t.Fatal("supervisord does not end")
	}
	return time.Since(began)
}

func TestAThousandProgramsNeedFewThreadsAndLeaveNothingBehind(t *testing.T) {
	c := newCrowd(t, fmt.Sprintf(`[program:s]
command=/bin/sleep 1000
process_name=%%(process_num)04d
numprocs=%d
`, manyPrograms))
	c.begin()
	up := c.awaitLog("entered RUNNING state", manyPrograms)
	threads, fds := c.counted("Threads"), c.descriptors()
	t.Logf("%d programs RUNNING after %v: %d threads, %d descriptors, %d KiB resident, at most %d KiB",
		manyPrograms, up.Round(time.Millisecond), threads, fds, c.counted("VmRSS"), c.counted("VmHWM"))
	if threads > mostThreads {
		t.Errorf("%d threads, want at most %d", threads, mostThreads)
	}
	if n := len(c.children()); n != manyPrograms {
		t.Errorf("%d children, want %d", n, manyPrograms)
	}

	down := c.allOf("stopAllProcesses", manyPrograms)
	first := c.descriptors()
	if n := len(c.children()); n != 0 {
		t.Errorf("%d children are left after stop all", n)
	}
	again := c.allOf("startAllProcesses", manyPrograms)
	pids := c.children()
	c.allOf("stopAllProcesses", manyPrograms)
	second := c.descriptors()
	// The connection of a caller is closed when its end is noticed, not sooner.
	for end := time.Now().Add(soon); second > first && time.Now().Before(end); second = c.descriptors() {
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("stop all took %v, start all %v; descriptors: %d, the second time %d",
		down.Round(time.Millisecond), again.Round(time.Millisecond), first, second)
	if second > first {
		t.Errorf("descriptors leak: %d after the first stop, %d after the second", first, second)
	}

	c.allOf("startAllProcesses", manyPrograms)
	pids = append(pids, c.children()...)
	t.Logf("shutdown took %v", c.shutDown().Round(time.Millisecond))
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("child %d is left (%v)", pid, err)
		}
	}
}

func TestEveryByteOfAHundredChattyChildrenIsKept(t *testing.T) {
	c := newCrowd(t, fmt.Sprintf(`[program:c]
command=TROUPE chatter DIR %d
process_name=%%(process_num)03d
numprocs=%d
startsecs=0
autorestart=false
redirect_stderr=true
stdout_logfile=DIR/%%(process_num)03d.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=20
`, chatterLines, chatterers))
	c.begin()
	took := c.awaitLog("exited: ", chatterers)
	bytes, files := int64(0), 0
	for n := range chatterers {
		size, pieces := c.mustBeWhole(fmt.Sprintf("%03d", n))
		bytes, files = bytes+size, files+pieces
	}
	t.Logf("%d lines, %d MB, in %v: %.0f lines/s, %.1f MB/s, over %d files; %d threads, %d KiB resident",
		chatterers*chatterLines, bytes>>20, took.Round(time.Millisecond),
		chatterers*chatterLines/took.Seconds(), float64(bytes)/(1<<20)/took.Seconds(), files,
		c.counted("Threads"), c.counted("VmRSS"))
	if files < 3*chatterers {
		t.Errorf("%d files: the logs were hardly rotated", files)
	}
	c.shutDown()
}

// mustBeWhole holds the rotated files of a child, the oldest first, against what
// the child says it wrote.
func (c *crowd) mustBeWhole(name string) (size int64, files int) {
	c.t.Helper()
	backups, err := filepath.Glob(c.path(name + ".log.*"))
	if err != nil {
		c.t.Fatal(err)
	}
	sum := sha256.New()
	for n := len(backups); n >= 0; n-- {
		piece := c.path(name + ".log")
		if n > 0 {
			piece += "." + strconv.Itoa(n)
		}
		file, err := os.Open(piece)
		if err != nil {
			c.t.Fatal(err)
		}
		read, err := io.Copy(sum, file)
		if err := errors.Join(err, file.Close()); err != nil {
			c.t.Fatal(err)
		}
		size += read
	}
	if got, want := fmt.Sprintf("%d %x", size, sum.Sum(nil)), c.read("sum."+name); got != want {
		c.t.Errorf("%s: the logs have %s, the child wrote %s", name, got, want)
	}
	return size, len(backups) + 1
}
