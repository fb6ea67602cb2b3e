//go:build compat && unix

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// The plug-ins of examples/plugins, each in every way that docs/plugins.md tells of,
// used by the original's clients.

func examplePlugin(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../../examples/plugins", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// runPlugin has a plug-in run by itself until the test ends.
func runPlugin(t *testing.T, where string) {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", examplePlugin(t, "cache.py"), where)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it serves for ever
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "listening at "+where+"\n" {
		t.Fatalf("the plug-in said %q: %v", line, err)
	}
}

const pluginPeople = `
[inet_http_server]
port=127.0.0.1:PORT
username=root
password={SHA}bde4fcfe6cc9fbf17e4812357cf570f80ae4718b
[user:ann]
password=HASH
role=operator
programs=*
[program:cat]
command=/bin/cat
[program:dog]
command=/bin/cat
`

func TestAPluginOfEachKindIsUsedByTheOriginalsClients(t *testing.T) {
	needOriginal(t)
	daemon := buildProgram(t, "supervisord")
	for name, kind := range map[string]func(t *testing.T, l *life) string{
		"url of a unix socket": func(t *testing.T, l *life) string {
			runPlugin(t, l.path("cache.sock"))
			return "url=unix://" + l.path("cache.sock")
		},
		"url of a port": func(t *testing.T, _ *life) string {
			at := "127.0.0.1:" + newPortBook().next(t)
			runPlugin(t, at)
			return "url=http://" + at
		},
		"command": func(t *testing.T, l *life) string {
			return "command=/usr/bin/python3 " + examplePlugin(t, "cache.py") + "\nstdout_logfile=" + l.path("cache.log")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, daemon, "")
			l.configure(lifeConf + "[rpcinterface:cache]\n" + kind(t, l) + "\n[program:cat]\ncommand=/bin/cat\n")
			l.start()
			if strings.HasPrefix(name, "command") {
				l.until("the plug-in listens", func() bool { return strings.Contains(l.read("cache.log"), "listening at ") })
			}
			usePlugin(t, l)
		})
	}
}

// usePlugin calls the cache with Python's client over the original's transport.
func usePlugin(t *testing.T, l *life) {
	call := newPythonCaller(t, "unix://"+l.path("s.sock"), "", "")
	answers := func(want any, method string, args ...any) {
		t.Helper()
		if got := call(t, method, args...); asJSON(t, got.Answer) != asJSON(t, want) || got.Fault != nil {
			t.Errorf("%s %v: %+v, want %v", method, args, got, want)
		}
	}
	answers(true, "cache.store", "key", map[string]any{"list": []any{1, "два", false}})
	answers(map[string]any{"list": []any{1, "два", false}}, "cache.fetch", "key")
	answers([]any{"key"}, "cache.getKeys")
	answers([]any{1, []any{"key"}, map[string]any{"faultCode": 1, "faultString": "UNKNOWN_METHOD"}}, "system.multicall", []any{
		map[string]any{"methodName": "cache.getCount", "params": []any{}}, map[string]any{"methodName": "cache.getKeys"},
		map[string]any{"methodName": "cache.none"},
	})
	answers("Lists all keys.", "system.methodHelp", "cache.getKeys")
	methods := call(t, "system.listMethods").Answer.([]any)
	if !slices.Contains(methods, any("cache.getOwner")) || !slices.Contains(methods, any("supervisor.getState")) {
		t.Errorf("listed %v", methods)
	}
	if got := call(t, "cache.none"); asJSON(t, got.Fault) != `[1,"UNKNOWN_METHOD"]` {
		t.Errorf("a method that there is not: %+v", got)
	}
	if got := call(t, "cache.fetch", "none"); len(got.Fault) != 2 || got.Fault[1] != "<class 'KeyError'>:'none'" {
		t.Errorf("a key that there is not: %+v", got)
	}
	if got := l.ctl("status", "cat"); !strings.HasPrefix(got, "cat ") {
		t.Errorf("supervisorctl: %s", got)
	}
}

