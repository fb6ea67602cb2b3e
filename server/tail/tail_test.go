package tail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/supervise"
)

// growing is a log in memory that can grow, rotate away and be cleared.
type growing struct {
	path string

	mu     sync.Mutex
	data   []byte // every byte ever
	oldest int64
	grown  chan struct{} // closed when data grows
	reads  int
	failed error
	over   bool // it has been given up
}

func newGrowing(t *testing.T, content string) *growing {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return &growing{path: path, data: []byte(content), grown: make(chan struct{})}
}

func (g *growing) add(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.data = append(g.data, text...)
	close(g.grown)
	g.grown = make(chan struct{})
}

// forget makes the oldest byte that can be read the one numbered so.
func (g *growing) forget(before int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.oldest = before
}

func (g *growing) Path() string { return g.path }

func (g *growing) Bounds() (int64, int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.oldest, int64(len(g.data))
}

func (g *growing) ReadAt(p []byte, off int64) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reads++
	switch {
	case g.failed != nil:
		return 0, g.failed
	case off < g.oldest:
		return 0, supervise.ErrLogGone
	}
	n := copy(p, g.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (g *growing) Wait(ctx context.Context, off int64) (int64, error) {
	for {
		g.mu.Lock()
		end, grown := int64(len(g.data)), g.grown
		g.mu.Unlock()
		if end > off {
			return end, nil
		}
		if g.over {
			return end, supervise.ErrLogGone
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return end, ctx.Err()
		}
	}
}

func (g *growing) Read(int64, int64) ([]byte, error) { panic("the old language is not spoken here") }
func (g *growing) Tail(int64, int64) ([]byte, int64, bool, error) {
	panic("the old language is not spoken here")
}
func (g *growing) Clear() error    { return nil }
func (g *growing) Trouble() string { return "" }

// shelf has one log for web:api's stdout, and one for supervisord.
type shelf struct{ web, main *growing }

func (s shelf) Log(_ context.Context, name supervise.NameSpec, ch supervise.Channel) (supervise.Log, error) {
	if name != (supervise.NameSpec{Group: "web", Process: "api"}) {
		return nil, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	}
	if ch == supervise.Stderr {
		return nil, supervise.Fault{Code: supervise.FaultNoFile}
	}
	return s.web, nil
}

func (s shelf) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	if !slices.Contains([]string{"web:api", "web:hidden"}, name.String()) {
		return supervise.ProcessInfo{}, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	}
	return supervise.ProcessInfo{Group: name.Group, Name: name.Process}, nil
}

func (s shelf) Snapshot(context.Context) (supervise.Snapshot, error) {
	return supervise.Snapshot{}, errors.New("one process is asked about, never a group")
}

func (s shelf) MainLog(context.Context) (supervise.Log, error) {
	if s.main == nil {
		return nil, supervise.Fault{Code: supervise.FaultNoFile, Detail: "syslog"}
	}
	return s.main, nil
}

// serve runs the handler for somebody of the given role.
func serve(t *testing.T, h http.Handler, grant supervise.Grant) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.Principal{Grant: grant})))
	}))
	t.Cleanup(server.Close)
	return server
}

// viewsAllBut is the grant of who may see all processes but one, and read no log.
func viewsAllBut(name string) supervise.Grant {
	return supervise.Grant{Role: supervise.Operator, Programs: []string{"*"}, Deny: []string{name}, Actions: []supervise.Verb{auth.View}}
}

