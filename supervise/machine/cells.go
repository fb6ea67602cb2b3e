package machine

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"supervisor/supervise"
)

// Starting.

// startFirst is autostart: only of a process that was never started and only if
// the configuration says so (process.py transition, "not self.laststart").
func startFirst(m *Machine, _ Input, now time.Time) {
	if m.policy.AutoStart && m.neverStarted() {
		m.begin(now)
	}
}

// startByHand begins a new series of tries. The original keeps the counter of the
// old one (process.py spawn); a person who tries again means it.
func startByHand(m *Machine, _ Input, now time.Time) {
	m.facts.Tries = 0
	m.begin(now)
}

// startAgain is the retry after a backoff, one more try in the same series.
func startAgain(m *Machine, _ Input, now time.Time) {
	m.facts.Restarts++
	m.begin(now)
}

// autorestart starts an exited process again if its policy says so: at once, with
// no limit and no pause (process.py transition).
func autorestart(m *Machine, _ Input, now time.Time) {
	wanted := m.policy.AutoRestart == RestartAlways ||
		m.policy.AutoRestart == RestartUnexpected && !m.facts.Expected
	if wanted {
		m.startOver(now)
	}
}

// startOver begins the next life after one that has just ended.
func (m *Machine) startOver(now time.Time) {
	if m.mayStart() {
		m.facts.Restarts++
		m.begin(now)
	}
}

// alreadyRunning answers a start of what has a child (process.py spawn).
func alreadyRunning(m *Machine, _ Input, _ time.Time) {
	m.note(supervise.LevelWarn, "process '%s' already running", m.name)
}

// begin moves to STARTING and asks for a child. It forgets the last exit first,
// as the original does even if the spawn then fails.
func (m *Machine) begin(now time.Time) {
	m.inFlight = true
	m.facts.Intent = Up
	m.facts.Started = now
	m.facts.ExitStatus, m.facts.ExitKnown, m.facts.ExitSignal, m.facts.TooSoon = 0, false, 0, 0
	m.facts.Expected = false
	m.facts.SpawnErr = ""
	m.disarm()
	m.enter(supervise.StateStarting, 0, now)
	m.do(Spawn{})
}

// mayStart tells whether supervisord still starts processes.
func (m *Machine) mayStart() bool { return m.mood == supervise.MoodRunning }

// Birth.

// born counts startsecs from here. The original takes the time just before its
// fork, which is the same moment; but our Spawn may have waited in a queue, and
// that time the child was not up.
func born(m *Machine, in Input, now time.Time) {
	m.welcome(in, now)
	if m.facts.Intent != Up {
		m.signalToStop(now)
		return
	}
	if m.policy.StartSecs <= 0 {
		stayedUp(m, in, now)
		return
	}
	m.arm(now.Add(m.policy.StartSecs))
}

func (m *Machine) welcome(in Input, now time.Time) {
	m.inFlight = false
	m.facts.PID = in.(Spawned).PID
	m.facts.Started = now
	m.note(supervise.LevelInfo, "spawned: '%s' with pid %d", m.name, m.facts.PID)
}

// stillborn is a start that made no child. What was asked for while it was tried
// is served now, as if it had been asked for in BACKOFF.
func stillborn(m *Machine, in Input, now time.Time) {
	m.mourn(in)
	m.enterBackoff(0, now)
	switch {
	case m.facts.Intent == Up:
		m.giveUpIfSpent(now)
	case m.facts.Intent == UpAfterDown:
		startByHand(m, in, now)
	case m.mayStart():
		stopWaiting(m, in, now)
	default:
		giveUpAtShutdown(m, in, now)
	}
}

func (m *Machine) mourn(in Input) {
	m.inFlight = false
	m.facts.SpawnErr = in.(SpawnFailed).Text
	m.note(supervise.LevelInfo, "spawnerr: %s", m.facts.SpawnErr)
}

// stayedUp is the end of startsecs. The original asks for strictly more than
// startsecs, but it looks once a second; here the moment itself is the first one
// at which the child has stayed up.
func stayedUp(m *Machine, _ Input, now time.Time) {
	m.facts.Tries = 0
	m.disarm()
	m.enter(supervise.StateRunning, m.facts.PID, now)
	m.note(supervise.LevelInfo,
		"success: %s entered RUNNING state, process has stayed up for > than %s seconds (startsecs)",
		m.name, strconv.FormatFloat(m.policy.StartSecs.Seconds(), 'f', -1, 64))
}

// Backoff.

