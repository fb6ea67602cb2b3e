package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervise"
)

// question is one call of readFile and tailFile.
type question struct {
	Size, Offset, Length int64
}

// answer is what came of it; Read is a fault's name, or "=" and the text.
type answer struct {
	Read     string
	Tail     string
	End      int64
	Overflow bool
}

func questions() (all []question) {
	for _, size := range []int64{0, 1, 10, 98} {
		for _, offset := range []int64{-1000, -11, -10, -1, 0, 1, 9, 10, 88, 90, 97, 98, 1000} {
			for _, length := range []int64{-5, 0, 1, 10, 98, 100, 1000} {
				all = append(all, question{size, offset, length})
			}
		}
	}
	return all
}

const readOracle = `
import tempfile
from supervisor.options import readFile, tailFile
answers = []
for q in input:
    with tempfile.NamedTemporaryFile() as f:
        f.write((b'0123456789' * 10)[:q['Size']]); f.flush()
        try:
            read = '=' + readFile(f.name, q['Offset'], q['Length']).decode()
        except ValueError as why:
            read = why.args[0]
        tail, end, overflow = tailFile(f.name, q['Offset'], q['Length'])
    answers.append(dict(Read=read, Tail=tail, End=end, Overflow=overflow))
json.dump(answers, sys.stdout)`

const readGolden = "testdata/read.golden"

func TestReadAndTailHaveTheOriginalsRules(t *testing.T) {
	if *update {
		var answers []answer
		oracle(t, readOracle, questions(), &answers)
		writeGolden(t, answers)
	}
	checkAnswers(t, readRecorded(t))
}

func TestReadAndTailAgreeWithTheInstalledOriginal(t *testing.T) {
	var answers []answer
	oracle(t, readOracle, questions(), &answers)
	checkAnswers(t, answers)
}

// writeGolden records one answer a line, after its question.
func writeGolden(t *testing.T, answers []answer) {
	t.Helper()
	var b strings.Builder
	for i, q := range questions() {
		line, err := json.Marshal(answers[i])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%d %d %d %s\n", q.Size, q.Offset, q.Length, line)
	}
	if err := os.WriteFile(readGolden, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readRecorded(t *testing.T) (answers []answer) {
	t.Helper()
	text, err := os.ReadFile(readGolden)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var a answer
		if err := json.Unmarshal([]byte(line[strings.IndexByte(line, '{'):]), &a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	return answers
}

func checkAnswers(t *testing.T, answers []answer) {
	t.Helper()
	all := questions()
	if len(answers) != len(all) {
		t.Fatalf("%d answers to %d questions", len(answers), len(all))
	}
	text := []byte(strings.Repeat("0123456789", 10))
	path := filepath.Join(t.TempDir(), "log")
	for i, q := range all {
		if err := os.WriteFile(path, text[:q.Size], 0o600); err != nil {
			t.Fatal(err)
		}
		fromFile := NewChannel(Options{Path: path}, NewGate())
		inMemory := NewChannel(Options{}, NewGate())
		inMemory.Write(text[:q.Size])
		for _, log := range []supervise.Log{fromFile, inMemory} {
			if got := ask(t, log, q); got != answers[i] {
				t.Errorf("%+v, path %q:\n got %+v\nwant %+v", q, log.Path(), got, answers[i])
			}
		}
	}
}

func ask(t *testing.T, log supervise.Log, q question) (a answer) {
	t.Helper()
	data, err := log.Read(q.Offset, q.Length)
	a.Read = "=" + string(data)
	if err != nil {
		a.Read = err.Error()
	}
	tail, end, overflow, err := log.Tail(q.Offset, q.Length)
	if err != nil {
		t.Fatalf("tail %+v: %v", q, err)
	}
	a.Tail, a.End, a.Overflow = string(tail), end, overflow
	return a
}

func TestReadOfAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	c := NewChannel(Options{Path: path}, NewGate())
	_, err := c.Read(-1, 5) // the missing file is told before the bad arguments
	if want := (supervise.Fault{Code: supervise.FaultNoFile, Detail: path}); !errors.Is(err, want) {
		t.Errorf("read: %v, want %v", err, want)
	}
	if data, size, overflow, err := c.Tail(5, 10); len(data) != 0 || size != 0 || overflow || err != nil {
		t.Errorf("tail = %q, %d, %v, %v", data, size, overflow, err)
	}
}

func TestReadOfWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	c := NewChannel(Options{Path: dir}, NewGate())
	if _, err := readFile(dir, opener(dir), 0, 0); !errors.Is(err, supervise.Fault{Code: supervise.FaultFailed}) {
		t.Errorf("read: %v, want FAILED", err)
	}
	if _, size, _, _ := tailFile(opener(dir), 7, 10); size != 7 {
		t.Errorf("tail gives size %d, want the offset 7", size)
	}
	if err := c.Open(); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("open: %v, want EISDIR", err)
	}
}

func TestReadRefusesAnAnswerThatWouldExhaustMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, readMax+1); err != nil { // sparse
		t.Fatal(err)
	}
	var fault supervise.Fault
	if _, err := readFile(path, opener(path), 0, 0); !errors.As(err, &fault) || fault.Code != supervise.FaultFailed || !strings.Contains(fault.Detail, "in parts") {
		t.Errorf("read: %v, want FAILED, and what to do", err)
	}
	if data, err := readFile(path, opener(path), -5, 0); len(data) != 5 || err != nil {
		t.Errorf("its end: %d bytes, %v", len(data), err)
	}
}

func opener(path string) func() (*os.File, error) {
	return func() (*os.File, error) { return openRead(path) }
}
