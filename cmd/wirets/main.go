// Command wirets writes webui/src/wire/wire.gen.ts: the structs of server/wire
// as TypeScript, by reflection, with the comments of their sources; and
// server/api/openapi.json, which describes the interface that they are the shapes
// of. Run it from anywhere in the tree (make gen); its test fails when one of the
// files is stale.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"supervisor/cmd/internal/source"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "wirets:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := source.Root()
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
	if text, err = describe(filepath.Join(root, "server", "wire")); err != nil {
		return err
	}
	if err := os.WriteFile(describedFile(root), text, 0o644); err != nil {
		return fmt.Errorf("write the description: %w", err)
	}
	return nil
}

func describedFile(root string) string {
	return filepath.Join(root, "server", "api", "openapi.json")
}

func generatedFile(root string) string {
	return filepath.Join(root, "webui", "src", "wire", "wire.gen.ts")
}
