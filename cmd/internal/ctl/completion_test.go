package ctl

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// completed asks as the completion of a shell does, and gives the words answered.
func completed(t *testing.T, words ...string) string {
	t.Helper()
	var out, errout bytes.Buffer
	status := Run(append([]string{"/nonexistent/bin/supervisorctl", completeVerb}, words...), strings.NewReader(""), &out, &errout)
	if status != exitOK || errout.Len() > 0 {
		t.Errorf("%q: status %d, %q", words, status, &errout)
	}
	var answer []string
	for line := range strings.Lines(out.String()) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		answer = append(answer, word)
	}
	return strings.Join(answer, " ")
}

func TestShellsAreToldWhatMayFollow(t *testing.T) {
	server := newFakeServer(t)
	file := withPluginConf(t, "[supervisorctl]\nserverurl="+server.URL+"\n[ctlplugin:stage]\ncommand=/bin/true\n")
	broken := withPluginConf(t, "[supervisord]\n")
	for _, test := range []struct {
		words []string
		want  string
	}{
		{nil, ""},
		{[]string{"sta"}, "start status"},
		{[]string{"-"}, "--configuration -c --help -h --interactive -i --serverurl -s --username -u --password -p --history_file -r"},
		{[]string{"--h"}, "--help --history_file"},
		{[]string{"-c", ""}, filesWanted},
		{[]string{"-ic", "x"}, filesWanted},
		{[]string{"--conf", "x"}, filesWanted},
		{[]string{"--configuration=x"}, filesWanted},
		{[]string{"--serverurl=x"}, ""},
		{[]string{"-s", "x"}, ""},
		{[]string{"-u", "-"}, ""},
		{[]string{"--nosuch", "sta"}, ""},
		{[]string{"-c", file, "sta"}, "stage start status"},
		{[]string{"-c", file, "start", "g:"}, "g:a g:* g:b"},
		{[]string{"-c", file, "start", "cat", "l"}, "lost"},
		{[]string{"-i", "-c", file, "update", ""}, "cat g lost odd spawn stuck wait"},
		{[]string{"-c", file, "signal", "USR1", "c"}, "cat"},
		{[]string{"-c", file, "--", "tail", "-f", "cat", "std"}, "stdout stderr"},
		{[]string{"-c", broken, "sta"}, "start status"},
		{[]string{"-c", broken, "start", ""}, ""},
		{[]string{"-s", "unix:///nonexistent/socket", "start", ""}, ""},
		{[]string{"-s", "ftp://x", "start", ""}, ""},
		{[]string{"check", ""}, filesWanted},
		{[]string{"completion", "z"}, "zsh"},
	} {
		if got := completed(t, test.words...); got != test.want {
			t.Errorf("%q: %q, want %q", test.words, got, test.want)
		}
	}
}

// A server that does not answer must not hold up whoever pressed Tab for more than
// a moment.
func TestCompletionDoesNotWaitForASilentServer(t *testing.T) {
	server := newFakeServer(t)
	server.mu.Lock() // it accepts, and never answers
	defer server.mu.Unlock()
	var allowed []time.Duration
	impatient := func(c *controller) {
		c.limit = func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
			allowed = append(allowed, d)
			return context.WithTimeout(ctx, time.Millisecond)
		}
	}
	var out bytes.Buffer
	completeWords("/nonexistent/bin/supervisorctl", []string{"-s", server.URL, "start", ""}, &out, impatient)
	if out.Len() > 0 || !slices.Equal(allowed, []time.Duration{quickly}) {
		t.Errorf("answered %q, and would have waited %v", &out, allowed)
	}
}

func TestCompletionPrintsAScriptForEachShell(t *testing.T) {
	file := withPluginConf(t, "[supervisorctl]\n")
	for _, shell := range shells {
		var out, errout bytes.Buffer
		status := Run([]string{"supervisorctl", "-c", file, "completion", shell.name}, strings.NewReader(""), &out, &errout)
		if status != exitOK || !strings.HasPrefix(out.String(), "#") || !strings.Contains(out.String(), completeVerb) {
			t.Errorf("%s: status %d, %q %q", shell.name, status, &out, &errout)
		}
	}
	for _, useless := range []string{withPluginConf(t, "[supervisorctl]\nserverurl=\n"), withPluginConf(t, "not a section\n"), t.TempDir(), "/nonexistent.conf"} {
		var out, errout bytes.Buffer
		status := Run([]string{"supervisorctl", "-c", useless, "completion", "bash"}, strings.NewReader(""), &out, &errout)
		if status != exitOK || !strings.Contains(out.String(), completeVerb) || errout.Len() > 0 {
			t.Errorf("with %s, which it does not need: status %d, %q %q", useless, status, &out, &errout)
		}
	}
	var out bytes.Buffer
	if status := Run([]string{"supervisorctl", "-c", file, "completion", "csh"}, strings.NewReader(""), &out, &out); status != exitInvalidArgs ||
		!strings.HasPrefix(out.String(), "Error: completion requires the name of a shell\ncompletion bash|zsh|fish\t") {
		t.Errorf("status %d, %q", status, &out)
	}
}
