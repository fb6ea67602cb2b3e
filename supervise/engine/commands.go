//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"supervisor/supervise"
	"supervisor/supervise/child"
	"supervisor/supervise/config"
	"supervisor/supervise/machine"
)

// Start starts one process. With wait it answers when the process is RUNNING or
// will not be; else when it has been forked. seq is the number of the last
// change before it. Faults: BAD_NAME, NO_FILE, NOT_EXECUTABLE, ALREADY_STARTED,
// FAILED, SPAWN_ERROR, ABNORMAL_TERMINATION, SHUTDOWN_STATE.
func (e *Engine) Start(ctx context.Context, name supervise.NameSpec, wait bool) (seq uint64, err error) {
	if err := e.checkCommand(ctx, name); err != nil {
		return 0, err
	}
	return seqOf(e.command(ctx, func(e *Engine, r *reply) {
		start := func(p *process) error { return e.start(p, supervise.Asker(ctx)) }
		if p := e.onOne(r, name, start); p != nil {
			r.await(e, p, startWish(wait), r.fail)
		}
	}))
}

// Stop stops one process. With wait it answers when the process is down. Faults:
// BAD_NAME, NOT_RUNNING, FAILED, SHUTDOWN_STATE.
func (e *Engine) Stop(ctx context.Context, name supervise.NameSpec, wait bool) (seq uint64, err error) {
	return seqOf(e.command(ctx, func(e *Engine, r *reply) {
		stop := func(p *process) error { return e.stop(r, p, supervise.Asker(ctx)) }
		if p := e.onOne(r, name, stop); p != nil && wait {
			r.await(e, p, wishDown, r.fail)
		}
	}))
}

// Restart gives one process the intent "up, after down" and answers at once. The
// engine holds the intent: it comes true even if who asked is gone. A command
// that cannot be run is found out before anything is stopped. Faults: BAD_NAME,
// NO_FILE, NOT_EXECUTABLE, SHUTDOWN_STATE.
func (e *Engine) Restart(ctx context.Context, name supervise.NameSpec) (seq uint64, err error) {
	if err := e.checkCommand(ctx, name); err != nil {
		return 0, err
	}
	return seqOf(e.command(ctx, func(e *Engine, r *reply) {
		e.onOne(r, name, func(p *process) error {
			e.restart(p, supervise.Asker(ctx))
			return nil
		})
	}))
}

// Signal sends a signal to the child of one process, never to its group. Faults:
// BAD_NAME, NOT_RUNNING, FAILED, SHUTDOWN_STATE.
func (e *Engine) Signal(ctx context.Context, name supervise.NameSpec, sig supervise.Signal) error {
	_, err := e.command(ctx, func(e *Engine, r *reply) {
		e.onOne(r, name, func(p *process) error { return e.signal(p, sig, supervise.Asker(ctx)) })
	})
	return err
}

// StartMany starts those of a selection that are not running, in ascending
// priority. Results list first what could not be started at all, then the
// others as they come up. Faults: BAD_NAME for an unknown group, SHUTDOWN_STATE.
func (e *Engine) StartMany(ctx context.Context, sel supervise.Selection, wait bool) ([]supervise.Result, error) {
	faults, err := e.checkCommands(ctx, sel)
	if err != nil {
		return nil, err
	}
	return resultsOf(e.command(ctx, func(e *Engine, r *reply) {
		for _, p := range e.onMany(r, sel, ascending) {
			if p.machine.State().Running() {
				continue
			}
			err := faults[p.name]
			if err == nil {
				err = e.start(p, supervise.Asker(ctx))
			}
			if err != nil {
				r.result(p.name, err)
				continue
			}
			r.await(e, p, startWish(wait), func(err error) { r.result(p.name, err) })
		}
	}))
}

