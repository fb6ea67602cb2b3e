package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
)

// open makes a channel on a file and opens it; it is closed with the test.
func open(t *testing.T, gate *Gate, options Options) *Channel {
	t.Helper()
	c := NewChannel(options, gate)
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// files gives name and content of everything in a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		found[entry.Name()] = read(t, filepath.Join(dir, entry.Name()))
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rotation is a log with a past, a limit, and what is written to it.
type rotation struct {
	Name     string
	Before   map[string]string
	MaxBytes int64
	Backups  int
	Chunks   []string
}

var rotations = []rotation{
	{"below the limit", nil, 10, 2, []string{"123", "456"}},
	{"the limit reached exactly", nil, 6, 2, []string{"123", "456", "7"}},
	{"a chunk larger than the limit is not cut", nil, 5, 2, []string{"0123456789", "abc"}},
	{"the oldest goes", nil, 2, 2, []string{"aa", "bb", "cc", "dd", "e"}},
	{"one backup", nil, 2, 1, []string{"aa", "bb", "c"}},
	{"no backups", nil, 3, 0, []string{"abc", "de", "fgh", "i"}},
	{"never", nil, 0, 3, []string{"abc", "def"}},
	{"existing content counts", map[string]string{"log": "12345"}, 6, 2, []string{"6", "7"}},
	{"existing content is over the limit already", map[string]string{"log": "12345678"}, 6, 2, []string{"9", "a"}},
	{"existing backups move on", map[string]string{"log": "x", "log.1": "y", "log.2": "z"}, 2, 3, []string{"!", "?"}},
	{"a gap moves on too", map[string]string{"log": "x", "log.2": "z"}, 2, 4, []string{"!"}},
	{"backups beyond the limit stay", map[string]string{"log": "x", "log.1": "y", "log.9": "old"}, 2, 1, []string{"!"}},
}

func TestRotationKeepsWhatItShould(t *testing.T) {
	want := []map[string]string{
		{"log": "123456"},
		{"log": "7", "log.1": "123456"},
		{"log": "abc", "log.1": "0123456789"},
		{"log": "e", "log.1": "dd", "log.2": "cc"},
		{"log": "c", "log.1": "bb"},
		{"log": "i"},
		{"log": "abcdef"},
		{"log": "7", "log.1": "123456"},
		{"log": "a", "log.1": "123456789"},
		{"log": "?", "log.1": "x!", "log.2": "y", "log.3": "z"},
		{"log": "", "log.1": "x!", "log.3": "z"},
		{"log": "", "log.1": "x!", "log.9": "old"},
	}
	for i, r := range rotations {
		if got := r.run(t); !maps.Equal(got, want[i]) {
			t.Errorf("%s:\n got %q\nwant %q", r.Name, got, want[i])
		}
	}
}

func TestRotationAgreesWithTheOriginal(t *testing.T) {
	var want []map[string]string
	oracle(t, `
import os, tempfile
from supervisor import loggers
answers = []
for r in input:
    with tempfile.TemporaryDirectory() as d:
        for name, text in (r['Before'] or {}).items():
            with open(os.path.join(d, name), 'w') as f: f.write(text)
        log = loggers.getLogger()
        loggers.handle_file(log, os.path.join(d, 'log'), '%(message)s', bool(r['MaxBytes']), r['MaxBytes'], r['Backups'])
        for chunk in r['Chunks']: log.info(chunk.encode())
        log.close()
        answers.append({n: open(os.path.join(d, n)).read() for n in os.listdir(d)})
json.dump(answers, sys.stdout)`, rotations, &want)
	for i, r := range rotations {
		if got := r.run(t); !maps.Equal(got, want[i]) {
			t.Errorf("%s:\n     got %q\noriginal %q", r.Name, got, want[i])
		}
	}
}

func (r rotation) run(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range r.Before {
		write(t, filepath.Join(dir, name), text)
	}
	c := open(t, NewGate(), Options{Path: filepath.Join(dir, "log"), MaxBytes: r.MaxBytes, Backups: r.Backups})
	for _, chunk := range r.Chunks {
		c.Write([]byte(chunk))
	}
	c.Flush()
	return files(t, dir)
}

func TestRotatedFilesHaveTheModeAskedFor(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	c := open(t, NewGate(), Options{Path: path, Mode: AutoMode, MaxBytes: 2, Backups: 1})
	c.Write([]byte("abc"))
	must(t, c.Clear())
	for name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != AutoMode {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestOpenSaysWhichSystemErrorItMet(t *testing.T) {
	c := NewChannel(Options{Path: filepath.Join(t.TempDir(), "none", "log")}, NewGate())
	if err := c.Open(); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("open: %v, want ENOENT", err)
	}
	c.Close()
}

func TestReopenFollowsTheName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	c := open(t, NewGate(), Options{Path: path})
	c.Write([]byte("old"))
	must(t, os.Rename(path, path+".moved"))
	must(t, c.Reopen())
	c.Write([]byte("new"))
	if got, want := files(t, dir), map[string]string{"log": "new", "log.moved": "old"}; !maps.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestReopenOfAStoppedProgramMakesNoFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	c := open(t, NewGate(), Options{Path: path})
	c.Flush()
	must(t, os.Remove(path))
	must(t, c.Reopen())
	if got := files(t, dir); len(got) > 0 {
		t.Errorf("files %q, want none", got)
	}
}

func TestNoDescriptorStaysOpenBetweenIncarnations(t *testing.T) {
	c := open(t, NewGate(), Options{Path: filepath.Join(t.TempDir(), "log")})
	c.Write([]byte("1"))
	c.Flush()
	if c.port.file.out != nil {
		t.Error("the file is open after Flush")
	}
	c.Write([]byte("2")) // a grandchild's last word
	if c.port.file.out != nil {
		t.Error("the file is open after a late write")
	}
	if got := read(t, c.Path()); got != "12" {
		t.Errorf("log %q, want %q", got, "12")
	}
	must(t, c.Open())
	if c.port.file.out == nil {
		t.Error("the file is closed after Open")
	}
}

func TestClearOfARunningProgramBeginsANewFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	write(t, path+".1", "backup")
	c := open(t, NewGate(), Options{Path: path, Backups: 3})
	c.Write([]byte("old"))
	must(t, c.Clear())
	if got, want := files(t, dir), map[string]string{"log": "", "log.1": "backup"}; !maps.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	c.Write([]byte("new"))
	if got := read(t, path); got != "new" {
		t.Errorf("log %q, want %q", got, "new")
	}
}

