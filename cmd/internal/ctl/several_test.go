package ctl

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"supervisor/supervise"
)

func TestSeveralNamesAreToldFromANameAndItsChannel(t *testing.T) {
	for _, test := range []struct {
		line    string
		names   string
		channel supervise.Channel
		several bool
	}{
		{"-f cat", "", 0, false},
		{"-f cat stderr", "", 0, false},
		{"-f cat STDOUT", "", 0, false},
		{"-f cat stdout more", "", 0, false}, // too many arguments, says the original
		{"-f cat stdout stderr", "", 0, false},
		{"-100 cat dog", "", 0, false},
		{"cat dog", "", 0, false},
		{"-f cat dog", "cat dog", supervise.Stdout, true},
		{"-f cat dog stderr", "cat dog", supervise.Stderr, true},
		{"-f a b c d Stdout", "a b c d", supervise.Stdout, true},
		{"-f g:*", "g:*", supervise.Stdout, true},
		{"-f api-* stderr", "api-*", supervise.Stderr, true},
	} {
		names, channel, several := severalNames(strings.Fields(test.line))
		if several != test.several || several && (strings.Join(names, " ") != test.names || channel != test.channel) {
			t.Errorf("severalNames(%q) = %q, %v, %v", test.line, names, channel, several)
		}
	}
}

func TestLinesOfSeveralLogsAreWholeAndNamed(t *testing.T) {
	const text = "one\ntwo\n\nzwölf\x1b[31mred\nno end"
	for how, from := range map[string]io.Reader{
		"at once":      strings.NewReader(text),
		"byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		"cut short":    iotest.DataErrReader(strings.NewReader(text)),
	} {
		screen := newWatched()
		c := newController(settings{}, strings.NewReader(""), screen, screen)
		c.copyLines(from, label{text: "cat | "})
		if want := "cat | one\ncat | two\ncat | \ncat | zwölf\x1b[31mred\ncat | no end\n"; screen.String() != want {
			t.Errorf("%s: printed %q, want %q", how, screen, want)
		}
	}
}

func TestALineWithoutAnEndIsNotKeptForEver(t *testing.T) {
	screen := newWatched()
	c := newController(settings{}, strings.NewReader(""), screen, screen)
	from, to := io.Pipe()
	done := make(chan struct{})
	go func() { c.copyLines(from, label{text: "x | "}); close(done) }()
	io.WriteString(to, strings.Repeat("y", longestPiece+1))
	screen.await(t, "x | yyy")
	to.Close()
	<-done
}

func TestLabelsHaveOneWidthAndColoursThatEnd(t *testing.T) {
	plainLabels := labelsOf([]string{"cat", "g:worker", "日本"}, nil)
	for i, want := range []string{"cat      | ", "g:worker | ", "日本     | "} {
		if plainLabels[i].text != want {
			t.Errorf("label %q, want %q", plainLabels[i].text, want)
		}
	}
	coloured := labelsOf([]string{"a", "b", "c"}, []string{"<1>", "<2>"})
	want := []string{"<1>a | \x1b[0m", "<2>b | \x1b[0m", "<1>c | \x1b[0m"}
	for i, l := range coloured {
		if l.text != want[i] {
			t.Errorf("label %q, want %q", l.text, want[i])
		}
	}
	if got := string(coloured[0].mark([]byte("x\x1b[1my\n"))); got != want[0]+"x\x1b[1my\x1b[0m\n" {
		t.Errorf("a colour that the program leaves on: %q", got)
	}
}

