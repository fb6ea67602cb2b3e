package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/bus"
	"supervisor/supervise/disk"
)

var (
	x = supervise.NameSpec{Group: "g", Process: "x"}
	y = supervise.NameSpec{Group: "y", Process: "y"}
)

// stand stands in for the engine.
type stand struct {
	mu         sync.Mutex
	bus        *bus.Bus
	running    []supervise.NameSpec
	configured []supervise.NameSpec
	logs       map[supervise.NameSpec]*text
	pid        int
}

func newStand(names ...supervise.NameSpec) *stand {
	s := &stand{bus: bus.New("epoch"), running: names, configured: names, logs: map[supervise.NameSpec]*text{}}
	for _, name := range names {
		s.logs[name] = &text{}
	}
	return s
}

func (s *stand) Snapshot(context.Context) (supervise.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot := supervise.Snapshot{Epoch: s.bus.Epoch(), Seq: s.bus.Seq()}
	for _, name := range s.running {
		snapshot.Processes = append(snapshot.Processes, supervise.ProcessInfo{Group: name.Group, Name: name.Process})
	}
	return snapshot, nil
}

func (s *stand) Subscribe(_ context.Context, epoch string, since uint64) (supervise.Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bus.Subscribe(epoch, since, func() supervise.Snapshot { return supervise.Snapshot{Epoch: s.bus.Epoch(), Seq: s.bus.Seq()} }), nil
}

func (s *stand) ConfigInfo(context.Context) (infos []supervise.ConfigInfo, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.configured {
		infos = append(infos, supervise.ConfigInfo{Group: name.Group, Name: name.Process})
	}
	return infos, nil
}

func (s *stand) Log(_ context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if log := s.logs[name]; log != nil && ch == supervise.Stdout {
		return log, nil
	}
	return nil, supervise.Fault{Code: supervise.FaultNoFile}
}

// ends has a life of a process end that said something and died of a status.
func (s *stand) ends(name supervise.NameSpec, said string, status int) supervise.Life {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pid++
	life := supervise.Life{
		PID: s.pid, Asked: time.Now().Add(-time.Minute), Born: time.Now().Add(-time.Minute), Ended: time.Now(),
		State: supervise.StateExited, Status: status, Expected: status == 0, Config: "digest of " + name.Process, Again: true,
	}
	if log := s.logs[name]; log != nil {
		life.From[0], life.To[0] = log.write(said)
	}
	s.bus.Publish(supervise.Change{At: time.Now(), Event: supervise.LifeEvent{Name: name, Life: life}})
	return life
}

func (s *stand) remove(name supervise.NameSpec, fromConfig bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	without := func(all []supervise.NameSpec) []supervise.NameSpec {
		return slices.DeleteFunc(slices.Clone(all), func(n supervise.NameSpec) bool { return n == name })
	}
	s.running = without(s.running)
	if fromConfig {
		s.configured = without(s.configured)
	}
	s.bus.Publish(supervise.Change{At: time.Now(), Event: supervise.GroupEvent{Group: name.Group}})
}

// text is a log in memory; it hangs for as long as hold is not closed.
type text struct {
	mu     sync.Mutex
	all    string
	oldest int64
	hold   chan struct{}
}

func (l *text) write(said string) (from, to int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from = int64(len(l.all))
	l.all += said
	return from, int64(len(l.all))
}
func (l *text) Path() string { return "" }
func (l *text) Bounds() (int64, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oldest, int64(len(l.all))
}
func (l *text) ReadAt(p []byte, off int64) (int, error) {
	if l.hold != nil {
		<-l.hold
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case off < l.oldest:
		return 0, supervise.ErrLogGone
	case off >= int64(len(l.all)):
		return 0, io.EOF
	}
	return copy(p[:min(len(p), 7)], l.all[off:]), nil // a few at a time, as where files meet
}
func (l *text) Wait(ctx context.Context, _ int64) (int64, error) { <-ctx.Done(); return 0, ctx.Err() }
func (l *text) Read(_, _ int64) ([]byte, error)                  { return nil, io.EOF }
func (l *text) Tail(_, _ int64) ([]byte, int64, bool, error)     { return nil, 0, false, io.EOF }
func (l *text) Clear() error                                     { return nil }
func (l *text) Trouble() string                                  { return "" }

