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
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"
)

// The tests in this file hold our supervisorctl against the original's, and,
// when asked, our supervisord too. A case is a file, testdata/ctl/NAME.ctl:
//
//	# What the case shows.
//	server: NAME.conf       a file of testdata/ctl/conf
//	fresh                   each client gets a server of its own; for commands
//	                        that change something. Else one server is shared.
//
//	status                  a command line: supervisorctl -c CONF status
//	< text                  a line of its standard input
//	! -s http://x status    a command line without -c CONF
//	~ctl reason             the next command differs in our supervisorctl
//	~daemon reason          the next command differs with our supervisord
//	~order reason           the lines of the next command's answer come in any order, so
//	                        that the last failure, which sets the status, may be any
//	^ text                  interrupt the command when it has printed text
//	@await name=STATE ...   wait until the server says so
//	@says FILE TEXT         wait until a file of the server's directory has the text
//	@config NAME.conf       give the server another configuration to read
//	@gone                   end the server
//
// {dir} is the server's directory and {port} its TCP port, in cases as in
// configurations. A configuration may say, in comments, what has to be done
// before it can be used: ";@await name=STATE ...", ";@says FILE TEXT" and
// ";@stop name".
//
// Each command line is run by the original's client with the original's server,
// which is the reference, and by the other pairs; standard output, standard
// error and exit status must be the same, after masking what cannot be.
// SUPERVISOR_E2E_DAEMON says which servers take part beside the reference:
// "original" (the default), "ours", or "both".

const (
	originalCtl    = "/usr/bin/supervisorctl"
	originalDaemon = "/usr/bin/supervisord"
)

// pair is a client and a server that must get on.
type pair struct{ name, ctl, daemon string }

func TestSupervisorctlAnswersAsTheOriginal(t *testing.T) {
	needOriginal(t)
	reference, others := pairs(t)
	zoo := &keeper{t: t, running: map[string]*ctlServer{}}
	files, err := filepath.Glob("testdata/ctl/*.ctl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ctl"), func(t *testing.T) {
			t.Parallel()
			compare(t, zoo, readCtlCase(t, file), reference, others)
		})
	}
}

func needOriginal(t *testing.T) {
	t.Helper()
	for _, file := range []string{originalCtl, originalDaemon} {
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("%s is missing: install the Debian package with: apt-get install supervisor", file)
		}
	}
}

// pairs builds what is ours and says who is compared with whom.
func pairs(t *testing.T) (reference pair, others []pair) {
	t.Helper()
	ourCtl := buildProgram(t, "supervisorctl")
	reference = pair{"original ctl, original daemon", originalCtl, originalDaemon}
	which := os.Getenv("SUPERVISOR_E2E_DAEMON")
	if which == "" {
		which = "original"
	}
	if which == "original" || which == "both" {
		others = append(others, pair{"our ctl, original daemon", ourCtl, originalDaemon})
	}
	if which == "ours" || which == "both" {
		ourDaemon := buildProgram(t, "supervisord")
		others = append(others,
			pair{"original ctl, our daemon", originalCtl, ourDaemon},
			pair{"our ctl, our daemon", ourCtl, ourDaemon})
	}
	if len(others) == 0 {
		t.Fatalf("SUPERVISOR_E2E_DAEMON=%q: want original, ours or both", which)
	}
	return reference, others
}

func buildProgram(t *testing.T, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-o", binary, "supervisor/cmd/"+name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return binary
}

