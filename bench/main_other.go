//go:build !linux

package main

import (
	"fmt"
	"os"
)

// main says why there is nothing to do: CPU time, memory and wake-ups of a whole
// process are read from Linux's /proc.
func main() {
	fmt.Fprintln(os.Stderr, "bench reads /proc as Linux has it, and runs there only")
	os.Exit(2)
}
