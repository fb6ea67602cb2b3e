package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/audit/chain"
	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// mainLog is what the trail says there.
type mainLog struct {
	mu    sync.Mutex
	lines []string
}

func (m *mainLog) say(level supervise.Level, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, fmt.Sprint(level, " ", text))
}

func (m *mainLog) all() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.lines, "\n")
}

// keep begins a trail that ends with the test.
func keep(t *testing.T, opts Options) (*Log, *mainLog) {
	t.Helper()
	said := &mainLog{}
	opts.Say = said.say
	opts.Patience = time.Minute
	l := New(opts)
	t.Cleanup(func() { finish(t, l) })
	return l, said
}

func finish(t *testing.T, l *Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Error(err)
	}
}

var (
	ann = auth.Principal{Name: "ann", Grant: auth.Full, Door: "inet_http_server", Addr: "192.0.2.1:99", Via: auth.Basic, UID: -1}
	api = supervise.ParseNameSpec("web:api")
)

func by(who auth.Principal) context.Context { return auth.With(context.Background(), who) }

func read(t *testing.T, path string) []wire.TrailEntry {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []wire.TrailEntry
	for part := range bytes.Lines(text) {
		var l chain.Line
		if err := json.Unmarshal(part, &l); err != nil {
			t.Fatalf("%v: %s", err, part)
		}
		all = append(all, l.TrailEntry)
	}
	return all
}

func verify(t *testing.T, l *Log) wire.TrailCheck {
	t.Helper()
	check, err := l.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return check
}

