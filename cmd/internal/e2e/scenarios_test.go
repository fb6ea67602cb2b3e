//go:build compat && unix

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"

	"supervisor/supervise"
	"supervisor/supervise/engine/scenario"
)

const (
	storyFiles    = "../../../supervise/engine/testdata/*.scenario"
	storiesAtOnce = 8 // they mostly sleep
	encores       = 2 // of a story that went wrong
	fewestStories = 30
)

// TestScenariosWithRealChildren plays the stories of the engine again, with the
// real supervisord, real children and real time, and holds what the main log,
// the listeners and the clients see against the same transcripts.
func TestScenariosWithRealChildren(t *testing.T) {
	stories := realStories(t)
	daemon := buildProgram(t, "supervisord")
	troupe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	play := func(name string) error {
		p := &realPlay{name: name, story: stories.byName[name], daemon: daemon, troupe: troupe}
		return p.play()
	}
	turns := make(chan struct{}, storiesAtOnce)
	spoiled := make(map[string]error)
	var (
		playing sync.WaitGroup
		mu      sync.Mutex // guards spoiled
	)
	for _, name := range stories.names {
		playing.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if err := play(name); err != nil {
				mu.Lock()
				spoiled[name] = err
				mu.Unlock()
			}
		})
	}
	playing.Wait()
	// Times are real here, and a machine that was busy for half a second spoils a
	// play. Whatever goes wrong is played again, now alone; what goes wrong three
	// times is no accident.
	if most := max(3, len(stories.names)/5); len(spoiled) > most {
		t.Errorf("%d of %d stories went wrong: a busy machine spoils at most %d", len(spoiled), len(stories.names), most)
	}
	for name, err := range spoiled {
		for range encores {
			t.Logf("%s is played again: %v", name, err)
			if err = play(name); err == nil {
				break
			}
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type realStoryList struct {
	names  []string
	byName map[string]scenario.Scenario
}

// realStories reads those that can be played, and that -run selects.
func realStories(t *testing.T) realStoryList {
	t.Helper()
	files, err := filepath.Glob(storyFiles)
	if err != nil {
		t.Fatal(err)
	}
	list := realStoryList{byName: map[string]scenario.Scenario{}}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		story, err := scenario.Parse(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if story.NotReal != "" {
			continue
		}
		found++
		name := strings.TrimSuffix(filepath.Base(file), ".scenario")
		t.Run(name, func(*testing.T) { // runs only if it is selected
			list.names = append(list.names, name)
			list.byName[name] = story
		})
	}
	if found < fewestStories {
		t.Fatalf("%d stories can be played with real children, want at least %d", found, fewestStories)
	}
	// The longest first: the whole is over sooner.
	slices.SortFunc(list.names, func(a, b string) int { return int(list.length(b) - list.length(a)) })
	return list
}

func (l realStoryList) length(name string) time.Duration {
	steps := l.byName[name].Steps
	return steps[len(steps)-1].At
}

// realPlay is one story being played.
type realPlay struct {
	name           string
	story          scenario.Scenario
	daemon, troupe string // programs

	dir    string
	client *http.Client
	cmd    *exec.Cmd
	exited chan error
	start  time.Time // when supervisord began its work
	end    time.Time
	open   sync.WaitGroup // commands under way

	mu    sync.Mutex // guards lines
	lines []scenario.Line
}

func (p *realPlay) play() error {
	if err := p.setUp(); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir)
	defer p.killAll()
	if err := p.launch(); err != nil {
		return err
	}
	for _, step := range p.story.Steps {
		if err := p.do(step); err != nil {
			return fmt.Errorf("%v %s: %w", step.At, step.Text, err)
		}
	}
	if err := p.awaitEnd(); err != nil {
		return fmt.Errorf("%w\n%s", err, p.mainLog())
	}
	p.open.Wait()
	if left := p.livingChildren(); len(left) > 0 {
		return fmt.Errorf("children are left: %v", left)
	}
	return p.compare()
}

func (p *realPlay) setUp() (err error) {
	// A short name: the path of a socket has at most a hundred characters.
	if p.dir, err = os.MkdirTemp("", "story"); err != nil {
		return err
	}
	var script strings.Builder
	for _, lives := range p.story.Lives {
		fmt.Fprintln(&script, lives.Text)
	}
	fmt.Fprintln(&script, "recorder: listener=OK")
	if err := os.WriteFile(p.path("script"), []byte(script.String()), 0o600); err != nil {
		return err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", p.path("s.sock"))
	}
	p.client = &http.Client{Transport: &http.Transport{DialContext: dial}}
	return p.configure(p.story.Config())
}

func (p *realPlay) path(name string) string { return filepath.Join(p.dir, name) }

// recorded tells whether a listener of ours may note every state. It would be
// seen by a story that has listeners itself, orders all about, or starts
// supervisord again.
func (p *realPlay) recorded() bool {
	for _, config := range p.story.Configs {
		if strings.Contains(config, "[eventlistener:") {
			return false
		}
	}
	return !slices.ContainsFunc(p.story.Steps, func(s scenario.Step) bool {
		return s.Verb == "reload" || s.Verb == "HUP" || s.Arg == "all" || strings.HasSuffix(s.Arg, " all")
	})
}

const realSections = `logfile=DIR/main.log
pidfile=DIR/s.pid
childlogdir=DIR
statedir=DIR/state
[unix_http_server]
file=DIR/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`

const realRecorder = `[eventlistener:recorder]
command=/bin/sleep 100
events=PROCESS_STATE
buffer_size=1000
priority=-10
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
`

// configure writes a configuration of the story, with a real place to work in
// and real children.
func (p *realPlay) configure(text string) error {
	supervisord, rest := "[supervisord]\n", text
	if options, found := strings.CutPrefix(text, supervisord); found {
		at := strings.Index(options, "[")
		supervisord, rest = supervisord+options[:at], options[at:]
	}
	if p.recorded() {
		rest += realRecorder
	}
	text = supervisord + realSections + rest
	text = strings.ReplaceAll(text, "command=/bin/sleep 100", "command="+p.troupe+" act DIR")
	text = strings.ReplaceAll(text, "DIR", p.dir)
	return os.WriteFile(p.path("s.conf"), []byte(text), 0o600)
}

// launch starts supervisord and waits until it works and answers.
func (p *realPlay) launch() error {
	out, err := os.Create(p.path("out"))
	if err != nil {
		return err
	}
	defer out.Close() // supervisord has its own
	p.cmd = exec.Command(p.daemon, "-n", "-s", "-c", p.path("s.conf"))
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Dir = p.dir
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.exited = make(chan error, 1)
	go func() { // ends with supervisord
		err := p.cmd.Wait()
		p.end = time.Now()
		p.exited <- err
	}()
	for give := time.Now().Add(10 * time.Second); time.Now().Before(give); time.Sleep(2 * time.Millisecond) {
		for line := range strings.Lines(p.mainLog()) {
			if at, text, ok := readLogLine(line); ok && strings.HasPrefix(text, "log INFO supervisord started with pid") {
				p.start = at
				return nil
			}
		}
	}
	return fmt.Errorf("supervisord does not start:\n%s%s", p.read("out"), p.mainLog())
}

func (p *realPlay) read(name string) string {
	text, err := os.ReadFile(p.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error() // which no transcript expects
	}
	return string(text)
}

func (p *realPlay) mainLog() string { return p.read("main.log") }

func (p *realPlay) awaitEnd() error {
	select {
	case err := <-p.exited:
		return err
	case <-time.After(10 * time.Second):
		return errors.New("supervisord does not end")
	}
}

// killAll leaves nothing behind of a story that went wrong.
func (p *realPlay) killAll() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it has ended, as it should
	for _, pid := range p.livingChildren() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may end meanwhile
	}
}

