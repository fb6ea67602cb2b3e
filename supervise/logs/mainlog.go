package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"supervisor/supervise"
)

// The levels of Supervisor's main log (loggers.py).
const (
	LevelBlather  = slog.Level(-12)
	LevelTrace    = slog.Level(-8)
	LevelDebug    = slog.LevelDebug
	LevelInfo     = slog.LevelInfo
	LevelWarn     = slog.LevelWarn
	LevelError    = slog.LevelError
	LevelCritical = slog.Level(12)
)

// levels gives each its code in the log, lowest first.
var levels = []struct {
	level slog.Level
	code  string
}{
	{LevelBlather, "BLAT"},
	{LevelTrace, "TRAC"},
	{LevelDebug, "DEBG"},
	{LevelInfo, "INFO"},
	{LevelWarn, "WARN"},
	{LevelError, "ERRO"},
	{LevelCritical, "CRIT"},
}

// levelCode is what is printed for a level: that of the nearest one below.
func levelCode(level slog.Level) string {
	code := levels[0].code
	for _, l := range levels {
		if level >= l.level {
			code = l.code
		}
	}
	return code
}

// MainOptions says where supervisord's own log goes.
type MainOptions struct {
	Path         string // "" for no file
	MaxBytes     int64
	Backups      int
	Syslog       bool       // logfile=syslog
	Echo         io.Writer  // in the foreground: every line also here; nil for nowhere
	Level        slog.Level // lines below it are not printed
	RingMaxBytes int64      // memory where there is no file to read back; 0 means 64 KiB
}

// MainLog is supervisord's own log: a slog.Handler that prints lines exactly as
// the original does, and a supervise.Log. Any goroutine may use it. Handle waits
// for a slow disk, so the engine's loop hands its lines to somebody who can.
type MainLog struct {
	output
	options MainOptions
	syslog  *syslogLine // nil for none
	echo    io.Writer   // nil for none
	dup     *os.File    // behind echo, if it is ours to close
}

var (
	_ slog.Handler          = (*MainLog)(nil)
	_ supervise.MirroredLog = (*MainLog)(nil)
)

// NewMainLog makes the main log. It touches no disk; Open does.
func NewMainLog(options MainOptions, gate *Gate) *MainLog {
	m := &MainLog{options: options, echo: options.Echo}
	m.output.init(gate, Options{
		Path: options.Path, MaxBytes: options.MaxBytes, Backups: options.Backups, RingMaxBytes: options.RingMaxBytes,
		Trouble: m.complain,
	})
	if options.Syslog {
		m.syslog = gate.syslog
	}
	return m
}

// Open opens the file.
func (m *MainLog) Open() error {
	if err := m.openEcho(); err != nil {
		return fmt.Errorf("open main log: %w", err)
	}
	if err := m.output.Open(); err != nil {
		return fmt.Errorf("open main log: %w", err)
	}
	return nil
}

// openEcho takes the standard streams by another descriptor: a pipe whose reader
// has gone would otherwise end supervisord with SIGPIPE.
func (m *MainLog) openEcho() error {
	stream, ok := m.options.Echo.(*os.File)
	if !ok || m.dup != nil {
		return nil
	}
	dup, err := duplicateFile(stream)
	if err != nil {
		return err
	}
	m.dup, m.echo = dup, dup
	return nil
}

// Close gives the log up for good.
func (m *MainLog) Close() {
	m.output.Close()
	if m.dup != nil {
		m.dup.Close()
	}
}

// Enabled tells whether lines of a level are printed.
func (m *MainLog) Enabled(_ context.Context, level slog.Level) bool { return level >= m.options.Level }

// Handle prints a line: "2026-01-31 12:00:00,000 INFO message". Named values
// follow the message as name=value. What cannot be written is kept and counted
// by the file, so there is no error to answer.
func (m *MainLog) Handle(_ context.Context, r slog.Record) error {
	m.print(r.Time, r.Level, r.Message+attrsText("", r.Attrs))
	return nil
}

// WithAttrs gives a handler that adds the values to each line.
func (m *MainLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return (&dressed{main: m}).WithAttrs(attrs)
}

