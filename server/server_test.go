package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"

	"supervisor/server/reply"
	"supervisor/supervise"
)

// stub is an engine with one running process and its log.
type stub struct {
	Engine // what a test does not need

	log     *quietLog
	waiting chan struct{} // a start that waits has arrived
	release chan struct{} // and may end
}

func newStub(t *testing.T) *stub {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return &stub{
		log:     &quietLog{path: path, watched: make(chan struct{}, 8), left: make(chan struct{}, 8)},
		waiting: make(chan struct{}, 8), release: make(chan struct{}),
	}
}

func (*stub) Mood() supervise.Mood { return supervise.MoodRunning }
func (*stub) Identity() supervise.Identity {
	return supervise.Identity{Identifier: "the secret identifier", PID: 4711}
}

func (s *stub) Process(_ context.Context, name supervise.NameSpec) (supervise.ProcessInfo, error) {
	if name.String() != "cat" {
		return supervise.ProcessInfo{}, supervise.Fault{Code: supervise.FaultBadName, Detail: name.String()}
	}
	return supervise.ProcessInfo{Group: "cat", Name: "cat", State: supervise.StateRunning, PID: 42, Start: time.Now()}, nil
}

func (*stub) Pools(context.Context) ([]supervise.PoolInfo, error) { return nil, nil }

func (*stub) Pool(context.Context, supervise.NameSpec) (supervise.PoolInfo, bool, error) {
	return supervise.PoolInfo{}, false, nil
}

func (s *stub) Snapshot(ctx context.Context) (supervise.Snapshot, error) {
	cat, err := s.Process(ctx, supervise.NameSpec{Group: "cat", Process: "cat"})
	return supervise.Snapshot{Epoch: "e", Seq: 1, Groups: []supervise.GroupInfo{{Name: "cat"}}, Processes: []supervise.ProcessInfo{cat}}, err
}

func (s *stub) Subscribe(ctx context.Context, _ string, _ uint64) (supervise.Feed, error) {
	snapshot, err := s.Snapshot(ctx)
	return supervise.Feed{Fresh: true, Snapshot: snapshot, Changes: make(chan supervise.Change), Close: func() {}}, err
}

func (s *stub) Recent(context.Context) (string, []supervise.Change, error) { return "e", nil, nil }

func (s *stub) Start(ctx context.Context, _ supervise.NameSpec, _ bool) (uint64, error) {
	s.waiting <- struct{}{}
	select {
	case <-s.release:
		return 0, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *stub) Stop(context.Context, supervise.NameSpec, bool) (uint64, error) {
	panic("a defect of ours")
}

func (s *stub) Log(context.Context, supervise.NameSpec, supervise.Channel) (supervise.Log, error) {
	return s.log, nil
}
func (s *stub) MainLog(context.Context) (supervise.Log, error) { return s.log, nil }

// quietLog never grows; it tells who follows it and who has left.
type quietLog struct {
	supervise.Log
	path          string
	watched, left chan struct{}
}

func (l *quietLog) Path() string                          { return l.path }
func (l *quietLog) Bounds() (int64, int64)                { return 0, 7 }
func (l *quietLog) ReadAt(p []byte, _ int64) (int, error) { return copy(p, "secret\n"), nil }
func (l *quietLog) Wait(ctx context.Context, _ int64) (int64, error) {
	l.watched <- struct{}{}
	<-ctx.Done()
	l.left <- struct{}{}
	return 7, ctx.Err()
}

// buffer is a log target that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs a server until the test ends, and then asks that nothing of it be left.
func start(t *testing.T, options Options, house ...House) (*Server, *buffer) {
	t.Helper()
	before := runtime.NumGoroutine()
	var log buffer
	behind := House{Namespaces: []string{"supervisor"}}
	for _, h := range house {
		behind.Engine, behind.Metrics, behind.Static, behind.Trail, behind.Secrets, behind.Problems = h.Engine, h.Metrics, h.Static, h.Trail, h.Secrets, h.Problems
		behind.History, behind.Files = h.History, h.Files
		if h.Namespaces != nil {
			behind.Namespaces = h.Namespaces
		}
	}
	if behind.Engine == nil {
		behind.Engine = newStub(t)
	}
	behind.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: reply.LevelTrace}))
	options.Stderr = &log
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(behind); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(t, s)
		http.DefaultClient.CloseIdleConnections()
		noneLeft(t, before)
	})
	return s, &log
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error("stop:", err)
	}
}

