//go:build unix

package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// patient is a channel whose disk will fall ill, and what was heard of it.
type patient struct {
	*Channel
	produced int64
	line     int

	mu     sync.Mutex // guards the field below
	notice []string
}

func newPatient(t *testing.T, gate *Gate, path string) *patient {
	t.Helper()
	p := &patient{}
	p.Channel = open(t, gate, Options{Path: path, Trouble: p.hear})
	return p
}

func (p *patient) hear(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notice = append(p.notice, text)
}

func (p *patient) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.notice)
}

// produce writes numbered lines until at least n bytes have been written.
func (p *patient) produce(n int) {
	for target := p.produced + int64(n); p.produced < target; p.line++ {
		line := fmt.Appendf(nil, "line %d\n", p.line)
		p.Write(line)
		p.produced += int64(len(line))
	}
}

func (p *patient) kept() int64 {
	p.port.file.write.Lock()
	defer p.port.file.write.Unlock()
	return int64(p.port.file.outage.kept.len())
}

var markerLine = regexp.MustCompile(`(?m)\n?^-- supervisord: (\d+) bytes lost, (.*) (\d\d:\d\d:\d\d)-(\d\d:\d\d:\d\d) --\n`)

// checkAccount demands that every byte is in the text or in a marker of it, that
// the markers add up to Lost, and that lines are whole and in order.
func (p *patient) checkAccount(t *testing.T, text string) (markers [][]string) {
	t.Helper()
	markers = markerLine.FindAllStringSubmatch(text, -1)
	var told int64
	for _, m := range markers {
		n, err := strconv.ParseInt(m[1], 10, 64)
		must(t, err)
		told += n
	}
	rest := int64(len(markerLine.ReplaceAllString(text, "")))
	if told != p.Lost() || rest+told != p.produced {
		t.Errorf("%d bytes in the log and %d told lost (%d counted), %d produced", rest, told, p.Lost(), p.produced)
	}
	last := -1
	for line := range strings.Lines(markerLine.ReplaceAllString(text, " ... lost\n")) {
		var n int
		if _, err := fmt.Sscanf(line, "line %d\n", &n); err == nil && n <= last {
			t.Fatalf("line %d after %d", n, last)
		} else if err == nil {
			last = n
		}
	}
	if last != p.line-1 {
		t.Errorf("the last line is %d, not %d", last, p.line-1)
	}
	return markers
}

func TestAFullDiskStopsNobodyAndEveryByteIsCounted(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skipf("this system has no /dev/full: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "log")
		must(t, os.Symlink("/dev/full", link))
		p := newPatient(t, NewGate(), link)
		began := time.Now().Format("15:04:05")
		p.produce(3 << 20)
		time.Sleep(8 * time.Second)
		if p.kept()+p.Lost() != p.produced || p.kept() > keptMax || p.kept() < keptMax/2 {
			t.Errorf("%d kept and %d lost of %d", p.kept(), p.Lost(), p.produced)
		}
		want := fmt.Sprintf("no space left on device since %s, %d bytes lost", began, p.Lost())
		if got := p.Trouble(); got != want {
			t.Errorf("trouble %q, want %q", got, want)
		}
		must(t, os.Remove(link))
		time.Sleep(2 * time.Second) // the timer alone must find out
		synctest.Wait()
		if text := p.Trouble(); text != "" {
			t.Errorf("trouble %q after the recovery", text)
		}
		p.produce(100)
		markers := p.checkAccount(t, read(t, link))
		if len(markers) != 1 || markers[0][2] != "no space left on device" || markers[0][3] != began {
			t.Errorf("markers %q", markers)
		}
		if told := p.told(); len(told) != 2 || !strings.HasPrefix(told[0], "cannot write log file "+link+": no space left") ||
			told[1] != "writing log file "+link+" again" {
			t.Errorf("told %q", told)
		}
		if got := p.port.file.gate.budget.Load(); got != outageBudget {
			t.Errorf("%d bytes of the budget were not given back", outageBudget-got)
		}
	})
}

// alone runs a test again in a process of its own, because the limit it sets
// would hit the test runner too; it tells whether this is that process.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "LOGS_TEST_ALONE"
	if os.Getenv(mark) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), mark+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// limitFileSize lets no file grow beyond n bytes: a regular file that is written
// in part, and then not at all. lift takes the limit back.
func limitFileSize(t *testing.T, n int) (lift func()) {
	t.Helper()
	// Else the Go runtime ends the program at the first such write.
	signal.Notify(make(chan os.Signal, 1), unix.SIGXFSZ)
	var old unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	limited := old
	assign(&limited.Cur, n)
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &limited))
	return func() { must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old)) }
}

// assign sets a field whose type differs between systems.
func assign[T int64 | uint64](field *T, n int) { *field = T(n) }

