//go:build unix

package logs

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

// syslogDaemon listens where a gate sends.
func syslogDaemon(t *testing.T) (*Gate, *net.UnixConn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	daemon, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { daemon.Close() })
	gate := NewGate()
	gate.syslog = newSyslogLine("supervisord", []string{path})
	t.Cleanup(gate.syslog.hangUp)
	return gate, daemon
}

var stamp = regexp.MustCompile(`^<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d `)

// hearSyslog gives the next message, without priority and time.
func hearSyslog(t *testing.T, daemon *net.UnixConn) string {
	t.Helper()
	must(t, daemon.SetReadDeadline(time.Now().Add(10*time.Second)))
	buffer := make([]byte, 64<<10)
	n, err := daemon.Read(buffer)
	must(t, err)
	message := string(buffer[:n])
	if !stamp.MatchString(message) {
		t.Errorf("message %q does not begin as syslog(3) has it", message)
	}
	return stamp.ReplaceAllString(message, "")
}

func TestSyslogGetsOneMessageALine(t *testing.T) {
	gate, daemon := syslogDaemon(t)
	path := filepath.Join(t.TempDir(), "log")
	c := open(t, gate, Options{Process: supervise.NameSpec{Group: "g", Process: "p"}, Path: path, Syslog: true})
	for _, p := range []string{"one\ntw", "o\n", "three"} {
		c.Write([]byte(p))
	}
	c.Flush()
	for _, want := range []string{"supervisord: p one", "supervisord: p two", "supervisord: p three"} {
		if got := hearSyslog(t, daemon); got != want {
			t.Errorf("message %q, want %q", got, want)
		}
	}
	if got := read(t, path); got != "one\ntwo\nthree" {
		t.Errorf("log %q", got)
	}
}

func TestSyslogOnlyIsRememberedInMemoryAndCanBeCleared(t *testing.T) {
	gate, _ := syslogDaemon(t)
	c := NewChannel(Options{Syslog: true}, gate)
	c.Write([]byte("hello\n"))
	if _, end := c.Bounds(); end != 6 {
		t.Errorf("end %d, want 6", end)
	}
	must(t, c.Clear())
}

func TestASyslogThatDoesNotReadCostsMessagesAndNoTime(t *testing.T) {
	gate, daemon := syslogDaemon(t)
	c := NewChannel(Options{Process: supervise.NameSpec{Process: "p"}, Syslog: true}, gate)
	sent := 0
	began := time.Now()
	for gate.syslog.Trouble() == "" { // until the daemon's queue is full
		c.Write(fmt.Appendf(nil, "line %d\n", sent))
		sent++
	}
	for range 10_000 {
		c.Write([]byte("dropped\n"))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("writing took %v", took)
	}
	if text := c.Trouble(); !strings.Contains(text, "10001 messages lost") {
		t.Errorf("trouble %q", text)
	}
	for i := range sent - 1 {
		if got, want := hearSyslog(t, daemon), fmt.Sprintf("supervisord: p line %d", i); got != want {
			t.Fatalf("message %q, want %q", got, want)
		}
	}
	gate.syslog.again = time.Time{} // as after a second
	c.Write([]byte("back\n"))
	if got := hearSyslog(t, daemon); !strings.HasPrefix(got, "supervisord: 10001 messages lost: ") {
		t.Errorf("message %q", got)
	}
	if got := hearSyslog(t, daemon); got != "supervisord: p back" || c.Trouble() != "" {
		t.Errorf("message %q, trouble %q", got, c.Trouble())
	}
}

func TestASyslogThatIsNotThereIsLookedForAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	s := newSyslogLine("supervisord", []string{path})
	s.send("lost")
	if got := s.Trouble(); got != "syslog: no syslog daemon answers, 1 messages lost" {
		t.Errorf("trouble %q", got)
	}
	daemon, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	defer daemon.Close()
	s.send("lost too") // not tried yet
	s.again = time.Time{}
	s.send("heard")
	for _, want := range []string{"supervisord: 2 messages lost: no syslog daemon answers", "supervisord: heard"} {
		if got := hearSyslog(t, daemon); got != want {
			t.Errorf("message %q, want %q", got, want)
		}
	}
	s.hangUp()
}

func TestMainLogInSyslogHasItsPrefixOnEveryLine(t *testing.T) {
	gate, daemon := syslogDaemon(t)
	m := NewMainLog(MainOptions{Syslog: true}, gate)
	must(t, m.Open())
	defer m.Close()
	at := time.Date(2026, 1, 31, 12, 0, 0, 7_999_999, time.Local)
	must(t, m.Handle(context.Background(), slog.NewRecord(at, LevelWarn, "two\nlines", 0)))
	for _, line := range []string{"two", "lines"} {
		if got, want := hearSyslog(t, daemon), "supervisord: 2026-01-31 12:00:00,007 WARN "+line; got != want {
			t.Errorf("message %q, want %q", got, want)
		}
	}
	if m.Path() != "" {
		t.Errorf("path %q", m.Path())
	}
}
