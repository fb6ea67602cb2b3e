package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervise"
)

// clocked gives a gate that keeps times, and the directory they are in.
func clocked(t *testing.T) (*Gate, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "times")
	return clockedAt(t, dir), dir
}

func clockedAt(t *testing.T, dir string) *Gate {
	t.Helper()
	gate := NewGate()
	gate.KeepTimes(dir, func(text string) { t.Errorf("complained: %s", text) })
	t.Cleanup(gate.SettleTimes) // nothing is left to be written when the directory goes
	return gate
}

// diary writes lines and remembers when.
type diary struct {
	t     *testing.T
	log   *Channel
	began []int64
	at    []time.Time
}

func (d *diary) write(line string) {
	_, end := d.log.Bounds()
	d.began, d.at = append(d.began, end), append(d.at, time.Now())
	d.log.Write([]byte(line + "\n"))
}

// when gives what a log says of the time of a byte; zero for nothing.
func when(log supervise.LogHistory, off int64) time.Time {
	for _, a := range log.Arrivals(off, off+1) {
		if a.Off <= off {
			return a.At
		}
	}
	return time.Time{}
}

// mustKnow fails if lines from one on are not known to within slack.
func (d *diary) mustKnow(log supervise.LogHistory, from int, slack time.Duration) {
	d.t.Helper()
	for i := from; i < len(d.began); i++ {
		told := when(log, d.began[i])
		if told.IsZero() || told.After(d.at[i]) || d.at[i].Sub(told) > slack {
			d.t.Errorf("line %d came %v, and is said to have come %v", i, d.at[i], told)
		}
		off, sure := log.ArrivedAt(d.at[i])
		if !sure || off > d.began[i] || i > from && d.at[i].Sub(d.at[i-1]) > 2*near && off != d.began[i] {
			d.t.Errorf("what came %v with line %d at %d is looked for at %d, sure: %v", d.at[i], i, d.began[i], off, sure)
		}
	}
}

func TestArrivalTimesAreKnownToTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, _ := clocked(t)
		d := &diary{t: t, log: open(t, gate, Options{Path: filepath.Join(t.TempDir(), "x.log")})}
		for _, pause := range []time.Duration{0, time.Second, 3 * time.Millisecond, 300 * time.Millisecond, time.Hour, 0, 5 * time.Second} {
			time.Sleep(pause)
			d.write(fmt.Sprintf("after %v", pause))
		}
		d.mustKnow(d.log, 0, burst)
		if off, sure := d.log.ArrivedAt(time.Now().Add(time.Hour)); off != d.log.ledger().end || !sure {
			t.Errorf("the future is at %d, sure: %v", off, sure)
		}
		gate.SettleTimes()
	})
}

func (c *Channel) ledger() *ledger { return &c.port.file.ledger }

func TestArrivalTimesOutliveRotationAndSupervisord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, dir := clocked(t)
		options := Options{Path: filepath.Join(t.TempDir(), "x.log"), MaxBytes: 2000, Backups: 50}
		first := NewChannel(options, gate)
		d := &diary{t: t, log: first}
		for i := range 500 {
			time.Sleep(time.Duration(i%7) * 700 * time.Millisecond)
			d.write(fmt.Sprintf("line %d", i))
		}
		first.Close()
		gate.SettleTimes()

		time.Sleep(24 * time.Hour)
		gate = clockedAt(t, dir)
		d.log = open(t, gate, options)
		oldest, end := d.log.Bounds()
		if oldest != 0 || len(d.log.Files()) < 3 {
			t.Fatalf("%d to %d in %d files", oldest, end, len(d.log.Files()))
		}
		for i := range 5 {
			time.Sleep(3 * time.Second)
			d.write(fmt.Sprintf("next life %d", i))
		}
		d.mustKnow(d.log, 0, entryAge)
		gate.SettleTimes()
		size := 0
		for name, data := range files(t, dir) {
			if strings.HasSuffix(name, pathSuffix) {
				if data != options.Path+"\n" {
					t.Errorf("%s: %q", name, data)
				}
				continue
			}
			size += len(data)
		}
		if size == 0 || size > 505*entrySize {
			t.Errorf("an index of %d bytes", size)
		}
	})
}

