package logs

import (
	"bytes"
	"encoding/json"
	"flag"
	"os/exec"
	"testing"
)

var update = flag.Bool("update", false, "record golden files anew, from the Python original where they are its answers")

const python = "/usr/bin/python3"

// oracle runs a script in which the Python original can be imported, gives it
// input as JSON on stdin, and reads the JSON it prints into output.
func oracle(t *testing.T, script string, input, output any) {
	t.Helper()
	if err := exec.Command(python, "-c", "import supervisor.options").Run(); err != nil {
		t.Skipf("the original is not installed, so there is nothing to compare with: %v", err)
	}
	stdin, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "-c", "import json, sys\ninput = json.load(sys.stdin)\n"+script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("oracle: %v\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, output); err != nil {
		t.Fatalf("oracle: %v in %q", err, out)
	}
}
