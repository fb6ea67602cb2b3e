//go:build compat && unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"
)

// The compatibility suite gives the same to the original and to ours, and compares
// what comes of it. This file has what its languages share: ctl_test.go has command
// lines, rpc_test.go calls, http_test.go requests, events_test.go listeners. A case is a file,
// testdata/LANGUAGE/NAME.LANGUAGE:
//
//	# What the case shows.
//	server: NAME.conf       a file of testdata/ctl/conf
//	fresh                   each client gets a server of its own; for what changes
//	                        something. Else one server is shared.
//
//	~daemon reason          the next step differs with our supervisord
//	~order reason           what is answered next comes in any order
//	^ text                  the client goes away when the answer has this text
//	@await name=STATE ...   wait until the server says so
//	@says FILE TEXT         wait until a file of the server's directory has the text
//	@config NAME.conf       give the server another configuration to read
//	@gone                   end the server
//	@join                   wait for the answers of steps in the background
//
// {dir} is the server's directory, {port} its TCP port, {self} the binary of these
// tests and {data} their testdata, in cases as in configurations. A configuration may say, in comments, what
// has to be done before it can be used: ";@await name=STATE ...", ";@says FILE TEXT" and
// ";@stop name". Nothing may depend on time: a case waits for what it needs.

const (
	originalCtl    = "/usr/bin/supervisorctl"
	originalDaemon = "/usr/bin/supervisord"
)

// pair is a client and a server that must get on.
type pair struct{ name, ctl, daemon string }

func needOriginal(t *testing.T) {
	t.Helper()
	for _, file := range []string{originalCtl, originalDaemon} {
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("%s is missing: install the Debian package with: apt-get install supervisor", file)
		}
	}
}

// forge builds each program once, for all tests.
var forge workshop

type workshop struct {
	mu    sync.Mutex // held while a program is built: others want the same one
	dir   string
	built map[string]string // by what they are built of
}

// buildProgram gives the path of a program of ours.
func buildProgram(t *testing.T, name string) string {
	t.Helper()
	return buildGo(t, name, "supervisor/cmd/"+name)
}

