//go:build unix

package child

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

const (
	sigTerm = supervise.Signal(syscall.SIGTERM)
	sigKill = supervise.Signal(syscall.SIGKILL)
	sigStop = supervise.Signal(syscall.SIGSTOP)
	sigCont = supervise.Signal(syscall.SIGCONT)
)

func TestEveryExitStatusIsToldOnce(t *testing.T) {
	f := found(t)
	var lives []*outcome
	for status := range 256 {
		lives = append(lives, f.spawn(sh(fmt.Sprint("exit ", status))))
	}
	for status, o := range lives {
		exit := f.end(o)
		want := Exit{Key: o.key, Incarnation: o.incarnation, PID: o.pid, Status: status, Usage: exit.Usage}
		if exit != want || len(o.exits) != 1 || o.drained != 1 {
			t.Errorf("exits %+v (drained %d times), want %+v once", o.exits, o.drained, want)
		}
		if o.stdout.flushes() != 1 || o.stderr.flushes() != 1 {
			t.Errorf("flushed %d and %d times", o.stdout.flushes(), o.stderr.flushes())
		}
	}
	if len(f.orphans) > 0 {
		t.Errorf("unknown exits %+v", f.orphans)
	}
}

func TestDeathBySignalIsToldWithItsSignal(t *testing.T) {
	f := found(t)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGALRM} {
		_, _, exit := f.run(sh(fmt.Sprintf("kill -%d $$", sig)))
		if exit.Status != -1 || exit.Signal != supervise.Signal(sig) || exit.CoreDumped {
			t.Errorf("%v: told %+v", sig, exit)
		}
	}
}

func TestWaitStatusIsReadAsTheOriginalReadsIt(t *testing.T) {
	for status, want := range map[syscall.WaitStatus]Exit{
		0x0000: {Key: -1, PID: 9, Status: 0},
		0xff00: {Key: -1, PID: 9, Status: 255},
		0x000f: {Key: -1, PID: 9, Status: -1, Signal: 15},
		0x008b: {Key: -1, PID: 9, Status: -1, Signal: 11, CoreDumped: true},
		0x0022: {Key: -1, PID: 9, Status: -1, Signal: 34},
	} {
		if got := exitOf(nil, 9, status); got != want {
			t.Errorf("%#x: %+v, want %+v", status, got, want)
		}
	}
}

func TestAChildLeadsItsOwnGroupInOurSession(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("sleep 600 & echo $!; wait"))
	pid := f.live(o)
	f.says(o, "\n")
	if pgid, err := unix.Getpgid(pid); err != nil || pgid != pid {
		t.Errorf("group %d of %d (%v)", pgid, pid, err)
	}
	var grandchild int
	fmt.Sscan(o.stdout.String(), &grandchild)
	if pgid, err := unix.Getpgid(grandchild); err != nil || pgid != pid {
		t.Errorf("group %d of the grandchild (%v)", pgid, err)
	}
	if err := f.Signal(pid, sigKill, true); err != nil {
		t.Fatal(err)
	}
	if exit := f.end(o); exit.Signal != sigKill {
		t.Errorf("%+v", exit)
	}
	gone(t, grandchild)
}

// alive says whether pid runs: a zombie whom nobody has collected does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func TestTheBuriedAreNotSignalled(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("exit 0"))
	exit := f.end(o)
	for _, group := range []bool{false, true} {
		if err := f.Signal(exit.PID, sigTerm, group); err != syscall.ESRCH {
			t.Errorf("signal to the dead: %v", err)
		}
		if err := f.Signal(os.Getppid(), 0, group); err != syscall.ESRCH {
			t.Errorf("signal to a stranger: %v", err)
		}
	}
}

func TestAChildsDescriptorsBlock(t *testing.T) {
	f := found(t)
	for _, umask := range []int{-1, 0o22} { // the short way, and by the shim
		spec := actor(t, "blocking")
		spec.Umask = umask
		if out, _, _ := f.run(spec); out != "0 true <nil>\n1 true <nil>\n2 true <nil>\n" {
			t.Errorf("umask %d: blocking %q", umask, out)
		}
	}
}

func TestRedirectedStderrIsStdout(t *testing.T) {
	f := found(t)
	spec := sh("echo a; echo b >&2; echo c")
	spec.MergeErr = true
	if out, errs, _ := f.run(spec); out != "a\nb\nc\n" || errs != "" {
		t.Errorf("stdout %q, stderr %q", out, errs)
	}
	if out, errs, _ := f.run(sh("echo a; echo b >&2; echo c")); out != "a\nc\n" || errs != "b\n" {
		t.Errorf("stdout %q, stderr %q", out, errs)
	}
}

