//go:build unix

package metrics

import (
	"iter"
	"math"
	"time"

	"supervisor/supervise"
)

// The two memories of a process: its last minute for the lists, and its last hour
// for the charts.
const (
	recentStep   = 2 * time.Second
	recentPoints = 30
	hourStep     = 10 * time.Second
	hourPoints   = 360
)

// point is what was used in one step of time. It is kept small, because there are
// 390 of these for each process.
type point struct {
	slot  int32 // number of the step, from the sampler's beginning on
	pid   int32
	cpu   float32
	count int32 // samples in cpu

	memory                          int32 // KiB: no page is smaller
	descriptors, threads, processes int32
}

// kibibytes are enough for 2 TiB, and tell no more of what has that.
func kibibytes(n int64) int32 {
	if n == supervise.Unmeasured {
		return supervise.Unmeasured
	}
	return int32(min(n>>10, math.MaxInt32))
}

func inBytes(kib int32) int64 {
	if kib == supervise.Unmeasured {
		return supervise.Unmeasured
	}
	return int64(kib) << 10
}

// ring is the memory of the last max steps, which are not all there: nothing is
// told of those in which nothing was measured.
type ring struct {
	points []point
	oldest int // index, once there are max points
}

// add takes a sample into the step it falls in: with others of the same
// incarnation there, CPU becomes the mean and the rest the highest.
func (r *ring) add(slot int32, u *supervise.Usage, max int) {
	p := point{
		slot: slot, pid: int32(u.PID), cpu: supervise.Unmeasured, memory: kibibytes(u.Memory),
		descriptors: int32(u.Descriptors), threads: int32(u.Threads), processes: int32(u.Processes),
	}
	if u.CPU != supervise.Unmeasured {
		p.cpu, p.count = float32(u.CPU), 1
	}
	if last := r.last(); last != nil && last.slot == slot && last.pid == p.pid {
		last.merge(&p)
		return
	}
	r.push(p, max)
}

func (r *ring) push(p point, limit int) {
	if len(r.points) == limit {
		r.points[r.oldest] = p
		r.oldest = (r.oldest + 1) % limit
		return
	}
	if len(r.points) == cap(r.points) { // to no more than it will hold
		grown := make([]point, len(r.points), min(max(2*cap(r.points), 8), limit))
		copy(grown, r.points)
		r.points = grown
	}
	r.points = append(r.points, p)
}

func (r *ring) last() *point {
	if len(r.points) == 0 {
		return nil
	}
	return &r.points[(r.oldest+len(r.points)-1)%len(r.points)]
}

func (p *point) merge(q *point) {
	if q.count > 0 {
		sum := q.cpu
		if p.count > 0 {
			sum += p.cpu * float32(p.count)
		}
		p.count++
		p.cpu = sum / float32(p.count)
	}
	p.memory = max(p.memory, q.memory)
	p.descriptors = max(p.descriptors, q.descriptors)
	p.threads = max(p.threads, q.threads)
	p.processes = max(p.processes, q.processes)
}

// after gives the points of the slots after one, oldest first.
func (r *ring) after(slot int32) iter.Seq[*point] {
	return func(yield func(*point) bool) {
		for i := range r.points {
			if p := &r.points[(r.oldest+i)%len(r.points)]; p.slot > slot && !yield(p) {
				return
			}
		}
	}
}

func (p *point) usage() supervise.Usage {
	return supervise.Usage{
		PID: int(p.pid), CPU: float64(p.cpu), CPUTime: supervise.Unmeasured, Memory: inBytes(p.memory),
		Descriptors: int64(p.descriptors), Threads: int64(p.threads), Processes: int64(p.processes),
	}
}

// series is all that is known of one process of the configuration.
type series struct {
	pid int32 // of its child, by the feed; 0 for none

	usage supervise.Usage // the last sample
	start uint64          // when its incarnation began
	pass  uint64          // number of the pass it was taken in
	cpu   time.Duration   // processor time of all incarnations so far

	recent, hour ring
}
