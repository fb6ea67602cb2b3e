//go:build compat && unix

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// The tests in this file have the same listeners hear the same lives under both
// servers, and hold what they heard against each other. Beside what every case may
// say, see cases_test.go, a case of theirs has:
//
//	| text              a line of the configuration, after those of "server:"
//	@tell NAME ACT ...  have a puppet do something; see events_puppet_test.go
//	@heard NAME N       wait until a listener has heard N events, without ticks
//	@ticks NAME N       wait until it has heard N events, ticks among them
//	@minute             wait for the next full minute of the clock
//	@has N TEXT         wait until N lines of the main log have the text
//	@write FILE TEXT    write a file of the server's directory; TEXT as in Go
//	@signal NAME        send supervisord a signal
//	@again TEXT         wait for another life of supervisord, whose log then has TEXT
//
// and asks
//
//	heard NAME          for what a listener has heard, without ticks
//	heard NAME N        for the first N events
//	ticks NAME N        for the first N events, ticks among them
//	joined NAME         for the output in the events a listener has heard, however
//	                    it came to be divided
//	lines TEXT          for the lines of the main log that have the text
//	first TEXT          for the first of them
//	file NAME           for a file of the server's directory
//	startProcess "x"    for the answer to a call; see rpc_test.go

var eventStories = language{ending: "events", read: readEventLine, ask: askOfEvents}

// TestListenersHearWhatTheyHeardFromTheOriginal starts both servers for each case.
func TestListenersHearWhatTheyHeardFromTheOriginal(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ours := pair{name: "ours", daemon: buildProgram(t, "supervisord")}
	eventStories.run(t, originalAlone, []pair{ours})
}

// TestAListenerHearsOfAProgramThatCannotBeSignalled takes from supervisord what
// makes root able to signal everybody.
func TestAListenerHearsOfAProgramThatCannotBeSignalled(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can run programs as somebody else")
	}
	needOriginal(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs := `[program:x]
command=/bin/sleep 1000
user=nobody
[eventlistener:l]
command=` + self + ` puppet loop
directory=DIR
events=PROCESS_STATE
buffer_size=100
startsecs=0
`
	var told []string
	for _, binary := range []string{originalDaemon, buildProgram(t, "supervisord")} {
		l := newLife(t, binary, programs)
		l.start("setpriv", "--bounding-set=-kill", "--inh-caps=-kill", "--")
		l.logs("success: x")
		pid := l.pidOf("x")
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) }) // nobody else can
		l.ctl("stop", "x")
		heard := func() heardEvents {
			events, err := (&ctlServer{dir: l.dir}).heard("l")
			if err != nil {
				t.Fatal(err)
			}
			return events
		}
		l.until("the listener has heard it", func() bool { return strings.Contains(heard().print(), "PROCESS_STATE_UNKNOWN") })
		told = append(told, heard().print())
		l.end(syscall.SIGKILL)
	}
	if told[0] != told[1] {
		t.Errorf("under the original:\n%s\nunder ours:\n%s", told[0], told[1])
	}
}

func readEventLine(c *caseFile, line string, next *step) bool {
	if more, is := strings.CutPrefix(line, "| "); is {
		c.config += "\n" + more
		return false
	}
	next.text, next.words = line, strings.Fields(line)
	return true
}

// --- what cases do ---

// doEvents does what cases of events ask for.
func (s *ctlServer) doEvents(step step) error {
	switch words := step.words; step.verb {
	case "tell":
		return s.tell(words[0], strings.Join(words[1:], " "))
	case "heard", "ticks":
		return s.awaitHeard(words[0], words[1], step.verb == "ticks")
	case "minute":
		return s.awaitMinute()
	case "has":
		return s.awaitLines(words[0], strings.Join(words[1:], " "))
	case "write":
		text, err := strconv.Unquote(`"` + s.fill(strings.Join(words[1:], " ")) + `"`)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, words[0]), []byte(text), 0o600)
	case "signal":
		return s.cmd.Process.Signal(eventSignals[words[0]])
	case "again":
		return s.awaitAgain(strings.Join(words, " "))
	}
	return errors.New("unknown directive")
}

var eventSignals = map[string]syscall.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM}

// tell has a puppet do something, and waits until it is done.
func (s *ctlServer) tell(name, acts string) error {
	file := filepath.Join(s.dir, name+".told")
	if err := os.WriteFile(file+".next", []byte(acts), 0o600); err != nil {
		return err
	}
	if err := os.Rename(file+".next", file); err != nil {
		return err
	}
	return s.nudgedUntil(fmt.Sprintf("%s has done %s", name, acts), func() (bool, error) {
		_, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		return false, err
	})
}

