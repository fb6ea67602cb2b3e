//go:build unix

package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/logs"
	"supervisor/supervise/machine"
)

// lastWords is how long a dead child's pumps may take to hand over what it left
// in its pipes, before its exit is told all the same: a log on a hung disk must
// not keep a program down.
const lastWords = 2 * time.Second

// process is a process at work: its machine, its present life, its logs, and
// who waits for it.
type process struct {
	key     child.Key
	name    supervise.NameSpec
	group   *group
	conf    config.Process
	command command // what to run, the same for every life
	machine *machine.Machine
	channel [2]*logs.Channel // by supervise.Channel; nil where there is none

	shown atomic.Pointer[supervise.ProcessInfo] // as part of Engine.shown

	incarnation child.Incarnation
	born        bool        // the host has said Spawned of this incarnation
	dead        *child.Exit // reaped, its last words still to come
	died        time.Time   // when it was reaped
	share       *share      // in the socket of its program, while it wants one
	restart     *restart    // that has stopped it and will start it again, nil for none
	added       time.Time   // when it became part of what runs

	ear      *owner      // of an event listener: by which its output comes
	told     instruction // the last there was
	life     *lifetime   // the present one, or the last; nil before the first
	restarts int         // of the machine, when the present life was asked for
	digest   string      // of its configuration
	recent   restarts    // of late

	due        deadline // of the machine
	burial     deadline // for the last words
	stopReport deadline // for "waiting for x to stop"
	forget     deadline // of the oldest restart that recent counts
	tickets    []*ticket
	touched    bool
}

func (p *process) rank() rank {
	return rank{group: p.group.conf.Priority, process: p.conf.Priority, name: p.name.String()}
}

// info is the process as others see it now.
func (p *process) info() supervise.ProcessInfo { return p.seen(p.machine.Facts()) }

// seen is the process as others see it, given what its machine knew.
func (p *process) seen(facts machine.Facts) supervise.ProcessInfo {
	info := supervise.ProcessInfo{
		ID:         int(p.key),
		Group:      p.name.Group,
		Name:       p.name.Process,
		State:      facts.State,
		PID:        facts.PID,
		Start:      facts.Started,
		Stop:       facts.Stopped,
		ExitStatus: facts.ExitStatus,
		TooSoon:    facts.TooSoon,
		ExitSignal: facts.ExitSignal,
		Expected:   facts.Expected,
		SpawnErr:   facts.SpawnErr,
		Since:      facts.Since,
		Next:       facts.Next,
		Tries:      facts.Tries,
		MaxTries:   p.conf.StartRetries,
		Restarts:   facts.Restarts,
		// What a step leads to is counted before its moves are told of one by one.
		RestartsDay:  p.recent.day.count - (p.machine.Facts().Restarts - facts.Restarts),
		RestartsHour: p.recent.hour.count - (p.machine.Facts().Restarts - facts.Restarts),
	}
	p.seeListener(&info)
	if p.told.underway(facts) {
		info.Order, info.By = p.told.what, p.told.by
	}
	if info.Since.IsZero() { // it never moved: STOPPED since it was added
		info.Since = p.added
	}
	if !facts.ExitKnown {
		info.ExitStatus = 0
	}
	if log := p.channel[supervise.Stdout]; log != nil {
		info.StdoutLog = log.Path()
	}
	if log := p.channel[supervise.Stderr]; log != nil {
		info.StderrLog = log.Path()
	}
	return info
}

func (p *process) closeLogs() {
	for _, log := range p.channel {
		if log != nil {
			log.Close()
		}
	}
}

// spawn hands a birth to the launcher, which answers by message.
func (e *Engine) spawn(p *process) {
	p.incarnation++
	p.born, p.dead, p.restart = false, nil, nil
	p.life = p.newLife(e.now)
	e.notes(p.tellPoolBorn(e.now))
	e.launch.push(birth{
		key: p.key, incarnation: p.incarnation, name: p.name.Process,
		command: p.command, channel: p.channel, share: p.takeShare(), life: p.life,
	})
}

