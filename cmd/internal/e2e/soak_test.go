//go:build compat && linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
)

// Fifty clients do everything there is to do to two hundred programs at once,
// for as long as SUPERVISOR_SOAK says (10s). Whatever they are answered must be
// possible; what became of each process is written down by an event listener and
// must be a life that the machine allows; and when all is over, supervisord is
// as it was before. SUPERVISOR_SOAK_RACE=1 does it to a supervisord with the
// race detector, for which a C compiler is needed.

const (
	soakUsual     = 10 * time.Second
	soakClients   = 50
	soakProcesses = 200
	soakPatience  = 30 * time.Second // for one answer

	// What may be left of a soak, where nothing should be: what Go keeps of its
	// heap and its threads, and what happens to be under way when it is looked at.
	soakMemory     = 24 << 10 // KiB
	soakThreads    = 24
	soakGoroutines = 10
	soakSockets    = 4
)

func TestFiftyClientsAtOnceChangeNothingButWhatTheyOrder(t *testing.T) {
	t.Setenv("GOTRACEBACK", "all") // see abort
	daemon := buildSoaked(t)
	usual := soakedGoroutines(t, daemon)

	s := newSoak(t, daemon)
	before := s.weigh()
	s.rage(soakTime(t))
	s.report()
	s.settle()
	if !raced() {
		s.giveBack(before)
	}
	after := s.weigh()
	t.Logf("before: %s", before)
	t.Logf("after:  %s", after)
	after.mustBe(t, before)
	s.livesWereLegal()
	if left := s.abort(); left > usual+soakGoroutines {
		t.Errorf("%d goroutines are left, and %d were there at the start", left, usual)
	} else {
		t.Logf("goroutines: %d, and %d in one that has only started", left, usual)
	}
}

func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SUPERVISOR_SOAK")
	if text == "" {
		return soakUsual
	}
	long, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SUPERVISOR_SOAK: %v", err)
	}
	return long
}

// raced tells whether supervisord has the race detector, which needs memory of
// its own.
func raced() bool { return os.Getenv("SUPERVISOR_SOAK_RACE") != "" }

func buildSoaked(t *testing.T) string {
	t.Helper()
	if !raced() {
		return buildProgram(t, "supervisord")
	}
	binary := filepath.Join(t.TempDir(), "supervisord")
	build := exec.Command("go", "build", "-race", "-o", binary, "supervisor/cmd/supervisord")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build supervisord with the race detector: %v\n%s", err, out)
	}
	return binary
}

// soak is a supervisord and those who call it.
type soak struct {
	t      *testing.T
	server *ctlServer
	tidy   *soakClient // who sets up, and looks at the end

	mu      sync.Mutex // guards all below
	latency map[string][]time.Duration
	faults  map[int]int
	wrong   []string
}

