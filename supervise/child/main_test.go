//go:build unix

package child

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// The test binary is also the shim, and the children that no shell can play.
func TestMain(m *testing.M) {
	MaybeShim()
	if len(os.Args) > 2 && os.Args[1] == "act" {
		os.Exit(act(os.Args[2], os.Args[3:]))
	}
	os.Setenv("GORACE", noRaceDelay)
	os.Exit(m.Run())
}

// noRaceDelay keeps actors built with -race from sleeping a second as they exit.
const noRaceDelay = "atexit_sleep_ms=0"

// act plays a child.
func act(role string, args []string) int {
	switch role {
	case "blocking": // says whether its own descriptors block
		for fd := range 3 {
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			fmt.Println(fd, flags&unix.O_NONBLOCK == 0, err)
		}
	case "follow": // does as the shim would for a program of user 1
		plan{User: &Credential{UID: 1, GID: 1}, Umask: -1, Path: []byte("/bin/true"), Argv: toBytes(args)}.follow()
	case "find": // finds a command
		file, err := FindCommand(args[0], "")
		if err != nil {
			file = err.Error()
		}
		fmt.Println(file)
	case "become": // becomes somebody
		uid, _ := strconv.Atoi(args[0])
		err := DropPrivileges(Credential{UID: uint32(uid), GID: uint32(uid), Groups: []uint32{uint32(uid)}})
		fmt.Println(os.Getuid(), os.Getgid(), err)
	case "as": // plays args[3:] as the user args[0], with other limits of descriptors
		uid, _ := strconv.Atoi(args[0])
		var limit syscall.Rlimit
		fmt.Sscan(args[1], &limit.Cur)
		fmt.Sscan(args[2], &limit.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			fmt.Println(err)
			return 1
		}
		if err := DropPrivileges(Credential{UID: uint32(uid), GID: uint32(uid)}); err != nil {
			fmt.Println(err)
			return 1
		}
		path, err := shimPath()
		if err == nil {
			err = syscall.Exec(path, append([]string{"actor", "act"}, args[3:]...), os.Environ())
		}
		fmt.Println(err)
		return 1
	case "listen": // listens at args[0], and leaves that to the program args[1], or waits for the end of its input
		socket, err := OpenSocket(SocketSpec{Unix: true, Path: args[0], Mode: 0o700})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if len(args) > 1 {
			heir := exec.Command(args[1], args[2:]...)
			heir.ExtraFiles = []*os.File{os.NewFile(uintptr(socket.FD()), "socket")}
			err = heir.Start()
			fmt.Println(heir.Process.Pid, err)
			return 0
		}
		fmt.Println("listens")
		_, _ = os.Stdin.Read(make([]byte, 1)) // nothing comes but the end
	case "raise": // raises limits, and shows what children then have
		minfds, _ := strconv.Atoi(args[0])
		minprocs, _ := strconv.Atoi(args[1])
		lines, err := RaiseLimits(minfds, minprocs)
		fmt.Printf("%q %v\n", lines, err)
		if err == nil {
			out, err := exec.Command("/bin/sh", "-c", "ulimit -Sn; ulimit -Hn").Output()
			fmt.Printf("%s", out)
			return exitCode(err)
		}
	case "accept": // answers one connection on the socket that is descriptor 0
		listener, err := net.FileListener(os.Stdin)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		conn, err := listener.Accept()
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Fprint(conn, "hello")
		conn.Close()
	default:
		fmt.Println("no such role", role)
		return 2
	}
	return 0
}

func exitCode(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

// self is the path under which the test binary can be executed by anybody.
func self(t *testing.T) string {
	t.Helper()
	path, err := shimPath()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// patient bounds every wait of a test: long, for machines under load.
const patient = 60 * time.Second

// family is a host and somebody who buries its dead as the engine does.
type family struct {
	*OSHost
	t       *testing.T
	reports chan Report
	ended   chan struct{}

	mu      sync.Mutex
	changed chan struct{} // closed and renewed at each change
	lives   map[life]*outcome
	orphans []Exit
	last    Incarnation
	manual  bool // the test reaps
	deaths  int  // ChildrenDied seen
}

// outcome is what became of one child.
type outcome struct {
	life
	pid     int
	failed  string
	exits   []Exit
	drained int
	stdout  recorder
	stderr  recorder
}

// recorder is a sink that keeps everything.
type recorder struct {
	mu      sync.Mutex
	text    bytes.Buffer
	flushed int
	hold    chan struct{} // if not nil, Write waits until it is closed
	changed func()
}

func (r *recorder) Write(p []byte) {
	if r.hold != nil {
		<-r.hold
	}
	r.mu.Lock()
	r.text.Write(p)
	r.mu.Unlock()
	r.changed()
}

func (r *recorder) Flush() {
	r.mu.Lock()
	r.flushed++
	r.mu.Unlock()
	r.changed()
}

func (r *recorder) flushes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flushed
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// found starts a host; at the end of the test it is closed and must leave
// nothing behind.
func found(t *testing.T) *family {
	t.Helper()
	before := holdings()
	f := &family{
		t:       t,
		reports: make(chan Report, 16),
		ended:   make(chan struct{}),
		changed: make(chan struct{}),
		lives:   map[life]*outcome{},
	}
	done := make(chan struct{})
	host, err := New(Options{Reports: f.reports, Done: done})
	if err != nil {
		t.Fatal(err)
	}
	f.OSHost = host
	go f.listen(done)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		f.killAll()
		if err := host.Close(ctx); err != nil {
			t.Error(err)
		}
		close(done)
		<-f.ended
		checkHoldings(t, before)
	})
	return f
}

