package logs

import (
	"bytes"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"supervisor/supervise"
)

// Options says what becomes of one channel's output.
type Options struct {
	Process         supervise.NameSpec
	Channel         supervise.Channel
	Path            string      // "" for memory only
	Mode            fs.FileMode // of files made, before the umask; 0 means 0666. Automatic logs want 0600.
	MaxBytes        int64       // rotate at this size; 0 never
	Backups         int
	Syslog          bool
	StripANSI       bool
	CaptureMaxBytes int64 // 0 means that the tokens are text
	Events          bool  // tell LogEvents
	Listener        bool  // stdout of an event listener: no capture, no events, no syslog, and strip_ansi for the file only
	RingMaxBytes    int64 // memory where there is no file to read back; 0 means 64 KiB

	// These may be nil. They are called with no lock held, from the pump's
	// goroutine; Trouble also from a timer's. Bytes are lent, events own theirs.

	OnEvent  func(supervise.Event) // LogEvent and CommunicationEvent, their PID left to the engine
	OnOutput func([]byte)          // the raw bytes of a Listener
	Debug    func([]byte)          // a copy of what is logged, for the main log at level debug; see DebugText
	Trouble  func(string)          // a line for the main log: writing begins to fail, or works again
}

// Channel is one stdout or stderr of a process, for as long as the process is
// configured: it outlives the children. It is the sink of the pump and a
// supervise.Log for readers.
//
// Open comes before a child's birth, Flush after its last Write; Close at the
// very end. Write and Flush take turns: when a disk has hung, the pump of one
// life may still be at it when the next life begins.
type Channel struct {
	output
	options Options
	syslog  *syslogLine // nil for none
	plain   bool        // nothing to do but append

	turn     sync.Mutex // guards the fields below; held while a pump writes
	capture  *capture   // nil without capture_maxbytes
	stripper stripper
	lines    lines // for syslog

	cleared atomic.Bool // captured text is to be forgotten
}

var _ supervise.MirroredLog = (*Channel)(nil)

// NewChannel makes a channel. It touches no disk.
func NewChannel(options Options, gate *Gate) *Channel {
	c := &Channel{options: options}
	c.output.init(gate, options)
	if options.Listener {
		return c
	}
	if options.CaptureMaxBytes > 0 {
		c.capture = newCapture(options.CaptureMaxBytes)
	}
	if options.Syslog {
		c.syslog = gate.syslog
	}
	c.plain = c.capture == nil && c.syslog == nil && !options.StripANSI && !options.Events && options.Debug == nil
	return c
}

// Write takes what the child wrote, as one read gave it. It waits for a slow
// disk, and never fails.
func (c *Channel) Write(p []byte) {
	c.turn.Lock()
	defer c.turn.Unlock()
	switch {
	case len(p) == 0:
	case c.plain:
		c.output.append(p)
	case c.options.Listener:
		c.listen(p)
	case c.capture == nil:
		c.take(p)
	default:
		c.forgetIfCleared()
		c.capture.feed(p, c.take, c.boundary)
	}
}

// Flush ends an incarnation. The original loses what it still holds then: the
// beginning of a token, and a capture that was never ended. Here both end up in
// the log.
func (c *Channel) Flush() {
	c.turn.Lock()
	defer c.turn.Unlock()
	if c.capture != nil {
		c.forgetIfCleared()
		c.capture.finish(c.take)
	}
	c.endRegion()
	if c.capture != nil && c.capture.active {
		c.capture.active = false
		c.log(c.capture.ring.bytes())
		c.capture.ring.clear()
	}
	if c.syslog != nil {
		c.lines.finish(c.tellSyslog)
	}
	if c.port != nil {
		c.port.leave()
	}
}

// Clear empties the log, and what is being captured.
func (c *Channel) Clear() error {
	c.cleared.Store(true)
	return c.output.Clear()
}

// Trouble says what is wrong with writing to the file, or else to syslog.
func (c *Channel) Trouble() string {
	if text := c.output.Trouble(); text != "" || c.syslog == nil {
		return text
	}
	return c.syslog.Trouble()
}