// newSoak has a supervisord with all its processes RUNNING.
func newSoak(t *testing.T, daemon string) *soak {
	t.Helper()
	server, err := startCtlServer(t, newPortBook(), daemon, lifecycleConf("soak-a.conf"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.kill)
	s := &soak{t: t, server: server, latency: map[string][]time.Duration{}, faults: map[int]int{}}
	s.tidy = s.newClient(0)
	s.awaitAll()
	return s
}

// awaitAll waits until every process is RUNNING.
func (s *soak) awaitAll() {
	s.t.Helper()
	err := s.server.until("all to be RUNNING", func() (bool, error) {
		infos := s.tidy.all()
		running := func(p soakInfo) bool { return p.State == int(supervise.StateRunning) }
		return len(infos) == soakProcesses+1 && !slices.ContainsFunc(infos, func(p soakInfo) bool { return !running(p) }), nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// rage lets the clients loose.
func (s *soak) rage(long time.Duration) {
	ctx, cancel := context.WithTimeout(s.t.Context(), long)
	defer cancel()
	var clients sync.WaitGroup
	for n := range soakClients {
		clients.Go(func() {
			c := s.newClient(n + 1)
			defer c.http.CloseIdleConnections()
			for ctx.Err() == nil {
				c.doSomething()
			}
		})
	}
	clients.Wait()
	s.tidy.http.CloseIdleConnections()
}

// settle drives to a known state and looks whether it has come true: the first
// configuration, everything RUNNING, and no process that nobody knows of.
func (s *soak) settle() {
	s.t.Helper()
	s.configure("soak-a.conf")
	s.tidy.update()
	if plan := s.tidy.reread(); slices.Concat(plan...) != nil {
		s.t.Errorf("after update, reread still finds %q", plan)
	}
	s.tidy.many("stopAllProcesses", nil, "supervisor.stopAllProcesses", true)
	stopped := s.tidy.all()
	for _, p := range stopped {
		if supervise.State(p.State).Running() || p.PID != 0 {
			s.t.Errorf("after stop all: %+v", p)
		}
	}
	if left := childrenOf(s.t, s.server.cmd.Process.Pid); len(left) > 0 {
		s.t.Errorf("children are left after stop all: %v", left)
	}
	started := s.tidy.many("startAllProcesses", nil, "supervisor.startAllProcesses", true)
	if len(started) != soakProcesses+1 {
		s.t.Errorf("%d processes were started, want %d", len(started), soakProcesses+1)
	}
	var known []int
	for _, p := range s.tidy.all() {
		if p.State != int(supervise.StateRunning) {
			s.t.Errorf("after start all: %+v", p)
		}
		known = append(known, p.PID)
	}
	children := childrenOf(s.t, s.server.cmd.Process.Pid)
	slices.Sort(known)
	slices.Sort(children)
	if !slices.Equal(known, children) || len(children) != soakProcesses+1 {
		s.t.Errorf("supervisord knows %d processes\n%v and has %d\n%v", len(known), known, len(children), children)
	}
	s.tidy.http.CloseIdleConnections()
	for _, wrong := range s.wrong {
		s.t.Error(wrong)
	}
}

// --- what they do ---

// deed is something clients do.
type deed struct {
	name   string
	weight int
	do     func(c *soakClient)
}

// deeds are mostly reads, as in life.
func deeds() []deed {
	return []deed{
		{"getState", 4, func(c *soakClient) { c.mustBe("RUNNING", "getState", "supervisor.getState") }},
		{"getPID", 4, func(c *soakClient) {
			c.mustBe(strconv.Itoa(c.server.cmd.Process.Pid), "getPID", "supervisor.getPID")
		}},
		{"getIdentification", 2, func(c *soakClient) { c.mustBe("supervisor", "getIdentification", "supervisor.getIdentification") }},
		{"getAPIVersion", 2, func(c *soakClient) { c.mustBe("3.0", "getAPIVersion", "supervisor.getAPIVersion") }},
		{"getSupervisorVersion", 2, func(c *soakClient) { c.mustBe("4.2.5", "getSupervisorVersion", "supervisor.getSupervisorVersion") }},
		{"listMethods", 2, func(c *soakClient) { c.mustBe("system.multicall", "listMethods", "system.listMethods") }},
		{"methodHelp", 2, func(c *soakClient) { c.call("methodHelp", nil, nil, "system.methodHelp", "supervisor.getPID") }},
		{"methodSignature", 2, func(c *soakClient) { c.mustBe("int", "methodSignature", "system.methodSignature", "supervisor.getPID") }},
		{"getProcessInfo", 30, (*soakClient).readInfo},
		{"getAllProcessInfo", 12, func(c *soakClient) { c.all() }},
		{"getAllConfigInfo", 4, (*soakClient).readConfig},
		{"readLog", 8, func(c *soakClient) { c.call("readLog", nil, nil, "supervisor.readLog", -1000, 0) }},
		{"readProcessStdoutLog", 12, func(c *soakClient) { c.readStdout(false) }},
		{"tailProcessStdoutLog", 12, func(c *soakClient) { c.readStdout(true) }},
		{"readProcessStderrLog", 6, (*soakClient).readStderr},
		{"multicall", 4, (*soakClient).multicall},

		{"sendProcessStdin", 30, (*soakClient).write},
		{"startProcess", 20, func(c *soakClient) { c.one("startProcess", startFaults, "supervisor.startProcess", c.flip()) }},
		{"stopProcess", 14, func(c *soakClient) { c.one("stopProcess", stopFaults, "supervisor.stopProcess", c.flip()) }},
		{"signalProcess", 14, func(c *soakClient) { c.one("signalProcess", stopFaults, "supervisor.signalProcess", c.signal()) }},
		{"restart of a group", 3, (*soakClient).restartGroup},
		{"startProcessGroup", 4, func(c *soakClient) { c.group("startProcessGroup", "supervisor.startProcessGroup", c.flip()) }},
		{"stopProcessGroup", 2, func(c *soakClient) { c.group("stopProcessGroup", "supervisor.stopProcessGroup", c.flip()) }},
		{"signalProcessGroup", 3, func(c *soakClient) { c.group("signalProcessGroup", "supervisor.signalProcessGroup", c.signal()) }},
		{"signalAllProcesses", 1, func(c *soakClient) {
			c.many("signalAllProcesses", groupFaults, "supervisor.signalAllProcesses", "CONT")
		}},
		{"startAllProcesses", 1, func(c *soakClient) {
			c.many("startAllProcesses", groupFaults, "supervisor.startAllProcesses", false)
		}},
		{"clearProcessLogs", 4, func(c *soakClient) { c.one("clearProcessLogs", nil, "supervisor.clearProcessLogs") }},
		{"clearAllProcessLogs", 1, func(c *soakClient) {
			c.many("clearAllProcessLogs", groupFaults, "supervisor.clearAllProcessLogs")
		}},
		{"clearLog", 1, func(c *soakClient) { c.mustBe("1", "clearLog", "supervisor.clearLog") }},
		{"sendRemoteCommEvent", 3, func(c *soakClient) {
			c.mustBe("1", "sendRemoteCommEvent", "supervisor.sendRemoteCommEvent", "soak", "data")
		}},
		{"reread", 3, func(c *soakClient) { c.reread() }},
		{"another configuration", 2, func(c *soakClient) { c.soak.configure([]string{"soak-a.conf", "soak-b.conf"}[c.random.IntN(2)]) }},
		{"update", 1, (*soakClient).update},
		{"a mistake", 4, (*soakClient).mistake},
	}
}

// The faults that may come of an order when others have orders too. A name of
// the groups that come and go may also be BAD_NAME at any time.
var (
	startFaults = []supervise.FaultCode{supervise.FaultAlreadyStarted, supervise.FaultAbnormalTermination, supervise.FaultSpawnError}
	stopFaults  = []supervise.FaultCode{supervise.FaultNotRunning}
	groupFaults = []supervise.FaultCode{supervise.FaultNotRunning, supervise.FaultAlreadyStarted, supervise.FaultAbnormalTermination,
		supervise.FaultSpawnError, supervise.FaultBadName}
)

// soakClient is one of the fifty, with a connection of its own.
type soakClient struct {
	*soak
	n      int
	random *rand.Rand
	http   *http.Client
	deeds  []deed
	total  int
}

// newClient reaches the socket, or for every second the port.
func (s *soak) newClient(n int) *soakClient {
	transport := new(http.Transport)
	if n%2 == 0 {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.server.dir, "s.sock"))
		}
	}
	c := &soakClient{soak: s, n: n, random: rand.New(rand.NewPCG(uint64(n), 1)), deeds: deeds(),
		http: &http.Client{Transport: transport, Timeout: soakPatience}}
	for _, d := range c.deeds {
		c.total += d.weight
	}
	return c
}

func (c *soakClient) doSomething() {
	at := c.random.IntN(c.total)
	for _, d := range c.deeds {
		if at -= d.weight; at < 0 {
			d.do(c)
			return
		}
	}
}

// call makes a call and decodes its answer. Told is false for a fault, which must
// be one of those expected; anything else than an answer or a fault is wrong.
func (c *soakClient) call(kind string, answer any, legal []supervise.FaultCode, method string, args ...any) (told bool) {
	began := time.Now()
	body, err := c.post(method, args)
	c.took(kind, time.Since(began))
	if err != nil {
		c.blame("%s%v: %v", method, args, err)
		return false
	}
	response := xmlrpc.Response(body)
	if err := response.Err(); err != nil {
		found := koloFault.FindStringSubmatch(err.Error())
		if found == nil {
			c.blame("%s%v: %v", method, args, err)
			return false
		}
		code, _ := strconv.Atoi(found[1]) // digits
		c.fault(code)
		if !slices.Contains(legal, supervise.FaultCode(code)) {
			c.blame("%s%v: the fault %s", method, args, err)
		}
		return false
	}
	if answer == nil {
		return true
	}
	if err := response.Unmarshal(answer); err != nil {
		c.blame("%s%v: %v in %s", method, args, err, body)
		return false
	}
	return true
}

func (c *soakClient) post(method string, args []any) ([]byte, error) {
	request, err := xmlrpc.NewRequest("http://127.0.0.1:"+c.server.port+"/RPC2", method, args)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth("user", "secret")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("HTTP %s: %s", response.Status, body)
	}
	return body, err
}

