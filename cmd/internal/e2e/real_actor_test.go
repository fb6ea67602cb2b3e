//go:build compat && unix

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"supervisor/supervise"
	"supervisor/supervise/child/childtest"
	"supervisor/supervise/engine/scenario"
)

// TestMain lets this binary be a child of the supervisord under test:
// "BINARY act DIR" lives as DIR/script says of its name, "BINARY chatter ..."
// writes numbered lines, "BINARY worker ..." does what it is told, and "BINARY
// puppet ..." what a case of events says.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(test(m))
	}
	switch os.Args[1] {
	case "act":
		act(os.Args[2], os.Getenv("SUPERVISOR_PROCESS_NAME"))
	case "chatter":
		chatter(os.Args[2:])
	case "worker":
		worker(os.Args[2:]...)
	case "puppet":
		playPuppet(os.Args[2:])
	default:
		os.Exit(test(m))
	}
}

// test runs the tests, and takes away what they have built.
func test(m *testing.M) int {
	defer forge.close()
	return m.Run()
}

// actor is a real child that plays a life of a story. What it cannot do, it says
// on its stderr before it exits with 99, which no story expects.
type actor struct {
	dir, name string
	behaves   childtest.Behaviour
}

// strikeSignal makes an actor exit with the status that stands in its file.
const strikeSignal = syscall.SIGWINCH

func act(dir, name string) {
	a := actor{dir: dir, name: name}
	a.behaves = a.readScript()
	signals := make(chan os.Signal, 8)
	a.mind(signals)
	a.note("pids", fmt.Sprintln(os.Getpid()))
	for _, out := range a.behaves.Output {
		time.AfterFunc(out.After, func() { a.say(out) })
	}
	go a.listen() // as long as the actor lives
	var end <-chan time.Time
	switch {
	case a.behaves.Lives == childtest.Instantly:
		a.endByItself()
	case a.behaves.Lives > 0:
		end = time.After(a.behaves.Lives)
	}
	select {
	case <-end:
		a.endByItself()
	case sig := <-signals:
		a.obey(sig.(syscall.Signal))
	}
}

// readScript finds out which life this is, and how it goes.
func (a actor) readScript() childtest.Behaviour {
	a.note("lives", "+")
	lives, err := os.Stat(a.file("lives"))
	if err != nil {
		a.fail(err)
	}
	script, err := os.ReadFile(filepath.Join(a.dir, "script"))
	if err != nil {
		a.fail(err)
	}
	for line := range strings.Lines(string(script)) {
		parsed, err := scenario.ParseLives(strings.TrimSpace(line))
		if err != nil {
			a.fail(err)
		}
		if parsed.Name == a.name {
			return parsed.Life(int(lives.Size()))
		}
	}
	return childtest.Behaviour{}
}

// mind takes every signal a story may send: some that would end a C program do
// nothing to one written in Go.
func (a actor) mind(signals chan os.Signal) {
	signal.Notify(signals, strikeSignal)
	for _, sig := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
	} {
		signal.Notify(signals, sig)
	}
	for _, sig := range a.behaves.Ignores {
		signal.Ignore(syscall.Signal(sig))
	}
}

func (a actor) obey(sig syscall.Signal) {
	if sig == strikeSignal {
		text, err := os.ReadFile(a.file("strike"))
		if err != nil {
			a.fail(err)
		}
		a.exit(strings.TrimSpace(string(text)))
	}
	time.Sleep(a.behaves.StopTakes)
	if status, caught := a.behaves.ExitsOn[supervise.Signal(sig)]; caught {
		os.Exit(status)
	}
	a.die(supervise.Signal(sig))
}

func (a actor) endByItself() {
	a.say(childtest.Output{Text: a.behaves.LastWords})
	if a.behaves.Signal != 0 {
		a.die(a.behaves.Signal)
	}
	os.Exit(a.behaves.Status)
}

// die ends by a signal as any program does that has never heard of Go.
func (a actor) die(sig supervise.Signal) {
	kill := fmt.Sprintf("kill -%d $$; exit 99", int(sig))
	a.fail(syscall.Exec("/bin/sh", []string{"sh", "-c", kill}, os.Environ()))
}

func (a actor) exit(status string) {
	code, err := strconv.Atoi(status)
	if err != nil {
		a.fail(err)
	}
	os.Exit(code)
}

func (a actor) say(out childtest.Output) {
	file := os.Stdout
	if out.Channel == supervise.Stderr {
		file = os.Stderr
	}
	if _, err := file.WriteString(out.Text); err != nil {
		a.fail(err)
	}
}

// listen notes what comes on stdin, and answers events.
func (a actor) listen() {
	if a.behaves.Answers == nil {
		a.noteInput()
		return
	}
	in := bufio.NewReader(os.Stdin)
	for {
		envelope, err := readEnvelope(in)
		if err != nil {
			return // supervisord has closed it
		}
		a.note("heard", scenario.Readable(envelope)+"\n")
		a.say(childtest.Output{Text: a.behaves.Answers(envelope)})
	}
}

func (a actor) noteInput() {
	buffer := make([]byte, 4096)
	for {
		n, err := os.Stdin.Read(buffer)
		if err != nil {
			return
		}
		a.note("heard", scenario.Readable(buffer[:n])+"\n")
	}
}

// readEnvelope reads an event as listeners in Python do: its length is in
// characters.
func readEnvelope(in *bufio.Reader) ([]byte, error) {
	header, err := in.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	_, length, _ := strings.Cut(strings.TrimSpace(string(header)), " len:")
	n, err := strconv.Atoi(length)
	if err != nil {
		return nil, err
	}
	envelope := header
	for range n {
		r, _, err := in.ReadRune()
		if err != nil {
			return nil, err
		}
		envelope = utf8.AppendRune(envelope, r)
	}
	return envelope, nil
}

func (a actor) file(kind string) string { return filepath.Join(a.dir, kind+"."+a.name) }

// note adds to one of the actor's files, which its next lives find.
func (a actor) note(kind, text string) {
	file, err := os.OpenFile(a.file(kind), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		a.fail(err)
	}
	if _, err := file.WriteString(text); err != nil {
		a.fail(err)
	}
	if err := file.Close(); err != nil {
		a.fail(err)
	}
}

func (a actor) fail(err error) {
	fmt.Fprintf(os.Stderr, "actor %s: %v\n", a.name, err)
	os.Exit(99)
}