// StopMany stops those of a selection that are running, in descending priority;
// all are signalled at once, and results are listed in that order. Faults:
// BAD_NAME for an unknown group, SHUTDOWN_STATE.
func (e *Engine) StopMany(ctx context.Context, sel supervise.Selection, wait bool) ([]supervise.Result, error) {
	return resultsOf(e.command(ctx, func(e *Engine, r *reply) {
		for _, p := range e.onMany(r, sel, descending) {
			if !p.stoppable() {
				continue
			}
			err := e.stop(r, p, supervise.Asker(ctx))
			at := len(r.results)
			r.result(p.name, err)
			if err == nil && wait {
				r.await(e, p, wishDown, func(err error) { r.results[at] = resultOf(p.name, err) })
			}
		}
	}))
}

// RestartMany gives every process of a selection the intent "up, after down".
// One whose command cannot be run is left as it is, and told of in the main log.
// Faults: BAD_NAME for an unknown group, SHUTDOWN_STATE.
func (e *Engine) RestartMany(ctx context.Context, sel supervise.Selection) (seq uint64, err error) {
	faults, err := e.checkCommands(ctx, sel)
	if err != nil {
		return 0, err
	}
	return seqOf(e.command(ctx, func(e *Engine, r *reply) {
		for _, p := range e.onMany(r, sel, descending) {
			if fault := faults[p.name]; fault != nil {
				e.note(supervise.LevelWarn, fmt.Sprintf("not restarting %s: %v", p.name, fault))
				continue
			}
			e.restart(p, supervise.Asker(ctx))
		}
	}))
}

// SignalMany signals those of a selection that have a living child. Faults:
// BAD_NAME for an unknown group, SHUTDOWN_STATE.
func (e *Engine) SignalMany(ctx context.Context, sel supervise.Selection, sig supervise.Signal) ([]supervise.Result, error) {
	return resultsOf(e.command(ctx, func(e *Engine, r *reply) {
		for _, p := range e.onMany(r, sel, ascending) {
			if p.machine.State().Signallable() {
				r.result(p.name, e.signal(p, sig, supervise.Asker(ctx)))
			}
		}
	}))
}

// WriteStdin gives data to a child's stdin. Faults: BAD_NAME, NOT_RUNNING,
// NO_FILE when stdin is closed, FAILED when too much waits to be read.
func (e *Engine) WriteStdin(ctx context.Context, name supervise.NameSpec, data []byte) error {
	_, err := e.command(ctx, func(e *Engine, r *reply) { r.fail(e.writeStdin(name, data)) })
	return err
}

// RemoteEvent tells the listeners something from outside. It works during a
// shutdown too, as in the original.
func (e *Engine) RemoteEvent(ctx context.Context, kind, data string) error {
	_, err := e.command(ctx, func(e *Engine, _ *reply) {
		e.offer(supervise.RemoteEvent{Kind: kind, Data: data})
	})
	return err
}

// Stage reads the configuration again and tells what adding, changing and
// removing groups would make of it; nothing that runs is touched. What waits for a
// reload is told in the log. Faults: CANT_REREAD, SHUTDOWN_STATE.
func (e *Engine) Stage(ctx context.Context) (supervise.Plan, error) {
	if err := e.up(); err != nil {
		return supervise.Plan{}, err
	}
	conf, err := e.opts.Load()
	if err != nil {
		return supervise.Plan{}, supervise.Fault{Code: supervise.FaultCantReread, Detail: err.Error()}
	}
	for _, text := range config.WaitForReload(e.opts.Config.RPCInterfaces, conf.RPCInterfaces) {
		e.note(supervise.LevelWarn, text)
	}
	return ask(ctx, e, func(e *Engine) (supervise.Plan, error) { return e.stage(conf), nil })
}

// Preview reads the configuration again and tells what an update would do. Unlike
// Stage it keeps nothing of what it read. Faults: CANT_REREAD, SHUTDOWN_STATE.
func (e *Engine) Preview(ctx context.Context) (supervise.Preview, error) {
	if err := e.up(); err != nil {
		return nil, err
	}
	conf, err := e.opts.Load()
	if err != nil {
		return nil, supervise.Fault{Code: supervise.FaultCantReread, Detail: err.Error()}
	}
	type current struct {
		running []config.Group
		up      map[string][]string // the processes of each group that are
	}
	now, err := ask(ctx, e, func(e *Engine) (current, error) {
		now := current{e.running(), make(map[string][]string, len(e.groups))}
		for _, g := range e.groups {
			now.up[g.conf.Name] = g.up()
		}
		return now, nil
	})
	if err != nil {
		return nil, err
	}
	// What either configuration calls a secret is one.
	secrets := slices.Concat(e.opts.Config.Supervisord.SecretNames, conf.Supervisord.SecretNames)
	preview := config.Compare(now.running, conf.Groups, secrets)
	for i, g := range preview {
		preview[i].Stops = now.up[g.Group]
	}
	return preview, nil
}

