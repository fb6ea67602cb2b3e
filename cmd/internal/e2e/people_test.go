//go:build compat && unix

package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnAdminLetsSomebodyInAndTheTrailTells is the life of a user as supervisorctl
// has it: made, let in, kept within their programs, written down, and gone.
func TestAnAdminLetsSomebodyInAndTheTrailTells(t *testing.T) {
	t.Parallel()
	ctl, daemon := buildProgram(t, "supervisorctl"), buildProgram(t, "supervisord")
	server, err := startCtlServer(t, newPortBook(), daemon, "people.conf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.kill)

	run := func(typed string, words ...string) (string, int) {
		t.Helper()
		program := exec.Command(ctl, append([]string{"-c", server.conf}, words...)...)
		program.Stdin = strings.NewReader(typed)
		var out bytes.Buffer
		program.Stdout, program.Stderr = &out, &out
		err := program.Run()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return server.mask(out.String()), program.ProcessState.ExitCode()
	}
	says := func(status int, want string, words ...string) string {
		t.Helper()
		typed := ""
		if strings.HasPrefix(words[0], "<") {
			typed, words = words[0][1:]+"\n", words[1:]
		}
		got, exit := run(typed, words...)
		if exit != status || !strings.Contains(got, want) {
			t.Errorf("%q: status %d, %q; want status %d and %q", words, exit, got, status, want)
		}
		return got
	}
	port := "http://127.0.0.1:" + server.port
	as := func(user, password string, words ...string) []string {
		return append([]string{"-s", port, "-u", user, "-p", password}, words...)
	}

	says(0, "ann: added", "<correct horse", "users", "add", "ann", "--role", "operator", "--programs", "web", "--comment", "the web team")
	says(0, "ann   operator  web         the web team", "users")
	says(0, "root  admin     everything  in {dir}/s.conf:", "users", "list")
	if info, err := os.Stat(filepath.Join(server.dir, "users")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the users file: %v, %v", info, err)
	}

	if got := says(3, "web ", as("ann", "correct horse", "status")...); strings.Contains(got, "db") {
		t.Errorf("she sees what is not hers: %s", got)
	}
	says(0, "web: started", as("ann", "correct horse", "start", "web", "--reason", "deploy 42")...)
	says(1, "db: ERROR (no such process)", as("ann", "correct horse", "stop", "db")...)
	says(4, "FORBIDDEN: users supervisord", as("ann", "correct horse", "users")...)
	says(1, "Server requires authentication", as("ann", "wrong horse", "status")...)

	says(0, "ann: password changed", "<battery staple", "passwd", "ann")
	says(0, "web: stopped", as("ann", "battery staple", "stop", "web")...)
	says(1, "Server requires authentication", as("ann", "correct horse", "status")...)
	says(0, "put the line into the section at {dir}/s.conf:", "<battery staple", "passwd", "root")

	got := says(0, "STOPPED -> RUNNING; because: deploy 42", "audit", "--user", "ann")
	for _, want := range []string{"  start   web  ok", "  stop    web  ok", "  users   supervisord  refused"} {
		if fields := strings.Fields(want); !hasLine(got, fields...) {
			t.Errorf("the trail has no %q:\n%s", want, got)
		}
	}
	says(0, "no entries", "audit", "--program", "nosuch")
	says(0, "all as they were written", "audit", "verify")

	token := strings.Fields(says(0, "sup_", "token", "add", "ci", "--role", "viewer", "--programs", "db", "--expires", "90d"))[0]
	if got := says(0, "ci  viewer  db  until ", "token"); strings.Contains(got, token) {
		t.Errorf("the token is shown again: %s", got)
	}
	says(0, "ci: removed", "token", "remove", "ci")

	says(0, "ann: changed", "users", "set", "ann", "--disabled")
	says(1, "Server requires authentication", as("ann", "battery staple", "status")...)
	says(0, "ann: removed", "users", "remove", "ann")

	trail := filepath.Join(server.dir, "state", "audit.log")
	says(0, "all as they were written", "-s", "unix:///nonexistent", "audit", "verify", trail)
	text, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(text, []byte("deploy 42"), []byte("deploy 43"), 1)
	if bytes.Equal(forged, text) {
		t.Fatalf("the trail does not have the reason: %s", text)
	}
	if err := os.WriteFile(trail, forged, 0o600); err != nil {
		t.Fatal(err)
	}
	says(1, "is not as it was written", "audit", "verify")
	says(1, "is not as it was written", "audit", "verify", trail)
}

// hasLine tells whether words stand one after the other in a line of a text.
func hasLine(text string, words ...string) bool {
	for line := range strings.Lines(text) {
		if strings.Contains(strings.Join(strings.Fields(line), " "), strings.Join(words, " ")) {
			return true
		}
	}
	return false
}

func TestSupervisorsOwnHasNoPeople(t *testing.T) {
	t.Parallel()
	needOriginal(t)
	ctl := buildProgram(t, "supervisorctl")
	server, err := startCtlServer(t, newPortBook(), originalDaemon, "calm.conf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.kill)
	const none = "ERROR: this supervisord keeps no users, tokens, links, sessions and no trail: it is Supervisor's own, which has none\n[stderr]\n[status 3]\n"
	for words, want := range map[string]string{
		"users": none, "users remove x": none, "link list": none, "token add x --role admin": none, "sessions end all": none, "audit": none, "audit verify": none,
		"stop nosuch --reason why": "nosuch: ERROR (no such process)\n[stderr]\nWarning: the reason is written down nowhere, as this supervisord keeps no trail\n[status 1]\n",
	} {
		got, err := server.runCommand(pair{"original", ctl, originalDaemon}, step{words: strings.Fields(words)})
		if err != nil || got != want {
			t.Errorf("%s: %v, %q, want %q", words, err, got, want)
		}
	}
}
