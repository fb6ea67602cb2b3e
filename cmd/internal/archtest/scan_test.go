//go:build unix

package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheScanFailsOnFindingsAndSaysWhatItCouldNotCheck runs the scan with scanners
// that say what they are told to.
func TestTheScanFailsOnFindingsAndSaysWhatItCouldNotCheck(t *testing.T) {
	const (
		sound    = `echo '{"vulnerabilities":{}}'`
		unheard  = `echo '{"message":"405 Method Not Allowed"}'; exit 1`
		finding  = `echo '{"vulnerabilities":{"svelte":{}}}'; exit 1`
		fetching = `echo 'govulncheck: fetching vulnerabilities: no such host' >&2; exit 1`
	)
	for _, tt := range []struct {
		name, install, verify, govulncheck, npm string
		fails                                   bool
		says                                    string
		unchecked                               int
	}{
		{"nothing is found", "", "", "echo No vulnerabilities found.", sound, false, "No vulnerabilities found.", 0},
		{"our code calls something that is not sound", "", "", "echo GO-2099-1; exit 3", sound, true, "GO-2099-1", 0},
		{"a package is not sound", "", "", "", finding, true, `"svelte"`, 0},
		{"a module is not the one of go.sum", "", "exit 1", "", sound, true, "", 0},
		{"the database of Go cannot be reached", "", "", fetching, sound, false, "NOT CHECKED: Go code", 1},
		{"the scanner cannot be had", "echo no such host >&2; exit 1", "", "", sound, false, "no such host", 1},
		{"the scanner breaks", "", "", "echo panic; exit 2", sound, true, "panic", 0},
		{"the audit cannot be had", "", "", "", unheard, false, "405 Method Not Allowed", 2},
		{"the audit cannot be had, and our code is not sound", "", "", "exit 3", unheard, true, "NOT CHECKED: packages", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tools := t.TempDir()
			program(t, tools, "npm", tt.npm)
			program(t, tools, "checker", tt.govulncheck)
			program(t, tools, "go", "case $1 in\nmod) "+orTrue(tt.verify)+" ;;\ninstall) "+orTrue(tt.install)+"; cp '"+tools+"/checker' \"$GOBIN/govulncheck\" ;;\nesac")
			scan := exec.Command("../../../packaging/scan.sh")
			scan.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
			out, err := scan.CombinedOutput()
			if (err != nil) != tt.fails || !strings.Contains(string(out), tt.says) || strings.Count(string(out), "NOT CHECKED") != tt.unchecked {
				t.Errorf("%v, want failure %v, %q and %d times NOT CHECKED:\n%s", err, tt.fails, tt.says, tt.unchecked, out)
			}
		})
	}
}

func orTrue(command string) string {
	if command == "" {
		return "true"
	}
	return command
}

func program(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
