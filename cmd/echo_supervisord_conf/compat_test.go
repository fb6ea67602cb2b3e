//go:build compat

package main

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

const original = "/usr/bin/echo_supervisord_conf"

// The words are ours, the sections, options, values and their order are the
// original's, since scripts edit the sample with sed.
func TestSampleHasTheOptionsOfTheOriginal(t *testing.T) {
	if _, err := os.Stat(original); err != nil {
		t.Fatalf("%s is missing: install the Debian package with: apt-get install supervisor", original)
	}
	text, err := exec.Command(original).Output()
	if err != nil {
		t.Fatal(err)
	}
	got, want := options(sample), options(string(text))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("option %d differs: ours %v, the original's %v", i, at(got, i), at(want, i))
		}
	}
	if len(want) < 100 {
		t.Errorf("only %d options found in the original's sample: %v", len(want), slices.Compact(want))
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}
