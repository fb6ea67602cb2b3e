//go:build unix

package engine

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/child/childtest"
	"supervisor/supervise/config"
)

var update = flag.Bool("update", false, "rewrite the expected transcripts")

// A scenario is a file: what it is about, a configuration, how its children
// behave, what is done when; and below a line of dashes the transcript of the
// engine. Nothing in it touches the kernel but reading the configuration,
// finding the command and writing logs, and its time is free.
type scenario struct {
	about  []string // comment lines
	conf   string
	script []string
	do     []string
	rest   string // the sections as they stood, to write the file again
	want   string
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.scenario")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".scenario"), func(t *testing.T) { runScenario(t, file) })
	}
}

func runScenario(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := parseScenario(t, string(text))
	var got string
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { got = s.play(t, dir) })
	if *update {
		if err := os.WriteFile(file, []byte(s.rest+"-----\n"+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != s.want {
		t.Errorf("the transcript differs (go test -update rewrites it)\ngot:\n%s\nwant:\n%s", got, s.want)
	}
}

func parseScenario(t *testing.T, text string) scenario {
	t.Helper()
	head, want, found := strings.Cut(text, "-----\n")
	if !found {
		t.Fatal("no line of dashes")
	}
	s := scenario{rest: head, want: want}
	section := ""
	for line := range strings.Lines(head) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "@conf" || trimmed == "@script" || trimmed == "@do":
			section = trimmed
		case section == "@conf":
			s.conf += line
		case section == "":
			s.about = append(s.about, trimmed)
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
		case section == "@script":
			s.script = append(s.script, trimmed)
		case section == "@do":
			s.do = append(s.do, trimmed)
		}
	}
	return s
}

// stage is a scenario while it is played.
type stage struct {
	t     *testing.T
	start time.Time
	dir   string
	eng   *Engine
	host  *childtest.Host
	open  sync.WaitGroup // commands under way

	mu    sync.Mutex // guards lines
	lines []told
}

// told is a line of the transcript. What happens in one instant is told by
// several goroutines: it is sorted by kind, and keeps its order within a kind,
// so that a transcript is the same each time.
type told struct {
	at   time.Duration
	kind kind
	text string
}

type kind int

const (
	asked    kind = iota // what the scenario does
	happened             // what the bus tells
	logged               // what the main log gets
	answered             // what commands answer
)

