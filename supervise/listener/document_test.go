package listener

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheEventsOfTheDocumentCanBeRead takes every event that docs/events.md shows
// with a payload, as a listener would.
func TestTheEventsOfTheDocumentCanBeRead(t *testing.T) {
	text, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^    ver:.*\n(?:    .*\n)+`).FindAll(text, -1)
	if len(shown) < 8 {
		t.Fatalf("only %d events were found", len(shown))
	}
	for _, block := range shown {
		in := bytes.NewReader(regexp.MustCompile("(?m)^    ").ReplaceAll(block, nil))
		r := newReader(in, LengthInCharacters)
		event, err := r.next()
		if err != nil || event.Details() == nil {
			t.Errorf("%+v, %v, of\n%s", event, err, block)
			continue
		}
		rest, err := io.ReadAll(r.in)
		if err != nil || strings.Trim(string(rest), "\n") != "" {
			t.Errorf("the payload %q is not all of it, but %q remains (%v)", event.Payload, rest, err)
		}
	}
}
