//go:build compat && unix

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The life of supervisord itself, with the real program: the terminal it
// leaves, the signals it obeys, the files it keeps its hands off.

// soon is how long anything here may take on a busy machine.
const soon = 20 * time.Second

// life is one supervisord in a directory of its own.
type life struct {
	t      *testing.T
	dir    string
	binary string
	cmd    *exec.Cmd // in the foreground; nil for one that has gone to the background
	stderr bytes.Buffer
}

const lifeConf = `
[supervisord]
logfile=DIR/main.log
pidfile=DIR/s.pid
childlogdir=DIR
statedir=DIR/state
[unix_http_server]
file=DIR/s.sock
[supervisorctl]
serverurl=unix://DIR/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`

// newLife writes the configuration; nothing runs yet.
func newLife(t *testing.T, binary, programs string) *life {
	t.Helper()
	l := &life{t: t, dir: shortDir(t), binary: binary}
	l.configure(lifeConf + programs)
	return l
}

func (l *life) path(name string) string { return filepath.Join(l.dir, name) }

func (l *life) configure(text string) {
	l.t.Helper()
	l.write("s.conf", strings.ReplaceAll(text, "DIR", l.dir))
}

func (l *life) write(name, text string) {
	l.t.Helper()
	if err := os.WriteFile(l.path(name), []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) read(name string) string {
	text, err := os.ReadFile(l.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.t.Fatal(err)
	}
	return string(text)
}

// start runs supervisord in the foreground until the test ends.
func (l *life) start(prefix ...string) {
	l.t.Helper()
	line := append(prefix, l.binary, "-n", "-s", "-c", l.path("s.conf"))
	l.cmd = exec.Command(line[0], line[1:]...)
	l.cmd.Stderr = &l.stderr
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if l.cmd.ProcessState == nil {
			l.end(syscall.SIGTERM)
		}
	})
	l.logs("supervisord started with pid")
}

// end stops a supervisord of the foreground and gives its status.
func (l *life) end(sig syscall.Signal) int {
	l.t.Helper()
	if err := l.cmd.Process.Signal(sig); err != nil {
		l.t.Fatal(err)
	}
	return l.wait()
}

func (l *life) wait() int {
	l.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- l.cmd.Wait() }()
	select {
	case <-ended:
		return l.cmd.ProcessState.ExitCode()
	case <-time.After(soon):
		_ = l.cmd.Process.Kill() // it hangs: that is the failure to report
		l.t.Fatalf("supervisord did not end; its log:\n%s", l.read("main.log"))
		return -1
	}
}

// logs waits until the main log has a line for each text, in this order.
func (l *life) logs(texts ...string) {
	l.t.Helper()
	l.until(fmt.Sprintf("the main log says %q", texts), func() bool {
		log := l.read("main.log")
		for _, text := range texts {
			_, rest, found := strings.Cut(log, text)
			if !found {
				return false
			}
			log = rest
		}
		return true
	})
}

func (l *life) until(what string, done func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(soon); !done(); {
		if time.Now().After(deadline) {
			l.t.Fatalf("waited in vain until %s; the main log:\n%s\nstderr:\n%s", what, l.read("main.log"), l.stderr.String())
		}
		time.Sleep(10 * time.Millisecond) // another program's progress can only be polled
	}
}

// ctl runs the original's supervisorctl and gives what it printed.
func (l *life) ctl(words ...string) string {
	out, _ := exec.Command(originalCtl, append([]string{"-c", l.path("s.conf")}, words...)...).CombinedOutput()
	return string(out)
}

func (l *life) pidOf(process string) int {
	l.t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(l.ctl("pid", process)))
	if err != nil {
		l.t.Fatal(err)
	}
	return pid
}

