package metrics

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// relative is what the test binary is when it is a program that is measured.
const relative = "METRICS_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(relative); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// play is a program: each says a word when it has what it shall have, and goes on
// until its standard input ends.
func play(role string) int {
	switch role {
	case "parent": // two that work
		for range 2 {
			start("worker")
		}
	case "worker":
		memory := make([]byte, 50<<20)
		for i := 0; i < len(memory); i += 4096 {
			memory[i] = 1
		}
		var files []*os.File
		for range 20 {
			file, err := os.Open("/dev/null")
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			files = append(files, file)
		}
		go func() { // until the program ends
			for {
				memory[len(files)]++
			}
		}()
	case "leaver": // one whose child loses its parent, and stays in the group
		start("between")
	case "between":
		start("orphan")
		fmt.Println("between")
		return 0
	case "busy": // many that work for a moment, one after another
		go func() {
			for {
				if err := exec.Command("/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").Run(); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		}()
	}
	fmt.Println(role)
	_, _ = io.Copy(io.Discard, os.Stdin) // however it ends
	return 0
}

// start begins a program that shares this one's input and output.
func start(role string) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), relative+"="+role)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() { _ = cmd.Wait() }() // however it ends; until the program does
}

// run starts a program as supervisord starts its children, and waits until each
// of those it consists of has said its word. It ends with the test.
func run(t *testing.T, role string, words ...string) int {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), relative+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			t.Error(err)
		}
		_ = cmd.Wait() // killed, or by itself
	})
	lines := bufio.NewScanner(out)
	for len(words) > 0 {
		if !lines.Scan() {
			t.Fatalf("%s ended before it said %v: %v", role, words, lines.Err())
		}
		if i := slices.Index(words, lines.Text()); i >= 0 {
			words = slices.Delete(words, i, i+1)
		}
	}
	return cmd.Process.Pid
}

// measured samples a program until it uses what it should.
func measured(t *testing.T, pid int, enough func(supervise.Usage) bool) {
	t.Helper()
	told := make(chan struct{}, 1)
	s := New(Options{Engine: &fakeEngine{processes: []supervise.ProcessInfo{{ID: 1, PID: pid}}}, Keep: time.Hour})
	defer s.Close()
	defer s.Watch(quickest, func() {
		select {
		case told <- struct{}{}:
		default:
		}
	})()
	patience := time.After(time.Minute)
	for {
		select {
		case <-told:
			if enough(s.Usage(1)) {
				return
			}
		case <-patience:
			t.Fatalf("after a minute: %+v, history %+v", s.Usage(1), s.History(1))
		}
	}
}

func TestATreeOfRealProcessesIsAddedUp(t *testing.T) {
	pid := run(t, "parent", "parent", "worker", "worker")
	measured(t, pid, func(u supervise.Usage) bool {
		return u.PID == pid && u.Processes == 3 && u.Memory >= 100<<20 && u.Memory < 1<<30 && u.Descriptors >= 40 && u.Threads >= 9 && u.CPU > 1 && u.CPUTime > 0
	})
}

func TestWhoLosesItsParentButNotItsGroupStillCounts(t *testing.T) {
	pid := run(t, "leaver", "leaver", "between", "orphan")
	measured(t, pid, func(u supervise.Usage) bool { return u.Processes == 2 })
}

func TestWhatShortLivedChildrenUseIsCounted(t *testing.T) {
	pid := run(t, "busy", "busy")
	measured(t, pid, func(u supervise.Usage) bool { return u.CPU > 5 })
}

