//go:build unix

package child

import (
	"syscall"
	"testing"
	"time"
)

func TestADeadChildsMemoryAndTimeAreTold(t *testing.T) {
	const held = 256 << 20
	f := found(t)
	_, stderr, exit := f.run(sh("exec dd if=/dev/zero of=/dev/null bs=268435456 count=2"))
	if exit.Status != 0 {
		t.Fatalf("dd: %+v: %s", exit, stderr)
	}
	u := exit.Usage
	if u.User+u.System <= 0 || u.User+u.System > time.Minute {
		t.Errorf("it used %v and %v of CPU", u.User, u.System)
	}
	if u.Peak != 0 && (u.Peak < held || u.Peak > 4*held || u.AtMost) {
		t.Errorf("dd with a buffer of %d held %d (at most: %v)", held, u.Peak, u.AtMost)
	}
}

func TestTheChildrenAChildWaitedForCount(t *testing.T) {
	const held = 256 << 20
	f := found(t)
	_, stderr, exit := f.run(sh("dd if=/dev/zero of=/dev/null bs=268435456 count=1; exit 3"))
	if exit.Status != 3 || exit.Usage.Peak != 0 && exit.Usage.Peak < held {
		t.Errorf("%+v: %s", exit, stderr)
	}
}

// On Linux a child's peak is at least that of the process it was forked from,
// which must not be taken for the program's own.
func TestAPeakThatIsOursIsOnlyABound(t *testing.T) {
	ballast := make([]byte, 64<<20)
	for at := 0; at < len(ballast); at += 4096 {
		ballast[at] = 1
	}
	_, _, exit := found(t).run(sh("exit 0"))
	if u := exit.Usage; u.Peak != 0 && !u.AtMost {
		t.Errorf("a shell that does nothing held %d bytes, no more than this test's %d", u.Peak, len(ballast))
	}
}

func TestTimesAreReadAsTheyAreWritten(t *testing.T) {
	got := usageOf(syscall.Rusage{Utime: syscall.NsecToTimeval(1_500_000_000), Stime: syscall.NsecToTimeval(20_000_000)})
	if got.User != 1500*time.Millisecond || got.System != 20*time.Millisecond || got.Peak != 0 || got.AtMost {
		t.Errorf("%+v", got)
	}
}
