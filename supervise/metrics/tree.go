//go:build unix

package metrics

import "supervisor/supervise"

// assign finds the owner of every process: roots are the pids of the programs'
// children, in any order, and an owner is an index of theirs.
func assign(procs []proc, roots []int32) {
	for i := range procs {
		procs[i].owner = unknown
	}
	for i, pid := range roots {
		if at := find(procs, pid); at >= 0 {
			procs[at].owner = int32(i)
		}
	}
	inherit(procs)
	for adopt(procs) {
		inherit(procs)
	}
}

// inherit gives everybody whose owner is unknown that of the nearest ancestor who
// has one, and marks the others as nobody's.
func inherit(procs []proc) {
	for i := range procs {
		if procs[i].owner != unknown {
			continue
		}
		owner := int32(nobody)
		// A list that was made while pids were given anew may have a circle in it.
		at, steps := i, 0
		for ; at >= 0 && steps < len(procs); steps++ {
			if procs[at].owner != unknown {
				owner = procs[at].owner
				break
			}
			at = find(procs, procs[at].ppid)
		}
		for at := i; at >= 0 && procs[at].owner == unknown; at = find(procs, procs[at].ppid) {
			procs[at].owner = owner
		}
	}
}

// adopt gives those who are nobody's to the owner of their process group's leader
// or of their session's, and tells whether there were any. Their descendants are
// unknown again.
func adopt(procs []proc) bool {
	found := false
	for i := range procs {
		if procs[i].owner != nobody {
			continue
		}
		for _, leader := range [...]int32{procs[i].group, procs[i].session} {
			if at := find(procs, leader); at >= 0 && procs[at].owner >= 0 {
				procs[i].owner, found = procs[at].owner, true
				break
			}
		}
	}
	if found {
		for i := range procs {
			if procs[i].owner == nobody {
				procs[i].owner = unknown
			}
		}
	}
	return found
}

// account finds what everybody has used since the list before, in which the
// owners are needed too.
func account(before, now []proc) {
	i := 0
	for at := range now {
		p := &now[at]
		for i < len(before) && before[i].pid < p.pid {
			i++
		}
		p.spent, p.credit = p.own, p.buried // all of it, if it is new
		if p.own == supervise.Unmeasured {
			p.credit = 0
		} else if i < len(before) && same(&before[i], p) && before[i].own != supervise.Unmeasured {
			p.spent, p.credit = max(p.own-before[i].own, 0), p.buried-before[i].buried
		}
	}
	bury(before, now)
	for at := range now {
		if p := &now[at]; p.credit > 0 {
			p.spent += p.credit
		}
	}
}

// bury takes what was counted while the dead lived out of the account it has gone
// to: that of the parent, or of who buried the parent too. Somebody nobody waits
// for has no heir, and then nothing has gone anywhere.
func bury(before, now []proc) {
	for i := range before {
		dead := &before[i]
		if dead.owner < 0 || dead.own == supervise.Unmeasured || survivor(dead, now) >= 0 {
			continue
		}
		for up, steps := find(before, dead.ppid), 0; up >= 0 && steps < len(before); steps++ {
			if heir := survivor(&before[up], now); heir >= 0 {
				now[heir].credit -= dead.own + dead.buried
				break
			}
			up = find(before, before[up].ppid)
		}
	}
}

// survivor gives the index of a process in a later list, -1 if it is gone.
func survivor(p *proc, now []proc) int {
	if at := find(now, p.pid); at >= 0 && same(p, &now[at]) {
		return at
	}
	return -1
}

func same(a, b *proc) bool { return a.pid == b.pid && a.start == b.start }