func TestWhatCannotBeFollowedIsNotFound(t *testing.T) {
	web := newGrowing(t, "secret")
	gone := newGrowing(t, "secret")
	gone.path += ".gone"
	memory := newGrowing(t, "secret")
	memory.path = ""
	for _, tt := range []struct {
		name    string
		handler http.Handler
		grant   supervise.Grant
		method  string
		path    string
		status  int
	}{
		{"unknown process", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/x", 404},
		{"unknown channel", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/web:api/stdin", 404},
		{"channel in capitals", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/web:api/STDOUT", 404},
		{"empty channel", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/web:api/", 404},
		{"more behind the channel", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/web:api/stdout/x", 404},
		{"no such log", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/web:api/stderr", 404},
		{"whole group", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/web:*", 404},
		{"no name", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail", 404},
		{"empty name", Process(shelf{web: web}, nil), auth.Full, "GET", "/logtail/", 404},
		{"the file is gone", Process(shelf{web: gone}, nil), auth.Full, "GET", "/logtail/web:api", 404},
		{"in memory only", Process(shelf{web: memory}, nil), auth.Full, "GET", "/logtail/web:api", 404},
		{"not theirs to read", Process(shelf{web: web}, nil), viewsAllBut("web:hidden"), "GET", "/logtail/web:api", 403},
		{"hidden from them", Process(shelf{web: web}, nil), viewsAllBut("web:hidden"), "GET", "/logtail/web:hidden", 404},
		{"not there, for them as hidden", Process(shelf{web: web}, nil), viewsAllBut("web:hidden"), "GET", "/logtail/web:nosuch", 404},
		{"nobody asks", Process(shelf{web: web}, nil), supervise.Grant{}, "GET", "/logtail/web:api", 404},
		{"out of sight", Process(shelf{web: web}, nil), supervise.Grant{Role: supervise.Operator, Programs: []string{"db"}}, "GET", "/logtail/web:api", 404},
		{"seen, but not its logs", Process(shelf{web: web}, nil), supervise.Grant{Role: supervise.Operator, Programs: []string{"web"}, Actions: []supervise.Verb{auth.Start}}, "GET", "/logtail/web:api", 403},
		{"nobody asks for the main log", Main(shelf{main: web}, nil), supervise.Grant{}, "GET", "/mainlogtail", 403},
		{"no main log", Main(shelf{}, nil), auth.Full, "GET", "/mainlogtail", 404},
		{"not GET", Process(shelf{web: web}, nil), auth.Full, "POST", "/logtail/web:api", 400},
		{"not even HEAD", Main(shelf{main: web}, nil), auth.Full, "HEAD", "/mainlogtail", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(tt.method, tt.path, nil)
			tt.handler.ServeHTTP(w, r.WithContext(auth.With(t.Context(), auth.Principal{Grant: tt.grant})))
			if w.Code != tt.status || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if !strings.Contains(w.Body.String(), fmt.Sprintf("<p>Error code %d.", tt.status)) {
				t.Errorf("no page: %s", w.Body)
			}
		})
	}
}

// client sends head and reads the raw answer, a deadline on every read.
func client(t *testing.T, server *httptest.Server, head string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// expect reads bytes, skipping the marks of chunks, until they end with want.
func expect(t *testing.T, conn net.Conn, r *bufio.Reader, want string) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for !strings.HasSuffix(got.String(), want) {
		c, err := r.ReadByte()
		if err != nil {
			t.Fatalf("%v after %q, want %q", err, got.String(), want)
		}
		got.WriteByte(c)
	}
	return got.String()
}

func TestALogStreamsAtOnceHoweverTheClientSpeaks(t *testing.T) {
	for name, request := range map[string]string{
		"HTTP/1.1":           "GET /logtail/web:api HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 close":     "GET /logtail/web%3Aapi/stdout HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"HTTP/1.0":           "GET /logtail/web:api/stdout HTTP/1.0\r\n\r\n",
		"supervisorctl":      "GET /logtail/web:api/stdout HTTP/1.1\r\nHost: \r\nAccept-Encoding: chunked\r\nAccept: */*\r\n\r\n\r\n",
		"any path as prefix": "GET /logtailx/web:api HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			log := newGrowing(t, strings.Repeat("x", 2000)+"past\n")
			conn, r := client(t, serve(t, Process(shelf{web: log}, nil), auth.Full), request)
			first := expect(t, conn, r, "past\n")
			headers, body, _ := strings.Cut(first, "\r\n\r\n")
			if !strings.Contains(headers, " 200 OK") || !strings.Contains(headers, "Content-Type: text/plain;charset=utf-8") ||
				!strings.Contains(headers, "Last-Modified: ") || !strings.Contains(headers, "X-Accel-Buffering: no") {
				t.Errorf("headers %s", headers)
			}
			if n := strings.Count(body, "x"); n != head-len("past\n") {
				t.Errorf("%d bytes of the past, want %d", n+len("past\n"), head)
			}
			for i := range 3 {
				line := fmt.Sprintf("line %d\n", i)
				log.add(line)
				expect(t, conn, r, line)
			}
		})
	}
}

func TestAQuietLogSendsItsHeadersAtOnce(t *testing.T) {
	log := newGrowing(t, "")
	conn, r := client(t, serve(t, Main(shelf{main: log}, nil), auth.Full), "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n")
	expect(t, conn, r, "\r\n\r\n")
	log.add("first\n")
	expect(t, conn, r, "first\n")
}

func TestAFollowerThatFellBehindIsToldAndGoesOn(t *testing.T) {
	log := newGrowing(t, "old and gone")
	h := &handler{}
	f := follower{log: log, next: 4}
	var out strings.Builder
	f.out = &out
	log.forget(8)
	if err := h.send(&f, 12); err != nil {
		t.Fatal(err)
	}
	if want := truncated + "gone"; out.String() != want {
		t.Errorf("sent %q, want %q", out.String(), want)
	}
}

func TestAClearedLogGoesOnWithWhatComes(t *testing.T) {
	log := newGrowing(t, "before\n")
	conn, r := client(t, serve(t, Process(shelf{web: log}, nil), auth.Full), "GET /logtail/web:api HTTP/1.0\r\n\r\n")
	expect(t, conn, r, "before\n")
	log.forget(7)
	log.add("after\n")
	if got := expect(t, conn, r, "after\n"); got != "after\n" {
		t.Errorf("sent %q", got)
	}
}

func TestALogThatCannotBeReadEndsTheAnswer(t *testing.T) {
	log := newGrowing(t, "x")
	log.failed = errors.New("input/output error")
	conn, r := client(t, serve(t, Process(shelf{web: log}, nil), auth.Full), "GET /logtail/web:api HTTP/1.0\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	rest, err := io.ReadAll(r)
	if err != nil || strings.Contains(string(rest), "input/output") {
		t.Errorf("%v: %q", err, rest)
	}
}

// At a reload, and when a program leaves the configuration.
func TestOnlyALogThatCannotBeReadIsWorthALine(t *testing.T) {
	for _, tt := range []struct {
		name string
		log  func(*growing)
		line string
	}{
		{"given up", func(g *growing) { g.over = true }, ""},
		{"unreadable", func(g *growing) { g.failed = errors.New("input/output error") }, "input/output error"},
	} {
		log, lines := newGrowing(t, "last words\n"), &strings.Builder{}
		tt.log(log)
		ctx := auth.With(t.Context(), auth.Principal{Grant: auth.Full})
		ctx = reply.WithLog(ctx, slog.New(slog.NewTextHandler(lines, nil)), "1")
		answer := httptest.NewRecorder()
		Process(shelf{web: log}, nil).ServeHTTP(answer, httptest.NewRequest("GET", "/logtail/web:api", nil).WithContext(ctx))
		if got := lines.String(); (tt.line == "") != (got == "") || !strings.Contains(got, tt.line) {
			t.Errorf("of a log that is %s the main log says %q, want %q", tt.name, got, tt.line)
		}
		if log.over && answer.Body.String() != "last words\n" {
			t.Errorf("sent %q", answer.Body)
		}
	}
}

func TestALogThatIsShorterThanItSaysIsNotReadForEver(t *testing.T) {
	log := newGrowing(t, "abc")
	f := follower{log: log, out: io.Discard}
	if err := f.send(10, make([]byte, 64)); err == nil || log.reads > 3 {
		t.Errorf("%v after %d reads", err, log.reads)
	}
}
