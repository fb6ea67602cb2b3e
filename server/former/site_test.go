package former

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"supervisor/server/auth"
	"supervisor/server/reply"
	"supervisor/server/rpc"
)

// site is the room behind a listener, with a page that says 200 to whoever reads.
type site struct {
	url      string
	stop     context.CancelFunc // as the server does
	requests sync.WaitGroup     // at work

	mu  sync.Mutex
	log bytes.Buffer
}

// Write is for the log.
func (s *site) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *site) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// open serves somebody who may do everything; legacy is legacy_actions=true.
func open(t *testing.T, engine *ledger, legacy bool) *site {
	t.Helper()
	s := &site{}
	closing, stop := context.WithCancel(t.Context())
	s.stop = stop
	pages := New(Options{
		Calls: rpc.New(engine), Engine: engine, Page: http.HandlerFunc(today), Closing: closing,
		Base: func(*http.Request) string { return "/" },
	})
	log := slog.New(slog.NewTextHandler(s, nil))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		defer s.requests.Done()
		ctx := auth.With(r.Context(), auth.Principal{Grant: auth.Full, Door: "inet_http_server"})
		if legacy {
			ctx = Obey(ctx)
		}
		r = r.WithContext(reply.WithLog(ctx, log, "1"))
		switch r.URL.Path {
		case "/", "/index.html":
			reply.Handler(pages.Index).ServeHTTP(w, r)
		case "/tail.html":
			reply.Handler(pages.Tail).ServeHTTP(w, r)
		default:
			Part(w, r)
		}
	}))
	t.Cleanup(func() {
		stop()
		server.Close()
	})
	s.url = server.URL
	return s
}

func today(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// lead asks without following redirects.
func lead(t *testing.T, method, address, body string, headers ...string) (status int, location, answer string, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Location"), string(text), response.Header
}
