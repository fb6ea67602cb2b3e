//go:build unix

package engine

import (
	"container/heap"
	"time"
)

// deadline is something that happens at a time. It knows its place in the heap,
// so that it can be moved or taken back.
type deadline struct {
	at    time.Time
	rank  rank // who goes first when two fall due together
	due   func()
	index int // in the heap, plus one; 0 when not armed
	round int // the fire during or before which it was armed
}

// rank orders deadlines of the same moment as the original's loop would meet
// their processes.
type rank struct {
	group, process int // priorities
	name           string
}

func (r rank) before(other rank) bool {
	if r.group != other.group {
		return r.group < other.group
	}
	if r.process != other.process {
		return r.process < other.process
	}
	return r.name < other.name
}

func (d *deadline) armed() bool { return d.index > 0 }

// deadlines is a heap, the earliest on top.
type deadlines struct {
	heap  deadlineHeap
	round int // counts calls of fire
}

// set arms d, or moves it.
func (ds *deadlines) set(d *deadline, at time.Time) {
	d.at, d.round = at, ds.round
	if d.armed() {
		heap.Fix(&ds.heap, d.index-1)
		return
	}
	heap.Push(&ds.heap, d)
}

// clear takes d back; one that is not armed is left alone.
func (ds *deadlines) clear(d *deadline) {
	d.round = 0
	if d.armed() {
		heap.Remove(&ds.heap, d.index-1)
	}
}

// next is when the earliest falls due; false if nothing is awaited.
func (ds *deadlines) next() (time.Time, bool) {
	if len(ds.heap) == 0 {
		return time.Time{}, false
	}
	return ds.heap[0].at, true
}

// fire calls, in order, every deadline that is not later than now. One that a
// call arms for a time already come waits for the next turn, so that a turn
// always ends; one that a call takes back does not fire.
func (ds *deadlines) fire(now time.Time) {
	ds.round++
	var rearmed []*deadline
	for len(ds.heap) > 0 && !ds.heap[0].at.After(now) {
		d := heap.Pop(&ds.heap).(*deadline)
		if d.round == ds.round {
			rearmed = append(rearmed, d)
			continue
		}
		d.due()
	}
	for _, d := range rearmed {
		if !d.armed() && d.round == ds.round {
			heap.Push(&ds.heap, d)
		}
	}
}

type deadlineHeap []*deadline

func (h deadlineHeap) Len() int { return len(h) }

func (h deadlineHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].rank.before(h[j].rank)
}

func (h deadlineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i+1, j+1
}

func (h *deadlineHeap) Push(x any) {
	d := x.(*deadline)
	*h = append(*h, d)
	d.index = len(*h)
}

func (h *deadlineHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.index = 0
	return d
}

// earliest is the first of the times that are not zero; zero if all are.
func earliest(times ...time.Time) (first time.Time) {
	for _, at := range times {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// arm sets the loop's one timer to the earliest deadline.
func (e *Engine) arm() {
	at, any := e.deadlines.next()
	if !any {
		e.timer.Stop()
		return
	}
	e.timer.Reset(time.Until(at))
}
