package machine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

// TestAgreesWithTheOriginal plays random scripts to this machine and to the
// Subprocess of the original, and compares every state event, spawn, kill and
// log line, with its time, and what each then knows of its process. What was
// decided otherwise is named in original.py, and nowhere else.
func TestAgreesWithTheOriginal(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import supervisor.process").Run(); err != nil {
		t.Fatalf("the original Supervisor is needed to compare with: apt-get install supervisor (%v)", err)
	}
	random := rand.New(rand.NewPCG(4, 2))
	tasks := make([]task, 4000)
	if testing.Short() {
		tasks = tasks[:400]
	}
	var input bytes.Buffer
	for i := range tasks {
		tasks[i] = randomTask(random)
		if err := json.NewEncoder(&input).Encode(tasks[i]); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "testdata/original.py")
	cmd.Stdin = &input
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("run the original: %v\n%s", err, complaint.String())
	}
	answers := bufio.NewScanner(bytes.NewReader(output))
	answers.Buffer(nil, 1<<24)
	moves := map[string]int{}
	for i, task := range tasks {
		var theirs []string
		if !answers.Scan() {
			t.Fatalf("the original answered %d of %d scripts", i, len(tasks))
		}
		if err := json.Unmarshal(answers.Bytes(), &theirs); err != nil {
			t.Fatalf("read the original's answer: %v", err)
		}
		compare(t, i, task, theirs, playTask(t, task))
		countMoves(moves, theirs)
	}
	for from, tos := range legal {
		for _, to := range tos {
			move := from.String() + " -> " + to.String()
			if from != supervise.StateUnknown && moves[move] < 10 {
				t.Errorf("the scripts made the move %s only %d times", move, moves[move])
			}
		}
	}
}

// countMoves counts the state events of one answer.
func countMoves(moves map[string]int, answer []string) {
	for _, line := range answer {
		if words := strings.Fields(line); len(words) >= 4 && words[2] == "->" {
			moves[strings.Join(words[1:4], " ")]++
		}
	}
}

func compare(t *testing.T, number int, task task, theirs, ours []string) {
	t.Helper()
	for i := range max(len(theirs), len(ours)) {
		if at(theirs, i) != at(ours, i) {
			policy, _ := json.Marshal(task.Policy)
			t.Fatalf("script %d, policy %s\n%s\n theirs %s\n ours   %s", number, policy,
				strings.Join(theirs[:min(i, len(theirs))], "\n"), at(theirs, i), at(ours, i))
		}
	}
}

// task is one script, in the form original.py reads.
type task struct {
	Policy map[string]any `json:"policy"`
	Script [][2]any       `json:"script"` // seconds, and what happens then

	ours Policy
}

func randomTask(random *rand.Rand) task {
	p := stock()
	p.AutoStart = random.IntN(2) == 0
	p.AutoRestart = RestartPolicy(random.IntN(3))
	p.StartSecs = time.Duration(random.IntN(4)) * time.Second
	p.StartRetries = random.IntN(4)
	p.ExitCodes = [][]int{{0}, {0, 2}, {1}}[random.IntN(3)]
	p.StopSignal = []supervise.Signal{15, 2, 3, 10}[random.IntN(4)]
	p.StopWait = time.Duration(1+random.IntN(4)) * time.Second
	p.KillAsGroup = random.IntN(2) == 0
	p.StopAsGroup = p.KillAsGroup && random.IntN(2) == 0
	return task{ours: p, Policy: inTheirWords(p), Script: randomScript(random)}
}

func inTheirWords(p Policy) map[string]any {
	return map[string]any{
		"autostart":    p.AutoStart,
		"autorestart":  [...]string{"unexpected", "false", "true"}[p.AutoRestart],
		"startsecs":    int(p.StartSecs.Seconds()),
		"startretries": p.StartRetries,
		"exitcodes":    p.ExitCodes,
		"stopsignal":   int(p.StopSignal),
		"stopwaitsecs": int(p.StopWait.Seconds()),
		"stopasgroup":  p.StopAsGroup,
		"killasgroup":  p.KillAsGroup,
	}
}

// happenings is what a script is drawn from, the likely ones several times.
var happenings = []string{
	"start", "start", "start", "start", "stop", "stop", "stop", "shutdown",
	"exit 0", "exit 0", "exit 0", "exit 256", "exit 256", "exit 256", "exit 512", "exit 15", "exit 9", "exit 139",
	"outcome born", "outcome born", "outcome born", "outcome can't find command 'x'",
	"outcome too many open files to spawn 'x'", "outcome Too many processes in process table to spawn 'x'",
	"outcome unknown error during fork for 'x': ENOMEM",
	"killing ok", "killing ok", "killing ok", "killing missed", "killing failed",
	"signal 1", "mood 1", "mood 1", "mood 0", "mood -1", "pass", "pass",
}

// randomScript draws up to 60 steps. Each has hundredths of a second of its own,
// so that no step falls on a deadline, which lies whole seconds after a step: who
// of the two comes first is not what is compared.
func randomScript(random *rand.Rand) [][2]any {
	var script [][2]any
	second := 0
	for i := range 2 + random.IntN(58) {
		second += []int{0, 0, 1, 1, 2, 3, 6}[random.IntN(7)]
		what := happenings[random.IntN(len(happenings))]
		if i == 0 {
			what = "pass" // which autostarts
		}
		script = append(script, [2]any{float64(second*100+i) / 100, what})
	}
	return script
}

