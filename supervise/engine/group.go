//go:build unix

package engine

import (
	"cmp"
	"slices"

	"supervisor/supervise"
	"supervisor/supervise/config"
	"supervisor/supervise/logs"
	"supervisor/supervise/machine"
	"supervisor/supervise/pool"
)

// group is processes acted on together.
type group struct {
	conf      config.Group
	processes []*process // as configured; autostart goes by this order
	pool      *pool.Pool // of an event listener group
	watch     *poolWatch // of pool
}

func (g *group) info() supervise.GroupInfo {
	return supervise.GroupInfo{Name: g.conf.Name, Priority: g.conf.Priority, Listener: g.conf.Kind == config.EventListener}
}

// process finds one by its name; nil if there is none.
func (g *group) process(name string) *process {
	for _, p := range g.processes {
		if p.conf.Name == name {
			return p
		}
	}
	return nil
}

// stopped tells whether every process is in one of the stopped states.
func (g *group) stopped() bool {
	return !slices.ContainsFunc(g.processes, func(p *process) bool { return !p.machine.State().Stopped() })
}

// up names the processes that are not stopped.
func (g *group) up() []string {
	var names []string
	for _, p := range g.processes {
		if !p.machine.State().Stopped() {
			names = append(names, p.conf.Name)
		}
	}
	return names
}

// sequence is the order in which a command meets what it is about: by ascending
// priority to start, by descending to stop. Equals stay in the order of the
// configuration, as the original's sort leaves them.
type sequence int

const (
	ascending  sequence = 1
	descending sequence = -1
)

func (s sequence) processes(list []*process) []*process {
	return slices.SortedStableFunc(slices.Values(list), func(a, b *process) int {
		return int(s) * cmp.Compare(a.conf.Priority, b.conf.Priority)
	})
}

func (s sequence) groups(list []*group) []*group {
	return slices.SortedStableFunc(slices.Values(list), func(a, b *group) int {
		return int(s) * cmp.Compare(a.conf.Priority, b.conf.Priority)
	})
}

// prepared is a group with everything that had to touch the disk or the network
// done, ready to be added in a turn.
type prepared struct {
	conf      config.Group
	processes []preparedProcess
}

type preparedProcess struct {
	conf    config.Process
	command command
	digest  string
	logs    [2]*logs.Channel
	owner   *owner
}

// prepare makes automatic logs, looks users up and tries the shared sockets. It
// runs in the goroutine of whoever wants the group, never in the loop.
func (e *Engine) prepare(conf config.Group, live config.Supervisord) (prepared, error) {
	made := prepared{conf: conf}
	sockets := map[*config.FastCGISocket]*sharedSocket{}
	for _, pc := range conf.Processes {
		p, err := e.prepareProcess(conf, pc, live, sockets)
		if err != nil {
			made.discard()
			return prepared{}, err
		}
		made.keep(p)
	}
	return made, nil
}

// keep adds a process; one of the same name takes the place of the earlier, as
// in the original, where a dictionary holds them.
func (m *prepared) keep(p preparedProcess) {
	same := func(other preparedProcess) bool { return other.conf.Name == p.conf.Name }
	if at := slices.IndexFunc(m.processes, same); at >= 0 {
		m.processes[at].discard()
		m.processes[at] = p
		return
	}
	m.processes = append(m.processes, p)
}

// discard undoes what prepare did for a group that will not be added.
func (m *prepared) discard() {
	for _, p := range m.processes {
		p.discard()
	}
}

func (p preparedProcess) discard() {
	for at, log := range p.logs {
		if log != nil {
			log.Discard(logConf(p.conf, supervise.Channel(at)).Kind == config.LogAuto)
		}
	}
}

// addGroup makes a group part of what runs. Its processes start in a later call
// of autostart.
func (e *Engine) addGroup(made prepared) *group {
	g := &group{conf: made.conf}
	if made.conf.Kind == config.EventListener {
		g.pool = e.newPool(made.conf)
		g.watch = e.newPoolWatch(g)
	}
	for _, p := range made.processes {
		g.processes = append(g.processes, e.newProcess(g, p))
	}
	e.changingGroups()
	e.byName[g.conf.Name] = g
	e.groups = ascending.groups(append(e.groups, g))
	e.poolsChanged()

	info := g.info()
	event := supervise.GroupEvent{Group: g.conf.Name, Added: true}
	e.bus.Publish(supervise.Change{At: e.now, Event: event, Rows: g.rows(), Group: &info})
	e.offer(event)
	return g
}

func (g *group) rows() []supervise.ProcessInfo {
	rows := make([]supervise.ProcessInfo, len(g.processes))
	for i, p := range g.processes {
		rows[i] = p.info()
	}
	return rows
}

func (e *Engine) newProcess(g *group, made preparedProcess) *process {
	e.lastKey++
	p := &process{
		key:     e.lastKey,
		name:    supervise.NameSpec{Group: g.conf.Name, Process: made.conf.Name},
		group:   g,
		conf:    made.conf,
		command: made.command,
		digest:  made.digest,
		machine: machine.New(made.conf.Name, policy(made.conf)),
		channel: made.logs,
		added:   e.now,
		recent:  newRestarts(),
	}
	made.owner.key = p.key
	p.due = deadline{rank: p.rank(), due: func() { e.step(p, machine.Due{}) }}
	p.burial = deadline{rank: p.rank(), due: func() { e.buried(p) }}
	p.stopReport = deadline{rank: p.rank(), due: func() { e.reportStopping(p) }}
	p.forget = deadline{rank: p.rank(), due: func() { e.forgotten(p) }}
	e.byKey[p.key] = p
	e.recallRestarts(p)
	p.joinPool(e.now, made.owner)
	return p
}

// autostart gives every process of a group that wants it its first start.
func (e *Engine) autostart(g *group) {
	for _, p := range g.processes {
		if p.conf.AutoStart {
			e.step(p, machine.Start{By: machine.ByAutostart})
			e.settle()
		}
	}
}

// removeGroup forgets a group whose processes are all stopped. The pool goes
// first: a removed pool never hears of itself.
func (e *Engine) removeGroup(g *group) {
	e.changingGroups()
	e.groups = slices.DeleteFunc(e.groups, func(other *group) bool { return other == g })
	delete(e.byName, g.conf.Name)
	rows := g.rows()
	for _, p := range g.processes {
		delete(e.byKey, p.key)
		e.giveUpShare(p) // one that is UNKNOWN may have a child still
		e.deadlines.clear(&p.due)
		e.deadlines.clear(&p.burial)
		e.deadlines.clear(&p.stopReport)
		e.deadlines.clear(&p.forget)
	}
	e.forgetPool(g)
	e.poolsChanged()
	e.publish(supervise.GroupEvent{Group: g.conf.Name}, rows...)
}
