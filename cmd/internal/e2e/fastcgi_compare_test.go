//go:build compat && linux

package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/kolo/xmlrpc"
	"golang.org/x/sys/unix"
)

// The life of a FastCGI program's socket, under the original and under ours: is
// it there, whose is it, does it take connections, and what does the main log say?

// scene is something that happens to a socket. In programs, {dir} is the
// directory of the server, {port} a free port.
type scene struct {
	name     string
	programs string
	before   func(s *socketStage)
	tell     func(s *socketStage)
	differs  string // why ours does it in another way; "" if it must not
}

// socketStage is where a scene is played, by one of the two.
type socketStage struct {
	*life
	port  string
	ended <-chan struct{}
	seen  strings.Builder
}

const oneOf = "command=/bin/sleep 1000\nstartsecs=0\n"

var fcgiUnix = "[fcgi-program:f]\nsocket=unix://{dir}/f.sock\n" + oneOf

var scenes = []scene{
	{name: "a unix socket from start to end", programs: fcgiUnix + "numprocs=2\nprocess_name=%(process_num)d\n",
		tell: func(s *socketStage) {
			s.await("f:0", "f:1")
			s.look("unix", "f.sock")
			s.call("stopProcess", "f:0")
			s.look("unix", "f.sock")
			s.call("stopProcess", "f:1")
			s.look("unix", "f.sock")
			s.call("startProcess", "f:1")
			s.call("startProcess", "f:0")
			s.look("unix", "f.sock")
			s.call("stopProcessGroup", "f")
			s.look("unix", "f.sock")
			s.call("removeProcessGroup", "f")
			s.look("unix", "f.sock")
			s.call("addProcessGroup", "f")
			s.await("f:0", "f:1")
			s.look("unix", "f.sock")
		}},
	{name: "a TCP socket from start to end", programs: "[fcgi-program:f]\nsocket=tcp://localhost:{port}\n" + oneOf + "numprocs=2\nprocess_name=%(process_num)d\n",
		tell: func(s *socketStage) {
			s.await("f:0", "f:1")
			s.look("tcp", "127.0.0.1:{port}")
			s.look("tcp", "127.0.0.2:{port}")
			s.call("stopProcess", "f:1")
			s.look("tcp", "127.0.0.1:{port}")
			s.call("stopProcess", "f:0")
			s.look("tcp", "127.0.0.1:{port}")
			s.call("startProcess", "f:*")
			s.look("tcp", "127.0.0.1:{port}")
			s.call("stopAllProcesses")
			s.look("tcp", "127.0.0.1:{port}")
		}},
	{name: "the crash of one of two", programs: fcgiUnix + "numprocs=2\nprocess_name=%(process_num)d\n",
		tell: func(s *socketStage) {
			s.await("f:0", "f:1")
			s.kill("f:0")
			s.await("f:0", "f:1")
			s.look("unix", "f.sock")
		}},
	{name: "the crash of all", programs: fcgiUnix, differs: "it stays open",
		tell: func(s *socketStage) {
			s.await("f")
			s.kill("f")
			s.await("f")
			s.look("unix", "f.sock")
		}},
	{name: "an end without a restart", programs: fcgiUnix + "autorestart=false\n",
		tell: func(s *socketStage) {
			s.await("f")
			s.kill("f")
			s.logs("exited: f")
			s.refused("unix", "f.sock")
			s.look("unix", "f.sock")
		}},
	{name: "FATAL at the first failure", programs: "[fcgi-program:f]\nsocket=unix://{dir}/f.sock\ncommand=/bin/false\nstartretries=0\n",
		tell: func(s *socketStage) {
			s.logs("gave up: f")
			s.refused("unix", "f.sock")
			s.look("unix", "f.sock")
		}},
	{name: "BACKOFF and then FATAL", programs: "[fcgi-program:f]\nsocket=unix://{dir}/f.sock\ncommand=/bin/false\nstartretries=1\n", differs: "it stays open in BACKOFF",
		tell: func(s *socketStage) {
			s.logs("gave up: f")
			s.refused("unix", "f.sock")
			s.look("unix", "f.sock")
		}},
	{name: "a command that is not there", programs: "[fcgi-program:f]\nsocket=unix://{dir}/f.sock\ncommand=/no/such/program\nstartretries=0\n", differs: "nothing is opened for what cannot be run",
		tell: func(s *socketStage) {
			s.logs("gave up: f")
			s.refused("unix", "f.sock")
			s.call("startProcess", "f")
			s.look("unix", "f.sock")
		}},
	{name: "nothing is started", programs: fcgiUnix + "autostart=false\n",
		tell: func(s *socketStage) {
			s.look("unix", "f.sock")
			s.call("startProcess", "f")
			s.look("unix", "f.sock")
			s.call("signalProcess", "f", "STOP")
			s.call("signalProcess", "f", "CONT")
			s.call("sendProcessStdin", "f", "x")
			s.call("startProcess", "f")
		}},
	{name: "mode and owner", programs: fcgiUnix + "socket_mode=0620\nsocket_owner={nobody}:{nogroup}\n",
		tell: func(s *socketStage) {
			s.await("f")
			s.look("unix", "f.sock")
			s.call("stopProcess", "f")
			s.look("unix", "f.sock")
			s.call("startProcess", "f")
			s.look("unix", "f.sock")
		}},
	{name: "an owner without a group", programs: fcgiUnix + "socket_mode=777\nsocket_owner={nobody}\n",
		tell: func(s *socketStage) {
			s.await("f")
			s.look("unix", "f.sock")
		}},
	{name: "the owner is whom the program runs as", programs: fcgiUnix + "user={nobody}\n",
		tell: func(s *socketStage) {
			s.await("f")
			s.look("unix", "f.sock")
		}},
	{name: "a backlog of three", programs: fcgiUnix + "socket_backlog=3\n",
		tell: func(s *socketStage) {
			s.await("f")
			s.fill("f.sock")
		}},
	{name: "a backlog of as many as may be", programs: fcgiUnix,
		tell: func(s *socketStage) {
			s.await("f")
			s.fill("f.sock")
		}},
	{name: "names in the address", programs: "[fcgi-program:f]\nsocket=unix://%(here)s/%(program_name)s-%(ENV_SHOP)s.sock\n" + oneOf,
		tell: func(s *socketStage) {
			s.await("f")
			s.look("unix", "f-toys.sock")
		}},
	{name: "in a group", programs: fcgiUnix + "[group:g]\nprograms=f\n", differs: "the original forgets it",
		tell: func(s *socketStage) {
			s.await("g:f")
			s.look("unix", "f.sock")
		}},
	{name: "a socket that was left behind", programs: fcgiUnix,
		before: func(s *socketStage) { leaveStale(s.t, s.filled) },
		tell: func(s *socketStage) {
			s.await("f")
			s.look("unix", "f.sock")
		}},
	{name: "a supervisord that was killed, and its program listens on", programs: fcgiUnix,
		tell: func(s *socketStage) {
			s.await("f")
			s.dies()
			s.look("unix", "f.sock")
			if s.comesUp() {
				s.await("f")
				s.look("unix", "f.sock")
			}
		}},
	{name: "the same with a port", programs: "[fcgi-program:f]\nsocket=tcp://127.0.0.1:{port}\n" + oneOf,
		tell: func(s *socketStage) {
			s.await("f")
			s.dies()
			s.look("tcp", "127.0.0.1:{port}")
			if s.comesUp() {
				s.t.Error("the port was in use")
			}
		}},
	{name: "a link to nothing", programs: fcgiUnix, differs: "the original does not see that it is there",
		before: func(s *socketStage) { s.must(os.Symlink("nothing", s.path("f.sock"))) },
		tell:   func(s *socketStage) { s.await("f") }},
	{name: "a file in its place", programs: fcgiUnix, differs: "it may be precious",
		before: func(s *socketStage) { s.must(os.WriteFile(s.path("f.sock"), []byte("precious"), 0o600)) },
		tell:   func(s *socketStage) { s.await("f") }},
	{name: "a directory in its place", programs: fcgiUnix,
		before: func(s *socketStage) { s.must(os.Mkdir(s.path("f.sock"), 0o700)) }},
	{name: "a directory that is missing", programs: "[fcgi-program:f]\nsocket=unix://{dir}/no/f.sock\n" + oneOf},
	{name: "a path too long", programs: "[fcgi-program:f]\nsocket=unix://{dir}/" + strings.Repeat("x", 100) + "\n" + oneOf},
	{name: "no right to the directory", programs: "[fcgi-program:f]\nsocket=unix:///proc/self/f.sock\n" + oneOf},
	{name: "a port in use", programs: "[fcgi-program:f]\nsocket=tcp://127.0.0.1:{port}\n" + oneOf,
		before: func(s *socketStage) { occupyPort(s.t, s.filled) }},
	{name: "an address of somebody else", programs: "[fcgi-program:f]\nsocket=tcp://192.0.2.1:{port}\n" + oneOf},
	{name: "an update to another socket", programs: fcgiUnix,
		tell: func(s *socketStage) {
			s.await("f")
			s.programs(strings.Replace(fcgiUnix, "f.sock", "g.sock", 1))
			s.call("reloadConfig")
			s.call("stopProcessGroup", "f")
			s.call("removeProcessGroup", "f")
			s.call("addProcessGroup", "f")
			s.await("f")
			s.look("unix", "f.sock")
			s.look("unix", "g.sock")
		}},
	{name: "an update to the same port", programs: "[fcgi-program:f]\nsocket=tcp://127.0.0.1:{port}\n" + oneOf,
		tell: func(s *socketStage) {
			s.await("f")
			s.programs("[fcgi-program:f]\nsocket=tcp://127.0.0.1:{port}\npriority=1\n" + oneOf)
			s.call("reloadConfig")
			s.call("stopProcessGroup", "f")
			s.call("removeProcessGroup", "f")
			s.call("addProcessGroup", "f")
			s.await("f")
			s.look("tcp", "127.0.0.1:{port}")
		}},
	{name: "a port in use when it is added", programs: "[program:x]\n" + oneOf, differs: "the original answers with status 500",
		tell: func(s *socketStage) {
			s.await("x")
			s.programs("[program:x]\n" + oneOf + "[fcgi-program:f]\nsocket=tcp://127.0.0.1:{port}\n" + oneOf)
			occupyPort(s.t, s.filled)
			s.call("reloadConfig")
			s.call("addProcessGroup", "f")
			s.call("getProcessInfo", "f")
		}},
	{name: "its directory goes while it is stopped", programs: strings.ReplaceAll(fcgiUnix, "f.sock", "sub/f.sock"), differs: "the original answers with status 500",
		before: func(s *socketStage) { s.must(os.Mkdir(s.path("sub"), 0o700)) },
		tell: func(s *socketStage) {
			s.await("f")
			s.call("stopProcess", "f")
			s.must(os.Rename(s.path("sub"), s.path("away")))
			s.call("startProcess", "f")
			s.must(os.Rename(s.path("away"), s.path("sub")))
			s.call("startProcess", "f")
			s.await("f")
		}},
	{name: "a configuration read again from the start", programs: fcgiUnix,
		tell: func(s *socketStage) {
			s.await("f")
			s.must(s.cmd.Process.Signal(syscall.SIGHUP))
			s.logs("supervisord started", "supervisord started")
			s.await("f")
			s.look("unix", "f.sock")
		}},
}