// Cause is why the output of a channel is not written as it should be. It stays as
// it is for as long as that lasts.
type Cause struct {
	Why   string    // "" if nothing is wrong; the same for all logs with the same trouble
	Path  string    // the file; "" for syslog
	Since time.Time // zero for syslog, where nobody knows
}

// Cause is why Trouble speaks of trouble.
func (c *Channel) Cause() Cause {
	if why, since := c.output.cause(); why != "" || c.syslog == nil {
		return Cause{Why: why, Path: c.Path(), Since: since}
	}
	return Cause{Why: c.syslog.why()}
}

// Syslog tells whether lines are sent to syslog.
func (c *Channel) Syslog() bool { return c.syslog != nil }

// listen is the pipeline of an event listener's stdout (dispatchers.py
// PEventListenerDispatcher): only the file's copy is stripped.
func (c *Channel) listen(p []byte) {
	c.debug(p)
	if data := c.strip(p); len(data) > 0 {
		c.output.append(data)
	}
	if c.options.OnOutput != nil {
		c.options.OnOutput(p)
	}
}

// take is the pipeline behind the tokens (dispatchers.py _log). Captured text
// goes through it too, though the documentation says otherwise.
func (c *Channel) take(p []byte) { c.pass(c.strip(p)) }

func (c *Channel) pass(data []byte) {
	if len(data) == 0 {
		return
	}
	if c.capture != nil && c.capture.active {
		c.capture.ring.append(data)
	} else {
		c.log(data)
	}
	c.debug(data)
	if c.options.Events {
		c.tell(supervise.LogEvent{Name: c.options.Process, Channel: c.options.Channel, Data: bytes.Clone(data)})
	}
}

// log is where text comes to rest.
func (c *Channel) log(data []byte) {
	if len(data) == 0 {
		return
	}
	c.output.append(data)
	if c.syslog != nil {
		c.lines.feed(data, c.tellSyslog)
	}
}

// boundary is called at a token, before the capture begins or ends.
func (c *Channel) boundary() {
	c.endRegion()
	if !c.capture.active {
		return
	}
	payload := c.capture.ring.bytes()
	c.capture.ring.clear()
	c.tell(supervise.CommunicationEvent{Name: c.options.Process, Channel: c.options.Channel, Data: payload})
}

// endRegion gives on what the stripper holds back.
func (c *Channel) endRegion() {
	if c.options.Listener {
		if held := c.stripper.finish(); len(held) > 0 {
			c.output.append(held)
		}
		return
	}
	c.pass(c.stripper.finish())
}

func (c *Channel) strip(p []byte) []byte {
	if !c.options.StripANSI {
		return p
	}
	return c.stripper.strip(p)
}

func (c *Channel) debug(p []byte) {
	if c.options.Debug != nil {
		c.options.Debug(p)
	}
}

func (c *Channel) tell(event supervise.Event) {
	if c.options.OnEvent != nil {
		c.options.OnEvent(event)
	}
}

func (c *Channel) tellSyslog(line []byte) {
	c.syslog.send(c.options.Process.Process + " " + string(line))
}

func (c *Channel) forgetIfCleared() {
	if c.cleared.CompareAndSwap(true, false) {
		c.capture.ring.clear()
	}
}

// DebugText is the line of the main log that repeats a program's output at level
// debug: "'x' stdout output:\nDATA". A listener's is printed as Python prints
// bytes, as is any that is not UTF-8 (dispatchers.py).
func DebugText(process string, channel supervise.Channel, listener bool, data []byte) string {
	var b strings.Builder
	b.WriteString(supervise.Quote(process) + " " + channel.String() + " output:\n")
	switch {
	case listener:
		b.WriteString(supervise.QuoteBytes(data))
	case utf8.Valid(data):
		b.Write(data)
	default:
		b.WriteString("Undecodable: " + supervise.QuoteBytes(data))
	}
	return b.String()
}