// playTask plays a script to our machine, in the engine's place.
func playTask(t *testing.T, task task) []string {
	p := &counterpart{t: t, m: New("x", task.ours), now: dawn, pids: 40, outcome: "born", killing: "ok"}
	for i, step := range task.Script {
		when := dawn.Add(time.Duration(step[0].(float64)*100+0.5) * 10 * time.Millisecond)
		p.runUntil(when)
		p.said = append(p.said, fmt.Sprintf("%.3f %s", step[0], step[1]))
		if i == 0 {
			p.give(Start{By: ByAutostart})
		}
		p.step(step[1].(string))
		p.said = append(p.said, p.sight())
	}
	return p.said
}

type counterpart struct {
	t       *testing.T
	m       *Machine
	now     time.Time
	pids    int
	outcome string // of the next spawns
	killing string // what becomes of kills
	said    []string
}

func (p *counterpart) runUntil(then time.Time) {
	for next := p.m.Facts().Next; !next.IsZero() && !next.After(then); next = p.m.Facts().Next {
		if next.After(p.now) {
			p.now = next
		}
		p.give(Due{})
	}
	p.now = then
}

func (p *counterpart) step(what string) {
	word, rest, _ := strings.Cut(what, " ")
	switch word {
	case "pass":
		p.give(Due{})
	case "outcome":
		p.outcome = rest
	case "killing":
		p.killing = rest
	case "mood":
		p.give(MoodChanged{Mood: supervise.Mood(p.number(rest))})
		p.runUntil(p.now) // a retry that was kept waiting
	case "start":
		if p.m.State() != supervise.StateUnknown {
			p.give(Start{By: ByHand})
		}
	case "stop":
		if p.m.State() != supervise.StateUnknown && p.m.State() != supervise.StateStopping {
			p.give(Stop{})
		}
	case "shutdown":
		if p.m.State() != supervise.StateUnknown {
			p.give(Stop{Shutdown: true})
		}
	case "signal":
		if p.m.State().Signallable() {
			p.kill(supervise.Signal(p.number(rest)), false, true)
		}
	case "exit":
		if p.m.PID() != 0 && p.m.State() != supervise.StateUnknown {
			p.give(waitStatus(p.number(rest)))
		}
	default:
		p.t.Fatalf("no such step: %q", what)
	}
}

func (p *counterpart) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// waitStatus takes a status of wait(2) apart.
func waitStatus(status int) Exited {
	if sig := status & 0x7f; sig != 0 {
		return Exited{Status: -1, Signal: supervise.Signal(sig), CoreDumped: status&0x80 != 0}
	}
	return Exited{Status: status >> 8}
}

// give steps the machine and carries out what it asks for. Answers are given
// after all effects, as the engine's settling does.
func (p *counterpart) give(in Input) {
	var answers []func()
	for _, effect := range p.m.Step(in, p.now) {
		switch e := effect.(type) {
		case Arm, Disarm:
		case Spawn:
			p.say("spawn")
			answers = append(answers, p.fork)
		case Signal:
			answers = append(answers, func() { p.kill(e.Sig, e.Group, false) })
		case Announce:
			p.say(line(e))
		case Note:
			p.say(untilTraceback(line(e)))
		}
	}
	for _, answer := range answers {
		answer()
	}
}

func untilTraceback(text string) string {
	if strings.HasPrefix(text, "CRIT") {
		return text[:strings.Index(text, "):")+2]
	}
	return text
}

func (p *counterpart) fork() {
	if p.outcome != "born" {
		p.give(SpawnFailed{Text: p.outcome})
		return
	}
	p.pids++
	p.give(Spawned{PID: p.pids})
}

func (p *counterpart) kill(sig supervise.Signal, group, byPerson bool) {
	pid := p.m.PID()
	if group {
		pid = -pid
	}
	p.say(fmt.Sprintf("kill %d %d", pid, int(sig)))
	switch p.killing {
	case "missed":
		p.give(SignalFailed{Gone: true, ByPerson: byPerson})
	case "failed":
		p.give(SignalFailed{Err: errors.New("operation not permitted"), ByPerson: byPerson})
	}
}

func (p *counterpart) say(text string) {
	p.said = append(p.said, seconds(p.now)+"     "+text)
}

func (p *counterpart) sight() string {
	facts := p.m.Facts()
	status, spawnErr := "unknown", "none"
	if facts.ExitKnown {
		status = strconv.Itoa(facts.ExitStatus)
	}
	if facts.SpawnErr != "" {
		spawnErr = facts.SpawnErr
	}
	return fmt.Sprintf("= %v pid %d tries %d started %s stopped %s status %s spawnerr %s",
		facts.State, facts.PID, facts.Tries, seconds(facts.Started), seconds(facts.Stopped), status, spawnErr)
}

func seconds(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return fmt.Sprintf("%.3f", at.Sub(dawn).Seconds())
}
