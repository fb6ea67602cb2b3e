//go:build compat && linux

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The listeners of examples/listeners, as programs: first with a supervisord that
// is only two pipes, and cuts what it writes wherever that could hurt; then in the
// configuration that lies beside them, under the original and under ours.

const exampleListeners = "../../../examples/listeners"

// fed is a listener whose supervisord is this test.
type fed struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  *os.File
	stdout *bufio.Reader
	stderr lockedBuffer
	serial int
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// feed starts a listener, which must say that it is ready and nothing else.
func feed(t *testing.T, environ []string, words ...string) *fed {
	t.Helper()
	f := &fed{t: t, cmd: exec.Command(words[0], words[1:]...)}
	f.cmd.Env = append(os.Environ(), environ...)
	f.cmd.Stderr = &f.stderr
	in, stdin, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	f.cmd.Stdin, f.cmd.Stdout, f.stdin, f.stdout = in, stdout, stdin, bufio.NewReader(out)
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	stdout.Close()
	t.Cleanup(func() {
		stdin.Close()
		out.Close()
		if f.cmd.ProcessState == nil {
			_ = f.cmd.Process.Kill() // the test has failed already
			_ = f.cmd.Wait()
		}
	})
	if err := out.SetReadDeadline(time.Now().Add(3 * soon)); err != nil {
		t.Fatal(err)
	}
	f.hears("READY\n")
	return f
}

// hears takes exactly what a listener must say next.
func (f *fed) hears(want string) {
	f.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(f.stdout, got)
	if err != nil || string(got) != want {
		f.t.Fatalf("it said %q, not %q (%v); its stderr:\n%s", got[:n], want, err, f.stderr.String())
	}
}

// envelope is the next event.
func (f *fed) envelope(event, payload string) string {
	head := fmt.Sprintf("ver:3.0 server:supervisor serial:%d pool:examples poolserial:%d eventname:%s len:%d\n",
		f.serial, f.serial, event, len(payload))
	f.serial++
	return head + payload
}

// says writes an event in two pieces; the second when the first has been taken out
// of the pipe.
func (f *fed) says(envelope string, cut int) {
	f.t.Helper()
	for i, piece := range []string{envelope[:cut], envelope[cut:]} {
		if _, err := io.WriteString(f.stdin, piece); err != nil {
			f.t.Fatal(err)
		}
		for deadline := time.Now().Add(soon); i == 0; time.Sleep(50 * time.Microsecond) {
			waiting, err := unix.IoctlGetInt(int(f.stdin.Fd()), unix.TIOCINQ)
			if err != nil {
				f.t.Fatal(err)
			}
			if waiting == 0 {
				break
			}
			if time.Now().After(deadline) {
				f.t.Fatalf("it does not read; its stderr:\n%s", f.stderr.String())
			}
		}
	}
}

// whole writes an event at once and hears the answer.
func (f *fed) whole(event, payload, result string) {
	f.t.Helper()
	f.says(f.envelope(event, payload), 0)
	f.hears(fmt.Sprintf("RESULT %d\n%sREADY\n", len(result), result))
}

// ends closes stdin, upon which a listener ends well and without another word.
func (f *fed) ends() {
	f.t.Helper()
	if err := f.over(); err != nil {
		f.t.Errorf("it ended with %v; its stderr:\n%s", err, f.stderr.String())
	}
}

// over closes stdin and gives how the listener ended; its stderr is complete then.
func (f *fed) over() error {
	f.t.Helper()
	f.stdin.Close()
	rest, err := io.ReadAll(f.stdout)
	if err != nil || len(rest) > 0 {
		f.t.Errorf("at the end it said %q (%v)", rest, err)
	}
	return f.cmd.Wait()
}

// atEveryByte feeds an event as often as it has bytes, cut at another one each
// time, and gives how often that was.
func (f *fed) atEveryByte(event string, payload func() string) int {
	f.t.Helper()
	times := 0
	for cut := 1; ; cut++ {
		envelope := f.envelope(event, payload())
		if cut >= len(envelope) {
			return times
		}
		f.says(envelope, cut)
		f.hears("RESULT 2\nOKREADY\n")
		times++
	}
}

// hook is a web server that listeners tell things.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	status int // of the answer
}

