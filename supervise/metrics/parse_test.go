//go:build unix

package metrics

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func TestStatIsReadAsTheKernelWritesIt(t *testing.T) {
	text, err := os.ReadFile("testdata/stat.txt")
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for line := range strings.Lines(string(text)) {
		fmt.Fprint(&told, line)
		p, err := parseStat([]byte(line), 4096)
		if err != nil {
			fmt.Fprintf(&told, "    %v\n", err)
			continue
		}
		fmt.Fprintf(&told, "    pid %d parent %d group %d session %d zombie %v threads %d start %d own %v buried %v memory %d\n",
			p.pid, p.ppid, p.group, p.session, p.zombie, p.threads, p.start, p.own, p.buried, p.memory)
	}
	golden(t, "testdata/stat.golden", told.String())
}

func FuzzStatNeverPanics(f *testing.F) {
	text, err := os.ReadFile("testdata/stat.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if _, err := parseStat(line, 4096); err == nil && len(line) < 40 {
			t.Errorf("%q is too short for 24 fields", line)
		}
	})
}

// fill is a struct of a kernel, with numbers at offsets.
type fill []byte

func (b fill) word(at int, v int32) fill {
	binary.NativeEndian.PutUint32(b[at:], uint32(v))
	return b
}

func (b fill) long(at int, v uint64) fill {
	binary.NativeEndian.PutUint64(b[at:], v)
	return b
}

func TestFreeBSDsProcessesAreRead(t *testing.T) {
	b := make(fill, kinfoSize).word(0, kinfoSize).word(72, 42).word(76, 40).word(80, 41).word(88, 39).word(596, 3).
		long(264, 10).long(328, 1_500_000).long(336, 1_000_100).long(344, 7).long(352, 2).long(360, 5)
	p, err := parseKinfo(b, 4096, 1_000_000*time.Second)
	want := proc{
		pid: 42, ppid: 40, group: 41, session: 39, threads: 3, memory: 40960, own: 1500 * time.Millisecond,
		buried: 2*time.Second + 5*time.Microsecond, start: uint64(100*time.Second + 7*time.Microsecond), file: noFile,
	}
	if err != nil || p != want {
		t.Errorf("%+v, %v, want %+v", p, err, want)
	}
	b[388] = 5
	if p, err := parseKinfo(b, 4096, 0); err != nil || !p.zombie {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := parseKinfo(b.word(0, 768), 4096, 0); err == nil {
		t.Error("a struct of another size was read")
	}
	if _, err := parseKinfo(b[:100], 4096, 0); err == nil {
		t.Error("half a struct was read")
	}
}

func TestSolarisProcessesAreRead(t *testing.T) {
	b := make(fill, psinfoSize).word(4, 2).word(8, 42).word(12, 40).word(16, 41).word(20, 39).
		long(56, 40).long(88, 100).long(96, 7).long(104, 1).long(112, 500_000_000).long(120, 2).long(128, 5)
	p, err := parsePsinfo(b)
	want := proc{
		pid: 42, ppid: 40, group: 41, session: 39, threads: 2, memory: 40960, own: 1500 * time.Millisecond,
		buried: 2*time.Second + 5, start: uint64(100*time.Second + 7), file: noFile,
	}
	if err != nil || p != want {
		t.Errorf("%+v, %v, want %+v", p, err, want)
	}
	if p, err := parsePsinfo(b.word(4, 0)); err != nil || !p.zombie {
		t.Errorf("without a thread: %+v, %v", p, err)
	}
	if _, err := parsePsinfo(b[:100]); err == nil {
		t.Error("half a struct was read")
	}
}

func TestWhatMacOSDoesNotTellStaysUnmeasured(t *testing.T) {
	b := make(fill, taskinfoSize).long(8, 40960).long(16, 24_000_000).long(24, 12_000_000).word(84, 2)
	p := unmeasured(42, 40, 41)
	parseTaskinfo(&p, b, 24_000_000)
	if p.memory != 40960 || p.own != 1500*time.Millisecond || p.threads != 2 {
		t.Errorf("%+v", p)
	}
	p = unmeasured(42, 40, 41)
	parseTaskinfo(&p, b, 0)
	if p.memory != 40960 || p.own != supervise.Unmeasured {
		t.Errorf("without the unit of time: %+v", p)
	}
	p = unmeasured(42, 40, 41)
	if parseTaskinfo(&p, nil, 1); p != unmeasured(42, 40, 41) {
		t.Errorf("of nothing: %+v", p)
	}
}