// mustBe makes a call whose answer holds a text, whatever others do.
func (c *soakClient) mustBe(text, kind, method string, args ...any) {
	began := time.Now()
	body, err := c.post(method, args)
	c.took(kind, time.Since(began))
	if err != nil || !bytes.Contains(body, []byte(">"+text+"<")) || bytes.Contains(body, []byte("<fault>")) {
		c.blame("%s%v: %v, %s", method, args, err, body)
	}
}

func (s *soak) took(kind string, long time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency[kind] = append(s.latency[kind], long)
}

func (s *soak) fault(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[code]++
}

// blame keeps what must not have happened; the first of it is enough.
func (s *soak) blame(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wrong) < 20 {
		text := fmt.Sprintf(format, args...)
		s.wrong = append(s.wrong, text[:min(len(text), 2000)])
	}
}

func (s *soak) configure(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.server.configure(lifecycleConf(name)); err != nil {
		s.wrong = append(s.wrong, err.Error())
	}
}

// --- names ---

func (c *soakClient) flip() bool { return c.random.IntN(2) == 0 }

// signal is one that means nothing to a program, or now and then one that ends it.
func (c *soakClient) signal() string {
	if c.random.IntN(4) == 0 {
		return "HUP"
	}
	return "CONT"
}

// someGroup is one that stays, or now and then one that comes and goes.
func (c *soakClient) someGroup() (name string, stays bool) {
	if c.random.IntN(4) > 0 {
		return fmt.Sprintf("s%02d", c.random.IntN(14)), true
	}
	return []string{"a0", "a1", "b0", "b1", "c0", "c1", "c2", "c3"}[c.random.IntN(8)], false
}