// noneLeft waits for goroutines on their way out.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			return
		}
	}
}

var anyPort = Endpoint{Section: "inet_http_server", Host: "127.0.0.1", HasAuth: true, Username: "user", Password: "pass"}

// socketIn is an endpoint whose path is short enough for a socket.
func socketIn(t *testing.T) Endpoint {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return Endpoint{Section: "unix_http_server", Unix: true, Path: filepath.Join(dir, "supervisor.sock"), Mode: 0o700, UID: -1, GID: -1}
}

func urlOf(s *Server, i int) string { return "http://" + s.Addrs()[i].String() }

func request(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	return requestBy(t, http.DefaultClient, method, url, body, headers...)
}

func requestBy(t *testing.T, client *http.Client, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}

const (
	basic       = "Basic dXNlcjpwYXNz" // user:pass
	getIdentity = "<methodCall><methodName>supervisor.getIdentification</methodName></methodCall>"
	startCat    = "<methodCall><methodName>supervisor.startProcess</methodName><params><param><value>cat</value></param></params></methodCall>"
	stopCat     = "<methodCall><methodName>supervisor.stopProcess</methodName><params><param><value>cat</value></param></params></methodCall>"
)

func TestEveryRouteStandsBehindItsDoor(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort}}, House{Static: fstest.MapFS{
		"index.html":  {Data: []byte(indexHTML)},
		"assets/a.js": {Data: []byte("script")},
	}})
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		has                      string
		stranger                 string // what somebody unknown gets instead; "" for 401
	}{
		{"rpc", "POST", "/RPC2", getIdentity, nil, 200, "the secret identifier", ""},
		{"rpc with more behind", "POST", "/RPC2/x?y", getIdentity, nil, 200, "the secret identifier", ""},
		{"rpc by prefix", "POST", "/RPC2000", getIdentity, nil, 200, "the secret identifier", ""},
		{"rpc asked by GET", "GET", "/RPC2", "", nil, 400, "Bad Request", ""},
		{"health", "GET", "/ok.html", "", nil, 200, "OK", ""},
		{"log of nobody", "GET", "/logtail/", "", nil, 404, "Not Found", ""},
		{"the page", "GET", "/", "", nil, 200, "the secret identifier", ""},
		{"a place in the page", "GET", "/process/cat", "", []string{"Accept", "text/html"}, 200, "the secret identifier", `"user":null`},
		{"a file of the page", "GET", "/assets/a.js", "", nil, 200, "script", "script"},
		{"unknown file", "GET", "/etc/passwd", "", nil, 404, "NOT_FOUND", ""},
		{"up and away", "GET", "/../../etc/passwd", "", nil, 404, "NOT_FOUND", ""},
		{"list", "GET", "/api/v1/processes", "", nil, 200, "\"cat\"", ""},
		{"unknown list", "GET", "/api/v1/nothing", "", nil, 404, "NOT_FOUND", ""},
		{"a login by GET", "GET", "/api/v1/session", "", nil, 200, "\"via\":\"basic\"", ""},
		{"a login that is none", "POST", "/api/v1/session", "{}", []string{"Content-Type", "text/plain"}, 415, "UNSUPPORTED", "UNSUPPORTED"},
		{"accounts", "GET", "/api/v1/users", "", nil, 200, "\"name\":\"user\"", ""},
		{"another method", "PUT", "/ok.html", "", nil, 405, "METHOD_NOT_ALLOWED", ""},
		{"an order by GET", "GET", "/api/v1/shutdown", "", nil, 405, "METHOD_NOT_ALLOWED", ""},
		{"live without an upgrade", "GET", "/live", "", nil, 400, "websocket", ""},
		{"another site's page", "POST", "/RPC2", getIdentity, []string{"Sec-Fetch-Site", "cross-site"}, 403, "Forbidden", ""},
		{"another origin", "POST", "/RPC2", getIdentity, []string{"Origin", "http://evil.example"}, 403, "Forbidden", ""},
		{"no origin", "POST", "/RPC2", getIdentity, []string{"Origin", "null"}, 403, "Forbidden", ""},
		{"our own page", "POST", "/RPC2", getIdentity, []string{"Sec-Fetch-Site", "same-origin"}, 200, "the secret identifier", ""},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known %v", tt.name, known), func(t *testing.T) {
				headers, status, has := tt.headers, tt.status, tt.has
				if known {
					headers = append([]string{"Authorization", basic}, headers...)
				} else if tt.stranger != "" {
					has = tt.stranger
				} else if status != http.StatusForbidden {
					status, has = http.StatusUnauthorized, "<p>Error code 401."
				}
				response, body := request(t, tt.method, urlOf(s, 0)+tt.path, tt.body, headers...)
				if response.StatusCode != status || !strings.Contains(body, has) {
					t.Errorf("%d %s, want %d with %q", response.StatusCode, body, status, has)
				}
				if !known && strings.Contains(body, "secret") {
					t.Errorf("a stranger reads %s", body)
				}
				if response.Header.Get("X-Request-Id") == "" {
					t.Error("the request has no number")
				}
			})
		}
	}
}

