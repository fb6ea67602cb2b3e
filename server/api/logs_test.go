package api

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/wire"
	"supervisor/supervise"
)

// clockLog is a log whose lines came at known times, in files.
type clockLog struct {
	fakeLog
	arrivals []supervise.Arrival
	files    []supervise.LogFile
}

func (l *clockLog) Files() []supervise.LogFile { return l.files }
func (l *clockLog) Arrivals(from, to int64) (found []supervise.Arrival) {
	for _, a := range l.arrivals {
		if a.Off <= from {
			found = found[:0]
		}
		if a.Off < to {
			found = append(found, a)
		}
	}
	return found
}
func (l *clockLog) ArrivedAt(at time.Time) (int64, bool) {
	for _, a := range l.arrivals {
		if !a.At.Before(at) {
			return a.Off, true
		}
	}
	return int64(len(l.data)), len(l.arrivals) > 0
}

// line adds a line that came at a second.
func (l *clockLog) line(second int64, text string) {
	l.arrivals = append(l.arrivals, supervise.Arrival{Off: int64(len(l.data)), At: time.Unix(second, 0)})
	l.data += text + "\n"
}

func TestAPageTellsWhenItsLinesCame(t *testing.T) {
	d := newDesk(t)
	log := &clockLog{}
	log.data = "long ago\n"
	log.line(100, "one\ntwo")
	log.line(200, "three")
	d.engine.logs = map[string]supervise.Log{"web:api": log}
	page := read[wire.LogPage](t, d.send("GET", "/log/web:api/stdout", ""))
	if fmt.Sprint(page.Offs, page.At, page.First) != "[0 9 13 17] [[1 100000] [3 200000]] true" {
		t.Errorf("%v %v %v", page.Offs, page.At, page.First)
	}
	for query, want := range map[string]string{
		"at=1970-01-01T00:02:00Z": "17 [three] false",
		"at=150000":               "17 [three] false",
		"at=99000":                "9 [one two three] false",
		"at=300000":               "23 [] false",
	} {
		page := read[wire.LogPage](t, d.send("GET", "/log/web:api/stdout?"+query, ""))
		if got := fmt.Sprint(page.Off, page.Lines, page.Guess); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if w := d.send("GET", "/log/web:api/stdout?at=then", ""); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	log.oldest = 9
	page = read[wire.LogPage](t, d.send("GET", "/log/web:api/stdout?after=2", ""))
	if page.Gap == nil || *page.Gap != (wire.LogGap{From: 2, To: 9}) || page.Off != 9 || !page.First {
		t.Errorf("%+v", page)
	}
	// A log that knows nothing of times.
	d.engine.log.data = "words\n"
	if page := read[wire.LogPage](t, d.send("GET", "/mainlog?at=1h", "")); !page.Guess || page.Off != 0 || page.At != nil {
		t.Errorf("%+v", page)
	}
}

func TestMomentsAreReadAsPeopleWriteThem(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"11:59":                "2026-01-31 11:59:00",
		"12:00":                "2026-01-31 12:00:00",
		"14:03":                "2026-01-30 14:03:00",
		"14:03:59":             "2026-01-30 14:03:59",
		"90m":                  "2026-01-31 10:30:00",
		"1769860800000":        "2026-01-31 12:00:00",
		"2026-01-02":           "2026-01-02 00:00:00",
		"2026-01-02T03:04:05Z": "2026-01-02 03:04:05",
	} {
		got, err := parseMoment(url.Values{"at": {text}}, "at", now)
		if err != nil || got.UTC().Format(time.DateTime) != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestWhatIsNoNumberOrTimeIsToldWhatWouldBe(t *testing.T) {
	d := newDesk(t)
	const whole = ": a whole number from 0 to 9223372036854775807 was expected"
	for query, want := range map[string]string{
		"/mainlog?tail=99999999999999999999": "tail" + whole,
		"/mainlog?max=-1":                    "max" + whole,
		"/audit?limit=-1":                    "limit" + whole,
		"/mainlog?at=99:99":                  "at: '99:99' is no time: expected one like 14:03, 2027-01-31, 2027-01-31T12:00:00Z, how long ago, such as 36h or 7d, or Unix milliseconds",
	} {
		w := d.send("GET", query, "")
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", query, w.Code, w.Body, want)
		}
	}
}

// searched reads the answer to a search.
func searched(t *testing.T, w *httptest.ResponseRecorder) (lines []wire.SearchLine) {
	t.Helper()
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	for in := bufio.NewScanner(w.Body); in.Scan(); {
		var line wire.SearchLine
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("%v in %s", err, in.Text())
		}
		lines = append(lines, line)
	}
	if last := lines[len(lines)-1]; last.Done == nil {
		t.Fatalf("the last line is %+v", last)
	}
	return lines
}