func TestAnActIsALineOfWhoDidWhatAndWhatCameOfIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "audit.log")
	l, _ := keep(t, Options{Path: path})
	ctx := reply.WithLog(WithReason(by(ann), " because\tof\x1b[31m \u202eit\n"), nil, "r-1")
	ctx, act := l.Begin(ctx)
	state := "RUNNING"
	Of(ctx).About(auth.Restart, api, func() string { return state })
	state = "STOPPING"
	act.End(ctx, nil)
	got := read(t, path)
	if len(got) != 1 {
		t.Fatalf("%d lines", len(got))
	}
	e := got[0]
	if _, err := time.Parse(time.RFC3339, e.Time); err != nil {
		t.Error(err)
	}
	e.Time = ""
	want := wire.TrailEntry{
		N: 1, User: "ann", Via: "basic", Door: "inet_http_server", Addr: "192.0.2.1:99", Verb: "restart", Target: "web:api",
		Programs: []string{"web:api"}, Reason: "because of [31m it", Before: "RUNNING", After: "STOPPING", Result: "ok", Request: "r-1",
	}
	if fmt.Sprintf("%+v", e) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestWhichActsLeaveALine(t *testing.T) {
	refusal := auth.Check(by(auth.Principal{}), auth.Stop, api)
	for _, tt := range []struct {
		name  string
		about auth.Verb
		err   error
		want  string // verb, target and result; "" for no line
	}{
		{"a change", auth.Stop, nil, "stop web:api ok"},
		{"a change that failed", auth.Stop, supervise.Fault{Code: supervise.FaultNotRunning, Detail: "web:api"}, "stop web:api NOT_RUNNING: web:api"},
		{"a change that went wrong inside", auth.Stop, errors.New("secret path"), "stop web:api FAILED"},
		{"a change nobody waited for", auth.Stop, fmt.Errorf("wait: %w", context.Canceled), "stop web:api nobody waited for the answer"},
		{"a refused change", auth.Stop, refusal, "stop web:api refused"},
		{"refused before anybody said what it was", "", refusal, "stop web:api refused"},
		{"a look", auth.View, nil, ""},
		{"a look that failed", auth.Logs, errors.New("x"), ""},
		{"a refused look", auth.Logs, auth.Check(by(auth.Principal{}), auth.Logs, api), "logs web:api refused"},
		{"nothing", "", errors.New("x"), ""},
		{"a login", "login", nil, "login web:api ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.log")
			l, _ := keep(t, Options{Path: path})
			ctx, act := l.Begin(by(ann))
			if tt.about != "" {
				act.About(tt.about, api, nil)
			}
			act.End(ctx, tt.err)
			finish(t, l)
			got := ""
			if _, err := os.Stat(path); err == nil {
				for _, e := range read(t, path) {
					got += e.Verb + " " + e.Target + " " + e.Result
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEachVerbIsAChangeOrALook(t *testing.T) {
	looks := []auth.Verb{auth.View, auth.Logs, auth.MainLog, auth.Config, auth.Trail}
	for _, verb := range supervise.Verbs {
		if Changes(verb) == slices.Contains(looks, verb) {
			t.Errorf("%s: a change: %v", verb, Changes(verb))
		}
	}
}

// fill writes n lines.
func fill(t *testing.T, l *Log, n int) {
	t.Helper()
	for i := range n {
		l.Record(by(ann), Entry{Verb: auth.Start, Target: fmt.Sprintf("p%d", i), Programs: []supervise.NameSpec{supervise.ParseNameSpec(fmt.Sprintf("web:p%d", i%3))}})
	}
	if problems := l.Problems(); len(problems) != 0 {
		t.Fatal(problems)
	}
}

func TestTheChainGoesOnAcrossFilesAndLives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	opts := Options{Path: path, MaxBytes: 3000, Backups: 20}
	for range 3 {
		l, said := keep(t, opts)
		fill(t, l, 30)
		if check := verify(t, l); !check.OK {
			t.Fatalf("%+v", check)
		}
		if !strings.Contains(said.all(), "was rotated after entry") {
			t.Errorf("the main log was told %q", said.all())
		}
		finish(t, l)
	}
	l, _ := keep(t, opts)
	if check := verify(t, l); !check.OK || check.Lines != 90 {
		t.Errorf("%+v", check)
	}
	for n := range 3 {
		info, err := os.Stat(chain.Name(path, n))
		if err != nil || info.Size() > 3000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
	}
}

func TestTheOldestFilesGoAndTheRestIsStillAChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	for _, backups := range []int{0, 1, 3} {
		l, _ := keep(t, Options{Path: path, MaxBytes: 2000, Backups: backups})
		fill(t, l, 60)
		if check := verify(t, l); !check.OK || check.Lines == 0 || check.Lines >= 60 {
			t.Errorf("%d backups: %+v", backups, check)
		}
		if _, err := os.Stat(chain.Name(path, backups+1)); err == nil {
			t.Errorf("%d backups: one more is left", backups)
		}
		finish(t, l)
		for n := range 5 {
			os.Remove(chain.Name(path, n))
		}
	}
}

func TestWhoeverMeddlesWithTheTrailIsFoundOut(t *testing.T) {
	lines := func(change func([][]byte) [][]byte) func([]byte) []byte {
		return func(text []byte) []byte { return bytes.Join(change(slices.Collect(bytes.Lines(text))), nil) }
	}
	for _, tt := range []struct {
		name   string
		change func([]byte) []byte
		bad    int
	}{
		{"a word", func(text []byte) []byte { return bytes.Replace(text, []byte(`"p4"`), []byte(`"p5"`), 1) }, 5},
		{"the last line", func(text []byte) []byte { return bytes.Replace(text, []byte(`"p9"`), []byte(`"p5"`), 1) }, 10},
		{"a line that goes", lines(func(l [][]byte) [][]byte { return slices.Delete(l, 4, 5) }), 5},
		{"two lines that change places", lines(func(l [][]byte) [][]byte { l[4], l[5] = l[5], l[4]; return l }), 5},
		{"a line twice", lines(func(l [][]byte) [][]byte { return slices.Insert(l, 4, l[4]) }), 6},
		{"a line of nobody", lines(func(l [][]byte) [][]byte { return slices.Insert(l, 4, []byte("hello\n")) }), 5},
		{"the last lines gone", lines(func(l [][]byte) [][]byte { return l[:7] }), 8},
		{"the end of the last line", func(text []byte) []byte { return text[:len(text)-20] }, 10},
		{"all of it", func([]byte) []byte { return nil }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.log")
			l, _ := keep(t, Options{Path: path})
			fill(t, l, 10)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tt.change(text), 0o600); err != nil {
				t.Fatal(err)
			}
			check := verify(t, l)
			if check.OK || check.FirstBad != tt.bad || check.Why == "" {
				t.Errorf("%+v, want line %d", check, tt.bad)
			}
		})
	}
}

func TestALineTornByACrashIsCutOffAndToldOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path})
	fill(t, l, 3)
	finish(t, l)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"prev":"12`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	l, _ = keep(t, Options{Path: path})
	fill(t, l, 1)
	got := read(t, path)
	if len(got) != 5 || got[3].Detail != "11 bytes of an unfinished line were dropped" || got[4].N != 5 {
		t.Errorf("%+v", got)
	}
	if check := verify(t, l); !check.OK {
		t.Errorf("%+v", check)
	}
}