// livingChildren are those of all who ever lived that still do.
func (p *realPlay) livingChildren() []int {
	files, _ := filepath.Glob(p.path("pids.*")) // the pattern is a good one
	var alive []int
	for _, file := range files {
		for word := range strings.FieldsSeq(p.read(filepath.Base(file))) {
			if pid, err := strconv.Atoi(word); err == nil && syscall.Kill(pid, 0) == nil {
				alive = append(alive, pid)
			}
		}
	}
	return alive
}

func (p *realPlay) tell(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, scenario.Line{At: time.Since(p.start), Text: fmt.Sprintf(format, args...)})
}

// do does a step at its time.
func (p *realPlay) do(step scenario.Step) error {
	time.Sleep(time.Until(p.start.Add(step.At)))
	first, rest, _ := strings.Cut(step.Arg, " ")
	switch step.Verb {
	case "end":
		return nil
	case "exit":
		if err := os.WriteFile(p.path("strike."+first), []byte(rest), 0o600); err != nil {
			return err
		}
		return p.strike(first, strikeSignal)
	case "crash":
		sig, err := supervise.ParseSignal(rest)
		if err != nil {
			return err
		}
		return p.strike(first, syscall.Signal(sig))
	case "TERM", "HUP":
		sig, err := supervise.ParseSignal(step.Verb)
		if err != nil {
			return err
		}
		return p.cmd.Process.Signal(syscall.Signal(sig))
	case "conf":
		return p.configure(p.story.Configs[first])
	case "log":
		p.tell("  %q", p.read(first+".log"))
		return nil
	case "status":
		return p.status()
	default:
		p.open.Go(func() { p.tell("< %s: %s", step.Text, p.command(step)) }) // ends when answered
		return nil
	}
}

func (p *realPlay) strike(name string, sig syscall.Signal) error {
	pids := strings.Fields(p.read("pids." + name))
	if len(pids) == 0 {
		return fmt.Errorf("%s has never lived", name)
	}
	pid, err := strconv.Atoi(pids[len(pids)-1])
	if err != nil {
		return err
	}
	return syscall.Kill(pid, sig)
}

