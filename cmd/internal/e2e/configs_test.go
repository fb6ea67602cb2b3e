//go:build compat && unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"
)

// Every configuration here is given to both daemons, the original and ours, one
// after the other in the same directory. What they answer to getAllConfigInfo
// must be the same, and so must the exit status and, where they refuse to run,
// the error.
//
// The configurations are the golden files of supervise/config, put into a
// complete one where they are valid, and those of testdata/configs, which are
// like what people run. A difference that is meant has its reason: in the golden
// file, or in explainedConfigs. One that has no reason fails, and so does a
// reason without a difference.
var explainedConfigs = map[string]string{
	"defaults-are-inherited":  "[DEFAULT] reaches [rpcinterface:supervisor] too, which ends the original",
	"include-default-section": "[DEFAULT] reaches [rpcinterface:supervisor] too, which ends the original",
	"rpcinterface":            "an option the interface does not take ends the original",
	"environment-quoting":     "Supervisor 4.2.5 has no escapes in environment=, 4.4 has",
}

// configPatience is how long a daemon has to answer, on a busy machine.
const configPatience = 30 * time.Second

// configCase is one configuration, ready to be placed.
type configCase struct {
	name    string
	files   map[string]string // by path; $DIR is the directory
	args    []string
	fails   bool   // both refuse it
	differs string // why they do not agree, "" if they do
}

func TestConfigurationsAreReadAsByTheOriginal(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours := buildProgram(t, "supervisord")
	cases := append(goldenConfigs(t), lifelikeConfigs(t)...)
	if len(cases) < 92 {
		t.Fatalf("only %d configurations were found", len(cases))
	}
	ports := newPortBook()
	atOnce := make(chan struct{}, 4)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			atOnce <- struct{}{}
			defer func() { <-atOnce }()
			c.compare(t, ours, ports.replacer(t))
		})
	}
}

// compare runs both daemons and reports where they part.
func (c configCase) compare(t *testing.T, ours string, ports *strings.Replacer) {
	t.Helper()
	dir := shortDir(t)
	theirs := c.run(t, originalDaemon, dir, ports)
	mine := c.run(t, ours, dir, ports)
	differences := theirs.differences(mine)
	switch {
	case c.differs == "" && len(differences) > 0:
		t.Errorf("the daemons do not agree (- the original, + ours):\n%s\noriginal's stderr:\n%s\nour stderr:\n%s",
			strings.Join(differences, "\n"), theirs.stderr, mine.stderr)
	case c.differs != "" && len(differences) == 0:
		t.Errorf("is said to differ (%s), and does not", c.differs)
	}
}

// outcome is what one daemon made of a configuration.
type outcome struct {
	infos  map[string]map[string]any // getAllConfigInfo by group:name, nil if it never answered
	status int                       // of an exit by itself; -1 if it ran
	error  string
	stderr string
}

