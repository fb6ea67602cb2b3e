//go:build compat && unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What only our supervisorctl has is recorded: there is nothing to compare it with.
// A session is a file, testdata/ours/NAME.session, whose answers hold for both
// supervisords:
//
//	# What the session shows.
//	server: NAME.conf       a file of testdata/ctl/conf
//	only ours               not for the original's supervisord
//
//	@config NAME.conf       and the other things that can be done to a server
//	$ status --json cat     a command line; below it what it prints, as recorded
//
// UPDATE=1 records the answers of our own supervisord anew.
func TestWhatIsNewInSupervisorctlWorksWithBothServers(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ctl, ours := buildProgram(t, "supervisorctl"), buildProgram(t, "supervisord")
	files, err := filepath.Glob("testdata/ours/*.session")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	ports := newPortBook()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		daemons := map[string]string{"ours": ours, "original": originalDaemon}
		if strings.Contains(string(text), "\nonly ours\n") {
			delete(daemons, "original")
		}
		for name, daemon := range daemons {
			t.Run(filepath.Base(file)+" with "+name, func(t *testing.T) {
				t.Parallel()
				got := playSession(t, ports, pair{name, ctl, daemon}, file, string(text))
				if name == "ours" && os.Getenv("UPDATE") != "" {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				if got != string(text) {
					wanted, other := parting(string(text), got)
					t.Errorf("%s: want\n%s\ngot\n%s", file, wanted, other)
				}
			})
		}
	}
}

// playSession runs the command lines of a session and writes it down again.
func playSession(t *testing.T, ports *portBook, p pair, file, text string) string {
	t.Helper()
	var b strings.Builder
	var server *ctlServer
	answers := false // the lines that come are old answers
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		head, rest, _ := strings.Cut(line, " ")
		ask := head == "$"
		do := strings.HasPrefix(head, "@")
		if answers && !ask && !do {
			continue
		}
		if answers {
			b.WriteString("\n")
		}
		b.WriteString(line + "\n")
		answers = ask
		switch {
		case head == "server:":
			var err error
			if server, err = startCtlServer(t, ports, p.daemon, rest); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.kill)
		case ask:
			answer, err := server.runCommand(p, step{words: splitArgs(rest)})
			if err != nil {
				t.Fatalf("%s: %s: %v", file, line, err)
			}
			answer = strings.Replace(answer, "[stderr]\n[status", "[status", 1)
			b.WriteString(maskJSON(answer))
		case do:
			if err := server.do(step{verb: head[1:], words: strings.Fields(rest)}); err != nil {
				t.Fatalf("%s: %s: %v", file, line, err)
			}
		}
	}
	return b.String()
}

// jsonMasks are the numbers, times and automatic names of an answer in JSON, which
// no two runs have in common.
var jsonMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"pid":[1-9]\d*`), `"pid":PID`},
	{regexp.MustCompile(`"(start|stop)":[1-9]\d{9,}`), `"$1":SECONDS`},
	{regexp.MustCompile(`"(start|stop)_time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`), `"${1}_time":TIME`},
	{regexp.MustCompile(`"uptime":\d+`), `"uptime":SECONDS`},
	{regexp.MustCompile(`"std(out|err)_logfile":"\{dir\}/[^"]*---[^"]*"`), `"std${1}_logfile":AUTO`},
}

func maskJSON(text string) string {
	for _, m := range jsonMasks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}