func TestSocketsOfFastCGIProgramsLiveAsTheOriginals(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours, ports := buildProgram(t, "supervisord"), newPortBook()
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			theirs, mine := sc.play(t, originalDaemon, ports), sc.play(t, ours, ports)
			switch {
			case sc.differs == "" && theirs != mine:
				t.Errorf("--- the original\n%s--- ours\n%s", theirs, mine)
			case sc.differs != "" && theirs == mine:
				t.Errorf("is said to differ (%s), and does not:\n%s", sc.differs, mine)
			case sc.differs != "":
				t.Logf("%s:\n--- the original\n%s--- ours\n%s", sc.differs, theirs, mine)
			}
		})
	}
	t.Logf("%d comparisons", len(scenes))
}

// play leads a supervisord through a scene and tells what there was to see.
func (sc scene) play(t *testing.T, daemon string, ports *portBook) string {
	t.Helper()
	s := &socketStage{life: newLife(t, daemon, ""), port: ports.next(t)}
	s.programs(sc.programs)
	if sc.before != nil {
		sc.before(s)
	}
	if sc.tell == nil {
		s.fails()
		return s.seen.String()
	}
	if !s.comesUp() {
		return s.seen.String()
	}
	if sc.tell(s); s.hasEnded() {
		return s.seen.String()
	}
	s.settle()
	fmt.Fprintln(&s.seen, "ended with", s.end(syscall.SIGTERM))
	s.look("unix", "f.sock")
	s.tellLog()
	return s.seen.String()
}