// enterBackoff counts the failed try and waits one second longer than last time.
func (m *Machine) enterBackoff(pid int, now time.Time) {
	m.facts.Tries++
	if m.mayStart() && !m.spent() {
		m.arm(m.retryAt(now))
	} else {
		m.disarm()
	}
	m.enter(supervise.StateBackoff, pid, now)
}

// retryAt is the end of a pause that began at since.
func (m *Machine) retryAt(since time.Time) time.Time {
	return since.Add(time.Duration(m.facts.Tries) * time.Second)
}

// waitForRetry goes on with a pause that was entered, or went on, while nothing
// could start. If it is over already, the deadline is in the past.
func waitForRetry(m *Machine, _ Input, _ time.Time) { m.arm(m.retryAt(m.facts.Since)) }

// waitForMood stays in BACKOFF for as long as supervisord starts nothing.
func waitForMood(m *Machine, _ Input, _ time.Time) { m.disarm() }

// spent tells whether there were startretries retries after the first try.
func (m *Machine) spent() bool { return m.facts.Tries > m.policy.StartRetries }

func (m *Machine) giveUpIfSpent(now time.Time) {
	if !m.spent() {
		return
	}
	m.giveUp(now)
	m.note(supervise.LevelInfo,
		"gave up: %s entered FATAL state, too many start retries too quickly", m.name)
}

// giveUpAtShutdown is what a shutdown makes of a process in BACKOFF; the original
// logs nothing here (process.py stop_all).
func giveUpAtShutdown(m *Machine, _ Input, now time.Time) {
	m.facts.Intent = Down
	m.giveUp(now)
}

func (m *Machine) giveUp(now time.Time) {
	m.facts.Tries = 0
	m.disarm()
	m.enter(supervise.StateFatal, 0, now)
}

// stopWaiting is a stop in BACKOFF: there is no child to wait for.
func stopWaiting(m *Machine, _ Input, now time.Time) {
	m.note(supervise.LevelDebug, "Attempted to kill %s, which is in BACKOFF state.", m.name)
	m.facts.Intent = Down
	m.facts.Tries = 0
	m.disarm()
	m.enter(supervise.StateStopped, 0, now)
}

// Stopping.

// wantDown is a stop that must wait: for the fork to end, or for a death that has
// been asked for already. It takes back a start that was to follow.
func wantDown(m *Machine, _ Input, _ time.Time) {
	m.facts.Intent = Down
	m.facts.Tries = 0
}

// wantUpAfterDown is a restart that must wait likewise.
func wantUpAfterDown(m *Machine, _ Input, _ time.Time) {
	m.facts.Intent = UpAfterDown
	m.facts.Tries = 0
}

// forgetRestart drops the start that was to follow a stop: none will come.
func forgetRestart(m *Machine, _ Input, _ time.Time) {
	if m.facts.Intent == UpAfterDown {
		m.facts.Intent = Down
	}
}

func stopChild(m *Machine, in Input, now time.Time) {
	wantDown(m, in, now)
	m.signalToStop(now)
}

func restartChild(m *Machine, in Input, now time.Time) {
	wantUpAfterDown(m, in, now)
	m.signalToStop(now)
}

// signalToStop sends stopsignal and gives the child stopwaitsecs.
func (m *Machine) signalToStop(now time.Time) {
	m.facts.Failure, m.ending = "", false // who asked counts more
	m.noteKill(m.policy.StopSignal, m.policy.StopAsGroup)
	m.arm(now.Add(m.policy.StopWait))
	m.enter(supervise.StateStopping, m.facts.PID, now)
	m.do(Signal{Sig: m.policy.StopSignal, Group: m.policy.StopAsGroup})
}

// killHarder is what follows when stopwaitsecs are over, again and again until
// the child is dead (process.py transition). With stopwaitsecs=0 the original
// repeats it once a pass, which is a second.
func killHarder(m *Machine, _ Input, now time.Time) {
	m.note(supervise.LevelWarn, "killing '%s' (%d) with SIGKILL", m.name, m.facts.PID)
	m.noteKill(sigKill, m.policy.KillAsGroup)
	m.arm(now.Add(max(m.policy.StopWait, time.Second)))
	m.do(Signal{Sig: sigKill, Group: m.policy.KillAsGroup, Overdue: true})
}

const sigKill supervise.Signal = 9 // on every system we run on

func (m *Machine) noteKill(sig supervise.Signal, group bool) {
	whom := ""
	if group {
		whom = "process group "
	}
	m.note(supervise.LevelDebug, "killing %s (pid %d) %swith signal %s",
		m.name, m.facts.PID, whom, sig)
}

