// Command wirets writes webui/src/wire/wire.gen.ts: the structs of server/wire
// as TypeScript, by reflection, with the comments of their sources. Run it from
// anywhere in the tree (make gen); its test fails when the file is stale.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "wirets:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	text, err := generate(filepath.Join(root, "server", "wire"))
	if err != nil {
		return err
	}
	path := generatedFile(root)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make room for the types: %w", err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write the types: %w", err)
	}
	return nil
}

func generatedFile(root string) string {
	return filepath.Join(root, "webui", "src", "wire", "wire.gen.ts")
}

// moduleRoot walks up from the working directory to the one with go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find the module: no go.mod here or above")
		}
		dir = parent
	}
}
