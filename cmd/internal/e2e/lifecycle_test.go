//go:build compat && unix

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"
)

// Three clients that other people wrote lead a supervisord through its whole
// life: Python's xmlrpc.client, Go's kolo/xmlrpc, and the original's
// supervisorctl; each over the socket and over TCP, with a password. They do so
// with the original's supervisord as well, so that what is expected is what it
// does.

// lifecycleConf is a configuration of testdata/lifecycle, as startCtlServer
// looks for it.
func lifecycleConf(name string) string { return filepath.Join("../../lifecycle", name) }

// --- programs ---

// worker is the child of these tests. It says "ready" when it listens to signals,
// says which ones come, repeats what it reads to both channels, and ends with its
// standard input. How it is different:
//
//	listens    it is an event listener, and repeats events to stderr
//	records F  it is an event listener, and repeats events to a file
//	exits N    it exits with N when it has read a line
//	fails      it exits at once
func worker(how ...string) {
	out := os.Stdout
	if len(how) > 0 && (how[0] == "listens" || how[0] == "records") {
		out = os.Stderr // stdout is for the protocol
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTERM)
	go func() { // as long as the worker lives
		for sig := range signals {
			if sig == syscall.SIGTERM {
				os.Exit(0)
			}
			fmt.Fprintln(out, "signal", int(sig.(syscall.Signal)))
		}
	}()
	in := bufio.NewReader(os.Stdin)
	switch {
	case slices.Equal(how, []string{"fails"}):
		os.Exit(3)
	case slices.Equal(how, []string{"listens"}):
		hear(in, os.Stderr)
		return
	case len(how) == 2 && how[0] == "records":
		file, err := os.OpenFile(how[1], os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			panic(err)
		}
		hear(in, file)
		return
	}
	fmt.Println("ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return // supervisord has closed it
		}
		fmt.Print("got ", line)
		fmt.Fprint(os.Stderr, "heard ", line)
		if len(how) == 2 {
			status, err := strconv.Atoi(how[1])
			if err != nil {
				panic(err)
			}
			os.Exit(status)
		}
	}
}

// hear repeats the events a listener gets: the header, and after a blank the
// payload.
func hear(in *bufio.Reader, to io.Writer) {
	for {
		fmt.Println("READY")
		envelope, err := readEnvelope(in)
		if err != nil {
			return // supervisord has closed it
		}
		header, payload, _ := bytes.Cut(envelope, []byte("\n"))
		fmt.Fprintf(to, "%s %s\n", header, bytes.TrimSuffix(payload, []byte("\n")))
		fmt.Print("RESULT 2\nOK")
	}
}

// --- callers ---

// reply is what came of a call; one of its fields is set.
type reply struct {
	Answer  any    `json:"answer"`
	Fault   []any  `json:"fault"` // code and text
	HTTP    int    `json:"http"`  // a status other than 200
	Refused string `json:"refused"`
}

// caller makes XML-RPC calls with somebody's library.
type caller func(t *testing.T, method string, args ...any) reply

// newPythonCaller runs testdata/lifecycle/caller.py until the test ends.
func newPythonCaller(t *testing.T, url, user, password string) caller {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "testdata/lifecycle/caller.py", url, user, password)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("caller.py: %v", err)
		}
	})
	calls, replies := json.NewEncoder(stdin), json.NewDecoder(stdout)
	return func(t *testing.T, method string, args ...any) (r reply) {
		t.Helper()
		if err := errors.Join(calls.Encode(append([]any{method}, args...)), replies.Decode(&r)); err != nil {
			t.Fatalf("call %s from Python: %v", method, err)
		}
		return r
	}
}

// newGoCaller is a client of kolo/xmlrpc. Its library knows no sockets: it is
// given a transport that dials one.
func newGoCaller(t *testing.T, url, user, password string) caller {
	t.Helper()
	transport := new(http.Transport)
	at := strings.TrimPrefix(url, "http://")
	if socket, found := strings.CutPrefix(url, "unix://"); found {
		at = "localhost"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}
	}
	client, err := xmlrpc.NewClient(fmt.Sprintf("http://%s:%s@%s/RPC2", user, password, at), transport)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return func(t *testing.T, method string, args ...any) (r reply) {
		t.Helper()
		err := client.Call(method, args, &r.Answer)
		if err == nil {
			return plain(t, r)
		}
		if found := koloFault.FindStringSubmatch(err.Error()); found != nil {
			code, _ := strconv.ParseFloat(found[1], 64) // digits
			return reply{Fault: []any{code, found[2]}}
		}
		if status, found := strings.CutPrefix(err.Error(), "request error: bad status code - "); found {
			code, _ := strconv.Atoi(status) // kolo prints an int
			return reply{HTTP: code}
		}
		return reply{Refused: err.Error()}
	}
}