// WithGroup gives a handler that puts the name before those of later values.
func (m *MainLog) WithGroup(name string) slog.Handler {
	return (&dressed{main: m}).WithGroup(name)
}

// Clear removes the file and begins a new one (rpcinterface.py clearLog). The
// original announces it once for each of its handlers, to the file that has just
// been removed as well; what remains to be seen of that is on the echo.
func (m *MainLog) Clear() error {
	if m.port == nil {
		return supervise.Fault{Code: supervise.FaultNoFile}
	}
	if m.port.file.isMissing() {
		return supervise.Fault{Code: supervise.FaultNoFile}
	}
	if err := m.output.Clear(); err != nil {
		return err
	}
	if m.echo != nil && m.options.Level <= LevelInfo {
		line := format(time.Now(), LevelInfo, "reopening log file")
		m.repeat(append(slices.Clone(line), line...))
	}
	return nil
}

// Trouble says what is wrong with writing the log.
func (m *MainLog) Trouble() string {
	if text := m.output.Trouble(); text != "" || m.syslog == nil {
		return text
	}
	return m.syslog.Trouble()
}

// Syslog tells whether lines are sent to syslog.
func (m *MainLog) Syslog() bool { return m.syslog != nil }

// complain tells of the main log's own trouble: in memory it is kept for the
// file, on the echo it can be seen at once.
func (m *MainLog) complain(text string) { m.print(time.Now(), LevelWarn, text) }

func (m *MainLog) print(at time.Time, level slog.Level, message string) {
	if at.IsZero() {
		at = time.Now()
	}
	line := format(at, level, message)
	m.output.append(line)
	m.repeat(line)
	if m.syslog == nil {
		return
	}
	for text := range strings.SplitSeq(strings.TrimRight(message, "\n"), "\n") {
		m.syslog.send(strings.TrimSuffix(string(format(at, level, text)), "\n"))
	}
}

// repeat writes to the echo. If that fails there is nobody to tell: the reader
// has gone, and the original ignores that too (loggers.py Handler.flush).
func (m *MainLog) repeat(lines []byte) {
	if m.echo != nil {
		_, _ = m.echo.Write(lines)
	}
}

// format prints a line, with local time and milliseconds cut, not rounded.
func format(at time.Time, level slog.Level, message string) []byte {
	line := make([]byte, 0, len("2006-01-02 15:04:05,000 INFO \n")+len(message))
	line = at.Local().AppendFormat(line, "2006-01-02 15:04:05")
	line = fmt.Appendf(line, ",%03d %s ", at.Nanosecond()/int(time.Millisecond), levelCode(level))
	line = append(line, message...)
	return append(line, '\n')
}

// dressed is a MainLog with values that each line has.
type dressed struct {
	main  *MainLog
	group string // put before names: "a.b."
	attrs string // as printed
}

func (d *dressed) Enabled(ctx context.Context, level slog.Level) bool {
	return d.main.Enabled(ctx, level)
}

func (d *dressed) Handle(_ context.Context, r slog.Record) error {
	d.main.print(r.Time, r.Level, r.Message+d.attrs+attrsText(d.group, r.Attrs))
	return nil
}

func (d *dressed) WithAttrs(attrs []slog.Attr) slog.Handler {
	each := func(visit func(slog.Attr) bool) {
		for _, a := range attrs {
			visit(a)
		}
	}
	return &dressed{main: d.main, group: d.group, attrs: d.attrs + attrsText(d.group, each)}
}

func (d *dressed) WithGroup(name string) slog.Handler {
	if name == "" {
		return d
	}
	return &dressed{main: d.main, group: d.group + name + ".", attrs: d.attrs}
}

// attrsText prints values as " name=value", quoted where they have spaces.
func attrsText(group string, each func(func(slog.Attr) bool)) string {
	var b strings.Builder
	each(func(a slog.Attr) bool {
		writeAttr(&b, group, a)
		return true
	})
	return b.String()
}

func writeAttr(b *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return
	}
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range value.Group() {
			writeAttr(b, group, member)
		}
		return
	}
	text := value.String()
	if text == "" || strings.ContainsAny(text, " \"\n=") {
		text = fmt.Sprintf("%q", text)
	}
	fmt.Fprintf(b, " %s%s=%s", group, a.Key, text)
}
