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
	"supervisor/supervise/engine/scenario"
	"supervisor/supervise/pool"
)

var update = flag.Bool("update", false, "rewrite the expected transcripts")

// TestScenarios plays every story of testdata, as package scenario tells of
// them, in a bubble. Nothing touches the kernel but reading the configuration,
// finding the command and writing logs, and time is free.
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
	story, err := scenario.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { got = play(t, story, dir) })
	if *update {
		if err := os.WriteFile(file, []byte(story.Head+"-----\n"+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != story.Want {
		t.Errorf("the transcript differs (go test -update rewrites it)\ngot:\n%s\nwant:\n%s", got, story.Want)
	}
}

// stage is a scenario while it is played.
type stage struct {
	t       *testing.T
	story   scenario.Scenario
	start   time.Time
	dir     string
	host    *childtest.Host
	reports chan child.Report
	serials *pool.Serials
	open    sync.WaitGroup // commands under way

	mu    sync.Mutex // guards the fields below
	lines []told
	eng   *Engine // the present one: a restart makes another
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
	sent                 // signals
	given                // what is written to children
	logged               // what the main log gets from the loop
	helped               // and from the launcher, which works beside it
	answered             // what commands answer
)

// play plays a story inside a bubble and gives its transcript.
func play(t *testing.T, story scenario.Scenario, dir string) string {
	ctx, cancel := context.WithCancel(t.Context())
	st := &stage{
		t: t, story: story, start: time.Now(), dir: dir,
		reports: make(chan child.Report), serials: pool.NewSerials(),
	}
	st.write(story.Config())
	conf, err := st.load()
	if err != nil {
		t.Fatalf("the scenario's configuration: %v", err)
	}
	st.host = childtest.New(st.reports, ctx.Done())
	for _, lives := range story.Lives {
		st.host.ScriptFunc(lives.Name, lives.Life)
	}
	first := st.newEngine(conf)
	ended := make(chan struct{})
	go func() { // ends with the last engine
		defer close(ended)
		for eng := first; eng != nil; {
			eng = st.run(ctx, eng)
		}
	}()
	for _, step := range story.Steps {
		st.do(step)
	}
	cancel()
	<-ended
	st.open.Wait()
	if err := st.host.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := st.host.Undrained(); n != 0 && !strings.Contains(story.Head, "hungdisk") {
		t.Errorf("%d dead children were never buried", n)
	}
	return st.transcript()
}

func (st *stage) newEngine(conf *config.Config) *Engine {
	st.t.Helper()
	eng, err := New(Options{
		Config: conf, Load: st.load, Host: tellingHost{st.host, st}, Reports: st.reports,
		Log: slog.New(st), Identity: supervise.Identity{Identifier: conf.Supervisord.Identifier, PID: 1},
		Serials: st.serials,
	})
	if err != nil {
		st.t.Fatal(err)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.eng = eng
	return eng
}

// run is one life of supervisord; it gives the next, if there is one.
func (st *stage) run(ctx context.Context, eng *Engine) *Engine {
	// The loop is not alive yet, so its bus may be joined from here.
	feed := st.follow(eng.bus.Subscribe("", 0, eng.snapshot))
	outcome, err := eng.Run(ctx)
	<-feed
	switch {
	case err != nil:
		st.tell(answered, "abandoned")
	case outcome.Restart:
		st.tell(answered, "ended, to restart")
		return st.newEngine(outcome.Config)
	default:
		st.tell(answered, "ended")
	}
	return nil
}

func (st *stage) engine() *Engine {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.eng
}

func (st *stage) confFile() string { return filepath.Join(st.dir, "supervisord.conf") }

func (st *stage) load() (*config.Config, error) {
	return config.Load(st.confFile(), config.Options{})
}

// write puts a configuration where supervisord reads it, with the sections every
// story needs.
func (st *stage) write(text string) {
	st.t.Helper()
	text = strings.ReplaceAll(text, "DIR", st.dir)
	if !strings.Contains(text, "[supervisord]\n") {
		text = "[supervisord]\n" + text
	}
	text = strings.Replace(text, "[supervisord]\n",
		"[supervisord]\nchildlogdir="+st.dir+"\nlogfile="+st.dir+"/main.log\n", 1)
	if err := os.WriteFile(st.confFile(), []byte(text), 0o644); err != nil {
		st.t.Fatal(err)
	}
}

// do waits for the time of a step and then does the rest of it.
func (st *stage) do(step scenario.Step) {
	time.Sleep(time.Until(st.start.Add(step.At)))
	synctest.Wait()
	if step.Verb == "end" {
		return
	}
	st.tell(asked, "> %s", step.Text)
	first, rest, _ := strings.Cut(step.Arg, " ")
	switch step.Verb {
	case "exit":
		st.host.Exit(first, st.number(rest))
	case "crash":
		st.host.Crash(first, st.signal(rest))
	case "orphan":
		st.host.Orphan(st.number(first))
	case "status":
		st.status()
	case "log":
		st.showLog(supervise.ParseNameSpec(first))
	case "conf":
		st.write(st.story.Configs[first])
	case "TERM", "HUP":
		st.open.Go(func() { st.obey(step.Verb) }) // ends when the engine has heard of it
	case "panic":
		st.confuse(first)
	default:
		st.open.Go(func() { st.tell(answered, "< %s: %s", step.Text, st.command(step)) }) // ends when answered
	}
	synctest.Wait()
}

// obey is what supervisord does about a signal to itself.
func (st *stage) obey(sig string) {
	ctx, eng := context.Background(), st.engine()
	switch {
	case sig == "TERM":
		if err := eng.Shutdown(ctx); err != nil {
			st.t.Error(err)
		}
	case eng.Mood() != supervise.MoodShutdown:
		_ = eng.RestartSelf(ctx) // the engine logs why it stays
	}
}

// command asks the engine and gives its answer as a line.
func (st *stage) command(step scenario.Step) string {
	ctx, eng := supervise.WithAsker(context.Background(), "alice"), st.engine()
	verb, quick := strings.CutSuffix(step.Verb, "-nowait")
	arg, name := step.Arg, supervise.ParseNameSpec(step.Arg)
	sel := supervise.Selection{All: arg == "all", Group: name.Group}
	many := sel.All || name.WholeGroup()
	var results []supervise.Result
	var err error
	switch {
	case verb == "start" && many:
		results, err = eng.StartMany(ctx, sel, !quick)
	case verb == "stop" && many:
		results, err = eng.StopMany(ctx, sel, !quick)
	case verb == "restart" && many:
		_, err = eng.RestartMany(ctx, sel)
	case verb == "start":
		_, err = eng.Start(ctx, name, !quick)
	case verb == "stop":
		_, err = eng.Stop(ctx, name, !quick)
	case verb == "restart":
		_, err = eng.Restart(ctx, name)
	case verb == "signal":
		results, err = st.sendSignal(ctx, arg)
	case verb == "write":
		first, rest, _ := strings.Cut(arg, " ")
		err = eng.WriteStdin(ctx, supervise.ParseNameSpec(first), []byte(rest))
	case verb == "remote":
		kind, data, _ := strings.Cut(arg, " ")
		err = eng.RemoteEvent(ctx, kind, data)
	case verb == "reread":
		plan, problem := eng.Stage(ctx)
		if err = problem; err == nil {
			return fmt.Sprintf("added %v changed %v removed %v", plan.Added, plan.Changed, plan.Removed)
		}
	case verb == "preview":
		preview, problem := eng.Preview(ctx)
		if err = problem; err == nil {
			return previewed(preview)
		}
	case verb == "add":
		err = eng.AddGroup(ctx, arg)
	case verb == "remove":
		err = eng.RemoveGroup(ctx, arg)
	case verb == "shutdown":
		err = eng.Shutdown(ctx)
	case verb == "reload":
		err = eng.RestartSelf(ctx)
	default:
		st.t.Errorf("nobody knows how to %q", verb)
	}
	if err != nil {
		return strings.ReplaceAll(err.Error(), st.dir, "DIR")
	}
	lines := []string{"ok"}
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("%s:%s %s", r.Group, r.Name, r.Description))
	}
	return strings.Join(lines, "; ")
}

func (st *stage) sendSignal(ctx context.Context, arg string) ([]supervise.Result, error) {
	word, target, _ := strings.Cut(arg, " ")
	sig, name := st.signal(word), supervise.ParseNameSpec(target)
	if target == "all" || name.WholeGroup() {
		sel := supervise.Selection{All: target == "all", Group: name.Group}
		return st.engine().SignalMany(ctx, sel, sig)
	}
	return nil, st.engine().Signal(ctx, name, sig)
}

func (st *stage) status() {
	snapshot, err := st.engine().Snapshot(context.Background())
	if err != nil {
		st.tell(asked, "  status: %v", err)
		return
	}
	for _, p := range snapshot.Processes {
		line := fmt.Sprintf("  %s %s %s", p.NameSpec(), p.State, scenario.MaskDate(p.Description(snapshot.At)))
		st.tell(asked, "%s", strings.TrimRight(line, " "))
	}
}

func (st *stage) showLog(name supervise.NameSpec) {
	log, err := st.engine().Log(context.Background(), name, supervise.Stdout)
	if err != nil {
		st.t.Fatal(err)
	}
	text, err := os.ReadFile(log.Path())
	if err != nil {
		st.t.Fatal(err)
	}
	st.tell(asked, "  %q", text)
}

// confuse lets an effect of a process go wrong in a way nobody foresaw.
func (st *stage) confuse(name string) {
	st.open.Go(func() { // ends when the loop has seen it
		_, err := ask(context.Background(), st.engine(), func(e *Engine) (struct{}, error) {
			e.carryOutBadly(e.byName[name].processes[0])
			return struct{}{}, nil
		})
		if err != nil {
			st.t.Error(err)
		}
	})
}

// carryOutBadly is a turn in which our own code stumbles over p.
func (e *Engine) carryOutBadly(p *process) {
	host := e.opts.Host
	e.opts.Host = nil // whatever it is asked next, it panics
	defer func() { e.opts.Host = host }()
	if err := e.stop(new(reply), p, ""); err != nil {
		panic(err)
	}
	e.settle()
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
		st.at(c.At, happened, "%s %s -> %s%s%s", event.Name, event.From, event.To, extra(event), st.ordered(c))
	case supervise.GroupEvent:
		st.at(c.At, happened, "group %s added:%v", event.Group, event.Added)
	case supervise.MoodEvent:
		st.at(c.At, happened, "supervisord %s", event.Mood)
	case supervise.LifeEvent:
		if st.story.Telling {
			st.at(c.At, happened, "%s life: %s", event.Name, st.life(event))
		}
	case supervise.UpdateEvent:
		if st.story.Telling {
			st.at(c.At, happened, "%s restarts in a day: %d, in an hour: %d%s%s", event.Name, c.Rows[0].RestartsDay, c.Rows[0].RestartsHour, listening(c.Rows[0]), st.ordered(c))
		}
	}
}

