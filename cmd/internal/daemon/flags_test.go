//go:build unix

package daemon

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"supervisor/supervise/config"
)

func TestCommandLinesAreReadAsGetoptReadsThem(t *testing.T) {
	for _, c := range []struct {
		args []string
		file string
		do   string
	}{
		{[]string{"-c", "x.conf"}, "x.conf", ""},
		{[]string{"-cx.conf", "-n"}, "x.conf", ""},
		{[]string{"--configuration=x.conf", "--nodaemon"}, "x.conf", ""},
		{[]string{"--configuration", "x.conf"}, "x.conf", ""},
		{[]string{"--config", "x.conf"}, "x.conf", ""},
		{[]string{"-nkt", "-c", "x.conf", "--"}, "x.conf", ""},
		{[]string{"-nc", "x.conf"}, "x.conf", ""},
		{[]string{"-h", "-e", "nonsense"}, "", "help"},
		{[]string{"-?"}, "", "help"},
		{[]string{"-v"}, "", "version"},
		{[]string{"--check", "-c", "x.conf"}, "x.conf", "check"},
		{[]string{"--init=dir"}, "", "init"},
		{[]string{"--profile_options=calls", "--profile_options=calls"}, "", ""},
	} {
		inv, err := parseArgs("supervisord", c.args, config.Options{Dir: "/"})
		if err != nil || inv.configFile != c.file || inv.do != c.do {
			t.Errorf("%q: got file %q do %q, %v", c.args, inv.configFile, inv.do, err)
		}
	}
}

// wrongLines are refused by the original, which is asked below whether with
// these very words.
var wrongLines = [][]string{
	{"-x"}, {"--nonsense"}, {"-e"}, {"--loglevel"}, {"--nodaemon=yes"}, {"--log", "x"}, {"--min", "3"},
	{"-n", "-n"}, {"-n", "--nodaemon"}, {"-e", "info", "-e", "warn"}, {"-e", "foo"}, {"--loglevel=foo"},
	{"-a", "many"}, {"-m", "9"}, {"-y", "1.5mb"}, {"-z", "x"}, {"-d", "/no/such/dir"}, {"-q", "/no/such/dir"},
	{"foo"}, {"-n", "it's", "b"}, {"--minprocs", "x"}, {"-nx"}, {"-n", "-e", "bar", "foo"},
	{"-h", "--nonsense"}, {"-h", "foo"}, {"-n", "--", "-x"}, {"-"},
}

func TestWrongCommandLinesAreRefusedInTheOriginalsWords(t *testing.T) {
	const original = "/usr/bin/supervisord"
	if _, err := os.Stat(original); err != nil {
		t.Fatal("the original is needed to compare with: apt-get install supervisor")
	}
	for _, args := range wrongLines {
		var theirs, ours bytes.Buffer
		command := exec.Command(original, args...)
		command.Stderr = &theirs
		_ = command.Run() // its status is looked at below
		status := Run(append([]string{original}, args...), "test", Streams{Out: &ours, Err: &ours})
		if want := command.ProcessState.ExitCode(); status != want || ours.String() != withoutWarning(theirs.String()) {
			t.Errorf("%q\ngot  %d %q\nwant %d %q", args, status, ours.String(), want, theirs.String())
		}
	}
}

// withoutWarning takes out what Python says about running as root.
func withoutWarning(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "UserWarning") && !strings.HasPrefix(line, "  self.warnings.warn") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestEveryFlagOfTheOriginalIsInTheHelp(t *testing.T) {
	var out bytes.Buffer
	if status := Run([]string{"supervisord", "--help"}, "test", Streams{Out: &out, Err: &out}); status != 0 {
		t.Fatalf("status %d", status)
	}
	for _, f := range flags {
		if !strings.Contains(out.String(), f.usage()) {
			t.Errorf("--%s is not in the help", f.long)
		}
	}
}

func TestVersionIsTheOriginalsForScriptsThatCompareIt(t *testing.T) {
	var out bytes.Buffer
	Run([]string{"supervisord", "-v"}, "0.1", Streams{Out: &out, Err: &out})
	if out.String() != "4.2.5\n" {
		t.Errorf("-v printed %q", out.String())
	}
}