func TestBrowsersAreToldWhatThePageMayDo(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort}})
	for _, path := range []string{"/", "/api/v1/processes", "/live"} {
		response, _ := request(t, "GET", urlOf(s, 0)+path, "", "Authorization", basic)
		for header, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := response.Header.Get(header); !strings.Contains(got, want) {
				t.Errorf("%s: %s: %q", path, header, got)
			}
		}
		if strings.Contains(response.Header.Get("Content-Security-Policy"), "unsafe") {
			t.Error("the policy has a hole")
		}
	}
	response, _ := request(t, "GET", urlOf(s, 0)+"/", "", "Authorization", basic)
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "require-trusted-types-for 'script'"} {
		if policy := response.Header.Get("Content-Security-Policy"); !slices.Contains(strings.Split(policy, "; "), part) {
			t.Errorf("no %s in %s", part, policy)
		}
	}
	for _, path := range []string{"/api/v1/processes", "/ok.html"} {
		response, _ := request(t, "GET", urlOf(s, 0)+path, "", "Authorization", basic)
		if h := response.Header; h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestABrowserIsConnectedThroughEveryMiddlewareAndToldGoodbye(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort}})
	dialer := websocket.Dialer{Subprotocols: []string{"supervisor.v1"}}
	url := "ws://" + s.Addrs()[0].String() + "/live"
	if _, response, err := dialer.DialContext(t.Context(), url, nil); err == nil || response == nil || response.StatusCode != 401 {
		t.Fatalf("a stranger is connected: %v", err)
	}
	evil := http.Header{"Authorization": {basic}, "Origin": {"http://evil.example"}}
	if _, response, err := dialer.DialContext(t.Context(), url, evil); err == nil || response == nil || response.StatusCode != 403 {
		t.Fatalf("another site's page is connected: %v", err)
	}
	socket, _, err := dialer.DialContext(t.Context(), url, http.Header{"Authorization": {basic}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := socket.WriteJSON(map[string]any{"t": "hello", "v": 1}); err != nil {
		t.Fatal(err)
	}
	if _, frame, err := socket.ReadMessage(); err != nil || !strings.Contains(string(frame), "the secret identifier") {
		t.Fatalf("%s, %v", frame, err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop(t, s)
	}()
	defer func() { <-stopped }()
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseServiceRestart, websocket.CloseGoingAway, websocket.CloseNormalClosure) {
				t.Error("not told goodbye:", err)
			}
			break
		}
	}
}