// vigil is a keeper that follows a stand.
type vigil struct {
	*testing.T
	*Keeper
	said   []string
	mu     sync.Mutex
	killed Killings
	stop   func()
}

func keepVigil(t *testing.T, dir string, limits Limits, engine Engine) *vigil {
	t.Helper()
	v := &vigil{T: t}
	v.Keeper = New(Options{
		Dir: dir, Limits: limits,
		Say: func(_ supervise.Level, text string) {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.said = append(v.said, text)
		},
		Killings: func() Killings {
			v.mu.Lock()
			defer v.mu.Unlock()
			return v.killed
		},
	})
	if err := v.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { // ended by stop
		defer close(ended)
		v.Follow(ctx, engine)
	}()
	synctest.Wait() // it has subscribed
	v.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	return v
}

func (v *vigil) close() {
	v.Helper()
	v.stop()
	if err := v.Close(context.Background()); err != nil {
		v.Error(err)
	}
}

func (v *vigil) words() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.said)
}

// numbers lists the crashes of a process.
func (v *vigil) numbers(name supervise.NameSpec) (all []int) {
	for _, life := range v.Crashes(context.Background(), name) {
		all = append(all, life.Crash)
	}
	return all
}

func (v *vigil) output(name supervise.NameSpec, number int) string {
	v.Helper()
	crash, err := v.Crash(context.Background(), name, number)
	if err != nil {
		v.Fatalf("crash %d of %s: %v", number, name, err)
	}
	if crash.Name != name || number != 0 && crash.Life.Crash != number {
		v.Errorf("asked for crash %d of %s, got %+v", number, name, crash)
	}
	return string(crash.Output[supervise.Stdout].Data)
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestACrashIsKeptOverARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crashes", "mine")
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x, y)
		v := keepVigil(t, dir, Limits{}, engine)
		engine.ends(x, "life 1\n", 0)
		life := engine.ends(x, "life 2 \xff\n", 3)
		time.Sleep(time.Second)
		engine.ends(y, "life 1 of y", 0)
		synctest.Wait()
		if got := v.output(x, 0); got != "life 2 \xff\n" {
			t.Errorf("its last words were %q", got)
		}
		v.close()

		later := keepVigil(t, dir, Limits{}, newStand(x, y))
		defer later.close()
		lives := later.Lives(t.Context(), x)
		if len(lives) != 2 || lives[0].Status != 3 || lives[0].Crash != 1 || lives[1].Crash != 0 || !lives[0].Ended.Equal(life.Ended) || !lives[1].Expected {
			t.Errorf("lives %+v", lives)
		}
		if got := later.numbers(x); !slices.Equal(got, []int{1}) || len(later.numbers(y)) != 0 || len(later.Lives(t.Context(), y)) != 1 {
			t.Errorf("crashes %v of x, %v of y", got, later.numbers(y))
		}
		if got := later.output(x, 1); got != "life 2 \xff\n" {
			t.Errorf("its last words were %q", got)
		}
		if _, err := later.Crash(t.Context(), x, 2); !errors.Is(err, supervise.ErrNoCrash) {
			t.Errorf("a crash that never was: %v", err)
		}
		if _, err := later.Crash(t.Context(), supervise.NameSpec{Group: "no", Process: "body"}, 0); !errors.Is(err, supervise.ErrNoCrash) {
			t.Errorf("a process that never was: %v", err)
		}
		if got := later.Restarts(x); len(got) != 2 || !got[1].Equal(life.Asked) {
			t.Errorf("restarts at %v", got)
		}
		if len(v.words()) != 0 || later.Trouble() != "" {
			t.Errorf("said %q, trouble %q", v.words(), later.Trouble())
		}
	})
	for _, name := range files(t, dir) {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v (%v)", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v (%v)", info.Mode(), err)
	}
}

