package ctl

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"supervisor/supervise"
)

// fakeServer stands in for supervisord: a handful of processes that start and
// stop at once, and XML-RPC as far as supervisorctl speaks it.
type fakeServer struct {
	*httptest.Server

	mu        sync.Mutex
	api       string
	processes []*fakeProcess
	logs      map[string]string
	plan      []any
	lastRead  error
	closing   bool
	password  string         // asked for when not empty; the user is "user"
	typed     []string       // what sendProcessStdin got
	live      bool           // has /live, as our supervisord
	soon      []change       // what happens once somebody has looked at the processes
	quiet     func()         // called when no change is left and the client knows of the last
	idle      int            // looks at all since the last change
	looks     int            // at all of them
	restarts  []string       // for each start and stop, the restart it is part of
	ids       []*fakeProcess // by the number /live knows them by
	people
}

// change is what becomes of a process; state "gone" takes it away.
type change struct{ name, state string }

type fakeProcess struct {
	group, name string
	state       supervise.State
	pid         int
	startFault  supervise.FaultCode // what a start answers, 0 for success
	stopFault   supervise.FaultCode
}

// newFakeServer has a process in most states.
func newFakeServer(t *testing.T) *fakeServer {
	f := &fakeServer{
		api: supervise.APIVersion,
		processes: []*fakeProcess{
			{group: "cat", name: "cat", state: supervise.StateRunning, pid: 101},
			{group: "g", name: "a", state: supervise.StateRunning, pid: 102},
			{group: "g", name: "b", state: supervise.StateStopped},
			{group: "lost", name: "lost", state: supervise.StateStopped, startFault: supervise.FaultNoFile},
			{group: "odd", name: "odd", state: supervise.StateStopped, startFault: supervise.FaultFailed},
			{group: "spawn", name: "spawn", state: supervise.StateFatal, startFault: supervise.FaultSpawnError},
			{group: "stuck", name: "stuck", state: supervise.StateRunning, pid: 103, stopFault: supervise.FaultFailed},
			{group: "wait", name: "wait", state: supervise.StateBackoff},
		},
		logs:   map[string]string{"cat/stdout": "out\nzwölf\n", "cat/stderr": "oops\n", "main": "log\n"},
		plan:   []any{[]any{}, []any{}, []any{}},
		people: newPeople(),
	}
	f.Server = httptest.NewServer(f.mux())
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /RPC2", f.rpc)
	mux.HandleFunc("GET /mainlogtail", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, f.logs["main"]) })
	mux.HandleFunc("GET /logtail/{name}/{channel}", f.logtail)
	mux.HandleFunc("GET /live", f.serveLive)
	mux.HandleFunc("GET /api/v1/config/preview", f.preview)
	f.servePeople(mux)
	f.serveCrashes(mux)
	return mux
}