// buildGo builds a program of a package or of one file, with what this module has.
func buildGo(t *testing.T, name, source string) string {
	t.Helper()
	binary, err := forge.build(name, source)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func (w *workshop) build(name, source string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if binary := w.built[source]; binary != "" {
		return binary, nil
	}
	if w.dir == "" {
		dir, err := os.MkdirTemp("", "e2e-programs-")
		if err != nil {
			return "", fmt.Errorf("a place for programs: %w", err)
		}
		// Other users run them, too.
		if err := os.Chmod(dir, 0o755); err != nil {
			return "", fmt.Errorf("a place for programs: %w", err)
		}
		w.dir, w.built = dir, map[string]string{}
	}
	binary := filepath.Join(w.dir, fmt.Sprint(len(w.built)), name)
	build := exec.Command("go", "build", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	w.built[source] = binary
	return binary, nil
}

func (w *workshop) close() { _ = os.RemoveAll(w.dir) } // it is a temporary one in any case

// language is how cases of one kind are written, and put to a server.
type language struct {
	ending string // of the files; they are in testdata, in a directory of that name
	// read takes in a line that is not of every language; true when it completes
	// a step.
	read func(c *caseFile, line string, next *step) bool
	ask  func(s *ctlServer, p pair, step step) (string, error)
}

// cases reads the files of a language.
func (l language) cases(t *testing.T) []caseFile {
	t.Helper()
	files, err := filepath.Glob("testdata/" + l.ending + "/*." + l.ending)
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases of %s: %v", l.ending, err)
	}
	var cases []caseFile
	for _, file := range files {
		cases = append(cases, readCase(t, l, file))
	}
	return cases
}

// run compares what all cases of a language give, each as a test of its own. It
// returns when they are done.
func (l language) run(t *testing.T, reference pair, others []pair) {
	zoo := newKeeper(t)
	compared := 0
	t.Run("cases", func(t *testing.T) {
		for _, c := range l.cases(t) {
			compared += c.questions() * len(others)
			t.Run(c.name(), func(t *testing.T) {
				t.Parallel()
				compare(t, zoo, c, reference, others)
			})
		}
	})
	t.Logf("%d comparisons", compared)
}

// TestTheSuiteComparesEnough counts what the suite compares with one server of ours,
// so that cases cannot go missing unseen. TICK_3600 is in no case, since nobody waits
// for an hour: supervise/pool/original_test.go compares its envelopes with the
// original's, and what begins an hour is what begins a minute, supervise/engine/tick.go.
func TestTheSuiteComparesEnough(t *testing.T) {
	all := len(goldenConfigs(t)) + len(lifelikeConfigs(t)) + len(doorCases)
	t.Logf("%d configurations and ways to listen", all)
	for _, want := range []struct {
		language language
		least    int
	}{{commandLines, 500}, {calls, 800}, {requests, 150}, {eventStories, 100}} {
		questions := 0
		for _, c := range want.language.cases(t) {
			questions += c.questions()
		}
		t.Logf("%d questions of %s", questions, want.language.ending)
		if questions < want.least {
			t.Errorf("%d questions of %s, want %d at least", questions, want.language.ending, want.least)
		}
		all += questions
	}
	if stories := len(eventStories.cases(t)); stories < 40 {
		t.Errorf("%d cases of events, want 40 at least", stories)
	}
	if t.Logf("%d comparisons", all); all < 1500 {
		t.Errorf("%d comparisons, want 1500 at least", all)
	}
}

// compare plays a case with every pair, and holds each transcript against the
// reference.
func compare(t *testing.T, zoo *keeper, c caseFile, reference pair, others []pair) {
	all := append([]pair{reference}, others...)
	transcripts := make([][]answer, len(all))
	var playing sync.WaitGroup
	for i, p := range all {
		playing.Go(func() { transcripts[i] = c.play(t, zoo, p) })
	}
	playing.Wait()
	if t.Failed() {
		return
	}
	for i, p := range others {
		c.hold(t, reference, p, transcripts[0], transcripts[i+1])
	}
}

// hold compares two transcripts, step by step. A difference that is explained
// must be there: an explanation of nothing is out of date.
func (c caseFile) hold(t *testing.T, reference, p pair, want, got []answer) {
	for i := range want {
		step := c.steps[want[i].step]
		differs := want[i].text != got[i].text
		ours := p.ctl != reference.ctl && step.differsCtl != "" ||
			p.daemon != reference.daemon && step.differsDaemon != ""
		switch {
		case differs && !ours:
			theirs, mine := parting(want[i].text, got[i].text)
			t.Errorf("%s:%d: %s\n--- %s\n%s--- %s\n%s", c.file, step.line, step, reference.name, theirs, p.name, mine)
		case !differs && ours:
			t.Errorf("%s:%d: %s: %s: no difference left to explain", c.file, step.line, step, p.name)
		}
	}
}

// parting leaves out of two long texts what they have in common at both ends, but
// for a few lines.
func parting(a, b string) (string, string) {
	const few = 6
	x, y := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	begin, end := 0, 0
	for begin < min(len(x), len(y)) && x[begin] == y[begin] {
		begin++
	}
	for end < min(len(x), len(y))-begin && x[len(x)-1-end] == y[len(y)-1-end] {
		end++
	}
	cut := func(lines []string) string {
		kept := strings.Join(lines[max(0, begin-few):min(len(lines), len(lines)-end+few)], "")
		return strings.TrimSuffix(kept, "\n") + "\n"
	}
	return cut(x), cut(y)
}

// --- cases ---

type caseFile struct {
	language language
	file     string
	config   string
	fresh    bool
	steps    []step
}

// step is something asked of the server, or with verb something done to it.
type step struct {
	line          int
	verb          string // "", "await", "says", "config", "gone", "join"
	text          string // what is asked, as it is written
	words         []string
	bare          bool   // a command line without -c
	input         string // of a command line, or sent over a connection
	interrupt     string // what to see before the client goes away, "" for none
	background    bool   // the steps after it do not wait for its answer
	anyOrder      bool
	onlyStatus    bool   // of a command line; what it prints is not compared
	member        string // one that only our structs have, "" for none
	differsCtl    string
	differsDaemon string
}

func (s step) String() string { return s.text }

func (c caseFile) name() string {
	return strings.TrimSuffix(filepath.Base(c.file), "."+c.language.ending)
}

// questions counts the steps that are answered.
func (c caseFile) questions() int {
	n := 0
	for _, step := range c.steps {
		if step.verb == "" {
			n++
		}
	}
	return n
}

func readCase(t *testing.T, l language, file string) caseFile {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := caseFile{language: l, file: file}
	var next step // gathers what is said of the step to come
	for i, line := range strings.Split(string(text), "\n") {
		next.line = i + 1
		if c.readLine(line, &next) {
			c.steps = append(c.steps, next)
			next = step{}
		}
	}
	if c.config == "" || c.questions() == 0 {
		t.Fatalf("%s: no server, or no questions", file)
	}
	return c
}

// readLine takes in one line; true when it completes a step.
func (c *caseFile) readLine(line string, next *step) bool {
	head, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "" || head == "#":
		return false
	case head == "server:":
		c.config = rest
		return false
	case line == "fresh":
		c.fresh = true
		return false
	case head == "~daemon":
		next.differsDaemon = rest
		return false
	case head == "~order":
		next.anyOrder = true
		return false
	case head == "^":
		c.steps[len(c.steps)-1].interrupt = rest
		return false
	case strings.HasPrefix(head, "@"):
		next.verb, next.words = head[1:], strings.Fields(rest)
		return true
	}
	return c.language.read(c, line, next)
}