func TestTheMarkOfAConfigurationTellsNothingElse(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		mark := func(dir string) (first, second string) {
			engine := newStand(x, y)
			v := keepVigil(t, dir, Limits{}, engine)
			defer v.close()
			engine.ends(x, "", 1)
			engine.ends(y, "", 1)
			synctest.Wait()
			return v.Lives(t.Context(), x)[0].Config, v.Lives(t.Context(), y)[0].Config
		}
		ofX, ofY := mark(dir)
		again, _ := mark(dir)
		elsewhere, _ := mark("")
		if len(ofX) != 12 || ofX == ofY || ofX != again || ofX == elsewhere {
			t.Errorf("marks %q and %q, later %q, elsewhere %q", ofX, ofY, again, elsewhere)
		}
	})
}

func TestACrashLoopIsSampled(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x)
		v := keepVigil(t, dir, Limits{}, engine)
		defer v.close()
		time.Sleep(time.Minute)
		for n := range 10 {
			engine.ends(x, fmt.Sprintf("crash %d\n", n), 1)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		crashes := v.Crashes(t.Context(), x)
		if len(crashes) != 2 || crashes[0].Missed != 8 || crashes[1].Missed != 0 {
			t.Fatalf("crashes %+v, want the first and the last, which stands for eight more", crashes)
		}
		if first, last := v.output(x, 1), v.output(x, 2); first != "crash 0\n" || last != "crash 9\n" {
			t.Errorf("kept %q and %q", first, last)
		}
		if lives := v.Lives(t.Context(), x); len(lives) != 10 {
			t.Errorf("%d lives", len(lives))
		}
	})
}

func TestManyCrashesAtOnceTakeTheirTurns(t *testing.T) {
	dir := t.TempDir()
	var names []supervise.NameSpec
	for n := range 30 {
		names = append(names, supervise.NameSpec{Group: fmt.Sprint("g", n), Process: "p"})
	}
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(names...)
		limits := DefaultLimits()
		limits.Round = 10
		v := keepVigil(t, dir, limits, engine)
		defer v.close()
		time.Sleep(time.Minute)
		kept := func() (n int) {
			for _, name := range names {
				n += len(v.Crashes(t.Context(), name))
			}
			return n
		}
		for _, name := range names {
			engine.ends(name, "bye\n", 1)
		}
		time.Sleep(500 * time.Millisecond)
		first := kept()
		time.Sleep(time.Minute)
		if first > 20 || first < 1 || kept() != 30 {
			t.Errorf("%d snapshots within half a second, %d at last", first, kept())
		}
	})
}

func TestOnlySoMuchIsKept(t *testing.T) {
	limits := Limits{Lives: 4, Crashes: 3, Bytes: 4000, InMemory: 2, MemoryMost: 3000, Lines: 200, Excerpt: 64 << 10, Round: 50, Pause: time.Second}
	for _, c := range []struct {
		about string
		dir   string
		said  int // bytes in each life
		want  []int
	}{
		{"by number", t.TempDir(), 10, []int{9, 8, 7}},
		{"by size", t.TempDir(), 900, []int{9, 8}},
		{"in memory by number", "", 10, []int{9, 8}},
		{"in memory by size", "", 1500, []int{9}},
	} {
		t.Run(c.about, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newStand(x)
				v := keepVigil(t, c.dir, limits, engine)
				for range 9 {
					engine.ends(x, strings.Repeat("x", c.said), 1)
					time.Sleep(2 * time.Second)
				}
				if got := v.numbers(x); !slices.Equal(got, c.want) {
					t.Errorf("kept %v, want %v", got, c.want)
				}
				for _, life := range v.Lives(t.Context(), x) {
					if life.Crash != 0 && !slices.Contains(c.want, life.Crash) {
						t.Errorf("a life points to crash %d, which is gone", life.Crash)
					}
				}
				if n := len(v.Lives(t.Context(), x)); n != 4 {
					t.Errorf("%d lives", n)
				}
				v.close()
			})
			if c.dir == "" {
				return
			}
			if got := files(t, c.dir); len(got) != len(c.want)+2 {
				t.Errorf("on disk there are %v: want %d snapshots, the journal and the key", got, len(c.want))
			}
		})
	}
}