// notRunning answers a stop of what has no child (process.py kill).
func notRunning(m *Machine, _ Input, _ time.Time) {
	m.facts.Intent = Down
	m.note(supervise.LevelDebug, "attempted to kill %s with sig %s but it wasn't running",
		m.name, m.policy.StopSignal)
}

// Failing.

// leastLife is how long a RUNNING child has at least before it is ended for a
// Failure. One that fails within startsecs is a failed start, which has pauses and an
// end; without startsecs nothing else would keep one that always fails at once from
// being forked as fast as can be.
const leastLife = time.Second

// failChild begins to end a child that is of no use. Its state stays what it is until
// it is dead: to all who watch it ends as any other that ends by itself.
func failChild(m *Machine, in Input, now time.Time) {
	m.facts.Failure = in.(Fail).Why
	m.note(supervise.LevelWarn, "ending %s (pid %d), which %s", m.name, m.facts.PID, m.facts.Failure)
	if soonest := m.facts.Started.Add(leastLife); m.facts.State == supervise.StateRunning && now.Before(soonest) {
		m.arm(soonest)
		return
	}
	endFailing(m, in, now)
}

// endFailing sends stopsignal, and KILL when stopwaitsecs are over.
func endFailing(m *Machine, in Input, now time.Time) {
	if m.ending {
		killHarder(m, in, now)
		return
	}
	m.ending = true
	m.noteKill(m.policy.StopSignal, m.policy.StopAsGroup)
	m.arm(now.Add(m.policy.StopWait))
	m.do(Signal{Sig: m.policy.StopSignal, Group: m.policy.StopAsGroup})
}

// exitFailing is the death that follows. Whatever its status, nobody expects it; and
// whatever autorestart says, another child is started, for which this one was ended.
func exitFailing(m *Machine, in Input, now time.Time) {
	why := m.facts.Failure
	if m.facts.State == supervise.StateStarting {
		m.exitEarly(in, now, why)
		return
	}
	m.exitUnasked(in, now, why)
	m.startOver(now)
}

// Death.

// exitWhileStarting tells a failed start from the end of a short life. An exit
// within startsecs is failure whatever its status.
func exitWhileStarting(m *Machine, in Input, now time.Time) {
	if max(now.Sub(m.facts.Started), 0) < m.policy.StartSecs {
		m.exitTooQuickly(in, now)
		return
	}
	m.facts.Tries = 0
	m.disarm()
	m.enter(supervise.StateRunning, m.facts.PID, now) // and no "success" line (process.py finish)
	exitByItself(m, in, now)
}

func (m *Machine) exitTooQuickly(in Input, now time.Time) {
	m.exitEarly(in, now, "Exited too quickly (process log may have details)")
}

// exitEarly makes a failed start of a death.
func (m *Machine) exitEarly(in Input, now time.Time, why string) {
	pid := m.bury(in, now)
	m.facts.TooSoon = m.facts.ExitStatus
	m.facts.ExitStatus, m.facts.ExitKnown = 0, false
	m.facts.Expected = false
	m.facts.SpawnErr = why
	m.enterBackoff(pid, now)
	m.note(supervise.LevelWarn, "exited: %s (%s; not expected)", m.name, howItEnded(in))
	m.giveUpIfSpent(now)
}

// exitByItself is a death nobody asked for. It goes on as autorestart says.
func exitByItself(m *Machine, in Input, now time.Time) {
	m.exitUnasked(in, now, fmt.Sprintf("Bad exit code %d", in.(Exited).Status))
	autorestart(m, in, now)
}

// exitUnasked makes EXITED of a death. why is told of one that is not expected.
func (m *Machine) exitUnasked(in Input, now time.Time, why string) {
	pid := m.bury(in, now)
	m.facts.Tries = 0
	m.disarm()
	level, verdict := supervise.LevelInfo, "expected"
	if !m.facts.Expected {
		level, verdict = supervise.LevelWarn, "not expected"
		m.facts.SpawnErr = why
	}
	m.enter(supervise.StateExited, pid, now)
	m.note(level, "exited: %s (%s; %s)", m.name, howItEnded(in), verdict)
}

// exitAsAsked is the end of a stop, whatever the status. A death by the stop
// signal is a WARN nevertheless, since -1 is in no exitcodes (process.py finish).
func exitAsAsked(m *Machine, in Input, now time.Time) {
	pid := m.bury(in, now)
	m.disarm()
	m.enter(supervise.StateStopped, pid, now)
	level := supervise.LevelWarn
	if m.facts.Expected {
		level = supervise.LevelInfo
	}
	m.note(level, "stopped: %s (%s)", m.name, howItEnded(in))
	if m.facts.Intent == UpAfterDown {
		m.begin(now)
	}
}