// compare plays a case with every pair, and holds each transcript against the
// reference.
func compare(t *testing.T, zoo *keeper, c ctlCase, reference pair, others []pair) {
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

// hold compares two transcripts, command by command. A difference that is
// explained must be there: an explanation of nothing is out of date.
func (c ctlCase) hold(t *testing.T, reference, p pair, want, got []answer) {
	for i := range want {
		step := c.steps[want[i].step]
		differs := want[i].text != got[i].text
		ours := p.ctl != reference.ctl && step.differsCtl != "" ||
			p.daemon != reference.daemon && step.differsDaemon != ""
		switch {
		case differs && !ours:
			t.Errorf("%s:%d: %s\n--- %s\n%s--- %s\n%s", c.file, step.line, step, reference.name, want[i].text, p.name, got[i].text)
		case !differs && ours:
			t.Errorf("%s:%d: %s: %s: no difference left to explain", c.file, step.line, step, p.name)
		}
	}
}

// --- cases ---

type ctlCase struct {
	file   string
	config string
	fresh  bool
	steps  []ctlStep
}

// ctlStep is a command line, or with verb something done to the server.
type ctlStep struct {
	line          int
	verb          string // "", "await", "says", "config", "gone"
	words         []string
	bare          bool // without -c
	stdin         string
	interrupt     string // what to see before Ctrl-C, "" for none
	anyOrder      bool
	differsCtl    string
	differsDaemon string
}

func (s ctlStep) String() string { return "supervisorctl " + strings.Join(s.words, " ") }

func readCtlCase(t *testing.T, file string) ctlCase {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := ctlCase{file: file}
	var next ctlStep // gathers what is said of the command to come
	for i, line := range strings.Split(string(text), "\n") {
		next.line = i + 1
		if c.readLine(t, line, &next) {
			c.steps = append(c.steps, next)
			next = ctlStep{}
		}
	}
	if c.config == "" || len(c.steps) == 0 {
		t.Fatalf("%s: no server, or no commands", file)
	}
	return c
}

// readLine takes in one line; true when it completes a step.
func (c *ctlCase) readLine(t *testing.T, line string, next *ctlStep) bool {
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
	case head == "~ctl":
		next.differsCtl = rest
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
	case head == "<":
		last := &c.steps[len(c.steps)-1]
		last.stdin += rest + "\n"
		return false
	case head == "!":
		next.bare, next.words = true, splitArgs(rest)
	case strings.HasPrefix(head, "@"):
		next.verb, next.words = head[1:], strings.Fields(rest)
	case head == "$":
		next.words = splitArgs(rest)
	default:
		next.words = splitArgs(line)
	}
	return true
}

// splitArgs splits at blanks; a word may stand in single quotes. A lone "$" before
// a command stands for no words at all.
func splitArgs(line string) []string {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if quoted, ok := strings.CutPrefix(line, "'"); ok {
			word, rest, _ := strings.Cut(quoted, "'")
			words, line = append(words, word), rest
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		words, line = append(words, word), rest
	}
	return words
}

// answer is what a command line gave, masked and printed.
type answer struct {
	step int
	text string
}

// play runs a case with one pair.
func (c ctlCase) play(t *testing.T, zoo *keeper, p pair) []answer {
	var server *ctlServer
	var err error
	if c.fresh {
		server, err = startCtlServer(t, p.daemon, c.config)
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
	var transcript []answer
	for i, step := range c.steps {
		if step.verb != "" {
			if err := server.do(step); err != nil {
				t.Errorf("%s:%d: %s: @%s: %v", c.file, step.line, p.name, step.verb, err)
				return nil
			}
			continue
		}
		text, err := server.run(p.ctl, step)
		if err != nil {
			t.Errorf("%s:%d: %s: %s: %v", c.file, step.line, p.name, step, err)
			return nil
		}
		transcript = append(transcript, answer{i, text})
	}
	return transcript
}

// --- servers ---

// keeper starts each shared server once and stops all at the end.
type keeper struct {
	t       *testing.T
	mu      sync.Mutex
	running map[string]*ctlServer
}

func (k *keeper) server(daemon, config string) (*ctlServer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := daemon + " " + config
	if s, ok := k.running[key]; ok {
		return s, nil
	}
	s, err := startCtlServer(k.t, daemon, config)
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
	conf  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// startCtlServer runs supervisord in the foreground, in a directory whose name is
// short enough for a socket, and does what its configuration wants done first.
func startCtlServer(t *testing.T, daemon, config string) (*ctlServer, error) {
	dir, err := os.MkdirTemp("/tmp", "sup")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &ctlServer{dir: dir, port: port, conf: filepath.Join(dir, "s.conf"), ended: make(chan struct{})}
	text, err := s.configure(config)
	if err != nil {
		return nil, err
	}
	s.cmd = exec.Command(daemon, "-n", "-c", s.conf)
	s.cmd.Dir = dir
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
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

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// configure writes a configuration of testdata where the server reads its own.
func (s *ctlServer) configure(config string) (string, error) {
	text, err := os.ReadFile(filepath.Join("testdata/ctl/conf", config))
	if err != nil {
		return "", err
	}
	filled := s.fill(string(text))
	return filled, os.WriteFile(s.conf, []byte(filled), 0o600)
}

func (s *ctlServer) fill(text string) string {
	return strings.NewReplacer("{dir}", s.dir, "{port}", s.port).Replace(text)
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
		if err := s.do(ctlStep{verb: verb[2:], words: strings.Fields(rest)}); err != nil {
			return err
		}
	}
	return nil
}

// do does to the server what a case asks for beside commands.
func (s *ctlServer) do(step ctlStep) error {
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
	return errors.New("unknown directive")
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
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.dir, "s.sock"))
		},
	}}
	response, err := client.Do(request)
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
// end as well.
func (s *ctlServer) kill() {
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.ended
}