// ours finds the process a report is about; nil if that life is over or the
// process gone: the dead do not speak for their successors.
func (e *Engine) ours(key child.Key, incarnation child.Incarnation) *process {
	p := e.byKey[key]
	if p == nil || p.incarnation != incarnation {
		return nil
	}
	return p
}

func (e *Engine) spawned(report child.Spawned) {
	p := e.ours(report.Key, report.Incarnation)
	if p == nil || p.born {
		return
	}
	p.born = true
	p.life.PID, p.life.Born = report.PID, e.now
	e.step(p, machine.Spawned{PID: report.PID})
	e.failIfBroken(p)  // it may have spoken before we heard that it lived
	if p.dead != nil { // it died before we heard that it lived
		e.bury(p)
	}
}

func (e *Engine) spawnFailed(report child.SpawnFailed) {
	p := e.ours(report.Key, report.Incarnation)
	if p == nil || p.born {
		return
	}
	e.launch.shut(p.channel)
	e.stillborn(p, report.Text)
}

// stillborn tells the machine of a birth that came to nothing.
func (e *Engine) stillborn(p *process, why string) {
	life := p.life
	life.SpawnErr = why
	e.step(p, machine.SpawnFailed{Text: why})
	e.endLife(p, life, e.now, nil)
}

// reap collects the dead. Each is kept until its last words are in its log.
func (e *Engine) reap() {
	exits := e.opts.Host.Reap()
	if len(exits) > 0 {
		e.note(supervise.LevelDebug, "received SIGCHLD indicating a child quit")
	}
	for _, exit := range exits {
		p := e.ours(exit.Key, exit.Incarnation)
		if p == nil {
			e.note(supervise.LevelInfo, fmt.Sprintf("reaped unknown pid %d (%s)", exit.PID, cause(exit)))
			e.opts.Host.Drain(exit.Key, exit.Incarnation) // of a group removed while UNKNOWN: let its pipes go
			continue
		}
		p.dead, p.died = &exit, e.now
		if p.born {
			e.bury(p)
		}
	}
}

// bury waits for the last words of the dead. Nothing falls due for it meanwhile:
// a program that died within startsecs must not be called RUNNING because its
// log is slow.
func (e *Engine) bury(p *process) {
	e.opts.Host.Drain(p.key, p.incarnation)
	e.deadlines.clear(&p.due)
	e.deadlines.set(&p.burial, e.now.Add(lastWords))
}

func (e *Engine) drained(report child.Drained) {
	if p := e.ours(report.Key, report.Incarnation); p != nil && p.dead != nil {
		e.buried(p)
	}
}

// buried tells the machine of a death, as of the time it was reaped.
func (e *Engine) buried(p *process) {
	e.deadlines.clear(&p.burial)
	exit, life := *p.dead, p.life
	e.stepAt(p, machine.Exited{Status: exit.Status, Signal: exit.Signal, CoreDumped: exit.CoreDumped}, p.died)
	e.endLife(p, life, p.died, &exit)
	if p.incarnation == exit.Incarnation {
		p.dead = nil
	}
}

// kill signals a living child. One that has been reaped already is left alone:
// its pid may be a stranger's by now, and its exit is on the way.
func (e *Engine) kill(p *process, signal machine.Signal) {
	if p.dead != nil {
		return
	}
	if err := e.opts.Host.Signal(p.machine.PID(), signal.Sig, signal.Group); err != nil {
		e.follow(p, machine.SignalFailed{Err: err, Gone: child.IsGone(err)})
		return
	}
	if p.life != nil && signal.Overdue {
		p.life.Killed = true
	}
}

// cause tells an exit in the original's words (options.py decode_wait_status).
func cause(exit child.Exit) string {
	if exit.Signal == 0 {
		return fmt.Sprintf("exit status %d", exit.Status)
	}
	text := "terminated by " + exit.Signal.String()
	if exit.CoreDumped {
		text += " (core dumped)"
	}
	return text
}
