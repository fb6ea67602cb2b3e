//go:build unix

package engine

import (
	"context"
	"maps"
	"slices"

	"supervisor/supervise"
	"supervisor/supervise/config"
	"supervisor/supervise/logs"
)

// Subscribe joins a reader of changes: with what it missed since a change of
// this epoch, or with a fresh snapshot.
func (e *Engine) Subscribe(ctx context.Context, epoch string, since uint64) (supervise.Feed, error) {
	return ask(ctx, e, func(e *Engine) (supervise.Feed, error) {
		return e.bus.Subscribe(epoch, since, e.snapshot), nil
	})
}

// Recent gives the changes of this epoch that are still kept, the oldest first.
func (e *Engine) Recent(ctx context.Context) (epoch string, changes []supervise.Change, err error) {
	changes, err = ask(ctx, e, func(e *Engine) ([]supervise.Change, error) { return e.bus.Recent(), nil })
	return e.bus.Epoch(), changes, err
}

// ConfigInfo lists the processes of the configuration read last.
func (e *Engine) ConfigInfo(ctx context.Context) ([]supervise.ConfigInfo, error) {
	type read struct {
		staged []config.Group
		inUse  map[string]bool
	}
	r, err := ask(ctx, e, func(e *Engine) (read, error) {
		r := read{e.staged, make(map[string]bool, len(e.groups))}
		for _, g := range e.groups {
			r.inUse[g.conf.Name] = true
		}
		return r, nil
	})
	if err != nil {
		return nil, err
	}
	infos := config.Infos(r.staged)
	for i := range infos {
		infos[i].InUse = r.inUse[infos[i].Group]
	}
	return infos, nil
}

// Settings are what a process is started with. Fault: BAD_NAME.
func (e *Engine) Settings(ctx context.Context, name supervise.NameSpec) (supervise.Settings, error) {
	return ask(ctx, e, func(e *Engine) (supervise.Settings, error) {
		p, err := e.lookUp(name)
		if err != nil {
			return supervise.Settings{}, err
		}
		written, group := e.writtenLast(p)
		s := supervise.Settings{
			Command: p.conf.Command, Directory: p.conf.Directory,
			Section: written.Section, File: written.File, Line: written.Line, Options: group.Effective(written),
		}
		if p.conf.User != nil {
			s.User = p.conf.User.Name
		}
		for _, v := range p.conf.Environment {
			s.Environment = append(s.Environment, supervise.Variable(v))
		}
		return s, nil
	})
}

// writtenLast gives the configuration of a process and its group as it was read
// last, if it still means what runs: lines move in a file without changing it.
func (e *Engine) writtenLast(p *process) (config.Process, config.Group) {
	running := p.group.conf
	for _, group := range e.staged {
		if group.Name != running.Name || !group.Equal(running) {
			continue
		}
		for _, process := range group.Processes {
			if process.Name == p.conf.Name {
				return process, group
			}
		}
	}
	return p.conf, running
}

// Log is a channel's output. Faults: BAD_NAME; NO_FILE where the process has no
// such channel, its stderr going to stdout.
func (e *Engine) Log(ctx context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	p, err := e.shared(ctx, name)
	if err != nil {
		return nil, err
	}
	if p.channel[ch] == nil {
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	}
	return p.channel[ch], nil
}

// LogTrouble is a process whose output is not written as it should be.
type LogTrouble struct {
	Name supervise.NameSpec
	logs.Cause
}

// LogTroubles tells which processes have such output now, those of each group
// together, and each once for each cause. An engine that does not run yet has
// none, and is not waited for.
func (e *Engine) LogTroubles(ctx context.Context) ([]LogTrouble, error) {
	if !e.begun.Load() {
		return nil, nil
	}
	groups, err := e.sharedGroups(ctx)
	if err != nil {
		return nil, err
	}
	var all []LogTrouble
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		for _, p := range groups[name].processes {
			all = append(all, p.logTroubles()...)
		}
	}
	return all, nil
}

func (p *process) logTroubles() (all []LogTrouble) {
	said := ""
	for _, log := range p.channel {
		if log == nil {
			continue
		}
		if cause := log.Cause(); cause.Why != said && cause.Why != "" {
			all, said = append(all, LogTrouble{p.name, cause}), cause.Why
		}
	}
	return all
}

// MainLog is supervisord's own log. Fault: NO_FILE where it cannot be read back.
func (e *Engine) MainLog(context.Context) (supervise.Log, error) {
	if e.opts.MainLog == nil {
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	}
	return e.opts.MainLog, nil
}

// ClearLogs empties both logs of a process, in the caller's goroutine. Faults:
// BAD_NAME, FAILED.
func (e *Engine) ClearLogs(ctx context.Context, name supervise.NameSpec) error {
	channels, err := ask(ctx, e, func(e *Engine) ([2]*logs.Channel, error) {
		p, err := e.find(name)
		if err != nil {
			return [2]*logs.Channel{}, err
		}
		return p.channel, nil
	})
	if err != nil {
		return err
	}
	err = clearLogs(name, channels)
	e.postFromHelper(logsCleared{name})
	return err
}

// ClearAllLogs empties the logs of every process that may answers true for (nil
// for all), and tells of each.
func (e *Engine) ClearAllLogs(ctx context.Context, may func(supervise.NameSpec) bool) ([]supervise.Result, error) {
	all, err := e.allChannels(ctx, may)
	if err != nil {
		return nil, err
	}
	results := make([]supervise.Result, len(all))
	for i, p := range all {
		results[i] = resultOf(p.name, clearLogs(p.name, p.channel))
		e.postFromHelper(logsCleared{p.name})
	}
	return results, nil
}

// logsCleared has viewers look again at a process's logs.
type logsCleared struct{ name supervise.NameSpec }

func (m logsCleared) handle(e *Engine) {
	if p, err := e.lookUp(m.name); err == nil {
		e.publish(supervise.UpdateEvent{Name: m.name}, p.info())
	}
}

// ReopenLogs closes and opens every log, for SIGUSR2: whoever rotates logs from
// outside has moved them. The first trouble is answered; the others are tried
// all the same.
func (e *Engine) ReopenLogs(ctx context.Context) error {
	all, err := e.allChannels(ctx, nil)
	if err != nil {
		return err
	}
	for _, p := range all {
		for _, log := range p.channel {
			if log == nil {
				continue
			}
			if problem := log.Reopen(); problem != nil && err == nil {
				err = problem
			}
		}
	}
	return err
}

// output is the channels of a process, for other goroutines.
type output struct {
	name    supervise.NameSpec
	channel [2]*logs.Channel
}

func (e *Engine) allChannels(ctx context.Context, may func(supervise.NameSpec) bool) ([]output, error) {
	return ask(ctx, e, func(e *Engine) ([]output, error) {
		var all []output
		for _, g := range e.groups {
			for _, p := range ascending.processes(only(g.processes, may)) {
				all = append(all, output{p.name, p.channel})
			}
		}
		return all, nil
	})
}

func clearLogs(name supervise.NameSpec, channels [2]*logs.Channel) error {
	for _, log := range channels {
		if log == nil {
			continue
		}
		if err := log.Clear(); err != nil {
			return supervise.Fault{Code: supervise.FaultFailed, Detail: name.String()}
		}
	}
	return nil
}