func TestTheJournalIsRewrittenWhenItHasGrownOld(t *testing.T) {
	dir := t.TempDir()
	limits := DefaultLimits()
	limits.Lives, limits.Crashes = 2, 3
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x, y)
		v := keepVigil(t, dir, limits, engine)
		for range 3 {
			engine.ends(x, "old\n", 1)
			time.Sleep(2 * time.Second)
		}
		for n := range slack + 100 {
			engine.ends(x, "", 0)
			if n%100 == 0 {
				time.Sleep(2 * time.Second)
			}
		}
		time.Sleep(2 * time.Second)
		v.close()
	})
	text, err := os.ReadFile(filepath.Join(dir, journalName))
	if lines := strings.Count(string(text), "\n"); err != nil || lines > slack/2 {
		t.Errorf("the journal has %d lines (%v)", lines, err)
	}
	synctest.Test(t, func(t *testing.T) {
		v := keepVigil(t, dir, limits, newStand(x, y))
		defer v.close()
		if got := v.numbers(x); !slices.Equal(got, []int{3, 2, 1}) || len(v.Lives(t.Context(), x)) != 2 {
			t.Errorf("crashes %v, %d lives", got, len(v.Lives(t.Context(), x)))
		}
	})
}

func TestWhatAKilledSupervisordLeftIsUnderstood(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x)
		v := keepVigil(t, dir, Limits{}, engine)
		engine.ends(x, "one\n", 1)
		time.Sleep(2 * time.Second)
		v.close()
	})
	journal := filepath.Join(dir, journalName)
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	torn := "{}\nwhat is this\n" + string(text) + string(text[:len(text)/2])
	for name, text := range map[string]string{
		journalName: torn, "0123456789abcdef-4.json": "of nobody", "." + fileOf(x, 2) + ".123": "half",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2 {
		synctest.Test(t, func(t *testing.T) {
			engine := newStand(x)
			engine.pid = 10 * (n + 1) // another one, at the same time as those of before
			v := keepVigil(t, dir, Limits{}, engine)
			if v.output(x, 1) != "one\n" {
				t.Errorf("crash 1 is %q", v.output(x, 1))
			}
			engine.ends(x, "more\n", 1)
			time.Sleep(2 * time.Second)
			v.close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		v := keepVigil(t, dir, Limits{}, newStand(x))
		defer v.close()
		if got := v.numbers(x); !slices.Equal(got, []int{3, 2, 1}) || len(v.Lives(t.Context(), x)) != 3 {
			t.Errorf("crashes %v, lives %+v", got, v.Lives(t.Context(), x))
		}
	})
	for _, name := range files(t, dir) {
		if disk.IsUnfinished(name) || strings.HasPrefix(name, "0123") {
			t.Errorf("%s is still there", name)
		}
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.RemoveAll(file); err != nil {
		t.Fatal(err)
	}
}

// aDirectory is in the place of a file, which even root cannot read then.
func aDirectory(t *testing.T, file string) {
	t.Helper()
	remove(t, file)
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
}

func empty(t *testing.T, file string) {
	t.Helper()
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
}

// crashThrice leaves snapshots 1 to 3 of x in a directory.
func crashThrice(t *testing.T, dir string) {
	engine := newStand(x)
	v := keepVigil(t, dir, Limits{}, engine)
	defer v.close()
	for n := 1; n <= 3; n++ {
		engine.ends(x, fmt.Sprintf("crash %d\n", n), 1)
		time.Sleep(2 * time.Second)
	}
}

// Neither are snapshots taken for nobody's because of it, nor their numbers for free
// ones: not at the next start, nor at the one after it.
func TestWhatCannotBeReadIsNotOverwritten(t *testing.T) {
	third := fileOf(x, 3)
	for about, c := range map[string]struct {
		spoil func(t *testing.T, file string)
		files []string
	}{
		"the journal is gone":        {remove, []string{journalName}},
		"the journal is a directory": {aDirectory, []string{journalName}},
		"the journal is empty":       {empty, []string{journalName}},
		"the key is gone":            {remove, []string{keyName}},
		"the key is a directory":     {aDirectory, []string{keyName}},
		"the key is empty":           {empty, []string{keyName}},
		"a snapshot is empty":        {empty, []string{third}},
		"a snapshot is a directory":  {aDirectory, []string{third}},
		"so is the journal":          {aDirectory, []string{third, journalName}},
	} {
		t.Run(about, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { crashThrice(t, dir) })
			for _, file := range c.files {
				c.spoil(t, filepath.Join(dir, file))
			}
			for _, newest := range []int{4, 5} {
				synctest.Test(t, func(t *testing.T) {
					engine := newStand(x)
					engine.pid = newest
					v := keepVigil(t, dir, Limits{}, engine)
					defer v.close()
					engine.ends(x, fmt.Sprintf("crash %d\n", newest), 1)
					time.Sleep(2 * time.Second)
					for n := 1; n <= newest; n++ {
						if n == 3 && slices.Contains(c.files, third) {
							continue
						}
						if got, want := v.output(x, n), fmt.Sprintf("crash %d\n", n); got != want {
							t.Errorf("crash %d is %q", n, got)
						}
					}
				})
			}
			if info, err := os.Lstat(filepath.Join(dir, keyName)); err != nil || info.Size() == 0 {
				t.Errorf("there is no key for the next start: %v", err)
			}
			if _, err := os.Lstat(filepath.Join(dir, third)); err != nil && about != "a snapshot is empty" {
				t.Errorf("the third snapshot: %v", err)
			}
		})
	}
}

