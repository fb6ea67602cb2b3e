//go:build unix

package config

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// The oracle is Supervisor itself, the Debian package, asked by
// testdata/original.py. A test that needs it fails where it is missing, because
// a comparison that did not happen must not look like one that succeeded;
// SUPERVISOR_ORACLE=absent says that it is missing on purpose.

// needOracle ends the test when the original is not installed.
func needOracle(t testing.TB) {
	t.Helper()
	if os.Getenv("SUPERVISOR_ORACLE") == "absent" {
		t.Skip("SUPERVISOR_ORACLE=absent: not compared with the original")
	}
	if out, err := exec.Command("/usr/bin/python3", "-c", "import supervisor.options").CombinedOutput(); err != nil {
		t.Fatalf("the original is needed to compare with; install it (apt-get install supervisor), or set SUPERVISOR_ORACLE=absent to do without: %v\n%s", err, out)
	}
}

// question is one case for the oracle.
type question struct {
	Dir       string            `json:"dir,omitempty"`
	File      string            `json:"file,omitempty"`
	Overrides map[string]string `json:"overrides,omitempty"`
	Old       bool              `json:"old,omitempty"`

	Rule  string   `json:"rule,omitempty"`
	Texts []string `json:"texts,omitempty"`
}

// answer is what the oracle says of a configuration.
type answer struct {
	Error string
	Lines []string
}

// ruling is what the oracle says of one text.
type ruling struct {
	Result json.RawMessage
	Error  string
}

// testEnviron is the whole environment of both sides.
func testEnviron(home string) []string {
	return []string{"HOME=" + home, "PATH=/bin:/usr/bin", "LANG=C.UTF-8", "COLOR=green", "PERCENT=50%", "EMPTY="}
}

// oracle is the original, listening.
type oracle struct {
	questions *json.Encoder
	answers   *json.Decoder
	stderr    bytes.Buffer // to be read when it has ended
	end       func()
}

// newOracle starts the original; it ends with the test.
func newOracle(t testing.TB, home string) *oracle {
	t.Helper()
	script, err := os.ReadFile("testdata/original.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-W", "ignore", "-c", string(script))
	cmd.Env = testEnviron(home)
	cmd.Dir = home
	o := &oracle{}
	cmd.Stderr = &o.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o.questions, o.answers = json.NewEncoder(stdin), json.NewDecoder(stdout)
	o.end = sync.OnceFunc(func() {
		stdin.Close()
		_ = cmd.Wait() // what it said is what counts
	})
	t.Cleanup(o.end)
	return o
}

// ask puts one question.
func (o *oracle) ask(t testing.TB, q question, answer any) {
	t.Helper()
	err := o.questions.Encode(q)
	if err == nil {
		err = o.answers.Decode(answer)
	}
	if err != nil {
		o.end()
		t.Fatalf("ask the original: %v\n%s", err, o.stderr.String())
	}
}

// ask puts all questions to one original.
func ask[T any](t *testing.T, home string, questions []question) []T {
	t.Helper()
	original := newOracle(t, home)
	defer original.end()
	answers := make([]T, len(questions))
	for i, q := range questions {
		original.ask(t, q, &answers[i])
	}
	return answers
}

// rule asks for one rule about many texts.
func rule(t *testing.T, name string, texts []string) []ruling {
	t.Helper()
	return ask[[]ruling](t, t.TempDir(), []question{{Rule: name, Texts: texts}})[0]
}

// decode fills value from what the original answered.
func (r ruling) decode(t testing.TB, value any) {
	t.Helper()
	if err := json.Unmarshal(r.Result, value); err != nil {
		t.Fatalf("%v in %s", err, r.Result)
	}
}

// sameError compares what the original said with an error of ours.
func (r ruling) sameError(err error) bool {
	if err == nil {
		return r.Error == ""
	}
	return strings.TrimSpace(withoutNames(r.Error)) == strings.TrimSpace(withoutNames(err.Error()))
}

var availableNames = regexp.MustCompile(`(?m)Available names: .*?( in section |$)`)

// withoutNames leaves the names of variables out of an error, of which ours tells
// only some (variables.available).
func withoutNames(text string) string {
	return availableNames.ReplaceAllString(text, "Available names:$1")
}