// record is what is on disk about the children, "" for nothing.
func (l *life) record() string {
	files, err := filepath.Glob(l.path("state/children-*.json"))
	if err != nil || len(files) == 0 {
		return ""
	}
	return l.read(strings.TrimPrefix(files[0], l.dir+"/"))
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestSupervisordLeavesTheTerminalAndComesBackDown(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	start := exec.Command(l.binary, "-c", l.path("s.conf"))
	var out bytes.Buffer
	start.Stdout, start.Stderr = &out, &out
	if err := start.Run(); err != nil || out.Len() > 0 {
		t.Fatalf("%v, it printed %q", err, out.String())
	}
	pid, err := strconv.Atoi(strings.TrimSpace(l.read("s.pid")))
	if err != nil {
		t.Fatalf("the pidfile is there when the start has returned: %v", err)
	}
	t.Cleanup(func() {
		if alive(pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // the test has failed already
		}
	})
	session, err := unix.Getsid(pid)
	if err != nil || session != pid {
		t.Errorf("it should lead a session of its own: %d, %v", session, err)
	}
	for fd := range 3 {
		if target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); target != os.DevNull {
			t.Errorf("descriptor %d is %s", fd, target)
		}
	}
	l.logs("daemonizing the supervisord process", fmt.Sprintf("supervisord started with pid %d", pid), "spawned: 'x'", "success: x")
	if got := l.ctl("shutdown"); got != "Shut down\n" {
		t.Errorf("shutdown printed %q", got)
	}
	l.until("it is gone", func() bool { return !alive(pid) })
	for _, name := range []string{"s.pid", "s.sock"} {
		if _, err := os.Lstat(l.path(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left behind", name)
		}
	}
	if left := l.record(); left != "" {
		t.Errorf("the record of children is left behind: %s", left)
	}
}

func TestAStartThatFailsInTheBackgroundIsSeenByWhoAskedForIt(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"), "")
	l.configure(strings.Replace(lifeConf, "DIR/main.log", "DIR/missing/main.log", 1))
	out, err := exec.Command(l.binary, "-c", l.path("s.conf")).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() == 0 || !strings.Contains(string(out), "missing") {
		t.Errorf("status %v, it printed %q", err, out)
	}
}

func TestHUPStartsEverythingAgainUnderTheSamePid(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	l.start()
	l.logs("success: x")
	before := l.pidOf("x")

	l.configure(lifeConf + "[program:y]\ncommand=/bin/sleep 1000\n")
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	pid := fmt.Sprintf("supervisord started with pid %d", l.cmd.Process.Pid)
	l.logs(pid, "received SIGHUP indicating restart request", "waiting for x to die", "stopped: x (terminated by SIGTERM)", pid, "spawned: 'y'", "success: y")
	if alive(before) {
		t.Error("x is still there")
	}
	if got := l.ctl("pid"); got != fmt.Sprintf("%d\n", l.cmd.Process.Pid) {
		t.Errorf("pid printed %q", got)
	}
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

// stall begins a request and never ends it, so that the doors close slowly.
func (l *life) stall() {
	l.t.Helper()
	conn, err := net.Dial("unix", l.path("s.sock"))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n<")); err != nil {
		l.t.Fatal(err)
	}
}

func TestAClientThatStallsDoesNotCostARestart(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	l.start()
	l.logs("success: x")
	l.stall()
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	l.logs("success: x", "received SIGHUP", "stopped: x", "supervisord started with pid", "success: x")
	l.stall()
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestATERMBetweenTwoLivesIsObeyed(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	l.start()
	l.logs("success: x")
	l.stall() // the old life takes seconds to close its doors
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	l.logs("received SIGHUP", "stopped: x")
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
	if log := l.read("main.log"); strings.Count(log, "spawned: 'x'") != 1 {
		t.Errorf("x came back:\n%s", log)
	}
}

func TestAsAnotherUserItComesThroughAReload(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	if err := os.Chmod(l.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	l.configure(strings.Replace(lifeConf, "[supervisord]", "[supervisord]\nuser=nobody", 1) + "[program:x]\ncommand=/bin/sleep 1000\n")
	l.start()
	l.logs("success: x")
	for _, name := range []string{"s.sock", "s.pid", "main.log"} {
		info, err := os.Lstat(l.path(name))
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
			t.Errorf("%s belongs to root", name)
		}
	}
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	l.logs("Set uid to user", "success: x", "received SIGHUP", "Set uid to user", "supervisord started with pid", "success: x")

	// Nobody is root again, nor anybody else.
	l.configure(strings.Replace(lifeConf, "[supervisord]", "[supervisord]\nuser=root", 1) + "[program:y]\ncommand=/bin/sleep 1000\n")
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	l.logs("stopped: x", "stopped: x", "CRIT user=root of [supervisord] is not in effect: Can't drop privilege as nonroot user", "success: y")
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

// The first lines of a life come in the order of the original, also after a reload.
func TestTheFirstLinesAreTheOriginalsAlsoAfterAReload(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours := buildProgram(t, "supervisord")
	for _, user := range []string{"", "\nuser=" + strconv.Itoa(os.Getuid())} {
		var told []string
		for _, binary := range []string{originalDaemon, ours} {
			l := newLife(t, binary, "")
			l.write("more.conf", "[program:x]\ncommand=/bin/sleep 1000\n")
			l.configure(strings.Replace(lifeConf, "[supervisord]", "[supervisord]"+user, 1) + "[include]\nfiles=DIR/more.conf\n")
			l.start()
			l.logs("success: x")
			if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			l.logs("success: x", "stopped: x", "success: x")
			l.end(syscall.SIGTERM)
			told = append(told, firstLines(l.read("main.log"), l.dir))
		}
		if told[0] != told[1] {
			t.Errorf("with %q the original says\n%s\nand ours\n%s", user, told[0], told[1])
		}
		if strings.Count(told[1], "Included") != 2 {
			t.Errorf("with %q the lines are\n%s", user, told[1])
		}
	}
}

// firstLines are the lines of a main log that tell of users and files, without
// their times.
func firstLines(log, dir string) string {
	var lines []string
	for line := range strings.Lines(log) {
		for _, kind := range []string{"CRIT Supervisor is running as root", "INFO Included extra file", "INFO Set uid to user", "INFO supervisord started"} {
			if at := strings.Index(line, kind); at >= 0 {
				text, _, _ := strings.Cut(line[at:], "with pid")
				lines = append(lines, strings.ReplaceAll(strings.TrimSpace(text), dir, "DIR"))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// pipeSize is what a pipe holds on Linux, unless it is asked to hold more.
const pipeSize = 1 << 16

func TestATerminalThatBlocksDoesNotMakeItDeaf(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sh -c 'while :; do echo much; done'\n")
	l.configure(strings.Replace(lifeConf, "[supervisord]", "[supervisord]\nloglevel=debug", 1) +
		"[program:x]\ncommand=/bin/sh -c 'while :; do echo much; done'\n")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l.cmd = exec.Command(l.binary, "-n", "-c", l.path("s.conf"))
	l.cmd.Stdout = w // nobody reads the other end
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		if l.cmd.ProcessState == nil {
			_ = l.cmd.Process.Kill() // the test has failed already
		}
	})
	// The file gets what the terminal gets, so it stops growing with it.
	size := 0
	l.until("the pipe is full", func() bool {
		before := size
		size = len(l.read("main.log"))
		time.Sleep(100 * time.Millisecond) // long for a program that never pauses
		return size > pipeSize/2 && size == before
	})
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestABrokenConfigurationChangesNothing(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	l.start()
	l.logs("success: x")
	before := l.pidOf("x")
	l.configure(lifeConf + "[program:x]\ncommand=/bin/sleep 1000\nstartsecs=soon\n")

	reason := "invalid literal for int() with base 10: 'soon' in section 'program:x' (file: '" + l.path("s.conf") + "')"
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	l.logs("CRIT", reason)
	for _, verb := range []string{"reload", "update", "reread"} {
		if got := l.ctl(verb); !strings.Contains(got, "CANT_REREAD: "+reason) {
			t.Errorf("%s printed %q", verb, got)
		}
	}
	if after := l.pidOf("x"); after != before {
		t.Errorf("x had pid %d and has %d", before, after)
	}
}

func TestASecondSupervisordTouchesNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	programs := "[program:x]\ncommand=/bin/sh -c 'echo hello; sleep 1000'\n[fcgi-program:f]\nsocket=unix://DIR/f.sock\ncommand=/bin/sleep 1000\n"
	l := newLife(t, buildProgram(t, "supervisord"), programs)
	l.start()
	l.logs("success: x")
	files := func() []string {
		names, err := filepath.Glob(l.path("*"))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			info, err := os.Lstat(name)
			if err != nil {
				t.Fatal(err)
			}
			names[i] = fmt.Sprintf("%s %v %d", name, info.Mode(), info.Sys().(*syscall.Stat_t).Ino)
		}
		return names
	}
	before, log := files(), l.read("main.log")

	out, err := exec.Command(l.binary, "-n", "-c", l.path("s.conf"), "-j", l.path("other.pid")).CombinedOutput()
	want := "Error: Another program is already listening on a port that one of our HTTP servers is configured to use.  Shut this program down first before starting supervisord.\n"
	if got := err.(*exec.ExitError).ExitCode(); got != 2 || !strings.HasPrefix(string(out), want) {
		t.Errorf("one with our socket: status %d, %q", got, out)
	}
	l.write("other.conf", strings.ReplaceAll(strings.Replace(lifeConf, "s.sock", "other.sock", 2), "DIR", l.dir))
	out, err = exec.Command(l.binary, "-n", "-c", l.path("other.conf")).CombinedOutput()
	if got := err.(*exec.ExitError).ExitCode(); got != 2 || !strings.Contains(string(out), "holds the pidfile "+l.path("s.pid")) {
		t.Errorf("one with our pidfile: status %d, %q", got, out)
	}
	if err := os.Remove(l.path("other.conf")); err != nil {
		t.Error(err)
	}
	if after := files(); !slices.Equal(before, after) {
		t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if l.read("main.log") != log {
		t.Error("the first one's log has changed")
	}
	if got := l.ctl("status", "x"); !strings.Contains(got, "RUNNING") {
		t.Errorf("the first one answers %q", got)
	}
}

func TestUSR2ReopensTheLogsThatLogrotateHasMoved(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"),
		"[program:x]\ncommand=/bin/sh -c 'while :; do echo tick; sleep 0.1; done'\nstdout_logfile=DIR/x.log\n")
	l.start()
	l.until("x has written", func() bool { return l.read("x.log") != "" })
	for _, name := range []string{"x.log", "main.log"} {
		if err := os.Rename(l.path(name), l.path(name+".moved")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	l.until("x writes to a new file", func() bool { return l.read("x.log") != "" })
	l.logs("supervisord logreopen")
	if !strings.Contains(l.read("main.log.moved"), "received SIGUSR2 indicating log reopen request") {
		t.Error("the line about the signal belongs to the log that was moved")
	}
}

func TestSurvivorsOfAKilledSupervisordAreNamed(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/sleep 1000\n")
	l.start()
	l.until("the children are on record", func() bool { return strings.Contains(l.record(), `"name":"x"`) })
	found := regexp.MustCompile(`spawned: 'x' with pid (\d+)`).FindStringSubmatch(l.read("main.log"))
	if found == nil {
		t.Fatal("no line says that x was spawned")
	}
	pid, _ := strconv.Atoi(found[1])
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) }) // may have gone with its stdin
	l.end(syscall.SIGKILL)

	l.configure(lifeConf)
	l.start()
	l.logs(fmt.Sprintf("process 'x' (pid %d) of an earlier supervisord, which did not shut down, still runs", pid))
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
}

// TestChildrenFindTheSameWorldAsUnderTheOriginal has a program tell what it
// finds, under both daemons.
func TestChildrenFindTheSameWorldAsUnderTheOriginal(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	const tell = `/bin/sh -c 'env | sort; pwd; umask; ulimit -Sn; ulimit -Hn; ulimit -u; ls /proc/self/fd | head -3; ps -o pgid= -p $$ | grep -qw $$ && echo leads its group; id; echo args "$0" "$@"; cat /proc/self/status | grep -E "^Sig(Blk|Cgt)"' "a b" c`
	programs := "[program:x]\ncommand=" + tell + `
environment=A="one, two",B="%(program_name)s",PATH="/bin:/usr/bin:%(ENV_PATH)s"
directory=/usr
umask=027
autorestart=false
startsecs=0
stdout_logfile=DIR/x.log
[program:nobody]
command=/usr/bin/id
user=nobody
autorestart=false
startsecs=0
stdout_logfile=DIR/nobody.log
[program:plain]
command=/bin/sh -c 'umask; pwd; ulimit -Sn'
autorestart=false
startsecs=0
stdout_logfile=DIR/plain.log
`
	world := func(binary string, limit int) map[string]string {
		l := newLife(t, binary, programs)
		l.start("/bin/sh", "-c", fmt.Sprintf(`ulimit -Sn %d && exec "$@"`, limit), "sh")
		l.logs("exited: x")
		l.logs("exited: nobody")
		l.logs("exited: plain")
		l.end(syscall.SIGTERM)
		told := map[string]string{}
		for _, name := range []string{"x", "nobody", "plain"} {
			told[name] = strings.ReplaceAll(l.read(name+".log"), l.dir, "DIR")
		}
		return told
	}
	ours := buildProgram(t, "supervisord")
	for _, limit := range []int{256, 1500} { // below and above minfds
		theirs, mine := world(originalDaemon, limit), world(ours, limit)
		for name := range theirs {
			if theirs[name] != mine[name] || theirs[name] == "" {
				t.Errorf("soft limit %d, program %s\nunder the original:\n%s\nunder ours:\n%s", limit, name, theirs[name], mine[name])
			}
		}
	}
}

func TestAsPID1ItReapsStrangersAndStopsOnTERM(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"),
		"[program:x]\ncommand=/bin/sh DIR/strangers.sh\n")
	l.write("strangers.sh", "for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.$i &); done; exec sleep 1000\n")
	unshare, err := exec.LookPath("unshare")
	if err == nil {
		err = exec.Command(unshare, "-pf", "--mount-proc", "true").Run()
	}
	if err != nil {
		t.Skipf("this machine makes no pid namespaces: %v", err)
	}
	l.start(unshare, "-pf", "--mount-proc", "--kill-child")
	l.logs("supervisord started with pid 1\n", "success: x")
	l.until("ten strangers are reaped", func() bool { return strings.Count(l.read("main.log"), "reaped unknown pid") == 10 })
	// unshare's child is supervisord, with a pid of its own out here.
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", l.cmd.Process.Pid, l.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := l.wait(); status != 0 {
		t.Errorf("status %d", status)
	}
	l.logs("received SIGTERM indicating exit request", "stopped: x (terminated by SIGTERM)")
}

func TestOutOfDescriptorsItRunsWhatFitsAndAnswers(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "")
	l.configure(strings.Replace(lifeConf, "[supervisord]", "[supervisord]\nminfds=64", 1) +
		"[program:x]\ncommand=/bin/sleep 1000\nnumprocs=40\nprocess_name=%(process_num)02d\nstartretries=1\n")
	l.start("/bin/sh", "-c", `ulimit -n 64 && exec "$@"`, "sh")
	l.until("some run, the others are given up, and it answers", func() bool {
		status := l.ctl("status")
		return strings.Count(status, "RUNNING") >= 5 && strings.Contains(status, "FATAL     too many open files to spawn") &&
			!strings.Contains(status, "BACKOFF")
	})
}

func TestCheckTellsWhatAConfigurationMeansHere(t *testing.T) {
	t.Parallel()
	l := newLife(t, buildProgram(t, "supervisord"), "[program:x]\ncommand=/bin/true\nautostrat=false\n[porgram:y]\ncommand=/bin/true\n")
	out, err := exec.Command(l.binary, "--check", "-c", l.path("s.conf")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"autostrat", "autostart", "porgram:y", "s.conf:16"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	l.configure(lifeConf + "[program:x]\n")
	out, err = exec.Command(l.binary, "--check", "-c", l.path("s.conf")).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "program section program:x does not specify a command") {
		t.Errorf("%v\n%s", err, out)
	}
}