// differences lists, in the manner of diff, what only one side says.
func (o outcome) differences(ours outcome) []string {
	var found []string
	if o.status != ours.status {
		found = append(found, fmt.Sprintf("- exit status %d", o.status), fmt.Sprintf("+ exit status %d", ours.status))
	}
	if withoutNames(o.error) != withoutNames(ours.error) {
		found = append(found, "- "+o.error, "+ "+ours.error)
	}
	for _, name := range slices.Sorted(maps.Keys(o.infos)) {
		for _, option := range slices.Sorted(maps.Keys(o.infos[name])) {
			theirs, mine := o.infos[name][option], ours.infos[name][option]
			if !reflect.DeepEqual(theirs, mine) {
				found = append(found, fmt.Sprintf("- %s %s = %v", name, option, theirs), fmt.Sprintf("+ %s %s = %v", name, option, mine))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours.infos)) {
		if _, known := o.infos[name]; !known {
			found = append(found, "+ "+name)
		}
	}
	return found
}

var availableNames = regexp.MustCompile(`Available names: .*?( in section |$)`)

// withoutNames leaves the names of variables out of an error, of which ours tells
// only the nearest of the environment.
func withoutNames(text string) string {
	return availableNames.ReplaceAllString(text, "Available names:$1")
}

// run starts a daemon on a fresh copy of the case, asks it for its processes, and
// ends it.
func (c configCase) run(t *testing.T, daemon, dir string, ports *strings.Replacer) outcome {
	t.Helper()
	c.place(t, dir, ports)
	ctx, cancel := context.WithTimeout(t.Context(), configPatience)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, daemon, append([]string{"-n", "-c", "supervisord.conf"}, c.args...)...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "COLOR=green", "PERCENT=50%", "EMPTY="}
	// A group of its own, so that whatever it started can be ended with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", daemon, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	infos, err := c.ask(ctx, filepath.Join(dir, "h.sock"), ended)
	if err == nil {
		c.end(t, cmd, ended)
		return outcome{infos: infos, status: -1, stderr: stderr.String()}
	}
	if !errors.Is(err, errEnded) {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		t.Fatalf("%s neither answered nor ended: %v\n%s", daemon, err, stderr.String())
	}
	return outcome{status: cmd.ProcessState.ExitCode(), error: errorText(stderr.String(), cmd.ProcessState.ExitCode()), stderr: stderr.String()}
}

// end stops a daemon in peace: it must exit with 0, and take its programs along.
func (c configCase) end(t *testing.T, cmd *exec.Cmd, ended <-chan error) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Errorf("%s after SIGTERM: %v", cmd.Path, err)
	}
}

var errEnded = errors.New("the daemon has ended")

// ask calls getAllConfigInfo until it is answered or the daemon ends.
func (c configCase) ask(ctx context.Context, socket string, ended <-chan error) (map[string]map[string]any, error) {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	client, err := xmlrpc.NewClient("http://localhost/RPC2", transport)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var last error
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for {
		var list []any
		if last = client.Call("supervisor.getAllConfigInfo", nil, &list); last == nil {
			return infosByName(list)
		}
		select {
		case <-ended:
			return nil, errEnded
		case <-ctx.Done():
			return nil, fmt.Errorf("%w; the last answer: %w", ctx.Err(), last)
		case <-retry.C:
		}
	}
}

// automatic is the path of a log that was made because none was named. The
// original tells it until the first reread, and "auto" from then on; both are
// taken for "auto" here.
var automatic = regexp.MustCompile(`^.*-(?:stdout|stderr)---.*-[^-/]{8}\.log$`)

// infosByName keys the structs, and masks what cannot be the same. Processes of the same name in one group, which
// are possible, are told apart by a number.
func infosByName(list []any) (map[string]map[string]any, error) {
	infos := map[string]map[string]any{}
	for _, element := range list {
		info, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("getAllConfigInfo answered a %T", element)
		}
		for option, value := range info {
			if text, isText := value.(string); isText && strings.HasSuffix(option, "_logfile") {
				info[option] = automatic.ReplaceAllString(text, "auto")
			}
		}
		name := fmt.Sprintf("%v:%v", info["group"], info["name"])
		for n := 2; infos[name] != nil; n++ {
			name = fmt.Sprintf("%v:%v (%d)", info["group"], info["name"], n)
		}
		infos[name] = info
	}
	return infos, nil
}

// ourPlace is the line in which we say where an error is, which the original
// does not.
var ourPlace = regexp.MustCompile(`\n\(in [^\n]*\)$`)