func TestTheEnvironmentIsExactlyWhatWasAsked(t *testing.T) {
	f := found(t)
	t.Setenv("NOT_ASKED_FOR", "1")
	for _, umask := range []int{-1, 0o22} {
		spec := Spec{Path: "/usr/bin/env", Argv: []string{"env", "-0"}, Umask: umask,
			Env: []string{"A=b c", "LATIN=\xe9\xff", "EMPTY=", "GODEBUG=inittrace=1", "LONG=" + strings.Repeat("x", 100_000)}}
		want := strings.Join(spec.Env, "\x00") + "\x00"
		if out, errs, _ := f.run(spec); out != want || errs != "" {
			t.Errorf("umask %d: %q, stderr %q", umask, out, errs)
		}
	}
}

func TestAnEnvironmentLargerThanAPipeReachesTheShim(t *testing.T) {
	f := found(t)
	spec := sh("echo ${#A} ${#Z}; umask")
	for i := range 12 {
		spec.Env = append(spec.Env, fmt.Sprintf("%c=%s", 'A'+i, strings.Repeat("y", 100_000)))
	}
	spec.Env = append(spec.Env, "Z=1")
	spec.Umask = 0o77
	if out, errs, _ := f.run(spec); out != "100000 1\n0077\n" {
		t.Errorf("%q %q", out, errs)
	}
}

func TestUmaskIsTheChildsOwn(t *testing.T) {
	f := found(t)
	ours, _, _ := f.run(sh("umask"))
	for umask, want := range map[int]string{0: "0000\n", 0o27: "0027\n", 0o777: "0777\n"} {
		spec := sh("umask")
		spec.Umask = umask
		if out, _, _ := f.run(spec); out != want {
			t.Errorf("umask %#o: %q", umask, out)
		}
	}
	if now, _, _ := f.run(sh("umask")); now != ours {
		t.Errorf("ours was %q, is %q", ours, now)
	}
}

func TestTheDirectoryIsEnteredBeforeARelativeCommandIsExecuted(t *testing.T) {
	f := found(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "here"), []byte("#!/bin/sh\npwd\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, umask := range []int{-1, 0o22} {
		spec := Spec{Path: "./here", Argv: []string{"./here"}, Dir: dir, Umask: umask}
		if out, errs, _ := f.run(spec); out != dir+"\n" {
			t.Errorf("umask %d: %q %q", umask, out, errs)
		}
	}
}

func TestArgvZeroIsAsWrittenAndThePathIsExecuted(t *testing.T) {
	f := found(t)
	spec := sh("echo $0")
	spec.Argv = []string{"a name", "-c", "echo \"$0\" \"$1\"", "zero", "\xff"}
	if out, _, _ := f.run(spec); out != "zero \xff\n" {
		t.Errorf("%q", out)
	}
}

// The original's lines (process.py _spawn_as_child), golden.
func TestAProgramThatCannotBeExecutedIsAChildThatSaysWhy(t *testing.T) {
	f := found(t)
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	plain := write("plain", "echo no\n", 0o755)
	cases := []struct {
		name string
		spec Spec
		want string
	}{
		{"no such file", Spec{Path: dir + "/gone"}, "couldn't exec word: ENOENT"},
		{"not executable", Spec{Path: write("mode", "#!/bin/sh\n", 0o644)}, "couldn't exec word: EACCES"},
		{"a directory", Spec{Path: dir}, "couldn't exec word: EACCES"},
		{"no format", Spec{Path: plain}, "couldn't exec word: ENOEXEC"},
		{"an empty file", Spec{Path: write("empty", "", 0o755)}, "couldn't exec word: ENOEXEC"},
		{"no interpreter", Spec{Path: write("bang", "#!/no/such\n", 0o755)}, "couldn't exec word: ENOENT"},
		{"a loop of links", Spec{Path: loop}, "couldn't exec word: ELOOP"},
		{"below a file", Spec{Path: plain + "/x"}, "couldn't exec word: ENOTDIR"},
		{"too long a name", Spec{Path: "/" + strings.Repeat("x", 300)}, "couldn't exec word: ENAMETOOLONG"},
		{"too many arguments", Spec{Path: "/bin/true", Env: []string{"A=" + strings.Repeat("x", 3<<20)}}, "couldn't exec word: E2BIG"},
		{"no such directory", Spec{Path: "/bin/true", Dir: "/nodir"}, "couldn't chdir to /nodir: ENOENT"},
		{"the directory is a file", Spec{Path: "/bin/true", Dir: plain}, "couldn't chdir to " + plain + ": ENOTDIR"},
		{"both are wrong", Spec{Path: "/nofile", Dir: "/nodir"}, "couldn't chdir to /nodir: ENOENT"},
	}
	for _, c := range cases {
		for _, umask := range []int{-1, 0o22} {
			c.spec.Argv, c.spec.Umask, c.spec.Name = []string{"word", "arg"}, umask, "x"
			out, errs, exit := f.run(c.spec)
			want := "supervisor: " + c.want + "\nsupervisor: child process was not spawned\n"
			if errs != want || out != "" || exit.Status != 127 {
				t.Errorf("%s, umask %d: status %d, stdout %q, stderr\n%swant\n%s", c.name, umask, exit.Status, out, errs, want)
			}
		}
	}
	spec := Spec{Path: "/nofile", Argv: []string{"/nofile"}, Umask: -1, MergeErr: true}
	if out, _, _ := f.run(spec); out != "supervisor: couldn't exec /nofile: ENOENT\nsupervisor: child process was not spawned\n" {
		t.Errorf("with redirect_stderr: %q", out)
	}
	if len(f.orphans) > 0 {
		t.Errorf("children nobody knows: %+v", f.orphans)
	}
}

