//go:build unix

package metrics

import (
	"time"

	"supervisor/supervise"
)

// pass is what one look at all processes needs, kept for the next. It belongs to
// the sampler's goroutine.
type pass struct {
	last    time.Time // when one was begun; zero for not since the last rest
	taken   time.Time // when before was; zero for never
	before  []proc    // the list of the pass before
	now     []proc    // memory for the next one
	roots   []int32   // pids of the programs' children
	trees   []tree    // one for each root
	counted int32     // the step of the hour in which descriptors were last counted
	failed  bool      // and it was said
	tell    []func()
}

// tree is what one program uses. The owner of a process is the index of its tree.
type tree struct {
	of          *series
	found       bool // its child is there
	start       uint64
	untold      bool          // the system does not tell the processor time of some of it
	spent       time.Duration // since the pass before
	total       time.Duration // ever
	count       bool          // descriptors are to be counted
	memory      int64
	descriptors int64
	threads     int64
	processes   int64
}

// rest lets go of everything that is kept between passes.
func (p *pass) rest(sys system) {
	sys.rest(p.before)
	*p = pass{}
}

// sample makes one pass and lets those who watch know.
func (s *Sampler) sample() {
	p := &s.pass
	now := time.Now()
	p.last = now
	p.plant(s.series, !s.system.slow() || p.counted != s.slot(now, hourStep))
	p.counted = s.slot(now, hourStep)
	list, err := s.system.list(p.before, p.now[:0])
	if err == nil {
		p.measure(list, s.system)
	} else if !p.failed {
		p.failed = true
		s.Log.Warn("cannot measure what programs use: " + err.Error())
	}
	s.keep(now, err == nil)
	if err == nil {
		p.before, p.now, p.taken = list, p.before, now
	}
	for _, tell := range p.tell {
		tell()
	}
}

// plant makes a tree for every program that has a child. The series are read
// without the lock: this goroutine is the one that changes them.
func (p *pass) plant(all map[int]*series, count bool) {
	p.roots, p.trees = p.roots[:0], p.trees[:0]
	for _, x := range all {
		if x.pid > 0 {
			p.roots = append(p.roots, x.pid)
			p.trees = append(p.trees, tree{of: x, count: count || x.usage.PID != int(x.pid)})
		}
	}
}

// measure adds up what each tree uses.
func (p *pass) measure(list []proc, sys system) {
	assign(list, p.roots)
	account(p.before, list)
	for i := range list {
		if q := &list[i]; q.owner >= 0 {
			t := &p.trees[q.owner]
			if q.pid == t.of.pid && !q.zombie {
				t.found, t.start = true, q.start
			}
			t.add(q, sys)
		}
	}
}

// add counts one process in. A dead one that nobody has waited for is none any
// more, but what it has used was used.
func (t *tree) add(q *proc, sys system) {
	if q.own == supervise.Unmeasured {
		t.untold = true
	} else {
		t.spent += q.spent
		t.total += q.own + q.buried
	}
	if q.zombie {
		return
	}
	t.processes++
	t.memory = plus(t.memory, q.memory)
	t.threads = plus(t.threads, int64(q.threads))
	if t.count {
		t.descriptors = plus(t.descriptors, sys.descriptors(q))
	}
}

// keep takes over what was found at the time now, if anything was.
func (s *Sampler) keep(now time.Time, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.pass
	for i := range p.trees {
		if t := &p.trees[i]; found && t.found {
			t.of.take(t, s.passes, now.Sub(p.taken))
			t.of.recent.add(s.slot(now, recentStep), &t.of.usage, recentPoints)
			if s.Keep != 0 {
				t.of.hour.add(s.slot(now, hourStep), &t.of.usage, hourPoints)
			}
		}
	}
	s.passes, s.at = s.passes+1, now
	close(s.passed)
	s.passed = make(chan struct{})
	p.tell = p.tell[:0]
	for w := range s.watchers {
		p.tell = append(p.tell, w.tell)
	}
}

// take makes a sample of a tree. passes is how many were made before; interval is
// since the one before, if the series was in it.
func (x *series) take(t *tree, passes uint64, interval time.Duration) {
	again := x.usage.PID == int(x.pid) && x.start == t.start
	used := supervise.Usage{
		PID: int(x.pid), CPU: supervise.Unmeasured, CPUTime: supervise.Unmeasured,
		Memory: t.memory, Descriptors: t.descriptors, Threads: t.threads, Processes: t.processes,
	}
	if !t.untold {
		if again {
			x.cpu += t.spent
		} else {
			x.cpu += t.total
		}
		used.CPUTime = x.cpu
		if again && x.pass == passes && interval > 0 {
			used.CPU = 100 * t.spent.Seconds() / interval.Seconds()
		}
	}
	switch {
	case t.count:
	case again:
		used.Descriptors = x.usage.Descriptors
	default: // a later process with the pid of the one before
		used.Descriptors = supervise.Unmeasured
	}
	x.usage, x.start, x.pass = used, t.start, passes+1
}
