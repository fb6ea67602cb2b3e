//go:build compat && unix

package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestACrashIsReadInTheMorning is what somebody finds who was not there: the
// program gave up in the night, supervisord was started anew since, and how it
// went is still known.
func TestACrashIsReadInTheMorning(t *testing.T) {
	t.Parallel()
	ctl, daemon := buildProgram(t, "supervisorctl"), buildProgram(t, "supervisord")
	l := newLife(t, daemon, `
[program:x]
command=/bin/sh -c 'echo trying; echo "no such host" >&2; exit 3'
startretries=0
[program:y]
command=/bin/sh -c 'dd if=/dev/zero of=/dev/null bs=268435456 count=1; kill -SEGV $$'
startsecs=0
autorestart=false
[program:z]
command=/bin/sleep 1000
`)
	run := func(words ...string) (string, int) {
		t.Helper()
		program := exec.Command(ctl, append([]string{"-c", l.path("s.conf")}, words...)...)
		out, _ := program.CombinedOutput() // the status tells
		return string(out), program.ProcessState.ExitCode()
	}
	says := func(wants []string, words ...string) {
		t.Helper()
		var got string
		status := -1
		l.until(strings.Join(words, " ")+" says "+strings.Join(wants, ", "), func() bool {
			got, status = run(words...)
			for _, want := range wants {
				if !strings.Contains(got, want) {
					return false
				}
			}
			return status == 0
		})
	}
	ofX := []string{"x exited with status 3\n", "it became FATAL", "--- stderr, 1 line\nno such host\n", "--- stdout, 1 line\ntrying\n"}
	ofY := []string{"y was ended by SIGSEGV: it used memory", "it became EXITED", "memory up to 2", "--- nothing on stdout"}
	l.start()
	says(ofX, "crash", "x")
	says(ofY, "crash", "y")
	if got, status := run("crash", "z"); status != 1 || !strings.Contains(got, "no such crash") {
		t.Errorf("crash of one that runs: status %d, %q", status, got)
	}
	if status := l.end(syscall.SIGTERM); status != 0 {
		t.Errorf("supervisord ended with %d", status)
	}
	l.configure(lifeConf + `
[program:x]
command=/bin/sleep 1000
autostart=false
[program:y]
command=/bin/sleep 1000
autostart=false
`)
	l.start()
	says(ofX, "crash", "x", "1")
	says(ofY, "crash", "y", "last")

	var told struct{ Crashes []struct{ Peak, Crash int } }
	text, _ := run("crash", "y", "--list", "--json")
	if err := json.Unmarshal([]byte(text), &told); err != nil || len(told.Crashes) != 1 || told.Crashes[0].Peak < 256<<20 {
		t.Errorf("%s (%v)", text, err)
	}

	// Gone from the configuration, gone from the disk.
	l.configure(lifeConf + "[program:y]\ncommand=/bin/sleep 1000\nautostart=false\n")
	if out, status := run("update"); status != 0 {
		t.Errorf("update: %s", out)
	}
	l.until("only the crash of y is kept", func() bool {
		files, err := filepath.Glob(l.path("state/crashes/*/*-*.json"))
		return err == nil && len(files) == 1
	})
	if got, status := run("crash", "x"); status != 1 || !strings.Contains(got, "no such process") {
		t.Errorf("status %d, %q", status, got)
	}
	l.end(syscall.SIGTERM)
}
