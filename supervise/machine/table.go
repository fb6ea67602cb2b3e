package machine

import (
	"time"

	"supervisor/supervise"
)

// cell is what one kind of input does in one phase.
type cell func(m *Machine, in Input, now time.Time)

// phase is a row of the table: a state, told apart where the child is not simply
// there or not there.
type phase int

const (
	stopped  phase = iota
	forking        // STARTING, the fork under way
	starting       // STARTING, the child alive
	running
	failing // STARTING or RUNNING, the child told to end for its Failure
	backoff
	stopping
	exited
	fatal
	lost          // UNKNOWN, the child alive
	lostForking   // UNKNOWN, the fork under way
	lostChildless // UNKNOWN, no child
	phases        // how many there are
)

// kind is a column of the table: an input, told apart where it means two things.
type kind int

const (
	start kind = iota
	autostart
	stop
	shutdown
	restart
	spawned
	spawnFailed
	died
	fail
	signalFailed
	panicked
	due
	moodUp
	moodDown
	kinds // how many there are
)

// table is the whole behaviour: a process in this phase meets that input. What
// is not listed means nothing, and has no effect.
var table = [phases][kinds]cell{
	stopped: {
		start:     startByHand,
		autostart: startFirst,
		stop:      notRunning,
		restart:   startByHand,
		panicked:  becomeUnknown,
		moodUp:    startFirst,
	},
	forking: {
		start:       alreadyRunning,
		stop:        wantDown,
		shutdown:    wantDown,
		restart:     wantUpAfterDown,
		spawned:     born,
		spawnFailed: stillborn,
		panicked:    becomeUnknown,
		moodDown:    forgetRestart,
	},
	starting: {
		start:        alreadyRunning,
		stop:         stopChild,
		shutdown:     stopChild,
		restart:      restartChild,
		died:         exitWhileStarting,
		fail:         failChild,
		signalFailed: signalProblem,
		panicked:     becomeUnknown,
		due:          stayedUp,
	},
	running: {
		start:        alreadyRunning,
		stop:         stopChild,
		shutdown:     stopChild,
		restart:      restartChild,
		died:         exitByItself,
		fail:         failChild,
		signalFailed: signalProblem,
		panicked:     becomeUnknown,
	},
	failing: {
		start:        alreadyRunning,
		stop:         stopChild,
		shutdown:     stopChild,
		restart:      restartChild,
		died:         exitFailing,
		signalFailed: signalProblem,
		panicked:     becomeUnknown,
		due:          endFailing,
	},
	backoff: {
		start:    startByHand,
		stop:     stopWaiting,
		shutdown: giveUpAtShutdown,
		restart:  startByHand,
		panicked: becomeUnknown,
		due:      startAgain,
		moodUp:   waitForRetry,
		moodDown: waitForMood,
	},
	stopping: {
		start:        alreadyRunning,
		stop:         wantDown,
		shutdown:     wantDown,
		restart:      wantUpAfterDown,
		died:         exitAsAsked,
		signalFailed: signalProblem,
		panicked:     becomeUnknown,
		due:          killHarder,
		moodDown:     forgetRestart,
	},
	exited: {
		start:    startByHand,
		stop:     notRunning,
		restart:  startByHand,
		panicked: becomeUnknown,
		moodUp:   autorestart,
	},
	fatal: {
		start:    startByHand,
		stop:     notRunning,
		restart:  startByHand,
		panicked: becomeUnknown,
	},
	lost: {
		start:        alreadyRunning,
		stop:         stopChild,
		shutdown:     stopChild,
		restart:      restartChild,
		died:         exitWhileUnknown,
		signalFailed: signalProblem,
		panicked:     becomeUnknown,
		moodDown:     forgetRestart,
	},
	lostForking: {
		start:       alreadyRunning,
		stop:        wantDown,
		shutdown:    wantDown,
		restart:     wantUpAfterDown,
		spawned:     bornWhileUnknown,
		spawnFailed: stillbornWhileUnknown,
		panicked:    becomeUnknown,
		moodDown:    forgetRestart,
	},
	lostChildless: {
		start:    startByHand,
		stop:     settleDown,
		restart:  startByHand,
		panicked: becomeUnknown,
	},
}

// cell finds what in does now. Nothing starts while supervisord does not run, and
// a Due that is not due is none: both find an empty place. The mood is taken over
// first, because every state must know it and only some act on it.
func (m *Machine) cell(in Input, now time.Time) cell {
	if changed, ok := in.(MoodChanged); ok {
		m.mood = changed.Mood
	}
	k := kindOf(in)
	switch k {
	case start, autostart, restart:
		if !m.mayStart() {
			return nil
		}
	case due:
		if m.facts.Next.IsZero() || now.Before(m.facts.Next) {
			return nil
		}
	}
	return table[m.phase()][k]
}

func (m *Machine) phase() phase {
	switch m.facts.State {
	case supervise.StateStopped:
		return stopped
	case supervise.StateStarting:
		switch {
		case m.inFlight:
			return forking
		case m.facts.Failure != "":
			return failing
		}
		return starting
	case supervise.StateRunning:
		if m.facts.Failure != "" {
			return failing
		}
		return running
	case supervise.StateBackoff:
		return backoff
	case supervise.StateStopping:
		return stopping
	case supervise.StateExited:
		return exited
	case supervise.StateFatal:
		return fatal
	default: // UNKNOWN
		return m.lostPhase()
	}
}

func (m *Machine) lostPhase() phase {
	switch {
	case m.inFlight:
		return lostForking
	case m.facts.PID != 0:
		return lost
	}
	return lostChildless
}

func kindOf(in Input) kind {
	switch in := in.(type) {
	case Start:
		if in.By == ByAutostart {
			return autostart
		}
		return start
	case Stop:
		if in.Shutdown {
			return shutdown
		}
		return stop
	case Restart:
		return restart
	case Spawned:
		return spawned
	case SpawnFailed:
		return spawnFailed
	case Exited:
		return died
	case Fail:
		return fail
	case SignalFailed:
		return signalFailed
	case Panicked:
		return panicked
	case Due:
		return due
	case MoodChanged:
		if in.Mood == supervise.MoodRunning {
			return moodUp
		}
		return moodDown
	}
	panic("machine: an Input of no kind")
}
