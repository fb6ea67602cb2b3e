//go:build compat && unix

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// clients ask a FastCGI program, each one request after the other on connections
// of their own, until they are told to go.
type clients struct {
	network, address string
	gone             chan struct{}
	asking           sync.WaitGroup

	mu       sync.Mutex // guards the fields below
	answered map[int]int
	tally    tally
	troubles []string // the first few, in words
}

// tally counts requests.
type tally struct{ answered, refused, lost int }

func (t tally) String() string {
	return fmt.Sprintf("%d requests answered, %d refused, %d lost", t.answered, t.refused, t.lost)
}

// newClients sends n of them.
func newClients(network, address string, n int) *clients {
	c := &clients{network: network, address: address, gone: make(chan struct{}), answered: map[int]int{}}
	for range n {
		c.asking.Go(func() {
			for !c.told() {
				c.note(askFastCGI(c.network, c.address, "wait=10ms"))
			}
		})
	}
	return c
}

func (c *clients) told() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// goAway tells them to go and waits until they have.
func (c *clients) goAway() {
	close(c.gone)
	c.asking.Wait()
}

// note counts what came of a request. The body is "NAME PID".
func (c *clients) note(body string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var name string
	var pid int
	if err == nil {
		_, err = fmt.Sscan(body, &name, &pid)
	}
	switch {
	case err == nil:
		c.tally.answered++
		c.answered[pid]++
		return
	case errors.As(err, new(refusal)):
		c.tally.refused++
	default:
		c.tally.lost++
	}
	if len(c.troubles) < 5 {
		c.troubles = append(c.troubles, err.Error())
	}
}

// heardFrom tells whether every pid has answered.
func (c *clients) heardFrom(pids map[string]int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pid := range pids {
		if c.answered[pid] == 0 {
			return false
		}
	}
	return true
}

// sofar takes the tally since it was taken last.
func (c *clients) sofar() (t tally, troubles []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, troubles = c.tally, c.troubles
	c.tally, c.troubles = tally{}, nil
	return t, troubles
}

// web is a FastCGI program under a supervisord, and those who ask it.
type web struct {
	*life
	ctlBinary string
	clients   *clients
}

const webConf = `
[fcgi-program:app]
command=PROGRAM
socket=URL
process_name=%(program_name)s_%(process_num)02d
numprocs=4
autorestart=true
startsecs=1
stopwaitsecs=60
redirect_stderr=true
`

// run has our supervisorctl do something.
func (w *web) run(words ...string) string {
	w.t.Helper()
	out, err := exec.Command(w.ctlBinary, append([]string{"-c", w.path("s.conf")}, words...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("supervisorctl %s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

var runningLine = regexp.MustCompile(`(?m)^(\S+)\s+RUNNING\s+pid (\d+),`)

// pids gives those that run.
func (w *web) pids() map[string]int {
	pids := map[string]int{}
	out, _ := exec.Command(w.ctlBinary, "-c", w.path("s.conf"), "status").Output() // not 0 unless all run
	for _, found := range runningLine.FindAllStringSubmatch(string(out), -1) {
		pids[found[1]], _ = strconv.Atoi(found[2]) // digits
	}
	return pids
}

// renewed waits until all four run with other pids than before, and have
// answered somebody.
func (w *web) renewed(before map[string]int) {
	w.t.Helper()
	w.until("all are new, and have answered", func() bool {
		now := w.pids()
		for name, pid := range before {
			if now[name] == pid {
				return false
			}
		}
		return len(now) == 4 && w.clients.heardFrom(now)
	})
}

// through has something happen to all processes under load; mayLose is how many
// requests may be lost by it. None may be refused.
func (w *web) through(what string, mayLose int, happens func(before map[string]int)) {
	w.t.Helper()
	before := w.pids()
	happens(before)
	w.renewed(before)
	t, troubles := w.clients.sofar()
	w.t.Logf("%s: %v", what, t)
	if t.answered == 0 || t.refused > 0 || t.lost > mayLose {
		w.t.Errorf("%s: %v: %q", what, t, troubles)
	}
}

func (w *web) kill(pids map[string]int) {
	w.t.Helper()
	for name, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			w.t.Errorf("kill %s: %v", name, err)
		}
	}
}

// order has the API do something.
func (w *web) order(path string) {
	w.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://localhost/api/v1"+path, strings.NewReader("{}"))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := (&ctlServer{dir: w.dir}).client().Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		w.t.Errorf("POST %s: %s", path, response.Status)
	}
}

func buildFastCGIProgram(t *testing.T) string {
	t.Helper()
	return buildGo(t, "fastcgi", "supervisor/examples/fastcgi")
}

// TestClientsOfAFastCGIProgramNoticeNoRestart asks examples/fastcgi all the time,
// while its processes are restarted in every way there is. Its processes end the
// requests they have before they end.
func TestClientsOfAFastCGIProgramNoticeNoRestart(t *testing.T) {
	t.Parallel()
	daemon, ctl, program := buildProgram(t, "supervisord"), buildProgram(t, "supervisorctl"), buildFastCGIProgram(t)
	ports := newPortBook()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, daemon, "")
			url, address := "unix://"+l.path("app.sock"), l.path("app.sock")
			if network == "tcp" {
				address = "127.0.0.1:" + ports.next(t)
				url = "tcp://" + address
			}
			l.configure(lifeConf + strings.NewReplacer("PROGRAM", program, "URL", url).Replace(webConf))
			w := &web{life: l, ctlBinary: ctl}
			w.serve(network, address)
		})
	}
}

const webClients = 6