func TestALineTornByADiskThatFailsIsCutOffBeforeTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	w := writer{log: &Log{opts: Options{Path: path}}}
	defer w.close()
	write := func(target string) error {
		if err := w.ready(); err != nil {
			return err
		}
		return w.append(own(target, ""))
	}
	if err := write("first"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.file.WriteString(`{"prev":"12`); err != nil { // and no more: the disk is full
		t.Fatal(err)
	}
	w.close()
	var err error
	if w.file, err = os.Open(path); err != nil { // neither to be written nor cut
		t.Fatal(err)
	}
	if err := write("lost"); err == nil {
		t.Fatal("a line was written to a file that cannot be")
	}
	if err := write("second"); err != nil {
		t.Fatal(err)
	}
	got := read(t, path)
	if len(got) != 3 || got[1].Detail != "11 bytes of an unfinished line were dropped" || got[2].Target != "second" || got[2].N != 3 {
		t.Errorf("%+v", got)
	}
	if check, err := chain.CheckFile(t.Context(), path); err != nil || !check.OK || check.Lines != 3 {
		t.Errorf("%+v, %v", check, err)
	}
}

func TestATrailThatCannotBeRotatedGrowsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.log")
		l, said := keep(t, Options{Path: path, MaxBytes: 2000, Backups: 2})
		fill(t, l, 1)
		for _, n := range []int{1, 2} {
			inTheWay := filepath.Join(chain.Name(path, n), "file") // nothing takes the name of a directory that is not empty
			if err := os.MkdirAll(inTheWay, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		fill(t, l, 59)
		if got := read(t, path); len(got) != 60 {
			t.Errorf("%d lines", len(got))
		}
		if told := said.all(); strings.Count(told, "\n") != 0 || !strings.Contains(told, "cannot be rotated, and grows on: rotate "+path) {
			t.Errorf("the main log was told %q, want it once", told)
		}
		for _, n := range []int{1, 2} {
			if err := os.RemoveAll(chain.Name(path, n)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(rotateAgain)
		fill(t, l, 1)
		if got := read(t, path); len(got) != 1 || got[0].N != 61 {
			t.Errorf("%+v", got)
		}
		if check := verify(t, l); !check.OK || check.Lines != 61 {
			t.Errorf("%+v", check)
		}
		finish(t, l)
	})
}

func TestARotationThatFailsHalfWayLosesNoFileWhenItIsTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	for n, text := range []string{"newest", "newer", "old", "oldest"} {
		if n == 1 {
			continue // as a rotation leaves it that has failed at the last name
		}
		if err := os.WriteFile(chain.Name(path, n), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := shift(path, 3); err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"", "newest", "old", "oldest"} {
		text, err := os.ReadFile(chain.Name(path, n))
		if string(text) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", filepath.Base(chain.Name(path, n)), text, err, want)
		}
	}
}

func TestAFileThatIsTakenAwayIsBegunAnewAndToldOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path})
	fill(t, l, 3)
	if err := os.Rename(path, path+".mine"); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1)
	got := read(t, path)
	if len(got) != 2 || got[0].Detail != "the file was taken away, and begun anew" || got[0].N != 4 {
		t.Errorf("%+v", got)
	}
	if check := verify(t, l); !check.OK || check.Lines != 2 {
		t.Errorf("what is left is a chain: %+v", check)
	}
}