func TestAFileBeingWrittenIsTriedAgainThenToldBusy(t *testing.T) {
	f := found(t)
	path := filepath.Join(t.TempDir(), "busy")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(file, "#!/bin/sh\necho ran\n")
	spec := Spec{Path: path, Argv: []string{path}, Umask: -1}
	_, errs, exit := f.run(spec)
	if want := "supervisor: couldn't exec " + path + ": ETXTBSY\nsupervisor: child process was not spawned\n"; errs != want || exit.Status != 127 {
		t.Errorf("status %d, %q", exit.Status, errs)
	}
	file.Close()
	if out, errs, _ := f.run(spec); out != "ran\n" {
		t.Errorf("%q %q", out, errs)
	}
}

func TestSpawnErrTextsAreTheOriginals(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{forkText("x", syscall.EAGAIN), "Too many processes in process table to spawn 'x'"},
		{forkText("x", syscall.ENOMEM), "unknown error during fork for 'x': ENOMEM"},
		{DispatchersText("x", os.NewSyscallError("pipe2", syscall.EMFILE)), "too many open files to spawn 'x'"},
		{DispatchersText("x", &os.PathError{Op: "open", Path: "/a", Err: syscall.ENOENT}), "unknown error making dispatchers for 'x': ENOENT"},
		{DispatchersText("x", syscall.ENFILE), "unknown error making dispatchers for 'x': ENFILE"},
		{DispatchersText("x", syscall.Errno(4000)), "unknown error making dispatchers for 'x': 4000"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestWithoutDescriptorsNoChildIsMadeAndNoneIsLost(t *testing.T) {
	f := found(t)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	// However many descriptors are left, at some count of them each way to fail
	// is met: no pipe, half the pipes, no pipe for fork.
	f.end(f.spawn(sh("exit 0"))) // whatever is made at first use is made
	var hogs []int
	defer func() {
		for _, fd := range hogs {
			syscall.Close(fd)
		}
	}()
	tight := before
	tight.Cur = 256
	setRaw(t, &tight)
	defer setRaw(t, &before)
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		hogs = append(hogs, fd)
	}
	var born, refused int
	for free := 0; free <= 12; free++ {
		o := f.spawn(sh("exit 7"))
		f.until("an answer", func() bool { return o.failed != "" || o.drained > 0 })
		switch {
		case o.failed == "too many open files to spawn 'x'":
			refused++
		case o.failed == "" && o.exits[0].Status == 7:
			born++
		default:
			t.Errorf("with %d free: %q %+v", free, o.failed, o.exits)
		}
		syscall.Close(hogs[len(hogs)-1])
		hogs = hogs[:len(hogs)-1]
	}
	if refused < 6 || born < 2 {
		t.Errorf("%d refused, %d born", refused, born)
	}
}

func TestSameUserNeedsNoPrivileges(t *testing.T) {
	f := found(t)
	spec := sh("id -u")
	spec.User = &Credential{UID: uint32(os.Getuid()), GID: 12345, Groups: []uint32{12345}}
	for _, umask := range []int{-1, 0o22} {
		spec.Umask = umask
		if out, errs, _ := f.run(spec); out != fmt.Sprintln(os.Getuid()) {
			t.Errorf("%q %q", out, errs)
		}
	}
}

func TestAChildBecomesItsUserWithExactlyItsGroups(t *testing.T) {
	needRoot(t)
	f := found(t)
	spec := sh("id -u; id -g; id -G")
	spec.User = &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534, 4, 27}}
	for _, umask := range []int{-1, 0o22} {
		spec.Umask = umask
		if out, errs, _ := f.run(spec); out != "65534\n65534\n65534 4 27\n" {
			t.Errorf("umask %d: %q %q", umask, out, errs)
		}
	}
}

