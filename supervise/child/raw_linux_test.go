package child

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setRaw sets our limit of descriptors behind the back of package syscall, which
// would otherwise stop giving children the original one.
func setRaw(t *testing.T, limit *syscall.Rlimit) {
	t.Helper()
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, 0, syscall.RLIMIT_NOFILE, uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
}

func TestAChildHasThreeDescriptorsWhateverWeHaveInherited(t *testing.T) {
	// As if whoever started us had left it open.
	leak, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(leak)
	f := found(t)
	for _, umask := range []int{-1, 0o22} { // the short way, and by the shim
		spec := sh("ls /proc/$$/fd; :")
		spec.Umask = umask
		if out, errs, _ := f.run(spec); out != "0\n1\n2\n" {
			t.Errorf("umask %d: open are %q (%q)", umask, out, errs)
		}
	}
}

func TestAChildHasNoSignalIgnoredOrBlocked(t *testing.T) {
	f := found(t)
	// Signals from 32 on belong to the C library; who ignored those before us is
	// not ours to know.
	const classic = 1<<31 - 1
	const pipe, none = 0x1000, 0
	for _, c := range []struct {
		umask   int
		sigpipe bool
		ignored uint64
	}{{-1, false, none}, {0o22, false, none}, {-1, true, pipe}, {0o22, true, pipe}} {
		spec := Spec{Path: "/bin/grep", Argv: []string{"grep", "Sig[BI]", "/proc/self/status"}, Umask: c.umask, SigpipeIgnored: c.sigpipe}
		out, errs, _ := f.run(spec)
		var blocked, ignored uint64
		_, err := fmt.Sscanf(out, "SigBlk:\t%x\nSigIgn:\t%x\n", &blocked, &ignored)
		if err != nil || blocked != none || ignored&classic != c.ignored {
			t.Errorf("umask %d, sigpipe ignored %v:\n%s%s", c.umask, c.sigpipe, out, errs)
		}
	}
}

func TestAChildHasTheOriginalLimitOfDescriptors(t *testing.T) {
	f := found(t)
	var ours syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &ours); err != nil {
		t.Fatal(err)
	}
	direct, _, _ := f.run(sh("ulimit -Sn; ulimit -Hn"))
	spec := sh("ulimit -Sn; ulimit -Hn")
	spec.Umask = 0o22
	byShim, _, _ := f.run(spec)
	if direct != byShim {
		t.Errorf("%q the short way, %q by the shim", direct, byShim)
	}
	var soft, hard uint64
	fmt.Sscan(direct, &soft, &hard)
	if hard != ours.Max || soft > hard {
		t.Errorf("soft %d, hard %d; ours is %+v", soft, hard, ours)
	}
}

func TestASignalThatStopsIsNoExit(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("echo on; exec sleep 600"))
	f.says(o, "on")
	if err := f.Signal(o.pid, sigStop, false); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, o.pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	f.Signal(o.pid, sigTerm, false) // waits for CONT
	if exits := f.Reap(); len(exits) != 0 {
		t.Fatalf("reaped the stopped: %+v", exits)
	}
	f.Signal(o.pid, sigCont, false)
	if exit := f.end(o); exit.Signal != sigTerm {
		t.Errorf("%+v", exit)
	}
}

func TestOrphansWeInheritAreReapedAndUnknown(t *testing.T) {
	if err := BecomeSubreaper(); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	f := found(t)
	o := f.spawn(sh("exec 3<&0; sh -c 'read line <&3; exit 9' & echo $!; exit 0"))
	f.end(o)
	var orphan int
	fmt.Sscan(o.stdout.String(), &orphan)
	f.until("the orphan", func() bool { return len(f.orphans) > 0 })
	if want := (Exit{Key: -1, PID: orphan, Status: 9, Usage: f.orphans[0].Usage}); f.orphans[0] != want {
		t.Errorf("orphan %+v, want %+v", f.orphans[0], want)
	}
}

func TestAPipeSeenFullIsGrown(t *testing.T) {
	f := found(t)
	hold := make(chan struct{})
	spec := sh("head -c 1000000 /dev/zero; echo; read line")
	r := &recorder{hold: hold, changed: func() { f.mu.Lock(); f.change(); f.mu.Unlock() }}
	spec.Stdout = r
	o := f.spawn(spec)
	f.live(o)
	f.OSHost.mu.Lock()
	pump := f.byLife[o.life].pumps[0]
	f.OSHost.mu.Unlock()
	close(hold)
	f.until("all output", func() bool { return strings.HasSuffix(r.String(), "\n") })
	var size int
	pump.raw.Control(func(fd uintptr) { size, _ = unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0) })
	if size != grownPipeSize && size != pipeSize/8 { // the latter once a user's budget is spent
		t.Errorf("the pipe holds %d", size)
	}
	f.Signal(o.pid, sigKill, false)
	f.end(o)
}

// threads counts those of this process.
func threads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

func waitNoReap(pid int) error {
	return unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
}
