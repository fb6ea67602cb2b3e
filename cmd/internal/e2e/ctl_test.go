//go:build compat && unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests in this file hold our supervisorctl against the original's, and,
// when asked, our supervisord too. Beside what every case may say, see
// cases_test.go, a case of theirs has:
//
//	status                  a command line: supervisorctl -c CONF status
//	< text                  a line of its standard input
//	! -s http://x status    a command line without -c CONF
//	~ctl reason             the next command differs in our supervisorctl
//	~order reason           the lines of the next command's answer come in any order, so
//	                        that the last failure, which sets the status, may be any
//	~status reason          only the status of the next command is compared
//	^ text                  interrupt the command when it has printed text
//
// Each command line is run by the original's client with the original's server,
// which is the reference, and by the other pairs; standard output, standard
// error and exit status must be the same, after masking what cannot be.
// SUPERVISOR_E2E_DAEMON says which servers take part beside the reference:
// "original" (the default), "ours", or "both".

func TestSupervisorctlAnswersAsTheOriginal(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	reference, others := pairs(t)
	commandLines.run(t, reference, others)
}

var commandLines = language{ending: "ctl", read: readCommandLine, ask: (*ctlServer).runCommand}

func readCommandLine(c *caseFile, line string, next *step) bool {
	head, rest, _ := strings.Cut(line, " ")
	switch head {
	case "~ctl":
		next.differsCtl = rest
		return false
	case "~status":
		next.onlyStatus = true
		return false
	case "<":
		c.steps[len(c.steps)-1].input += rest + "\n"
		return false
	case "!":
		next.bare, next.words = true, splitArgs(rest)
	case "$":
		next.words = splitArgs(rest)
	default:
		next.words = splitArgs(line)
	}
	next.text = "supervisorctl " + strings.Join(next.words, " ")
	return true
}

// pairs builds what is ours and says who is compared with whom.
func pairs(t *testing.T) (reference pair, others []pair) {
	t.Helper()
	ourCtl := buildProgram(t, "supervisorctl")
	reference = pair{"original ctl, original daemon", originalCtl, originalDaemon}
	which := os.Getenv("SUPERVISOR_E2E_DAEMON")
	if which == "" {
		which = "original"
	}
	if which == "original" || which == "both" {
		others = append(others, pair{"our ctl, original daemon", ourCtl, originalDaemon})
	}
	if which == "ours" || which == "both" {
		ourDaemon := buildProgram(t, "supervisord")
		others = append(others,
			pair{"original ctl, our daemon", originalCtl, ourDaemon},
			pair{"our ctl, our daemon", ourCtl, ourDaemon})
	}
	if len(others) == 0 {
		t.Fatalf("SUPERVISOR_E2E_DAEMON=%q: want original, ours or both", which)
	}
	return reference, others
}

// splitArgs splits at blanks; a word may stand in single quotes. A lone "$" before
// a command stands for no words at all.
func splitArgs(line string) []string {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if quoted, ok := strings.CutPrefix(line, "'"); ok {
			word, rest, _ := strings.Cut(quoted, "'")
			words, line = append(words, word), rest
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		words, line = append(words, word), rest
	}
	return words
}

// --- commands ---

// runCommand runs one command line and prints what came of it.
func (s *ctlServer) runCommand(p pair, step step) (string, error) {
	args := []string{"-c", s.conf}
	if step.bare {
		args = nil
	}
	for _, word := range step.words {
		args = append(args, s.fill(word))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.ctl, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + s.dir, "LC_ALL=C.UTF-8", "PYTHONWARNINGS=ignore"}
	cmd.Stdin = strings.NewReader(s.fill(step.input))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var errout bytes.Buffer
	ended := make(chan struct{})
	defer close(ended)
	out := trigger{text: step.interrupt, fire: func() { go interrupt(cmd.Process, ended) }}
	cmd.Stdout, cmd.Stderr = &out, &errout
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return "", err
	}
	if ctx.Err() != nil && p.ctl == originalCtl && step.onlyStatus && strings.Contains(out.String(), originalHang) {
		return "[status 0]\n", nil
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("did not end: %s%s", out.String(), errout.String())
	}
	text := fmt.Sprintf("%s[stderr]\n%s[status %d]\n", out.String(), errout.String(), cmd.ProcessState.ExitCode())
	if step.onlyStatus {
		return fmt.Sprintf("[status %d]\n", cmd.ProcessState.ExitCode()), nil
	}
	text = s.mask(strings.ReplaceAll(text, p.ctl, "supervisorctl"))
	if step.anyOrder {
		lines := slices.Sorted(strings.Lines(text))
		text = someFailure.ReplaceAllString(strings.Join(lines, ""), "[status of a failure]")
	}
	return text, nil
}

// originalHang is what the original's fg says when its two threads close a
// connection at the same time. It has done its work by then, and does not end.
const originalHang = "'NoneType' object has no attribute '_fileno'"

// interrupt presses Ctrl-C, as a person does a moment after they have seen what
// they wanted, and again until the client has ended: Python drops one that comes
// while it prints, and does not say when it is done. Nothing hangs on how long the
// moments are.
func interrupt(client *os.Process, ended <-chan struct{}) {
	for wait := time.Second / 2; ; wait = 5 * time.Second {
		select {
		case <-ended:
			return
		case <-time.After(wait):
		}
		_ = client.Signal(os.Interrupt) // it may just have ended
	}
}

// trigger gathers output and fires when a text has come by.
type trigger struct {
	seen bytes.Buffer
	text string
	fire func()
}

func (t *trigger) String() string { return t.seen.String() }

func (t *trigger) Write(data []byte) (int, error) {
	n, err := t.seen.Write(data)
	if t.text != "" && strings.Contains(t.String(), t.text) {
		t.text = ""
		t.fire()
	}
	return n, err
}

// someFailure is a status that says no more than that something failed.
var someFailure = regexp.MustCompile(`\[status [1-9]\d*\]`)

// masks are what two runs cannot have in common.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`pid \d+`), "pid PID"},
	{regexp.MustCompile(`(?m)^(\D*> )?\d{2,}$`), "${1}PID"},
	{regexp.MustCompile(`uptime [^"\n]*`), "uptime TIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2} \d{2} \d{2}:\d{2} [AP]M`), "DATE"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2},\d{3}`), "STAMP"},
	{regexp.MustCompile(`\d{2}:\d{2}:\d{2},\d{3}`), "CLOCK"},
	{regexp.MustCompile(`file: \S+ line: \d+`), "file: FILE line: LINE"},
}

func (s *ctlServer) mask(text string) string {
	text = strings.NewReplacer(s.dir, "{dir}", s.port, "{port}").Replace(text)
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}
