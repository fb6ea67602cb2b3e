package ctl

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden files")

// A golden file is a session with a server that newFakeServer describes: each
// command line begins with "$", its standard input with "<", and below stands
// what is printed: standard output, standard error after "[stderr]", and the exit
// status. "@" lines say what the server is like from there on.
func TestTranscriptsAreAsRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ctl.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ctl.golden"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, newFakeServer(t), string(text))
			if *updateGolden {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("%s differs (-update rewrites it)\n--- want\n%s--- got\n%s", file, text, got)
			}
		})
	}
}

// replay runs the command lines of a session and writes it down again.
func replay(t *testing.T, server *fakeServer, session string) string {
	var b strings.Builder
	lines := strings.Split(session, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "#"), line == "" && i < 2:
			b.WriteString(line + "\n")
		case strings.HasPrefix(line, "@"):
			arrange(t, server, line)
			b.WriteString("\n" + line + "\n")
		case strings.HasPrefix(line, "$"):
			b.WriteString("\n" + line + "\n")
			var typed strings.Builder
			for i+1 < len(lines) && strings.HasPrefix(lines[i+1], "<") {
				i++
				b.WriteString(lines[i] + "\n")
				typed.WriteString(strings.TrimPrefix(lines[i][1:], " ") + "\n")
			}
			b.WriteString(runAgainst(server, line, typed.String()))
		}
	}
	return b.String()
}

// runAgainst runs one command line and prints what came of it.
func runAgainst(server *fakeServer, line, typed string) string {
	args := []string{"supervisorctl", "-s", server.URL}
	args = append(args, strings.Fields(strings.TrimPrefix(line, "$"))...)
	if strings.HasPrefix(line, "$!") {
		args = append(args[:1], strings.Fields(strings.ReplaceAll(line[2:], "{url}", server.URL))...)
	}
	var out, errout bytes.Buffer
	server.mu.Lock()
	server.idle = 0
	server.mu.Unlock()
	limited := func(c *controller) { c.limit = server.limit }
	status := runWithoutTerminal(args, strings.NewReader(typed), &out, &errout, limited)
	text := out.String()
	if errout.Len() > 0 {
		text += "[stderr]\n" + errout.String()
	}
	text = strings.ReplaceAll(text, server.URL, "{url}")
	refused := fmt.Sprintf("[Errno %d]", int(syscall.ECONNREFUSED)) // each system has its own
	text = strings.ReplaceAll(text, refused, "[Errno ECONNREFUSED]")
	return fmt.Sprintf("%s[status %d]\n", text, status)
}

// arrange changes the server.
func arrange(t *testing.T, server *fakeServer, line string) {
	verb, rest, _ := strings.Cut(line[1:], " ")
	if verb == "gone" {
		server.Close()
		return
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	switch verb {
	case "api":
		server.api = rest
	case "closing":
		server.closing = rest != "off"
	case "password":
		server.password = rest
	case "live":
		server.live = rest != "off"
	case "soon": // what happens once somebody has looked, one thing for each look
		for _, words := range strings.Fields(rest) {
			name, state, _ := strings.Cut(words, "=")
			server.soon = append(server.soon, change{name, state})
		}
	case "forbidden":
		server.forbidden = true
	case "broken":
		server.lastRead = errors.New(rest)
	case "plan": // added, changed, removed, each a list with commas or "-"
		server.plan = nil
		for _, list := range strings.Fields(rest) {
			names := []any{}
			for name := range strings.SplitSeq(strings.Trim(list, "-"), ",") {
				if name != "" {
					names = append(names, name)
				}
			}
			server.plan = append(server.plan, names)
		}
	default:
		t.Fatalf("unknown directive %q", line)
	}
}

// runWithoutTerminal is Run for a process that no terminal belongs to, so that a
// password is read from where commands come from, and no file is looked for.
func runWithoutTerminal(args []string, in *strings.Reader, out, errout *bytes.Buffer, adjust ...func(*controller)) int {
	f, err := parseFlags(args[1:])
	if err != nil {
		return misused(errout, args[0], err)
	}
	s, err := loadSettings(f, "/nonexistent/bin/supervisorctl", nil)
	if err != nil {
		return misused(errout, args[0], err)
	}
	if f.config == nil { // what this machine has in /etc is not the test's
		s.configFile, s.serves = "", nil
	}
	c := newController(s, in, out, errout)
	c.openTerminal = func() (*os.File, error) { return nil, os.ErrNotExist }
	c.pollEvery = time.Millisecond
	c.now, c.zone = in2026, time.UTC
	for _, each := range adjust {
		each(c)
	}
	defer c.in.close()
	defer c.out.Flush()
	return c.run(context.Background(), f)
}