// realResult is a line of the answer to a command on many.
type realResult struct {
	Name        string `xmlrpc:"name"`
	Group       string `xmlrpc:"group"`
	Status      int    `xmlrpc:"status"`
	Description string `xmlrpc:"description"`
}

// command gives a client's command and its answer as a line of the transcript.
func (p *realPlay) command(step scenario.Step) string {
	verb, quick := strings.CutSuffix(step.Verb, "-nowait")
	arg, name := step.Arg, supervise.ParseNameSpec(step.Arg)
	first, rest, _ := strings.Cut(arg, " ")
	target := supervise.ParseNameSpec(rest)
	switch {
	case verb == "restart":
		return p.restart(name)
	case verb == "reread":
		return p.reread()
	case verb == "signal" && rest == "all":
		return p.many("signalAllProcesses", first)
	case verb == "signal" && target.WholeGroup():
		return p.many("signalProcessGroup", target.Group, first)
	case verb == "signal":
		return p.one("signalProcess", rest, first)
	case verb == "write":
		return p.one("sendProcessStdin", first, rest)
	case verb == "remote":
		return p.one("sendRemoteCommEvent", first, rest)
	case verb == "add" || verb == "remove":
		return p.one(verb+"ProcessGroup", arg)
	case verb == "shutdown":
		return p.one("shutdown")
	case verb == "reload":
		return p.one("restart")
	case arg == "all":
		return p.many(verb+"AllProcesses", !quick)
	case name.WholeGroup():
		return p.many(verb+"ProcessGroup", name.Group, !quick)
	default:
		return p.one(verb+"Process", arg, !quick)
	}
}

// one calls a method that answers true.
func (p *realPlay) one(method string, args ...any) string {
	var ok bool
	if err := p.call(&ok, method, args...); err != nil {
		return p.fault(err)
	}
	if !ok {
		return "false"
	}
	return "ok"
}

func (p *realPlay) many(method string, args ...any) string {
	var results []realResult
	if err := p.call(&results, method, args...); err != nil {
		return p.fault(err)
	}
	lines := []string{"ok"}
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("%s:%s %s", r.Group, r.Name, r.Description))
	}
	return strings.Join(lines, "; ")
}

func (p *realPlay) reread() string {
	var plans [][][]string
	if err := p.call(&plans, "reloadConfig"); err != nil {
		return p.fault(err)
	}
	return fmt.Sprintf("added %v changed %v removed %v", plans[0][0], plans[0][1], plans[0][2])
}

func (p *realPlay) fault(err error) string {
	text := err.Error()
	if fault, ok := err.(xmlrpc.FaultError); ok {
		text = fault.String
	}
	text = strings.ReplaceAll(text, "DIR/s.conf", "DIR/supervisord.conf")
	return p.withoutPlace(text)
}

// withoutPlace hides where the story is played.
func (p *realPlay) withoutPlace(text string) string {
	text = strings.ReplaceAll(text, p.path("s.conf"), "DIR/supervisord.conf")
	return strings.ReplaceAll(text, p.dir, "DIR")
}

func (p *realPlay) call(answer any, method string, args ...any) error {
	body, err := xmlrpc.EncodeMethodCall("supervisor."+method, args...)
	if err != nil {
		return err
	}
	reply, err := p.client.Post("http://localhost/RPC2", "text/xml", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	response := xmlrpc.Response(text)
	if err := response.Err(); err != nil {
		return err
	}
	return response.Unmarshal(answer)
}

// restart is ours: XML-RPC has none.
func (p *realPlay) restart(name supervise.NameSpec) string {
	path := "processes/" + name.Group + ":" + name.Process
	switch {
	case name.Group == "all" && name.Process == "all":
		path = "all"
	case name.WholeGroup():
		path = "groups/" + name.Group
	}
	reply, err := p.client.Post("http://localhost/api/v1/"+path+"/restart", "application/json", strings.NewReader("{}"))
	if err != nil {
		return err.Error()
	}
	defer reply.Body.Close()
	if reply.StatusCode == http.StatusAccepted {
		return "ok"
	}
	var failure struct {
		Error struct{ Name, Detail string }
	}
	if err := json.NewDecoder(reply.Body).Decode(&failure); err != nil {
		return err.Error()
	}
	if failure.Error.Detail == "" {
		return failure.Error.Name
	}
	return failure.Error.Name + ": " + failure.Error.Detail
}

func (p *realPlay) status() error {
	var rows []struct {
		Name        string `xmlrpc:"name"`
		Group       string `xmlrpc:"group"`
		State       string `xmlrpc:"statename"`
		Description string `xmlrpc:"description"`
	}
	if err := p.call(&rows, "getAllProcessInfo"); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Group == "recorder" {
			continue
		}
		name := supervise.NameSpec{Group: row.Group, Process: row.Name}
		line := fmt.Sprintf("  %s %s %s", name, row.State, scenario.MaskDate(row.Description))
		p.tell("%s", strings.TrimRight(line, " "))
	}
	return nil
}