func TestASearchTellsHitsAndHowManyThereAre(t *testing.T) {
	d := newDesk(t)
	log := &clockLog{}
	for i := range int64(5) {
		log.line(100+i, fmt.Sprintf("needle %d \xff", i))
		log.line(100+i, "hay")
	}
	d.engine.logs = map[string]supervise.Log{"web:api": log}
	for query, want := range map[string]string{
		"q=needle":                    "0 15 30 45 60 done 75 hits 5",
		"q=NEEDLE":                    "0 15 30 45 60 done 75 hits 5",
		"q=NEEDLE&case=1":             "done 75 hits 0",
		"q=needle+[13]&regex=1":       "15 45 done 75 hits 2",
		"q=needle&dir=back":           "60 45 30 15 0 done 0 hits 5",
		"q=needle&dir=back&from=30":   "15 0 done 0 hits 2",
		"q=needle&from=15&to=31":      "15 30 done 41 hits 2",
		"q=needle&limit=2":            "0 15 done 75 hits 5 capped",
		"q=needle&limit=0":            "done 75 hits 5 capped",
		"q=needle&invert=1":           "11 26 41 56 71 done 75 hits 5",
		"q=%FF":                       "0 15 30 45 60 done 75 hits 5",
		"q=needle+3&epoch=epoch123":   "45 done 75 hits 1",
		"q=needle&budget=0&limit=999": "0 15 30 45 60 done 75 hits 5",
	} {
		got := ""
		for _, line := range searched(t, d.send("GET", "/log/web:api/stdout/search?"+query, "")) {
			switch {
			case line.Hit != nil:
				got += fmt.Sprint(line.Hit.Off, " ")
				if text := log.data[line.Hit.Start:line.Hit.End]; string(line.Hit.Line) != text || line.Hit.At != (100+line.Hit.Off/15)*1000 {
					t.Errorf("%+v of %q", line.Hit, text)
				}
			case line.Done != nil:
				got += fmt.Sprintf("done %d hits %d", line.Done.ScannedTo, line.Done.Hits)
				if line.Done.Capped {
					got += " capped"
				}
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for query, status := range map[string]int{
		"": 400, "q=": 400, "q=(&regex=1": 400, "q=x&case=yes": 400, "q=x&dir=up": 400, "q=x&from=-1": 400, "q=x&limit=x": 400,
		"q=x&budget=x": 400, "q=x&epoch=earlier": 410, "q=a%0Ab": 400,
	} {
		if w := d.send("GET", "/log/web:api/stdout/search?"+query, ""); w.Code != status {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestOfALongLineTheHitIsShown(t *testing.T) {
	d := newDesk(t)
	d.engine.log.data = strings.Repeat("a", 5000) + "needle" + strings.Repeat("b", 5000) + "\n"
	lines := searched(t, d.send("GET", "/mainlog/search?q=needle", ""))
	hit := lines[0].Hit
	if hit == nil || hit.From != 5000 || hit.To != 5006 || len(hit.Line) != maxHitText || !strings.Contains(string(hit.Line), "aneedleb") ||
		d.engine.log.data[hit.Start:hit.Start+maxHitText] != string(hit.Line) {
		t.Errorf("%+v", hit)
	}
}

func TestWhatMatchesIsSavedAsAFile(t *testing.T) {
	d := newDesk(t)
	long := strings.Repeat("long ", 300_000) + "needle"
	d.engine.log.data = "hay\nneedle 1\nhay\n" + long + "\nlast needle"
	w := d.send("GET", "/log/web:api/stdout/filtered?q=needle", "")
	if want := "needle 1\n" + long + "\nlast needle\n"; w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	if name := w.Header().Get("Content-Disposition"); name != "attachment; filename=web-api-stdout.log" {
		t.Error(name)
	}
	if w := d.send("GET", "/mainlog/filtered?q=hay&invert=1&from=4&to=13", ""); w.Body.String() != "needle 1\n" {
		t.Errorf("%q", w.Body)
	}
}

func TestAFileOfALogIsSavedByItsNumber(t *testing.T) {
	d := newDesk(t)
	log := &clockLog{files: []supervise.LogFile{
		{Name: "api.log.2", Backup: 2, End: 4}, {Name: "api.log.1", Backup: 1, Off: 4, End: 8}, {Name: `a"pi/.log`, Off: 8, End: 12},
	}}
	log.data = "one\ntwo\nnow\n"
	d.engine.logs = map[string]supervise.Log{"web:api": log}
	for query, want := range map[string]string{
		"file=2": "one\n attachment; filename=api.log.2",
		"file=1": "two\n attachment; filename=api.log.1",
		"file=0": "now\n attachment; filename=a_pi_.log",
		"":       "one\ntwo\nnow\n attachment; filename=web-api-stdout.log",
	} {
		w := d.send("GET", "/log/web:api/stdout/raw?"+query, "")
		if got := w.Body.String() + " " + w.Header().Get("Content-Disposition"); got != want {
			t.Errorf("%s: %q", query, got)
		}
	}
	if w := d.send("GET", "/log/web:api/stdout/raw?file=1", "", "Range", "bytes=1-2"); w.Code != 206 || w.Body.String() != "wo" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	for query, status := range map[string]int{"file=3": 404, "file=x": 400, "file=1&from=2": 400} {
		if w := d.send("GET", "/log/web:api/stdout/raw?"+query, ""); w.Code != status {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
	list := read[wire.LogFiles](t, d.send("GET", "/log/web:api/stdout/files", ""))
	if list.Epoch != "epoch123" || len(list.Files) != 3 || list.Files[1] != (wire.LogFile{Name: "api.log.1", N: 1, Off: 4, End: 8}) {
		t.Errorf("%+v", list)
	}
}

// syslogLog is a log that goes to syslog.
type syslogLog struct{ fakeLog }

func (*syslogLog) Path() string    { return "" }
func (*syslogLog) Syslog() bool    { return true }
func (*syslogLog) Trouble() string { return "syslog: connection refused, 3 messages lost" }

func TestALogTellsWhereItIsKept(t *testing.T) {
	d := newDesk(t)
	d.engine.logs = map[string]supervise.Log{"web:api": &syslogLog{}, "odd/name:x:y": &fakeLog{path: "-"}}
	for path, want := range map[string]string{
		"/log/web:api/stdout/files":        ` true syslog: connection refused, 3 messages lost`,
		"/log/odd%2Fname:x:y/stdout/files": ` false `,
		"/mainlog/files":                   `/log/fake false `,
	} {
		list := read[wire.LogFiles](t, d.send("GET", path, ""))
		if got := fmt.Sprintf("%s %v %s", list.Path, list.Syslog, list.Trouble); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestTheMainLogIsClearedByThoseWhoMay(t *testing.T) {
	d := newDesk(t)
	d.engine.log.data = "main\n"
	if w := d.send("POST", "/mainlog/clear", "", "X-CSRF", "1"); w.Code != 202 || d.engine.log.oldest != 5 {
		t.Errorf("%d %s, and %d is the oldest", w.Code, w.Body, d.engine.log.oldest)
	}
	d.engine.mood = supervise.MoodShutdown
	if w := d.send("POST", "/mainlog/clear", "", "X-CSRF", "1"); w.Code == 202 {
		t.Errorf("%d %s while supervisord is going down", w.Code, w.Body)
	}
}

// unpacked reads an archive: names and contents.
func unpacked(t *testing.T, w *httptest.ResponseRecorder) map[string]string {
	t.Helper()
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/gzip" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	packed, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for in := tar.NewReader(packed); ; {
		header, err := in.Next()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = string(data)
	}
}

func TestAllLogsOfAProcessAreSavedAsOneFile(t *testing.T) {
	d := newDesk(t)
	log := &clockLog{files: []supervise.LogFile{{Name: "api.log.1", Backup: 1, End: 4}, {Name: "api.log", Off: 4, End: 12}}}
	log.data, log.oldest = "one\ntwo\nnow\n", 2
	memory := &clockLog{files: []supervise.LogFile{{End: 6}}}
	memory.data, memory.path = "words\n", "-"
	d.engine.logs = map[string]supervise.Log{"web:api": log, "odd/name:x:y": memory}
	w := d.send("GET", "/log/web:api/archive", "")
	if name := w.Header().Get("Content-Disposition"); name != "attachment; filename=web-api-logs.tar.gz" {
		t.Error(name)
	}
	if got := fmt.Sprint(unpacked(t, w)); got != "map[web-api/api.log:two\nnow\n web-api/api.log.1:e\n]" {
		t.Error(got)
	}
	if got := fmt.Sprint(unpacked(t, d.send("GET", "/log/odd%2Fname:*/archive", ""))); got != "map[odd_name-x_y/stdout.log:words\n]" {
		t.Error(got)
	}
	empty := &clockLog{files: []supervise.LogFile{{Name: "quiet.log.1", Backup: 1, End: 4}, {Name: "quiet.log", Off: 4, End: 4}}}
	empty.path, empty.oldest = "/a/quiet.log", 4 // what was rotated is gone
	d.engine.logs["web:api/stderr"] = empty
	if got := fmt.Sprint(unpacked(t, d.send("GET", "/log/web:api/archive", ""))); got != "map[web-api/api.log:two\nnow\n web-api/api.log.1:e\n web-api/quiet.log:]" {
		t.Error(got)
	}
	d.engine.log.data = "main\n"
	if got := fmt.Sprint(unpacked(t, d.send("GET", "/mainlog/archive", ""))); got != "map[supervisord/fake:main\n]" {
		t.Error(got)
	}
	for path, status := range map[string]int{"/log/none:x/archive": 404, "/log/none:*/archive": 404} {
		if w := d.send("GET", path, ""); w.Code != status {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestLogsThatAreCalledAlikeAreAllInTheArchive(t *testing.T) {
	d := newDesk(t)
	out, err, other := &clockLog{}, &clockLog{}, &clockLog{}
	for log, path := range map[*clockLog]string{out: "/a/app.log", err: "/b/app.log", other: "/c/app.log"} {
		log.path, log.data = path, path+"\nnow\n"
		log.files = []supervise.LogFile{{Name: "app.log.1", Backup: 1, End: 11}, {Name: "app.log", Off: 11, End: 15}}
	}
	d.engine.logs = map[string]supervise.Log{"web:api": out, "web:api/stderr": err}
	want := "map[web-api/app.log:now\n web-api/app.log.1:/a/app.log\n web-api/stderr/app.log:now\n web-api/stderr/app.log.1:/b/app.log\n]"
	if got := fmt.Sprint(unpacked(t, d.send("GET", "/log/web:api/archive", ""))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	taken := map[string]bool{}
	for range 4 { // names of processes that differ only in what a path cannot have
		archived{folder: "web-a_i", aside: "stdout", log: other}.place(other.files, taken)
	}
	if names := slices.Sorted(maps.Keys(taken)); len(names) != 8 || names[0] != "web-a_i/app.log" || names[2] != "web-a_i/stdout-2/app.log" || names[4] != "web-a_i/stdout-3/app.log" {
		t.Errorf("%q", names)
	}
}

// endless is a log of so many bytes that nobody has to hold.
type endless struct {
	supervise.Log
	size int64
}

func (l endless) Path() string           { return "/log/endless" }
func (l endless) Bounds() (int64, int64) { return 0, l.size }
func (l endless) ReadAt(p []byte, off int64) (int, error) {
	p = p[:min(int64(len(p)), l.size-off)]
	for i := range p {
		p[i] = "2026 INFO all is well\n"[(off+int64(i))%22]
	}
	return len(p), nil
}

// sink counts what it is sent.
type sink struct {
	http.ResponseWriter
	n int64
}

func (s *sink) Write(p []byte) (int, error) { s.n += int64(len(p)); return len(p), nil }

func TestManyBytesTakeLittleMemory(t *testing.T) {
	d := newDesk(t)
	const size = 200 << 20
	d.engine.logs = map[string]supervise.Log{"web:api": endless{size: size}}
	for path, want := range map[string]int64{
		"/log/web:api/stdout/raw":               size,
		"/log/web:api/stdout/filtered?q=INFO":   size,
		"/log/web:api/archive":                  0,
		"/log/web:api/stdout/search?q=nowhere":  0,
		"/log/web:api/stdout/search?q=INFO":     0,
		"/log/web:api/stdout?around=99999":      0,
		"/merged?source=web:api/stdout@9999999": 0,
	} {
		r := httptest.NewRequest("GET", "/api/v1"+path, nil)
		out := &sink{ResponseWriter: httptest.NewRecorder()}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d.routes.ServeHTTP(out, r.WithContext(auth.With(r.Context(), d.who)))
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 40<<20 {
			t.Errorf("%s: %d bytes were allocated", path, grown)
		}
		if out.n == 0 || want > 0 && out.n/22 != want/22 {
			t.Errorf("%s: %d bytes came", path, out.n)
		}
	}
}

func TestSeveralLogsAreReadAsOne(t *testing.T) {
	d := newDesk(t)
	out, err, untimed := &clockLog{}, &clockLog{}, &fakeLog{data: "never\nknown\n"}
	out.line(10, "out 10")
	err.line(15, "err 15\nerr 15 too")
	out.line(20, "out 20")
	out.line(30, "out 30")
	err.line(30, "err 30")
	err.line(25, "err 25, the clock being set back")
	out.line(40, "out 40")
	d.engine.logs = map[string]supervise.Log{"web:api": out, "odd/name:x:y": err}
	d.engine.log = untimed
	const all = "source=web:api/stdout&source=odd/name:x:y/stdout"
	whole := "out 10|err 15|err 15 too|out 20|out 30|err 30|err 25, the clock being set back|out 40"
	for _, tt := range []struct{ query, want, rest string }{
		{all, whole, "0-28 0-58"},
		{all + "&dir=forward", whole, "0-28 0-58"},
		{all + "&source=mainlog", "never|known|" + whole, "0-28 0-58 0-12"},
		{all + "&at=20000", "out 20|out 30|err 30|err 25, the clock being set back|out 40", "7-28 18-58"},
		{all + "&at=20000&dir=back", "out 10|err 15|err 15 too", "0-7 0-18"},
		{"source=web:api/stdout@14&source=odd/name:x:y/stdout@18&dir=back", "out 10|err 15|err 15 too|out 20", "0-14 0-18"},
		{"source=web:api/stdout@14&source=odd/name:x:y/stdout@18&dir=forward", "out 30|err 30|err 25, the clock being set back|out 40", "14-28 18-58"},
		{all + "&max=28", "eing set back|out 30|out 40", "14-28 44-58"},
		{"source=web:api/stdout", "out 10|out 20|out 30|out 40", "0-28"},
	} {
		page := read[wire.MergedPage](t, d.send("GET", "/merged?"+tt.query, ""))
		rest := ""
		for _, s := range page.Sources {
			rest += fmt.Sprintf(" %d-%d", s.Off, s.End)
		}
		if got := strings.Join(page.Lines, "|"); got != tt.want || rest != " "+tt.rest {
			t.Errorf("%s:\n got %s,%s\nwant %s, %s", tt.query, got, rest, tt.want, tt.rest)
		}
		for i, line := range page.Lines {
			log := []string{out.data, err.data, untimed.data}[page.Source[i]]
			if !strings.HasPrefix(log[page.Offs[i]:], line+"\n") {
				t.Errorf("%s: %q is not at %d of %s", tt.query, line, page.Offs[i], page.Sources[page.Source[i]].Name)
			}
		}
	}
	for query, status := range map[string]int{
		"": 400, "source=web:api": 400, "source=web:api/stdin": 404, "source=web:*/stdout": 404, "source=none/stdout": 404, "source=web:api/stderr": 404,
		"source=web:api/stdout@x": 400, "source=web:api/stdout&source=web:api/stdout": 400, "source=web:api/stdout&dir=up": 400,
		"source=web:api/stdout&epoch=earlier": 410, "source=web/stdout&source=web:web/stdout": 400, "source=mainlog&source=mainlog@3": 400, strings.Repeat("source=mainlog&", 17): 400,
	} {
		if w := d.send("GET", "/merged?"+query, ""); w.Code != status {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

// TestMergedPagesMeet reads two long logs in small pages, forwards and backwards,
// and expects each line once and in order.
func TestMergedPagesMeet(t *testing.T) {
	d := newDesk(t)
	logs := []*clockLog{{}, {}}
	var want []string
	for i := range 300 {
		text := fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%37))
		logs[i*i%7%2].line(int64(i), text)
		want = append(want, text)
	}
	d.engine.logs = map[string]supervise.Log{"web:api": logs[0], "odd/name:x:y": logs[1]}
	names := []string{"web:api/stdout", "odd/name:x:y/stdout"}
	for _, dir := range []string{"forward", "back"} {
		offs := []int64{0, 0}
		if dir == "back" {
			offs = []int64{int64(len(logs[0].data)), int64(len(logs[1].data))}
		}
		var got []string
		for range 300 {
			page := read[wire.MergedPage](t, d.send("GET", fmt.Sprintf("/merged?dir=%s&max=400&source=%s@%d&source=%s@%d", dir, names[0], offs[0], names[1], offs[1]), ""))
			if len(page.Lines) == 0 {
				break
			}
			if dir == "back" {
				got = append(append([]string{}, page.Lines...), got...)
				offs = []int64{page.Sources[0].Off, page.Sources[1].Off}
			} else {
				got = append(got, page.Lines...)
				offs = []int64{page.Sources[0].End, page.Sources[1].End}
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %d lines of %d:\n%s", dir, len(got), len(want), strings.Join(got, "\n"))
		}
	}
}

// TestMergedPagesAreFull reads a log that has much to say together with others
// that have little: the page has as much as was asked for all the same.
func TestMergedPagesAreFull(t *testing.T) {
	d := newDesk(t)
	busy, quiet := &clockLog{}, &clockLog{}
	for i := range 2000 {
		if i%1000 == 0 {
			quiet.line(int64(i), "quiet "+strings.Repeat("y", 3000))
		}
		busy.line(int64(i), fmt.Sprintf("busy %04d", i))
	}
	d.engine.logs = map[string]supervise.Log{"web:api": busy, "odd/name:x:y": quiet}
	const all = "/merged?max=8000&source=web:api/stdout&source=odd/name:x:y/stdout&dir="
	for dir, want := range map[string][2]string{
		"back":    {"busy 1200", "busy 1999"},
		"forward": {"busy 0000", "busy 0498"},
	} {
		page := read[wire.MergedPage](t, d.send("GET", all+dir, ""))
		size := 0
		for _, s := range page.Sources {
			size += int(s.End - s.Off)
		}
		first, last := page.Lines[0], page.Lines[len(page.Lines)-1]
		if size > 8000 || size < 7990 || !strings.HasPrefix(first, want[0]) || last != want[1] {
			t.Errorf("%s: %d bytes, from %.9s to %.9s", dir, size, first, last)
		}
	}
}

// seats are places that are taken by people of a name.
type seats struct {
	*slots
	t *testing.T
}

func newSeats(t *testing.T, places int) seats {
	return seats{newSlots("a search", places, time.Second), t}
}

func (s seats) as(who auth.Principal) (leave func()) {
	s.t.Helper()
	leave, err := s.take(auth.With(s.t.Context(), who), httptest.NewRecorder())
	if err != nil {
		s.t.Fatalf("%+v: %v", who, err)
	}
	return leave
}

func (s seats) refused(who auth.Principal, status int) {
	s.t.Helper()
	w := httptest.NewRecorder()
	_, err := s.take(auth.With(s.t.Context(), who), w)
	var problem reply.Problem
	if !errors.As(err, &problem) || problem.Status != status || w.Header().Get("Retry-After") != "1" {
		s.t.Errorf("%+v: %v, %v, want %d", who, err, w.Header(), status)
	}
}

func (s seats) areFree() {
	s.t.Helper()
	if len(s.taken) != 0 || len(s.all) != 0 || s.stuck != 0 {
		s.t.Errorf("places are taken: %v, %d, and %d hang", s.taken, len(s.all), s.stuck)
	}
}

func TestOneSearchAPersonAndAFewInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(t, 2)
		ann, bob, cid := auth.Principal{Name: "ann"}, auth.Principal{Name: "bob"}, auth.Principal{Name: "cid"}
		annLeaves := s.as(ann)
		s.refused(ann, 429)
		bobLeaves := s.as(bob)
		s.refused(cid, 503)
		bobLeaves()
		s.as(cid)()
		next := make(chan error)
		go func() { // ends below
			leave, err := s.take(auth.With(t.Context(), ann), httptest.NewRecorder())
			if err == nil {
				leave()
			}
			next <- err
		}()
		synctest.Wait() // it waits for ann's first one
		annLeaves()
		if err := <-next; err != nil {
			t.Errorf("whose first search has ended is refused: %v", err)
		}
		synctest.Wait()
		s.areFree()
	})
}

func TestWhoeverIsSomebodyElseHasAPlaceOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(t, 9)
		for _, who := range []auth.Principal{
			{Name: "ann", Via: auth.Cookie}, {Name: "ann", Via: auth.Token}, {Name: "ann", Via: auth.LinkWay},
			{Via: auth.Open, Addr: "192.0.2.1:1001"}, {Via: auth.Open, Addr: "192.0.2.2:1001"}, {Via: auth.Open, Addr: "2001:db8::1"},
			{Via: auth.Open, UID: 7}, {Via: auth.Open, UID: 8},
		} {
			defer s.as(who)()
		}
		for _, again := range []auth.Principal{
			{Name: "ann", Via: auth.Basic}, {Name: "ann", Via: auth.Token}, {Via: auth.Open, Addr: "192.0.2.1:1002"},
			{Via: auth.Open, Addr: "[2001:db8::1]:9"}, {Via: auth.Open, UID: 8},
		} {
			s.refused(again, 429)
		}
	})
}

func TestWorkThatHangsWhenItsClientHasLeftKeepsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(t, 1)
		ann := auth.Principal{Name: "ann"}
		var ends []func()
		for range maxStuck {
			ctx, leaves := context.WithCancel(auth.With(t.Context(), ann))
			end, err := s.take(ctx, httptest.NewRecorder())
			if err != nil {
				t.Fatal(err)
			}
			leaves()
			synctest.Wait()
			ends = append(ends, end)
		}
		s.refused(ann, 503) // there is an end to it
		ends[0]()
		s.as(ann)()
		for _, end := range ends[1:] {
			end()
		}
		s.areFree()
	})
}

func TestASearchEndsWhenTheClientGoes(t *testing.T) {
	d := newDesk(t)
	d.engine.logs = map[string]supervise.Log{"web:api": endless{size: 1 << 40}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.routes.ServeHTTP(w, r.WithContext(auth.With(r.Context(), d.who)))
	}))
	defer server.Close() // waits for the handler to end
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/log/web:api/stdout/search?q=well&limit=1&budget=60000", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(response.Body).ReadBytes('\n')
		if err != nil || !bytes.HasPrefix(line, []byte(`{"hit":{"off":0,`)) {
			t.Fatalf("%s, %v", line, err)
		}
		cancel()
		response.Body.Close()
	}
}