// play runs the scenario inside a bubble and gives its transcript.
func (s scenario) play(t *testing.T, dir string) string {
	st := &stage{t: t, start: time.Now(), dir: dir}
	file := filepath.Join(dir, "supervisord.conf")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(st.withDefaults(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(s.conf)
	load := func() (*config.Config, error) { return config.Load(file, config.Options{}) }
	conf, err := load()
	if err != nil {
		t.Fatalf("the scenario's configuration: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reports := make(chan child.Report)
	st.host = childtest.New(reports, ctx.Done())
	for _, line := range s.script {
		st.script(line)
	}
	st.eng, err = New(Options{
		Config: conf, Load: load, Host: st.host, Reports: reports,
		Log: slog.New(st), Identity: supervise.Identity{Identifier: "supervisor", PID: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	// The loop is not alive yet, so its bus may be joined from here.
	feed := st.follow(st.eng.bus.Subscribe("", 0, st.eng.snapshot))
	ended := make(chan struct{})
	go func() { // ends with the engine
		defer close(ended)
		outcome, err := st.eng.Run(ctx)
		switch {
		case err != nil:
			st.tell(answered, "abandoned")
		case outcome.Restart:
			st.tell(answered, "ended, to restart")
		default:
			st.tell(answered, "ended")
		}
	}()
	for _, line := range s.do {
		st.do(line, write)
	}
	cancel()
	<-ended
	<-feed
	st.open.Wait()
	if err := st.host.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := st.host.Undrained(); n != 0 {
		t.Errorf("%d dead children were never buried", n)
	}
	return st.transcript()
}

// withDefaults gives a configuration the sections every scenario needs.
func (st *stage) withDefaults(text string) string {
	text = strings.ReplaceAll(text, "DIR", st.dir)
	if !strings.Contains(text, "[supervisord]") {
		text = "[supervisord]\n" + text
	}
	return strings.Replace(text, "[supervisord]\n", "[supervisord]\nchildlogdir="+st.dir+"\nlogfile="+st.dir+"/main.log\n", 1)
}

// script reads "x: lives=2s exit=1 ignores=TERM takes=1s | lives=..." .
func (st *stage) script(line string) {
	name, lives, _ := strings.Cut(line, ":")
	var behaviours []childtest.Behaviour
	for life := range strings.SplitSeq(lives, "|") {
		var b childtest.Behaviour
		for word := range strings.FieldsSeq(life) {
			st.behave(&b, word)
		}
		behaviours = append(behaviours, b)
	}
	st.host.Script(strings.TrimSpace(name), behaviours...)
}

func (st *stage) behave(b *childtest.Behaviour, word string) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "lives":
		if value == "0s" {
			b.Lives = childtest.Instantly
			return
		}
		b.Lives = st.duration(value)
	case "exit":
		b.Status = st.number(value)
	case "dies":
		b.Signal, b.Status = st.signal(value), -1
	case "core":
		b.CoreDumped = true
	case "ignores":
		b.Ignores = append(b.Ignores, st.signal(value))
	case "catches": // TERM:3 exits with 3 on TERM
		sig, status, _ := strings.Cut(value, ":")
		b.ExitsOn = map[supervise.Signal]int{st.signal(sig): st.number(status)}
	case "takes":
		b.StopTakes = st.duration(value)
	case "spawntakes":
		b.SpawnTakes = st.duration(value)
	case "spawnerr":
		b.SpawnErr = strings.ReplaceAll(value, "_", " ")
	case "early":
		b.EarlyDeath = true
	case "lastwords":
		b.LastWords = value
	case "hungdisk":
		b.NeverDrained = true
	case "unkillable":
		b.KillErr = os.ErrPermission
	default:
		st.t.Fatalf("the script says %q, which means nothing", word)
	}
}

// do waits for the time at the head of the line and then does the rest.
func (st *stage) do(line string, write func(string)) {
	at, what, _ := strings.Cut(line, " ")
	time.Sleep(time.Until(st.start.Add(st.duration(at))))
	synctest.Wait()
	verb, arg, _ := strings.Cut(strings.TrimSpace(what), " ")
	if verb == "end" {
		return
	}
	st.tell(asked, "> %s", what)
	switch verb {
	case "exit":
		name, status, _ := strings.Cut(arg, " ")
		st.host.Exit(name, st.number(status))
	case "crash":
		name, sig, _ := strings.Cut(arg, " ")
		st.host.Crash(name, st.signal(sig))
	case "status":
		st.status()
	case "conf": // the file is written anew, with what stands in place of \n
		write(strings.ReplaceAll(arg, `\n`, "\n"))
	default:
		st.open.Add(1)
		go func() { // ends when answered, or with the engine
			defer st.open.Done()
			st.tell(answered, "< %s: %s", what, st.command(verb, arg))
		}()
	}
	synctest.Wait()
}

// command asks the engine and gives its answer as a line.
func (st *stage) command(verb, arg string) string {
	ctx := context.Background()
	name := supervise.ParseNameSpec(arg)
	var seq uint64
	var results []supervise.Result
	var err error
	verb, quick := strings.CutSuffix(verb, "-nowait")
	many := strings.HasSuffix(arg, ":*") || arg == "all"
	sel := supervise.Selection{All: arg == "all", Group: name.Group}
	switch {
	case verb == "start" && many:
		results, err = st.eng.StartMany(ctx, sel, !quick)
	case verb == "stop" && many:
		results, err = st.eng.StopMany(ctx, sel, !quick)
	case verb == "restart" && many:
		seq, err = st.eng.RestartMany(ctx, sel)
	case verb == "start":
		seq, err = st.eng.Start(ctx, name, !quick)
	case verb == "stop":
		seq, err = st.eng.Stop(ctx, name, !quick)
	case verb == "restart":
		seq, err = st.eng.Restart(ctx, name)
	case verb == "signal":
		sig, target, _ := strings.Cut(arg, " ")
		if strings.HasSuffix(target, ":*") {
			results, err = st.eng.SignalMany(ctx, supervise.Selection{Group: strings.TrimSuffix(target, ":*")}, st.signal(sig))
			break
		}
		err = st.eng.Signal(ctx, supervise.ParseNameSpec(target), st.signal(sig))
	case verb == "reread":
		var plan supervise.Plan
		plan, err = st.eng.Stage(ctx)
		if err == nil {
			return fmt.Sprintf("added %v changed %v removed %v", plan.Added, plan.Changed, plan.Removed)
		}
	case verb == "add":
		err = st.eng.AddGroup(ctx, arg)
	case verb == "remove":
		err = st.eng.RemoveGroup(ctx, arg)
	case verb == "shutdown":
		err = st.eng.Shutdown(ctx)
	case verb == "reload":
		err = st.eng.RestartSelf(ctx)
	default:
		st.t.Errorf("nobody knows how to %q", verb)
	}
	_ = seq
	if err != nil {
		return strings.ReplaceAll(err.Error(), st.dir, "DIR")
	}
	lines := []string{"ok"}
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("%s:%s %s", r.Group, r.Name, r.Description))
	}
	return strings.Join(lines, "; ")
}

func (st *stage) status() {
	snapshot, err := st.eng.Snapshot(context.Background())
	if err != nil {
		st.tell(answered, "status: %v", err)
		return
	}
	for _, p := range snapshot.Processes {
		st.tell(asked, "  %s %s %s", p.NameSpec(), p.State, p.Description(snapshot.At))
	}
}

// follow writes every change into the transcript.
func (st *stage) follow(feed supervise.Feed) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() { // ends with the engine, which closes the feed
		defer close(done)
		for change := range feed.Changes {
			st.change(change)
		}
	}()
	return done
}

func (st *stage) change(c supervise.Change) {
	switch event := c.Event.(type) {
	case supervise.StateEvent:
		line := fmt.Sprintf("%s %s -> %s", event.Name, event.From, event.To)
		switch event.To {
		case supervise.StateStarting, supervise.StateBackoff:
			line += fmt.Sprintf(" tries:%d", event.Tries)
		case supervise.StateRunning, supervise.StateStopping, supervise.StateStopped:
			line += fmt.Sprintf(" pid:%d", event.PID)
		case supervise.StateExited:
			expected := 0
			if event.Expected {
				expected = 1
			}
			line += fmt.Sprintf(" expected:%d pid:%d", expected, event.PID)
		}
		st.at(c.At, happened, "%s", line)
	case supervise.GroupEvent:
		st.at(c.At, happened, "group %s added:%v", event.Group, event.Added)
	case supervise.MoodEvent:
		st.at(c.At, happened, "supervisord %s", event.Mood)
	}
}

// Enabled, Handle, WithAttrs and WithGroup make the stage the main log.
func (st *stage) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (st *stage) Handle(_ context.Context, r slog.Record) error {
	st.at(r.Time, logged, "log %s %s", levelNames[r.Level], strings.ReplaceAll(r.Message, st.dir, "DIR"))
	return nil
}
func (st *stage) WithAttrs([]slog.Attr) slog.Handler { return st }
func (st *stage) WithGroup(string) slog.Handler      { return st }

var levelNames = map[slog.Level]string{0: "INFO", 4: "WARN", 8: "ERRO", 12: "CRIT"}

func (st *stage) tell(k kind, format string, args ...any) { st.at(time.Now(), k, format, args...) }

func (st *stage) at(when time.Time, k kind, format string, args ...any) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.lines = append(st.lines, told{when.Sub(st.start), k, fmt.Sprintf(format, args...)})
}

func (st *stage) transcript() string {
	slices.SortStableFunc(st.lines, func(a, b told) int {
		order := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind))
		if order == 0 && a.kind == answered {
			return strings.Compare(a.text, b.text)
		}
		return order
	})
	var out strings.Builder
	for _, line := range st.lines {
		fmt.Fprintf(&out, "%.3f %s\n", line.at.Seconds(), line.text)
	}
	return out.String()
}

func (st *stage) duration(text string) time.Duration {
	st.t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		st.t.Fatal(err)
	}
	return d
}

func (st *stage) number(text string) int {
	st.t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		st.t.Fatal(err)
	}
	return n
}

func (st *stage) signal(text string) supervise.Signal {
	st.t.Helper()
	sig, err := supervise.ParseSignal(text)
	if err != nil {
		st.t.Fatal(err)
	}
	return sig
}