// answer is what a step gave, masked and printed.
type answer struct {
	step int
	text string
}

// play runs a case with one pair.
func (c caseFile) play(t *testing.T, zoo *keeper, p pair) []answer {
	var server *ctlServer
	var err error
	if c.fresh {
		server, err = startCtlServer(t, zoo.ports, p.daemon, c.config)
	} else {
		server, err = zoo.server(p.daemon, c.config)
	}
	if err != nil {
		t.Errorf("%s: %v", p.name, err)
		return nil
	}
	if c.fresh {
		defer server.kill()
	}
	transcript := make([]answer, 0, len(c.steps))
	var background sync.WaitGroup
	defer background.Wait()
	for i, step := range c.steps {
		if step.verb == "join" {
			background.Wait()
			continue
		}
		if step.verb != "" {
			if err := server.do(step); err != nil {
				t.Errorf("%s:%d: %s: @%s: %v", c.file, step.line, p.name, step.verb, err)
				return nil
			}
			continue
		}
		transcript = append(transcript, answer{step: i})
		ask := func(into *answer) {
			text, err := c.language.ask(server, p, step)
			if err != nil {
				t.Errorf("%s:%d: %s: %s: %v", c.file, step.line, p.name, step, err)
			}
			into.text = text
		}
		if into := &transcript[len(transcript)-1]; step.background {
			background.Go(func() { ask(into) })
		} else if ask(into); t.Failed() {
			return nil
		}
	}
	return transcript
}

// --- servers ---

// keeper starts each shared server once and stops all at the end.
type keeper struct {
	t       *testing.T
	ports   *portBook
	mu      sync.Mutex
	running map[string]*ctlServer
}

func newKeeper(t *testing.T) *keeper {
	return &keeper{t: t, ports: newPortBook(), running: map[string]*ctlServer{}}
}

func (k *keeper) server(daemon, config string) (*ctlServer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := daemon + " " + config
	if s, ok := k.running[key]; ok {
		return s, nil
	}
	s, err := startCtlServer(k.t, k.ports, daemon, config)
	if err != nil {
		return nil, err
	}
	k.running[key] = s
	k.t.Cleanup(s.kill)
	return s, nil
}

type ctlServer struct {
	dir   string
	port  string
	self  string // this binary
	data  string // its testdata
	conf  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// startCtlServer runs supervisord in the foreground, in a directory whose name is
// short enough for a socket, and does what its configuration wants done first.
func startCtlServer(t *testing.T, ports *portBook, daemon, config string) (*ctlServer, error) {
	dir, err := os.MkdirTemp("/tmp", "sup")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port, err := ports.free()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	data, err := filepath.Abs("testdata")
	if err != nil {
		return nil, err
	}
	s := &ctlServer{dir: dir, port: port, self: self, data: data, conf: filepath.Join(dir, "s.conf"), ended: make(chan struct{})}
	text, err := s.configure(config)
	if err != nil {
		return nil, err
	}
	s.cmd = exec.Command(daemon, "-n", "-c", s.conf)
	s.cmd.Dir = dir
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		return nil, err
	}
	defer stderr.Close() // supervisord has its own
	s.cmd.Stderr = stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.cmd.Wait(); close(s.ended) }()
	if err := s.prepare(text); err != nil {
		s.kill()
		log, _ := os.ReadFile(filepath.Join(dir, "d.log"))
		return nil, fmt.Errorf("%s -c %s: %w\n%s", daemon, config, err, log)
	}
	return s, nil
}

