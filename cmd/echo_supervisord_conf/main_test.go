package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"supervisor/supervise/config"
)

func TestSampleIsAConfigurationThatLoads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(file, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := config.LoadClient(file, nil)
	if err != nil {
		t.Fatalf("supervisorctl cannot read the sample: %v", err)
	}
	if want := "unix:///tmp/supervisor.sock"; client.ServerURL != want {
		t.Errorf("serverurl is %q, want %q", client.ServerURL, want)
	}
}

// options lists "[section] name=value" of a sample, with a ";" before those that
// are commented out. Comments behind values do not count.
func options(text string) []string {
	header := regexp.MustCompile(`^(;?)\[([a-z_]+(?::\w+)?)\]`)
	option := regexp.MustCompile(`^(;?)([a-z_.]+) ?= ?(.*)$`)
	var found []string
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if m := header.FindStringSubmatch(line); m != nil {
			section = m[2]
			found = append(found, m[1]+"["+m[2]+"]")
			continue
		}
		if m := option.FindStringSubmatch(line); m != nil {
			value, _, _ := strings.Cut(m[3], " ;")
			found = append(found, m[1]+"["+section+"] "+m[2]+"="+strings.TrimSpace(value))
		}
	}
	return found
}

func TestSampleNamesEveryOptionOfAProgram(t *testing.T) {
	all := options(sample)
	for _, name := range []string{"command=/bin/cat", "stdout_logfile=/a/path", "autorestart=unexpected", "serverurl=AUTO"} {
		if !slices.Contains(all, ";[program:theprogramname] "+name) {
			t.Errorf("the sample has no %s", name)
		}
	}
}
