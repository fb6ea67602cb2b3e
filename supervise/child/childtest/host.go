// Package childtest is an operating system in memory: a child.Host whose
// children follow scripts, so that the engine can be tested in a
// testing/synctest bubble, where no kernel may be touched and time is free.
//
// A test says what each process does in each of its lives (Script), lets the
// engine work, and looks at what the engine asked for (Spawns, Signals, Stdin)
// and at who is alive. Everything that happens is ordered by time and, within
// one instant, by the order in which it was caused: one goroutine acts it all
// out, so a scenario gives the same transcript each time.
package childtest

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
)

// Instantly, as Behaviour.Lives, ends the child as soon as it has been reported.
const Instantly time.Duration = -1

// firstPID is that of the first child, so that a scenario's pids are known
// beforehand: 101, 102, ...
const firstPID = 101

// Behaviour is how one life of a process goes. The zero value is a good program:
// it runs until a signal ends it, at once.
type Behaviour struct {
	SpawnErr   string        // if set there is no child: SpawnFailed with this text
	SpawnTakes time.Duration // how long the birth takes; those after it wait

	Lives      time.Duration // how long it runs by itself: 0 for ever, or Instantly
	Status     int           // how it then exits
	Signal     supervise.Signal
	CoreDumped bool

	Ignores   []supervise.Signal       // signals that do nothing; KILL cannot be ignored
	ExitsOn   map[supervise.Signal]int // signals it catches to exit with this status
	StopTakes time.Duration            // from a signal that ends it to its death
	KillTakes time.Duration            // from KILL to its death: it hangs in the kernel
	KillErr   error                    // what every Signal to it answers, delivering nothing

	Output   []Output            // what it says, and when
	Answers  func([]byte) string // what it says on stdout to what it reads on stdin
	StdinErr error               // what every Write to it answers

	// EarlyDeath lets its exit be reaped before it is reported as Spawned, as
	// happens when a child dies while the spawner is still on its way.
	EarlyDeath bool
	// LastWords are written to stdout between the death and Drained.
	LastWords string
	// DrainTakes is how long its last words take; NeverDrained is a hung disk.
	DrainTakes   time.Duration
	NeverDrained bool
}

// Output is a piece of text said some time after the birth.
type Output struct {
	After   time.Duration
	Channel supervise.Channel
	Text    string
}

// Sent is one signal the engine asked for, delivered or not.
type Sent struct {
	Name   string
	PID    int
	Signal supervise.Signal
	Group  bool
}

// String prints it as scenarios show it: "SIGTERM to x (101)".
func (s Sent) String() string {
	whom := "to"
	if s.Group {
		whom = "to the group of"
	}
	return fmt.Sprintf("%s %s %s (%d)", s.Signal, whom, s.Name, s.PID)
}

// Host is the scripted operating system. It is made inside the bubble.
type Host struct {
	reports chan<- child.Report
	done    <-chan struct{}
	wake    chan struct{}
	closed  chan struct{}
	ended   chan struct{}

	mu      sync.Mutex
	closing bool
	scripts map[string]func(life int) Behaviour
	lives   map[string]int
	births  []child.Spec // waiting for the one under way
	birth   bool         // one is under way
	nextPID int
	seq     int
	agenda  agenda
	bodies  map[int]*body
	records map[life]*body
	dead    []child.Exit
	spawns  []child.Spec
	signals []Sent
	stdin   map[string][]byte
}

var _ child.Host = (*Host)(nil)

// life names one incarnation.
type life struct {
	key         child.Key
	incarnation child.Incarnation
}

// body is one child, living or waiting to be drained.
type body struct {
	spec     child.Spec
	behaves  Behaviour
	pid      int
	dying    bool // a signal that ends it is on its way
	reaped   bool
	died     bool
	finished bool // drained: its pipes are closed
}