func TestATrailThatCannotBeWrittenHoldsNothingUpAndIsToldOf(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	target := filepath.Join(dir, "passwd")
	if err := os.WriteFile(target, []byte("root"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	l, said := keep(t, Options{Path: path})
	for range 3 {
		l.Record(by(ann), Entry{Verb: auth.Stop, Target: "x"})
	}
	if problem := fmt.Sprint(l.Problems()); !strings.Contains(problem, "symbolic link") || !strings.Contains(problem, "3 entries are missing") {
		t.Errorf("problem %q", problem)
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "root" {
		t.Errorf("%s, %v", text, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.Record(by(ann), Entry{Verb: auth.Stop, Target: "y"})
	if problems := l.Problems(); len(problems) != 0 {
		t.Errorf("problems %+v", problems)
	}
	got := read(t, path)
	if len(got) != 2 || got[0].Detail != "3 entries could not be written" || got[1].Target != "y" {
		t.Errorf("%+v", got)
	}
	want := fmt.Sprint(supervise.LevelCritical, " the trail of who did what cannot be written: ", path, " is a symbolic link, which is not followed\n",
		supervise.LevelWarn, " the trail of who did what is written again; 3 entries are missing")
	if said.all() != want {
		t.Errorf("the main log was told\n%s\nwant\n%s", said.all(), want)
	}
}

func TestAFileThatOthersCouldReadIsOursAloneAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l, _ := keep(t, Options{Path: path})
	fill(t, l, 1)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestNoTrailIsKeptWhereNoneIsWanted(t *testing.T) {
	for _, l := range []*Log{nil, New(Options{})} {
		ctx, act := l.Begin(by(ann))
		act.About(auth.Stop, api, nil)
		act.End(ctx, nil)
		l.Stranger(ctx, "192.0.2.1:5", Entry{})
		if _, err := l.Query(ctx, Query{}); !errors.Is(err, ErrNone) {
			t.Error(err)
		}
		if _, err := l.Verify(ctx); !errors.Is(err, ErrNone) {
			t.Error(err)
		}
		if len(l.Problems()) != 0 {
			t.Error(l.Problems())
		}
		finish(t, l)
	}
}

func TestWhoFollowsTheTrailIsToldEachLineThatIsInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path, MaxBytes: 4000, Backups: 20})
	var told, brief []uint64
	stop := l.Follow(func(e wire.TrailEntry) { told = append(told, e.N) })
	also := l.Follow(func(e wire.TrailEntry) { brief = append(brief, e.N) })
	fill(t, l, 30) // Record has returned: the line is in the file, and was told
	also()
	fill(t, l, 10)
	stop()
	fill(t, l, 1)
	want := make([]uint64, 40)
	for i := range want {
		want[i] = uint64(i + 1)
	}
	if !slices.Equal(told, want) || !slices.Equal(brief, want[:30]) {
		t.Errorf("told of %v, and another of %v", told, brief)
	}
	none := New(Options{})
	none.Follow(func(wire.TrailEntry) { t.Error("told of what is not kept") })()
	finish(t, none)
	(*Log)(nil).Follow(nil)()
}

func TestTheTrailIsReadPageByPageFromItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path, MaxBytes: 4000, Backups: 20})
	fill(t, l, 100)
	want := uint64(100)
	for q := (Query{Limit: 7}); ; {
		page, err := l.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			if e.N != want {
				t.Fatalf("entry %d, want %d", e.N, want)
			}
			want--
		}
		if want == 50 {
			fill(t, l, 40) // what comes meanwhile, and rotates, disturbs nobody
		}
		if q.Before = page.Next; q.Before == "" {
			break
		}
	}
	if want != 0 {
		t.Errorf("the oldest %d are missing", want)
	}
	for _, wrong := range []string{"x", "1", "1-x", "1--5", "-"} {
		if _, err := l.Query(t.Context(), Query{Before: wrong}); !errors.As(err, new(reply.Problem)) {
			t.Errorf("before=%s: %v", wrong, err)
		}
	}
	if page, err := l.Query(t.Context(), Query{Before: "999999-5"}); err != nil || len(page.Entries) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestPagesGoOnBehindAFirstLineOfAnyLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path, MaxBytes: 150000, Backups: 5})
	many := make([]supervise.NameSpec, 5000)
	for i := range many {
		many[i] = supervise.ParseNameSpec(fmt.Sprintf("worker:worker_%05d", i))
	}
	for range 3 { // each begins a file
		l.Record(by(ann), Entry{Verb: auth.Restart, Target: "everything", Programs: many})
		fill(t, l, 2)
	}
	var got []uint64
	for q := (Query{Limit: 2}); ; {
		page, err := l.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			got = append(got, e.N)
		}
		if q.Before = page.Next; q.Before == "" || len(got) > 9 {
			break
		}
	}
	if !slices.Equal(got, []uint64{9, 8, 7, 6, 5, 4, 3, 2, 1}) {
		t.Errorf("read %d", got)
	}
}