// errorText cuts the message out of what a daemon says on a usage error; a crash
// has its last line.
func errorText(stderr string, status int) string {
	_, message, found := strings.Cut(stderr, "Error: ")
	if before, _, usage := strings.Cut(message, "\nFor help, use"); found && usage {
		return ourPlace.ReplaceAllString(before, "")
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	return fmt.Sprintf("status %d: %s", status, lines[len(lines)-1])
}

// place writes the files of the case into an empty directory.
func (c configCase) place(t *testing.T, dir string, ports *strings.Replacer) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for path, text := range c.files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		text = ports.Replace(strings.ReplaceAll(text, "$DIR", dir))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shortDir is a directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "conf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// portBook hands out free ports, each once.
type portBook struct {
	sync.Mutex
	taken map[string]bool
}

func newPortBook() *portBook { return &portBook{taken: map[string]bool{}} }

func (b *portBook) next(t *testing.T) string {
	t.Helper()
	port, err := b.free()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (b *portBook) free() (string, error) {
	b.Lock()
	defer b.Unlock()
	for range 1000 {
		// Not one of those that systems give to clients, of which there are many here.
		port := strconv.Itoa(10240 + rand.IntN(32768-10240))
		if b.taken[port] {
			continue
		}
		b.taken[port] = true
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, l.Close()
		}
	}
	return "", errors.New("no port is free")
}

// replacer puts free ports for those of the configurations, so that cases can
// run side by side, and beside whatever else runs on this machine.
func (b *portBook) replacer(t *testing.T) *strings.Replacer {
	t.Helper()
	var pairs []string
	for _, port := range []string{"9001", "9002", "9009"} {
		free := b.next(t)
		for _, before := range []string{":", "port=", `PORT="`} {
			pairs = append(pairs, before+port, before+free)
		}
	}
	return strings.NewReplacer(pairs...)
}

// harness is what a golden case lacks to be run and asked.
const harness = `[unix_http_server:harness]
file=$DIR/h.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`

var (
	goldenFileMark = regexp.MustCompile(`(?m)^-- (\S+) --\n`)
	goldenArgs     = regexp.MustCompile(`(?m)^; command line: (.*)$`)
	goldenDiffers  = regexp.MustCompile(`(?m)\A(?:differs: (.*)\n)?(error: )?`)
)

// goldenConfigs are the cases of supervise/config. Invalid ones are run as they
// are, valid ones with the harness before them.
func goldenConfigs(t *testing.T) []configCase {
	t.Helper()
	paths, err := filepath.Glob("../../../supervise/config/testdata/*.conf.golden")
	if err != nil {
		t.Fatal(err)
	}
	var cases []configCase
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, goldenConfig(strings.TrimSuffix(filepath.Base(path), ".conf.golden"), string(text)))
	}
	return cases
}

func goldenConfig(name, text string) configCase {
	input, result, _ := strings.Cut(text, "----------\n")
	match := goldenDiffers.FindStringSubmatch(result)
	c := configCase{name: name, files: map[string]string{}, fails: match[2] != "", differs: match[1]}
	if reason := explainedConfigs[name]; reason != "" {
		c.differs = reason
	}
	marks := goldenFileMark.FindAllStringSubmatchIndex(input, -1)
	end := len(input)
	for _, mark := range slices.Backward(marks) {
		c.files[input[mark[2]:mark[3]]] = input[mark[1]:end]
		end = mark[0]
	}
	c.files["supervisord.conf"] = input[:end]
	if !c.fails || c.differs != "" {
		c.files["supervisord.conf"] = harness + input[:end]
	}
	if args := goldenArgs.FindStringSubmatch(input); args != nil {
		for word := range strings.FieldsSeq(args[1]) {
			c.args = append(c.args, "--"+strings.TrimSuffix(word, "=true"))
		}
	}
	return c
}

// lifelikeConfigs are the folders of testdata/configs: each a supervisord.conf
// and what it includes.
func lifelikeConfigs(t *testing.T) []configCase {
	t.Helper()
	mains, err := filepath.Glob("testdata/configs/*/supervisord.conf")
	if err != nil {
		t.Fatal(err)
	}
	var cases []configCase
	for _, main := range mains {
		folder := filepath.Dir(main)
		c := configCase{name: filepath.Base(folder), files: map[string]string{}, differs: explainedConfigs[filepath.Base(folder)]}
		err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			name, relErr := filepath.Rel(folder, path)
			c.files[name] = string(text)
			return errors.Join(err, relErr)
		})
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 12 {
		t.Fatalf("only %d life-like configurations were found", len(cases))
	}
	return cases
}