func newHook(t *testing.T) *hook {
	h := &hook{status: http.StatusOK}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.bodies = append(h.bodies, string(body))
		w.WriteHeader(h.status)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) answer(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

func (h *hook) got() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.bodies)
}

func TestTheExampleInShAnswersHoweverItIsFed(t *testing.T) {
	t.Parallel()
	script := filepath.Join(exampleListeners, "restart-notice.sh")
	for _, shell := range [][]string{{"/bin/sh"}, {"/bin/bash"}, {"/bin/bash", "--posix"}} {
		f := feed(t, nil, append(shell, script)...)
		times := f.atEveryByte("PROCESS_STATE_STARTING", func() string {
			return "processname:web_0 groupname:web from_state:EXITED tries:0"
		})
		f.whole("PROCESS_STATE_STARTING", "processname:né groupname:web from_state:BACKOFF tries:2", "OK")
		f.whole("PROCESS_STATE_STARTING", "processname:* groupname:$(date) from_state:EXITED tries:2", "OK")
		f.whole("PROCESS_STATE_STARTING", "processname:new groupname:new from_state:STOPPED tries:0", "OK")
		f.ends()
		want := strings.Repeat("web:web_0 is started again: it had ended\n", times) +
			"web:né is started again: it did not stay up; tries before this one: 2\n" +
			"$(date):* is started again: it had ended\n"
		if got := f.stderr.String(); got != want || times < 100 {
			t.Errorf("%s: after %d events, stderr is\n%s", shell, times, got)
		}
	}
}

