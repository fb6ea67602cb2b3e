//go:build compat && unix

package main

import (
	"os"
	"path/filepath"
	"testing"
)

const original = "/usr/bin/pidproxy"

func TestOriginalPidproxyDoesTheSame(t *testing.T) {
	if _, err := os.Stat(original); err != nil {
		t.Fatalf("%s is missing: install the Debian package with: apt-get install supervisor", original)
	}
	for _, s := range append(scenarios(), slowScenarios()...) {
		for _, binary := range []string{original, self(t)} {
			t.Run(s.name+"/"+filepath.Base(binary), func(t *testing.T) {
				t.Parallel()
				if got := play(t, binary, s); !got.equal(s.want) {
					t.Errorf("got %+v, want %+v", got, s.want)
				}
			})
		}
	}
}

// slowScenarios end at a poll and take five seconds each, so only the comparison
// with the original plays them.
func slowScenarios() []scenario {
	return []scenario{
		{name: "a command that fails", args: []string{"%p", "/bin/sh", "-c", "exit 7"},
			want: outcome{0, nil}},
		{name: "a command that is nowhere", args: []string{"%p", "echo", "hello"},
			want: outcome{0, nil}},
	}
}
