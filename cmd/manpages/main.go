// Command manpages writes docs/man: the pages of the manual, from the tables of
// flags and commands that the programs go by. Run it from anywhere in the tree
// (make gen); its test fails when a page is stale.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"supervisor/cmd/internal/ctl"
	"supervisor/cmd/internal/daemon"
	"supervisor/cmd/internal/manual"
	"supervisor/cmd/internal/source"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "manpages:", err)
		os.Exit(1)
	}
}

// pages are the pages there are.
func pages() []manual.Page { return []manual.Page{ctl.Manual(), daemon.Manual()} }

func run() error {
	root, err := source.Root()
	if err != nil {
		return err
	}
	for _, page := range pages() {
		path := fileOf(root, page)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make room for the manual: %w", err)
		}
		if err := os.WriteFile(path, page.Roff(), 0o644); err != nil {
			return fmt.Errorf("write the manual: %w", err)
		}
	}
	return nil
}

func fileOf(root string, page manual.Page) string {
	return filepath.Join(root, "docs", "man", page.Name+".1")
}