func (s *socketStage) filled(text string) string {
	who, group := somebody(s.t)
	return strings.NewReplacer("{dir}", s.dir, "{port}", s.port, "{nobody}", who, "{nogroup}", group).Replace(text)
}

// somebody is a user to whom we may give files: for root another one.
func somebody(t *testing.T) (name, group string) {
	t.Helper()
	who, err := user.Current()
	if err == nil && os.Getuid() == 0 {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	primary, err := user.LookupGroupId(who.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return who.Username, primary.Name
}

func (s *socketStage) masked(text string) string {
	return strings.NewReplacer(s.dir, "{dir}", s.port, "{port}").Replace(text)
}

func (s *socketStage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *socketStage) programs(text string) {
	s.configure(strings.ReplaceAll(lifeConf, "[supervisord]\n", "[supervisord]\nenvironment=SHOP=toys\n") + s.filled(text))
}

// comesUp starts supervisord; if it does not, what it says is told.
func (s *socketStage) comesUp() bool {
	s.t.Helper()
	s.cmd = exec.Command(s.binary, "-n", "-s", "-c", s.path("s.conf"))
	s.stderr.Reset()
	s.cmd.Stderr = &s.stderr
	s.must(s.cmd.Start())
	ended := make(chan struct{})
	go func() { // as long as supervisord lives
		_ = s.cmd.Wait() // its status is looked at elsewhere
		close(ended)
	}()
	s.t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // one that has ended does not mind
		<-ended
	})
	s.ended = ended
	if answersBeforeItEnds(s.path("s.sock"), ended) {
		return true
	}
	s.tellFailure()
	return false
}

