//go:build unix

package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// What the original says and does (options.py set_rlimits_or_exit); the number of
// the "current environment" is the wanted one there, too.
func TestLimitsAreRaisedAndNeverLowered(t *testing.T) {
	needRoot(t)
	const refused = "The minimum number of file descriptors required to run this process is 6000 as per the \"minfds\" command-line argument or config file setting. " +
		"The current environment will only allow you to open 6000 file descriptors.  Either raise the number of usable file descriptors in your environment (see README.rst) " +
		"or lower the minfds setting in the config file to allow the process to start."
	raised := "[\"Increased RLIMIT_NOFILE limit to 6000\"] <nil>\n6000\n6000\n"
	if exec.Command("/bin/bash", "-c", "ulimit -Hn 5000; ulimit -Hn 6000").Run() != nil {
		t.Log("root may not raise hard limits here (no CAP_SYS_RESOURCE): it must be told so")
		raised = "[] " + refused + "\n"
	}
	for _, c := range []struct {
		name                    string
		uid, soft, hard, minfds int
		want                    string
	}{
		{"enough already: children keep theirs", 0, 2000, 5000, 1024, "[] <nil>\n2000\n5000\n"},
		{"exactly enough", 0, 1024, 5000, 1024, "[] <nil>\n1024\n5000\n"},
		{"the runtime hides that it is too low", 0, 500, 5000, 1024, "[\"Increased RLIMIT_NOFILE limit to 1024\"] <nil>\n1024\n5000\n"},
		{"the same without privileges", 65534, 500, 5000, 1024, "[\"Increased RLIMIT_NOFILE limit to 1024\"] <nil>\n1024\n5000\n"},
		{"the hard one as well, by root", 0, 500, 5000, 6000, raised},
		{"not by others", 65534, 500, 5000, 6000, "[] " + refused + "\n"},
		{"soft and hard are equal", 0, 5000, 5000, 1024, "[] <nil>\n5000\n5000\n"},
		{"just below the hard one, by choice", 0, 4999, 5000, 5000, "[\"Increased RLIMIT_NOFILE limit to 5000\"] <nil>\n5000\n5000\n"},
		{"nothing wanted", 0, 500, 5000, 0, "[] <nil>\n500\n5000\n"},
	} {
		cmd := exec.Command(self(t), "act", "as", fmt.Sprint(c.uid), fmt.Sprint(c.soft), fmt.Sprint(c.hard), "raise", fmt.Sprint(c.minfds), "10")
		out, err := cmd.CombinedOutput()
		if string(out) != c.want || err != nil {
			t.Errorf("%s: %v\n%swant\n%s", c.name, err, out, c.want)
		}
	}
}

func TestTheLimitOfProcessesIsRaisedLikewise(t *testing.T) {
	needRoot(t)
	if !hasNproc {
		t.Skip("SKIPPED: this system has no such limit")
	}
	const line = "ulimit -S -u 700; ulimit -H -u 900; exec \"$0\" act raise 10 \"$1\""
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for minprocs, want := range map[int]string{
		200: "[] <nil>\n",
		800: "[\"Increased RLIMIT_NPROC limit to 800\"] <nil>\n",
	} {
		out, err := exec.Command("/bin/bash", "-c", line, path, fmt.Sprint(minprocs)).CombinedOutput()
		if first, _, _ := strings.Cut(string(out), "\n"); first+"\n" != want || err != nil {
			t.Errorf("minprocs %d: %q %v", minprocs, out, err)
		}
	}
}

func TestALimitThatCannotBeKnownIsLeftAlone(t *testing.T) {
	var before, after syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	lines, err := raiseLimits(1<<30, 0, func(limit) (int64, error) { return 0, errors.New("no shell, no shim") })
	if lines != nil || err != nil {
		t.Errorf("%q %v", lines, err)
	}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &after); err != nil || after != before {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestNoLimitIsReadAsNoLimit(t *testing.T) {
	for _, v := range []uint64{1<<64 - 1, 1<<63 - 1, 1<<64 - 3, 1<<63 - 3} {
		if got := fromSystem(v); got != -1 {
			t.Errorf("%#x: %d", v, got)
		}
	}
	if below(-1, 1<<40) || !below(5, 6) || below(6, 6) {
		t.Error("below")
	}
	var r syscall.Rlimit
	toSystem(&r.Cur, -1)
	if fromSystem(uint64(r.Cur)) != -1 {
		t.Errorf("%#x", r.Cur)
	}
}