func TestADirectoryThatCanBeReadOnlyLaterIsTakenUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crashes")
	synctest.Test(t, func(t *testing.T) {
		crashThrice(t, dir)
		if err := os.Rename(dir, dir+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		engine := newStand(x, y)
		engine.pid = 10
		v := keepVigil(t, dir, Limits{}, engine)
		for _, said := range []string{"crash 4\n", "crash 5\n"} {
			engine.ends(x, said, 1)
			time.Sleep(2 * time.Second)
		}
		engine.ends(y, "crash 1\n", 1)
		time.Sleep(2 * time.Second)
		if got := v.numbers(x); !slices.Equal(got, []int{2, 1}) || v.output(x, 1) != "crash 4\n" || v.Trouble() == "" {
			t.Errorf("meanwhile there are %v, trouble %q", got, v.Trouble())
		}
		remove(t, dir)
		if err := os.Rename(dir+".away", dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(retryEvery + 2*time.Second)
		v.close()
		later := keepVigil(t, dir, Limits{}, newStand(x, y))
		defer later.close()
		for name, v := range map[string]*vigil{"the same": v, "the next": later} {
			for n := 1; n <= 5; n++ {
				if got := v.output(x, n); got != fmt.Sprintf("crash %d\n", n) {
					t.Errorf("%s keeper: crash %d is %q", name, n, got)
				}
			}
			var lives []int
			for _, life := range v.Lives(t.Context(), x) {
				lives = append(lives, life.Crash)
			}
			if !slices.Equal(lives, []int{5, 4, 3, 2, 1}) || v.output(y, 1) != "crash 1\n" || v.Trouble() != "" {
				t.Errorf("%s keeper: lives %v, trouble %q", name, lives, v.Trouble())
			}
		}
	})
}

func TestADirectoryThatIsDeletedIsMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crashes")
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x)
		v := keepVigil(t, dir, Limits{}, engine)
		engine.ends(x, "", 0)
		time.Sleep(2 * time.Second)
		remove(t, dir)
		engine.ends(x, "", 0)
		engine.ends(x, "", 2)
		time.Sleep(2 * time.Second)
		v.close()
		later := keepVigil(t, dir, Limits{}, newStand(x))
		defer later.close()
		if lives := later.Lives(t.Context(), x); len(lives) != 2 || lives[0].Status != 2 {
			t.Errorf("of the two lives since there are %+v", lives)
		}
	})
}