func (c *soakClient) someProcess() (name string, stays bool) {
	group, stays := c.someGroup()
	return fmt.Sprintf("%s:%s_%d", group, group, c.random.IntN(10)), stays
}

func andMissing(legal []supervise.FaultCode, stays bool) []supervise.FaultCode {
	if stays {
		return legal
	}
	return append(slices.Clone(legal), supervise.FaultBadName)
}

// --- reading ---

type soakInfo struct {
	Group       string `xmlrpc:"group"`
	Name        string `xmlrpc:"name"`
	State       int    `xmlrpc:"state"`
	StateName   string `xmlrpc:"statename"`
	PID         int    `xmlrpc:"pid"`
	Start       int    `xmlrpc:"start"`
	Stop        int    `xmlrpc:"stop"`
	Now         int    `xmlrpc:"now"`
	Description string `xmlrpc:"description"`
	SpawnErr    string `xmlrpc:"spawnerr"`
	ExitStatus  int    `xmlrpc:"exitstatus"`
}

func (p soakInfo) spec() string { return p.Group + ":" + p.Name }

// check says what is impossible in what is told of a process, "" for nothing.
func (p soakInfo) check() string {
	state := supervise.State(p.State)
	started := p.Start > 0 && p.Start <= p.Now
	switch {
	case state.String() != p.StateName:
		return "the state has another name"
	case !strings.HasPrefix(p.Name, p.Group):
		return "in another's group"
	case (state == supervise.StateRunning || state == supervise.StateStopping) && p.PID == 0:
		return "no pid"
	case (state.Stopped() || state == supervise.StateBackoff) && p.PID != 0:
		return "a pid"
	case state == supervise.StateRunning && (!started || !strings.HasPrefix(p.Description, fmt.Sprintf("pid %d, uptime ", p.PID))):
		return "an unlikely description, or start"
	case state == supervise.StateExited && (!started || p.Stop < p.Start):
		return "an end before the start"
	case state == supervise.StateUnknown || state == supervise.StateFatal && p.SpawnErr == "":
		return "no reason"
	}
	return ""
}