// --- commands ---

// run runs one command line and prints what came of it.
func (s *ctlServer) run(ctl string, step ctlStep) (string, error) {
	args := []string{"-c", s.conf}
	if step.bare {
		args = nil
	}
	for _, word := range step.words {
		args = append(args, s.fill(word))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, ctl, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + s.dir, "LC_ALL=C.UTF-8", "PYTHONWARNINGS=ignore"}
	cmd.Stdin = strings.NewReader(s.fill(step.stdin))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var errout bytes.Buffer
	// A person takes a moment, and Python drops a Ctrl-C that comes while it prints.
	interrupt := func() { time.AfterFunc(time.Second/2, func() { cmd.Process.Signal(os.Interrupt) }) }
	out := trigger{text: step.interrupt, fire: interrupt}
	cmd.Stdout, cmd.Stderr = &out, &errout
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return "", err
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("did not end: %s%s", out.String(), errout.String())
	}
	text := fmt.Sprintf("%s[stderr]\n%s[status %d]\n", out.String(), errout.String(), cmd.ProcessState.ExitCode())
	text = s.mask(strings.ReplaceAll(text, ctl, "supervisorctl"))
	if step.anyOrder {
		lines := slices.Sorted(strings.Lines(text))
		text = someFailure.ReplaceAllString(strings.Join(lines, ""), "[status of a failure]")
	}
	return text, nil
}

// trigger gathers output and fires when a text has come by.
type trigger struct {
	seen bytes.Buffer
	text string
	fire func()
}

func (t *trigger) String() string { return t.seen.String() }

func (t *trigger) Write(data []byte) (int, error) {
	n, err := t.seen.Write(data)
	if t.text != "" && strings.Contains(t.String(), t.text) {
		t.text = ""
		t.fire()
	}
	return n, err
}

// someFailure is a status that says no more than that something failed.
var someFailure = regexp.MustCompile(`\[status [1-9]\d*\]`)

// masks are what two runs cannot have in common.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`pid \d+`), "pid PID"},
	{regexp.MustCompile(`(?m)^(\D*> )?\d{2,}$`), "${1}PID"},
	{regexp.MustCompile(`uptime .*`), "uptime TIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2} \d{2} \d{2}:\d{2} [AP]M`), "DATE"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3}`), "STAMP"},
	{regexp.MustCompile(`\d{2}:\d{2}:\d{2},\d{3}`), "CLOCK"},
	{regexp.MustCompile(`file: \S+ line: \d+`), "file: FILE line: LINE"},
}

func (s *ctlServer) mask(text string) string {
	text = strings.NewReplacer(s.dir, "{dir}", s.port, "{port}").Replace(text)
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}