// A reader may come at any moment of a change of files, and the log exists in
// all of them.
func TestALogIsThereForReadersWhateverBecomesOfItsFiles(t *testing.T) {
	c := open(t, NewGate(), Options{Path: filepath.Join(t.TempDir(), "log"), MaxBytes: 10, Backups: 2})
	over := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if _, err := c.Read(0, 0); err != nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	for range 2000 {
		c.Write([]byte("enough to rotate"))
		must(t, c.Clear())
	}
	close(over)
	readers.Wait()
}

func TestClearOfAStoppedProgramTruncates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, "old")
	c := NewChannel(Options{Path: path}, NewGate())
	must(t, c.Clear())
	if got := read(t, path); got != "" {
		t.Errorf("log %q, want none", got)
	}
	must(t, os.Remove(path))
	must(t, c.Clear()) // nothing there is as good as nothing in it
}

func TestClearThatFailsSaysFailed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	c := open(t, NewGate(), Options{Path: path})
	must(t, os.Remove(path))
	must(t, os.MkdirAll(filepath.Join(path, "x"), 0o700)) // cannot be unlinked
	if err := c.Clear(); !errors.Is(err, supervise.Fault{Code: supervise.FaultFailed}) {
		t.Errorf("clear: %v, want FAILED", err)
	}
}

func TestDevicesAreNeverRotatedAndAreRememberedInMemory(t *testing.T) {
	c := open(t, NewGate(), Options{Path: "/dev/null", MaxBytes: 2, Backups: 1})
	c.Write([]byte("hello"))
	c.Write([]byte(" world"))
	if text := c.Trouble(); text != "" {
		t.Errorf("trouble: %s", text)
	}
	p := make([]byte, 11)
	if _, err := c.ReadAt(p, 0); err != nil || string(p) != "hello world" {
		t.Errorf("ReadAt = %q, %v", p, err)
	}
	if data, err := c.Read(-5, 0); err != nil || string(data) != "world" {
		t.Errorf("Read = %q, %v", data, err)
	}
}

func TestALinkToALogIsWrittenThrough(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	must(t, os.Symlink(real, link))
	c := open(t, NewGate(), Options{Path: link})
	c.Write([]byte("text"))
	if got := read(t, real); got != "text" {
		t.Errorf("log %q, want %q", got, "text")
	}
}