func (c *soakClient) readInfo() {
	name, stays := c.someProcess()
	var p soakInfo
	if !c.call("getProcessInfo", &p, andMissing(nil, stays), "supervisor.getProcessInfo", name) {
		return
	}
	if wrong := p.check(); wrong != "" || p.spec() != name {
		c.blame("getProcessInfo %s: %s: %+v", name, wrong, p)
	}
}

// all reads every process. Those that stay are always there; none is there twice,
// nor is a pid.
func (c *soakClient) all() []soakInfo {
	var infos []soakInfo
	if !c.call("getAllProcessInfo", &infos, nil, "supervisor.getAllProcessInfo") {
		return nil
	}
	staying, pids := 0, map[int]string{}
	for i, p := range infos {
		if wrong := p.check(); wrong != "" {
			c.blame("getAllProcessInfo: %s: %+v", wrong, p)
		}
		if i > 0 && infos[i-1].spec() >= p.spec() {
			c.blame("getAllProcessInfo: %s comes after %s", p.spec(), infos[i-1].spec())
		}
		if strings.HasPrefix(p.Group, "s") {
			staying++
		}
		if other := pids[p.PID]; p.PID != 0 && other != "" {
			c.blame("getAllProcessInfo: %s and %s have pid %d", p.spec(), other, p.PID)
		}
		pids[p.PID] = p.spec()
	}
	if staying != 140 || len(infos) > soakProcesses+1+40 {
		c.blame("getAllProcessInfo: %d processes, %d of those that stay", len(infos), staying)
	}
	return infos
}

func (c *soakClient) readConfig() {
	var infos []struct {
		Group string `xmlrpc:"group"`
		Name  string `xmlrpc:"name"`
		InUse bool   `xmlrpc:"inuse"`
	}
	if !c.call("getAllConfigInfo", &infos, nil, "supervisor.getAllConfigInfo") {
		return
	}
	if len(infos) != soakProcesses+1 {
		c.blame("getAllConfigInfo: %d processes", len(infos))
	}
	for _, p := range infos {
		if strings.HasPrefix(p.Group, "s") && !p.InUse {
			c.blame("getAllConfigInfo: %s is not in use", p.Name)
		}
	}
}

// readStdout reads what cat repeated: the lines that were sent to this process,
// and no other's.
func (c *soakClient) readStdout(tail bool) {
	name, stays := c.someProcess()
	var text string
	var told bool
	if tail {
		var answer []any
		told = c.call("tailProcessStdoutLog", &answer, andMissing(nil, stays), "supervisor.tailProcessStdoutLog", name, 0, 2000)
		if told && len(answer) == 3 {
			text, _ = answer[0].(string) // kolo makes nil of an empty one
		}
	} else {
		told = c.call("readProcessStdoutLog", &text, andMissing(nil, stays), "supervisor.readProcessStdoutLog", name, 0, 0)
	}
	if !told {
		return
	}
	if tail {
		_, text, _ = strings.Cut(text, "\n") // the first may be the end of a line
	}
	for line := range strings.Lines(text) {
		if strings.HasSuffix(line, "\n") && line != "for "+name+"\n" {
			c.blame("the log of %s has the line %q", name, line)
			return
		}
	}
}

func (c *soakClient) readStderr() {
	name, stays := c.someProcess()
	method := []string{"supervisor.readProcessStderrLog", "supervisor.tailProcessStderrLog"}[c.random.IntN(2)]
	c.call("read and tailProcessStderrLog", nil, andMissing(nil, stays), method, name, 0, 100)
}

