package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"supervisor/cmd/internal/source"
)

func TestGeneratedTypesAreFresh(t *testing.T) {
	root, err := source.Root()
	if err != nil {
		t.Fatal(err)
	}
	for file, make := range map[string]func(string) ([]byte, error){generatedFile(root): generate, describedFile(root): describe} {
		want, err := make(filepath.Join(root, "server", "wire"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run `go run ./cmd/wirets` (make gen)", file)
		}
	}
}
