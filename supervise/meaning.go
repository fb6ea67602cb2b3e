package supervise

import (
	"fmt"
	"time"
)

// Meaning is what the end of a life says: a code with its parameters, for those
// who have words of their own, and a sentence in English. The sentence begins in
// small letters and has no full stop, so that it fits behind a name.
type Meaning struct {
	Code   MeaningCode
	Status int           // of the exit; of a shell's own signal, above 128
	Signal string        // that ended it, such as SIGKILL
	By     string        // who ordered it or sent the signal, if known
	After  time.Duration // how long it had lived
	Text   string
}

// MeaningCode names a kind of end. Codes may be added.
type MeaningCode string

// The kinds of ends.
const (
	MeantNoStart     MeaningCode = "no-start"       // there was no child
	MeantStopped     MeaningCode = "stopped"        // told to stop, and did
	MeantKilled      MeaningCode = "killed"         // told to stop, did not within stopwaitsecs, and was killed
	MeantDone        MeaningCode = "done"           // an exit that is expected
	MeantTooSoon     MeaningCode = "too-soon"       // a good status, but within startsecs
	MeantUnlisted    MeaningCode = "unlisted-zero"  // status 0, which exitcodes does not list
	MeantExit        MeaningCode = "exit"           // any other status
	MeantNoExec      MeaningCode = "not-executable" // status 126
	MeantNotFound    MeaningCode = "not-found"      // status 127
	MeantShellSignal MeaningCode = "shell-signal"   // status 128+n
	MeantOOM         MeaningCode = "out-of-memory"  // SIGKILL, and the kernel has been killing
	MeantSIGKILL     MeaningCode = "sigkill"        // SIGKILL from somewhere
	MeantSent        MeaningCode = "sent"           // a signal somebody had supervisord send
	MeantFault       MeaningCode = "fault"          // SIGSEGV and its like: a bug
	MeantAbort       MeaningCode = "abort"          // SIGABRT
	MeantLimit       MeaningCode = "limit"          // SIGXCPU, SIGXFSZ
	MeantForbidden   MeaningCode = "forbidden-call" // SIGSYS
	MeantPipe        MeaningCode = "broken-pipe"    // SIGPIPE
	MeantOutside     MeaningCode = "outside"        // SIGTERM and its like, from somebody else
	MeantProtocol    MeaningCode = "protocol"       // an event listener that broke the protocol
	MeantSignal      MeaningCode = "signal"         // any other
)

// MeaningCodes are all of them.
var MeaningCodes = [...]MeaningCode{
	MeantNoStart, MeantStopped, MeantKilled, MeantDone, MeantTooSoon, MeantUnlisted,
	MeantExit, MeantNoExec, MeantNotFound, MeantShellSignal, MeantOOM, MeantSIGKILL,
	MeantSent, MeantFault, MeantAbort, MeantLimit, MeantForbidden, MeantPipe,
	MeantOutside, MeantProtocol, MeantSignal,
}

// shellSignals is where a shell begins to count the signals that ended what it
// ran: 128 and the number of the signal.
const (
	shellSignals = 128
	lastSignal   = 64
)

// Meaning says what the end of a life means. It is the one place that does.
func (l Life) Meaning() Meaning {
	m := Meaning{Status: max(l.Status, 0), After: l.Uptime(), By: l.By}
	if l.Signal != 0 {
		m.Signal = l.Signal.String()
	}
	switch {
	case l.SpawnErr != "" && l.PID == 0:
		m.Code, m.Text = MeantNoStart, "could not be started: "+l.SpawnErr
	case !l.Crashed() && l.Order != OrderNone:
		m.Code, m.Text = l.asTold(m)
	case l.Crashed() && l.Broke:
		m.Code, m.Text = MeantProtocol, "broke the event listener protocol, so supervisord ended it to start it again (restart_on_protocol_error)"
	case l.Signal != 0:
		m.Code, m.Text = l.bySignal(m)
		m.By = l.SentBy
	default:
		m.Code, m.Text = l.byStatus()
		if m.Code == MeantShellSignal {
			m.Signal = Signal(l.Status - shellSignals).String()
		}
	}
	if l.Core {
		m.Text += "; it left a core dump"
	}
	return m
}