func TestTheTrailIsAskedByWhoWhatAndWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := keep(t, Options{Path: filepath.Join(t.TempDir(), "audit.log")})
		began := time.Now()
		for i, who := range []string{"ann", "bob", "ann"} {
			l.Record(by(auth.Principal{Name: who}), Entry{Verb: auth.Start, Target: fmt.Sprint(i), Programs: []supervise.NameSpec{supervise.ParseNameSpec(fmt.Sprintf("g%d:p", i))}})
			time.Sleep(time.Minute)
		}
		for _, tt := range []struct {
			name string
			q    Query
			want string
		}{
			{"all", Query{}, "210"},
			{"of one", Query{User: "ann"}, "20"},
			{"of a program", Query{Program: "g1:p"}, "1"},
			{"of a group", Query{Program: "g2"}, "2"},
			{"of a pattern", Query{Program: "g[01]:*"}, "10"},
			{"since", Query{Since: began.Add(30 * time.Second)}, "21"},
			{"until", Query{Until: began.Add(30 * time.Second)}, "0"},
			{"both", Query{Since: began.Add(30 * time.Second), Until: began.Add(90 * time.Second)}, "1"},
			{"as the reader may", Query{Shows: func(e wire.TrailEntry) (wire.TrailEntry, bool) {
				e.Target += "!"
				return e, e.User == "bob"
			}}, "1!"},
		} {
			page, err := l.Query(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, e := range page.Entries {
				got += e.Target
			}
			if got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		}
	})
}

func TestAFloodOfStrangersIsALineASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.log")
		l, _ := keep(t, Options{Path: path})
		for range 30 {
			for range 100 {
				l.Stranger(context.Background(), "192.0.2.1:1234", Entry{Verb: "enter", Target: "supervisord", Err: supervise.Fault{Code: supervise.FaultForbidden}})
				time.Sleep(time.Millisecond)
			}
		}
		l.Stranger(context.Background(), "192.0.2.2:1234", Entry{Verb: "enter", Target: "supervisord"})
		time.Sleep(time.Minute)
		counts := map[string]int{}
		got := read(t, path)
		for _, e := range got {
			counts[e.Addr] += e.Count
		}
		if len(got) > 6 || counts["192.0.2.1"] != 3000 || counts["192.0.2.2"] != 1 {
			t.Errorf("%d lines, %v", len(got), counts)
		}
		for i := range 2 * maxStrangers {
			l.Stranger(context.Background(), fmt.Sprintf("2001:db8::%x", i), Entry{Verb: "enter"})
		}
		l.strangers.mu.Lock()
		if known := len(l.strangers.known); known > maxStrangers+1 {
			t.Errorf("%d are remembered", known)
		}
		l.strangers.mu.Unlock()
		finish(t, l)
	})
}

func TestManyAtOnceAreOneChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path, MaxBytes: 20000, Backups: 50})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				l.Record(by(ann), Entry{Verb: auth.Start, Target: "x"})
				if _, err := l.Query(context.Background(), Query{Limit: 3}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if check := verify(t, l); !check.OK || check.Lines != 400 {
		t.Errorf("%+v %+v", check, l.Problems())
	}
}

func TestAFileThatIsMissingBetweenOthersIsMissed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path, MaxBytes: 2000, Backups: 20})
	fill(t, l, 60)
	if err := os.Rename(chain.Name(path, 1), path+".mine"); err != nil {
		t.Fatal(err)
	}
	ofFile, err := chain.CheckFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []wire.TrailCheck{verify(t, l), ofFile} {
		if check.OK || !strings.HasPrefix(check.Why, "audit.log, line 1: entry ") || !strings.HasSuffix(check.Why, " are missing") {
			t.Errorf("%+v", check)
		}
	}
}

func TestAFileWhoseLastLineWasCutIsNotWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path})
	fill(t, l, 10)
	finish(t, l)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-20); err != nil {
		t.Fatal(err)
	}
	check, err := chain.CheckFile(t.Context(), path)
	if err != nil || check.OK || check.FirstBad != 10 || !strings.HasPrefix(check.Why, "audit.log, line 10: only its first ") {
		t.Errorf("%+v, %v", check, err)
	}
}

func TestAFileThatWasCutShortOrChangedForAnotherIsCalledThat(t *testing.T) {
	for _, tt := range []struct {
		name   string
		meddle func(path string) error
		want   string
	}{
		{"cut short", func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			return os.Truncate(path, info.Size()-20)
		}, "the file was cut short by 20 bytes"},
		{"another file", func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path+".new", text[:bytes.IndexByte(text, '\n')+1], 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, "another file was put in the place of this one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.log")
			l, _ := keep(t, Options{Path: path})
			fill(t, l, 3)
			if err := tt.meddle(path); err != nil {
				t.Fatal(err)
			}
			fill(t, l, 1)
			got := read(t, path)
			if told := got[len(got)-2]; told.Detail != tt.want || told.N != 4 {
				t.Errorf("%+v, want %s", got, tt.want)
			}
			if check := verify(t, l); check.OK {
				t.Errorf("it is all well: %+v", check)
			}
		})
	}
}