// AddGroup starts running a group of the configuration read last. Faults:
// BAD_NAME, ALREADY_ADDED, FAILED, SHUTDOWN_STATE.
//
// Whoever adds one waits for others who do: to make what a group needs, such as
// its sockets, would break what the same group has made and uses by then.
func (e *Engine) AddGroup(ctx context.Context, name string) error {
	if err := e.up(); err != nil {
		return err
	}
	select {
	case e.adding <- struct{}{}:
		defer func() { <-e.adding }()
	case <-ctx.Done():
		return ctx.Err()
	case <-e.done:
		return ErrEnded
	}
	return e.addOne(ctx, name)
}

// addOne is AddGroup for one who is alone with it.
func (e *Engine) addOne(ctx context.Context, name string) error {
	type found struct {
		conf config.Group
		live config.Supervisord
	}
	lookUp := func(e *Engine) (found, error) {
		conf, err := e.addable(name)
		return found{conf, e.live}, err
	}
	f, err := ask(ctx, e, lookUp)
	if err != nil {
		return err
	}
	made, err := e.prepare(f.conf, f.live)
	if err != nil {
		e.note(supervise.LevelCritical, fmt.Sprintf("cannot add %s: %v", name, err))
		return supervise.Fault{Code: supervise.FaultFailed, Detail: err.Error()}
	}
	// Once asked for it is seen through, whether or not the client still listens:
	// what was prepared either runs or is discarded, never both.
	_, err = ask(context.WithoutCancel(ctx), e, func(e *Engine) (struct{}, error) {
		if _, err := e.addable(name); err != nil { // the configuration was read again, or all ends
			return struct{}{}, err
		}
		e.autostart(e.addGroup(made))
		return struct{}{}, nil
	})
	if err != nil {
		made.discard()
	}
	return err
}

// RemoveGroup forgets a group all of whose processes are stopped. Faults:
// BAD_NAME, STILL_RUNNING, SHUTDOWN_STATE.
func (e *Engine) RemoveGroup(ctx context.Context, name string) error {
	removed, err := ask(context.WithoutCancel(ctx), e, func(e *Engine) (*group, error) {
		g := e.byName[name]
		switch {
		case e.up() != nil:
			return nil, e.up()
		case g == nil:
			return nil, badName(name)
		case !g.stopped():
			return nil, supervise.Fault{Code: supervise.FaultStillRunning, Detail: name}
		}
		e.removeGroup(g)
		return g, nil
	})
	if err != nil {
		return err
	}
	for _, p := range removed.processes { // the loop has let go of them
		p.closeLogs()
	}
	return nil
}

// Shutdown begins to stop everything; Run returns when it is done.
func (e *Engine) Shutdown(ctx context.Context) error {
	_, err := e.command(ctx, func(e *Engine, r *reply) { e.goDown(supervise.MoodShutdown, nil) })
	return err
}

// RestartSelf begins to stop everything in order to start again with the
// configuration on disk, which is read first: if it does not parse, nothing
// happens but a CRIT line. Fault: CANT_REREAD.
func (e *Engine) RestartSelf(ctx context.Context) error {
	conf, err := e.opts.Load()
	if err != nil {
		fault := supervise.Fault{Code: supervise.FaultCantReread, Detail: err.Error()}
		_, _ = e.command(ctx, func(e *Engine, _ *reply) { // the fault is what matters
			e.note(supervise.LevelCritical, "not restarting, the configuration cannot be read: "+err.Error())
		})
		return fault
	}
	_, err = e.command(ctx, func(e *Engine, _ *reply) { e.goDown(supervise.MoodRestarting, conf) })
	return err
}