// Both streams of the server stay open, one ends, one cannot be read: each is told
// of, and Ctrl-C ends the rest.
func TestSeveralLogsAreFollowedUntilCtrlC(t *testing.T) {
	server := newFakeServer(t)
	server.logs["g:a/stdout"] = "from a\nand half a line"
	server.processes = append(server.processes,
		&fakeProcess{group: "brief", name: "brief", state: supervise.StateRunning})
	s := begin("-s", server.URL, "tail", "-f", "cat", "g:a", "brief", "stuck", "nosuch", "x:*")
	s.screen.await(t, "cat   | out\ncat   | zwölf\n")
	s.screen.await(t, "g:a   | from a\n")
	s.screen.await(t, "brief | one\nbrief | two\n")
	s.screen.await(t, "==> brief: the log has ended <==\n")
	s.screen.await(t, "==> stuck: Cannot read, status code 404 <==\n")
	interruptSelf(t)
	if status := s.ends(t); status != exitGeneric {
		t.Errorf("exit status %d, want %d for what could not be followed", status, exitGeneric)
	}
	lines := strings.Split(s.screen.String(), "\n")
	want := []string{"nosuch: ERROR (no such process)", "x: ERROR (no such group)", pressCtrlC}
	if len(lines) < 3 || !slices.Equal(lines[:3], want) {
		t.Errorf("began with %q, want %q", lines[:min(3, len(lines))], want)
	}
	if !strings.Contains(s.screen.String(), "g:a   | and half a line\n") {
		t.Errorf("the half line is lost: %q", s.screen)
	}
}

// Each log takes a connection, and a server has only so many: whoever follows all
// of them must not lock out those who come to stop something.
func TestMoreLogsThanThereIsRoomForAreNotFollowed(t *testing.T) {
	server := newFakeServer(t)
	server.processes = nil
	const many = 70
	for i := range many {
		name := fmt.Sprintf("%02d", i)
		server.processes = append(server.processes, &fakeProcess{group: "many", name: name, state: supervise.StateRunning})
		server.logs["many:"+name+"/stdout"] = "hello\n"
	}
	s := begin("-s", server.URL, "tail", "-f", "*")
	for i := range mostStreams {
		s.screen.await(t, fmt.Sprintf("many:%02d | hello\n", i))
	}
	interruptSelf(t)
	if status := s.ends(t); status != exitGeneric {
		t.Errorf("exit status %d, want %d for what is not followed", status, exitGeneric)
	}
	screen := s.screen.String()
	said := fmt.Sprintf("==> only the first %d of %d logs are followed, up to many:%02d: each takes a connection, and the server has to have some left <==\n", mostStreams, many, mostStreams-1)
	if !strings.Contains(screen, said) {
		t.Errorf("it does not say so:\n%s", screen)
	}
	if got := strings.Count(screen, "hello"); got != mostStreams {
		t.Errorf("%d logs are followed, want %d", got, mostStreams)
	}
}

func TestFollowingEverythingLeavesTheWordsAlone(t *testing.T) {
	server := newFakeServer(t)
	server.processes = nil
	c := newController(settings{serverURL: server.URL}, strings.NewReader(""), io.Discard, io.Discard)
	cl, err := c.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.close()
	names := []string{"*"}
	if err := c.followSeveral(t.Context(), cl, names, supervise.Stdout); err != nil || names[0] != "*" {
		t.Errorf("error %v, words %q", err, names)
	}
}

// unsafeWriter notices when two write at once.
type unsafeWriter struct {
	busy    atomic.Bool
	clashes atomic.Int32
}

func (w *unsafeWriter) Write(p []byte) (int, error) {
	if !w.busy.CompareAndSwap(false, true) {
		w.clashes.Add(1)
		return len(p), nil
	}
	runtime.Gosched() // to whoever wants to write too
	w.busy.Store(false)
	return len(p), nil
}

func TestStreamsComplainOneAfterTheOther(t *testing.T) {
	var screen unsafeWriter
	c := newController(settings{}, strings.NewReader(""), io.Discard, &screen)
	var streams sync.WaitGroup
	for range 8 {
		streams.Go(func() {
			for range 1000 {
				c.streamError("/logtail/cat/stdout", "Cannot read, status code 503")
			}
		})
	}
	streams.Wait()
	if n := screen.clashes.Load(); n > 0 {
		t.Errorf("%d complaints came while another was being written", n)
	}
}

func TestAPatternForOneProcessIsFollowedLikeThatProcess(t *testing.T) {
	server := newFakeServer(t)
	s := begin("-s", server.URL, "tail", "-f", "ca*", "stderr")
	s.screen.await(t, pressCtrlC+"\noops\n")
	interruptSelf(t)
	if status := s.ends(t); status != exitOK {
		t.Errorf("exit status %d", status)
	}
}
