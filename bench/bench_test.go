//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestEveryRowIsMeasuredByOneScenario(t *testing.T) {
	times := map[string]int{}
	for _, s := range scenarios() {
		measured := slices.Sorted(slices.Values(s.rows()))
		for _, name := range slices.Compact(measured) {
			times[name]++
		}
	}
	for _, row := range rows {
		if times[row.name] != 1 {
			t.Errorf("%s is measured by %d scenarios", row.name, times[row.name])
		}
		delete(times, row.name)
	}
	for name := range times {
		t.Errorf("%s is measured, and no row of the table", name)
	}
}

func TestGoalsAreMetOnlyWhenAllOfThemAre(t *testing.T) {
	for _, c := range []struct {
		goal          goal
		figure, ratio float64
		met           bool
	}{
		{times(9), 1, 9, true},
		{times(9), 1, 8.9, false},
		{times(9), 1, math.NaN(), false},
		{times(9), 0, math.Inf(1), true},
		{atMost(20), 20, 1, true},
		{atMost(20), 20.1, 100, false},
		{atLeast(99.5), 99.4, 1, false},
		{timesAtMost(3.8, 8000), 8001, 4, false},
		{timesAtMost(3.8, 8000), 7999, 3.7, false},
		{timesAtMost(3.8, 8000), 7999, 3.9, true},
	} {
		if met := c.goal.met(c.figure, c.ratio); met != c.met {
			t.Errorf("goal %v, figure %v, ratio %v: met is %v", c.goal, c.figure, c.ratio, met)
		}
	}
}

func TestRatiosAreTakenPairByPair(t *testing.T) {
	r := report{}
	for _, both := range [][2]float64{{10, 1}, {40, 2}, {90, 3}} { // a machine that gets slower
		p := newPair()
		p[original]["boot.200.time"], p[ours]["boot.200.time"] = both[0], both[1]
		p[original]["log.plain.mbps"], p[ours]["log.plain.mbps"] = both[1], both[0]
		r.pairs = append(r.pairs, p)
	}
	lines := r.lines()
	if len(lines) != 2 {
		t.Fatalf("%d lines for two rows", len(lines))
	}
	for i, name := range []string{"boot.200.time", "log.plain.mbps"} { // less is better, more is better
		if l := lines[i]; l.name != name || l.ratio != 20 {
			t.Errorf("%s is %v times better, not %s 20 times", l.name, l.ratio, name)
		}
	}
}

func TestWhatIsMissingInAPairIsNotMadeUp(t *testing.T) {
	r := report{pairs: []pair{newPair()}}
	r.pairs[0][ours]["boot.200.time"] = 1
	table := r.markdown()
	if !strings.Contains(table, "| boot.200.time | s | - | 1 | - | 9x |  |") {
		t.Errorf("the table has a verdict without the original's figure:\n%s", table)
	}
}

func TestQuantilesAreValuesThatOccurred(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0.5: 3, 0.99: 5, 0.2: 1} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile %v is %v, not %v", q, got, want)
		}
	}
	if got := quantile([]float64{1, 3}, 0.5); got != 2 {
		t.Errorf("the median of 1 and 3 is %v", got)
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

func TestTinyChildrenSleepAndWriteLines(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("their instructions are known for amd64 only")
	}
	dir := t.TempDir()
	if err := furnish(dir); err != nil {
		t.Fatal(err)
	}
	lines := exec.Command(filepath.Join(dir, linesName))
	out, err := lines.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	idle := exec.Command(filepath.Join(dir, idleName))
	for _, child := range []*exec.Cmd{lines, idle} {
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		defer child.Wait()
		defer child.Process.Kill()
	}
	written := bufio.NewReader(out)
	for range 3 {
		line, err := written.ReadString('\n')
		if err != nil || len(line) != lineSize {
			t.Fatalf("a line of %d bytes, %v: %q", len(line), err, line)
		}
	}
	for _, child := range []*exec.Cmd{lines, idle} {
		if !isTiny(child.Process.Pid) {
			t.Errorf("%s is not seen to run", child.Path)
		}
	}
	if children := kinOf(os.Getpid(), nil).children; len(children) != 2 {
		t.Errorf("%d tiny children are seen, not 2", len(children))
	}
}

func TestFloodHasItsSizeAndItsEnd(t *testing.T) {
	began := filepath.Join(t.TempDir(), "began")
	var out bytes.Buffer
	if status := puppet([]string{puppetFlood, began, "131072"}, nil, &out, io.Discard); status != 0 {
		t.Fatalf("status %d", status)
	}
	if out.Len() != 131072+len(floodEnd) || !strings.HasSuffix(out.String(), floodEnd) {
		t.Errorf("the flood has %d bytes", out.Len())
	}
	if noted, err := notes(began); err != nil || len(noted) != 1 {
		t.Errorf("it noted %q, %v", noted, err)
	}
}

func TestListenerAnswersEachEventAndNotesItOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "heard")
	in := strings.NewReader("ver:3.0 eventname:PROCESS_COMMUNICATION_STDOUT len:5\nhello" +
		"ver:3.0 eventname:PROCESS_STATE_EXITED len:3\nabc" +
		"ver:3.0 eventname:PROCESS_COMMUNICATION_STDOUT len:12\n" + lastWord)
	var out bytes.Buffer
	if status := puppet([]string{puppetListen, file, "0"}, in, &out, io.Discard); status != 0 {
		t.Fatalf("status %d", status)
	}
	if want := "READY\n" + strings.Repeat("RESULT 2\nOKREADY\n", 3); out.String() != want {
		t.Errorf("it said %q", out.String())
	}
	noted, err := notes(file)
	if err != nil || len(noted) != 3 {
		t.Fatalf("it noted %q, %v", noted, err)
	}
	if !strings.HasPrefix(noted[1], "PROCESS_STATE_EXITED ") || !strings.HasSuffix(noted[2], " 2") {
		t.Errorf("it noted %q", noted)
	}
}

func TestRequestsAreWhatTheOriginalReads(t *testing.T) {
	got := string(request("supervisor.startProcess", "a<b", true))
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	want := "<?xml version='1.0'?><methodCall><methodName>supervisor.startProcess</methodName><params>" +
		"<param><value><string>a&lt;b</string></value></param><param><value><boolean>1</boolean></value></param></params></methodCall>"
	if body != want {
		t.Errorf("the body is %s", body)
	}
	if !strings.HasPrefix(head, "POST /RPC2 HTTP/1.1\r\n") || !strings.HasSuffix(head, fmt.Sprint("Content-Length: ", len(want))) {
		t.Errorf("the head is %q", head)
	}
}