// exitWhileUnknown makes the process known again. The original fails an
// assertion here, and with it supervisord ends (process.py finish).
func exitWhileUnknown(m *Machine, in Input, now time.Time) {
	if m.facts.Intent == Up {
		exitByItself(m, in, now)
		return
	}
	exitAsAsked(m, in, now)
}

// bury takes down how the child ended, and returns the pid it had.
func (m *Machine) bury(in Input, now time.Time) (pid int) {
	exit := in.(Exited)
	pid, m.facts.PID = m.facts.PID, 0
	m.facts.Stopped = now
	m.facts.ExitStatus, m.facts.ExitKnown = exit.Status, true
	m.facts.ExitSignal = exit.Signal
	m.facts.Expected = m.facts.Failure == "" && slices.Contains(m.policy.ExitCodes, exit.Status)
	m.facts.Failure, m.ending = "", false
	return pid
}

// howItEnded is the phrase of options.py decode_wait_status.
func howItEnded(in Input) string {
	exit := in.(Exited)
	if exit.Status >= 0 {
		return "exit status " + strconv.Itoa(exit.Status)
	}
	phrase := "terminated by " + exit.Signal.String()
	if exit.CoreDumped {
		phrase += " (core dumped)"
	}
	return phrase
}

// Trouble.

// signalProblem is a kill(2) that failed. That there is no such process is no
// trouble: its death is on the way.
func signalProblem(m *Machine, in Input, now time.Time) {
	failure := in.(SignalFailed)
	doing, when := "killing", "just"
	if failure.ByPerson {
		doing, when = "sending sig", "just now"
	}
	if failure.Gone {
		m.note(supervise.LevelDebug,
			"unable to signal %s (pid %d), it probably %s exited on its own: [Errno 3] No such process",
			m.name, m.facts.PID, when)
		return
	}
	m.note(supervise.LevelCritical, "unknown problem %s %s (%d):%v", doing, m.name, m.facts.PID, failure.Err)
	m.enterUnknown(now)
}

// becomeUnknown contains a fault of our own code to the one process it hit.
func becomeUnknown(m *Machine, in Input, now time.Time) {
	m.note(supervise.LevelCritical, "unknown problem with %s (%d):%v", m.name, m.facts.PID, in.(Panicked).Value)
	m.enterUnknown(now)
}

func (m *Machine) enterUnknown(now time.Time) {
	m.facts.Failure, m.ending = "", false
	m.disarm()
	m.enter(supervise.StateUnknown, m.facts.PID, now)
}

// bornWhileUnknown and stillbornWhileUnknown end a fork that was under way when
// the trouble came; what was asked for since then is served.
func bornWhileUnknown(m *Machine, in Input, now time.Time) {
	m.welcome(in, now)
	if m.facts.Intent != Up {
		m.signalToStop(now)
	}
}

func stillbornWhileUnknown(m *Machine, in Input, now time.Time) {
	m.mourn(in)
	switch m.facts.Intent {
	case Up: // nothing was asked for
	case Down:
		settleDown(m, in, now)
	case UpAfterDown:
		startByHand(m, in, now)
	}
}

// settleDown is a stop of an UNKNOWN process that has no child.
func settleDown(m *Machine, _ Input, now time.Time) {
	m.facts.Intent = Down
	m.facts.Tries = 0
	m.enter(supervise.StateStopped, 0, now)
}

// Effects.

// enter changes the state and then announces it, as the original does: who hears
// of it finds it so. pid is the child the change is about.
func (m *Machine) enter(to supervise.State, pid int, now time.Time) {
	from := m.facts.State
	if to == from {
		return
	}
	m.facts.State = to
	m.facts.Since = now
	m.do(Announce{
		From: from, To: to, PID: pid,
		Tries: m.facts.Tries, Expected: m.facts.Expected,
		Facts: m.facts,
	})
}

func (m *Machine) arm(at time.Time) {
	m.facts.Next = at
	m.do(Arm{At: at})
}

// disarm takes back a deadline, if one is armed.
func (m *Machine) disarm() {
	if m.facts.Next.IsZero() {
		return
	}
	m.facts.Next = time.Time{}
	m.do(Disarm{})
}

func (m *Machine) note(level supervise.Level, format string, args ...any) {
	m.do(Note{Level: level, Text: fmt.Sprintf(format, args...)})
}

func (m *Machine) do(e Effect) { m.effects = append(m.effects, e) }