func TestTheIndexGoesWithItsFiles(t *testing.T) {
	gate, dir := clocked(t)
	path := filepath.Join(t.TempDir(), "x.log")
	mustHave := func(about, path string, logs ...string) {
		t.Helper()
		want := []string{logPrefix(hashPath(path)) + pathSuffix}
		for _, log := range logs {
			st, err := statPath(log)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, indexKey{hashPath(path), st.id.inode}.name())
		}
		got := mapKeys(files(t, dir))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s there are %v, want %v", about, got, want)
		}
	}
	c := open(t, gate, Options{Path: path, MaxBytes: 100, Backups: 2})
	for i := range 40 {
		c.Write(fmt.Appendf(nil, "line %d\n", i))
		if i%10 == 9 {
			gate.SettleTimes()
		}
	}
	gate.SettleTimes()
	c.Write([]byte("so that it is not empty\n"))
	gate.SettleTimes()
	mustHave("of three files", path, path, path+".1", path+".2")
	if err := c.Clear(); err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("anew\n"))
	gate.SettleTimes()
	mustHave("after a clear", path, path)

	// Of a log that nobody has configured any more, and that is deleted, the
	// next supervisord removes what is left.
	for n := range 3 {
		if err := os.Remove(path + []string{"", ".1", ".2"}[n]); err != nil {
			t.Fatal(err)
		}
	}
	next := clockedAt(t, dir)
	otherPath := filepath.Join(t.TempDir(), "y.log")
	other := open(t, next, Options{Path: otherPath})
	other.Write([]byte("something\n"))
	next.SettleTimes()
	mustHave("of another log", otherPath, otherPath)
}

func mapKeys(m map[string]string) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}

func TestAnIndexIsNotBelievedOfAnotherText(t *testing.T) {
	gate, dir := clocked(t)
	path := filepath.Join(t.TempDir(), "x.log")
	c := NewChannel(Options{Path: path}, gate)
	c.Write([]byte("what was there\n"))
	c.Close()
	gate.SettleTimes()
	if err := os.WriteFile(path, []byte("something else, in the same file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, clockedAt(t, dir), Options{Path: path})
	if told := when(again, 3); !told.IsZero() {
		t.Errorf("said to have come %v", told)
	}
	if off, sure := again.ArrivedAt(time.Now().Add(-time.Hour)); off != 0 || sure {
		t.Errorf("looked for at %d, sure: %v", off, sure)
	}
}

func TestABrokenIndexIsMendedAndTheRestBelieved(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"cut in the middle": func(b []byte) []byte { return b[:len(b)-5] },
		"zeros at its end":  func(b []byte) []byte { return append(b[:len(b)-entrySize], make([]byte, 1000)...) },
		"noise in it":       func(b []byte) []byte { copy(b[5*entrySize:], "noise noise noise noise noise"); return b },
		"all noise":         func([]byte) []byte { return bytes.Repeat([]byte("noise"), 999) },
		"nothing":           func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate, dir := clocked(t)
				path := filepath.Join(t.TempDir(), "x.log")
				d := &diary{t: t, log: NewChannel(Options{Path: path}, gate)}
				for i := range 50 {
					time.Sleep(2 * time.Second)
					d.write(fmt.Sprintf("line %d", i))
				}
				d.log.Close()
				gate.SettleTimes()
				for file, data := range files(t, dir) {
					if !strings.HasSuffix(file, pathSuffix) {
						write(t, filepath.Join(dir, file), string(harm([]byte(data))))
					}
				}
				gate = clockedAt(t, dir)
				d.log = open(t, gate, Options{Path: path})
				for i := range d.began { // known or not, never wrong
					if told := when(d.log, d.began[i]); told.After(d.at[i]) {
						t.Errorf("line %d came %v, and is said to have come %v", i, d.at[i], told)
					}
					if off, _ := d.log.ArrivedAt(d.at[i]); off > d.began[i] && name != "noise in it" {
						t.Errorf("line %d at %d is looked for at %d", i, d.began[i], off)
					}
				}
				known := len(d.began)
				for i := range 5 {
					time.Sleep(2 * time.Second)
					d.write(fmt.Sprintf("mended %d", i))
				}
				d.log.Close()
				gate.SettleTimes()
				d.log = open(t, clockedAt(t, dir), Options{Path: path})
				for i := known; i < len(d.began); i++ {
					if told := when(d.log, d.began[i]); !told.Equal(d.at[i].Truncate(time.Millisecond)) {
						t.Errorf("line %d came %v, and is said to have come %v", i, d.at[i], told)
					}
				}
			})
		})
	}
}

