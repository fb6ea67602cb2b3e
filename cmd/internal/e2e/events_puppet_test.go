//go:build compat && unix

package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// puppet is a child that does what a case of events says, first what stands in its
// command line, and then whatever it is told in the file NAME.told of the server's
// directory, which it takes away when it has done so. TEXT is as in a string of Go.
//
//	say:TEXT     writes to stdout, at once; err:TEXT to stderr
//	cut:TEXT     writes a byte at a time; cuterr:TEXT
//	cuts:TEXT    writes the text again and again, in two pieces, cut at each byte;
//	             cutserr:TEXT
//	many:N:TEXT  writes N times
//	ready ok fail  says READY, RESULT 2 OK, RESULT 4 FAIL
//	read         waits for an event
//	loop         answers each event as one should, and says READY before
//	deaf         closes its standard input, and lives on
//	exit:N       exits; die:N sends itself a signal
//
// It goes on after a piece of output only when its supervisord has read it, so that
// a piece is a read. Each event is added to the file NAME.heard as it came, after
// the line "life" for each life of the puppet. It ends with its standard input.
type puppet struct {
	name   string
	events chan []byte // to be answered
	loops  bool
	deaf   atomic.Bool
}

// Naps are between two looks: another program's progress can only be polled.
const (
	toldNap  = 5 * time.Millisecond
	writeNap = 200 * time.Microsecond
	endNap   = 20 * time.Millisecond
)

func playPuppet(acts []string) {
	p := &puppet{name: os.Getenv("SUPERVISOR_PROCESS_NAME"), events: make(chan []byte, 64)}
	p.note("life\n")
	parent := os.Getppid()
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go p.hear(terminated) // as long as the puppet lives
	for _, act := range acts {
		p.do(act)
	}
	for os.Getppid() == parent { // a deaf puppet is not told of its end otherwise
		p.obey()
		select {
		case <-p.events:
			p.answer()
		case <-time.After(toldNap):
		}
	}
}

// hear notes what comes, and ends the puppet: with its standard input, or of SIGTERM
// when all that was sent before has been heard.
func (p *puppet) hear(terminated chan os.Signal) {
	in := bufio.NewReader(os.Stdin)
	for {
		for in.Buffered() == 0 && !p.deaf.Load() && !p.comes() {
			select {
			case <-terminated:
				if !p.comes() {
					signal.Reset(syscall.SIGTERM)
					p.die(int(syscall.SIGTERM))
				}
			default:
			}
		}
		if p.deaf.Load() {
			signal.Reset(syscall.SIGTERM)
			return
		}
		envelope, err := readEnvelope(in)
		if err != nil {
			os.Exit(0)
		}
		p.note(string(envelope))
		p.events <- envelope
	}
}

// comes waits a moment for something to read, or the end of it.
func (p *puppet) comes() bool {
	stdin := []unix.PollFd{{Fd: int32(os.Stdin.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(stdin, int(endNap.Milliseconds()))
	if err != nil && err != unix.EINTR {
		p.fail(err)
	}
	return n > 0
}

func (p *puppet) answer() {
	if p.loops {
		p.write(os.Stdout, "RESULT 2\nOK")
		p.write(os.Stdout, "READY\n")
	}
}

// obey does what stands in the file, if it is there.
func (p *puppet) obey() {
	file := p.name + ".told"
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		p.fail(err)
	}
	taken := false
	for _, act := range strings.Fields(string(text)) {
		if strings.HasPrefix(act, "exit:") || strings.HasPrefix(act, "die:") {
			taken = true
			p.take(file)
		}
		p.do(act)
	}
	if !taken {
		p.take(file)
	}
}

func (p *puppet) take(file string) {
	if err := os.Remove(file); err != nil {
		p.fail(err)
	}
}

func (p *puppet) do(act string) {
	verb, rest, _ := strings.Cut(act, ":")
	out := os.Stdout
	if plain, toStderr := strings.CutSuffix(verb, "err"); toStderr {
		verb, out = plain, os.Stderr
	}
	switch verb {
	case "ready":
		p.write(out, "READY\n")
	case "ok":
		p.write(out, "RESULT 2\nOK")
	case "fail":
		p.write(out, "RESULT 4\nFAIL")
	case "read":
		<-p.events
	case "loop":
		p.loops = true
		p.write(out, "READY\n")
	case "say", "": // "" of err
		p.write(out, p.text(rest))
	case "cut":
		for _, b := range []byte(p.text(rest)) {
			p.write(out, string([]byte{b}))
		}
	case "cuts":
		text := p.text(rest)
		for at := 1; at < len(text); at++ {
			p.write(out, text[:at])
			p.write(out, text[at:])
		}
	case "many":
		times, text, _ := strings.Cut(rest, ":")
		for range p.number(times) {
			p.write(out, p.text(text))
		}
	case "deaf":
		p.closeInput()
	case "exit":
		os.Exit(p.number(rest))
	case "die":
		p.die(p.number(rest))
	default:
		p.fail(fmt.Errorf("what is %q?", act))
	}
}

// closeInput gives the input something else first, so that its number is not
// another file's when it is looked at next.
func (p *puppet) closeInput() {
	p.deaf.Store(true)
	null, err := os.Open(os.DevNull)
	if err != nil {
		p.fail(err)
	}
	if err := unix.Dup2(int(null.Fd()), int(os.Stdin.Fd())); err != nil {
		p.fail(err)
	}
}

// die sends a signal whose default Go has left alone.
func (p *puppet) die(sig int) {
	if err := syscall.Kill(os.Getpid(), syscall.Signal(sig)); err != nil {
		p.fail(err)
	}
	select {} // it comes
}

// write writes a piece, and waits until it has been read.
func (p *puppet) write(out *os.File, text string) {
	if _, err := out.WriteString(text); err != nil {
		p.fail(err)
	}
	for {
		left, err := unread(out)
		if err != nil {
			p.fail(err)
		}
		if left == 0 {
			return
		}
		time.Sleep(writeNap)
	}
}

func (p *puppet) text(quoted string) string {
	text, err := strconv.Unquote(`"` + quoted + `"`)
	if err != nil {
		p.fail(fmt.Errorf("%q: %w", quoted, err))
	}
	return text
}

func (p *puppet) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		p.fail(err)
	}
	return n
}

func (p *puppet) note(text string) {
	file, err := os.OpenFile(p.name+".heard", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		p.fail(err)
	}
	if _, err := file.WriteString(text); err != nil {
		p.fail(err)
	}
	if err := file.Close(); err != nil {
		p.fail(err)
	}
}

// fail leaves word in a file that the case looks for.
func (p *puppet) fail(err error) {
	text := fmt.Sprintf("%s: %v\n", p.name, err)
	_ = os.WriteFile("puppet.failed", []byte(text), 0o600) // there is nobody else to tell
	os.Exit(99)
}