// New starts the host. Reports go to reports until done is closed; the goroutine
// ends with Close.
func New(reports chan<- child.Report, done <-chan struct{}) *Host {
	h := &Host{
		reports: reports,
		done:    done,
		wake:    make(chan struct{}, 1),
		closed:  make(chan struct{}),
		ended:   make(chan struct{}),
		scripts: map[string]func(int) Behaviour{},
		lives:   map[string]int{},
		nextPID: firstPID,
		bodies:  map[int]*body{},
		records: map[life]*body{},
		stdin:   map[string][]byte{},
	}
	go h.run() // ended by Close
	return h
}

// Script says how the lives of the process called name go, one after another;
// the last one is repeated. A process without a script is a good program.
func (h *Host) Script(name string, lives ...Behaviour) {
	h.ScriptFunc(name, func(life int) Behaviour {
		if len(lives) == 0 {
			return Behaviour{}
		}
		return lives[min(life, len(lives))-1]
	})
}

// ScriptFunc is Script for lives that are computed; the first life is 1. script
// is called with the host locked and must not call it.
func (h *Host) ScriptFunc(name string, script func(life int) Behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.scripts[name] = script
}

// Spawn queues a birth.
func (h *Host) Spawn(spec child.Spec) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return
	}
	h.spawns = append(h.spawns, spec)
	h.births = append(h.births, spec)
	h.nextBirth()
}

// nextBirth begins the next birth of the queue; one is under way at a time.
func (h *Host) nextBirth() {
	if h.birth || len(h.births) == 0 {
		return
	}
	spec := h.births[0]
	h.births = h.births[1:]
	h.birth = true
	h.lives[spec.Name]++
	var behaves Behaviour
	if script := h.scripts[spec.Name]; script != nil {
		behaves = script(h.lives[spec.Name])
	}
	h.after(behaves.SpawnTakes, func() []act { return h.bear(spec, behaves) })
}

// bear ends a birth, well or badly.
func (h *Host) bear(spec child.Spec, behaves Behaviour) []act {
	h.birth = false
	defer h.nextBirth()
	if behaves.SpawnErr != "" {
		return h.tell(child.SpawnFailed{Key: spec.Key, Incarnation: spec.Incarnation, Text: behaves.SpawnErr})
	}
	b := &body{spec: spec, behaves: behaves, pid: h.nextPID}
	h.nextPID++
	h.bodies[b.pid] = b
	h.records[life{spec.Key, spec.Incarnation}] = b
	spawned := h.tell(child.Spawned{Key: spec.Key, Incarnation: spec.Incarnation, PID: b.pid})
	for _, out := range behaves.Output {
		h.after(out.After, func() []act { return h.say(b, out.Channel, out.Text) })
	}
	ending := h.selfMade(b)
	if behaves.EarlyDeath {
		return append(h.die(b, ending), spawned...)
	}
	switch {
	case behaves.Lives == Instantly:
		h.after(0, func() []act { return h.die(b, ending) })
	case behaves.Lives > 0:
		h.after(behaves.Lives, func() []act { return h.die(b, ending) })
	}
	return spawned
}

// selfMade is the exit the script of b ends with.
func (h *Host) selfMade(b *body) child.Exit {
	if b.behaves.Signal != 0 {
		return child.Exit{Status: -1, Signal: b.behaves.Signal, CoreDumped: b.behaves.CoreDumped}
	}
	return child.Exit{Status: b.behaves.Status}
}

// die makes a zombie of b. Dying twice is once.
func (h *Host) die(b *body, how child.Exit) []act {
	if b.died {
		return nil
	}
	b.died = true
	how.Key, how.Incarnation, how.PID = b.spec.Key, b.spec.Incarnation, b.pid
	h.dead = append(h.dead, how)
	return h.tell(child.ChildrenDied{})
}

// say gives text to a sink of b, unless its pipes are closed. The dead say
// nothing: what a real one left in its pipes is LastWords.
func (h *Host) say(b *body, ch supervise.Channel, text string) []act {
	if b.died {
		return nil
	}
	return h.utter(b, ch, text)
}

func (h *Host) utter(b *body, ch supervise.Channel, text string) []act {
	sink := b.spec.Stdout
	if ch == supervise.Stderr && !b.spec.MergeErr {
		sink = b.spec.Stderr
	}
	if sink == nil || text == "" || b.finished {
		return nil
	}
	return []act{func() { sink.Write([]byte(text)) }}
}