func TestGuessesAtOneUserAreNotLostAmongThoseAtAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.log")
		l, _ := keep(t, Options{Path: path})
		guess := func(name string, uid int) {
			l.Stranger(by(auth.Principal{Name: name, UID: uid}), "192.0.2.1:1234", Entry{Verb: "log-in", Target: "supervisord"})
		}
		for range 7 {
			guess("root", -1)
		}
		guess("zzz", -1)
		for i := range 100 {
			guess(fmt.Sprintf("n%d", i), -1)
		}
		guess("root", 7)
		time.Sleep(time.Minute)
		counts := map[string]int{}
		got := read(t, path)
		for _, e := range got {
			counts[e.User] += e.Count
		}
		if counts["root"] != 8 || counts["zzz"] != 1 || counts["n0"] != 1 || len(got) > 8 {
			t.Errorf("%d lines, %v", len(got), counts)
		}
		others := func(e wire.TrailEntry) bool {
			return e.User == "" && e.Count == 97 && e.Detail == "as n3, n4, n5, n6 and maybe others"
		}
		if !slices.ContainsFunc(got, others) { // in any order: the second of all ends at once
			t.Errorf("%+v", got)
		}
		l.strangers.mu.Lock()
		if len(l.strangers.known) != 0 || len(l.strangers.names) != 0 {
			t.Errorf("%v and %v are kept", l.strangers.known, l.strangers.names)
		}
		l.strangers.mu.Unlock()
		finish(t, l)
	})
}

// village is an engine of a few processes.
type village struct{ processes []supervise.ProcessInfo }

func (v *village) Mood() supervise.Mood { return supervise.MoodRunning }
func (v *village) Process(context.Context, supervise.NameSpec) (supervise.ProcessInfo, error) {
	return v.processes[0], nil
}
func (v *village) Snapshot(context.Context) (supervise.Snapshot, error) {
	return supervise.Snapshot{Processes: slices.Clone(v.processes)}, nil
}

func TestAnActOnAGroupTellsHowThoseWereAndAreItWasDoneTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := keep(t, Options{Path: path})
	who := auth.Principal{Name: "ann", Grant: supervise.Grant{Role: supervise.Operator, Programs: []string{"web", "worker"}, Deny: []string{"web:db"}}}
	for _, tt := range []struct {
		name          supervise.NameSpec
		done          []supervise.Result
		before, after string
	}{
		{supervise.AllOf("web"), nil, "1 STOPPED, 1 RUNNING", "STOPPED"},
		{supervise.AllOf("web"), []supervise.Result{{Group: "web", Name: "api", Status: supervise.Success}}, "RUNNING", "STOPPED"},
		{auth.Everything, nil, "1 STOPPED, 2 RUNNING", "STOPPED"},
	} {
		engine := &village{processes: []supervise.ProcessInfo{
			{Group: "web", Name: "api", State: supervise.StateRunning}, {Group: "web", Name: "web"},
			{Group: "web", Name: "db", State: supervise.StateFatal}, {Group: "worker", Name: "worker", State: supervise.StateRunning},
			{Group: "hidden", Name: "hidden", State: supervise.StateBackoff},
		}}
		ctx, act := l.Begin(by(who))
		act.AboutIn(ctx, engine, auth.Stop, tt.name)
		for i := range engine.processes {
			engine.processes[i].State = supervise.StateStopped
		}
		act.DidTo(tt.done)
		act.End(ctx, nil)
		got := read(t, path)
		if e := got[len(got)-1]; e.Before != tt.before || e.After != tt.after {
			t.Errorf("%s: %s -> %s, want %s -> %s", tt.name, e.Before, e.After, tt.before, tt.after)
		}
	}
}

func TestAGroupThatWasAddedIsFoundByItsName(t *testing.T) {
	l, _ := keep(t, Options{Path: filepath.Join(t.TempDir(), "audit.log")})
	ctx, act := l.Begin(by(ann))
	act.About(auth.Reload, auth.Supervisord, nil)
	act.DidToGroups("hidden", "web")
	act.End(ctx, nil)
	for program, want := range map[string]int{"hidden": 1, "web:*": 1, "other": 0} {
		if page, err := l.Query(t.Context(), Query{Program: program}); err != nil || len(page.Entries) != want {
			t.Errorf("%s: %+v, %v", program, page, err)
		}
	}
}