// koloFault is how the library says a fault that has come through net/rpc.
var koloFault = regexp.MustCompile(`(?s)^Fault\((\d+)\): (.*)$`)

// plain gives a reply with JSON's types, as other callers do. The library makes
// nil of an empty text; supervisord answers nil nowhere.
func plain(t *testing.T, r reply) (same reply) {
	t.Helper()
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	same.Answer = withTexts(same.Answer)
	return same
}

func withTexts(v any) any {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		for i := range v {
			v[i] = withTexts(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = withTexts(v[name])
		}
	}
	return v
}

var callers = []struct {
	name     string
	make     func(t *testing.T, url, user, password string) caller
	original string // how it reaches the original
}{
	{"xmlrpc.client", newPythonCaller, "unix"},
	{"kolo", newGoCaller, "tcp"},
}

func TestClientsOfXMLRPCLeadSupervisordThroughItsLife(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours, ports := buildProgram(t, "supervisord"), newPortBook()
	for _, client := range callers {
		for _, transport := range []string{"unix", "tcp"} {
			l := &lifecycle{daemon: ours, ports: ports, client: client.make, transport: transport}
			t.Run("ours "+client.name+" "+transport, l.run)
		}
		// Once is enough to see that it does what is expected.
		l := &lifecycle{daemon: originalDaemon, ports: ports, client: client.make, transport: client.original}
		t.Run("original "+client.name+" "+client.original, l.run)
	}
}

func (s *ctlServer) url(transport string) string {
	if transport == "unix" {
		return "unix://" + filepath.Join(s.dir, "s.sock")
	}
	return "http://127.0.0.1:" + s.port
}

// --- the story ---

// lifecycle is a life being led by one client.
type lifecycle struct {
	daemon    string
	ports     *portBook
	client    func(t *testing.T, url, user, password string) caller
	transport string

	t      *testing.T
	server *ctlServer
	call   caller
}

