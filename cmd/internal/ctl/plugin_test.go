package ctl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A plugin is a program of a few lines of shell here.
const pluginConf = `
[supervisorctl]
serverurl=%s
[ctlplugin:say]
command=/bin/sh -c 'printf "<%%%%s>" "$@"; echo' sh first
help=Print the arguments
[ctlplugin:fail]
command=/bin/sh -c 'echo "no luck" >&2; exit "$1"' sh
[ctlplugin:who]
command=/bin/sh -c 'echo "$SUPERVISOR_SERVER_URL ${SUPERVISOR_USERNAME-nobody}:${SUPERVISOR_PASSWORD-nothing}"'
[ctlplugin:copy]
command=/bin/cat
[ctlplugin:die]
command=/bin/sh -c 'kill -TERM $$'
[ctlplugin:hup]
command=/bin/sh -c 'kill -HUP $$; kill -INT $$; echo "still here"'
[ctlplugin:gone]
command=/nonexistent/program
[ctlplugin:cache]
supervisor.ctl_factory=supervisor_cache.ctl:make
`

// withPluginConf writes a configuration and gives its name.
func withPluginConf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "s.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// runPlugins runs one command line and gives what it printed and its status.
func runPlugins(t *testing.T, stdin string, words ...string) (out, errout string, status int) {
	t.Helper()
	file := withPluginConf(t, fmt.Sprintf(pluginConf, "http://localhost:1"))
	var o, e bytes.Buffer
	args := append([]string{"/nonexistent/bin/supervisorctl", "-c", file}, words...)
	status = Run(args, strings.NewReader(stdin), &o, &e)
	return o.String(), strings.ReplaceAll(e.String(), file, "FILE"), status
}

func TestPluginIsAVerbWithArgumentsAndAStatus(t *testing.T) {
	t.Setenv(envUsername, "somebody else")
	t.Setenv(envPassword, "of another server")
	for _, test := range []struct {
		words       []string
		stdin       string
		out, errout string
		status      int
	}{
		{words: []string{"say"}, out: "<first>\n"},
		{words: []string{"say", "a", "b  c", "", "-f"}, out: "<first><a><b  c><><-f>\n"},
		{words: []string{"say 'b  c' d"}, out: "<first><b  c><d>\n"},
		{words: []string{"fail", "42"}, errout: "no luck\n", status: 42},
		{words: []string{"die"}, status: 128 + int(syscall.SIGTERM)},
		{words: []string{"who"}, out: "http://localhost:1 nobody:nothing\n"},
		{words: []string{"-s", "unix:///x", "-u", "me", "-p", "secret", "who"}, out: "unix:///x me:secret\n"},
		{words: []string{"copy"}, stdin: "from outside\n", out: "from outside\n"},
		{words: []string{"gone"}, status: 1,
			errout: "gone: ERROR (/nonexistent/program: no such file or directory), see [ctlplugin:gone] in FILE:17\n"},
		{words: []string{"help", "say"}, out: "say [<argument> ...]\tPrint the arguments\n"},
		{words: []string{"help", "copy"}, out: "copy [<argument> ...]\tRuns /bin/cat\n"},
		{words: []string{"say 'open"}, out: "Error: say: No closing quotation\n", status: 1},
		{words: []string{"flush", "all"}, out: "*** Unknown syntax: flush all\n", status: 1,
			errout: "Warning: [ctlplugin:cache] in FILE:19 names Python code (supervisor_cache.ctl:make), which this supervisorctl cannot load.\n" +
				"If flush was one of its verbs, write a program for it and name it: [ctlplugin:flush] command=PROGRAM\n"},
	} {
		t.Run(strings.Join(test.words, " "), func(t *testing.T) {
			out, errout, status := runPlugins(t, test.stdin, test.words...)
			if out != test.out || errout != test.errout || status != test.status {
				t.Errorf("printed %q and %q, status %d;\nwant %q and %q, status %d", out, errout, status, test.out, test.errout, test.status)
			}
		})
	}
}

