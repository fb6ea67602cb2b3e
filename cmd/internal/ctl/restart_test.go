package ctl

import (
	"bytes"
	"strings"
	"testing"
)

// A restart is a stop and a start on the wire, as the original's, so the server
// has to be told that the one follows the other.
func TestTheCallsOfARestartSayWhichRestartTheyArePartOf(t *testing.T) {
	server := newFakeServer(t)
	var out, errout bytes.Buffer
	typed := "restart cat\nrestart g:a cat\nrestart all\nstop cat\nstart cat\n"
	runWithoutTerminal([]string{"supervisorctl", "-s", server.URL}, strings.NewReader(typed), &out, &errout)

	// A letter for each restart, in the order they were heard of.
	letters := map[string]string{"": "-"}
	var heard strings.Builder
	for _, id := range server.restarts {
		if letters[id] == "" {
			letters[id] = string(rune('a' + len(letters) - 1))
		}
		heard.WriteString(letters[id])
	}
	if want := "aabbbbcc--"; heard.String() != want {
		t.Errorf("the server heard %s, want %s\n%s%s", &heard, want, &out, &errout)
	}
}
