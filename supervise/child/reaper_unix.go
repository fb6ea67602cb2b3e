//go:build unix

package child

import (
	"slices"
	"syscall"
	"time"

	"supervisor/supervise"
)

// Who has died? wait4(-1) gives a pid, and the pid must be known by then: it is
// entered into byPID after the fork that made it. A child may die before that,
// and a fork whose exec fails makes a child that ForkExec itself waits for. So
// nobody whom byPID does not know may be reaped while a birth is under way.
//
// Holding a lock during the birth would do, but exec can hang for ever (a binary
// on a dead network file system) and Reap is called by a loop that must not. So
// Reap refuses while a birth is young, and is asked again when it is over; if it
// grows old, Reap asks for each known child by its pid instead.

// flight is the birth under way; there is one spawner, so there is one at most.
type flight struct {
	since   time.Time // zero for none
	refused bool      // Reap was called meanwhile and wants to be called again
	nudge   *time.Timer
}

// fly forks: fork gives the new pid, which enters byPID with r.
func (h *OSHost) fly(r *record, fork func() (int, error)) (int, error) {
	h.mu.Lock()
	h.flight.since = time.Now()
	h.mu.Unlock()

	pid, err := fork()

	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.byPID[pid] = r
	}
	h.land()
	return pid, err
}

// land ends the flight and lets Reap come back if it was sent away.
func (h *OSHost) land() {
	refused, nudge := h.flight.refused, h.flight.nudge
	h.flight = flight{}
	if nudge != nil {
		nudge.Stop()
	}
	if refused {
		token(h.died)
	}
}

// Reap collects the dead. It may find none, for a birth is under way: then
// ChildrenDied follows when it is over.
func (h *OSHost) Reap() []Exit {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.flight.since.IsZero() {
		return h.reapAll()
	}
	h.flight.refused = true
	if time.Since(h.flight.since) >= patience {
		return h.reapKnown()
	}
	if h.flight.nudge == nil {
		h.flight.nudge = time.AfterFunc(patience, func() { token(h.died) })
	}
	return nil
}

// reapAll collects until no child of this process is dead: SIGCHLD does not
// count.
func (h *OSHost) reapAll() (exits []Exit) {
	for {
		exit, ok := h.reapOne(-1)
		if !ok {
			return exits
		}
		exits = append(exits, exit...)
	}
}

// reapKnown collects the dead among those whose pids are known, in the order of
// their pids.
func (h *OSHost) reapKnown() (exits []Exit) {
	pids := make([]int, 0, len(h.byPID))
	for pid := range h.byPID {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	for _, pid := range pids {
		if exit, ok := h.reapOne(pid); ok {
			exits = append(exits, exit...)
		}
	}
	return exits
}

// reapOne collects one child: which, or any for -1. ok is false when none was
// dead. A helper of ours is collected without being told.
func (h *OSHost) reapOne(which int) (exits []Exit, ok bool) {
	var status syscall.WaitStatus
	var used syscall.Rusage
	pid, err := syscall.Wait4(which, &status, syscall.WNOHANG, &used)
	for err == syscall.EINTR {
		pid, err = syscall.Wait4(which, &status, syscall.WNOHANG, &used)
	}
	if err != nil || pid <= 0 { // ECHILD: we have no children at all
		return nil, false
	}
	r := h.byPID[pid]
	delete(h.byPID, pid)
	if r != nil && r.helper {
		return nil, true
	}
	exit := exitOf(r, pid, status)
	exit.Usage = usageOf(used)
	return []Exit{exit}, true
}

// exitOf reads a wait status (options.py decode_wait_status).
func exitOf(r *record, pid int, status syscall.WaitStatus) Exit {
	exit := Exit{Key: -1, PID: pid, Status: -1}
	if r != nil {
		exit.Key, exit.Incarnation = r.key, r.incarnation
	}
	switch {
	case status.Exited():
		exit.Status = status.ExitStatus()
	case status.Signaled():
		exit.Signal = supervise.Signal(status.Signal())
		exit.CoreDumped = status.CoreDump()
	}
	return exit
}

// announceDeaths makes one ChildrenDied of however many signals came while the
// last one was being told.
func (h *OSHost) announceDeaths() {
	for {
		select {
		case <-h.sigchld:
		case <-h.died:
		case <-h.closing:
			return
		}
		h.tell(ChildrenDied{})
	}
}