// logtail streams what there is, and goes on until the client leaves.
func (f *fakeServer) logtail(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("name") == "brief" {
		fmt.Fprint(w, "one\ntwo\n")
		return
	}
	text, ok := f.logs[r.PathValue("name")+"/"+r.PathValue("channel")]
	if !ok {
		http.Error(w, "no such process", http.StatusNotFound)
		return
	}
	fmt.Fprint(w, text)
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func (f *fakeServer) rpc(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	user, password, _ := r.BasicAuth()
	if f.password != "" && (user != "user" || password != f.password) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	method, args, err := decodeCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.reasons = append(f.reasons, r.Header.Get("X-Reason"))
	if strings.HasPrefix(method, "start") || strings.HasPrefix(method, "stop") {
		f.restarts = append(f.restarts, r.Header.Get("X-Restart"))
	}
	if f.live {
		w.Header().Set("X-Request-Id", "x-1")
	}
	answer, fault := f.answer(method, args)
	w.Header().Set("Content-Type", "text/xml")
	if fault != nil {
		value := map[string]any{"faultCode": int(fault.Code), "faultString": fault.Error()}
		fmt.Fprintf(w, "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n%s</fault>\n</methodResponse>\n", encodeValue(value))
		return
	}
	fmt.Fprintf(w, "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n%s</param>\n</params>\n</methodResponse>\n", encodeValue(answer))
}

// answer is what a method returns, or its fault.
func (f *fakeServer) answer(method string, args []string) (any, *supervise.Fault) {
	if f.closing {
		return nil, &supervise.Fault{Code: supervise.FaultShutdownState}
	}
	switch method {
	case "getVersion":
		return f.api, nil
	case "getSupervisorVersion":
		return "4.2.5", nil
	case "getPID":
		return 4242, nil
	case "getAllProcessInfo":
		f.looks++
		defer f.happen()
		return f.infos(), nil
	case "getProcessInfo":
		return f.info(args[0])
	case "getAllConfigInfo":
		return f.configs(), nil
	case "startProcess":
		return f.one(args[0], (*fakeServer).start)
	case "stopProcess":
		return f.one(args[0], (*fakeServer).stop)
	case "signalProcess":
		return f.one(args[0], signalWith(args[1]))
	case "startProcessGroup":
		return f.many(args[0], (*fakeServer).start, supervise.State.Running)
	case "stopProcessGroup":
		return f.many(args[0], (*fakeServer).stop, supervise.State.Stopped)
	case "signalProcessGroup":
		return f.many(args[0], signalWith(args[1]), supervise.State.Stopped)
	case "startAllProcesses":
		return f.many("", (*fakeServer).start, supervise.State.Running)
	case "stopAllProcesses":
		return f.many("", (*fakeServer).stop, supervise.State.Stopped)
	case "signalAllProcesses":
		return f.many("", signalWith(args[0]), supervise.State.Stopped)
	case "clearProcessLogs":
		return f.one(args[0], (*fakeServer).clear)
	case "clearAllProcessLogs":
		return f.many("", (*fakeServer).clear, func(supervise.State) bool { return false })
	case "readProcessStdoutLog":
		return f.log(args[0], "stdout", args[1])
	case "readProcessStderrLog":
		return f.log(args[0], "stderr", args[1])
	case "readLog":
		return f.logs["main"] + args[0] + " " + args[1], nil
	case "reloadConfig":
		if f.lastRead != nil {
			return nil, &supervise.Fault{Code: supervise.FaultCantReread, Detail: f.lastRead.Error()}
		}
		return []any{f.plan}, nil
	case "addProcessGroup":
		return f.addGroup(args[0])
	case "removeProcessGroup":
		return f.removeGroup(args[0])
	case "sendProcessStdin":
		return f.stdin(args[0], args[1])
	case "shutdown", "restart":
		f.closing = true
		return true, nil
	}
	return nil, &supervise.Fault{Code: supervise.FaultUnknownMethod}
}

func (f *fakeServer) find(name string) *fakeProcess {
	spec := supervise.ParseNameSpec(name)
	for _, p := range f.processes {
		if p.group == spec.Group && p.name == spec.Process {
			return p
		}
	}
	return nil
}

func (f *fakeServer) infos() []any {
	var all []any
	for _, p := range f.processes {
		all = append(all, p.values())
	}
	return all
}

func (p *fakeProcess) values() map[string]any {
	description := ""
	if p.state == supervise.StateRunning {
		description = fmt.Sprintf("pid %d, uptime 0:01:00", p.pid)
	}
	return map[string]any{"group": p.group, "name": p.name, "state": int(p.state),
		"statename": p.state.String(), "description": description, "pid": p.pid, "spawnerr": "", "exitstatus": 0,
		"start": p.start(), "stop": 0, "now": 1767225660, "stdout_logfile": "/log/" + p.name, "stderr_logfile": ""}
}

func (f *fakeServer) info(name string) (any, *supervise.Fault) {
	p := f.find(name)
	if p == nil {
		return nil, &supervise.Fault{Code: supervise.FaultBadName, Detail: name}
	}
	return p.values(), nil
}

func (f *fakeServer) configs() []any {
	var all []any
	for i, p := range f.processes {
		all = append(all, map[string]any{"group": p.group, "name": p.name, "inuse": i%2 == 0,
			"autostart": i%3 == 0, "group_prio": 999, "process_prio": i, "uid": "none", "exitcodes": []any{0}})
	}
	return all
}

type fakeDeed = func(*fakeServer, *fakeProcess) supervise.FaultCode

func (f *fakeServer) start(p *fakeProcess) supervise.FaultCode {
	if p.state.Running() {
		return supervise.FaultAlreadyStarted
	}
	if p.startFault != 0 {
		return p.startFault
	}
	p.state, p.pid = supervise.StateRunning, 200
	return supervise.Success
}

func (f *fakeServer) stop(p *fakeProcess) supervise.FaultCode {
	if !p.state.Running() {
		return supervise.FaultNotRunning
	}
	if p.stopFault != 0 {
		return p.stopFault
	}
	p.state, p.pid = supervise.StateStopped, 0
	return supervise.Success
}

func (f *fakeServer) clear(p *fakeProcess) supervise.FaultCode {
	if p.name == "stuck" {
		return supervise.FaultFailed
	}
	return supervise.Success
}

func signalWith(signal string) fakeDeed {
	return func(_ *fakeServer, p *fakeProcess) supervise.FaultCode {
		switch {
		case signal == "NOSUCH":
			return supervise.FaultBadSignal
		case !p.state.Signallable():
			return supervise.FaultNotRunning
		}
		return supervise.Success
	}
}

func (f *fakeServer) one(name string, do fakeDeed) (any, *supervise.Fault) {
	p := f.find(name)
	if p == nil {
		return nil, &supervise.Fault{Code: supervise.FaultBadName, Detail: name}
	}
	if code := do(f, p); code != supervise.Success {
		return nil, &supervise.Fault{Code: code, Detail: name}
	}
	return true, nil
}

// many does it to a group, or to all when group is "", and skips the processes
// that are so already.
func (f *fakeServer) many(group string, do fakeDeed, already func(supervise.State) bool) (any, *supervise.Fault) {
	results, found := []any{}, group == ""
	for _, p := range f.processes {
		if group != "" && p.group != group {
			continue
		}
		found = true
		if already(p.state) {
			continue
		}
		code, text := do(f, p), "OK"
		if code != supervise.Success {
			text = supervise.Fault{Code: code, Detail: p.group + ":" + p.name}.Error()
		}
		results = append(results, map[string]any{"group": p.group, "name": p.name, "status": int(code), "description": text})
	}
	if !found {
		return nil, &supervise.Fault{Code: supervise.FaultBadName, Detail: group}
	}
	return results, nil
}

func (f *fakeServer) log(name, channel, offset string) (any, *supervise.Fault) {
	if f.find(name) == nil {
		return nil, &supervise.Fault{Code: supervise.FaultBadName, Detail: name}
	}
	text, ok := f.logs[name+"/"+channel]
	if !ok {
		return nil, &supervise.Fault{Code: supervise.FaultNoFile}
	}
	return text + "from " + offset, nil
}

func (f *fakeServer) addGroup(name string) (any, *supervise.Fault) {
	switch name {
	case "cat":
		return nil, &supervise.Fault{Code: supervise.FaultAlreadyAdded, Detail: name}
	case "new":
		f.processes = append(f.processes, &fakeProcess{group: name, name: name, state: supervise.StateRunning, pid: 300})
		return true, nil
	case "changed":
		return true, nil
	}
	return nil, &supervise.Fault{Code: supervise.FaultBadName, Detail: name}
}

func (f *fakeServer) removeGroup(name string) (any, *supervise.Fault) {
	running := func(p *fakeProcess) bool { return p.group == name && p.state.Running() }
	member := func(p *fakeProcess) bool { return p.group == name }
	switch {
	case slices.ContainsFunc(f.processes, running):
		return nil, &supervise.Fault{Code: supervise.FaultStillRunning, Detail: name}
	case !slices.ContainsFunc(f.processes, member):
		return nil, &supervise.Fault{Code: supervise.FaultBadName, Detail: name}
	}
	f.processes = slices.DeleteFunc(f.processes, member)
	return true, nil
}

func (f *fakeServer) stdin(name, text string) (any, *supervise.Fault) {
	p := f.find(name)
	if p == nil || p.state != supervise.StateRunning {
		return nil, &supervise.Fault{Code: supervise.FaultNotRunning, Detail: name}
	}
	f.typed = append(f.typed, text)
	if text == "die\n" {
		p.state, p.pid = supervise.StateExited, 0
	}
	return true, nil
}

// --- XML-RPC, the server's half ---

// decodeCall reads a call. Arguments come as texts, whatever their type.
func decodeCall(r *http.Request) (method string, args []string, err error) {
	var call struct {
		Method string `xml:"methodName"`
		Params []struct {
			Int     string `xml:"int"`
			String  string `xml:"string"`
			Boolean string `xml:"boolean"`
		} `xml:"params>param>value"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&call); err != nil {
		return "", nil, err
	}
	for _, p := range call.Params {
		args = append(args, p.Int+p.String+p.Boolean)
	}
	return strings.TrimPrefix(call.Method, "supervisor."), args, nil
}

// encodeValue writes a value as Python does, control characters and all.
func encodeValue(value any) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	switch v := value.(type) {
	case bool:
		if v {
			return "<value><boolean>1</boolean></value>\n"
		}
		return "<value><boolean>0</boolean></value>\n"
	case int:
		return fmt.Sprintf("<value><int>%d</int></value>\n", v)
	case string:
		return "<value><string>" + escape.Replace(v) + "</string></value>\n"
	case []any:
		text := "<value><array><data>\n"
		for _, item := range v {
			text += encodeValue(item)
		}
		return text + "</data></array></value>\n"
	case map[string]any:
		text := "<value><struct>\n"
		for name, member := range v {
			text += "<member>\n<name>" + name + "</name>\n" + encodeValue(member) + "</member>\n"
		}
		return text + "</struct></value>\n"
	}
	panic(fmt.Sprintf("no XML-RPC for %T", value))
}

// start is when it was started: a minute before the fake's present.
func (p *fakeProcess) start() int {
	if p.state != supervise.StateRunning {
		return 0
	}
	return 1767225600
}
