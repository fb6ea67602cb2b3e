//go:build unix

package supervise

import (
	"syscall"
	"testing"
	"time"
)

func TestTheEndOfALifeIsSaidInASentence(t *testing.T) {
	born := time.Unix(1e9, 0)
	exited := func(status int) Life {
		return Life{PID: 7, Born: born, Ended: born.Add(3 * time.Second), State: StateExited, Status: status}
	}
	died := func(sig syscall.Signal) Life {
		life := exited(-1)
		life.Signal = Signal(sig)
		return life
	}
	with := func(life Life, change func(*Life)) Life { change(&life); return life }
	for _, c := range []struct {
		life Life
		want Meaning
	}{
		{Life{State: StateFatal, SpawnErr: "command is empty"}, Meaning{Code: MeantNoStart, Text: "could not be started: command is empty"}},
		{exited(1), Meaning{Code: MeantExit, Status: 1, Text: "exited with status 1"}},
		{with(exited(2), func(l *Life) { l.Expected = true }), Meaning{Code: MeantDone, Status: 2, Text: "exited with status 2, which is expected"}},
		{exited(0), Meaning{Code: MeantUnlisted, Text: "exited with status 0, which exitcodes does not list"}},
		{with(exited(0), func(l *Life) { l.State = StateBackoff }), Meaning{Code: MeantTooSoon, Text: "exited with status 0 before it had been up for startsecs, which counts as a failed start"}},
		{exited(126), Meaning{Code: MeantNoExec, Status: 126, Text: "exited with status 126: a command was found that cannot be executed, for want of permission or because it is no program"}},
		{exited(127), Meaning{Code: MeantNotFound, Status: 127, Text: "exited with status 127: a command was not found or could not be executed; the end of stderr should say which"}},
		{exited(128), Meaning{Code: MeantExit, Status: 128, Text: "exited with status 128"}},
		{exited(137), Meaning{Code: MeantShellSignal, Status: 137, Signal: "SIGKILL", Text: "exited with status 137, with which a shell says that SIGKILL ended what it ran"}},
		{exited(255), Meaning{Code: MeantExit, Status: 255, Text: "exited with status 255"}},
		{died(syscall.SIGKILL), Meaning{Code: MeantSIGKILL, Signal: "SIGKILL", Text: "was ended by SIGKILL, which no program can catch: perhaps the kernel ran out of memory, perhaps somebody's kill -9"}},
		{with(died(syscall.SIGKILL), func(l *Life) { l.OOM = true }), Meaning{Code: MeantOOM, Signal: "SIGKILL", Text: "was ended by SIGKILL: the kernel ran out of memory and killed a program at that time, most likely this one"}},
		{with(died(syscall.SIGKILL), func(l *Life) { l.Sent, l.SentBy, l.OOM = Signal(syscall.SIGKILL), "alice", true }), Meaning{Code: MeantSent, Signal: "SIGKILL", By: "alice", Text: "was ended by SIGKILL, which alice had supervisord send"}},
		{with(died(syscall.SIGSEGV), func(l *Life) { l.Core = true }), Meaning{Code: MeantFault, Signal: "SIGSEGV", Text: "was ended by SIGSEGV: it used memory that is not its own, which is a bug in it or in a library; it left a core dump"}},
		{with(died(syscall.SIGTERM), func(l *Life) { l.Sent = Signal(syscall.SIGHUP) }), Meaning{Code: MeantOutside, Signal: "SIGTERM", Text: "was ended by SIGTERM: somebody other than supervisord sent it"}},
		{died(syscall.SIGUSR1), Meaning{Code: MeantSignal, Signal: "SIGUSR1", Text: "was ended by SIGUSR1"}},
		{with(died(syscall.SIGTERM), func(l *Life) { l.State, l.Order, l.By = StateStopped, OrderStop, "bob" }), Meaning{Code: MeantStopped, Signal: "SIGTERM", By: "bob", Text: "was stopped by bob"}},
		{with(died(syscall.SIGKILL), func(l *Life) { l.State, l.Order = StateStopped, OrderStop }), Meaning{Code: MeantStopped, Signal: "SIGKILL", Text: "was stopped"}},
		{with(died(syscall.SIGTERM), func(l *Life) { l.State, l.Order, l.Killed = StateStopped, OrderStop, true }), Meaning{Code: MeantStopped, Signal: "SIGTERM", Text: "was stopped"}},
		{with(died(syscall.SIGKILL), func(l *Life) { l.State, l.Order, l.Killed = StateStopped, OrderStop, true }), Meaning{Code: MeantKilled, Signal: "SIGKILL", Text: "was stopped; it did not end within stopwaitsecs, so it was killed"}},
	} {
		c.want.After = c.life.Uptime()
		if got := c.life.Meaning(); got != c.want {
			t.Errorf("%+v\n got %+v\nwant %+v", c.life, got, c.want)
		}
	}
}
