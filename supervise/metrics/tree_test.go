//go:build unix

package metrics

import (
	"slices"
	"testing"
	"time"

	"supervisor/supervise"
)

// family is a list of processes in the order of their pids.
func family(all ...proc) []proc {
	slices.SortFunc(all, byPID)
	return all
}

func TestAProcessBelongsToWhoeverItDescendsFromOrStaysWith(t *testing.T) {
	list := family(
		proc{pid: 1, ppid: 0, group: 1, session: 1},
		proc{pid: 10, ppid: 1, group: 10, session: 10},     // supervisord
		proc{pid: 20, ppid: 10, group: 20, session: 10},    // the child of one
		proc{pid: 30, ppid: 10, group: 30, session: 10},    // the child of another
		proc{pid: 40, ppid: 10, group: 40, session: 10},    // somebody's who is not supervised
		proc{pid: 21, ppid: 20, group: 20, session: 10},    // a child's child
		proc{pid: 5, ppid: 21, group: 20, session: 10},     // and its, after the pids went round
		proc{pid: 22, ppid: 21, group: 22, session: 22},    // one that made a session, and has its parent
		proc{pid: 23, ppid: 1, group: 20, session: 10},     // one that lost its parent
		proc{pid: 24, ppid: 23, group: 24, session: 10},    // a child of that
		proc{pid: 25, ppid: 1, group: 99, session: 22},     // one that lost parent and group, but not the session
		proc{pid: 26, ppid: 1, group: 24, session: 10},     // in the group of one that was taken in itself
		proc{pid: 27, ppid: 1, group: 27, session: 27},     // a daemon: nobody's any more
		proc{pid: 28, ppid: 27, group: 27, session: 27},    // and its child
		proc{pid: 2, ppid: 0, group: 0, session: 0},        // the kernel's
		proc{pid: 50, ppid: 51, group: 0, session: 0},      // two that are each other's parents:
		proc{pid: 51, ppid: 50, group: 0, session: 0},      // a list made while pids were given anew
		proc{pid: 52, ppid: 4000, group: 4000, session: 0}, // one whose parent is hidden
	)
	assign(list, []int32{30, 20, 7000})
	for _, p := range list {
		want := int32(nobody)
		switch p.pid {
		case 30:
			want = 0
		case 20, 21, 5, 22, 23, 24, 25, 26:
			want = 1
		}
		if p.owner != want {
			t.Errorf("process %d belongs to %d, want %d", p.pid, p.owner, want)
		}
	}
}

func TestProcessorTimeIsCountedOnce(t *testing.T) {
	const s = time.Second
	root := func(own, buried time.Duration) proc {
		return proc{pid: 20, ppid: 10, start: 1, own: own, buried: buried}
	}
	for _, tt := range []struct {
		name   string
		before []proc
		now    []proc
		spent  time.Duration
	}{
		{"what it used itself", family(root(5*s, 9*s)), family(root(7*s, 9*s)), 2 * s},
		{"nothing", family(root(5*s, 9*s)), family(root(5*s, 9*s)), 0},
		{"with a child", family(root(5*s, 0), proc{pid: 21, ppid: 20, start: 2, own: s}), family(root(6*s, 0), proc{pid: 21, ppid: 20, start: 2, own: 4 * s}), 4 * s},
		{"a child that is new", family(root(5*s, 0)), family(root(5*s, 0), proc{pid: 21, ppid: 20, start: 2, own: s, buried: s}), 2 * s},
		{"a child that came and went", family(root(5*s, 0)), family(root(5*s, 3*s)), 3 * s},
		{"a child that died", family(root(5*s, 0), proc{pid: 21, ppid: 20, start: 2, own: 2 * s, buried: s}), family(root(5*s, 4*s)), s},
		{"a child and its child that died", family(root(0, 0), proc{pid: 21, ppid: 20, start: 2, own: 2 * s}, proc{pid: 22, ppid: 21, start: 2, own: 3 * s}), family(root(0, 6*s)), s},
		{"a child that died unmourned", family(root(5*s, 0), proc{pid: 21, ppid: 20, start: 2, own: 9 * s}), family(root(6*s, 0)), s},
		{"another with the pid of one that died", family(root(5*s, 0), proc{pid: 21, ppid: 20, start: 2, own: 2 * s}), family(root(5*s, 2*s), proc{pid: 21, ppid: 20, start: 8, own: s}), s},
		{"a clock that ran back", family(root(5*s, 9*s)), family(root(4*s, 8*s)), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assign(tt.before, []int32{20})
			assign(tt.now, []int32{20})
			account(tt.before, tt.now)
			var spent time.Duration
			for _, p := range tt.now {
				spent += p.spent
			}
			if spent != tt.spent {
				t.Errorf("%v, want %v", spent, tt.spent)
			}
		})
	}
}

func TestASumThatLacksAPartIsNotTold(t *testing.T) {
	var tr tree
	tr.count = true
	sys := &fakeSystem{}
	tr.add(&proc{pid: 1, own: time.Second, memory: 10, threads: 1}, sys)
	foreign := unmeasured(2, 1, 1)
	tr.add(&foreign, sys)
	tr.add(&proc{pid: 3, own: time.Second, memory: 10, threads: 1}, sys)
	if !tr.untold || tr.memory != supervise.Unmeasured || tr.threads != supervise.Unmeasured || tr.processes != 3 {
		t.Errorf("%+v", tr)
	}
}

func TestTheDeadThatNobodyWaitedForAreNotCountedAsAlive(t *testing.T) {
	var tr tree
	tr.add(&proc{pid: 1, own: time.Second, spent: time.Second, zombie: true, memory: 10, threads: 1}, &fakeSystem{})
	if tr.processes != 0 || tr.memory != 0 || tr.threads != 0 || tr.spent != time.Second {
		t.Errorf("%+v", tr)
	}
}