func TestAPlainWriteAllocatesNothing(t *testing.T) {
	c := open(t, NewGate(), Options{Path: filepath.Join(t.TempDir(), "log"), MaxBytes: 50 << 20, Backups: 10})
	line := []byte("a line of output\n")
	if n := testing.AllocsPerRun(1000, func() { c.Write(line) }); n != 0 {
		t.Errorf("a write makes %v allocations", n)
	}
}

// whatOffsetsMean is a log, and all that was ever appended to it.
type whatOffsetsMean struct {
	*testing.T
	c       *Channel
	path    string
	history []byte
	rng     *rand.Rand
}

func (w *whatOffsetsMean) write() {
	chunk := make([]byte, 1+w.rng.IntN(40))
	for i := range chunk {
		chunk[i] = byte(w.rng.IntN(256))
	}
	w.c.Write(chunk)
	w.history = append(w.history, chunk...)
}

// check reads every byte that can be read, one way and another.
func (w *whatOffsetsMean) check(after string) {
	w.Helper()
	oldest, end := w.c.Bounds()
	if end != int64(len(w.history)) || oldest < 0 || oldest > end {
		w.Fatalf("after %s: bounds %d, %d, want the end %d", after, oldest, end, len(w.history))
	}
	got := make([]byte, end-oldest)
	if n, err := w.c.ReadAt(got, oldest); n != len(got) || err != nil {
		w.Fatalf("after %s: ReadAt(%d) gives %d bytes of %d, %v", after, oldest, n, len(got), err)
	}
	if !bytes.Equal(got, w.history[oldest:]) {
		w.Fatalf("after %s: the numbers from %d to %d mean other bytes", after, oldest, end)
	}
	if oldest > 0 {
		if _, err := w.c.ReadAt(make([]byte, 1), oldest-1); !errors.Is(err, supervise.ErrLogGone) {
			w.Fatalf("after %s: before the oldest byte, %v", after, err)
		}
	}
}

func TestOffsetsStayTrueWhateverHappens(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { offsetsStayTrue(t, seed) })
		})
	}
}

func offsetsStayTrue(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	path := filepath.Join(t.TempDir(), "log")
	write(t, path+".2", "oldest ")
	write(t, path+".1", "older ")
	write(t, path, "old ")
	options := Options{Path: path, MaxBytes: 150, Backups: int(seed % 4)}
	history := "oldest older old "[13*(1-min(1, options.Backups)):]
	if options.Backups == 1 {
		history = "older old "
	}
	w := &whatOffsetsMean{t, open(t, NewGate(), options), path, []byte(history), rng}
	w.check("open")
	events := []struct {
		name string
		do   func()
	}{
		{"clear", func() { must(t, w.c.Clear()) }},
		{"reopen", func() { must(t, w.c.Reopen()) }},
		{"the next incarnation", func() { w.c.Flush(); must(t, w.c.Open()) }},
		{"an outsider's truncation", func() {
			must(t, os.Truncate(path, 0))
			time.Sleep(time.Second)
			w.write()
		}},
		{"an outsider's rename", func() {
			must(t, os.Rename(path, path+".away"))
			time.Sleep(time.Second)
			w.write()
		}},
		{"an outsider's deletion", func() {
			must(t, os.Remove(path))
			time.Sleep(time.Second)
			w.write()
		}},
		{"logrotate", func() {
			must(t, os.Rename(path, path+".1"))
			must(t, w.c.Reopen())
		}},
		{"clear while stopped", func() {
			w.c.Flush()
			must(t, w.c.Clear())
			must(t, w.c.Open())
		}},
		{"a truncation while stopped", func() {
			w.c.Flush()
			must(t, os.Truncate(path, 0))
			must(t, w.c.Open())
		}},
		{"somebody else's line", func() {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			if _, err := f.WriteString("foreign"); err != nil {
				t.Fatal(err)
			}
			must(t, f.Close())
			w.history = append(w.history, "foreign"...)
			time.Sleep(time.Second)
			w.write()
		}},
	}
	for range 200 {
		w.write()
		w.check("a write")
		if rng.IntN(5) == 0 {
			event := events[rng.IntN(len(events))]
			event.do()
			w.check(event.name)
		}
	}
}