func TestAnIndexOnAHungDiskDisturbsNoLog(t *testing.T) {
	gate, _ := clocked(t)
	gate.times.disk.Lock() // as long as a write hangs
	c := open(t, gate, Options{Path: filepath.Join(t.TempDir(), "x.log")})
	line := bytes.Repeat([]byte("x"), entryStep)
	for range 100 {
		c.Write(line)
	}
	for range entriesMax + 1 {
		gate.times.add("x", indexKey{1, 1}, entry{})
	}
	if n := len(gate.times.queue); n != entriesMax {
		t.Errorf("%d entries wait", n)
	}
	if told := when(c, 100); told.IsZero() {
		t.Error("nothing is remembered")
	}
	gate.times.disk.Unlock()
}

func TestWhoFollowsALogDoesNotHangWithTheIndex(t *testing.T) {
	gate, dir := clocked(t)
	c := open(t, gate, Options{Path: filepath.Join(t.TempDir(), "x.log")})
	begin := time.Now()
	c.Write([]byte("what is read now\n"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := c.port.file
	if err := unix.Mkfifo(filepath.Join(dir, f.indexKey(f.id).name()), 0o600); err != nil { // opening it would hang
		t.Fatal(err)
	}
	if told := when(c, 5); told.Before(begin.Truncate(time.Millisecond)) {
		t.Errorf("said to have come %v", told)
	}
	if off, sure := c.ArrivedAt(time.Now().Add(time.Hour)); off != 17 || !sure {
		t.Errorf("%d, sure: %v", off, sure)
	}
	if err := os.Remove(filepath.Join(dir, f.indexKey(f.id).name())); err != nil {
		t.Fatal(err)
	}
}

// What is not in memory cannot be known then, but neither does anybody wait for it,
// but for the first to ask, and he not for long.
func TestAnIndexOnAHungDiskHoldsUpNobodyForLong(t *testing.T) {
	gate, dir := clocked(t)
	options := Options{Path: filepath.Join(t.TempDir(), "x.log")}
	before := NewChannel(options, gate)
	before.Write([]byte("what is known from the index only\n"))
	before.Close()
	gate.SettleTimes()

	gate = clockedAt(t, dir)
	c := open(t, gate, options)
	index := filepath.Join(dir, c.port.file.indexKey(c.port.file.id).name())
	if err := os.Rename(index, index+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(index, 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func() time.Duration {
		begin := time.Now()
		if told := when(c, 3); !told.IsZero() {
			t.Errorf("said to have come %v", told)
		}
		if off, sure := c.ArrivedAt(begin.Add(-time.Hour)); off != 0 || sure {
			t.Errorf("looked for at %d, sure: %v", off, sure)
		}
		return time.Since(begin)
	}
	if took := ask(); took < indexWait {
		t.Errorf("the index did not hang: answered in %v", took)
	}
	begin := time.Now()
	for range 1000 {
		ask()
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("a thousand questions took %v, as if each waited", took)
	}

	if err := os.Rename(index+".kept", index+".mended"); err != nil {
		t.Fatal(err)
	}
	released, err := os.OpenFile(index, os.O_WRONLY, 0) // the disk answers again
	if err != nil {
		t.Fatal(err)
	}
	defer released.Close()
	for gate.times.seated.Load() != 0 {
		runtime.Gosched()
	}
	if err := os.Rename(index+".mended", index); err != nil {
		t.Fatal(err)
	}
	if told := when(c, 3); told.IsZero() {
		t.Error("the index is not read any more")
	}
}

// Whoever goes to a time may find himself too early in a log, but not too late, even
// when the clock has been set back.
func TestAClockSetBackHidesNothing(t *testing.T) {
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	clocks := map[string][]int{ // seconds, by the line; a file begins with each -1
		"once":                {0, 10, 20, 30, 40, 50, 60, 25, 35, 45, 55, 65, 75},
		"once, by a lot":      {500, 510, 520, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110},
		"again and again":     {0, 40, 10, 50, 20, 60, 30, 70, 40, 80, 5, 45, 15},
		"in a rotated file":   {0, 10, 60, 20, 30, -1, 40, 50, 70, 80},
		"at the rotation":     {0, 10, 20, 90, -1, 30, 40, 50, 100},
		"not at all":          {0, 10, 20, 30, -1, 40, 50, 60, 70},
		"by the last of them": {0, 10, 20, 30, 40, 50, 60, 3},
	}
	for about, seconds := range clocks {
		t.Run(about, func(t *testing.T) {
			gate, dir := clocked(t)
			path := filepath.Join(t.TempDir(), "x.log")
			texts := []string{""}
			var entries [][]entry
			var came []int
			entries = append(entries, nil)
			for _, s := range seconds {
				last := len(texts) - 1
				if s < 0 {
					texts, entries = append(texts, ""), append(entries, nil)
					continue
				}
				line := fmt.Sprintf("line %03d\n", len(came))
				at := begin.Add(time.Duration(s) * time.Second)
				entries[last] = append(entries[last], newEntry(int64(len(texts[last])), at.UnixMilli(), []byte(line)))
				texts[last] += line
				came = append(came, s)
			}
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for i, text := range texts {
				name := path
				if backup := len(texts) - 1 - i; backup > 0 {
					name += fmt.Sprintf(".%d", backup)
				}
				write(t, name, text)
				changed := time.UnixMilli(entries[i][len(entries[i])-1].at)
				if err := os.Chtimes(name, changed, changed); err != nil {
					t.Fatal(err)
				}
				st, err := statPath(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := extend(filepath.Join(dir, indexKey{hashPath(path), st.id.inode}.name()), entries[i]); err != nil {
					t.Fatal(err)
				}
			}
			c := open(t, gate, Options{Path: path, MaxBytes: 1 << 20, Backups: 3})
			const line = int64(len("line 000\n"))
			for s := range slices.Max(came) {
				want := int64(slices.IndexFunc(came, func(at int) bool { return at >= s })) * line
				if off, _ := c.ArrivedAt(begin.Add(time.Duration(s) * time.Second)); off > want {
					t.Errorf("what came %d seconds after the beginning, at %d, is looked for at %d", s, want, off)
				} else if off < want-line {
					t.Errorf("what came %d seconds after the beginning, at %d, is looked for as early as %d", s, want, off)
				}
			}
		})
	}
}

func TestAClockSetBackForLongIsLookedThrough(t *testing.T) {
	var late []entry
	const many = 3 * setBack
	for i := range int64(many) {
		at := i * 1000
		if i >= many/2 { // it had been ahead by nearly that much
			at -= (setBack - 2) * 1000
		}
		late = append(late, newEntry(i, at, []byte("x")))
	}
	path := filepath.Join(t.TempDir(), "index")
	if err := extend(path, late); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	x := &index{in: in, n: many}
	for i := int64(0); i < many; i += 997 {
		at := i*1000 - 1
		want := int(i)
		if i >= many/2 { // it came to that time once more, and was there for the first time long ago
			want = slices.IndexFunc(late, func(e entry) bool { return e.at > at })
		}
		if want < 0 {
			want = many
		}
		if got := x.since(at); got != want {
			t.Fatalf("the first after %d ms is entry %d, want %d", at, got, want)
		}
	}
}

func TestAnIndexThatIsDeletedIsBegunAnew(t *testing.T) {
	gate, dir := clocked(t)
	path := filepath.Join(t.TempDir(), "x.log")
	c := open(t, gate, Options{Path: path})
	c.Write([]byte("before\n"))
	gate.SettleTimes()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	f := c.port.file
	f.write.Lock()
	f.indexed = entry{} // as if a while had gone by
	f.write.Unlock()
	c.Write([]byte("after\n"))
	gate.SettleTimes()
	got := files(t, dir)
	if got[logPrefix(f.hash)+pathSuffix] != path+"\n" || len(got) != 2 {
		t.Errorf("there are %v", mapKeys(got))
	}
}

func TestAnIndexThatCannotBeKeptIsSaidOnce(t *testing.T) {
	var said []string
	gate := NewGate()
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "in the way")
	gate.KeepTimes(filepath.Join(file, "times"), func(text string) { said = append(said, text) })
	c := open(t, gate, Options{Path: filepath.Join(t.TempDir(), "x.log"), MaxBytes: 10, Backups: 3})
	for range 3 {
		c.Write([]byte("a line longer than that\n"))
		gate.SettleTimes()
	}
	if len(said) != 1 || !strings.Contains(said[0], "arrival times") {
		t.Errorf("said %q", said)
	}
	if told := when(c, 0); told.IsZero() {
		t.Error("nothing is remembered")
	}
}

func TestMemoryRemembersLongAgoRoughly(t *testing.T) {
	var r recent
	begin := time.UnixMilli(0)
	const many = 100_000
	for i := range int64(many) {
		r.came(i*10, begin.Add(time.Duration(i)*time.Second))
	}
	if len(r.entries) > recentMax {
		t.Errorf("%d entries", len(r.entries))
	}
	for _, i := range []int64{0, many / 2, many - 300, many - 3, many - 1} {
		found, all := r.between(i*10, i*10+1)
		first := found[0]
		if all != (i > many-300) && i != many-300 {
			t.Errorf("all is known of %d: %v", i, all)
		}
		late := i - first.off/10
		if late < 0 || late > many-i {
			t.Errorf("%d is said to have come with %d", i, first.off/10)
		}
		if off, found, _, _ := r.since(i*1000 - 1); !found || off > i*10 {
			t.Errorf("%d is looked for at %d", i, off/10)
		}
	}
}

func TestMemoryIsNotSureOfAClockThatWasSetBack(t *testing.T) {
	var r recent
	var came []int64
	for i := range int64(5000) {
		at := i * 1000
		if i == 700 {
			at += 10_000_000 // for one line
		}
		came = append(came, at)
		r.came(i, time.UnixMilli(at))
	}
	for at := int64(-1); at < 12_000_000; at += 9_999 {
		want := int64(slices.IndexFunc(came, func(c int64) bool { return c > at }))
		off, found, covers, exact := r.since(at)
		if (covers || exact) && (!found && want >= 0 || found && off > want) {
			t.Errorf("after %d ms: looked for at %d, sure of it, and it is at %d", at, off, want)
		}
	}
}

func TestWithoutAnIndexAFileTellsWhenItWasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	begin := time.Now().Add(-5 * time.Hour)
	for i, name := range []string{path + ".2", path + ".1", path} {
		write(t, name, "five\n")
		changed := begin.Add(time.Duration(i) * time.Hour)
		if err := os.Chtimes(name, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	c := open(t, NewGate(), Options{Path: path, Backups: 5, MaxBytes: 1 << 20})
	for hours, want := range map[float64]int64{-1: 0, 0.5: 5, 1.5: 10, 2.5: 15} {
		off, sure := c.ArrivedAt(begin.Add(time.Duration(hours * float64(time.Hour))))
		if off != want || sure {
			t.Errorf("%v hours: %d, sure: %v", hours, off, sure)
		}
	}
	c.Write([]byte("now\n"))
	if off, sure := c.ArrivedAt(time.Now().Add(3 * time.Second)); off != 19 || !sure {
		t.Errorf("%d, sure: %v", off, sure)
	}
}

func TestEntriesAreReadAsTheyWereWritten(t *testing.T) {
	for range 1000 {
		data := make([]byte, 1+rand.IntN(100))
		for i := range data {
			data[i] = byte(rand.Uint32())
		}
		e := newEntry(rand.Int64N(offsetMax), rand.Int64N(1<<48), data)
		text := e.append(nil)
		if len(text) != entrySize {
			t.Fatalf("%d bytes", len(text))
		}
		if got, ok := parseEntry(text); !ok || got != e {
			t.Fatalf("%+v became %+v", e, got)
		}
		text[rand.IntN(entrySize)] ^= 1 << rand.IntN(8)
		if got, ok := parseEntry(text); ok {
			t.Fatalf("%+v was read of a broken entry", got)
		}
	}
	if _, ok := parseEntry(make([]byte, entrySize)); ok {
		t.Error("zeros are an entry")
	}
}

// BenchmarkAppend is the way of a line from the pump into its file.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{100, 64 << 10} {
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/index=%v", size, kept), func(b *testing.B) {
				gate := NewGate()
				if kept {
					gate.KeepTimes(filepath.Join(b.TempDir(), "times"), func(text string) { b.Error(text) })
				}
				c := NewChannel(Options{Path: filepath.Join(b.TempDir(), "x.log"), MaxBytes: 50 << 20, Backups: 1}, gate)
				if err := c.Open(); err != nil {
					b.Fatal(err)
				}
				line := bytes.Repeat([]byte("x"), size)
				b.SetBytes(int64(size))
				for b.Loop() {
					c.Write(line)
				}
				c.Close()
				gate.SettleTimes()
			})
		}
	}
}
