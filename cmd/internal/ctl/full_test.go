package ctl

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// fullDisk is a standard output that takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAnAnswerThatCannotBeWrittenIsSaidWhateverItWas(t *testing.T) {
	server := newFakeServer(t)
	for _, words := range []string{"version", "status", "status --json", "status nosuch", "start nosuch"} {
		var errout bytes.Buffer
		args := append([]string{"supervisorctl", "-s", server.URL}, strings.Fields(words)...)
		status := Run(args, strings.NewReader(""), fullDisk{}, &errout)
		if want := "supervisorctl: what it had to say could not be written: no space left on device\n"; status != exitGeneric || errout.String() != want {
			t.Errorf("%s: status %d, %q", words, status, &errout)
		}
	}
}