// TestThePluginOfTheGuideRuns takes the program out of docs/plugins.md.
func TestThePluginOfTheGuideRuns(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	guide, err := os.ReadFile("../../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```python\n")
	program, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/plugins.md has no program in Python")
	}
	l := newLife(t, buildProgram(t, "supervisord"), "[rpcinterface:mirror]\ncommand=/usr/bin/python3 %(here)s/mirror.py\nrole=operator\nstdout_logfile=DIR/mirror.log\n")
	l.write("mirror.py", program)
	l.start()
	l.until("it is ready", func() bool { return strings.Contains(l.read("mirror.log"), "ready") })
	call := newPythonCaller(t, "unix://"+l.path("s.sock"), "", "")
	if got := call(t, "mirror.turn", "supervisor"); got.Answer != "rosivrepus" {
		t.Errorf("%+v", got)
	}
}

// A plug-in that supervisord runs is a program like others: it is in the list, it
// can be restarted, and it is where its calls go again once it is back.
func TestAPluginThatSupervisordRunsIsAProgram(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "[rpcinterface:cache]\ncommand=/usr/bin/python3 "+
		examplePlugin(t, "cache.py")+"\nenvironment=PYTHONUNBUFFERED=1\nstdout_logfile=DIR/cache.log\n")
	l.start()
	listens := func(times int) {
		t.Helper()
		l.until("the plug-in listens", func() bool { return strings.Count(l.read("cache.log"), "listening at ") == times })
	}
	listens(1)
	call := newPythonCaller(t, "unix://"+l.path("s.sock"), "", "")
	if got := call(t, "cache.getCount"); asJSON(t, got.Answer) != "0" {
		t.Fatalf("%+v", got)
	}
	socket := strings.TrimSpace(strings.TrimPrefix(strings.Split(l.read("cache.log"), "\n")[0], "listening at "))
	info, err := os.Stat(filepath.Dir(socket))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory of %s: %v, %v", socket, info, err)
	}
	if err := syscall.Kill(l.pidOf("cache"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	listens(2)
	if got := call(t, "cache.getCount"); asJSON(t, got.Answer) != "0" {
		t.Errorf("after its death: %+v", got)
	}
	if got := l.ctl("stop", "cache"); got != "cache: stopped\n" {
		t.Errorf("stop: %q", got)
	}
	if got := call(t, "cache.getCount"); !strings.HasPrefix(asJSON(t, got.Fault), `[30,"FAILED: no good answer from plug-in cache: connect: `) {
		t.Errorf("while it is stopped: %+v", got)
	}
	if err := os.RemoveAll(filepath.Dir(filepath.Dir(socket))); err != nil { // as who cleans /tmp up does
		t.Fatal(err)
	}
	if got := l.ctl("start", "cache"); got != "cache: started\n" {
		t.Errorf("start: %q", got)
	}
	listens(3)
	if got := call(t, "cache.getCount"); asJSON(t, got.Answer) != "0" {
		t.Errorf("after /tmp was cleaned up: %+v", got)
	}
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
	if _, err := os.Stat(filepath.Dir(filepath.Dir(socket))); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", socket, err)
	}
}

// Whoever may not call is refused by supervisord; who may is known to the plug-in,
// and the trail tells of both.
func TestAPluginKnowsWhoAsksAndTheTrailTells(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "")
	port := newPortBook().next(t)
	socket := l.path("cache.sock")
	runPlugin(t, socket)
	l.configure(lifeConf + strings.NewReplacer("PORT", port, "HASH", hashOf(t, "correct horse")).Replace(pluginPeople) +
		"[rpcinterface:cache]\nurl=unix://" + socket + "\nrole=operator\n[rpcinterface:vault]\nurl=unix://" + socket + "\n")
	l.start()
	url := "http://127.0.0.1:" + port
	ann := newPythonCaller(t, url, "ann", "correct horse")
	if got := ann(t, "cache.store", "key", "hunter2"); asJSON(t, got.Answer) != "true" {
		t.Errorf("%+v", got)
	}
	if got := ann(t, "cache.getOwner", "key"); asJSON(t, got.Answer) != `"ann"` {
		t.Errorf("the plug-in was told of %+v", got)
	}
	if got := ann(t, "vault.fetch", "key"); asJSON(t, got.Fault) != `[403,"FORBIDDEN: call vault"]` {
		t.Errorf("%+v", got)
	}
	trail := l.read("state/audit.log")
	for _, want := range []string{`"verb":"call","target":"cache.store"`, `"verb":"call","target":"vault"`} {
		if !strings.Contains(trail, want) {
			t.Errorf("the trail has no %s: %s", want, trail)
		}
	}
	if strings.Contains(trail, "hunter2") {
		t.Errorf("the trail has what was stored: %s", trail)
	}
	var told struct {
		Plugins []struct {
			Name, Role, State string
			Methods, Calls    int
		}
	}
	request, err := http.NewRequest(http.MethodGet, url+"/api/v1/plugins", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("root", "staple")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil {
		t.Fatal(err)
	}
	if got := asJSON(t, told.Plugins); got != `[{"Name":"cache","Role":"operator","State":"answers","Methods":7,"Calls":2},{"Name":"vault","Role":"admin","State":"answers","Methods":0,"Calls":0}]` {
		t.Errorf("told %s", got)
	}
}