// listening tells of what an event listener's row says of its pool.
func listening(p supervise.ProcessInfo) (text string) {
	if p.Broken {
		text += ", has broken the protocol"
	}
	if p.PoolFull {
		text += ", the pool is full"
	}
	if p.PoolDropped > 0 {
		text += fmt.Sprintf(", the pool has dropped %d", p.PoolDropped)
	}
	return text
}

// ordered tells of an order that has yet to come true, in the stories that tell all.
func (st *stage) ordered(c supervise.Change) string {
	if !st.story.Telling || c.Rows[0].Order == supervise.OrderNone {
		return ""
	}
	return fmt.Sprintf(" (%s by %s)", c.Rows[0].Order, c.Rows[0].By)
}

// life tells of a life, its times from the beginning of the story and its output
// by where in the log it stands.
func (st *stage) life(event supervise.LifeEvent) string {
	l := event.Life
	since := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return t.Sub(st.start).String()
	}
	return fmt.Sprintf("%v pid %d asked %s born %s up %s ended %s again %v tries %d status %d signal %v order %q by %q sent %v out %d-%d err %d-%d crashed %v: %s",
		l.State, l.PID, since(l.Asked), since(l.Born), since(l.Up), since(l.Ended), l.Again, l.Tries, l.Status, l.Signal, l.Order, l.By, l.Sent,
		l.From[0], l.To[0], l.From[1], l.To[1], l.Crashed(), l.Meaning().Text)
}

