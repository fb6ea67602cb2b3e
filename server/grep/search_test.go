package grep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervise"
	"supervisor/supervise/logs"
)

// tape is a log in memory. It is trimmed to trim once byte at has been read.
type tape struct {
	supervise.Log
	data     []byte
	oldest   int64
	at, trim int64
}

func (l *tape) Bounds() (int64, int64) { return l.oldest, int64(len(l.data)) }
func (l *tape) ReadAt(p []byte, off int64) (int, error) {
	if l.at > 0 && off <= l.at && l.at < off+int64(len(p)) {
		l.oldest, l.at = l.trim, 0
	}
	if off < l.oldest {
		return 0, supervise.ErrLogGone
	}
	return bytes.NewReader(l.data).ReadAt(p[:min(len(p), 100_000)], off)
}

// story is what a search told.
type story struct {
	result Result
	err    error
	hits   []Hit
	gaps   [][2]int64
}

// run searches all of a log, or from an offset.
func run(t *testing.T, log supervise.Log, q Query, back bool, from int64) story {
	t.Helper()
	m, err := Compile(q)
	if err != nil {
		t.Fatal(err)
	}
	_, end := log.Bounds()
	var told story
	last := int64(-1)
	s := Search{
		Log: log, Matcher: m, From: from, To: end, Back: back,
		Hit: func(h Hit) error {
			h.Text = bytes.Clone(h.Text)
			told.hits = append(told.hits, h)
			return nil
		},
		Gap: func(from, to int64) error { told.gaps = append(told.gaps, [2]int64{from, to}); return nil },
		Progress: func(at int64) error {
			if last >= 0 && (at > last) == back {
				t.Errorf("from %d to %d", last, at)
			}
			last = at
			return nil
		},
	}
	told.result, told.err = s.Run(t.Context())
	if told.err == nil && int64(len(told.hits)) != told.result.Hits {
		t.Errorf("%d hits are counted, %d were told", told.result.Hits, len(told.hits))
	}
	return told
}

func both(t *testing.T, log supervise.Log, q Query) []Hit {
	t.Helper()
	oldest, end := log.Bounds()
	there, back := run(t, log, q, false, oldest), run(t, log, q, true, end)
	if there.err != nil || back.err != nil || len(there.gaps)+len(back.gaps) > 0 {
		t.Fatalf("%v, %v, gaps %v %v", there.err, back.err, there.gaps, back.gaps)
	}
	slices.Reverse(back.hits)
	if len(there.hits) != len(back.hits) {
		t.Fatalf("%+v: %d hits forwards, %d backwards", q, len(there.hits), len(back.hits))
	}
	for i := range there.hits {
		if fmt.Sprint(there.hits[i]) != fmt.Sprint(back.hits[i]) {
			t.Fatalf("%+v: %+v forwards, %+v backwards", q, there.hits[i], back.hits[i])
		}
	}
	if there.result.Scanned != end || back.result.Scanned != oldest {
		t.Errorf("scanned to %d and %d", there.result.Scanned, back.result.Scanned)
	}
	return there.hits
}