// A plug-in that runs by itself finds its own socket after a crash, and takes nothing
// else away. The one that supervisord runs answers nobody but supervisord.
func TestTheCacheOfTheExamplesTakesItsOwnSocketAwayAndAnswersItsParentAlone(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	l := newLife(t, buildProgram(t, "supervisord"), "[rpcinterface:cache]\ncommand=/usr/bin/python3 "+
		examplePlugin(t, "cache.py")+"\nstdout_logfile=DIR/cache.log\n")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: l.path("left.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	runPlugin(t, l.path("left.sock"))
	l.write("file", "precious")
	if out, err := exec.Command("/usr/bin/python3", examplePlugin(t, "cache.py"), l.path("file")).CombinedOutput(); err == nil || !strings.Contains(string(out), "Address already in use") || l.read("file") != "precious" {
		t.Errorf("a file that is no socket: %v: %s", err, out)
	}
	l.start()
	l.until("the plug-in listens", func() bool { return strings.Contains(l.read("cache.log"), "listening at ") })
	socket := strings.TrimSpace(strings.TrimPrefix(l.read("cache.log"), "listening at "))
	if got := newPythonCaller(t, "unix://"+l.path("s.sock"), "", "")(t, "cache.getCount"); asJSON(t, got.Answer) != "0" {
		t.Errorf("by way of supervisord: %+v", got)
	}
	if runtime.GOOS != "linux" {
		return // only there does a socket tell the pid
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("POST /RPC2 HTTP/1.0\r\nContent-Length: 0\r\n\r\n")) // it may have hung up
	if answer, _ := io.ReadAll(conn); len(answer) != 0 {
		t.Errorf("somebody else was answered %q", answer)
	}
}

// The verbs of examples/plugins are typed like any other.
func TestVerbsInShellAndPythonAreUsedInOurSupervisorctl(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ctl := buildProgram(t, "supervisorctl")
	l := newLife(t, buildProgram(t, "supervisord"), "[program:cat]\ncommand=/bin/cat\n[program:dog]\ncommand=/bin/cat\n"+
		"[ctlplugin:serialrestart]\ncommand="+examplePlugin(t, "serialrestart")+"\n[ctlplugin:oldest]\ncommand=/usr/bin/python3 "+examplePlugin(t, "oldest.py")+"\n")
	l.start()
	l.logs("success: cat entered RUNNING", "success: dog entered RUNNING")
	run := func(words ...string) string {
		t.Helper()
		cmd := exec.Command(ctl, append([]string{"-c", l.path("s.conf")}, words...)...)
		cmd.Env = append(os.Environ(), "SUPERVISORCTL="+ctl)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v: %s", words, err, out)
		}
		return string(out)
	}
	if got, want := run("serialrestart", "*"), "cat: stopped\ncat: started\ndog: stopped\ndog: started\n"; got != want {
		t.Errorf("serialrestart: %q, want %q", got, want)
	}
	if got := run("oldest", "1"); !strings.HasPrefix(got, "cat ") || !strings.Contains(got, "uptime 0:00:") || strings.Count(got, "\n") != 1 {
		t.Errorf("oldest: %q", got)
	}
}