// Signal delivers sig to a child that has not been reaped. A zombie takes it
// silently, as in the kernel.
func (h *Host) Signal(pid int, sig supervise.Signal, group bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.bodies[pid]
	if b == nil {
		h.signals = append(h.signals, Sent{PID: pid, Signal: sig, Group: group})
		return syscall.ESRCH
	}
	h.signals = append(h.signals, Sent{Name: b.spec.Name, PID: pid, Signal: sig, Group: group})
	if b.behaves.KillErr != nil {
		return b.behaves.KillErr
	}
	h.deliver(b, sig)
	return nil
}

// deliver lets b react to sig: it dies, or exits, or does not care.
func (h *Host) deliver(b *body, sig supervise.Signal) {
	kill := sig == supervise.Signal(syscall.SIGKILL)
	if b.died || (b.dying && !kill) || (!kill && b.shrugs(sig)) {
		return
	}
	b.dying = true
	how, takes := child.Exit{Status: -1, Signal: sig}, b.behaves.StopTakes
	if status, caught := b.behaves.ExitsOn[sig]; caught && !kill {
		how = child.Exit{Status: status}
	}
	if kill {
		takes = b.behaves.KillTakes // nothing is cleaned up
	}
	h.after(takes, func() []act { return h.die(b, how) })
}

// shrugs says whether sig leaves b alive: what it ignores, and what by default
// does nothing (0 only asks whether it is there).
func (b *body) shrugs(sig supervise.Signal) bool {
	switch syscall.Signal(sig) {
	case 0, syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH,
		syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU:
		_, caught := b.behaves.ExitsOn[sig]
		return !caught
	}
	return slices.Contains(b.behaves.Ignores, sig)
}

// Reap gives the dead since the last call.
func (h *Host) Reap() []child.Exit {
	h.mu.Lock()
	defer h.mu.Unlock()
	dead := h.dead
	h.dead = nil
	for _, exit := range dead {
		if b := h.bodies[exit.PID]; b != nil {
			b.reaped = true
			delete(h.bodies, exit.PID)
		}
	}
	return dead
}

// Drain speaks the last words, flushes, and reports Drained.
func (h *Host) Drain(key child.Key, incarnation child.Incarnation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.records[life{key, incarnation}]
	if b == nil || b.behaves.NeverDrained {
		return
	}
	delete(h.records, life{key, incarnation})
	h.after(b.behaves.DrainTakes, func() []act {
		acts := h.utter(b, supervise.Stdout, b.behaves.LastWords)
		b.finished = true
		for _, sink := range []child.Sink{b.spec.Stdout, b.spec.Stderr} {
			if sink != nil {
				acts = append(acts, sink.Flush)
			}
		}
		return append(acts, h.tell(child.Drained{Key: key, Incarnation: incarnation})...)
	})
}

// Write gives p to the child's stdin, and its answer, if it has one, to its
// stdout sink.
func (h *Host) Write(key child.Key, incarnation child.Incarnation, p []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.records[life{key, incarnation}]
	if b == nil || b.died || b.spec.Stdin0 != nil {
		return syscall.EPIPE
	}
	if b.behaves.StdinErr != nil {
		return b.behaves.StdinErr
	}
	h.stdin[b.spec.Name] = append(h.stdin[b.spec.Name], p...)
	if b.behaves.Answers != nil {
		text := slices.Clone(p)
		h.after(0, func() []act {
			return h.say(b, supervise.Stdout, b.behaves.Answers(text))
		})
	}
	return nil
}

// Close ends the host's goroutine. Nothing is reported afterwards.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	if !h.closing {
		h.closing = true
		close(h.closed)
	}
	h.mu.Unlock()
	select {
	case <-h.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the host in memory: %w", ctx.Err())
	}
}

// Exit lets the living child of name exit now with status.
func (h *Host) Exit(name string, status int) {
	h.strike(name, child.Exit{Status: status})
}