func (w *web) serve(network, address string) {
	w.start()
	w.until("all run", func() bool { return len(w.pids()) == 4 })
	w.clients = newClients(network, address, webClients)
	defer func() {
		if !w.clients.told() {
			w.clients.goAway()
		}
	}()
	w.until("all four answer on one socket", func() bool { return w.clients.heardFrom(w.pids()) })

	w.through("restart of each in turn", 0, func(before map[string]int) {
		for name := range before {
			want := name + ": stopped\n" + name + ": started\n"
			if got := w.run("restart", name); got != want {
				w.t.Errorf("restart %s printed %q", name, got)
			}
		}
	})
	w.through("restart app:*", 0, func(map[string]int) { w.run("restart", "app:*") })
	w.through("restart all", 0, func(map[string]int) { w.run("restart", "all") })
	w.through("restart of one by one name each", 0, func(map[string]int) {
		w.run("restart", "app:app_03", "app:app_01", "app:app_00", "app:app_02")
	})
	w.through("restart by the API", 0, func(map[string]int) { w.order("/groups/app/restart") })
	w.through("TERM to all at once", 0, func(before map[string]int) {
		for _, pid := range before {
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				w.t.Error(err)
			}
		}
	})
	// Each of the four that are killed may take with it what each client has asked.
	w.through("KILL of all at once", 4*webClients, w.kill)
	w.through("KILL of all before startsecs are over", 2*4*webClients, func(before map[string]int) {
		w.kill(before)
		w.until("all have been born again", func() bool {
			return strings.Count(w.read("main.log"), "spawned: ") == 4*9 // the first lives, seven rounds, and this one
		})
		w.kill(w.children())
	})
	w.clients.goAway()
	w.isClosedByAStop(network, address)
}

// children are the pids in the main log that are the last of their names.
func (w *web) children() map[string]int {
	pids := map[string]int{}
	for _, found := range regexp.MustCompile(`spawned: '(\w+)' with pid (\d+)`).FindAllStringSubmatch(w.read("main.log"), -1) {
		pids[found[1]], _ = strconv.Atoi(found[2]) // digits
	}
	return pids
}

func (w *web) isClosedByAStop(network, address string) {
	w.run("stop", "app:*")
	if _, err := askFastCGI(network, address, ""); !errors.As(err, new(refusal)) || !errors.Is(err.(refusal).err, syscall.ECONNREFUSED) {
		w.t.Errorf("stopped, it answers %v", err)
	}
	w.run("start", "app:app_02")
	body, err := askFastCGI(network, address, "")
	if name, _, _ := strings.Cut(body, " "); err != nil || name != "app_02" {
		w.t.Errorf("started again, it answers %q, %v", body, err)
	}
	w.end(syscall.SIGTERM)
	if conn, err := new(net.Dialer).DialContext(context.Background(), network, address); err == nil {
		conn.Close()
		w.t.Error("it outlives supervisord")
	}
}

func TestAFastCGIProgramInAGroupKeepsItsSocket(t *testing.T) {
	t.Parallel()
	program := buildFastCGIProgram(t)
	l := newLife(t, buildProgram(t, "supervisord"), "")
	l.configure(lifeConf + `
[program:other]
command=/bin/sleep 1000
[fcgi-program:app]
command=` + program + `
socket=unix://DIR/%(program_name)s.sock
process_name=app_%(process_num)d
numprocs=2
[group:shop]
programs=other,app
`)
	l.start()
	heard := map[string]bool{}
	l.until("both answer", func() bool {
		if body, err := askFastCGI("unix", l.path("app.sock"), ""); err == nil {
			name, _, _ := strings.Cut(body, " ")
			heard[name] = true
		}
		return heard["app_0"] && heard["app_1"]
	})
}

// TestASocketThatAnotherSupervisordHasTakenIsLeftToIt has two of them configured
// with one path, as after a copied file. Who comes second gets it once the first
// has closed it, and the first does not take it back while the second listens.
func TestASocketThatAnotherSupervisordHasTakenIsLeftToIt(t *testing.T) {
	t.Parallel()
	daemon, program := buildProgram(t, "supervisord"), buildFastCGIProgram(t)
	first := newLife(t, daemon, "")
	socket := first.path("app.sock")
	programs := "[fcgi-program:app]\ncommand=" + program + "\nsocket=unix://" + socket + "\nstartsecs=0\nstartretries=1000\n"
	ours := func(l *life) bool {
		body, err := askFastCGI("unix", socket, "")
		return err == nil && strings.HasSuffix(body, fmt.Sprintf(" %d\n", l.pidOf("app")))
	}
	first.configure(lifeConf + programs)
	first.start()
	first.until("it answers", func() bool { return ours(first) })
	second := newLife(t, daemon, programs)
	if runtime.GOOS == "linux" { // where it is told who listens
		said, err := exec.Command(daemon, "-n", "-c", second.path("s.conf")).CombinedOutput()
		if want := fmt.Sprintf("process %d listens there", first.cmd.Process.Pid); err == nil || !strings.Contains(string(said), want) {
			t.Errorf("a second supervisord: %v\n%s", err, said)
		}
		if !ours(first) {
			t.Error("the first has lost it")
		}
	}
	first.ctl("stop", "app")
	second.start()
	second.until("it answers", func() bool { return ours(second) })
	if got, want := first.ctl("start", "app"), "app: ERROR (spawn error)\n"; got != want {
		t.Errorf("start of the first printed %q", got)
	}
	first.logs("spawnerr: Could not create FastCGI socket unix://"+socket, "another program listens there since")
	if !ours(second) {
		t.Error("the second has lost it")
	}
	second.ctl("stop", "app")
	first.until("it has come back by itself", func() bool { return ours(first) })
}