func TestTheExampleInShGivesAnEventBackThatItCannotTell(t *testing.T) {
	t.Parallel()
	up := filepath.Join(t.TempDir(), "up")
	f := feed(t, []string{"PAUSE=0"}, "/bin/sh", filepath.Join(exampleListeners, "restart-notice.sh"),
		"/bin/sh", "-c", `test -e "$0" && echo "told: $1" && cat`, up)
	payload := "processname:web groupname:web from_state:EXITED tries:0"
	f.whole("PROCESS_STATE_STARTING", payload, "FAIL")
	if err := os.WriteFile(up, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.whole("PROCESS_STATE_STARTING", payload, "OK")
	f.ends()
	want := "restart-notice: the command failed; trying again in 0 s\ntold: web:web is started again: it had ended\n"
	if got := f.stderr.String(); got != want {
		t.Errorf("stderr is\n%s", got)
	}
}

func TestTheExampleInPythonAnswersHoweverItIsFed(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	f := feed(t, []string{"WEBHOOK=" + h.URL}, "python3", filepath.Join(exampleListeners, "crash-notice.py"))
	times := f.atEveryByte("PROCESS_STATE_EXITED", func() string {
		return "processname:web_0 groupname:web from_state:RUNNING expected:0 pid:4711"
	})
	f.whole("PROCESS_STATE_EXITED", "processname:web_0 groupname:web from_state:RUNNING expected:1 pid:4711", "OK")
	f.whole("PROCESS_STATE_FATAL", "processname:db groupname:db from_state:BACKOFF", "OK")
	f.ends()
	bodies := h.got()
	if len(bodies) != times+1 || times < 100 {
		t.Fatalf("%d notices of %d events", len(bodies), times+1)
	}
	for i, body := range bodies {
		want := map[string]any{
			"text": "web:web_0 (pid 4711) has ended unexpectedly", "event": "PROCESS_STATE_EXITED",
			"process": "web:web_0", "server": "supervisor", "serial": float64(i),
		}
		if i == times {
			want["text"] = "db:db did not stay up and has been given up"
			want["event"], want["process"] = "PROCESS_STATE_FATAL", "db:db"
			want["serial"] = float64(times + 2) // after the cut that was not there, and the exit that was expected
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("notice %d is %v (%v), want %v", i, got, err, want)
		}
	}
	if got := f.stderr.String(); got != "" {
		t.Errorf("stderr is\n%s", got)
	}
}

func TestTheExampleInPythonGivesAnEventBackThatItCannotTell(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	f := feed(t, []string{"WEBHOOK=" + h.URL, "PAUSE=0"}, "python3", filepath.Join(exampleListeners, "crash-notice.py"))
	payload := "processname:db groupname:db from_state:BACKOFF"
	h.answer(http.StatusServiceUnavailable)
	f.whole("PROCESS_STATE_FATAL", payload, "FAIL")
	h.answer(http.StatusOK)
	f.whole("PROCESS_STATE_FATAL", payload, "OK")
	h.answer(http.StatusForbidden) // it will not be otherwise the next time
	f.whole("PROCESS_STATE_FATAL", payload, "OK")
	h.Close()
	f.whole("PROCESS_STATE_FATAL", payload, "FAIL")
	f.ends()
	if got := h.got(); len(got) != 3 {
		t.Errorf("the hook got %q", got)
	}
	for _, want := range []string{"HTTP Error 503", "does not want \"db:db did not stay up and has been given up\": HTTP Error 403", "Connection refused"} {
		if !strings.Contains(f.stderr.String(), want) {
			t.Errorf("stderr does not say %q:\n%s", want, f.stderr.String())
		}
	}
}

// TestTheExampleInPythonCountsCharacters has a name of ten characters and nineteen
// bytes, and an environment that knows ASCII only.
func TestTheExampleInPythonCountsCharacters(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	f := feed(t, []string{"WEBHOOK=" + h.URL, "LC_ALL=C"}, "python3", filepath.Join(exampleListeners, "crash-notice.py"))
	payload := "processname:программа1 groupname:web from_state:BACKOFF"
	envelope := strings.Replace(f.envelope("PROCESS_STATE_FATAL", payload),
		fmt.Sprintf("len:%d\n", len(payload)), fmt.Sprintf("len:%d\n", len([]rune(payload))), 1)
	f.says(envelope, 0)
	f.hears("RESULT 2\nOKREADY\n")
	f.ends()
	if got := h.got(); len(got) != 1 || !strings.Contains(got[0], `"process": "web:\u043f`) {
		t.Errorf("the hook got %q", got)
	}
}

// TestTheListenersOfTheDocumentWork runs those that docs/events.md shows in full.
func TestTheListenersOfTheDocumentWork(t *testing.T) {
	t.Parallel()
	needOriginal(t) // one uses its library
	text, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^    (?:import sys|package main)\n(?:(?:    .*)?\n)+`).FindAll(text, -1)
	if len(shown) != 3 {
		t.Fatalf("the document shows %d listeners", len(shown))
	}
	fatal, exited := "processname:db groupname:db from_state:BACKOFF", "processname:db groupname:db from_state:RUNNING expected:0 pid:4711"
	python := func(source string) []string { return []string{"/usr/bin/python3", source} }
	for i, c := range []struct {
		file, event, payload, says string
		runs                       func(source string) []string
	}{
		{"fatal.py", "PROCESS_STATE_FATAL", fatal, "db has been given up\n", python},
		{"childutils.py", "PROCESS_STATE_EXITED", exited, "db crashed\n", python},
		{"main.go", "PROCESS_STATE_FATAL", fatal, "db has been given up\n", func(source string) []string { return []string{buildGo(t, "watch", source)} }},
	} {
		source := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(source, regexp.MustCompile("(?m)^    ").ReplaceAll(shown[i], nil), 0o600); err != nil {
			t.Fatal(err)
		}
		f := feed(t, nil, c.runs(source)...)
		f.whole(c.event, c.payload, "OK")
		f.whole(c.event, c.payload, "OK")
		err := f.over() // of childutils, this is a traceback
		if strings.Count(f.stderr.String(), c.says) != 2 {
			t.Errorf("%s ended with %v and says %q", c.file, err, f.stderr.String())
		}
	}
}

func TestTheExampleInGoAnswersHoweverItIsFed(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	f := feed(t, nil, buildExample(t), "-url", h.URL, "-fails", "2", "/bin/sh", "-c", "echo restarted")
	now := func() string { return fmt.Sprintf("when:%d", time.Now().Unix()) }
	times := f.atEveryByte("TICK_5", now)
	if got := len(h.got()); got != times || times < 60 {
		t.Errorf("%d checks at %d ticks", got, times)
	}
	late := fmt.Sprintf("when:%d", time.Now().Add(-time.Minute).Unix())
	f.whole("TICK_5", late, "OK")
	f.whole("PROCESS_GROUP_ADDED", "groupname:new\n", "OK")
	if got := len(h.got()); got != times {
		t.Errorf("%d checks for ticks that are late and for other events", got-times)
	}

	h.answer(http.StatusInternalServerError)
	for range 4 {
		f.whole("TICK_5", now(), "OK")
	}
	h.answer(http.StatusOK)
	f.whole("TICK_5", now(), "OK")
	h.answer(http.StatusInternalServerError)
	f.whole("TICK_5", now(), "OK")
	h.answer(http.StatusOK)
	f.whole("TICK_5", now(), "OK")
	f.ends()
	said := f.stderr.String()
	if n := strings.Count(said, "\nrestarted\n"); n != 2 {
		t.Errorf("the command ran %d times, for four failed checks in a row and one more:\n%s", n, said)
	}
	if n := strings.Count(said, "answers again"); n != 1 {
		t.Errorf("it should say once that it answers again:\n%s", said)
	}
}

// buildExample builds the listener in Go.
func buildExample(t *testing.T) string {
	t.Helper()
	return buildGo(t, "httpcheck", "supervisor/examples/listeners/httpcheck")
}

// TestTheExamplesTellWhatHappens runs examples/listeners/supervisord.conf, with
// ports that are free, a program that dies sooner, and a check that is less
// patient.
func TestTheExamplesTellWhatHappens(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	httpcheck, ctl := buildExample(t), buildProgram(t, "supervisorctl")
	ports := newPortBook()
	for name, daemon := range map[string]string{"ours": buildProgram(t, "supervisord"), "original": originalDaemon} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &life{t: t, dir: shortDir(t), binary: daemon}
			l.copyExamples(map[string]string{
				"%(here)s/../../bin/httpcheck":     httpcheck,
				"%(here)s/../../bin/supervisorctl": ctl,
				"%(here)s/run/supervisord.log":     l.path("main.log"),
				"%(here)s/supervisord.conf":        l.path("s.conf"),
				"127.0.0.1:9001":                   "127.0.0.1:" + ports.next(t),
				"9002":                             ports.next(t),
				"sleep 10":                         "sleep 2",
				"-fails 2":                         "-fails 1",
			})
			h := newHook(t)
			l.start("/usr/bin/env", "WEBHOOK="+h.URL)
			l.until("the restarts are told", func() bool {
				log := l.read("run/restart-notice.log")
				return strings.Contains(log, "flaky:flaky is started again: it had ended\n") &&
					strings.Contains(log, "hopeless:hopeless is started again: it did not stay up; tries before this one: 1\n")
			})
			l.until("the crash and the end are told", func() bool {
				all := strings.Join(h.got(), "\n")
				return strings.Contains(all, `) has ended unexpectedly", "event": "PROCESS_STATE_EXITED", "process": "flaky:flaky", "server": "listeners"`) &&
					strings.Contains(all, `"text": "hopeless:hopeless did not stay up and has been given up"`)
			})
			l.logs("success: web entered RUNNING state")
			before := l.pidOf("web")
			if err := syscall.Kill(before, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			l.logs("success: web entered RUNNING state", "success: web entered RUNNING state")
			l.until("httpcheck has said why", func() bool {
				return strings.Contains(l.read("run/httpcheck.log"), "running the command")
			})
			if strings.Contains(l.read("main.log"), "UNKNOWN state") {
				t.Errorf("a listener has broken the protocol:\n%s", l.read("main.log"))
			}
			for _, listener := range []string{"restart-notice", "crash-notice", "httpcheck"} {
				if status := l.ctl("status", listener); !strings.Contains(status, " RUNNING ") {
					t.Error(status)
				}
			}
		})
	}
}

// copyExamples takes over the folder, and replaces words of its configuration, all
// of which must be there.
func (l *life) copyExamples(replace map[string]string) {
	l.t.Helper()
	for _, name := range []string{"restart-notice.sh", "crash-notice.py", "supervisord.conf"} {
		text, err := os.ReadFile(filepath.Join(exampleListeners, name))
		if err != nil {
			l.t.Fatal(err)
		}
		if name == "supervisord.conf" {
			text, name = l.replaced(text, replace), "s.conf"
		}
		l.write(name, string(text))
	}
	if err := os.Mkdir(l.path("run"), 0o755); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) replaced(text []byte, replace map[string]string) []byte {
	l.t.Helper()
	var pairs []string
	for old, now := range replace {
		if !bytes.Contains(text, []byte(old)) {
			l.t.Fatalf("the configuration has no %q", old)
		}
		pairs = append(pairs, old, now)
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(text)))
}
