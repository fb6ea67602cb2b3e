//go:build unix

// Command supervisord runs programs and keeps them running.
package main

import (
	"os"

	"supervisor/cmd/internal/daemon"
	"supervisor/supervise/child"
)

// version is set by the build.
var version = "0.1.0-dev"

func main() {
	child.MaybeShim()
	os.Exit(daemon.Run(os.Args, version, daemon.Streams{Out: os.Stdout, Err: os.Stderr}))
}