func TestAChildWithItsOwnUserMayOpenItsStdoutByName(t *testing.T) {
	needRoot(t)
	f := found(t)
	spec := sh("echo out > /dev/stdout; echo err > /dev/stderr")
	spec.User = &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	if out, errs, exit := f.run(spec); out != "out\n" || errs != "err\n" || exit.Status != 0 {
		t.Errorf("%q %q %+v", out, errs, exit)
	}
}

func TestADirectoryIsEnteredAsTheUser(t *testing.T) {
	needRoot(t)
	f := found(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	spec := sh("pwd")
	spec.Dir, spec.User = dir, &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	if _, errs, exit := f.run(spec); errs != "supervisor: couldn't chdir to "+dir+": EACCES\nsupervisor: child process was not spawned\n" || exit.Status != 127 {
		t.Errorf("%q %+v", errs, exit)
	}
}

func TestAProgramOfAnotherUserIsRefusedToOneWithoutPrivileges(t *testing.T) {
	needRoot(t)
	f := found(t)
	spec := actor(t, "follow", "true")
	spec.User = &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	want := "supervisor: couldn't setuid to 1: Can't drop privilege as nonroot user\nsupervisor: child process was not spawned\n"
	if _, errs, exit := f.run(spec); errs != want || exit.Status != 127 {
		t.Errorf("%q %+v", errs, exit)
	}
}

func TestPrivilegesAreDroppedOnceAndNotTakenBack(t *testing.T) {
	needRoot(t)
	f := found(t)
	if out, _, _ := f.run(actor(t, "become", "65534")); out != "65534 65534 <nil>\n" {
		t.Errorf("root to nobody: %q", out)
	}
	spec := actor(t, "become", "1")
	spec.User = &Credential{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	if out, _, _ := f.run(spec); out != "65534 65534 Can't drop privilege as nonroot user\n" {
		t.Errorf("nobody to daemon: %q", out)
	}
	spec.Argv[3] = "65534"
	if out, _, _ := f.run(spec); out != "65534 65534 <nil>\n" {
		t.Errorf("nobody to nobody: %q", out)
	}
}

func TestLastWordsComeBeforeDrained(t *testing.T) {
	f := found(t)
	var lives []*outcome
	for range 50 {
		o := f.spawn(sh("head -c 60000 /dev/zero; echo bye; echo oh >&2; kill -9 $$"))
		lives = append(lives, o)
	}
	for _, o := range lives {
		f.until("drained", func() bool {
			if o.drained == 0 {
				return false
			}
			if n := len(o.stdout.String()); n != 60004 || o.stderr.String() != "oh\n" || o.stdout.flushes() != 1 {
				t.Errorf("drained with %d bytes and %q, flushed %d times", n, o.stderr.String(), o.stdout.flushes())
			}
			return true
		})
	}
}

func TestAGrandchildThatHoldsThePipeDelaysNothing(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("sleep 600 & echo early $!; exit 3"))
	exit := f.end(o)
	if exit.Status != 3 || !strings.HasPrefix(o.stdout.String(), "early ") {
		t.Errorf("%+v %q", exit, o.stdout.String())
	}
	var word string
	var grandchild int
	fmt.Sscan(o.stdout.String(), &word, &grandchild)
	if err := syscall.Kill(grandchild, syscall.SIGKILL); err != nil {
		t.Errorf("the grandchild should have lived: %v", err)
	}
}

func TestAGrandchildThatNeverStopsWritingCannotKeepTheDeadUnburied(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("yes & read line; exit 3")) // yes ends by SIGPIPE when the pipe is closed
	f.says(o, "y\n")
	if err := f.Write(o.key, o.incarnation, []byte("go\n")); err != nil {
		t.Fatal(err)
	}
	if exit := f.end(o); exit.Status != 3 {
		t.Errorf("%+v", exit)
	}
}

func TestAChildThatClosesItsOutputIsNotDead(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("echo on; exec 1>&- 2>&-; read line; exit 5"))
	f.says(o, "on")
	f.until("end of file", func() bool {
		return o.stdout.flushes() == 1 && o.stderr.flushes() == 1
	})
	if err := f.Write(o.key, o.incarnation, []byte("go\n")); err != nil {
		t.Fatal(err)
	}
	if exit := f.end(o); exit.Status != 5 || o.drained != 1 {
		t.Errorf("%+v drained %d times", exit, o.drained)
	}
}