func TestWritesCutShortAreContinuedWhereTheyStopped(t *testing.T) {
	if !alone(t) {
		return
	}
	lift := limitFileSize(t, 1000)
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		p := newPatient(t, NewGate(), path)
		p.produce(5000)
		if got := p.Trouble(); !strings.HasPrefix(got, "file too large since ") {
			t.Errorf("trouble %q", got)
		}
		lift()
		time.Sleep(time.Second)
		synctest.Wait()
		if markers := p.checkAccount(t, read(t, path)); len(markers) > 0 {
			t.Errorf("nothing was lost, but the log says %q", markers)
		}
	})
}

func TestALossInTheMiddleOfALineIsMarkedOnALineOfItsOwn(t *testing.T) {
	if !alone(t) {
		return
	}
	lift := limitFileSize(t, 1003)
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		p := newPatient(t, NewGate(), path)
		p.produce(2 << 20)
		lift()
		time.Sleep(time.Second)
		p.produce(1)
		text := read(t, path)
		if text[1002] == '\n' {
			t.Fatal("the limit fell on a line end, which is not what this test is about")
		}
		if !strings.HasPrefix(text[1003:], "\n-- supervisord: ") {
			t.Errorf("the text goes on with %q", text[1003:1050])
		}
		p.checkAccount(t, text)
	})
}

func TestAMarkerCutShortIsFinishedBeforeAnythingElse(t *testing.T) {
	if !alone(t) {
		return
	}
	lift := limitFileSize(t, 1000)
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		p := newPatient(t, NewGate(), path)
		p.produce(2 << 20)
		must(t, os.Truncate(path, 980)) // room for a part of the marker
		time.Sleep(time.Second)
		p.produce(2 << 20) // more is lost after the marker has been begun
		lift()
		time.Sleep(time.Second)
		p.produce(1)
		text := read(t, path)
		markers := markerLine.FindAllStringSubmatch(text, -1)
		if len(markers) != 2 {
			t.Fatalf("markers %q, want two whole ones", markers)
		}
		var told int64
		for _, m := range markers {
			n, err := strconv.ParseInt(m[1], 10, 64)
			must(t, err)
			told += n
		}
		if told != p.Lost() {
			t.Errorf("the markers tell of %d bytes lost, %d were", told, p.Lost())
		}
	})
}

func TestALogDirectoryThatIsDeletedAndMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "dir")
		must(t, os.Mkdir(dir, 0o700))
		path := filepath.Join(dir, "log")
		p := newPatient(t, NewGate(), path)
		p.produce(100)
		before := p.produced
		must(t, os.RemoveAll(dir))
		time.Sleep(time.Second)
		p.produce(1000)
		if got := p.Trouble(); !strings.HasPrefix(got, "no such file or directory since ") {
			t.Errorf("trouble %q", got)
		}
		must(t, os.Mkdir(dir, 0o700))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := int64(len(read(t, path))); got != p.produced-before || p.Lost() != 0 {
			t.Errorf("%d bytes are there, %d lost, of %d produced since", got, p.Lost(), p.produced-before)
		}
	})
}

func TestALogDirectoryThatIsMovedIsWrittenToWhereItWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "dir")
		must(t, os.Mkdir(dir, 0o700))
		path := filepath.Join(dir, "log")
		p := newPatient(t, NewGate(), path)
		must(t, os.Rename(dir, dir+".away"))
		time.Sleep(time.Second)
		p.produce(1000)
		if got := p.Trouble(); !strings.HasPrefix(got, "the file is gone since ") {
			t.Errorf("trouble %q", got)
		}
		must(t, os.Mkdir(dir, 0o700))
		time.Sleep(time.Second)
		p.produce(1000)
		p.checkAccount(t, read(t, filepath.Join(dir+".away", "log"))+read(t, path))
		if got := p.Trouble(); got != "" || p.Lost() > 0 {
			t.Errorf("trouble %q, %d lost", got, p.Lost())
		}
	})
}

func TestAFIFOWaitsForItsReaderWithoutHoldingAnybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "fifo")
		must(t, unix.Mkfifo(path, 0o600))
		p := newPatient(t, NewGate(), path)
		p.produce(1000)
		if p.Trouble() == "" {
			t.Error("no trouble, though nobody reads")
		}
		reader, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		must(t, err)
		defer unix.Close(reader)
		time.Sleep(time.Second)
		synctest.Wait()
		buffer := make([]byte, 64<<10)
		n, err := unix.Read(reader, buffer)
		must(t, err)
		p.checkAccount(t, string(buffer[:n]))
	})
}

func TestClearLeavesDevicesAlone(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, unix.Mkfifo(fifo, 0o600))
	for _, path := range []string{fifo, "/dev/null"} {
		c := NewChannel(Options{Path: path}, NewGate())
		must(t, c.Open())
		must(t, c.Clear())
		c.Close()
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("after clear: %v", err)
		}
	}
}

