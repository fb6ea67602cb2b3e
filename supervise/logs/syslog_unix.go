//go:build unix

package logs

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// syslogPriority is LOG_USER|LOG_INFO, the default the original leaves it at.
const syslogPriority = 14

const (
	// syslogPatience is how long a message may wait for a syslog daemon that
	// does not read. After that, messages are dropped for syslogPause.
	syslogPatience = 50 * time.Millisecond
	syslogPause    = time.Second
	// redialMin and redialMax bound the pause before a lost socket is tried again.
	redialMin = time.Second
	redialMax = 30 * time.Second
)

// syslogSockets is where the systems have it. Solaris and illumos have a STREAMS
// device instead, which is not spoken here: messages are counted as dropped, and
// Trouble says so.
var syslogSockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// syslogLine is the line to the system's log, shared by all channels. It never
// waits for long: what cannot be sent is dropped, counted, and told of in syslog
// when it can be reached again.
type syslogLine struct {
	tag     string
	sockets []string

	mu      sync.Mutex // guards the fields below
	conn    net.Conn
	stream  bool      // conn needs an end to each message
	again   time.Time // nothing is tried before
	pause   time.Duration
	dropped int64 // not told yet
	cause   string
}

func newSyslogLine(tag string, sockets []string) *syslogLine {
	return &syslogLine{tag: tag, sockets: sockets}
}

// send sends one line of text.
func (s *syslogLine) send(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Before(s.again) {
		s.dropped++
		return
	}
	if err := s.connect(now); err != nil {
		s.drop(err)
		return
	}
	if s.dropped > 0 {
		s.confess(now)
	}
	if err := s.post(now, text); err != nil {
		s.failed(err, now)
	}
}

// Trouble says why messages are being dropped, "" if they are not.
func (s *syslogLine) Trouble() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == "" {
		return ""
	}
	return fmt.Sprintf("syslog: %s, %d messages lost", s.cause, s.dropped)
}

// why is Trouble without how much is lost.
func (s *syslogLine) why() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == "" {
		return ""
	}
	return "syslog: " + s.cause
}

// confess tells syslog what it has missed.
func (s *syslogLine) confess(now time.Time) {
	if err := s.post(now, fmt.Sprintf("%d messages lost: %s", s.dropped, s.cause)); err == nil {
		s.dropped, s.cause = 0, ""
	}
}

// post writes a message in the form of syslog(3).
func (s *syslogLine) post(now time.Time, text string) error {
	if s.conn == nil {
		return errors.New("not connected")
	}
	message := fmt.Sprintf("<%d>%s %s: %s", syslogPriority, now.Format(time.Stamp), s.tag, text)
	if s.stream {
		message += "\x00"
	}
	if err := s.conn.SetWriteDeadline(now.Add(syslogPatience)); err != nil {
		return err
	}
	_, err := s.conn.Write([]byte(message))
	return err
}

func (s *syslogLine) failed(err error, now time.Time) {
	s.drop(err)
	s.again = now.Add(syslogPause)
	var timeout net.Error
	if busy := errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, unix.ENOBUFS); busy && !s.stream {
		return
	}
	s.hangUp()
}

// drop counts a message that will not be sent.
func (s *syslogLine) drop(err error) {
	s.dropped++
	s.cause = reason(err)
}

// hangUp lets go of a connection that failed, or that may be in the middle of a
// message; the daemon may have been restarted.
func (s *syslogLine) hangUp() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// connect finds the socket, if there is no connection.
func (s *syslogLine) connect(now time.Time) error {
	if s.conn != nil {
		return nil
	}
	for _, network := range []string{"unixgram", "unix"} {
		for _, path := range s.sockets {
			conn, err := net.Dial(network, path)
			if err != nil {
				continue
			}
			s.conn, s.stream, s.pause = conn, network == "unix", 0
			return nil
		}
	}
	s.pause = min(max(2*s.pause, redialMin), redialMax)
	s.again = now.Add(s.pause)
	return errors.New("no syslog daemon answers")
}