func TestListenersLetInDifferentPeople(t *testing.T) {
	other := anyPort
	other.Section, other.Username, other.Password = "inet_http_server:two", "other", "{SHA}9d4e1e23bd5b727046a9e3b4b7db57bd8d6ee684" // pass
	open := anyPort
	open.Section, open.HasAuth = "inet_http_server:three", false
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort, other, open}})
	for i, allowed := range [][]string{{"user"}, {"other"}, {"user", "other", ""}} {
		for _, name := range []string{"user", "other", ""} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", urlOf(s, i)+"/ok.html", nil)
			if err != nil {
				t.Fatal(err)
			}
			if name != "" {
				r.SetBasicAuth(name, "pass")
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if in := response.StatusCode == 200; in != strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+name+" ") && (name != "" || i == 2) {
				t.Errorf("listener %d, %q: %d", i, name, response.StatusCode)
			}
		}
	}
}

func TestAPanicIsAnAnswerAndALineInTheLog(t *testing.T) {
	s, log := start(t, Options{Endpoints: []Endpoint{anyPort}})
	response, body := request(t, "POST", urlOf(s, 0)+"/RPC2", stopCat, "Authorization", basic)
	if response.StatusCode != 500 || strings.Contains(body, "defect") || !strings.Contains(log.String(), "a defect of ours") {
		t.Errorf("%d %s\n%s", response.StatusCode, body, log)
	}
	if response, _ := request(t, "GET", urlOf(s, 0)+"/ok.html", "", "Authorization", basic); response.StatusCode != 200 {
		t.Error("the server did not survive")
	}
}

func TestTheAccessLogIsTheOriginals(t *testing.T) {
	unix := socketIn(t)
	s, log := start(t, Options{Endpoints: []Endpoint{anyPort, unix}})
	request(t, "GET", urlOf(s, 0)+"/ok.html", "", "Authorization", basic)
	conn, r := dial(t, unix.Path)
	io.WriteString(conn, "GET /ok.html HTTP/1.0\r\n\r\n")
	if answer, err := io.ReadAll(r); err != nil || !strings.HasSuffix(string(answer), "\r\n\r\nOK") {
		t.Fatalf("%q, %v", answer, err)
	}
	stop(t, s) // both lines have been written
	for _, want := range []string{`127.0.0.1:`, `localhost:0 - - [`, `\"GET /ok.html HTTP/1.1\" 200 2`, `\"GET /ok.html HTTP/1.0\" 200 2`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in\n%s", want, log)
		}
	}
}