// configure writes a configuration of testdata where the server reads its own. What
// follows its name, from the next line on, is added to it.
func (s *ctlServer) configure(config string) (string, error) {
	name, more, _ := strings.Cut(config, "\n")
	text, err := os.ReadFile(filepath.Join("testdata/ctl/conf", name))
	if err != nil {
		return "", err
	}
	filled := s.fill(string(text) + more + "\n")
	// Somebody may be reading it just now.
	next, err := os.CreateTemp(s.dir, "next")
	if err != nil {
		return "", err
	}
	_, err = next.WriteString(filled)
	return filled, errors.Join(err, next.Close(), os.Rename(next.Name(), s.conf))
}

func (s *ctlServer) fill(text string) string {
	return strings.NewReplacer("{dir}", s.dir, "{port}", s.port, "{self}", s.self, "{data}", s.data).Replace(text)
}

// prepare waits for the server and follows the ";@" lines of its configuration.
func (s *ctlServer) prepare(config string) error {
	listening := func() (bool, error) {
		conn, err := net.Dial("unix", filepath.Join(s.dir, "s.sock"))
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	}
	if err := s.until("its socket", listening); err != nil {
		return err
	}
	for line := range strings.Lines(config) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(verb, ";@") {
			continue
		}
		if err := s.do(step{verb: verb[2:], words: strings.Fields(rest)}); err != nil {
			return err
		}
	}
	return nil
}

// do does to the server what a case asks for beside commands.
func (s *ctlServer) do(step step) error {
	switch step.verb {
	case "await":
		return s.await(step.words)
	case "says":
		return s.says(step.words[0], step.words[1])
	case "stop":
		return s.call("supervisor.stopProcess", nil, step.words[0], false)
	case "config":
		_, err := s.configure(step.words[0])
		return err
	case "gone":
		return s.stop()
	}
	return s.doEvents(step)
}

// await waits until every process named is in the state named.
func (s *ctlServer) await(wanted []string) error {
	return s.until(strings.Join(wanted, " "), func() (bool, error) {
		var infos []struct {
			Group string `xmlrpc:"group"`
			Name  string `xmlrpc:"name"`
			State string `xmlrpc:"statename"`
		}
		if err := s.call("supervisor.getAllProcessInfo", &infos); err != nil {
			return false, nil // not up yet, or coming up again
		}
		var states []string
		for _, info := range infos {
			states = append(states, info.Group+":"+info.Name+"="+info.State)
			if info.Group == info.Name {
				states = append(states, info.Name+"="+info.State)
			}
		}
		missing := func(want string) bool { return !slices.Contains(states, want) }
		return !slices.ContainsFunc(wanted, missing), nil
	})
}

// says waits until a file has a text: a program is RUNNING before it has set up its
// signal handlers, and tells here that it has.
func (s *ctlServer) says(file, text string) error {
	return s.until(file+" to say "+text, func() (bool, error) {
		said, err := os.ReadFile(filepath.Join(s.dir, file))
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		return bytes.Contains(said, []byte(text)), err
	})
}

// until looks again and again, for thirty seconds at most.
func (s *ctlServer) until(what string, done func() (bool, error)) error {
	deadline := time.After(30 * time.Second)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-s.ended:
			return fmt.Errorf("supervisord ended while waiting for %s", what)
		case <-deadline:
			return fmt.Errorf("waited 30 s for %s", what)
		}
	}
}

// call asks the server over its socket, which has no password in these tests
// unless it is user:secret.
func (s *ctlServer) call(method string, answer any, args ...any) error {
	request, err := xmlrpc.NewRequest("http://localhost/RPC2", method, args)
	if err != nil {
		return err
	}
	request.SetBasicAuth("user", "secret")
	response, err := s.client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if err := xmlrpc.Response(body).Err(); err != nil || answer == nil {
		return err
	}
	return xmlrpc.Response(body).Unmarshal(answer)
}

// client speaks over the server's socket, on a connection for each request.
func (s *ctlServer) client() *http.Client {
	return &http.Client{
		Timeout: 40 * time.Second,
		Transport: &http.Transport{
			DisableKeepAlives:  true,
			DisableCompression: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.dir, "s.sock"))
			},
		},
	}
}

// stop ends the server as a person would.
func (s *ctlServer) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(30 * time.Second):
		return errors.New("did not end within 30 s of SIGTERM")
	}
}

// kill ends the server without further ado. Its programs read from it, so they
// end as well. One that has ended is left alone: its number may be a stranger's.
func (s *ctlServer) kill() {
	select {
	case <-s.ended:
		return
	default:
	}
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.ended
}