var fastCGIFailure = regexp.MustCompile(`Could not create FastCGI socket \S+:`)

// tellFailure tells of a supervisord that did not come up. The original prints a
// traceback, whose last line says what it is about, and ends with 1; ours prints
// an error, and ends with 2.
func (s *socketStage) tellFailure() {
	said := s.stderr.String()
	if status := s.cmd.ProcessState.ExitCode(); s.binary != originalDaemon &&
		(status != 2 || !strings.HasPrefix(said, "Error: "+fastCGIFailure.FindString(said)+" ")) {
		s.t.Errorf("status %d, %q", status, said)
	}
	fmt.Fprintln(&s.seen, s.masked(fastCGIFailure.FindString(said)))
	s.look("unix", "f.sock")
	s.tellLog()
}

func (s *socketStage) fails() {
	s.t.Helper()
	if s.comesUp() {
		s.t.Errorf("%s comes up", s.binary)
	}
}

// end stops supervisord and gives its status.
func (s *socketStage) end(sig syscall.Signal) int {
	s.t.Helper()
	s.must(s.cmd.Process.Signal(sig))
	s.until("it ends", s.hasEnded)
	return s.cmd.ProcessState.ExitCode()
}

func (s *socketStage) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// dies kills supervisord, which leaves its program behind until the test ends.
func (s *socketStage) dies() {
	s.t.Helper()
	s.settle()
	orphan := s.state("f").PID
	s.t.Cleanup(func() { _ = syscall.Kill(orphan, syscall.SIGKILL) })
	s.end(syscall.SIGKILL)
	if !alive(orphan) {
		s.t.Error("the program has died with it")
	}
	s.must(os.Remove(s.path("s.sock"))) // so that it is seen when the next one listens
}

// await waits until processes are RUNNING.
func (s *socketStage) await(names ...string) {
	s.t.Helper()
	s.until(fmt.Sprint(names, " run"), func() bool {
		for _, name := range names {
			if s.state(name).State != "RUNNING" {
				return false
			}
		}
		return true
	})
}