func TestADiskThatFailsIsSaidOnceAndRecovers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "crashes")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the directory should be
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x)
		v := keepVigil(t, dir, Limits{}, engine)
		for n := range 8 {
			engine.ends(x, fmt.Sprintf("crash %d\n", n+1), 1)
			time.Sleep(2 * time.Second)
		}
		if got := v.words(); len(got) != 1 || !strings.Contains(got[0], "cannot be written") {
			t.Errorf("said %q", got)
		}
		if v.Trouble() == "" || v.output(x, 0) != "crash 8\n" {
			t.Errorf("trouble %q, the newest is %q", v.Trouble(), v.output(x, 0))
		}
		if n := len(v.numbers(x)); n > DefaultLimits().InMemory+1 {
			t.Errorf("%d are kept in memory", n)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(retryEvery + time.Second) // nothing crashes meanwhile
		if got := v.words(); len(got) != 2 || !strings.Contains(got[1], "written again") || v.Trouble() != "" {
			t.Errorf("said %q, trouble %q", got, v.Trouble())
		}
		v.close()
		later := keepVigil(t, dir, Limits{}, newStand(x))
		defer later.close()
		if later.output(x, 0) != "crash 8\n" || len(later.Lives(t.Context(), x)) != 8 {
			t.Errorf("later the newest is %q of %d lives", later.output(x, 0), len(later.Lives(t.Context(), x)))
		}
	})
}

func TestALogThatHangsHoldsUpNothingElse(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x, y)
		hold := make(chan struct{})
		engine.logs[x].hold = hold
		v := keepVigil(t, dir, Limits{}, engine)
		engine.ends(x, "stuck\n", 1)
		time.Sleep(2 * time.Second) // by then its snapshot is being made
		for range 100 {
			engine.ends(x, "again\n", 1)
			engine.ends(y, "me too\n", 1)
		}
		time.Sleep(hungAfter + time.Second)
		if lives := v.Lives(t.Context(), y); len(lives) != 50 {
			t.Errorf("%d lives were heard of", len(lives))
		}
		v.mu.Lock()
		waiting := len(v.Keeper.queue)
		v.mu.Unlock()
		if !strings.Contains(v.Trouble(), "does not answer") || waiting > 2 {
			t.Errorf("trouble %q, %d wait", v.Trouble(), waiting)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		v.stop()
		if err := v.Close(ctx); err == nil {
			t.Error("it closed while it could not")
		}
		close(hold)
		synctest.Wait()
		if v.Trouble() != "" || v.output(x, 1) != "stuck\n" || v.output(y, 1) != "me too\n" {
			t.Errorf("trouble %q, kept %q and %q", v.Trouble(), v.output(x, 1), v.output(y, 1))
		}
		<-v.done
	})
}