func TestAReaderThatFindsItsFileGoneCanGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	c := open(t, NewGate(), Options{Path: path})
	c.Write([]byte("before "))
	must(t, os.Truncate(path, 0))
	if _, err := c.ReadAt(make([]byte, 7), 0); !errors.Is(err, supervise.ErrLogGone) {
		t.Fatalf("ReadAt = %v, want ErrLogGone", err)
	}
	if oldest, end := c.Bounds(); oldest != 7 || end != 7 {
		t.Fatalf("bounds %d, %d: the reader would ask again and again", oldest, end)
	}
	c.Write([]byte("after"))
	p := make([]byte, 5)
	if _, err := c.ReadAt(p, 7); err != nil || string(p) != "after" {
		t.Errorf("ReadAt = %q, %v", p, err)
	}
	must(t, os.Remove(path))
	if _, err := c.ReadAt(p, 7); !errors.Is(err, supervise.ErrLogGone) {
		t.Errorf("of a deleted file: %v, want ErrLogGone", err)
	}
	c.Write([]byte("again")) // the reader's doubt makes the writer look at once
	if got := read(t, path); got != "again" {
		t.Errorf("log %q, want %q", got, "again")
	}
}

func TestAFollowerSeesEveryByteThroughRotation(t *testing.T) {
	c := open(t, NewGate(), Options{Path: filepath.Join(t.TempDir(), "log"), MaxBytes: 10_000, Backups: 1000})
	const lines = 20_000
	var want bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	go func() {
		for line := range bytes.Lines(want.Bytes()) {
			c.Write(line)
		}
	}()
	var got []byte
	buffer := make([]byte, 4096)
	for len(got) < want.Len() {
		if _, err := c.Wait(t.Context(), int64(len(got))); err != nil {
			t.Fatal(err)
		}
		n, err := c.ReadAt(buffer, int64(len(got)))
		got = append(got, buffer[:n]...)
		if n == 0 {
			t.Fatalf("at %d: %v", len(got), err)
		}
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("the follower read something else than was written")
	}
}

func TestManyWritersOfOneFileTearNoLineAndLoseNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, lines = 8, 20_000
		dir := t.TempDir()
		gate := NewGate()
		options := Options{Path: filepath.Join(dir, "log"), MaxBytes: 100_000, Backups: 1000}
		// All before anybody writes: who is alone with a file holds nothing back.
		var channels [writers]*Channel
		for writer := range channels {
			channels[writer] = open(t, gate, options)
		}
		var work sync.WaitGroup
		for writer, c := range channels {
			work.Go(func() {
				writeInPieces(c, writer, lines)
				c.Flush()
			})
		}
		work.Wait()
		next := make([]int, writers)
		for line := range strings.Lines(inOrder(t, dir)) {
			var writer, i int
			if _, err := fmt.Sscanf(line, "writer %d line %d end\n", &writer, &i); err != nil {
				t.Fatalf("a torn line: %q", line)
			}
			if next[writer] != i {
				t.Fatalf("writer %d: line %d follows %d", writer, i, next[writer]-1)
			}
			next[writer]++
		}
		for writer, n := range next {
			if n != lines {
				t.Errorf("writer %d: %d lines of %d", writer, n, lines)
			}
		}
	})
}

// writeInPieces writes numbered lines, in pieces that care for no line end.
func writeInPieces(c *Channel, writer, lines int) {
	rng := rand.New(rand.NewPCG(uint64(writer), 2))
	var text []byte
	for i := range lines {
		text = fmt.Appendf(text, "writer %d line %d end\n", writer, i)
		for len(text) > 2000 {
			n := 1 + rng.IntN(len(text))
			c.Write(text[:n])
			text = text[:copy(text, text[n:])]
		}
	}
	c.Write(text)
}

// inOrder gives the contents of log.N ... log.1, log, one after another.
func inOrder(t *testing.T, dir string) string {
	t.Helper()
	found := files(t, dir)
	var b strings.Builder
	for n := len(found) - 1; n > 0; n-- {
		b.WriteString(found[fmt.Sprintf("log.%d", n)])
	}
	return b.String() + found["log"]
}

func TestAnUnfinishedLineInASharedFileDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate()
		options := Options{Path: filepath.Join(t.TempDir(), "log")}
		a, b := open(t, gate, options), open(t, gate, options)
		a.Write([]byte("password: "))
		b.Write([]byte("a line\n"))
		if got := read(t, options.Path); got != "a line\n" {
			t.Errorf("at once: %q", got)
		}
		time.Sleep(heldFor)
		synctest.Wait()
		if got := read(t, options.Path); got != "a line\npassword: " {
			t.Errorf("later: %q", got)
		}
	})
}

func TestAProgressBarInASharedFileIsSeenToMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate()
		options := Options{Path: filepath.Join(t.TempDir(), "log")}
		a, _ := open(t, gate, options), open(t, gate, options)
		for range 3 {
			a.Write([]byte("."))
			time.Sleep(heldFor / 2)
			synctest.Wait()
		}
		if got := read(t, options.Path); !strings.HasPrefix(got, "..") {
			t.Errorf("after %v: %q", heldFor*3/2, got)
		}
	})
}

