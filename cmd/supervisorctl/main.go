// Supervisorctl controls a running supervisord from the command line.
package main

import (
	"os"

	"supervisor/cmd/internal/ctl"
)

func main() { os.Exit(ctl.Run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
