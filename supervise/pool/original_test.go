package pool

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// TestAgreesWithTheOriginal plays random scripts to these pools and to the
// original's, and compares every envelope, log line and listener state.
func TestAgreesWithTheOriginal(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import supervisor.process").Run(); err != nil {
		t.Fatalf("the original Supervisor is needed to compare with: apt-get install supervisor (%v)", err)
	}
	random := rand.New(rand.NewPCG(7, 7))
	tasks := make([]task, 1500)
	if testing.Short() {
		tasks = tasks[:150]
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
	answers.Buffer(nil, 1<<26)
	seen := map[string]int{}
	for i, task := range tasks {
		var theirs []string
		if !answers.Scan() {
			t.Fatalf("the original answered %d of %d scripts", i, len(tasks))
		}
		if err := json.Unmarshal(answers.Bytes(), &theirs); err != nil {
			t.Fatalf("read the original's answer: %v", err)
		}
		compare(t, i, theirs, playTask(t, task))
		countHappenings(seen, theirs)
	}
	for _, what := range telling {
		if !testing.Short() && seen[what] < 20 {
			t.Errorf("the scripts brought about %q only %d times", what, seen[what])
		}
	}
}

// telling are pieces of what must have happened for the comparison to mean much.
var telling = []string{
	"to a1: ", "to a2: ", "to b1: ", "overflowed", "rebuffering", "epipe",
	"was processed", "was rejected", "bad result line", "UNKNOWN state",
	hex.EncodeToString([]byte("Undecodable: b'")),
}

func countHappenings(seen map[string]int, answer []string) {
	for _, line := range answer {
		for _, what := range telling {
			if strings.Contains(line, what) {
				seen[what]++
			}
		}
	}
}