type processState struct {
	State string `xmlrpc:"statename"`
	PID   int    `xmlrpc:"pid"`
}

func (s *socketStage) state(name string) (state processState) {
	_ = s.rpc("supervisor.getProcessInfo", &state, name) // not up, or not again: no state
	return state
}

func (s *socketStage) rpc(method string, answer any, args ...any) error {
	return (&ctlServer{dir: s.dir}).call(method, answer, args...)
}

// settle waits until all children are programs. Those of the original are copies
// of itself at first, and a signal that comes then is lost.
func (s *socketStage) settle() {
	s.t.Helper()
	s.until("its children are programs", func() bool {
		for _, pid := range childrenOf(s.t, s.cmd.Process.Pid) {
			command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if err == nil && len(command) > 0 && !strings.HasPrefix(string(command), "/bin/sleep\x00") {
				return false
			}
		}
		return true
	})
}

// call calls a method and tells what came of it.
func (s *socketStage) call(method string, args ...any) {
	s.t.Helper()
	s.settle()
	var answer any
	err := s.rpc("supervisor."+method, &answer, args...)
	var fault xmlrpc.FaultError
	switch {
	case errors.As(err, &fault):
		fmt.Fprintln(&s.seen, method, args, s.masked(fault.String))
	case err == nil && answer != nil:
		fmt.Fprintln(&s.seen, method, args, "is done")
	default: // a page of HTML, with status 500
		fmt.Fprintln(&s.seen, method, args, "fails")
	}
}

// kill crashes a process and waits until supervisord has noticed.
func (s *socketStage) kill(name string) {
	s.t.Helper()
	s.settle()
	pid := s.state(name).PID
	s.must(syscall.Kill(pid, syscall.SIGKILL))
	s.until("supervisord has noticed", func() bool { return s.state(name).PID != pid })
}

// look tells what there is at an address.
func (s *socketStage) look(network, address string) {
	s.t.Helper()
	at := s.filled(address)
	if network == "unix" {
		at = s.path(address)
		fmt.Fprintln(&s.seen, address, describeFile(s.t, at))
	}
	fmt.Fprintln(&s.seen, address, knock(network, at))
}

func describeFile(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "is not there"
	}
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	return fmt.Sprint("is ", info.Mode(), " of ", owner.Uid, ":", owner.Gid)
}

func knock(network, address string) string {
	conn, err := net.Dial(network, address)
	if err != nil {
		return "takes no connection: " + errors.Unwrap(err).Error()
	}
	conn.Close()
	return "takes connections"
}

// refused waits until nobody takes a connection any more: a death is told before
// the socket is closed for it.
func (s *socketStage) refused(network, address string) {
	s.t.Helper()
	s.until(address+" is closed", func() bool { return strings.HasPrefix(knock(network, s.path(address)), "takes no") })
}

// fill connects for as long as there is room, and tells how often.
func (s *socketStage) fill(address string) {
	s.t.Helper()
	taken := 0
	for {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		s.must(err)
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: s.path(address)})
		unix.Close(fd) // it waits in the queue all the same
		if err != nil {
			fmt.Fprintln(&s.seen, address, "takes", taken, "and then:", err)
			return
		}
		taken++
	}
}

var (
	socketLine = regexp.MustCompile(`(?m)^\S+ \S+ (\w+ (spawned|stopped|exited|spawnerr|Creating|Closing).*)$`)
	withPID    = regexp.MustCompile(`with pid \d+`)
)

// tellLog tells what the main log has of sockets, and of what they follow. What
// happens to several processes at once does so in any order.
func (s *socketStage) tellLog() {
	var together []string
	kind := ""
	tell := func() {
		for _, line := range slices.Sorted(slices.Values(together)) {
			fmt.Fprintln(&s.seen, line)
		}
		together = nil
	}
	for _, found := range socketLine.FindAllStringSubmatch(s.read("main.log"), -1) {
		if found[2] != kind {
			tell()
		}
		kind = found[2]
		together = append(together, s.masked(withPID.ReplaceAllString(found[1], "with pid N")))
	}
	tell()
}
