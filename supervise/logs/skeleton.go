//go:build unix

package logs

import (
	"context"
	"io"
	"io/fs"
	"log/slog"

	"supervisor/supervise"
)

// Gate is what all logs of one supervisord share: the places at the disk, the
// open files by path, the line to syslog.
type Gate struct{}

// NewGate makes a gate; each supervisord needs one.
func NewGate() *Gate { return &Gate{} }

// Options says what becomes of one channel's output.
type Options struct {
	Process         supervise.NameSpec
	Channel         supervise.Channel
	Path            string // "" for memory only (and syslog)
	MaxBytes        int64  // rotate at this size; 0 never
	Backups         int
	Mode            fs.FileMode // of files made, before the umask; 0 means 0666. Use 0600 for automatic logs.
	Syslog          bool
	StripANSI       bool
	CaptureMaxBytes int64 // 0: no capture
	Events          bool  // *_events_enabled
	Listener        bool  // stdout of an event listener: OnOutput gets the raw bytes; no capture, events or syslog
	RingMaxBytes    int64 // memory where there is no readable file; 0 means 64 KiB

	// All of these are called from the pump's goroutine with no lock held, and
	// may be nil. Bytes are the callee's only until it returns; events own theirs.
	OnEvent  func(supervise.Event) // LogEvent, CommunicationEvent; PID is left 0 for the engine to fill in
	OnOutput func([]byte)
	Debug    func([]byte) // a copy of everything, for loglevel debug; see DebugText
	Trouble  func(string) // writing starts failing, or works again: a line for the main log, WARN
}

// Channel is one stdout or stderr: a child.Sink and a supervise.Log.
type Channel struct{}

// NewChannel makes a channel; it touches no disk.
func NewChannel(Options, *Gate) *Channel { return &Channel{} }

// Open opens the file for the next incarnation; the error wraps the errno. May block on a disk: not for the loop.
func (c *Channel) Open() error { return nil }

// Write takes what the child wrote.
func (c *Channel) Write(p []byte) {}

// Flush ends an incarnation.
func (c *Channel) Flush() {}

// Reopen closes and opens the file again by its name, if it is open (SIGUSR2). May block: not for the loop.
func (c *Channel) Reopen() error { return nil }

// Close gives up the channel for good and wakes those who Wait. May block: not for the loop.
func (c *Channel) Close() {}

// Lost is how many bytes could not be kept so far.
func (c *Channel) Lost() int64 { return 0 }

func (c *Channel) Path() string                                           { return "" }
func (c *Channel) Bounds() (oldest, end int64)                            { return 0, 0 }
func (c *Channel) ReadAt(p []byte, off int64) (int, error)                { return 0, nil }
func (c *Channel) Wait(ctx context.Context, off int64) (int64, error)     { return 0, nil }
func (c *Channel) Read(offset, length int64) ([]byte, error)              { return nil, nil }
func (c *Channel) Tail(offset, length int64) ([]byte, int64, bool, error) { return nil, 0, false, nil }
func (c *Channel) Clear() error                                           { return nil }
func (c *Channel) Trouble() string                                        { return "" }

var _ supervise.Log = (*Channel)(nil)

// The levels of Supervisor's main log.
const (
	LevelBlather  = slog.Level(-12)
	LevelTrace    = slog.Level(-8)
	LevelDebug    = slog.LevelDebug
	LevelInfo     = slog.LevelInfo
	LevelWarn     = slog.LevelWarn
	LevelError    = slog.LevelError
	LevelCritical = slog.Level(12)
)

// ParseLevel reads critical, error, warn, info, debug, trace, blather.
func ParseLevel(text string) (slog.Level, bool) { return 0, false }

// MainOptions says where supervisord's own log goes.
type MainOptions struct {
	Path         string // "" for no file
	MaxBytes     int64
	Backups      int
	Syslog       bool      // logfile=syslog
	Echo         io.Writer // nodaemon: every line also here
	Level        slog.Level
	RingMaxBytes int64
}

// MainLog is supervisord's own log: a slog.Handler and a supervise.Log.
type MainLog struct{ Channel }

// NewMainLog makes the main log; Open opens it.
func NewMainLog(MainOptions, *Gate) *MainLog { return &MainLog{} }

func (m *MainLog) Enabled(context.Context, slog.Level) bool  { return false }
func (m *MainLog) Handle(context.Context, slog.Record) error { return nil }
func (m *MainLog) WithAttrs([]slog.Attr) slog.Handler        { return m }
func (m *MainLog) WithGroup(string) slog.Handler             { return m }

var _ slog.Handler = (*MainLog)(nil)

// DebugText is the line of the main log that repeats output at loglevel debug:
// "'x' stdout output:\nDATA".
func DebugText(process string, channel supervise.Channel, listener bool, data []byte) string {
	return ""
}

// AutoName creates the file of an automatic log and returns its path.
func AutoName(childlogdir, process string, channel supervise.Channel, identifier string) (string, error) {
	return "", nil
}

// CleanAuto removes the automatic logs an earlier supervisord of this identifier
// left, and returns warnings for the main log.
func CleanAuto(childlogdir, identifier string) []string { return nil }