func (l *lifecycle) run(t *testing.T) {
	t.Parallel()
	server, err := startCtlServer(t, l.ports, l.daemon, lifecycleConf("first.conf"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.kill)
	l.t, l.server = t, server
	stranger := l.client(t, server.url(l.transport), "user", "wrong")
	if r := stranger(t, "supervisor.getState"); r.HTTP != http.StatusUnauthorized {
		t.Errorf("a wrong password gets %+v", r)
	}
	l.call = l.client(t, server.url(l.transport), "user", "secret")
	l.lead()
}

// lead is the story. Its parts rely on what those before have done.
func (l *lifecycle) lead() {
	for _, part := range []struct {
		name string
		tell func()
	}{
		{"it introduces itself", l.introduction},
		{"all are started", l.startAll},
		{"programs end", l.ends},
		{"groups are restarted", l.restartGroups},
		{"signals", l.signals},
		{"standard input and logs", l.logs},
		{"a stop", l.stop},
		{"several calls in one", l.multicall},
		{"an event", l.event},
		{"another configuration", l.update},
		{"the main log", l.mainLog},
		{"a restart of supervisord", l.restart},
		{"the end", l.shutdown},
	} {
		part.tell()
		if l.t.Failed() {
			log, _ := os.ReadFile(filepath.Join(l.server.dir, "d.log")) // for whoever reads the failure
			l.t.Fatalf("it went wrong at: %s\n%s", part.name, log)
		}
	}
}

// firstNames are the processes of first.conf, in the order of getAllProcessInfo.
var firstNames = []string{"alpha:alpha", "back:cache", "back:db", "back:queue", "beta:beta", "delta:delta", "ears:ears",
	"epsilon:epsilon", "fails:fails", "gamma:gamma", "jobs:index_0", "jobs:index_1", "jobs:mail", "missing:missing",
	"odd:odd", "once:once", "web:web_00", "web:web_01", "web:web_02", "web:web_03"}

func (l *lifecycle) introduction() {
	l.answers(map[string]any{"statecode": 1, "statename": "RUNNING"}, "supervisor.getState")
	l.answers("supervisor", "supervisor.getIdentification")
	l.answers("3.0", "supervisor.getAPIVersion")
	l.answers("3.0", "supervisor.getVersion")
	l.answers("4.2.5", "supervisor.getSupervisorVersion")
	l.answers(l.server.cmd.Process.Pid, "supervisor.getPID")
	if methods := l.list("system.listMethods"); len(methods) != 41 {
		l.t.Errorf("%d methods: %v", len(methods), methods)
	}
	l.answers([]any{"boolean", "string", "boolean"}, "system.methodSignature", "supervisor.startProcess")
	if help, _ := l.called("system.methodHelp", "supervisor.startProcess").Answer.(string); help == "" {
		l.t.Error("no help")
	}
	l.refuses(1, "UNKNOWN_METHOD", "supervisor.fly")
	l.refuses(2, "INCORRECT_PARAMETERS", "supervisor.startProcess")

	l.await("ears:ears", "RUNNING")
	if infos := l.list("supervisor.getAllConfigInfo"); len(infos) != len(firstNames) {
		l.t.Errorf("%d processes are configured", len(infos))
	}
	l.states(firstNames, map[string]string{"ears:ears": "RUNNING"}, "STOPPED")
}

// startedAs is what startAllProcesses says of those that do not come up.
var startedAs = map[string]string{
	"fails:fails":     "50 SPAWN_ERROR: fails",
	"missing:missing": "20 NO_FILE: can't find command '/no/such/program'",
}

func (l *lifecycle) startAll() {
	started := slices.DeleteFunc(slices.Clone(firstNames), func(name string) bool { return name == "ears:ears" })
	l.results(started, startedAs, "supervisor.startAllProcesses", true)
	l.await("fails:fails", "FATAL")
	l.states(firstNames, map[string]string{"fails:fails": "FATAL", "missing:missing": "STOPPED"}, "RUNNING")
	for _, name := range started {
		if startedAs[name] == "" {
			l.says(name, "stdout", "ready\n")
		}
	}
	info := l.info("alpha:alpha")
	for field, want := range map[string]any{"name": "alpha", "group": "alpha", "state": 20.0, "exitstatus": 0.0, "spawnerr": "", "stop": 0.0} {
		if info[field] != want {
			l.t.Errorf("alpha: %s is %v, want %v", field, info[field], want)
		}
	}
	pid := int(info["pid"].(float64))
	if want := fmt.Sprintf("pid %d, uptime 0:00:", pid); !strings.HasPrefix(info["description"].(string), want) {
		l.t.Errorf("alpha: %q, want %q...", info["description"], want)
	}
	if !alive(pid) {
		l.t.Errorf("no process %d", pid)
	}
	if info := l.info("fails"); info["spawnerr"] != "Exited too quickly (process log may have details)" {
		l.t.Errorf("fails: %v", info)
	}
	l.refuses(60, "ALREADY_STARTED: alpha", "supervisor.startProcess", "alpha")
	l.refuses(60, "ALREADY_STARTED: back:db", "supervisor.startProcess", "back:db")
	l.refuses(10, "BAD_NAME: nobody", "supervisor.startProcess", "nobody")
	l.refuses(20, "NO_FILE: can't find command '/no/such/program'", "supervisor.startProcess", "missing")
	l.refuses(50, "SPAWN_ERROR: fails", "supervisor.startProcess", "fails", true)
	l.results(nil, nil, "supervisor.startProcess", "back:*")
	l.await("fails:fails", "FATAL")
}

func (l *lifecycle) ends() {
	l.answers(true, "supervisor.sendProcessStdin", "once", "go\n")
	l.answers(true, "supervisor.sendProcessStdin", "odd", "go\n")
	l.await("once:once", "EXITED")
	l.await("odd:odd", "EXITED")
	if info := l.info("once"); info["exitstatus"] != 0.0 || info["spawnerr"] != "" || info["pid"] != 0.0 {
		l.t.Errorf("once: %v", info)
	}
	if info := l.info("odd"); info["exitstatus"] != 7.0 || info["spawnerr"] != "Bad exit code 7" {
		l.t.Errorf("odd: %v", info)
	}
	l.refuses(70, "NOT_RUNNING: once", "supervisor.stopProcess", "once")
	l.refuses(70, "NOT_RUNNING: once", "supervisor.signalProcess", "once", "HUP")
	l.refuses(70, "NOT_RUNNING: once", "supervisor.sendProcessStdin", "once", "more\n")
	l.answers(true, "supervisor.startProcess", "once")
	l.says("once", "stdout", "ready\ngot go\nready\n")
}

func (l *lifecycle) restartGroups() {
	for group, names := range map[string][]string{
		"web":  {"web:web_00", "web:web_01", "web:web_02", "web:web_03"},
		"back": {"back:cache", "back:db", "back:queue"},
	} {
		before := l.pids(names)
		l.results(names, nil, "supervisor.stopProcessGroup", group)
		for _, name := range names {
			l.in(name, "STOPPED")
		}
		for _, pid := range before {
			if alive(pid) {
				l.t.Errorf("%d is still there", pid)
			}
		}
		l.results(nil, nil, "supervisor.stopProcessGroup", group)
		l.results(names, nil, "supervisor.startProcessGroup", group, true)
		for i, pid := range l.pids(names) {
			l.in(names[i], "RUNNING")
			if pid == before[i] || !alive(pid) {
				l.t.Errorf("%s had pid %d and has %d", names[i], before[i], pid)
			}
			l.says(names[i], "stdout", "ready\nready\n")
		}
	}
	l.refuses(10, "BAD_NAME: nobody", "supervisor.stopProcessGroup", "nobody")
	l.refuses(10, "BAD_NAME: nobody:*", "supervisor.startProcess", "nobody:*")
}

func (l *lifecycle) signals() {
	l.answers(true, "supervisor.signalProcess", "alpha", "HUP")
	l.says("alpha", "stdout", "signal 1\n")
	l.results([]string{"jobs:index_0", "jobs:index_1", "jobs:mail"}, nil, "supervisor.signalProcessGroup", "jobs", "USR1")
	for _, name := range []string{"jobs:index_0", "jobs:index_1", "jobs:mail"} {
		l.says(name, "stdout", fmt.Sprintf("signal %d\n", int(syscall.SIGUSR1)))
	}
	l.results([]string{"back:cache", "back:db", "back:queue"}, nil, "supervisor.signalProcess", "back:*", "1")
	l.refuses(11, "BAD_SIGNAL: NOISE", "supervisor.signalProcess", "alpha", "NOISE")
	l.refuses(10, "BAD_NAME: nobody", "supervisor.signalProcess", "nobody", "HUP")
	running := slices.DeleteFunc(slices.Clone(firstNames), func(name string) bool {
		return slices.Contains([]string{"fails:fails", "missing:missing", "odd:odd"}, name)
	})
	l.results(running, nil, "supervisor.signalAllProcesses", "HUP")
}

func (l *lifecycle) logs() {
	const line = "a <b> & käse ☺"
	l.answers(true, "supervisor.sendProcessStdin", "beta", line+"\n")
	l.says("beta", "stderr", "heard "+line+"\n")
	// HUP came to it as well, and nobody knows when.
	l.until("what it says of HUP", func() bool { return strings.Contains(l.logOf("beta", "stdout"), "signal 1\n") })
	whole := l.logOf("beta", "stdout")
	for _, part := range []string{"ready\n", "got " + line + "\n", "signal 1\n"} {
		if strings.Count(whole, part) != 1 {
			l.t.Errorf("%q in %q", part, whole)
		}
	}
	l.answers("ready", "supervisor.readProcessStdoutLog", "beta", 0, 5)
	l.answers("ready", "supervisor.readProcessLog", "beta", 0, 5)
	l.answers("ady", "supervisor.readProcessStdoutLog", "beta", 2, 3)
	l.answers("\n", "supervisor.readProcessStdoutLog", "beta", -1, 0)
	l.refuses(3, "BAD_ARGUMENTS", "supervisor.readProcessStdoutLog", "beta", -4, 4)
	l.refuses(10, "BAD_NAME: nobody", "supervisor.readProcessStderrLog", "nobody", 0, 0)
	l.answers([]any{whole, len(whole), false}, "supervisor.tailProcessStdoutLog", "beta", 0, 1000)
	l.answers([]any{"\n", len(whole), true}, "supervisor.tailProcessLog", "beta", 0, 1)
	heard := "heard " + line + "\n"
	l.answers([]any{heard, len(heard), false}, "supervisor.tailProcessStderrLog", "beta", 0, 1000)
	l.answers(true, "supervisor.clearProcessLogs", "beta")
	l.answers("", "supervisor.readProcessStdoutLog", "beta", 0, 0)
	l.answers("", "supervisor.readProcessStderrLog", "beta", 0, 0)
	l.answers(true, "supervisor.sendProcessStdin", "beta", "again\n")
	l.says("beta", "stdout", "got again\n")
	l.results(firstNames, nil, "supervisor.clearAllProcessLogs")
	l.answers("", "supervisor.readProcessStdoutLog", "beta", 0, 0)
	l.refuses(10, "BAD_NAME: nobody", "supervisor.clearProcessLog", "nobody")
	l.refuses(10, "BAD_NAME: nobody", "supervisor.sendProcessStdin", "nobody", "x")
}

func (l *lifecycle) stop() {
	pid := l.pids([]string{"gamma"})[0]
	l.answers(true, "supervisor.stopProcess", "gamma")
	l.in("gamma", "STOPPED")
	if alive(pid) {
		l.t.Errorf("gamma, %d, is still there", pid)
	}
	l.refuses(70, "NOT_RUNNING: gamma", "supervisor.stopProcess", "gamma")
	l.answers(true, "supervisor.startProcess", "gamma", false)
	l.await("gamma", "RUNNING")
	l.answers(true, "supervisor.stopProcess", "gamma", false)
	l.await("gamma", "STOPPED")
}

func (l *lifecycle) multicall() {
	one := func(method string, params ...any) any {
		return map[string]any{"methodName": method, "params": append([]any{}, params...)}
	}
	l.answers([]any{true, map[string]any{"faultCode": 60, "faultString": "ALREADY_STARTED: gamma"}, true,
		map[string]any{"faultCode": 10, "faultString": "BAD_NAME: nobody"}, l.server.cmd.Process.Pid},
		"system.multicall", []any{one("supervisor.startProcess", "gamma"), one("supervisor.startProcess", "gamma"),
			one("supervisor.stopProcess", "gamma"), one("supervisor.getProcessInfo", "nobody"), one("supervisor.getPID")})
	l.in("gamma", "STOPPED")
}

func (l *lifecycle) event() {
	l.answers(true, "supervisor.sendRemoteCommEvent", "greeting", "good morning")
	l.says("ears", "stderr", "type:greeting\ngood morning\n")
}

func (l *lifecycle) update() {
	l.config("broken.conf")
	if r := l.call(l.t, "supervisor.reloadConfig"); len(r.Fault) != 2 || r.Fault[0] != 92.0 ||
		!strings.HasPrefix(r.Fault[1].(string), "CANT_REREAD: invalid literal for int() with base 10: 'soon' in section 'program:alpha'") {
		l.t.Errorf("a broken configuration gives %+v", r)
	}
	l.config("second.conf")
	plan := []any{[]any{[]any{"omega"}, []any{"back", "alpha"}, []any{"delta"}}}
	l.answers(plan, "supervisor.reloadConfig")
	l.answers(plan, "supervisor.reloadConfig")
	l.refuses(10, "BAD_NAME: omega", "supervisor.getProcessInfo", "omega")

	l.refuses(91, "STILL_RUNNING: delta", "supervisor.removeProcessGroup", "delta")
	l.answers(true, "supervisor.stopProcess", "delta")
	l.answers(true, "supervisor.removeProcessGroup", "delta")
	l.refuses(10, "BAD_NAME: delta", "supervisor.removeProcessGroup", "delta")
	l.refuses(10, "BAD_NAME: delta", "supervisor.getProcessInfo", "delta")

	for group, names := range map[string][]string{"alpha": {"alpha:alpha"}, "back": {"back:cache", "back:db", "back:queue"}} {
		l.results(names, nil, "supervisor.stopProcessGroup", group)
		l.answers(true, "supervisor.removeProcessGroup", group)
		l.answers(true, "supervisor.addProcessGroup", group)
		l.refuses(90, "ALREADY_ADDED: "+group, "supervisor.addProcessGroup", group)
	}
	l.answers(true, "supervisor.addProcessGroup", "omega")
	l.refuses(10, "BAD_NAME: delta", "supervisor.addProcessGroup", "delta")
	l.await("omega", "RUNNING")
	l.in("alpha", "STOPPED")
	l.answers([]any{[]any{[]any{}, []any{}, []any{}}}, "supervisor.reloadConfig")
	l.answers(true, "supervisor.startProcess", "alpha")
	l.results([]string{"back:cache", "back:db"}, nil, "supervisor.startProcessGroup", "back")
	l.states(secondNames(), map[string]string{"fails:fails": "FATAL", "missing:missing": "STOPPED", "odd:odd": "EXITED", "gamma:gamma": "STOPPED"}, "RUNNING")
}

// secondNames are the processes of second.conf, in the order of getAllProcessInfo.
func secondNames() []string {
	names := slices.DeleteFunc(slices.Clone(firstNames), func(name string) bool { return name == "delta:delta" || name == "back:queue" })
	return slices.Insert(names, slices.Index(names, "once:once"), "omega:omega")
}

func (l *lifecycle) mainLog() {
	log, err := os.ReadFile(filepath.Join(l.server.dir, "d.log"))
	if err != nil {
		l.t.Fatal(err)
	}
	l.answers(string(log[:30]), "supervisor.readLog", 0, 30)
	l.answers(string(log[len(log)-30:]), "supervisor.readMainLog", -30, 0)
	l.refuses(3, "BAD_ARGUMENTS", "supervisor.readLog", -1, 1)
	l.answers(true, "supervisor.clearLog")
	if text, _ := l.called("supervisor.readLog", 0, 0).Answer.(string); strings.Contains(text, "spawned") {
		l.t.Errorf("the log was cleared and says %q", text)
	}
}

func (l *lifecycle) restart() {
	before := l.pids([]string{"omega"})[0]
	l.answers(true, "supervisor.restart")
	l.until("supervisord is back", func() bool {
		r := l.call(l.t, "supervisor.getProcessInfo", "omega")
		info, up := r.Answer.(map[string]any)
		return up && info["statename"] == "RUNNING" && int(info["pid"].(float64)) != before
	})
	l.answers(l.server.cmd.Process.Pid, "supervisor.getPID")
	l.await("ears", "RUNNING")
	l.states(secondNames(), map[string]string{"ears:ears": "RUNNING", "omega:omega": "RUNNING"}, "STOPPED")
	if alive(before) {
		l.t.Errorf("omega, %d, is still there", before)
	}
}

func (l *lifecycle) shutdown() {
	names := slices.DeleteFunc(secondNames(), func(name string) bool { return name == "ears:ears" || name == "omega:omega" })
	l.results(names, startedAs, "supervisor.startAllProcesses", true)
	running := slices.DeleteFunc(secondNames(), func(name string) bool { return startedAs[name] != "" })
	pids := l.pids(running)
	l.answers(true, "supervisor.shutdown")
	select {
	case <-l.server.ended:
	case <-time.After(soon):
		l.t.Fatal("supervisord does not end")
	}
	if status := l.server.cmd.ProcessState.ExitCode(); status != 0 {
		l.t.Errorf("status %d", status)
	}
	for i, pid := range pids {
		if alive(pid) {
			l.t.Errorf("%s, %d, is still there", running[i], pid)
		}
	}
	for _, name := range []string{"s.sock", "d.pid"} {
		if _, err := os.Lstat(filepath.Join(l.server.dir, name)); !errors.Is(err, fs.ErrNotExist) {
			l.t.Errorf("%s is left behind", name)
		}
	}
	if r := l.call(l.t, "supervisor.getState"); r.Refused == "" {
		l.t.Errorf("somebody still answers: %+v", r)
	}
}

// --- what the parts are told with ---

// called makes a call that must be answered.
func (l *lifecycle) called(method string, args ...any) reply {
	l.t.Helper()
	r := l.call(l.t, method, args...)
	if len(r.Fault) > 0 || r.HTTP != 0 || r.Refused != "" {
		l.t.Errorf("%s%v: %+v", method, args, r)
	}
	return r
}

func (l *lifecycle) list(method string, args ...any) []any {
	l.t.Helper()
	list, ok := l.called(method, args...).Answer.([]any)
	if !ok {
		l.t.Fatalf("%s%v does not answer a list", method, args)
	}
	return list
}

func (l *lifecycle) answers(want any, method string, args ...any) {
	l.t.Helper()
	if got, want := asJSON(l.t, l.called(method, args...).Answer), asJSON(l.t, want); got != want {
		l.t.Errorf("%s%v: %s, want %s", method, args, got, want)
	}
}

func (l *lifecycle) refuses(code int, text, method string, args ...any) {
	l.t.Helper()
	r := l.call(l.t, method, args...)
	if got, want := asJSON(l.t, r.Fault), asJSON(l.t, []any{code, text}); got != want {
		l.t.Errorf("%s%v: %+v, want the fault %s", method, args, r, want)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// results holds what a call says of each process against what it says of those
// that fail; the others are OK. Their order is not what is tested here.
func (l *lifecycle) results(names []string, failed map[string]string, method string, args ...any) {
	l.t.Helper()
	var got, want []string
	for _, each := range l.list(method, args...) {
		r := each.(map[string]any)
		got = append(got, fmt.Sprintf("%s:%s %v %s", r["group"], r["name"], r["status"], r["description"]))
	}
	for _, name := range names {
		outcome := failed[name]
		if outcome == "" {
			outcome = "80 OK"
		}
		want = append(want, name+" "+outcome)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		l.t.Errorf("%s%v:\n got %q\nwant %q", method, args, got, want)
	}
}

// states holds all processes against the states of some, and that of the others.
func (l *lifecycle) states(names []string, some map[string]string, others string) {
	l.t.Helper()
	var got, want []string
	for _, each := range l.list("supervisor.getAllProcessInfo") {
		info := each.(map[string]any)
		got = append(got, fmt.Sprintf("%s:%s %s", info["group"], info["name"], info["statename"]))
	}
	for _, name := range names {
		state := some[name]
		if state == "" {
			state = others
		}
		want = append(want, name+" "+state)
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("the processes are\n%q, want\n%q", got, want)
	}
}

func (l *lifecycle) info(name string) map[string]any {
	l.t.Helper()
	info, ok := l.called("supervisor.getProcessInfo", name).Answer.(map[string]any)
	if !ok {
		l.t.Fatalf("no information about %s", name)
	}
	return info
}

func (l *lifecycle) in(name, state string) {
	l.t.Helper()
	if info := l.info(name); info["statename"] != state {
		l.t.Errorf("%s is %s, want %s", name, info["statename"], state)
	}
}

func (l *lifecycle) pids(names []string) []int {
	l.t.Helper()
	var pids []int
	for _, name := range names {
		pids = append(pids, int(l.info(name)["pid"].(float64)))
	}
	return pids
}

func (l *lifecycle) config(name string) {
	l.t.Helper()
	if _, err := l.server.configure(lifecycleConf(name)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lifecycle) await(name, state string) {
	l.t.Helper()
	l.until(name+" to be "+state, func() bool { return l.info(name)["statename"] == state })
}

// says waits until the end of a log is as given.
func (l *lifecycle) says(name, channel, end string) {
	l.t.Helper()
	l.until(fmt.Sprintf("%s to say %q", name, end), func() bool { return strings.HasSuffix(l.logOf(name, channel), end) })
}

func (l *lifecycle) logOf(name, channel string) string {
	l.t.Helper()
	method := map[string]string{"stdout": "supervisor.readProcessStdoutLog", "stderr": "supervisor.readProcessStderrLog"}[channel]
	text, _ := l.called(method, name, 0, 0).Answer.(string)
	return text
}

func (l *lifecycle) until(what string, done func() bool) {
	l.t.Helper()
	if err := l.server.until(what, func() (bool, error) { return done(), nil }); err != nil {
		log, _ := os.ReadFile(filepath.Join(l.server.dir, "d.log")) // for whoever reads the failure
		l.t.Fatalf("%v\n%s", err, log)
	}
}

// --- supervisorctl ---

// TestTheOriginalsSupervisorctlLeadsSupervisordThroughItsLife plays
// testdata/lifecycle/life.ctl, a case as those of testdata/ctl, with the original's
// client. What it prints is the same with both servers.
func TestTheOriginalsSupervisorctlLeadsSupervisordThroughItsLife(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	reference := pair{"original ctl, original daemon", originalCtl, originalDaemon}
	ours := pair{"original ctl, our daemon", originalCtl, buildProgram(t, "supervisord")}
	zoo := newKeeper(t) // whose ports the cases share; each has servers of its own
	for _, transport := range []string{"unix", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			c := readCase(t, commandLines, "testdata/lifecycle/life.ctl")
			at := map[string]string{"unix": "unix://{dir}/s.sock", "tcp": "http://127.0.0.1:{port}"}[transport]
			for i, step := range c.steps {
				if step.verb == "" {
					c.steps[i].words = append([]string{"-s", at, "-u", "user", "-p", "secret"}, step.words...)
				}
			}
			compare(t, zoo, c, reference, []pair{ours})
		})
	}
}
