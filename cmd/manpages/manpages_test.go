package main

import (
	"bytes"
	"os"
	"testing"

	"supervisor/cmd/internal/source"
)

func TestTheManualIsFresh(t *testing.T) {
	root, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages() {
		got, err := os.ReadFile(fileOf(root, page))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, page.Roff()) {
			t.Errorf("%s is stale: run `go run ./cmd/manpages` (make gen)", fileOf(root, page))
		}
	}
}
