// Echo_supervisord_conf prints a sample configuration to start one's own from:
//
//	echo_supervisord_conf > supervisord.conf
//
// As in the original, whatever stands on the command line is ignored.
package main

import (
	_ "embed"
	"os"
)

//go:embed sample.conf
var sample string

func main() {
	if _, err := os.Stdout.WriteString(sample); err != nil {
		os.Stderr.WriteString("echo_supervisord_conf: " + err.Error() + "\n")
		os.Exit(1)
	}
}