// Crash lets the living child of name die of sig now, as if somebody else had
// killed it.
func (h *Host) Crash(name string, sig supervise.Signal) {
	h.strike(name, child.Exit{Status: -1, Signal: sig})
}

// strike ends the living child of name; it panics when there is none, for then
// the test is wrong.
func (h *Host) strike(name string, how child.Exit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.mustLive(name)
	h.after(0, func() []act { return h.die(b, how) })
}

// Say lets the living child of name write text.
func (h *Host) Say(name string, ch supervise.Channel, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.mustLive(name)
	h.after(0, func() []act { return h.say(b, ch, text) })
}

// Orphan lets a child that nobody knows die, as PID 1 sees it.
func (h *Host) Orphan(status int) (pid int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	pid = h.nextPID
	h.nextPID++
	h.after(0, func() []act {
		h.dead = append(h.dead, child.Exit{Key: -1, PID: pid, Status: status})
		return h.tell(child.ChildrenDied{})
	})
	return pid
}

// Spawns gives every Spec asked for so far, in order.
func (h *Host) Spawns() []child.Spec {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.spawns)
}

// Signals gives every signal asked for so far, in order, delivered or not.
func (h *Host) Signals() []Sent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.signals)
}

// Stdin gives what was written to the lives of name so far.
func (h *Host) Stdin(name string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.stdin[name])
}

// PID gives that of the living child of name, 0 if there is none.
func (h *Host) PID(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.living(name); b != nil {
		return b.pid
	}
	return 0
}

// Alive gives the names of the living, in the order of their birth.
func (h *Host) Alive() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var pids []int
	for pid, b := range h.bodies {
		if !b.died {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	names := make([]string, len(pids))
	for i, pid := range pids {
		names[i] = h.bodies[pid].spec.Name
	}
	return names
}

// Undrained gives how many dead children still wait for a Drain: 0 at the end
// of a scenario, or the engine has forgotten one.
func (h *Host) Undrained() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, b := range h.records {
		if b.reaped {
			n++
		}
	}
	return n
}

func (h *Host) mustLive(name string) *body {
	b := h.living(name)
	if b == nil {
		panic("childtest: no living child called " + name)
	}
	return b
}

func (h *Host) living(name string) *body {
	for _, b := range h.bodies {
		if b.spec.Name == name && !b.died {
			return b
		}
	}
	return nil
}

// act is what is done to others (a report, a sink), with the host unlocked.
type act func()

// happening is an entry of the agenda; do runs locked and gives what is to be
// done unlocked, in order.
type happening struct {
	at  time.Time
	seq int
	do  func() []act
}

// after puts do on the agenda.
func (h *Host) after(d time.Duration, do func() []act) {
	h.seq++
	heap.Push(&h.agenda, happening{at: time.Now().Add(max(d, 0)), seq: h.seq, do: do})
	select {
	case h.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// tell is the act of sending a report, given up when nobody listens any more.
func (h *Host) tell(r child.Report) []act {
	return []act{func() {
		select {
		case h.reports <- r:
		case <-h.done:
		case <-h.closed:
		}
	}}
}

// run acts out the agenda, one happening after another.
func (h *Host) run() {
	defer close(h.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		acts, wait := h.next()
		for _, do := range acts {
			do()
		}
		if wait == 0 && !h.isClosed() {
			continue
		}
		if wait > 0 {
			timer.Reset(wait)
		}
		select {
		case <-h.closed:
			return
		case <-h.wake:
		case <-timer.C:
		}
	}
}

// next does what is due first. wait says when to look again: 0 now, -1 when
// woken.
func (h *Host) next() (acts []act, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.agenda) == 0 {
		return nil, -1
	}
	if wait := time.Until(h.agenda[0].at); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&h.agenda).(happening).do(), 0
}

func (h *Host) isClosed() bool {
	select {
	case <-h.closed:
		return true
	default:
		return false
	}
}

// agenda is a heap of what will happen, by time, then by cause.
type agenda []happening

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].seq < a[j].seq
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(happening)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