func TestWhichLinesMatch(t *testing.T) {
	const text = "one\nTwo words\n\n\xff bad \xfe bytes\nпривет Мир\nlast, without its end"
	for _, tt := range []struct {
		query Query
		want  string
	}{
		{Query{Text: "two"}, "4-13:4-7"},
		{Query{Text: "two", Case: true}, ""},
		{Query{Text: "o"}, "0-3:0-1 4-13:6-7 49-70:59-60"},
		{Query{Text: "МИР"}, "29-48:42-48"},
		{Query{Text: "МИР", Case: true}, ""},
		{Query{Text: "\xff", Case: true}, "15-28:15-16"},
		{Query{Text: "\xFE BYTES"}, "15-28:21-28"},
		{Query{Text: "end"}, "49-70:67-70"},
		{Query{Text: ".", Regex: false}, ""},
		{Query{Text: "^$", Regex: true}, "14-14:14-14"},
		{Query{Text: "^.", Regex: true}, "0-3:0-1 4-13:4-5 15-28:15-16 29-48:29-31 49-70:49-50"},
		{Query{Text: `s$`, Regex: true}, "4-13:12-13 15-28:27-28"},
		{Query{Text: `[^a-z]\s?[^a-z]`, Regex: true, Case: true}, "15-28:15-17 29-48:29-33 49-70:53-55"},
		{Query{Text: `two|мир`, Regex: true}, "4-13:4-7 29-48:42-48"},
		{Query{Text: `МИР|(?-i:TWO)|WORDS`, Regex: true}, "4-13:8-13 29-48:42-48"},
		{Query{Text: "o", Invert: true}, "14-14:14-14 15-28:15-15 29-48:29-29"},
		{Query{Text: `one\nTwo`, Regex: true}, ""},
	} {
		var got []string
		for _, h := range both(t, &tape{data: []byte(text)}, tt.query) {
			if string(h.Text) != text[h.Off:h.End] || h.Start != h.Off {
				t.Errorf("%+v: %q", tt.query, h.Text)
			}
			got = append(got, fmt.Sprintf("%d-%d:%d-%d", h.Off, h.End, h.From, h.To))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%+v: %v, want %s", tt.query, got, tt.want)
		}
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	for _, q := range []Query{
		{}, {Text: "a\nb"}, {Text: "(", Regex: true}, {Text: "a{2000}", Regex: true},
		{Text: "(a{1000}){900}", Regex: true}, {Text: "(a{100}){100}", Regex: true}, {Text: `(a)\1`, Regex: true},
		{Text: strings.Repeat("a", maxQuery+1)}, {Text: "\xff(", Regex: true},
		{Text: "a)(b", Regex: true}, {Text: "a)|(b", Regex: true}, {Text: ")", Regex: true},
	} {
		if _, err := Compile(q); err == nil {
			t.Errorf("%.30q is not refused", q.Text)
		}
	}
}

func TestASearchBeginsWhereItIsTold(t *testing.T) {
	log := &tape{data: []byte("x0\nx3\nx6\n")}
	for _, tt := range []struct {
		from int64
		back bool
		want string
	}{
		{0, false, "[0 3 6]"}, {1, false, "[3 6]"}, {3, false, "[3 6]"}, {4, false, "[6]"}, {8, false, "[]"}, {9, false, "[]"}, {99, false, "[]"},
		{9, true, "[6 3 0]"}, {99, true, "[6 3 0]"}, {8, true, "[6 3 0]"}, {7, true, "[6 3 0]"}, {6, true, "[3 0]"}, {1, true, "[0]"}, {0, true, "[]"},
	} {
		offs := []int64{}
		for _, h := range run(t, log, Query{Text: "x"}, tt.back, tt.from).hits {
			offs = append(offs, h.Off)
		}
		if fmt.Sprint(offs) != tt.want {
			t.Errorf("from %d, back %v: %v, want %s", tt.from, tt.back, offs, tt.want)
		}
	}
}

// grepCount asks the real one.
func grepCount(t *testing.T, q Query, paths ...string) int {
	t.Helper()
	args := []string{"-a", "-h", "-e", q.Text}
	if !q.Case {
		args = append(args, "-i")
	}
	if q.Regex {
		args = append(args, "-E")
	} else {
		args = append(args, "-F")
	}
	if q.Invert {
		args = append(args, "-v")
	}
	var all bytes.Buffer
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	cmd := exec.Command("grep", append(args, "-c")...)
	cmd.Stdin, cmd.Env = &all, []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatal(err)
	}
	n := 0
	if _, err := fmt.Sscan(string(out), &n); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return n
}

var queries = []Query{
	{Text: "needle"}, {Text: "needle", Case: true}, {Text: "ee"}, {Text: "needle", Invert: true}, {Text: "a"},
	{Text: "^needle", Regex: true, Case: true}, {Text: "needle$", Regex: true, Case: true}, {Text: "n[a-e]+dle.*b", Regex: true},
	{Text: "^$", Regex: true}, {Text: "^b*$", Regex: true, Invert: true}, {Text: "(needle|NEEDLE).?$", Regex: true, Case: true},
	{Text: "needle|bab", Regex: true}, {Text: "x*(ne+d(le){1,3}|[AB]bb)$", Regex: true, Case: true}, {Text: "needle|bab", Regex: true, Invert: true},
}

// noise makes lines of all lengths, some longer than is held, with words in them.
func noise(size int, longest int) []byte {
	var out []byte
	for len(out) < size {
		length := rand.IntN(80)
		if rand.IntN(20) == 0 {
			length = rand.IntN(longest)
		}
		line := bytes.Repeat([]byte{"abB."[rand.IntN(4)]}, length)
		for range rand.IntN(3) {
			at := rand.IntN(len(line) + 1)
			word := []string{"needle", "NEEDLE", "Needle"}[rand.IntN(3)]
			line = slices.Insert(line, at, []byte(word)...)
		}
		out = append(append(out, line...), '\n')
	}
	if rand.IntN(2) == 0 {
		out = out[:size]
	}
	return out
}