func compare(t *testing.T, number int, theirs, ours []string) {
	t.Helper()
	for i := range max(len(theirs), len(ours)) {
		if at(theirs, i) != at(ours, i) {
			t.Fatalf("script %d\n%s\n theirs %s\n ours   %s", number,
				strings.Join(theirs[:min(i, len(theirs))], "\n"), at(theirs, i), at(ours, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no line)"
}

// task is one script, in the form original.py reads.
type task struct {
	Pools  []taskPool `json:"pools"`
	Script []taskStep `json:"script"`
}

type taskPool struct {
	Name       string                `json:"name"`
	Events     []supervise.EventType `json:"events"`
	BufferSize int                   `json:"buffer_size"`
	Listeners  []string              `json:"listeners"`
}

type taskStep struct {
	Do       string              `json:"do"`
	Who      string              `json:"who,omitempty"`
	Yes      bool                `json:"yes"`
	Data     string              `json:"data"` // in hex
	Type     supervise.EventType `json:"type,omitempty"`
	From     supervise.State     `json:"from"`
	PID      int                 `json:"pid"`
	Tries    int                 `json:"tries"`
	Expected bool                `json:"expected"`
	When     int64               `json:"when"`
}

func randomTask(random *rand.Rand) task {
	subscriptions := [][]supervise.EventType{
		{supervise.EventAny},
		{supervise.EventProcessState, supervise.EventTick5},
		{supervise.EventProcessLog, supervise.EventProcessCommunicationOut, supervise.EventRemoteCommunication},
		{supervise.EventTick, supervise.EventProcessGroupAdded, supervise.EventProcessStateExited},
		{supervise.EventSupervisorState, supervise.EventProcessCommunication, supervise.EventProcessLogErr},
	}
	t := task{Pools: []taskPool{
		{Name: "a", Listeners: []string{"a1", "a2"}},
		{Name: "b", Listeners: []string{"b1"}},
	}}
	for i := range t.Pools {
		t.Pools[i].Events = subscriptions[random.IntN(len(subscriptions))]
		t.Pools[i].BufferSize = 1 + random.IntN(4)
	}
	// The listeners come up, and then anything happens; only a few of the
	// things they say are wrong, or nothing would go on for long.
	for _, who := range []string{"a1", "a2", "b1"} {
		t.Script = append(t.Script, taskStep{Do: "spawned", Who: who}, taskStep{Do: "running", Who: who, Yes: true},
			taskStep{Do: "output", Who: who, Data: hex.EncodeToString([]byte("READY\n"))})
	}
	for range 20 + random.IntN(150) {
		t.Script = append(t.Script, randomSteps(random)...)
	}
	return t
}

func randomSteps(random *rand.Rand) []taskStep {
	who := []string{"a1", "a2", "b1"}[random.IntN(3)]
	switch random.IntN(24) {
	case 0:
		return []taskStep{{Do: "spawned", Who: who}}
	case 1:
		return []taskStep{{Do: "gone", Who: who}}
	case 2:
		return []taskStep{{Do: "running", Who: who, Yes: random.IntN(3) > 0}}
	case 3:
		return []taskStep{{Do: "broken", Who: who, Yes: random.IntN(3) == 0}}
	case 4, 5, 6, 7, 8, 9, 10, 11:
		return []taskStep{randomEvent(random), {Do: "dispatch"}}
	case 12, 13, 14:
		return []taskStep{randomEvent(random)}
	default:
		return append(randomOutput(random, who), taskStep{Do: "dispatch"})
	}
}

func randomEvent(random *rand.Rand) taskStep {
	leaves := slices.DeleteFunc(slices.Clone(supervise.EventTypes[:]), func(t supervise.EventType) bool {
		return slices.ContainsFunc(supervise.EventTypes[:], func(u supervise.EventType) bool { return u != t && u.Matches(t) })
	})
	data := []string{"", "line\n", "caf\xc3\xa9", "caf\xc3\xa9 \xff 'x' \"y\"\n\t\r\\\x00", "it's \xed\xa0\x80", "\U0001f600"}[random.IntN(6)]
	return taskStep{
		Do:       "offer",
		Type:     leaves[random.IntN(len(leaves))],
		From:     supervise.States[random.IntN(len(supervise.States))],
		PID:      random.IntN(40000),
		Tries:    random.IntN(4),
		Expected: random.IntN(2) == 0,
		Data:     hex.EncodeToString([]byte(data)),
		When:     random.Int64N(1 << 33),
	}
}

// utterances are what listeners say, the right things several times.
var utterances = []string{
	"READY\n", "READY\n", "READY\n", "READY\n", "RESULT 2\nOKREADY\n", "RESULT 2\nOKREADY\n", "RESULT 2\nOKREADY\n",
	"RESULT 2\nOK", "RESULT 2\nOK", "RESULT 4\nFAILREADY\n", "RESULT 4\nFAILREADY\n", "RESULT 3\nOK\nREADY\n",
	"RESULT 0\nREADY\n", "RESULT 0\n", "FOOBAR!2\nOKREADY\n", "RESULT  +2 \nOKREADY\n", "RESULT 0_0_2\t\r\nOKREADY\n",
	"RESULT -0\nREADY\n", "RESULT 1__0\n", "RESULT _2\n", "RESULT 2_\n", "RESULT + 2\n", "RESULT ++2\n", "RESULT 0x2\n",
	"RESULT\n", "\n", "garbage\n", "gar\xffbage 'x'\n", "READ", "READY\nREADY\n", "RESULT 99999999999999999999\nxyz",
	"RESULT 2.0\n", "RESULT ٢\n", "x",
}

// randomOutput cuts an utterance anywhere.
func randomOutput(random *rand.Rand, who string) []taskStep {
	text := utterances[random.IntN(len(utterances))]
	if random.IntN(3) > 0 {
		text = utterances[random.IntN(12)]
	}
	var steps []taskStep
	for text != "" {
		n := len(text)
		if random.IntN(3) == 0 {
			n = 1 + random.IntN(n)
		}
		steps = append(steps, taskStep{Do: "output", Who: who, Data: hex.EncodeToString([]byte(text[:n]))})
		text = text[n:]
	}
	return steps
}

// playTask plays a script to our pools, in the engine's place.
func playTask(t *testing.T, task task) []string {
	t.Helper()
	p := &counterpart{t: t, serials: NewSerials(), broken: map[string]bool{}, dead: map[string]bool{}, of: map[string]*Pool{}}
	for _, made := range task.Pools {
		pool := New(Options{Name: made.Name, Identifier: "supervisor", Events: made.Events, BufferSize: made.BufferSize})
		for _, name := range made.Listeners {
			pool.AddListener(name, p.now)
			p.of[name] = pool
		}
		p.pools = append(p.pools, pool)
	}
	for _, step := range task.Script {
		p.step(step)
		p.said = append(p.said, p.sight())
	}
	return p.said
}

type counterpart struct {
	t       *testing.T
	serials *Serials
	pools   []*Pool
	of      map[string]*Pool
	broken  map[string]bool // does not take what is written to it
	dead    map[string]bool
	said    []string
	now     time.Time // so much later at each step that each overflow is told at once
}

func (p *counterpart) step(s taskStep) {
	p.t.Helper()
	p.now = p.now.Add(2 * quiet)
	switch s.Do {
	case "offer":
		p.hear(Offer(s.event(p.t), p.serials, p.now, p.pools...))
	case "dispatch":
		for _, pool := range p.pools {
			p.dispatch(pool)
		}
	case "output":
		if p.dead[s.Who] {
			return
		}
		p.hear(p.of[s.Who].Output(s.Who, s.bytes(p.t), p.now))
	case "running":
		p.of[s.Who].Running(s.Who, s.Yes && !p.dead[s.Who])
	case "broken":
		p.broken[s.Who] = s.Yes
	case "spawned":
		p.hear(p.of[s.Who].Gone(s.Who, p.now))
		p.of[s.Who].Spawned(s.Who, p.now)
		p.dead[s.Who] = false
	case "gone":
		p.dead[s.Who] = true
		p.hear(p.of[s.Who].Gone(s.Who, p.now))
	default:
		p.t.Fatalf("no such step: %q", s.Do)
	}
}

// dispatch keeps what is written apart, to put it where the original says it:
// before the note that it was sent.
func (p *counterpart) dispatch(pool *Pool) {
	var written []string
	notes := pool.Dispatch(p.now, func(process string, envelope []byte) error {
		if p.broken[process] {
			return unix.EPIPE
		}
		written = append(written, "to "+process+": "+hex.EncodeToString(envelope))
		return nil
	})
	for _, note := range notes {
		if strings.Contains(note.Text, " sent to listener ") {
			p.said = append(p.said, written[0])
			written = written[1:]
		}
		p.hear([]supervise.Note{note})
	}
}

func (p *counterpart) hear(notes []supervise.Note) {
	p.said = append(p.said, printed(notes)...)
}

func (p *counterpart) sight() string {
	var states []string
	for _, name := range []string{"a1", "a2", "b1"} {
		states = append(states, fmt.Sprintf("%s:%v", name, p.of[name].ListenerState(name)))
	}
	return "= " + strings.Join(states, " ")
}

func (s taskStep) bytes(t *testing.T) []byte {
	t.Helper()
	data, err := hex.DecodeString(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// text is the bytes if they are text: the parameters of a remote call always are.
func (s taskStep) text(t *testing.T) string {
	t.Helper()
	if data := s.bytes(t); utf8.Valid(data) {
		return string(data)
	}
	return ""
}

// event makes the event that original.py makes of the same step.
func (s taskStep) event(t *testing.T) supervise.Event {
	t.Helper()
	name := supervise.NameSpec{Group: "g", Process: "p"}
	channel := supervise.Stdout
	if strings.HasSuffix(string(s.Type), "_STDERR") {
		channel = supervise.Stderr
	}
	switch {
	case s.Type.Matches(supervise.EventProcessState):
		return supervise.StateEvent{Name: name, From: s.From, To: stateOf(s.Type), PID: s.PID, Tries: s.Tries, Expected: s.Expected}
	case s.Type.Matches(supervise.EventProcessLog):
		return supervise.LogEvent{Name: name, PID: s.PID, Channel: channel, Data: s.bytes(t)}
	case s.Type.Matches(supervise.EventProcessCommunication):
		return supervise.CommunicationEvent{Name: name, PID: s.PID, Channel: channel, Data: s.bytes(t)}
	case s.Type == supervise.EventRemoteCommunication:
		return supervise.RemoteEvent{Kind: "kind", Data: s.text(t)}
	case s.Type == supervise.EventSupervisorStateRunning:
		return supervise.MoodEvent{Mood: supervise.MoodRunning}
	case s.Type == supervise.EventSupervisorStateStopping:
		return supervise.MoodEvent{Mood: supervise.MoodShutdown}
	case s.Type.Matches(supervise.EventTick):
		return supervise.TickEvent{Period: periods[s.Type], When: time.Unix(s.When, 0)}
	default:
		return supervise.GroupEvent{Group: "g", Added: s.Type == supervise.EventProcessGroupAdded}
	}
}

var periods = map[supervise.EventType]time.Duration{
	supervise.EventTick5: 5 * time.Second, supervise.EventTick60: time.Minute, supervise.EventTick3600: time.Hour,
}

func stateOf(t supervise.EventType) supervise.State {
	for _, state := range supervise.States {
		if t == supervise.EventProcessState+"_"+supervise.EventType(state.String()) {
			return state
		}
	}
	return -1
}

// printed prints notes as the main log begins them.
func printed(notes []supervise.Note) []string {
	var lines []string
	for _, note := range notes {
		lines = append(lines, [...]string{"DEBG", "INFO", "WARN", "ERRO", "CRIT"}[note.Level]+" "+note.Text)
	}
	return lines
}