// The rest is the loop's.

// up answers SHUTDOWN_STATE once supervisord is going down.
func (e *Engine) up() error {
	if e.Mood() != supervise.MoodRunning {
		return supervise.Fault{Code: supervise.FaultShutdownState}
	}
	return nil
}

func (e *Engine) find(name supervise.NameSpec) (*process, error) {
	if err := e.up(); err != nil {
		return nil, err
	}
	return e.lookUp(name)
}

// onOne does something to the process of that name, and gives it; if that fails,
// the reply has the fault and there is none.
func (e *Engine) onOne(r *reply, name supervise.NameSpec, do func(*process) error) *process {
	p, err := e.find(name)
	if err == nil {
		err = do(p)
	}
	if err != nil {
		r.fail(err)
		return nil
	}
	return p
}

// onMany gives the processes of a selection in the order a command meets them; if
// there is no such group, the reply has the fault and there are none.
func (e *Engine) onMany(r *reply, sel supervise.Selection, order sequence) []*process {
	processes, err := e.selected(sel, order)
	if err != nil {
		r.fail(err)
	}
	return processes
}

func (e *Engine) lookUp(name supervise.NameSpec) (*process, error) {
	return processOf(e.byName, name)
}

func processOf(groups map[string]*group, name supervise.NameSpec) (*process, error) {
	if g := groups[name.Group]; g != nil {
		if p := g.process(name.Process); p != nil {
			return p, nil
		}
	}
	return nil, badName(name.String())
}

func (e *Engine) selected(sel supervise.Selection, order sequence) ([]*process, error) {
	if err := e.up(); err != nil {
		return nil, err
	}
	if !sel.All {
		g := e.byName[sel.Group]
		if g == nil {
			return nil, badName(sel.Group)
		}
		allowed := only(g.processes, sel.May)
		if sel.May != nil && len(allowed) == 0 {
			return nil, badName(sel.Group)
		}
		return order.processes(allowed), nil
	}
	var all []*process
	for _, g := range order.groups(e.groups) {
		all = append(all, order.processes(only(g.processes, sel.May))...)
	}
	return all, nil
}

// only leaves the processes that may answers true for; all if it is nil.
func only(list []*process, may func(supervise.NameSpec) bool) []*process {
	if may == nil {
		return list
	}
	var left []*process
	for _, p := range list {
		if may(p.name) {
			left = append(left, p)
		}
	}
	return left
}

// checkCommand answers, before the state is looked at, whether a program could
// be run at all (rpcinterface.py startProcess). The disk is asked in the
// caller's goroutine.
func (e *Engine) checkCommand(ctx context.Context, name supervise.NameSpec) error {
	if err := e.up(); err != nil {
		return err
	}
	p, err := e.shared(ctx, name)
	if err != nil {
		return err
	}
	return p.command.check()
}

// checkCommands is checkCommand for many: the faults of those that could not be
// run.
func (e *Engine) checkCommands(ctx context.Context, sel supervise.Selection) (map[supervise.NameSpec]error, error) {
	processes, err := ask(ctx, e, func(e *Engine) ([]*process, error) { return e.selected(sel, ascending) })
	if err != nil {
		return nil, err
	}
	faults := map[supervise.NameSpec]error{}
	for _, p := range processes { // a process's name and command never change
		if err := p.command.check(); err != nil {
			faults[p.name] = err
		}
	}
	return faults, nil
}

func (e *Engine) start(p *process, by string) error {
	switch state := p.machine.State(); {
	case state.Running():
		return supervise.Fault{Code: supervise.FaultAlreadyStarted, Detail: p.name.String()}
	case state == supervise.StateUnknown:
		return supervise.Fault{Code: supervise.FaultFailed, Detail: p.name.String() + " is in an unknown process state"}
	}
	e.obey(p, supervise.OrderStart, by, machine.Start{By: machine.ByHand})
	return nil
}