func (c *soakClient) multicall() {
	name, stays := c.someProcess()
	calls := []any{
		map[string]any{"methodName": "supervisor.getProcessInfo", "params": []any{name}},
		map[string]any{"methodName": "supervisor.getPID", "params": []any{}},
		map[string]any{"methodName": "supervisor.startProcess", "params": []any{name, false}},
	}
	var answers []any
	if !c.call("multicall", &answers, nil, "system.multicall", calls) {
		return
	}
	if len(answers) != len(calls) || answers[1] != int64(c.server.cmd.Process.Pid) {
		c.blame("multicall: %v", answers)
		return
	}
	for _, at := range []int{0, 2} {
		if fields, ok := answers[at].(map[string]any); ok && fields["faultCode"] != nil {
			code := int(fields["faultCode"].(int64))
			c.fault(code)
			if !slices.Contains(andMissing(startFaults, stays), supervise.FaultCode(code)) {
				c.blame("multicall: %v", fields)
			}
		}
	}
}

// --- orders ---

// one gives an order about a process.
func (c *soakClient) one(kind string, legal []supervise.FaultCode, method string, more ...any) {
	name, stays := c.someProcess()
	var done bool
	if c.call(kind, &done, andMissing(legal, stays), method, append([]any{name}, more...)...) && !done {
		c.blame("%s %s: false", method, name)
	}
}

func (c *soakClient) write() {
	name, stays := c.someProcess()
	legal := append(slices.Clone(stopFaults), supervise.FaultNoFile) // it has just died, and nobody knows yet
	c.call("sendProcessStdin", nil, andMissing(legal, stays), "supervisor.sendProcessStdin", name, "for "+name+"\n")
}

type soakResult struct {
	Group       string `xmlrpc:"group"`
	Name        string `xmlrpc:"name"`
	Status      int    `xmlrpc:"status"`
	Description string `xmlrpc:"description"`
}

// many gives an order about many; what it says of each must be possible.
func (c *soakClient) many(kind string, legal []supervise.FaultCode, method string, args ...any) []soakResult {
	var results []soakResult
	if !c.call(kind, &results, legal, method, args...) {
		return nil
	}
	seen := map[string]bool{}
	for _, r := range results {
		spec := r.Group + ":" + r.Name
		if r.Status != int(supervise.Success) {
			c.fault(r.Status)
		}
		if r.Status != int(supervise.Success) && !slices.Contains(legal, supervise.FaultCode(r.Status)) || seen[spec] {
			c.blame("%s%v: %+v", method, args, r)
		}
		seen[spec] = true
	}
	return results
}

func (c *soakClient) group(kind, method string, more ...any) {
	name, _ := c.someGroup()
	c.groupOf(name, kind, method, more...)
}

func (c *soakClient) groupOf(name, kind, method string, more ...any) {
	for _, r := range c.many(kind, groupFaults, method, append([]any{name}, more...)...) {
		if r.Group != name {
			c.blame("%s %s: %+v", method, name, r)
		}
	}
}

func (c *soakClient) restartGroup() {
	name, _ := c.someGroup()
	c.groupOf(name, "restart of a group: stop", "supervisor.stopProcessGroup", true)
	c.groupOf(name, "restart of a group: start", "supervisor.startProcessGroup", true)
}

// soakPlans are the groups that reread may find added, changed and removed. One
// that is changed is new to whoever asks while another client has it removed.
var soakPlans = [3]*regexp.Regexp{regexp.MustCompile(`^([ab][01]|c[0-3])$`), regexp.MustCompile(`^c[0-3]$`), regexp.MustCompile(`^[ab][01]$`)}

func (c *soakClient) reread() [][]string {
	var answer [][][]string
	if !c.call("reloadConfig", &answer, nil, "supervisor.reloadConfig") {
		return make([][]string, 3)
	}
	if len(answer) != 1 || len(answer[0]) != 3 {
		c.blame("reloadConfig: %v", answer)
		return make([][]string, 3)
	}
	for i, names := range answer[0] {
		for _, name := range names {
			if !soakPlans[i].MatchString(name) {
				c.blame("reloadConfig: %v", answer)
			}
		}
	}
	return answer[0]
}

