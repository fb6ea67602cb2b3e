//go:build compat && unix

package e2e

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// chatter is the child: numbered lines, flushed as any program's are into a
// pipe, and what it wrote in a file of its own.
func chatter(args []string) {
	name := os.Getenv("SUPERVISOR_PROCESS_NAME")
	lines, err := strconv.Atoi(args[1])
	if err != nil {
		fatalChatter(err)
	}
	sum, size := sha256.New(), 0
	out := bufio.NewWriter(io.MultiWriter(os.Stdout, sum))
	for n := range lines {
		written, err := fmt.Fprintf(out, "child %s, line %07d, and so on\n", name, n)
		if err != nil {
			fatalChatter(err)
		}
		size += written
	}
	if err := out.Flush(); err != nil {
		fatalChatter(err)
	}
	text := fmt.Sprintf("%d %x", size, sum.Sum(nil))
	if err := os.WriteFile(filepath.Join(args[0], "sum."+name), []byte(text), 0o600); err != nil {
		fatalChatter(err)
	}
	os.Exit(0)
}

func fatalChatter(err error) {
	fmt.Fprintln(os.Stderr, "chatter:", err)
	os.Exit(99)
}
