//go:build unix

package metrics

import (
	"cmp"
	"slices"
	"time"

	"supervisor/supervise"
)

// proc is one process of the system, as one pass found it.
type proc struct {
	pid, ppid, group, session int32

	zombie  bool
	threads int32         // as all figures, Unmeasured if this system does not tell
	start   uint64        // when it began, in whatever unit: tells it from a later one with its pid
	own     time.Duration // processor time of its own
	buried  time.Duration // and of the children it has buried
	memory  int64         // resident bytes

	file int32 // where the system keeps it open; noFile for nowhere

	// Found by assign and account.
	owner         int32         // index of the root it belongs to, or nobody
	spent, credit time.Duration // used since the list before; by children it has buried since
}

const (
	nobody  = -1
	unknown = -2 // not looked at yet
	noFile  = -1
)

// system tells what runs.
type system interface {
	// list gives every process in the order of the pids, in the memory of into.
	// before is the list of the pass before, with the owners found since.
	list(before, into []proc) ([]proc, error)
	// descriptors counts the open ones of a process; 0 if it is gone.
	descriptors(p *proc) int64
	// slow tells that counting descriptors costs much, so that it is done rarely.
	slow() bool
	// rest lets go of everything that is kept between passes.
	rest(before []proc)
}

// find gives the index of a pid, or -1.
func find(procs []proc, pid int32) int {
	i, found := slices.BinarySearchFunc(procs, pid, func(p proc, pid int32) int { return cmp.Compare(p.pid, pid) })
	if !found {
		return -1
	}
	return i
}

func byPID(a, b proc) int { return cmp.Compare(a.pid, b.pid) }

// plus adds two figures of which either may be missing: a sum that lacks a part
// is not told.
func plus(sum, part int64) int64 {
	if sum == supervise.Unmeasured || part == supervise.Unmeasured {
		return supervise.Unmeasured
	}
	return sum + part
}