func dial(t *testing.T, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// readUntil reads up to and with want.
func readUntil(t *testing.T, r *bufio.Reader, want string) string {
	t.Helper()
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

// The original's tail -f names no host, and sends one line end too many.
func TestAFollowerIsMissedWhenItLeavesEvenAfterAStrayLine(t *testing.T) {
	for name, apart := range map[string]bool{"with the request": false, "after the request": true} {
		t.Run(name, func(t *testing.T) {
			engine, unix := newStub(t), socketIn(t)
			start(t, Options{Endpoints: []Endpoint{unix}}, House{Engine: engine})
			conn, r := dial(t, unix.Path)
			head, stray := "GET /logtail/cat HTTP/1.1\r\nHost: \r\nAccept-Encoding: chunked\r\nAccept: */*\r\n\r\n", "\r\n"
			if !apart {
				head, stray = head+stray, ""
			}
			io.WriteString(conn, head)
			readUntil(t, r, "secret\n")
			<-engine.log.watched
			io.WriteString(conn, stray)
			conn.Close()
			select {
			case <-engine.log.left:
			case <-time.After(10 * time.Second):
				t.Error("nobody noticed")
			}
		})
	}
}

func TestStopEndsFollowersAndLetsAnswersGoOut(t *testing.T) {
	engine, unix := newStub(t), socketIn(t)
	s, _ := start(t, Options{Endpoints: []Endpoint{unix}}, House{Engine: engine})
	tail, tailing := dial(t, unix.Path)
	io.WriteString(tail, "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n")
	readUntil(t, tailing, "secret\n")
	<-engine.log.watched
	caller, answer := dial(t, unix.Path)
	fmt.Fprintf(caller, "POST /RPC2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s", len(startCat), startCat)
	<-engine.waiting
	dial(t, unix.Path) // somebody who never says a word

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop(t, s)
	}()
	if rest, err := io.ReadAll(tailing); err != nil || !strings.HasSuffix(string(rest), "0\r\n\r\n") {
		t.Errorf("the follower's answer does not end well: %q, %v", rest, err)
	}
	select {
	case <-stopped:
		t.Error("stopped before the last answer")
	default:
	}
	close(engine.release)
	if got, err := io.ReadAll(answer); err != nil || !strings.Contains(string(got), "<boolean>1</boolean>") {
		t.Errorf("%q, %v", got, err)
	}
	<-stopped
	if _, err := os.Lstat(unix.Path); err == nil {
		t.Error("the socket is still there")
	}
}

func TestStopCutsWhatDoesNotEnd(t *testing.T) {
	engine, unix := newStub(t), socketIn(t)
	s, _ := start(t, Options{Endpoints: []Endpoint{unix}}, House{Engine: engine})
	caller, answer := dial(t, unix.Path)
	fmt.Fprintf(caller, "POST /RPC2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s", len(startCat), startCat)
	<-engine.waiting
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err == nil {
		t.Error("no error though an answer was cut")
	}
	if got, err := io.ReadAll(answer); err == nil && len(got) > 0 {
		t.Errorf("answered %q", got)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort}})
	huge := strings.Repeat("x", 1<<20+1)
	if response, _ := request(t, "POST", urlOf(s, 0)+"/RPC2", huge, "Authorization", basic); response.StatusCode != 413 {
		t.Errorf("status %d", response.StatusCode)
	}
	// Nobody is read from before they have said who they are.
	if response, _ := request(t, "POST", urlOf(s, 0)+"/RPC2", huge); response.StatusCode != 401 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestACrowdIsBoundedAndThoseAtRestMakeRoom(t *testing.T) {
	engine, unix := newStub(t), socketIn(t)
	start(t, Options{Endpoints: []Endpoint{unix}, MaxConnections: 3}, House{Engine: engine})
	follow := func() (net.Conn, *bufio.Reader) {
		conn, r := dial(t, unix.Path)
		io.WriteString(conn, "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n")
		return conn, r
	}
	first, r := follow()
	readUntil(t, r, "secret\n")
	<-engine.log.watched
	order, _ := dial(t, unix.Path)
	fmt.Fprintf(order, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(startCat), startCat)
	<-engine.waiting
	resting, r := dial(t, unix.Path)
	io.WriteString(resting, "GET /ok.html HTTP/1.1\r\nHost: x\r\n\r\n")
	readUntil(t, r, "\r\n\r\nOK")
	// The resting one gives way, as soon as the server counts it as such.
	for {
		conn, late := follow()
		status := readUntil(t, late, "\r\n")
		if strings.Contains(status, " 200 ") {
			break
		}
		if !strings.Contains(status, " 503 ") {
			t.Fatal(status)
		}
		conn.Close()
	}
	<-engine.log.watched
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("the resting one reads %q, %v", rest, err)
	}
	// All at work: no room.
	_, r = follow()
	// Its request was never read, so the connection may end with a reset.
	if answer, _ := io.ReadAll(r); !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") || !strings.Contains(string(answer), "Retry-After") {
		t.Errorf("%q", answer)
	}
	first.Close()
	<-engine.log.left
	engine.release <- struct{}{}
}

