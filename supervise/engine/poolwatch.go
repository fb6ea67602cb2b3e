//go:build unix

package engine

import (
	"context"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/pool"
)

// poolPause is how often viewers, and the main log, are told at most of what a pool
// drops: a pool may drop thousands of events a second.
const poolPause = time.Second

// poolWatch is what the rows of a pool's listeners tell of the pool.
type poolWatch struct {
	due     deadline // of the next look
	looked  time.Time
	counted uint64 // of the dropped events, those that dropped knows of
	dropped recent // within the last hour
	told    poolSight
}

// poolSight is a pool as viewers see it.
type poolSight struct {
	full    bool // for poolPause or longer
	dropped int  // within the last hour
}

func (e *Engine) newPoolWatch(g *group) *poolWatch {
	w := &poolWatch{dropped: recent{grain: hourGrain, span: hour}}
	w.due = deadline{rank: rank{group: g.conf.Priority, name: g.conf.Name}, due: func() { e.lookAtPool(g) }}
	return w
}

// watchPool looks at a pool if it is time to, and sees to it that somebody will
// when there is more to tell.
func (e *Engine) watchPool(g *group) {
	w := g.watch
	if at := w.next(g.pool); !at.IsZero() && !at.After(e.now) {
		e.lookAtPool(g)
	}
	switch at := w.next(g.pool); {
	case at.IsZero():
		e.deadlines.clear(&w.due)
	case !w.due.armed() || !w.due.at.Equal(at):
		e.deadlines.set(&w.due, at)
	}
}

// next is when there will be something to tell; the zero time for never.
func (w *poolWatch) next(p *pool.Pool) time.Time {
	at := earliest(p.Untold(), w.dropped.next())
	pause := w.looked.Add(poolPause)
	if p.Counts().Dropped != w.counted || w.dropped.count != w.told.dropped {
		at = earliest(at, pause)
	}
	switch since := p.FullSince(); {
	case since.IsZero() && w.told.full:
		at = earliest(at, pause)
	case !since.IsZero() && !w.told.full:
		at = earliest(at, since.Add(poolPause))
	}
	return at
}

// lookAtPool tells the main log and the viewers what is new.
func (e *Engine) lookAtPool(g *group) {
	w := g.watch
	w.looked = e.now
	w.count(g.pool, e.now)
	if at := g.pool.Untold(); !at.IsZero() && !at.After(e.now) {
		e.notes(g.pool.Tell(e.now))
	}
	since := g.pool.FullSince()
	sight := poolSight{full: !since.IsZero() && !e.now.Before(since.Add(poolPause)), dropped: w.dropped.count}
	if sight == w.told {
		return
	}
	w.told = sight
	for _, p := range g.processes {
		e.changingOne(p)
		e.publish(supervise.UpdateEvent{Name: p.name}, p.info())
	}
}

// count brings the last hour up to date.
func (w *poolWatch) count(p *pool.Pool, now time.Time) {
	if dropped := p.Counts().Dropped; dropped != w.counted {
		w.dropped.add(now, int(dropped-w.counted))
		w.counted = dropped
	}
	w.dropped.forget(now)
}

// forgetPool is called when a pool's group is removed.
func (e *Engine) forgetPool(g *group) {
	if g.pool != nil {
		e.notes(g.pool.Tell(e.now))
		e.deadlines.clear(&g.watch.due)
	}
}

// tellAllDropped says what has been dropped and not told of when no time is left to
// wait for.
func (e *Engine) tellAllDropped() {
	for _, p := range e.pools {
		e.notes(p.Tell(e.now))
	}
}

// seeListener completes what others see of a process with what its pool knows.
func (p *process) seeListener(info *supervise.ProcessInfo) {
	if p.group.pool == nil {
		return
	}
	info.Broken = info.PID != 0 && p.hasBroken()
	info.PoolFull, info.PoolDropped = p.group.watch.told.full, p.group.watch.told.dropped
}

// Pools are all pools of event listeners, in the order in which they start.
func (e *Engine) Pools(ctx context.Context) ([]supervise.PoolInfo, error) {
	return ask(ctx, e, func(e *Engine) ([]supervise.PoolInfo, error) {
		var all []supervise.PoolInfo
		for _, g := range e.groups {
			if g.pool != nil {
				all = append(all, g.poolInfo(e.now))
			}
		}
		return all, nil
	})
}

// Pool is the pool that a process listens in; false for one that is no event
// listener. Fault: BAD_NAME.
func (e *Engine) Pool(ctx context.Context, name supervise.NameSpec) (supervise.PoolInfo, bool, error) {
	p, err := e.shared(ctx, name)
	if err != nil || p.group.pool == nil { // neither ever changes
		return supervise.PoolInfo{}, false, err
	}
	info, err := ask(ctx, e, func(e *Engine) (supervise.PoolInfo, error) { return p.group.poolInfo(e.now), nil })
	return info, err == nil, err
}

func (g *group) poolInfo(now time.Time) supervise.PoolInfo {
	info := g.pool.Info()
	g.watch.count(g.pool, now)
	info.DroppedHour = g.watch.dropped.count
	info.Restarts = g.conf.Listener.RestartOnProtocolError
	for i := range info.Listeners {
		p := g.process(info.Listeners[i].Name.Process)
		info.Listeners[i].Process = p.machine.State()
		info.Listeners[i].Broken = p.machine.PID() != 0 && p.hasBroken()
	}
	return info
}