// extra is what listeners are told of a state besides.
func extra(event supervise.StateEvent) string {
	switch event.To {
	case supervise.StateStarting, supervise.StateBackoff:
		return fmt.Sprintf(" tries:%d", event.Tries)
	case supervise.StateRunning, supervise.StateStopping, supervise.StateStopped:
		return fmt.Sprintf(" pid:%d", event.PID)
	case supervise.StateExited:
		return fmt.Sprintf(" expected:%v pid:%d", event.Expected, event.PID)
	}
	return ""
}

// tellingHost writes into the transcript what the engine asks of the system.
type tellingHost struct {
	*childtest.Host
	st *stage
}

func (h tellingHost) Signal(pid int, sig supervise.Signal, group bool) error {
	err := h.Host.Signal(pid, sig, group)
	whom := strconv.Itoa(pid)
	if group {
		whom = "the group of " + whom
	}
	h.st.tell(sent, "%s to %s%s", sig, whom, unless(err))
	return err
}

func (h tellingHost) Write(key child.Key, incarnation child.Incarnation, p []byte) error {
	err := h.Host.Write(key, incarnation, p)
	h.st.tell(given, "%s reads %s%s", h.name(key), scenario.Readable(p), unless(err))
	return err
}

func (h tellingHost) name(key child.Key) string {
	for _, spec := range h.Spawns() {
		if spec.Key == key {
			return spec.Name
		}
	}
	return "nobody"
}