func TestStreamsLeaveConnectionsForOrders(t *testing.T) {
	engine, unix := newStub(t), socketIn(t)
	s, _ := start(t, Options{Endpoints: []Endpoint{unix, anyPort}, MaxConnections: 8}, House{Engine: engine})
	var streams []net.Conn
	for range forStreams(8) - 1 {
		conn, r := dial(t, unix.Path)
		io.WriteString(conn, "GET /logtail/cat HTTP/1.1\r\nHost: x\r\n\r\n")
		readUntil(t, r, "secret\n")
		<-engine.log.watched
		streams = append(streams, conn)
	}
	page, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(urlOf(s, 1), "http")+"/live", http.Header{"Authorization": {basic}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/logtail/cat", "/mainlogtail", "/live"} {
		response, text := request(t, "GET", urlOf(s, 1)+path, "", "Authorization", basic, "Connection", "Upgrade", "Upgrade", "websocket",
			"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || !strings.Contains(text, "for orders") {
			t.Errorf("%s: %d %v %s", path, response.StatusCode, response.Header, text)
		}
	}
	// A stranger does not learn how many there are.
	if response, _ := request(t, "GET", urlOf(s, 1)+"/mainlogtail", ""); response.StatusCode != 401 {
		t.Errorf("a stranger is told %d", response.StatusCode)
	}
	if response, _ := request(t, "POST", urlOf(s, 1)+"/RPC2", getIdentity, "Authorization", basic); response.StatusCode != 200 {
		t.Errorf("an order: %d", response.StatusCode)
	}
	for _, end := range []io.Closer{page, streams[0]} {
		end.Close()
		awaitStream(t, unix.Path)
		<-engine.log.watched
	}
}

// awaitStream follows a log as soon as there is room for it.
func awaitStream(t *testing.T, path string) {
	t.Helper()
	for {
		conn, r := dial(t, path)
		io.WriteString(conn, "GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n")
		status := readUntil(t, r, "\r\n")
		if strings.Contains(status, " 200 ") {
			return
		}
		if !strings.Contains(status, " 503 ") {
			t.Fatal(status)
		}
		conn.Close()
	}
}

func TestOneMachineCannotFollowSoManyLogsThatItCannotOrder(t *testing.T) {
	c := newCrowd(1024)
	come := func(address string) *guest {
		g := &guest{crowd: c, address: address}
		if !c.admit(g) {
			t.Fatalf("%s was not let in", address)
		}
		return g
	}
	var streams []*guest
	for {
		g := come("192.0.2.1")
		if !c.beginStream(g) {
			break
		}
		streams = append(streams, g)
	}
	if len(streams) != 48 {
		t.Errorf("%d streams of one machine", len(streams))
	}
	come("192.0.2.1") // to stop something
	if !c.beginStream(streams[0]) {
		t.Error("one more over the same connection was refused")
	}
	if !c.beginStream(come("192.0.2.2")) || !c.beginStream(come("")) {
		t.Error("others are refused for what one did")
	}
	c.endStream(streams[0])
	if c.beginStream(come("192.0.2.1")) {
		t.Error("a connection counted no more though it still streams")
	}
	c.endStream(streams[0])
	if !c.beginStream(come("192.0.2.1")) {
		t.Error("the place of a stream that ended was not given again")
	}
}

func TestPythonsOwnClientIsServedOnBothKindsOfListener(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: its client cannot be asked")
	}
	unix := socketIn(t)
	s, _ := start(t, Options{Endpoints: []Endpoint{anyPort, unix}})
	script := `
import http.client, socket, sys, xmlrpc.client

class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[2])

class Transport(xmlrpc.client.Transport):
    def make_connection(self, host):
        return Connection("localhost")

for proxy in (xmlrpc.client.ServerProxy("http://user:pass@%s/RPC2" % sys.argv[1]),
              xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=Transport())):
    print(proxy.supervisor.getIdentification(), proxy.supervisor.getPID(), proxy.supervisor.getState()["statename"])
    print([p["name"] for p in proxy.supervisor.getAllProcessInfo()])
    try:
        proxy.supervisor.getProcessInfo("x<y>")
    except xmlrpc.client.Fault as f:
        print(f.faultCode, f.faultString)
    m = xmlrpc.client.MultiCall(proxy)
    print(proxy.system.multicall([{"methodName": "supervisor.getPID", "params": []}]), len(proxy.system.listMethods()))
`
	out, err := exec.CommandContext(t.Context(), python, "-c", script, s.Addrs()[0].String(), unix.Path).CombinedOutput()
	want := strings.Repeat("the secret identifier 4711 RUNNING\n['cat']\n10 BAD_NAME: x<y>\n[4711] 41\n", 2)
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
}