// fakeProc makes a directory like /proc of lines as those of stat, and of how many
// descriptors each has open.
func fakeProc(t *testing.T, stats map[int]string, open map[int]int) string {
	t.Helper()
	root := t.TempDir()
	for pid, stat := range stats {
		dir := filepath.Join(root, strconv.Itoa(pid))
		if err := os.MkdirAll(filepath.Join(dir, "fd"), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, "stat"), stat)
		for fd := range open[pid] {
			writeFile(t, filepath.Join(dir, "fd", strconv.Itoa(fd)), "")
		}
	}
	for _, other := range []string{"self", "12x", "loadavg", "-3"} {
		if err := os.MkdirAll(filepath.Join(root, other), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func stat(pid, ppid int, own time.Duration) string {
	return fmt.Sprintf("%d (a ) 1) S %d %d 1 0 -1 0 0 0 0 0 %d 0 0 0 20 0 3 0 %d 4096 5 0\n", pid, ppid, pid, own/tick, pid)
}

func TestAProcIsListedInTheOrderOfItsPids(t *testing.T) {
	root := fakeProc(t, map[int]string{
		100: stat(100, 1, time.Second), 9: stat(9, 1, 0), 1: stat(1, 0, 0), 101: stat(101, 100, time.Second),
		55: "nonsense", 7000: stat(7000, 101, time.Second),
	}, map[int]int{100: 3, 101: 40})
	sys := newProcfs(root)
	list, err := sys.list(nil, nil)
	defer sys.rest(list)
	if err != nil {
		t.Fatal(err)
	}
	var pids []int32
	for _, p := range list {
		pids = append(pids, p.pid)
	}
	if !slices.Equal(pids, []int32{1, 9, 100, 101, 7000}) {
		t.Errorf("pids %v", pids)
	}
	if n := sys.descriptors(&list[2]); n != 3 || !sys.slow() {
		t.Errorf("%d descriptors", n)
	}
	if n := sys.descriptors(&list[3]); n != 40 {
		t.Errorf("%d descriptors", n)
	}
	if n := sys.descriptors(&proc{pid: 4}); n != 0 {
		t.Errorf("%d descriptors of what is gone", n)
	}
	if p := list[2]; p.memory != 5*int64(os.Getpagesize()) || p.threads != 3 || p.own != time.Second || p.ppid != 1 || p.start != 100 {
		t.Errorf("%+v", p)
	}
}

func TestWhoMayNotLookAtDescriptorsGetsNoFigure(t *testing.T) {
	if os.Getuid() == 0 {
		if missing(unix.EACCES) != supervise.Unmeasured || missing(unix.ESRCH) != 0 {
			t.Error("root may look everywhere, and yet")
		}
		return
	}
	root := fakeProc(t, map[int]string{5: stat(5, 1, 0)}, map[int]int{5: 3})
	if err := os.Chmod(filepath.Join(root, "5", "fd"), 0); err != nil {
		t.Fatal(err)
	}
	sys := newProcfs(root)
	list, err := sys.list(nil, nil)
	defer sys.rest(list)
	if err != nil || sys.descriptors(&list[0]) != supervise.Unmeasured {
		t.Errorf("%v, %d", err, sys.descriptors(&list[0]))
	}
}

func TestAProcThatIsNotThereIsAnError(t *testing.T) {
	if _, err := newProcfs(filepath.Join(t.TempDir(), "none")).list(nil, nil); err == nil {
		t.Error("it was listed")
	}
}

// passOver makes a pass over real processes that are roots each, and gives the
// list for the next.
func passOver(t testing.TB, sys system, before, into []proc, roots []int32) []proc {
	list, err := sys.list(before, into[:0])
	if err != nil {
		t.Fatal(err)
	}
	assign(list, roots)
	account(before, list)
	for i := range list {
		if list[i].owner >= 0 {
			sys.descriptors(&list[i])
		}
	}
	return list
}

func TestFilesOfProgramsAreKeptOpenAndClosedInTime(t *testing.T) {
	sys := newProcfs("/proc")
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	atFirst := open()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	roots := []int32{int32(cmd.Process.Pid)}
	before := open()
	a := passOver(t, sys, nil, nil, roots)
	b := passOver(t, sys, a, nil, roots)
	kept := b[find(b, roots[0])].file
	if sys.counts && (kept == noFile || open() != before+2) { // it, and the directory
		t.Errorf("file %d, %d open, %d before", kept, open(), before)
	}
	a = passOver(t, sys, b, a, roots)
	if again := a[find(a, roots[0])].file; again != kept {
		t.Errorf("file %d, and then %d", kept, again)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	b = passOver(t, sys, a, b, roots)
	if find(b, roots[0]) >= 0 || open() != atFirst+1 {
		t.Errorf("%d open after its death, %d before its life", open(), atFirst)
	}
	sys.rest(b)
	if open() != atFirst {
		t.Errorf("%d open at rest, %d at first", open(), atFirst)
	}
}

func TestAPassAllocatesNothingInTheLongRun(t *testing.T) {
	s := &Sampler{Options: Options{Keep: time.Hour, system: newProcfs("/proc")}, base: time.Now(), passed: make(chan struct{}), series: map[int]*series{}}
	for id := range 50 {
		s.series[id] = &series{pid: int32(os.Getpid()), usage: supervise.NoUsage}
	}
	for range 5 {
		s.sample()
	}
	// The channel that tells of the pass, whatever the number of processes; and now
	// and then a longer list, if somebody starts something meanwhile.
	if n := testing.AllocsPerRun(20, s.sample); n > 4 {
		t.Errorf("%v allocations in a pass", n)
	}
	s.pass.rest(s.system)
}

func BenchmarkAPassOver1000Programs(b *testing.B) {
	s := &Sampler{Options: Options{Keep: time.Hour, system: newProcfs("/proc")}, base: time.Now(), passed: make(chan struct{}), series: map[int]*series{}}
	for id := range 1000 {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		s.series[id] = &series{pid: int32(cmd.Process.Pid), usage: supervise.NoUsage}
		defer func() {
			if err := cmd.Process.Kill(); err != nil {
				b.Error(err)
			}
			_ = cmd.Wait() // killed
		}()
	}
	s.sample()
	s.sample()
	b.ReportAllocs()
	var began, ended unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &began); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.sample()
	}
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ended); err != nil {
		b.Fatal(err)
	}
	used := ended.Utime.Nano() + ended.Stime.Nano() - began.Utime.Nano() - began.Stime.Nano()
	b.ReportMetric(float64(used)/float64(b.N)/1e6, "cpu-ms/op")
	s.pass.rest(s.system)
}