func TestHitsAreAsManyAsGrepCounts(t *testing.T) {
	for _, tt := range []struct{ size, longest int }{
		{0, 1}, {1, 2}, {1000, 100}, {block, 1000}, {3 * block, 2 * block}, {5 * maxLine / 4, 3 * maxLine / 2},
	} {
		data := noise(tt.size, tt.longest)
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for i, q := range queries {
			if tt.size > maxLine && i%3 != 0 {
				continue // slow, and the same code
			}
			hits := both(t, &tape{data: data}, q)
			if want := grepCount(t, q, path); len(hits) != want {
				t.Errorf("%d bytes, %+v: %d hits, grep counts %d", tt.size, q, len(hits), want)
			}
			for _, h := range hits {
				if !bytes.Equal(h.Text, data[h.Start:h.Start+int64(len(h.Text))]) || len(h.Text) > maxLine || h.End-h.Off <= maxLine/2 && h.Start != h.Off {
					t.Fatalf("a hit at %d with %d bytes from %d on", h.Off, len(h.Text), h.Start)
				}
			}
		}
	}
}

func TestFilesAreSearchedWhileTheyAreRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	channel := logs.NewChannel(logs.Options{Path: path, MaxBytes: 30_000, Backups: 500}, logs.NewGate())
	defer channel.Close()
	write := func() {
		data := noise(1000, 3000)
		for len(data) > 0 {
			n := min(len(data), 1+rand.IntN(900))
			channel.Write(data[:n])
			data = data[n:]
		}
		channel.Write([]byte("\n"))
	}
	for range 600 {
		write()
	}
	_, end := channel.Bounds()
	for _, q := range queries[:4] {
		for _, back := range []bool{false, true} {
			m, err := Compile(q)
			if err != nil {
				t.Fatal(err)
			}
			from := int64(0)
			if back {
				from = end
			}
			hits := 0
			s := Search{Log: channel, Matcher: m, From: from, To: end, Back: back,
				Hit: func(Hit) error { hits++; return nil },
				Gap: func(from, to int64) error { t.Errorf("a gap from %d to %d", from, to); return nil },
				Progress: func(int64) error {
					for range 35 { // once a block: more than one file
						write()
					}
					return nil
				}}
			if _, err := s.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := make([]byte, end)
			if _, err := io.ReadFull(io.NewSectionReader(reading{channel}, 0, end), all); err != nil {
				t.Fatal(err)
			}
			whole := filepath.Join(t.TempDir(), "whole")
			if err := os.WriteFile(whole, all, 0o600); err != nil {
				t.Fatal(err)
			}
			if want := grepCount(t, q, whole); hits != want {
				t.Errorf("%+v, back %v: %d hits, grep counts %d", q, back, hits, want)
			}
		}
	}
	if n := len(channel.Files()); n < 20 {
		t.Errorf("only %d files", n)
	}
}

type reading struct{ supervise.Log }

func TestWhatGoesMeanwhileIsLeftOutAndTold(t *testing.T) {
	line := strings.Repeat("x", 99) + "\n"
	data := []byte(strings.Repeat(line, 10_000)) // 1 MB
	there := run(t, &tape{data: data, at: 300_000, trim: 700_050}, Query{Text: "x"}, false, 0)
	if there.err != nil || len(there.gaps) != 1 || there.gaps[0][1] != 700_050 || there.result.Scanned != 1_000_000 {
		t.Errorf("%v: gaps %v, scanned to %d", there.err, there.gaps, there.result.Scanned)
	}
	if missing := (there.gaps[0][1] - there.gaps[0][0] + 99) / 100; there.result.Hits != 10_000-missing && there.result.Hits != 10_000-missing+1 {
		t.Errorf("%d hits with %d missing", there.result.Hits, missing)
	}
	back := run(t, &tape{data: data, at: 500_000, trim: 700_000}, Query{Text: "x"}, true, 1_000_000)
	if back.err != nil || len(back.gaps) > 1 || back.result.Hits < 3000 || back.result.Hits > 5100 {
		t.Errorf("%v: gaps %v, %d hits", back.err, back.gaps, back.result.Hits)
	}
	cleared := &tape{data: data, at: 300_000, trim: 1_000_000}
	if told := run(t, cleared, Query{Text: "x"}, false, 0); told.err != nil || len(told.gaps) != 1 {
		t.Errorf("%v: gaps %v", told.err, told.gaps)
	}
}

func TestASearchEndsAtItsDeadlineAndIsContinued(t *testing.T) {
	data := noise(6*block, 2000)
	log := &tape{data: data}
	q := Query{Text: "needle"}
	m, err := Compile(q)
	if err != nil {
		t.Fatal(err)
	}
	for _, back := range []bool{false, true} {
		hits, rounds, from := int64(0), 0, int64(0)
		if back {
			from = int64(len(data))
		}
		for more := true; more; rounds++ {
			s := Search{Log: log, Matcher: m, From: from, To: int64(len(data)), Back: back, Deadline: time.Now().Add(-time.Hour),
				Hit: func(Hit) error { return nil }, Progress: func(int64) error { return nil }}
			result, err := s.Run(t.Context())
			if err != nil || result.More && result.Scanned == from {
				t.Fatalf("%v, at %d", err, from)
			}
			hits, from, more = hits+result.Hits, result.Scanned, result.More
		}
		if want := int64(len(both(t, log, q))); hits != want || rounds < 5 {
			t.Errorf("back %v: %d hits in %d rounds, want %d", back, hits, rounds, want)
		}
	}
}