func TestASinkThatWaitsMakesOnlyItsOwnChildWait(t *testing.T) {
	f := found(t)
	hold := make(chan struct{})
	slow := sh("echo slow")
	o := &recorder{hold: hold, changed: func() {}}
	slow.Stdout = o
	s := f.spawn(slow)
	f.until("the death of the slow", func() bool { return len(s.exits) == 1 })
	if out, _, _ := f.run(sh("echo quick")); out != "quick\n" {
		t.Errorf("%q", out)
	}
	f.mu.Lock()
	if s.drained != 0 {
		t.Error("drained while its sink has not taken its words")
	}
	f.mu.Unlock()
	close(hold)
	f.end(s)
	if o.String() != "slow\n" || o.flushes() != 1 {
		t.Errorf("%q, flushed %d times", o.String(), o.flushes())
	}
}

func TestOutputNobodyWantsIsReadAndThrownAway(t *testing.T) {
	f := found(t)
	f.mu.Lock()
	o := &outcome{life: life{5, 500}}
	f.lives[o.life] = o
	f.mu.Unlock()
	spec := sh("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; exit 6")
	spec.Key, spec.Incarnation = o.key, o.incarnation
	f.Spawn(spec)
	if exit := f.end(o); exit.Status != 6 {
		t.Errorf("%+v", exit)
	}
}

func TestMuchOutputArrivesWholeAndInOrder(t *testing.T) {
	f := found(t)
	out, _, _ := f.run(sh("seq 1 400000"))
	var want strings.Builder
	for i := range 400000 {
		fmt.Fprintln(&want, i+1)
	}
	if out != want.String() {
		t.Errorf("%d bytes, want %d", len(out), want.Len())
	}
}

func TestStdinStaysOpenAndTakesWhatFits(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("cat"))
	f.live(o)
	text := strings.Repeat("0123456789abcde\n", 1<<16) // a mebibyte
	if err := f.Write(o.key, o.incarnation, []byte(text)); err != nil {
		t.Fatal(err)
	}
	f.until("all of it", func() bool { return len(o.stdout.String()) == len(text) })
	if err := f.Write(o.key, o.incarnation, []byte("end\n")); err != nil {
		t.Fatal(err)
	}
	f.says(o, "end\n")
	if o.stdout.String() != text+"end\n" {
		t.Error("it came out otherwise")
	}
	f.Signal(o.pid, sigTerm, false)
	f.end(o)
	if err := f.Write(o.key, o.incarnation, []byte("x")); err != syscall.EPIPE {
		t.Errorf("write to the dead: %v", err)
	}
}

func TestStdinNobodyReadsIsBounded(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("echo on; exec sleep 600"))
	f.says(o, "on")
	piece := make([]byte, 100_000)
	taken := 0
	for range 100 {
		err := f.Write(o.key, o.incarnation, piece)
		if err == ErrStdinFull {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken += len(piece)
	}
	if taken < 1<<20 || taken > 1<<20+1<<19 {
		t.Errorf("%d bytes were taken", taken)
	}
	if err := f.Write(o.key, o.incarnation, make([]byte, 2<<20)); err != ErrStdinFull {
		t.Errorf("two mebibytes: %v", err)
	}
	f.Signal(o.pid, sigKill, false)
	f.end(o)
}

func TestStdinTheChildClosedIsAPipeError(t *testing.T) {
	f := found(t)
	o := f.spawn(sh("exec 0<&-; echo closed; exec sleep 600"))
	f.says(o, "closed")
	for range 2 {
		if err := f.Write(o.key, o.incarnation, []byte("x")); err != syscall.EPIPE {
			t.Errorf("%v", err)
		}
	}
	f.Signal(o.pid, sigKill, false)
	f.end(o)
	if err := f.Write(1234, 1, nil); err != syscall.EPIPE {
		t.Errorf("write to nobody: %v", err)
	}
}

func TestCloseEndsEverythingButTheChildren(t *testing.T) {
	f := found(t)
	var lives []*outcome
	for range 20 {
		lives = append(lives, f.spawn(sh("echo on; trap '' HUP; while :; do sleep 600; done")))
	}
	for _, o := range lives {
		f.says(o, "on")
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, o := range lives {
		if !alive(o.pid) {
			t.Errorf("%d died", o.pid)
		}
	}
	f.Spawn(sh("exit 0")) // asked too late: nothing happens
	if err := f.Close(t.Context()); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.ContainsFunc(lives, func(o *outcome) bool { return o.stdout.flushes() != 1 }) {
		t.Error("a sink was not flushed")
	}
}