func TestNoTimerRunsWhileAllIsWell(t *testing.T) {
	p := newPatient(t, NewGate(), filepath.Join(t.TempDir(), "log"))
	p.produce(10_000)
	if p.port.file.outage.timer != nil || p.port.timer != nil {
		t.Error("a healthy log has a timer")
	}
}

func TestClosingDuringAnOutageCountsWhatWasKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "dir")
		must(t, os.Mkdir(dir, 0o700))
		gate := NewGate()
		p := newPatient(t, gate, filepath.Join(dir, "log"))
		must(t, os.RemoveAll(dir))
		time.Sleep(time.Second)
		p.produce(100_000)
		p.Flush()
		if p.Lost() != 0 {
			t.Errorf("%d bytes given up already when the child ended", p.Lost())
		}
		p.Close()
		if p.Lost() != p.produced {
			t.Errorf("%d bytes lost of %d", p.Lost(), p.produced)
		}
		if len(gate.files) != 0 || gate.budget.Load() != outageBudget {
			t.Errorf("%d files left, budget %d", len(gate.files), gate.budget.Load())
		}
	})
}

func TestWhatADeadChildLeftIsWrittenWhenTheDiskIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "dir")
		must(t, os.Mkdir(dir, 0o700))
		p := newPatient(t, NewGate(), filepath.Join(dir, "log"))
		must(t, os.RemoveAll(dir))
		time.Sleep(time.Second)
		p.produce(1000)
		p.Flush()
		must(t, os.Mkdir(dir, 0o700))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		p.checkAccount(t, read(t, p.Path()))
		if p.port.file.out != nil {
			t.Error("the file stays open though nobody writes")
		}
	})
}

func TestClearEndsAnOutage(t *testing.T) {
	if !alone(t) {
		return
	}
	lift := limitFileSize(t, 10)
	path := filepath.Join(t.TempDir(), "log")
	p := newPatient(t, NewGate(), path)
	p.produce(1000)
	lift()
	must(t, p.Clear())
	p.Write([]byte("new"))
	if got := read(t, path); got != "new" {
		t.Errorf("log %q, want %q", got, "new")
	}
}

func TestAllOutagesTogetherHaveABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "dir")
		must(t, os.Mkdir(dir, 0o700))
		gate := NewGate()
		var all []*patient
		for i := range 100 {
			all = append(all, newPatient(t, gate, filepath.Join(dir, fmt.Sprint(i))))
		}
		must(t, os.RemoveAll(dir))
		time.Sleep(time.Second)
		var memory int
		chunk := bytes.Repeat([]byte("x"), 256<<10)
		for _, p := range all {
			for range 8 {
				p.Write(chunk)
			}
			memory += len(p.port.file.outage.kept.buf)
		}
		if limit := outageBudget + len(all)*keptFloor; memory > limit {
			t.Errorf("%d bytes of memory, more than %d", memory, limit)
		}
		if last := all[99]; last.kept() != keptFloor {
			t.Errorf("the last one keeps %d bytes, want its floor", last.kept())
		}
	})
}

func TestWritersBeyondThePlacesOfADiskWaitAsGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate()
		seat := gate.disk(7)
		for range diskPlaces {
			seat.take()
		}
		entered := make(chan bool)
		go func() {
			gate.disk(7).take()
			entered <- true
		}()
		gate.disk(8).take() // another disk is another matter
		synctest.Wait()
		select {
		case <-entered:
			t.Error("one too many writes on one disk")
		default:
		}
		seat.leave()
		<-entered
	})
}

func TestAskingNeverWaitsForAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		c := open(t, NewGate(), Options{Path: path})
		c.Write([]byte("hello"))
		f := c.port.file
		f.write.Lock() // as a write that hangs does
		f.began.Store(time.Now().UnixNano())
		time.Sleep(time.Minute)
		if _, end := c.Bounds(); end != 5 {
			t.Errorf("end %d", end)
		}
		p := make([]byte, 5)
		if _, err := c.ReadAt(p, 0); err != nil || string(p) != "hello" {
			t.Errorf("ReadAt = %q, %v", p, err)
		}
		if !strings.HasPrefix(c.Trouble(), "a write has been hanging since ") {
			t.Errorf("trouble %q", c.Trouble())
		}
		f.write.Unlock()
	})
}

func TestFaultsSurviveTheirWrapping(t *testing.T) {
	err := fmt.Errorf("clear log: %w: %w", syscall.EACCES, supervise.Fault{Code: supervise.FaultFailed})
	var fault supervise.Fault
	if !errors.As(err, &fault) || fault.Code != supervise.FaultFailed {
		t.Errorf("no fault found in %v", err)
	}
}