// killAll ends whoever a test has left alive, and buries them.
func (f *family) killAll() {
	f.OSHost.mu.Lock()
	var pids []int
	for pid := range f.byPID {
		pids = append(pids, pid)
	}
	f.OSHost.mu.Unlock()
	for _, pid := range pids {
		f.Signal(pid, supervise.Signal(syscall.SIGKILL), true)
		syscall.Wait4(pid, nil, 0, nil)
	}
}

func (f *family) listen(done chan struct{}) {
	defer close(f.ended)
	for {
		select {
		case r := <-f.reports:
			f.hear(r)
		case <-done:
			return
		}
	}
}

func (f *family) hear(report Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.change()
	switch r := report.(type) {
	case Spawned:
		f.lives[life{r.Key, r.Incarnation}].pid = r.PID
	case SpawnFailed:
		f.lives[life{r.Key, r.Incarnation}].failed = r.Text
	case ChildrenDied:
		f.deaths++
		if !f.manual {
			f.bury(f.Reap())
		}
	case Drained:
		f.lives[life{r.Key, r.Incarnation}].drained++
	}
}

// bury is called locked.
func (f *family) bury(exits []Exit) {
	for _, exit := range exits {
		if exit.Key < 0 {
			f.orphans = append(f.orphans, exit)
			continue
		}
		o := f.lives[life{exit.Key, exit.Incarnation}]
		o.exits = append(o.exits, exit)
		f.Drain(exit.Key, exit.Incarnation)
	}
}

// change is called locked.
func (f *family) change() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// until waits for what is to become true; ready is called locked.
func (f *family) until(what string, ready func() bool) {
	f.t.Helper()
	late := time.After(patient)
	for {
		f.mu.Lock()
		isReady, changed := ready(), f.changed
		f.mu.Unlock()
		if isReady {
			return
		}
		select {
		case <-changed:
		case <-late:
			f.t.Fatalf("it never happened: %s", what)
		}
	}
}

// spawn asks for a child; fields spec leaves out are filled in.
func (f *family) spawn(spec Spec) *outcome {
	f.mu.Lock()
	f.last++
	o := &outcome{life: life{Key(f.last % 7), f.last}}
	notify := func() {
		f.mu.Lock()
		f.change()
		f.mu.Unlock()
	}
	o.stdout.changed, o.stderr.changed = notify, notify
	f.lives[o.life] = o
	f.mu.Unlock()
	spec.Key, spec.Incarnation = o.key, o.incarnation
	if spec.Name == "" {
		spec.Name = "x"
	}
	if spec.Stdout == nil {
		spec.Stdout = &o.stdout
	}
	if spec.Stderr == nil && !spec.MergeErr {
		spec.Stderr = &o.stderr
	}
	f.Spawn(spec)
	return o
}

// sh is a Spec for a line of shell.
func sh(line string) Spec {
	return Spec{
		Path: "/bin/sh", Argv: []string{"sh", "-c", line}, Umask: -1,
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}
}

// actor is a Spec for the test binary in a role.
func actor(t *testing.T, role string, args ...string) Spec {
	t.Helper()
	return Spec{Path: self(t), Argv: append([]string{"actor", "act", role}, args...), Umask: -1, Env: []string{"GORACE=" + noRaceDelay}}
}

// live waits for the birth and gives the pid.
func (f *family) live(o *outcome) int {
	f.t.Helper()
	f.until("a birth", func() bool { return o.pid != 0 || o.failed != "" })
	if o.failed != "" {
		f.t.Fatalf("not born: %s", o.failed)
	}
	return o.pid
}

// says waits for the birth and until stdout holds text: a child may speak before
// its birth is reported.
func (f *family) says(o *outcome, text string) {
	f.t.Helper()
	f.live(o)
	f.until("output "+text, func() bool { return strings.Contains(o.stdout.String(), text) })
}

// end waits until o is dead and drained, and gives its exit. The birth may be told
// after the death.
func (f *family) end(o *outcome) Exit {
	f.t.Helper()
	f.until("a death", func() bool { return o.pid != 0 && o.drained > 0 && len(o.exits) > 0 || o.failed != "" })
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.failed != "" {
		f.t.Fatalf("not born: %s", o.failed)
	}
	return o.exits[0]
}

// run plays a whole life.
func (f *family) run(spec Spec) (stdout, stderr string, exit Exit) {
	f.t.Helper()
	o := f.spawn(spec)
	exit = f.end(o)
	return o.stdout.String(), o.stderr.String(), exit
}

// held is what a process may leak.
type held struct{ goroutines, descriptors int }

func holdings() held {
	return held{runtime.NumGoroutine(), len(descriptors())}
}

// descriptors lists the open ones.
func descriptors() (fds []int) {
	for fd := range 4096 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds
}

// checkHoldings fails when there are more goroutines or descriptors than before.
// Goroutines that have been told to end are given the time to.
func checkHoldings(t *testing.T, before held) {
	t.Helper()
	deadline := time.Now().Add(patient)
	for {
		now := holdings()
		// The runtime's poller (two or three descriptors) and its signal
		// goroutine are made at first use, and stay.
		if now.goroutines <= before.goroutines+1 && now.descriptors <= before.descriptors+3 {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Errorf("left behind: %+v before, %+v after\n%s", before, now, stacks[:runtime.Stack(stacks, true)])
			return
		}
		runtime.Gosched()
	}
}

// needRoot skips, and says so, where the kernel would refuse.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root may become somebody else")
	}
}

// gone waits until pid, which is not ours to collect, runs no more.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(patient); alive(pid); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d lives on", pid)
		}
	}
}