var orderWords = map[Order]string{
	OrderStop:     "was stopped",
	OrderRestart:  "was stopped to start again",
	OrderShutdown: "was stopped, as supervisord was told to end or to start again",
}

func (l Life) asTold(m Meaning) (MeaningCode, string) {
	text := orderWords[l.Order]
	if l.By != "" {
		text += " by " + l.By
	}
	if l.Killed && m.Signal == "SIGKILL" { // which may also be stopsignal, or come from somebody else
		return MeantKilled, text + "; it did not end within stopwaitsecs, so it was killed"
	}
	return MeantStopped, text
}

func (l Life) byStatus() (MeaningCode, string) {
	exited := fmt.Sprintf("exited with status %d", l.Status)
	switch {
	case !l.Crashed():
		return MeantDone, exited + ", which is expected"
	case l.Status == 0 && l.TooQuick():
		return MeantTooSoon, exited + " before it had been up for startsecs, which counts as a failed start"
	case l.Status == 0:
		return MeantUnlisted, exited + ", which exitcodes does not list"
	case l.Status == 126:
		return MeantNoExec, exited + ": a command was found that cannot be executed, for want of permission or because it is no program"
	case l.Status == 127:
		return MeantNotFound, exited + ": a command was not found or could not be executed; the end of stderr should say which"
	case l.Status > shellSignals && l.Status <= shellSignals+lastSignal:
		sig := Signal(l.Status - shellSignals)
		return MeantShellSignal, fmt.Sprintf("%s, with which a shell says that %s ended what it ran", exited, sig)
	}
	return MeantExit, exited
}

// signalWords say of a signal what it usually is a sign of.
var signalWords = map[string]struct {
	code MeaningCode
	text string
}{
	"SIGSEGV": {MeantFault, "it used memory that is not its own, which is a bug in it or in a library"},
	"SIGBUS":  {MeantFault, "it used memory that is not there: a bug, or a file it had mapped was cut short"},
	"SIGILL":  {MeantFault, "it came upon an instruction that this processor does not know"},
	"SIGFPE":  {MeantFault, "its arithmetic failed, such as by dividing by zero"},
	"SIGTRAP": {MeantFault, "it ran into a breakpoint or a check of its own"},
	"SIGABRT": {MeantAbort, "it gave up by itself, as programs do when they find something impossible; the end of stderr should say what"},
	"SIGSYS":  {MeantForbidden, "it asked the kernel for something that it may not have, such as behind a seccomp filter"},
	"SIGPIPE": {MeantPipe, "it wrote to a pipe or a connection that nobody reads any more"},
	"SIGXCPU": {MeantLimit, "it used more CPU time than its limit allows"},
	"SIGXFSZ": {MeantLimit, "it wrote a file larger than its limit allows"},
	"SIGTERM": {MeantOutside, "somebody other than supervisord sent it"},
	"SIGINT":  {MeantOutside, "somebody other than supervisord sent it"},
	"SIGHUP":  {MeantOutside, "somebody other than supervisord sent it, or its terminal went away"},
	"SIGQUIT": {MeantOutside, "somebody other than supervisord sent it"},
}

func (l Life) bySignal(m Meaning) (MeaningCode, string) {
	ended := "was ended by " + m.Signal
	words, known := signalWords[m.Signal]
	switch {
	case l.Sent == l.Signal && l.SentBy != "":
		return MeantSent, ended + ", which " + l.SentBy + " had supervisord send"
	case l.Sent == l.Signal:
		return MeantSent, ended + ", which somebody had supervisord send"
	case m.Signal == "SIGKILL" && l.OOM:
		return MeantOOM, ended + ": the kernel ran out of memory and killed a program at that time, most likely this one"
	case m.Signal == "SIGKILL":
		return MeantSIGKILL, ended + ", which no program can catch: perhaps the kernel ran out of memory, perhaps somebody's kill -9"
	case known:
		return words.code, ended + ": " + words.text
	}
	return MeantSignal, ended
}