func TestALineBegunInASharedFileIsHeldFromItsOwnBeginningOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate()
		options := Options{Path: filepath.Join(t.TempDir(), "log")}
		a, _ := open(t, gate, options), open(t, gate, options)
		a.Write([]byte("the first "))
		time.Sleep(heldFor / 2)
		a.Write([]byte("line\nthe second "))
		time.Sleep(heldFor * 3 / 4) // the first one would have been shown by now
		synctest.Wait()
		if got := read(t, options.Path); got != "the first line\n" {
			t.Errorf("log %q", got)
		}
	})
}

func TestALastHalfLineInASharedFileIsNotLost(t *testing.T) {
	gate := NewGate()
	options := Options{Path: filepath.Join(t.TempDir(), "log")}
	a, _ := open(t, gate, options), open(t, gate, options)
	a.Write([]byte("dying w"))
	a.Flush()
	if got := read(t, options.Path); got != "dying w" {
		t.Errorf("log %q", got)
	}
}

func TestOutsidersMayRenameALogAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		c := open(t, NewGate(), Options{Path: path, MaxBytes: 1 << 20, Backups: 5})
		const lines = 3000
		for i := range lines {
			c.Write(fmt.Appendf(nil, "line %d\n", i))
			time.Sleep(10 * time.Millisecond)
			if i%150 == 149 {
				must(t, os.Rename(path, fmt.Sprintf("%s-%04d", path, i)))
			}
		}
		found := files(t, dir)
		var all string
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if name != "log" {
				all += found[name]
			}
		}
		all += found["log"]
		checkLines(t, all, lines)
	})
}

func checkLines(t *testing.T, text string, lines int) {
	t.Helper()
	i := 0
	for line := range strings.Lines(text) {
		if want := fmt.Sprintf("line %d\n", i); line != want {
			t.Fatalf("%q, want %q", line, want)
		}
		i++
	}
	if i != lines {
		t.Errorf("%d lines of %d", i, lines)
	}
}

func TestOutsidersMayTruncateALogAndItGetsNoHoles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		c := open(t, NewGate(), Options{Path: path, MaxBytes: 1000, Backups: 3})
		for i := range 2000 {
			c.Write(fmt.Appendf(nil, "line %d\n", i))
			time.Sleep(10 * time.Millisecond)
			if i%70 == 69 {
				must(t, os.Truncate(path, 0))
			}
			if strings.ContainsRune(read(t, path), 0) {
				t.Fatal("the log has a hole")
			}
		}
		if !strings.HasSuffix(read(t, path), "line 1999\n") {
			t.Error("the last line is missing")
		}
	})
}

func TestADeletedLogComesBackWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log")
		c := open(t, NewGate(), Options{Path: path})
		c.Write([]byte("1"))
		must(t, os.Remove(path))
		c.Write([]byte("2"))
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the path is looked at with every write")
		}
		time.Sleep(time.Second)
		c.Write([]byte("3"))
		if got := read(t, path); got != "3" {
			t.Errorf("log %q, want %q", got, "3")
		}
		if text := c.Trouble(); text != "" {
			t.Errorf("trouble: %s", text)
		}
	})
}

func TestRotationNotAllowedLetsTheFileGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "log")
		must(t, os.MkdirAll(filepath.Join(path+".1", "x"), 0o700)) // in the way
		var told []string
		c := open(t, NewGate(), Options{Path: path, MaxBytes: 3, Backups: 1, Trouble: func(s string) { told = append(told, s) }})
		for range 5 {
			c.Write([]byte("abc"))
		}
		if got := read(t, path); got != strings.Repeat("abc", 5) {
			t.Errorf("log %q", got)
		}
		if len(told) != 1 || !strings.HasPrefix(told[0], "cannot rotate log file "+path) || c.Trouble() == "" {
			t.Errorf("told %q, trouble %q", told, c.Trouble())
		}
		must(t, os.RemoveAll(path+".1"))
		time.Sleep(time.Second)
		c.Write([]byte("d"))
		c.Write([]byte("e"))
		if got, want := files(t, dir), map[string]string{"log": "e", "log.1": strings.Repeat("abc", 5) + "d"}; !maps.Equal(got, want) {
			t.Errorf("files %q, want %q", got, want)
		}
		if text := c.Trouble(); text != "" {
			t.Errorf("trouble: %s", text)
		}
	})
}