func (s *ctlServer) awaitHeard(name, number string, ticks bool) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	last := 0
	err = s.nudgedUntil(name+" has heard "+number, func() (bool, error) {
		heard, err := s.heard(name)
		if !ticks {
			heard = heard.withoutTicks()
		}
		last = heard.events()
		return last >= n, err
	})
	if err != nil {
		return fmt.Errorf("%w: it has heard %d", err, last)
	}
	return nil
}

// awaitMinute waits for what TICK_60 comes with, longer than other waits may take,
// and leaves the server alone meanwhile.
func (s *ctlServer) awaitMinute() error {
	next := time.Now().Truncate(time.Minute).Add(time.Minute)
	select {
	case <-time.After(time.Until(next)):
		return nil
	case <-s.ended:
		return errors.New("supervisord ended while waiting for a full minute")
	}
}

func (s *ctlServer) awaitLines(number, text string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	return s.nudgedUntil(fmt.Sprintf("%d lines of the log have %s", n, text), func() (bool, error) {
		log, err := s.mainLog()
		return strings.Count(log, text) >= n, err
	})
}

// awaitAgain waits for the text behind the last beginning of a life but the first.
func (s *ctlServer) awaitAgain(text string) error {
	const begins = "supervisord started with pid"
	return s.nudgedUntil("the log of another life has "+text, func() (bool, error) {
		log, err := s.mainLog()
		first, last := strings.Index(log, begins), strings.LastIndex(log, begins)
		return first != last && strings.Contains(log[last:], text), err
	})
}

// nudgedUntil is until, with a call at each look: the original only sees at a turn
// of its loop what is due, and turns at least once a second, or when there is
// something to read.
func (s *ctlServer) nudgedUntil(what string, done func() (bool, error)) error {
	return s.until(what, func() (bool, error) {
		if failed, err := os.ReadFile(filepath.Join(s.dir, "puppet.failed")); err == nil {
			return false, fmt.Errorf("a puppet failed: %s", failed)
		}
		_ = s.call("supervisor.getState", nil) // it may be between two lives
		return done()
	})
}

func (s *ctlServer) mainLog() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "d.log"))
	return string(text), err
}

// --- what cases ask ---

func askOfEvents(s *ctlServer, p pair, step step) (string, error) {
	words := step.words
	switch words[0] {
	case "heard", "ticks", "joined":
		return s.printHeard(words)
	case "lines", "first":
		return s.logLines(words[0] == "first", strings.Join(words[1:], " "))
	case "file":
		text, err := os.ReadFile(filepath.Join(s.dir, words[1]))
		return fmt.Sprintf("%q\n", text), err
	}
	answer, err := s.makeCall(step)
	if err != nil {
		return "", err
	}
	return s.printCall(step, p.daemon == originalDaemon, answer), nil
}

func (s *ctlServer) printHeard(words []string) (string, error) {
	heard, err := s.heard(words[1])
	if err != nil {
		return "", err
	}
	if words[0] != "ticks" {
		heard = heard.withoutTicks()
	}
	if len(words) > 2 {
		n, err := strconv.Atoi(words[2])
		if err != nil {
			return "", err
		}
		heard = heard.first(n)
	}
	if words[0] == "joined" {
		return heard.joined(), nil
	}
	return heard.print(), nil
}

var logStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} `)

// logLines gives lines of the main log, or the first of them, without their time.
func (s *ctlServer) logLines(firstOnly bool, text string) (string, error) {
	log, err := s.mainLog()
	if err != nil {
		return "", err
	}
	var pids pidBook
	var b strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, text) {
			continue
		}
		line = logStamp.ReplaceAllString(line, "")
		b.WriteString(pids.mask(strings.ReplaceAll(line, s.dir, "{dir}")))
		if firstOnly {
			break
		}
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("no line has %q", text)
	}
	return b.String(), nil
}

// --- what a listener has heard ---

// envelope is an event as it came; of the line "life" it has nothing.
type envelope struct{ header, payload string }

func (e envelope) is(prefix string) bool {
	return strings.Contains(e.header, " eventname:"+prefix)
}

type heardEvents []envelope

// heard reads what a puppet has noted.
func (s *ctlServer) heard(name string) (heardEvents, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, name+".heard"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var events heardEvents
	for len(text) > 0 {
		header, rest, found := bytes.Cut(text, []byte("\n"))
		if !found {
			return events, nil // it is being written
		}
		if string(header) == "life" {
			events, text = append(events, envelope{}), rest
			continue
		}
		_, length, _ := strings.Cut(string(header), " len:")
		n, err := strconv.Atoi(length)
		if err != nil {
			return nil, fmt.Errorf("%s has heard %q: %w", name, header, err)
		}
		size := 0
		for range n {
			_, width := utf8.DecodeRune(rest[size:])
			if width == 0 {
				return events, nil // it is being written
			}
			size += width
		}
		events = append(events, envelope{string(header), string(rest[:size])})
		text = rest[size:]
	}
	return events, nil
}

// events counts those.
func (h heardEvents) events() int {
	n := 0
	for _, e := range h {
		if e != (envelope{}) {
			n++
		}
	}
	return n
}

func (h heardEvents) first(n int) heardEvents {
	for i, e := range h {
		if e != (envelope{}) {
			n--
		}
		if n < 0 {
			return h[:i]
		}
	}
	return h
}

var serialNumber = regexp.MustCompile(`serial:(\d+)`) // of all, and of the pool

// withoutTicks leaves ticks out, and the numbers they had: nobody knows when in a
// life they come.
func (h heardEvents) withoutTicks() heardEvents {
	var kept heardEvents
	ticks := 0
	for _, e := range h {
		if e.is("TICK") {
			ticks++
			continue
		}
		e.header = serialNumber.ReplaceAllStringFunc(e.header, func(text string) string {
			n, _ := strconv.Atoi(strings.TrimPrefix(text, "serial:"))
			return fmt.Sprintf("serial:%d", n-ticks)
		})
		kept = append(kept, e)
	}
	return kept
}

// print shows an event on a line.
func (h heardEvents) print() string {
	var pids pidBook
	var b strings.Builder
	for _, e := range h {
		if e == (envelope{}) {
			fmt.Fprintln(&b, "life")
			continue
		}
		first, _, _ := strings.Cut(e.payload, "\n")
		payload := e.maskWhen(pids.mask(first)) + e.payload[len(first):]
		fmt.Fprintf(&b, "%s %q\n", e.ofLength(payload), payload)
	}
	return b.String()
}

// ofLength is the header for a masked payload, shorter or longer as that is. That
// the length was right can be seen: another header followed.
func (e envelope) ofLength(masked string) string {
	before, length, _ := strings.Cut(e.header, " len:")
	n, _ := strconv.Atoi(length) // heard has read it
	return fmt.Sprintf("%s len:%d", before, n+len(masked)-len(e.payload))
}

// joined shows the output in events of the same kind as one text.
func (h heardEvents) joined() string {
	texts := map[string]string{}
	var kinds []string
	for _, e := range h {
		if e == (envelope{}) {
			continue
		}
		_, kind, _ := strings.Cut(e.header, " eventname:")
		kind, _, _ = strings.Cut(kind, " ")
		_, data, _ := strings.Cut(e.payload, "\n")
		if _, known := texts[kind]; !known {
			kinds = append(kinds, kind)
		}
		texts[kind] += data
	}
	slices.Sort(kinds)
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "%s %q\n", kind, texts[kind])
	}
	return b.String()
}

var (
	somePid  = regexp.MustCompile(`\b(pid[: ])([1-9]\d*)`)
	someWhen = regexp.MustCompile(`^when:(\d+)$`)
	someTick = regexp.MustCompile(` eventname:TICK_(5|60|3600) `)
)

// pidBook gives pids numbers, in the order in which they are seen.
type pidBook struct{ seen []string }

func (p *pidBook) mask(text string) string {
	return somePid.ReplaceAllStringFunc(text, func(match string) string {
		pid := somePid.FindStringSubmatch(match)
		at := slices.Index(p.seen, pid[2])
		if at < 0 {
			at = len(p.seen)
			p.seen = append(p.seen, pid[2])
		}
		return fmt.Sprintf("%sPID%d", pid[1], at+1)
	})
}

// maskWhen says of a tick what is true of it.
func (e envelope) maskWhen(payload string) string {
	tick := someTick.FindStringSubmatch(e.header)
	when := someWhen.FindStringSubmatch(payload)
	if tick == nil || when == nil {
		return payload
	}
	period, _ := strconv.ParseInt(tick[1], 10, 64) // digits, and few
	second, err := strconv.ParseInt(when[1], 10, 64)
	if err != nil {
		return payload
	}
	if late := time.Since(time.Unix(second, 0)); late < 0 || late > 2*time.Minute || second%period != 0 {
		return payload
	}
	return fmt.Sprintf("when:NOW, a multiple of %d", period)
}