func unless(err error) string {
	if err == nil {
		return ""
	}
	return ", but " + err.Error()
}

// Enabled, Handle, WithAttrs and WithGroup make the stage the main log.
func (st *stage) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || strings.Contains(st.story.Head, "loglevel=debug")
}
func (st *stage) Handle(_ context.Context, r slog.Record) error {
	text, _, _ := strings.Cut(strings.ReplaceAll(r.Message, st.dir, "DIR"), "\ngoroutine ")
	source := logged
	if strings.HasPrefix(text, "Creating socket ") || strings.HasPrefix(text, "Closing socket ") {
		source = helped
	}
	st.at(r.Time, source, "log %s %s", levelNames[r.Level], strings.ReplaceAll(text, "\n", `\n`))
	return nil
}
func (st *stage) WithAttrs([]slog.Attr) slog.Handler { return st }
func (st *stage) WithGroup(string) slog.Handler      { return st }

var levelNames = map[slog.Level]string{-4: "DEBG", 0: "INFO", 4: "WARN", 8: "ERRO", 12: "CRIT"}

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

// previewed prints what an update would do, on one line.
func previewed(preview supervise.Preview) string {
	var parts []string
	for _, g := range preview {
		part := fmt.Sprintf("%s %s", g.Group, g.Action)
		for _, o := range g.Options {
			part += fmt.Sprintf(" %s %s->%s", o.Option, *o.Old, *o.New)
		}
		parts = append(parts, fmt.Sprintf("%s stops %v starts %v", part, g.Stops, g.Starts))
	}
	return strings.Join(parts, "; ")
}
