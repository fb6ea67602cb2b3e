package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"supervisor/supervise"
)

func openMain(t *testing.T, options MainOptions) (*MainLog, *slog.Logger) {
	t.Helper()
	m := NewMainLog(options, NewGate())
	must(t, m.Open())
	t.Cleanup(m.Close)
	return m, slog.New(m)
}

func TestMainLogLinesHaveTheOriginalsForm(t *testing.T) {
	m, _ := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), Level: LevelBlather})
	at := time.Date(2026, 1, 31, 23, 59, 59, 999_999_999, time.Local)
	var want strings.Builder
	for level, code := range map[slog.Level]string{
		LevelCritical: "CRIT", LevelError: "ERRO", LevelWarn: "WARN", LevelInfo: "INFO",
		LevelDebug: "DEBG", LevelTrace: "TRAC", LevelBlather: "BLAT", LevelInfo + 1: "INFO",
	} {
		must(t, m.Handle(context.Background(), slog.NewRecord(at, level, "spawned: 'x' with pid 7", 0)))
		want.WriteString("2026-01-31 23:59:59,999 " + code + " spawned: 'x' with pid 7\n")
	}
	if got := read(t, m.Path()); got != want.String() {
		t.Errorf("got\n%swant\n%s", got, want.String())
	}
}

func TestMainLogAgreesWithTheOriginal(t *testing.T) {
	messages := []string{"plain", "two\nlines", "caf\u00e9", ""}
	var want []string
	oracle(t, `
import os, tempfile
from supervisor import loggers
lines = []
for message in input:
    with tempfile.NamedTemporaryFile() as f:
        log = loggers.getLogger(loggers.LevelsByName.BLAT)
        loggers.handle_file(log, f.name, '%(asctime)s %(levelname)s %(message)s\n')
        for level in (log.critical, log.error, log.warn, log.info, log.debug, log.trace, log.blather): level(message)
        log.close()
        lines.append(f.read().decode())
json.dump(lines, sys.stdout)`, messages, &want)
	stamps := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} `)
	for i, message := range messages {
		m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), Level: LevelBlather})
		for _, level := range []slog.Level{LevelCritical, LevelError, LevelWarn, LevelInfo, LevelDebug, LevelTrace, LevelBlather} {
			log.Log(context.Background(), level, message)
		}
		got := read(t, m.Path())
		if len(stamps.FindAllString(got, -1)) != 7 {
			t.Errorf("%q does not have seven stamps", got)
		}
		if got, want := stamps.ReplaceAllString(got, "@ "), stamps.ReplaceAllString(want[i], "@ "); got != want {
			t.Errorf("got\n%sthe original\n%s", got, want)
		}
	}
}

func TestMainLogPrintsNothingBelowItsLevel(t *testing.T) {
	m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), Level: LevelWarn})
	log.Info("no")
	log.Warn("yes")
	if got := read(t, m.Path()); strings.Contains(got, "no") || !strings.HasSuffix(got, " WARN yes\n") {
		t.Errorf("log %q", got)
	}
}

func TestMainLogPrintsNamedValuesAfterTheMessage(t *testing.T) {
	m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log")})
	log.With("id", 7).WithGroup("http").Info("request", "path", "/a b", slog.Group("answer", "status", 200), "err", errors.New("x"))
	want := ` INFO request id=7 http.path="/a b" http.answer.status=200 http.err=x` + "\n"
	if got := read(t, m.Path()); !strings.HasSuffix(got, want) {
		t.Errorf("log %q, want %q at its end", got, want)
	}
}

func TestMainLogRotatesLineByLine(t *testing.T) {
	dir := t.TempDir()
	_, log := openMain(t, MainOptions{Path: filepath.Join(dir, "log"), MaxBytes: 60, Backups: 2})
	for i := range 5 {
		log.Info(fmt.Sprintf("message %d", i))
	}
	got := files(t, dir)
	for name, text := range got {
		got[name] = regexp.MustCompile(`\d{4}-.{18} INFO message `).ReplaceAllString(text, "")
	}
	if want := map[string]string{"log": "4\n", "log.1": "2\n3\n", "log.2": "0\n1\n"}; !maps.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestMainLogIsEchoed(t *testing.T) {
	var echo bytes.Buffer
	m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), Echo: &echo})
	log.Info("hello")
	if got := read(t, m.Path()); got != echo.String() || !strings.HasSuffix(got, " INFO hello\n") {
		t.Errorf("log %q, echo %q", got, echo.String())
	}
}

func TestABrokenEchoDoesNotEndSupervisord(t *testing.T) {
	reader, writer, err := os.Pipe()
	must(t, err)
	m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), Echo: writer})
	must(t, writer.Close()) // ours is a descriptor of its own
	log.Info("read")
	line := make([]byte, 100)
	if n, err := reader.Read(line); err != nil || !strings.HasSuffix(string(line[:n]), "read\n") {
		t.Errorf("echo %q, %v", line[:n], err)
	}
	must(t, reader.Close())
	log.Info("unread")
	if !strings.HasSuffix(read(t, m.Path()), "unread\n") {
		t.Error("the file is missing a line")
	}
}

func TestClearOfTheMainLogBeginsANewFileAndSaysSoOnTheEcho(t *testing.T) {
	var echo bytes.Buffer
	m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), Echo: &echo})
	log.Info("old")
	echo.Reset()
	must(t, m.Clear())
	if got := read(t, m.Path()); got != "" {
		t.Errorf("log %q, want none", got)
	}
	if n := strings.Count(echo.String(), " INFO reopening log file\n"); n != 2 {
		t.Errorf("echo %q, want one line for each of the original's handlers", echo.String())
	}
	must(t, os.Remove(m.Path()))
	if err := m.Clear(); !errors.Is(err, supervise.Fault{Code: supervise.FaultNoFile}) {
		t.Errorf("clear without a file: %v, want NO_FILE", err)
	}
	nowhere, _ := openMain(t, MainOptions{})
	if err := nowhere.Clear(); !errors.Is(err, supervise.Fault{Code: supervise.FaultNoFile}) {
		t.Errorf("clear of no file: %v, want NO_FILE", err)
	}
}

func TestMainLogThatCannotBeOpenedSaysSo(t *testing.T) {
	m := NewMainLog(MainOptions{Path: filepath.Join(t.TempDir(), "none", "log")}, NewGate())
	if err := m.Open(); err == nil || !strings.HasPrefix(err.Error(), "open main log: ") {
		t.Errorf("open: %v", err)
	}
	m.Close()
}

func TestManyGoroutinesLogWholeLines(t *testing.T) {
	m, log := openMain(t, MainOptions{Path: filepath.Join(t.TempDir(), "log"), MaxBytes: 10_000, Backups: 100})
	var work sync.WaitGroup
	for writer := range 8 {
		work.Go(func() {
			for range 500 {
				log.Info(strings.Repeat(fmt.Sprint(writer), 20))
			}
		})
	}
	work.Wait()
	lines := strings.Split(strings.TrimSuffix(inOrder(t, filepath.Dir(m.Path())), "\n"), "\n")
	form := regexp.MustCompile(`^.{23} INFO (0{20}|1{20}|2{20}|3{20}|4{20}|5{20}|6{20}|7{20})$`)
	for _, line := range lines {
		if !form.MatchString(line) {
			t.Fatalf("line %q", line)
		}
	}
	if len(lines) != 4000 {
		t.Errorf("%d lines of 4000", len(lines))
	}
}