// What the environment says is for the server that it names, and for who has said
// nothing else.
func TestCredentialsOfTheEnvironmentAreForTheServerOfTheEnvironment(t *testing.T) {
	const here, there = "http://localhost:1", "http://localhost:2"
	section := "\nusername=bob\npassword=his"
	for _, test := range []struct{ name, server, section, words, want string }{
		{"nothing else is said", here, "", "", "ann:hers"},
		{"another server is named", there, "", "", "nobody:nothing"},
		{"another server is asked", here, "", "-s " + there, "nobody:nothing"},
		{"the server is named by -s", there, "", "-s " + there, "ann:hers"},
		{"the section says who", here, section, "", "bob:his"},
		{"the section has a password", here, "\npassword=his", "", "nobody:nothing"},
		{"-u names the same", here, section, "-u ann", "ann:hers"},
		{"-u names another", here, "", "-u joe", "joe:"},
		{"-u names that of the section", here, "\nusername=ann\npassword=other", "-u ann", "ann:other"},
		{"-p is given", here, "", "-u ann -p mine", "ann:mine"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(envServerURL, test.server)
			t.Setenv(envUsername, "ann")
			t.Setenv(envPassword, "hers")
			file := withPluginConf(t, fmt.Sprintf(pluginConf, here+test.section))
			var out, errout bytes.Buffer
			args := slices.Concat([]string{"/nonexistent/bin/supervisorctl", "-c", file}, strings.Fields(test.words), []string{"who"})
			status := Run(args, strings.NewReader(""), &out, &errout)
			if _, who, _ := strings.Cut(strings.TrimSpace(out.String()), " "); who != test.want || errout.Len() > 0 || status != exitOK {
				t.Errorf("%q, %q, status %d; want %s", out.String(), errout.String(), status, test.want)
			}
		})
	}
}

// Under nohup, and behind a shell's &, signals are ignored. A program that is run
// there inherits that, unless supervisorctl has taken them over.
func TestPluginsIgnoreTheSignalsThatSupervisorctlWasToldToIgnore(t *testing.T) {
	signal.Ignore(syscall.SIGHUP, os.Interrupt)
	defer signal.Reset(syscall.SIGHUP, os.Interrupt)
	out, errout, status := runPlugins(t, "", "hup")
	if out != "still here\n" || errout != "" || status != exitOK {
		t.Errorf("printed %q and %q, status %d", out, errout, status)
	}
}

func TestPluginsHaveTheirPartOfTheHelpPage(t *testing.T) {
	out, errout, _ := runPlugins(t, "", "help")
	if !strings.HasSuffix(out, "\n\nplugin commands (type help <topic>):\n"+
		"====================================\ncopy  die  fail  gone  hup  say  who\n\n") || errout != "" {
		t.Errorf("printed %q and %q", out, errout)
	}
}

func TestPythonPluginsAreNotMentionedByCommandsThatWork(t *testing.T) {
	if _, errout, _ := runPlugins(t, "", "help", "status"); errout != "" {
		t.Errorf("warns: %q", errout)
	}
}

func TestPluginsCannotTakeTheNameOfACommand(t *testing.T) {
	for _, name := range []string{"status", "help", "EOF", "completion", completeVerb} {
		file := withPluginConf(t, "[supervisorctl]\n\n[ctlplugin:"+name+"]\ncommand=/bin/true\n")
		var out, errout bytes.Buffer
		status := Run([]string{"supervisorctl", "-c", file, "version"}, strings.NewReader(""), &out, &errout)
		want := fmt.Sprintf("Error: %s:3: section [ctlplugin:%s] cannot have that name, because supervisorctl has a command %s of its own\n", file, name, name)
		if status != exitInvalidArgs || !strings.HasPrefix(errout.String(), want) {
			t.Errorf("status %d, %q; want %q", status, &errout, want)
		}
	}
}

// The pipe that takes reads back goes with the reader, be it at rest or waiting.
func TestInputLeavesNoPipeBehind(t *testing.T) {
	for _, waiting := range []bool{false, true} {
		keyboard, typist, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer keyboard.Close()
		defer typist.Close()
		in := newInput(keyboard)
		io.WriteString(typist, "line\n")
		if line, err := in.line(t.Context()); line != "line" || err != nil {
			t.Fatalf("line = %q, %v", line, err)
		}
		wake := make(chan os.Signal, 1)
		wake <- os.Interrupt
		for err := error(nil); waiting && err != errWake; {
			_, err = in.readByte(t.Context(), wake)
		}
		in.close()
		for range in.chunks { // until the reader has ended
		}
		for _, end := range []*os.File{in.recall.heard, in.recall.said} {
			if _, err := end.Stat(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("waiting %v: an end of the pipe is still open (%v)", waiting, err)
			}
		}
	}
}

// A read that Ctrl-C left behind must not eat what is typed for the next program.
func TestInputIsLeftToTheNextProgram(t *testing.T) {
	keyboard, typist, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer typist.Close()
	in := newInput(keyboard)
	defer in.close()

	wake := make(chan os.Signal, 1)
	wake <- os.Interrupt
	for err := error(nil); err != errWake; { // until a read is under way and given up
		_, err = in.readByte(t.Context(), wake)
	}
	in.release()
	io.WriteString(typist, "for the program\n")
	buf := make([]byte, 100)
	n, err := keyboard.Read(buf)
	if string(buf[:n]) != "for the program\n" || err != nil {
		t.Fatalf("the program reads %q, %v", buf[:n], err)
	}
	io.WriteString(typist, "for us\n")
	if line, err := in.line(t.Context()); line != "for us" || err != nil {
		t.Errorf("line = %q, %v", line, err)
	}
	in.release()
}