// update does what supervisorctl does. Others may be at it too, or start what was
// just stopped.
func (c *soakClient) update() {
	plan := c.reread()
	remove := func(name string) {
		c.groupOf(name, "update: stop", "supervisor.stopProcessGroup", true)
		c.call("update: remove", nil, []supervise.FaultCode{supervise.FaultStillRunning, supervise.FaultBadName}, "supervisor.removeProcessGroup", name)
	}
	add := func(name string) {
		c.call("update: add", nil, []supervise.FaultCode{supervise.FaultAlreadyAdded, supervise.FaultBadName}, "supervisor.addProcessGroup", name)
	}
	for _, name := range plan[2] {
		remove(name)
	}
	for _, name := range plan[1] {
		remove(name)
		add(name)
	}
	for _, name := range plan[0] {
		add(name)
	}
}

// mistake makes a call that must be refused in the same way at any time.
func (c *soakClient) mistake() {
	all := []struct {
		code supervise.FaultCode
		call []any
	}{
		{supervise.FaultUnknownMethod, []any{"supervisor.fly"}},
		{supervise.FaultIncorrectParameters, []any{"supervisor.getProcessInfo"}},
		{supervise.FaultBadName, []any{"supervisor.startProcess", "nobody"}},
		{supervise.FaultBadName, []any{"supervisor.stopProcessGroup", "nobody"}},
		{supervise.FaultBadSignal, []any{"supervisor.signalProcess", "s00:s00_0", "NOISE"}},
		{supervise.FaultBadArguments, []any{"supervisor.readLog", -1, 1}},
		{supervise.FaultAlreadyAdded, []any{"supervisor.addProcessGroup", "s00"}},
		{supervise.FaultSignatureUnsupported, []any{"system.methodHelp", "supervisor.fly"}},
	}
	one := all[c.random.IntN(len(all))]
	if c.call("a mistake", nil, []supervise.FaultCode{one.code}, one.call[0].(string), one.call[1:]...) {
		c.blame("%v is answered", one.call)
	}
}

// --- what is left ---

// weight is what a supervisord takes. Of what is resident, the anonymous is its
// own; the rest are pages of its program that have been used.
type weight struct{ resident, anonymous, threads, descriptors, children, zombies int }

func (w weight) String() string {
	return fmt.Sprintf("%d KiB resident, %d of them anonymous, %d threads, %d descriptors, %d children, %d of them dead",
		w.resident, w.anonymous, w.threads, w.descriptors, w.children, w.zombies)
}

// giveBack waits until supervisord has given back the memory of fifty clients,
// which Go does by and by while it works. If it does not, mustBe will say so.
func (s *soak) giveBack(before weight) {
	s.t.Helper()
	began, most := time.Now(), counted(s.t, s.server.cmd.Process.Pid, "RssAnon")
	_ = s.server.until("memory to be given back", func() (bool, error) {
		for range 20 {
			s.tidy.all()
		}
		return counted(s.t, s.server.cmd.Process.Pid, "RssAnon") <= before.anonymous+soakMemory, nil
	})
	s.t.Logf("after the last client: %d KiB anonymous; given back in %v", most, time.Since(began).Round(time.Second))
	s.tidy.http.CloseIdleConnections()
}