// stoppable tells whether a stop has anything to do: end the process, or take
// back the start that is to follow its end.
func (p *process) stoppable() bool {
	return p.machine.State().Running() || p.machine.Intent() == machine.UpAfterDown
}

func (e *Engine) stop(r *reply, p *process, by string) error {
	if !p.stoppable() {
		return supervise.Fault{Code: supervise.FaultNotRunning, Detail: p.name.String()}
	}
	p.restart = e.restartOf(r, p)
	p.ordered(supervise.OrderStop, by)
	e.obey(p, supervise.OrderStop, by, machine.Stop{})
	return nil
}

func (e *Engine) restart(p *process, by string) {
	p.ordered(supervise.OrderRestart, by)
	e.obey(p, supervise.OrderRestart, by, machine.Restart{})
}

// signal is process.py signal: a child that has just gone is no error; of any
// other trouble the machine is told.
func (e *Engine) signal(p *process, sig supervise.Signal, by string) error {
	pid := p.machine.PID()
	if !p.machine.State().Signallable() || pid == 0 || p.dead != nil {
		return supervise.Fault{Code: supervise.FaultNotRunning, Detail: p.name.String()}
	}
	e.note(supervise.LevelDebug, fmt.Sprintf("sending %s (pid %d) sig %s", p.name.Process, pid, sig))
	err := e.opts.Host.Signal(pid, sig, false)
	if err == nil {
		p.life.Sent, p.life.SentBy = sig, by
		return nil
	}
	gone := child.IsGone(err)
	e.follow(p, machine.SignalFailed{Err: err, Gone: gone, ByPerson: true})
	if gone {
		return nil
	}
	return supervise.Fault{Code: supervise.FaultFailed, Detail: fmt.Sprintf("unknown problem sending sig %s (%d):%v", p.name.Process, pid, err)}
}

func (e *Engine) writeStdin(name supervise.NameSpec, data []byte) error {
	p, err := e.find(name)
	if err != nil {
		return err
	}
	if p.machine.PID() == 0 || p.machine.Killing() || p.dead != nil {
		return supervise.Fault{Code: supervise.FaultNotRunning, Detail: name.String()}
	}
	err = e.opts.Host.Write(p.key, p.incarnation, data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, child.ErrStdinFull):
		return supervise.Fault{Code: supervise.FaultFailed, Detail: fmt.Sprintf("%s does not read its stdin: %v", name, err)}
	default: // EPIPE, as for a FastCGI program, which has none
		return supervise.Fault{Code: supervise.FaultNoFile, Detail: name.String()}
	}
}

// stage keeps a configuration for AddGroup. As in the original, some of what
// [supervisord] says takes effect at once (options.py process_config).
func (e *Engine) stage(conf *config.Config) supervise.Plan {
	e.staged, e.live = conf.Groups, conf.Supervisord
	identity := e.Identity()
	identity.Identifier = conf.Supervisord.Identifier
	e.identity.Store(&identity)
	for _, pl := range e.pools {
		pl.Identify(identity.Identifier)
	}
	return config.Diff(e.running(), conf.Groups)
}

// running is the configuration of the groups that run.
func (e *Engine) running() []config.Group {
	running := make([]config.Group, len(e.groups))
	for i, g := range e.groups {
		running[i] = g.conf
	}
	return running
}

func (e *Engine) addable(name string) (config.Group, error) {
	if err := e.up(); err != nil {
		return config.Group{}, err
	}
	for _, conf := range e.staged {
		if conf.Name != name {
			continue
		}
		if e.byName[name] != nil {
			return config.Group{}, supervise.Fault{Code: supervise.FaultAlreadyAdded, Detail: name}
		}
		return conf, nil
	}
	return config.Group{}, badName(name)
}

func badName(name string) error {
	return supervise.Fault{Code: supervise.FaultBadName, Detail: name}
}

func startWish(wait bool) wish {
	if wait {
		return wishUp
	}
	return wishBorn
}

func seqOf(r *reply, err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return r.seq, nil
}

func resultsOf(r *reply, err error) ([]supervise.Result, error) {
	if err != nil {
		return nil, err
	}
	return r.results, nil
}