func TestWhatIsKeptGoesWithTheProgram(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x, y)
		v := keepVigil(t, dir, Limits{}, engine)
		engine.ends(x, "x\n", 1)
		engine.ends(y, "y\n", 1)
		time.Sleep(2 * time.Second)
		engine.remove(x, false) // as update does with one that has changed
		time.Sleep(2 * time.Second)
		if v.output(x, 0) != "x\n" {
			t.Error("it was forgotten while the configuration has it")
		}
		engine.remove(x, true)
		time.Sleep(2 * time.Second)
		if _, err := v.Crash(t.Context(), x, 0); !errors.Is(err, supervise.ErrNoCrash) || v.Lives(t.Context(), x) != nil {
			t.Errorf("crash of a program that is gone: %v", err)
		}
		v.close()
		if got := files(t, dir); len(got) != 3 {
			t.Errorf("on disk there are %v: want one snapshot, the journal and the key", got)
		}
		back := keepVigil(t, dir, Limits{}, newStand(x))
		time.Sleep(2 * time.Second)
		if back.Lives(t.Context(), x) != nil || back.Lives(t.Context(), y) != nil {
			t.Errorf("x has the past of another program of its name, or y is not forgotten: %+v %+v", back.Lives(t.Context(), x), back.Lives(t.Context(), y))
		}
		back.close()
	})
}

// busy is an engine that does not answer some questions.
type busy struct {
	*stand
	refuses int
}

func (b *busy) ConfigInfo(ctx context.Context) ([]supervise.ConfigInfo, error) {
	b.mu.Lock()
	b.refuses--
	refused := b.refuses >= 0
	b.mu.Unlock()
	if refused {
		return nil, context.DeadlineExceeded
	}
	return b.stand.ConfigInfo(ctx)
}

func TestABusyEngineIsAskedAgainWhomItKnows(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := &busy{stand: newStand(x, y)}
		v := keepVigil(t, dir, Limits{}, engine)
		defer v.close()
		engine.ends(x, "x\n", 1)
		engine.ends(y, "y\n", 1)
		time.Sleep(2 * time.Second)
		engine.mu.Lock()
		engine.refuses = 2
		engine.mu.Unlock()
		engine.remove(x, true)
		time.Sleep(3 * retryEvery)
		if v.Lives(t.Context(), x) != nil || len(v.Lives(t.Context(), y)) != 1 {
			t.Errorf("x has lives %+v, y %+v", v.Lives(t.Context(), x), v.Lives(t.Context(), y))
		}
	})
}

func TestSIGKILLIsPutDownToMemoryOnlyIfTheKernelSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x)
		v := keepVigil(t, "", Limits{}, engine)
		defer v.close()
		kill := func() bool {
			engine.mu.Lock()
			engine.bus.Publish(supervise.Change{Event: supervise.LifeEvent{Name: x, Life: supervise.Life{
				PID: 1, State: supervise.StateExited, Status: -1, Signal: sigKill, Ended: time.Now(),
			}}})
			engine.mu.Unlock()
			time.Sleep(2 * time.Second)
			return v.Lives(t.Context(), x)[0].OOM
		}
		for _, step := range []struct {
			about string
			count Killings
			want  bool
		}{
			{"nobody counts", Killings{}, false},
			{"somebody does from now on, and had before", Killings{"group", 5}, false},
			{"another was killed", Killings{"group", 6}, true},
			{"none since", Killings{"group", 6}, false},
			{"nobody counts for once", Killings{}, false},
			{"none meanwhile", Killings{"group", 6}, false},
			{"only the whole machine is counted, which is more", Killings{"machine", 9}, false},
			{"another on the machine", Killings{"machine", 10}, true},
		} {
			v.mu.Lock()
			v.killed = step.count
			v.mu.Unlock()
			if got := kill(); got != step.want {
				t.Errorf("%s: blamed the kernel %v", step.about, got)
			}
		}
	})
}

// At rest a keeper does nothing at all: its goroutines wait for changes, and no
// timer is armed. In a bubble time stands still unless a timer is due, so a year
// would take for ever if there were one.
func TestAKeeperAtRestNeverWakes(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := newStand(x)
		v := keepVigil(t, dir, Limits{}, engine)
		engine.ends(x, "x\n", 1)
		time.Sleep(time.Minute)
		if allocs := testing.AllocsPerRun(1, func() { time.Sleep(24 * 365 * time.Hour) }); allocs > 10 {
			t.Errorf("%v allocations in a year of rest", allocs)
		}
		v.close()
	})
}