// weigh waits for connections to be closed, which takes a moment.
func (s *soak) weigh() weight {
	s.t.Helper()
	pid := s.server.cmd.Process.Pid
	children := childrenOf(s.t, pid)
	last := descriptors(s.t, pid)
	err := s.server.until("connections to be closed", func() (bool, error) {
		before := last
		last = descriptors(s.t, pid)
		return last == before, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	w := weight{counted(s.t, pid, "VmRSS"), counted(s.t, pid, "RssAnon"), counted(s.t, pid, "Threads"), last, len(children), 0}
	for _, child := range children {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err != nil || strings.Contains(string(status), ") Z ") {
			w.zombies++
		}
	}
	return w
}

func (w weight) mustBe(t *testing.T, before weight) {
	t.Helper()
	if !raced() && w.anonymous > before.anonymous+soakMemory {
		t.Errorf("%d KiB more than before", w.anonymous-before.anonymous)
	}
	if w.threads > before.threads+soakThreads || w.descriptors > before.descriptors+soakSockets ||
		w.children != before.children || w.zombies != 0 {
		t.Error("something has leaked")
	}
}

// abort ends supervisord with a trace of all its goroutines, and counts them. A
// race that it has seen is in the same file.
func (s *soak) abort() int {
	s.t.Helper()
	if err := s.server.cmd.Process.Signal(syscall.SIGABRT); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.server.ended:
	case <-time.After(soon):
		s.t.Fatal("supervisord does not end")
	}
	trace, err := os.ReadFile(filepath.Join(s.server.dir, "stderr"))
	if err != nil {
		s.t.Fatal(err)
	}
	if at := bytes.Index(trace, []byte("WARNING: DATA RACE")); at >= 0 {
		s.t.Errorf("%s", trace[at:min(len(trace), at+10000)])
	}
	count := len(goroutine.FindAll(trace, -1))
	if count == 0 {
		s.t.Errorf("no trace:\n%s", trace)
	}
	return count
}

var goroutine = regexp.MustCompile(`(?m)^goroutine \d+ .*\[`)

// soakedGoroutines counts those of a supervisord that has started all and done
// nothing else.
func soakedGoroutines(t *testing.T, daemon string) int {
	t.Helper()
	s := newSoak(t, daemon)
	s.tidy.http.CloseIdleConnections()
	s.weigh()
	return s.abort()
}

// --- lives ---

// legalNext is what may follow a state (states.py and process.py).
var legalNext = map[string][]string{
	"STOPPED":  {"STARTING"},
	"STARTING": {"RUNNING", "BACKOFF", "STOPPING"},
	"RUNNING":  {"EXITED", "STOPPING"},
	"BACKOFF":  {"STARTING", "FATAL", "STOPPED"},
	"STOPPING": {"STOPPED"},
	"EXITED":   {"STARTING"},
	"FATAL":    {"STARTING"},
}

// livesWereLegal reads what the recorder wrote: each process goes from the state
// it was in to one that may follow. A group that is added begins anew. The
// recorder was stopped and started at the end; the event it was busy with then
// comes twice, and none is missing.
func (s *soak) livesWereLegal() {
	s.t.Helper()
	record, err := os.ReadFile(filepath.Join(s.server.dir, "events"))
	if err != nil {
		s.t.Fatal(err)
	}
	states, last := map[string]string{}, ""
	seen := 0
	for line := range strings.Lines(string(record)) {
		event := pairsOf(line)
		group := event["groupname"]
		if event["poolserial"] == last || group == "recorder" {
			continue
		}
		last = event["poolserial"]
		state, isState := strings.CutPrefix(event["eventname"], "PROCESS_STATE_")
		if !isState {
			maps.DeleteFunc(states, func(spec, _ string) bool { return strings.HasPrefix(spec, group+":") })
			continue
		}
		seen++
		spec := group + ":" + event["processname"]
		was, known := states[spec]
		if known && was != event["from_state"] || !slices.Contains(legalNext[event["from_state"]], state) {
			s.t.Errorf("%s was %s and went from %s to %s", spec, was, event["from_state"], state)
		}
		states[spec] = state
	}
	s.t.Logf("%d changes of state were recorded", seen)
	if seen < soakProcesses {
		s.t.Error("they are too few")
	}
}

// pairsOf reads an event as the recorder has written it.
func pairsOf(line string) map[string]string {
	pairs := map[string]string{}
	for word := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(word, ":")
		pairs[key] = value
	}
	return pairs
}

// report prints the figures.
func (s *soak) report() {
	s.t.Helper()
	var all []time.Duration
	for _, kind := range slices.Sorted(maps.Keys(s.latency)) {
		s.t.Logf("%-32s %s", kind, spread(s.latency[kind]))
		all = append(all, s.latency[kind]...)
	}
	s.t.Logf("%-32s %s", "all", spread(all))
	for _, code := range slices.Sorted(maps.Keys(s.faults)) {
		s.t.Logf("fault %3d %-22s %6d", code, supervise.FaultCode(code), s.faults[code])
	}
	if len(all) < soakClients {
		s.t.Errorf("only %d calls", len(all))
	}
}

func spread(took []time.Duration) string {
	slices.Sort(took)
	at := func(part float64) time.Duration {
		return took[int(part*float64(len(took)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("%7d calls  p50 %8v  p99 %8v  max %8v", len(took), at(0.5), at(0.99), at(1))
}