// counted is a log that counts what is read of it.
type counted struct {
	tape
	read int64
}

func (l *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := l.tape.ReadAt(p, off)
	l.read += int64(n)
	return n, err
}

func TestALineTooLongToBeHeldIsReadOnceAndThenTheTimeIsOver(t *testing.T) {
	const long = 16 * maxLine
	data := slices.Concat([]byte("first needle\n"), bytes.Repeat([]byte("x"), long), []byte("needle yyy\nlast needle\n"))
	first, last := int64(len("first needle\n")), int64(len(data)-len("last needle\n"))
	for _, tt := range []struct {
		query      Query
		back       bool
		from, stop int64
		hits       int64
		times      int64 // that the line may be read
	}{
		{Query{Text: "needle"}, false, first, last, 1, 1},
		{Query{Text: "needle$", Regex: true}, false, first, last, 0, 1},
		{Query{Text: "needle y+$", Regex: true}, false, first, last, 1, 1},
		{Query{Text: "needle", Invert: true}, false, first, last, 0, 1},
		{Query{Text: "haystack", Invert: true}, false, first, last, 1, 1},
		{Query{Text: "needle"}, true, last, first, 1, 2},
		{Query{Text: "^x+needle", Regex: true}, true, last, first, 1, 2},
	} {
		m, err := Compile(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		log := &counted{tape: tape{data: data}}
		s := Search{Log: log, Matcher: m, From: tt.from, To: int64(len(data)), Back: tt.back, Deadline: time.Now().Add(-time.Hour),
			Hit: func(Hit) error { return nil }, Progress: func(int64) error { return nil }}
		result, err := s.Run(t.Context())
		if want := (Result{Hits: tt.hits, Scanned: tt.stop, More: true}); err != nil || result != want {
			t.Errorf("%+v, back %v: %+v, %v, want %+v", tt.query, tt.back, result, err, want)
		}
		if log.read > tt.times*long+3*maxLine {
			t.Errorf("%+v, back %v: a line of %d bytes, %d bytes are read", tt.query, tt.back, long, log.read)
		}
	}
}

func TestASearchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m, err := Compile(Query{Text: "(x+x+)+y", Regex: true})
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	s := Search{Log: &tape{data: bytes.Repeat([]byte("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"), maxLine)}, Matcher: m, To: 1 << 40,
		Hit: func(Hit) error { return nil }, Progress: func(int64) error { blocks++; cancel(); return nil }}
	if _, err := s.Run(ctx); !errors.Is(err, context.Canceled) || blocks != 1 {
		t.Errorf("%v after %d blocks", err, blocks)
	}
	stop := errors.New("enough")
	s.Hit = func(Hit) error { return stop }
	s.Matcher, _ = Compile(Query{Text: "x"})
	if _, err := s.Run(t.Context()); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func BenchmarkSearch(b *testing.B) {
	data := bytes.Repeat([]byte("2026-01-31 12:00:00,000 INFO GET /api/things/4711 200 31ms in the usual way\n"), 1<<18)
	for _, q := range []Query{{Text: "timeout", Case: true}, {Text: "timeout"}, {Text: "time.?out|refused", Regex: true}, {Text: "INFO", Case: true}} {
		b.Run(fmt.Sprintf("%s/regex=%v/case=%v", q.Text, q.Regex, q.Case), func(b *testing.B) {
			m, err := Compile(q)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s := Search{Log: &tape{data: data}, Matcher: m, To: 1 << 40, Hit: func(Hit) error { return nil }, Progress: func(int64) error { return nil }}
				if _, err := s.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestWhatEveryMatchHasIsFound(t *testing.T) {
	for expr, want := range map[string]string{
		"timeout":                    "timeout",
		"(?i)Timeout":                "timeout",
		"(?i)refused":                "refu",
		"time.?out|refused":          "time|refused",
		"a|bc":                       "",
		"x*":                         "",
		"(ab)*cd":                    "cd",
		"(abc)+d?":                   "abc",
		"(abc){0,3}":                 "",
		"(abc){2,3}":                 "abc",
		"^[0-9]+ ERROR: (.*)$":       " error: ",
		"ошибка 500":                 " 500",
		"(warn|error) in module":     " in module",
		"aa|bb|cc|dd|ee|ff|gg|hh|ii": "",
	} {
		m, err := Compile(Query{Text: expr, Regex: true, Case: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(bytes.Join(m.needs, []byte("|"))); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}
